/* One partition's replica: follows the journal, and owns it in at most one process at a time. The life of journal.md
 * section 4 as an explicit state machine:
 *
 *   OPENING -> FOLLOWING --assigned--> CLAIMING --own Claim read back--> OWNING
 *                  ^                       |                               |
 *                  |                       +---- foreign Claim, 6 s -------+---- foreign Claim, own record rejected,
 *                  +------------ abort, reload, read again at `applied` ---+     failed turn, assigned elsewhere
 *   any -> STOPPED: cut journal, wrong journal, unreadable body, full store, shutdown; stays so until somebody acts
 *
 * replica_step does a bounded amount of work and never waits; the thread around it (host.c) sleeps in a waiter, the
 * simulator calls it whenever its seed says so. Everything outside is reached through struct replica_ports.
 *
 * Where it waits, and what it holds while waiting:
 *   OPENING   for the record at `applied` (the anchor)            nothing
 *   FOLLOWING for records                                         nothing (a write transaction only inside a step)
 *   CLAIMING  for its own Claim to come back                      nothing
 *   OWNING    for its own Entries to come back (a turn is open)   the write transaction of that turn */
#ifndef BHR_HOST_REPLICA_H
#define BHR_HOST_REPLICA_H

#include "lib/host/service.h"
#include "lib/journal/accept.h"
#include "lib/port/clock.h"
#include "lib/port/note.h"
#include "lib/port/store.h"
#include "lib/port/topic.h"

enum {
    REPLICA_TURN_ENTRIES_MAX = 500,    /* entries in one turn; due timers at most half of them */
    REPLICA_FOLLOW_RECORDS_MAX = 1000, /* records judged in one step, one store transaction */
    REPLICA_READ_BACK_MS_MAX = 6000,   /* a turn or claim not read back in this time has failed */
    REPLICA_FAILURES_MAX = 3,          /* failed turns or claims in a row before it leaves the group */
    REPLICA_FENCED_WAIT_MS = 10000,    /* after an accepted foreign claim, unless a new assignment comes first */
    REPLICA_TOPIC_MAX = TOPIC_NAME_MAX,
};

#define REPLICA_STATES(X)                                                                                              \
    X(REPLICA_OPENING, "opening")     /* reading from `applied`, the anchor is not yet confirmed */                    \
    X(REPLICA_FOLLOWING, "following") /* judging and applying what others decide */                                    \
    X(REPLICA_CLAIMING, "claiming")   /* own Claim appended, not yet read back */                                      \
    X(REPLICA_OWNING, "owning")       /* deciding */                                                                   \
    X(REPLICA_STOPPED, "stopped")     /* stays so until an operator acts; stop_reason says why */

enum replica_state {
#define X(state, name) state,
    REPLICA_STATES(X)
#undef X
};
const char *replica_state_name(enum replica_state state);

/* Why a replica stopped. X(reason, name, sentence for the operator). */
#define REPLICA_STOPS(X)                                                                                               \
    X(STOP_NONE, "none", "it has not stopped")                                                                         \
    X(STOP_CUT, "journal_cut", "the journal lost records that this store had read: run `bhr store rebuild`")           \
    X(STOP_NO_JOURNAL, "no_journal", "the topic holds no journal: its first record is no Genesis")                     \
    X(STOP_WRONG_JOURNAL, "wrong_journal", "the journal is another one than this store or configuration expects")      \
    X(STOP_BODY, "unreadable_body", "an accepted entry cannot be read by this version: install a newer one")           \
    X(STOP_SCHEMA, "schema_above", "an accepted entry needs a newer apply version: install it")                        \
    X(STOP_STORE_FULL, "store_full", "the store or its disk is full: make room and start again")                       \
    X(STOP_STORE_FAILED, "store_failed", "the store could not be written: the process must end and open it again")     \
    X(STOP_STORE_VERSION, "store_version", "the store was built by another apply version: run `bhr store rebuild`")    \
    X(STOP_COMMANDS_BEHIND, "commands_behind", "the command topic ends before the point already decided")              \
    X(STOP_SHUTDOWN, "shutdown", "it was asked to stop")

enum replica_stop {
#define X(reason, name, sentence) reason,
    REPLICA_STOPS(X)
#undef X
};
const char *replica_stop_name(enum replica_stop reason);
const char *replica_stop_sentence(enum replica_stop reason);

