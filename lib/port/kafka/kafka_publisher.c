/* Transactions on Kafka: struct publish_port over one transactional librdkafka producer at a time, and a consumer that is
 * opened only to ask for the committed position. One thread, which waits here; never the loop's or the replica's.
 *
 * librdkafka says what an error means by flags, but not always rightly: PRODUCER_FENCED comes as "abort and go on", too
 * (reliability.md 1.1). So fencing is told by name first, and only then do the flags count. */
#include "lib/port/kafka/client.h"

#include "lib/base/assert.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    TRANSACTION_MS_MAX = 10000, /* the broker aborts a transaction that is open for longer */
    MESSAGE_MS_MAX = 8000,
    RETRY_MS = 20,
    COMMIT_MS_CLEAN = 1000, /* a commit that took longer has had a time-out somewhere on its way */
    PUBLISHER_FIXED_FIELDS = 5,
    TAIL_RECORDS = 64,  /* looked at first; then eight times as many, and so on */
    TAIL_MS_MAX = 3000, /* in all */
};

struct kafka_publisher {
    struct kafka_options options;
    char transactional_id[KAFKA_NAME_MAX], group[KAFKA_NAME_MAX];
    char position_topic[TOPIC_NAME_MAX];
    uint32_t topic_count;
    char topics[KAFKA_CLIENT_TOPICS_MAX][TOPIC_NAME_MAX];

    struct kafka_client *client;  /* the producer */
    struct kafka_client *inquiry; /* the consumer that asks for the position */
    rd_kafka_consumer_group_metadata_t *group_metadata;
    bool are_offsets_sent; /* of the commit under way */
    bool is_committing;
    int64_t commit_began_ms;
    unsigned sockets_closed; /* when it started */
    char reason[KAFKA_REASON_MAX];
};

static enum status open_producer(struct kafka_publisher *publisher, struct error *reterr_error);

static int64_t monotonic_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Takes the error. */
static enum publish_result result_of(struct kafka_publisher *publisher, rd_kafka_error_t *error) {
    if (error == NULL) return PUBLISH_OK;
    rd_kafka_resp_err_t code = rd_kafka_error_code(error);
    enum publish_result result = PUBLISH_FAILED;
    if (code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
        code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH) {
        result = PUBLISH_FENCED;
    } else if (rd_kafka_error_is_fatal(error)) {
        result = PUBLISH_FAILED;
    } else if (rd_kafka_error_txn_requires_abort(error)) {
        result = PUBLISH_ABORTED;
    } else if (rd_kafka_error_is_retriable(error)) {
        result = PUBLISH_RETRY;
    }
    (void)snprintf(publisher->reason, sizeof publisher->reason, "%s: %s", rd_kafka_error_name(error),
                   rd_kafka_error_string(error));
    rd_kafka_error_destroy(error);
    return result;
}

static enum publish_result fail(struct kafka_publisher *publisher, enum publish_result result, const char *reason) {
    (void)snprintf(publisher->reason, sizeof publisher->reason, "%.150s", reason);
    return result;
}

static enum publish_result publisher_start(void *context) {
    struct kafka_publisher *publisher = context;
    struct error error = {0};
    if (publisher->client == NULL && open_producer(publisher, &error) != STATUS_OK) {
        return fail(publisher, PUBLISH_FAILED, error.message);
    }
    enum publish_result result =
        result_of(publisher, rd_kafka_init_transactions(publisher->client->handle, PUBLISH_WAIT_MS));
    publisher->sockets_closed = atomic_load(&publisher->client->sockets_closed);
    return result;
}

/* The consumer that looks things up: with read_committed, so that what is still pending is waited for, not overlooked. */
static enum status open_inquiry(struct kafka_publisher *publisher, struct error *reterr_error) {
    if (publisher->inquiry != NULL) return STATUS_OK;
    struct kafka_conf conf;
    kafka_conf_begin(&conf, &publisher->options, "publisher-inquiry");
    kafka_conf_consumer(&conf, &publisher->options);
    kafka_conf_set(&conf, "group.id", publisher->group);
    kafka_conf_set(&conf, "isolation.level", "read_committed");
    kafka_conf_set(&conf, "enable.partition.eof", "true");
    kafka_conf_set_number(&conf, "fetch.wait.max.ms", publisher->options.fetch_wait_ms_max);
    return kafka_client_open(&conf, &publisher->options, RD_KAFKA_CONSUMER, -1, &publisher->inquiry, reterr_error);
}

