/* What may be asked of booking's rows. Pure and read-only; runs on the door's thread over a read transaction. */
#ifndef BHR_BOOKING_CORE_QUERY_H
#define BHR_BOOKING_CORE_QUERY_H

#include "services/booking/core/outcome.h"
#include "services/booking/core/rows_booking.h"

/* Sessions and slots that one search may look at: about a tenth of a second. */
enum { QUERY_FIND_LOOKS_MAX = 100000 };

struct find_slots_result {
    uint32_t outcome; /* OUTCOME_OK, REFUSED_WINDOW_TOO_WIDE or REFUSED_SEARCH_TOO_COSTLY */
    uint32_t slot_count;
    bool has_more;
};
/* slots has room for limit + 1: the one beyond tells whether there are more. In order of start, then of slot id. */
void query_find_slots(const struct rows *rows, const struct booking_ingress *asker,
                      const struct find_slots_request *request, int64_t now_ms, struct booking_slot *slots,
                      struct find_slots_result *ret_result);

/* False when there is no such booking. Of the person the view holds only ids; the rest is sealed under person_id. */
bool query_get_booking(const struct rows *rows, struct uuid booking_id, int64_t now_ms, struct booking_view *ret_view,
                       struct booking_sealed *ret_sealed);

/* Bookings of one person, under whichever pseudonyms they were made, in order of start. Keeps one place only. */
struct person_bookings {
    bool include_past;
    int64_t now_ms;
    struct uuid root_id;
    struct person_row last; /* told last */
};
void query_person_bookings(const struct rows *rows, const struct list_person_bookings_request *request, int64_t now_ms,
                           struct person_bookings *ret_bookings);
bool person_bookings_next(const struct rows *rows, struct person_bookings *bookings, struct booking_view *ret_view,
                          struct booking_sealed *ret_sealed);

#endif
