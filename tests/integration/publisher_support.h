/* What the publisher's tests on a real broker share: a reader of committed records, a transactional producer by itself, and
 * the publisher's machine on the real ports over a journal that the test writes. */
#ifndef BHR_TESTS_INTEGRATION_PUBLISHER_SUPPORT_H
#define BHR_TESTS_INTEGRATION_PUBLISHER_SUPPORT_H

#include "tests/port/kafka_support.h"

#include "lib/digest/digest.h"
#include "lib/host/publisher.h"
#include "lib/port/uv/system_clock.h"
#include "lib/port/uv/waiter_eventfd.h"

#include <librdkafka/rdkafka.h>

enum { VALUE_MAX = 64, SEEN_MAX = 4096, ANSWER_MS_MAX = 60000 };

static struct kafka_test test;

/* What lies in a topic for whoever reads with read_committed. */
static struct {
    uint32_t count;
    char values[SEEN_MAX][VALUE_MAX];
} seen;

static inline void read_committed(const char *topic) {
    char reason[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    const char *const settings[][2] = {{"bootstrap.servers", test.options.brokers},
                                       {"group.id", "outside"},
                                       {"isolation.level", "read_committed"},
                                       {"enable.partition.eof", "true"},
                                       {"enable.auto.commit", "false"}};
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        assert_int_equal(rd_kafka_conf_set(conf, settings[i][0], settings[i][1], reason, sizeof reason), 0);
    }
    rd_kafka_t *consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof reason);
    assert_non_null(consumer);
    rd_kafka_poll_set_consumer(consumer);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, 0)->offset = 0;
    assert_int_equal(rd_kafka_assign(consumer, list), 0);
    rd_kafka_topic_partition_list_destroy(list);
    seen.count = 0;
    for (bool is_over = false; !is_over;) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, PATIENCE_MS);
        if (message == NULL) fail_msg("neither a record nor the end came");
        is_over = message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            assert_true(seen.count < SEEN_MAX && message->len < VALUE_MAX);
            memcpy(seen.values[seen.count], message->payload, message->len);
            seen.values[seen.count++][message->len] = '\0';
        }
        rd_kafka_message_destroy(message);
    }
    (void)rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
}

static inline void expect_seen(const char *topic, uint32_t count, const char *const *values) {
    read_committed(topic);
    assert_int_equal(seen.count, count);
    for (uint32_t i = 0; i < count; i++) assert_string_equal(seen.values[i], values[i]);
}

/* One transactional producer by itself: the port. */
struct producer {
    char journal[TOPIC_NAME_MAX], events[TOPIC_NAME_MAX];
    struct kafka_options options;
    struct kafka_publisher *handle;
    struct publish_port port;
};

static inline struct kafka_publisher *publisher_open(struct producer *producer, struct publish_port *ret_port) {
    struct kafka_publisher *handle = NULL;
    struct error error = {0};
    const char *const topics[] = {producer->events};
    enum status status =
        kafka_publisher_open(&producer->options, producer->journal, topics, 1, &handle, ret_port, &error);
    if (status != STATUS_OK) fail_msg("%s", error.message);
    return handle;
}

static inline void producer_begin(struct producer *producer, const char *service) {
    *producer = (struct producer){.options = test.options};
    make_topic(&test, "journal", NULL, NULL, producer->journal);
    make_topic(&test, "events", NULL, NULL, producer->events);
    producer->options.service = service;
    producer->handle = publisher_open(producer, &producer->port);
}

static inline void expect(const struct publish_port *port, enum publish_result found, enum publish_result wanted) {
    if (found != wanted) fail_msg("result %d instead of %d: %s", found, wanted, port->reason(port->context));
}

/* As the machine does it, the same call until it answers something else than "again". */
static inline void start(const struct publish_port *port) {
    int64_t until_us = now_us() + INT64_C(1000) * ANSWER_MS_MAX;
    enum publish_result result = PUBLISH_RETRY;
    while (result == PUBLISH_RETRY && now_us() < until_us) result = port->start(port->context);
    expect(port, result, PUBLISH_OK);
}

