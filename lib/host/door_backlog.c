/* How much of the command log waits to be decided, as far as this door can tell without asking anybody: the reports of
 * its own commands say where the log ends, the commits of the store beside it where the next decision starts. A command
 * that would stand behind too many others is not written: its caller would hear nothing before the deadline, and the owner
 * would have one more to find expired. Instead the caller is told when to come back. Loop's thread. */
#include "lib/host/door_internal.h"

enum {
    RATE_MS_MIN = 1000, /* decisions a second are counted over at least this long */
    RATE_MS_MAX = 3000, /* and a commit that comes later says nothing of how fast it goes */
};

static int64_t decided_per_second(const struct door *door);

bool door_backlog_is_full(struct door *door, int64_t *ret_retry_ms) {
    struct door_backlog *backlog = &door->backlog;
    int64_t waiting = door_backlog_waiting(door);
    if (waiting <= door->options.limits.command_backlog_max) return false;
    /* One goes through when the end was not heard of for long: the log may have been cut below it, or have grown. */
    if (door->monotonic_ms - backlog->heard_ms >= DOOR_BACKLOG_TRY_MS) {
        backlog->heard_ms = door->monotonic_ms;
        return false;
    }
    int64_t per_second = decided_per_second(door);
    int64_t ms = per_second == 0 ? DOOR_BACKLOG_RETRY_MS : waiting * 1000 / per_second;
    if (ms < DOOR_BUSY_RETRY_MS) ms = DOOR_BUSY_RETRY_MS;
    *ret_retry_ms = ms < DOOR_BACKLOG_RETRY_MS_MAX ? ms : DOOR_BACKLOG_RETRY_MS_MAX;
    return true;
}

/* Offsets may have gaps, so this is about how many. */
int64_t door_backlog_waiting(const struct door *door) {
    int64_t waiting = door->backlog.end - door->resume_at.offset;
    return waiting > 0 ? waiting : 0;
}

/* Not the highest one ever heard of: a log that was cut ends lower than before. */
void door_backlog_delivered(struct door *door, struct position at) {
    ASSERT(at.offset >= 0);
    if (at.generation != door->resume_at.generation) return;
    door->backlog.end = at.offset + 1;
    door->backlog.heard_ms = door->monotonic_ms;
}

void door_backlog_decided(struct door *door, bool is_new_generation) {
    struct door_backlog *backlog = &door->backlog;
    int64_t offset = door->resume_at.offset, now_ms = door->monotonic_ms;
    int64_t passed_ms = now_ms - backlog->counted_ms;
    if (is_new_generation) *backlog = (struct door_backlog){.end = offset};
    if (is_new_generation || passed_ms > RATE_MS_MAX) {
        backlog->per_second = 0;
    } else if (passed_ms < RATE_MS_MIN) {
        return;
    } else {
        backlog->per_second = (offset - backlog->counted_from) * 1000 / passed_ms;
    }
    backlog->counted_from = offset;
    backlog->counted_ms = now_ms;
}

/* 0 while nothing is decided, or nothing is known of it. */
static int64_t decided_per_second(const struct door *door) {
    const struct door_backlog *backlog = &door->backlog;
    return door->monotonic_ms - backlog->counted_ms > RATE_MS_MAX ? 0 : backlog->per_second;
}
