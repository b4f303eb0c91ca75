/* The publisher of one partition: every accepted entry of the journal becomes public records, each once and in order, in
 * transactions that carry the position in the journal (journal.md section 9). An explicit state machine:
 *
 *   IDLE --own--> STARTING --position known--> CONFIRMING --the record there is the same--> RUNNING <--> COMMITTING
 *    ^               ^   `-- no position and nothing published yet: commits the beginning --> COMMITTING
 *    |               +---- aborted, fenced, failed, or a commit that was not clean: another producer, the committed position
 *    +---- disown (from any state but STOPPED)
 *   any -> STOPPED: no position though something was published, a position that cannot be read, a cut or wrong journal;
 *                   stays so until an operator acts
 *
 * publisher_step does a bounded amount of work, one call that waits at most. It reads the journal with a reader of its own
 * and judges it with the journal's rule, so a zombie among publishers only ever emits true history, and is fenced.
 *
 * What makes each record come once: the position is in the same transaction as the records, a publisher begins at the
 * position that Kafka knows, never at one that it remembers, and what readers of the public topics see already is not
 * published again (docs/adr/0010). The beginning is committed before the first record, so that "no position" and "nothing
 * published" are the same thing; where they are not, nothing is published anew. */
#ifndef BHR_HOST_PUBLISHER_H
#define BHR_HOST_PUBLISHER_H

#include "lib/host/public_record.h"
#include "lib/journal/accept.h"
#include "lib/port/clock.h"
#include "lib/port/publish.h"
#include "lib/port/topic.h"

enum {
    PUBLISHER_BATCH_MAX = 10000,                 /* entries in one transaction, at most; options say how many */
    PUBLISHER_BATCH_BYTES_MAX = 4 * 1024 * 1024, /* and bytes of records, after which no further entry is added */
    PUBLISHER_KEEP_MS = 24 * 60 * 60 * 1000,     /* an idle position is committed again: offsets expire after 7 days */
    PUBLISHER_INTERVAL_MS = 50,                  /* between the beginnings of two transactions */
};

#define PUBLISHER_STATES(X)                                                                                            \
    X(PUBLISHER_IDLE, "idle")             /* another process publishes, or nobody */                                   \
    X(PUBLISHER_STARTING, "starting")     /* getting a producer and the committed position */                          \
    X(PUBLISHER_CONFIRMING, "confirming") /* reading the record at the position: it must be the same */                \
    X(PUBLISHER_RUNNING, "running")       /* reading, judging, appending */                                            \
    X(PUBLISHER_COMMITTING, "committing") /* a commit was asked for and has not answered yet */                        \
    X(PUBLISHER_STOPPED, "stopped")       /* stays so until an operator acts */

enum publisher_state {
#define X(state, name) state,
    PUBLISHER_STATES(X)
#undef X
};
const char *publisher_state_name(enum publisher_state state);

/* Why a publisher stopped. X(reason, name, sentence for the operator). */
#define PUBLISHER_STOPS(X)                                                                                             \
    X(PUBLISHER_STOP_NONE, "none", "it has not stopped")                                                               \
    X(PUBLISHER_STOP_NO_POSITION, "no_position",                                                                       \
      "events were published, but no position is known: nothing is published a second time")                           \
    X(PUBLISHER_STOP_NOTE, "position_unreadable", "the committed position cannot be read by this version")             \
    X(PUBLISHER_STOP_TAIL, "tail_unreadable", "the last public record does not say which entry it comes from")         \
    X(PUBLISHER_STOP_CUT, "journal_cut", "the journal lost records that were published")                               \
    X(PUBLISHER_STOP_NO_JOURNAL, "no_journal", "the topic holds no journal: its first record is no Genesis")           \
    X(PUBLISHER_STOP_WRONG_JOURNAL, "wrong_journal", "the journal is another one than was published")                  \
    X(PUBLISHER_STOP_BODY, "unreadable_body", "an accepted entry cannot be read by this version: install a newer one")

enum publisher_stop {
#define X(reason, name, sentence) reason,
    PUBLISHER_STOPS(X)
#undef X
};
const char *publisher_stop_name(enum publisher_stop reason);
const char *publisher_stop_sentence(enum publisher_stop reason);

/* Whoever wants to hear of it: metrics and log. Called on the publisher's thread. */
struct publisher_listener {
    void *context;
    void (*moved)(void *context, enum publisher_state from, enum publisher_state to, const char *why);
    void (*alarm)(void *context, const char *name, const char *text);
    /* A transaction was committed; logged_ms are the broker's times of its entries. */
    void (*committed)(void *context, uint32_t entry_count, uint32_t record_count, const int64_t *logged_ms);
    /* A producer was given up: PUBLISH_ABORTED, FENCED, FAILED, or PUBLISH_OK after a commit that was not clean. */
    void (*gave_up)(void *context, enum publish_result result, const char *why);
};

struct publisher_ports {
    struct topic_reader journal;
    struct topic_admin admin;
    struct publish_port producer;
    struct clock_port clock;
    struct digest (*hash)(struct slice a, struct slice b);
    /* What an accepted entry of that journal is to the public: public_records_of_entry (lib/host/public_record.h). */
    uint32_t (*records)(const void *context, struct id128 journal_id, const struct entry *entry, struct arena *arena,
                        struct public_record ret_records[PUBLIC_RECORDS_MAX]);
    const void *records_context;
    struct publisher_listener listener;
};

struct publisher_options {
    struct journal_identity identity;
    const char *journal_topic, *event_topic, *dead_topic;
    uint32_t batch_max;
    int64_t interval_ms, keep_ms;
};

struct publisher;

/* NULL when there is no memory. */
struct publisher *publisher_new(const struct publisher_options *options, const struct publisher_ports *ports);
void publisher_free(struct publisher *publisher);

/* Whether this process owns the partition: only then it publishes. Losing it ends an open transaction in order. */
void publisher_own(struct publisher *publisher, bool is_owner);

/* One bounded step. Returns in how many milliseconds the next one is due at the latest; 0 means at once. */
int publisher_step(struct publisher *publisher);

struct publisher_view {
    enum publisher_state state;
    enum publisher_stop stop;
    uint64_t number;  /* of the last entry that is published */
    int64_t level_ms; /* monotonic: when everything in the journal was last known to be published; 0 for never */
    uint64_t transactions, entries, records, aborted, fenced, failed, recycled;
};
void publisher_look(const struct publisher *publisher, struct publisher_view *ret_view);

#endif
