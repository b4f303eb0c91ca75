/* Request topics while the broker dies and comes back, again and again, with a deletion under way nearly all the time: the
 * process lives, and reading goes on where it was. librdkafka's admin call for a group's offsets would have ended it. */
#include "tests/port/kafka_support.h"

enum { ROUNDS = 3, RECORDS = 20, DELETE_EVERY_MS = 20 };

static struct kafka_test test;

/* Serves the group, and takes and does what there is. The offset after the last. */
static int64_t serve(struct intake_port *port, int *lane, int64_t next) {
    struct intake_event event;
    for (;;) {
        port->poll(port->context, &event);
        if (event.kind == INTAKE_NOTHING) break;
        if (event.kind == INTAKE_GIVEN) *lane = (int)event.lane;
        if (event.kind == INTAKE_TAKEN && *lane == (int)event.lane) *lane = -1;
    }
    struct intake_record record;
    while (*lane >= 0 && port->take(port->context, (uint32_t)*lane, &record)) {
        if (record.offset >= next) {
            assert_int_equal(record.offset, next); /* none is left out; some come again */
            next = record.offset + 1;
        }
        port->done(port->context, (uint32_t)*lane, record.offset + 1);
    }
    return next;
}

static void the_broker_dies_in_the_middle_of_deleting(void **state) {
    (void)state;
    char topic[TOPIC_NAME_MAX];
    make_topic(&test, "request", NULL, NULL, topic);
    int wake_fd = wake_new();
    struct kafka_writer *kafka_writer;
    struct topic_writer writer = writer_new(&test, wake_fd, topic, &kafka_writer);
    const char *names[] = {topic};
    struct kafka_intake *intake;
    struct intake_port port;
    struct error error = {0};
    struct kafka_options options = test.options;
    options.session_timeout_ms = 2000;
    enum status status = kafka_intake_open(&options, wake_fd, names, 1, DELETE_EVERY_MS, &intake, &port, &error);
    if (status != STATUS_OK) fail_msg("%s", error.message);
    int lane = -1;
    int64_t next = 0;
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < RECORDS; i++) append_text(&writer, wake_fd, topic, "in clear", round * RECORDS + i);
        int64_t until_us = now_us() + INT64_C(2000) * PATIENCE_MS;
        while (next < (round + 1) * RECORDS && now_us() < until_us) {
            next = serve(&port, &lane, next);
            wake_wait(wake_fd, 5);
        }
        assert_int_equal(next, (round + 1) * RECORDS);
        assert_true(broker_do(&test.broker, "kill"));
        until_us = now_us() + INT64_C(4000000) * round; /* once longer than a deletion waits */
        while (now_us() < until_us) {
            next = serve(&port, &lane, next);
            wake_wait(wake_fd, 5);
        }
        assert_true(broker_do(&test.broker, "start"));
    }
    struct topic_range range = {0};
    int64_t until_us = now_us() + INT64_C(2000) * PATIENCE_MS;
    while (range.start < ROUNDS * RECORDS && now_us() < until_us) {
        next = serve(&port, &lane, next);
        wake_wait(wake_fd, 20);
        (void)test.admin_port.range(test.admin_port.context, topic, ADMIN_MS, &range, &error);
    }
    assert_int_equal(range.start, ROUNDS * RECORDS);
    kafka_intake_close(&intake);
    kafka_writer_close(&kafka_writer);
    (void)close(wake_fd);
}

static int start(void **state) {
    (void)state;
    struct broker broker;
    broker_own(&broker);
    kafka_test_begin(&test, &broker);
    return 0;
}

static int stop(void **state) {
    (void)state;
    kafka_test_end(&test);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_broker_dies_in_the_middle_of_deleting)};
    return cmocka_run_group_tests(tests, start, stop);
}
