/* Redis's twin. Owns its rows; one thread; answers wait until the world delivers them. */
#include "lib/port/fake/cache.h"

static struct fake_cache_row *find(struct fake_redis *redis, struct slice key);
static void put_row(struct fake_redis *redis, struct slice key, struct slice value, int64_t ttl_ms);

static bool is_up(void *context) {
    const struct fake_cache *cache = context;
    return !cache->redis->is_away;
}

static void put(void *context, struct slice key, struct slice value, int64_t ttl_ms) {
    struct fake_cache *cache = context;
    fake_at_call(cache->hooks, "cache.put");
    if (cache->redis->is_away) return;
    put_row(cache->redis, key, value, ttl_ms);
    fake_done(cache->hooks, "cache.put done");
}

static void put_if_absent(void *context, struct slice key, struct slice value, int64_t ttl_ms, uint64_t token,
                          cache_answer_function answer, void *answer_context) {
    struct fake_cache *cache = context;
    fake_at_call(cache->hooks, "cache.put_if_absent");
    enum cache_answer found = CACHE_UNKNOWN;
    if (!cache->redis->is_away) {
        found = find(cache->redis, key) == NULL ? CACHE_SET : CACHE_HELD_BY_OTHER;
        if (found == CACHE_SET) put_row(cache->redis, key, value, ttl_ms);
    }
    if (cache->asked_count == FAKE_CACHE_ASKED_MAX) {
        answer(answer_context, token, CACHE_UNKNOWN);
        return;
    }
    int64_t delay_ms = (int64_t)fake_draw(cache->hooks, fake_draw(cache->hooks, 4) == 0 ? FAKE_CACHE_DELAY_MS_MAX : 2);
    cache->asked[cache->asked_count++] =
        (struct fake_cache_asked){cache->redis->time->now_ms + delay_ms, token, found, answer, answer_context};
    fake_done(cache->hooks, "cache.put_if_absent done");
}

static void drop(void *context, struct slice key, struct slice value) {
    struct fake_cache *cache = context;
    fake_at_call(cache->hooks, "cache.drop");
    if (cache->redis->is_away) return;
    struct fake_cache_row *row = find(cache->redis, key);
    if (row != NULL && slice_equal(slice_of(row->value, row->value_size), value)) row->key_size = 0;
}

bool fake_cache_deliver(struct fake_cache *cache) {
    for (size_t i = 0; i < cache->asked_count; i++) {
        struct fake_cache_asked asked = cache->asked[i];
        if (asked.answer_at_ms > cache->redis->time->now_ms) continue;
        cache->asked_count--;
        memmove(&cache->asked[i], &cache->asked[i + 1], (cache->asked_count - i) * sizeof asked);
        asked.function(asked.context, asked.token, asked.answer);
        fake_done(cache->hooks, "cache.answer done");
        return true;
    }
    return false;
}

void fake_redis_init(struct fake_redis *redis, const struct fake_time *time) {
    redis->time = time;
    redis->is_away = false;
    fake_redis_flush(redis);
}

void fake_redis_flush(struct fake_redis *redis) {
    redis->next = 0;
    for (size_t i = 0; i < FAKE_CACHE_ROWS_MAX; i++) redis->rows[i].key_size = 0;
}

void fake_cache_init(struct fake_cache *cache, struct fake_redis *redis, const struct fake_hooks *hooks) {
    cache->redis = redis;
    cache->hooks = hooks;
    cache->asked_count = 0;
}

struct cache fake_cache_port(struct fake_cache *cache) {
    return (struct cache){.context = cache, .is_up = is_up, .put = put, .put_if_absent = put_if_absent, .drop = drop};
}

static struct fake_cache_row *find(struct fake_redis *redis, struct slice key) {
    for (size_t i = 0; i < FAKE_CACHE_ROWS_MAX; i++) {
        struct fake_cache_row *row = &redis->rows[i];
        if (row->key_size == 0 || row->gone_at_ms <= redis->time->now_ms) continue;
        if (slice_equal(slice_of(row->key, row->key_size), key)) return row;
    }
    return NULL;
}

static void put_row(struct fake_redis *redis, struct slice key, struct slice value, int64_t ttl_ms) {
    if (key.size == 0 || key.size > FAKE_CACHE_TEXT_MAX || value.size > FAKE_CACHE_TEXT_MAX) return;
    struct fake_cache_row *row = find(redis, key);
    if (row == NULL) row = &redis->rows[redis->next++ % FAKE_CACHE_ROWS_MAX];
    row->key_size = (uint8_t)key.size;
    row->value_size = (uint8_t)value.size;
    row->gone_at_ms = redis->time->now_ms + ttl_ms;
    memcpy(row->key, key.data, key.size);
    if (value.size > 0) memcpy(row->value, value.data, value.size);
}
