/* The made-up callers of a benchmark: one for each number, always the same. */
#ifndef BHR_BENCH_PERSON_H
#define BHR_BENCH_PERSON_H

#include "services/booking/core/booking.h"

void bench_person(uint64_t number, struct booking_person *ret_person, struct booking_contact *ret_contact);

#endif
