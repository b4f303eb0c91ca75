/* Allow and deny (policy.h): each row of a rule becomes a set of bits over what the file and the program name, so that
 * rules can be compared. What a rule does not say, it does not ask for. Pure. */
#include "lib/policy/policy_internal.h"

struct open_rule {
    struct policy_rule rule;
    bool is_ours; /* some method of it is this service's */
    bool has_systems, has_organisations;
    struct policy_set systems, of_organisations;
};

static enum status keep(struct parser *parser, const struct policy_rule *rule);

/* ---- methods ---- */

/* The part before the service's name: "bhr.booking.v1" of "bhr.booking.v1.BookingService/Hold". */
static struct slice package_of(struct slice method) {
    size_t slash = 0;
    while (slash < method.size && method.data[slash] != '/') slash++;
    while (slash > 0 && method.data[slash] != '.') slash--;
    return slice_of(method.data, slash);
}

/* The word in full, its short name spelled out; false when it is not service/method. */
static bool spell_out(const struct parser *parser, struct slice word, struct buffer *out) {
    const uint8_t *slash = word.size > 0 ? memchr(word.data, '/', word.size) : NULL;
    if (slash == NULL) return false;
    struct slice service = slice_of(word.data, (size_t)(slash - word.data));
    struct slice method = slice_of(slash + 1, word.size - service.size - 1);
    bool is_star = slice_equal(method, slice_text("*"));
    if (!text_is_token(service, word.size) || (!is_star && !text_is_token(method, word.size))) return false;
    for (uint32_t i = 0; i < parser->api_count; i++) {
        if (slice_equal(slice_text(parser->apis[i].name), service)) service = slice_text(parser->apis[i].service);
    }
    buffer_put(out, service.data, service.size);
    buffer_put_u8(out, '/');
    buffer_put(out, method.data, method.size);
    return !out->is_full;
}

enum status policy_read_methods(struct parser *parser, uint64_t *methods) {
    const struct policy *policy = parser->policy;
    struct slice word = policy_next_word(parser);
    if (word.size == 0) return policy_refuse(parser, word, "at least one method");
    for (; word.size > 0; word = policy_next_word(parser)) {
        uint8_t bytes[POLICY_METHOD_MAX];
        struct buffer full = buffer_over(bytes, sizeof bytes);
        if (!spell_out(parser, word, &full)) {
            return policy_refuse(parser, word, "package.Service/Method or package.Service/*, at most 95 characters");
        }
        struct slice wanted = buffer_slice(&full);
        bool is_star = wanted.data[wanted.size - 1] == '*', is_ours = false;
        uint64_t found = 0;
        for (uint32_t i = 0; i < policy->method_count; i++) {
            struct slice name = slice_text(policy->methods[i]);
            if (slice_equal(package_of(name), package_of(wanted))) is_ours = true;
            bool is_it =
                is_star ? slice_starts_with(name, slice_of(wanted.data, wanted.size - 1)) : slice_equal(name, wanted);
            if (is_it) found |= UINT64_C(1) << i;
        }
        if (is_ours && found == 0) return policy_refuse(parser, word, "a method that the service has");
        *methods |= found;
    }
    return STATUS_OK;
}

static enum status read_rule_methods(struct parser *parser, void *block) {
    return policy_read_methods(parser, &((struct open_rule *)block)->rule.methods);
}

static enum status add_simple(struct parser *parser, void *block) {
    struct policy_rule rule = *(const struct policy_rule *)block;
    rule.line = parser->line;
    enum status status = policy_read_methods(parser, &rule.methods);
    return status == STATUS_OK ? keep(parser, &rule) : status;
}

static enum status pass_over(struct parser *parser, void *block) {
    (void)block;
    while (policy_next_word(parser).size > 0) {
    }
    return STATUS_OK;
}

enum status policy_add_simple_rule(struct parser *parser, uint32_t system) {
    /* The other rows were read in the first pass. */
    static const struct row_kind rows[] = {
        {.word = "methods", .read = add_simple},     {.word = "key", .read = pass_over, .is_repeated = true},
        {.word = "organisation", .read = pass_over}, {.word = "role", .read = pass_over},
        {.word = "in_flight", .read = pass_over},    {.word = "per_second", .read = pass_over},
        {.word = "revoked", .read = pass_over},
    };
    static const struct block_kind kind = {"system", "a row of a system", rows, sizeof rows / sizeof rows[0]};
    struct policy_rule rule = {.is_allow = true};
    policy_set_put(&rule.systems, system);
    return policy_read_block(parser, &kind, &rule);
}

/* ---- the rows of allow and deny ---- */

static enum status read_systems(struct parser *parser, void *block) {
    struct open_rule *open = block;
    struct slice word = policy_next_word(parser);
    if (word.size == 0) return policy_refuse(parser, word, "at least one system");
    for (; word.size > 0; word = policy_next_word(parser)) {
        const struct policy_system *system = policy_find(parser->policy, word);
        if (system == NULL) return policy_refuse(parser, word, "a system of this file");
        policy_set_put(&open->systems, (uint32_t)(system - parser->policy->systems));
    }
    open->has_systems = true;
    return STATUS_OK;
}

