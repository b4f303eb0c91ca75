/* One process of the world: the product's replica on twins. It can die between any two port calls: the step is left by
 * longjmp, its memory is thrown away, and what survives is what would: store as of the last commit, note, appends on
 * their way. */
#include "tests/sim/sim.h"

#include "tests/sim/door.h"
#include "tests/sim/public.h"

#include <stdio.h>

static void look(struct process *process);
static void look_around(struct sim *sim);

static uint64_t draw(void *context, uint64_t n) {
    struct process *process = context;
    return sim_below(process->sim, n);
}

static void at_call(void *context, const char *call) {
    struct process *process = context;
    process->last_call = call;
    if (!process->is_in_step) return;
    if (process->stall_fuse > 0 && --process->stall_fuse == 0) {
        sim_go_on_without(process->sim, process);
        process->last_call = call;
    }
    if (process->fuse > 0 && --process->fuse == 0) longjmp(process->death, 1);
    const struct sim_swarm *swarm = &process->sim->swarm;
    if (swarm->deadly_call == NULL || process->sim->is_healing || strcmp(call, swarm->deadly_call) != 0) return;
    if (sim_chance(process->sim, swarm->deadly_percent)) longjmp(process->death, 1);
}

static void happened(void *context) {
    const struct process *process = context;
    sim_event(process->sim, process->index);
}

static void on_answered(void *context, const struct replica_answer *answer) {
    struct process *process = context;
    oracle_answered(process->sim->oracle, process, answer);
    load_answered(process->sim, answer);
    if (process->door != NULL) sim_door_answered(process->door, answer);
}

static void on_committed(void *context, const struct journal_state *state) {
    struct process *process = context;
    oracle_committed(process->sim->oracle, process, state);
    process->appended_at_commit = process->writer.append_count;
    process->turn_entries_seen = 0;
    if (process->door != NULL) sim_door_committed(process->door, state);
}

static void on_moved(void *context, enum replica_state from, enum replica_state to, const char *why) {
    struct process *process = context;
    struct sim *sim = process->sim;
    if (from == REPLICA_OWNING && process->turn_entries_seen > 0) sim_mark(sim, MARK_HALF_TURN);
    process->turn_entries_seen = 0;
    bool is_fenced = from == REPLICA_OWNING && strcmp(why, "another claim was accepted") == 0;
    if (is_fenced) sim_mark(sim, MARK_OWNER_FENCED);
    if (is_fenced && sim->group.settled_at_ms != INT64_MAX) sim_mark(sim, MARK_FENCED_IN_REBALANCE);
    bool is_full = from == REPLICA_OWNING && strcmp(why, replica_stop_name(STOP_STORE_FULL)) == 0;
    if (is_full && process->store.has_failed_midway) sim_mark(sim, MARK_STORE_FULL_IN_TURN);
    sim_tell(sim, process, replica_state_name(to), why, from, INT64_MIN);
}

static void on_alarm(void *context, const char *name, const char *text) {
    struct process *process = context;
    struct sim *sim = process->sim; /* text is not always a literal: it is not kept */
    sim_tell(sim, process, "alarm", name, INT64_MIN, INT64_MIN);
    if (strcmp(text, "the leader told an old end first") == 0) sim_mark(sim, MARK_EARLY_END);
    if (strcmp(text, "the leader is not sure of its end") == 0) sim_mark(sim, MARK_END_UNKNOWN);
    if (strcmp(name, "clone") == 0) sim_mark(sim, MARK_CLONE_SEEN);
    if (strcmp(name, "suspicion") == 0) sim_mark(sim, MARK_SUSPICION);
}

static void on_judged(void *context, int64_t offset, enum journal_verdict verdict,
                      const struct journal_record *record) {
    struct process *process = context;
    (void)record;
    if (verdict == VERDICT_ENTRY && process->view.state == REPLICA_OWNING) process->turn_entries_seen++;
    oracle_judged(process->sim->oracle, process, offset, verdict);
}

void process_init(struct sim *sim, int index) {
    struct process *process = &sim->processes[index];
    memset(process, 0, offsetof(struct process, writer));
    process->sim = sim;
    process->index = index;
    process->state = PROCESS_DOWN;
    process->hooks = (struct fake_hooks){.context = process, .draw = draw, .at_call = at_call, .happened = happened};
    fake_clock_init(&process->clock, &sim->time, prng_u64(&sim->prng));
    fake_store_init(&process->store, &process->hooks);
    fake_note_open(&process->note, &process->hooks);
    fake_reader_init(&process->journal, &sim->broker, &process->hooks);
    fake_reader_init(&process->commands, &sim->broker, &process->hooks);
    fake_writer_init(&process->writer, &sim->broker, &process->hooks);
    process->start_at_ms = sim->time.now_ms + (int64_t)sim_below(sim, 500);
    chaos_draw_faults(sim, process);
}

