/* What an event does to the rows: the only writer of them, live, in replay and in tests alike. */
#ifndef BHR_BOOKING_CORE_APPLY_H
#define BHR_BOOKING_CORE_APPLY_H

#include "lib/base/buffer.h"
#include "services/booking/core/rows_booking.h"

/* decided_at_ms and number are of the entry that holds the event. Cannot fail. */
void booking_apply(const struct rows *rows, int64_t decided_at_ms, uint64_t number, const struct booking_event *event);

/* One readable line without personal data: "booked 2026-11-23T18:40Z slot ..9abc:3 person ..12ab by 111-nel". */
void booking_describe(const struct booking_event *event, struct buffer *out);

#endif
