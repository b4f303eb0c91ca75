/* The faults of what all processes share: the broker, its logs, the group, Redis. Each function does one and tells it. */
#include "tests/sim/chaos.h"
#include "tests/sim/public.h"

void chaos_broker_clock(struct sim *sim) {
    sim->broker.skew_ms = sim_chance(sim, 40) ? 0 : chaos_draw_skew(sim) % SIM_DAY_MS;
    sim_mark(sim, MARK_BROKER_CLOCK_JUMP);
    sim_tell(sim, NULL, "broker clock off by ms", "", sim->broker.skew_ms, INT64_MIN);
}

void chaos_rebalance(struct sim *sim) {
    sim->group.settle_ms = (int64_t)sim_below(sim, sim_chance(sim, 50) ? 100 : 4000);
    fake_group_rebalance(&sim->group);
    sim_mark(sim, MARK_REBALANCE);
    sim_tell(sim, NULL, "rebalance takes ms", "", sim->group.settle_ms, INT64_MIN);
}

/* The group says something untrue: journal.md wants that to cost time at most. */
void chaos_confuse(struct sim *sim) {
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

/* A power cut takes the unsynced tail; the broker is back a while later and every connection was lost. */
void chaos_cut(struct sim *sim) {
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
        sim_public_disconnect(process->public, false);
    }
}

static void append_to_journal(struct sim *sim, struct slice value, bool is_stamped) {
    const struct topic_append append = {.topic = sim->journal->topic, .value = value};
    struct fake_record *record = fake_record_make(&sim->broker, &append);
    sim->broker.makes_timestamps = is_stamped;
    fake_log_append(&sim->broker, sim->journal, record, (int64_t)sim_below(sim, 2));
    sim->broker.makes_timestamps = true;
}

/* Things that are not history, however much they look like it. */
void chaos_garbage(struct sim *sim) {
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

void chaos_replay(struct sim *sim) {
    if (sim->journal->count == 0) return;
    size_t back = sim_below(sim, sim->journal->count < 12 ? sim->journal->count : 12);
    sim_mark(sim, MARK_REPLAYED);
    append_to_journal(sim, sim->journal->records[sim->journal->count - 1 - back]->shown.value, true);
}

/* Retention took commands away that nobody had decided. */
void chaos_retention(struct sim *sim) {
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
void chaos_generation(struct sim *sim) {
    if (sim->generation < 2) chaos_new_generation(sim);
}

/* The command log loses commands that were decided already: its end lies below where the next decision starts. Only at a
 * moment when nobody decides, so that no command is lost that an owner has in hand. */
void chaos_commands_cut(struct sim *sim) {
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

/* Everything in Redis may vanish at any moment, and so may Redis. */
void chaos_redis(struct sim *sim) {
    sim->redis.is_away = sim_chance(sim, 50);
    fake_redis_flush(&sim->redis);
    sim_tell(sim, NULL, sim->redis.is_away ? "Redis is away" : "Redis is empty", "", INT64_MIN, INT64_MIN);
}

/* A leader changed: connections were lost, and for a moment the new one tells an old end, or no range at all. */
void chaos_leader(struct sim *sim) {
    if (sim_chance(sim, 40)) sim->broker.mute_until_ms = sim->time.now_ms + 1 + (int64_t)sim_below(sim, 3000);
    for (int i = 0; i < SIM_PROCESSES_MAX; i++) {
        struct process *process = &sim->processes[i];
        if (process->state != PROCESS_UP || sim_chance(sim, 30)) continue;
        process->journal.pending = process->commands.pending = TOPIC_DISCONNECTED;
        process->journal.is_leader_new = process->commands.is_leader_new = true;
        process->wake_at_ms = sim->time.now_ms;
        sim_public_disconnect(process->public, true);
    }
    sim_tell(sim, NULL, "the leader changed", "", INT64_MIN, INT64_MIN);
}
