/* Requests that are kept for a while: how long, how many, and that nothing is left of them afterwards. */
#include "lib/host/kept.h"
#include "tests/port/scratch.h"

#include <unistd.h>

#define HOUR_MS INT64_C(3600000)
#define NOON_MS INT64_C(1795867200000)

static char dir[SCRATCH_PATH_MAX], path[SCRATCH_PATH_MAX + 16];
static int64_t now_ms;

static int64_t wall_ms(void *context) {
    (void)context;
    return now_ms;
}

static int set_up(void **state) {
    (void)state;
    scratch_make(dir);
    (void)snprintf(path, sizeof path, "%s/kept.spool", dir);
    now_ms = NOON_MS;
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    scratch_remove(dir);
    return 0;
}

static struct kept *open_kept(int64_t hours) {
    const struct kept_options options = {
        .path = path, .bytes_max = SPOOL_BYTES_MIN, .age_ms_max = hours * HOUR_MS, .clock = {.wall_ms = wall_ms}};
    struct kept *kept = NULL;
    struct error error = {0};
    if (kept_open(&options, &kept, &error) != STATUS_OK) fail_msg("%s", error.message);
    return kept;
}

static void put(struct kept *kept, char letter, size_t size) {
    uint8_t bytes[KEPT_BYTES_MAX];
    memset(bytes, letter, size);
    struct kept_port port = kept_port(kept);
    port.put(port.context, slice_of(bytes, size));
}

static struct kept_view view_of(struct kept *kept) {
    struct kept_view view;
    struct kept_port port = kept_port(kept);
    port.look(port.context, &view);
    return view;
}

static char letter_at(struct kept *kept, uint64_t number, int64_t *ret_at_ms) {
    struct kept_port port = kept_port(kept);
    struct slice bytes = port.at(port.context, number, ret_at_ms);
    assert_true(bytes.size > 0);
    return (char)bytes.data[0];
}

static bool is_in_file(char letter) {
    static char bytes[SPOOL_BYTES_MIN];
    const char run[8] = {letter, letter, letter, letter, letter, letter, letter, letter};
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    (void)fclose(file);
    for (size_t i = 0; i + sizeof run <= size; i++) {
        if (memcmp(bytes + i, run, sizeof run) == 0) return true;
    }
    return false;
}

static void what_is_too_old_is_overwritten(void **state) {
    (void)state;
    struct kept *kept = open_kept(24);
    put(kept, 'a', 100);
    now_ms += 10 * HOUR_MS;
    put(kept, 'b', 100);
    kept_tend(kept);
    assert_int_equal(view_of(kept).end - view_of(kept).first, 2);
    now_ms = NOON_MS + 24 * HOUR_MS + 1;
    assert_true(is_in_file('a'));
    kept_tend(kept);
    assert_false(is_in_file('a'));
    assert_true(is_in_file('b'));
    struct kept_view view = view_of(kept);
    assert_int_equal(view.first, 1);
    assert_int_equal(view.end, 2);
    assert_int_equal(view.dropped, 0);
    int64_t at_ms;
    assert_int_equal(letter_at(kept, 1, &at_ms), 'b');
    assert_true(at_ms == NOON_MS + 10 * HOUR_MS);
    kept_close(kept);
}

static void a_clock_that_was_ahead_keeps_nothing_for_ever(void **state) {
    (void)state;
    struct kept *kept = open_kept(24);
    now_ms = NOON_MS + 1000 * HOUR_MS;
    put(kept, 'a', 100);
    now_ms = NOON_MS;
    put(kept, 'b', 100);
    kept_tend(kept);
    assert_false(is_in_file('a'));
    assert_int_equal(view_of(kept).first, 1);
    kept_close(kept);
}

static void when_it_is_full_the_oldest_go_and_are_counted(void **state) {
    (void)state;
    struct kept *kept = open_kept(24);
    uint64_t puts = 0;
    for (; view_of(kept).dropped == 0; puts++) put(kept, (char)('a' + puts % 26), 400 + puts % 7);
    assert_true(puts > 60000 / 450);
    struct kept_view view = view_of(kept);
    assert_int_equal(view.first, view.dropped);
    assert_int_equal(view.end, puts);
    /* The largest makes as much room as it needs, and what had its time is not counted. */
    now_ms += 24 * HOUR_MS + 1;
    put(kept, 'z', KEPT_BYTES_MAX);
    struct kept_view later = view_of(kept);
    assert_int_equal(later.dropped, view.dropped);
    assert_true(later.first > view.first);
    int64_t at_ms;
    assert_int_equal(letter_at(kept, later.end - 1, &at_ms), 'z');
    for (uint64_t i = 0; i < 1000; i++) put(kept, 'y', 1 + (size_t)(i * 997 % KEPT_BYTES_MAX));
    assert_int_equal(view_of(kept).end, puts + 1 + 1000);
    kept_close(kept);
}

static void small_ones_are_bounded_too(void **state) {
    (void)state;
    struct kept *kept = open_kept(24);
    for (uint64_t i = 0; i < 5000; i++) put(kept, 'a', 1);
    struct kept_view view = view_of(kept);
    assert_int_equal(view.end, 5000);
    assert_true(view.end - view.first <= SPOOL_BYTES_MIN / 256);
    kept_close(kept);
}

static void the_next_process_goes_on(void **state) {
    (void)state;
    struct kept *kept = open_kept(24);
    put(kept, 'a', 100);
    struct kept_port port = kept_port(kept);
    port.drop(port.context);
    assert_int_equal(view_of(kept).dropped, 1);
    int64_t series = view_of(kept).series;
    kept_close(kept);
    now_ms += HOUR_MS;
    kept = open_kept(24);
    struct kept_view view = view_of(kept);
    assert_int_equal(view.end - view.first, 1);
    assert_true(view.series > series);
    int64_t at_ms;
    assert_int_equal(letter_at(kept, view.first, &at_ms), 'a');
    assert_true(at_ms == NOON_MS);
    kept_close(kept);
    /* With a shorter time what is older goes at once. */
    now_ms += HOUR_MS;
    kept = open_kept(1);
    kept_tend(kept);
    assert_int_equal(view_of(kept).end - view_of(kept).first, 0);
    assert_false(is_in_file('a'));
    kept_close(kept);
}

static void where_nothing_is_to_be_kept_nothing_is_left(void **state) {
    (void)state;
    assert_null(open_kept(0));
    assert_int_not_equal(access(path, F_OK), 0);
    struct kept *kept = open_kept(24);
    put(kept, 'a', 100);
    kept_close(kept);
    assert_null(open_kept(0));
    assert_int_not_equal(access(path, F_OK), 0);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    for (int i = 0; i < SPOOL_BYTES_MIN; i++) (void)fputc('x', file);
    (void)fclose(file);
    for (int64_t hours = 0; hours <= 24; hours += 24) {
        const struct kept_options options = {
            .path = path, .bytes_max = SPOOL_BYTES_MIN, .age_ms_max = hours * HOUR_MS, .clock = {.wall_ms = wall_ms}};
        struct error error = {0};
        assert_int_equal(kept_open(&options, &kept, &error), STATUS_CORRUPT);
        assert_non_null(strstr(error.message, "is no spool"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_too_old_is_overwritten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_clock_that_was_ahead_keeps_nothing_for_ever, set_up, tear_down),
        cmocka_unit_test_setup_teardown(when_it_is_full_the_oldest_go_and_are_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(small_ones_are_bounded_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_next_process_goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(where_nothing_is_to_be_kept_nothing_is_left, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
