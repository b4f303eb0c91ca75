/* The rows of first answers: found again byte for byte, kept apart by source, forgotten by the test that refuses ids. */
#include "lib/digest/digest.h"
#include "lib/host/answers.h"
#include "tests/support/rows_array.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>

enum { DAY_MS = 24 * 3600 * 1000 };
static const int64_t now_ms = 1764000000000;

static struct uuid id_at(int64_t time_ms, uint8_t tail) {
    uint8_t bytes[10] = {tail};
    return uuid_v7_make(time_ms, bytes);
}

static struct answer_row row_of(const char *answer, uint64_t number) {
    return (struct answer_row){
        .command_digest = {{(uint8_t)number}},
        .outcome = 107,
        .number = number,
        .detail = slice_text("slot_id"),
        .answer = slice_text(answer),
    };
}

static void a_row_is_found_as_it_was_put(void **state) {
    struct rows_array *array = *state;
    struct rows rows = rows_array_rows(array);
    struct answer_row put = row_of("answer bytes", 9), found;
    answers_put(&rows, slice_text("111-nel"), id_at(now_ms, 1), &put);
    assert_true(answers_find(&rows, slice_text("111-nel"), id_at(now_ms, 1), &found));
    assert_true(digest_equal(found.command_digest, put.command_digest));
    assert_int_equal(found.outcome, 107);
    assert_int_equal(found.number, 9);
    assert_true(slice_equal(found.detail, slice_text("slot_id")));
    assert_true(slice_equal(found.answer, slice_text("answer bytes")));
    assert_int_equal(rows_array_count_table(array, ROWS_TABLE_ANSWER), 1);
}

static void an_id_belongs_to_its_source(void **state) {
    struct rows rows = rows_array_rows(*state);
    struct answer_row a = row_of("for a", 1), b = row_of("for b", 2), found;
    struct uuid id = id_at(now_ms, 7);
    answers_put(&rows, slice_text("a"), id, &a);
    assert_false(answers_find(&rows, slice_text("b"), id, &found));
    assert_false(answers_find(&rows, slice_text("ab"), id, &found));
    assert_false(answers_find(&rows, slice_text("a"), id_at(now_ms, 8), &found));
    answers_put(&rows, slice_text("b"), id, &b);
    assert_true(answers_find(&rows, slice_text("a"), id, &found));
    assert_true(slice_equal(found.answer, slice_text("for a")));
    assert_true(answers_find(&rows, slice_text("b"), id, &found));
    assert_true(slice_equal(found.answer, slice_text("for b")));
}

static void a_source_of_no_or_too_many_bytes_is_not_found(void **state) {
    struct rows rows = rows_array_rows(*state);
    struct answer_row found;
    uint8_t long_source[ROWS_KEY_MAX] = {'x'};
    assert_false(answers_find(&rows, slice_of(long_source, sizeof long_source), id_at(now_ms, 1), &found));
    assert_false(answers_find(&rows, slice_of(long_source, 0), id_at(now_ms, 1), &found));
}

static void empty_and_largest_answers_are_kept(void **state) {
    struct rows rows = rows_array_rows(*state);
    struct answer_row put = {.outcome = 1, .number = 1}, found;
    answers_put(&rows, slice_text("s"), id_at(now_ms, 1), &put);
    assert_true(answers_find(&rows, slice_text("s"), id_at(now_ms, 1), &found));
    assert_int_equal(found.answer.size, 0);
    assert_int_equal(found.detail.size, 0);
    enum { LARGE = 200 * 1024 };
    uint8_t *large = malloc(LARGE);
    assert_non_null(large);
    memset(large, 0xA5, LARGE);
    put.answer = slice_of(large, LARGE);
    answers_put(&rows, slice_text("s"), id_at(now_ms, 2), &put);
    assert_true(answers_find(&rows, slice_text("s"), id_at(now_ms, 2), &found));
    assert_true(slice_equal(found.answer, put.answer));
    free(large);
}

