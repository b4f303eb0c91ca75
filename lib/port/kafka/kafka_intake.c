/* Request topics: struct intake_port over one consumer of the group "<service>-doors". It owns the consumer, the queue of
 * each partition it was given and the record being looked at. One thread, never waits.
 *
 * Each partition keeps its own queue instead of flowing into the consumer's: whoever does not take from one lets it fill
 * to fetch_queue_kib_max, and librdkafka then fetches no more of it. So nothing is ever paused, resumed or sought, which
 * 2.0.2 does not do reliably (reliability.md 1.4, 1.5). A queue that the application has forwarded once stays so through
 * later assignments.
 *
 * The assignor is `roundrobin`, eager as `range` is: request topics have one partition each, and `range` would give all of
 * them to one member (docs/adr/0013). */
#include "lib/port/kafka/intake_internal.h"

#include "lib/base/assert.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    INTAKE_POLLS_MAX = 32,
    INTAKE_COMMIT_EVERY_MS = 200, /* what is redone after kill -9; a commit per record would load the coordinator */
    INTAKE_REOPEN_MS = 1000,
    INTAKE_FETCH_KIB_MAX = 1024,  /* fetched ahead of one partition */
    INTAKE_LOOK_EVERY_MS = 10000, /* for topics that were made since */
};

static void intake_poll(void *context, struct intake_event *ret_event);
static bool intake_take(void *context, uint32_t lane, struct intake_record *ret_record);
static void intake_done(void *context, uint32_t lane, int64_t offset);
static void intake_begin_again(void *context);
static int64_t intake_lag(void *context, uint32_t lane);
static void on_rebalance(rd_kafka_t *handle, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *partitions,
                         void *opaque);
static void on_commit(rd_kafka_t *handle, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *partitions,
                      void *opaque);
static enum status open_client(struct kafka_intake *intake, struct error *reterr_error);
static void close_client(struct kafka_intake *intake);
static void take_error(struct kafka_intake *intake, const rd_kafka_message_t *message);
static void commit(struct kafka_intake *intake);
static void forget_lanes(struct kafka_intake *intake);

enum status kafka_intake_open(const struct kafka_options *options, int wake_fd, const char *const *topics,
                              uint32_t topic_count, int64_t delete_every_ms, struct kafka_intake **ret_intake,
                              struct intake_port *ret_port, struct error *reterr_error) {
    ASSERT(topic_count > 0);
    ASSERT(delete_every_ms > 0);
    if (topic_count > INTAKE_TOPICS_MAX) {
        return error_set(reterr_error, STATUS_INVALID, "kafka: %u request topics; at most %d are read", topic_count,
                         INTAKE_TOPICS_MAX);
    }
    struct kafka_intake *intake = calloc(1, sizeof *intake);
    if (intake == NULL) return error_set(reterr_error, STATUS_NO_MEMORY, "kafka: no memory for an intake");
    intake->options = *options;
    intake->wake_fd = wake_fd;
    intake->topic_count = topic_count;
    memcpy(intake->topics, topics, topic_count * sizeof topics[0]);
    (void)snprintf(intake->group, sizeof intake->group, "%s-doors", options->service);
    intake->deletion.every_ms = delete_every_ms;
    intake->deletion.due_ms = kafka_intake_now_ms() + delete_every_ms;
    enum status status = open_client(intake, reterr_error);
    if (status != STATUS_OK) {
        free(intake);
        return status;
    }
    *ret_intake = intake;
    *ret_port = (struct intake_port){.context = intake,
                                     .poll = intake_poll,
                                     .take = intake_take,
                                     .done = intake_done,
                                     .begin_again = intake_begin_again,
                                     .lag = intake_lag};
    return STATUS_OK;
}

void kafka_intake_close(struct kafka_intake **intake_p) {
    struct kafka_intake *intake = *intake_p;
    *intake_p = NULL;
    if (intake == NULL) return;
    close_client(intake);
    kafka_client_wait_discarded(KAFKA_CLOSE_MS_MAX);
    free(intake);
}

/* Whatever the callbacks have changed in the lanes is told one by one: first what is not ours any more. */
static bool tell_lane(struct kafka_intake *intake, struct intake_event *ret_event) {
    for (int is_ours = 0; is_ours <= 1; is_ours++) {
        for (uint32_t i = 0; i < INTAKE_LANES_MAX; i++) {
            struct intake_lane *lane = &intake->lanes[i];
            if (lane->is_ours != (is_ours == 1) || lane->is_told == lane->is_ours) continue;
            lane->is_told = lane->is_ours;
            *ret_event = (struct intake_event){.kind = lane->is_ours ? INTAKE_GIVEN : INTAKE_TAKEN,
                                               .lane = i,
                                               .topic = lane->topic,
                                               .partition = lane->partition};
            return true;
        }
    }
    return false;
}

