/* One process's publisher on twins, and the public topics of the world. */
#ifndef BHR_TESTS_SIM_PUBLIC_H
#define BHR_TESTS_SIM_PUBLIC_H

#include "lib/host/public_record.h"
#include "tests/sim/sim.h"

#define SIM_EVENT_TOPIC "public.events"
#define SIM_DEAD_TOPIC  "public.dead"

/* Who publishes: the same in every process. */
struct public_context sim_public_context(const struct sim *sim);

struct sim_public *sim_public_new(struct process *process);
/* kill -9: what its transaction had is never seen. NULL is nobody. */
void sim_public_free(struct sim_public *public);
/* INT64_MAX for nobody. */
int64_t sim_public_due_ms(const struct sim_public *public);
void sim_public_wake(struct sim_public *public);
/* The connection to the broker is lost. */
void sim_public_disconnect(struct sim_public *public, bool is_leader_new);
/* If it is due. */
void sim_public_step(struct sim_public *public);
void sim_public_heal(struct sim_public *public);

#endif
