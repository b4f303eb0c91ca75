/* Appends to one partition: struct topic_writer over an idempotent librdkafka producer. It owns the producer, the
 * delivery event being read and the records that wait for their turn. One thread, never waits.
 *
 * One burst is on its way at a time; what comes meanwhile waits here and goes together when the last report has come.
 * It must not wait in librdkafka: 2.0.2 counts messages where it means requests, takes more than five in flight for too
 * many, and its thread then polls without a pause until they are reported, which costs a processor (docs/adr/0018). A
 * burst is what is appended between two looks at the reports.
 *
 * What it promises about a failed append is the careful side of the truth: TOPIC_REFUSED only for errors that are known to
 * come before the log, and only when librdkafka says too that the record cannot be there. */
#include "lib/port/kafka/client.h"

#include "lib/base/assert.h"
#include "lib/base/buffer.h"

#include <stdlib.h>
#include <unistd.h>

enum { WRITER_TOPICS_MAX = KAFKA_CLIENT_TOPICS_MAX, WRITER_FIXED_FIELDS = 6 };

struct waiting_record {
    struct waiting_record *next;
    struct topic_append append; /* its slices lie in bytes */
    struct topic_header headers[TOPIC_HEADERS_MAX];
    uint8_t bytes[];
};

struct waiting_list {
    struct waiting_record *first, *last;
    uint32_t count;
};

struct kafka_writer {
    struct kafka_options options;
    int wake_fd;
    struct kafka_client *client; /* NULL when none could be opened; append tries again */
    uint32_t topic_count;
    char topics[WRITER_TOPICS_MAX][TOPIC_NAME_MAX];
    rd_kafka_event_t *event; /* delivery reports being handed out */
    uint32_t in_flight;      /* taken by librdkafka and not reported */
    bool is_burst_open;      /* nothing was in flight when it began, and reports were not looked at since */
    struct waiting_list waiting;
    struct waiting_list refused; /* waited, and the producer that should have taken them has failed */
};

static enum status writer_append(void *context, const struct topic_append *append);
static bool writer_report(void *context, struct topic_report *ret_report);
static void writer_drop(void *context);
static enum status produce(struct kafka_writer *writer, const struct topic_append *append);
static enum status keep_waiting(struct kafka_writer *writer, const struct topic_append *append);
static void send_waiting(struct kafka_writer *writer);
static void put_last(struct waiting_list *list, struct waiting_record *record);
static struct waiting_record *take_first(struct waiting_list *list);
static void forget(struct waiting_list *list);
static void wake_on_reports(struct kafka_writer *writer, bool is_wanted);
static enum status open_client(struct kafka_writer *writer, struct error *reterr_error);
static bool knows_topic(struct kafka_writer *writer, const char *topic);

enum status kafka_writer_open(const struct kafka_options *options, int wake_fd, const char *const *topics,
                              size_t topic_count, struct kafka_writer **ret_writer, struct topic_writer *ret_port,
                              struct error *reterr_error) {
    struct kafka_writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL) return error_set(reterr_error, STATUS_NO_MEMORY, "kafka: no memory for a writer");
    writer->options = *options;
    writer->wake_fd = wake_fd;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < topic_count && status == STATUS_OK; i++) {
        if (!knows_topic(writer, topics[i])) {
            status = error_set(reterr_error, STATUS_INVALID, "kafka: no writer for topic \"%.40s\"", topics[i]);
        }
    }
    if (status == STATUS_OK) status = open_client(writer, reterr_error);
    if (status != STATUS_OK) {
        free(writer);
        return status;
    }
    *ret_writer = writer;
    *ret_port =
        (struct topic_writer){.context = writer, .append = writer_append, .report = writer_report, .drop = writer_drop};
    return STATUS_OK;
}

void kafka_writer_close(struct kafka_writer **writer_p) {
    struct kafka_writer *writer = *writer_p;
    *writer_p = NULL;
    if (writer == NULL) return;
    if (writer->event != NULL) rd_kafka_event_destroy(writer->event);
    forget(&writer->waiting);
    forget(&writer->refused);
    kafka_client_discard(&writer->client);
    kafka_client_wait_discarded(KAFKA_CLOSE_MS_MAX);
    free(writer);
}

