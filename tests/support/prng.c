/* xoshiro256** 1.0 by Blackman and Vigna, seeded by splitmix64 as its authors advise. */
#include "tests/support/prng.h"

#include "lib/base/assert.h"

static uint64_t rotate_left(uint64_t word, int bits) {
    return word << bits | word >> (64 - bits);
}

uint64_t prng_u64(struct prng *prng) {
    uint64_t *words = prng->words;
    uint64_t drawn = rotate_left(words[1] * 5, 7) * 9;
    uint64_t shifted = words[1] << 17;
    words[2] ^= words[0];
    words[3] ^= words[1];
    words[1] ^= words[2];
    words[0] ^= words[3];
    words[2] ^= shifted;
    words[3] = rotate_left(words[3], 45);
    return drawn;
}

struct prng prng_seed(uint64_t seed) {
    struct prng prng;
    for (int i = 0; i < 4; i++) {
        seed += UINT64_C(0x9E3779B97F4A7C15);
        uint64_t mixed = seed;
        mixed = (mixed ^ mixed >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
        mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94D049BB133111EB);
        prng.words[i] = mixed ^ mixed >> 31;
    }
    return prng;
}

uint64_t prng_below(struct prng *prng, uint64_t n) {
    ASSERT(n > 0);
    /* Draws below 2^64 mod n are dropped: what remains is a whole number of n's. */
    uint64_t dropped = (0 - n) % n;
    uint64_t drawn = prng_u64(prng);
    while (drawn < dropped) drawn = prng_u64(prng);
    return drawn % n;
}

bool prng_chance(struct prng *prng, unsigned percent) {
    ASSERT(percent <= 100);
    return prng_below(prng, 100) < percent;
}
