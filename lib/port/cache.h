/* Redis, for what may vanish at any moment (design invariant 7). Every call is fire-and-forget on the loop; a caller that
 * asks is answered at most once, and is answered CACHE_UNKNOWN when Redis is away or slow. Nothing ever waits for it. */
#ifndef BHR_PORT_CACHE_H
#define BHR_PORT_CACHE_H

#include "lib/base/slice.h"

enum cache_answer { CACHE_UNKNOWN, CACHE_SET, CACHE_HELD_BY_OTHER };

typedef void (*cache_answer_function)(void *context, uint64_t token, enum cache_answer answer);

struct cache {
    void *context;
    /* True while a connection is up. */
    bool (*is_up)(void *context);
    /* SET key value PX ttl_ms. */
    void (*put)(void *context, struct slice key, struct slice value, int64_t ttl_ms);
    /* SET key value NX PX ttl_ms; the answer arrives later on the loop, within 200 ms. */
    void (*put_if_absent)(void *context, struct slice key, struct slice value, int64_t ttl_ms, uint64_t token,
                          cache_answer_function answer, void *answer_context);
    /* Deletes the key if it still has that value. */
    void (*drop)(void *context, struct slice key, struct slice value);
};

#endif
