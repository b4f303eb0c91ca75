/* How alike two short texts are, in integers: Jaro-Winkler for names, optimal string alignment for what is typed digit by
 * digit. Owns nothing; any thread. Pure. */
#include "lib/base/assert.h"
#include "lib/match/compare.h"

enum { PREFIX_MAX = 4 };
static_assert(MATCH_TEXT_MAX == 31, "a text's letters are bits of a word, and one more can be shifted out of it");

struct common {
    uint32_t of_a, of_b; /* bits of the letters that both have */
    uint32_t count;
};

/* Letters that stand in both within the window; each is found once, the first of b first. Where each letter stands in b is a
 * word of bits; of all 256 only those that occur are ever written or read. */
static struct common find_common(struct slice a, struct slice b) {
    size_t longer = a.size > b.size ? a.size : b.size;
    size_t window = longer / 2 > 0 ? longer / 2 - 1 : 0;
    struct common common = {0};
    uint32_t where[256];
    for (size_t i = 0; i < a.size; i++) where[a.data[i]] = 0;
    for (size_t j = 0; j < b.size; j++) where[b.data[j]] = 0;
    for (size_t j = 0; j < b.size; j++) where[b.data[j]] |= UINT32_C(1) << j;
    for (size_t i = 0; i < a.size; i++) {
        size_t from = i > window ? i - window : 0, until = i + window + 1 < 31 ? i + window + 1 : 31;
        uint32_t in_window = ((UINT32_C(1) << until) - 1) & ~((UINT32_C(1) << from) - 1);
        uint32_t free = where[a.data[i]] & in_window & ~common.of_b;
        if (free == 0) continue;
        common.of_a |= UINT32_C(1) << i;
        common.of_b |= free & (~free + 1); /* its lowest bit */
        common.count++;
    }
    return common;
}

unsigned match_jaro_winkler(struct slice a, struct slice b) {
    ASSERT(a.size <= MATCH_TEXT_MAX && b.size <= MATCH_TEXT_MAX);
    if (a.size == 0 || b.size == 0) return 0;
    struct common found = find_common(a, b);
    if (found.count == 0) return 0;
    uint32_t common = found.count, out_of_order = 0;
    for (; found.of_a != 0; found.of_a &= found.of_a - 1, found.of_b &= found.of_b - 1) {
        out_of_order += a.data[__builtin_ctz(found.of_a)] != b.data[__builtin_ctz(found.of_b)];
    }
    /* In millionths, so that what is cut off does not reach the thousandths; half of the letters out of order count. */
    uint32_t size_a = (uint32_t)a.size, size_b = (uint32_t)b.size;
    uint32_t in_order = (2000000 * common - 1000000 * (out_of_order / 2) * 2) / (2 * common);
    uint32_t jaro = (1000000 * common / size_a + 1000000 * common / size_b + in_order) / 3;
    uint32_t prefix = 0;
    while (prefix < PREFIX_MAX && prefix < a.size && prefix < b.size && a.data[prefix] == b.data[prefix]) prefix++;
    return (jaro + prefix * (1000000 - jaro) / 10 + 500) / 1000;
}

unsigned match_distance(struct slice a, struct slice b) {
    ASSERT(a.size <= MATCH_TEXT_MAX && b.size <= MATCH_TEXT_MAX);
    uint8_t rows[3][MATCH_TEXT_MAX + 1]; /* this letter of a, the one before, the one before that */
    uint8_t *now = rows[0], *before = rows[1], *earlier = rows[2];
    for (size_t j = 0; j <= b.size; j++) now[j] = (uint8_t)j;
    for (size_t i = 1; i <= a.size; i++) {
        uint8_t *oldest = earlier;
        earlier = before;
        before = now;
        now = oldest;
        now[0] = (uint8_t)i;
        for (size_t j = 1; j <= b.size; j++) {
            unsigned least = before[j - 1] + (a.data[i - 1] == b.data[j - 1] ? 0U : 1U);
            if (before[j] + 1U < least) least = before[j] + 1U;
            if (now[j - 1] + 1U < least) least = now[j - 1] + 1U;
            bool is_exchange = i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2] && a.data[i - 2] == b.data[j - 1];
            if (is_exchange && earlier[j - 2] + 1U < least) least = earlier[j - 2] + 1U;
            now[j] = (uint8_t)least;
        }
    }
    return now[b.size];
}
