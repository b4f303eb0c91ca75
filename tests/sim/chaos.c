/* The faults that strike from outside, here at one process. Each function does one and tells it; the swarm says which exist
 * in this seed. */
#include "tests/sim/chaos.h"
#include "tests/sim/public.h"

static struct process *any_process(struct sim *sim, enum process_state state);

static void crash(struct sim *sim) {
    struct process *process = any_process(sim, PROCESS_UP);
    if (process != NULL) process_die(process, "killed");
}

/* It will die at its n-th port call from now. */
static void fuse(struct sim *sim) {
    struct process *process = any_process(sim, PROCESS_UP);
    if (process != NULL) process->fuse = 1 + (uint32_t)sim_below(sim, 1u << sim_below(sim, 8));
}

static void pause_process(struct sim *sim) {
    struct process *process = any_process(sim, PROCESS_UP);
    if (process == NULL) return;
    int64_t pause_ms = 1 + (int64_t)sim_below(sim, sim_chance(sim, 50) ? 2000 : 25000);
    process->paused_until_ms = sim->time.now_ms + pause_ms;
    sim_mark(sim, MARK_PAUSE);
    if (pause_ms > 6000 && process->view.state == REPLICA_OWNING) sim_mark(sim, MARK_PAUSE_OVER_SESSION);
    sim_tell(sim, process, "paused for ms", "", pause_ms, INT64_MIN);
}

static void orderly_stop(struct sim *sim) {
    struct process *process = any_process(sim, PROCESS_UP);
    if (process == NULL || process->view.state == REPLICA_STOPPED || process->is_stopping) return;
    process->is_stopping = true;
    replica_stop(process->replica);
    process->wake_at_ms = sim->time.now_ms;
    sim_tell(sim, process, "asked to stop", "", INT64_MIN, INT64_MIN);
}

int64_t chaos_draw_skew(struct sim *sim) {
    static const int64_t sizes[] = {50, 3000, 40000, 90000, 600000, INT64_C(10) * 365 * SIM_DAY_MS};
    int64_t size = sizes[sim_below(sim, sizeof sizes / sizeof sizes[0])];
    int64_t skew = (int64_t)sim_below(sim, (uint64_t)size + 1);
    return sim_chance(sim, 50) ? skew : -skew;
}

static void clock_jump(struct sim *sim) {
    struct process *process = any_process(sim, PROCESS_UP);
    if (process == NULL) return;
    process->clock.wall_skew_ms = sim_chance(sim, 25) ? 0 : chaos_draw_skew(sim);
    sim_mark(sim, MARK_CLOCK_JUMP);
    sim_tell(sim, process, "clock is off by ms", "", process->clock.wall_skew_ms, INT64_MIN);
}

static void disconnect(struct sim *sim) {
    struct process *process = any_process(sim, PROCESS_UP);
    if (process == NULL) return;
    bool is_failure = sim_chance(sim, 30);
    enum topic_event_kind kind = is_failure ? TOPIC_FAILED : TOPIC_DISCONNECTED;
    struct fake_reader *reader = sim_chance(sim, 60) ? &process->journal : &process->commands;
    reader->pending = kind;
    if (sim_chance(sim, 30)) sim_public_disconnect(process->public, false);
    process->wake_at_ms = sim->time.now_ms;
    sim_mark(sim, is_failure ? MARK_READER_FAILED : MARK_DISCONNECTED);
    sim_tell(sim, process, is_failure ? "reader fails" : "broker connection lost",
             reader == &process->journal ? "journal" : "commands", INT64_MIN, INT64_MIN);
}

static void snapshot(struct sim *sim) {
    struct process *process = any_process(sim, PROCESS_UP);
    if (process == NULL) return;
    uint32_t index = process->snapshot_count;
    if (index == SIM_SNAPSHOTS_MAX) {
        index = (uint32_t)sim_below(sim, SIM_SNAPSHOTS_MAX);
    } else {
        fake_store_init(&process->snapshots[process->snapshot_count++], NULL);
    }
    fake_store_copy(&process->snapshots[index], &process->store);
}

