/* The body of each request that the index's door takes. Its first byte says which. What is taken encodes to bytes that
 * decode to the same struct, and goes on: the service accepts it, decides on it, applies its events, shows and publishes
 * them, or answers it, against a small store, the real search and the deployed rules. Nothing of that may hit an
 * assertion. */
#include "lib/digest/digest.h"
#include "lib/port/fake/vault.h"
#include "services/index/derived.h"
#include "services/index/glue.h"
#include "services/index/resolve.h"
#include "tests/core/index/kept_array.h"
#include "tests/fuzz/index_request_outcomes.h"
#include "tests/fuzz/index_seeds.h"

#include <stdio.h>

enum { ARENA_SIZE = 1024 * 1024, PEOPLE_MAX = 1000 };
static uint8_t arena_memory[ARENA_SIZE];

static const struct {
    const char *rpc;
    const struct wire_table *request, *response; /* response of a command: by its kind */
    enum index_command_kind kind;
} methods[] = {
    {"RegisterRecord", &index_register_request_wire, NULL, INDEX_COMMAND_REGISTER},
    {"LinkRecord", &index_link_request_wire, NULL, INDEX_COMMAND_LINK},
    {"UnlinkRecord", &index_unlink_request_wire, NULL, INDEX_COMMAND_UNLINK},
    {"MergePersons", &index_merge_request_wire, NULL, INDEX_COMMAND_MERGE},
    {"UnmergePersons", &index_unmerge_request_wire, NULL, INDEX_COMMAND_UNMERGE},
    {"ClaimPair", &index_claim_request_wire, NULL, INDEX_COMMAND_CLAIM},
    {"DecidePair", &index_decide_request_wire, NULL, INDEX_COMMAND_DECIDE},
    {"FlagPerson", &index_flag_request_wire, NULL, INDEX_COMMAND_FLAG},
    {"SetRelationship", &index_relation_request_wire, NULL, INDEX_COMMAND_RELATION},
    {"RegisterOrganisation", &index_organisation_request_wire, NULL, INDEX_COMMAND_ORGANISATION},
    {"RegisterService", &index_service_request_wire, NULL, INDEX_COMMAND_SERVICE},
    {"FindPerson", &index_find_request_wire, &index_find_response_wire, 0},
    {"TracePerson", &index_trace_request_wire, &index_trace_response_wire, 0},
    {"TryRules", &index_try_request_wire, &index_try_response_wire, 0},
    {"GetPerson", &index_get_request_wire, &index_get_response_wire, 0},
    {"ListPairs", &index_list_pairs_request_wire, &index_pairs_response_wire, 0},
    {"GetBoard", NULL, &index_board_response_wire, 0},
    {"GetOrganisation", &index_get_organisation_request_wire, &index_organisation_response_wire, 0},
    {"FindServices", &index_find_services_request_wire, &index_services_response_wire, 0},
    {"SetConsent", &index_consent_request_wire, NULL, INDEX_COMMAND_CONSENT},
    {"SetPreferences", &index_preferences_request_wire, NULL, INDEX_COMMAND_PREFERENCES},
    {"RegisterPractitioner", &index_practitioner_request_wire, NULL, INDEX_COMMAND_PRACTITIONER},
    {"GetConsent", &index_get_consent_request_wire, &index_consents_response_wire, 0},
    {"GetPractitioner", &index_get_practitioner_request_wire, &index_practitioner_response_wire, 0},
};
enum {
    REGISTER,
    LINK,
    UNLINK,
    MERGE,
    UNMERGE,
    CLAIM,
    DECIDE,
    FLAG,
    RELATE,
    PUT_ORGANISATION,
    SERVICE,
    FIND,
    TRACE,
    TRY,
    GET,
    PAIRS,
    BOARD,
    ORGANISATION,
    SERVICES,
    CONSENT,
    PREFERENCES,
    PUT_PRACTITIONER,
    CONSENTS,
    PRACTITIONER,
    METHOD_COUNT
};
static_assert(sizeof methods / sizeof methods[0] == METHOD_COUNT, "every method has its number");

/* ---- what the door gives the service ---- */

