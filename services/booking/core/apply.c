/* What each event does to the rows. Pure but for the rows; the one code path for live work, replay and tests. An event
 * that names what is not there changes nothing: history is never wrong, and a reader must not stop on it. */
#include "services/booking/core/apply.h"
#include "services/booking/core/rows_person.h"

#include "lib/base/assert.h"
#include "lib/base/timers.h"

static void apply_held(const struct rows *rows, int64_t decided_at_ms, uint64_t number, const struct slot_held *event);
static void apply_expired(const struct rows *rows, const struct hold_expired *event);
static void apply_booked(const struct rows *rows, int64_t decided_at_ms, uint64_t number,
                         const struct slot_booked *event);
static void apply_cancelled(const struct rows *rows, int64_t decided_at_ms, uint64_t number,
                            const struct booking_cancelled *event);
static void apply_linked(const struct rows *rows, const struct person_linked *event);
static void apply_unlinked(const struct rows *rows, const struct person_linked *event);
static void apply_awaited(const struct rows *rows, uint64_t number, const struct person_awaited *event);
static void end_hold(const struct rows *rows, struct uuid hold_id, const struct hold_row *hold);

void booking_apply(const struct rows *rows, int64_t decided_at_ms, uint64_t number, const struct booking_event *event) {
    ASSERT(rows->put != NULL);
    switch (event->kind) {
    case BOOKING_EVENT_SESSION_PUBLISHED:
        session_row_put(rows, &event->session_published.session);
        return;
    case BOOKING_EVENT_SLOT_HELD:
        apply_held(rows, decided_at_ms, number, &event->slot_held);
        return;
    case BOOKING_EVENT_HOLD_EXPIRED:
        apply_expired(rows, &event->hold_expired);
        return;
    case BOOKING_EVENT_SLOT_BOOKED:
        apply_booked(rows, decided_at_ms, number, &event->slot_booked);
        return;
    case BOOKING_EVENT_BOOKING_CANCELLED:
        apply_cancelled(rows, decided_at_ms, number, &event->booking_cancelled);
        return;
    case BOOKING_EVENT_INDEX_FOLLOWED:
        source_row_put(rows, &event->index_followed);
        return;
    case BOOKING_EVENT_PERSON_LINKED:
        apply_linked(rows, &event->person_linked);
        return;
    case BOOKING_EVENT_PERSON_UNLINKED:
        apply_unlinked(rows, &event->person_unlinked);
        return;
    case BOOKING_EVENT_PERSON_AWAITED:
        apply_awaited(rows, number, &event->person_awaited);
        return;
    case BOOKING_EVENT_IDENTITY_CORRECTED:
        return; /* told to whoever reads events: the rows say the same without it */
    }
    bhr_assert_failed("kind is one of enum booking_event_kind", __FILE__, __LINE__);
}

static void apply_held(const struct rows *rows, int64_t decided_at_ms, uint64_t number, const struct slot_held *event) {
    struct slot_row slot;
    slot_row_get(rows, event->slot_id, &slot);
    /* Expired holds whose timers are still to fire leave their place now: the row never holds more than the capacity. */
    slot_row_drop_holds(&slot, decided_at_ms, event->hold_id);
    ASSERT(slot.hold_count < BOOKING_CAPACITY_MAX);
    slot.holds[slot.hold_count++] =
        (struct slot_row_hold){.hold_id = event->hold_id, .expires_at_ms = event->expires_at_ms};
    slot_row_put(rows, event->slot_id, &slot);

    struct hold_row hold = {
        .slot_id = event->slot_id,
        .held_at_ms = decided_at_ms,
        .expires_at_ms = event->expires_at_ms,
        .entry_number = number,
    };
    memcpy(hold.by, event->by, sizeof hold.by);
    hold_row_put(rows, event->hold_id, &hold);
    timer_set(rows, timer_id_make(event->expires_at_ms, event->hold_id),
              slice_of(event->hold_id.bytes, sizeof event->hold_id.bytes));
}

static void apply_expired(const struct rows *rows, const struct hold_expired *event) {
    struct hold_row hold;
    if (!hold_row_get(rows, event->hold_id, &hold)) return;
    ASSERT(booking_slot_id_equal(hold.slot_id, event->slot_id));
    struct slot_row slot;
    slot_row_get(rows, hold.slot_id, &slot);
    slot_row_drop_holds(&slot, hold.expires_at_ms, event->hold_id);
    slot_row_put(rows, hold.slot_id, &slot);
    end_hold(rows, event->hold_id, &hold);
}

