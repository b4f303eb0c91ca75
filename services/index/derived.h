/* Everybody in memory, so that a description finds the few who may be meant: lib/search, kept up to date from the
 * rows (lib/host/service.h, struct service_derived). Loop's thread.
 *
 * A record whose key has not come yet cannot be read; it is tried again with the next commit. Bounds:
 * INDEX_PEOPLE_MAX comes from the configuration row people_max; beyond it a record is not searched for, but found by
 * its identifiers. */
#ifndef BHR_INDEX_DERIVED_H
#define BHR_INDEX_DERIVED_H

#include "lib/host/service.h"
#include "lib/match/rules.h"
#include "services/index/core/index_answer.h"

struct index_derived;

extern const struct service_derived index_service_derived;

/* Records like the description, best first, at least as likely as that; returns how many. */
struct derived_found {
    struct uuid record_id;
    struct index_match match;
};
/* rules: NULL for those in use. */
uint32_t derived_find(const struct index_derived *derived, const struct match_rules *rules,
                      const struct index_demographics *demographics, uint32_t posterior_ppm_min, uint32_t limit,
                      struct derived_found *ret_found);
uint32_t derived_rules_version(const struct index_derived *derived);

#endif
