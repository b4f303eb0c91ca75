/* One publisher on the twins of lib/port/fake, in virtual time, over a journal that a test writes. What entry n is to the
 * public is a small rule of n, so that the whole of both public topics can be foretold. One world at a time. */
#ifndef BHR_TESTS_HOST_PUBLISHER_WORLD_H
#define BHR_TESTS_HOST_PUBLISHER_WORLD_H

#include "tests/support/cmocka.h"

#include "lib/digest/digest.h"
#include "lib/host/publisher.h"
#include "lib/port/fake/process.h"
#include "lib/port/fake/publish.h"
#include "lib/port/fake/reader.h"

#include <stdio.h>
#include <stdlib.h>

#define WORLD_START_MS INT64_C(1800000000000)
enum { WORLD_STEPS_MAX = 200000, WORLD_PROCESSES = 2, WORLD_VALUE_MAX = 48 };

/* A publishing process; two of them, because an old one may live on beside its successor. */
struct process {
    struct fake_clock clock;
    struct fake_reader reader;
    struct fake_publisher producer;
    struct publisher *publisher;
    struct publisher_view view;
};

struct world {
    struct fake_time time;
    struct fake_hooks hooks;
    struct fake_broker broker;
    struct fake_log *journal, *events, *dead;
    struct fake_transactions transactions;
    struct journal_identity identity;
    struct journal_state state; /* of the journal, as the rule has it */
    uint64_t unreadable;        /* number of the entry that this version cannot read; 0: none */
    uint32_t batch_max;
    struct process processes[WORLD_PROCESSES];
    uint32_t alarm_count;
    char alarm[32];
    char numbers[PUBLIC_RECORDS_MAX][24]; /* header values lent to the publisher */
};
static struct world world;

static inline struct id128 world_owner(uint64_t epoch) {
    struct id128 owner = {{0}};
    memcpy(owner.bytes, &epoch, sizeof epoch);
    return owner;
}

/* At the end of the journal, as a broker puts it there. */
static inline void world_log(const struct journal_record *record) {
    static uint8_t memory[JOURNAL_RECORD_MAX];
    struct buffer out = buffer_over(memory, sizeof memory);
    journal_record_write(record, &out);
    assert_false(out.is_full);
    const struct topic_append append = {.topic = "journal", .value = buffer_slice(&out)};
    struct fake_record *logged = fake_record_make(&world.broker, &append);
    fake_log_append(&world.broker, world.journal, logged, 0);
    const struct logged judged = {.offset = logged->shown.offset,
                                  .timestamp_ms = logged->shown.timestamp_ms,
                                  .is_log_append_time = true,
                                  .value = logged->shown.value};
    struct digest chained =
        digest_of(slice_of(world.state.prev.bytes, sizeof world.state.prev.bytes), logged->shown.value);
    struct journal_record read;
    bool is_readable;
    (void)journal_accept(&world.state, &world.identity, &judged, chained, &read, &is_readable);
}

static inline void world_log_claim(void) {
    struct journal_record record = {.kind = RECORD_CLAIM};
    record.as.claim =
        (struct claim){.epoch = world.state.epoch + 1, .owner = world_owner(world.state.epoch + 1), .apply_version = 1};
    world_log(&record);
}

/* The next entry of the owner; wrong: of another history, as a clone of its machine would write it. */
static inline void world_log_entry(bool is_wrong) {
    uint8_t body_memory[32];
    struct buffer body = buffer_over(body_memory, sizeof body_memory);
    entry_body_write(&(struct entry_body){.schema = 1, .outcome = 0}, &body);
    struct journal_record record = {.kind = RECORD_ENTRY};
    record.as.entry = (struct entry){.epoch = world.state.epoch,
                                     .owner = world.state.owner,
                                     .number = world.state.number + 1,
                                     .prev = world.state.prev,
                                     .resume_at = world.state.resume_at,
                                     .decided_at_ms = world.time.now_ms,
                                     .kind = ENTRY_COMMAND,
                                     .command_at = {0, 1},
                                     .body = buffer_slice(&body)};
    assert_true(journal_name_set(&record.as.entry.source, slice_text("111-east")));
    if (is_wrong) record.as.entry.prev.bytes[0] ^= 1;
    world_log(&record);
}