static inline void begin(const struct publish_port *port) {
    expect(port, port->begin(port->context), PUBLISH_OK);
}

static inline void append(const struct producer *producer, const struct publish_port *port, const char *value) {
    const struct topic_header header = {slice_text("ce_id"), slice_text("1")};
    const struct topic_append what = {.topic = producer->events,
                                      .key = slice_text("k"),
                                      .value = slice_text(value),
                                      .header_count = 1,
                                      .headers = &header};
    expect(port, port->append(port->context, &what), PUBLISH_OK);
}

static inline enum publish_result commit(const struct publish_port *port, int64_t offset, const char *note,
                                         bool *ret_is_clean) {
    const struct publish_position position = {.offset = offset, .note = slice_text(note)};
    int64_t until_us = now_us() + INT64_C(1000) * ANSWER_MS_MAX;
    enum publish_result result = PUBLISH_RETRY;
    while (result == PUBLISH_RETRY && now_us() < until_us)
        result = port->commit(port->context, &position, ret_is_clean);
    return result;
}

static inline struct publish_recovered recover(const struct publish_port *port) {
    struct publish_recovered recovered = {0};
    int64_t until_us = now_us() + INT64_C(1000) * ANSWER_MS_MAX;
    enum publish_result result = PUBLISH_RETRY;
    while (result == PUBLISH_RETRY && now_us() < until_us) result = port->recover(port->context, &recovered);
    expect(port, result, PUBLISH_OK);
    return recovered;
}

/* What readers of committed records see at the end of the events. */
static inline struct publish_tail tail(const struct producer *producer, const struct publish_port *port) {
    struct topic_range range;
    struct publish_tail found = {0};
    struct error error = {0};
    assert_int_equal(test.admin_port.range(test.admin, producer->events, ADMIN_MS, &range, &error), STATUS_OK);
    int64_t until_us = now_us() + INT64_C(1000) * ANSWER_MS_MAX;
    enum publish_result result = PUBLISH_RETRY;
    while (result == PUBLISH_RETRY && now_us() < until_us) {
        result = port->tail(port->context, producer->events, range, "ce_id", &found);
    }
    expect(port, result, PUBLISH_OK);
    return found;
}

/* offset -1: none is known. */
static inline void expect_position(const struct publish_port *port, int64_t offset, const char *note) {
    struct publish_recovered recovered = recover(port);
    assert_int_equal(recovered.is_known, offset >= 0);
    if (offset < 0) return;
    assert_int_equal(recovered.offset, offset);
    assert_true(slice_equal(slice_of(recovered.note, recovered.note_size), slice_text(note)));
}

/* The machine on the real ports. */
struct machine {
    struct kafka_options options;
    char journal[TOPIC_NAME_MAX], events[TOPIC_NAME_MAX], dead[TOPIC_NAME_MAX];
    struct journal_identity identity;
    struct journal_state state;
    struct kafka_writer *writer;
    struct topic_writer to;
    int writer_fd, wake_fd;
    struct waiter waiter;
    struct kafka_reader *reader;
    struct kafka_publisher *producer;
    struct publisher *publisher;
    struct publisher_view view;
};
static struct machine machine;

static inline void machine_log(const struct journal_record *record) {
    static uint8_t memory[JOURNAL_RECORD_MAX];
    struct buffer out = buffer_over(memory, sizeof memory);
    journal_record_write(record, &out);
    struct topic_report report = append_one(&machine.to, machine.writer_fd, machine.journal, buffer_slice(&out), 1);
    assert_int_equal(report.result, TOPIC_DELIVERED);
    struct slice prev = slice_of(machine.state.prev.bytes, sizeof machine.state.prev.bytes);
    const struct logged logged = {
        .offset = report.offset, .timestamp_ms = wall_ms(), .is_log_append_time = true, .value = buffer_slice(&out)};
    struct journal_record read;
    bool is_readable;
    enum journal_verdict verdict =
        journal_accept(&machine.state, &machine.identity, &logged, digest_of(prev, logged.value), &read, &is_readable);
    assert_true(journal_verdict_accepts(verdict));
}

