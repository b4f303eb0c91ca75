/* One replica of a tiny service on the twins of lib/port/fake, in virtual time: for tests of what happens when a port
 * fails. A test may put functions of its own into world.ports between world_begin and world_start. One world at a time. */
#ifndef BHR_TESTS_HOST_REPLICA_WORLD_H
#define BHR_TESTS_HOST_REPLICA_WORLD_H

#include "tests/support/cmocka.h"

#include "lib/base/text.h"
#include "lib/digest/digest.h"
#include "lib/host/replica.h"
#include "lib/port/fake/broker.h"
#include "lib/port/fake/process.h"
#include "lib/port/fake/reader.h"
#include "lib/port/fake/store.h"
#include "lib/port/fake/writer.h"

#include <stdio.h>

#define WORLD_START_MS INT64_C(1800000000000)
enum { WORLD_COMMANDS_MAX = 2048, WORLD_STEPS_MAX = 20000, COMMAND_BYTES = 5 };

/* A command: one byte says what, four how much. */
enum world_op {
    OP_ADD = 'a',   /* the total grows by so much; the answer is the new total */
    OP_LARGE = 'l', /* one event of so many bytes */
    OP_TIMER = 't', /* sets the one timer: due in so many ms, it adds one; after an odd time its outcome is too large */
    OP_CLEAR = 'c', /* clears that timer */
};

struct world {
    struct fake_time time;
    struct fake_broker broker;
    struct fake_log *journal, *commands;
    struct fake_group group;
    struct fake_member member;
    struct fake_store store;
    struct fake_clock clock;
    struct fake_note note;
    struct fake_reader journal_reader, command_reader;
    struct fake_writer writer, door;
    struct replica_ports ports;
    struct journal_identity identity;
    struct replica *replica;
    struct replica_view view;
    uint32_t sent_count;
    uint32_t outcomes[WORLD_COMMANDS_MAX]; /* by number of the command; 0: not answered */
    uint32_t alarm_count;
    char alarm[32]; /* the last one's name */
};
static struct world world;

static inline uint32_t number_at(const struct rows *rows, uint8_t name) {
    const uint8_t key[] = {ROWS_TABLE_SERVICE, name};
    struct slice value;
    if (!rows_get(rows, slice_of(key, sizeof key), &value)) return 0;
    struct cursor cursor = cursor_over(value);
    return cursor_u32(&cursor);
}

static inline void number_put(const struct rows *rows, uint8_t name, uint32_t number) {
    const uint8_t key[] = {ROWS_TABLE_SERVICE, name};
    uint8_t bytes[4];
    struct buffer value = buffer_over(bytes, sizeof bytes);
    buffer_put_u32(&value, number);
    rows_put(rows, slice_of(key, sizeof key), buffer_slice(&value));
}

static inline void world_decide(const struct rows *rows, struct slice command, int64_t now_ms, struct arena *arena,
                                struct service_decision *ret_decision) {
    struct cursor cursor = cursor_over(command);
    uint8_t op = cursor_u8(&cursor);
    uint32_t amount = cursor_u32(&cursor);
    *ret_decision = (struct service_decision){.outcome = OUTCOME_OK, .event_count = 1};
    size_t size = op == OP_LARGE ? amount : 24;
    uint8_t *memory = arena_alloc(arena, size);
    struct buffer event = buffer_over(memory, size);
    buffer_put_u8(&event, op);
    if (op == OP_LARGE) {
        memset(memory + 1, 'x', size - 1);
        event.size = size;
    } else if (op == OP_TIMER) {
        struct timer_id timer = timer_id_make(now_ms + amount, (struct uuid){{0}});
        buffer_put(&event, timer.bytes, sizeof timer.bytes);
        buffer_put_u8(&event, amount % 2 != 0);
    } else if (op == OP_ADD) {
        buffer_put_u32(&event, number_at(rows, 't') + amount);
    }
    ret_decision->events[0] = buffer_slice(&event);
}

static inline void world_fire(const struct rows *rows, struct timer_id timer, struct slice body, int64_t now_ms,
                              struct arena *arena, struct service_decision *ret_decision) {
    (void)timer;
    const uint8_t small[COMMAND_BYTES] = {OP_ADD, 0, 0, 0, 1}, large[COMMAND_BYTES] = {OP_LARGE, 0, 4, 0, 0};
    bool is_large = slice_equal(body, slice_text("large"));
    world_decide(rows, slice_of(is_large ? large : small, COMMAND_BYTES), now_ms, arena, ret_decision);
}

