/* A world begins and ends: its topics, what hears of records that land, its processes, and the world beside it. */
#include "tests/sim/public.h"
#include "tests/sim/source.h"

#include "lib/base/assert.h"
#include "lib/host/replica_meta.h"

static void begin_beside(struct sim *sim);
static void end_beside(struct sim *sim);

static void wake(struct process *process, int64_t now_ms) {
    if (process->state == PROCESS_UP && process->wake_at_ms > now_ms) process->wake_at_ms = now_ms;
}

static void appended(void *context, const struct fake_log *log, const struct fake_record *record) {
    struct sim *sim = context;
    if (log == sim->journal) oracle_appended(sim->oracle, record);
    for (int i = 0; i < SIM_PROCESSES_MAX && log == sim->journal && sim->follower != NULL; i++) {
        wake(&sim->follower->processes[i], sim->time.now_ms);
    }
    if (log == sim->events || log == sim->dead) oracle_published(sim->oracle, log, record);
    for (int i = 0; i < SIM_PROCESSES_MAX; i++) {
        struct process *process = &sim->processes[i];
        if (process->state != PROCESS_UP) continue;
        if (log == sim->journal) sim_public_wake(process->public);
        if (log == source_journal(sim->source)) wake(process, sim->time.now_ms);
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

void world_begin(struct sim *sim, struct sim *follower, uint64_t seed, const struct sim_limits *limits,
                 bool tells_all) {
    memset(sim, 0, offsetof(struct sim, processes));
    for (int i = 0; i < SIM_PROCESSES_MAX; i++) {
        sim->processes[i].state = PROCESS_ABSENT;
        sim->processes[i].door = NULL;
        sim->processes[i].public = NULL;
    }
    sim->follower = follower;
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
    if (sim->swarm.is_source_replicated) begin_beside(sim);
    if (sim->swarm.has_source) sim->source = source_new(sim);
    for (uint32_t i = 0; i < sim->swarm.process_count; i++) process_init(sim, (int)i);
    if (sim->swarm.scenario == SCENARIO_WRONG_CLUSTER) forge_store(sim, &sim->processes[0]);
    sim->load_at_ms = sim->time.now_ms + (int64_t)sim_below(sim, 300);
    sim->chaos_at_ms = sim->time.now_ms + (int64_t)sim_below(sim, 1000);
}

static struct sim world_beside;

static void begin_beside(struct sim *sim) {
    struct sim_limits limits = sim->limits;
    limits.are_strikes_named = false; /* those that are named are the follower's */
    sim->beside = &world_beside;
    world_begin(sim->beside, sim, sim->seed ^ UINT64_C(0xA24BAED4963EE407), &limits, sim->tells_all);
}

/* What it has counted is the follower's. */
static void end_beside(struct sim *sim) {
    struct sim *beside = sim->beside;
    world_end(beside);
    sim->steps += beside->steps;
    sim_mix(sim, beside->hash);
    for (int i = 0; i < SIM_MARKS; i++) sim->marks[i] += beside->marks[i];
    sim->beside = NULL;
}

void world_end(struct sim *sim) {
    sim->marks[MARK_PUBLISHER_HANGING] = (uint32_t)sim->transactions.ended;
    for (int i = 0; i < SIM_PROCESSES_MAX; i++) {
        if (sim->processes[i].state != PROCESS_ABSENT) process_fini(&sim->processes[i]);
    }
    oracle_free(sim->oracle);
    sim->oracle = NULL;
    source_free(sim->source);
    sim->source = NULL;
    if (sim->beside != NULL) end_beside(sim);
    fake_broker_fini(&sim->broker);
    service_set_sim(NULL);
}
