/* One seed: the world begins; in the safety phase faults strike, and nothing wrong may ever happen; in the liveness phase
 * there are none any more, and the right things must happen, each within its bound of virtual time. Time jumps to whatever
 * comes next; among things due at the same moment chance picks. */
#include "tests/sim/door.h"
#include "tests/sim/index.h"
#include "tests/sim/public.h"
#include "tests/sim/source.h"

#include "lib/base/assert.h"

enum {
    ACTORS_MAX = SIM_PROCESSES_MAX + 5,
    /* Until everything is right again after the last fault. Waits that may follow one another: an append that lands 30 s
     * late and ends an ownership, 10 s of a fenced replica, 15 s out of the group, a session of 6 s, and some of it twice.
     * A run prints the longest that it met. */
    CONVERGE_MS_MAX = 120 * 1000,
    /* Until a new command has its answer then. A door that knew the end of the command log before it was cut takes the log
     * for full until it hears of its end again, at most 10 s later (door_backlog.c). */
    SERVE_MS_MAX = 15 * 1000,
    LIVE_TICKS_MAX = 20 * 1000, /* of either: more of them, and somebody spins */
    SETTLE_MS = 50,             /* a rebalance that nothing delays */
};

static bool step(struct sim *sim);
static void heal(struct sim *sim);
static void converge(struct sim *sim);
static void serve(struct sim *sim);
static void look_back(struct sim *sim);
static void check_silence(struct sim *sim);
static void step_beside(struct sim *sim);
static int64_t all_due_ms(const struct sim *sim, int64_t due[ACTORS_MAX]);
static bool is_converged(struct sim *sim);
static const char *what_is_missing(struct sim *sim);

void sim_run(struct sim *sim, uint64_t seed, const struct sim_limits *limits, bool tells_all) {
    world_begin(sim, NULL, seed, limits, tells_all);
    while (!sim->has_failed && sim->ticks < sim->swarm.ticks && step(sim)) {
    }
    sim->safe_ticks = sim->ticks;
    if (!sim->has_failed) heal(sim);
    if (!sim->has_failed) converge(sim);
    if (!sim->has_failed) serve(sim);
    if (!sim->has_failed) look_back(sim);
    if (!sim->has_failed) check_silence(sim);
    world_end(sim);
}

static void check_silence(struct sim *sim) {
    for (int i = 0; i < SIM_PROCESSES_MAX; i++) {
        if (sim->processes[i].door != NULL && !sim->has_failed) sim_door_check_silence(sim->processes[i].door);
    }
    if (sim->beside != NULL) check_silence(sim->beside);
}

void sim_go_on_without(struct sim *sim, struct process *process) {
    if (sim->is_inside_stall || sim->is_healing || sim->has_failed) return;
    ASSERT(sim->running == process && process->is_in_step);
    uint64_t steps = 1 + sim_below(sim, sim_chance(sim, 50) ? 8 : 120);
    sim_mark(sim, MARK_STALL);
    if (process->view.turn_is_open) sim_mark(sim, MARK_STALL_OWNER);
    sim_tell(sim, process, "stalls in", process->last_call, (int64_t)steps, INT64_MIN);
    sim->running = NULL;
    sim->is_inside_stall = true;
    struct sim *world = sim->follower != NULL ? sim->follower : sim;
    for (uint64_t i = 0; i < steps && !sim->has_failed && step(world); i++) {
    }
    if (sim->follower != NULL) sim->time.now_ms = world->time.now_ms;
    service_set_sim(sim);
    sim->is_inside_stall = false;
    sim->running = process;
    sim_tell(sim, process, "goes on in", process->last_call, INT64_MIN, INT64_MIN);
}

static int64_t due_ms(const struct process *process) {
    if (process->is_in_step) return INT64_MAX; /* it has stalled */
    if (process->state == PROCESS_DOWN) return process->start_at_ms;
    if (process->state != PROCESS_UP) return INT64_MAX;
    int64_t wake_at_ms = process->wake_at_ms, public_ms = sim_public_due_ms(process->public);
    if (public_ms < wake_at_ms) wake_at_ms = public_ms;
    return wake_at_ms > process->paused_until_ms ? wake_at_ms : process->paused_until_ms;
}

enum { ACTOR_BROKER = SIM_PROCESSES_MAX, ACTOR_LOAD, ACTOR_CHAOS, ACTOR_SOURCE, ACTOR_BESIDE };

