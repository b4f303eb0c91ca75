/* Requests in. Each function reads like its message in proto/bhr/booking/v1/booking_service.proto. */
#include "lib/wire/booking/booking_request.h"

#include "lib/wire/booking/booking_pb.h"

bool publish_request_decode(struct slice bytes, struct arena *arena, struct publish_request *ret_request,
                            struct wire_fault *ret_fault) {
    const Bhr__Booking__V1__PublishSessionRequest *message =
        wire_unpack(&bhr__booking__v1__publish_session_request__descriptor, bytes, arena, ret_fault);
    if (message == NULL) return false;
    struct field_reader reader = field_reader_of("", ret_fault);
    struct publish_request request = {.session = {.capacity = 0}};
    field_session(&reader, message->session, false, &request.session);
    if (reader.is_bad) return false;
    *ret_request = request;
    return true;
}

bool hold_request_decode(struct slice bytes, struct arena *arena, struct hold_request *ret_request,
                         struct wire_fault *ret_fault) {
    const Bhr__Booking__V1__HoldRequest *message =
        wire_unpack(&bhr__booking__v1__hold_request__descriptor, bytes, arena, ret_fault);
    if (message == NULL) return false;
    struct field_reader reader = field_reader_of("", ret_fault);
    struct hold_request request = {.hold_seconds = 0};
    field_slot_id(&reader, "slot_id", message->slot_id, &request.slot_id);
    request.hold_seconds = field_number(&reader, "hold_seconds", message->hold_seconds, 0, BOOKING_HOLD_SECONDS_MAX,
                                        "expected at most 24 hours");
    if (reader.is_bad) return false;
    *ret_request = request;
    return true;
}

bool book_request_decode(struct slice bytes, struct arena *arena, struct book_request *ret_request,
                         struct wire_fault *ret_fault) {
    const Bhr__Booking__V1__BookRequest *message =
        wire_unpack(&bhr__booking__v1__book_request__descriptor, bytes, arena, ret_fault);
    if (message == NULL) return false;
    struct field_reader reader = field_reader_of("", ret_fault);
    struct book_request request = {.is_from_hold = false};
    switch (message->place_case) {
    case BHR__BOOKING__V1__BOOK_REQUEST__PLACE_SLOT_ID:
        field_slot_id(&reader, "slot_id", message->slot_id, &request.slot_id);
        break;
    case BHR__BOOKING__V1__BOOK_REQUEST__PLACE_HOLD_ID:
        request.is_from_hold = true;
        field_uuid(&reader, "hold_id", message->hold_id, false, &request.hold_id);
        break;
    case BHR__BOOKING__V1__BOOK_REQUEST__PLACE__NOT_SET:
    case _BHR__BOOKING__V1__BOOK_REQUEST__PLACE__CASE_IS_INT_SIZE:
        field_fail(&reader, "slot_id", "expected a slot, or a hold in hold_id");
        break;
    }
    field_person(&reader, message->person, false, &request.person);
    field_contact(&reader, message->contact, &request.contact);
    if (reader.is_bad) return false;
    *ret_request = request;
    return true;
}

bool cancel_request_decode(struct slice bytes, struct arena *arena, struct cancel_request *ret_request,
                           struct wire_fault *ret_fault) {
    const Bhr__Booking__V1__CancelRequest *message =
        wire_unpack(&bhr__booking__v1__cancel_request__descriptor, bytes, arena, ret_fault);
    if (message == NULL) return false;
    struct field_reader reader = field_reader_of("", ret_fault);
    struct cancel_request request = {.reason = BOOKING_CANCEL_NONE};
    field_uuid(&reader, "booking_id", message->booking_id, false, &request.booking_id);
    request.reason = field_reason(&reader, "reason", (int)message->reason, false);
    if (reader.is_bad) return false;
    *ret_request = request;
    return true;
}

bool find_slots_request_decode(struct slice bytes, struct arena *arena, struct find_slots_request *ret_request,
                               struct wire_fault *ret_fault) {
    const Bhr__Booking__V1__FindSlotsRequest *message =
        wire_unpack(&bhr__booking__v1__find_slots_request__descriptor, bytes, arena, ret_fault);
    if (message == NULL) return false;
    struct field_reader reader = field_reader_of("", ret_fault);
    struct find_slots_request request = {.include_full = message->include_full != 0};
    field_organisation(&reader, "organisation", message->organisation, true, request.organisation);
    field_service_id(&reader, "service_id", message->service_id, true, request.service_id);
    if (request.organisation[0] == '\0' && request.service_id[0] == '\0') {
        field_fail(&reader, "organisation", "expected an organisation, or a service in service_id, or both");
    }
    request.kind = field_kind(&reader, "kind", (int)message->kind, true);
    field_time(&reader, "from_ms", message->from_ms, &request.from_ms);
    field_time(&reader, "to_ms", message->to_ms, &request.to_ms);
    if (request.from_ms >= request.to_ms) field_fail(&reader, "to_ms", "expected a time after from_ms");
    request.limit = field_number(&reader, "limit", message->limit, 0, BOOKING_FIND_LIMIT_MAX, "expected at most 500");
    if (request.limit == 0) request.limit = BOOKING_FIND_LIMIT_DEFAULT;
    if (reader.is_bad) return false;
    *ret_request = request;
    return true;
}

bool get_booking_request_decode(struct slice bytes, struct arena *arena, struct get_booking_request *ret_request,
                                struct wire_fault *ret_fault) {
    const Bhr__Booking__V1__GetBookingRequest *message =
        wire_unpack(&bhr__booking__v1__get_booking_request__descriptor, bytes, arena, ret_fault);
    if (message == NULL) return false;
    struct field_reader reader = field_reader_of("", ret_fault);
    struct get_booking_request request = {.booking_id = {{0}}};
    field_uuid(&reader, "booking_id", message->booking_id, false, &request.booking_id);
    if (reader.is_bad) return false;
    *ret_request = request;
    return true;
}

bool list_person_bookings_request_decode(struct slice bytes, struct arena *arena,
                                         struct list_person_bookings_request *ret_request,
                                         struct wire_fault *ret_fault) {
    const Bhr__Booking__V1__ListPersonBookingsRequest *message =
        wire_unpack(&bhr__booking__v1__list_person_bookings_request__descriptor, bytes, arena, ret_fault);
    if (message == NULL) return false;
    struct field_reader reader = field_reader_of("", ret_fault);
    struct list_person_bookings_request request = {.include_past = message->include_past != 0};
    field_person(&reader, message->person, false, &request.person);
    field_time(&reader, "from_ms", message->from_ms, &request.from_ms);
    if (reader.is_bad) return false;
    *ret_request = request;
    return true;
}
