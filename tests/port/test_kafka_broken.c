/* The Kafka port when its broker is killed, comes back, and comes back with less than it had: the reader says so by name
 * and reads on, the writer never claims to know what it cannot. Each case has the broker of this program to itself. */
#include "tests/port/kafka_support.h"

enum { MESSAGE_TIMEOUT_MS = 1500, PROMPT_US = 200000 };

static struct kafka_test test;

static void broker_must(const char *verb) {
    assert_true(broker_do(&test.broker, verb));
}

static void assign(const struct topic_reader *from, const char *topic, int64_t offset) {
    struct error error = {0};
    if (from->assign(from->context, topic, offset, &error) != STATUS_OK) fail_msg("%s", error.message);
}

static void a_reader_says_that_it_lost_the_broker_and_goes_on(void **state) {
    (void)state;
    char topic[TOPIC_NAME_MAX];
    make_topic(&test, "lost", "flush.messages", "1", topic);
    struct kafka_reader *reader;
    struct kafka_writer *writer;
    int wake_fd = wake_new();
    struct topic_reader from = reader_new(&test, wake_fd, &reader);
    struct topic_writer to = writer_new(&test, wake_fd, topic, &writer);
    struct topic_event event;
    append_text(&to, wake_fd, topic, "zero", 0);
    append_text(&to, wake_fd, topic, "one", 1);
    assign(&from, topic, 0);
    expect_event(&from, wake_fd, TOPIC_RECORD, 0, &event);
    expect_event(&from, wake_fd, TOPIC_RECORD, 1, &event);
    expect_event(&from, wake_fd, TOPIC_END, 2, &event);

    broker_must("kill");
    expect_event(&from, wake_fd, TOPIC_DISCONNECTED, 0, &event);
    assert_true(strlen(event.reason) > 0);
    assign(&from, topic, 1); /* at `applied`, while there is nobody to ask */
    next_event(&from, wake_fd, 1500, &event);
    assert_int_equal(event.kind, TOPIC_NOTHING); /* told once */

    broker_must("start");
    expect_event(&from, wake_fd, TOPIC_RECORD, 1, &event);
    assert_true(slice_equal(event.record.value, slice_text("one")));
    expect_event(&from, wake_fd, TOPIC_END, 2, &event);
    append_text(&to, wake_fd, topic, "two", 2);
    expect_event(&from, wake_fd, TOPIC_RECORD, 2, &event);

    /* A second loss is told again. */
    broker_must("kill");
    do {
        next_event(&from, wake_fd, PATIENCE_MS, &event);
    } while (event.kind == TOPIC_END);
    assert_int_equal(event.kind, TOPIC_DISCONNECTED);
    broker_must("start");
    kafka_reader_close(&reader);
    kafka_writer_close(&writer);
    (void)close(wake_fd);
}

static void a_writer_without_a_broker_is_uncertain_and_prompt(void **state) {
    (void)state;
    char topic[TOPIC_NAME_MAX];
    make_topic(&test, "silent", NULL, NULL, topic);
    struct kafka_writer *writer;
    int wake_fd = wake_new();
    test.options.message_timeout_ms = MESSAGE_TIMEOUT_MS;
    struct topic_writer to = writer_new(&test, wake_fd, topic, &writer);
    append_text(&to, wake_fd, topic, "there", 0);
    broker_must("kill");

    int64_t begin_us = now_us();
    struct topic_report report = append_one(&to, wake_fd, topic, slice_text("nobody there"), 5);
    int64_t reported_us = now_us() - begin_us;
    assert_int_equal(report.result, TOPIC_UNCERTAIN);
    assert_int_equal(report.offset, -1);
    assert_in_range(reported_us, 0, (MESSAGE_TIMEOUT_MS + 2000) * 1000);

    struct topic_append append = {.topic = topic, .value = slice_text("dropped"), .token = 6};
    assert_int_equal(to.append(to.context, &append), STATUS_OK);
    begin_us = now_us();
    to.drop(to.context);
    assert_in_range(now_us() - begin_us, 0, PROMPT_US);
    append.token = 7;
    assert_int_equal(to.append(to.context, &append), STATUS_OK);
    begin_us = now_us();
    kafka_writer_close(&writer);
    print_message("uncertain after %.1f ms, writer without a broker closed in %.1f ms\n", (double)reported_us / 1000,
                  (double)(now_us() - begin_us) / 1000);

    /* One that is opened while there is no broker works when there is one. */
    test.options.message_timeout_ms = 30000;
    to = writer_new(&test, wake_fd, topic, &writer);
    append = (struct topic_append){.topic = topic, .value = slice_text("waits"), .token = 8};
    assert_int_equal(to.append(to.context, &append), STATUS_OK);
    broker_must("start");
    report = next_report(&to, wake_fd);
    assert_int_equal(report.token, 8);
    assert_int_equal(report.result, TOPIC_DELIVERED);
    kafka_writer_close(&writer);
    (void)close(wake_fd);
}

/* journal.md section 8: the log end steps back; a reader at the lost record sees the end, one beyond it is out of range. */
static void a_cut_log_is_seen_from_both_sides(void **state) {
    (void)state;
    char topic[TOPIC_NAME_MAX], command[512];
    make_topic(&test, "cut", NULL, NULL, topic);
    struct kafka_reader *reader;
    struct kafka_writer *writer;
    int wake_fd = wake_new();
    struct topic_reader from = reader_new(&test, wake_fd, &reader);
    struct topic_writer to = writer_new(&test, wake_fd, topic, &writer);
    struct topic_event event;
    for (int64_t i = 0; i < 5; i++) append_text(&to, wake_fd, topic, "a batch of its own", i);
    kafka_writer_close(&writer);
    (void)snprintf(command, sizeof command, BHR_SOURCE_DIR "/scripts/journal-cut.py %s/data %s 0 2", test.broker.folder,
                   topic);
    assert_int_not_equal(system(command), 0); /* never under a running broker */
    broker_must("kill");
    assert_int_equal(system(command), 0);
    broker_must("start");

    struct topic_range range;
    assert_int_equal(test.admin_port.range(test.admin_port.context, topic, ADMIN_MS, &range, NULL), STATUS_OK);
    assert_int_equal(range.end, 3);
    assign(&from, topic, 2); /* the last that is left */
    expect_event(&from, wake_fd, TOPIC_RECORD, 2, &event);
    expect_event(&from, wake_fd, TOPIC_END, 3, &event);
    assign(&from, topic, 3); /* the first that was lost */
    expect_event(&from, wake_fd, TOPIC_END, 3, &event);
    assign(&from, topic, 4);
    expect_event(&from, wake_fd, TOPIC_OUT_OF_RANGE, 0, &event);

    to = writer_new(&test, wake_fd, topic, &writer);
    append_text(&to, wake_fd, topic, "in its place", 3);
    assign(&from, topic, 3);
    expect_event(&from, wake_fd, TOPIC_RECORD, 3, &event);
    assert_true(slice_equal(event.record.value, slice_text("in its place")));
    kafka_reader_close(&reader);
    kafka_writer_close(&writer);
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
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reader_says_that_it_lost_the_broker_and_goes_on),
        cmocka_unit_test(a_writer_without_a_broker_is_uncertain_and_prompt),
        cmocka_unit_test(a_cut_log_is_seen_from_both_sides),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
