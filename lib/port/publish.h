/* Appending to topics in Kafka transactions, each with a position in another topic: a reader that asks for committed
 * records sees all of a transaction or nothing, and so does whoever asks for the position. The real one is
 * lib/port/kafka/kafka_publisher.c, the twin lib/port/fake/publish.c. Rules: journal.md section 9, reliability.md 1.1 and 7.
 *
 * One thread. Unlike the other ports it waits: each call but append and drop for at most PUBLISH_WAIT_MS, then it answers
 * PUBLISH_RETRY. So it is never called on the loop's or the replica's thread. */
#ifndef BHR_PORT_PUBLISH_H
#define BHR_PORT_PUBLISH_H

#include "lib/port/topic.h"

enum { PUBLISH_WAIT_MS = 1000, PUBLISH_NOTE_MAX = 1024, PUBLISH_HEADER_MAX = 32 };

enum publish_result {
    PUBLISH_OK,
    PUBLISH_RETRY,   /* nothing is known yet: make the same call again */
    PUBLISH_ABORTED, /* this transaction cannot be committed any more: drop, start, and begin at the recovered position */
    PUBLISH_FENCED, /* a newer producer has the same transactional id: this one must stand back */
    PUBLISH_FAILED, /* anything else, a right that is missing included; the producer is of no use any more */
};

/* Where reading goes on, and what its owner keeps beside it: text, so that Kafka's own tools can show it. */
struct publish_position {
    int64_t offset;
    struct slice note; /* at most PUBLISH_NOTE_MAX bytes */
};

struct publish_recovered {
    bool is_known; /* false: no position was ever committed, or it has expired */
    int64_t offset;
    size_t note_size; /* PUBLISH_NOTE_MAX + 1: it was longer than that, and is not shown */
    uint8_t note[PUBLISH_NOTE_MAX];
};

/* The end of a topic as readers of committed records see it. */
struct publish_tail {
    bool is_settled; /* they see up to its end; false: a transaction is open, or hangs */
    bool has_record; /* they see any record at all */
    size_t value_size;
    char
        value[PUBLISH_HEADER_MAX]; /* of the header that was asked for, in the last record they see; empty without it */
};

struct publish_port {
    void *context;
    /* A producer: every earlier one with this transactional id is fenced and its open transaction aborted. */
    enum publish_result (*start)(void *context);
    /* The position that was committed last, no transaction pending on it. */
    enum publish_result (*recover)(void *context, struct publish_recovered *ret_recovered);
    /* range: of the topic, as topic_admin tells it now. */
    enum publish_result (*tail)(void *context, const char *topic, struct topic_range range, const char *header,
                                struct publish_tail *ret_tail);
    /* Ends every transaction of this transactional id that hangs in one of its topics or on its position, as aborted: one
     * of a producer before, whose end a broker forgot to write when it was itself restarted (docs/adr/0010). From then on
     * the topics themselves refuse what is still on its way from a producer before. Leaves one aborted record in each
     * topic. Its own end may still be under way when it returns: tail and recover say when nothing is. */
    enum publish_result (*settle)(void *context);
    /* PUBLISH_ABORTED, too, when a connection was lost since start: what the last transaction came to must be looked up. */
    enum publish_result (*begin)(void *context);
    /* Copies and queues, never waits; the token is not used. */
    enum publish_result (*append)(void *context, const struct topic_append *append);
    /* All that was appended since begin, and the position. *ret_is_clean is told with PUBLISH_OK: false when something
     * uncertain happened on the way; this producer must then be dropped, because a request of it that is still under way
     * could end its next transaction (reliability.md section 7). */
    enum publish_result (*commit)(void *context, const struct publish_position *position, bool *ret_is_clean);
    /* Ends the open transaction, so that readers need not wait for its time-out. A courtesy only: drop and start do it. */
    void (*abort)(void *context);
    /* Forgets the producer; start makes another. Harmless when there is none. */
    void (*drop)(void *context);
    /* What the last result other than PUBLISH_OK was about, for the log: static or until the next call. */
    const char *(*reason)(void *context);
};

#endif
