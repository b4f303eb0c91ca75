/* Timers as rows: order by due time, the walk over what is due, parking. */
#include "lib/base/timers.h"

#include "tests/support/cmocka.h"
#include "tests/support/prng.h"
#include "tests/support/rows_array.h"

static struct rows_array array;
static struct rows rows;

static int set_up(void **state) {
    (void)state;
    rows_array_init(&array);
    rows = rows_array_rows(&array);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    rows_array_free(&array);
    return 0;
}

static struct uuid thing(uint8_t last) {
    struct uuid id = {{0xA0, 0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0xA8, 0xA9, 0xAA, 0xAB, 0xAC, 0xAD, 0xAE, 0}};
    id.bytes[15] = last;
    return id;
}

static void an_id_is_due_time_then_the_things_tail(void **state) {
    (void)state;
    struct timer_id id = timer_id_make(INT64_C(0x010203040506), thing(0xAF));
    static const uint8_t expected[16] = {1, 2, 3, 4, 5, 6, 0xA6, 0xA7, 0xA8, 0xA9, 0xAA, 0xAB, 0xAC, 0xAD, 0xAE, 0xAF};
    assert_memory_equal(id.bytes, expected, 16);
    assert_true(timer_due_ms(id) == INT64_C(0x010203040506));
    assert_true(timer_due_ms(timer_id_make(0, thing(1))) == 0);
    assert_true(timer_due_ms(timer_id_make((INT64_C(1) << 48) - 1, thing(1))) == (INT64_C(1) << 48) - 1);

    assert_false(timer_is_set(&rows, id));
    timer_set(&rows, id, slice_text("hold"));
    assert_true(timer_is_set(&rows, id));
    uint8_t key[17] = {ROWS_TABLE_TIMER};
    memcpy(key + 1, expected, 16);
    struct slice body;
    assert_true(rows_get(&rows, slice_of(key, sizeof key), &body));
    assert_true(slice_equal(body, slice_text("hold")));
}

static void only_what_is_due_comes_and_the_earliest_first(void **state) {
    (void)state;
    struct timer_id early = timer_id_make(100, thing(9)), late = timer_id_make(200, thing(1));
    struct timer_id twin = timer_id_make(200, thing(2)), found;
    struct slice body;
    assert_false(timer_next_due(&rows, NULL, INT64_MAX, &found, &body));
    timer_set(&rows, twin, slice_text("twin"));
    timer_set(&rows, late, slice_text("late"));
    timer_set(&rows, early, slice_text("early"));
    assert_false(timer_next_due(&rows, NULL, 99, &found, &body));
    assert_true(timer_next_due(&rows, NULL, 100, &found, &body));
    assert_true(timer_id_equal(found, early));
    assert_true(slice_equal(body, slice_text("early")));
    assert_false(timer_next_due(&rows, &early, 199, &found, &body));
    assert_true(timer_next_due(&rows, &early, 200, &found, &body));
    assert_true(timer_id_equal(found, late));
    assert_true(timer_next_due(&rows, &late, 200, &found, &body)); /* due at the same time, but another */
    assert_true(timer_id_equal(found, twin));
    assert_false(timer_next_due(&rows, &twin, INT64_MAX, &found, &body));
}

static void rows_of_other_tables_are_no_timers(void **state) {
    (void)state;
    struct timer_id found, last;
    memset(last.bytes, 0xFF, sizeof last.bytes);
    struct slice body;
    static const uint8_t before[] = {ROWS_TABLE_ANSWER, 0xFF}, after[] = {ROWS_TABLE_PARKED, 0},
                         service[] = {ROWS_TABLE_SERVICE};
    rows_put(&rows, slice_of(before, sizeof before), slice_text("x"));
    rows_put(&rows, slice_of(after, sizeof after), slice_text("x"));
    rows_put(&rows, slice_of(service, sizeof service), slice_text("x"));
    assert_false(timer_next_due(&rows, NULL, INT64_MAX, &found, &body));
    timer_set(&rows, last, slice_text("last"));
    assert_true(timer_next_due(&rows, NULL, INT64_MAX, &found, &body));
    assert_false(timer_next_due(&rows, &last, INT64_MAX, &found, &body));
}

