/* What became of look-ups that were answered again by other matching rules: counted by how they ended before and after,
 * with a few examples of each, and told with the worrying ones first. Plain data; one thread. */
#ifndef BHR_CLI_TRIED_H
#define BHR_CLI_TRIED_H

#include "cli/bhr/cli.h"
#include "services/index/core/index_answer.h"

enum { TRIED_EXAMPLES_MAX = 20, TRIED_RESULTS = INDEX_TRACE_TOO_MANY };

struct tried_kind {
    uint64_t count;
    uint32_t example_count;
    struct index_tried examples[TRIED_EXAMPLES_MAX];
};
struct tried {
    const char *path; /* of the rules that were tried */
    uint32_t rules_version, new_rules_version, processes;
    bool has_other_versions; /* not every process uses the same rules */
    uint64_t tried, changed, unreadable, dropped;
    int64_t oldest_ms;
    uint32_t examples_max;
    struct tried_kind kinds[TRIED_RESULTS][TRIED_RESULTS]; /* by how they ended, less one: before, after */
};

/* One answer of a process. */
void tried_add(struct tried *tried, const struct index_try_answer *answer);
/* Matches that became another person's: each would be the wrong person's record before or after. */
uint64_t tried_other_persons(const struct tried *tried);
void tried_say(const struct cli *cli, const struct tried *tried);
/* The caller's. */
json_t *tried_json(const struct tried *tried);

#endif
