/* Timer rows: [table byte][timer id] -> the service's bytes. Pure: it sees time only as a number handed in, and works
 * only through the rows it is given. */
#include "lib/base/timers.h"

#include "lib/base/assert.h"

enum { DUE_SIZE = 6, KEY_SIZE = 1 + sizeof(struct timer_id) };

struct timer_key {
    uint8_t bytes[KEY_SIZE];
};

static struct timer_key key_of(enum rows_table table, struct timer_id id);
static struct slice key_slice(const struct timer_key *key);

bool timer_next_due(const struct rows *rows, const struct timer_id *after, int64_t now_ms, struct timer_id *ret_id,
                    struct slice *ret_body) {
    /* The smallest key above `after` is `after` with one zero byte more; the table byte alone lies below every timer. */
    uint8_t from[KEY_SIZE + 1] = {ROWS_TABLE_TIMER};
    size_t from_size = 1;
    if (after != NULL) {
        memcpy(from + 1, after->bytes, sizeof after->bytes);
        from_size = sizeof from;
    }
    struct slice key, body;
    if (!rows_seek(rows, slice_of(from, from_size), &key, &body)) return false;
    ASSERT(key.size > 0);
    if (key.data[0] != ROWS_TABLE_TIMER) return false;
    ASSERT(key.size == KEY_SIZE);
    struct timer_id id;
    memcpy(id.bytes, key.data + 1, sizeof id.bytes);
    if (timer_due_ms(id) > now_ms) return false;
    *ret_id = id;
    *ret_body = body;
    return true;
}

struct timer_id timer_id_make(int64_t due_ms, struct uuid thing) {
    ASSERT(due_ms >= 0);
    ASSERT(due_ms < INT64_C(1) << 48);
    struct timer_id id;
    for (int i = 0; i < DUE_SIZE; i++) id.bytes[i] = (uint8_t)(due_ms >> (8 * (DUE_SIZE - 1 - i)));
    memcpy(id.bytes + DUE_SIZE, thing.bytes + DUE_SIZE, sizeof id.bytes - DUE_SIZE);
    return id;
}

int64_t timer_due_ms(struct timer_id id) {
    int64_t due_ms = 0;
    for (int i = 0; i < DUE_SIZE; i++) due_ms = due_ms << 8 | id.bytes[i];
    return due_ms;
}

void timer_set(const struct rows *rows, struct timer_id id, struct slice body) {
    ASSERT(body.size <= TIMER_BODY_MAX);
    struct timer_key key = key_of(ROWS_TABLE_TIMER, id);
    rows_put(rows, key_slice(&key), body);
}

void timer_clear(const struct rows *rows, struct timer_id id) {
    struct timer_key key = key_of(ROWS_TABLE_TIMER, id);
    rows_del(rows, key_slice(&key));
}

bool timer_is_set(const struct rows *rows, struct timer_id id) {
    struct timer_key key = key_of(ROWS_TABLE_TIMER, id);
    struct slice body;
    return rows_get(rows, key_slice(&key), &body);
}

void timer_park(const struct rows *rows, struct timer_id id) {
    struct timer_key key = key_of(ROWS_TABLE_TIMER, id);
    struct timer_key parked_key = key_of(ROWS_TABLE_PARKED, id);
    struct slice body;
    if (!rows_get(rows, key_slice(&key), &body)) return;
    ASSERT(body.size <= TIMER_BODY_MAX);
    /* Copied, because a borrowed value must not be handed to the put that ends its loan. */
    uint8_t copy[TIMER_BODY_MAX];
    if (body.size > 0) memcpy(copy, body.data, body.size);
    rows_put(rows, key_slice(&parked_key), slice_of(copy, body.size));
    rows_del(rows, key_slice(&key));
}

static struct timer_key key_of(enum rows_table table, struct timer_id id) {
    struct timer_key key = {{(uint8_t)table}};
    memcpy(key.bytes + 1, id.bytes, sizeof id.bytes);
    return key;
}

static struct slice key_slice(const struct timer_key *key) {
    return slice_of(key->bytes, sizeof key->bytes);
}
