/* One seed: the world begins; in the safety phase faults strike, and nothing wrong may ever happen; in the liveness phase
 * there are none any more, and the right things must happen, each within its bound of virtual time. Time jumps to whatever
 * comes next; among things due at the same moment chance picks. */
#include "tests/sim/door.h"
#include "tests/sim/index.h"
#include "tests/sim/public.h"
#include "tests/sim/source.h"

#include "lib/base/assert.h"
#include "lib/host/replica_meta.h"

#include <stdio.h>

enum {
    ACTORS_MAX = SIM_PROCESSES_MAX + 4,
    /* Until everything is right again after the last fault. Waits that may follow one another: an append that lands 30 s
     * late and ends an ownership, 10 s of a fenced replica, 15 s out of the group, a session of 6 s, and some of it twice.
     * A run prints the longest that it met. */
    CONVERGE_MS_MAX = 120 * 1000,
    SERVE_MS_MAX = 5 * 1000,    /* until a new command has its answer then */
    LIVE_TICKS_MAX = 20 * 1000, /* of either: more of them, and somebody spins */
    SETTLE_MS = 50,             /* a rebalance that nothing delays */
};

static void begin(struct sim *sim, uint64_t seed, const struct sim_limits *limits, bool tells_all);
static void end(struct sim *sim);
static bool step(struct sim *sim);
static void heal(struct sim *sim);
static void converge(struct sim *sim);
static void serve(struct sim *sim);
static void look_back(struct sim *sim);
static bool is_converged(struct sim *sim);
static const char *what_is_missing(struct sim *sim);

void sim_run(struct sim *sim, uint64_t seed, const struct sim_limits *limits, bool tells_all) {
    begin(sim, seed, limits, tells_all);
    while (!sim->has_failed && sim->ticks < sim->swarm.ticks && step(sim)) {
    }
    sim->safe_ticks = sim->ticks;
    if (!sim->has_failed) heal(sim);
    if (!sim->has_failed) converge(sim);
    if (!sim->has_failed) serve(sim);
    if (!sim->has_failed) look_back(sim);
    for (int i = 0; i < SIM_PROCESSES_MAX; i++) {
        if (sim->processes[i].door != NULL && !sim->has_failed) sim_door_check_silence(sim->processes[i].door);
    }
    end(sim);
}

static void appended(void *context, const struct fake_log *log, const struct fake_record *record) {
    struct sim *sim = context;
    if (log == sim->journal) oracle_appended(sim->oracle, record);
    if (log == sim->events || log == sim->dead) oracle_published(sim->oracle, log, record);
    for (int i = 0; i < SIM_PROCESSES_MAX; i++) {
        struct process *process = &sim->processes[i];
        if (process->state != PROCESS_UP) continue;
        if (log == sim->journal) sim_public_wake(process->public);
        if (log == source_journal(sim->source) && process->wake_at_ms > sim->time.now_ms) {
            process->wake_at_ms = sim->time.now_ms;
        }
        bool is_journal = process->journal.log == log;
        if (!is_journal && process->commands.log != log) continue;
        int64_t lag_ms = is_journal ? process->journal.lag_ms : process->commands.lag_ms;
        if (process->wake_at_ms > sim->time.now_ms + lag_ms) process->wake_at_ms = sim->time.now_ms + lag_ms;
    }
}

static uint64_t world_draw(void *context, uint64_t n) {
    return sim_below(context, n);
}