static void restore(struct sim *sim) {
    struct process *process = any_process(sim, PROCESS_UP);
    if (process == NULL || process->snapshot_count == 0) return;
    process_die(process, "an older store is put back");
    fake_store_copy(&process->store, &process->snapshots[sim_below(sim, process->snapshot_count)]);
    process_mark_boot(process, true); /* as every copy */
    sim_mark(sim, MARK_SNAPSHOT_RESTORED);
}

/* A second process on a copy of a store; a twin, cloned with its machine, even draws the same random bytes. */
static void clone(struct sim *sim) {
    const struct process *donor = any_process(sim, PROCESS_UP);
    struct process *process = NULL;
    for (int i = 0; i < SIM_PROCESSES_MAX; i++) {
        if (sim->processes[i].state == PROCESS_ABSENT) process = &sim->processes[i];
    }
    if (donor == NULL || process == NULL || donor->is_rebuild_due) return;
    process_init(sim, (int)(process - sim->processes));
    fake_store_copy(&process->store, &donor->store);
    process_mark_boot(process, true);
    bool is_twin = sim_chance(sim, 70);
    sim->has_twins = sim->has_twins || is_twin;
    if (is_twin) {
        process->clock.chance = donor->clock.chance;
        process->clock.wall_skew_ms = donor->clock.wall_skew_ms;
        memcpy(process->note.file, donor->note.file, donor->note.file_size);
        process->note.file_size = donor->note.file_size;
    }
    sim_mark(sim, is_twin ? MARK_TWIN_STARTED : MARK_CLONE_STARTED);
    sim_tell(sim, process, is_twin ? "cloned, chance too" : "cloned", "of the process", donor->index, INT64_MIN);
}

static void store_full(struct sim *sim) {
    struct process *process = any_process(sim, PROCESS_UP);
    if (process == NULL) return;
    if (sim_chance(sim, 30)) {
        process->store.is_full = true;
    } else if (sim_chance(sim, 50)) {
        process->store.puts_left = 1 + (uint32_t)sim_below(sim, 30);
    } else {
        process->store.space.disk_free_percent = sim_chance(sim, 60) ? 5 : 50;
    }
    sim_tell(sim, process, "disk free percent", "", process->store.space.disk_free_percent, process->store.is_full);
}

/* A machine loses power: its process is gone, and of what its store had committed some pages were never written. Closed in
 * order, it is whole. */
static void power(struct sim *sim) {
    struct process *process = any_process(sim, sim_chance(sim, 70) ? PROCESS_UP : PROCESS_DOWN);
    if (process == NULL) return;
    if (process->state == PROCESS_UP) process_die(process, "its machine lost power");
    process->boot++;
    process->was_power_cut = true;
    sim_mark(sim, MARK_POWER_CUT);
    sim_tell(sim, process, "power cut, boot", "", process->boot, INT64_MIN);
    if (process->is_closed) return;
    fake_store_tear(&process->store);
    if (sim_chance(sim, 50)) process->note.file_size = 0;
}

static void lag(struct sim *sim) {
    struct process *process = any_process(sim, PROCESS_UP);
    if (process == NULL) return;
    struct fake_reader *reader = sim_chance(sim, 70) ? &process->journal : &process->commands;
    reader->lag_ms = (int64_t)sim_below(sim, sim_chance(sim, 80) ? 300 : 9000);
    sim_tell(sim, process, "reads later by ms", "", reader->lag_ms, INT64_MIN);
}

/* It will stall in the middle of its n-th port call from now. */
static void stall(struct sim *sim) {
    struct process *process = any_process(sim, PROCESS_UP);
    if (process != NULL) process->stall_fuse = 1 + (uint32_t)sim_below(sim, 1u << sim_below(sim, 8));
}

