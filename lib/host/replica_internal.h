/* What the files replica*.c share, and nobody else includes.
 *   replica.c       the life: states and moves, membership, claim, step-down
 *   replica_read.c  reading the journal: anchor, cut, suspicion, judging, following in batches
 *   replica_turn.c  one turn of an owner: decide, append, read back, commit
 *   replica_work.c  one piece of work: a command, a timer or a gap becomes an entry's body
 *   replica_apply.c what an accepted entry does to the store */
#ifndef BHR_HOST_REPLICA_INTERNAL_H
#define BHR_HOST_REPLICA_INTERNAL_H

#include "lib/base/assert.h"
#include "lib/host/answers.h"
#include "lib/host/replica.h"
#include "lib/host/replica_meta.h"

enum {
    REPLICA_TURN_BYTES_MAX = 8 * 1024 * 1024,   /* encoded entries of one turn */
    REPLICA_WORK_BYTES_MAX = 1024 * 1024,       /* arena of one decision */
    REPLICA_ANSWER_BYTES_MAX = 4 * 1024 * 1024, /* answers waiting for the commit */
    REPLICA_ANSWERS_MAX = 1024,
    REPLICA_BURST_ENTRIES = 100, /* handed to the writer together */
    REPLICA_HOUSEKEEPING_MS = 1000,
    REPLICA_SHOW_MS = 5000, /* between two positions left with the group */
    REPLICA_IDLE_MS = 1000,
    REPLICA_REPORT_MS = 50,        /* reports wake nobody: they are hints, and the read-back comes by itself */
    REPLICA_GATHER_MS = 3,         /* how long a turn waits for the callers of the one before */
    REPLICA_GATHER_ENTRIES = 4,    /* fewer are not worth waiting for */
    REPLICA_ADMIN_MS_MAX = 1000,   /* one question to the broker */
    REPLICA_RETRY_MS = 1000,       /* between two attempts to read a journal that cannot be read */
    REPLICA_PAUSE_MS = 3000,       /* between two steps: more, and the process was stopped meanwhile */
    REPLICA_BEHIND_MS_MAX = 10000, /* whoever cannot read it for so long leaves the group */
    REPLICA_LEAVE_MS_MIN = 5000,   /* out of the group after failures: 5-15 s */
    REPLICA_LEAVE_MS_SPREAD = 10000,
    REPLICA_CLOCK_ALARM_MS = 2000, /* broker timestamp against our clock on read-back (journal.md section 5) */
    REPLICA_CLOCK_LEAVE_MS = 20000,
    REPLICA_CLOCK_LEAVE_TURNS = 3,
    REPLICA_FREE_PERCENT_MIN = 10,  /* of map or disk; below it nobody owns */
    REPLICA_FREE_PERCENT_BACK = 12, /* and may own again from here, so that nobody comes and goes */
};
static_assert((int)REPLICA_TURN_BYTES_MAX > 4 * (int)JOURNAL_RECORD_MAX, "a turn holds several of the largest records");
static_assert((int)REPLICA_ANSWERS_MAX >= (int)REPLICA_TURN_ENTRIES_MAX, "every entry of a turn can have an answer");
static_assert((int)REPLICA_ANSWERS_MAX >= (int)REPLICA_FOLLOW_RECORDS_MAX,
              "every record of a batch can have an answer");
static_assert((int)SERVICE_EVENTS_MAX <= (int)JOURNAL_EVENTS_MAX, "an entry holds every event of a decision");

/* One entry of the open turn: the bytes sent, which must come back. */
struct turn_entry {
    struct slice bytes; /* in turn_memory */
    struct digest chained;
};

struct turn {
    bool is_open;
    uint64_t serial;          /* high part of append tokens, so that a late report is recognised */
    uint32_t sent, read_back; /* entries decided and on their way, and those that have come back */
    uint32_t appended;        /* of those sent, handed to the writer; all of them once the turn is filled */
    int64_t started_wall_ms, started_monotonic_ms;
    int64_t decided_at_ms;
    struct journal_state spec; /* the journal's state as it will be once everything sent has come back */
};

struct replica {
    const struct service *service;
    struct replica_options options;
    struct replica_ports ports;
    struct digest identity;
    struct journal_name cluster_id;
    char journal_topic[REPLICA_TOPIC_MAX];

    enum replica_state state;
    enum replica_stop stop;
    bool is_stopping;

    /* Reading. */
    struct journal_state journal; /* after the last record judged; what the store holds unless a transaction is open */
    int64_t applied;              /* the last record judged, like `journal` */
    struct digest anchor;
    bool is_anchor_pending; /* the record at `applied` has not come again yet since reading (re)started */
    bool is_caught_up;
    bool was_read_for_claim;    /* reading restarted for the claim to come */
    bool was_read_on_suspicion; /* reading began again on suspicion and nothing was committed since */
    bool is_reader_lost;        /* no reader is assigned; one is asked for at read_not_before_ms */
    int64_t read_not_before_ms, reader_failed_ms, caught_up_ms; /* monotonic */
    int64_t read_all_ms; /* monotonic: when nothing more was there to read, last */

