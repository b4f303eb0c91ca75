/* From findings to evidence: weights are added, rarer values weigh more, and what may be said of a household
 * is no evidence for one person.
 * Integers only, so that two processes never judge differently. Owns nothing; any thread. Pure. */
#include "lib/base/assert.h"
#include "lib/match/rules.h"

enum {
    RARITY_MAX = 8000,      /* millibits that a rare value may add, or a common one take */
    POSTERIOR_SURE = 24000, /* from here on a posterior in millionths does not change */
    SOFT_RANGE = 12000,     /* millibits beyond which the lesser of two cases is not counted */
    LOG2_STEPS = 12,
};

static int32_t softplus(int32_t millibits);

/* Four cases are weighed: one person, a household, neighbours, strangers. What speaks for those between is taken from what
 * speaks for one person, by log2(1 + household + neighbours) beside strangers, who are 1. One person, too, is two cases: who
 * moved has the address of a stranger. */
void match_score(const struct match_rules *rules, int32_t prior_millibits, const struct match_levels *levels,
                 const uint32_t rarity[MATCH_FIELDS], struct match_score *ret_score) {
    int32_t weight = prior_millibits, home = 0, others = 0;
    int32_t circles[MATCH_CIRCLES];
    for (enum match_circle circle = 0; circle < MATCH_CIRCLES; circle++) {
        circles[circle] = rules->circles[circle].prior_millibits + (prior_millibits - rules->prior_millibits);
    }
    for (enum match_field field = 0; field < MATCH_FIELDS; field++) {
        uint8_t level = levels->of[field];
        ASSERT(level < MATCH_LEVELS);
        bool is_rated = level == MATCH_LEVEL_SAME && rarity != NULL;
        int32_t more = is_rated ? match_rarity_millibits(rules, field, rarity[field]) : 0;
        ret_score->of_field[field] = rules->weights[field][level] + more;
        weight += ret_score->of_field[field];
        home += match_field_is_of_home(field) ? ret_score->of_field[field] : 0;
        for (enum match_circle circle = 0; circle < MATCH_CIRCLES; circle++) {
            bool is_shared = match_field_is_shared(field, circle);
            circles[circle] += is_shared ? rules->circles[circle].weights[field][level] + more : 0;
        }
    }
    memcpy(ret_score->circle_millibits, circles, sizeof circles);
    ret_score->moved_millibits = rules->moved_millibits - home;
    for (int circle = 0; circle < MATCH_CIRCLES; circle++) others += softplus(circles[circle] - others);
    ret_score->guard_millibits = softplus(ret_score->moved_millibits) - softplus(rules->moved_millibits) - others;
    ret_score->weight_millibits = weight + ret_score->guard_millibits;
    ret_score->posterior_ppm = match_posterior_ppm(ret_score->weight_millibits);
}

int32_t match_rarity_millibits(const struct match_rules *rules, enum match_field field, uint32_t rarity) {
    if (rarity == 0 || rules->same_per_billion[field] == 0) return 0;
    int32_t more = match_log2_millibits(rules->same_per_billion[field]) - match_log2_millibits(rarity);
    return more > RARITY_MAX ? RARITY_MAX : more < -RARITY_MAX ? -RARITY_MAX : more;
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

/* log2(1 + 2^x): of two cases together beside the first. */
static int32_t softplus(int32_t millibits) {
    if (millibits >= SOFT_RANGE) return millibits;
    if (millibits <= -SOFT_RANGE) return 0;
    bool is_negative = millibits < 0;
    uint32_t size = (uint32_t)(is_negative ? -millibits : millibits);
    uint64_t one = UINT64_C(1) << 30, power = exp2_fraction(size % 1000) << (size / 1000);
    /* In 2^-17, so that the sum fits; of a negative one 1 + 2^x = (1 + 2^-x) / 2^-x. */
    int32_t sum = match_log2_millibits((uint32_t)((one + power) >> 13)) - 17000;
    return is_negative ? sum - (int32_t)size : sum;
}
