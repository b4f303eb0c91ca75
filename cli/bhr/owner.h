/* Who owns the partition, asked of the journal itself: the last accepted claim, and whose process made it. */
#ifndef BHR_CLI_OWNER_H
#define BHR_CLI_OWNER_H

#include "cli/bhr/cluster.h"

struct ownership {
    struct journal_state state; /* of the whole history */
    int64_t end;                /* one past the journal's last offset */
    bool has_claim;             /* false before the first one */
    char host[CLI_SAFE_ROOM], software[CLI_SAFE_ROOM];
    int64_t claimed_at_ms;
};

/* known and applied: the state of a store after the record at applied, so that only the rest need be read; NULL to read
 * from the beginning. Returns an exit code. */
int owner_find(const struct cli *cli, struct cluster *cluster, const struct journal_state *known, int64_t applied,
               struct ownership *ret_ownership);

#endif
