/* The faults that strike from outside. Each function does one and tells it; the swarm says which exist in this seed. */
#include "tests/sim/sim.h"

#include "lib/base/assert.h"

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

static int64_t draw_skew(struct sim *sim) {
    static const int64_t sizes[] = {50, 3000, 40000, 90000, 600000, INT64_C(10) * 365 * SIM_DAY_MS};
    int64_t size = sizes[sim_below(sim, sizeof sizes / sizeof sizes[0])];
    int64_t skew = (int64_t)sim_below(sim, (uint64_t)size + 1);
    return sim_chance(sim, 50) ? skew : -skew;
}

static void clock_jump(struct sim *sim) {
    struct process *process = any_process(sim, PROCESS_UP);
    if (process == NULL) return;
    process->clock.wall_skew_ms = sim_chance(sim, 25) ? 0 : draw_skew(sim);
    sim_mark(sim, MARK_CLOCK_JUMP);
    sim_tell(sim, process, "clock is off by ms", "", process->clock.wall_skew_ms, INT64_MIN);
}

static void broker_clock_jump(struct sim *sim) {
    sim->broker.skew_ms = sim_chance(sim, 40) ? 0 : draw_skew(sim) % SIM_DAY_MS;
    sim_mark(sim, MARK_BROKER_CLOCK_JUMP);
    sim_tell(sim, NULL, "broker clock off by ms", "", sim->broker.skew_ms, INT64_MIN);
}

static void disconnect(struct sim *sim) {
    struct process *process = any_process(sim, PROCESS_UP);
    if (process == NULL) return;
    bool is_failure = sim_chance(sim, 30);
    enum topic_event_kind kind = is_failure ? TOPIC_FAILED : TOPIC_DISCONNECTED;
    struct fake_reader *reader = sim_chance(sim, 60) ? &process->journal : &process->commands;
    reader->pending = kind;
    process->wake_at_ms = sim->time.now_ms;
    sim_mark(sim, is_failure ? MARK_READER_FAILED : MARK_DISCONNECTED);
    sim_tell(sim, process, is_failure ? "reader fails" : "broker connection lost",
             reader == &process->journal ? "journal" : "commands", INT64_MIN, INT64_MIN);
}

static void rebalance(struct sim *sim) {
    sim->group.settle_ms = (int64_t)sim_below(sim, sim_chance(sim, 50) ? 100 : 4000);
    fake_group_rebalance(&sim->group);
    sim_mark(sim, MARK_REBALANCE);
    sim_tell(sim, NULL, "rebalance takes ms", "", sim->group.settle_ms, INT64_MIN);
}

/* The group says something untrue: journal.md wants that to cost time at most. */
static void confuse(struct sim *sim) {
    bool is_everyone = sim_chance(sim, 40);
    for (int i = 0; i < SIM_PROCESSES_MAX; i++) {
        struct process *process = &sim->processes[i];
        if (process->state != PROCESS_UP || !process->member.view.is_member) continue;
        process->member.view.is_assigned = is_everyone || sim_chance(sim, 50);
        process->wake_at_ms = sim->time.now_ms;
    }
    sim_mark(sim, MARK_CONFUSED);
    sim_tell(sim, NULL, "the group is confused", is_everyone ? "all are assigned" : "", INT64_MIN, INT64_MIN);
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
    if (sim_chance(sim, 50)) {
        process->store.is_full = true;
    } else {
        process->store.space.disk_free_percent = sim_chance(sim, 60) ? 5 : 50;
    }
    sim_tell(sim, process, "disk free percent", "", process->store.space.disk_free_percent, process->store.is_full);
}

/* A power cut takes the unsynced tail; the broker is back a while later and every connection was lost. */
static void cut(struct sim *sim) {
    if (sim->cuts >= 2 || sim->journal->count < 2) return;
    int64_t lost = 1 + (int64_t)sim_below(sim, sim_chance(sim, 70) ? 4 : 40);
    int64_t new_end = sim->journal->end - lost < 1 ? 1 : sim->journal->end - lost;
    sim->was_cut = true;
    sim->cuts++;
    sim->time.now_ms += 500 + (int64_t)sim_below(sim, 3000);
    sim_mark(sim, MARK_CUT);
    sim_tell(sim, NULL, "the journal is cut to", "", new_end, sim->journal->end);
    fake_log_cut(sim->journal, new_end);
    oracle_cut(sim->oracle, new_end);
    for (int i = 0; i < SIM_PROCESSES_MAX; i++) {
        struct process *process = &sim->processes[i];
        if (process->state != PROCESS_UP) continue;
        if (process->view.applied < new_end) sim_mark(sim, MARK_CUT_UNNOTICED);
        process->journal.pending = process->commands.pending = TOPIC_DISCONNECTED;
        process->wake_at_ms = sim->time.now_ms;
    }
}

