/* The seed that runs; a test that fails leaves it standing. */
#include "tests/support/seeds.h"

#include "tests/support/cmocka.h"

#include <stdlib.h>

static uint64_t current; /* 0: none */

static void run_one(void (*run)(uint64_t seed), uint64_t seed) {
    current = seed;
    run(seed);
    current = 0;
}

bool seeds_each(void (*run)(uint64_t seed), uint64_t count) {
    const char *only = getenv("BHR_SEED");
    if (only != NULL) {
        run_one(run, strtoull(only, NULL, 10));
        return false;
    }
    for (uint64_t seed = 1; seed <= count; seed++) run_one(run, seed);
    return true;
}

int seeds_tell_failing(void **state) {
    (void)state;
    if (current != 0) print_error("failing seed: BHR_SEED=%llu\n", (unsigned long long)current);
    return 0;
}
