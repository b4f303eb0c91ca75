/* Reads one partition from an explicit offset: struct topic_reader over a librdkafka consumer that joins no group and
 * commits nothing. It owns its consumer and one batch of fetched records. One thread, never waits.
 *
 * Order: records come as the log has them; a lost connection is told before anything that was fetched after it. After an
 * error other than end and connection, librdkafka 2.0.2 may stop fetching or skip without a word (journal.md section 7),
 * so the next assign gets a new consumer. */
#include "lib/port/kafka/client.h"

#include "lib/base/assert.h"

#include <stdio.h>
#include <stdlib.h>

enum { READER_BATCH_MAX = 256 };

struct kafka_reader {
    struct kafka_options options;
    int wake_fd;
    struct kafka_client *client; /* NULL when the next assign opens one */
    bool is_assigned;
    bool must_reopen;
    bool is_alive;    /* something came since the last assign or loss, so that a loss is told once */
    int64_t position; /* no record below it is shown */
    bool has_record;  /* one was shown since the last assign */
    bool has_end;     /* the end was told since the last assign */
    int64_t told_end; /* told before librdkafka did, which then need not tell it again; -1 for none */
    char topic[TOPIC_NAME_MAX];
    rd_kafka_message_t *current;
    size_t batch_next, batch_count;
    rd_kafka_message_t *batch[READER_BATCH_MAX];
    char reason[KAFKA_REASON_MAX];
};

static void reader_poll(void *context, struct topic_event *ret_event);
static uint32_t reader_waiting(void *context);
static enum status reader_assign(void *context, const char *topic, int64_t offset, struct error *reterr_error);
static void reader_unassign(void *context);
static void let_go(struct kafka_reader *reader);
static enum status open_client(struct kafka_reader *reader, struct error *reterr_error);
static bool take_loss(struct kafka_reader *reader, struct topic_event *ret_event);
static bool take_end(struct kafka_reader *reader, struct topic_event *ret_event);
static bool read_message(struct kafka_reader *reader, struct topic_event *ret_event);
static void drop_batch(struct kafka_reader *reader);

enum status kafka_reader_open(const struct kafka_options *options, int wake_fd, struct kafka_reader **ret_reader,
                              struct topic_reader *ret_port, struct error *reterr_error) {
    struct kafka_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL) return error_set(reterr_error, STATUS_NO_MEMORY, "kafka: no memory for a reader");
    reader->options = *options;
    reader->wake_fd = wake_fd;
    enum status status = open_client(reader, reterr_error);
    if (status != STATUS_OK) {
        free(reader);
        return status;
    }
    *ret_reader = reader;
    *ret_port = (struct topic_reader){.context = reader,
                                      .assign = reader_assign,
                                      .unassign = reader_unassign,
                                      .poll = reader_poll,
                                      .waiting = reader_waiting};
    return STATUS_OK;
}

void kafka_reader_close(struct kafka_reader **reader_p) {
    struct kafka_reader *reader = *reader_p;
    *reader_p = NULL;
    if (reader == NULL) return;
    drop_batch(reader);
    kafka_client_discard(&reader->client);
    kafka_client_wait_discarded(KAFKA_CLOSE_MS_MAX);
    free(reader);
}

static void reader_poll(void *context, struct topic_event *ret_event) {
    struct kafka_reader *reader = context;
    ASSERT(reader->batch_next <= reader->batch_count);
    ret_event->kind = TOPIC_NOTHING;
    if (reader->current != NULL) rd_kafka_message_destroy(reader->current);
    reader->current = NULL;
    if (reader->client == NULL) return;

    for (;;) {
        if (reader->batch_next == reader->batch_count) {
            /* A timeout of 0 takes what is there: any other waits for a full batch. */
            ssize_t count = rd_kafka_consume_batch_queue(reader->client->queue, 0, reader->batch, READER_BATCH_MAX);
            reader->batch_next = 0;
            reader->batch_count = count > 0 ? (size_t)count : 0;
            if (take_loss(reader, ret_event)) return;
            if (reader->batch_count == 0) {
                (void)take_end(reader, ret_event);
                return;
            }
        }
        reader->current = reader->batch[reader->batch_next++];
        if (reader->is_assigned && read_message(reader, ret_event)) return;
        rd_kafka_message_destroy(reader->current);
        reader->current = NULL;
    }
}

