/* One process's door on twins: its inbox, its writer to the command log, and the way of its replies. */
#ifndef BHR_TESTS_SIM_DOOR_H
#define BHR_TESTS_SIM_DOOR_H

#include "lib/wire/exchange/exchange.h"
#include "tests/sim/sim.h"

struct service_context sim_service_context(const struct sim *sim);

struct sim_door *sim_door_new(struct process *process);
void sim_door_free(struct sim_door *door);
int sim_door_step(struct sim_door *door);
void sim_door_answered(struct sim_door *door, const struct replica_answer *answer);
void sim_door_committed(struct sim_door *door, const struct journal_state *state);
/* A client's request arrives, or is lost when the inbox is full. index comes back with the reply. */
void sim_door_ask(struct sim_door *door, uint32_t index, const char *system, const struct request_header *header,
                  struct slice body);
/* The connection to the source's journal is lost, or its reader fails. NULL is nobody. */
void sim_door_disconnect(struct sim_door *door, bool is_failure, bool is_leader_new);
/* How many commands this door believes to wait for a decision. */
int64_t sim_door_backlog(const struct sim_door *door);
/* At the end: everything that was received had exactly one reply. */
void sim_door_check_silence(struct sim_door *door);

#endif
