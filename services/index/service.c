/* The index as a table: its methods, configuration, outcomes and the thin glue decode -> gather -> decide -> encode.
 * accept runs on the door's thread, decide and apply on the replica's; nothing is kept between calls. */
#include "services/index/service.h"

#include "lib/base/assert.h"
#include "lib/wire/index/index_publish.h"
#include "services/index/core/apply.h"
#include "services/index/core/facts.h"
#include "services/index/derived.h"
#include "services/index/glue.h"
#include "services/index/resolve.h"

_Static_assert((int)WIRE_FAULT_MAX <= (int)SERVICE_DETAIL_MAX, "a fault fits into a detail");
_Static_assert((int)INDEX_NONCE_SIZE == (int)VAULT_NONCE_SIZE, "the vault's nonce fits");
_Static_assert((int)INDEX_CIPHERTEXT_MAX == (int)INDEX_DETAILS_MAX + (int)VAULT_TAG_SIZE, "and its tag");
_Static_assert((int)INDEX_EVENTS_MAX <= (int)SERVICE_EVENTS_MAX, "every event has its place");

#define ACCEPT(name)                                                                                                   \
    static bool name(const struct service_context *context, const struct ingress *ingress, struct slice request,       \
                     struct arena *arena, struct buffer *out, struct service_refusal *ret_refusal)
ACCEPT(accept_register);
ACCEPT(accept_link);
ACCEPT(accept_unlink);
ACCEPT(accept_merge);
ACCEPT(accept_unmerge);
ACCEPT(accept_claim);
ACCEPT(accept_decide);
ACCEPT(accept_flag);
ACCEPT(accept_relation);
ACCEPT(accept_organisation);
ACCEPT(accept_service);
ACCEPT(accept_consent);
ACCEPT(accept_preferences);
ACCEPT(accept_practitioner);
static void decide(const struct rows *rows, struct slice bytes, int64_t now_ms, struct arena *arena,
                   struct service_decision *ret_decision);
static void fire(const struct rows *rows, struct timer_id timer, struct slice body, int64_t now_ms, struct arena *arena,
                 struct service_decision *ret_decision);
static bool apply(const struct rows *rows, const struct apply_context *context, struct slice bytes);
static size_t describe(struct slice bytes, char *ret_text, size_t size_max);
static bool publish(struct slice bytes, struct arena *arena, struct public_event *ret_event);

#define COMMAND(rpc, function)                                                                                         \
    { INDEX_METHOD(rpc), METHOD_COMMAND, "bhr.index.v1." rpc "Request", .accept = (function) }
#define QUERY(rpc, audit_class, function, subject)                                                                     \
    {                                                                                                                  \
        INDEX_METHOD(rpc), METHOD_QUERY, "bhr.index.v1." rpc "Request", .audit = (audit_class), .query = (function),   \
                                                                        .about = (subject)                             \
    }
static const struct service_method methods[] = {
    COMMAND("RegisterRecord", accept_register),
    COMMAND("LinkRecord", accept_link),
    COMMAND("UnlinkRecord", accept_unlink),
    COMMAND("MergePersons", accept_merge),
    COMMAND("UnmergePersons", accept_unmerge),
    COMMAND("ClaimPair", accept_claim),
    COMMAND("DecidePair", accept_decide),
    COMMAND("FlagPerson", accept_flag),
    COMMAND("SetRelationship", accept_relation),
    COMMAND("RegisterOrganisation", accept_organisation),
    COMMAND("RegisterService", accept_service),
    COMMAND("SetConsent", accept_consent),
    COMMAND("SetPreferences", accept_preferences),
    COMMAND("RegisterPractitioner", accept_practitioner),
    QUERY("FindPerson", AUDIT_SPOOLED, answer_find_person, about_find_person),
    QUERY("TracePerson", AUDIT_SPOOLED, answer_trace_person, NULL),
    QUERY("TryRules", AUDIT_SPOOLED, answer_try_rules, NULL),
    QUERY("GetPerson", AUDIT_SPOOLED, answer_get_person, about_get_person),
    QUERY("ListPairs", AUDIT_NONE, answer_list_pairs, NULL),
    QUERY("GetBoard", AUDIT_NONE, answer_get_board, NULL),
    QUERY("GetOrganisation", AUDIT_NONE, answer_get_organisation, NULL),
    QUERY("FindServices", AUDIT_NONE, answer_find_services, NULL),
    QUERY("GetConsent", AUDIT_SPOOLED, answer_get_consent, about_get_consent),
    QUERY("GetPractitioner", AUDIT_NONE, answer_get_practitioner, NULL),
};