static enum status append_status(rd_kafka_resp_err_t code) {
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return STATUS_OK;
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) return STATUS_FULL;
    if (code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) return STATUS_INVALID;
    if (code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC || code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
        code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION) {
        return STATUS_NOT_FOUND;
    }
    return STATUS_UNAVAILABLE;
}

static rd_kafka_vu_t bytes_field(rd_kafka_vtype_t type, struct slice bytes) {
    rd_kafka_vu_t field = {.vtype = type};
    /* librdkafka copies before it returns and does not write to the bytes; its type is not const. */
    field.u.mem.ptr = (void *)(uintptr_t)bytes.data;
    field.u.mem.size = bytes.size;
    return field;
}

static enum status writer_append(void *context, const struct topic_append *append) {
    struct kafka_writer *writer = context;
    ASSERT(append->topic != NULL);
    ASSERT(append->header_count <= TOPIC_HEADERS_MAX);
    if (append->value.size > TOPIC_VALUE_MAX || !knows_topic(writer, append->topic)) return STATUS_INVALID;
    if (writer->client == NULL && open_client(writer, NULL) != STATUS_OK) return STATUS_UNAVAILABLE;
    if (writer->in_flight == 0) writer->is_burst_open = true;
    if (!writer->is_burst_open || writer->waiting.count > 0) return keep_waiting(writer, append);
    return produce(writer, append);
}

static enum status produce(struct kafka_writer *writer, const struct topic_append *append) {
    rd_kafka_topic_t *topic = kafka_client_topic(writer->client, append->topic);
    if (topic == NULL) return STATUS_UNAVAILABLE;

    rd_kafka_headers_t *headers = NULL;
    if (append->header_count > 0) headers = rd_kafka_headers_new(append->header_count);
    for (uint32_t i = 0; i < append->header_count; i++) {
        const struct topic_header *header = &append->headers[i];
        (void)rd_kafka_header_add(headers, (const char *)header->name.data, (ssize_t)header->name.size,
                                  header->value.data, (ssize_t)header->value.size);
    }
    rd_kafka_vu_t fields[WRITER_FIXED_FIELDS + 1];
    size_t count = 0;
    fields[count++] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = topic};
    fields[count++] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = writer->options.partition};
    fields[count++] = bytes_field(RD_KAFKA_VTYPE_VALUE, append->value);
    fields[count++] = bytes_field(RD_KAFKA_VTYPE_KEY, append->key);
    fields[count++] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = (void *)(uintptr_t)append->token};
    fields[count++] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY};
    ASSERT(count == WRITER_FIXED_FIELDS);
    if (headers != NULL) fields[count++] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers};

    rd_kafka_error_t *error = rd_kafka_produceva(writer->client->handle, fields, count);
    if (error == NULL) {
        writer->in_flight++;
        return STATUS_OK;
    }
    rd_kafka_resp_err_t code = rd_kafka_error_code(error);
    rd_kafka_error_destroy(error);
    if (headers != NULL) rd_kafka_headers_destroy(headers); /* only a successful call takes them */
    /* A producer whose sequence of records has broken takes nothing any more: the next append gets another. */
    char reason[KAFKA_REASON_MAX];
    bool is_over = rd_kafka_fatal_error(writer->client->handle, reason, sizeof reason) != RD_KAFKA_RESP_ERR_NO_ERROR;
    if (is_over) writer_drop(writer);
    return append_status(code);
}

static struct slice keep_bytes(struct buffer *bytes, struct slice from) {
    const uint8_t *at = bytes->data + bytes->size;
    buffer_put(bytes, from.data, from.size);
    return slice_of(at, from.size);
}

/* The writer's own copy of a name that it knows. */
static const char *topic_name(const struct kafka_writer *writer, const char *topic) {
    uint32_t index = 0;
    while (strcmp(writer->topics[index], topic) != 0) index++;
    ASSERT(index < writer->topic_count);
    return writer->topics[index];
}

