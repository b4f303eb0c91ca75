/* A process's door on twins, and what its clients make of the replies. The door is the product's; the inbox, Redis, and
 * the writer to the command log are twins, and its clock is the process's. */
#include "tests/sim/door.h"
#include "tests/sim/source.h"

#include "lib/base/assert.h"
#include "lib/host/door.h"
#include "lib/port/fake/cache.h"
#include "lib/port/fake/socket.h"
#include "lib/port/fake/vault.h"
#include "lib/wire/exchange/exchange.h"

#include <stdio.h>
#include <stdlib.h>

/* Of every process: keys follow from their persons. */
static struct fake_vault shared_vault;
static struct vault shared_vault_port;

struct sim_door {
    struct process *process;
    struct fake_socket socket;
    struct fake_cache cache;
    struct fake_clock clock; /* chance of its own: a twin's replica must draw what the donor's draws */
    struct fake_writer writer;
    struct fake_vault keys;
    struct vault vault;
    void *derived; /* of a service that derives */
    /* Of a service that follows another: NULL without one. */
    struct source_asker *asker;
    struct fake_reader source;
    struct reactor *reactor;
    struct door *door;
    uint64_t asked, replied;
};

enum { SOURCE_ASK_MS_MAX = 300, SOURCE_ADVANCE_MS = 4000 };
static const uint8_t pseudonym_key[32] = {7};
static struct policy policies[SIM_INDEX + 1]; /* the same for every door of every world, and read once */
static bool are_policies_read[SIM_INDEX + 1];

static int64_t config_number(const struct service_context *context, const char *name) {
    const struct service *service = context->config;
    for (uint32_t i = 0; i < service->config_row_count; i++) {
        if (strcmp(service->config_rows[i].name, name) == 0) return service->config_rows[i].default_value;
    }
    bhr_assert_failed("a configuration row of that name", __FILE__, __LINE__);
}

struct service_context sim_service_context(const struct sim *sim) {
    shared_vault_port = fake_vault_port(&shared_vault);
    return (struct service_context){.pseudonym_key = pseudonym_key,
                                    .vault = &shared_vault_port,
                                    .config_number = config_number,
                                    .config = &sim->service,
                                    .rules_file = "/dev/null"}; /* search.c asks for none */
}

/* Every system may ask every method, within limits that the load reaches now and then. */
static const struct policy *make_policy(const struct sim *sim) {
    struct policy *policy = &policies[sim->swarm.kind];
    if (are_policies_read[sim->swarm.kind]) return policy;
    are_policies_read[sim->swarm.kind] = true;
    char text[4096];
    size_t size = 0;
    for (uint32_t i = 0; i < SIM_SYSTEMS; i++) {
        size += (size_t)snprintf(text + size, sizeof text - size,
                                 "system %s { key %04u@w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID; organisation %s; role %s; "
                                 "in_flight 12; per_second 10000 }\n",
                                 sim_systems[i].id, i, sim_systems[i].organisation, sim_systems[i].role);
    }
    const char *first = sim->service.methods[0].name;
    size += (size_t)snprintf(text + size, sizeof text - size,
                             "system %s { key 9999@w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID; organisation %s; role service; "
                             "in_flight 12; per_second 10000 }\n",
                             sim->swarm.kind == SIM_INDEX ? "booking" : sim->service.name, SOURCE_ORGANISATION);
    size += (size_t)snprintf(text + size, sizeof text - size, "allow { methods %.*s/* }\n", (int)strcspn(first, "/"),
                             first);
    ASSERT(size < sizeof text);
    const char *methods[POLICY_METHODS_MAX];
    for (uint32_t i = 0; i < sim->service.method_count; i++) methods[i] = sim->service.methods[i].name;
    struct error error = {0};
    enum status status = policy_parse(policy, slice_of(text, size), methods, sim->service.method_count, &error);
    ASSERT(status == STATUS_OK);
    return policy;
}

static enum status reply(void *context, const struct socket_route *route, struct slice header, struct slice body) {
    struct sim_door *door = context;
    struct sim *sim = door->process->sim;
    uint32_t index;
    memcpy(&index, route->bytes, sizeof index);
    door->replied++;
    sim_mark(sim, MARK_DOOR_REPLY);
    /* A reply is lost now and then: the client asks again. */
    if (!sim->is_healing && sim_chance(sim, sim->swarm.reply_lost_percent)) return STATUS_NOT_FOUND;
    load_replied(sim, door->process, index, header, body);
    return STATUS_OK;
}

static void on_alarm(void *context, const char *name, const char *text) {
    struct sim_door *door = context;
    (void)text;
    sim_tell(door->process->sim, door->process, "door's alarm", name, INT64_MIN, INT64_MIN);
}

/* The trail is a matter of one process and its spool (tests/host/test_audit.c); here it takes whatever comes. */
static bool audit_has_room(void *context) {
    (void)context;
    return true;
}

