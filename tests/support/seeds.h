/* A property tried on many drawn worlds: on the seeds 1 to a count, or on the one that BHR_SEED names, as whoever replays a
 * failure does. */
#ifndef BHR_TESTS_SUPPORT_SEEDS_H
#define BHR_TESTS_SUPPORT_SEEDS_H

#include <stdbool.h>
#include <stdint.h>

/* False when it was one seed only, which has not met everything that all of them together meet. */
bool seeds_each(void (*run)(uint64_t seed), uint64_t count);
/* A teardown of cmocka's: after a failure it prints the seed. */
int seeds_tell_failing(void **state);

#endif