static void setting_again_replaces_and_clearing_removes(void **state) {
    (void)state;
    struct timer_id id = timer_id_make(100, thing(1)), found;
    uint8_t largest[TIMER_BODY_MAX] = {0};
    struct slice body;
    timer_set(&rows, id, slice_text("first"));
    timer_set(&rows, id, slice_of(largest, sizeof largest));
    assert_int_equal(rows_array_count(&array), 1);
    assert_true(timer_next_due(&rows, NULL, 100, &found, &body));
    assert_int_equal(body.size, TIMER_BODY_MAX);
    timer_clear(&rows, timer_id_make(101, thing(1)));
    assert_int_equal(rows_array_count(&array), 1);
    timer_clear(&rows, id);
    assert_int_equal(rows_array_count(&array), 0);
    timer_clear(&rows, id);
    assert_int_equal(rows_array_count(&array), 0);
}

static void a_parked_timer_is_kept_and_never_due(void **state) {
    (void)state;
    struct timer_id id = timer_id_make(100, thing(1)), empty = timer_id_make(101, thing(2)), found;
    struct slice body;
    timer_set(&rows, id, slice_text("hold"));
    timer_set(&rows, empty, (struct slice){0});
    timer_park(&rows, id);
    timer_park(&rows, empty);
    assert_false(timer_next_due(&rows, NULL, INT64_MAX, &found, &body));
    assert_int_equal(rows_array_count_table(&array, ROWS_TABLE_TIMER), 0);
    assert_int_equal(rows_array_count_table(&array, ROWS_TABLE_PARKED), 2);
    uint8_t key[17] = {ROWS_TABLE_PARKED};
    memcpy(key + 1, id.bytes, 16);
    assert_true(rows_get(&rows, slice_of(key, sizeof key), &body));
    assert_true(slice_equal(body, slice_text("hold")));
    struct digest before = rows_array_digest(&array);
    timer_park(&rows, id); /* it is not set any more: nothing happens */
    timer_park(&rows, timer_id_make(300, thing(3)));
    assert_true(digest_equal(rows_array_digest(&array), before));
}

static void a_walk_visits_every_due_timer_once_in_order(void **state) {
    (void)state;
    enum { COUNT = 2000, NOW = 5000 };
    struct prng prng = prng_seed(7);
    int due_count = 0;
    for (int i = 0; i < COUNT; i++) {
        struct uuid id;
        for (int j = 0; j < 16; j++) id.bytes[j] = (uint8_t)prng_u64(&prng);
        int64_t due_ms = (int64_t)prng_below(&prng, 2 * NOW);
        due_count += due_ms <= NOW;
        timer_set(&rows, timer_id_make(due_ms, id), slice_text("x"));
    }
    struct timer_id at, next;
    struct slice body;
    bool has_more = timer_next_due(&rows, NULL, NOW, &at, &body);
    int visited = 0;
    while (has_more) {
        visited++;
        assert_true(timer_due_ms(at) <= NOW);
        has_more = timer_next_due(&rows, &at, NOW, &next, &body);
        if (has_more) assert_true(memcmp(at.bytes, next.bytes, sizeof at.bytes) < 0);
        if (visited % 2 == 0) timer_clear(&rows, at); /* as an owner does while it walks */
        at = next;
    }
    assert_int_equal(visited, due_count);
    assert_int_equal(rows_array_count(&array), COUNT - due_count / 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_id_is_due_time_then_the_things_tail, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_what_is_due_comes_and_the_earliest_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rows_of_other_tables_are_no_timers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(setting_again_replaces_and_clearing_removes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_parked_timer_is_kept_and_never_due, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_walk_visits_every_due_timer_once_in_order, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