    /* The write transaction: of a batch that is followed, or of the open turn. */
    bool is_transaction_open;
    struct rows rows;
    uint32_t answer_count;
    struct replica_answer answers[REPLICA_ANSWERS_MAX];
    struct arena answer_arena;

    /* Owning. */
    bool has_owner_id; /* owner is ours: a claim is in flight or accepted */
    struct id128 owner;
    bool has_given_up;
    struct id128 given_up_owner; /* of the last claim given up: if it lands, claim again without waiting */
    int64_t claim_until_ms;      /* monotonic */
    bool is_fenced, was_unassigned_since_fence;
    int64_t fenced_until_ms; /* monotonic */
    int64_t out_until_ms;    /* monotonic; out of the group until then */
    bool is_joined, is_scarce;
    uint32_t failures;         /* turns and claims in a row */
    bool are_commands_checked; /* the command log reaches where the next decision starts */
    bool is_gap_due;
    struct position gap_to;
    int64_t commands_retry_ms;     /* monotonic */
    int64_t shown_offset, show_ms; /* left with the group last, and when the next may be; monotonic */
    bool has_command;              /* the next command was taken from the reader and waits for a turn */
    struct topic_event command;
    int64_t timer_due_ms; /* earliest timer in the store; INT64_MAX for none */
    uint32_t clock_off_turns;
    struct turn turn;
    uint32_t gather_count;   /* commands that a turn may wait for: those of the last one and those queued behind it */
    int64_t gather_until_ms; /* monotonic */
    struct turn_entry entries[REPLICA_TURN_ENTRIES_MAX];
    struct buffer turn_bytes;
    struct arena work_arena;

    int64_t stepped_ms, housekeeping_ms; /* monotonic */
    uint64_t turns, entries_written, rejected, claims, failed_turns;
    uint64_t token;
};

static inline int64_t replica_now(const struct replica *r) {
    return r->ports.clock.monotonic_ms(r->ports.clock.context);
}

/* replica.c */
void replica_move(struct replica *r, enum replica_state to, const char *why);
void replica_alarm(const struct replica *r, const char *name, const char *text);
void replica_halt(struct replica *r, enum replica_stop reason);
/* STOP_NONE, or what to halt with: the store has failed since the transaction began, which was told. */
enum replica_stop replica_check_store(struct replica *r);
/* The store has answered so: full, or failed. */
void replica_halt_store(struct replica *r, enum status status, const struct error *error);
/* Abort of journal.md section 4: leaves nothing behind, forgets the owner id, drops the producer, reads again. */
void replica_abort(struct replica *r, const char *why);
/* An abort that counts: three in a row and the replica leaves the group for a while. */
void replica_fail(struct replica *r, const char *why);
/* An accepted foreign claim ended the ownership or the candidacy. */
void replica_fenced(struct replica *r, struct id128 winner);

/* replica_read.c */
enum read_result {
    READ_NOTHING,   /* no event was there */
    READ_RECORD,    /* one record was judged; *ret says how */
    READ_ENDED,     /* the journal's end was reached */
    READ_RESTARTED, /* reading began again or stopped: whoever called returns at once */
};
struct judged {
    enum journal_verdict verdict;
    bool is_readable;
    struct journal_record record; /* borrowed until the next read */
    struct logged logged;
};
void replica_read_from_applied(struct replica *r);
/* Loads everything the store knows of the journal. False: the replica was halted. */
bool replica_load(struct replica *r);
/* Takes one event of the journal and judges a record; does not apply it. */
enum read_result replica_read_one(struct replica *r, struct judged *ret_judged);
/* Judges and applies what is there, at most one batch, in one transaction. True when there may be more right now. */
bool replica_follow(struct replica *r);
/* Opens the write transaction if it is not open. False: halted. */
bool replica_transaction(struct replica *r);
/* Writes the meta row, commits, tells answers and commit. False: halted. */
bool replica_commit(struct replica *r);

/* replica_turn.c */
/* True when something was begun or moved on, so that the caller steps again at once. */
bool replica_turn_step(struct replica *r);
int replica_turn_wait_ms(const struct replica *r);

/* replica_work.c */
struct work_item {
    enum entry_kind kind;
    struct work work;
    /* ENTRY_COMMAND: read from the headers before the value is decoded (journal.md section 5). */
    bool are_headers_good;
    struct journal_name source;
    struct uuid command_id;
    struct digest command_digest;
    int64_t decide_by_ms;
    struct slice correlation_id, method;  /* empty when missing or not as they must be */
    struct slice refused, refused_detail; /* refused is empty unless a door did not take the request */
    struct slice value;
    struct slice timer_body;
};
void replica_work_of_command(const struct topic_record *record, uint32_t generation, struct work_item *ret_item);
/* Decides one piece of work on the open transaction and fills body; slices lie in r->work_arena or the store. */
void replica_decide(struct replica *r, const struct work_item *item, const struct journal_state *spec,
                    int64_t decided_at_ms, struct entry_body *ret_body);
void replica_note_set(struct replica *r, const struct work *work);
struct work replica_note_left(const struct replica *r);

/* replica_apply.c */
/* What an accepted entry does to the open transaction. STOP_NONE, or why it cannot be applied. Keeps its answer for the
 * commit. */
enum replica_stop replica_apply_entry(struct replica *r, const struct entry *entry);

#endif
