/* Metrics: what Prometheus reads is well formed, adds up from many threads, and stays within its bounds. */
#include "lib/host/metrics.h"

#include "tests/support/cmocka.h"

#include <pthread.h>
#include <stdlib.h>

enum { THREADS = 4, ROUNDS = 20000 };

static uint8_t memory[METRICS_TEXT_MAX];

/* The exposition, as a C string. */
static const char *printed(void) {
    struct buffer out = buffer_over(memory, sizeof memory - 1);
    assert_true(metrics_print(&out));
    memory[out.size] = '\0';
    return (const char *)memory;
}

static void expect_line(const char *line) {
    char whole[300];
    snprintf(whole, sizeof whole, "\n%s\n", line);
    if (strstr(printed(), whole) == NULL) fail_msg("no line `%s` in\n%s", line, (const char *)memory);
}

static void counters_without_labels_begin_at_zero(void **state) {
    (void)state;
    expect_line("bhr_set_aside_total 0");
    metrics_add(METRIC_SET_ASIDE, NULL, NULL, 3);
    expect_line("bhr_set_aside_total 3");
    expect_line("# TYPE bhr_set_aside_total counter");
    assert_null(strstr(printed(), "bhr_redis_up")); /* a gauge that nobody has set says nothing */
}

static void series_are_told_apart_by_their_labels(void **state) {
    (void)state;
    metrics_add(METRIC_DOOR_REQUESTS, "bhr.booking.v1.BookingService/Book", "ok", 2);
    metrics_add(METRIC_DOOR_REQUESTS, "bhr.booking.v1.BookingService/Book", "refused", 1);
    metrics_add(METRIC_DOOR_REQUESTS, "bhr.booking.v1.BookingService/Hold", "ok", 1);
    metrics_add(METRIC_DOOR_REQUESTS, "bhr.booking.v1.BookingService/Book", "ok", 1);
    expect_line("bhr_door_requests_total{method=\"bhr.booking.v1.BookingService/Book\",status=\"ok\"} 3");
    expect_line("bhr_door_requests_total{method=\"bhr.booking.v1.BookingService/Book\",status=\"refused\"} 1");
    expect_line("bhr_door_requests_total{method=\"bhr.booking.v1.BookingService/Hold\",status=\"ok\"} 1");
}

static void a_gauge_is_what_it_was_set_to(void **state) {
    (void)state;
    metrics_set(METRIC_REPLICA_APPLIED_OFFSET, NULL, NULL, -1);
    expect_line("bhr_replica_applied_offset -1");
    metrics_set(METRIC_REPLICA_APPLIED_OFFSET, NULL, NULL, 9007199254740990.0);
    metrics_set(METRIC_STORE_MAP_USED_PERCENT, NULL, NULL, 12.25);
    expect_line("bhr_store_map_used_percent 12.25");
    metrics_set(METRIC_REPLICA_APPLIED_OFFSET, NULL, NULL, 1234567890123.0);
    expect_line("bhr_replica_applied_offset 1234567890123");
}

static void one_state_at_a_time_is_one(void **state) {
    (void)state;
    metrics_set_state(METRIC_REPLICA_STATE, "opening");
    metrics_set_state(METRIC_REPLICA_STATE, "owning");
    expect_line("bhr_replica_state{state=\"opening\"} 0");
    expect_line("bhr_replica_state{state=\"owning\"} 1");
    metrics_set_state(METRIC_REPLICA_STATE, "opening");
    expect_line("bhr_replica_state{state=\"opening\"} 1");
    expect_line("bhr_replica_state{state=\"owning\"} 0");
}

static void a_histogram_counts_into_buckets(void **state) {
    (void)state;
    static const double seconds[] = {0.0005, 0.00051, 0.3, 100, -1};
    for (size_t i = 0; i < sizeof seconds / sizeof seconds[0]; i++) {
        metrics_observe(METRIC_DOOR_REQUEST_SECONDS, "m", NULL, seconds[i]);
    }
    expect_line("# TYPE bhr_door_request_seconds histogram");
    expect_line("bhr_door_request_seconds_bucket{method=\"m\",le=\"0.0005\"} 2"); /* the bound belongs to its bucket */
    expect_line("bhr_door_request_seconds_bucket{method=\"m\",le=\"0.001\"} 3");
    expect_line("bhr_door_request_seconds_bucket{method=\"m\",le=\"0.2\"} 3");
    expect_line("bhr_door_request_seconds_bucket{method=\"m\",le=\"0.5\"} 4");
    expect_line("bhr_door_request_seconds_bucket{method=\"m\",le=\"60\"} 4");
    expect_line("bhr_door_request_seconds_bucket{method=\"m\",le=\"+Inf\"} 5");
    expect_line("bhr_door_request_seconds_sum{method=\"m\"} 100.30101");
    expect_line("bhr_door_request_seconds_count{method=\"m\"} 5");
}

