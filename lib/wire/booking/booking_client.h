/* The other side of booking's door: requests encoded and responses decoded, for the command line, tests, simulator and
 * load generator. Any thread; memory is the caller's arena and buffer. */
#ifndef BHR_WIRE_BOOKING_BOOKING_CLIENT_H
#define BHR_WIRE_BOOKING_BOOKING_CLIENT_H

#include "lib/wire/exchange/wire_message.h"
#include "services/booking/core/booking.h"

#define BOOKING_METHOD_PUBLISH_SESSION      "bhr.booking.v1.BookingService/PublishSession"
#define BOOKING_METHOD_HOLD                 "bhr.booking.v1.BookingService/Hold"
#define BOOKING_METHOD_BOOK                 "bhr.booking.v1.BookingService/Book"
#define BOOKING_METHOD_CANCEL               "bhr.booking.v1.BookingService/Cancel"
#define BOOKING_METHOD_FOLLOW_INDEX         "bhr.booking.v1.BookingService/FollowIndex"
#define BOOKING_METHOD_RELINK               "bhr.booking.v1.BookingService/Relink"
#define BOOKING_METHOD_FIND_SLOTS           "bhr.booking.v1.BookingService/FindSlots"
#define BOOKING_METHOD_GET_BOOKING          "bhr.booking.v1.BookingService/GetBooking"
#define BOOKING_METHOD_LIST_PERSON_BOOKINGS "bhr.booking.v1.BookingService/ListPersonBookings"

/* Room that always suffices for one encoded request of booking. */
enum { BOOKING_REQUEST_MAX = 2048 };

/* Fields that the service gives (session_id, person_id) are not sent. out->is_full when it does not fit. */
void publish_request_encode(const struct publish_request *request, struct buffer *out);
void hold_request_encode(const struct hold_request *request, struct buffer *out);
void book_request_encode(const struct book_request *request, struct buffer *out);
void cancel_request_encode(const struct cancel_request *request, struct buffer *out);
void find_slots_request_encode(const struct find_slots_request *request, struct buffer *out);
void get_booking_request_encode(const struct get_booking_request *request, struct buffer *out);
void list_person_bookings_request_encode(const struct list_person_bookings_request *request, struct buffer *out);

/* The response of a command of that kind; empty bytes (a refusal without alternatives) give an answer of zeros. */
bool booking_answer_decode(enum booking_command_kind kind, struct slice bytes, struct arena *arena,
                           struct booking_answer *ret_answer, struct wire_fault *ret_fault);

struct find_slots_response {
    uint32_t slot_count;
    const struct booking_slot *slots; /* in the arena */
    bool has_more;
};
struct list_person_bookings_response {
    uint32_t booking_count;
    const struct booking_view *bookings; /* in the arena */
    bool has_more;
};
bool find_slots_response_decode(struct slice bytes, struct arena *arena, struct find_slots_response *ret_response,
                                struct wire_fault *ret_fault);
bool get_booking_response_decode(struct slice bytes, struct arena *arena, struct booking_view *ret_view,
                                 struct wire_fault *ret_fault);
bool list_person_bookings_response_decode(struct slice bytes, struct arena *arena,
                                          struct list_person_bookings_response *ret_response,
                                          struct wire_fault *ret_fault);

/* "<session id>:<index>" with its terminator, as people type and read it; and back. */
enum { BOOKING_SLOT_TEXT_ROOM = UUID_TEXT_SIZE + 1 + 10 + 1 };
char *booking_slot_id_format(struct booking_slot_id slot_id, char ret_text[BOOKING_SLOT_TEXT_ROOM]);
bool booking_slot_id_parse(const char *text, struct booking_slot_id *ret_slot_id);

#endif
