/* Facts for Book. Pure but for the rows. Bounded: bookings under one pseudonym never overlap, so few of them can begin
 * within a slot's longest length, and a person has few pseudonyms. */
#include "services/booking/core/facts.h"

#include "lib/base/assert.h"

static void gather_person(const struct rows *rows, const struct book_order *order, struct book_facts *facts);
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
    gather_person(rows, order, ret_facts);
}

/* The person as it will be once the booking is made: with the link that comes with it. */
static void gather_person(const struct rows *rows, const struct book_order *order, struct book_facts *facts) {
    struct link_row link;
    struct awaited_row awaited;
    facts->is_person_linked = link_row_get(rows, order->person_id, &link);
    facts->is_person_awaited = awaited_row_get(rows, order->person_id, &awaited);
    facts->is_link_news = !uuid_is_zero(order->known_id) &&
                          gather_is_link_news(rows, order->person_id, order->known_id, order->known_number);
    const struct booking_slot *slot = &facts->slot.slot;
    struct kin_walk walk = kin_walk_of(link_root(rows, facts->is_link_news ? order->known_id : order->person_id));
    bool is_busy = is_person_busy(rows, order->person_id, slot->starts_at_ms, slot->ends_at_ms);
    while (!is_busy && kin_walk_next(rows, &walk)) {
        is_busy = is_person_busy(rows, walk.at, slot->starts_at_ms, slot->ends_at_ms);
    }
    facts->is_person_busy = is_busy;
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
