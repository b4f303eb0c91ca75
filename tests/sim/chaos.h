/* Inside the chaos only: what strikes at all processes, and the sizes by which clocks are wrong. */
#ifndef BHR_TESTS_SIM_CHAOS_H
#define BHR_TESTS_SIM_CHAOS_H

#include "tests/sim/sim.h"

int64_t chaos_draw_skew(struct sim *sim);

/* chaos_broker.c */
void chaos_broker_clock(struct sim *sim);
void chaos_rebalance(struct sim *sim);
void chaos_confuse(struct sim *sim);
void chaos_leader(struct sim *sim);
void chaos_cut(struct sim *sim);
void chaos_garbage(struct sim *sim);
void chaos_replay(struct sim *sim);
void chaos_retention(struct sim *sim);
void chaos_generation(struct sim *sim);
void chaos_commands_cut(struct sim *sim);
void chaos_redis(struct sim *sim);

#endif
