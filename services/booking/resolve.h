/* Who is this? What the door settles about a person before a command is accepted. */
#ifndef BHR_BOOKING_RESOLVE_H
#define BHR_BOOKING_RESOLVE_H

#include "lib/base/slice.h"
#include "services/booking/core/booking.h"

/* The pseudonymous id of a person whose fields were judged (lib/wire/booking) and identify somebody. The same person, known
 * by the same identifier, gets the same id from every door that holds the key; without the key nobody can compute it.
 * A local id counts within the system that asks. */
struct uuid resolve_person(const uint8_t key[32], struct slice system, const struct booking_person *person);

#endif
