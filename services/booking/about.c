/* Whose appointments and which person a request is about: for conditions of the policy and the audit record
 * (lib/host/service.h). Runs on the door's thread over a read transaction; it decides nothing and changes nothing.
 * A slot, hold or booking that is not in the rows is simply not told apart from one that cannot be read. */
#include "services/booking/glue.h"

#include "lib/base/assert.h"
#include "lib/wire/booking/booking_person.h"
#include "lib/wire/booking/booking_request.h"
#include "services/booking/core/rows_booking.h"
#include "services/booking/resolve.h"

/* What is said about a session, copied so that it outlives the decoded request. */
static bool about_place(const char *organisation, const char *service_id, struct arena *arena,
                        struct service_subject *ret_subject) {
    ASSERT(ret_subject->organisation.size == 0);
    ret_subject->organisation = arena_copy(arena, slice_text(organisation));
    ret_subject->service_id = arena_copy(arena, slice_text(service_id));
    return ret_subject->organisation.size == strlen(organisation) && ret_subject->service_id.size == strlen(service_id);
}

static bool about_slot(const struct rows *rows, struct booking_slot_id slot_id, struct arena *arena,
                       struct service_subject *ret_subject) {
    struct booking_session session;
    if (!session_row_get(rows, slot_id.session_id, &session) || slot_id.index >= session.slot_count) return false;
    return about_place(session.organisation, session.service_id, arena, ret_subject);
}

static bool about_booking(const struct rows *rows, struct uuid booking_id, struct arena *arena,
                          struct service_subject *ret_subject) {
    struct booking_row row;
    if (!booking_row_get(rows, booking_id, &row)) return false;
    ASSERT(!uuid_is_zero(row.person_id));
    ret_subject->has_person = true;
    ret_subject->person_id = row.person_id;
    return about_slot(rows, row.slot_id, arena, ret_subject);
}

static void about_person(const struct service_context *context, const struct ingress *ingress,
                         const struct booking_person *person, struct service_subject *ret_subject) {
    ret_subject->has_person = true;
    ret_subject->person_id = resolve_person(context->pseudonym_key, ingress->system, person);
}

bool about_publish(const struct service_context *context, const struct ingress *ingress, const struct rows *rows,
                   struct slice request, struct arena *arena, struct service_subject *ret_subject) {
    (void)context, (void)ingress, (void)rows;
    *ret_subject = (struct service_subject){0};
    struct publish_request publish;
    struct wire_fault fault;
    if (!publish_request_decode(request, arena, &publish, &fault)) return false;
    return about_place(publish.session.organisation, publish.session.service_id, arena, ret_subject);
}

bool about_hold(const struct service_context *context, const struct ingress *ingress, const struct rows *rows,
                struct slice request, struct arena *arena, struct service_subject *ret_subject) {
    (void)context, (void)ingress;
    *ret_subject = (struct service_subject){0};
    struct hold_request hold;
    struct wire_fault fault;
    if (!hold_request_decode(request, arena, &hold, &fault)) return false;
    return about_slot(rows, hold.slot_id, arena, ret_subject);
}

bool about_book(const struct service_context *context, const struct ingress *ingress, const struct rows *rows,
                struct slice request, struct arena *arena, struct service_subject *ret_subject) {
    *ret_subject = (struct service_subject){0};
    struct book_request book;
    struct wire_fault fault;
    if (!book_request_decode(request, arena, &book, &fault)) return false;
    about_person(context, ingress, &book.person, ret_subject);
    struct hold_row hold;
    if (!book.is_from_hold) return about_slot(rows, book.slot_id, arena, ret_subject);
    return hold_row_get(rows, book.hold_id, &hold) && about_slot(rows, hold.slot_id, arena, ret_subject);
}

bool about_cancel(const struct service_context *context, const struct ingress *ingress, const struct rows *rows,
                  struct slice request, struct arena *arena, struct service_subject *ret_subject) {
    (void)context, (void)ingress;
    *ret_subject = (struct service_subject){0};
    struct cancel_request cancel;
    struct wire_fault fault;
    if (!cancel_request_decode(request, arena, &cancel, &fault)) return false;
    return about_booking(rows, cancel.booking_id, arena, ret_subject);
}

/* What the index says is about nobody whom a policy could ask after. */
bool about_follow(const struct service_context *context, const struct ingress *ingress, const struct rows *rows,
                  struct slice request, struct arena *arena, struct service_subject *ret_subject) {
    (void)context, (void)ingress, (void)rows;
    *ret_subject = (struct service_subject){0};
    struct follow_request follow;
    struct wire_fault fault;
    return wire_table_decode(&booking_follow_request_wire, request, arena, &follow, &fault);
}

bool about_relink(const struct service_context *context, const struct ingress *ingress, const struct rows *rows,
                  struct slice request, struct arena *arena, struct service_subject *ret_subject) {
    (void)context, (void)ingress, (void)rows;
    *ret_subject = (struct service_subject){0};
    struct relink_order order;
    struct wire_fault fault;
    if (!wire_table_decode(&booking_relink_request_wire, request, arena, &order, &fault)) return false;
    ret_subject->has_person = true;
    ret_subject->person_id = order.person_id;
    return true;
}

bool about_find_slots(const struct service_context *context, const struct ingress *ingress, const struct rows *rows,
                      struct slice request, struct arena *arena, struct service_subject *ret_subject) {
    (void)context, (void)ingress, (void)rows;
    *ret_subject = (struct service_subject){0};
    struct find_slots_request find;
    struct wire_fault fault;
    if (!find_slots_request_decode(request, arena, &find, &fault)) return false;
    return about_place(find.organisation, find.service_id, arena, ret_subject);
}

bool about_get_booking(const struct service_context *context, const struct ingress *ingress, const struct rows *rows,
                       struct slice request, struct arena *arena, struct service_subject *ret_subject) {
    (void)context, (void)ingress;
    *ret_subject = (struct service_subject){0};
    struct get_booking_request get;
    struct wire_fault fault;
    if (!get_booking_request_decode(request, arena, &get, &fault)) return false;
    return about_booking(rows, get.booking_id, arena, ret_subject);
}

bool about_list_person_bookings(const struct service_context *context, const struct ingress *ingress,
                                const struct rows *rows, struct slice request, struct arena *arena,
                                struct service_subject *ret_subject) {
    (void)rows;
    *ret_subject = (struct service_subject){0};
    struct list_person_bookings_request list;
    struct wire_fault fault;
    if (!list_person_bookings_request_decode(request, arena, &list, &fault)) return false;
    about_person(context, ingress, &list.person, ret_subject);
    return true;
}
