/* A message of the index's command log: anybody with the right to write there could have put anything in. What decodes
 * encodes to bytes that decode to the same struct, and can be decided on and applied. */
#include "tests/fuzz/index_seeds.h"

enum { ARENA_SIZE = 1024 * 1024 };
static uint8_t arena_memory[ARENA_SIZE];

static void run(struct slice input) {
    struct wire_fault fault = {""};
    bool is_good = seed_twice(&index_command_wire, input, &fault);
    if (!is_good) seed_reach_expected(&fault);
    struct rows_array array;
    rows_array_init(&array);
    struct rows rows = rows_array_rows(&array);
    seed_store(&rows);
    struct arena arena = arena_over(arena_memory, sizeof arena_memory);
    static struct service_decision decision;
    index_service_table.decide(&rows, input, SEED_NOW_MS, &arena, &decision);
    ASSERT((decision.outcome == OUTCOME_UNREADABLE) == !is_good);
    const struct outcome_row *row = service_outcome(&index_service_table, decision.outcome);
    ASSERT(row != NULL);
    fuzz_reach(row->name);
    struct apply_context context = {.decided_at_ms = SEED_NOW_MS, .number = 99};
    for (uint32_t i = 0; i < decision.event_count; i++) {
        bool is_applied = index_service_table.apply(&rows, &context, decision.events[i]);
        ASSERT(is_applied);
    }
    rows_array_free(&array);
}

static void seed_one(struct index_command *command) {
    static uint8_t bytes[INDEX_WIRE_ARENA_SIZE], memory[INDEX_WIRE_ARENA_SIZE];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    struct arena arena = arena_over(memory, sizeof memory);
    memcpy(command->ingress.system, "council-a", 9);
    command->ingress.received_at_ms = SEED_NOW_MS;
    command->ingress.entity_id = seed_id(20);
    wire_table_encode(&index_command_wire, command, &arena, &out);
    fuzz_seed_buffer(&out);
}

/* Draws for every kind, not only those that a few numbers happen to fall on. */
static void seed_every_kind(void) {
    static struct index_command command;
    static bool has_kind[INDEX_COMMAND_PRACTITIONER + 1];
    uint32_t left = INDEX_COMMAND_PRACTITIONER - INDEX_COMMAND_REGISTER + 1;
    for (uint64_t draw = 100; left > 0; draw++) {
        struct prng prng = prng_seed(draw);
        draw_message(&prng, &index_command_wire, (uint8_t *)&command);
        if (has_kind[command.kind]) continue;
        has_kind[command.kind] = true;
        left--;
        seed_one(&command);
    }
}

static void seed(void) {
    static struct index_command command;
    seed_drawn(&index_command_wire, -1);
    seed_every_kind();
    for (uint8_t user = 0; user < 2; user++) {
        memset(&command, 0, sizeof command);
        command.kind = INDEX_COMMAND_MERGE;
        memcpy(command.ingress.user, user == 0 ? "u1" : "u2", 2);
        command.merge_persons = (struct index_merge_request){seed_id(1), seed_id(user == 0 ? 2 : 5), "same", {{0}}};
        seed_one(&command);
    }
    memset(&command, 0, sizeof command);
    command.kind = INDEX_COMMAND_UNMERGE;
    command.unmerge_persons = (struct index_unmerge_request){seed_id(1), "two"};
    seed_one(&command);
    memset(&command, 0, sizeof command);
    command.kind = INDEX_COMMAND_LINK;
    command.link_record = (struct index_link_request){seed_id(3), seed_id(4), "by hand"};
    seed_one(&command);
    command.link_record.person_id = seed_id(1);
    seed_one(&command);
    memset(&command, 0, sizeof command);
    command.kind = INDEX_COMMAND_UNLINK;
    command.unlink_record = (struct index_unlink_request){seed_id(1), "by hand"};
    seed_one(&command);
}

static const char *const outcomes[] = {"already_alone",
                                       "already_there",
                                       "approval_needed",
                                       "dates_reversed",
                                       "expected 0 to 1439",
                                       "expected 1 to 1000000",
                                       "expected 1 to 12 letters and digits",
                                       "expected 1 to 32 characters of A-Z a-z 0-9 . _ -",
                                       "expected 1 to 7",
                                       "expected 2 digits, a letter, 4 digits and a letter",
                                       "expected 7 bits",
                                       "expected 7 digits",
                                       "expected UTF-8 text without control characters",
                                       "expected a UK postcode",
                                       "expected a UUID as text",
                                       "expected a date as YYYY-MM-DD",
                                       "expected a kind of relationship",
                                       "expected a minute after from_minute",
                                       "expected a professional",
                                       "expected a purpose",
                                       "expected a register",
                                       "expected a role such as R8000 or S8000:G8000:R8000",
                                       "expected a service",
                                       "expected a whole protobuf message",
                                       "expected an ODS code: 3 to 10 of A-Z 0-9",
                                       "expected an SDS user id, 12 digits",
                                       "expected an organisation",
                                       "expected at most 100 bytes on one line",
                                       "expected at most 1000000",
                                       "expected at most 1440",
                                       "expected characters of A-Z a-z 0-9 . _ : -, not so many",
                                       "expected milliseconds since 1970 UTC, before the year 2200",
                                       "expected one of 01 to 08, or none",
                                       "expected permit, deny or not stated",
                                       "expected postcode districts such as RM1",
                                       "expected restricted, sensitive, deceased or do not match",
                                       "expected sealed details",
                                       "expected sealed preferences",
                                       "expected the type that the contract says",
                                       "expected this field or one of its alternatives",
                                       "expected what was said",
                                       "expected who asked",
                                       "expected why, 1 to 200 bytes on one line, without an NHS number",
                                       "expected with whom, and when",
                                       "merge_unknown",
                                       "number_conflict",
                                       "ok",
                                       "organisation_unknown",
                                       "pair_unknown",
                                       "person_unknown",
                                       "record_unknown",
                                       "unreadable",
                                       NULL};
const struct fuzz_harness fuzz_harness = {outcomes, run, seed, 1000};
