/* The reactor: a third socket of the door, whose requests are what the events of another service's journal mean to this one
 * (design section 5 "Reactions"). It runs where the partition is owned. It reads the source like any outsider, judges it by
 * the same rule, and lets the service say what an event means: a request of the service to itself (struct service_source).
 * That goes the way of every request, and the entry that it becomes keeps the place in the source. So the place moves on in
 * the same transaction as what follows from the event, a rebuilt store has it too, and whoever owns next goes on there.
 *
 * One request is on its way at a time, and each names the place that it follows: what two owners ask for is done once, and
 * nothing is passed over. When the source is away nothing happens; when its journal lost what was followed, the reactor
 * stops and says so. When there is no news it asks what the service still wants of itself (its errands).
 *
 * IDLE ─► OPENING ─► CONFIRMING ─► FOLLOWING ─► STOPPED
 *   ▲        ▲            │            │
 *   │        └────────────┴────────────┤ lost connection, refusal, more events of one record
 *   └──────────────────────────────────┘ no longer the owner
 * Loop's thread; never waits. */
#ifndef BHR_HOST_REACTOR_H
#define BHR_HOST_REACTOR_H

#include "lib/host/service.h"
#include "lib/journal/accept.h"
#include "lib/port/clock.h"
#include "lib/port/socket.h"
#include "lib/port/store.h"
#include "lib/port/topic.h"

/* X(NAME, "name") */
#define REACTOR_STATES(X)                                                                                              \
    X(IDLE, "idle")             /* not the owner */                                                                    \
    X(OPENING, "opening")       /* the place is read from the store */                                                 \
    X(CONFIRMING, "confirming") /* the record there must come again */                                                 \
    X(FOLLOWING, "following")                                                                                          \
    X(STOPPED, "stopped") /* until the process is started again */

enum reactor_state {
#define X(NAME, name) REACTOR_##NAME,
    REACTOR_STATES(X)
#undef X
};
const char *reactor_state_name(enum reactor_state state);

struct reactor_ports {
    struct topic_reader journal; /* of the source; nobody else's */
    struct store store;
    struct clock_port clock;
    struct digest (*hash)(struct slice a, struct slice b);
};

/* Any function may be NULL. */
struct reactor_listener {
    void *context;
    void (*moved)(void *context, enum reactor_state from, enum reactor_state to, const char *why);
    void (*alarm)(void *context, const char *name, const char *text);
};

struct reactor_options {
    const struct service *service;    /* with a source */
    struct journal_identity identity; /* of the source's journal */
    char journal_topic[TOPIC_NAME_MAX + 1];
    int64_t advance_ms; /* the place is kept at least so often while nothing in the source is of concern */
};

struct reactor;
/* NULL when there is no memory. */
struct reactor *reactor_new(const struct reactor_options *options, const struct reactor_ports *ports,
                            const struct reactor_listener *listener);
void reactor_free(struct reactor *reactor);
/* For the door (lib/host/door.h). */
struct door_socket reactor_socket(struct reactor *reactor);

/* Call it after the door's step. Returns in how many milliseconds it wants to be called again at the latest; 0: now, and
 * the door before it. */
int reactor_step(struct reactor *reactor, bool is_owner);

struct reactor_view {
    enum reactor_state state;
    uint64_t number;   /* of the source's history, judged so far */
    uint64_t requests; /* that came to an end, errands too */
    uint64_t refused;  /* of them: refused or denied */
};
struct reactor_view reactor_look(const struct reactor *reactor);

#endif
