/* GetBooking: a booking as it is shown, with its history. Pure but for the rows. */
#include "services/booking/core/query.h"
#include "services/booking/core/rows_person.h"

#include "lib/base/assert.h"

static void add_change(struct booking_view *view, enum booking_change_kind what, int64_t at_ms, uint64_t number,
                       const char by[BOOKING_SYSTEM_MAX + 1]);

bool query_get_booking(const struct rows *rows, struct uuid booking_id, int64_t now_ms, struct booking_view *ret_view,
                       struct booking_sealed *ret_sealed) {
    struct booking_row row;
    if (!booking_row_get(rows, booking_id, &row)) return false;
    struct booking_session session;
    bool is_known = session_row_get(rows, row.slot_id.session_id, &session);
    ASSERT(is_known);
    ASSERT(row.slot_id.index < session.slot_count);
    struct slot_row slot;
    slot_row_get(rows, row.slot_id, &slot);

    memset(ret_view, 0, sizeof *ret_view);
    ret_view->booking_id = booking_id;
    slot_view(&session, row.slot_id.index, &slot, now_ms, &ret_view->slot);
    ret_view->person.person_id = row.person_id;
    ret_view->known_id = link_root(rows, row.person_id);
    *ret_sealed = row.sealed;
    ret_view->status = row.status;
    ret_view->booked_at_ms = row.booked_at_ms;
    ret_view->cancelled_at_ms = row.cancelled_at_ms;
    ret_view->cancel_reason = row.cancel_reason;
    memcpy(ret_view->booked_by, row.booked_by, sizeof ret_view->booked_by);
    memcpy(ret_view->cancelled_by, row.cancelled_by, sizeof ret_view->cancelled_by);
    if (row.held_number != 0) {
        add_change(ret_view, BOOKING_CHANGE_HELD, row.held_at_ms, row.held_number, row.booked_by);
    }
    add_change(ret_view, BOOKING_CHANGE_BOOKED, row.booked_at_ms, row.booked_number, row.booked_by);
    if (row.status == BOOKING_CANCELLED) {
        add_change(ret_view, BOOKING_CHANGE_CANCELLED, row.cancelled_at_ms, row.cancelled_number, row.cancelled_by);
    }
    return true;
}

static void add_change(struct booking_view *view, enum booking_change_kind what, int64_t at_ms, uint64_t number,
                       const char by[BOOKING_SYSTEM_MAX + 1]) {
    ASSERT(view->history_count < BOOKING_HISTORY_MAX);
    struct booking_change *change = &view->history[view->history_count++];
    change->what = what;
    change->at_ms = at_ms;
    change->entry_number = number;
    memcpy(change->by, by, sizeof change->by);
}
