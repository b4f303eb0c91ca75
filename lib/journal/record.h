/* The three kinds of record of a journal, and the strict reader and writer of their bytes (journal.md section 2).
 * Schema: proto/bhr/journal/v1/journal.proto. Pure: no I/O, clock, allocation or hashing. */
#ifndef BHR_JOURNAL_RECORD_H
#define BHR_JOURNAL_RECORD_H

#include "lib/base/buffer.h"
#include "lib/base/id.h"
#include "lib/base/timers.h"

enum {
    JOURNAL_NAME_MAX = 64,           /* environment, service, locality, source: bytes */
    JOURNAL_EVENTS_MAX = 4,          /* events in one entry */
    JOURNAL_RECORD_MAX = 256 * 1024, /* bytes of one encoded record; a larger one is the outcome too_large */
};

/* Where in the command log: the generation of the command topic, then the offset in it. Compared as a pair. */
struct position {
    uint32_t generation;
    int64_t offset;
};

static inline int position_compare(struct position a, struct position b) {
    if (a.generation != b.generation) return a.generation < b.generation ? -1 : 1;
    return a.offset < b.offset ? -1 : a.offset > b.offset ? 1 : 0;
}

struct journal_name {
    uint8_t size;
    char text[JOURNAL_NAME_MAX];
};
static inline struct slice journal_name_slice(const struct journal_name *name) {
    return slice_of(name->text, name->size);
}
/* False (and *ret_name untouched) when text is empty or too long. */
bool journal_name_set(struct journal_name *ret_name, struct slice text);

/* One piece of work: a command by its offset, or a timer by its id (journal.md section 6). */
enum work_kind { WORK_NONE = 0, WORK_COMMAND = 1, WORK_TIMER = 2 };
struct work {
    enum work_kind kind;
    struct position position; /* of a command, else zeros */
    struct timer_id timer;    /* of a timer, else zeros */
};
bool work_equal(const struct work *a, const struct work *b);

struct genesis {
    struct id128 journal_id;
    struct journal_name environment, service, locality;
    struct position starts_at; /* the command log's end when the journal began */
};

struct claim {
    uint64_t epoch;
    struct id128 owner;
    struct work crashed_at; /* what this process was doing when it last died; WORK_NONE if nothing */
    struct slice software;  /* body, for humans: version text */
    struct slice host;      /* body, for humans: which machine and process */
    uint32_t apply_version; /* body */
};

enum entry_kind {
    ENTRY_COMMAND, /* the outcome of a command: source, command_id, command_digest, command_offset are set */
    ENTRY_TIMER,   /* a timer fired (or was set aside): timer is set */
    ENTRY_GAP,     /* expired_undecided: commands that retention or a lost command topic took away undecided */
};

/* One outcome and all its events (journal.md section 2). */
struct entry {
    /* What the rule reads. */
    uint64_t epoch;
    struct id128 owner;
    uint64_t number;
    struct digest prev;
    struct position resume_at;
    int64_t decided_at_ms;
    enum entry_kind kind;
    struct journal_name source; /* ENTRY_COMMAND only, as the next three */
    struct uuid command_id;
    struct digest command_digest;
    struct position command_at; /* generation and offset of the command */
    struct timer_id timer;      /* ENTRY_TIMER only */
    struct slice body;          /* the encoded body fields, opaque to the rule; borrowed */
};

enum record_kind { RECORD_GENESIS, RECORD_CLAIM, RECORD_ENTRY };

struct journal_record {
    enum record_kind kind;
    union {
        struct genesis genesis;
        struct claim claim;
        struct entry entry;
    } as;
};

/* Strict: every field of the rule exactly once (crashed_at at most once), right type and length, shortest varints,
 * nothing unknown among the rule's numbers (1-15 of each message); fields from 16 up of Genesis, Claim and Entry are
 * body and only walked over. False: not history, and *ret_record is untouched.
 * Slices in *ret_record are borrowed from value. */
bool journal_record_read(struct slice value, struct journal_record *ret_record);
/* Appends the record's bytes to out, whole or not at all: out->is_full tells when they did not fit or the record is
 * over JOURNAL_RECORD_MAX. read(write(r)) == r. */
void journal_record_write(const struct journal_record *record, struct buffer *out);
/* The same for an entry that is not inside a journal_record. entry->body must hold body fields only. */
void journal_entry_write(const struct entry *entry, struct buffer *out);

/* The body of an Entry: what was decided. Read only after the entry was accepted. */
struct entry_body {
    uint32_t schema;          /* lowest apply version able to read it */
    uint32_t outcome;         /* code from outcome_common.def or the service's outcome.def */
    struct slice answer;      /* the reply body the caller was given: the service's response message, or empty */
    uint64_t repeats;         /* number of the entry whose answer this one repeats; 0: none */
    struct position gap_from; /* ENTRY_GAP: first and one past the last command lost undecided */
    struct position gap_to;
    struct slice detail; /* which field could not be read, or why the door refused; never its content */
    uint32_t event_count;
    struct slice events[JOURNAL_EVENTS_MAX]; /* the service's event messages, in order */
    struct slice correlation_id;             /* of a command, as its caller sent it; may be empty */
    struct slice method;                     /* of a command, the name alone: "Book"; may be empty */
};

/* False when the body cannot be decoded: the replica stops (journal.md section 2). Slices are borrowed. */
bool entry_body_read(struct slice body, struct entry_body *ret_body);
void entry_body_write(const struct entry_body *body, struct buffer *out);
/* How many bytes entry_body_write appends. */
size_t entry_body_size(const struct entry_body *body);
/* The owner's short way: writes entry with this body in place of entry->body, in one pass, so that answer and events
 * are copied once. The bytes are those of entry_body_write followed by journal_entry_write. */
void journal_entry_write_with_body(const struct entry *entry, const struct entry_body *body, struct buffer *out);

#endif
