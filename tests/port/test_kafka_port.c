/* The Kafka port against a real broker: what is appended is read back byte for byte and in order, from wherever one asks
 * to begin; what fails says so by name; one record alone is quick (printed, not judged: the machine may be busy). */
#include "tests/port/kafka_support.h"

static struct kafka_test test;

static void a_record_comes_back_byte_for_byte(void **state) {
    (void)state;
    char topic[TOPIC_NAME_MAX];
    make_topic(&test, "bytes", NULL, NULL, topic);
    struct kafka_reader *reader;
    struct kafka_writer *writer;
    int wake_fd = wake_new();
    struct topic_reader from = reader_new(&test, wake_fd, &reader);
    struct topic_writer to = writer_new(&test, wake_fd, topic, &writer);

    static uint8_t value[200000];
    for (size_t i = 0; i < sizeof value; i++) value[i] = (uint8_t)(i * 31 + i / 255);
    const struct topic_header headers[] = {
        {slice_text("ce_source"), slice_text("111-east")},
        {slice_text("binary"), slice_of("\0\xFF\n", 3)},
        {slice_text("empty"), slice_of("", 0)},
        {slice_text("ce_source"), slice_text("second of the same name")},
    };
    struct topic_append append = {.topic = topic,
                                  .key = slice_text("nel-bhr"),
                                  .value = slice_of(value, sizeof value),
                                  .header_count = 4,
                                  .headers = headers,
                                  .token = UINT64_MAX};
    int64_t before_ms = wall_ms();
    assert_int_equal(to.append(to.context, &append), STATUS_OK);
    struct topic_report report = next_report(&to, wake_fd);
    assert_int_equal(report.result, TOPIC_DELIVERED);
    assert_int_equal(report.offset, 0);
    assert_true(report.token == UINT64_MAX);
    append_text(&to, wake_fd, topic, "", 1);

    struct topic_event event;
    assert_int_equal(from.assign(from.context, topic, 0, NULL), STATUS_OK);
    expect_event(&from, wake_fd, TOPIC_RECORD, 0, &event);
    assert_true(slice_equal(event.record.key, slice_text("nel-bhr")));
    assert_true(slice_equal(event.record.value, slice_of(value, sizeof value)));
    assert_int_equal(event.record.header_count, 4);
    for (int i = 0; i < 4; i++) {
        assert_true(slice_equal(event.record.headers[i].name, headers[i].name));
        assert_true(slice_equal(event.record.headers[i].value, headers[i].value));
    }
    struct slice found = {0};
    assert_true(topic_header_find(&event.record, "ce_source", &found));
    assert_true(slice_equal(found, slice_text("111-east")));
    assert_false(topic_header_find(&event.record, "ce_id", &found));
    assert_true(event.record.is_log_append_time);
    assert_in_range(event.record.timestamp_ms, before_ms, wall_ms());

    expect_event(&from, wake_fd, TOPIC_RECORD, 1, &event);
    assert_int_equal(event.record.value.size, 0);
    assert_int_equal(event.record.header_count, 0);
    expect_event(&from, wake_fd, TOPIC_END, 2, &event);
    from.poll(from.context, &event);
    assert_int_equal(event.kind, TOPIC_NOTHING);
    kafka_reader_close(&reader);
    kafka_writer_close(&writer);
    (void)close(wake_fd);
}

