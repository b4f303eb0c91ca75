/* The ends of every decision: refused, full, done before, or an event. Pure; all of a decision is zeroed first, so that
 * the same input gives the same bytes. */
#include "services/booking/core/facts.h"

#include "lib/base/assert.h"

struct booking_decision decision_refused(enum booking_outcome outcome) {
    struct booking_decision decision;
    memset(&decision, 0, sizeof decision);
    decision.outcome = outcome;
    return decision;
}

struct booking_decision decision_full(enum booking_outcome outcome, const struct slot_facts *slot) {
    ASSERT(slot->is_known);
    ASSERT(slot->slot.free == 0);
    struct booking_decision decision = decision_refused(outcome);
    decision.answer.alternatives = slot->alternatives;
    return decision;
}

struct booking_decision decision_done(const struct booking_answer *answer) {
    struct booking_decision decision;
    memset(&decision, 0, sizeof decision);
    decision.outcome = OUTCOME_OK;
    decision.answer = *answer;
    return decision;
}

struct booking_decision decision_event(enum booking_event_kind kind) {
    struct booking_decision decision;
    memset(&decision, 0, sizeof decision);
    decision.outcome = OUTCOME_OK;
    (void)decision_add(&decision, kind);
    return decision;
}

struct booking_event *decision_add(struct booking_decision *decision, enum booking_event_kind kind) {
    ASSERT(decision->event_count < BOOKING_EVENTS_MAX);
    struct booking_event *event = &decision->events[decision->event_count++];
    event->kind = kind;
    return event;
}
