/* Answers out. Lists are written one element at a time, so that their size in memory is that of one element. */
#include "lib/wire/booking/booking_request.h"

#include "lib/base/assert.h"
#include "lib/base/proto_wire.h"
#include "lib/wire/booking/booking_pb.h"

/* Field numbers shared by FindSlotsResponse and ListPersonBookingsResponse. */
enum { LIST_FIELD_ELEMENT = 1, LIST_FIELD_HAS_MORE = 2, LIST_END_SIZE = 2, ELEMENT_MAX = 2048 };

struct alternatives_shell {
    struct slot_shell slots[BOOKING_ALTERNATIVES_MAX];
    pb_slot *pointers[BOOKING_ALTERNATIVES_MAX];
};

static pb_slot **alternatives_fill(struct alternatives_shell *shell, const struct booking_alternatives *alternatives);
static struct slice encode_hold(const struct booking_answer *answer, struct arena *arena);
static struct slice encode_book(const struct booking_answer *answer, struct arena *arena);

struct slice booking_answer_encode(enum booking_command_kind kind, const struct booking_answer *answer,
                                   struct arena *arena) {
    bool is_empty = uuid_is_zero(answer->id) && answer->alternatives.count == 0;
    if (is_empty) return (struct slice){.data = NULL, .size = 0};
    char id_text[UUID_TEXT_ROOM];
    switch (kind) {
    case BOOKING_COMMAND_PUBLISH: {
        Bhr__Booking__V1__PublishSessionResponse message = BHR__BOOKING__V1__PUBLISH_SESSION_RESPONSE__INIT;
        message.session_id = uuid_text(answer->id, id_text);
        return wire_pack_to_arena(&message.base, arena);
    }
    case BOOKING_COMMAND_HOLD:
        return encode_hold(answer, arena);
    case BOOKING_COMMAND_BOOK:
        return encode_book(answer, arena);
    case BOOKING_COMMAND_CANCEL: {
        Bhr__Booking__V1__CancelResponse message = BHR__BOOKING__V1__CANCEL_RESPONSE__INIT;
        message.booking_id = uuid_text(answer->id, id_text);
        message.cancelled_at_ms = answer->at_ms;
        return wire_pack_to_arena(&message.base, arena);
    }
    case BOOKING_COMMAND_FOLLOW:
    case BOOKING_COMMAND_RELINK:
        break; /* they have nothing to say */
    }
    bhr_assert_failed("kind is one of enum booking_command_kind", __FILE__, __LINE__);
}

void find_slots_response_encode(const struct booking_slot *slots, uint32_t slot_count, bool has_more,
                                struct buffer *out) {
    ASSERT(slot_count <= BOOKING_FIND_LIMIT_MAX);
    for (uint32_t i = 0; i < slot_count; i++) {
        struct slot_shell shell;
        uint8_t bytes[ELEMENT_MAX];
        struct buffer element = buffer_over(bytes, sizeof bytes);
        wire_pack(&slot_fill(&shell, &slots[i])->base, &element);
        ASSERT(!element.is_full);
        proto_put_bytes(out, LIST_FIELD_ELEMENT, buffer_slice(&element));
    }
    if (has_more) proto_put_varint(out, LIST_FIELD_HAS_MORE, 1);
}

void get_booking_response_encode(const struct booking_view *view, struct buffer *out) {
    Bhr__Booking__V1__GetBookingResponse message = BHR__BOOKING__V1__GET_BOOKING_RESPONSE__INIT;
    struct booking_shell shell;
    message.booking = booking_fill(&shell, view, true);
    wire_pack(&message.base, out);
}

bool list_person_bookings_response_add(const struct booking_view *view, struct buffer *out) {
    struct booking_shell shell;
    uint8_t bytes[ELEMENT_MAX];
    struct buffer element = buffer_over(bytes, sizeof bytes);
    wire_pack(&booking_fill(&shell, view, false)->base, &element);
    ASSERT(!element.is_full);
    ASSERT(out->size <= out->size_max);
    if (proto_bytes_size(LIST_FIELD_ELEMENT, element.size) + LIST_END_SIZE > out->size_max - out->size) return false;
    proto_put_bytes(out, LIST_FIELD_ELEMENT, buffer_slice(&element));
    return true;
}

void list_person_bookings_response_end(bool has_more, struct buffer *out) {
    if (has_more) proto_put_varint(out, LIST_FIELD_HAS_MORE, 1);
}

static struct slice encode_hold(const struct booking_answer *answer, struct arena *arena) {
    Bhr__Booking__V1__HoldResponse message = BHR__BOOKING__V1__HOLD_RESPONSE__INIT;
    char id_text[UUID_TEXT_ROOM];
    struct slot_shell slot;
    struct alternatives_shell alternatives;
    message.hold_id = uuid_text(answer->id, id_text);
    if (!uuid_is_zero(answer->id)) message.slot = slot_fill(&slot, &answer->slot);
    message.expires_at_ms = answer->at_ms;
    message.n_alternatives = answer->alternatives.count;
    message.alternatives = alternatives_fill(&alternatives, &answer->alternatives);
    return wire_pack_to_arena(&message.base, arena);
}

static struct slice encode_book(const struct booking_answer *answer, struct arena *arena) {
    Bhr__Booking__V1__BookResponse message = BHR__BOOKING__V1__BOOK_RESPONSE__INIT;
    char id_text[UUID_TEXT_ROOM];
    struct slot_shell slot;
    struct alternatives_shell alternatives;
    message.booking_id = uuid_text(answer->id, id_text);
    if (!uuid_is_zero(answer->id)) message.slot = slot_fill(&slot, &answer->slot);
    message.n_alternatives = answer->alternatives.count;
    message.alternatives = alternatives_fill(&alternatives, &answer->alternatives);
    return wire_pack_to_arena(&message.base, arena);
}

static pb_slot **alternatives_fill(struct alternatives_shell *shell, const struct booking_alternatives *alternatives) {
    ASSERT(alternatives->count <= BOOKING_ALTERNATIVES_MAX);
    for (uint32_t i = 0; i < alternatives->count; i++) {
        shell->pointers[i] = slot_fill(&shell->slots[i], &alternatives->slots[i]);
    }
    return shell->pointers;
}
