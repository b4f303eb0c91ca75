/* The log: every line is JSON whatever is thrown at it, says nothing about a person, and does not flood. */
#include "lib/host/log.h"

#include "tests/support/cmocka.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { OUTPUT_MAX = 256 * 1024 };

static FILE *file;
static char output[OUTPUT_MAX];
static int64_t now_ms;

static int64_t test_clock(void) {
    return now_ms;
}

static void start(bool is_json) {
    log_start(&(struct log_options){.service = "booking",
                                    .process = "b1",
                                    .is_json = is_json,
                                    .level_min = LOG_INFO,
                                    .file = fileno(file),
                                    .wall_ms = test_clock});
}

static int set_up(void **state) {
    (void)state;
    now_ms = 1764000000123; /* 2025-11-24T16:00:00.123Z */
    file = tmpfile();
    if (file == NULL) return -1;
    start(true);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    log_stop();
    return fclose(file);
}

/* All that was written so far. */
static const char *written(void) {
    ssize_t size = pread(fileno(file), output, OUTPUT_MAX - 1, 0);
    assert_true(size >= 0);
    output[size] = '\0';
    return output;
}

static size_t line_count(void) {
    size_t count = 0;
    for (const char *c = written(); *c != '\0'; c++) count += *c == '\n';
    return count;
}

/* The last line, which must be one JSON object. */
static json_t *last_line(void) {
    char *text = (char *)(uintptr_t)written();
    size_t size = strlen(text);
    assert_true(size > 0 && text[size - 1] == '\n');
    text[size - 1] = '\0';
    char *before = strrchr(text, '\n');
    json_error_t error;
    json_t *line = json_loads(before == NULL ? text : before + 1, JSON_REJECT_DUPLICATES, &error);
    if (line == NULL) fail_msg("%s in %s", error.text, before == NULL ? text : before + 1);
    return line;
}

static void expect_field(const char *name, const char *expected) {
    json_t *line = last_line();
    const char *value = json_string_value(json_object_get(line, name));
    assert_non_null(value);
    assert_string_equal(value, expected);
    json_decref(line);
}

static void a_line_has_time_level_event_and_fields(void **state) {
    (void)state;
    struct uuid id = {{0x01, 0x9b, 0xff, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 1}};
    log_event(LOG_INFO, "replica_moved", LOG_TEXT("from", "opening"), LOG_NUMBER("offset", -1),
              LOG_FLAG("is_own", true), LOG_ID("command", id), LOG_HEX("link", slice_text("\x01\xfe")));
    assert_string_equal(written(),
                        "{\"time\":\"2025-11-24T16:00:00.123Z\",\"level\":\"info\",\"event\":\"replica_moved\","
                        "\"service\":\"booking\",\"process\":\"b1\",\"from\":\"opening\",\"offset\":-1,"
                        "\"is_own\":true,\"command\":\"019bff00-0000-7000-8000-000000000001\","
                        "\"link\":\"01fe\"}\n");
}

static void the_text_form_is_one_line_too(void **state) {
    (void)state;
    start(false);
    log_event(LOG_WARN, "broker_lost", LOG_TEXT("why", "two\nlines"), LOG_TEXT("broker", "k1:9092"), LOG_NUMBER("n", 3),
              LOG_TEXT("none", ""));
    assert_string_equal(
        written(), "2025-11-24T16:00:00.123Z warn  broker_lost why=\"two\\nlines\" broker=k1:9092 n=3 none=\"\"\n");
}

static void an_event_may_have_no_fields(void **state) {
    (void)state;
    log_event(LOG_ERROR, "stopped", LOG_NOTHING);
    assert_string_equal(written(), "{\"time\":\"2025-11-24T16:00:00.123Z\",\"level\":\"error\",\"event\":\"stopped\","
                                   "\"service\":\"booking\",\"process\":\"b1\"}\n");
}

static void any_bytes_come_out_as_json(void **state) {
    (void)state;
    log_event(LOG_INFO, "a", LOG_TEXT("x", "\"\\\n\t\x01\x7f"));
    expect_field("x", "\"\\\n\t\x01\x7f");
    log_event(LOG_INFO, "b", LOG_TEXT("x", "Zoë €\xc3\x28 \xff \xed\xa0\x80 \xe2\x82"));
    expect_field("x", "Zoë €\xef\xbf\xbd( \xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd");
    log_event(LOG_INFO, "c", LOG_TEXT("x", NULL));
    expect_field("x", "");
    srand(1);
    for (int round = 0; round < 500; round++) {
        uint8_t bytes[80];
        for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(rand() % 8 == 0 ? 0 : rand());
        now_ms += 1000;
        log_event(LOG_INFO, "random", LOG_BYTES("x", slice_of(bytes, (size_t)round % sizeof bytes)));
        json_decref(last_line());
    }
}

