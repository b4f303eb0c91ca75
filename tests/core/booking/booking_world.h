/* A little world for booking's tests: the service's own table over rows in memory, a clock that the test moves, and the
 * journal as a plain list. Requests go the whole way: encode -> accept -> decide -> apply -> decode the answer. No host. */
#ifndef BHR_TESTS_CORE_BOOKING_WORLD_H
#define BHR_TESTS_CORE_BOOKING_WORLD_H

#include <stdio.h>
#include <stdlib.h>

#include "lib/base/assert.h"
#include "lib/base/civil_time.h"
#include "lib/port/fake/vault.h"
#include "lib/wire/booking/booking_client.h"
#include "lib/wire/booking/booking_journal.h"
#include "services/booking/core/outcome.h"
#include "services/booking/core/rows_booking.h"
#include "services/booking/service.h"
#include "tests/support/cmocka.h"
#include "tests/support/rows_array.h"

enum { WORLD_ARENA_SIZE = 1024 * 1024, WORLD_COMMAND_MAX = 8192, WORLD_TRACE_MAX = 64 * 1024 };

struct caller {
    const char *system, *organisation, *role;
};
static const struct caller NEL_111 = {"111-nel", "RYX", "111"};
static const struct caller PRACTICE_A = {"practice-a", "F82001", "practice"};
static const struct caller PRACTICE_B = {"practice-b", "F82002", "practice"};
static const struct caller HUB = {"hub-bhr", "Y02973", "hub"};
static const struct caller OPERATOR = {"ops", "OPS01", "operator"};

struct world_entry {
    struct apply_context context;
    uint8_t *event;
    size_t event_size;
};

struct world {
    struct rows_array array;
    struct rows rows, read_only;
    int64_t now_ms;
    uint64_t number, commands;
    struct world_entry *journal;
    size_t journal_count;
    uint8_t *memory, *query_memory;
    uint8_t command[WORLD_COMMAND_MAX]; /* the last command message, for retries */
    size_t command_size;
    struct uuid entity_id;       /* of the last command */
    char trace[WORLD_TRACE_MAX]; /* one line per event since the last world_tell */
    size_t trace_size;
    char story[WORLD_TRACE_MAX];
    size_t story_size;
};

struct world_reply {
    uint32_t outcome;
    uint32_t event_count;
    char detail[SERVICE_DETAIL_MAX];
    struct booking_answer answer;
    uint8_t answer_bytes[4096];
    size_t answer_size;
};

static inline int64_t at(const char *instant) {
    int64_t ms = 0;
    bool is_good = civil_parse_instant(slice_text(instant), &ms);
    assert_true(is_good);
    return ms;
}

static inline const char *outcome_name(uint32_t code) {
    const struct outcome_row *common = outcome_common_row(code);
    if (common != NULL) return common->name;
    for (uint32_t i = 0; i < booking_service.outcome_count; i++) {
        if (booking_service.outcomes[i].code == code) return booking_service.outcomes[i].name;
    }
    return "?";
}

static inline int64_t world_config(const struct service_context *context, const char *name) {
    (void)context;
    for (uint32_t i = 0; i < booking_service.config_row_count; i++) {
        if (strcmp(booking_service.config_rows[i].name, name) == 0) return booking_service.config_rows[i].default_value;
    }
    fail_msg("no configuration row %s", name);
    return 0;
}

static const uint8_t world_key[32] = "a key that only the tests know..";
static struct fake_vault world_vault; /* the test may let it be away or erase */
static struct vault world_vault_port;
/* A test may let the index have answered. */
static struct service_context world_context;

static inline void world_init(struct world *world, const char *now) {
    memset(world, 0, sizeof *world);
    world_vault = (struct fake_vault){.sealed = 0};
    world_vault_port = fake_vault_port(&world_vault);
    rows_array_init(&world->array);
    world->rows = rows_array_rows(&world->array);
    world->read_only = rows_array_read_only(&world->array);
    world_context = (struct service_context){.pseudonym_key = world_key,
                                             .vault = &world_vault_port,
                                             .config_number = world_config,
                                             .rows = &world->read_only,
                                             .own_organisation = slice_text("Y99001")};
    world->now_ms = at(now);
    world->memory = malloc(WORLD_ARENA_SIZE);
    world->query_memory = malloc(SERVICE_ANSWER_MAX);
    assert_non_null(world->memory);
    assert_non_null(world->query_memory);
}