static enum publish_result publisher_recover(void *context, struct publish_recovered *ret_recovered) {
    struct kafka_publisher *publisher = context;
    struct error error = {0};
    if (open_inquiry(publisher, &error) != STATUS_OK) return fail(publisher, PUBLISH_FAILED, error.message);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_t *asked =
        rd_kafka_topic_partition_list_add(list, publisher->position_topic, publisher->options.partition);
    rd_kafka_resp_err_t code = rd_kafka_committed(publisher->inquiry->handle, list, PUBLISH_WAIT_MS);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) code = asked->err;
    enum publish_result result = PUBLISH_OK;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        *ret_recovered = (struct publish_recovered){.is_known = asked->offset >= 0, .offset = asked->offset};
        bool is_shown = asked->metadata_size <= PUBLISH_NOTE_MAX;
        ret_recovered->note_size = is_shown ? asked->metadata_size : PUBLISH_NOTE_MAX + 1;
        if (is_shown && asked->metadata_size > 0) {
            memcpy(ret_recovered->note, asked->metadata, asked->metadata_size);
        }
        kafka_client_discard(&publisher->inquiry);
    } else {
        bool is_passing = kafka_is_transport(code) || code == RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT ||
                          code == RD_KAFKA_RESP_ERR__WAIT_COORD || code == RD_KAFKA_RESP_ERR_NOT_COORDINATOR ||
                          code == RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE ||
                          code == RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS;
        result = fail(publisher, is_passing ? PUBLISH_RETRY : PUBLISH_FAILED, rd_kafka_err2str(code));
    }
    rd_kafka_topic_partition_list_destroy(list);
    return result;
}

static enum publish_result publisher_begin(void *context) {
    struct kafka_publisher *publisher = context;
    ASSERT(publisher->client != NULL);
    publisher->are_offsets_sent = publisher->is_committing = false;
    if (atomic_load(&publisher->client->sockets_closed) != publisher->sockets_closed) {
        return fail(publisher, PUBLISH_ABORTED, "a connection was lost since the last transaction");
    }
    return result_of(publisher, rd_kafka_begin_transaction(publisher->client->handle));
}

static rd_kafka_vu_t bytes_field(rd_kafka_vtype_t type, struct slice bytes) {
    rd_kafka_vu_t field = {.vtype = type};
    /* librdkafka copies before it returns and does not write to the bytes; its type is not const. */
    field.u.mem.ptr = (void *)(uintptr_t)bytes.data;
    field.u.mem.size = bytes.size;
    return field;
}

static enum publish_result publisher_append(void *context, const struct topic_append *append) {
    struct kafka_publisher *publisher = context;
    ASSERT(publisher->client != NULL);
    ASSERT(append->header_count <= TOPIC_HEADERS_MAX);
    rd_kafka_topic_t *topic = kafka_client_topic(publisher->client, append->topic);
    if (topic == NULL) return fail(publisher, PUBLISH_FAILED, "the topic's name is refused");
    rd_kafka_headers_t *headers = NULL;
    if (append->header_count > 0) headers = rd_kafka_headers_new(append->header_count);
    for (uint32_t i = 0; i < append->header_count; i++) {
        const struct topic_header *header = &append->headers[i];
        (void)rd_kafka_header_add(headers, (const char *)header->name.data, (ssize_t)header->name.size,
                                  header->value.data, (ssize_t)header->value.size);
    }
    rd_kafka_vu_t fields[PUBLISHER_FIXED_FIELDS + 1];
    size_t count = 0;
    fields[count++] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = topic};
    fields[count++] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = publisher->options.partition};
    fields[count++] = bytes_field(RD_KAFKA_VTYPE_VALUE, append->value);
    fields[count++] = bytes_field(RD_KAFKA_VTYPE_KEY, append->key);
    fields[count++] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY};
    ASSERT(count == PUBLISHER_FIXED_FIELDS);
    if (headers != NULL) fields[count++] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers};

    rd_kafka_error_t *error = rd_kafka_produceva(publisher->client->handle, fields, count);
    if (error == NULL) return PUBLISH_OK;
    if (headers != NULL) rd_kafka_headers_destroy(headers); /* only a successful call takes them */
    if (rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
        rd_kafka_error_destroy(error);
        return fail(publisher, PUBLISH_RETRY, "the local queue is full");
    }
    /* A transaction that has failed refuses records with errors that carry no flag: only its end would say why. */
    enum publish_result result = result_of(publisher, error);
    return result == PUBLISH_FENCED ? PUBLISH_FENCED : PUBLISH_ABORTED;
}

