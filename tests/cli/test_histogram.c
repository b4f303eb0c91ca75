/* Percentiles against the exact ones of a sorted list. */
#include "cli/bhr/histogram.h"
#include "tests/support/cmocka.h"
#include "tests/support/prng.h"

#include <stdlib.h>

enum { VALUES = 20000 };

static int by_value(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void percentiles_are_at_most_a_bucket_above_the_exact_ones(void **state) {
    (void)state;
    static uint64_t values[VALUES];
    static struct histogram histogram;
    struct prng prng = prng_seed(11);
    for (int i = 0; i < VALUES; i++) {
        values[i] = prng_u64(&prng) >> (24 + prng_below(&prng, 40)); /* of every size up to 2^40 */
        if (values[i] > 100000000) values[i] %= 100000000;
        histogram_add(&histogram, values[i]);
    }
    qsort(values, VALUES, sizeof values[0], by_value);
    const uint32_t marks[] = {1, 10, 500, 900, 990, 999, 1000};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        uint64_t exact = values[(size_t)VALUES * marks[i] / 1000 - 1], found = histogram_at(&histogram, marks[i]);
        assert_in_range(found, exact, exact + exact / 60 + 1);
    }
    assert_int_equal(histogram.max, values[VALUES - 1]);
    assert_int_equal(histogram_at(&histogram, 1000), values[VALUES - 1]);
}

static void few_values_and_none(void **state) {
    (void)state;
    static struct histogram histogram;
    assert_int_equal(histogram_at(&histogram, 500), 0);
    histogram_add(&histogram, 700);
    assert_int_equal(histogram_at(&histogram, 1), 700);
    assert_int_equal(histogram_at(&histogram, 1000), 700);
    histogram_add(&histogram, 3);
    assert_int_equal(histogram_at(&histogram, 500), 3);
    assert_int_equal(histogram_at(&histogram, 501), 700); /* half of two and a bit is the second */
    histogram_add(&histogram, UINT64_MAX);
    assert_true(histogram_at(&histogram, 1000) > 1000000000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percentiles_are_at_most_a_bucket_above_the_exact_ones),
        cmocka_unit_test(few_values_and_none),
    };
    return cmocka_run_group_tests_name("histogram", tests, NULL, NULL);
}