static const struct service_config_row config_rows[] = {
    {"people_max", 2000000, 1000, 50000000, "records", "How many records are searched by description."},
    {"link_ppm", 990000, 500000, INDEX_PPM_MAX, "ppm", "From this likelihood on a record is linked without a human."},
    {"review_ppm", 500000, 1000, INDEX_PPM_MAX, "ppm", "From this likelihood on a human must look."},
    {"lookups_hours", 24, 0, 48, "hours",
     "How long look-ups by description are kept, sealed, so that new matching rules "
     "can be tried on them; 0 keeps none and overwrites what was kept."},
    {"lookups_mib_max", 16, 1, 1024, "MiB",
     "Size of the file beside the store that keeps them; reserved at start. When "
     "it is full the oldest go."},
};

const struct service index_service_table = {
    .name = "index",
    .command_type = "bhr.index.v1.IndexCommand",
    .apply_version = 3,
    .schema = 2,
    .methods = methods,
    .method_count = sizeof methods / sizeof methods[0],
    .config_rows = config_rows,
    .config_row_count = sizeof config_rows / sizeof config_rows[0],
    .outcomes = index_outcomes,
    .outcome_count = INDEX_OUTCOME_COUNT,
    .derived = &index_service_derived,
    .kept_hours_row = "lookups_hours",
    .kept_mib_row = "lookups_mib_max",
    .decide = decide,
    .fire = fire,
    .apply = apply,
    .describe = describe,
    .publish = publish,
    .publish_answer = index_answer_public,
};

/* ---- the door: a request becomes a command ---- */

void index_refuse_invalid(const struct wire_fault *fault, struct service_refusal *ret_refusal) {
    ret_refusal->outcome = OUTCOME_INVALID;
    memcpy(ret_refusal->detail, fault->text, sizeof fault->text);
}

static void put_text(char *ret_text, size_t size_max, struct slice text) {
    /* The policy file, the token and the request header bound these texts. */
    ASSERT(text.size <= size_max);
    if (text.size > 0) memcpy(ret_text, text.data, text.size);
}

static void ingress_copy(const struct ingress *ingress, struct index_ingress *ret_ingress) {
    memset(ret_ingress, 0, sizeof *ret_ingress);
    put_text(ret_ingress->system, INDEX_SYSTEM_MAX, ingress->system);
    put_text(ret_ingress->organisation, INDEX_ASKER_ORGANISATION_MAX, ingress->organisation);
    put_text(ret_ingress->role, INDEX_ROLE_MAX, ingress->role);
    put_text(ret_ingress->correlation_id, INDEX_CORRELATION_MAX, ingress->correlation_id);
    put_text(ret_ingress->user, INDEX_SYSTEM_MAX, ingress->user);
    ret_ingress->received_at_ms = ingress->received_at_ms;
    ret_ingress->entity_id = ingress->entity_id;
}

bool index_own_key(const struct ingress *ingress, struct index_record_key *key, struct wire_fault *ret_fault) {
    char own[INDEX_ORGANISATION_MAX + 1] = {0};
    if (wire_ods_code.accept(ingress->organisation, own, sizeof own) && key->organisation[0] == '\0') {
        memcpy(key->organisation, own, sizeof own);
    }
    bool is_operator = slice_equal(ingress->role, slice_text("operator"));
    bool is_own = key->organisation[0] != '\0' && (is_operator || index_text_equal(key->organisation, own));
    if (!is_own) wire_fault_set(ret_fault, "key.", "organisation", "expected the asker's own organisation, or nothing");
    return is_own;
}