static void apply_booked(const struct rows *rows, int64_t decided_at_ms, uint64_t number,
                         const struct slot_booked *event) {
    struct slot_row slot;
    slot_row_get(rows, event->slot_id, &slot);
    slot_row_drop_holds(&slot, decided_at_ms, event->hold_id);
    slot.booked++;
    slot_row_put(rows, event->slot_id, &slot);

    struct booking_row booking = {
        .slot_id = event->slot_id,
        .starts_at_ms = event->starts_at_ms,
        .ends_at_ms = event->ends_at_ms,
        .status = BOOKING_BOOKED,
        .booked_at_ms = decided_at_ms,
        .booked_number = number,
        .person_id = event->person_id,
        .sealed = event->sealed,
    };
    memcpy(booking.booked_by, event->by, sizeof booking.booked_by);
    struct hold_row hold;
    bool is_from_hold = !uuid_is_zero(event->hold_id) && hold_row_get(rows, event->hold_id, &hold);
    if (is_from_hold) {
        booking.held_at_ms = hold.held_at_ms;
        booking.held_number = hold.entry_number;
        end_hold(rows, event->hold_id, &hold);
    }
    booking_row_put(rows, event->booking_id, &booking);
    struct person_row person = {
        .starts_at_ms = event->starts_at_ms, .ends_at_ms = event->ends_at_ms, .booking_id = event->booking_id};
    person_row_put(rows, event->person_id, BOOKING_BOOKED, &person);
}

static void apply_cancelled(const struct rows *rows, int64_t decided_at_ms, uint64_t number,
                            const struct booking_cancelled *event) {
    struct booking_row booking;
    if (!booking_row_get(rows, event->booking_id, &booking)) return;
    if (booking.status == BOOKING_CANCELLED) return;
    struct slot_row slot;
    slot_row_get(rows, booking.slot_id, &slot);
    ASSERT(slot.booked > 0);
    slot.booked--;
    slot_row_put(rows, booking.slot_id, &slot);

    booking.status = BOOKING_CANCELLED;
    booking.cancel_reason = event->reason;
    booking.cancel_id = event->cancel_id;
    booking.cancelled_at_ms = decided_at_ms;
    booking.cancelled_number = number;
    memcpy(booking.cancelled_by, event->by, sizeof booking.cancelled_by);
    booking_row_put(rows, event->booking_id, &booking);
    struct person_row person = {
        .starts_at_ms = booking.starts_at_ms, .ends_at_ms = booking.ends_at_ms, .booking_id = event->booking_id};
    person_row_del(rows, booking.person_id, BOOKING_BOOKED, &person);
    person_row_put(rows, booking.person_id, BOOKING_CANCELLED, &person);
}

static void apply_linked(const struct rows *rows, const struct person_linked *event) {
    if (link_would_loop(rows, event->person_id, event->known_id)) return;
    const struct link_row link = {.parent_id = event->known_id, .merge_id = event->merge_id, .number = event->number};
    link_row_put(rows, event->person_id, &link);
    awaited_row_del(rows, event->person_id);
}

static void apply_unlinked(const struct rows *rows, const struct person_linked *event) {
    struct link_row link;
    bool is_standing = link_row_get(rows, event->person_id, &link) && uuid_equal(link.merge_id, event->merge_id);
    if (is_standing) link_row_del(rows, event->person_id);
}

static void apply_awaited(const struct rows *rows, uint64_t number, const struct person_awaited *event) {
    const struct awaited_row awaited = {
        .person_id = event->person_id, .record_id = event->record_id, .booking_id = event->booking_id};
    awaited_row_del(rows, event->person_id);
    awaited_row_put(rows, number, &awaited);
    local_record_put(rows, event->record_id, event->person_id);
}

/* Its row and its timer go together. */
static void end_hold(const struct rows *rows, struct uuid hold_id, const struct hold_row *hold) {
    timer_clear(rows, timer_id_make(hold->expires_at_ms, hold_id));
    hold_row_del(rows, hold_id);
}
