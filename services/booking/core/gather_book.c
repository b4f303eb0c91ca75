/* Facts for Book. Pure but for the rows. Bounded: bookings of one person never overlap, so few of them can begin within a
 * slot's longest length. */
#include "services/booking/core/facts.h"

#include "lib/base/assert.h"

static bool is_person_busy(const struct rows *rows, struct uuid person_id, int64_t starts_at_ms, int64_t ends_at_ms);

void gather_book(const struct rows *rows, const struct book_command *command, int64_t now_ms,
                 struct book_facts *ret_facts) {
    const struct book_order *order = &command->order;
    ASSERT(!uuid_is_zero(command->ingress.entity_id));
    ASSERT(!uuid_is_zero(order->person_id));
    memset(ret_facts, 0, sizeof *ret_facts);
    ret_facts->now_ms = now_ms;
    struct booking_row done;
    ret_facts->is_done = booking_row_get(rows, command->ingress.entity_id, &done);
    struct booking_slot_id slot_id = ret_facts->is_done ? done.slot_id : order->slot_id;
    if (!ret_facts->is_done && order->is_from_hold) {
        ret_facts->is_hold_known = hold_row_get(rows, order->hold_id, &ret_facts->hold);
        if (!ret_facts->is_hold_known) return;
        slot_id = ret_facts->hold.slot_id;
    }
    gather_slot(rows, slot_id, &command->ingress, now_ms, &ret_facts->slot);
    if (!ret_facts->slot.is_known || ret_facts->is_done) return;
    const struct booking_slot *slot = &ret_facts->slot.slot;
    ret_facts->is_person_busy = is_person_busy(rows, order->person_id, slot->starts_at_ms, slot->ends_at_ms);
}

static bool is_person_busy(const struct rows *rows, struct uuid person_id, int64_t starts_at_ms, int64_t ends_at_ms) {
    struct person_scan scan;
    person_scan_begin(&scan, person_id, BOOKING_BOOKED, starts_at_ms - BOOKING_SLOT_MINUTES_MAX * BOOKING_MINUTE_MS);
    struct person_row other;
    while (person_scan_next(rows, &scan, &other)) {
        if (other.starts_at_ms >= ends_at_ms) return false;
        if (other.ends_at_ms > starts_at_ms) return true;
    }
    return false;
}
