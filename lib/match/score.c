/* From findings to evidence: weights are added, rarer values weigh more, and guards keep twins and households apart. Integers
 * only, so that two processes never judge differently. Owns nothing; any thread. Pure. */
#include "lib/base/assert.h"
#include "lib/match/rules.h"

enum {
    RARITY_MAX = 8000,      /* millibits that a rare value may add, or a common one take */
    POSTERIOR_SURE = 24000, /* from here on a posterior in millionths does not change */
    LOG2_STEPS = 12,
};

static int32_t guard(const struct match_rules *rules, const struct match_levels *levels,
                     const int32_t of_field[MATCH_FIELDS]);

void match_score(const struct match_rules *rules, int32_t prior_millibits, const struct match_levels *levels,
                 const uint32_t rarity[MATCH_FIELDS], struct match_score *ret_score) {
    int32_t weight = prior_millibits;
    for (int field = 0; field < MATCH_FIELDS; field++) {
        uint8_t level = levels->of[field];
        ASSERT(level < MATCH_LEVELS);
        int32_t evidence = rules->weights[field][level];
        if (level == MATCH_LEVEL_SAME && rarity != NULL && rarity[field] != 0 && rules->same_per_billion[field] != 0) {
            int32_t more = match_log2_millibits(rules->same_per_billion[field]) - match_log2_millibits(rarity[field]);
            evidence += more > RARITY_MAX ? RARITY_MAX : more < -RARITY_MAX ? -RARITY_MAX : more;
        }
        ret_score->of_field[field] = evidence;
        weight += evidence;
    }
    ret_score->guard_millibits = guard(rules, levels, ret_score->of_field);
    ret_score->weight_millibits = weight + ret_score->guard_millibits;
    ret_score->posterior_ppm = match_posterior_ppm(ret_score->weight_millibits);
}

/* A name that is neither the same nor one that the same person might have given. */
static bool is_another_name(uint8_t level) {
    return level == MATCH_LEVEL_DIFFERENT || level == MATCH_LEVEL_SIMILAR;
}

static int32_t guard(const struct match_rules *rules, const struct match_levels *levels,
                     const int32_t of_field[MATCH_FIELDS]) {
    static const enum match_field home[] = {MATCH_POSTCODE, MATCH_HOUSE, MATCH_LINE_1,
                                            MATCH_LINE_2,   MATCH_TOWN,  MATCH_PHONE};
    bool is_another = is_another_name(levels->of[MATCH_GIVEN]);
    bool is_other_day = levels->of[MATCH_BIRTH] == MATCH_LEVEL_DIFFERENT;
    if (!is_another && !is_other_day) return 0;
    int32_t taken = 0, of_home = 0;
    for (size_t i = 0; i < sizeof home / sizeof home[0]; i++) of_home += of_field[home[i]];
    if (of_home > rules->household_max_millibits) taken = rules->household_max_millibits - of_home;
    if (is_another && levels->of[MATCH_BIRTH] == MATCH_LEVEL_SAME) taken += rules->twin_guard_millibits;
    return taken;
}

int32_t match_prior(const struct match_rules *rules, uint32_t people) {
    ASSERT(rules->people > 0);
    if (people <= rules->people) return rules->prior_millibits;
    return rules->prior_millibits - (match_log2_millibits(people) - match_log2_millibits(rules->people));
}

/* The whole part is where the highest bit stands; each further bit comes of a squaring. */
int32_t match_log2_millibits(uint32_t value) {
    ASSERT(value > 0);
    int whole = 31 - __builtin_clz(value);
    uint64_t rest = (uint64_t)value << (31 - whole); /* 1 to below 2, with 31 binary places */
    int32_t bits = 0;
    for (int i = 0; i < LOG2_STEPS; i++) {
        rest = rest * rest >> 31;
        bits = bits << 1 | (int32_t)(rest >> 32);
        rest >>= rest >> 32;
    }
    return whole * 1000 + (bits * 1000 + (1 << (LOG2_STEPS - 1))) / (1 << LOG2_STEPS);
}

/* Two to the power of a fraction of thousandths, in 2^-30: the product of the powers of its binary digits. */
static uint64_t exp2_fraction(uint32_t millibits) {
    static const uint32_t powers[LOG2_STEPS] = {/* 2^(1/2), 2^(1/4) ... with 30 binary places */
                                                1518500250, 1276901417, 1170923762, 1121280436, 1097253708, 1085434106,
                                                1079572136, 1076653033, 1075196443, 1074468888, 1074105294, 1073923544};
    uint32_t digits = (millibits << LOG2_STEPS) / 1000;
    uint64_t product = UINT64_C(1) << 30;
    for (int i = 0; i < LOG2_STEPS; i++) {
        if ((digits >> (LOG2_STEPS - 1 - i) & 1) != 0) product = product * powers[i] >> 30;
    }
    return product;
}

uint32_t match_posterior_ppm(int32_t weight_millibits) {
    bool is_for = weight_millibits >= 0;
    int32_t size = is_for ? weight_millibits : -weight_millibits;
    if (size > POSTERIOR_SURE) size = POSTERIOR_SURE;
    uint64_t one = UINT64_C(1) << 30;
    uint64_t odds = exp2_fraction((uint32_t)(size % 1000)) << (size / 1000); /* of what is likelier, in 2^-30 */
    uint32_t less = (uint32_t)((one * 1000000 + (odds + one) / 2) / (odds + one));
    return is_for ? 1000000 - less : less;
}
