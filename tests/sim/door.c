/* Doors on twins. */
#include "tests/sim/door.h"
struct sim_door *sim_door_new(struct process *process) {
    (void)process;
    return NULL;
}
void sim_door_free(struct sim_door *door) {
    (void)door;
}
int sim_door_step(struct sim_door *door) {
    (void)door;
    return 1000;
}
void sim_door_answered(struct sim_door *door, const struct replica_answer *answer) {
    (void)door;
    (void)answer;
}
void sim_door_committed(struct sim_door *door, const struct journal_state *state) {
    (void)door;
    (void)state;
}
void sim_door_ask(struct sim_door *door, uint32_t command_index) {
    (void)door;
    (void)command_index;
}