static void lag(struct sim *sim) {
    struct process *process = any_process(sim, PROCESS_UP);
    if (process == NULL) return;
    struct fake_reader *reader = sim_chance(sim, 70) ? &process->journal : &process->commands;
    reader->lag_ms = (int64_t)sim_below(sim, sim_chance(sim, 80) ? 300 : 9000);
    sim_tell(sim, process, "reads later by ms", "", reader->lag_ms, INT64_MIN);
}

static void append_to_journal(struct sim *sim, struct slice value, bool is_stamped) {
    const struct topic_append append = {.topic = sim->journal->topic, .value = value};
    struct fake_record *record = fake_record_make(&sim->broker, &append);
    sim->broker.makes_timestamps = is_stamped;
    fake_log_append(&sim->broker, sim->journal, record, (int64_t)sim_below(sim, 2));
    sim->broker.makes_timestamps = true;
}

/* Things that are not history, however much they look like it. */
static void garbage(struct sim *sim) {
    const struct journal_state *state = oracle_state(sim->oracle);
    struct journal_record record = {.kind = RECORD_ENTRY};
    uint8_t body_bytes[64], memory[1024];
    struct buffer body = buffer_over(body_bytes, sizeof body_bytes), out = buffer_over(memory, sizeof memory);
    const struct entry_body decided = {.schema = 1, .outcome = OUTCOME_OK};
    entry_body_write(&decided, &body);
    record.as.entry = (struct entry){.epoch = state->epoch,
                                     .owner = state->owner,
                                     .number = state->number + 1,
                                     .resume_at = state->resume_at,
                                     .decided_at_ms = state->decided_at_ms,
                                     .kind = ENTRY_TIMER,
                                     .timer = {{1}},
                                     .body = buffer_slice(&body)};
    bool is_stamped = true;
    switch (sim_below(sim, 6)) {
    case 0:
        break; /* wrong in prev alone */
    case 1:
        record.as.entry.epoch = state->epoch + 1 + sim_below(sim, 3);
        break;
    case 2:
        record = (struct journal_record){.kind = RECORD_CLAIM, .as.claim = {.epoch = UINT64_MAX >> sim_below(sim, 8)}};
        break;
    case 3:
        record.kind = RECORD_GENESIS;
        record.as.genesis = (struct genesis){.environment = sim->identity.environment,
                                             .service = sim->identity.service,
                                             .locality = sim->identity.locality};
        break;
    case 4: /* right in everything but the type of its timestamp */
        record = (struct journal_record){.kind = RECORD_CLAIM, .as.claim = {.epoch = state->epoch + 1}};
        is_stamped = false;
        break;
    default:
        buffer_put(&out, "no record at all", 16);
        break;
    }
    if (out.size == 0) journal_record_write(&record, &out);
    ASSERT(!out.is_full);
    sim_mark(sim, MARK_GARBAGE);
    append_to_journal(sim, buffer_slice(&out), is_stamped);
}

static void replay(struct sim *sim) {
    if (sim->journal->count == 0) return;
    size_t back = sim_below(sim, sim->journal->count < 12 ? sim->journal->count : 12);
    sim_mark(sim, MARK_REPLAYED);
    append_to_journal(sim, sim->journal->records[sim->journal->count - 1 - back]->shown.value, true);
}

/* Retention took commands away that nobody had decided. */
static void retention(struct sim *sim) {
    char topic[REPLICA_TOPIC_MAX];
    replica_command_topic(sim->service.name, oracle_state(sim->oracle)->resume_at.generation, topic);
    struct fake_log *log = fake_log_find(&sim->broker, topic);
    if (log == NULL || log->end == log->start) return;
    int64_t start = log->start + (int64_t)sim_below(sim, (uint64_t)(log->end - log->start) + 1);
    fake_log_expire(log, start);
    sim_tell(sim, NULL, "commands start at", "", start, INT64_MIN);
}