/* The first record of the journal: what `bhr topics apply` appends, or something wrong. */
static void append_genesis(struct sim *sim) {
    struct journal_record record = {.kind = RECORD_GENESIS};
    struct genesis *genesis = &record.as.genesis;
    uint64_t random = prng_u64(&sim->prng);
    memcpy(genesis->journal_id.bytes, &random, sizeof random);
    genesis->environment = sim->identity.environment;
    genesis->service = sim->identity.service;
    genesis->locality = sim->identity.locality;
    char topic[REPLICA_TOPIC_MAX];
    replica_command_topic(sim->service.name, 0, topic);
    genesis->starts_at = (struct position){0, fake_log_find(&sim->broker, topic)->end};
    if (sim->swarm.scenario == SCENARIO_WRONG_LOCALITY) {
        bool is_set = journal_name_set(&genesis->locality, slice_text("elsewhere"));
        ASSERT(is_set);
    }
    if (sim->swarm.scenario == SCENARIO_HEADLESS) {
        record = (struct journal_record){.kind = RECORD_CLAIM, .as.claim = {.epoch = 1}};
    }
    uint8_t memory[512];
    struct buffer out = buffer_over(memory, sizeof memory);
    journal_record_write(&record, &out);
    ASSERT(!out.is_full);
    const struct topic_append append = {.topic = sim->journal->topic, .value = buffer_slice(&out)};
    fake_log_append(&sim->broker, sim->journal, fake_record_make(&sim->broker, &append), 0);
}

/* A store that belongs to another journal of the same name: a wrong broker, or a wrong disk. */
static void forge_store(struct sim *sim, struct process *process) {
    struct store store = fake_store_port(&process->store);
    struct rows rows;
    enum status status = store.begin(store.context, &rows, NULL);
    ASSERT(status == STATUS_OK);
    struct replica_meta meta = {.apply_version = sim->service.apply_version,
                                .identity = replica_identity_digest(fake_digest, &sim->identity),
                                .applied = (int64_t)sim_below(sim, 3),
                                .journal = {.has_genesis = true, .journal_id = {{1}}}};
    bool is_set = journal_name_set(&meta.cluster_id, slice_text(sim_chance(sim, 70) ? "cluster" : "other"));
    ASSERT(is_set);
    replica_meta_write(&rows, &meta);
    status = store.commit(store.context, NULL);
    ASSERT(status == STATUS_OK);
}

static void begin(struct sim *sim, uint64_t seed, const struct sim_limits *limits, bool tells_all) {
    memset(sim, 0, offsetof(struct sim, processes));
    for (int i = 0; i < SIM_PROCESSES_MAX; i++) {
        sim->processes[i].state = PROCESS_ABSENT;
        sim->processes[i].door = NULL;
        sim->processes[i].public = NULL;
    }
    sim->seed = seed;
    sim->limits = *limits;
    sim->tells_all = tells_all;
    sim->prng = prng_seed(seed);
    sim->time.now_ms = SIM_START_MS;
    sim_draw_swarm(sim);
    sim->world_hooks = (struct fake_hooks){.context = sim, .draw = world_draw};
    service_set_sim(sim);
    service_with_poison(sim, load_service(sim));
    bool is_set = journal_name_set(&sim->identity.environment, slice_text("sim")) &&
                  journal_name_set(&sim->identity.service, slice_text(sim->service.name)) &&
                  journal_name_set(&sim->identity.locality, slice_text("nel-bhr"));
    ASSERT(is_set);
    fake_broker_init(&sim->broker, &sim->time);
    char topic[REPLICA_TOPIC_MAX];
    replica_journal_topic(sim->service.name, topic);
    sim->journal = fake_log_make(&sim->broker, topic);
    replica_command_topic(sim->service.name, 0, topic);
    (void)fake_log_make(&sim->broker, topic);
    sim->events = fake_log_make(&sim->broker, SIM_EVENT_TOPIC);
    sim->dead = fake_log_make(&sim->broker, SIM_DEAD_TOPIC);
    fake_transactions_init(&sim->transactions, &sim->broker);
    fake_group_init(&sim->group, &sim->time);
    fake_redis_init(&sim->redis, &sim->time);
    fake_writer_init(&sim->command_writer, &sim->broker, &sim->world_hooks);
    sim->command_writer.faults = sim->swarm.command_faults;
    sim->oracle = oracle_new(sim);
    sim->broker.context = sim;
    sim->broker.appended = appended;
    append_genesis(sim);
    if (sim->swarm.has_source) sim->source = source_new(sim);
    for (uint32_t i = 0; i < sim->swarm.process_count; i++) process_init(sim, (int)i);
    if (sim->swarm.scenario == SCENARIO_WRONG_CLUSTER) forge_store(sim, &sim->processes[0]);
    sim->load_at_ms = sim->time.now_ms + (int64_t)sim_below(sim, 300);
    sim->chaos_at_ms = sim->time.now_ms + (int64_t)sim_below(sim, 1000);
}

