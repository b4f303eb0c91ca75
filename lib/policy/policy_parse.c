/* Reads a policy file (policy.h): who there is, and the order in which the rest is judged. Owns nothing: the policy is
 * its caller's memory. Any thread. Pure. */
#include "lib/policy/policy_internal.h"

enum {
    IN_FLIGHT_MAX = 10000,
    PER_SECOND_MAX = 1000000,
    CODE_MAX = 10, /* an ODS code */
    KIND_MAX = 15,
};

static enum status read_pass(struct parser *parser, struct slice text, enum policy_pass pass);
static enum status read_item(struct parser *parser, struct slice word);
static enum status read_system(struct parser *parser);
static enum status read_kind(struct parser *parser, bool is_organisation);
static enum status read_role(struct parser *parser);
static enum status read_purposes(struct parser *parser);
static enum status read_api(struct parser *parser);
static void sort_systems(struct policy *policy);
static enum status refuse_doubled_keys(const struct policy *policy, struct error *reterr_error);

enum status policy_parse(struct policy *ret_policy, struct slice text, const char *const *methods,
                         uint32_t method_count, struct error *reterr_error) {
    ASSERT(ret_policy != NULL && reterr_error != NULL);
    ASSERT(method_count <= POLICY_METHODS_MAX);
    memset(ret_policy, 0, sizeof *ret_policy);
    for (uint32_t i = 0; i < method_count; i++) ret_policy->methods[i] = methods[i];
    ret_policy->method_count = method_count;
    struct parser parser = {.policy = ret_policy, .reterr_error = reterr_error};
    enum status status = read_pass(&parser, text, PASS_NAMES);
    if (status == STATUS_OK) {
        sort_systems(ret_policy);
        status = refuse_doubled_keys(ret_policy, reterr_error);
    }
    if (status == STATUS_OK) status = read_pass(&parser, text, PASS_RULES);
    if (status == STATUS_OK) status = policy_refuse_shadowed(ret_policy, reterr_error);
    if (status == STATUS_OK) status = read_pass(&parser, text, PASS_CASES);
    return status;
}

static enum status read_pass(struct parser *parser, struct slice text, enum policy_pass pass) {
    parser->rest = text;
    parser->pass = pass;
    parser->line = 1;
    struct slice word;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && policy_next_row(parser, &word)) status = read_item(parser, word);
    return status;
}

static enum status skip_row(struct parser *parser) {
    while (policy_next_word(parser).size > 0) {
    }
    return STATUS_OK;
}

/* A block or row at the outermost level; each is the matter of one pass, systems of two. */
static enum status read_item(struct parser *parser, struct slice word) {
    bool is_names = parser->pass == PASS_NAMES;
    if (slice_equal(word, slice_text("system"))) {
        return parser->pass == PASS_CASES ? policy_skip_block(parser) : read_system(parser);
    }
    if (slice_equal(word, slice_text("allow")) || slice_equal(word, slice_text("deny"))) {
        if (parser->pass != PASS_RULES) return policy_skip_block(parser);
        return policy_read_rule(parser, slice_equal(word, slice_text("allow")));
    }
    if (slice_equal(word, slice_text("case"))) {
        return parser->pass == PASS_CASES ? policy_run_case(parser) : policy_skip_block(parser);
    }
    if (slice_equal(word, slice_text("organisation"))) {
        return is_names ? read_kind(parser, true) : policy_skip_block(parser);
    }
    if (slice_equal(word, slice_text("service"))) {
        return is_names ? read_kind(parser, false) : policy_skip_block(parser);
    }
    if (slice_equal(word, slice_text("role"))) return is_names ? read_role(parser) : policy_skip_block(parser);
    if (slice_equal(word, slice_text("purposes"))) return is_names ? read_purposes(parser) : skip_row(parser);
    if (slice_equal(word, slice_text("api"))) return is_names ? read_api(parser) : skip_row(parser);
    return policy_refuse(parser, word, "system, organisation, service, role, purposes, api, allow, deny or case");
}

/* ---- systems ---- */

/* Z85 (ZeroMQ RFC 32): five characters are four bytes, so each group of five must stay below 2^32. "none" is said by a
 * system that comes over its request topic only, and is not taken for a key forgotten. */