static inline void world_free(struct world *world) {
    for (size_t i = 0; i < world->journal_count; i++) free(world->journal[i].event);
    free(world->journal);
    free(world->memory);
    free(world->query_memory);
    rows_array_free(&world->array);
}

static inline void world_say(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
static inline void world_say(struct world *world, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    size_t room = sizeof world->trace - world->trace_size;
    int size = vsnprintf(world->trace + world->trace_size, room, format, arguments);
    va_end(arguments);
    assert_true(size >= 0 && (size_t)size < room);
    world->trace_size += (size_t)size;
}

/* What somebody did and what came of it, then the events it caused. */
static inline void world_tell(struct world *world, const struct caller *caller, const char *what, uint32_t outcome) {
    char instant[CIVIL_INSTANT_SIZE];
    civil_format_instant(world->now_ms, instant);
    size_t room = sizeof world->story - world->story_size;
    int size = snprintf(world->story + world->story_size, room, "[%.8s] %-10s %s -> %s\n%.*s", instant + 11,
                        caller->system, what, outcome_name(outcome), (int)world->trace_size, world->trace);
    assert_true(size >= 0 && (size_t)size < room);
    world->story_size += (size_t)size;
    world->trace_size = 0;
}

static inline const struct service_method *world_method(const char *name) {
    for (uint32_t i = 0; i < booking_service.method_count; i++) {
        if (strcmp(booking_service.methods[i].name, name) == 0) return &booking_service.methods[i];
    }
    fail_msg("no method %s", name);
    return NULL;
}

static inline struct ingress world_ingress(const struct world *world, const struct caller *caller) {
    return (struct ingress){
        .system = slice_text(caller->system),
        .organisation = slice_text(caller->organisation),
        .role = slice_text(caller->role),
        .correlation_id = slice_text("c-1"),
        .received_at_ms = world->now_ms,
    };
}

/* Applies a decision's events as one entry, keeps them in the journal and tells the story. */
static inline void world_commit(struct world *world, const struct service_decision *decision) {
    struct apply_context context = {.decided_at_ms = world->now_ms, .number = ++world->number};
    for (uint32_t i = 0; i < decision->event_count; i++) {
        assert_true(booking_service.apply(&world->rows, &context, decision->events[i]));
        world->journal = realloc(world->journal, (world->journal_count + 1) * sizeof world->journal[0]);
        assert_non_null(world->journal);
        struct world_entry *entry = &world->journal[world->journal_count++];
        *entry = (struct world_entry){.context = context, .event_size = decision->events[i].size};
        entry->event = malloc(entry->event_size);
        assert_non_null(entry->event);
        memcpy(entry->event, decision->events[i].data, entry->event_size);
        char line[256];
        size_t size = booking_service.describe(decision->events[i], line, sizeof line);
        if (world->trace_size + 512 < sizeof world->trace) world_say(world, "             %.*s\n", (int)size, line);
    }
}

/* Decides world->command now; applies only when asked to. */
static inline void world_decide(struct world *world, enum booking_command_kind kind, bool is_applied,
                                struct world_reply *ret_reply) {
    memset(ret_reply, 0, sizeof *ret_reply);
    struct arena arena = arena_over(world->memory, WORLD_ARENA_SIZE);
    struct service_decision decision;
    booking_service.decide(&world->rows, slice_of(world->command, world->command_size), world->now_ms, &arena,
                           &decision);
    ret_reply->outcome = decision.outcome;
    ret_reply->event_count = decision.event_count;
    memcpy(ret_reply->detail, decision.detail, sizeof ret_reply->detail);
    assert_true(decision.answer.size <= sizeof ret_reply->answer_bytes);
    ret_reply->answer_size = decision.answer.size;
    if (decision.answer.size > 0) memcpy(ret_reply->answer_bytes, decision.answer.data, decision.answer.size);
    struct wire_fault fault = {{0}};
    bool is_read = booking_answer_decode(kind, decision.answer, &arena, &ret_reply->answer, &fault);
    if (!is_read) fail_msg("the answer cannot be read: %s", fault.text);
    if (is_applied) world_commit(world, &decision);
}

static inline struct world_reply world_send(struct world *world, const struct caller *caller,
                                            enum booking_command_kind kind, const char *method,
                                            const struct buffer *request) {
    assert_false(request->is_full);
    struct world_reply reply;
    memset(&reply, 0, sizeof reply);
    struct ingress ingress = world_ingress(world, caller);
    uint8_t tail[10] = {0};
    uint64_t count = ++world->commands;
    for (int i = 0; i < 8; i++) tail[2 + i] = (uint8_t)(count * 2654435761u >> (8 * (7 - i)));
    ingress.entity_id = uuid_v7_make(world->now_ms, tail);
    world->entity_id = ingress.entity_id;
    struct arena arena = arena_over(world->memory, WORLD_ARENA_SIZE);
    struct buffer command = buffer_over(world->command, sizeof world->command);
    struct service_refusal refusal = {0};
    bool is_accepted =
        world_method(method)->accept(&world_context, &ingress, buffer_slice(request), &arena, &command, &refusal);
    if (!is_accepted) {
        reply.outcome = refusal.outcome;
        memcpy(reply.detail, refusal.detail, sizeof reply.detail);
        return reply;
    }
    assert_false(command.is_full);
    world->command_size = command.size;
    world_decide(world, kind, true, &reply);
    return reply;
}

static inline struct world_reply world_publish(struct world *world, const struct caller *caller,
                                               const struct booking_session *session) {
    struct publish_request request = {.session = *session};
    uint8_t bytes[BOOKING_REQUEST_MAX];
    struct buffer buffer = buffer_over(bytes, sizeof bytes);
    publish_request_encode(&request, &buffer);
    return world_send(world, caller, BOOKING_COMMAND_PUBLISH, BOOKING_METHOD_PUBLISH_SESSION, &buffer);
}

static inline struct world_reply world_hold(struct world *world, const struct caller *caller,
                                            struct booking_slot_id slot_id, uint32_t hold_seconds) {
    struct hold_request request = {.slot_id = slot_id, .hold_seconds = hold_seconds};
    uint8_t bytes[BOOKING_REQUEST_MAX];
    struct buffer buffer = buffer_over(bytes, sizeof bytes);
    hold_request_encode(&request, &buffer);
    return world_send(world, caller, BOOKING_COMMAND_HOLD, BOOKING_METHOD_HOLD, &buffer);
}

static inline struct world_reply world_book(struct world *world, const struct caller *caller,
                                            const struct book_request *request) {
    uint8_t bytes[BOOKING_REQUEST_MAX];
    struct buffer buffer = buffer_over(bytes, sizeof bytes);
    book_request_encode(request, &buffer);
    return world_send(world, caller, BOOKING_COMMAND_BOOK, BOOKING_METHOD_BOOK, &buffer);
}

static inline struct world_reply world_cancel(struct world *world, const struct caller *caller, struct uuid booking_id,
                                              enum booking_cancel_reason reason) {
    struct cancel_request request = {.booking_id = booking_id, .reason = reason};
    uint8_t bytes[BOOKING_REQUEST_MAX];
    struct buffer buffer = buffer_over(bytes, sizeof bytes);
    cancel_request_encode(&request, &buffer);
    return world_send(world, caller, BOOKING_COMMAND_CANCEL, BOOKING_METHOD_CANCEL, &buffer);
}

/* Fires what is due, as the owner does at the start of a turn. Returns how many holds ran out. */
static inline uint32_t world_fire(struct world *world) {
    uint32_t count = 0;
    struct timer_id timer;
    struct slice body;
    while (timer_next_due(&world->rows, NULL, world->now_ms, &timer, &body)) {
        struct arena arena = arena_over(world->memory, WORLD_ARENA_SIZE);
        struct service_decision decision;
        booking_service.fire(&world->rows, timer, body, world->now_ms, &arena, &decision);
        assert_int_equal(decision.outcome, OUTCOME_OK);
        count += decision.event_count;
        world_commit(world, &decision);
        timer_clear(&world->rows, timer); /* the host clears a fired timer in any case */
    }
    return count;
}

/* The answer's bytes lie in world->query_memory. */
static inline uint32_t world_query(struct world *world, const struct caller *caller, const char *method,
                                   const struct buffer *request, struct slice *ret_answer,
                                   char ret_detail[SERVICE_DETAIL_MAX]) {
    assert_false(request->is_full);
    struct ingress ingress = world_ingress(world, caller);
    struct arena arena = arena_over(world->memory, WORLD_ARENA_SIZE);
    struct buffer out = buffer_over(world->query_memory, SERVICE_ANSWER_MAX);
    struct service_refusal refusal = {0};
    uint32_t outcome = world_method(method)->query(&world_context, &ingress, &world->read_only, world->now_ms,
                                                   buffer_slice(request), &arena, &out, &refusal);
    assert_false(out.is_full);
    *ret_answer = buffer_slice(&out);
    if (ret_detail != NULL) memcpy(ret_detail, refusal.detail, SERVICE_DETAIL_MAX);
    return outcome;
}

/* What the method's about tells; its slices lie in world->memory until the next call. */
static inline bool world_about(struct world *world, const struct caller *caller, const char *method,
                               const struct buffer *request, struct service_subject *ret_subject) {
    assert_false(request->is_full);
    struct ingress ingress = world_ingress(world, caller);
    struct arena arena = arena_over(world->memory, WORLD_ARENA_SIZE);
    return world_method(method)->about(&world_context, &ingress, &world->read_only, buffer_slice(request), &arena,
                                       ret_subject);
}

/* The slots lie in world->memory until the next call. */
static inline uint32_t world_find(struct world *world, const struct caller *caller,
                                  const struct find_slots_request *request, struct find_slots_response *ret_response) {
    uint8_t bytes[BOOKING_REQUEST_MAX];
    struct buffer buffer = buffer_over(bytes, sizeof bytes);
    find_slots_request_encode(request, &buffer);
    struct slice answer;
    uint32_t outcome = world_query(world, caller, BOOKING_METHOD_FIND_SLOTS, &buffer, &answer, NULL);
    memset(ret_response, 0, sizeof *ret_response);
    if (outcome != OUTCOME_OK) return outcome;
    struct arena arena = arena_over(world->memory, WORLD_ARENA_SIZE);
    struct wire_fault fault = {{0}};
    if (!find_slots_response_decode(answer, &arena, ret_response, &fault)) fail_msg("%s", fault.text);
    return outcome;
}

static inline uint32_t world_get(struct world *world, const struct caller *caller, struct uuid booking_id,
                                 struct booking_view *ret_view) {
    struct get_booking_request request = {.booking_id = booking_id};
    uint8_t bytes[BOOKING_REQUEST_MAX];
    struct buffer buffer = buffer_over(bytes, sizeof bytes);
    get_booking_request_encode(&request, &buffer);
    struct slice answer;
    uint32_t outcome = world_query(world, caller, BOOKING_METHOD_GET_BOOKING, &buffer, &answer, NULL);
    if (outcome != OUTCOME_OK) return outcome;
    struct arena arena = arena_over(world->memory, WORLD_ARENA_SIZE);
    struct wire_fault fault = {{0}};
    if (!get_booking_response_decode(answer, &arena, ret_view, &fault)) fail_msg("%s", fault.text);
    return outcome;
}

/* The bookings lie in world->memory until the next call. */
static inline uint32_t world_list(struct world *world, const struct caller *caller,
                                  const struct list_person_bookings_request *request,
                                  struct list_person_bookings_response *ret_response) {
    uint8_t bytes[BOOKING_REQUEST_MAX];
    struct buffer buffer = buffer_over(bytes, sizeof bytes);
    list_person_bookings_request_encode(request, &buffer);
    struct slice answer;
    uint32_t outcome = world_query(world, caller, BOOKING_METHOD_LIST_PERSON_BOOKINGS, &buffer, &answer, NULL);
    memset(ret_response, 0, sizeof *ret_response);
    if (outcome != OUTCOME_OK) return outcome;
    struct arena arena = arena_over(world->memory, WORLD_ARENA_SIZE);
    struct wire_fault fault = {{0}};
    if (!list_person_bookings_response_decode(answer, &arena, ret_response, &fault)) fail_msg("%s", fault.text);
    return outcome;
}

/* Digest of the rows that replaying the journal into an empty store gives. */
static inline struct digest world_replay_digest(const struct world *world) {
    struct rows_array array;
    rows_array_init(&array);
    struct rows rows = rows_array_rows(&array);
    for (size_t i = 0; i < world->journal_count; i++) {
        const struct world_entry *entry = &world->journal[i];
        assert_true(booking_service.apply(&rows, &entry->context, slice_of(entry->event, entry->event_size)));
    }
    struct digest digest = rows_array_digest(&array);
    rows_array_free(&array);
    return digest;
}

#endif