void process_fini(struct process *process) {
    process->is_in_step = false;
    sim_door_free(process->door);
    sim_public_free(process->public);
    replica_free(process->replica);
    process->replica = NULL;
    fake_reader_fini(&process->journal);
    fake_reader_fini(&process->commands);
    fake_store_fini(&process->store);
    for (uint32_t i = 0; i < process->snapshot_count; i++) fake_store_fini(&process->snapshots[i]);
}

static void describe_options(struct process *process, struct replica_options *options) {
    struct sim *sim = process->sim;
    *options = (struct replica_options){
        .service = &sim->service, .identity = sim->identity, .cluster_id = slice_text("cluster"), .may_own = true};
    (void)snprintf(options->software, sizeof options->software, "sim");
    (void)snprintf(options->host, sizeof options->host, "p%d", process->index);
}

/* As lib/port/lmdb opens a store: one that another boot left open is not opened. */
static void open_store(struct process *process) {
    struct sim *sim = process->sim;
    char boot[32];
    (void)snprintf(boot, sizeof boot, "boot-%u", process->boot);
    bool is_trusted = process->store.committed.count == 0 || boot_mark_is_trusted(process->boot_mark, boot);
    if (!is_trusted) {
        process->is_rebuild_due = true; /* by its operator */
        sim_mark(sim, MARK_POWER_REBUILD);
    } else if (process->was_power_cut && process->is_closed) {
        sim_mark(sim, MARK_POWER_KEPT);
    }
    if (process->is_rebuild_due) {
        fake_store_fini(&process->store);
        fake_store_init(&process->store, &process->hooks);
        process->is_rebuild_due = false;
        sim_mark(sim, MARK_REBUILD);
        sim_tell(sim, process, "store rebuilt", "", INT64_MIN, INT64_MIN);
    }
    process->was_power_cut = false;
    process_mark_boot(process, false);
}

void process_mark_boot(struct process *process, bool is_closed) {
    char boot[32];
    (void)snprintf(boot, sizeof boot, "boot-%u", process->boot);
    boot_mark_write(boot, is_closed, process->boot_mark);
    process->is_closed = is_closed;
}

void process_start(struct process *process) {
    struct sim *sim = process->sim;
    ASSERT(process->state == PROCESS_DOWN);
    open_store(process);
    process->clock.monotonic_start_ms = sim->time.now_ms;
    fake_note_open(&process->note, &process->hooks);
    fake_member_init(&process->member, &sim->group, &process->hooks);
    struct replica_options options;
    describe_options(process, &options);
    const struct replica_ports ports = {
        .journal = fake_reader_port(&process->journal),
        .commands = fake_reader_port(&process->commands),
        .writer = fake_writer_port(&process->writer),
        .admin = fake_broker_admin(&sim->broker),
        .membership = fake_member_port(&process->member),
        .store = fake_store_port(&process->store),
        .clock = fake_clock_port(&process->clock),
        .note = fake_note_port(&process->note),
        .hash = fake_digest,
        .listener = {.context = process,
                     .answered = on_answered,
                     .committed = on_committed,
                     .moved = on_moved,
                     .alarm = on_alarm,
                     .judged = on_judged},
    };
    process->state = PROCESS_UP;
    process->is_stopping = false;
    process->fuse = process->stall_fuse = 0;
    process->wake_at_ms = sim->time.now_ms;
    process->paused_until_ms = 0;
    process->replica = replica_new(&options, &ports);
    ASSERT(process->replica != NULL);
    if (sim->swarm.has_doors) process->door = sim_door_new(process);
    if (sim->swarm.has_publisher) process->public = sim_public_new(process);
    look(process);
    sim_tell(sim, process, "started", "", process->view.applied, INT64_MIN);
}

void process_die(struct process *process, const char *why) {
    struct sim *sim = process->sim;
    ASSERT(process->state == PROCESS_UP);
    process->is_in_step = false;
    sim_mark(sim, MARK_CRASH);
    if (process->view.turn_is_open || process->store.is_writing) sim_mark(sim, MARK_CRASH_IN_TURN);
    if (process->writer.append_count > process->appended_at_commit) sim_mark(sim, MARK_CRASH_AFTER_APPEND);
    if (process->last_call != NULL && strcmp(process->last_call, "store.commit done") == 0) {
        sim_mark(sim, MARK_CRASH_AFTER_COMMIT);
    }
    sim_tell(sim, process, "died", why, INT64_MIN, INT64_MIN);
    fake_store_crash(&process->store);
    sim_event(sim, process->index);
    sim_door_free(process->door);
    process->door = NULL;
    sim_public_free(process->public);
    process->public = NULL;
    replica_free(process->replica);
    process->replica = NULL;
    fake_reader_fini(&process->journal);
    fake_reader_fini(&process->commands);
    for (size_t i = 0; i < sim->broker.flight_count; i++) {
        if (sim->broker.flights[i].writer == &process->writer) sim_mark(sim, MARK_LATE_LANDING);
    }
    fake_writer_fini(&process->writer);
    process->state = PROCESS_DOWN;
    process->fuse = process->stall_fuse = 0;
    process->view = (struct replica_view){.applied = -1};
    process->start_at_ms = sim->time.now_ms + 1 + (int64_t)sim_below(sim, sim_chance(sim, 70) ? 800 : 9000);
}

