/* What one seed is like: most faults do not exist in most seeds, so that each gets its seeds without the others. */
#include "tests/sim/sim.h"

static unsigned maybe(struct sim *sim, unsigned max) {
    return sim_chance(sim, 50) ? 0 : 1 + (unsigned)sim_below(sim, max);
}

static void draw_writer_faults(struct sim *sim, struct fake_writer_faults *faults) {
    *faults = (struct fake_writer_faults){
        .delay_ms_max = (int64_t[]){1, 5, 40, 900}[sim_below(sim, 4)],
        .late_ms_max = (int64_t[]){200, 3000, 30000}[sim_below(sim, 3)],
        .lost_per_mille = maybe(sim, 60),
        .late_per_mille = maybe(sim, 60),
        .twice_per_mille = maybe(sim, 80),
        .uncertain_per_mille = maybe(sim, 60),
        .silent_per_mille = maybe(sim, 100),
        .refuse_per_mille = maybe(sim, 20),
    };
}

void sim_draw_swarm(struct sim *sim) {
    static const unsigned weights[] = {
#define X(name, weight) weight,
        SIM_CHAOS(X)
#undef X
    };
    struct sim_swarm *swarm = &sim->swarm;
    swarm->scenario = SCENARIO_NORMAL;
    if (sim_chance(sim, 4)) swarm->scenario = (enum sim_scenario)(1 + sim_below(sim, 3));
    swarm->is_booking = sim_chance(sim, 60);
    swarm->has_doors = swarm->is_booking && sim_chance(sim, 60);
    swarm->process_count = 2 + (uint32_t)sim_below(sim, 2);
    swarm->command_count = 12 + (uint32_t)sim_below(sim, 60);
    swarm->steps = 300 + (uint32_t)sim_below(sim, 1200);
    swarm->load_gap_ms_max = (int64_t[]){2, 20, 200, 2000}[sim_below(sim, 4)];
    swarm->chaos_gap_ms_max = (int64_t[]){50, 300, 1000, 5000}[sim_below(sim, 4)];
    for (int i = 0; i < SIM_CHAOS_KINDS; i++) {
        swarm->weights[i] = sim_chance(sim, 40) ? weights[i] : 0;
        swarm->weight_sum += swarm->weights[i];
    }
    static const char *const calls[] = {"note.set done",    "writer.append",      "writer.append done",
                                        "store.begin done", "store.commit",       "store.commit done",
                                        "writer.drop done", "reader.assign done", "note.forget",
                                        "note.forget done", "membership.join",    "socket.send done"};
    if (sim_chance(sim, 20)) {
        swarm->deadly_call = calls[sim_below(sim, sim_chance(sim, 50) ? 3 : sizeof calls / sizeof calls[0])];
        swarm->deadly_percent = (unsigned[]){3, 15, 60}[sim_below(sim, 3)];
    }
    draw_writer_faults(sim, &swarm->journal_faults);
    draw_writer_faults(sim, &swarm->command_faults);
    swarm->poison_percent = sim_chance(sim, 30) ? 4 : 0;
    swarm->do_timers_kill = sim_chance(sim, 15);
    swarm->copy_percent = maybe(sim, 30);
    swarm->reuse_percent = maybe(sim, 15);
    swarm->strange_percent = maybe(sim, 15);
    swarm->expired_percent = maybe(sim, 15);
    swarm->nothing_per_mille = maybe(sim, 200);
    swarm->lag_ms_max = (int64_t[]){0, 2, 30, 400}[sim_below(sim, 4)];
    swarm->skew_ms_max = (int64_t[]){0, 5, 1500}[sim_below(sim, 3)];
}
