/* What is sealed of a booking's person (proto PersonDetails): made by the door before it seals, read by it after it has
 * opened. Any thread; memory is the caller's. */
#ifndef BHR_WIRE_BOOKING_BOOKING_DETAILS_H
#define BHR_WIRE_BOOKING_BOOKING_DETAILS_H

#include "lib/wire/exchange/wire_message.h"
#include "services/booking/core/booking.h"

/* Without person_id. BOOKING_DETAILS_MAX always suffices. */
void booking_details_encode(const struct booking_person *person, const struct booking_contact *contact,
                            struct buffer *out);
/* Fills all of *ret_person but person_id, which stays as it is. False for bytes that are no details. */
bool booking_details_decode(struct slice bytes, struct arena *arena, struct booking_person *ret_person,
                            struct booking_contact *ret_contact);

#endif
