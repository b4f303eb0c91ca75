/* The rule (journal.md section 3): a pure function that every reader runs on every record, once per offset, in rising
 * order. Whatever anybody appends, what this function refuses is not history. */
#ifndef BHR_JOURNAL_ACCEPT_H
#define BHR_JOURNAL_ACCEPT_H

#include "lib/journal/record.h"

enum { JOURNAL_CLOCK_LEAD_MAX_MS = 60 * 1000 }; /* decided_at may be this far ahead of the log's time */

/* What the rule knows after the accepted prefix. Lives in the store, committed with the data (journal.md section 4). */
struct journal_state {
    bool has_genesis;
    struct id128 journal_id;
    uint64_t epoch;
    struct id128 owner;
    uint64_t number;
    struct digest prev;
    struct position resume_at;
    int64_t decided_at_ms;
    int64_t log_time_ms;
    struct work crashed_at;
    uint32_t crashes;
};

/* Which journal this is meant to be; from configuration. */
struct journal_identity {
    struct journal_name environment, service, locality;
};

/* A record as the broker gave it. */
struct logged {
    int64_t offset;
    int64_t timestamp_ms;    /* T: the broker's LogAppendTime */
    bool is_log_append_time; /* a record with another timestamp type is not history */
    struct slice value;
};

/* X(verdict, name, sentence). Only the first three are history. */
#define JOURNAL_VERDICTS(X)                                                                                            \
    X(VERDICT_GENESIS, "genesis", "accepted: the journal begins")                                                      \
    X(VERDICT_CLAIM, "claim", "accepted: a new owner")                                                                 \
    X(VERDICT_ENTRY, "entry", "accepted: an outcome")                                                                  \
    X(VERDICT_STOP_NO_GENESIS, "stop_no_genesis", "the record at offset 0 is no Genesis: this is no journal")          \
    X(VERDICT_STOP_WRONG_JOURNAL, "stop_wrong_journal", "the Genesis names another environment, service or locality")  \
    X(VERDICT_BEFORE_GENESIS, "before_genesis", "rejected: nothing is history before Genesis")                         \
    X(VERDICT_SECOND_GENESIS, "second_genesis", "rejected: a Genesis after the first")                                 \
    X(VERDICT_UNREADABLE, "unreadable", "rejected: the strict reader refuses the bytes")                               \
    X(VERDICT_TIMESTAMP_TYPE, "timestamp_type", "rejected: the timestamp is not the broker's")                         \
    X(VERDICT_CLAIM_EPOCH, "claim_epoch", "rejected: the claim's epoch is not the next one")                           \
    X(VERDICT_ENTRY_EPOCH, "entry_epoch", "rejected: the entry's epoch is not the current one")                        \
    X(VERDICT_ENTRY_OWNER, "entry_owner", "rejected: the entry's owner is not the current one")                        \
    X(VERDICT_ENTRY_NUMBER, "entry_number", "rejected: the entry's number is not the next one")                        \
    X(VERDICT_ENTRY_PREV, "entry_prev", "rejected: decided on another history")                                        \
    X(VERDICT_ENTRY_RESUME, "entry_resume", "rejected: resume_at goes back")                                           \
    X(VERDICT_ENTRY_TIME_BACK, "entry_time_back", "rejected: decided_at goes back")                                    \
    X(VERDICT_ENTRY_TIME_AHEAD, "entry_time_ahead", "rejected: decided_at is more than a minute ahead of the log")

enum journal_verdict {
#define X(verdict, name, sentence) verdict,
    JOURNAL_VERDICTS(X)
#undef X
};

const char *journal_verdict_name(enum journal_verdict verdict);
const char *journal_verdict_sentence(enum journal_verdict verdict);
static inline bool journal_verdict_accepts(enum journal_verdict verdict) {
    return verdict <= VERDICT_ENTRY;
}
static inline bool journal_verdict_stops(enum journal_verdict verdict) {
    return verdict == VERDICT_STOP_NO_GENESIS || verdict == VERDICT_STOP_WRONG_JOURNAL;
}

/* Judges one record. chained = BLAKE2b-128(state->prev || logged->value), handed in because the rule does not hash.
 * On an accepting verdict *state becomes the state after the record; on any other it is left untouched.
 * An entry's prev is compared last: VERDICT_ENTRY_PREV means that prev alone is wrong.
 * *ret_record is filled whenever the strict reader could read the bytes (also for rejected ones, so that the replica
 * can recognise its own), and *ret_is_readable says so. */
enum journal_verdict journal_accept(struct journal_state *state, const struct journal_identity *identity,
                                    const struct logged *logged, struct digest chained,
                                    struct journal_record *ret_record, bool *ret_is_readable);

/* An entry that is wrong in prev alone, or of an epoch above the state's, is a reason to read again from `applied`
 * (journal.md section 4, "On suspicion"). */
bool journal_is_suspicious(const struct journal_state *state, const struct entry *entry, enum journal_verdict verdict);

enum { JOURNAL_STATE_SIZE = 160 };
/* The state as stored bytes, fixed size, versioned by the store's format. */
void journal_state_write(const struct journal_state *state, uint8_t ret_bytes[JOURNAL_STATE_SIZE]);
bool journal_state_read(struct slice bytes, struct journal_state *ret_state);

#endif
