/* Clients and their commands. With doors they ask a door over its socket and take its replies; without, they write to the
 * command log as a door would. They ask again with the same id until there is an answer, sometimes at two doors at once,
 * and are now and then confused: the same id with other content, an id far too old, bytes that nobody can read. */
#include "tests/sim/booking.h"
#include "tests/sim/door.h"
#include "tests/sim/index.h"

#include "lib/base/assert.h"
#include "lib/base/text.h"
#include "services/booking/service.h"
#include "services/index/service.h"

#include <stdio.h>

#define POISONOUS_CORRELATION "kills-its-owner"

const struct sim_system sim_systems[SIM_SYSTEMS] = {
    {"111-nel", "RYX", "111"}, {"hub-redbridge", "Y02576", "hub"}, {"practice-y02575", "Y02575", "practice"}};

static void make_command(struct sim *sim);
static void send(struct sim *sim, struct sim_command *command);
static void write_to_log(struct sim *sim, struct sim_command *command);
static void ask_doors(struct sim *sim, struct sim_command *command);
static void ask_query(struct sim *sim);

const struct service *load_service(struct sim *sim) {
    const struct service *const services[] = {
        [SIM_COUNTER] = &counter_service, [SIM_BOOKING] = &booking_service, [SIM_INDEX] = &index_service_table};
    return services[sim->swarm.kind];
}

void load_step(struct sim *sim) {
    int64_t gap_ms = sim->is_healing ? 50 : 1 + (int64_t)sim_below(sim, (uint64_t)sim->swarm.load_gap_ms_max);
    sim->load_at_ms = sim->time.now_ms + gap_ms;
    if (sim_chance(sim, 20)) ask_query(sim);
    int64_t next_send_ms = INT64_MAX;
    for (uint32_t i = 0; i < sim->command_count; i++) {
        struct sim_command *command = &sim->commands[i];
        if (command->is_final) continue;
        if (command->next_send_ms <= sim->time.now_ms) {
            send(sim, command);
            return;
        }
        if (command->next_send_ms < next_send_ms) next_send_ms = command->next_send_ms;
    }
    if (sim->command_count < sim->swarm.command_count && !sim->is_healing) {
        make_command(sim);
    } else if (sim->query_count == 0 && next_send_ms > sim->load_at_ms) {
        sim->load_at_ms = next_send_ms; /* nobody has anything to say before */
    }
}

/* Ids that no sane client makes, and content that no service can read. */
static void make_strange(struct sim *sim, struct sim_command *command, uint8_t tail[10]) {
    int64_t now_ms = sim->time.now_ms;
    switch (sim_below(sim, 4)) {
    case 0:
        command->id = uuid_v7_make(now_ms - INT64_C(31) * SIM_DAY_MS, tail);
        break;
    case 1:
        command->id = uuid_v7_make(now_ms + 6 * 60 * 1000, tail);
        break;
    case 2:
        command->has_bad_headers = true;
        break;
    default:
        command->request.size = sim_below(sim, command->request.size);
        break;
    }
}

static void make_request(struct sim *sim, struct sim_command *command) {
    struct rows rows = oracle_rows(sim->oracle);
    switch (sim->swarm.kind) {
    case SIM_COUNTER:
        command->source = (uint8_t)sim_below(sim, SIM_SYSTEMS);
        command->request = counter_command(sim);
        return;
    case SIM_BOOKING:
        command->method = booking_make_request(sim, &rows, &command->source, &command->request);
        return;
    case SIM_INDEX:
        command->method = index_make_request(sim, oracle_index(sim->oracle), &command->source, &command->request);
        return;
    }
}

