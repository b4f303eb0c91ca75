/* Responses in, as a client reads them: judged like everything that comes from outside. */
#include "lib/wire/booking/booking_client.h"

#include "lib/base/assert.h"
#include "lib/wire/booking/booking_pb.h"

static void read_alternatives(struct field_reader *reader, size_t count, pb_slot *const *messages,
                              struct booking_alternatives *ret_alternatives);
static void read_booking(struct field_reader *reader, const pb_booking *message, struct booking_view *ret_view);
static void read_change(struct field_reader *reader, const pb_change *message, struct booking_change *ret_change);
static bool decode_publish(struct slice bytes, struct arena *arena, struct booking_answer *ret_answer,
                           struct wire_fault *ret_fault);
static bool decode_hold(struct slice bytes, struct arena *arena, struct booking_answer *ret_answer,
                        struct wire_fault *ret_fault);
static bool decode_book(struct slice bytes, struct arena *arena, struct booking_answer *ret_answer,
                        struct wire_fault *ret_fault);
static bool decode_cancel(struct slice bytes, struct arena *arena, struct booking_answer *ret_answer,
                          struct wire_fault *ret_fault);

bool booking_answer_decode(enum booking_command_kind kind, struct slice bytes, struct arena *arena,
                           struct booking_answer *ret_answer, struct wire_fault *ret_fault) {
    memset(ret_answer, 0, sizeof *ret_answer);
    if (bytes.size == 0) return true;
    switch (kind) {
    case BOOKING_COMMAND_PUBLISH:
        return decode_publish(bytes, arena, ret_answer, ret_fault);
    case BOOKING_COMMAND_HOLD:
        return decode_hold(bytes, arena, ret_answer, ret_fault);
    case BOOKING_COMMAND_BOOK:
        return decode_book(bytes, arena, ret_answer, ret_fault);
    case BOOKING_COMMAND_CANCEL:
        return decode_cancel(bytes, arena, ret_answer, ret_fault);
    case BOOKING_COMMAND_FOLLOW:
    case BOOKING_COMMAND_RELINK:
        return true; /* nothing is in it */
    }
    bhr_assert_failed("kind is one of enum booking_command_kind", __FILE__, __LINE__);
}

bool find_slots_response_decode(struct slice bytes, struct arena *arena, struct find_slots_response *ret_response,
                                struct wire_fault *ret_fault) {
    const Bhr__Booking__V1__FindSlotsResponse *message =
        wire_unpack(&bhr__booking__v1__find_slots_response__descriptor, bytes, arena, ret_fault);
    if (message == NULL) return false;
    struct field_reader reader = field_reader_of("", ret_fault);
    struct booking_slot *slots = arena_alloc(arena, (message->n_slots + 1) * sizeof slots[0]);
    if (message->n_slots > BOOKING_FIND_LIMIT_MAX || slots == NULL) {
        field_fail(&reader, "slots", "expected fewer");
        return false;
    }
    for (size_t i = 0; i < message->n_slots; i++) field_slot(&reader, message->slots[i], &slots[i]);
    if (reader.is_bad) return false;
    *ret_response = (struct find_slots_response){
        .slot_count = (uint32_t)message->n_slots, .slots = slots, .has_more = message->has_more != 0};
    return true;
}

bool get_booking_response_decode(struct slice bytes, struct arena *arena, struct booking_view *ret_view,
                                 struct wire_fault *ret_fault) {
    const Bhr__Booking__V1__GetBookingResponse *message =
        wire_unpack(&bhr__booking__v1__get_booking_response__descriptor, bytes, arena, ret_fault);
    if (message == NULL) return false;
    struct field_reader reader = field_reader_of("", ret_fault);
    read_booking(&reader, message->booking, ret_view);
    return !reader.is_bad;
}

bool list_person_bookings_response_decode(struct slice bytes, struct arena *arena,
                                          struct list_person_bookings_response *ret_response,
                                          struct wire_fault *ret_fault) {
    const Bhr__Booking__V1__ListPersonBookingsResponse *message =
        wire_unpack(&bhr__booking__v1__list_person_bookings_response__descriptor, bytes, arena, ret_fault);
    if (message == NULL) return false;
    struct field_reader reader = field_reader_of("", ret_fault);
    struct booking_view *bookings = arena_alloc(arena, (message->n_bookings + 1) * sizeof bookings[0]);
    if (message->n_bookings > BOOKING_LIST_MAX || bookings == NULL) {
        field_fail(&reader, "bookings", "expected fewer");
        return false;
    }
    for (size_t i = 0; i < message->n_bookings; i++) read_booking(&reader, message->bookings[i], &bookings[i]);
    if (reader.is_bad) return false;
    *ret_response = (struct list_person_bookings_response){
        .booking_count = (uint32_t)message->n_bookings, .bookings = bookings, .has_more = message->has_more != 0};
    return true;
}

static bool decode_publish(struct slice bytes, struct arena *arena, struct booking_answer *ret_answer,
                           struct wire_fault *ret_fault) {
    const Bhr__Booking__V1__PublishSessionResponse *message =
        wire_unpack(&bhr__booking__v1__publish_session_response__descriptor, bytes, arena, ret_fault);
    if (message == NULL) return false;
    struct field_reader reader = field_reader_of("", ret_fault);
    field_uuid(&reader, "session_id", message->session_id, false, &ret_answer->id);
    return !reader.is_bad;
}

