/* Events to and from the journal. */
#include "lib/wire/booking/booking_journal.h"

#include "lib/base/assert.h"
#include "lib/wire/booking/booking_pb.h"
#include "lib/wire/booking/booking_person.h"

/* Texts and messages that one event points to while it is packed. */
struct event_shell {
    pb_event message;
    char slot_text[SLOT_TEXT_ROOM];
    char id_text[UUID_TEXT_ROOM];
    char second_id_text[UUID_TEXT_ROOM];
    char person_text[UUID_TEXT_ROOM];
    struct session_shell session;
    struct sealed_shell sealed;
    Bhr__Booking__V1__SessionPublished session_published;
    Bhr__Booking__V1__SlotHeld slot_held;
    Bhr__Booking__V1__HoldExpired hold_expired;
    Bhr__Booking__V1__SlotBooked slot_booked;
    Bhr__Booking__V1__BookingCancelled booking_cancelled;
};

static void fill_published(struct event_shell *shell, const struct session_published *event);
static void fill_held(struct event_shell *shell, const struct slot_held *event);
static void fill_expired(struct event_shell *shell, const struct hold_expired *event);
static void fill_booked(struct event_shell *shell, const struct slot_booked *event);
static void fill_cancelled(struct event_shell *shell, const struct booking_cancelled *event);
static char *text_of(const char *text);
static void read_by(struct field_reader *reader, const char *text, char ret_by[BOOKING_SYSTEM_MAX + 1]);
static void read_published(struct field_reader *reader, const Bhr__Booking__V1__SessionPublished *message,
                           struct session_published *ret_event);
static void read_held(struct field_reader *reader, const Bhr__Booking__V1__SlotHeld *message,
                      struct slot_held *ret_event);
static void read_expired(struct field_reader *reader, const Bhr__Booking__V1__HoldExpired *message,
                         struct hold_expired *ret_event);
static void read_booked(struct field_reader *reader, const Bhr__Booking__V1__SlotBooked *message,
                        struct slot_booked *ret_event);
static void read_cancelled(struct field_reader *reader, const Bhr__Booking__V1__BookingCancelled *message,
                           struct booking_cancelled *ret_event);

struct slice booking_event_encode(const struct booking_event *event, struct arena *arena) {
    struct event_shell shell;
    bhr__booking__v1__booking_event__init(&shell.message);
    shell.message.event_case = (Bhr__Booking__V1__BookingEvent__EventCase)event->kind;
    switch (event->kind) {
    case BOOKING_EVENT_SESSION_PUBLISHED:
        fill_published(&shell, &event->session_published);
        break;
    case BOOKING_EVENT_SLOT_HELD:
        fill_held(&shell, &event->slot_held);
        break;
    case BOOKING_EVENT_HOLD_EXPIRED:
        fill_expired(&shell, &event->hold_expired);
        break;
    case BOOKING_EVENT_SLOT_BOOKED:
        fill_booked(&shell, &event->slot_booked);
        break;
    case BOOKING_EVENT_BOOKING_CANCELLED:
        fill_cancelled(&shell, &event->booking_cancelled);
        break;
    case BOOKING_EVENT_INDEX_FOLLOWED:
    case BOOKING_EVENT_PERSON_LINKED:
    case BOOKING_EVENT_PERSON_UNLINKED:
    case BOOKING_EVENT_PERSON_AWAITED:
    case BOOKING_EVENT_IDENTITY_CORRECTED:
        return wire_table_encode_to_arena(&booking_person_event_wire, event, arena);
    }
    return wire_pack_to_arena(&shell.message.base, arena);
}