static void values_are_escaped(void **state) {
    (void)state;
    metrics_add(METRIC_ALARMS, "a\"b\\c\nd", NULL, 1);
    expect_line("bhr_alarms_total{name=\"a\\\"b\\\\c\\nd\"} 1");
}

static void it_says_what_runs(void **state) {
    (void)state;
    metrics_start("booking");
    expect_line("bhr_build_info{service=\"booking\",version=\"" BHR_VERSION "\"} 1");
    assert_non_null(strstr(printed(), "\nprocess_start_time_seconds 1"));
}

static void *count_up(void *argument) {
    (void)argument;
    for (int i = 0; i < ROUNDS; i++) {
        char name[16];
        snprintf(name, sizeof name, "thread_%d", i % 50);
        metrics_add(METRIC_ALARMS, name, NULL, 1);
        metrics_add(METRIC_STORE_COMMITS, NULL, NULL, 1);
        metrics_observe(METRIC_DOOR_REQUEST_SECONDS, "threads", NULL, 0.01);
    }
    return NULL;
}

static void nothing_is_lost_between_threads(void **state) {
    (void)state;
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_create(&threads[i], NULL, count_up, NULL), 0);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    char line[100];
    snprintf(line, sizeof line, "bhr_store_commits_total %d", THREADS * ROUNDS);
    expect_line(line);
    for (int i = 0; i < 50; i++) {
        snprintf(line, sizeof line, "bhr_alarms_total{name=\"thread_%d\"} %d", i, THREADS * ROUNDS / 50);
        expect_line(line);
    }
    snprintf(line, sizeof line, "bhr_door_request_seconds_count{method=\"threads\"} %d", THREADS * ROUNDS);
    expect_line(line);
}

/* Last, because series are never taken away again. */
static void beyond_the_bound_everything_is_other(void **state) {
    (void)state;
    char name[200];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    metrics_add(METRIC_DOOR_REFUSED, name, NULL, 1);
    expect_line("bhr_door_refused_total{reason=\"other\"} 1");
    for (int i = 0; i < 3 * METRICS_SERIES_MAX; i++) {
        snprintf(name, sizeof name, "invented_%d", i);
        metrics_add(METRIC_ALARMS, name, NULL, 1);
        metrics_add(METRIC_DOOR_REQUESTS, name, "ok", 1);
        metrics_add(METRIC_COMMANDS, name, NULL, 1);
    }
    const char *text = printed();
    assert_null(strstr(text, "invented_3000"));
    assert_non_null(strstr(text, "bhr_alarms_total{name=\"other\"}"));
    assert_non_null(strstr(text, "bhr_door_requests_total{method=\"other\",status=\"other\"}"));
    size_t lines = 0;
    for (; *text != '\0'; text++) lines += *text == '\n';
    assert_true(lines < METRICS_SERIES_MAX + 200);
    metrics_add(METRIC_ALARMS, "invented_0", NULL, 1); /* what had a place keeps it */
    expect_line("bhr_alarms_total{name=\"invented_0\"} 2");
}

static void a_buffer_that_is_too_small_is_refused(void **state) {
    (void)state;
    struct buffer out = buffer_over(memory, 1000);
    assert_false(metrics_print(&out));
}

/* Every name that metrics.def gives follows the convention, and no name is given twice. */
static void names_follow_the_convention(void **state) {
    (void)state;
    static const struct {
        const char *kind, *name;
    } rows[] = {
#define COUNTER(NAME, name, ...)   {"counter", name},
#define GAUGE(NAME, name, ...)     {"gauge", name},
#define HISTOGRAM(NAME, name, ...) {"histogram", name},
#include "lib/host/metrics.def"
#undef COUNTER
#undef GAUGE
#undef HISTOGRAM
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t size = strlen(rows[i].name);
        bool is_total = size > 6 && strcmp(rows[i].name + size - 6, "_total") == 0;
        assert_true(is_total == (strcmp(rows[i].kind, "counter") == 0));
        assert_true(strncmp(rows[i].name, "bhr_", 4) == 0 || strncmp(rows[i].name, "process_", 8) == 0);
        for (size_t j = 0; j < i; j++) assert_string_not_equal(rows[i].name, rows[j].name);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters_without_labels_begin_at_zero),
        cmocka_unit_test(series_are_told_apart_by_their_labels),
        cmocka_unit_test(a_gauge_is_what_it_was_set_to),
        cmocka_unit_test(one_state_at_a_time_is_one),
        cmocka_unit_test(a_histogram_counts_into_buckets),
        cmocka_unit_test(values_are_escaped),
        cmocka_unit_test(it_says_what_runs),
        cmocka_unit_test(nothing_is_lost_between_threads),
        cmocka_unit_test(a_buffer_that_is_too_small_is_refused),
        cmocka_unit_test(names_follow_the_convention),
        cmocka_unit_test(beyond_the_bound_everything_is_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