static uint32_t reader_waiting(void *context) {
    const struct kafka_reader *reader = context;
    if (reader->client == NULL) return 0;
    size_t fetched = rd_kafka_queue_length(reader->client->queue) + (reader->batch_count - reader->batch_next);
    return fetched > UINT32_MAX ? UINT32_MAX : (uint32_t)fetched;
}

static void fail(struct kafka_reader *reader, enum topic_event_kind kind, const char *reason,
                 struct topic_event *ret_event) {
    ASSERT(kind == TOPIC_FAILED || kind == TOPIC_OUT_OF_RANGE);
    reader->is_assigned = false;
    reader->must_reopen = true;
    (void)snprintf(reader->reason, sizeof reader->reason, "%s", reason);
    ret_event->kind = kind;
    ret_event->reason = reader->reason;
}

static bool lose(struct kafka_reader *reader, const char *reason, struct topic_event *ret_event) {
    if (!reader->is_assigned || !reader->is_alive) return false;
    reader->is_alive = false;
    (void)snprintf(reader->reason, sizeof reader->reason, "%s", reason);
    ret_event->kind = TOPIC_DISCONNECTED;
    ret_event->reason = reader->reason;
    return true;
}

/* What librdkafka told outside of any partition while the queue was read. */
static bool take_loss(struct kafka_reader *reader, struct topic_event *ret_event) {
    struct kafka_client *client = reader->client;
    bool has_failed = client->has_failed, has_lost = client->has_lost_connection;
    client->has_failed = client->has_lost_connection = false;
    if (has_failed && reader->is_assigned) {
        fail(reader, TOPIC_FAILED, client->reason, ret_event);
        return true;
    }
    return has_lost && lose(reader, client->reason, ret_event);
}

/* librdkafka tells the end only when a fetch comes back empty, which a broker lets wait for fetch.wait.max.ms. The answer
 * that brought the last record has said where the log ended then: the first end after an assign is told from that, because
 * a hand-over waits for it. */
static bool take_end(struct kafka_reader *reader, struct topic_event *ret_event) {
    if (!reader->is_assigned || !reader->has_record || reader->has_end) return false;
    int64_t low, high;
    rd_kafka_resp_err_t code =
        rd_kafka_get_watermark_offsets(reader->client->handle, reader->topic, reader->options.partition, &low, &high);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR || high != reader->position) return false;
    reader->has_end = true;
    reader->told_end = high;
    ret_event->kind = TOPIC_END;
    ret_event->offset = high;
    return true;
}

static void read_record(const rd_kafka_message_t *message, struct topic_record *ret_record) {
    rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
    ret_record->offset = message->offset;
    ret_record->timestamp_ms = rd_kafka_message_timestamp(message, &type);
    ret_record->is_log_append_time = type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME;
    ret_record->key = slice_of(message->key, message->key_len);
    ret_record->value = slice_of(message->payload, message->len);
    ret_record->header_count = 0;

    rd_kafka_headers_t *headers = NULL;
    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
    for (uint32_t i = 0; i < TOPIC_HEADERS_MAX; i++) {
        const char *name = NULL;
        const void *value = NULL;
        size_t size = 0;
        if (rd_kafka_header_get_all(headers, i, &name, &value, &size) != RD_KAFKA_RESP_ERR_NO_ERROR) break;
        ret_record->headers[i] = (struct topic_header){.name = slice_text(name), .value = slice_of(value, size)};
        ret_record->header_count = i + 1;
    }
}

/* False when the message is nothing to show. */
static bool read_message(struct kafka_reader *reader, struct topic_event *ret_event) {
    const rd_kafka_message_t *message = reader->current;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        if (message->offset < reader->position) return false;
        reader->is_alive = true;
        reader->position = message->offset + 1;
        reader->has_record = true;
        ret_event->kind = TOPIC_RECORD;
        read_record(message, &ret_event->record);
        return true;
    }
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        bool is_told = message->offset == reader->told_end;
        reader->is_alive = true;
        reader->has_end = true;
        reader->told_end = -1;
        if (is_told) return false;
        ret_event->kind = TOPIC_END;
        ret_event->offset = message->offset;
        return true;
    }
    if (kafka_is_transport(message->err)) return lose(reader, rd_kafka_message_errstr(message), ret_event);
    bool is_out_of_range =
        message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET || message->err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE;
    fail(reader, is_out_of_range ? TOPIC_OUT_OF_RANGE : TOPIC_FAILED, rd_kafka_message_errstr(message), ret_event);
    return true;
}

