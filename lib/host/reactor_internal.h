/* What the files reactor*.c share, and nobody else includes.
 *   reactor.c       the life: states and moves, errands, what becomes of a request
 *   reactor_own.c   the door's socket: the one request on its way
 *   reactor_read.c  the source's journal: confirming the record at the place, judging, events into requests */
#ifndef BHR_HOST_REACTOR_INTERNAL_H
#define BHR_HOST_REACTOR_INTERNAL_H

#include "lib/base/assert.h"
#include "lib/host/journal_place.h"
#include "lib/host/reactor.h"
#include "lib/wire/exchange/exchange.h"

enum {
    REACTOR_STEP_RECORDS_MAX = 500, /* of the source, judged in one step */
    REACTOR_ADVANCE_RECORDS = 5000, /* passed over before the place is kept again */
    REACTOR_IDLE_MS = 1000,
    REACTOR_PAUSE_MS = 200,           /* before a request is made again that could not be done now */
    REACTOR_FAILED_MS = 1000,         /* before the source is opened again after a failure that may last */
    REACTOR_EARLY_ENDS_MAX = 30,      /* ends before the place, REACTOR_FAILED_MS apart: a cut, not a too new leader */
    REACTOR_ERRANDS_MS = 1000,        /* between two looks for errands */
    REACTOR_ERRANDS_AGAIN_MS = 60000, /* between two looks that begin with the oldest */
    REACTOR_REQUEST_MAX = 8192,
    REACTOR_ARENA_SIZE = 256 * 1024,
    REACTOR_ID_AGE_MS_MAX = 24 * 3600 * 1000, /* an id is of its event's time, unless that is longer ago */
    REACTOR_ID_STEP_MS = 12 * 3600 * 1000,    /* then it is of a time that is the same for so long */
};
/* A place, and in the middle of a record's events the anchor of that record, too. */
static_assert((int)JOURNAL_PLACE_SIZE + (int)sizeof(struct digest) <= (int)SERVICE_PLACE_MAX, "a place is kept whole");

/* The request on its way. */
struct own_request {
    enum { OWN_NONE, OWN_WAITS, OWN_AT_DOOR, OWN_ENDED } state;
    bool is_errand;
    uint64_t serial; /* so that a late reply is recognised */
    int64_t due_ms;  /* monotonic: when to hand it to the door */
    struct uuid id;
    const char *method;
    size_t size;
    uint8_t body[REACTOR_REQUEST_MAX];
    /* Of OWN_ENDED. */
    enum reply_status status;
    bool is_told_again; /* an entry about this id stands in the journal, and nothing more comes of it */
    bool is_set_aside;  /* it killed its owner three times */
    /* Of news: where the place is then. */
    int64_t offset;
    uint32_t done;
    struct journal_place after;
};

struct reactor {
    struct reactor_options options;
    struct reactor_ports ports;
    struct reactor_listener listener;

    enum reactor_state state;
    int64_t not_before_ms; /* monotonic: nothing is done until then */
    uint32_t early_ends;   /* told one after another to this owner: the source ends before the place */

    int64_t kept_offset; /* the place as the store has it */
    uint32_t kept_done;
    struct digest kept_anchor;  /* of the record there, of which so many events were followed; zero when of none */
    int64_t kept_ms;            /* monotonic: when it moved last */
    struct journal_place read;  /* judged so far; ahead of what is kept by what was of no concern */
    uint32_t passed;            /* records between the two */
    bool was_read_on_suspicion; /* and the place was not moved on since */
    uint32_t attempt;           /* of the news in hand: an id that was refused is not used again */

    struct own_request own;
    uint64_t errand_after, errand_taken; /* up to this one they were done; and the one in hand */
    int64_t errands_due_ms, errands_again_ms;

    struct arena arena;
    uint8_t header[EXCHANGE_REQUEST_HEADER_MAX];
    uint64_t requests, refused;
};

static inline int64_t reactor_now(const struct reactor *r) {
    return r->ports.clock.monotonic_ms(r->ports.clock.context);
}

/* reactor.c */
void reactor_move(struct reactor *r, enum reactor_state to, const char *why);
void reactor_halt(struct reactor *r, const char *why);
/* Begins again from what the store has. */
void reactor_open_again(struct reactor *r, int64_t pause_ms, const char *why);

/* reactor_own.c */
/* Puts a request on its way. */
void reactor_ask(struct reactor *r, const struct service_request *request, struct uuid id, bool is_errand);

/* reactor_read.c */
/* Reads the place from the store and the source from there on. */
void reactor_begin(struct reactor *r);
/* Takes what the source has, until there is something to ask. True when there may be more right now. */
bool reactor_take(struct reactor *r);

#endif
