/* ListPersonBookings: the bookings of one person in order of start. Booked and cancelled ones lie in two runs of rows,
 * which are merged here. Pure but for the rows. */
#include "services/booking/core/query.h"

#include "lib/base/assert.h"

enum { RUN_BOOKED, RUN_CANCELLED, RUN_COUNT };

static void advance(const struct rows *rows, struct person_bookings *bookings, int run);
static bool is_before(const struct person_row *a, const struct person_row *b);

void query_person_bookings(const struct rows *rows, const struct list_person_bookings_request *request, int64_t now_ms,
                           struct person_bookings *ret_bookings) {
    struct uuid person_id = request->person.person_id;
    ASSERT(!uuid_is_zero(person_id));
    memset(ret_bookings, 0, sizeof *ret_bookings);
    ret_bookings->include_past = request->include_past;
    ret_bookings->now_ms = now_ms;
    int64_t from_ms = request->from_ms;
    int64_t still_on_ms = now_ms - BOOKING_SLOT_MINUTES_MAX * BOOKING_MINUTE_MS;
    if (!request->include_past && from_ms < still_on_ms) from_ms = still_on_ms;
    person_scan_begin(&ret_bookings->scans[RUN_BOOKED], person_id, BOOKING_BOOKED, from_ms);
    advance(rows, ret_bookings, RUN_BOOKED);
    if (!request->include_past) return;
    person_scan_begin(&ret_bookings->scans[RUN_CANCELLED], person_id, BOOKING_CANCELLED, from_ms);
    advance(rows, ret_bookings, RUN_CANCELLED);
}

bool person_bookings_next(const struct rows *rows, struct person_bookings *bookings, struct booking_view *ret_view,
                          struct booking_sealed *ret_sealed) {
    if (!bookings->has_next[RUN_BOOKED] && !bookings->has_next[RUN_CANCELLED]) return false;
    int run = RUN_BOOKED;
    if (!bookings->has_next[RUN_BOOKED]) {
        run = RUN_CANCELLED;
    } else if (bookings->has_next[RUN_CANCELLED]) {
        run = is_before(&bookings->next[RUN_CANCELLED], &bookings->next[RUN_BOOKED]) ? RUN_CANCELLED : RUN_BOOKED;
    }
    struct uuid booking_id = bookings->next[run].booking_id;
    advance(rows, bookings, run);
    bool is_known = query_get_booking(rows, booking_id, bookings->now_ms, ret_view, ret_sealed);
    ASSERT(is_known);
    return true;
}

static void advance(const struct rows *rows, struct person_bookings *bookings, int run) {
    ASSERT(run < RUN_COUNT);
    do {
        bookings->has_next[run] = person_scan_next(rows, &bookings->scans[run], &bookings->next[run]);
    } while (bookings->has_next[run] && !bookings->include_past && bookings->next[run].ends_at_ms <= bookings->now_ms);
}

static bool is_before(const struct person_row *a, const struct person_row *b) {
    if (a->starts_at_ms != b->starts_at_ms) return a->starts_at_ms < b->starts_at_ms;
    return memcmp(a->booking_id.bytes, b->booking_id.bytes, sizeof a->booking_id.bytes) < 0;
}