static bool decode_hold(struct slice bytes, struct arena *arena, struct booking_answer *ret_answer,
                        struct wire_fault *ret_fault) {
    const Bhr__Booking__V1__HoldResponse *message =
        wire_unpack(&bhr__booking__v1__hold_response__descriptor, bytes, arena, ret_fault);
    if (message == NULL) return false;
    struct field_reader reader = field_reader_of("", ret_fault);
    field_uuid(&reader, "hold_id", message->hold_id, true, &ret_answer->id);
    if (!uuid_is_zero(ret_answer->id)) field_slot(&reader, message->slot, &ret_answer->slot);
    field_time(&reader, "expires_at_ms", message->expires_at_ms, &ret_answer->at_ms);
    read_alternatives(&reader, message->n_alternatives, message->alternatives, &ret_answer->alternatives);
    return !reader.is_bad;
}

static bool decode_book(struct slice bytes, struct arena *arena, struct booking_answer *ret_answer,
                        struct wire_fault *ret_fault) {
    const Bhr__Booking__V1__BookResponse *message =
        wire_unpack(&bhr__booking__v1__book_response__descriptor, bytes, arena, ret_fault);
    if (message == NULL) return false;
    struct field_reader reader = field_reader_of("", ret_fault);
    field_uuid(&reader, "booking_id", message->booking_id, true, &ret_answer->id);
    if (!uuid_is_zero(ret_answer->id)) field_slot(&reader, message->slot, &ret_answer->slot);
    read_alternatives(&reader, message->n_alternatives, message->alternatives, &ret_answer->alternatives);
    return !reader.is_bad;
}

static bool decode_cancel(struct slice bytes, struct arena *arena, struct booking_answer *ret_answer,
                          struct wire_fault *ret_fault) {
    const Bhr__Booking__V1__CancelResponse *message =
        wire_unpack(&bhr__booking__v1__cancel_response__descriptor, bytes, arena, ret_fault);
    if (message == NULL) return false;
    struct field_reader reader = field_reader_of("", ret_fault);
    field_uuid(&reader, "booking_id", message->booking_id, false, &ret_answer->id);
    field_time(&reader, "cancelled_at_ms", message->cancelled_at_ms, &ret_answer->at_ms);
    return !reader.is_bad;
}

static void read_alternatives(struct field_reader *reader, size_t count, pb_slot *const *messages,
                              struct booking_alternatives *ret_alternatives) {
    if (count > BOOKING_ALTERNATIVES_MAX) {
        field_fail(reader, "alternatives", "expected at most 3");
        return;
    }
    for (size_t i = 0; i < count; i++) field_slot(reader, messages[i], &ret_alternatives->slots[i]);
    ret_alternatives->count = (uint32_t)count;
}

static void read_booking(struct field_reader *reader, const pb_booking *message, struct booking_view *ret_view) {
    memset(ret_view, 0, sizeof *ret_view);
    if (message == NULL) {
        field_fail(reader, "booking", "expected a booking");
        return;
    }
    field_uuid(reader, "booking_id", message->booking_id, false, &ret_view->booking_id);
    field_slot(reader, message->slot, &ret_view->slot);
    field_person(reader, message->person, true, &ret_view->person);
    field_contact(reader, message->contact, &ret_view->contact);
    ret_view->is_erased = message->erased != 0;
    ret_view->status = (enum booking_status)field_number(reader, "status", (int)message->status, BOOKING_BOOKED,
                                                         BOOKING_CANCELLED, "expected booked or cancelled");
    field_time(reader, "booked_at_ms", message->booked_at_ms, &ret_view->booked_at_ms);
    field_time(reader, "cancelled_at_ms", message->cancelled_at_ms, &ret_view->cancelled_at_ms);
    ret_view->cancel_reason = field_reason(reader, "cancel_reason", (int)message->cancel_reason, true);
    field_token(reader, "booked_by", message->booked_by, false, ret_view->booked_by, sizeof ret_view->booked_by,
                "expected the id of a system");
    field_token(reader, "cancelled_by", message->cancelled_by, true, ret_view->cancelled_by,
                sizeof ret_view->cancelled_by, "expected the id of a system");
    if (message->n_history > BOOKING_HISTORY_MAX) {
        field_fail(reader, "history", "expected at most 3");
        return;
    }
    for (size_t i = 0; i < message->n_history; i++) read_change(reader, message->history[i], &ret_view->history[i]);
    ret_view->history_count = (uint32_t)message->n_history;
}

static void read_change(struct field_reader *reader, const pb_change *message, struct booking_change *ret_change) {
    field_time(reader, "history.at_ms", message->at_ms, &ret_change->at_ms);
    field_token(reader, "history.by", message->by, false, ret_change->by, sizeof ret_change->by,
                "expected the id of a system");
    ret_change->entry_number = message->entry_number;
    if (booking_text_equal(message->what, "held")) {
        ret_change->what = BOOKING_CHANGE_HELD;
    } else if (booking_text_equal(message->what, "booked")) {
        ret_change->what = BOOKING_CHANGE_BOOKED;
    } else if (booking_text_equal(message->what, "cancelled")) {
        ret_change->what = BOOKING_CHANGE_CANCELLED;
    } else {
        field_fail(reader, "history.what", "expected held, booked or cancelled");
    }
}