static int64_t config_number(const struct service_context *context, const char *name) {
    (void)context;
    uint32_t i = 0;
    if (strcmp(name, "people_max") == 0) return PEOPLE_MAX;
    while (strcmp(index_service_table.config_rows[i].name, name) != 0) i++;
    return index_service_table.config_rows[i].default_value;
}

static struct fake_vault fake;
static struct vault vault;
static const int64_t now_ms = SEED_NOW_MS;
static struct kept_array kept = {.now_ms = &now_ms};
static struct kept_port port;
static struct service_context context;

/* Somebody whom every question may be about, known as the service itself would know them. */
static const struct index_record_key known_key = {"F82001", "emis", "4711"};
static const struct index_demographics known = {.nhs_number = "9434765919",
                                                .nhs_number_status = INDEX_NHS_VERIFIED,
                                                .family_name = "Okonjo",
                                                .given_name = "Rosa",
                                                .birth_date = "1956-03-01",
                                                .postcode = "RM1 3AA"};

static void fill(const struct rows *rows) {
    struct index_event event = seed_registered(7);
    struct index_record_registered *record = &event.record_registered;
    struct index_details details;
    memset(&details, 0, sizeof details);
    memcpy(details.local_id, known_key.local_id, sizeof details.local_id);
    details.demographics = known;
    seed_store(rows);
    record->record_id = record->person_id = resolve_record_id(context.pseudonym_key, &known_key);
    record->nhs_hash = resolve_nhs_hash(context.pseudonym_key, known.nhs_number);
    bool is_sealed = resolve_seal(&vault, record->record_id, &details, &record->sealed);
    ASSERT(is_sealed);
    seed_apply(rows, 20, &event);
}

/* A look-up that rules can be tried on. */
static void keep_one(void) {
    const struct index_trace_request asked = {known, 5};
    struct arena arena = arena_over(arena_memory, sizeof arena_memory);
    index_keep(&context, &arena, &asked, resolve_record_id(context.pseudonym_key, &known_key));
}

static struct ingress ingress_of(void) {
    return (struct ingress){.system = slice_text("ops"),
                            .organisation = slice_text("F82001"),
                            .role = slice_text("operator"),
                            .user = slice_text("555000000333"),
                            .received_at_ms = SEED_NOW_MS,
                            .entity_id = seed_id(9)};
}

static const struct service_method *method_of(const char *rpc) {
    uint32_t i = 0;
    while (!slice_equal(service_method_rpc(&index_service_table.methods[i]), slice_text(rpc))) i++;
    return &index_service_table.methods[i];
}

/* ---- what becomes of a request ---- */

static const char *name_of(uint32_t outcome) {
    const struct outcome_row *row = service_outcome(&index_service_table, outcome);
    ASSERT(row != NULL);
    return row->name;
}

static void apply(const struct rows *rows, const struct service_decision *decision) {
    static uint8_t memory[INDEX_WIRE_ARENA_SIZE];
    struct apply_context at = {.decided_at_ms = SEED_NOW_MS, .number = 99};
    for (uint32_t i = 0; i < decision->event_count; i++) {
        char line[256];
        struct arena arena = arena_over(memory, sizeof memory);
        struct public_event event;
        bool is_applied = index_service_table.apply(rows, &at, decision->events[i]);
        ASSERT(is_applied && index_service_table.describe(decision->events[i], line, sizeof line) <= sizeof line);
        bool is_public = index_service_table.publish(decision->events[i], &arena, &event);
        ASSERT(is_public && event.type.size > 0);
    }
}

/* Whatever is answered its client can read. */
static void read_answer(const struct wire_table *table, struct slice answer) {
    struct wire_fault fault = {""};
    bool is_read = answer.size == 0 || seed_twice(table, answer, &fault);
    ASSERT(is_read);
}

