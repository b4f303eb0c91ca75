/* Requests out, as a client sends them. */
#include "lib/wire/booking/booking_client.h"

#include "lib/base/assert.h"
#include "lib/wire/booking/booking_pb.h"

/* The generated structs have no const; packing does not write through their pointers. */
static char *text_of(const char *text) {
    return (char *)(uintptr_t)text;
}

void publish_request_encode(const struct publish_request *request, struct buffer *out) {
    Bhr__Booking__V1__PublishSessionRequest message = BHR__BOOKING__V1__PUBLISH_SESSION_REQUEST__INIT;
    struct session_shell session;
    message.session = session_fill(&session, &request->session);
    session.id_text[0] = '\0';
    wire_pack(&message.base, out);
}

void hold_request_encode(const struct hold_request *request, struct buffer *out) {
    Bhr__Booking__V1__HoldRequest message = BHR__BOOKING__V1__HOLD_REQUEST__INIT;
    char slot_text[SLOT_TEXT_ROOM];
    message.slot_id = slot_id_text(request->slot_id, slot_text);
    message.hold_seconds = request->hold_seconds;
    wire_pack(&message.base, out);
}

void book_request_encode(const struct book_request *request, struct buffer *out) {
    Bhr__Booking__V1__BookRequest message = BHR__BOOKING__V1__BOOK_REQUEST__INIT;
    char slot_text[SLOT_TEXT_ROOM], hold_text[UUID_TEXT_ROOM];
    struct person_shell person;
    struct contact_shell contact;
    if (request->is_from_hold) {
        message.place_case = BHR__BOOKING__V1__BOOK_REQUEST__PLACE_HOLD_ID;
        message.hold_id = uuid_text(request->hold_id, hold_text);
    } else {
        message.place_case = BHR__BOOKING__V1__BOOK_REQUEST__PLACE_SLOT_ID;
        message.slot_id = slot_id_text(request->slot_id, slot_text);
    }
    message.person = person_fill(&person, &request->person);
    person.id_text[0] = '\0';
    message.contact = contact_fill(&contact, &request->contact);
    wire_pack(&message.base, out);
}

void cancel_request_encode(const struct cancel_request *request, struct buffer *out) {
    Bhr__Booking__V1__CancelRequest message = BHR__BOOKING__V1__CANCEL_REQUEST__INIT;
    char id_text[UUID_TEXT_ROOM];
    message.booking_id = uuid_text(request->booking_id, id_text);
    message.reason = (Bhr__Booking__V1__CancelReason)request->reason;
    wire_pack(&message.base, out);
}

void find_slots_request_encode(const struct find_slots_request *request, struct buffer *out) {
    Bhr__Booking__V1__FindSlotsRequest message = BHR__BOOKING__V1__FIND_SLOTS_REQUEST__INIT;
    message.organisation = text_of(request->organisation);
    message.service_id = text_of(request->service_id);
    message.kind = (Bhr__Booking__V1__SlotKind)request->kind;
    message.from_ms = request->from_ms;
    message.to_ms = request->to_ms;
    message.include_full = request->include_full;
    message.limit = request->limit;
    wire_pack(&message.base, out);
}

void get_booking_request_encode(const struct get_booking_request *request, struct buffer *out) {
    Bhr__Booking__V1__GetBookingRequest message = BHR__BOOKING__V1__GET_BOOKING_REQUEST__INIT;
    char id_text[UUID_TEXT_ROOM];
    message.booking_id = uuid_text(request->booking_id, id_text);
    wire_pack(&message.base, out);
}

void list_person_bookings_request_encode(const struct list_person_bookings_request *request, struct buffer *out) {
    Bhr__Booking__V1__ListPersonBookingsRequest message = BHR__BOOKING__V1__LIST_PERSON_BOOKINGS_REQUEST__INIT;
    struct person_shell person;
    message.person = person_fill(&person, &request->person);
    person.id_text[0] = '\0';
    message.include_past = request->include_past;
    message.from_ms = request->from_ms;
    wire_pack(&message.base, out);
}

char *booking_slot_id_format(struct booking_slot_id slot_id, char ret_text[BOOKING_SLOT_TEXT_ROOM]) {
    ASSERT(!uuid_is_zero(slot_id.session_id));
    return slot_id_text(slot_id, ret_text);
}

bool booking_slot_id_parse(const char *text, struct booking_slot_id *ret_slot_id) {
    struct wire_fault fault;
    struct field_reader reader = field_reader_of("", &fault);
    field_slot_id(&reader, "slot_id", text, ret_slot_id);
    return !reader.is_bad;
}
