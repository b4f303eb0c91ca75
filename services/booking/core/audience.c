/* To whom a slot is open, and whose sessions a system may publish. Whether it may call the method at all was asked
 * before, of the policy (docs/POLICY.md). Pure. */
#include "services/booking/core/audience.h"

#include "lib/base/assert.h"

bool audience_may_book(enum booking_audience audience, const char *owner, const struct booking_ingress *asker) {
    if (booking_text_equal(asker->role, BOOKING_ROLE_OPERATOR)) return false;
    switch (audience) {
    case BOOKING_AUDIENCE_PRACTICE:
        return booking_text_equal(asker->organisation, owner);
    case BOOKING_AUDIENCE_HUB:
        return booking_text_equal(asker->role, BOOKING_ROLE_PRACTICE) ||
               booking_text_equal(asker->role, BOOKING_ROLE_HUB) || booking_text_equal(asker->role, BOOKING_ROLE_111);
    case BOOKING_AUDIENCE_111:
        return booking_text_equal(asker->role, BOOKING_ROLE_111);
    }
    bhr_assert_failed("audience is one of enum booking_audience", __FILE__, __LINE__);
}

bool audience_may_publish(const char *owner, const struct booking_ingress *asker) {
    return booking_text_equal(asker->role, BOOKING_ROLE_OPERATOR) || booking_text_equal(asker->organisation, owner);
}
