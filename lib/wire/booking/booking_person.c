/* What booking takes in of the index and what follows, each table reading like its message in
 * proto/bhr/booking/v1/booking_person.proto, booking_service.proto and booking_journal.proto. */
#include "lib/wire/booking/booking_person.h"

#include "lib/base/assert.h"
#include "lib/wire/booking/booking_pb.h"

#define ID(plain, member)                                                                                              \
    { WIRE_AT(plain, member), .kind = WIRE_UUID, .is_needed = true }
#define MAYBE_ID(plain, member)                                                                                        \
    { WIRE_AT(plain, member), .kind = WIRE_UUID }
#define NUMBER(plain, member)                                                                                          \
    { WIRE_AT(plain, member), .kind = WIRE_LARGE, .max = INT64_MAX, .expected = "expected a number of a journal" }
#define TIME(plain, member)                                                                                            \
    {                                                                                                                  \
        WIRE_AT(plain, member), .kind = WIRE_LARGE, .max = BOOKING_TIME_MS_MAX,                                        \
                                .expected = "expected milliseconds since 1970 UTC, before the year 2200"               \
    }
#define OFFSET(plain, member, name, least)                                                                             \
    {                                                                                                                  \
        WIRE_IN(plain, member, name), .kind = WIRE_LARGE, .min = (least), .max = INT64_MAX,                            \
                                      .expected = "expected an offset"                                                 \
    }
#define DONE(plain, member, name)                                                                                      \
    { WIRE_IN(plain, member, name), .kind = WIRE_NUMBER, .max = FOLLOW_DONE_MAX, .expected = "expected at most 16" }
#define PLACE(plain)                                                                                                   \
    {                                                                                                                  \
        WIRE_AT(plain, place), .kind = WIRE_BYTES, .count_at = offsetof(plain, place_size), .is_needed = true,         \
                               .expected = "expected at most 256 bytes"                                                \
    }

/* ---- requests ---- */

static bool judge_follow(const void *plain, const char **ret_field, const char **ret_expected) {
    const struct follow_request *r = plain;
    bool needs_ids = r->change != FOLLOW_NONE, needs_merge = r->change == FOLLOW_MERGE || r->change == FOLLOW_UNMERGE;
    *ret_field = "change";
    *ret_expected = "expected the ids that it is about, and no others";
    bool has_ids = !uuid_is_zero(r->child_id) && !uuid_is_zero(r->parent_id);
    bool has_some = !uuid_is_zero(r->child_id) || !uuid_is_zero(r->parent_id);
    if ((needs_ids ? !has_ids : has_some) || uuid_is_zero(r->merge_id) == needs_merge) return false;
    *ret_field = "offset";
    *ret_expected = "expected a place after the one before";
    return r->to.offset > r->after.offset || (r->to.offset == r->after.offset && r->after.done > 0);
}

static const struct wire_row follow_rows[] = {
    OFFSET(struct follow_request, after.offset, "after_offset", -1),
    DONE(struct follow_request, after.done, "after_done"),
    OFFSET(struct follow_request, to.offset, "offset", 0),
    DONE(struct follow_request, to.done, "done"),
    PLACE(struct follow_request),
    NUMBER(struct follow_request, number),
    {WIRE_AT(struct follow_request, change), .kind = WIRE_NUMBER, .min = FOLLOW_NONE, .max = FOLLOW_UNMERGE,
     .expected = "expected none, record, merge or unmerge"},
    MAYBE_ID(struct follow_request, child_id),
    MAYBE_ID(struct follow_request, parent_id),
    MAYBE_ID(struct follow_request, merge_id),
    TIME(struct follow_request, from_ms),
    TIME(struct follow_request, until_ms),
};
const struct wire_table booking_follow_request_wire =
    WIRE_TABLE(bhr__booking__v1__follow_index_request, struct follow_request, follow_rows, judge_follow);

static const struct wire_row relink_request_rows[] = {ID(struct relink_order, person_id)};
const struct wire_table booking_relink_request_wire =
    WIRE_TABLE(bhr__booking__v1__relink_request, struct relink_order, relink_request_rows, NULL);

/* ---- commands ---- */

