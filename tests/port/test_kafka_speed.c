/* How quick the Kafka port is on this machine's broker: printed, not judged, because the machine may be busy. What is
 * judged: every record comes, in order, and the thread that sleeps on the eventfd is woken for each. */
#include "tests/port/kafka_support.h"

static struct kafka_test test;

static int compare_us(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y ? 1 : 0;
}

/* The way of a lone command: append, then sleep until it has come back. */
static void one_record_alone(void **state) {
    (void)state;
    enum { WARM = 5000, COUNT = 2000 };
    static int64_t took_us[COUNT];
    char topic[TOPIC_NAME_MAX];
    make_topic(&test, "alone", NULL, NULL, topic);
    struct kafka_reader *reader;
    struct kafka_writer *writer;
    int wake_fd = wake_new();
    struct topic_reader from = reader_new(&test, wake_fd, &reader);
    struct topic_writer to = writer_new(&test, wake_fd, topic, &writer);
    uint8_t value[200] = {0};
    struct topic_event event;
    struct topic_report report;
    assert_int_equal(from.assign(from.context, topic, 0, NULL), STATUS_OK);
    expect_event(&from, wake_fd, TOPIC_END, 0, &event);
    for (int64_t i = 0; i < WARM + COUNT; i++) {
        struct topic_append append = {.topic = topic, .value = slice_of(value, sizeof value), .token = (uint64_t)i};
        int64_t begin_us = now_us();
        assert_int_equal(to.append(to.context, &append), STATUS_OK);
        for (;;) {
            /* The record may be back before its report; the next one then waits in the writer until that was taken. */
            while (to.report(to.context, &report)) assert_int_equal(report.result, TOPIC_DELIVERED);
            from.poll(from.context, &event);
            if (event.kind != TOPIC_NOTHING && event.kind != TOPIC_END) break;
            assert_true(now_us() - begin_us < INT64_C(1000) * PATIENCE_MS);
            if (event.kind == TOPIC_NOTHING) wake_wait(wake_fd, PATIENCE_MS);
        }
        assert_int_equal(event.kind, TOPIC_RECORD);
        assert_int_equal(event.record.offset, i);
        if (i >= WARM) took_us[i - WARM] = now_us() - begin_us;
    }
    qsort(took_us, COUNT, sizeof took_us[0], compare_us);
    print_message("append to read back, one at a time: p50 %" PRId64 " us, p99 %" PRId64 " us, longest %" PRId64
                  " us\n",
                  took_us[COUNT / 2], took_us[COUNT * 99 / 100], took_us[COUNT - 1]);
    kafka_reader_close(&reader);
    kafka_writer_close(&writer);
    (void)close(wake_fd);
}

static void many_records_at_once(void **state) {
    (void)state;
    enum { COUNT = 200000, IN_FLIGHT = 5000 };
    char topic[TOPIC_NAME_MAX];
    make_topic(&test, "many", NULL, NULL, topic);
    struct kafka_reader *reader;
    struct kafka_writer *writer;
    int wake_fd = wake_new();
    struct topic_reader from = reader_new(&test, wake_fd, &reader);
    struct topic_writer to = writer_new(&test, wake_fd, topic, &writer);
    uint8_t value[200] = {0};
    struct topic_report report;
    int64_t begin_us = now_us();
    uint64_t sent = 0, reported = 0;
    while (reported < COUNT) {
        while (sent < COUNT && sent - reported < IN_FLIGHT) {
            memcpy(value, &sent, sizeof sent);
            struct topic_append append = {.topic = topic, .value = slice_of(value, sizeof value), .token = sent++};
            assert_int_equal(to.append(to.context, &append), STATUS_OK);
        }
        report = next_report(&to, wake_fd);
        assert_int_equal(report.token, reported);
        assert_int_equal(report.offset, reported);
        reported++;
    }
    int64_t written_us = now_us() - begin_us;

    begin_us = now_us();
    int sleeps = 0;
    struct topic_event event;
    assert_int_equal(from.assign(from.context, topic, 0, NULL), STATUS_OK);
    for (uint64_t i = 0; i < COUNT;) {
        from.poll(from.context, &event);
        if (event.kind == TOPIC_NOTHING) {
            int64_t asleep_us = now_us();
            wake_wait(wake_fd, PATIENCE_MS);
            assert_true(now_us() - asleep_us < INT64_C(1000) * PATIENCE_MS); /* it was woken */
            sleeps++;
            continue;
        }
        assert_int_equal(event.kind, TOPIC_RECORD);
        assert_memory_equal(event.record.value.data, &i, sizeof i);
        i++;
    }
    int64_t read_us = now_us() - begin_us;
    print_message("%d records of 200 bytes: written %.0f/s, read %.0f/s with %d sleeps\n", COUNT,
                  COUNT * 1e6 / (double)written_us, COUNT * 1e6 / (double)read_us, sleeps);
    kafka_reader_close(&reader);
    kafka_writer_close(&writer);
    (void)close(wake_fd);
}

static int start(void **state) {
    (void)state;
    struct broker broker;
    broker_any(&broker);
    kafka_test_begin(&test, &broker);
    return 0;
}

static int stop(void **state) {
    (void)state;
    kafka_test_end(&test);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_record_alone),
        cmocka_unit_test(many_records_at_once),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
