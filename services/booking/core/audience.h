/* Who may book into a session (proto Audience; domain.md 2.3 "Slot visible if", 2.4). Pure. */
#ifndef BHR_BOOKING_CORE_AUDIENCE_H
#define BHR_BOOKING_CORE_AUDIENCE_H

#include "services/booking/core/booking.h"

bool audience_may_book(enum booking_audience audience, const char *owner, const struct booking_ingress *asker);
/* Own organisation, or an operator, who publishes for anybody. */
bool audience_may_publish(const char *owner, const struct booking_ingress *asker);

#endif