/* What an operator does about a process whose replica has stopped. */
static void tend_stopped(struct process *process) {
    struct sim *sim = process->sim;
    enum replica_stop stop = process->view.stop;
    sim_tell(sim, process, "stopped", replica_stop_name(stop), INT64_MIN, INT64_MIN);
    switch (stop) {
    case STOP_SHUTDOWN:
        sim_mark(sim, MARK_ORDERLY_STOP);
        break;
    case STOP_CUT:
        sim_mark(sim, MARK_CUT_STOP);
        if (!sim->was_cut && sim->swarm.scenario != SCENARIO_WRONG_CLUSTER) {
            sim_fail(sim, "false cut: p%d says the journal lost something, but nothing was cut", process->index);
        }
        process->is_rebuild_due = true;
        break;
    case STOP_STORE_FULL:
    case STOP_STORE_FAILED:
        sim_mark(sim, MARK_STORE_FULL);
        process->store.is_full = false;
        process->store.puts_left = 0;
        break;
    case STOP_COMMANDS_BEHIND:
        sim_mark(sim, MARK_COMMANDS_CUT);
        chaos_new_generation(sim); /* a damaged command topic is never used again */
        break;
    case STOP_NO_JOURNAL:
    case STOP_WRONG_JOURNAL:
        if (sim->swarm.scenario == SCENARIO_NORMAL) {
            sim_fail(sim, "false stop: p%d says %s", process->index, replica_stop_name(stop));
        }
        sim_mark(sim, stop == STOP_NO_JOURNAL ? MARK_NO_JOURNAL : MARK_WRONG_JOURNAL);
        process->is_rebuild_due = sim->swarm.scenario == SCENARIO_WRONG_CLUSTER;
        if (process->is_rebuild_due) break; /* its disk was another cluster's */
        process->wake_at_ms = INT64_MAX;
        return;
    case STOP_NONE:
    case STOP_BODY:
    case STOP_SCHEMA:
    case STOP_STORE_VERSION:
        sim_fail(sim, "false stop: p%d says %s", process->index, replica_stop_name(stop));
        break;
    }
    bool was_in_order = stop == STOP_SHUTDOWN;
    if (was_in_order) process_mark_boot(process, true);
    process_die(process, was_in_order ? "ended in order" : "ended by its operator");
}

void process_step(struct process *process) {
    struct sim *sim = process->sim;
    ASSERT(process->state == PROCESS_UP && sim->running == NULL);
    int wait_ms = 0;
    if (setjmp(process->death) != 0) {
        sim->running = NULL;
        process_die(process, process->last_call);
        return;
    }
    sim->running = process;
    service_set_sim(sim);
    process->is_in_step = true;
    if (process->wake_at_ms <= sim->time.now_ms) {
        wait_ms = replica_step(process->replica);
        if (process->door != NULL) {
            int door_wait_ms = sim_door_step(process->door);
            if (door_wait_ms < wait_ms) wait_ms = door_wait_ms;
        }
        ASSERT(wait_ms >= 0);
        process->wake_at_ms = sim->time.now_ms + wait_ms;
        look(process);
    }
    sim_public_step(process->public);
    process->is_in_step = false;
    sim->running = NULL;
    sim_mix(sim, (uint64_t)process->view.applied * 8 + (uint64_t)process->view.state);
    if (process->view.state == REPLICA_STOPPED) tend_stopped(process);
    look_around(sim);
}

void process_heal(struct process *process) {
    if (process->state == PROCESS_ABSENT) return;
    process->fuse = process->stall_fuse = 0;
    process->paused_until_ms = 0;
    process->store.is_full = false;
    process->store.puts_left = 0;
    process->store.space.disk_free_percent = 90;
    process->clock.wall_skew_ms = 0;
    process->journal.lag_ms = process->commands.lag_ms = 1;
    process->journal.nothing_per_mille = process->commands.nothing_per_mille = 0;
    process->writer.faults = (struct fake_writer_faults){.delay_ms_max = 2};
    sim_public_heal(process->public);
    if (process->state == PROCESS_DOWN) process->start_at_ms = process->sim->time.now_ms;
    if (process->state == PROCESS_UP) process->wake_at_ms = process->sim->time.now_ms;
}

static void look(struct process *process) {
    uint64_t failed_turns = process->view.failed_turns;
    replica_look(process->replica, &process->view);
    if (process->view.failed_turns > failed_turns) sim_mark(process->sim, MARK_TURN_FAILED);
}

/* Marks about several processes at once. */
static void look_around(struct sim *sim) {
    int owners = 0, candidates = 0;
    for (int i = 0; i < SIM_PROCESSES_MAX; i++) {
        const struct process *process = &sim->processes[i];
        if (process->state != PROCESS_UP) continue;
        owners += process->view.state == REPLICA_OWNING;
        candidates += process->member.view.is_assigned;
    }
    if (owners >= 2) sim_mark(sim, MARK_TWO_OWNERS);
    if (candidates >= 3) sim_mark(sim, MARK_THREE_CANDIDATES);
}
