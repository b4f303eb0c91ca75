/* What the Kafka port's tests share: options, topics, waiting for an event as the replica does, and a clock. */
#ifndef BHR_TESTS_PORT_KAFKA_SUPPORT_H
#define BHR_TESTS_PORT_KAFKA_SUPPORT_H

#include "lib/port/kafka/kafka.h"

#include "tests/support/broker.h"
#include "tests/support/cmocka.h"

#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000, ADMIN_MS = 10000 };

struct kafka_test {
    struct broker broker;
    struct kafka_options options;
    struct kafka_admin *admin;
    struct topic_admin admin_port;
};

static inline int64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static inline int64_t wall_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline void print_log_line(void *context, int level, const char *text) {
    (void)context;
    if (level <= 4 && getenv("BHR_TEST_VERBOSE") != NULL) (void)fprintf(stderr, "  [%d] %s\n", level, text);
}

/* broker is already there. */
static inline void kafka_test_begin(struct kafka_test *test, const struct broker *broker) {
    struct error error = {0};
    *test = (struct kafka_test){.broker = *broker, .options = KAFKA_OPTIONS_DEFAULT};
    test->options.brokers = test->broker.address;
    test->options.service = "test";
    test->options.log.line = print_log_line;
    if (kafka_admin_open(&test->options, &test->admin, &test->admin_port, &error) != STATUS_OK) {
        fail_msg("%s", error.message);
    }
}

static inline void kafka_test_end(struct kafka_test *test) {
    kafka_admin_close(&test->admin);
    broker_end(&test->broker);
}

/* A topic of one partition with one setting, or none. */
static inline void make_topic(struct kafka_test *test, const char *stem, const char *name, const char *value,
                              char ret_topic[TOPIC_NAME_MAX]) {
    broker_topic(stem, ret_topic);
    struct kafka_topic_setting settings[2] = {{"message.timestamp.type", "LogAppendTime"}, {"", ""}};
    size_t count = 1;
    if (name != NULL) {
        (void)snprintf(settings[1].name, sizeof settings[1].name, "%s", name);
        (void)snprintf(settings[1].value, sizeof settings[1].value, "%s", value);
        count = 2;
    }
    struct kafka_topic_shape shape = {.partition_count = 1, .replica_count = 1};
    struct error error = {0};
    if (kafka_admin_create(test->admin, ret_topic, &shape, settings, count, ADMIN_MS, &error) != STATUS_OK) {
        fail_msg("%s", error.message);
    }
}

static inline void delete_topic(const struct kafka_test *test, const char *name) {
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char text[256];
    assert_int_equal(rd_kafka_conf_set(conf, "bootstrap.servers", test->options.brokers, text, sizeof text), 0);
    rd_kafka_t *handle = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(handle);
    rd_kafka_DeleteTopic_t *topic = rd_kafka_DeleteTopic_new(name);
    rd_kafka_DeleteTopics(handle, &topic, 1, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, ADMIN_MS);
    assert_non_null(event);
    assert_int_equal(rd_kafka_event_error(event), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_event_destroy(event);
    rd_kafka_DeleteTopic_destroy(topic);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(handle);
}

static inline int wake_new(void) {
    int wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    assert_true(wake_fd >= 0);
    return wake_fd;
}

/* Sleeps until woken, at most that long. */
static inline void wake_wait(int wake_fd, int64_t wait_ms) {
    struct pollfd waiting = {.fd = wake_fd, .events = POLLIN};
    uint64_t count;
    if (poll(&waiting, 1, (int)wait_ms) == 1) (void)!read(wake_fd, &count, sizeof count);
}

static inline struct topic_reader reader_new(struct kafka_test *test, int wake_fd, struct kafka_reader **ret_reader) {
    struct topic_reader port = {0};
    struct error error = {0};
    if (kafka_reader_open(&test->options, wake_fd, ret_reader, &port, &error) != STATUS_OK) {
        fail_msg("%s", error.message);
    }
    return port;
}

static inline struct topic_writer writer_new(struct kafka_test *test, int wake_fd, const char *topic,
                                             struct kafka_writer **ret_writer) {
    struct topic_writer port = {0};
    struct error error = {0};
    if (kafka_writer_open(&test->options, wake_fd, &topic, 1, ret_writer, &port, &error) != STATUS_OK) {
        fail_msg("%s", error.message);
    }
    return port;
}

/* The next event that is one; TOPIC_NOTHING when none came in time. Sleeps on wake_fd only: a wake-up that fails to come
 * makes the test late and fails it. */
static inline void next_event(const struct topic_reader *reader, int wake_fd, int64_t patience_ms,
                              struct topic_event *ret_event) {
    int64_t until_us = now_us() + patience_ms * 1000;
    for (;;) {
        reader->poll(reader->context, ret_event);
        if (ret_event->kind != TOPIC_NOTHING) return;
        int64_t left_us = until_us - now_us();
        if (left_us <= 0) return;
        wake_wait(wake_fd, left_us / 1000 + 1);
    }
}

static inline void expect_event(const struct topic_reader *reader, int wake_fd, enum topic_event_kind kind,
                                int64_t offset, struct topic_event *ret_event) {
    next_event(reader, wake_fd, PATIENCE_MS, ret_event);
    if (ret_event->kind != kind) {
        fail_msg("event %d instead of %d: %s", ret_event->kind, kind,
                 ret_event->kind > TOPIC_END ? ret_event->reason : "");
    }
    if (kind == TOPIC_RECORD) assert_int_equal(ret_event->record.offset, offset);
    if (kind == TOPIC_END) assert_int_equal(ret_event->offset, offset);
}

static inline struct topic_report next_report(const struct topic_writer *writer, int wake_fd) {
    struct topic_report report = {0};
    int64_t until_us = now_us() + INT64_C(1000) * PATIENCE_MS;
    while (!writer->report(writer->context, &report)) {
        int64_t left_us = until_us - now_us();
        if (left_us <= 0) fail_msg("no delivery report");
        wake_wait(wake_fd, left_us / 1000 + 1);
    }
    return report;
}

/* Appends one record without headers and waits for its report. */
static inline struct topic_report append_one(const struct topic_writer *writer, int wake_fd, const char *topic,
                                             struct slice value, uint64_t token) {
    struct topic_append append = {.topic = topic, .key = slice_text("nel-bhr"), .value = value, .token = token};
    assert_int_equal(writer->append(writer->context, &append), STATUS_OK);
    struct topic_report report = next_report(writer, wake_fd);
    assert_int_equal(report.token, token);
    return report;
}

static inline void append_text(const struct topic_writer *writer, int wake_fd, const char *topic, const char *text,
                               int64_t offset) {
    struct topic_report report = append_one(writer, wake_fd, topic, slice_text(text), 7);
    if (report.result != TOPIC_DELIVERED) fail_msg("not delivered: %s", report.reason);
    assert_int_equal(report.offset, offset);
}

#endif
