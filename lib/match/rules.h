/* What findings are worth: a weight for each level of each field, learned without labels (tools/match_learn.c), the prior,
 * and how much rarer values weigh. Fellegi and Sunter 1969. A versioned text file; integers only once it is read.
 *
 * Ownership: the caller's struct; nothing is allocated. Errors name line and what was expected. */
#ifndef BHR_MATCH_RULES_H
#define BHR_MATCH_RULES_H

#include "lib/base/status.h"
#include "lib/match/compare.h"

struct match_rules {
    uint32_t version;
    uint32_t people;                             /* among how many the prior was learned */
    int32_t prior_millibits;                     /* log2 odds of two people at random being one, times 1000 */
    int32_t weights[MATCH_FIELDS][MATCH_LEVELS]; /* millibits; that of MISSING is 0 */
    uint32_t same_per_billion[MATCH_FIELDS];     /* how often two strangers agree there: the base of rarity */
    /* People who live together or close by share a name or an address, which is no evidence that they are one; and twins a
     * birth date, father and son a given name, more often than strangers do. How likely two people at random are that,
     * beside strangers, and what findings are worth for it, where the field is shared. */
    struct {
        int32_t prior_millibits;
        int32_t weights[MATCH_FIELDS][MATCH_LEVELS];
    } circles[MATCH_CIRCLES];
    /* People move: then their address says no more than that of a stranger, however different it is. log2 odds of that. */
    int32_t moved_millibits;
};

struct match_score {
    int32_t weight_millibits; /* prior and guards included */
    uint32_t posterior_ppm;
    int32_t of_field[MATCH_FIELDS];
    int32_t moved_millibits;                 /* how much likelier they, if they are one, moved than not, in log2 */
    int32_t guard_millibits;                 /* what is taken away because they may be of a circle */
    int32_t circle_millibits[MATCH_CIRCLES]; /* how much likelier than strangers they are of it, in log2 */
};

enum status match_rules_parse(struct slice text, struct match_rules *ret_rules, struct error *reterr_error);

/* The prior among so many people. Among more than it was learned from, any one of them is less likely to be meant; among
 * fewer it stays, since who is meant need not be there yet. */
int32_t match_prior(const struct match_rules *rules, uint32_t people);
/* rarity[field]: how many in a billion people have this very value, where the level is SAME; 0: not known, and then no
 * adjustment. NULL: none is known. */
void match_score(const struct match_rules *rules, int32_t prior_millibits, const struct match_levels *levels,
                 const uint32_t rarity[MATCH_FIELDS], struct match_score *ret_score);
/* What the rarity of a value that both have adds to its field's weight; 0 when it is not known. */
int32_t match_rarity_millibits(const struct match_rules *rules, enum match_field field, uint32_t rarity);
/* Of odds of two to the power of a thousandth of it. */
uint32_t match_posterior_ppm(int32_t weight_millibits);
/* log2 in thousandths; value > 0. */
int32_t match_log2_millibits(uint32_t value);

#endif