static enum publish_result send_position(struct kafka_publisher *publisher, int64_t offset, struct slice note) {
    ASSERT(note.size <= PUBLISH_NOTE_MAX && publisher->group_metadata != NULL);
    rd_kafka_t *handle = publisher->client->handle;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_t *position =
        rd_kafka_topic_partition_list_add(list, publisher->position_topic, publisher->options.partition);
    position->offset = offset;
    position->metadata = rd_kafka_mem_malloc(handle, note.size + 1); /* freed with the list */
    ASSERT(position->metadata != NULL);
    if (note.size > 0) memcpy(position->metadata, note.data, note.size);
    position->metadata_size = note.size;
    enum publish_result result = result_of(
        publisher, rd_kafka_send_offsets_to_transaction(handle, list, publisher->group_metadata, PUBLISH_WAIT_MS));
    rd_kafka_topic_partition_list_destroy(list);
    return result;
}

/* Offsets first, then the end; a repeated call goes on where the one before ended. */
static enum publish_result publisher_commit(void *context, const struct publish_position *position,
                                            bool *ret_is_clean) {
    struct kafka_publisher *publisher = context;
    struct kafka_client *client = publisher->client;
    ASSERT(client != NULL);
    if (!publisher->is_committing) publisher->commit_began_ms = monotonic_ms();
    publisher->is_committing = true;
    enum publish_result result = PUBLISH_OK;
    if (!publisher->are_offsets_sent) {
        result = send_position(publisher, position->offset, position->note);
        publisher->are_offsets_sent = result == PUBLISH_OK;
    }
    if (result == PUBLISH_OK) {
        result = result_of(publisher, rd_kafka_commit_transaction(client->handle, PUBLISH_WAIT_MS));
    }
    while (rd_kafka_poll(client->handle, 0) > 0) continue;
    *ret_is_clean = atomic_load(&client->sockets_closed) == publisher->sockets_closed &&
                    monotonic_ms() - publisher->commit_began_ms < COMMIT_MS_CLEAN;
    return result;
}

/* A transaction over everything that one of ours can have touched, and its end: the broker then ends, with the same words,
 * whatever of the same producer id hangs there. Flushed before it is aborted, or nothing of it would be sent. */
static enum publish_result publisher_settle(void *context) {
    struct kafka_publisher *publisher = context;
    rd_kafka_t *handle = publisher->client->handle;
    enum publish_result result = publisher_begin(publisher);
    for (uint32_t i = 0; i < publisher->topic_count && result == PUBLISH_OK; i++) {
        const struct topic_header why = {slice_text("bhr_settle"), slice_text(publisher->transactional_id)};
        const struct topic_append append = {.topic = publisher->topics[i], .header_count = 1, .headers = &why};
        result = publisher_append(publisher, &append);
    }
    if (result == PUBLISH_OK && rd_kafka_flush(handle, 2 * PUBLISH_WAIT_MS) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        result = fail(publisher, PUBLISH_ABORTED, "the broker did not take a record in time");
    }
    if (result == PUBLISH_OK) result = send_position(publisher, 0, slice_text(""));
    if (result == PUBLISH_OK) result = result_of(publisher, rd_kafka_abort_transaction(handle, 2 * PUBLISH_WAIT_MS));
    return result == PUBLISH_RETRY ? PUBLISH_ABORTED : result;
}