/* When who is due; the soonest of them, INT64_MAX when nobody ever is again. */
static int64_t all_due_ms(const struct sim *sim, int64_t due[ACTORS_MAX]) {
    int64_t of_beside[ACTORS_MAX];
    for (int i = 0; i < SIM_PROCESSES_MAX; i++) due[i] = due_ms(&sim->processes[i]);
    due[ACTOR_BROKER] = fake_broker_next_ms(&sim->broker);
    due[ACTOR_LOAD] = sim->load_at_ms;
    due[ACTOR_CHAOS] = sim->chaos_at_ms;
    due[ACTOR_SOURCE] = source_due_ms(sim->source);
    due[ACTOR_BESIDE] = sim->beside == NULL ? INT64_MAX : all_due_ms(sim->beside, of_beside);
    int64_t next_ms = INT64_MAX;
    for (int i = 0; i < ACTORS_MAX; i++) next_ms = due[i] < next_ms ? due[i] : next_ms;
    return next_ms;
}

/* Both have one clock. */
static void step_beside(struct sim *sim) {
    struct sim *beside = sim->beside;
    (void)step(beside);
    if (beside->time.now_ms > sim->time.now_ms) sim->time.now_ms = beside->time.now_ms;
}

/* One thing happens. False when nothing ever will again. */
static bool step(struct sim *sim) {
    int64_t due[ACTORS_MAX], next_ms = all_due_ms(sim, due);
    if (next_ms == INT64_MAX) return false;
    if (next_ms > sim->time.now_ms) sim->time.now_ms = next_ms;
    if (sim->beside != NULL) sim->beside->time.now_ms = sim->time.now_ms;
    int ready[ACTORS_MAX], ready_count = 0;
    for (int i = 0; i < ACTORS_MAX; i++) {
        if (due[i] <= sim->time.now_ms) ready[ready_count++] = i;
    }
    int actor = ready[ready_count == 1 ? 0 : sim_below(sim, (uint64_t)ready_count)];
    sim->ticks++;
    sim_mix(sim, (uint64_t)sim->time.now_ms * 8 + (uint64_t)actor);
    if (actor == ACTOR_BROKER) {
        if (fake_broker_deliver(&sim->broker)) sim_event(sim, ACTOR_BROKER);
    } else if (actor == ACTOR_LOAD) {
        load_step(sim);
    } else if (actor == ACTOR_CHAOS) {
        chaos_strike(sim);
    } else if (actor == ACTOR_SOURCE) {
        source_step(sim->source);
    } else if (actor == ACTOR_BESIDE) {
        step_beside(sim);
    } else if (sim->processes[actor].state == PROCESS_DOWN) {
        process_start(&sim->processes[actor]);
        sim_event(sim, actor);
    } else {
        process_step(&sim->processes[actor]);
    }
    return true;
}

/* No more faults; the clocks are right; what was down comes up. One store may have to be built from nothing. */
static void heal(struct sim *sim) {
    if (sim->beside != NULL) {
        sim->beside->time.now_ms = sim->time.now_ms;
        heal(sim->beside);
    }
    sim->is_healing = true;
    sim->chaos_at_ms = INT64_MAX;
    sim->load_at_ms = sim->time.now_ms;
    sim->broker.skew_ms = 0;
    sim->command_writer.faults = (struct fake_writer_faults){.delay_ms_max = 2};
    sim->broker.mute_until_ms = 0;
    sim->group.settle_ms = SETTLE_MS;
    sim->redis.is_away = false;
    struct sim_swarm *swarm = &sim->swarm;
    swarm->poison_percent = swarm->copy_percent = swarm->reuse_percent = swarm->strange_percent = 0;
    swarm->expired_percent = swarm->huge_percent = swarm->reply_lost_percent = 0;
    source_heal(sim->source);
    sim_tell(sim, NULL, "everything heals", "", (int64_t)sim->ticks, INT64_MIN);
    for (int i = 0; i < SIM_PROCESSES_MAX; i++) {
        struct process *process = &sim->processes[i];
        process_heal(process);
        /* The owner finds out about a new generation of the command topic when its reader fails. */
        if (process->state == PROCESS_UP && sim->generation > 0) process->commands.pending = TOPIC_FAILED;
    }
    struct process *process = &sim->processes[sim_below(sim, sim->swarm.process_count)];
    if (sim_chance(sim, 25)) {
        if (process->state == PROCESS_UP) process_die(process, "its store is deleted");
        process->start_at_ms = sim->time.now_ms;
        process->is_rebuild_due = true;
    }
    fake_group_rebalance(&sim->group);
}

