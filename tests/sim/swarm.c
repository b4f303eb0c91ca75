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

static void draw_loads(struct sim *sim, struct sim_swarm *swarm) {
    swarm->poison_percent = sim_chance(sim, 30) ? 4 : 0;
    swarm->do_timers_kill = sim_chance(sim, 15);
    swarm->copy_percent = maybe(sim, 30);
    swarm->reuse_percent = maybe(sim, 15);
    swarm->strange_percent = maybe(sim, 15);
    swarm->expired_percent = maybe(sim, 15);
    swarm->huge_percent = sim_chance(sim, 5) ? 10 : 0;
    swarm->reply_lost_percent = maybe(sim, 10);
    swarm->nothing_per_mille = maybe(sim, 200);
    swarm->lag_ms_max = (int64_t[]){0, 2, 30, 400}[sim_below(sim, 4)];
    swarm->skew_ms_max = (int64_t[]){0, 5, 1500}[sim_below(sim, 3)];
}

/* What a shrunk seed is held to. */
static void hold_back(struct sim *sim) {
    struct sim_swarm *swarm = &sim->swarm;
    const struct sim_limits *limits = &sim->limits;
    if (limits->ticks_max > 0 && limits->ticks_max < swarm->ticks) swarm->ticks = (uint32_t)limits->ticks_max;
    if (limits->commands_max > 0 && limits->commands_max < swarm->command_count) {
        swarm->command_count = limits->commands_max;
    }
    if (limits->processes_max > 0 && limits->processes_max < swarm->process_count) {
        swarm->process_count = limits->processes_max;
    }
#define X(kind, name, place)                                                                                           \
    if ((limits->switches_off >> kind & 1) != 0) swarm->place = 0;
    SIM_FAULTS(X)
#undef X
}

const char *sim_switch_name(int number) {
    static const char *const names[] = {
#define X(kind, weight, name) [kind] = name,
        SIM_CHAOS(X)
#undef X
#define X(kind, name, place) [kind] = name,
            SIM_FAULTS(X)
#undef X
    };
    ASSERT(number >= 0 && number < SIM_SWITCHES);
    return names[number];
}

int sim_switch_named(const char *name, size_t size) {
    for (int i = 0; i < SIM_SWITCHES; i++) {
        if (slice_equal(slice_text(sim_switch_name(i)), slice_of(name, size))) return i;
    }
    return -1;
}

void sim_draw_swarm(struct sim *sim) {
    static const unsigned weights[] = {
#define X(kind, weight, name) weight,
        SIM_CHAOS(X)
#undef X
    };
    struct sim_swarm *swarm = &sim->swarm;
    swarm->scenario = SCENARIO_NORMAL;
    if (sim_chance(sim, 4)) swarm->scenario = (enum sim_scenario)(1 + sim_below(sim, 3));
    swarm->kind = sim_chance(sim, 60) ? SIM_BOOKING : SIM_COUNTER;
    /* From a chance of its own, so that the other worlds stay what they were. */
    struct prng other = prng_seed(sim->seed ^ UINT64_C(0x9FB21C651E98DF25));
    if (swarm->kind == SIM_COUNTER && prng_chance(&other, 35)) swarm->kind = SIM_INDEX;
    if (sim->follower != NULL) {
        swarm->scenario = SCENARIO_NORMAL;
        swarm->kind = SIM_INDEX;
    }
    swarm->has_doors = swarm->kind == SIM_INDEX || (swarm->kind == SIM_BOOKING && sim_chance(sim, 60));
    swarm->has_publisher = sim_chance(sim, 60) && sim->follower == NULL;
    if (swarm->kind == SIM_BOOKING && swarm->has_doors && prng_chance(&other, 35)) {
        swarm->has_source = true;
        swarm->source_away_percent = (unsigned[]){0, 5, 30}[prng_below(&other, 3)];
        swarm->source_noise_percent = (unsigned[]){0, 10, 40}[prng_below(&other, 3)];
        swarm->source_cut_percent = prng_chance(&other, 25) ? 5 : 0;
        swarm->is_source_replicated = prng_below(&other, 100) >= 60;
    }
    swarm->process_count = 2 + (uint32_t)sim_below(sim, 2);
    swarm->command_count = 12 + (uint32_t)sim_below(sim, 60);
    if (swarm->kind == SIM_INDEX) swarm->command_count += 20; /* it takes some to have persons, and merges of them */
    swarm->backlog_max = (int64_t[]){1, 4, 60}[sim_below(sim, 3)];
    swarm->ticks = 300 + (uint32_t)sim_below(sim, 1200);
    if (swarm->has_source) { /* two stories, and what one has to do with the other */
        swarm->command_count += 20;
        swarm->ticks += swarm->is_source_replicated ? 1500 : 500;
    }
    swarm->load_gap_ms_max = (int64_t[]){2, 20, 200, 2000}[sim_below(sim, 4)];
    swarm->chaos_gap_ms_max = (int64_t[]){50, 300, 1000, 5000}[sim_below(sim, 4)];
    for (int i = 0; i < SIM_CHAOS_KINDS; i++) {
        swarm->weights[i] = sim_chance(sim, 40) ? weights[i] : 0;
        bool is_cut = i == CHAOS_CUT && sim->follower != NULL && sim->follower->swarm.source_cut_percent == 0;
        if (is_cut) swarm->weights[i] = 0; /* little of following can be judged after one */
        swarm->weight_sum += swarm->weights[i];
    }
    static const char *const calls[] = {
        "note.set done",     "writer.append",    "writer.append done", "store.begin done",   "store.commit",
        "store.commit done", "writer.drop done", "reader.assign done", "note.forget",        "note.forget done",
        "membership.join",   "socket.send done", "publish.commit",     "publish.commit done"};
    if (sim_chance(sim, 20)) {
        swarm->deadly_call = calls[sim_below(sim, sim_chance(sim, 50) ? 3 : sizeof calls / sizeof calls[0])];
        swarm->deadly_percent = (unsigned[]){3, 15, 60}[sim_below(sim, 3)];
    }
    draw_writer_faults(sim, &swarm->journal_faults);
    draw_writer_faults(sim, &swarm->command_faults);
    if (sim_chance(sim, 60)) {
        swarm->publish_faults = (struct fake_publisher_faults){.fail_per_mille = maybe(sim, 30),
                                                               .silent_per_mille = maybe(sim, 100),
                                                               .unclean_per_mille = maybe(sim, 200),
                                                               .tear_per_mille = maybe(sim, 200),
                                                               .hang_per_mille = maybe(sim, 400),
                                                               .late_per_mille = maybe(sim, 400),
                                                               .forget_per_mille = maybe(sim, 600)};
    }
    draw_loads(sim, swarm);
    hold_back(sim);
}
