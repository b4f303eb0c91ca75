/* Kafka as the suite sees it: readers with an explicit offset, a writer whose reports are hints, and a membership that
 * only says who should claim. Nothing here waits: the replica's thread waits in waiter.h. The real one is
 * lib/port/kafka, the simulator's is lib/port/fake. Rules: journal.md sections 4, 5 and 7. */
#ifndef BHR_PORT_TOPIC_H
#define BHR_PORT_TOPIC_H

#include "lib/base/slice.h"
#include "lib/base/status.h"

enum { TOPIC_HEADERS_MAX = 16, TOPIC_NAME_MAX = 120, TOPIC_VALUE_MAX = 1024 * 1024 };

struct topic_header {
    struct slice name, value;
};

struct topic_record {
    int64_t offset;
    int64_t timestamp_ms;
    bool is_log_append_time;
    struct slice key, value;
    uint32_t header_count; /* headers beyond TOPIC_HEADERS_MAX are not shown */
    struct topic_header headers[TOPIC_HEADERS_MAX];
};

/* The first header of that name; false when there is none. */
static inline bool topic_header_find(const struct topic_record *record, const char *name, struct slice *ret_value) {
    for (uint32_t i = 0; i < record->header_count; i++) {
        if (!slice_equal(record->headers[i].name, slice_text(name))) continue;
        *ret_value = record->headers[i].value;
        return true;
    }
    return false;
}

enum topic_event_kind {
    TOPIC_NOTHING,      /* nothing is there now */
    TOPIC_RECORD,       /* the next record, in rising offset order */
    TOPIC_END,          /* the reader has reached the partition's end; offset = where the next record will lie */
    TOPIC_OUT_OF_RANGE, /* the offset asked for does not exist (any more) */
    TOPIC_DISCONNECTED, /* the broker connection was lost; reading goes on by itself, but start again at `applied` */
    TOPIC_FAILED,       /* any other consumer error: this reader is dead until assign is called again */
};

struct topic_event {
    enum topic_event_kind kind;
    struct topic_record record; /* of TOPIC_RECORD: borrowed until the next call on this reader */
    int64_t offset;             /* of TOPIC_END */
    const char *reason;         /* of OUT_OF_RANGE, DISCONNECTED, FAILED: for the log; static or borrowed */
};

/* Reads one partition from an explicit offset, read_uncommitted, never commits. */
struct topic_reader {
    void *context;
    /* (Re)starts reading AT offset of the topic; drops whatever was fetched before. A topic that does not exist answers
     * STATUS_NOT_FOUND or later TOPIC_FAILED. */
    enum status (*assign)(void *context, const char *topic, int64_t offset, struct error *reterr_error);
    /* Stops reading; nothing is reported until the next assign. Harmless when not assigned. */
    void (*unassign)(void *context);
    /* Takes the next event, never waits. */
    void (*poll)(void *context, struct topic_event *ret_event);
    /* About how many records poll could give now. A hint for grouping, nothing else. */
    uint32_t (*waiting)(void *context);
};

struct topic_append {
    const char *topic;
    struct slice key, value;
    uint32_t header_count;
    const struct topic_header *headers; /* copied */
    uint64_t token;                     /* comes back in the report */
};

enum topic_report_result {
    TOPIC_DELIVERED, /* offset is known */
    TOPIC_REFUSED,   /* certainly not in the log */
    TOPIC_UNCERTAIN, /* timed out or connection lost: it may still be there, or land later */
};

struct topic_report {
    uint64_t token;
    enum topic_report_result result;
    int64_t offset;     /* of TOPIC_DELIVERED, -1 when unknown */
    const char *reason; /* static text */
};

/* Appends to the one partition this process's locality has. Idempotent producer, acks=all. */
struct topic_writer {
    void *context;
    /* Copies and queues; never waits. STATUS_FULL when the local queue is full, STATUS_UNAVAILABLE when there is no
     * producer to be had, or when the one there was has failed for good: the next append then gets another.
     * What is appended while earlier records are on their way may wait for their reports: whoever appends goes on taking
     * reports, also when it waits for something else. */
    enum status (*append)(void *context, const struct topic_append *append);
    /* Takes the next delivery report; false when there is none. */
    bool (*report)(void *context, struct topic_report *ret_report);
    /* Purges everything queued or in flight and destroys the producer (no reports come for it any more); the next append
     * opens a new one. An owner id is never used with a new producer (journal.md section 4). */
    void (*drop)(void *context);
};

/* Who should claim: a consumer group on the command topic; liveness only (journal.md section 4). */
struct membership_view {
    bool is_member;   /* join was called and leave was not */
    bool is_settled;  /* no rebalance is under way, as far as known */
    bool is_assigned; /* the partition was ours after the last finished rebalance: a level, not an edge */
};

struct membership {
    void *context;
    void (*join)(void *context);
    void (*leave)(void *context);
    /* Serves the group's events and shows the level; never waits. Must be called at least once a second. */
    struct membership_view (*poll)(void *context);
    /* Where the next decision starts, left with the group for Kafka's own tools to show lag; the suite never reads it. Never
     * waits, and may come to nothing. Only while a member. */
    void (*show)(void *context, const char *topic, int64_t offset);
};

/* First and one-past-last offset of the partition. Asks the broker; waits at most timeout_ms. */
struct topic_range {
    int64_t start, end;
};
struct topic_admin {
    void *context;
    /* STATUS_NOT_FOUND when there is no such topic. */
    enum status (*range)(void *context, const char *topic, int timeout_ms, struct topic_range *ret_range,
                         struct error *reterr_error);
};

#endif