static enum status audit_put(void *context, struct slice record, uint64_t token) {
    (void)context;
    ASSERT(record.size > 0);
    ASSERT(token == 0);
    return STATUS_OK;
}

/* As lib/host/host_derived.c does: up to date before the door opens, and with each commit before its replies leave. */
static void follow(const struct sim_door *door) {
    const struct sim *sim = door->process->sim;
    if (door->derived == NULL) return;
    const struct service_context context = sim_service_context(sim);
    struct store store = fake_store_port(&door->process->store);
    struct rows rows;
    enum status status = store.read_begin(store.context, &rows, NULL);
    ASSERT(status == STATUS_OK);
    while (sim->service.derived->follow(door->derived, &context, &rows)) {
    }
    store.read_end(store.context, &rows);
}

static void derive(struct sim_door *door, struct service_context *context) {
    const struct service_derived *service = door->process->sim->service.derived;
    struct error error = {0};
    door->derived = service == NULL ? NULL : service->open(context, &error);
    ASSERT(service == NULL || door->derived != NULL);
    context->derived = door->derived;
    follow(door);
}

static void on_reactor_moved(void *context, enum reactor_state from, enum reactor_state to, const char *why) {
    const struct sim_door *door = context;
    struct sim *sim = door->process->sim;
    (void)from;
    sim_tell(sim, door->process, "reactor", why, to, INT64_MIN);
    if (to != REACTOR_STOPPED) return;
    if (strstr(why, "was set aside") != NULL) {
        sim->is_source_over = true;
        return;
    }
    sim_mark(sim, MARK_SOURCE_CUT_STOP);
    if (source_cut_at(sim->source) == INT64_MAX) {
        sim_fail(sim, "false stop: p%d's reactor: %s", door->process->index, why);
    }
}

/* The index beside booking, as the host has it: who is asked, and a journal that is followed. */
static void meet_source(struct sim_door *door, struct door_options *options, struct door_ports *ports) {
    struct process *process = door->process;
    struct sim *sim = process->sim;
    door->asker = NULL;
    door->reactor = NULL;
    if (sim->source == NULL) return;
    options->limits.ask_ms_max = SOURCE_ASK_MS_MAX;
    options->service_context.own_organisation = slice_text(SOURCE_ORGANISATION);
    door->asker = source_asker_new(sim);
    fake_reader_init(&door->source, source_broker(sim->source), &process->hooks);
    struct reactor_options reactor = {
        .service = &sim->service, .identity = *source_identity(sim->source), .advance_ms = SOURCE_ADVANCE_MS};
    (void)snprintf(reactor.journal_topic, sizeof reactor.journal_topic, "%s", source_journal(sim->source)->topic);
    const struct reactor_ports reads = {.journal = fake_reader_port(&door->source),
                                        .store = fake_store_port(&process->store),
                                        .clock = fake_clock_port(&door->clock),
                                        .hash = fake_digest};
    const struct reactor_listener listener = {.context = door, .moved = on_reactor_moved, .alarm = on_alarm};
    door->reactor = reactor_new(&reactor, &reads, &listener);
    ASSERT(door->reactor != NULL);
    ports->ask = source_asker_port(door->asker);
    ports->own = reactor_socket(door->reactor);
}

static void leave_source(struct sim_door *door) {
    source_asker_free(door->asker);
    if (door->reactor == NULL) return;
    reactor_free(door->reactor);
    fake_reader_fini(&door->source);
}

/* After the door's step, as the host does. In how many milliseconds it wants to be called again. */
static int step_source(struct sim_door *door, int wait_ms) {
    const struct sim *sim = door->process->sim;
    if (door->reactor == NULL) return wait_ms;
    door->source.lag_ms = door->process->journal.lag_ms;
    door->source.nothing_per_mille = door->process->journal.nothing_per_mille;
    int reactor_ms = reactor_step(door->reactor, door->process->view.state == REPLICA_OWNING);
    ASSERT(reactor_ms >= 0);
    if (reactor_ms < wait_ms) wait_ms = reactor_ms;
    int64_t now_ms = sim->time.now_ms, reader_ms = fake_reader_next_ms(&door->source);
    int64_t next_ms = source_asker_due_ms(door->asker);
    if (reader_ms > now_ms && reader_ms < next_ms) next_ms = reader_ms;
    if (next_ms < now_ms + wait_ms) wait_ms = next_ms <= now_ms ? 0 : (int)(next_ms - now_ms);
    return wait_ms;
}

void sim_door_disconnect(struct sim_door *door, bool is_failure, bool is_leader_new) {
    if (door == NULL || door->reactor == NULL) return;
    door->source.pending = is_failure ? TOPIC_FAILED : TOPIC_DISCONNECTED;
    door->source.is_leader_new = is_leader_new;
    if (door->process->wake_at_ms > door->process->sim->time.now_ms) {
        door->process->wake_at_ms = door->process->sim->time.now_ms;
    }
}

