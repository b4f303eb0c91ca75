/* Walks the slots that one asker may book, of one service or of one organisation and service: session by session in order
 * of start, the slots of each in order. Bounded: it counts every session and slot it looks at against a budget. Pure; what
 * it finds is copied out. */
#ifndef BHR_BOOKING_CORE_SLOT_WALK_H
#define BHR_BOOKING_CORE_SLOT_WALK_H

#include "services/booking/core/audience.h"
#include "services/booking/core/rows_booking.h"

struct slot_walk_options {
    const char *organisation; /* "": any */
    const char *service_id;
    enum booking_kind kind; /* BOOKING_KIND_ANY: any */
    const struct booking_ingress *asker;
    int64_t now_ms;
    int64_t start_from_ms, start_before_ms; /* of the slot */
    int64_t end_until_ms;                   /* the slot ends at or before this */
};

struct slot_walk {
    struct slot_walk_options options;
    struct session_scan sessions;
    bool is_in_session;
    struct booking_session session; /* that of the slot last returned */
    struct slot_scan slots;
    uint32_t index, index_end;
};

void slot_walk_begin(struct slot_walk *walk, const struct slot_walk_options *options);
/* The next slot, full ones included. False at the end, or when *budget, counted down, is used up (then it is 0). */
bool slot_walk_next(const struct rows *rows, struct slot_walk *walk, uint32_t *budget, struct booking_slot *ret_slot);

#endif