static inline bool world_apply(const struct rows *rows, const struct apply_context *context, struct slice event) {
    (void)context;
    struct cursor cursor = cursor_over(event);
    uint8_t op = cursor_u8(&cursor);
    struct timer_id timer;
    struct slice body;
    if (op == OP_ADD) number_put(rows, 't', cursor_u32(&cursor));
    if (op == OP_LARGE) number_put(rows, 'l', (uint32_t)event.size);
    if (op == OP_TIMER) {
        cursor_copy(&cursor, timer.bytes, sizeof timer.bytes);
        timer_set(rows, timer, slice_text(cursor_u8(&cursor) != 0 ? "large" : "small"));
    }
    if (op == OP_CLEAR && timer_next_due(rows, NULL, INT64_MAX, &timer, &body)) timer_clear(rows, timer);
    return true;
}

static const struct service world_service = {.name = "tally",
                                             .command_type = "tally",
                                             .apply_version = 1,
                                             .schema = 1,
                                             .decide = world_decide,
                                             .fire = world_fire,
                                             .apply = world_apply};

static inline void world_answered(void *context, const struct replica_answer *answer) {
    (void)context;
    uint32_t number = (uint32_t)answer->command_id.bytes[14] << 8 | answer->command_id.bytes[15];
    assert_in_range(number, 0, WORLD_COMMANDS_MAX - 1);
    world.outcomes[number] = answer->outcome;
}

static inline void world_alarm(void *context, const char *name, const char *text) {
    (void)context;
    (void)text;
    world.alarm_count++;
    (void)snprintf(world.alarm, sizeof world.alarm, "%s", name);
}

static inline void world_append_genesis(void) {
    struct journal_record record = {.kind = RECORD_GENESIS};
    record.as.genesis = (struct genesis){.journal_id = {{1}},
                                         .environment = world.identity.environment,
                                         .service = world.identity.service,
                                         .locality = world.identity.locality};
    uint8_t memory[512];
    struct buffer out = buffer_over(memory, sizeof memory);
    journal_record_write(&record, &out);
    const struct topic_append append = {.topic = world.journal->topic, .value = buffer_slice(&out)};
    fake_log_append(&world.broker, world.journal, fake_record_make(&world.broker, &append), 0);
}

/* An empty store, a journal with its Genesis, an empty command log. */
static inline void world_begin(void) {
    world = (struct world){.time = {.now_ms = WORLD_START_MS}};
    assert_true(journal_name_set(&world.identity.environment, slice_text("test")));
    assert_true(journal_name_set(&world.identity.service, slice_text(world_service.name)));
    assert_true(journal_name_set(&world.identity.locality, slice_text("nel-bhr")));
    fake_broker_init(&world.broker, &world.time);
    char topic[REPLICA_TOPIC_MAX];
    replica_journal_topic(world_service.name, topic);
    world.journal = fake_log_make(&world.broker, topic);
    replica_command_topic(world_service.name, 0, topic);
    world.commands = fake_log_make(&world.broker, topic);
    fake_group_init(&world.group, &world.time);
    fake_store_init(&world.store, NULL);
    fake_writer_init(&world.door, &world.broker, NULL);
    world_append_genesis();
    world.ports = (struct replica_ports){.journal = fake_reader_port(&world.journal_reader),
                                         .commands = fake_reader_port(&world.command_reader),
                                         .writer = fake_writer_port(&world.writer),
                                         .admin = fake_broker_admin(&world.broker),
                                         .membership = fake_member_port(&world.member),
                                         .store = fake_store_port(&world.store),
                                         .clock = fake_clock_port(&world.clock),
                                         .note = fake_note_port(&world.note),
                                         .hash = digest_of,
                                         .listener = {.answered = world_answered, .alarm = world_alarm}};
}

/* A new process on the same store and note; false when it finds no memory. */
static inline bool world_try(void) {
    fake_clock_init(&world.clock, &world.time, (uint64_t)world.time.now_ms + 1);
    fake_note_open(&world.note, NULL);
    fake_reader_init(&world.journal_reader, &world.broker, NULL);
    fake_reader_init(&world.command_reader, &world.broker, NULL);
    fake_writer_init(&world.writer, &world.broker, NULL);
    fake_member_init(&world.member, &world.group, NULL);
    const struct replica_options options = {.service = &world_service,
                                            .identity = world.identity,
                                            .cluster_id = slice_text("cluster"),
                                            .may_own = true,
                                            .software = "0",
                                            .host = "test"};
    world.replica = replica_new(&options, &world.ports);
    return world.replica != NULL;
}

static inline void world_start(void) {
    assert_true(world_try());
    replica_look(world.replica, &world.view);
}

