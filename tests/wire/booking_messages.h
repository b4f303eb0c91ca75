/* The good request messages of booking, which each wire test spoils in one place, and how to decode them. Included once
 * per test program. */
#ifndef BHR_TESTS_WIRE_BOOKING_MESSAGES_H
#define BHR_TESTS_WIRE_BOOKING_MESSAGES_H

#include <bhr/booking/v1/booking_journal.pb-c.h>
#include <bhr/booking/v1/booking_service.pb-c.h>
#include <stdlib.h>

#include "lib/wire/booking/booking_client.h"
#include "lib/wire/booking/booking_journal.h"
#include "lib/wire/booking/booking_request.h"
#include "tests/support/cmocka.h"

enum { ARENA_SIZE = 1024 * 1024, MESSAGE_MAX = 64 * 1024 };

static const char UUID_A[] = "01890a5d-ac96-774b-bcce-b302099a8057";
static const char SLOT_A[] = "01890a5d-ac96-774b-bcce-b302099a8057:3";
static uint8_t arena_memory[ARENA_SIZE];

typedef bool (*decoder)(struct slice bytes, struct wire_fault *fault);

static char *text(const char *constant) {
    return (char *)(uintptr_t)constant;
}

/* ---- the good messages, which each case spoils in one place ---- */

static Bhr__Booking__V1__Session session;
static Bhr__Booking__V1__PublishSessionRequest publish;
static Bhr__Booking__V1__HoldRequest hold;
static Bhr__Booking__V1__PersonReference person;
static Bhr__Booking__V1__Contact contact;
static Bhr__Booking__V1__BookRequest book;
static Bhr__Booking__V1__CancelRequest cancel;
static Bhr__Booking__V1__FindSlotsRequest find;
static Bhr__Booking__V1__GetBookingRequest get;
static Bhr__Booking__V1__ListPersonBookingsRequest list;

static void make_good(void) {
    bhr__booking__v1__session__init(&session);
    session.organisation = text("F82001");
    session.service_id = text("gp-routine_1.a");
    session.kind = BHR__BOOKING__V1__SLOT_KIND__SLOT_KIND_VIDEO;
    session.audience = BHR__BOOKING__V1__AUDIENCE__AUDIENCE_111;
    session.starts_at_ms = 1795456800000;
    session.slot_minutes = 15;
    session.slot_count = 12;
    session.capacity = 2;
    bhr__booking__v1__publish_session_request__init(&publish);
    publish.session = &session;
    bhr__booking__v1__hold_request__init(&hold);
    hold.slot_id = text(SLOT_A);
    bhr__booking__v1__person_reference__init(&person);
    person.nhs_number = text("943 476 5919");
    person.family_name = text("O'Neil-\xC5\x81ukasz");
    person.given_name = text("Zo\xC3\xAB");
    person.birth_date = text("1984-02-29");
    person.local_id = text("A/123");
    bhr__booking__v1__contact__init(&contact);
    contact.phone = text("+44 20 7946 0000");
    contact.note = text("ring twice\nsecond floor");
    bhr__booking__v1__book_request__init(&book);
    book.place_case = BHR__BOOKING__V1__BOOK_REQUEST__PLACE_SLOT_ID;
    book.slot_id = text(SLOT_A);
    book.person = &person;
    book.contact = &contact;
    bhr__booking__v1__cancel_request__init(&cancel);
    cancel.booking_id = text(UUID_A);
    cancel.reason = BHR__BOOKING__V1__CANCEL_REASON__CANCEL_REASON_ENTERED_IN_ERROR;
    bhr__booking__v1__find_slots_request__init(&find);
    find.organisation = text("F82001");
    find.from_ms = 1795456800000;
    find.to_ms = find.from_ms + 1;
    bhr__booking__v1__get_booking_request__init(&get);
    get.booking_id = text(UUID_A);
    bhr__booking__v1__list_person_bookings_request__init(&list);
    list.person = &person;
}

#define DECODER(name, request_type)                                                                                    \
    static bool name##_decodes(struct slice bytes, struct wire_fault *fault) {                                         \
        struct arena arena = arena_over(arena_memory, sizeof arena_memory);                                            \
        struct request_type request;                                                                                   \
        return name##_request_decode(bytes, &arena, &request, fault);                                                  \
    }
DECODER(publish, publish_request)
DECODER(hold, hold_request)
DECODER(book, book_request)
DECODER(cancel, cancel_request)
DECODER(find_slots, find_slots_request)
DECODER(get_booking, get_booking_request)
DECODER(list_person_bookings, list_person_bookings_request)

struct request {
    const char *name;
    void *message;
    decoder decodes;
};
static const struct request requests[] = {
    {"PublishSession", &publish, publish_decodes},
    {"Hold", &hold, hold_decodes},
    {"Book", &book, book_decodes},
    {"Cancel", &cancel, cancel_decodes},
    {"FindSlots", &find, find_slots_decodes},
    {"GetBooking", &get, get_booking_decodes},
    {"ListPersonBookings", &list, list_person_bookings_decodes},
};
enum { REQUEST_COUNT = sizeof requests / sizeof requests[0] };

static struct slice pack(const void *message) {
    static uint8_t bytes[MESSAGE_MAX];
    size_t size = protobuf_c_message_get_packed_size(message);
    assert_true(size <= sizeof bytes);
    protobuf_c_message_pack(message, bytes);
    return slice_of(bytes, size);
}

#endif
