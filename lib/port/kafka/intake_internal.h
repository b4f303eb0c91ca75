/* Private to kafka_intake*.c.
 *   kafka_intake.c          the group, its lanes and their records; commits
 *   kafka_intake_delete.c   deletes from the topics what the group has committed
 * One thread, the one that polls; librdkafka's callbacks run on it too. */
#ifndef BHR_PORT_KAFKA_INTAKE_INTERNAL_H
#define BHR_PORT_KAFKA_INTAKE_INTERNAL_H

#include "lib/port/kafka/client.h"

/* One partition of a topic. Free: neither ours nor told. It is told to the host after the group has said so. */
struct intake_lane {
    bool is_ours, is_told;
    uint32_t topic;
    int32_t partition;
    rd_kafka_queue_t *queue; /* of the partition; while it is ours */
    int64_t first;           /* offset of the first record taken, -1 for none */
    int64_t next;            /* offset behind the last record taken, -1 for none: a smaller one must not follow */
    int64_t done;            /* everything below it is done, -1 for nothing */
    int64_t committed;       /* what a commit was last sent for, -1 for none */
};

struct intake_deletion {
    int64_t every_ms, due_ms; /* due_ms is monotonic */
};

struct kafka_intake {
    struct kafka_options options;
    int wake_fd;
    uint32_t topic_count;
    const char *topics[INTAKE_TOPICS_MAX];
    char group[KAFKA_NAME_MAX];
    struct kafka_client *client;  /* NULL between a failure and the next try */
    int64_t reopen_ms, commit_ms; /* monotonic: when to try again, when to commit again */
    struct intake_lane lanes[INTAKE_LANES_MAX];
    rd_kafka_message_t *current;
    struct intake_deletion deletion;
    bool has_trouble;
    char trouble[INTAKE_REASON_MAX];
};

int64_t kafka_intake_now_ms(void);
/* Told to the host with the next poll; the first of several stays. */
void kafka_intake_trouble(struct kafka_intake *intake, const char *what, const char *reason);
/* NULL when it is not ours. */
struct intake_lane *kafka_intake_lane(struct kafka_intake *intake, const char *topic, int32_t partition);

/* kafka_intake_delete.c; step never waits. */
void kafka_intake_delete_step(struct kafka_intake *intake);

#endif