/* The records of entry n, each "n.index": none of every 7th, a dead letter with every 5th, two events of every 3rd. */
static inline uint32_t world_public(uint64_t number, uint32_t index, char ret_text[WORLD_VALUE_MAX],
                                    bool *ret_is_dead_letter) {
    uint32_t events = number % 7 == 0 ? 0 : number % 3 == 0 ? 2 : 1;
    uint32_t count = events + (number % 5 == 0 ? 1 : 0);
    *ret_is_dead_letter = index >= events;
    (void)snprintf(ret_text, WORLD_VALUE_MAX, "%llu.%u", (unsigned long long)number, index);
    return count;
}

static inline uint32_t world_records(const void *context, struct id128 journal_id, const struct entry *entry,
                                     struct arena *arena, struct public_record ret_records[PUBLIC_RECORDS_MAX]) {
    assert_ptr_equal(context, &world);
    assert_true(id128_equal(journal_id, world.state.journal_id));
    if (entry->number == world.unreadable) return PUBLIC_RECORDS_UNREADABLE;
    uint32_t count = 1;
    for (uint32_t i = 0; i < count; i++) {
        char text[WORLD_VALUE_MAX];
        bool is_dead_letter;
        count = world_public(entry->number, i, text, &is_dead_letter);
        if (i == count) break;
        ret_records[i] = (struct public_record){.is_dead_letter = is_dead_letter, .key = slice_text("key")};
        ret_records[i].value = arena_copy(arena, slice_text(text));
        (void)snprintf(world.numbers[i], sizeof world.numbers[i], "%llu", (unsigned long long)entry->number);
        ret_records[i].headers[ret_records[i].header_count++] =
            (struct topic_header){slice_text("ce_bhrnumber"), slice_text(world.numbers[i])};
    }
    return count;
}

/* Both topics hold exactly what entries 1 to `last` are to the public, each once, in order. */
static inline void world_expect_published(uint64_t last) {
    size_t event = 0, dead = 0;
    for (uint64_t number = 1; number <= last; number++) {
        uint32_t count = 1;
        for (uint32_t i = 0; i < count; i++) {
            char text[WORLD_VALUE_MAX];
            bool is_dead_letter;
            count = world_public(number, i, text, &is_dead_letter);
            if (i == count) break;
            const struct fake_log *log = is_dead_letter ? world.dead : world.events;
            size_t index = is_dead_letter ? dead++ : event++;
            if (index >= log->count) fail_msg("%s is missing %s", log->topic, text);
            struct slice found = log->records[index]->shown.value;
            if (!slice_equal(found, slice_text(text))) {
                fail_msg("%s has %.*s instead of %s", log->topic, (int)found.size, (const char *)found.data, text);
            }
        }
    }
    assert_int_equal(world.events->count, event);
    assert_int_equal(world.dead->count, dead);
}

static inline void world_on_alarm(void *context, const char *name, const char *text) {
    (void)context;
    assert_true(strlen(text) > 0);
    world.alarm_count++;
    (void)snprintf(world.alarm, sizeof world.alarm, "%s", name);
}

