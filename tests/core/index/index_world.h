/* An index in memory for tests of its rules: commands go through their bytes, are decided, and what their events'
 * bytes say is applied, as in a replica. The events stay, so that they can be replayed. */
#ifndef BHR_TESTS_CORE_INDEX_WORLD_H
#define BHR_TESTS_CORE_INDEX_WORLD_H

#include "lib/base/outcome.h"
#include "lib/wire/index/index_wire.h"
#include "services/index/core/apply.h"
#include "services/index/core/facts.h"
#include "services/index/core/query.h"
#include "tests/support/cmocka.h"
#include "tests/support/rows_array.h"

enum { WORLD_EVENTS_MAX = 4096, WORLD_BYTES_MAX = 4 * 1024 * 1024 };
#define WORLD_START_MS INT64_C(1795911600000)

struct world_event {
    int64_t at_ms;
    uint64_t number;
    struct slice bytes;
};
struct world {
    struct rows_array array;
    int64_t now_ms;
    uint64_t number, entity;
    struct arena events_arena;
    uint32_t event_count;
    struct world_event events[WORLD_EVENTS_MAX];
    uint8_t bytes[WORLD_BYTES_MAX];
};

static inline void world_begin(struct world *world) {
    memset(world, 0, sizeof *world);
    rows_array_init(&world->array);
    world->now_ms = WORLD_START_MS;
    world->events_arena = arena_over(world->bytes, sizeof world->bytes);
}

static inline void world_end(struct world *world) {
    rows_array_free(&world->array);
}

/* An id that says what it is of, so that failures can be read. */
static inline struct uuid id_of(uint8_t kind, uint64_t number) {
    struct uuid id = {{kind, 0, 0, 0, 0, 0, 0x80, 0, 0x80}};
    for (int i = 0; i < 6; i++) id.bytes[15 - i] = (uint8_t)(number >> (8 * i));
    return id;
}

static inline struct uuid record_id_of(uint64_t number) {
    return id_of(0xE0, number);
}

static inline struct index_command command_of(struct world *world, enum index_command_kind kind, const char *user) {
    struct index_command command;
    memset(&command, 0, sizeof command);
    command.kind = kind;
    memcpy(command.ingress.system, "council-a", 9);
    memcpy(command.ingress.user, user, strlen(user));
    command.ingress.received_at_ms = world->now_ms;
    command.ingress.entity_id = id_of(0xC0, ++world->entity);
    return command;
}

static inline void world_apply(struct rows_array *array, const struct world_event *at) {
    static uint8_t memory[INDEX_WIRE_ARENA_SIZE];
    static struct index_event event;
    struct arena arena = arena_over(memory, sizeof memory);
    struct wire_fault fault;
    assert_true(wire_table_decode(&index_event_wire, at->bytes, &arena, &event, &fault));
    struct rows rows = rows_array_rows(array);
    index_apply(&rows, at->at_ms, at->number, &event);
    char line[200];
    struct buffer out = buffer_over(line, sizeof line);
    index_describe(&event, &out);
    assert_false(out.is_full || out.size == 0);
}

/* A decision and what follows from it. The answer is the one that a caller would read. */
static inline uint32_t world_run(struct world *world, const struct index_command *command,
                                 struct index_answer *ret_answer) {
    static uint8_t memory[2 * INDEX_WIRE_ARENA_SIZE];
    static struct index_command decoded;
    static struct index_decision decision, again;
    struct arena arena = arena_over(memory, sizeof memory);
    struct wire_fault fault = {.text = ""};
    struct slice bytes = wire_table_encode_to_arena(&index_command_wire, command, &arena);
    assert_non_null(bytes.data);
    if (!wire_table_decode(&index_command_wire, bytes, &arena, &decoded, &fault)) fail_msg("%s", fault.text);
    assert_memory_equal(&decoded, command, sizeof decoded);
    struct rows view = rows_array_read_only(&world->array);
    index_decide(&view, command, world->now_ms, &decision);
    index_decide(&view, command, world->now_ms, &again);
    assert_memory_equal(&decision, &again, sizeof decision);
    world->number++;
    for (uint32_t i = 0; i < decision.event_count; i++) {
        arena_reset(&arena);
        bytes = wire_table_encode_to_arena(&index_event_wire, &decision.events[i], &arena);
        assert_in_range(world->event_count, 0, WORLD_EVENTS_MAX - 1);
        struct world_event *event = &world->events[world->event_count++];
        *event = (struct world_event){world->now_ms, world->number, arena_copy(&world->events_arena, bytes)};
        assert_non_null(event->bytes.data);
        world_apply(&world->array, event);
    }
    if (decision.outcome == OUTCOME_OK) assert_true(decision.answer.is_told);
    if (ret_answer != NULL) *ret_answer = decision.answer;
    return decision.outcome;
}

/* A new store with what was decided until then. */
static inline void world_replay(const struct world *world, int64_t until_ms, struct rows_array *ret_array) {
    rows_array_init(ret_array);
    for (uint32_t i = 0; i < world->event_count && world->events[i].at_ms <= until_ms; i++) {
        world_apply(ret_array, &world->events[i]);
    }
}

/* ---- the commands ---- */

static inline struct index_hash hash_of(uint8_t number) {
    struct index_hash hash = {{0}};
    if (number != 0) memset(hash.bytes, number, sizeof hash.bytes);
    return hash;
}

