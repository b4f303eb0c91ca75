/* What the files publisher*.c share, and nobody else includes.
 *   publisher.c       the life: states and moves, commits, giving up
 *   publisher_start.c beginning: producer, what is public already, position
 *   publisher_read.c  the journal: confirming the record at the position, judging, appending what is public
 *   publisher_note.c  what is kept beside the position */
#ifndef BHR_HOST_PUBLISHER_INTERNAL_H
#define BHR_HOST_PUBLISHER_INTERNAL_H

#include "lib/base/assert.h"
#include "lib/host/publisher.h"
#include "lib/host/publisher_note.h"

enum {
    PUBLISHER_STEP_RECORDS_MAX = 1000, /* of the journal, judged in one step */
    PUBLISHER_IDLE_MS = 1000,
    PUBLISHER_PAUSE_MS = 100,   /* before a call is made again, and before another producer */
    PUBLISHER_FAILED_MS = 1000, /* before another one after a failure that may last */
    PUBLISHER_FENCED_MS = 2000, /* before fencing back: by then whoever no longer owns the partition knows it */
    PUBLISHER_UNASSIGN_MS =
        1000,                   /* librdkafka asserts that two changes of an assignment do not meet (its issue 5573) */
    PUBLISHER_SETTLE_MS = 2000, /* a transaction that is still open so long after it was ended hangs */
    PUBLISHER_COMMIT_MS_MAX = 30000, /* a commit without an answer is given up; Kafka then knows its outcome */
    PUBLISHER_ADMIN_MS_MAX = 1000,
};

struct publisher {
    struct publisher_options options;
    struct publisher_ports ports;

    enum publisher_state state;
    enum publisher_stop stop;
    bool is_owner;
    int64_t not_before_ms; /* monotonic, as all here: nothing is done until then */

    /* The producer and the open transaction. */
    bool has_producer, is_transaction_open;
    int64_t began_ms, commit_until_ms;
    uint32_t entry_count, record_count;
    size_t record_bytes;
    int64_t logged_ms[PUBLISHER_BATCH_MAX];

    /* Where the open or next transaction begins, and how far the journal was judged since. */
    struct journal_place base, read;
    int64_t kept_ms; /* when the position was committed */

    /* What was public when this producer started: entries up to these numbers are not published again. */
    uint64_t event_number, dead_number;
    bool has_public_record;
    int64_t unsettled_ms; /* since when something is open that was ended; 0: nothing is */

    /* The journal's reader. */
    bool is_reading;        /* it is assigned, and from where this publisher wants it */
    bool must_unassign;     /* it may be assigned, and nobody reads */
    bool is_anchor_pending; /* the record at read.applied has not come again yet */
    bool is_at_end;
    bool was_read_on_suspicion; /* and nothing was committed since */

    struct arena arena;
    int64_t drained_ms; /* when the transaction took all there was; 0: it took its fill */
    int64_t level_ms;
    uint64_t transactions, entries, records, aborted, fenced, failed, recycled;
};

static inline int64_t publisher_now(const struct publisher *p) {
    return p->ports.clock.monotonic_ms(p->ports.clock.context);
}

/* publisher.c */
void publisher_move(struct publisher *p, enum publisher_state to, const char *why);
void publisher_halt(struct publisher *p, enum publisher_stop reason);
void publisher_alarm(const struct publisher *p, const char *name, const char *text);
/* Drops the producer and everything since the last commit, and starts again. */
void publisher_give_up(struct publisher *p, enum publish_result result, const char *why);

/* publisher_start.c */
int publisher_start(struct publisher *p);

/* publisher.c again, for publisher_start.c: the same call again a little later, or another producer. */
int publisher_failed(struct publisher *p, enum publish_result result);
int publisher_commit(struct publisher *p);

/* publisher_read.c */
/* Reads from that place on; it is confirmed first unless it is the journal's beginning. */
void publisher_read_from(struct publisher *p, const struct journal_place *place);
/* Waits for the record at the place. Returns when it wants to be called again. */
int publisher_confirm(struct publisher *p);
enum publisher_take {
    TAKE_MORE,      /* there may be more right now */
    TAKE_NOTHING,   /* nothing is there now */
    TAKE_FULL,      /* the transaction has its fill */
    TAKE_RESTARTED, /* reading began again, or the publisher started again or stopped */
};
/* Judges what the journal has and appends what is public of it. */
enum publisher_take publisher_take(struct publisher *p);

#endif
