/* Reactors on the twins of lib/port/fake, in virtual time, over a source's journal that a test writes. The service behind
 * them is as small as can be: an event that begins with "!" is of concern, and what it takes in is kept as one row each
 * beside its place. The door is the test itself, and it decides as a service must: only what follows its place. */
#ifndef BHR_TESTS_HOST_REACTOR_WORLD_H
#define BHR_TESTS_HOST_REACTOR_WORLD_H

#include "tests/support/cmocka.h"

#include "lib/digest/digest.h"
#include "lib/host/journal_place.h"
#include "lib/host/reactor.h"
#include "lib/port/fake/process.h"
#include "lib/port/fake/reader.h"
#include "lib/port/fake/store.h"
#include "lib/wire/exchange/exchange.h"

#include <stdio.h>
#include <stdlib.h>

#define WORLD_START_MS INT64_C(1800000000000)
enum { WORLD_PROCESSES = 2, WORLD_STEPS_MAX = 20000, WORLD_TAKEN_MAX = 4096, WORLD_ADVANCE_MS = 60000 };

struct process {
    struct fake_clock clock;
    struct fake_reader reader;
    struct reactor *reactor;
    struct door_socket socket;
    bool is_owner;
    bool is_deaf; /* what it asks never reaches the log */
};

/* What a process has asked and is not answered yet: the command log. */
struct asked {
    uint32_t process;
    struct socket_route route;
    struct uuid id;
    char method[64];
    uint8_t body[512];
    size_t size;
};

struct world {
    struct fake_time time;
    struct fake_broker broker;
    struct fake_log *journal;
    struct fake_store store; /* of the partition: whoever decides commits to it */
    struct journal_identity identity;
    struct journal_state state;
    struct process processes[WORLD_PROCESSES];
    enum reply_status next_status; /* of the next reply, when it is not OK: nothing is decided */
    const char *first_answer;      /* of the first id that is asked, and told again for ever; NULL: it is decided */
    struct uuid first_id;
    uint32_t asked_count, done_count, out_of_step_count, alarm_count;
    struct uuid last_id;
    char taken[WORLD_TAKEN_MAX]; /* the events that were taken in, in order */
    uint32_t errands_left;
    uint32_t errands_done;
};
static struct world world;

/* ---- the service ---- */

struct world_news {
    int64_t after_offset, offset;
    uint32_t after_done, done, size;
    char event[64];
    uint8_t place[SERVICE_PLACE_MAX];
};

static inline void world_place(const struct rows *rows, struct service_place *ret_place) {
    struct slice value;
    *ret_place = (struct service_place){.offset = -1};
    if (rows_get(rows, slice_text("\x10place"), &value)) memcpy(ret_place, value.data, sizeof *ret_place);
}

static inline enum service_reaction world_react(const struct service_news *news, struct arena *arena,
                                                struct service_request *ret_request) {
    bool is_unreadable = news->event.size > 0 && news->event.data[0] == '?';
    if (is_unreadable) return REACTION_UNREADABLE;
    if (news->event.size > 0 && news->event.data[0] != '!') return REACTION_NONE;
    struct world_news kept = {.after_offset = news->after.offset,
                              .after_done = news->after.done,
                              .offset = news->to.offset,
                              .done = news->to.done,
                              .size = news->to.size};
    if (news->event.size > 0) memcpy(kept.event, news->event.data, news->event.size);
    memcpy(kept.place, news->to.bytes, news->to.size);
    ret_request->method = "bhr.test.v1.Test/Follow";
    ret_request->body = arena_copy(arena, slice_of(&kept, sizeof kept));
    return REACTION_REQUEST;
}

static inline bool world_errand(const struct rows *rows, uint64_t *after, struct arena *arena,
                                struct service_request *ret_request) {
    (void)rows, (void)arena;
    if (*after >= world.errands_left) return false;
    ++*after;
    ret_request->method = "bhr.test.v1.Test/Errand";
    ret_request->body = (struct slice){0};
    return true;
}

static const struct service_source world_source = {
    .service = "source", .place = world_place, .react = world_react, .errand = world_errand};
static const struct service world_service = {.name = "test", .source = &world_source};

/* ---- the source's journal ---- */

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
    record.as.claim = (struct claim){.epoch = world.state.epoch + 1, .apply_version = 1};
    memcpy(record.as.claim.owner.bytes, &record.as.claim.epoch, sizeof record.as.claim.epoch);
    world_log(&record);
}