/* Number 0 is none. */
static inline struct index_command register_command(struct world *world, uint64_t record, uint8_t nhs_number,
                                                    bool is_verified) {
    struct index_command command = command_of(world, INDEX_COMMAND_REGISTER, "");
    struct index_register_order *order = &command.record;
    order->record_id = record_id_of(record);
    memcpy(order->organisation, record % 2 == 0 ? "RF4" : "RAT", 3);
    memcpy(order->source, "pas", 3);
    order->nhs_hash = hash_of(nhs_number);
    if (nhs_number != 0) order->nhs_number_status = is_verified ? INDEX_NHS_VERIFIED : INDEX_NHS_NOT_TRACED;
    order->sealed.key_id = id_of(0xD0, record);
    order->sealed.nonce[0] = 1;
    order->sealed.size = 40;
    memset(order->sealed.ciphertext, (int)(1 + world->entity % 200), 40);
    order->fields = INDEX_HAS_FAMILY_NAME | INDEX_HAS_BIRTH_DATE;
    order->link_ppm = 990000;
    order->review_ppm = 500000;
    return command;
}

static inline void propose(struct index_command *command, uint64_t record, uint32_t posterior_ppm,
                           bool is_cross_checked) {
    struct index_register_order *order = &command->record;
    assert_in_range(order->proposal_count, 0, INDEX_PROPOSALS_MAX - 1);
    struct index_proposal *proposal = &order->proposals[order->proposal_count++];
    proposal->record_id = record_id_of(record);
    proposal->match.weight_millibits = (int32_t)posterior_ppm / 100;
    proposal->match.posterior_ppm = posterior_ppm;
    proposal->match.reason_count = 1;
    memcpy(proposal->match.reasons[0].field, "family_name", 11);
    memcpy(proposal->match.reasons[0].level, "close", 5);
    proposal->match.reasons[0].weight_millibits = 4200;
    proposal->is_cross_checked = is_cross_checked;
}

static inline uint32_t run_register(struct world *world, uint64_t record, struct index_register_answer *ret_answer) {
    struct index_command command = register_command(world, record, 0, false);
    struct index_answer answer;
    uint32_t outcome = world_run(world, &command, &answer);
    if (ret_answer != NULL) *ret_answer = answer.record;
    return outcome;
}

static inline uint32_t run_merge(struct world *world, const char *user, struct uuid survivor_id, struct uuid other_id,
                                 struct uuid approves, struct uuid *ret_merge_id) {
    struct index_command command = command_of(world, INDEX_COMMAND_MERGE, user);
    command.merge_persons = (struct index_merge_request){
        .survivor_id = survivor_id, .other_id = other_id, .reason = "same address", .approves_merge_id = approves};
    struct index_answer answer;
    uint32_t outcome = world_run(world, &command, &answer);
    if (ret_merge_id != NULL) *ret_merge_id = answer.merge_id;
    return outcome;
}

static inline uint32_t run_unmerge(struct world *world, struct uuid merge_id, struct index_unmerge_answer *ret_answer) {
    struct index_command command = command_of(world, INDEX_COMMAND_UNMERGE, "");
    command.unmerge_persons = (struct index_unmerge_request){.merge_id = merge_id, .reason = "two after all"};
    struct index_answer answer;
    uint32_t outcome = world_run(world, &command, &answer);
    if (ret_answer != NULL) *ret_answer = answer.unmerged;
    return outcome;
}

static inline uint32_t run_link(struct world *world, struct uuid record_id, struct uuid person_id) {
    struct index_command command = command_of(world, INDEX_COMMAND_LINK, "");
    command.link_record =
        (struct index_link_request){.record_id = record_id, .person_id = person_id, .reason = "by hand"};
    return world_run(world, &command, NULL);
}

static inline uint32_t run_unlink(struct world *world, struct uuid record_id, struct uuid *ret_person_id) {
    struct index_command command = command_of(world, INDEX_COMMAND_UNLINK, "");
    command.unlink_record = (struct index_unlink_request){.record_id = record_id, .reason = "somebody else"};
    struct index_answer answer;
    uint32_t outcome = world_run(world, &command, &answer);
    if (ret_person_id != NULL) *ret_person_id = answer.person_id;
    return outcome;
}

static inline uint32_t run_flag(struct world *world, struct uuid person_id, enum index_flag flag, bool is_set) {
    struct index_command command = command_of(world, INDEX_COMMAND_FLAG, "");
    command.flag_person =
        (struct index_flag_request){.person_id = person_id, .flag = flag, .is_set = is_set, .reason = "asked for"};
    return world_run(world, &command, NULL);
}

static inline uint32_t run_consent(struct world *world, struct uuid person_id, enum index_purpose purpose,
                                   enum index_decided decision, const char *from, const char *until) {
    struct index_command command = command_of(world, INDEX_COMMAND_CONSENT, "");
    command.set_consent.person_id = person_id;
    struct index_consent *consent = &command.set_consent.consent;
    *consent = (struct index_consent){.purpose = purpose, .decision = decision};
    memcpy(consent->from_date, from, strlen(from));
    memcpy(consent->until_date, until, strlen(until));
    return world_run(world, &command, NULL);
}

static inline struct uuid person_of_record(struct world *world, struct uuid record_id, int64_t as_of_ms) {
    struct rows rows = rows_array_read_only(&world->array);
    struct index_find_answer answer;
    memset(&answer, 0, sizeof answer);
    (void)query_by_record(&rows, record_id, as_of_ms, &answer);
    return answer.person_id;
}

#endif