static enum status read_key(struct parser *parser, void *block) {
    static const char alphabet[] =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
    static_assert(sizeof alphabet == 85 + 1, "Z85 has 85 characters");
    struct policy_system *system = block;
    struct slice key = policy_next_word(parser);
    if (slice_equal(key, slice_text("none"))) return STATUS_OK;
    bool is_good = key.size == POLICY_KEY_SIZE;
    uint64_t group = 0;
    for (size_t i = 0; is_good && i < key.size; i++) {
        const char *at = memchr(alphabet, key.data[i], sizeof alphabet - 1);
        if (at == NULL) {
            is_good = false;
            break;
        }
        group = (i % 5 == 0 ? 0 : group * 85) + (uint64_t)(at - alphabet);
        is_good = group <= UINT32_MAX;
    }
    if (!is_good) return policy_refuse(parser, key, "40 characters Z85, or none");
    if (system->key_count == POLICY_KEYS_MAX) return policy_refuse(parser, key, "at most 4 keys in one system");
    memcpy(system->keys[system->key_count++], key.data, key.size);
    return STATUS_OK;
}

static enum status read_organisation(struct parser *parser, void *block) {
    struct policy_system *system = block;
    struct slice code = policy_next_word(parser);
    if (!text_is_ods_code(code)) return policy_refuse(parser, code, "an ODS code, 3 to 10 characters of A-Z 0-9");
    ASSERT(code.size < sizeof system->organisation);
    memcpy(system->organisation, code.data, code.size);
    return STATUS_OK;
}

static enum status read_booker(struct parser *parser, void *block) {
    return policy_read_token(parser, ((struct policy_system *)block)->role, KIND_MAX,
                             "a role, 1 to 15 characters of A-Z a-z 0-9 . _ : -");
}

static enum status read_system_methods(struct parser *parser, void *block) {
    (void)block;
    uint64_t methods = 0;
    return policy_read_methods(parser, &methods); /* only judged here; it becomes a rule in its own pass */
}

static enum status read_number(struct parser *parser, uint32_t max, const char *expected, uint32_t *ret_number) {
    struct slice word = policy_next_word(parser);
    uint64_t number;
    if (!text_u64(word, &number) || number == 0 || number > max) return policy_refuse(parser, word, expected);
    *ret_number = (uint32_t)number;
    return STATUS_OK;
}

static enum status read_in_flight(struct parser *parser, void *block) {
    return read_number(parser, IN_FLIGHT_MAX, "a number from 1 to 10000",
                       &((struct policy_system *)block)->in_flight_max);
}

static enum status read_per_second(struct parser *parser, void *block) {
    return read_number(parser, PER_SECOND_MAX, "a number from 1 to 1000000",
                       &((struct policy_system *)block)->per_second_max);
}

static enum status read_revoked(struct parser *parser, void *block) {
    (void)parser;
    ((struct policy_system *)block)->is_revoked = true;
    return STATUS_OK;
}

static enum status read_system(struct parser *parser) {
    static const struct row_kind rows[] = {
        {.word = "key", .read = read_key, .is_required = true, .is_repeated = true},
        {.word = "organisation", .read = read_organisation, .is_required = true},
        {.word = "role", .read = read_booker, .is_required = true},
        {.word = "methods", .read = read_system_methods},
        {.word = "in_flight", .read = read_in_flight, .is_required = true},
        {.word = "per_second", .read = read_per_second, .is_required = true},
        {.word = "revoked", .read = read_revoked},
    };
    static const struct block_kind kind = {
        .name = "system",
        .expected = "key, organisation, role, methods, in_flight, per_second, revoked or }",
        .rows = rows,
        .row_count = sizeof rows / sizeof rows[0],
    };
    struct policy *policy = parser->policy;
    struct slice id = policy_next_word(parser);
    if (parser->pass == PASS_RULES) {
        const struct policy_system *known = policy_find(policy, id);
        ASSERT(known != NULL); /* the first pass read it */
        (void)policy_next_word(parser);
        return policy_add_simple_rule(parser, (uint32_t)(known - policy->systems));
    }
    if (!text_is_token(id, POLICY_ID_MAX)) {
        return policy_refuse(parser, id, "the system's id, 1 to 64 characters of A-Z a-z 0-9 . _ : -");
    }
    for (uint32_t i = 0; i < policy->system_count; i++) {
        bool is_same = slice_equal(slice_text(policy->systems[i].id), id);
        if (is_same) return policy_refuse(parser, id, "an id that no other system has");
    }
    if (policy->system_count == POLICY_SYSTEMS_MAX) return policy_refuse(parser, id, "at most 256 systems");
    struct slice brace = policy_next_word(parser);
    if (!slice_equal(brace, slice_text("{"))) return policy_refuse(parser, brace, "{ after the system's id");
    struct policy_system *system = &policy->systems[policy->system_count];
    memcpy(system->id, id.data, id.size);
    system->line = parser->line;
    enum status status = policy_read_block(parser, &kind, system);
    if (status == STATUS_OK) policy->system_count++;
    return status;
}

