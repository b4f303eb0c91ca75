/* The one loop over sessions and slots, for searches and for alternatives. Pure but for the rows. */
#include "services/booking/core/slot_walk.h"

#include "lib/base/assert.h"

static bool enter_session(struct slot_walk *walk, const struct booking_session *session);
static bool spend(uint32_t *budget);

void slot_walk_begin(struct slot_walk *walk, const struct slot_walk_options *options) {
    memset(walk, 0, sizeof *walk);
    walk->options = *options;
    /* A slot that has begun cannot be booked, so it is never shown. */
    if (walk->options.start_from_ms <= options->now_ms) walk->options.start_from_ms = options->now_ms + 1;
    session_scan_begin(&walk->sessions, options->organisation, options->service_id,
                       walk->options.start_from_ms - BOOKING_SESSION_MS_MAX, options->start_before_ms);
}

bool slot_walk_next(const struct rows *rows, struct slot_walk *walk, uint32_t *budget, struct booking_slot *ret_slot) {
    while (!walk->is_in_session || walk->index >= walk->index_end) {
        struct uuid session_id;
        int64_t starts_at_ms;
        if (!spend(budget)) return false;
        if (!session_scan_next(rows, &walk->sessions, &session_id, &starts_at_ms)) return false;
        struct booking_session session;
        bool is_known = session_row_get(rows, session_id, &session);
        ASSERT(is_known);
        walk->is_in_session = enter_session(walk, &session);
    }
    if (!spend(budget)) return false;
    struct slot_row row;
    slot_scan_get(rows, &walk->slots, walk->index, &row);
    slot_view(&walk->session, walk->index, &row, walk->options.now_ms, ret_slot);
    walk->index++;
    return true;
}

/* False when none of its slots is wanted. Otherwise [index, index_end) are those in the window, by arithmetic. */
static bool enter_session(struct slot_walk *walk, const struct booking_session *session) {
    const struct slot_walk_options *options = &walk->options;
    if (options->kind != BOOKING_KIND_ANY && session->kind != options->kind) return false;
    if (!audience_may_book(session->audience, session->organisation, options->asker)) return false;
    int64_t slot_ms = session->slot_minutes * BOOKING_MINUTE_MS;
    ASSERT(slot_ms > 0);
    int64_t end = session->slot_count;
    int64_t before_start = options->start_from_ms - session->starts_at_ms;
    int64_t until_last_start = options->start_before_ms - session->starts_at_ms;
    int64_t until_end = options->end_until_ms - session->starts_at_ms;
    int64_t begin = before_start <= 0 ? 0 : (before_start + slot_ms - 1) / slot_ms;
    if (until_last_start <= 0 || until_end <= 0) return false;
    if (end > (until_last_start + slot_ms - 1) / slot_ms) end = (until_last_start + slot_ms - 1) / slot_ms;
    if (end > until_end / slot_ms) end = until_end / slot_ms;
    if (begin >= end) return false;
    walk->session = *session;
    walk->index = (uint32_t)begin;
    walk->index_end = (uint32_t)end;
    slot_scan_begin(&walk->slots, session->session_id);
    return true;
}

static bool spend(uint32_t *budget) {
    if (*budget == 0) return false;
    (*budget)--;
    return true;
}
