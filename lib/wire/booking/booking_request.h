/* What comes in at booking's door and what goes out: requests judged into plain structs, answers encoded. Any thread;
 * memory is the caller's arena and buffer. */
#ifndef BHR_WIRE_BOOKING_BOOKING_REQUEST_H
#define BHR_WIRE_BOOKING_BOOKING_REQUEST_H

#include "lib/wire/exchange/wire_message.h"
#include "services/booking/core/booking.h"

/* Each judges every field: length, range, form, UTF-8 and NUL. False fills *ret_fault and leaves *ret_request untouched. */
bool publish_request_decode(struct slice bytes, struct arena *arena, struct publish_request *ret_request,
                            struct wire_fault *ret_fault);
bool hold_request_decode(struct slice bytes, struct arena *arena, struct hold_request *ret_request,
                         struct wire_fault *ret_fault);
bool book_request_decode(struct slice bytes, struct arena *arena, struct book_request *ret_request,
                         struct wire_fault *ret_fault);
bool cancel_request_decode(struct slice bytes, struct arena *arena, struct cancel_request *ret_request,
                           struct wire_fault *ret_fault);
/* The width of the window is not judged here: it has an outcome of its own. limit 0 becomes the default. */
bool find_slots_request_decode(struct slice bytes, struct arena *arena, struct find_slots_request *ret_request,
                               struct wire_fault *ret_fault);
bool get_booking_request_decode(struct slice bytes, struct arena *arena, struct get_booking_request *ret_request,
                                struct wire_fault *ret_fault);
bool list_person_bookings_request_decode(struct slice bytes, struct arena *arena,
                                         struct list_person_bookings_request *ret_request,
                                         struct wire_fault *ret_fault);

/* The response message of a command of that kind. A refusal has none but its alternatives: empty when there are none. */
struct slice booking_answer_encode(enum booking_command_kind kind, const struct booking_answer *answer,
                                   struct arena *arena);

/* Responses of queries; out->is_full when it does not fit. */
void find_slots_response_encode(const struct booking_slot *slots, uint32_t slot_count, bool has_more,
                                struct buffer *out);
void get_booking_response_encode(const struct booking_view *view, struct buffer *out);
/* One booking more. False, and nothing written, when it does not fit; room for the end is always kept. */
bool list_person_bookings_response_add(const struct booking_view *view, struct buffer *out);
void list_person_bookings_response_end(bool has_more, struct buffer *out);

#endif
