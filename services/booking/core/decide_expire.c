/* A hold's timer fired: does its place become free? Pure. */
#include "services/booking/core/facts.h"

#include "lib/base/assert.h"

struct booking_decision decide_expire(const struct expire_facts *facts, struct uuid hold_id) {
    ASSERT(!uuid_is_zero(hold_id));
    struct booking_answer nothing = {.at_ms = 0};
    if (!facts->is_known) return decision_done(&nothing); /* booked, or expired before */
    if (facts->hold.expires_at_ms > facts->now_ms) return decision_done(&nothing);

    struct booking_decision decision = decision_event(BOOKING_EVENT_HOLD_EXPIRED);
    decision.events[0].hold_expired.hold_id = hold_id;
    decision.events[0].hold_expired.slot_id = facts->hold.slot_id;
    return decision;
}