static void reading_begins_where_it_is_told(void **state) {
    (void)state;
    enum { COUNT = 3000 };
    char topic[TOPIC_NAME_MAX];
    make_topic(&test, "offsets", NULL, NULL, topic);
    struct kafka_reader *reader;
    struct kafka_writer *writer;
    int wake_fd = wake_new();
    struct topic_reader from = reader_new(&test, wake_fd, &reader);
    struct topic_writer to = writer_new(&test, wake_fd, topic, &writer);
    for (uint64_t i = 0; i < COUNT; i++) {
        struct topic_append append = {.topic = topic, .value = slice_of(&i, sizeof i), .token = i};
        assert_int_equal(to.append(to.context, &append), STATUS_OK);
    }
    for (int i = 0; i < COUNT; i++) assert_int_equal(next_report(&to, wake_fd).offset, i);

    /* In mid-stream and with a batch in hand: forwards, back, to the very end, and from the beginning. */
    static const int64_t beginnings[] = {0, 2500, 10, COUNT - 1, COUNT, 0};
    struct topic_event event;
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
        int64_t offset = beginnings[i];
        assert_int_equal(from.assign(from.context, topic, offset, NULL), STATUS_OK);
        for (int j = 0; j < 40 && offset < COUNT; j++, offset++) {
            expect_event(&from, wake_fd, TOPIC_RECORD, offset, &event);
            assert_memory_equal(event.record.value.data, &offset, sizeof offset);
        }
        if (offset == COUNT) expect_event(&from, wake_fd, TOPIC_END, COUNT, &event);
    }
    from.unassign(from.context);
    next_event(&from, wake_fd, 300, &event);
    assert_int_equal(event.kind, TOPIC_NOTHING);
    kafka_reader_close(&reader);
    kafka_writer_close(&writer);
    (void)close(wake_fd);
}

static void an_offset_that_is_not_there_is_named(void **state) {
    (void)state;
    char topic[TOPIC_NAME_MAX], missing[TOPIC_NAME_MAX];
    make_topic(&test, "range", NULL, NULL, topic);
    broker_topic("missing", missing);
    struct kafka_reader *reader;
    struct kafka_writer *writer;
    int wake_fd = wake_new();
    struct topic_reader from = reader_new(&test, wake_fd, &reader);
    struct topic_writer to = writer_new(&test, wake_fd, topic, &writer);
    append_text(&to, wake_fd, topic, "only", 0);

    struct topic_event event;
    assert_int_equal(from.assign(from.context, topic, 2, NULL), STATUS_OK);
    expect_event(&from, wake_fd, TOPIC_OUT_OF_RANGE, 0, &event);
    assert_true(strlen(event.reason) > 0);
    next_event(&from, wake_fd, 300, &event);
    assert_int_equal(event.kind, TOPIC_NOTHING);

    assert_int_equal(from.assign(from.context, missing, 0, NULL), STATUS_OK);
    expect_event(&from, wake_fd, TOPIC_FAILED, 0, &event);

    /* After either, the same reader reads again. */
    assert_int_equal(from.assign(from.context, topic, 0, NULL), STATUS_OK);
    expect_event(&from, wake_fd, TOPIC_RECORD, 0, &event);
    expect_event(&from, wake_fd, TOPIC_END, 1, &event);

    char name[TOPIC_NAME_MAX + 1];
    memset(name, 'x', sizeof name);
    name[TOPIC_NAME_MAX] = '\0';
    assert_int_equal(from.assign(from.context, name, 0, NULL), STATUS_INVALID);
    kafka_reader_close(&reader);
    kafka_writer_close(&writer);
    (void)close(wake_fd);
}