bool booking_event_decode(struct slice bytes, struct arena *arena, struct booking_event *ret_event) {
    struct wire_fault fault;
    const pb_event *message = wire_unpack(&bhr__booking__v1__booking_event__descriptor, bytes, arena, &fault);
    if (message == NULL) return false;
    struct field_reader reader = field_reader_of("", &fault);
    memset(ret_event, 0, sizeof *ret_event);
    switch (message->event_case) {
    case BHR__BOOKING__V1__BOOKING_EVENT__EVENT_SESSION_PUBLISHED:
        ret_event->kind = BOOKING_EVENT_SESSION_PUBLISHED;
        read_published(&reader, message->session_published, &ret_event->session_published);
        break;
    case BHR__BOOKING__V1__BOOKING_EVENT__EVENT_SLOT_HELD:
        ret_event->kind = BOOKING_EVENT_SLOT_HELD;
        read_held(&reader, message->slot_held, &ret_event->slot_held);
        break;
    case BHR__BOOKING__V1__BOOKING_EVENT__EVENT_HOLD_EXPIRED:
        ret_event->kind = BOOKING_EVENT_HOLD_EXPIRED;
        read_expired(&reader, message->hold_expired, &ret_event->hold_expired);
        break;
    case BHR__BOOKING__V1__BOOKING_EVENT__EVENT_SLOT_BOOKED:
        ret_event->kind = BOOKING_EVENT_SLOT_BOOKED;
        read_booked(&reader, message->slot_booked, &ret_event->slot_booked);
        break;
    case BHR__BOOKING__V1__BOOKING_EVENT__EVENT_BOOKING_CANCELLED:
        ret_event->kind = BOOKING_EVENT_BOOKING_CANCELLED;
        read_cancelled(&reader, message->booking_cancelled, &ret_event->booking_cancelled);
        break;
    case BHR__BOOKING__V1__BOOKING_EVENT__EVENT_INDEX_FOLLOWED:
    case BHR__BOOKING__V1__BOOKING_EVENT__EVENT_PERSON_LINKED:
    case BHR__BOOKING__V1__BOOKING_EVENT__EVENT_PERSON_UNLINKED:
    case BHR__BOOKING__V1__BOOKING_EVENT__EVENT_PERSON_AWAITED:
    case BHR__BOOKING__V1__BOOKING_EVENT__EVENT_IDENTITY_CORRECTED:
        return wire_table_decode(&booking_person_event_wire, bytes, arena, ret_event, &fault);
    case BHR__BOOKING__V1__BOOKING_EVENT__EVENT__NOT_SET:
    case _BHR__BOOKING__V1__BOOKING_EVENT__EVENT__CASE_IS_INT_SIZE:
        return false;
    }
    return !reader.is_bad;
}

static void fill_published(struct event_shell *shell, const struct session_published *event) {
    Bhr__Booking__V1__SessionPublished *message = &shell->session_published;
    bhr__booking__v1__session_published__init(message);
    message->session = session_fill(&shell->session, &event->session);
    message->by = text_of(event->by);
    shell->message.session_published = message;
}

static void fill_held(struct event_shell *shell, const struct slot_held *event) {
    Bhr__Booking__V1__SlotHeld *message = &shell->slot_held;
    bhr__booking__v1__slot_held__init(message);
    message->hold_id = uuid_text(event->hold_id, shell->id_text);
    message->slot_id = slot_id_text(event->slot_id, shell->slot_text);
    message->starts_at_ms = event->starts_at_ms;
    message->expires_at_ms = event->expires_at_ms;
    message->by = text_of(event->by);
    shell->message.slot_held = message;
}

static void fill_expired(struct event_shell *shell, const struct hold_expired *event) {
    Bhr__Booking__V1__HoldExpired *message = &shell->hold_expired;
    bhr__booking__v1__hold_expired__init(message);
    message->hold_id = uuid_text(event->hold_id, shell->id_text);
    message->slot_id = slot_id_text(event->slot_id, shell->slot_text);
    shell->message.hold_expired = message;
}

static void fill_booked(struct event_shell *shell, const struct slot_booked *event) {
    Bhr__Booking__V1__SlotBooked *message = &shell->slot_booked;
    bhr__booking__v1__slot_booked__init(message);
    message->booking_id = uuid_text(event->booking_id, shell->id_text);
    message->slot_id = slot_id_text(event->slot_id, shell->slot_text);
    message->hold_id = uuid_text(event->hold_id, shell->second_id_text);
    message->starts_at_ms = event->starts_at_ms;
    message->ends_at_ms = event->ends_at_ms;
    message->person_id = uuid_text(event->person_id, shell->person_text);
    message->sealed = sealed_fill(&shell->sealed, &event->sealed);
    message->by = text_of(event->by);
    shell->message.slot_booked = message;
}