static void intake_poll(void *context, struct intake_event *ret_event) {
    struct kafka_intake *intake = context;
    ret_event->kind = INTAKE_NOTHING;
    if (intake->current != NULL) rd_kafka_message_destroy(intake->current);
    intake->current = NULL;
    int64_t now_ms = kafka_intake_now_ms();
    if (intake->client == NULL && now_ms >= intake->reopen_ms && open_client(intake, NULL) != STATUS_OK) {
        intake->reopen_ms = now_ms + INTAKE_REOPEN_MS;
    }
    for (int i = 0; i < INTAKE_POLLS_MAX && intake->client != NULL; i++) {
        /* Serves rebalances and the results of commits; what it returns can only be an error. */
        rd_kafka_message_t *message = rd_kafka_consumer_poll(intake->client->handle, 0);
        if (message == NULL) break;
        take_error(intake, message);
        rd_kafka_message_destroy(message);
    }
    if (intake->client != NULL && intake->client->has_failed) {
        kafka_intake_trouble(intake, "group", intake->client->reason);
        close_client(intake);
        intake->reopen_ms = now_ms + INTAKE_REOPEN_MS;
    }
    if (intake->client != NULL && now_ms >= intake->commit_ms) {
        intake->commit_ms = now_ms + INTAKE_COMMIT_EVERY_MS;
        commit(intake);
    }
    kafka_intake_delete_step(intake);
    if (tell_lane(intake, ret_event) || !intake->has_trouble) return;
    intake->has_trouble = false;
    *ret_event = (struct intake_event){.kind = INTAKE_TROUBLE, .reason = intake->trouble};
}

static void read_headers(const rd_kafka_message_t *message, struct intake_record *record) {
    static const char *const names[] = {
#define X(NAME, name) name,
        INTAKE_HEADERS(X)
#undef X
    };
    rd_kafka_headers_t *headers = NULL;
    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
    for (int i = 0; i < INTAKE_HEADER_COUNT; i++) {
        const void *value = NULL;
        size_t size = 0;
        if (rd_kafka_header_get_last(headers, names[i], &value, &size) != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
        record->has_header[i] = true;
        record->headers[i] = slice_of(value, value == NULL ? 0 : size);
    }
}

static bool intake_take(void *context, uint32_t lane_number, struct intake_record *ret_record) {
    struct kafka_intake *intake = context;
    ASSERT(lane_number < INTAKE_LANES_MAX);
    struct intake_lane *lane = &intake->lanes[lane_number];
    if (intake->current != NULL) rd_kafka_message_destroy(intake->current);
    intake->current = NULL;
    while (lane->is_ours && lane->is_told && intake->client != NULL) {
        rd_kafka_message_t *message = rd_kafka_consume_queue(lane->queue, 0);
        if (message == NULL) return false;
        if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            take_error(intake, message);
            rd_kafka_message_destroy(message);
            continue;
        }
        if (message->offset < lane->next) {
            /* The offset was out of range, so librdkafka began at the earliest: a leader that was paused believes for a
             * moment that it still leads, and its log ends earlier; or the log was cut. What is there is read again, once
             * all agree who leads. */
            kafka_intake_trouble(intake, rd_kafka_topic_name(message->rkt), "records came again; reading begins again");
            intake->client->has_failed = true;
            rd_kafka_message_destroy(message);
            return false;
        }
        lane->next = message->offset + 1;
        if (lane->first < 0) lane->first = message->offset;
        rd_kafka_timestamp_type_t type;
        int64_t timestamp_ms = rd_kafka_message_timestamp(message, &type);
        *ret_record = (struct intake_record){.partition = message->partition,
                                             .offset = message->offset,
                                             .timestamp_ms = timestamp_ms > 0 ? timestamp_ms : 0,
                                             .value = slice_of(message->payload, message->len)};
        read_headers(message, ret_record);
        intake->current = message;
        return true;
    }
    return false;
}

static void intake_done(void *context, uint32_t lane_number, int64_t offset) {
    struct kafka_intake *intake = context;
    ASSERT(lane_number < INTAKE_LANES_MAX);
    struct intake_lane *lane = &intake->lanes[lane_number];
    if (!lane->is_ours || !lane->is_told) return;
    ASSERT(offset >= lane->done);
    lane->done = offset;
}

/* With the next poll the member is replaced, as after an error of Kafka's. */
static void intake_begin_again(void *context) {
    struct kafka_intake *intake = context;
    if (intake->client == NULL) return;
    (void)snprintf(intake->client->reason, sizeof intake->client->reason, "reading begins again");
    intake->client->has_failed = true;
}

