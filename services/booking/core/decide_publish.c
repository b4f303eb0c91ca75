/* May this session be published? Pure. */
#include "services/booking/core/facts.h"

#include "lib/base/assert.h"

struct booking_decision decide_publish(const struct publish_facts *facts, const struct publish_command *command) {
    const struct booking_session *session = &command->request.session;
    ASSERT(!uuid_is_zero(command->ingress.entity_id));
    ASSERT(session->slot_count > 0 && session->capacity > 0);
    struct booking_answer answer = {.id = command->ingress.entity_id};
    if (facts->is_done) return decision_done(&answer);
    if (!audience_may_publish(session->organisation, &command->ingress))
        return decision_refused(REFUSED_NOT_YOUR_SESSION);
    if (session->starts_at_ms <= facts->now_ms) return decision_refused(REFUSED_SESSION_IN_PAST);
    if (facts->is_overlapped) return decision_refused(REFUSED_SESSION_OVERLAPS);

    struct booking_decision decision = decision_event(BOOKING_EVENT_SESSION_PUBLISHED);
    struct session_published *event = &decision.events[0].session_published;
    event->session = *session;
    event->session.session_id = command->ingress.entity_id;
    memcpy(event->by, command->ingress.system, sizeof event->by);
    decision.answer = answer;
    return decision;
}