void chaos_new_generation(struct sim *sim) {
    char topic[REPLICA_TOPIC_MAX];
    replica_command_topic(sim->service.name, ++sim->generation, topic);
    (void)fake_log_make(&sim->broker, topic);
    for (int i = 0; i < SIM_PROCESSES_MAX; i++) {
        struct process *process = &sim->processes[i];
        if (process->state == PROCESS_UP) process->commands.pending = TOPIC_FAILED;
    }
    sim_mark(sim, MARK_GENERATION);
    sim_tell(sim, NULL, "commands begin anew", "generation", sim->generation, INT64_MIN);
}

/* The command topic is damaged beyond use and replaced by the next generation. */
static void generation(struct sim *sim) {
    if (sim->generation < 2) chaos_new_generation(sim);
}

/* The command log loses commands that were decided already: its end lies below where the next decision starts. Only at a
 * moment when nobody decides, so that no command is lost that an owner has in hand. */
static void commands_cut(struct sim *sim) {
    if (sim->generation >= 2 || sim->were_commands_cut || sim->broker.flight_count > 0) return;
    for (int i = 0; i < SIM_PROCESSES_MAX; i++) {
        const struct process *process = &sim->processes[i];
        if (process->state == PROCESS_UP && (process->view.state == REPLICA_OWNING || process->is_in_step)) return;
    }
    char topic[REPLICA_TOPIC_MAX];
    struct position resume_at = oracle_state(sim->oracle)->resume_at;
    replica_command_topic(sim->service.name, resume_at.generation, topic);
    struct fake_log *log = fake_log_find(&sim->broker, topic);
    if (log == NULL || resume_at.offset <= log->start || log->end < resume_at.offset) return;
    int64_t lost = 1 + (int64_t)sim_below(sim, 3);
    int64_t new_end = resume_at.offset - lost < log->start ? log->start : resume_at.offset - lost;
    fake_log_cut(log, new_end);
    sim->were_commands_cut = true;
    sim->cut_generation = resume_at.generation;
    sim_tell(sim, NULL, "commands are cut to", "", new_end, resume_at.offset);
}

/* It will stall in the middle of its n-th port call from now. */
static void stall(struct sim *sim) {
    struct process *process = any_process(sim, PROCESS_UP);
    if (process != NULL) process->stall_fuse = 1 + (uint32_t)sim_below(sim, 1u << sim_below(sim, 8));
}

/* Everything in Redis may vanish at any moment, and so may Redis. */
static void redis(struct sim *sim) {
    sim->redis.is_away = sim_chance(sim, 50);
    fake_redis_flush(&sim->redis);
    sim_tell(sim, NULL, sim->redis.is_away ? "Redis is away" : "Redis is empty", "", INT64_MIN, INT64_MIN);
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
        STRIKE(CHAOS_BROKER_CLOCK, broker_clock_jump)
        STRIKE(CHAOS_DISCONNECT, disconnect)
        STRIKE(CHAOS_REBALANCE, rebalance)
        STRIKE(CHAOS_CONFUSE, confuse)
        STRIKE(CHAOS_SNAPSHOT, snapshot)
        STRIKE(CHAOS_RESTORE, restore)
        STRIKE(CHAOS_CLONE, clone)
        STRIKE(CHAOS_STORE_FULL, store_full)
        STRIKE(CHAOS_CUT, cut)
        STRIKE(CHAOS_LAG, lag)
        STRIKE(CHAOS_GARBAGE, garbage)
        STRIKE(CHAOS_REPLAY, replay)
        STRIKE(CHAOS_RETENTION, retention)
        STRIKE(CHAOS_GENERATION, generation)
        STRIKE(CHAOS_REDIS, redis)
        STRIKE(CHAOS_STALL, stall)
        STRIKE(CHAOS_COMMANDS_CUT, commands_cut)
#undef STRIKE
    case SIM_CHAOS_KINDS:
        return;
    }
}

void chaos_strike(struct sim *sim) {
    const struct sim_swarm *swarm = &sim->swarm;
    sim->chaos_at_ms = sim->time.now_ms + 1 + (int64_t)sim_below(sim, (uint64_t)swarm->chaos_gap_ms_max);
    if (swarm->weight_sum == 0) return;
    uint64_t drawn = sim_below(sim, swarm->weight_sum);
    for (int i = 0; i < SIM_CHAOS_KINDS; i++) {
        if (drawn < swarm->weights[i]) {
            strike(sim, (enum sim_chaos)i);
            return;
        }
        drawn -= swarm->weights[i];
    }
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