/* A command that is the request itself. */
static bool accept_as_it_is(enum index_command_kind kind, const struct wire_table *table, void *part,
                            struct index_command *command, const struct ingress *ingress, struct slice request,
                            struct arena *arena, struct buffer *out, struct service_refusal *ret_refusal) {
    struct wire_fault fault;
    command->kind = kind;
    if (!wire_table_decode(table, request, arena, part, &fault)) {
        index_refuse_invalid(&fault, ret_refusal);
        return false;
    }
    ingress_copy(ingress, &command->ingress);
    wire_table_encode(&index_command_wire, command, arena, out);
    return true;
}

#define ACCEPT_AS_IT_IS(name, kind, table, part)                                                                       \
    ACCEPT(name) {                                                                                                     \
        (void)context;                                                                                                 \
        struct index_command command;                                                                                  \
        memset(&command, 0, sizeof command);                                                                           \
        return accept_as_it_is(kind, &(table), &command.part, &command, ingress, request, arena, out, ret_refusal);    \
    }
ACCEPT_AS_IT_IS(accept_link, INDEX_COMMAND_LINK, index_link_request_wire, link_record)
ACCEPT_AS_IT_IS(accept_unlink, INDEX_COMMAND_UNLINK, index_unlink_request_wire, unlink_record)
ACCEPT_AS_IT_IS(accept_merge, INDEX_COMMAND_MERGE, index_merge_request_wire, merge_persons)
ACCEPT_AS_IT_IS(accept_unmerge, INDEX_COMMAND_UNMERGE, index_unmerge_request_wire, unmerge_persons)
ACCEPT_AS_IT_IS(accept_claim, INDEX_COMMAND_CLAIM, index_claim_request_wire, claim_pair)
ACCEPT_AS_IT_IS(accept_decide, INDEX_COMMAND_DECIDE, index_decide_request_wire, decide_pair)
ACCEPT_AS_IT_IS(accept_flag, INDEX_COMMAND_FLAG, index_flag_request_wire, flag_person)
ACCEPT_AS_IT_IS(accept_relation, INDEX_COMMAND_RELATION, index_relation_request_wire, set_relationship)
ACCEPT_AS_IT_IS(accept_organisation, INDEX_COMMAND_ORGANISATION, index_organisation_request_wire, register_organisation)
ACCEPT_AS_IT_IS(accept_service, INDEX_COMMAND_SERVICE, index_service_request_wire, register_service)
ACCEPT_AS_IT_IS(accept_consent, INDEX_COMMAND_CONSENT, index_consent_request_wire, set_consent)
ACCEPT_AS_IT_IS(accept_practitioner, INDEX_COMMAND_PRACTITIONER, index_practitioner_request_wire, register_practitioner)

/* Sealed for the person as this door knows them; who is nobody here may be somebody to the owner. */
ACCEPT(accept_preferences) {
    struct index_preferences_request asked;
    struct wire_fault fault;
    if (!wire_table_decode(&index_preferences_request_wire, request, arena, &asked, &fault)) {
        index_refuse_invalid(&fault, ret_refusal);
        return false;
    }
    struct index_command command;
    memset(&command, 0, sizeof command);
    command.kind = INDEX_COMMAND_PREFERENCES;
    ingress_copy(ingress, &command.ingress);
    struct index_preferences_order *order = &command.set_preferences;
    order->person_id = asked.person_id;
    order->sealed_for_id = asked.person_id;
    (void)person_root(context->rows, asked.person_id, INDEX_NOW, &order->sealed_for_id, NULL);
    if (!resolve_seal_preferences(context->vault, order->sealed_for_id, &asked.preferences, &order->sealed)) {
        ret_refusal->outcome = OUTCOME_UNAVAILABLE;
        return false;
    }
    wire_table_encode(&index_command_wire, &command, arena, out);
    return true;
}