struct sim_door *sim_door_new(struct process *process) {
    struct sim *sim = process->sim;
    struct sim_door *door = malloc(sizeof *door);
    ASSERT(door != NULL);
    door->process = process;
    door->asked = door->replied = 0;
    fake_socket_init(&door->socket, &process->hooks);
    door->socket.context = door;
    door->socket.reply = reply;
    fake_cache_init(&door->cache, &sim->redis, &process->hooks);
    fake_clock_init(&door->clock, &sim->time, prng_u64(&sim->prng));
    fake_writer_init(&door->writer, &sim->broker, &process->hooks);
    if (!sim->is_healing) door->writer.faults = sim->swarm.command_faults;
    /* Every third booking waits for a key until the next step, and now and then the key is lost. */
    door->keys = (struct fake_vault){.await_every = 3, .lose_every = 7};
    door->vault = fake_vault_port(&door->keys);
    struct door_options options = {
        .service = &sim->service,
        .policy = make_policy(sim),
        .limits = {.in_flight_max = 24,
                   .request_bytes_max = 4096,
                   .deadline_default_ms = 5000,
                   .deadline_ms_max = 60000,
                   .position_wait_ms_max = 2000,
                   .command_backlog_max = sim->swarm.backlog_max,
                   .requests_per_step_max = 8},
        .service_context = sim_service_context(sim),
        .locality = "nel-bhr",
    };
    options.service_context.vault = &door->vault;
    derive(door, &options.service_context);
    (void)snprintf(options.process, sizeof options.process, "p%d", process->index);
    struct door_ports ports = {.socket = fake_socket_port(&door->socket),
                               .writer = fake_writer_port(&door->writer),
                               .store = fake_store_port(&process->store),
                               .cache = fake_cache_port(&door->cache),
                               .audit = {.has_room = audit_has_room, .put = audit_put},
                               .clock = fake_clock_port(&door->clock),
                               .hash = fake_digest};
    meet_source(door, &options, &ports);
    const struct door_listener listener = {.context = door, .alarm = on_alarm};
    door->door = door_new(&options, &ports, &listener);
    ASSERT(door->door != NULL);
    return door;
}

void sim_door_free(struct sim_door *door) {
    if (door == NULL) return;
    door_free(door->door);
    leave_source(door);
    if (door->derived != NULL) door->process->sim->service.derived->close(door->derived);
    fake_socket_fini(&door->socket);
    fake_writer_fini(&door->writer);
    free(door);
}

int sim_door_step(struct sim_door *door) {
    struct sim *sim = door->process->sim;
    door->clock.wall_skew_ms = door->process->clock.wall_skew_ms;
    if (sim->is_healing) door->writer.faults = (struct fake_writer_faults){.delay_ms_max = 2};
    while (fake_cache_deliver(&door->cache)) {
    }
    if (fake_vault_settle(&door->keys)) {
        sim_mark(sim, MARK_DOOR_KEY);
        door_keys_settled(door->door);
    }
    int wait_ms = door_step(door->door);
    wait_ms = step_source(door, wait_ms);
    if (door->keys.settled < door->keys.made) wait_ms = 0;
    int64_t now_ms = sim->time.now_ms;
    int64_t next_ms = fake_writer_next_ms(&door->writer);
    for (size_t i = 0; i < door->cache.asked_count; i++) {
        if (door->cache.asked[i].answer_at_ms < next_ms) next_ms = door->cache.asked[i].answer_at_ms;
    }
    if (next_ms < now_ms + wait_ms) wait_ms = next_ms <= now_ms ? 0 : (int)(next_ms - now_ms);
    return wait_ms;
}

void sim_door_answered(struct sim_door *door, const struct replica_answer *answer) {
    follow(door);
    door_answered(door->door, answer);
}

void sim_door_committed(struct sim_door *door, const struct journal_state *state) {
    follow(door);
    door_committed(door->door, state->number, state->resume_at);
}

int64_t sim_door_backlog(const struct sim_door *door) {
    return door_backlog_waiting(door->door);
}

void sim_door_check_silence(struct sim_door *door) {
    door_abandon(door->door);
    if (door->asked - door->socket.count == door->replied) return;
    sim_fail(door->process->sim, "silence: p%d's door received %llu requests and gave %llu replies",
             door->process->index, (unsigned long long)(door->asked - door->socket.count),
             (unsigned long long)door->replied);
}

void sim_door_ask(struct sim_door *door, uint32_t index, const char *system, const struct request_header *header,
                  struct slice body) {
    uint8_t bytes[EXCHANGE_REQUEST_HEADER_MAX];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    request_header_encode(header, &out);
    ASSERT(!out.is_full);
    struct socket_route route = {.size = sizeof index};
    memcpy(route.bytes, &index, sizeof index);
    if (fake_socket_put(&door->socket, &route, system, buffer_slice(&out), body)) door->asked++;
    struct process *process = door->process;
    if (process->wake_at_ms > process->sim->time.now_ms) process->wake_at_ms = process->sim->time.now_ms;
}