/* Reads from that offset to where committed records end. */
static enum publish_result read_tail(struct kafka_publisher *publisher, const char *topic, int64_t from,
                                     const char *header, int64_t until_ms, struct publish_tail *ret_tail,
                                     int64_t *ret_end) {
    rd_kafka_t *handle = publisher->inquiry->handle;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, publisher->options.partition)->offset = from;
    enum publish_result result = fail(publisher, PUBLISH_RETRY, "the end of a topic was not reached in time");
    if (rd_kafka_assign(handle, list) != RD_KAFKA_RESP_ERR_NO_ERROR) until_ms = 0;
    rd_kafka_topic_partition_list_destroy(list);
    while (result == PUBLISH_RETRY && monotonic_ms() < until_ms) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(handle, 100);
        if (message == NULL) continue;
        if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            result = PUBLISH_OK;
            *ret_end = message->offset;
        } else if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            const void *value = NULL;
            size_t size = 0;
            rd_kafka_headers_t *headers = NULL;
            bool has_header = rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR &&
                              rd_kafka_header_get_last(headers, header, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR &&
                              size <= sizeof ret_tail->value;
            ret_tail->has_record = true;
            ret_tail->value_size = has_header ? size : 0;
            if (has_header && size > 0) memcpy(ret_tail->value, value, size);
        } else if (kafka_is_transport(message->err)) {
            until_ms = 0;
        } else {
            result = fail(publisher, PUBLISH_FAILED, rd_kafka_message_errstr(message));
        }
        rd_kafka_message_destroy(message);
    }
    (void)rd_kafka_assign(handle, NULL);
    return result;
}

static enum publish_result publisher_tail(void *context, const char *topic, struct topic_range range,
                                          const char *header, struct publish_tail *ret_tail) {
    struct kafka_publisher *publisher = context;
    struct error error = {0};
    if (open_inquiry(publisher, &error) != STATUS_OK) return fail(publisher, PUBLISH_FAILED, error.message);
    int64_t until_ms = monotonic_ms() + TAIL_MS_MAX, end = range.end;
    struct publish_tail tail = {0};
    for (int64_t count = TAIL_RECORDS; range.end > range.start && !tail.has_record; count *= 8) {
        int64_t from = range.end - range.start > count ? range.end - count : range.start;
        enum publish_result result = read_tail(publisher, topic, from, header, until_ms, &tail, &end);
        if (result != PUBLISH_OK) return result;
        if (from == range.start) break;
    }
    tail.is_settled = end >= range.end;
    *ret_tail = tail;
    return PUBLISH_OK;
}

/* A courtesy to readers, and not worth a life: librdkafka 2.0.2 ends the process by an assertion when the broker's answer
 * about a partition of the transaction comes after the transaction was aborted. So nothing of it may be on its way. */