ACCEPT(accept_register) {
    struct index_register_request request_plain;
    struct wire_fault fault;
    if (!wire_table_decode(&index_register_request_wire, request, arena, &request_plain, &fault) ||
        !index_own_key(ingress, &request_plain.key, &fault)) {
        index_refuse_invalid(&fault, ret_refusal);
        return false;
    }
    struct index_record_key *key = &request_plain.key;
    struct index_demographics *demographics = &request_plain.demographics;
    if (resolve_is_future(demographics->birth_date, ingress->received_at_ms)) {
        wire_fault_set(&fault, "demographics.", "birth_date", "expected a day that has come");
        index_refuse_invalid(&fault, ret_refusal);
        return false;
    }
    struct index_command command;
    memset(&command, 0, sizeof command);
    command.kind = INDEX_COMMAND_REGISTER;
    ingress_copy(ingress, &command.ingress);
    struct index_register_order *order = &command.record;
    order->record_id = resolve_record_id(context->pseudonym_key, key);
    memcpy(order->organisation, key->organisation, sizeof order->organisation);
    memcpy(order->source, key->source, sizeof order->source);
    order->nhs_hash = resolve_nhs_hash(context->pseudonym_key, demographics->nhs_number);
    order->nhs_number_status = demographics->nhs_number_status;
    order->fields = resolve_fields(demographics);
    order->link_ppm = (uint32_t)context->config_number(context, "link_ppm");
    order->review_ppm = (uint32_t)context->config_number(context, "review_ppm");
    order->rules_version = derived_rules_version(context->derived);
    resolve_proposals(context, demographics, order);
    struct index_details details;
    memset(&details, 0, sizeof details);
    memcpy(details.local_id, key->local_id, sizeof details.local_id);
    details.demographics = *demographics;
    if (!resolve_seal(context->vault, order->record_id, &details, &order->sealed)) {
        ret_refusal->outcome = OUTCOME_UNAVAILABLE;
        return false;
    }
    wire_table_encode(&index_command_wire, &command, arena, out);
    return true;
}

/* ---- the replica: a command becomes an outcome and its events, events change the rows ---- */

static void decide(const struct rows *rows, struct slice bytes, int64_t now_ms, struct arena *arena,
                   struct service_decision *ret_decision) {
    memset(ret_decision, 0, sizeof *ret_decision);
    struct index_command command;
    struct wire_fault fault;
    if (!wire_table_decode(&index_command_wire, bytes, arena, &command, &fault)) {
        ret_decision->outcome = OUTCOME_UNREADABLE;
        memcpy(ret_decision->detail, fault.text, sizeof fault.text);
        return;
    }
    struct index_decision decision;
    index_decide(rows, &command, now_ms, &decision);
    ret_decision->outcome = decision.outcome;
    ret_decision->event_count = decision.event_count;
    for (uint32_t i = 0; i < decision.event_count; i++) {
        ret_decision->events[i] = wire_table_encode_to_arena(&index_event_wire, &decision.events[i], arena);
        /* The arena of one decision holds any event of the index many times over. */
        ASSERT(ret_decision->events[i].data != NULL);
    }
    bool is_told = decision.answer.is_told; /* a refusal has an answer only where it names what to do next */
    if (is_told)
        ret_decision->answer = wire_table_encode_to_arena(index_answer_wire(command.kind), &decision.answer, arena);
}

/* The index sets no timers. */
static void fire(const struct rows *rows, struct timer_id timer, struct slice body, int64_t now_ms, struct arena *arena,
                 struct service_decision *ret_decision) {
    (void)rows, (void)timer, (void)body, (void)now_ms, (void)arena;
    memset(ret_decision, 0, sizeof *ret_decision);
    ret_decision->outcome = OUTCOME_OK;
}

static bool event_decode(struct slice bytes, struct index_event *ret_event) {
    uint8_t memory[INDEX_WIRE_ARENA_SIZE];
    struct arena arena = arena_over(memory, sizeof memory);
    struct wire_fault fault;
    return wire_table_decode(&index_event_wire, bytes, &arena, ret_event, &fault);
}

static bool apply(const struct rows *rows, const struct apply_context *context, struct slice bytes) {
    struct index_event event;
    if (!event_decode(bytes, &event)) return false;
    index_apply(rows, context->decided_at_ms, context->number, &event);
    return true;
}

static size_t describe(struct slice bytes, char *ret_text, size_t size_max) {
    struct index_event event;
    struct buffer out = buffer_over(ret_text, size_max);
    if (event_decode(bytes, &event)) {
        index_describe(&event, &out);
    } else {
        struct slice unknown = slice_text("an event that this version does not know");
        buffer_put(&out, unknown.data, unknown.size);
    }
    return out.size;
}

static bool publish(struct slice bytes, struct arena *arena, struct public_event *ret_event) {
    return index_event_public(bytes, arena, &ret_event->type, &ret_event->key, &ret_event->value);
}
