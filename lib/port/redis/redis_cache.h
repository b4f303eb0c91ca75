/* The real cache (lib/port/cache.h): one connection to Redis over its Unix socket, on the libuv loop. Redis may be slow,
 * stopped or gone at any moment; then calls are dropped and questions answered CACHE_UNKNOWN, and the connection is tried
 * again with growing, jittered pauses. Nothing here ever waits. The loop's thread only.
 *
 * An answer comes on a later turn of the loop; only when REDIS_UNTOLD_MAX of them are waiting already, it comes from
 * inside the call. Opening one makes the process ignore SIGPIPE, because hiredis writes without guarding against it. */
#ifndef BHR_PORT_REDIS_CACHE_H
#define BHR_PORT_REDIS_CACHE_H

#include "lib/base/status.h"
#include "lib/port/cache.h"

enum {
    REDIS_COMMAND_MS_MAX = 200, /* an answer that takes longer is CACHE_UNKNOWN, and the connection is given up */
    REDIS_PENDING_MAX = 4096,   /* commands on their way; one more is dropped */
    REDIS_UNTOLD_MAX = 4096,
};

struct redis_cache_options {
    const char *socket_path;
    void *uv_loop; /* the uv_loop_t */
};

struct redis_cache;

/* Succeeds whether or not Redis is there. STATUS_INVALID for a path that cannot be a Unix socket's. */
MUST_CHECK enum status redis_cache_open(const struct redis_cache_options *options, struct redis_cache **ret_cache,
                                        struct cache *ret_port, struct error *reterr_error);
/* Answers what is pending with CACHE_UNKNOWN; the memory goes while the loop runs on. Accepts NULL. */
void redis_cache_close(struct redis_cache *cache);

struct redis_cache_figures {
    uint64_t generation; /* connections begun */
    uint64_t answered;   /* commands that Redis answered */
    uint64_t timed_out;  /* connections given up because an answer took too long */
    uint64_t dropped;    /* puts and drops not sent, because it was away or too much was on its way */
    uint64_t unknown;    /* questions answered CACHE_UNKNOWN */
    uint64_t errors;     /* answers that were errors */
};
void redis_cache_figures(const struct redis_cache *cache, struct redis_cache_figures *ret_figures);

#endif
