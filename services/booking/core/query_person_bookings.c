/* ListPersonBookings: the bookings of one person in order of start. They lie in two runs of rows, booked and cancelled, for
 * each pseudonym of the person; the next one is the earliest of all runs after the last. Pure but for the rows. */
#include "services/booking/core/query.h"
#include "services/booking/core/rows_person.h"

#include "lib/base/assert.h"

static bool next_of_run(const struct rows *rows, const struct person_bookings *bookings, struct uuid person_id,
                        enum booking_status status, struct person_row *ret_row);
static bool is_before(const struct person_row *a, const struct person_row *b);

void query_person_bookings(const struct rows *rows, const struct list_person_bookings_request *request, int64_t now_ms,
                           struct person_bookings *ret_bookings) {
    struct uuid person_id = request->person.person_id;
    ASSERT(!uuid_is_zero(person_id));
    memset(ret_bookings, 0, sizeof *ret_bookings);
    ret_bookings->include_past = request->include_past;
    ret_bookings->now_ms = now_ms;
    ret_bookings->root_id = link_root(rows, person_id);
    int64_t from_ms = request->from_ms;
    int64_t still_on_ms = now_ms - BOOKING_SLOT_MINUTES_MAX * BOOKING_MINUTE_MS;
    if (!request->include_past && from_ms < still_on_ms) from_ms = still_on_ms;
    ret_bookings->last.starts_at_ms = from_ms; /* with an id before every booking's */
}

bool person_bookings_next(const struct rows *rows, struct person_bookings *bookings, struct booking_view *ret_view,
                          struct booking_sealed *ret_sealed) {
    bool has_next = false;
    struct person_row next, row;
    struct kin_walk walk = kin_walk_of(bookings->root_id);
    while (kin_walk_next(rows, &walk)) {
        for (int status = BOOKING_BOOKED; status <= (bookings->include_past ? BOOKING_CANCELLED : BOOKING_BOOKED);
             status++) {
            if (!next_of_run(rows, bookings, walk.at, (enum booking_status)status, &row)) continue;
            if (has_next && !is_before(&row, &next)) continue;
            next = row;
            has_next = true;
        }
    }
    if (!has_next) return false;
    bookings->last = next;
    bool is_known = query_get_booking(rows, next.booking_id, bookings->now_ms, ret_view, ret_sealed);
    ASSERT(is_known);
    return true;
}

static bool next_of_run(const struct rows *rows, const struct person_bookings *bookings, struct uuid person_id,
                        enum booking_status status, struct person_row *ret_row) {
    struct person_scan scan;
    person_scan_begin(&scan, person_id, status, bookings->last.starts_at_ms);
    while (person_scan_next(rows, &scan, ret_row)) {
        bool is_over = !bookings->include_past && ret_row->ends_at_ms <= bookings->now_ms;
        if (!is_over && is_before(&bookings->last, ret_row)) return true;
    }
    return false;
}

static bool is_before(const struct person_row *a, const struct person_row *b) {
    if (a->starts_at_ms != b->starts_at_ms) return a->starts_at_ms < b->starts_at_ms;
    return memcmp(a->booking_id.bytes, b->booking_id.bytes, sizeof a->booking_id.bytes) < 0;
}