/* The answer to one command, reported after the commit of the entry that holds it. Borrowed during the call. */
struct replica_answer {
    struct slice source;
    struct uuid command_id;
    struct digest command_digest;
    uint32_t outcome;
    bool is_repeat;
    struct slice answer, detail;
    uint64_t number; /* of the entry: the position a reader asks for with min_position */
};

/* Whoever wants to hear of it: the door, metrics, the log, the simulator's checks. Called on the replica's thread. */
struct replica_listener {
    void *context;
    void (*answered)(void *context, const struct replica_answer *answer);
    /* After every commit: everything up to state->number is in the store. Comes after the answers of that commit. */
    void (*committed)(void *context, const struct journal_state *state);
    void (*moved)(void *context, enum replica_state from, enum replica_state to, const char *why);
    /* Something an operator should know; name is stable: a stop's, or one of clock, clone, suspicion, gap, unreadable,
     * set_aside, failures, behind, journal_reader, command_log, store, store_scarce. */
    void (*alarm)(void *context, const char *name, const char *text);
    /* One record judged (for metrics and the simulator); record is NULL when its bytes cannot be read. */
    void (*judged)(void *context, int64_t offset, enum journal_verdict verdict, const struct journal_record *record);
};

struct replica_ports {
    struct topic_reader journal, commands;
    struct topic_writer writer;
    struct topic_admin admin;
    struct membership membership;
    struct store store;
    struct clock_port clock;
    struct note note;
    struct digest (*hash)(struct slice a, struct slice b);
    struct replica_listener listener;
};

struct replica_options {
    const struct service *service;
    struct journal_identity identity;
    struct slice cluster_id; /* must match the store's; learned by an empty store */
    bool may_own;
    char software[32], host[96];
};

struct replica;

/* Memory for one replica and its turn (about 16 MiB, reserved once). NULL when there is none. */
struct replica *replica_new(const struct replica_options *options, const struct replica_ports *ports);
void replica_free(struct replica *replica);

/* One bounded step. Returns in how many milliseconds the next one is due at the latest; 0 means at once. */
int replica_step(struct replica *replica);

/* Ends ownership and membership in order; the replica is STOPPED with STOP_SHUTDOWN when replica_step next returns with
 * that state. */
void replica_stop(struct replica *replica);

struct replica_view {
    enum replica_state state;
    enum replica_stop stop;
    bool is_caught_up;   /* has reached the journal's end since it last (re)started reading */
    int64_t read_all_ms; /* monotonic: when nothing more was there to read, last; long ago when it cannot keep up */
    bool turn_is_open;
    int64_t applied; /* offset of the last record judged, -1 for none */
    struct journal_state journal;
    uint64_t turns, entries, rejected, claims, failed_turns;
};
void replica_look(const struct replica *replica, struct replica_view *ret_view);

/* "bhr.booking.journal.v1" and "bhr.booking.command.v1" or "….gN". */
void replica_journal_topic(const char *service, char ret_topic[REPLICA_TOPIC_MAX]);
void replica_command_topic(const char *service, uint32_t generation, char ret_topic[REPLICA_TOPIC_MAX]);

/* Names of the Kafka headers that carry what is read before the value is decoded (journal.md section 5). */
#define COMMAND_HEADER_SOURCE    "ce_source"    /* the system that asked */
#define COMMAND_HEADER_ID        "ce_id"        /* UUIDv7 text */
#define COMMAND_HEADER_DIGEST    "bhr_digest"   /* 32 hexadecimal digits */
#define COMMAND_HEADER_DECIDE_BY "bhr_decideby" /* milliseconds since 1970 UTC, decimal */
/* What may be missing or unreadable without harm. */
#define COMMAND_HEADER_METHOD      "bhr_method"       /* of the rpc alone: "Book" */
#define COMMAND_HEADER_CORRELATION "ce_correlationid" /* as the caller sent it */
/* A request that the door of a request topic did not take: then the value is empty and nothing is decided. */
#define COMMAND_HEADER_REFUSED "bhr_refused" /* name of the outcome, such as "denied" */
#define COMMAND_HEADER_DETAIL  "bhr_detail"  /* which field and what was expected; never its content */

enum {
    COMMAND_METHOD_MAX = 32,
    COMMAND_CORRELATION_MAX = 64,
    COMMAND_REFUSED_MAX = 64,
    COMMAND_DETAIL_MAX = 256, /* a longer one is left out */
};

#endif
