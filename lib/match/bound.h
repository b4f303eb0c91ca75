/* How much two people can be worth before all of them was compared: a search passes over whoever cannot reach its threshold
 * without looking further. Never less than match_score gives once the rest is known, so that nobody is lost by it. Pure. */
#ifndef BHR_MATCH_BOUND_H
#define BHR_MATCH_BOUND_H

#include "lib/match/rules.h"

/* A finding that is still to come: anything but the same. Names and lines, which fit crosswise too, come in pairs: both are
 * OTHER unless one of them is the same. */
enum { MATCH_LEVEL_OTHER = MATCH_LEVELS };

struct match_bounds {
    int32_t prior_millibits, moved_millibits; /* of the rules */
    int32_t circle_priors[MATCH_CIRCLES];
    int32_t most[MATCH_FIELDS][MATCH_LEVELS + 1];
    int32_t least[MATCH_CIRCLES][MATCH_FIELDS][MATCH_LEVELS + 1];
    int32_t crosswise_names, crosswise_lines; /* what both of them OTHER may be worth beyond their sum */
    bool is_of_home[MATCH_FIELDS], is_shared[MATCH_CIRCLES][MATCH_FIELDS];
};

/* Of the rules, once. */
void match_bounds_of(const struct match_rules *rules, struct match_bounds *ret_bounds);
/* more: what the rarity of the value adds where the level is SAME (match_rarity_millibits). */
int32_t match_bound(const struct match_bounds *bounds, int32_t prior_millibits, const struct match_levels *levels,
                    const int32_t more[MATCH_FIELDS]);
/* The least weight whose posterior is at least that. */
int32_t match_least_weight(uint32_t posterior_ppm_min);

#endif
