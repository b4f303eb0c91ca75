/* Facts for PublishSession. Pure but for the rows. Bounded: sessions of one organisation and service never overlap, so
 * few of them can begin within a session's longest length. */
#include "services/booking/core/facts.h"

#include "lib/base/assert.h"

static bool is_overlapped(const struct rows *rows, const struct booking_session *wanted);

void gather_publish(const struct rows *rows, const struct publish_command *command, int64_t now_ms,
                    struct publish_facts *ret_facts) {
    ASSERT(!uuid_is_zero(command->ingress.entity_id));
    memset(ret_facts, 0, sizeof *ret_facts);
    ret_facts->now_ms = now_ms;
    struct booking_session same_id;
    ret_facts->is_done = session_row_get(rows, command->ingress.entity_id, &same_id);
    ret_facts->is_overlapped = !ret_facts->is_done && is_overlapped(rows, &command->request.session);
}

static bool is_overlapped(const struct rows *rows, const struct booking_session *wanted) {
    int64_t wanted_end_ms = booking_session_end_ms(wanted);
    ASSERT(wanted_end_ms - wanted->starts_at_ms <= BOOKING_SESSION_MS_MAX);
    struct session_scan scan;
    session_scan_begin(&scan, wanted->organisation, wanted->service_id, wanted->starts_at_ms - BOOKING_SESSION_MS_MAX,
                       wanted_end_ms);
    struct uuid session_id;
    int64_t starts_at_ms;
    while (session_scan_next(rows, &scan, &session_id, &starts_at_ms)) {
        struct booking_session other;
        bool is_known = session_row_get(rows, session_id, &other);
        ASSERT(is_known);
        if (booking_session_end_ms(&other) > wanted->starts_at_ms) return true;
    }
    return false;
}