static void make_command(struct sim *sim) {
    ASSERT(sim->command_count < SIM_COMMANDS_MAX);
    struct sim_command *command = &sim->commands[sim->command_count++];
    *command = (struct sim_command){.method = "counter/Add"};
    uint8_t tail[10];
    for (int i = 0; i < 10; i++) tail[i] = (uint8_t)sim_below(sim, 256);
    command->id = uuid_v7_make(sim->time.now_ms, tail);
    make_request(sim, command);
    command->decide_by_ms = sim->time.now_ms + (sim_chance(sim, sim->swarm.expired_percent) ? 5 : 90 * 1000);
    if (sim_chance(sim, sim->swarm.strange_percent)) make_strange(sim, command, tail);
    if (sim->command_count > 1 && sim_chance(sim, sim->swarm.reuse_percent)) {
        const struct sim_command *other = &sim->commands[sim_below(sim, sim->command_count - 1)];
        command->id = other->id;
        command->source = other->source;
    }
    command->digest = fake_digest(slice_text(command->method), command->request);
    command->is_poison = sim_chance(sim, sim->swarm.poison_percent);
    send(sim, command);
}

void load_ask_once_more(struct sim *sim) {
    sim->load_at_ms = sim->time.now_ms;
    for (int i = 0; i < SIM_SYSTEMS && sim->command_count < SIM_COMMANDS_MAX; i++) make_command(sim);
}

static void send(struct sim *sim, struct sim_command *command) {
    sim_event(sim, -1);
    command->next_send_ms = sim->time.now_ms + 500 + (int64_t)sim_below(sim, sim->is_healing ? 500 : 6000);
    if (sim->swarm.has_doors) {
        ask_doors(sim, command);
    } else {
        write_to_log(sim, command);
    }
}

/* What a door would have made of the request. Made once: copies are then equal. */
static bool accept(struct sim *sim, struct sim_command *command) {
    if (command->value.data != NULL) return true;
    command->value = command->request;
    if (sim->swarm.kind == SIM_BOOKING) {
        static uint8_t memory[64 * 1024], bytes[16 * 1024];
        const struct sim_system *system = &sim_systems[command->source];
        struct arena arena = arena_over(memory, sizeof memory);
        struct buffer out = buffer_over(bytes, sizeof bytes);
        const struct ingress ingress = {
            .system = slice_text(system->id),
            .organisation = slice_text(system->organisation),
            .role = slice_text(system->role),
            .correlation_id = slice_text(command->is_poison ? POISONOUS_CORRELATION : ""),
            .received_at_ms = sim->time.now_ms,
            .entity_id = command->id,
        };
        const struct service_context context = sim_service_context(sim);
        struct service_refusal refusal = {0};
        for (uint32_t i = 0; i < sim->service.method_count; i++) {
            const struct service_method *method = &sim->service.methods[i];
            if (strcmp(method->name, command->method) != 0) continue;
            if (!method->accept(&context, &ingress, command->request, &arena, &out, &refusal)) return false;
        }
        ASSERT(!out.is_full && out.size > 0);
        command->value = fake_broker_copy(&sim->broker, buffer_slice(&out));
    } else if (command->is_poison && sim->poison_count < SIM_POISON_MAX) {
        sim->poison[sim->poison_count++] = service_hash(command->value);
    }
    return true;
}

bool load_is_poison(struct slice work) {
    return memmem(work.data, work.size, POISONOUS_CORRELATION, strlen(POISONOUS_CORRELATION)) != NULL;
}

static struct slice rpc_of(const char *method) {
    const char *slash = strrchr(method, '/');
    return slice_text(slash == NULL ? method : slash + 1);
}

