/* Where else? The nearest free slots of the same service and kind that the asker may book. Pure. */
#ifndef BHR_BOOKING_CORE_ALTERNATIVES_H
#define BHR_BOOKING_CORE_ALTERNATIVES_H

#include "services/booking/core/booking.h"
#include "lib/base/rows.h"

enum { ALTERNATIVES_LOOKS_MAX = 200 };
#define ALTERNATIVES_REACH_MS (3 * BOOKING_DAY_MS)

/* Up to BOOKING_ALTERNATIVES_MAX, nearest in time first, at most ALTERNATIVES_REACH_MS away; fewer when
 * ALTERNATIVES_LOOKS_MAX sessions and slots were looked at before. */
void alternatives_find(const struct rows *rows, const struct booking_slot *wanted, const struct booking_ingress *asker,
                       int64_t now_ms, struct booking_alternatives *ret_alternatives);

#endif