static void publisher_abort(void *context) {
    struct kafka_publisher *publisher = context;
    if (publisher->client == NULL) return;
    if (rd_kafka_flush(publisher->client->handle, PUBLISH_WAIT_MS) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
    rd_kafka_error_t *error = rd_kafka_abort_transaction(publisher->client->handle, PUBLISH_WAIT_MS);
    if (error != NULL) rd_kafka_error_destroy(error);
}

static void publisher_drop(void *context) {
    struct kafka_publisher *publisher = context;
    kafka_client_discard(&publisher->client);
    kafka_client_discard(&publisher->inquiry);
}

static const char *publisher_reason(void *context) {
    const struct kafka_publisher *publisher = context;
    return publisher->reason;
}

/* Without a callback for deliveries, a commit looks for them only every 10 ms (reliability.md 1.2). */
static void on_delivered(rd_kafka_t *handle, const rd_kafka_message_t *message, void *opaque) {
    (void)handle;
    (void)message;
    (void)opaque;
}

static enum status open_producer(struct kafka_publisher *publisher, struct error *reterr_error) {
    const struct kafka_options *options = &publisher->options;
    struct kafka_conf conf;
    kafka_conf_begin(&conf, options, "publisher");
    kafka_conf_set(&conf, "transactional.id", publisher->transactional_id);
    kafka_conf_set_number(&conf, "transaction.timeout.ms", TRANSACTION_MS_MAX);
    kafka_conf_set_number(&conf, "message.timeout.ms", MESSAGE_MS_MAX);
    /* Until the markers of the transaction before are written, each request is told to come again. */
    kafka_conf_set_number(&conf, "retry.backoff.ms", RETRY_MS);
    kafka_conf_set(&conf, "compression.codec", options->compression);
    kafka_conf_set_number(&conf, "linger.ms", options->linger_ms);
    kafka_conf_set_number(&conf, "queue.buffering.max.messages", options->append_queue_max);
    kafka_conf_set_number(&conf, "message.max.bytes", TOPIC_VALUE_MAX + 64 * 1024);
    kafka_conf_count_closed(&conf);
    rd_kafka_conf_set_dr_msg_cb(conf.conf, on_delivered);
    enum status status = kafka_client_open(&conf, options, RD_KAFKA_PRODUCER, -1, &publisher->client, reterr_error);
    if (status != STATUS_OK) return status;
    for (uint32_t i = 0; i < publisher->topic_count; i++) {
        (void)kafka_client_topic(publisher->client, publisher->topics[i]);
    }
    return STATUS_OK;
}

enum status kafka_publisher_open(const struct kafka_options *options, const char *position_topic,
                                 const char *const *topics, size_t topic_count, struct kafka_publisher **ret_publisher,
                                 struct publish_port *ret_port, struct error *reterr_error) {
    ASSERT(topic_count <= KAFKA_CLIENT_TOPICS_MAX);
    struct kafka_publisher *publisher = calloc(1, sizeof *publisher);
    if (publisher == NULL) return error_set(reterr_error, STATUS_NO_MEMORY, "kafka: no memory for a publisher");
    publisher->options = *options;
    (void)snprintf(publisher->group, sizeof publisher->group, "%s-publisher", options->service);
    (void)snprintf(publisher->transactional_id, sizeof publisher->transactional_id, "%s-publisher-%d", options->service,
                   (int)options->partition);
    enum status status = STATUS_OK;
    if (!kafka_topic_name_is_good(position_topic)) {
        status = error_set(reterr_error, STATUS_INVALID, "kafka: no publisher for topic \"%.40s\"", position_topic);
    } else {
        memcpy(publisher->position_topic, position_topic, strlen(position_topic) + 1);
    }
    for (size_t i = 0; i < topic_count && status == STATUS_OK; i++) {
        if (!kafka_topic_name_is_good(topics[i])) {
            status = error_set(reterr_error, STATUS_INVALID, "kafka: no publisher for topic \"%.40s\"", topics[i]);
            break;
        }
        memcpy(publisher->topics[publisher->topic_count++], topics[i], strlen(topics[i]) + 1);
    }
    publisher->group_metadata = rd_kafka_consumer_group_metadata_new(publisher->group);
    if (status != STATUS_OK) {
        kafka_publisher_close(&publisher);
        return status;
    }
    *ret_publisher = publisher;
    *ret_port = (struct publish_port){.context = publisher,
                                      .start = publisher_start,
                                      .recover = publisher_recover,
                                      .tail = publisher_tail,
                                      .settle = publisher_settle,
                                      .begin = publisher_begin,
                                      .append = publisher_append,
                                      .commit = publisher_commit,
                                      .abort = publisher_abort,
                                      .drop = publisher_drop,
                                      .reason = publisher_reason};
    return STATUS_OK;
}

void kafka_publisher_close(struct kafka_publisher **publisher_p) {
    struct kafka_publisher *publisher = *publisher_p;
    *publisher_p = NULL;
    if (publisher == NULL) return;
    publisher_drop(publisher);
    kafka_client_wait_discarded(KAFKA_CLOSE_MS_MAX);
    if (publisher->group_metadata != NULL) rd_kafka_consumer_group_metadata_destroy(publisher->group_metadata);
    free(publisher);
}
