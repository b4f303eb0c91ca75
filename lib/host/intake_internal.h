/* What the files intake*.c share, and nobody else includes; but for intake_request, which stands alone.
 *   intake.c        the step, and the door's socket: records out, replies in
 *   intake_lane.c   the records of one lane that are not done, in their order
 *   intake_note.c   what the command log is told of records that leave no entry by themselves
 * Everything here runs on the loop's thread. */
#ifndef BHR_HOST_INTAKE_INTERNAL_H
#define BHR_HOST_INTAKE_INTERNAL_H

#include "lib/base/assert.h"
#include "lib/host/intake.h"
#include "lib/host/intake_request.h"
#include "lib/host/replica.h"
#include "lib/wire/exchange/exchange.h"

enum {
    INTAKE_EVENTS_PER_STEP_MAX = 2 * INTAKE_LANES_MAX,
    INTAKE_TAKES_PER_REQUEST_MAX = 64, /* records refused here while one for the door is looked for */
    INTAKE_PAUSE_MS = 200,             /* of a lane, when the door does not say how long */
    INTAKE_PAUSE_MS_MAX = 5000,
    INTAKE_NOTE_MS_MAX = 10000, /* without a report for so long, a note is appended again */
    INTAKE_IDLE_MS_MAX = 1000,
};

enum intake_state {
    INTAKE_FREE,
    INTAKE_WAITS,   /* for its turn at the door */
    INTAKE_AT_DOOR, /* until the reply */
    INTAKE_TO_NOTE, /* until the command log takes its note */
    INTAKE_NOTED,   /* until the delivery report */
    INTAKE_IS_DONE, /* until everything before it is */
};

/* One record that is not done. */
struct intake_item {
    enum intake_state state;
    int64_t offset;
    int64_t due_ms; /* monotonic; TO_NOTE: when to append, NOTED: when to append again */
    const struct service_method *method;
    struct uuid id;
    struct digest digest;
    uint8_t *bytes; /* correlation id, traceparent, user token, value; owned; NULL when done */
    size_t correlation_size, traceparent_size, token_size, value_size;
    bool is_refusal; /* of a note; else it asks for the first answer again */
    char refused[EXCHANGE_OUTCOME_MAX + 1];
    char detail[COMMAND_DETAIL_MAX + 1];
};

static inline size_t intake_item_size(const struct intake_item *item) {
    return item->correlation_size + item->traceparent_size + item->token_size + item->value_size;
}

/* items is a ring: the item of sequence s lies at s % INTAKE_LANE_RECORDS_MAX, from `first` on, `count` of them. */
struct intake_lane {
    bool is_open;
    uint32_t lease; /* of this use of the number, so that late replies and reports are recognised */
    uint32_t topic;
    int32_t partition;
    int64_t paused_until_ms; /* monotonic */
    uint32_t first, count;
    uint32_t waiting_count; /* of them in INTAKE_WAITS */
    uint32_t note_count;    /* of them in INTAKE_TO_NOTE or INTAKE_NOTED */
    struct intake_item *items;
};

struct intake_refusals {
    int64_t milli_tokens, refilled_ms;
};

struct intake {
    struct intake_options options;
    struct intake_ports ports;
    struct intake_listener listener;
    const struct policy *policy;
    struct intake_lane lanes[INTAKE_LANES_MAX];
    struct intake_refusals refusals[INTAKE_TOPICS_MAX]; /* by topic */
    uint32_t lane_next;                                 /* whose turn at the door it is */
    uint32_t record_count;
    size_t byte_count;
    bool is_draining, has_left, has_topic;
    uint32_t generation;
    char command_topic[REPLICA_TOPIC_MAX];
    int64_t wall_ms, monotonic_ms;
    uint8_t header[EXCHANGE_REQUEST_HEADER_MAX]; /* of the request in hand */
    uint8_t detail[EXCHANGE_TEXT_MAX + 32];      /* of the refusal in hand */
};

void intake_read_clocks(struct intake *intake);
const char *intake_system(const struct intake *intake, const struct intake_lane *lane);

/* Names one use of one item: it comes back in replies and reports. */
uint64_t intake_token(const struct intake *intake, const struct intake_lane *lane, const struct intake_item *item);
/* NULL when that use is over. */
struct intake_item *intake_by_token(struct intake *intake, uint64_t token, struct intake_lane **ret_lane);

/* intake_lane.c */
/* False when there is no memory: then nothing is read from it until it is given again. */
bool intake_lane_open(struct intake *intake, struct intake_lane *lane, uint32_t topic, int32_t partition);
void intake_lane_close(struct intake *intake, struct intake_lane *lane);
bool intake_lane_has_room(const struct intake *intake, const struct intake_lane *lane);
/* The record as an item in INTAKE_WAITS; NULL when there is no memory. */
struct intake_item *intake_lane_add(struct intake *intake, struct intake_lane *lane, const struct intake_record *record,
                                    const struct intake_request *request);
/* The first that waits, or NULL. */
struct intake_item *intake_lane_waiting(struct intake_lane *lane);
struct intake_item *intake_lane_at(const struct intake_lane *lane, uint32_t sequence);
void intake_lane_set(struct intake *intake, struct intake_lane *lane, struct intake_item *item,
                     enum intake_state state);
/* Tells the group how far everything is done, and forgets that. True when something was. */
bool intake_lane_settle(struct intake *intake, uint32_t lane_number);

/* intake_note.c */
void intake_refuse(struct intake *intake, struct intake_lane *lane, struct intake_item *item, const char *outcome,
                   struct slice detail);
void intake_repeat(struct intake *intake, struct intake_lane *lane, struct intake_item *item);
void intake_take_reports(struct intake *intake);
/* Appends what is due; returns in how many milliseconds the next is. */
int intake_append_due(struct intake *intake, struct intake_lane *lane);

void intake_finish(struct intake *intake, struct intake_lane *lane, struct intake_item *item,
                   enum intake_result result);

#endif
