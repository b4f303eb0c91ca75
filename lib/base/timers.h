/* Timers are rows ordered by due time (design section 5). A timer id is 16 bytes whose first six are the due time, so the
 * id alone is the key, and an Entry that fired a timer names it by that id (journal.md section 2). */
#ifndef BHR_BASE_TIMERS_H
#define BHR_BASE_TIMERS_H

#include "lib/base/id.h"
#include "lib/base/rows.h"

enum { TIMER_BODY_MAX = 64 };

struct timer_id {
    uint8_t bytes[16];
};

static inline bool timer_id_equal(struct timer_id a, struct timer_id b) {
    return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}

/* The timer of one thing (a hold): its due time (0 <= due_ms < 2^48) and the last ten bytes of the thing's id. */
struct timer_id timer_id_make(int64_t due_ms, struct uuid thing);
int64_t timer_due_ms(struct timer_id id);
/* Called from a service's apply. body says to the service's own `fire` what is due: at most TIMER_BODY_MAX bytes. Setting
 * a timer that is set replaces its body; clearing or parking one that is not set does nothing. */
void timer_set(const struct rows *rows, struct timer_id id, struct slice body);
void timer_clear(const struct rows *rows, struct timer_id id);
bool timer_is_set(const struct rows *rows, struct timer_id id);
/* The earliest timer after `after` (NULL: the first) whose due time is <= now_ms. body is borrowed like rows.get's. */
bool timer_next_due(const struct rows *rows, const struct timer_id *after, int64_t now_ms, struct timer_id *ret_id,
                    struct slice *ret_body);
/* Moves a timer to the parked table, where it is never due. */
void timer_park(const struct rows *rows, struct timer_id id);

#endif