static void two_writers_share_one_order(void **state) {
    (void)state;
    enum { COUNT = 500 };
    char topic[TOPIC_NAME_MAX];
    make_topic(&test, "two", NULL, NULL, topic);
    struct kafka_reader *reader;
    struct kafka_writer *writers[2];
    int wake_fd = wake_new();
    struct topic_reader from = reader_new(&test, wake_fd, &reader);
    struct topic_writer to[2] = {writer_new(&test, wake_fd, topic, &writers[0]),
                                 writer_new(&test, wake_fd, topic, &writers[1])};
    static uint64_t value_at[2 * COUNT];
    uint64_t next_of[2] = {0, 0};
    for (uint64_t i = 0; i < COUNT; i++) {
        for (uint64_t w = 0; w < 2; w++) {
            uint64_t value = w << 32 | i;
            struct topic_append append = {.topic = topic, .value = slice_of(&value, sizeof value), .token = value};
            assert_int_equal(to[w].append(to[w].context, &append), STATUS_OK);
        }
        if (i % 50 == 0) wake_wait(wake_fd, 2);
    }
    for (int w = 0; w < 2; w++) {
        for (int i = 0; i < COUNT; i++) {
            struct topic_report report = next_report(&to[w], wake_fd);
            assert_int_equal(report.result, TOPIC_DELIVERED);
            assert_in_range(report.offset, 0, 2 * COUNT - 1);
            value_at[report.offset] = report.token;
        }
    }
    struct topic_event event;
    int64_t time_ms = 0;
    assert_int_equal(from.assign(from.context, topic, 0, NULL), STATUS_OK);
    for (int64_t i = 0; i < 2 * COUNT; i++) {
        expect_event(&from, wake_fd, TOPIC_RECORD, i, &event);
        uint64_t value;
        assert_int_equal(event.record.value.size, sizeof value);
        memcpy(&value, event.record.value.data, sizeof value);
        assert_true(value == value_at[i]);                            /* what the report said lies there */
        assert_int_equal(value & UINT32_MAX, next_of[value >> 32]++); /* each writer's own order is kept */
        assert_true(event.record.timestamp_ms >= time_ms);
        time_ms = event.record.timestamp_ms;
    }
    kafka_reader_close(&reader);
    kafka_writer_close(&writers[0]);
    kafka_writer_close(&writers[1]);
    (void)close(wake_fd);
}

static void a_dropped_writer_reports_nothing_and_begins_anew(void **state) {
    (void)state;
    char topic[TOPIC_NAME_MAX];
    make_topic(&test, "drop", NULL, NULL, topic);
    struct kafka_reader *reader;
    struct kafka_writer *writer;
    int wake_fd = wake_new();
    struct topic_reader from = reader_new(&test, wake_fd, &reader);
    struct topic_writer to = writer_new(&test, wake_fd, topic, &writer);
    append_text(&to, wake_fd, topic, "before", 0);
    int64_t drop_us_max = 0, back_us_max = 0;
    for (int i = 0; i < 10; i++) {
        struct topic_append append = {.topic = topic, .value = slice_text("dropped"), .token = 1};
        for (int j = 0; j < 20; j++) assert_int_equal(to.append(to.context, &append), STATUS_OK);
        int64_t begin_us = now_us();
        to.drop(to.context);
        int64_t dropped_us = now_us();
        struct topic_report report = append_one(&to, wake_fd, topic, slice_text("after"), 100 + (uint64_t)i);
        assert_int_equal(report.result, TOPIC_DELIVERED); /* and of token 1 none is heard again */
        if (dropped_us - begin_us > drop_us_max) drop_us_max = dropped_us - begin_us;
        if (now_us() - dropped_us > back_us_max) back_us_max = now_us() - dropped_us;
    }
    print_message("drop took at most %.1f ms, the first append after it %.1f ms\n", (double)drop_us_max / 1000,
                  (double)back_us_max / 1000);

    /* What was dropped may have landed, also late; what came after it is all there, in its order. */
    int after_count = 0;
    struct topic_event event;
    assert_int_equal(from.assign(from.context, topic, 1, NULL), STATUS_OK);
    for (next_event(&from, wake_fd, PATIENCE_MS, &event); event.kind == TOPIC_RECORD;
         next_event(&from, wake_fd, PATIENCE_MS, &event)) {
        if (slice_equal(event.record.value, slice_text("after"))) after_count++;
    }
    assert_int_equal(event.kind, TOPIC_END);
    assert_int_equal(after_count, 10);
    kafka_reader_close(&reader);
    kafka_writer_close(&writer);
    (void)close(wake_fd);
}

/* Rounds of appends with a look at the reports between them: what waits for those before it goes in its turn, whole, and a
 * quiet writer wakes its thread for it. */
