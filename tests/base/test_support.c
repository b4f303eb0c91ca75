/* The tests' own tools: the generator against its authors' numbers, the test rows against the plainest possible model. */
#include "tests/support/cmocka.h"
#include "tests/support/prng.h"
#include "tests/support/rows_array.h"

static void the_generator_draws_the_published_numbers(void **state) {
    (void)state;
    struct prng prng = {{1, 2, 3, 4}};
    static const uint64_t expected[] = {11520, 0, 1509978240, UINT64_C(1215971899390074240)};
    for (size_t i = 0; i < 4; i++) assert_true(prng_u64(&prng) == expected[i]);
    assert_true(prng_seed(0).words[0] == UINT64_C(0xE220A8397B1DCDAF)); /* splitmix64 */
    struct prng a = prng_seed(5), b = prng_seed(5), c = prng_seed(6);
    uint64_t drawn = prng_u64(&a);
    assert_true(drawn == prng_u64(&b));
    assert_true(drawn != prng_u64(&c));
}

static void draws_stay_below_and_reach_everything(void **state) {
    (void)state;
    struct prng prng = prng_seed(3);
    int seen[7] = {0}, yes = 0;
    for (int i = 0; i < 70000; i++) seen[prng_below(&prng, 7)]++;
    for (int i = 0; i < 7; i++) assert_in_range(seen[i], 9500, 10500);
    for (int i = 0; i < 10000; i++) {
        yes += prng_chance(&prng, 30);
        assert_false(prng_chance(&prng, 0));
        assert_true(prng_chance(&prng, 100));
        assert_int_equal(prng_below(&prng, 1), 0);
    }
    assert_in_range(yes, 2800, 3200);
}

/* 300 possible keys "k<number>"; the model is an array indexed by the number, -1 = no row. */
enum { KEYS = 300 };
static int model[KEYS];

static struct slice key_text(int number, char memory[5]) {
    memory[0] = 'k';
    for (int i = 3; i >= 1; i--, number /= 10) memory[i] = (char)('0' + number % 10);
    return slice_of(memory, 4);
}

static void compare_with_model(struct rows_array *array) {
    struct rows rows = rows_array_read_only(array);
    size_t expected_count = 0;
    for (int i = 0; i < KEYS; i++) {
        char memory[5];
        struct slice value, key = key_text(i, memory);
        bool is_there = rows_get(&rows, key, &value);
        assert_int_equal(is_there, model[i] >= 0);
        expected_count += model[i] >= 0;
        if (is_there) {
            assert_int_equal(value.size, (size_t)model[i] % 5);
            for (size_t j = 0; j < value.size; j++) assert_int_equal(value.data[j], model[i]);
        }
        int next = i;
        while (next < KEYS && model[next] < 0) next++;
        struct slice found;
        assert_int_equal(rows_seek(&rows, key, &found, &value), next < KEYS);
        if (next < KEYS) assert_true(slice_equal(found, key_text(next, memory)));
    }
    assert_int_equal(rows_array_count(array), expected_count);
    assert_int_equal(rows_array_count_table(array, 'k'), expected_count);
    assert_int_equal(rows_array_count_table(array, 'l'), 0);
}

static void rows_behave_like_the_model(void **state) {
    (void)state;
    struct rows_array array;
    rows_array_init(&array);
    struct rows rows = rows_array_rows(&array);
    struct prng prng = prng_seed(11);
    for (int i = 0; i < KEYS; i++) model[i] = -1;
    for (int step = 0; step < 6000; step++) {
        char memory[5];
        int number = (int)prng_below(&prng, KEYS);
        struct slice key = key_text(number, memory);
        if (prng_chance(&prng, 55)) {
            uint8_t value[5];
            model[number] = (int)prng_below(&prng, 100);
            memset(value, model[number], sizeof value);
            rows_put(&rows, key, slice_of(value, (size_t)model[number] % 5));
        } else {
            model[number] = -1;
            rows_del(&rows, key);
        }
        if (step % 50 == 0) compare_with_model(&array);
    }
    assert_int_equal(array.write_count, 6000);
    compare_with_model(&array);

    struct rows_array copy;
    rows_array_init(&copy);
    rows_array_copy(&copy, &array);
    compare_with_model(&copy);
    assert_true(digest_equal(rows_array_digest(&copy), rows_array_digest(&array)));
    rows_array_free(&copy);
    rows_array_free(&array);
}

static void the_digest_tells_stores_apart(void **state) {
    (void)state;
    /* Each pair of neighbours has the same bytes in a row when the lengths are left out. */
    static const char *const stores[][4] = {
        {"a", "b", "c", "d"}, {"ab", "", "c", "d"}, {"a", "bc", "d", ""}, {"a", "b", "cd", ""}};
    struct digest digests[4];
    for (int i = 0; i < 4; i++) {
        struct rows_array array;
        rows_array_init(&array);
        struct rows rows = rows_array_rows(&array);
        rows_put(&rows, slice_text(stores[i][2]), slice_text(stores[i][3]));
        rows_put(&rows, slice_text(stores[i][0]), slice_text(stores[i][1]));
        digests[i] = rows_array_digest(&array);
        for (int j = 0; j < i; j++) assert_false(digest_equal(digests[i], digests[j]));
        rows_array_free(&array);
    }
}

static void what_was_lent_moves_at_the_next_write(void **state) {
    (void)state;
    struct rows_array array;
    rows_array_init(&array);
    struct rows rows = rows_array_rows(&array);
    struct slice before, again, after, found;
    rows_put(&rows, slice_text("k"), slice_text("value"));
    assert_true(rows_get(&rows, slice_text("k"), &before));
    assert_true(rows_seek(&rows, slice_text("a"), &found, &again));
    assert_ptr_equal(before.data, again.data); /* reading moves nothing */
    uintptr_t old = (uintptr_t)before.data;
    rows_put(&rows, slice_text("other"), slice_text("x"));
    assert_true(rows_get(&rows, slice_text("k"), &after));
    assert_true((uintptr_t)after.data != old);
    assert_true(slice_equal(after, slice_text("value")));
    rows_array_free(&array);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_generator_draws_the_published_numbers),
        cmocka_unit_test(draws_stay_below_and_reach_everything),
        cmocka_unit_test(rows_behave_like_the_model),
        cmocka_unit_test(the_digest_tells_stores_apart),
        cmocka_unit_test(what_was_lent_moves_at_the_next_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
