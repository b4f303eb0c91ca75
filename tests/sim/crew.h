/* Many seeds: a crew of processes, each with seeds of its own, and what they met. */
#ifndef BHR_TESTS_SIM_CREW_H
#define BHR_TESTS_SIM_CREW_H

#include "tests/sim/sim.h"

enum { CREW_MAX = 64 };

struct crew_order {
    uint64_t from, seeds_max, steps_max; /* whichever comes first; UINT64_MAX: no end */
    double seconds_max;                  /* 0: no end */
    uint32_t jobs;
    struct sim_limits limits;
    bool is_once, tells_all, is_quiet;
    const uint64_t *list; /* seeds to run instead of from, from + 1, ...; NULL */
};

/* What a run met. Written by one process, read by all. */
struct crew_tally {
    uint64_t seeds, steps, ticks, strikes;
    uint64_t seeds_with[SIM_MARKS], times[SIM_MARKS];
    int64_t converged_ms_max; /* the longest until everything was right again */
    uint64_t converged_seed;
    uint64_t seed_now;
};

/* How one seed ended. */
struct crew_finding {
    bool has_failed;
    char failure[512];
    uint64_t seed, ticks, strikes, steps;
    uint32_t commands;
};

/* Runs seeds until one breaks a promise or the order is done. ret_finding is about the first one that failed. */
void crew_run(const struct crew_order *order, struct crew_tally *ret_tally, struct crew_finding *ret_finding);
/* One seed in a process of its own: also an assertion or an endless loop is then a finding. With is_shown it tells what
 * happened, else nothing. */
struct crew_finding crew_try(uint64_t seed, const struct sim_limits *limits, bool is_twice, bool is_shown,
                             bool tells_all);
double crew_now_s(void);

/* shrink.c: the smallest limits under which the seed still breaks the same promise. */
struct crew_finding shrink(const struct crew_finding *finding, bool is_twice, struct sim_limits *limits);
/* As words of the command line. */
void shrink_print(const struct sim_limits *limits);

#endif