static void long_texts_and_lines_are_cut_and_say_so(void **state) {
    (void)state;
    char text[2000];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    log_event(LOG_INFO, "long", LOG_TEXT("x", text));
    json_t *line = last_line();
    assert_int_equal(json_string_length(json_object_get(line, "x")), LOG_TEXT_MAX + 3);
    assert_null(json_object_get(line, "cut"));
    json_decref(line);
    memset(text, '\x02', sizeof text - 1); /* six characters each as JSON: only one such text fits */
    log_event(LOG_INFO, "longer", LOG_TEXT("one", text), LOG_TEXT("two", text), LOG_NUMBER("three", 3));
    line = last_line();
    assert_true(json_is_true(json_object_get(line, "cut")));
    assert_non_null(json_object_get(line, "one"));
    assert_null(json_object_get(line, "two"));
    assert_int_equal(json_integer_value(json_object_get(line, "three")), 3);
    json_decref(line);
}

static void a_valid_nhs_number_in_a_text_is_masked(void **state) {
    (void)state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"9434765919", "[nhs number]"},
        {"nhs=9434765919, again 9434765919.", "nhs=[nhs number], again [nhs number]."},
        {"943 476 5919", "[nhs number]"},
        {"943-476-5919", "[nhs number]"},
        {"9434765918", "9434765918"},   /* not valid: check digit */
        {"19434765919", "19434765919"}, /* eleven digits */
        {"94347659190", "94347659190"},
        {"offset 1234567", "offset 1234567"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        now_ms += 1000;
        log_event(LOG_INFO, "text", LOG_TEXT("x", cases[i].text));
        expect_field("x", cases[i].expected);
    }
}

static void a_cut_or_plain_text_is_masked_too(void **state) {
    (void)state;
    char text[LOG_TEXT_MAX + 20];
    memset(text, '.', sizeof text);
    memcpy(text + LOG_TEXT_MAX - 9, "9434765919", 11); /* its last digit would be cut */
    log_event(LOG_INFO, "edge", LOG_TEXT("x", text));
    assert_null(strstr(written(), "943476591"));
    start(false);
    log_event(LOG_INFO, "plain", LOG_TEXT("x", "id:9434765919"));
    assert_null(strstr(written(), "943476591"));
}

static void below_the_least_level_nothing_is_written(void **state) {
    (void)state;
    log_event(LOG_DEBUG, "detail", LOG_NOTHING);
    assert_int_equal(line_count(), 0);
}

static void a_repeated_line_is_counted_not_written(void **state) {
    (void)state;
    for (int i = 0; i < 6; i++) log_event(LOG_WARN, "broker_lost", LOG_TEXT("broker", "k1"));
    assert_int_equal(line_count(), 1);
    log_event(LOG_WARN, "another", LOG_TEXT("broker", "k1")); /* is not held back by it */
    assert_int_equal(line_count(), 2);
    now_ms += 1000;
    log_event(LOG_WARN, "broker_lost", LOG_TEXT("broker", "k1"));
    json_t *line = last_line();
    assert_int_equal(json_integer_value(json_object_get(line, "suppressed")), 5);
    json_decref(line);
    now_ms += 1000;
    log_event(LOG_WARN, "broker_lost", LOG_TEXT("broker", "k1"));
    line = last_line();
    assert_null(json_object_get(line, "suppressed"));
    json_decref(line);
}

static void a_storm_of_different_lines_is_bounded(void **state) {
    (void)state;
    for (int i = 0; i < 1000; i++) log_event(LOG_WARN, "rejected", LOG_NUMBER("offset", i));
    assert_int_equal(line_count(), LOG_LINES_PER_SECOND_MAX);
    now_ms -= 3600 * 1000; /* a clock that goes back holds nothing back */
    log_event(LOG_WARN, "rejected", LOG_NUMBER("offset", 1000));
    json_t *line = last_line();
    assert_int_equal(json_integer_value(json_object_get(line, "suppressed")), 1000 - LOG_LINES_PER_SECOND_MAX);
    json_decref(line);
}

static void what_was_suppressed_is_told_in_the_end(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++) log_event(LOG_WARN, "broker_lost", LOG_NOTHING);
    log_tell_suppressed();
    assert_int_equal(line_count(), 2);
    expect_field("event", "broker_lost");
    json_t *line = last_line();
    assert_int_equal(json_integer_value(json_object_get(line, "suppressed")), 2);
    json_decref(line);
    log_tell_suppressed();
    assert_int_equal(line_count(), 2);
}

static void more_events_than_the_table_holds_are_written_all_the_same(void **state) {
    (void)state;
    for (int i = 0; i < LOG_EVENTS_MAX + 5; i++) {
        char event[32];
        snprintf(event, sizeof event, "event_%d", i);
        log_event(LOG_INFO, event, LOG_NOTHING);
    }
    assert_int_equal(line_count(), LOG_EVENTS_MAX + 5);
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_line_has_time_level_event_and_fields),
        TEST(the_text_form_is_one_line_too),
        TEST(an_event_may_have_no_fields),
        TEST(any_bytes_come_out_as_json),
        TEST(long_texts_and_lines_are_cut_and_say_so),
        TEST(a_valid_nhs_number_in_a_text_is_masked),
        TEST(a_cut_or_plain_text_is_masked_too),
        TEST(below_the_least_level_nothing_is_written),
        TEST(a_repeated_line_is_counted_not_written),
        TEST(a_storm_of_different_lines_is_bounded),
        TEST(what_was_suppressed_is_told_in_the_end),
        TEST(more_events_than_the_table_holds_are_written_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