static inline void machine_log_entries(uint32_t count) {
    uint8_t memory[32];
    struct buffer body = buffer_over(memory, sizeof memory);
    entry_body_write(&(struct entry_body){.schema = 1}, &body);
    for (uint32_t i = 0; i < count; i++) {
        struct journal_record record = {.kind = RECORD_ENTRY};
        record.as.entry = (struct entry){.epoch = machine.state.epoch,
                                         .owner = machine.state.owner,
                                         .number = machine.state.number + 1,
                                         .prev = machine.state.prev,
                                         .decided_at_ms = wall_ms(),
                                         .kind = ENTRY_COMMAND,
                                         .command_at = {0, 1},
                                         .body = buffer_slice(&body)};
        assert_true(journal_name_set(&record.as.entry.source, slice_text("111-east")));
        machine_log(&record);
    }
}

/* Entry n is one event, "n". */
static inline uint32_t machine_records(const void *context, struct id128 journal_id, const struct entry *entry,
                                       struct arena *arena, struct public_record ret_records[PUBLIC_RECORDS_MAX]) {
    (void)context;
    (void)journal_id;
    char text[VALUE_MAX];
    (void)snprintf(text, sizeof text, "%" PRIu64, entry->number);
    ret_records[0] = (struct public_record){.key = slice_text("k"), .value = arena_copy(arena, slice_text(text))};
    ret_records[0].headers[ret_records[0].header_count++] =
        (struct topic_header){slice_text("ce_bhrnumber"), ret_records[0].value};
    return 1;
}

/* A new process. */
static inline void machine_start(void) {
    const char *const topics[] = {machine.events, machine.dead};
    struct publisher_ports ports = {
        .admin = test.admin_port, .clock = system_clock_port(), .hash = digest_of, .records = machine_records};
    struct error error = {0};
    enum status status = waiter_open(&machine.waiter, &machine.wake_fd, &error);
    if (status == STATUS_OK) {
        status = kafka_reader_open(&machine.options, machine.wake_fd, &machine.reader, &ports.journal, &error);
    }
    if (status == STATUS_OK) {
        status = kafka_publisher_open(&machine.options, machine.journal, topics, 2, &machine.producer, &ports.producer,
                                      &error);
    }
    if (status != STATUS_OK) fail_msg("%s", error.message);
    const struct publisher_options options = {.identity = machine.identity,
                                              .journal_topic = machine.journal,
                                              .event_topic = machine.events,
                                              .dead_topic = machine.dead,
                                              .batch_max = 10,
                                              .interval_ms = 10,
                                              .keep_ms = PUBLISHER_KEEP_MS};
    machine.publisher = publisher_new(&options, &ports);
    assert_non_null(machine.publisher);
    publisher_own(machine.publisher, true);
}

static inline void machine_end(void) {
    publisher_free(machine.publisher);
    kafka_reader_close(&machine.reader);
    kafka_publisher_close(&machine.producer);
    waiter_close(&machine.waiter);
}

/* Until it has published so far, or stopped. */
static inline void machine_run(uint64_t number) {
    int64_t until_us = now_us() + INT64_C(1000) * ANSWER_MS_MAX;
    do {
        int wait_ms = publisher_step(machine.publisher);
        publisher_look(machine.publisher, &machine.view);
        if (wait_ms > 0) machine.waiter.wait(machine.waiter.context, wait_ms);
    } while (machine.view.state != PUBLISHER_STOPPED && machine.view.number < number && now_us() < until_us);
}

static inline void machine_expect(uint64_t number) {
    assert_int_equal(machine.view.number, number);
    read_committed(machine.events);
    assert_int_equal(seen.count, number);
    for (uint32_t i = 0; i < seen.count; i++) assert_int_equal(strtoull(seen.values[i], NULL, 10), i + 1);
}

#endif