static void bursts_go_one_after_the_other(void **state) {
    (void)state;
    enum { ROUNDS = 50, RECORDS = ROUNDS * 20 };
    char topic[TOPIC_NAME_MAX];
    make_topic(&test, "bursts", NULL, NULL, topic);
    struct kafka_reader *reader;
    struct kafka_writer *writer;
    int wake_fd = wake_new(), other_fd = wake_new();
    struct topic_reader from = reader_new(&test, other_fd, &reader);
    test.options.are_reports_quiet = true;
    struct topic_writer to = writer_new(&test, wake_fd, topic, &writer);
    test.options.are_reports_quiet = false;
    struct topic_report report;
    uint64_t appended = 0, reported = 0;
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < 20; i++, appended++) {
            const struct topic_header header = {slice_text("ce_id"), slice_of(&appended, sizeof appended)};
            struct topic_append append = {.topic = topic,
                                          .value = slice_of(&appended, sizeof appended),
                                          .header_count = 1,
                                          .headers = &header,
                                          .token = appended};
            assert_int_equal(to.append(to.context, &append), STATUS_OK);
        }
        for (; to.report(to.context, &report); reported++) assert_int_equal(report.token, reported);
    }
    assert_true(reported < appended);
    for (; reported < RECORDS; reported++) {
        /* While others wait behind them, reports wake; those of the last burst are found by looking. */
        int64_t until_us = now_us() + INT64_C(1000) * PATIENCE_MS;
        while (!to.report(to.context, &report)) {
            assert_true(now_us() < until_us);
            wake_wait(wake_fd, 20);
        }
        assert_int_equal(report.token, reported);
        assert_int_equal(report.result, TOPIC_DELIVERED);
        assert_int_equal(report.offset, reported);
    }
    struct topic_event event;
    assert_int_equal(from.assign(from.context, topic, 0, NULL), STATUS_OK);
    for (uint64_t i = 0; i < RECORDS; i++) {
        expect_event(&from, other_fd, TOPIC_RECORD, (int64_t)i, &event);
        assert_true(slice_equal(event.record.value, slice_of(&i, sizeof i)));
        assert_true(slice_equal(event.record.headers[0].value, slice_of(&i, sizeof i)));
    }
    kafka_reader_close(&reader);
    kafka_writer_close(&writer);
    (void)close(wake_fd);
    (void)close(other_fd);
}

static void what_the_topic_does_not_take_is_refused(void **state) {
    (void)state;
    static uint8_t value[TOPIC_VALUE_MAX + 1];
    char topic[TOPIC_NAME_MAX], missing[TOPIC_NAME_MAX];
    make_topic(&test, "small", "max.message.bytes", "1000", topic);
    broker_topic("nowhere", missing);
    struct kafka_writer *writer;
    int wake_fd = wake_new();
    struct topic_writer to = writer_new(&test, wake_fd, topic, &writer);
    append_text(&to, wake_fd, topic, "fits", 0);
    struct topic_report report = append_one(&to, wake_fd, topic, slice_of(value, 5000), 2);
    assert_int_equal(report.result, TOPIC_REFUSED);
    assert_int_equal(report.offset, -1);
    struct topic_append append = {.topic = topic, .value = slice_of(value, TOPIC_VALUE_MAX + 1)};
    assert_int_equal(to.append(to.context, &append), STATUS_INVALID);
    append_text(&to, wake_fd, topic, "goes on", 1);

    append = (struct topic_append){.topic = missing, .value = slice_text("x"), .token = 3};
    assert_int_equal(to.append(to.context, &append), STATUS_OK);
    assert_int_equal(next_report(&to, wake_fd).result, TOPIC_REFUSED);
    kafka_writer_close(&writer);
    (void)close(wake_fd);
}