/* A new process begins to publish. */
static inline void world_start(uint32_t index) {
    struct process *process = &world.processes[index];
    assert_null(process->publisher);
    fake_clock_init(&process->clock, &world.time, index + 1);
    process->clock.monotonic_start_ms -= 1000;
    fake_reader_init(&process->reader, &world.broker, &world.hooks);
    fake_publisher_init(&process->producer, &world.transactions, &world.hooks);
    const struct publisher_options options = {.identity = world.identity,
                                              .journal_topic = "journal",
                                              .event_topic = "events",
                                              .dead_topic = "dead",
                                              .batch_max = world.batch_max,
                                              .interval_ms = PUBLISHER_INTERVAL_MS,
                                              .keep_ms = PUBLISHER_KEEP_MS};
    const struct publisher_ports ports = {.journal = fake_reader_port(&process->reader),
                                          .admin = fake_broker_admin(&world.broker),
                                          .producer = fake_publisher_port(&process->producer),
                                          .clock = fake_clock_port(&process->clock),
                                          .hash = digest_of,
                                          .records = world_records,
                                          .records_context = &world,
                                          .listener = {.alarm = world_on_alarm}};
    process->publisher = publisher_new(&options, &ports);
    assert_non_null(process->publisher);
    publisher_own(process->publisher, true);
}

/* kill -9: what its transaction had is never seen; the broker forgets it when the next one starts. */
static inline void world_die(uint32_t index) {
    struct process *process = &world.processes[index];
    if (process->publisher == NULL) return;
    publisher_free(process->publisher);
    process->publisher = NULL;
    struct publish_port port = fake_publisher_port(&process->producer);
    port.drop(port.context);
    fake_reader_fini(&process->reader);
}

static inline int world_step(uint32_t index) {
    struct process *process = &world.processes[index];
    int wait_ms = publisher_step(process->publisher);
    publisher_look(process->publisher, &process->view);
    assert_true(wait_ms >= 0);
    return wait_ms;
}

/* Process 0 for so long; a reader's record wakes it. */
static inline void world_run(int64_t for_ms) {
    int64_t until_ms = world.time.now_ms + for_ms;
    for (int i = 0; i < WORLD_STEPS_MAX && world.time.now_ms < until_ms; i++) {
        int64_t wait_ms = world_step(0), left_ms = until_ms - world.time.now_ms;
        bool is_waiting = fake_reader_next_ms(&world.processes[0].reader) > world.time.now_ms;
        int64_t sleep_ms = is_waiting ? wait_ms : wait_ms > 0;
        world.time.now_ms += sleep_ms < left_ms ? sleep_ms : left_ms;
    }
    assert_true(world.time.now_ms >= until_ms);
}

static inline void world_begin(void) {
    assert_true(digest_init());
    memset(&world, 0, sizeof world);
    world.time.now_ms = WORLD_START_MS;
    world.batch_max = 100;
    fake_broker_init(&world.broker, &world.time);
    world.journal = fake_log_make(&world.broker, "journal");
    world.events = fake_log_make(&world.broker, "events");
    world.dead = fake_log_make(&world.broker, "dead");
    fake_transactions_init(&world.transactions, &world.broker);
    assert_true(journal_name_set(&world.identity.environment, slice_text("local")));
    assert_true(journal_name_set(&world.identity.service, slice_text("booking")));
    assert_true(journal_name_set(&world.identity.locality, slice_text("nel-bhr")));
    struct journal_record genesis = {.kind = RECORD_GENESIS};
    genesis.as.genesis = (struct genesis){.journal_id = {{7}},
                                          .environment = world.identity.environment,
                                          .service = world.identity.service,
                                          .locality = world.identity.locality};
    world_log(&genesis);
    world_log_claim();
    assert_int_equal(world.state.epoch, 1);
}

static inline void world_end(void) {
    for (uint32_t i = 0; i < WORLD_PROCESSES; i++) world_die(i);
    fake_broker_fini(&world.broker);
}

static inline int begin(void **state) {
    (void)state;
    world_begin();
    return 0;
}

static inline int end(void **state) {
    (void)state;
    world_end();
    return 0;
}

static inline void log_entries(uint32_t count) {
    for (uint32_t i = 0; i < count; i++) world_log_entry(false);
}

static inline void expect_stopped(enum publisher_stop stop) {
    assert_int_equal(world.processes[0].view.state, PUBLISHER_STOPPED);
    assert_int_equal(world.processes[0].view.stop, stop);
    assert_string_equal(world.alarm, publisher_stop_name(stop));
}

#endif