static enum status reader_assign(void *context, const char *topic, int64_t offset, struct error *reterr_error) {
    struct kafka_reader *reader = context;
    ASSERT(offset >= 0);
    drop_batch(reader);
    reader->is_assigned = false;
    if (reader->client != NULL && !reader->must_reopen) let_go(reader);
    if (reader->must_reopen) kafka_client_discard(&reader->client);
    reader->must_reopen = false;
    if (reader->client == NULL) {
        enum status status = open_client(reader, reterr_error);
        if (status != STATUS_OK) return status;
    }
    if (kafka_client_topic(reader->client, topic) == NULL) {
        return error_set(reterr_error, STATUS_INVALID, "kafka: no reader for topic \"%.40s\"", topic);
    }
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, reader->options.partition)->offset = offset;
    rd_kafka_resp_err_t code = rd_kafka_assign(reader->client->handle, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        reader->must_reopen = true;
        return error_set(reterr_error, STATUS_UNAVAILABLE, "kafka: cannot assign %s: %s", topic,
                         rd_kafka_err2str(code));
    }
    reader->client->has_lost_connection = reader->client->has_failed = false;
    reader->is_assigned = true;
    reader->is_alive = false;
    reader->position = offset;
    reader->has_record = reader->has_end = false;
    reader->told_end = -1;
    memcpy(reader->topic, topic, strlen(topic) + 1);
    return STATUS_OK;
}

static void reader_unassign(void *context) {
    struct kafka_reader *reader = context;
    drop_batch(reader);
    if (!reader->is_assigned) return;
    ASSERT(reader->client != NULL);
    reader->is_assigned = false;
    let_go(reader);
}

/* librdkafka 2.0.2 ends the process by an assertion (rdkafka_assignment.c:872) when a partition is taken from it again
 * before its main thread has heard that fetching has stopped, as after two lost connections in a row. The stop and the word
 * of it go through that thread's queue, one behind the other, and so do these two questions, behind them. */
static void let_go(struct kafka_reader *reader) {
    rd_kafka_t *handle = reader->client->handle;
    if (rd_kafka_assign(handle, NULL) != RD_KAFKA_RESP_ERR_NO_ERROR) reader->must_reopen = true;
    for (int i = 0; i < 2; i++) {
        rd_kafka_topic_partition_list_t *list = NULL;
        if (rd_kafka_assignment(handle, &list) == RD_KAFKA_RESP_ERR_NO_ERROR)
            rd_kafka_topic_partition_list_destroy(list);
    }
}

static enum status open_client(struct kafka_reader *reader, struct error *reterr_error) {
    const struct kafka_options *options = &reader->options;
    struct kafka_conf conf;
    kafka_conf_begin(&conf, options, "reader");
    kafka_conf_consumer(&conf, options);
    kafka_conf_set(&conf, "isolation.level", "read_uncommitted");
    kafka_conf_set(&conf, "enable.partition.eof", "true");
    kafka_conf_set(&conf, "check.crcs", "true");
    kafka_conf_set(&conf, "fetch.error.backoff.ms", "20");
    kafka_conf_set_number(&conf, "fetch.wait.max.ms", options->fetch_wait_ms_max);
    kafka_conf_set_number(&conf, "queued.max.messages.kbytes", options->fetch_queue_kib_max);
    return kafka_client_open(&conf, options, RD_KAFKA_CONSUMER, reader->wake_fd, &reader->client, reterr_error);
}

static void drop_batch(struct kafka_reader *reader) {
    if (reader->current != NULL) rd_kafka_message_destroy(reader->current);
    reader->current = NULL;
    while (reader->batch_next < reader->batch_count) rd_kafka_message_destroy(reader->batch[reader->batch_next++]);
}