static int64_t intake_lag(void *context, uint32_t lane_number) {
    struct kafka_intake *intake = context;
    ASSERT(lane_number < INTAKE_LANES_MAX);
    const struct intake_lane *lane = &intake->lanes[lane_number];
    int64_t low = -1, high = -1, from = lane->done >= 0 ? lane->done : lane->first;
    if (!lane->is_ours || intake->client == NULL || from < 0) return 0;
    (void)rd_kafka_get_watermark_offsets(intake->client->handle, intake->topics[lane->topic], lane->partition, &low,
                                         &high);
    return high > from ? high - from : 0;
}

/* Sends what was done since the last time; a revocation sends the last of it before anybody else is given the partition. */
static void commit(struct kafka_intake *intake) {
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(4);
    for (uint32_t i = 0; i < INTAKE_LANES_MAX; i++) {
        struct intake_lane *lane = &intake->lanes[i];
        if (!lane->is_ours || lane->done <= lane->committed) continue;
        rd_kafka_topic_partition_list_add(list, intake->topics[lane->topic], lane->partition)->offset = lane->done;
        lane->committed = lane->done;
    }
    if (list->cnt > 0 && rd_kafka_commit(intake->client->handle, list, 1) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        on_commit(intake->client->handle, RD_KAFKA_RESP_ERR__FAIL, list, intake->client);
    }
    rd_kafka_topic_partition_list_destroy(list);
}

/* What could not be committed is sent again with the next commit, while the partition is ours. */
static void on_commit(rd_kafka_t *handle, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *partitions,
                      void *opaque) {
    (void)handle;
    struct kafka_client *client = opaque;
    if (atomic_load(&client->is_ending) || partitions == NULL) return;
    for (int i = 0; i < partitions->cnt; i++) {
        const rd_kafka_topic_partition_t *partition = &partitions->elems[i];
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR && partition->err == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
        struct intake_lane *lane = kafka_intake_lane(client->intake, partition->topic, partition->partition);
        if (lane != NULL) lane->committed = -1;
    }
}

static bool give_lane(struct kafka_intake *intake, const rd_kafka_topic_partition_t *given) {
    uint32_t topic = 0;
    while (topic < intake->topic_count && strcmp(intake->topics[topic], given->topic) != 0) topic++;
    if (topic == intake->topic_count) return false;
    for (uint32_t i = 0; i < INTAKE_LANES_MAX; i++) {
        struct intake_lane *lane = &intake->lanes[i];
        if (lane->is_ours || lane->is_told) continue;
        rd_kafka_queue_t *queue = rd_kafka_queue_get_partition(intake->client->handle, given->topic, given->partition);
        if (queue == NULL) return false;
        /* Before the assignment, so that no record goes the other way. */
        rd_kafka_queue_forward(queue, NULL);
        const uint64_t one = 1;
        if (intake->wake_fd >= 0) rd_kafka_queue_io_event_enable(queue, intake->wake_fd, &one, sizeof one);
        *lane = (struct intake_lane){.is_ours = true,
                                     .topic = topic,
                                     .partition = given->partition,
                                     .queue = queue,
                                     .first = -1,
                                     .done = -1,
                                     .next = -1,
                                     .committed = -1};
        return true;
    }
    return false;
}

/* On the thread that polls, or on the one that ends a member that has left. */
static void on_rebalance(rd_kafka_t *handle, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *partitions,
                         void *opaque) {
    struct kafka_client *client = opaque;
    if (atomic_load(&client->is_ending)) {
        (void)rd_kafka_assign(handle, NULL);
        return;
    }
    struct kafka_intake *intake = client->intake;
    commit(intake);
    forget_lanes(intake);
    if (code != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        (void)rd_kafka_assign(handle, NULL);
        return;
    }
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partitions->cnt);
    for (int i = 0; i < partitions->cnt; i++) {
        const rd_kafka_topic_partition_t *given = &partitions->elems[i];
        if (give_lane(intake, given)) {
            (void)rd_kafka_topic_partition_list_add(list, given->topic, given->partition);
        } else {
            kafka_intake_trouble(intake, given->topic, "no room to read one more partition");
        }
    }
    (void)rd_kafka_assign(handle, list);
    rd_kafka_topic_partition_list_destroy(list);
}

/* A topic that is missing or closed to us is its system's trouble alone. After any other error 2.0.2 may stop fetching or
 * skip without a word (journal.md section 7), so the consumer is replaced, and begins again at what was committed. */
