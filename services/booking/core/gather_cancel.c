/* Facts for Cancel. Pure but for the rows. */
#include "services/booking/core/facts.h"

#include "lib/base/assert.h"

void gather_cancel(const struct rows *rows, const struct cancel_command *command, int64_t now_ms,
                   struct cancel_facts *ret_facts) {
    ASSERT(!uuid_is_zero(command->ingress.entity_id));
    memset(ret_facts, 0, sizeof *ret_facts);
    ret_facts->now_ms = now_ms;
    ret_facts->is_known = booking_row_get(rows, command->request.booking_id, &ret_facts->booking);
}