static inline void world_log_entry(const char *events, bool is_of_another_history) {
    char text[256];
    uint8_t body_memory[512];
    struct entry_body body = {.schema = 1, .outcome = 1};
    struct buffer out = buffer_over(body_memory, sizeof body_memory);
    (void)snprintf(text, sizeof text, "%s", events);
    for (char *rest = text, *word; (word = strtok_r(rest, " ", &rest)) != NULL;) {
        assert_true(body.event_count < JOURNAL_EVENTS_MAX);
        body.events[body.event_count++] = slice_text(word);
    }
    entry_body_write(&body, &out);
    struct journal_record record = {.kind = RECORD_ENTRY};
    record.as.entry = (struct entry){.epoch = world.state.epoch,
                                     .owner = world.state.owner,
                                     .number = world.state.number + 1,
                                     .prev = world.state.prev,
                                     .resume_at = world.state.resume_at,
                                     .decided_at_ms = world.time.now_ms,
                                     .kind = ENTRY_COMMAND,
                                     .command_at = {0, 1},
                                     .body = buffer_slice(&out)};
    assert_true(journal_name_set(&record.as.entry.source, slice_text("111-east")));
    if (is_of_another_history) record.as.entry.prev.bytes[0] ^= 1;
    world_log(&record);
}

/* An entry with up to four events, separated by spaces. */
static inline void world_happens(const char *events) {
    world_log_entry(events, false);
}

/* What a cut journal and a clone look like: an entry that is right but for the history it was decided on. */
static inline void world_strays(const char *events) {
    world_log_entry(events, true);
}

/* ---- processes ---- */

static inline void world_on_alarm(void *context, const char *name, const char *text) {
    (void)context;
    assert_string_equal(name, "source_stopped");
    assert_true(strlen(text) > 0);
    world.alarm_count++;
}

static inline void world_start(uint32_t index, bool is_owner) {
    struct process *process = &world.processes[index];
    assert_null(process->reactor);
    fake_clock_init(&process->clock, &world.time, index + 1);
    fake_reader_init(&process->reader, &world.broker, NULL);
    struct reactor_options options = {
        .service = &world_service, .identity = world.identity, .advance_ms = WORLD_ADVANCE_MS};
    (void)snprintf(options.journal_topic, sizeof options.journal_topic, "journal");
    const struct reactor_ports ports = {.journal = fake_reader_port(&process->reader),
                                        .store = fake_store_port(&world.store),
                                        .clock = fake_clock_port(&process->clock),
                                        .hash = digest_of};
    const struct reactor_listener listener = {.alarm = world_on_alarm};
    process->reactor = reactor_new(&options, &ports, &listener);
    assert_non_null(process->reactor);
    process->socket = reactor_socket(process->reactor);
    process->is_owner = is_owner;
    process->is_deaf = false;
}

/* kill -9 */
static inline void world_die(uint32_t index) {
    struct process *process = &world.processes[index];
    if (process->reactor == NULL) return;
    reactor_free(process->reactor);
    process->reactor = NULL;
    fake_reader_fini(&process->reader);
}

/* Takes what the process wants to ask; false when it asks nothing now. */
static inline bool world_hear(uint32_t index, struct asked *ret_asked) {
    struct process *process = &world.processes[index];
    struct socket_request request;
    if (!process->socket.receive(process->socket.context, &request)) return false;
    assert_string_equal(request.system, "test");
    struct request_header header;
    const char *fault;
    assert_true(request_header_decode(request.header, &header, &fault));
    assert_true(uuid_is_v7(header.request_id));
    memset(ret_asked, 0, sizeof *ret_asked);
    ret_asked->process = index;
    ret_asked->route = request.route;
    ret_asked->id = header.request_id;
    memcpy(ret_asked->method, header.method.data, header.method.size);
    assert_true(request.body.size <= sizeof ret_asked->body);
    ret_asked->size = request.body.size;
    if (request.body.size > 0) memcpy(ret_asked->body, request.body.data, request.body.size);
    world.last_id = header.request_id;
    world.asked_count++;
    return true;
}

/* What the owner asks next, which it must soon. */
static inline struct asked world_is_asked(uint32_t index) {
    struct asked asked = {0};
    bool is_asked = false;
    for (int i = 0; i < 50 && !is_asked; i++) {
        (void)reactor_step(world.processes[index].reactor, true);
        is_asked = world_hear(index, &asked);
    }
    assert_true(is_asked);
    return asked;
}

