/* A desk in memory at which the service's table is tried from a request's bytes to an answer's: accepted at the
 * door, decided, applied, followed by what is derived, and found. */
#ifndef BHR_TESTS_CORE_INDEX_DESK_H
#define BHR_TESTS_CORE_INDEX_DESK_H

#include "services/index/service.h"

#include "lib/base/civil_time.h"
#include "lib/digest/digest.h"
#include "lib/port/fake/vault.h"
#include "services/index/derived.h"
#include "tests/core/index/index_world.h"

enum { ARENA_SIZE = 1024 * 1024 };

struct desk {
    struct rows_array array;
    struct fake_vault fake_vault;
    struct vault vault;
    struct service_context context;
    int64_t now_ms;
    uint64_t number;
    uint8_t arena_memory[ARENA_SIZE], command[64 * 1024], answer[64 * 1024], event[64 * 1024];
    char detail[SERVICE_DETAIL_MAX + 1];
};
static struct desk desk;
static const uint8_t key[32] = {7};

static int64_t config_number(const struct service_context *context, const char *name) {
    (void)context;
    for (uint32_t i = 0; i < index_service_table.config_row_count; i++) {
        const struct service_config_row *row = &index_service_table.config_rows[i];
        if (strcmp(row->name, name) == 0) return row->default_value;
    }
    fail_msg("no such row: %s", name);
    return 0;
}

static inline int desk_open(void **state) {
    (void)state;
    memset(&desk, 0, sizeof desk);
    assert_true(digest_init());
    rows_array_init(&desk.array);
    desk.vault = fake_vault_port(&desk.fake_vault);
    assert_true(civil_parse_instant(slice_text("2026-11-29T02:06:00Z"), &desk.now_ms));
    desk.context = (struct service_context){.pseudonym_key = key,
                                            .vault = &desk.vault,
                                            .config_number = config_number,
                                            .rules_file = BHR_SOURCE_DIR "/deploy/local/match.rules"};
    struct error error = {0};
    desk.context.derived = index_service_table.derived->open(&desk.context, &error);
    assert_non_null(desk.context.derived);
    return 0;
}

static inline int desk_close(void **state) {
    (void)state;
    index_service_table.derived->close(desk.context.derived);
    rows_array_free(&desk.array);
    return 0;
}

static inline void follow(void) {
    struct rows view = rows_array_read_only(&desk.array);
    while (index_service_table.derived->follow(desk.context.derived, &desk.context, &view)) {
    }
}

static const struct service_method *method_of(const char *rpc) {
    for (uint32_t i = 0; i < index_service_table.method_count; i++) {
        struct slice name = service_method_rpc(&index_service_table.methods[i]);
        if (slice_equal(name, slice_text(rpc))) return &index_service_table.methods[i];
    }
    fail_msg("no such method: %s", rpc);
    return NULL;
}

static struct ingress ingress_of(const char *user) {
    return (struct ingress){.system = slice_text("bhrut-pas"),
                            .organisation = slice_text("RF4"),
                            .role = slice_text("hospital"),
                            .user = slice_text(user),
                            .received_at_ms = desk.now_ms,
                            .entity_id = id_of(0xC0, ++desk.number)};
}

/* A command from its request to its answer; the outcome. */
static inline uint32_t command(const char *rpc, const struct wire_table *table, const void *plain, const char *user,
                               enum index_command_kind kind, struct index_answer *ret_answer) {
    struct arena arena = arena_over(desk.arena_memory, sizeof desk.arena_memory);
    struct rows view = rows_array_read_only(&desk.array), rows = rows_array_rows(&desk.array);
    struct ingress ingress = ingress_of(user);
    struct slice request = wire_table_encode_to_arena(table, plain, &arena);
    struct buffer out = buffer_over(desk.command, sizeof desk.command);
    struct service_refusal refusal = {0};
    struct service_context context = desk.context;
    context.rows = &view;
    desk.detail[0] = '\0';
    if (!method_of(rpc)->accept(&context, &ingress, request, &arena, &out, &refusal)) {
        memcpy(desk.detail, refusal.detail, sizeof refusal.detail);
        return refusal.outcome;
    }
    assert_false(out.is_full);
    static struct service_decision decision;
    index_service_table.decide(&view, buffer_slice(&out), desk.now_ms, &arena, &decision);
    for (uint32_t i = 0; i < decision.event_count; i++) {
        struct apply_context at = {.decided_at_ms = desk.now_ms, .number = desk.number};
        assert_true(decision.events[i].size < sizeof desk.event);
        memcpy(desk.event, decision.events[i].data, decision.events[i].size);
        assert_true(index_service_table.apply(&rows, &at, slice_of(desk.event, decision.events[i].size)));
        struct public_event public_event;
        assert_true(index_service_table.publish(decision.events[i], &arena, &public_event));
    }
    follow();
    struct wire_fault fault = {.text = ""};
    if (ret_answer != NULL) memset(ret_answer, 0, sizeof *ret_answer);
    if (ret_answer != NULL && decision.answer.size > 0 &&
        !wire_table_decode(index_answer_wire(kind), decision.answer, &arena, ret_answer, &fault)) {
        fail_msg("%s", fault.text);
    }
    return decision.outcome;
}

/* Whom a query says that it is about, it says on its way; asked for alone it is the same. */
static inline void check_subject(const struct service_method *method, const struct ingress *ingress,
                                 const struct rows *view, struct slice request, const struct service_subject *subject) {
    uint8_t memory[16 * 1024];
    struct arena arena = arena_over(memory, sizeof memory);
    struct service_subject alone = {0};
    if (!subject->has_person) return;
    assert_true(method->about(&desk.context, ingress, view, request, &arena, &alone));
    assert_true(alone.has_person);
    assert_memory_equal(&subject->person_id, &alone.person_id, sizeof alone.person_id);
}

static inline uint32_t query(const char *rpc, const struct wire_table *table, const void *plain, const char *user_role,
                             const struct wire_table *response, void *ret_answer) {
    struct arena arena = arena_over(desk.arena_memory, sizeof desk.arena_memory);
    struct rows view = rows_array_read_only(&desk.array);
    struct ingress ingress = ingress_of("");
    ingress.user_role = slice_text(user_role);
    struct slice request = wire_table_encode_to_arena(table, plain, &arena);
    struct buffer out = buffer_over(desk.answer, sizeof desk.answer);
    struct service_refusal refusal = {0};
    uint32_t outcome =
        method_of(rpc)->query(&desk.context, &ingress, &view, desk.now_ms, request, &arena, &out, &refusal);
    check_subject(method_of(rpc), &ingress, &view, request, &refusal.subject);
    memcpy(desk.detail, refusal.detail, sizeof refusal.detail);
    if (outcome != OUTCOME_OK) return outcome;
    assert_false(out.is_full);
    struct wire_fault fault = {.text = ""};
    if (!wire_table_decode(response, buffer_slice(&out), &arena, ret_answer, &fault)) fail_msg("%s", fault.text);
    return outcome;
}

#endif
