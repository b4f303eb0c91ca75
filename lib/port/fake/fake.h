/* What the deterministic twins of the ports share: virtual time and two hooks. With no hooks a twin is well-behaved and
 * draws nothing, so that plain tests can use it; the simulator draws faults and crashes through them. One thread. */
#ifndef BHR_PORT_FAKE_FAKE_H
#define BHR_PORT_FAKE_FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The true time of one world. Processes see it through their own, possibly wrong, clocks. */
struct fake_time {
    int64_t now_ms;
};

struct fake_hooks {
    void *context;
    /* 0 .. n - 1. */
    uint64_t (*draw)(void *context, uint64_t n);
    /* Called before and after every port call; it may leave by longjmp: the process died there. */
    void (*at_call)(void *context, const char *call);
    /* Called before at_call when a call has changed or brought something: that is an event of the world, and a poll that
     * finds nothing is none. */
    void (*happened)(void *context);
};

/* Ends every call of a twin whose process is being torn down: nothing has any effect any more. */
static inline void fake_at_call(const struct fake_hooks *hooks, const char *call) {
    if (hooks != NULL && hooks->at_call != NULL) hooks->at_call(hooks->context, call);
}

/* After a call that changed or brought something. */
static inline void fake_done(const struct fake_hooks *hooks, const char *call) {
    if (hooks != NULL && hooks->happened != NULL) hooks->happened(hooks->context);
    fake_at_call(hooks, call);
}

static inline uint64_t fake_draw(const struct fake_hooks *hooks, uint64_t n) {
    return hooks != NULL && hooks->draw != NULL && n > 1 ? hooks->draw(hooks->context, n) : 0;
}

/* True in per_mille of 1000 draws; draws nothing when it cannot be true. */
static inline bool fake_chance(const struct fake_hooks *hooks, unsigned per_mille) {
    if (hooks == NULL || hooks->draw == NULL || per_mille == 0) return false;
    return hooks->draw(hooks->context, 1000) < per_mille;
}

#endif