/* Copies the record to the end of those that wait. */
static enum status keep_waiting(struct kafka_writer *writer, const struct topic_append *append) {
    if (writer->waiting.count + writer->in_flight >= (uint32_t)writer->options.append_queue_max) return STATUS_FULL;
    size_t size = append->key.size + append->value.size;
    for (uint32_t i = 0; i < append->header_count; i++) {
        size += append->headers[i].name.size + append->headers[i].value.size;
    }
    struct waiting_record *record = malloc(sizeof *record + size);
    if (record == NULL) return STATUS_FULL;
    struct buffer bytes = buffer_over(record->bytes, size);
    record->append = *append;
    record->append.topic = topic_name(writer, append->topic);
    record->append.key = keep_bytes(&bytes, append->key);
    record->append.value = keep_bytes(&bytes, append->value);
    record->append.headers = record->headers;
    for (uint32_t i = 0; i < append->header_count; i++) {
        record->headers[i].name = keep_bytes(&bytes, append->headers[i].name);
        record->headers[i].value = keep_bytes(&bytes, append->headers[i].value);
    }
    ASSERT(!bytes.is_full && bytes.size == size);
    put_last(&writer->waiting, record);
    if (writer->waiting.count == 1) wake_on_reports(writer, true);
    return STATUS_OK;
}

/* All that waits becomes the next burst. */
static void send_waiting(struct kafka_writer *writer) {
    if (writer->waiting.count == 0) return;
    ASSERT(writer->in_flight == 0);
    while (writer->waiting.first != NULL) {
        /* A producer that fails is dropped, and with it all that waited. */
        enum status status = produce(writer, &writer->waiting.first->append);
        if (status == STATUS_FULL) break;
        if (writer->waiting.first == NULL) return;
        struct waiting_record *record = take_first(&writer->waiting);
        if (status == STATUS_OK) {
            free(record);
        } else {
            put_last(&writer->refused, record);
        }
    }
    if (writer->waiting.count == 0) wake_on_reports(writer, false);
}

/* Errors that are given before a record can reach the log: by librdkafka itself, or by the leader instead of appending. */
static bool is_before_the_log(rd_kafka_resp_err_t code) {
    return code == RD_KAFKA_RESP_ERR__PURGE_QUEUE || code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ||
           code == RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE || code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
           code == RD_KAFKA_RESP_ERR_INVALID_RECORD || code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
           code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION || code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
}

static bool writer_report(void *context, struct topic_report *ret_report) {
    struct kafka_writer *writer = context;
    writer->is_burst_open = false;
    for (;;) {
        struct waiting_record *refused = take_first(&writer->refused);
        if (refused != NULL) {
            *ret_report = (struct topic_report){
                .token = refused->append.token, .result = TOPIC_REFUSED, .offset = -1, .reason = "the producer failed"};
            free(refused);
            return true;
        }
        if (writer->client == NULL) return false;
        if (writer->event == NULL) writer->event = rd_kafka_queue_poll(writer->client->queue, 0);
        if (writer->event == NULL) {
            if (writer->in_flight > 0 || writer->waiting.count == 0) return false;
            send_waiting(writer);
            if (writer->refused.count == 0) return false;
            continue;
        }
        const rd_kafka_message_t *message = NULL;
        if (rd_kafka_event_type(writer->event) == RD_KAFKA_EVENT_DR)
            message = rd_kafka_event_message_next(writer->event);
        if (message == NULL) {
            rd_kafka_event_destroy(writer->event);
            writer->event = NULL;
            continue;
        }
        ASSERT(writer->in_flight > 0);
        writer->in_flight--;
        bool is_delivered = message->err == RD_KAFKA_RESP_ERR_NO_ERROR;
        bool is_refused =
            is_before_the_log(message->err) && rd_kafka_message_status(message) == RD_KAFKA_MSG_STATUS_NOT_PERSISTED;
        *ret_report = (struct topic_report){
            .token = (uint64_t)(uintptr_t)message->_private,
            .result = is_delivered ? TOPIC_DELIVERED
                      : is_refused ? TOPIC_REFUSED
                                   : TOPIC_UNCERTAIN,
            .offset = is_delivered && message->offset >= 0 ? message->offset : -1,
            .reason = is_delivered ? "delivered" : rd_kafka_err2str(message->err),
        };
        return true;
    }
}