static void the_producers_clock_is_recognised(void **state) {
    (void)state;
    char topic[TOPIC_NAME_MAX];
    make_topic(&test, "clock", "message.timestamp.type", "CreateTime", topic);
    struct kafka_reader *reader;
    struct kafka_writer *writer;
    int wake_fd = wake_new();
    struct topic_reader from = reader_new(&test, wake_fd, &reader);
    struct topic_writer to = writer_new(&test, wake_fd, topic, &writer);
    append_text(&to, wake_fd, topic, "mine", 0);
    struct topic_event event;
    assert_int_equal(from.assign(from.context, topic, 0, NULL), STATUS_OK);
    expect_event(&from, wake_fd, TOPIC_RECORD, 0, &event);
    assert_false(event.record.is_log_append_time);
    kafka_reader_close(&reader);
    kafka_writer_close(&writer);
    (void)close(wake_fd);
}

static void the_cluster_answers_what_is_asked(void **state) {
    (void)state;
    char topic[TOPIC_NAME_MAX], missing[TOPIC_NAME_MAX], cluster_id[KAFKA_CLUSTER_ID_MAX] = "";
    make_topic(&test, "asked", "retention.ms", "86400000", topic);
    broker_topic("unasked", missing);
    struct kafka_writer *writer;
    int wake_fd = wake_new();
    struct topic_writer to = writer_new(&test, wake_fd, topic, &writer);

    assert_int_equal(kafka_admin_cluster_id(test.admin, ADMIN_MS, cluster_id, NULL), STATUS_OK);
    assert_int_equal(strlen(cluster_id), 22);
    struct topic_range range;
    assert_int_equal(test.admin_port.range(test.admin_port.context, topic, ADMIN_MS, &range, NULL), STATUS_OK);
    assert_int_equal(range.start, 0);
    assert_int_equal(range.end, 0);
    append_text(&to, wake_fd, topic, "one", 0);
    assert_int_equal(test.admin_port.range(test.admin_port.context, topic, ADMIN_MS, &range, NULL), STATUS_OK);
    assert_int_equal(range.end, 1);
    struct error error = {0};
    assert_int_equal(test.admin_port.range(test.admin_port.context, missing, ADMIN_MS, &range, &error),
                     STATUS_NOT_FOUND);
    assert_non_null(strstr(error.message, missing));

    struct kafka_topic_shape shape = {0};
    assert_int_equal(kafka_admin_shape(test.admin, topic, ADMIN_MS, &shape, NULL), STATUS_OK);
    assert_int_equal(shape.partition_count, 1);
    assert_int_equal(shape.replica_count, 1);
    assert_int_equal(kafka_admin_shape(test.admin, missing, ADMIN_MS, &shape, NULL), STATUS_NOT_FOUND);
    struct kafka_topic_setting settings[] = {{"retention.ms", ""}, {"message.timestamp.type", ""}, {"no.such", "x"}};
    assert_int_equal(kafka_admin_settings(test.admin, topic, ADMIN_MS, settings, 3, NULL), STATUS_OK);
    assert_string_equal(settings[0].value, "86400000");
    assert_string_equal(settings[1].value, "LogAppendTime");
    assert_string_equal(settings[2].value, "");
    assert_int_equal(kafka_admin_create(test.admin, topic, &shape, NULL, 0, ADMIN_MS, NULL), STATUS_CONFLICT);
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
        cmocka_unit_test(a_record_comes_back_byte_for_byte),
        cmocka_unit_test(reading_begins_where_it_is_told),
        cmocka_unit_test(an_offset_that_is_not_there_is_named),
        cmocka_unit_test(two_writers_share_one_order),
        cmocka_unit_test(a_dropped_writer_reports_nothing_and_begins_anew),
        cmocka_unit_test(bursts_go_one_after_the_other),
        cmocka_unit_test(what_the_topic_does_not_take_is_refused),
        cmocka_unit_test(the_producers_clock_is_recognised),
        cmocka_unit_test(the_cluster_answers_what_is_asked),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
