/* Facts about one slot, for holding and booking. Pure but for the rows. */
#include "services/booking/core/alternatives.h"
#include "services/booking/core/facts.h"

#include "lib/base/assert.h"

void gather_slot(const struct rows *rows, struct booking_slot_id slot_id, const struct booking_ingress *asker,
                 int64_t now_ms, struct slot_facts *ret_facts) {
    memset(ret_facts, 0, sizeof *ret_facts);
    if (!session_row_get(rows, slot_id.session_id, &ret_facts->session)) return;
    if (slot_id.index >= ret_facts->session.slot_count) return;
    ret_facts->is_known = true;
    struct slot_row row;
    slot_row_get(rows, slot_id, &row);
    slot_view(&ret_facts->session, slot_id.index, &row, now_ms, &ret_facts->slot);
    ret_facts->booked = row.booked;
    ASSERT(row.booked <= ret_facts->session.capacity);
    if (ret_facts->slot.free == 0) alternatives_find(rows, &ret_facts->slot, asker, now_ms, &ret_facts->alternatives);
}
