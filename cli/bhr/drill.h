/* A drill: one fault is played on the local suite by deploy/local/drill.sh while the load generator books, and then the
 * journal itself is asked whether every caller who was told yes has that booking, and nobody has it besides. One thread. */
#ifndef BHR_CLI_DRILL_H
#define BHR_CLI_DRILL_H

#include "cli/bhr/load.h"
#include "cli/bhr/owner.h"

enum { DRILL_FAULTS_MAX = 32, DRILL_TOLD_MAX = 1 << 17 };

struct drill_fault {
    char name[32];
    char sentence[128];
};

/* What callers were told, and what the journal says of it. */
struct drill_told {
    uint32_t count;
    struct uuid ids[DRILL_TOLD_MAX]; /* of the requests that were answered with yes */
};
struct drill_proof {
    uint64_t lost;     /* told yes, and not in the journal's accepted history */
    uint64_t twice;    /* places given to two bookings, one of them ours */
    uint64_t claims;   /* new owners since the drill began */
    uint64_t rejected; /* records since then that are not history: of zombies */
    bool stores_agree; /* all of them, at the same entry */
};

struct drill_result {
    struct load_result load;
    int64_t took_ms; /* from the fault until all is as before */
    struct drill_proof proof;
};

/* Refuses every suite but one that deploy/local started on this machine. Returns an exit code. */
int drill_need_local(struct cli *cli);
/* The faults that the suite's script knows. Returns an exit code. */
int drill_list(const struct cli *cli, struct drill_fault ret_faults[DRILL_FAULTS_MAX], uint32_t *ret_count);
/* Returns an exit code; on CLI_OK *ret_result is filled, whatever it says. */
int drill_run(struct cli *cli, const char *fault, uint32_t per_second, struct drill_result *ret_result);

/* Reads what the journal has grown by since before, through the rule, and compares the stores. told is sorted. */
int drill_prove(struct cli *cli, const struct ownership *before, struct drill_told *told,
                struct drill_proof *ret_proof);

#endif
