/* Clients and their commands. Without doors a client writes to the command log itself, as a door would, asks again with
 * the same id until some replica has answered, and is now and then confused: the same id with other content, an id far
 * too old, headers nobody can read. */
#include "tests/sim/sim.h"

#include "lib/base/assert.h"
#include "lib/base/text.h"
#include "lib/digest/digest.h"

#include <stdio.h>

static const char *const sources[] = {"111-nel", "hub-redbridge", "practice-y02575"};

static void make_command(struct sim *sim);
static void send(struct sim *sim, struct sim_command *command);

const struct service *load_service(struct sim *sim) {
    (void)sim;
    return &counter_service;
}

void load_begin(struct sim *sim) {
    sim->command_count = 0;
}

void load_step(struct sim *sim) {
    int64_t gap_ms = sim->is_healing ? 50 : 1 + (int64_t)sim_below(sim, (uint64_t)sim->swarm.load_gap_ms_max);
    sim->load_at_ms = sim->time.now_ms + gap_ms;
    for (uint32_t i = 0; i < sim->command_count; i++) {
        struct sim_command *command = &sim->commands[i];
        if (command->is_final || command->next_send_ms > sim->time.now_ms) continue;
        send(sim, command);
        return;
    }
    if (sim->command_count < sim->swarm.command_count && !sim->is_healing) make_command(sim);
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
        command->value.size = sim_below(sim, command->value.size);
        break;
    }
}

static void make_command(struct sim *sim) {
    ASSERT(sim->command_count < SIM_COMMANDS_MAX);
    struct sim_command *command = &sim->commands[sim->command_count++];
    *command = (struct sim_command){.source = (uint8_t)sim_below(sim, sizeof sources / sizeof sources[0])};
    uint8_t tail[10];
    for (int i = 0; i < 10; i++) tail[i] = (uint8_t)sim_below(sim, 256);
    command->id = uuid_v7_make(sim->time.now_ms, tail);
    command->value = counter_command(sim);
    command->decide_by_ms = sim->time.now_ms + (sim_chance(sim, sim->swarm.expired_percent) ? 5 : 90 * 1000);
    if (sim_chance(sim, sim->swarm.strange_percent)) make_strange(sim, command, tail);
    if (sim->command_count > 1 && sim_chance(sim, sim->swarm.reuse_percent)) {
        const struct sim_command *other = &sim->commands[sim_below(sim, sim->command_count - 1)];
        command->id = other->id;
        command->source = other->source;
    }
    command->digest = digest_of(slice_text("counter/Add"), command->value);
    if (sim->poison_count < SIM_POISON_MAX && sim_chance(sim, sim->swarm.poison_percent)) {
        sim->poison[sim->poison_count++] = service_hash(command->value);
    }
    send(sim, command);
}

static void send(struct sim *sim, struct sim_command *command) {
    char id[UUID_TEXT_SIZE], digest[32], decide_by[24];
    uuid_format(command->id, id);
    text_hex(command->digest.bytes, 16, digest);
    int decide_by_size = snprintf(decide_by, sizeof decide_by, "%lld", (long long)command->decide_by_ms);
    const struct topic_header headers[] = {
        {slice_text(COMMAND_HEADER_SOURCE), slice_text(sources[command->source])},
        {slice_text(COMMAND_HEADER_ID), slice_of(id, command->has_bad_headers ? 7 : sizeof id)},
        {slice_text(COMMAND_HEADER_DIGEST), slice_of(digest, sizeof digest)},
        {slice_text(COMMAND_HEADER_DECIDE_BY), slice_of(decide_by, (size_t)decide_by_size)},
    };
    char topic[REPLICA_TOPIC_MAX];
    replica_command_topic(sim->service.name, oracle_state(sim->oracle)->resume_at.generation, topic);
    const struct topic_append append = {
        .topic = topic, .key = slice_text("nel-bhr"), .value = command->value, .header_count = 4, .headers = headers};
    struct topic_writer writer = fake_writer_port(&sim->command_writer);
    uint32_t copies = sim_chance(sim, sim->swarm.copy_percent) ? 2 : 1;
    for (uint32_t i = 0; i < copies; i++) {
        if (writer.append(writer.context, &append) == STATUS_OK && command->sent++ > 0) {
            sim_mark(sim, MARK_COPY_OF_COMMAND);
        }
    }
    command->next_send_ms = sim->time.now_ms + 500 + (int64_t)sim_below(sim, 6000);
    /* Nobody can tell such a command its answer: the log's end tells that it was decided. */
    if (command->has_bad_headers && command->sent > 0) command->is_final = true;
}

bool load_is_done(const struct sim *sim) {
    for (uint32_t i = 0; i < sim->command_count; i++) {
        if (!sim->commands[i].is_final) return false;
    }
    return true;
}

void load_answered(struct sim *sim, struct process *process, const struct replica_answer *answer) {
    (void)process;
    for (uint32_t i = 0; i < sim->command_count; i++) {
        struct sim_command *command = &sim->commands[i];
        if (!uuid_equal(command->id, answer->command_id) || !digest_equal(command->digest, answer->command_digest)) {
            continue;
        }
        if (slice_equal(slice_text(sources[command->source]), answer->source)) command->is_final = true;
    }
}