static void take_error(struct kafka_intake *intake, const rd_kafka_message_t *message) {
    rd_kafka_resp_err_t code = message->err;
    if (kafka_is_transport(code) || code == RD_KAFKA_RESP_ERR__PARTITION_EOF) return;
    const char *topic = message->rkt != NULL ? rd_kafka_topic_name(message->rkt) : "request topics";
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        kafka_intake_trouble(intake, topic, "a record came by the wrong way; reading begins again");
    } else {
        kafka_intake_trouble(intake, topic, rd_kafka_message_errstr(message));
    }
    if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
        code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION || code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) {
        return;
    }
    intake->client->has_failed = true;
}

void kafka_intake_trouble(struct kafka_intake *intake, const char *what, const char *reason) {
    if (intake->has_trouble) return;
    intake->has_trouble = true;
    (void)snprintf(intake->trouble, sizeof intake->trouble, "%.60s: %.90s", what, reason);
}

struct intake_lane *kafka_intake_lane(struct kafka_intake *intake, const char *topic, int32_t partition) {
    for (uint32_t i = 0; i < INTAKE_LANES_MAX; i++) {
        struct intake_lane *lane = &intake->lanes[i];
        bool is_it = lane->is_ours && lane->partition == partition && strcmp(intake->topics[lane->topic], topic) == 0;
        if (is_it) return lane;
    }
    return NULL;
}

int64_t kafka_intake_now_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static enum status open_client(struct kafka_intake *intake, struct error *reterr_error) {
    ASSERT(intake->client == NULL);
    const struct kafka_options *options = &intake->options;
    struct kafka_conf conf;
    kafka_conf_begin(&conf, options, "intake");
    kafka_conf_consumer(&conf, options);
    kafka_conf_set(&conf, "group.id", intake->group);
    kafka_conf_set(&conf, "partition.assignment.strategy", "roundrobin");
    kafka_conf_set_number(&conf, "session.timeout.ms", options->session_timeout_ms);
    kafka_conf_set_number(&conf, "heartbeat.interval.ms", options->session_timeout_ms / 10);
    kafka_conf_set_number(&conf, "max.poll.interval.ms", options->max_poll_ms);
    /* What was never committed is begun at its start: a request may come twice, never not at all. */
    kafka_conf_set(&conf, "auto.offset.reset", "earliest");
    kafka_conf_set(&conf, "isolation.level", "read_committed"); /* a system may write in transactions */
    kafka_conf_set(&conf, "check.crcs", "true");
    kafka_conf_set(&conf, "fetch.error.backoff.ms", "20");
    kafka_conf_set_number(&conf, "fetch.wait.max.ms", options->fetch_wait_ms_max);
    kafka_conf_set_number(&conf, "queued.max.messages.kbytes", INTAKE_FETCH_KIB_MAX);
    kafka_conf_set_number(&conf, "topic.metadata.refresh.interval.ms", INTAKE_LOOK_EVERY_MS);
    rd_kafka_conf_set_rebalance_cb(conf.conf, on_rebalance);
    rd_kafka_conf_set_offset_commit_cb(conf.conf, on_commit);
    enum status status =
        kafka_client_open(&conf, options, RD_KAFKA_CONSUMER, intake->wake_fd, &intake->client, reterr_error);
    if (status != STATUS_OK) return status;
    intake->client->leaves_group = true;
    intake->client->intake = intake;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)intake->topic_count);
    for (uint32_t i = 0; i < intake->topic_count; i++) {
        (void)rd_kafka_topic_partition_list_add(list, intake->topics[i], RD_KAFKA_PARTITION_UA);
    }
    rd_kafka_resp_err_t code = rd_kafka_subscribe(intake->client->handle, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return STATUS_OK;
    close_client(intake);
    return error_set(reterr_error, STATUS_UNAVAILABLE, "kafka: cannot read request topics: %s", rd_kafka_err2str(code));
}

static void close_client(struct kafka_intake *intake) {
    if (intake->client == NULL) return;
    commit(intake);
    /* A queue that is still held would keep the consumer from closing (reliability.md 1.5, #4187). */
    if (intake->current != NULL) rd_kafka_message_destroy(intake->current);
    intake->current = NULL;
    forget_lanes(intake);
    kafka_client_discard(&intake->client);
}

static void forget_lanes(struct kafka_intake *intake) {
    for (uint32_t i = 0; i < INTAKE_LANES_MAX; i++) {
        struct intake_lane *lane = &intake->lanes[i];
        if (lane->queue != NULL) {
            rd_kafka_queue_io_event_enable(lane->queue, -1, NULL, 0);
            rd_kafka_queue_destroy(lane->queue);
        }
        lane->queue = NULL;
        lane->is_ours = false;
    }
}
