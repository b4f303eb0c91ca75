/* Facts for Hold and for its expiry. Pure but for the rows. */
#include "services/booking/core/facts.h"

#include "lib/base/assert.h"

void gather_hold(const struct rows *rows, const struct hold_command *command, int64_t now_ms,
                 struct hold_facts *ret_facts) {
    ASSERT(!uuid_is_zero(command->ingress.entity_id));
    ASSERT(command->request.hold_seconds > 0);
    memset(ret_facts, 0, sizeof *ret_facts);
    ret_facts->now_ms = now_ms;
    ret_facts->is_done = hold_row_get(rows, command->ingress.entity_id, &ret_facts->done);
    gather_slot(rows, command->request.slot_id, &command->ingress, now_ms, &ret_facts->slot);
}

void gather_expire(const struct rows *rows, struct uuid hold_id, int64_t now_ms, struct expire_facts *ret_facts) {
    ASSERT(!uuid_is_zero(hold_id));
    memset(ret_facts, 0, sizeof *ret_facts);
    ret_facts->now_ms = now_ms;
    ret_facts->is_known = hold_row_get(rows, hold_id, &ret_facts->hold);
}
