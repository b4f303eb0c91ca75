/* Where a service keeps some of what it was asked for a while, so that other rules can be tried on it later. What is kept
 * was sealed by the service (lib/port/vault.h); it lies beside the store of this process and nowhere else, and is lost with
 * it: nobody was promised it. The real one is lib/host/kept.h. One thread: the loop's. Never waits, takes no memory. */
#ifndef BHR_PORT_KEPT_H
#define BHR_PORT_KEPT_H

#include "lib/base/slice.h"

enum { KEPT_BYTES_MAX = 2048 };

struct kept_view {
    int64_t series; /* when this process began to keep, in milliseconds since 1970: numbers mean something within it */
    uint64_t first, end; /* numbers of what is kept, oldest first: first <= number < end */
    uint64_t dropped;    /* since then: what was not kept, or not as long as it should have been */
};

struct kept_port {
    void *context;
    /* Copies 1 to KEPT_BYTES_MAX bytes. When there is no room, the oldest ones go, and count as dropped. */
    void (*put)(void *context, struct slice bytes);
    /* One that could not be sealed is not kept, and counts as dropped. */
    void (*drop)(void *context);
    void (*look)(void *context, struct kept_view *ret_view);
    /* Borrowed until the next put. *ret_at_ms: when it was put. */
    struct slice (*at)(void *context, uint64_t number, int64_t *ret_at_ms);
};

#endif
