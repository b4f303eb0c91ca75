/* A seeded xoshiro256** for tests and the simulator: the same seed draws the same numbers on every machine. Owned by its
 * caller; never used in the product, whose random bytes come from the operating system. */
#ifndef BHR_TESTS_SUPPORT_PRNG_H
#define BHR_TESTS_SUPPORT_PRNG_H

#include <stdbool.h>
#include <stdint.h>

struct prng {
    uint64_t words[4];
};

struct prng prng_seed(uint64_t seed);
uint64_t prng_u64(struct prng *prng);
/* 0 .. n - 1, each equally likely; n > 0. */
uint64_t prng_below(struct prng *prng, uint64_t n);
/* True in percent of 100 draws; 0 is never, 100 always. */
bool prng_chance(struct prng *prng, unsigned percent);

#endif