static void end(struct sim *sim) {
    sim->marks[MARK_PUBLISHER_HANGING] = (uint32_t)sim->transactions.ended;
    for (int i = 0; i < SIM_PROCESSES_MAX; i++) {
        if (sim->processes[i].state != PROCESS_ABSENT) process_fini(&sim->processes[i]);
    }
    oracle_free(sim->oracle);
    sim->oracle = NULL;
    source_free(sim->source);
    sim->source = NULL;
    fake_broker_fini(&sim->broker);
    service_set_sim(NULL);
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
    for (uint64_t i = 0; i < steps && !sim->has_failed && step(sim); i++) {
    }
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

enum { ACTOR_BROKER = SIM_PROCESSES_MAX, ACTOR_LOAD, ACTOR_CHAOS, ACTOR_SOURCE };

/* One thing happens. False when nothing ever will again. */
static bool step(struct sim *sim) {
    int64_t due[ACTORS_MAX];
    for (int i = 0; i < SIM_PROCESSES_MAX; i++) due[i] = due_ms(&sim->processes[i]);
    due[ACTOR_BROKER] = fake_broker_next_ms(&sim->broker);
    due[ACTOR_LOAD] = sim->load_at_ms;
    due[ACTOR_CHAOS] = sim->chaos_at_ms;
    due[ACTOR_SOURCE] = source_due_ms(sim->source);
    int64_t next_ms = INT64_MAX;
    for (int i = 0; i < ACTORS_MAX; i++) next_ms = due[i] < next_ms ? due[i] : next_ms;
    if (next_ms == INT64_MAX) return false;
    if (next_ms > sim->time.now_ms) sim->time.now_ms = next_ms;
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

/* And it goes on: whoever asks now is answered soon, and nobody takes the ownership from anybody. */
static void serve(struct sim *sim) {
    if (sim->swarm.scenario == SCENARIO_HEADLESS || sim->swarm.scenario == SCENARIO_WRONG_LOCALITY) return;
    uint64_t epoch = oracle_state(sim->oracle)->epoch, ticks = sim->ticks;
    int64_t began_ms = sim->time.now_ms;
    sim_tell(sim, NULL, "everything is right again", "", sim->converged_ms, INT64_MIN);
    load_ask_once_more(sim);
    while (!sim->has_failed && !is_converged(sim)) {
        bool is_over = sim->time.now_ms - began_ms > SERVE_MS_MAX || sim->ticks - ticks > LIVE_TICKS_MAX;
        if (is_over || !step(sim)) sim_fail(sim, "not serving: %s", what_is_missing(sim));
        if (oracle_state(sim->oracle)->epoch != epoch) {
            sim_fail(sim, "restless: a claim of epoch %llu although everything had healed",
                     (unsigned long long)oracle_state(sim->oracle)->epoch);
        }
    }
}

/* And whoever was known once still is, as they were. Every store is equal by now, so one is asked. */
static void look_back(struct sim *sim) {
    const struct index_model *model = oracle_index(sim->oracle);
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
        if (process->view.turn_is_open) return false; /* what it appended may be lost: then it claims again */
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
    if (!load_is_done(sim)) return "a command has no answer";
    if (!oracle_is_converged(sim->oracle)) return "the replicas do not converge";
    if (sim->swarm.has_publisher && !sim->is_public_over && !oracle_is_public_complete(sim->oracle)) {
        return "what happened is not public";
    }
    if (!oracle_is_followed(sim->oracle)) return "what the source says is not followed";
    return is_settled(sim) ? NULL : "the ownership does not settle";
}