/* The systems of that organisation, or of all organisations of "kind:hub". */
static enum status read_organisations(struct parser *parser, void *block) {
    struct open_rule *open = block;
    const struct policy *policy = parser->policy;
    struct slice word = policy_next_word(parser);
    if (word.size == 0) return policy_refuse(parser, word, "at least one organisation");
    for (; word.size > 0; word = policy_next_word(parser)) {
        bool is_kind = slice_starts_with(word, slice_text("kind:")), is_found = false;
        struct slice kind = is_kind ? slice_of(word.data + 5, word.size - 5) : word;
        for (uint32_t i = 0; i < policy->system_count; i++) {
            struct slice code = slice_text(policy->systems[i].organisation);
            uint32_t at = policy_find_organisation(policy, code);
            bool is_of_kind =
                at < policy->organisation_count && slice_equal(slice_text(policy->organisations[at].kind), kind);
            if (is_kind ? !is_of_kind : !slice_equal(code, word)) continue;
            policy_set_put(&open->of_organisations, i);
            is_found = true;
        }
        if (!is_found) return policy_refuse(parser, word, "an organisation, or kind:KIND, that a system here is of");
    }
    open->has_organisations = true;
    return STATUS_OK;
}

static enum status read_roles(struct parser *parser, void *block) {
    const struct policy *policy = parser->policy;
    struct slice word = policy_next_word(parser);
    if (word.size == 0) return policy_refuse(parser, word, "at least one role");
    for (; word.size > 0; word = policy_next_word(parser)) {
        uint32_t i = 0;
        while (i < policy->role_count && !slice_equal(slice_text(policy->roles[i].name), word)) i++;
        if (i == policy->role_count) return policy_refuse(parser, word, "a role of this file");
        ((struct open_rule *)block)->rule.roles |= policy->roles[i].codes;
    }
    return STATUS_OK;
}

static enum status read_rule_purposes(struct parser *parser, void *block) {
    const struct policy *policy = parser->policy;
    struct slice word = policy_next_word(parser);
    if (word.size == 0) return policy_refuse(parser, word, "at least one purpose");
    for (; word.size > 0; word = policy_next_word(parser)) {
        uint32_t i = 0;
        while (i < policy->purpose_count && !slice_equal(slice_text(policy->purposes[i]), word)) i++;
        if (i == policy->purpose_count) return policy_refuse(parser, word, "one of this file's purposes");
        ((struct open_rule *)block)->rule.purposes |= UINT32_C(1) << i;
    }
    return STATUS_OK;
}

static enum status read_conditions(struct parser *parser, void *block) {
    struct slice word = policy_next_word(parser);
    if (word.size == 0) return policy_refuse(parser, word, "at least one condition");
    for (; word.size > 0; word = policy_next_word(parser)) {
        uint32_t bit = 0;
#define X(NAME, name, sentence)                                                                                        \
    if (slice_equal(word, slice_text(name))) bit = UINT32_C(1) << POLICY_##NAME;
        POLICY_CONDITIONS(X)
#undef X
        if (bit == 0) return policy_refuse(parser, word, "own_organisation, service_111 or registered_here");
        ((struct open_rule *)block)->rule.conditions |= bit;
    }
    return STATUS_OK;
}

static enum status read_token(struct parser *parser, void *block) {
    struct policy_rule *rule = &((struct open_rule *)block)->rule;
    struct slice word = policy_next_word(parser);
    rule->needs_token = slice_equal(word, slice_text("required"));
    if (!rule->needs_token && !slice_equal(word, slice_text("optional"))) {
        return policy_refuse(parser, word, "required or optional");
    }
    /* A deny that asks for a token would let those in who leave it out. */
    return rule->is_allow ? STATUS_OK : policy_refuse(parser, slice_text("token"), "no row token in a deny");
}

enum status policy_read_rule(struct parser *parser, bool is_allow) {
    static const struct row_kind rows[] = {
        {.word = "methods", .read = read_rule_methods, .is_required = true},
        {.word = "systems", .read = read_systems},
        {.word = "organisations", .read = read_organisations},
        {.word = "roles", .read = read_roles},
        {.word = "purposes", .read = read_rule_purposes},
        {.word = "conditions", .read = read_conditions},
        {.word = "token", .read = read_token},
    };
    static const struct block_kind kind = {
        .name = "rule",
        .expected = "systems, organisations, roles, purposes, methods, conditions, token or }",
        .rows = rows,
        .row_count = sizeof rows / sizeof rows[0],
    };
    struct open_rule open = {.rule = {.is_allow = is_allow, .line = parser->line}};
    enum status status = policy_read_title(parser, open.rule.title);
    if (status == STATUS_OK) status = policy_read_block(parser, &kind, &open);
    if (status != STATUS_OK) return status;
    for (uint32_t i = 0; i < parser->policy->system_count; i++) {
        bool is_meant = (!open.has_systems || policy_set_has(&open.systems, i)) &&
                        (!open.has_organisations || policy_set_has(&open.of_organisations, i));
        if (is_meant) policy_set_put(&open.rule.systems, i);
    }
    return keep(parser, &open.rule);
}

static enum status keep(struct parser *parser, const struct policy_rule *rule) {
    struct policy *policy = parser->policy;
    if (rule->methods == 0) { /* all belong to services that this program is not */
        policy->passed_over++;
        return STATUS_OK;
    }
    if (policy->rule_count == POLICY_RULES_MAX) return policy_refuse(parser, slice_text("rule"), "at most 512 rules");
    policy->rules[policy->rule_count++] = *rule;
    return STATUS_OK;
}
