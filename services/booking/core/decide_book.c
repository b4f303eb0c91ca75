/* May this person have a place of this slot? Pure. */
#include "services/booking/core/facts.h"

#include "lib/base/assert.h"

static struct booking_decision booked(const struct book_facts *facts, const struct book_command *command);
static void say_who(const struct book_facts *facts, const struct book_command *command,
                    struct booking_decision *decision);

struct booking_decision decide_book(const struct book_facts *facts, const struct book_command *command) {
    const struct slot_facts *slot = &facts->slot;
    const struct book_order *order = &command->order;
    ASSERT(!uuid_is_zero(command->ingress.entity_id));
    ASSERT(!uuid_is_zero(order->person_id));
    ASSERT(order->is_from_hold == !uuid_is_zero(order->hold_id));
    if (facts->is_done) {
        struct booking_answer answer = {.id = command->ingress.entity_id, .slot = slot->slot};
        return decision_done(&answer);
    }
    if (order->is_from_hold) {
        bool is_own = booking_text_equal(facts->hold.by, command->ingress.system);
        if (!facts->is_hold_known) return decision_refused(REFUSED_HOLD_UNKNOWN);
        if (!is_own) return decision_refused(REFUSED_HOLD_NOT_YOURS);
        if (facts->hold.expires_at_ms <= facts->now_ms) return decision_refused(REFUSED_HOLD_EXPIRED);
    }
    if (!slot->is_known) return decision_refused(REFUSED_SLOT_UNKNOWN);
    bool is_open = audience_may_book(slot->session.audience, slot->session.organisation, &command->ingress);
    if (!is_open) return decision_refused(REFUSED_SLOT_NOT_OPEN);
    if (slot->slot.starts_at_ms <= facts->now_ms) return decision_refused(REFUSED_SLOT_IN_PAST);
    /* Before the places are counted: who asks again for a person who has the last place must hear that this person is
     * booked, not be led to book another slot as well. */
    if (facts->is_person_busy) return decision_refused(REFUSED_PERSON_OVERLAP);
    if (order->is_from_hold) return booked(facts, command); /* its place is kept */
    if (slot->booked >= slot->session.capacity) return decision_full(REFUSED_SLOT_TAKEN, slot);
    if (slot->slot.free == 0) return decision_full(REFUSED_SLOT_HELD, slot);
    return booked(facts, command);
}

static struct booking_decision booked(const struct book_facts *facts, const struct book_command *command) {
    const struct book_order *order = &command->order;
    ASSERT(facts->slot.booked < facts->slot.session.capacity);
    struct booking_decision decision = decision_event(BOOKING_EVENT_SLOT_BOOKED);
    struct slot_booked *event = &decision.events[0].slot_booked;
    event->booking_id = command->ingress.entity_id;
    event->slot_id = facts->slot.slot.slot_id;
    event->hold_id = order->hold_id;
    event->starts_at_ms = facts->slot.slot.starts_at_ms;
    event->ends_at_ms = facts->slot.slot.ends_at_ms;
    event->person_id = order->person_id;
    event->sealed = order->sealed;
    memcpy(event->by, command->ingress.system, sizeof event->by);
    say_who(facts, command, &decision);
    decision.answer.id = command->ingress.entity_id;
    decision.answer.slot = facts->slot.slot;
    if (!order->is_from_hold) decision.answer.slot.free--; /* a held place was not free before */
    return decision;
}

/* Who the pseudonym is, when the index said so; else that somebody is to be told once it does. */
static void say_who(const struct book_facts *facts, const struct book_command *command,
                    struct booking_decision *decision) {
    const struct book_order *order = &command->order;
    bool is_stranger = !facts->is_person_linked && !facts->is_person_awaited && !uuid_is_zero(order->record_id);
    if (facts->is_link_news) {
        struct person_linked *linked = &decision_add(decision, BOOKING_EVENT_PERSON_LINKED)->person_linked;
        linked->person_id = order->person_id;
        linked->known_id = order->known_id;
        linked->number = order->known_number;
    } else if (is_stranger) {
        struct person_awaited *awaited = &decision_add(decision, BOOKING_EVENT_PERSON_AWAITED)->person_awaited;
        awaited->person_id = order->person_id;
        awaited->record_id = order->record_id;
        awaited->booking_id = command->ingress.entity_id;
    }
}