static const struct wire_row ingress_rows[] = {
    {WIRE_AT(struct booking_ingress, system), .kind = WIRE_TEXT, .form = &wire_token, .is_needed = true},
    {WIRE_AT(struct booking_ingress, organisation), .kind = WIRE_TEXT, .form = &wire_token},
    {WIRE_AT(struct booking_ingress, role), .kind = WIRE_TEXT, .form = &wire_token},
    {WIRE_AT(struct booking_ingress, correlation_id), .kind = WIRE_TEXT, .form = &wire_token},
    TIME(struct booking_ingress, received_at_ms),
    ID(struct booking_ingress, entity_id),
};
static const struct wire_table ingress_wire =
    WIRE_TABLE(bhr__booking__v1__ingress, struct booking_ingress, ingress_rows, NULL);

static const struct wire_row relink_rows[] = {
    ID(struct relink_order, person_id),
    ID(struct relink_order, known_id),
    NUMBER(struct relink_order, known_number),
};
static const struct wire_table relink_wire =
    WIRE_TABLE(bhr__booking__v1__relink_command, struct relink_order, relink_rows, NULL);

_Static_assert(offsetof(struct booking_command, follow.ingress) == offsetof(struct booking_command, relink.ingress),
               "every command begins with who asked");
static const struct wire_row command_rows[] = {
    {WIRE_IN(struct booking_command, follow.ingress, "ingress"), .kind = WIRE_MESSAGE, .inner = &ingress_wire,
     .is_needed = true, .expected = "expected who asked"},
    {WIRE_IN(struct booking_command, follow.request, "follow_index"), .kind = WIRE_MESSAGE,
     .inner = &booking_follow_request_wire, .is_needed = true, WIRE_CHOICE(struct booking_command, kind)},
    {WIRE_IN(struct booking_command, relink.order, "relink"), .kind = WIRE_MESSAGE, .inner = &relink_wire,
     .is_needed = true, WIRE_CHOICE(struct booking_command, kind)},
};
const struct wire_table booking_person_command_wire =
    WIRE_TABLE(bhr__booking__v1__booking_command, struct booking_command, command_rows, NULL);

/* ---- events ---- */

static const struct wire_row followed_rows[] = {
    NUMBER(struct index_followed, number),
    OFFSET(struct index_followed, at.offset, "offset", 0),
    DONE(struct index_followed, at.done, "done"),
    PLACE(struct index_followed),
};
static const struct wire_row linked_rows[] = {
    ID(struct person_linked, person_id),
    ID(struct person_linked, known_id),
    MAYBE_ID(struct person_linked, merge_id),
    NUMBER(struct person_linked, number),
};
static const struct wire_row awaited_rows[] = {
    ID(struct person_awaited, person_id),
    ID(struct person_awaited, record_id),
    ID(struct person_awaited, booking_id),
};
static const struct wire_row corrected_rows[] = {
    ID(struct identity_corrected, merge_id),
    ID(struct identity_corrected, survivor_id),
    ID(struct identity_corrected, other_id),
    TIME(struct identity_corrected, from_ms),
    TIME(struct identity_corrected, until_ms),
    {WIRE_ALL(struct identity_corrected, booking_ids, booking_count), .kind = WIRE_UUID, .is_needed = true,
     .expected = "expected 1 to 64 bookings"},
    {WIRE_AT(struct identity_corrected, has_more), .kind = WIRE_BOOL},
};
#define EVENT_TABLE(message, plain, rows)                                                                              \
    static const struct wire_table message##_wire = WIRE_TABLE(bhr__booking__v1__##message, struct plain, rows, NULL)
EVENT_TABLE(index_followed, index_followed, followed_rows);
EVENT_TABLE(person_linked, person_linked, linked_rows);
EVENT_TABLE(person_unlinked, person_linked, linked_rows);
EVENT_TABLE(person_awaited, person_awaited, awaited_rows);
EVENT_TABLE(identity_corrected, identity_corrected, corrected_rows);

#define EVENT(member)                                                                                                  \
    {                                                                                                                  \
        WIRE_AT(struct booking_event, member), .kind = WIRE_MESSAGE, .inner = &member##_wire, .is_needed = true,       \
                                               WIRE_CHOICE(struct booking_event, kind)                                 \
    }
static const struct wire_row event_rows[] = {
    EVENT(index_followed), EVENT(person_linked),      EVENT(person_unlinked),
    EVENT(person_awaited), EVENT(identity_corrected),
};
const struct wire_table booking_person_event_wire =
    WIRE_TABLE(bhr__booking__v1__booking_event, struct booking_event, event_rows, NULL);