/* As an owner decides it: place and event in one transaction, or refused. */
static inline enum reply_status world_decide(const struct asked *asked) {
    if (strcmp(asked->method, "bhr.test.v1.Test/Errand") == 0) {
        world.errands_done++;
        return REPLY_OK;
    }
    struct world_news news;
    assert_int_equal(asked->size, sizeof news);
    memcpy(&news, asked->body, sizeof news);
    struct store store = fake_store_port(&world.store);
    struct rows rows;
    struct error error;
    assert_int_equal(store.begin(store.context, &rows, &error), STATUS_OK);
    struct service_place at, to = {.offset = news.offset, .done = news.done, .size = news.size};
    world_place(&rows, &at);
    bool is_done = at.offset == news.offset && at.done == news.done;
    bool is_next = at.offset == news.after_offset && at.done == news.after_done;
    memcpy(to.bytes, news.place, news.size);
    if (is_next) {
        rows_put(&rows, slice_text("\x10place"), slice_of(&to, sizeof to));
        strcat(world.taken, news.event);
        world.done_count++;
    }
    assert_int_equal(store.commit(store.context, &error), STATUS_OK);
    if (!is_done && !is_next) world.out_of_step_count++;
    return is_done || is_next ? REPLY_OK : REPLY_REFUSED;
}

static inline void world_tell(const struct asked *asked, enum reply_status status, const char *outcome,
                              bool is_repeated) {
    struct process *process = &world.processes[asked->process];
    uint8_t bytes[EXCHANGE_REPLY_HEADER_MAX];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    const struct reply_header header = {.request_id = asked->id,
                                        .status = status,
                                        .repeated_answer = is_repeated,
                                        .outcome = slice_text(outcome),
                                        .answered_by = slice_text("p")};
    reply_header_encode(&header, &out);
    (void)process->socket.send(process->socket.context, &asked->route, buffer_slice(&out), (struct slice){0});
}

static inline void world_reply(const struct asked *asked, enum reply_status status) {
    world_tell(asked, status, "x", false);
}

/* An entry about the id stands in the journal, and it says that nothing was done. */
static inline bool world_has_first_answer(const struct asked *asked) {
    if (world.first_answer == NULL) return false;
    bool is_first = uuid_is_zero(world.first_id);
    if (is_first) world.first_id = asked->id;
    if (!uuid_equal(world.first_id, asked->id)) return false;
    world_tell(asked, REPLY_UNAVAILABLE, world.first_answer, !is_first);
    return true;
}

static inline int world_step(uint32_t index) {
    struct process *process = &world.processes[index];
    struct asked asked;
    if (world_hear(index, &asked) && !process->is_deaf && !world_has_first_answer(&asked)) {
        enum reply_status status = world.next_status;
        world.next_status = REPLY_OK;
        if (status == REPLY_OK) status = world_decide(&asked);
        world_reply(&asked, status);
    }
    return reactor_step(process->reactor, process->is_owner);
}

static inline void world_run(int64_t for_ms) {
    int64_t until_ms = world.time.now_ms + for_ms;
    for (int i = 0; i < WORLD_STEPS_MAX && world.time.now_ms < until_ms; i++) {
        int64_t wait_ms = 50;
        for (uint32_t p = 0; p < WORLD_PROCESSES; p++) {
            if (world.processes[p].reactor == NULL) continue;
            int next_ms = world_step(p);
            assert_true(next_ms >= 0);
            if (next_ms < wait_ms) wait_ms = next_ms;
        }
        world.time.now_ms += wait_ms;
    }
    assert_true(world.time.now_ms >= until_ms);
}

static inline struct reactor_view world_look(uint32_t index) {
    return reactor_look(world.processes[index].reactor);
}

static inline int begin(void **state) {
    (void)state;
    assert_true(digest_init());
    memset(&world, 0, sizeof world);
    world.time.now_ms = WORLD_START_MS;
    world.next_status = REPLY_OK;
    fake_broker_init(&world.broker, &world.time);
    fake_store_init(&world.store, NULL);
    world.journal = fake_log_make(&world.broker, "journal");
    assert_true(journal_name_set(&world.identity.environment, slice_text("local")));
    assert_true(journal_name_set(&world.identity.service, slice_text("source")));
    assert_true(journal_name_set(&world.identity.locality, slice_text("nel-bhr")));
    struct journal_record genesis = {.kind = RECORD_GENESIS};
    genesis.as.genesis = (struct genesis){.journal_id = {{7}},
                                          .environment = world.identity.environment,
                                          .service = world.identity.service,
                                          .locality = world.identity.locality};
    world_log(&genesis);
    world_log_claim();
    return 0;
}

static inline int end(void **state) {
    (void)state;
    for (uint32_t i = 0; i < WORLD_PROCESSES; i++) world_die(i);
    fake_store_fini(&world.store);
    fake_broker_fini(&world.broker);
    return 0;
}

#endif