/* Every client has its answer, every store is the fold, everything that happened is public, and one process owns. */
static void converge(struct sim *sim) {
    int64_t began_ms = sim->time.now_ms;
    while (!sim->has_failed && !is_converged(sim)) {
        bool is_over = sim->time.now_ms - began_ms > CONVERGE_MS_MAX || sim->ticks - sim->safe_ticks > LIVE_TICKS_MAX;
        if (is_over || !step(sim)) sim_fail(sim, "not healed: %s", what_is_missing(sim));
    }
    sim->converged_ms = sim->time.now_ms - began_ms;
}

static uint64_t epoch_beside(const struct sim *sim) {
    return sim->beside == NULL ? 0 : oracle_state(sim->beside->oracle)->epoch;
}

/* And it goes on: whoever asks now is answered soon, and nobody takes the ownership from anybody. */
static void serve(struct sim *sim) {
    if (sim->swarm.scenario == SCENARIO_HEADLESS || sim->swarm.scenario == SCENARIO_WRONG_LOCALITY) return;
    uint64_t ticks = sim->ticks, epochs[] = {oracle_state(sim->oracle)->epoch, epoch_beside(sim)};
    int64_t began_ms = sim->time.now_ms;
    sim_tell(sim, NULL, "everything is right again", "", sim->converged_ms, INT64_MIN);
    load_ask_once_more(sim);
    if (sim->beside != NULL) {
        sim->beside->time.now_ms = sim->time.now_ms;
        load_ask_once_more(sim->beside);
    }
    while (!sim->has_failed && !is_converged(sim)) {
        bool is_over = sim->time.now_ms - began_ms > SERVE_MS_MAX || sim->ticks - ticks > LIVE_TICKS_MAX;
        if (is_over || !step(sim)) sim_fail(sim, "not serving: %s", what_is_missing(sim));
        if (oracle_state(sim->oracle)->epoch != epochs[0] || epoch_beside(sim) != epochs[1]) {
            sim_fail(sim, "restless: a claim of epoch %llu although everything had healed",
                     (unsigned long long)oracle_state(sim->oracle)->epoch);
        }
    }
}

/* And whoever was known once still is, as they were. Every store is equal by now, so one is asked. */
static void look_back(struct sim *sim) {
    const struct index_model *model = oracle_index(sim->oracle);
    if (sim->beside != NULL) look_back(sim->beside);
    if (model == NULL) return;
    struct rows rows = oracle_rows(sim->oracle);
    index_judge_some(sim, model, &rows, oracle_state(sim->oracle)->number);
}

static bool is_converged(struct sim *sim) {
    if (sim->swarm.scenario == SCENARIO_HEADLESS || sim->swarm.scenario == SCENARIO_WRONG_LOCALITY) {
        for (uint32_t i = 0; i < sim->swarm.process_count; i++) {
            if (sim->processes[i].view.state != REPLICA_STOPPED) return false;
        }
        return true;
    }
    return what_is_missing(sim) == NULL;
}

/* One process owns, the group knows, and nothing is on its way that could change it. */
static bool is_settled(const struct sim *sim) {
    if (sim->group.settled_at_ms != INT64_MAX || sim->broker.flight_count > 0) return false;
    int owners = 0;
    for (int i = 0; i < SIM_PROCESSES_MAX; i++) {
        const struct process *process = &sim->processes[i];
        if (process->state != PROCESS_UP) continue;
        if (process->view.turn_is_open) return false;  /* what it appended may be lost: then it claims again */
        if (!process->view.is_caught_up) return false; /* who cannot read for too long leaves the group */
        const struct fake_member *member = &process->member;
        bool is_assigned = member->view.is_member && member->joined_as == sim->group.assigned;
        bool is_owner = process->view.state == REPLICA_OWNING;
        if (is_assigned != is_owner) return false;
        owners += is_owner;
        if (member->view.is_member && member->heard != sim->group.rebalances) return false;
    }
    return owners == 1;
}

/* NULL: nothing. */
static const char *what_is_missing(struct sim *sim) {
    const char *beside = sim->beside == NULL ? NULL : what_is_missing(sim->beside);
    if (beside != NULL) return beside;
    if (!load_is_done(sim)) return "a command has no answer";
    if (!oracle_is_converged(sim->oracle)) return "the replicas do not converge";
    if (sim->swarm.has_publisher && !sim->is_public_over && !oracle_is_public_complete(sim->oracle)) {
        return "what happened is not public";
    }
    if (!oracle_is_followed(sim->oracle)) return "what the source says is not followed";
    return is_settled(sim) ? NULL : "the ownership does not settle";
}
