/* Request topics as the suite sees them: one topic for each outside system, read through one consumer group by the doors
 * of all processes of a service. Nothing here waits. The real one is lib/port/kafka/kafka_intake.c, the tests' is
 * lib/port/fake/intake.h.
 *
 * A *lane* is one partition of one request topic while the group has given it to this process. Lanes are numbered from 0
 * to INTAKE_LANES_MAX - 1; a number is used again only after INTAKE_TAKEN was told of it. Each lane is read by itself:
 * whoever takes nothing from one for a while stops nothing but that one, and what is fetched ahead of it is bounded.
 *
 * At least once: reading begins where the group's committed offset is, and what was not committed comes again, here or in
 * another process. */
#ifndef BHR_PORT_INTAKE_H
#define BHR_PORT_INTAKE_H

#include "lib/base/slice.h"
#include "lib/base/status.h"

enum { INTAKE_TOPICS_MAX = 64, INTAKE_LANES_MAX = 2 * INTAKE_TOPICS_MAX, INTAKE_REASON_MAX = 160 };

/* The headers of a record that mean something (design section 6), each the last of its name. X(NAME, "name") */
#define INTAKE_HEADERS(X)                                                                                              \
    X(TYPE, "ce_type")                                                                                                 \
    X(ID, "ce_id")                                                                                                     \
    X(TIME, "ce_time")                                                                                                 \
    X(CORRELATION, "ce_correlationid")                                                                                 \
    X(CONTENT_TYPE, "content-type")                                                                                    \
    X(TRACEPARENT, "traceparent")                                                                                      \
    X(USER_TOKEN, "bhr_usertoken")

enum intake_header {
#define X(NAME, name) INTAKE_HEADER_##NAME,
    INTAKE_HEADERS(X)
#undef X
        INTAKE_HEADER_COUNT,
};

struct intake_record {
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms; /* 0 when the record has none */
    struct slice value;
    bool has_header[INTAKE_HEADER_COUNT];
    struct slice headers[INTAKE_HEADER_COUNT];
};

enum intake_event_kind {
    INTAKE_NOTHING,
    INTAKE_GIVEN,   /* the lane is ours from now on */
    INTAKE_TAKEN,   /* it is not ours any more: what was not committed comes again elsewhere */
    INTAKE_TROUBLE, /* something that an operator should know; reading goes on by itself */
};

struct intake_event {
    enum intake_event_kind kind;
    uint32_t lane;  /* of GIVEN, TAKEN */
    uint32_t topic; /* of GIVEN: index into the topics that the intake was opened with */
    int32_t partition;
    const char *reason; /* of TROUBLE: borrowed until the next poll */
};

struct intake_port {
    void *context;
    /* Serves the group; the next event, INTAKE_NOTHING when there is none now. At least once a second. */
    void (*poll)(void *context, struct intake_event *ret_event);
    /* The next record of a lane that is ours, in rising order of offsets; false when there is none now. Borrowed until the
     * next call of take or poll. */
    bool (*take)(void *context, uint32_t lane, struct intake_record *ret_record);
    /* Everything below `offset` of that lane is done. Kept, and handed to the group soon. */
    void (*done)(void *context, uint32_t lane, int64_t offset);
    /* Something that was taken could not be kept: every lane is taken away (INTAKE_TAKEN), and what is not committed comes
     * again after a moment, here or in another process. */
    void (*begin_again)(void *context);
    /* How many records of the lane lie in the topic at or above what is done, as far as known. */
    int64_t (*lag)(void *context, uint32_t lane);
};

#endif
