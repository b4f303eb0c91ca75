/* What findings are worth: a weight for each level of each field, learned without labels (tools/match_learn.c), the prior,
 * and how much rarer values weigh. Fellegi and Sunter 1969. A versioned text file; integers only once it is read.
 *
 * Ownership: the caller's struct; nothing is allocated. Errors name line and what was expected. */
#ifndef BHR_MATCH_RULES_H
#define BHR_MATCH_RULES_H

#include "lib/base/error.h"
#include "lib/base/status.h"
#include "lib/match/compare.h"

struct match_rules {
    uint32_t version;
    int32_t prior_millibits;                               /* log2 odds of two people at random being one, times 1000 */
    int32_t weights[MATCH_FIELDS][MATCH_LEVELS_MAX];       /* millibits; that of MISSING is 0 */
    uint32_t same_per_million[MATCH_FIELDS];               /* how often two strangers agree there: the base of rarity */
    int32_t twin_guard_millibits; /* when all but the given name agree, and that is different: added (negative) */
};

struct match_score {
    int32_t weight_millibits; /* prior included */
    uint32_t posterior_ppm;
    int32_t of_field[MATCH_FIELDS];
};

enum status match_rules_parse(struct slice text, struct match_rules *ret_rules, struct error *reterr_error);

/* rarity[field]: how many in a million people have this very value, where the level is "same" (the commoner of the two
 * elsewhere); 0: not known, and then no adjustment. */
void match_score(const struct match_rules *rules, const struct match_levels *levels,
                 const uint32_t rarity[MATCH_FIELDS], struct match_score *ret_score);

#endif
