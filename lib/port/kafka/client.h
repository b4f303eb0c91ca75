/* Private to lib/port/kafka: one librdkafka handle with its queue and the topics it knows, and the short-lived threads
 * for what would block. A client belongs to the thread that opened it until kafka_client_discard takes it away. */
#ifndef BHR_PORT_KAFKA_CLIENT_H
#define BHR_PORT_KAFKA_CLIENT_H

#include "lib/port/kafka/kafka.h"

#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdatomic.h>

enum { KAFKA_CLIENT_TOPICS_MAX = 8 };

struct kafka_client;

/* One topic, whose leader is being asked for on a thread of its own: without that the first append or fetch waits for a
 * timer of one second (reliability.md 1.2, W2). */
struct kafka_client_topic {
    struct kafka_client *client;
    rd_kafka_topic_t *handle;
    pthread_t warmer;
    bool has_warmer;
};

struct kafka_client {
    rd_kafka_t *handle;
    rd_kafka_queue_t *queue; /* consumer queue of a consumer, main queue of a producer */
    rd_kafka_type_t type;
    struct kafka_log log;
    atomic_bool is_ending;
    atomic_uint sockets_closed; /* counted after kafka_conf_count_closed */
    bool leaves_group;          /* discarding closes the consumer in order, so that it leaves its group */
    uint32_t topic_count;
    struct kafka_client_topic topics[KAFKA_CLIENT_TOPICS_MAX];

    /* Errors that belong to no partition, told by librdkafka while the owning thread polls a consumer. */
    bool has_lost_connection, has_failed;
    char reason[KAFKA_REASON_MAX];

    /* Of a group member: what the rebalances said. */
    const char *group_topic;
    int32_t group_partition;
    bool is_settled, is_assigned;

    /* A thread for one task that blocks; started and joined by the owning thread, or awaited at the client's end, which then
     * frees the task. */
    pthread_t helper;
    bool has_helper;
    void *helper_task;

    /* Of an intake: whom the callbacks are for. Theirs is the thread that polls, until the client is discarded. */
    struct kafka_intake *intake;
};

/* A configuration under way; the first setting that librdkafka refuses is kept in error. */
struct kafka_conf {
    rd_kafka_conf_t *conf;
    struct error error;
};
void kafka_conf_set(struct kafka_conf *conf, const char *name, const char *value);
void kafka_conf_set_number(struct kafka_conf *conf, const char *name, int value);
/* What all roles have in common; role is the end of the client id. */
void kafka_conf_begin(struct kafka_conf *conf, const struct kafka_options *options, const char *role);
/* Groups and offsets are no consumer's business but the member's. */
void kafka_conf_consumer(struct kafka_conf *conf, const struct kafka_options *options);
/* Counts each connection that ends, whoever ended it: librdkafka's own reports leave out what repeats within 30 s. */
void kafka_conf_count_closed(struct kafka_conf *conf);

/* Takes the configuration in every case. */
enum status kafka_client_open(struct kafka_conf *conf, const struct kafka_options *options, rd_kafka_type_t type,
                              int wake_fd, struct kafka_client **ret_client, struct error *reterr_error);
/* The topic by name, its leader asked for in the background. NULL when the table is full or the name is refused. */
rd_kafka_topic_t *kafka_client_topic(struct kafka_client *client, const char *name);
/* Silences the client and ends it on a thread of its own; accepts NULL. */
void kafka_client_discard(struct kafka_client **client_p);
/* Waits until everything discarded in this process has ended, at most timeout_ms. */
void kafka_client_wait_discarded(int timeout_ms);

/* True for errors that say no more than: the broker is not reachable now. */
bool kafka_is_transport(rd_kafka_resp_err_t code);
bool kafka_topic_name_is_good(const char *name);

#endif