static uint32_t go_on(uint8_t which, struct slice body) {
    static uint8_t out_memory[64 * 1024];
    const struct service_method *method = method_of(methods[which].rpc);
    struct rows_array array;
    rows_array_init(&array);
    struct rows rows = rows_array_rows(&array), read_only = rows_array_read_only(&array);
    fill(&rows);
    struct arena arena = arena_over(arena_memory, sizeof arena_memory);
    struct buffer out = buffer_over(out_memory, sizeof out_memory);
    struct ingress ingress = ingress_of();
    struct service_refusal refusal = {0};
    struct service_decision decision = {.outcome = 0};
    struct service_subject subject = {0};
    if (method->about != NULL) (void)method->about(&context, &ingress, &read_only, body, &arena, &subject);
    arena_reset(&arena);
    context.rows = &read_only;
    uint32_t outcome;
    if (method->kind == METHOD_QUERY) {
        outcome = method->query(&context, &ingress, &read_only, SEED_NOW_MS, body, &arena, &out, &refusal);
        if (outcome == OUTCOME_OK) read_answer(methods[which].response, buffer_slice(&out));
    } else if (!method->accept(&context, &ingress, body, &arena, &out, &refusal)) {
        outcome = refusal.outcome;
    } else {
        ASSERT(!out.is_full);
        index_service_table.decide(&read_only, buffer_slice(&out), SEED_NOW_MS, &arena, &decision);
        outcome = decision.outcome;
        ASSERT(outcome != OUTCOME_UNREADABLE);
        read_answer(index_answer_wire(methods[which].kind), decision.answer);
        apply(&rows, &decision);
    }
    rows_array_free(&array);
    return outcome;
}

static void open_service(void) {
    if (context.derived != NULL) return;
    struct error error;
    bool has_digests = digest_init();
    ASSERT(has_digests);
    vault = fake_vault_port(&fake);
    port = kept_array_port(&kept);
    context = (struct service_context){.pseudonym_key = (const uint8_t *)"a key that only the tests know..",
                                       .vault = &vault,
                                       .config_number = config_number,
                                       .rules_file = BHR_SOURCE_DIR "/deploy/local/match.rules",
                                       .kept = &port};
    context.derived = index_service_table.derived->open(&context, &error);
    ASSERT(context.derived != NULL);
    struct rows_array array;
    rows_array_init(&array);
    struct rows rows = rows_array_rows(&array), read_only = rows_array_read_only(&array);
    fill(&rows);
    while (index_service_table.derived->follow(context.derived, &context, &read_only)) {
    }
    rows_array_free(&array);
}

static void run(struct slice input) {
    if (input.size == 0) return;
    open_service();
    kept.end = 0;
    uint8_t which = fuzz_byte(&input) % METHOD_COUNT;
    const struct wire_table *table = methods[which].request;
    struct wire_fault fault = {""};
    if (table != NULL && !seed_twice(table, input, &fault)) {
        seed_reach_expected(&fault);
        return;
    }
    if (which == TRY) keep_one();
    uint64_t before = kept.end;
    uint32_t outcome = go_on(which, input);
    char reached[FUZZ_OUTCOME_MAX];
    (void)snprintf(reached, sizeof reached, "%s", name_of(outcome));
    if (outcome == OUTCOME_OK) (void)snprintf(reached, sizeof reached, "ok %s", methods[which].rpc);
    fuzz_reach(reached);
    ASSERT(kept.end - before == (which == TRACE && outcome == OUTCOME_OK) && kept.dropped == 0);
}

/* ---- seeds ---- */

static size_t read_rules(uint8_t *ret_bytes, size_t size_max) {
    FILE *file = fopen(BHR_SOURCE_DIR "/deploy/local/match.rules", "rbe");
    ASSERT(file != NULL);
    size_t size = fread(ret_bytes, 1, size_max, file);
    (void)fclose(file);
    return size;
}

static void seed_one(uint8_t which, const void *plain) {
    static uint8_t bytes[SEED_BYTES_MAX], memory[SEED_BYTES_MAX];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    struct arena arena = arena_over(memory, sizeof memory);
    buffer_put_u8(&out, which);
    if (methods[which].request != NULL) wire_table_encode(methods[which].request, plain, &arena, &out);
    fuzz_seed_buffer(&out);
}

static void seed_rules(void) {
    static struct index_try_request request;
    request.rules_size = (uint32_t)read_rules(request.rules, sizeof request.rules);
    seed_one(TRY, &request);
    request.series = 2;
    seed_one(TRY, &request);
    request.rules_size /= 2;
    seed_one(TRY, &request);
}

