/* One process's door on twins: its sockets' inbox and outbox, its writer to the command log, and the checks of what it
 * answers. */
#ifndef BHR_TESTS_SIM_DOOR_H
#define BHR_TESTS_SIM_DOOR_H

#include "tests/sim/sim.h"

struct sim_door *sim_door_new(struct process *process);
void sim_door_free(struct sim_door *door);
int sim_door_step(struct sim_door *door);
void sim_door_answered(struct sim_door *door, const struct replica_answer *answer);
void sim_door_committed(struct sim_door *door, const struct journal_state *state);
/* A client's request reaches the door (or is lost, when the socket's queue is full). */
void sim_door_ask(struct sim_door *door, uint32_t command_index);

#endif