static void strike(struct sim *sim, enum sim_chaos kind) {
    switch (kind) {
#define STRIKE(kind, function)                                                                                         \
    case kind:                                                                                                         \
        function(sim);                                                                                                 \
        return;
        STRIKE(CHAOS_CRASH, crash)
        STRIKE(CHAOS_FUSE, fuse)
        STRIKE(CHAOS_PAUSE, pause_process)
        STRIKE(CHAOS_ORDERLY_STOP, orderly_stop)
        STRIKE(CHAOS_CLOCK, clock_jump)
        STRIKE(CHAOS_BROKER_CLOCK, chaos_broker_clock)
        STRIKE(CHAOS_DISCONNECT, disconnect)
        STRIKE(CHAOS_REBALANCE, chaos_rebalance)
        STRIKE(CHAOS_CONFUSE, chaos_confuse)
        STRIKE(CHAOS_SNAPSHOT, snapshot)
        STRIKE(CHAOS_RESTORE, restore)
        STRIKE(CHAOS_CLONE, clone)
        STRIKE(CHAOS_STORE_FULL, store_full)
        STRIKE(CHAOS_CUT, chaos_cut)
        STRIKE(CHAOS_LAG, lag)
        STRIKE(CHAOS_GARBAGE, chaos_garbage)
        STRIKE(CHAOS_REPLAY, chaos_replay)
        STRIKE(CHAOS_RETENTION, chaos_retention)
        STRIKE(CHAOS_GENERATION, chaos_generation)
        STRIKE(CHAOS_REDIS, chaos_redis)
        STRIKE(CHAOS_STALL, stall)
        STRIKE(CHAOS_COMMANDS_CUT, chaos_commands_cut)
        STRIKE(CHAOS_POWER, power)
        STRIKE(CHAOS_LEADER, chaos_leader)
#undef STRIKE
    case SIM_CHAOS_KINDS:
        return;
    }
}

static bool may_strike(const struct sim *sim, enum sim_chaos kind, uint64_t number) {
    const struct sim_limits *limits = &sim->limits;
    if ((limits->switches_off >> kind & 1) != 0) return false;
    if (!limits->are_strikes_named) return true;
    return number < SIM_STRIKES_MAX && (limits->strikes[number / 64] >> number % 64 & 1) != 0;
}

/* Each strike draws from a chance of its own, so that a world without one of them is as like the other as can be. */
void chaos_strike(struct sim *sim) {
    const struct sim_swarm *swarm = &sim->swarm;
    uint64_t number = sim->strikes++;
    struct prng kept = sim->prng;
    sim->prng = prng_seed(sim->seed ^ (number + 1) * UINT64_C(0xD1B54A32D192ED03));
    sim->chaos_at_ms = sim->time.now_ms + 1 + (int64_t)sim_below(sim, (uint64_t)swarm->chaos_gap_ms_max);
    uint64_t drawn = swarm->weight_sum == 0 ? 0 : sim_below(sim, swarm->weight_sum);
    for (int i = 0; i < SIM_CHAOS_KINDS; i++) {
        if (drawn < swarm->weights[i]) {
            if (may_strike(sim, (enum sim_chaos)i, number)) strike(sim, (enum sim_chaos)i);
            break;
        }
        drawn -= swarm->weights[i];
    }
    sim->prng = kept;
}

void chaos_draw_faults(struct sim *sim, struct process *process) {
    const struct sim_swarm *swarm = &sim->swarm;
    process->writer.faults = swarm->journal_faults;
    process->journal.lag_ms = (int64_t)sim_below(sim, (uint64_t)swarm->lag_ms_max + 1);
    process->commands.lag_ms = (int64_t)sim_below(sim, (uint64_t)swarm->lag_ms_max + 1);
    process->journal.nothing_per_mille = process->commands.nothing_per_mille = swarm->nothing_per_mille;
    process->clock.wall_skew_ms = (int64_t)sim_below(sim, (uint64_t)swarm->skew_ms_max + 1) - swarm->skew_ms_max / 2;
}

static struct process *any_process(struct sim *sim, enum process_state state) {
    struct process *found = NULL;
    uint64_t count = 0;
    for (int i = 0; i < SIM_PROCESSES_MAX; i++) {
        struct process *process = &sim->processes[i];
        if (process->state != state || process->is_in_step) continue; /* a stalled one is out of reach */
        if (sim_below(sim, ++count) == 0) found = process;
    }
    return found;
}