/* The process dies between two steps. */
static inline void world_die(void) {
    replica_free(world.replica);
    world.replica = NULL;
    fake_store_crash(&world.store);
    fake_reader_fini(&world.journal_reader);
    fake_reader_fini(&world.command_reader);
    fake_writer_fini(&world.writer);
    fake_writer_fini(&world.door);
    fake_member_init(&world.member, &world.group, NULL);
}

static inline void world_end(void) {
    if (world.replica != NULL) world_die();
    fake_store_fini(&world.store);
    fake_broker_fini(&world.broker);
}

/* What is due lands, then one step. Returns in how many ms the next one is due. */
static inline int world_step(void) {
    while (fake_broker_deliver(&world.broker)) {
    }
    int wait_ms = replica_step(world.replica);
    replica_look(world.replica, &world.view);
    return wait_ms;
}

/* Time passes as the replica asks, in steps of 10 ms at most. Fails when it never rests: that would be a busy loop. */
static inline void world_run(int64_t ms) {
    int64_t until_ms = world.time.now_ms + ms;
    for (int steps = 0; world.time.now_ms < until_ms; steps++) {
        assert_in_range(steps, 0, WORLD_STEPS_MAX);
        int wait_ms = world_step();
        world.time.now_ms += wait_ms > 10 ? 10 : wait_ms;
    }
}

static inline void world_own(void) {
    world_run(500);
    assert_int_equal(world.view.state, REPLICA_OWNING);
}

/* A command into the log, as a door writes it; its number. */
static inline uint32_t world_send(enum world_op op, uint32_t amount) {
    uint32_t number = world.sent_count++;
    assert_in_range(number, 0, WORLD_COMMANDS_MAX - 1);
    const uint8_t tail[10] = {[8] = (uint8_t)(number >> 8), [9] = (uint8_t)number};
    struct uuid id = uuid_v7_make(world.time.now_ms, tail);
    uint8_t bytes[COMMAND_BYTES];
    struct buffer value = buffer_over(bytes, sizeof bytes);
    buffer_put_u8(&value, (uint8_t)op);
    buffer_put_u32(&value, amount);
    struct digest over = digest_of(slice_text("tally"), buffer_slice(&value));
    char id_text[UUID_TEXT_SIZE], digest[32], decide_by[24];
    uuid_format(id, id_text);
    text_hex(over.bytes, sizeof over.bytes, digest);
    int size = snprintf(decide_by, sizeof decide_by, "%lld", (long long)world.time.now_ms + 3600000);
    const struct topic_header headers[] = {{slice_text(COMMAND_HEADER_SOURCE), slice_text("tester")},
                                           {slice_text(COMMAND_HEADER_ID), slice_of(id_text, sizeof id_text)},
                                           {slice_text(COMMAND_HEADER_DIGEST), slice_of(digest, sizeof digest)},
                                           {slice_text(COMMAND_HEADER_DECIDE_BY), slice_of(decide_by, (size_t)size)}};
    const struct topic_append append = {
        .topic = world.commands->topic, .value = buffer_slice(&value), .header_count = 4, .headers = headers};
    fake_log_append(&world.broker, world.commands, fake_record_make(&world.broker, &append), 0);
    return number;
}

/* A number of the committed store: 't' the total, 'l' the size of the last large event. */
static inline uint32_t world_number(uint8_t name) {
    struct store store = fake_store_port(&world.store);
    struct rows rows;
    assert_int_equal(store.read_begin(store.context, &rows, NULL), STATUS_OK);
    uint32_t number = number_at(&rows, name);
    store.read_end(store.context, &rows);
    return number;
}

/* Rows of one of the host's tables in the committed store. */
static inline uint32_t world_rows(enum rows_table table) {
    struct store store = fake_store_port(&world.store);
    struct rows rows;
    assert_int_equal(store.read_begin(store.context, &rows, NULL), STATUS_OK);
    uint8_t from[ROWS_KEY_MAX + 1] = {(uint8_t)table};
    size_t from_size = 1;
    uint32_t count = 0;
    struct slice key, value;
    while (rows_seek(&rows, slice_of(from, from_size), &key, &value) && key.data[0] == (uint8_t)table) {
        count++;
        memcpy(from, key.data, key.size);
        from[key.size] = 0;
        from_size = key.size + 1;
    }
    store.read_end(store.context, &rows);
    return count;
}

/* Entries of the journal, accepted or not. */
static inline uint32_t world_entries(void) {
    uint32_t count = 0;
    for (size_t i = 0; i < world.journal->count; i++) {
        struct journal_record record;
        if (!journal_record_read(world.journal->records[i]->shown.value, &record)) continue;
        count += record.kind == RECORD_ENTRY;
    }
    return count;
}

#endif
