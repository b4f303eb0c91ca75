/* Booking in the simulator: what its clients ask, and the promise that no place is given twice. */
#ifndef BHR_TESTS_SIM_BOOKING_H
#define BHR_TESTS_SIM_BOOKING_H

#include "services/booking/core/booking.h"
#include "tests/sim/sim.h"

enum { BOOKED_SLOTS_MAX = 512 };

struct booked_slot {
    struct booking_slot_id id;
    uint32_t capacity, booked;
};

/* Counted from accepted events alone, in the order of the journal. */
struct booking_promise {
    uint32_t slot_count;
    struct booked_slot slots[BOOKED_SLOTS_MAX];
};

/* A request of some client; rows are the accepted ones, so that it names things that exist. Returns the method. */
const char *booking_make_request(struct sim *sim, const struct rows *rows, uint8_t *ret_source,
                                 struct slice *ret_request);
void booking_promise_event(struct sim *sim, struct booking_promise *promise, uint64_t number, struct slice bytes);

#endif
