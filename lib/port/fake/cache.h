/* Redis as a twin: one shared table that may be away or empty at any moment, and a connection per process. */
#ifndef BHR_PORT_FAKE_CACHE_H
#define BHR_PORT_FAKE_CACHE_H

#include "lib/port/cache.h"
#include "lib/port/fake/fake.h"

enum { FAKE_CACHE_ROWS_MAX = 64, FAKE_CACHE_TEXT_MAX = 200, FAKE_CACHE_ASKED_MAX = 64, FAKE_CACHE_DELAY_MS_MAX = 200 };

struct fake_cache_row {
    uint8_t key_size, value_size; /* key_size 0: free */
    char key[FAKE_CACHE_TEXT_MAX], value[FAKE_CACHE_TEXT_MAX];
    int64_t gone_at_ms;
};

struct fake_redis {
    const struct fake_time *time;
    bool is_away;
    size_t next; /* row that is overwritten when all are taken: a full Redis forgets */
    struct fake_cache_row rows[FAKE_CACHE_ROWS_MAX];
};
void fake_redis_init(struct fake_redis *redis, const struct fake_time *time);
/* Everything in it vanishes. */
void fake_redis_flush(struct fake_redis *redis);

struct fake_cache_asked {
    int64_t answer_at_ms;
    uint64_t token;
    enum cache_answer answer;
    cache_answer_function function;
    void *context;
};

struct fake_cache {
    struct fake_redis *redis;
    const struct fake_hooks *hooks;
    size_t asked_count;
    struct fake_cache_asked
        asked[FAKE_CACHE_ASKED_MAX]; /* in the order asked; beyond it an answer is UNKNOWN at once */
};
void fake_cache_init(struct fake_cache *cache, struct fake_redis *redis, const struct fake_hooks *hooks);
struct cache fake_cache_port(struct fake_cache *cache);
/* Gives one answer that is due; false when none is. */
bool fake_cache_deliver(struct fake_cache *cache);

#endif