static void writer_drop(void *context) {
    struct kafka_writer *writer = context;
    if (writer->event != NULL) rd_kafka_event_destroy(writer->event);
    writer->event = NULL;
    writer->in_flight = 0;
    forget(&writer->waiting);
    forget(&writer->refused);
    kafka_client_discard(&writer->client);
    /* The next producer is opened now, so that it is connected by the time it is needed. */
    (void)open_client(writer, NULL);
}

static enum status open_client(struct kafka_writer *writer, struct error *reterr_error) {
    ASSERT(writer->client == NULL);
    ASSERT(writer->event == NULL);
    const struct kafka_options *options = &writer->options;
    struct kafka_conf conf;
    kafka_conf_begin(&conf, options, "writer");
    kafka_conf_set(&conf, "enable.idempotence", "true");
    kafka_conf_set(&conf, "acks", "all");
    /* What comes while a request is in flight shares the next one: docs/adr/0007. */
    kafka_conf_set(&conf, "max.in.flight", "1");
    kafka_conf_set(&conf, "compression.codec", options->compression);
    kafka_conf_set_number(&conf, "linger.ms", options->linger_ms);
    kafka_conf_set_number(&conf, "message.timeout.ms", options->message_timeout_ms);
    kafka_conf_set_number(&conf, "queue.buffering.max.messages", options->append_queue_max);
    /* A record of TOPIC_VALUE_MAX bytes and its key and headers; the topic's own limit decides. */
    kafka_conf_set_number(&conf, "message.max.bytes", TOPIC_VALUE_MAX + 64 * 1024);
    /* Served as events: the queue then wakes the thread, and no callback outlives the writer. */
    rd_kafka_conf_set_events(conf.conf, RD_KAFKA_EVENT_DR);
    enum status status =
        kafka_client_open(&conf, options, RD_KAFKA_PRODUCER, options->are_reports_quiet ? -1 : writer->wake_fd,
                          &writer->client, reterr_error);
    if (status != STATUS_OK) return status;
    for (uint32_t i = 0; i < writer->topic_count; i++) (void)kafka_client_topic(writer->client, writer->topics[i]);
    return STATUS_OK;
}

/* Remembers the topic, so that the next producer warms it up too. False when there is no room or the name is refused. */
static bool knows_topic(struct kafka_writer *writer, const char *topic) {
    for (uint32_t i = 0; i < writer->topic_count; i++) {
        if (strcmp(writer->topics[i], topic) == 0) return true;
    }
    if (writer->topic_count == WRITER_TOPICS_MAX || !kafka_topic_name_is_good(topic)) return false;
    memcpy(writer->topics[writer->topic_count++], topic, strlen(topic) + 1);
    return true;
}

/* A quiet writer wakes its thread only while records wait for the reports of those before them. */
static void wake_on_reports(struct kafka_writer *writer, bool is_wanted) {
    if (!writer->options.are_reports_quiet || writer->wake_fd < 0) return;
    const uint64_t one = 1;
    rd_kafka_queue_io_event_enable(writer->client->queue, is_wanted ? writer->wake_fd : -1, &one, sizeof one);
    /* What came before is told to nobody. */
    bool has_some = is_wanted && rd_kafka_queue_length(writer->client->queue) > 0;
    if (has_some) (void)!write(writer->wake_fd, &one, sizeof one);
}

static void put_last(struct waiting_list *list, struct waiting_record *record) {
    record->next = NULL;
    if (list->last == NULL) {
        list->first = record;
    } else {
        list->last->next = record;
    }
    list->last = record;
    list->count++;
}

static struct waiting_record *take_first(struct waiting_list *list) {
    struct waiting_record *record = list->first;
    if (record == NULL) return NULL;
    list->first = record->next;
    if (list->first == NULL) list->last = NULL;
    ASSERT(list->count > 0);
    list->count--;
    return record;
}

static void forget(struct waiting_list *list) {
    struct waiting_record *record;
    while ((record = take_first(list)) != NULL) free(record);
}
