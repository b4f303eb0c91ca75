/* Bounds of a score (bound.h): for what is not known yet the best finding is counted for one person, and the worst for those
 * who live together. Owns nothing; any thread. Pure. */
#include "lib/match/bound.h"

#include "lib/base/assert.h"

enum {
    WEIGHT_MAX = 24000,   /* from here on a posterior in millionths does not change */
    TWO_CASES_MAX = 1020, /* millibits: together at most twice as likely as the likelier one; a sum is rounded */
    NEVER = -1000000000,  /* less than any weight */
};

static int32_t greater(int32_t a, int32_t b) {
    return a > b ? a : b;
}

static void find_bounds(const struct match_rules *rules, enum match_field field, struct match_bounds *bounds);
static int32_t crosswise_of(const struct match_bounds *bounds, enum match_field first, enum match_field second);

int32_t match_bound(const struct match_bounds *bounds, int32_t prior_millibits, const struct match_levels *levels,
                    const int32_t more[MATCH_FIELDS]) {
    const uint8_t *of = levels->of;
    int32_t person = prior_millibits, home = 0, others = 0; /* strangers */
    for (int field = 0; field < MATCH_FIELDS; field++) {
        ASSERT(of[field] <= MATCH_LEVEL_OTHER);
        int32_t worth = bounds->most[field][of[field]] + (of[field] == MATCH_LEVEL_SAME ? more[field] : 0);
        person += bounds->is_of_home[field] ? 0 : worth;
        home += bounds->is_of_home[field] ? worth : 0;
    }
    bool is_names = of[MATCH_FAMILY] == MATCH_LEVEL_OTHER && of[MATCH_GIVEN] == MATCH_LEVEL_OTHER;
    bool is_lines = of[MATCH_LINE_1] == MATCH_LEVEL_OTHER && of[MATCH_LINE_2] == MATCH_LEVEL_OTHER;
    person += is_names ? bounds->crosswise_names : 0;
    home += is_lines ? bounds->crosswise_lines : 0;
    for (int circle = 0; circle < MATCH_CIRCLES; circle++) {
        int32_t odds = bounds->circle_priors[circle] + (prior_millibits - bounds->prior_millibits);
        for (int field = 0; field < MATCH_FIELDS; field++) {
            bool is_rarer = of[field] == MATCH_LEVEL_SAME && bounds->is_shared[circle][field];
            odds += bounds->least[circle][field][of[field]] + (is_rarer ? more[field] : 0);
        }
        others = greater(others, odds);
    }
    return person + greater(home, bounds->moved_millibits) + TWO_CASES_MAX - others;
}

void match_bounds_of(const struct match_rules *rules, struct match_bounds *ret_bounds) {
    memset(ret_bounds, 0, sizeof *ret_bounds);
    ret_bounds->prior_millibits = rules->prior_millibits;
    ret_bounds->moved_millibits = rules->moved_millibits;
    for (int circle = 0; circle < MATCH_CIRCLES; circle++) {
        ret_bounds->circle_priors[circle] = rules->circles[circle].prior_millibits;
    }
    for (enum match_field field = 0; field < MATCH_FIELDS; field++) find_bounds(rules, field, ret_bounds);
    ret_bounds->crosswise_names = crosswise_of(ret_bounds, MATCH_GIVEN, MATCH_FAMILY);
    ret_bounds->crosswise_lines = crosswise_of(ret_bounds, MATCH_LINE_1, MATCH_LINE_2);
}

static bool is_crosswise(enum match_level level) {
    return level == MATCH_LEVEL_SWAPPED || level == MATCH_LEVEL_HALF_SWAPPED;
}

static void find_bounds(const struct match_rules *rules, enum match_field field, struct match_bounds *bounds) {
    bool may_cross = match_field_has(field, MATCH_LEVEL_HALF_SWAPPED);
    bounds->is_of_home[field] = match_field_is_of_home(field);
    int32_t most = NEVER;
    for (enum match_level level = MATCH_LEVEL_MISSING; level < MATCH_LEVELS; level++) {
        bounds->most[field][level] = rules->weights[field][level];
        bool is_other = level > MATCH_LEVEL_SAME && match_field_has(field, level);
        if (is_other && !(may_cross && is_crosswise(level))) most = greater(most, rules->weights[field][level]);
        for (enum match_circle circle = 0; circle < MATCH_CIRCLES; circle++) {
            bounds->is_shared[circle][field] = match_field_is_shared(field, circle);
            int32_t weight = rules->circles[circle].weights[field][level], *least = bounds->least[circle][field];
            least[level] = weight;
            if (is_other && weight < least[MATCH_LEVEL_OTHER]) least[MATCH_LEVEL_OTHER] = weight;
        }
    }
    bounds->most[field][MATCH_LEVEL_OTHER] = most;
}

/* One of a pair, or both, may turn out to be missing, and the first may tell of both. */
static int32_t crosswise_of(const struct match_bounds *bounds, enum match_field first, enum match_field second) {
    int32_t a = bounds->most[first][MATCH_LEVEL_OTHER], b = bounds->most[second][MATCH_LEVEL_OTHER];
    int32_t most = greater(greater(a, b), greater(a + b, 0));
    most = greater(most, bounds->most[first][MATCH_LEVEL_SWAPPED]);
    most = greater(most, bounds->most[first][MATCH_LEVEL_HALF_SWAPPED]);
    return most - (a + b);
}

int32_t match_least_weight(uint32_t posterior_ppm_min) {
    int32_t below = -WEIGHT_MAX - 1, reaches = WEIGHT_MAX; /* the posterior grows with the weight */
    if (match_posterior_ppm(-WEIGHT_MAX) >= posterior_ppm_min) return INT32_MIN;
    while (reaches - below > 1) {
        int32_t middle = below + (reaches - below) / 2;
        if (match_posterior_ppm(middle) >= posterior_ppm_min) {
            reaches = middle;
        } else {
            below = middle;
        }
    }
    return reaches;
}