/* By id, in place: a file has few systems and is read rarely. */
static void sort_systems(struct policy *policy) {
    for (uint32_t i = 1; i < policy->system_count; i++) {
        struct policy_system system = policy->systems[i];
        uint32_t at = i;
        while (at > 0 && slice_compare(slice_text(policy->systems[at - 1].id), slice_text(system.id)) > 0) {
            policy->systems[at] = policy->systems[at - 1];
            at--;
        }
        policy->systems[at] = system;
    }
}

/* Two systems with one key could not be told apart. */
static enum status refuse_doubled_keys(const struct policy *policy, struct error *reterr_error) {
    for (uint32_t i = 0; i < policy->system_count; i++) {
        for (uint32_t k = 0; k < policy->systems[i].key_count; k++) {
            struct slice key = slice_text(policy->systems[i].keys[k]);
            for (uint32_t j = 0; j <= i; j++) {
                const struct policy_system *other = &policy->systems[j];
                uint32_t count = j == i ? k : other->key_count;
                for (uint32_t m = 0; m < count; m++) {
                    if (!slice_equal(slice_text(other->keys[m]), key)) continue;
                    struct buffer message = refusal_begin(reterr_error);
                    refusal_text(&message, "the systems of lines ");
                    refusal_number(&message, other->line);
                    refusal_text(&message, " and ");
                    refusal_number(&message, policy->systems[i].line);
                    refusal_text(&message, ": expected a key that stands nowhere else");
                    return refusal_end(reterr_error, &message);
                }
            }
        }
    }
    return STATUS_OK;
}

/* ---- organisations, services, roles, purposes, short names ---- */

static enum status read_kind_row(struct parser *parser, void *block) {
    return policy_read_token(parser, ((struct policy_kind *)block)->kind, KIND_MAX,
                             "a kind, 1 to 15 characters of A-Z a-z 0-9 . _ : -");
}

static enum status read_kind(struct parser *parser, bool is_organisation) {
    static const struct row_kind rows[] = {{.word = "kind", .read = read_kind_row, .is_required = true}};
    static const struct block_kind organisation = {"organisation", "kind or }", rows, 1};
    static const struct block_kind service = {"service", "kind or }", rows, 1};
    struct policy *policy = parser->policy;
    uint32_t *count = is_organisation ? &policy->organisation_count : &policy->service_count;
    struct policy_kind *list = is_organisation ? policy->organisations : policy->services;
    struct slice id = policy_next_word(parser);
    if (is_organisation ? !text_is_ods_code(id) : !text_is_token(id, POLICY_NAME_MAX)) {
        return policy_refuse(parser, id,
                             is_organisation ? "an ODS code, 3 to 10 characters of A-Z 0-9"
                                             : "a service's id, 1 to 31 characters of A-Z a-z 0-9 . _ : -");
    }
    for (uint32_t i = 0; i < *count; i++) {
        if (slice_equal(slice_text(list[i].id), id)) return policy_refuse(parser, id, "each only once");
    }
    uint32_t max = is_organisation ? POLICY_ORGANISATIONS_MAX : POLICY_SERVICES_MAX;
    if (*count == max) return policy_refuse(parser, id, "fewer: at most 512 organisations and 256 services");
    struct slice brace = policy_next_word(parser);
    if (!slice_equal(brace, slice_text("{"))) return policy_refuse(parser, brace, "{");
    struct policy_kind *entry = &list[*count];
    memcpy(entry->id, id.data, id.size);
    enum status status = policy_read_block(parser, is_organisation ? &organisation : &service, entry);
    if (status == STATUS_OK) (*count)++;
    return status;
}

uint32_t policy_find_organisation(const struct policy *policy, struct slice code) {
    uint32_t i = 0;
    while (i < policy->organisation_count && !slice_equal(slice_text(policy->organisations[i].id), code)) i++;
    return i;
}

