/* May a place of this slot be kept for a while? Pure. */
#include "services/booking/core/facts.h"

#include "lib/base/assert.h"

struct booking_decision decide_hold(const struct hold_facts *facts, const struct hold_command *command) {
    const struct slot_facts *slot = &facts->slot;
    ASSERT(!uuid_is_zero(command->ingress.entity_id));
    ASSERT(command->request.hold_seconds > 0 && command->request.hold_seconds <= BOOKING_HOLD_SECONDS_MAX);
    struct booking_answer answer = {.id = command->ingress.entity_id, .slot = slot->slot};
    if (facts->is_done) {
        answer.at_ms = facts->done.expires_at_ms;
        return decision_done(&answer);
    }
    if (!slot->is_known) return decision_refused(REFUSED_SLOT_UNKNOWN);
    ASSERT(booking_slot_id_equal(slot->slot.slot_id, command->request.slot_id));
    bool is_open = audience_may_book(slot->session.audience, slot->session.organisation, &command->ingress);
    if (!is_open) return decision_refused(REFUSED_SLOT_NOT_OPEN);
    if (slot->slot.starts_at_ms <= facts->now_ms) return decision_refused(REFUSED_SLOT_IN_PAST);
    if (slot->booked >= slot->session.capacity) return decision_full(REFUSED_SLOT_TAKEN, slot);
    if (slot->slot.free == 0) return decision_full(REFUSED_SLOT_HELD, slot);

    struct booking_decision decision = decision_event(BOOKING_EVENT_SLOT_HELD);
    struct slot_held *event = &decision.events[0].slot_held;
    event->hold_id = command->ingress.entity_id;
    event->slot_id = command->request.slot_id;
    event->starts_at_ms = slot->slot.starts_at_ms;
    event->expires_at_ms = facts->now_ms + (int64_t)command->request.hold_seconds * 1000;
    memcpy(event->by, command->ingress.system, sizeof event->by);
    answer.at_ms = event->expires_at_ms;
    answer.slot.free--;
    decision.answer = answer;
    return decision;
}
