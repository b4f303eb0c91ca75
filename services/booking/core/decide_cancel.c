/* May this booking be withdrawn? Pure. Any organisation in the agreement may ask (domain.md 2.3 "Cancel"). */
#include "services/booking/core/facts.h"

#include "lib/base/assert.h"

struct booking_decision decide_cancel(const struct cancel_facts *facts, const struct cancel_command *command) {
    const struct booking_row *booking = &facts->booking;
    ASSERT(!uuid_is_zero(command->ingress.entity_id));
    ASSERT(command->request.reason != BOOKING_CANCEL_NONE);
    struct booking_answer answer = {.id = command->request.booking_id, .at_ms = facts->now_ms};
    bool is_cancelled = facts->is_known && booking->status == BOOKING_CANCELLED;
    if (is_cancelled && uuid_equal(booking->cancel_id, command->ingress.entity_id)) {
        answer.at_ms = booking->cancelled_at_ms;
        return decision_done(&answer);
    }
    if (!facts->is_known) return decision_refused(REFUSED_BOOKING_UNKNOWN);
    if (is_cancelled) return decision_refused(REFUSED_ALREADY_CANCELLED);
    if (booking->starts_at_ms <= facts->now_ms) return decision_refused(REFUSED_BOOKING_OVER);

    struct booking_decision decision = decision_event(BOOKING_EVENT_BOOKING_CANCELLED);
    struct booking_cancelled *event = &decision.events[0].booking_cancelled;
    event->booking_id = command->request.booking_id;
    event->cancel_id = command->ingress.entity_id;
    event->slot_id = booking->slot_id;
    event->starts_at_ms = booking->starts_at_ms;
    event->person_id = booking->person_id;
    event->reason = command->request.reason;
    memcpy(event->by, command->ingress.system, sizeof event->by);
    decision.answer = answer;
    return decision;
}