/* A good question, or one that is refused in its own way, of every method that draws alone do not get so far with. */
static void seed_good_ones(void) {
    seed_one(REGISTER, &(struct index_register_request){known_key, known});
    seed_one(REGISTER, &(struct index_register_request){{"F82001", "emis", "4712"}, known});
    struct index_demographics unborn = known;
    memcpy(unborn.birth_date, "2199", 5);
    seed_one(REGISTER, &(struct index_register_request){known_key, unborn});
    seed_one(LINK, &(struct index_link_request){seed_id(2), seed_id(6), "by hand"});
    seed_one(LINK, &(struct index_link_request){seed_id(2), seed_id(1), "by hand"});
    seed_one(LINK, &(struct index_link_request){seed_id(3), seed_id(4), "by hand"});
    seed_one(UNLINK, &(struct index_unlink_request){seed_id(4), "somebody else"});
    seed_one(MERGE, &(struct index_merge_request){seed_id(5), seed_id(6), "same address", {{0}}});
    seed_one(MERGE, &(struct index_merge_request){seed_id(1), seed_id(2), "same address", {{0}}});
    seed_one(MERGE, &(struct index_merge_request){seed_id(3), seed_id(4), "same address", {{0}}});
    seed_one(MERGE, &(struct index_merge_request){seed_id(1), seed_id(2), "same address", seed_id(7)});
    seed_one(UNMERGE, &(struct index_unmerge_request){seed_id(1), "two after all"});
    seed_one(CLAIM, &(struct index_claim_request){seed_id(1)});
    seed_one(DECIDE, &(struct index_decide_request){seed_id(1), false, "sisters"});
    seed_one(FLAG, &(struct index_flag_request){seed_id(1), INDEX_FLAG_RESTRICTED, true, "asked for"});
    seed_one(RELATE, &(struct index_relation_request){seed_id(1),
                                                      {INDEX_RELATION_PRACTICE, "F82001", {{0}}, "2020-01-01", ""}});
    seed_one(SERVICE, &(struct index_service_request){{.service_id = "gp",
                                                       .organisation = "F82001",
                                                       .name = "GP",
                                                       .kind = "gp-evening",
                                                       .opened_date = "2020-01-01"}});
    seed_one(CONSENT,
             &(struct index_consent_request){seed_id(1), {INDEX_PURPOSE_CONTACT, INDEX_DENY, "2020-01-01", ""}});
    seed_one(PREFERENCES, &(struct index_preferences_request){seed_id(1), {.language = "bn"}});
    struct index_practitioner doctor = {.practitioner_id = "555000000111", .name = "A", .opened_date = "2020-01-01"};
    doctor.role_count = 1;
    doctor.roles[0] = (struct index_practitioner_role){"R8000", "F82001", "2020-01-01", ""};
    seed_one(PUT_PRACTITIONER, &(struct index_practitioner_request){doctor});
    seed_one(CONSENTS, &(struct index_get_consent_request){seed_id(4), "", 0});
    seed_one(PRACTITIONER, &(struct index_get_practitioner_request){.by = INDEX_BY_PRACTITIONER_ID,
                                                                    .practitioner_id = "555000000111"});
    struct index_find_request find = {.by = INDEX_FIND_BY_NHS_NUMBER, .nhs_number = "9434765919"};
    seed_one(FIND, &find);
    memcpy(find.birth_date, "1956-03-01", 10);
    seed_one(FIND, &find);
    seed_one(FIND, &(struct index_find_request){.by = INDEX_FIND_BY_RECORD, .record = known_key});
    struct index_trace_request trace = {known, 5};
    seed_one(TRACE, &trace);
    trace.demographics.birth_date[3] = '9';
    seed_one(TRACE, &trace);
    seed_one(GET, &(struct index_get_request){seed_id(4), 0});
    seed_one(GET, &(struct index_get_request){resolve_record_id(context.pseudonym_key, &known_key), 0});
    seed_one(BOARD, NULL);
    seed_one(ORGANISATION, &(struct index_get_organisation_request){"F82001", "2026-11-29"});
}

static void seed(void) {
    open_service();
    for (uint8_t which = 0; which < METHOD_COUNT; which++) {
        if (methods[which].request != NULL) seed_drawn(methods[which].request, which);
    }
    seed_good_ones();
    seed_rules();
}

const struct fuzz_harness fuzz_harness = {outcomes, run, seed, 2000};
