/* The public half of booking's events and answers. Owns nothing; any thread. */
#include "lib/wire/booking/booking_publish.h"

#include "lib/base/assert.h"
#include "lib/wire/booking/booking_journal.h"
#include "lib/wire/booking/booking_pb.h"

static struct slice subject_of(const struct booking_event *event, struct arena *arena);

enum { IS_PUBLIC = true, IS_PRIVATE = false };
static const struct wire_public_row rows[] = {
#define FIELD(message, field, visibility) {&bhr__booking__v1__##message##__descriptor, #field, IS_##visibility},
#define METHOD(method, message)
#include "lib/wire/booking/booking_publish.def"
#undef FIELD
#undef METHOD
};
const struct wire_public_table booking_public_table = {.count = sizeof rows / sizeof rows[0], .rows = rows};

static const struct wire_public_method methods[] = {
#define FIELD(message, field, visibility)
#define METHOD(method, message)                                                                                        \
    {#method, &bhr__booking__v1__##message##_request__descriptor, &bhr__booking__v1__##message##_response__descriptor},
#include "lib/wire/booking/booking_publish.def"
#undef FIELD
#undef METHOD
};
enum { METHOD_COUNT = sizeof methods / sizeof methods[0] };

bool booking_event_public(struct slice event, struct arena *arena, struct slice *ret_type, struct slice *ret_key,
                          struct slice *ret_bytes) {
    struct booking_event decoded;
    const ProtobufCMessageDescriptor *message;
    struct slice inner, bytes;
    if (!booking_event_decode(event, arena, &decoded)) return false;
    if (!wire_public_inner(booking_public_events(), event, &message, &inner)) return false;
    if (!wire_public(&booking_public_table, message, inner, arena, &bytes)) return false;
    struct slice key = subject_of(&decoded, arena);
    if (key.data == NULL) return false;
    *ret_type = slice_text(message->name);
    *ret_key = key;
    *ret_bytes = bytes;
    return true;
}

bool booking_answer_public(struct slice method, struct slice answer, struct arena *arena, struct slice *ret_type,
                           struct slice *ret_bytes) {
    for (uint32_t i = 0; i < METHOD_COUNT; i++) {
        if (!slice_equal(method, slice_text(methods[i].name))) continue;
        if (!wire_public(&booking_public_table, methods[i].response, answer, arena, ret_bytes)) return false;
        *ret_type = slice_text(methods[i].response->name);
        return true;
    }
    return false;
}

const struct wire_public_method *booking_public_method(uint32_t index) {
    return index < METHOD_COUNT ? &methods[index] : NULL;
}

const ProtobufCMessageDescriptor *booking_public_events(void) {
    return &bhr__booking__v1__booking_event__descriptor;
}

static struct slice uuid_subject(struct uuid id, struct arena *arena) {
    char text[UUID_TEXT_ROOM];
    return arena_copy(arena, slice_text(uuid_text(id, text)));
}

static struct slice slot_subject(struct booking_slot_id id, struct arena *arena) {
    char text[SLOT_TEXT_ROOM];
    return arena_copy(arena, slice_text(slot_id_text(id, text)));
}

static struct slice subject_of(const struct booking_event *event, struct arena *arena) {
    switch (event->kind) {
    case BOOKING_EVENT_SESSION_PUBLISHED:
        return uuid_subject(event->session_published.session.session_id, arena);
    case BOOKING_EVENT_SLOT_HELD:
        return slot_subject(event->slot_held.slot_id, arena);
    case BOOKING_EVENT_HOLD_EXPIRED:
        return slot_subject(event->hold_expired.slot_id, arena);
    case BOOKING_EVENT_SLOT_BOOKED:
        return uuid_subject(event->slot_booked.person_id, arena);
    case BOOKING_EVENT_BOOKING_CANCELLED:
        return uuid_subject(event->booking_cancelled.person_id, arena);
    case BOOKING_EVENT_INDEX_FOLLOWED:
        return arena_copy(arena, slice_text("index"));
    case BOOKING_EVENT_PERSON_LINKED:
        return uuid_subject(event->person_linked.person_id, arena);
    case BOOKING_EVENT_PERSON_UNLINKED:
        return uuid_subject(event->person_unlinked.person_id, arena);
    case BOOKING_EVENT_PERSON_AWAITED:
        return uuid_subject(event->person_awaited.person_id, arena);
    case BOOKING_EVENT_IDENTITY_CORRECTED:
        return uuid_subject(event->identity_corrected.other_id, arena);
    }
    bhr_assert_failed("kind is one of enum booking_event_kind", __FILE__, __LINE__);
}