static void the_limits_of_an_ids_age_are_exact(void **state) {
    (void)state;
    assert_false(answers_id_is_too_old(id_at(now_ms - ANSWERS_ID_AGE_MS_MAX, 0), now_ms));
    assert_true(answers_id_is_too_old(id_at(now_ms - ANSWERS_ID_AGE_MS_MAX - 1, 0), now_ms));
    assert_false(answers_id_is_from_future(id_at(now_ms + ANSWERS_ID_LEAD_MS_MAX, 0), now_ms));
    assert_true(answers_id_is_from_future(id_at(now_ms + ANSWERS_ID_LEAD_MS_MAX + 1, 0), now_ms));
    assert_false(answers_id_is_too_old(id_at(now_ms + DAY_MS, 0), now_ms));
    assert_false(answers_id_is_from_future(id_at(now_ms - DAY_MS, 0), now_ms));
}

/* Six rows are too old, two are not: four go with one entry, two with the next, and then nothing more. */
static void old_rows_go_a_few_at_a_time(void **state) {
    struct rows_array *array = *state;
    struct rows rows = rows_array_rows(array);
    struct answer_row put = row_of("x", 1), found;
    static const uint8_t meta[] = {ROWS_TABLE_META, 1}, timer[] = {ROWS_TABLE_TIMER, 1};
    rows_put(&rows, slice_of(meta, 2), slice_text("meta"));
    rows_put(&rows, slice_of(timer, 2), slice_text("timer"));
    for (uint8_t i = 0; i < 6; i++) {
        answers_put(&rows, slice_text("s"), id_at(now_ms - ANSWERS_ID_AGE_MS_MAX - 1 - i, i), &put);
    }
    answers_put(&rows, slice_text("s"), id_at(now_ms - ANSWERS_ID_AGE_MS_MAX, 6), &put);
    answers_put(&rows, slice_text("s"), id_at(now_ms, 7), &put);
    answers_forget(&rows, now_ms);
    assert_int_equal(rows_array_count_table(array, ROWS_TABLE_ANSWER), 4);
    answers_forget(&rows, now_ms);
    assert_int_equal(rows_array_count_table(array, ROWS_TABLE_ANSWER), 2);
    answers_forget(&rows, now_ms);
    assert_int_equal(rows_array_count_table(array, ROWS_TABLE_ANSWER), 2);
    assert_true(answers_find(&rows, slice_text("s"), id_at(now_ms - ANSWERS_ID_AGE_MS_MAX, 6), &found));
    answers_forget(&rows, now_ms + 1);
    assert_false(answers_find(&rows, slice_text("s"), id_at(now_ms - ANSWERS_ID_AGE_MS_MAX, 6), &found));
    assert_int_equal(rows_array_count(array), 3);
}

static void forgetting_in_an_empty_store_touches_nothing(void **state) {
    struct rows_array *array = *state;
    struct rows rows = rows_array_rows(array);
    answers_forget(&rows, now_ms);
    static const uint8_t timer[] = {ROWS_TABLE_TIMER, 1};
    rows_put(&rows, slice_of(timer, 2), slice_text("timer"));
    answers_forget(&rows, now_ms);
    assert_int_equal(rows_array_count(array), 1);
}

static int set_up(void **state) {
    struct rows_array *array = malloc(sizeof *array);
    if (array == NULL || !digest_init()) return -1;
    rows_array_init(array);
    *state = array;
    return 0;
}

static int tear_down(void **state) {
    rows_array_free(*state);
    free(*state);
    return 0;
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_row_is_found_as_it_was_put),
        TEST(an_id_belongs_to_its_source),
        TEST(a_source_of_no_or_too_many_bytes_is_not_found),
        TEST(empty_and_largest_answers_are_kept),
        TEST(the_limits_of_an_ids_age_are_exact),
        TEST(old_rows_go_a_few_at_a_time),
        TEST(forgetting_in_an_empty_store_touches_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