static enum status read_codes(struct parser *parser, void *block) {
    struct policy *policy = parser->policy;
    struct policy_role *role = block;
    struct slice word = policy_next_word(parser);
    if (word.size == 0) return policy_refuse(parser, word, "at least one code");
    for (; word.size > 0; word = policy_next_word(parser)) {
        if (!text_is_token(word, POLICY_ID_MAX)) {
            return policy_refuse(parser, word, "a role code, as S8000:G8000:R8000, 1 to 64 characters");
        }
        uint32_t i = 0;
        while (i < policy->role_code_count && !slice_equal(slice_text(policy->role_codes[i]), word)) i++;
        if (i == POLICY_ROLE_CODES_MAX) return policy_refuse(parser, word, "at most 64 codes of all roles together");
        if (i == policy->role_code_count) memcpy(policy->role_codes[policy->role_code_count++], word.data, word.size);
        role->codes |= UINT64_C(1) << i;
    }
    return STATUS_OK;
}

static enum status read_role(struct parser *parser) {
    static const struct row_kind rows[] = {{.word = "codes", .read = read_codes, .is_required = true}};
    static const struct block_kind kind = {"role", "codes or }", rows, 1};
    struct policy *policy = parser->policy;
    struct policy_role role = {.codes = 0};
    enum status status = policy_read_token(parser, role.name, POLICY_NAME_MAX, "a role's name, 1 to 31 characters");
    if (status != STATUS_OK) return status;
    for (uint32_t i = 0; i < policy->role_count; i++) {
        bool is_same = slice_equal(slice_text(policy->roles[i].name), slice_text(role.name));
        if (is_same) return policy_refuse(parser, slice_text(role.name), "each role only once");
    }
    if (policy->role_count == POLICY_ROLES_MAX) return policy_refuse(parser, slice_text(role.name), "at most 32 roles");
    struct slice brace = policy_next_word(parser);
    if (!slice_equal(brace, slice_text("{"))) return policy_refuse(parser, brace, "{");
    status = policy_read_block(parser, &kind, &role);
    if (status == STATUS_OK) policy->roles[policy->role_count++] = role;
    return status;
}

static enum status read_purposes(struct parser *parser) {
    struct policy *policy = parser->policy;
    struct slice word = policy_next_word(parser);
    if (word.size == 0) return policy_refuse(parser, word, "at least one purpose");
    for (; word.size > 0; word = policy_next_word(parser)) {
        if (!text_is_token(word, POLICY_NAME_MAX)) {
            return policy_refuse(parser, word, "a purpose, 1 to 31 characters of A-Z a-z 0-9 . _ : -");
        }
        for (uint32_t i = 0; i < policy->purpose_count; i++) {
            if (slice_equal(slice_text(policy->purposes[i]), word))
                return policy_refuse(parser, word, "each only once");
        }
        if (policy->purpose_count == POLICY_PURPOSES_MAX) return policy_refuse(parser, word, "at most 32 purposes");
        memcpy(policy->purposes[policy->purpose_count++], word.data, word.size);
    }
    return STATUS_OK;
}

static enum status read_api(struct parser *parser) {
    if (parser->api_count == POLICY_APIS_MAX) return policy_refuse(parser, slice_text("api"), "at most 16 short names");
    struct policy_api *api = &parser->apis[parser->api_count];
    enum status status = policy_read_token(parser, api->name, POLICY_NAME_MAX, "a short name, 1 to 31 characters");
    if (status != STATUS_OK) return status;
    status = policy_read_token(parser, api->service, POLICY_METHOD_MAX,
                               "the service that it stands for, as bhr.booking.v1.BookingService");
    if (status == STATUS_OK) status = policy_end_row(parser);
    if (status == STATUS_OK) parser->api_count++;
    return status;
}

/* ---- look-ups ---- */

const struct policy_system *policy_find(const struct policy *policy, struct slice id) {
    ASSERT(policy->system_count <= POLICY_SYSTEMS_MAX);
    uint32_t low = 0, high = policy->system_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = slice_compare(slice_text(policy->systems[middle].id), id);
        if (order == 0) return &policy->systems[middle];
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

const struct policy_system *policy_by_id(const struct policy *policy, const char *id) {
    return policy_find(policy, slice_text(id));
}

const struct policy_system *policy_by_key(const struct policy *policy, struct slice key) {
    for (uint32_t i = 0; i < policy->system_count; i++) {
        const struct policy_system *system = &policy->systems[i];
        for (uint32_t k = 0; !system->is_revoked && k < system->key_count; k++) {
            if (slice_equal(slice_text(system->keys[k]), key)) return system;
        }
    }
    return NULL;
}