static void write_to_log(struct sim *sim, struct sim_command *command) {
    if (!accept(sim, command)) {
        command->is_final = true; /* the door would have said so */
        return;
    }
    char id[UUID_TEXT_SIZE], digest[32], decide_by[24];
    uuid_format(command->id, id);
    text_hex(command->digest.bytes, 16, digest);
    int decide_by_size = snprintf(decide_by, sizeof decide_by, "%lld", (long long)command->decide_by_ms);
    const struct topic_header headers[] = {
        {slice_text(COMMAND_HEADER_SOURCE), slice_text(sim_systems[command->source].id)},
        {slice_text(COMMAND_HEADER_ID), slice_of(id, command->has_bad_headers ? 7 : sizeof id)},
        {slice_text(COMMAND_HEADER_DIGEST), slice_of(digest, sizeof digest)},
        {slice_text(COMMAND_HEADER_DECIDE_BY), slice_of(decide_by, (size_t)decide_by_size)},
        {slice_text(COMMAND_HEADER_METHOD), rpc_of(command->method)},
        {slice_text(COMMAND_HEADER_CORRELATION), slice_of(id, 8)},
        {slice_text(COMMAND_HEADER_REFUSED), slice_text("denied")},
        {slice_text(COMMAND_HEADER_DETAIL), slice_text("this system may not call this method")},
    };
    /* Every other command with bad headers is one that the door of a request topic did not take. */
    bool is_refused = command->has_bad_headers && command->id.bytes[15] % 2 != 0;
    char topic[REPLICA_TOPIC_MAX];
    replica_command_topic(sim->service.name, oracle_state(sim->oracle)->resume_at.generation, topic);
    const struct topic_append append = {.topic = topic,
                                        .key = slice_text("nel-bhr"),
                                        .value = is_refused ? slice_of(NULL, 0) : command->value,
                                        .header_count = is_refused ? 8 : 6,
                                        .headers = headers};
    struct topic_writer writer = fake_writer_port(&sim->command_writer);
    uint32_t copies = sim_chance(sim, sim->swarm.copy_percent) ? 2 : 1;
    for (uint32_t i = 0; i < copies; i++) {
        if (writer.append(writer.context, &append) == STATUS_OK && command->sent++ > 0) {
            sim_mark(sim, MARK_COPY_OF_COMMAND);
        }
    }
    /* Nobody can tell such a command its answer: the log's end tells that it was decided. */
    if (command->has_bad_headers && command->sent > 0) command->is_final = true;
}

static void ask_doors(struct sim *sim, struct sim_command *command) {
    static const int64_t patience_ms[] = {0, 20, 1500, 20000};
    uint32_t copies = sim_chance(sim, sim->swarm.copy_percent) ? 2 : 1;
    int at = (int)sim_below(sim, SIM_PROCESSES_MAX);
    for (int i = 0; i < SIM_PROCESSES_MAX && copies > 0; i++) {
        struct process *process = &sim->processes[(at + i) % SIM_PROCESSES_MAX];
        if (process->state != PROCESS_UP || process->door == NULL) continue;
        int64_t patience = sim->is_healing ? 20000 : patience_ms[sim_below(sim, 4)];
        const struct request_header header = {
            .method = slice_text(command->method),
            .request_id = command->id,
            .correlation_id = slice_text(command->is_poison ? POISONOUS_CORRELATION : ""),
            .deadline_ms = patience == 0 ? 0 : sim->time.now_ms + patience,
        };
        sim_door_ask(process->door, (uint32_t)(command - sim->commands), sim_systems[command->source].id, &header,
                     command->request);
        if (command->sent++ > 0) sim_mark(sim, MARK_COPY_OF_COMMAND);
        copies--;
    }
}

bool load_is_done(const struct sim *sim) {
    for (uint32_t i = 0; i < sim->command_count; i++) {
        if (!sim->commands[i].is_final) return false;
    }
    return true;
}

void load_answered(struct sim *sim, const struct replica_answer *answer) {
    if (sim->swarm.has_doors) return; /* then a client hears of nothing but replies */
    for (uint32_t i = 0; i < sim->command_count; i++) {
        struct sim_command *command = &sim->commands[i];
        if (!uuid_equal(command->id, answer->command_id) || !digest_equal(command->digest, answer->command_digest)) {
            continue;
        }
        if (slice_equal(slice_text(sim_systems[command->source].id), answer->source)) command->is_final = true;
    }
}

static void ask_query(struct sim *sim) {
    if (sim->query_count == 0) return;
    uint32_t index = (uint32_t)sim_below(sim, sim->query_count);
    const struct sim_query *query = &sim->queries[index];
    struct process *process = &sim->processes[sim_below(sim, SIM_PROCESSES_MAX)];
    if (process->state != PROCESS_UP || process->door == NULL) return;
    uint8_t tail[10];
    for (int i = 0; i < 10; i++) tail[i] = (uint8_t)sim_below(sim, 256);
    const struct request_header header = {.method = slice_text(query->method),
                                          .request_id = uuid_v7_make(sim->time.now_ms, tail),
                                          .min_position = query->min_position};
    sim_event(sim, -1);
    sim_door_ask(process->door, SIM_QUERY_INDEX + index, sim_systems[query->source].id, &header, query->request);
}