static void fill_cancelled(struct event_shell *shell, const struct booking_cancelled *event) {
    Bhr__Booking__V1__BookingCancelled *message = &shell->booking_cancelled;
    bhr__booking__v1__booking_cancelled__init(message);
    message->booking_id = uuid_text(event->booking_id, shell->id_text);
    message->cancel_id = uuid_text(event->cancel_id, shell->second_id_text);
    message->slot_id = slot_id_text(event->slot_id, shell->slot_text);
    message->starts_at_ms = event->starts_at_ms;
    message->person_id = uuid_text(event->person_id, shell->person_text);
    message->reason = (Bhr__Booking__V1__CancelReason)event->reason;
    message->by = text_of(event->by);
    shell->message.booking_cancelled = message;
}

/* The generated structs have no const; packing does not write through their pointers. */
static char *text_of(const char *text) {
    return (char *)(uintptr_t)text;
}

static void read_published(struct field_reader *reader, const Bhr__Booking__V1__SessionPublished *message,
                           struct session_published *ret_event) {
    field_session(reader, message->session, true, &ret_event->session);
    read_by(reader, message->by, ret_event->by);
}

static void read_held(struct field_reader *reader, const Bhr__Booking__V1__SlotHeld *message,
                      struct slot_held *ret_event) {
    field_uuid(reader, "hold_id", message->hold_id, false, &ret_event->hold_id);
    field_slot_id(reader, "slot_id", message->slot_id, &ret_event->slot_id);
    field_time(reader, "starts_at_ms", message->starts_at_ms, &ret_event->starts_at_ms);
    field_time(reader, "expires_at_ms", message->expires_at_ms, &ret_event->expires_at_ms);
    read_by(reader, message->by, ret_event->by);
}

static void read_expired(struct field_reader *reader, const Bhr__Booking__V1__HoldExpired *message,
                         struct hold_expired *ret_event) {
    field_uuid(reader, "hold_id", message->hold_id, false, &ret_event->hold_id);
    field_slot_id(reader, "slot_id", message->slot_id, &ret_event->slot_id);
}

static void read_booked(struct field_reader *reader, const Bhr__Booking__V1__SlotBooked *message,
                        struct slot_booked *ret_event) {
    field_uuid(reader, "booking_id", message->booking_id, false, &ret_event->booking_id);
    field_slot_id(reader, "slot_id", message->slot_id, &ret_event->slot_id);
    field_uuid(reader, "hold_id", message->hold_id, true, &ret_event->hold_id);
    field_time(reader, "starts_at_ms", message->starts_at_ms, &ret_event->starts_at_ms);
    field_time(reader, "ends_at_ms", message->ends_at_ms, &ret_event->ends_at_ms);
    if (message->sealed == NULL && message->person != NULL) {
        field_clear_details(reader, message->person, message->contact, &ret_event->person_id, &ret_event->sealed);
    } else {
        field_uuid(reader, "person_id", message->person_id, false, &ret_event->person_id);
        field_sealed(reader, message->sealed, &ret_event->sealed);
    }
    read_by(reader, message->by, ret_event->by);
}

static void read_cancelled(struct field_reader *reader, const Bhr__Booking__V1__BookingCancelled *message,
                           struct booking_cancelled *ret_event) {
    field_uuid(reader, "booking_id", message->booking_id, false, &ret_event->booking_id);
    field_uuid(reader, "cancel_id", message->cancel_id, false, &ret_event->cancel_id);
    field_slot_id(reader, "slot_id", message->slot_id, &ret_event->slot_id);
    field_time(reader, "starts_at_ms", message->starts_at_ms, &ret_event->starts_at_ms);
    field_uuid(reader, "person_id", message->person_id, false, &ret_event->person_id);
    ret_event->reason = field_reason(reader, "reason", (int)message->reason, false);
    read_by(reader, message->by, ret_event->by);
}

static void read_by(struct field_reader *reader, const char *text, char ret_by[BOOKING_SYSTEM_MAX + 1]) {
    field_token(reader, "by", text, false, ret_by, BOOKING_SYSTEM_MAX + 1, "expected the id of a system");
}
