/* The test cases of a policy file (policy.h): each puts one question to the policy that the file has just become and
 * says what the answer must be. One that is answered otherwise refuses the file. Pure. */
#include "lib/policy/policy_internal.h"

struct open_case {
    struct policy_ask ask;
    char title[POLICY_TITLE_MAX + 1];
    bool is_allowed, has_reason; /* expected */
    enum policy_reason reason;
};

/* A value of one word, borrowed from the text. */
static enum status read_word(struct parser *parser, struct slice *ret_word, size_t size_max, const char *expected) {
    *ret_word = policy_next_word(parser);
    return text_is_token(*ret_word, size_max) ? STATUS_OK : policy_refuse(parser, *ret_word, expected);
}

static enum status read_system(struct parser *parser, void *block) {
    return read_word(parser, &((struct open_case *)block)->ask.system, POLICY_ID_MAX, "a system's id");
}

/* One method of this service: a case about another one is not this program's matter, and says so by its package. */
static enum status read_method(struct parser *parser, void *block) {
    struct open_case *open = block;
    struct parser ahead = *parser;
    struct slice word = policy_next_word(&ahead);
    uint64_t methods = 0;
    if (word.size > 0 && word.data[word.size - 1] == '*') return policy_refuse(parser, word, "one method");
    enum status status = policy_read_methods(parser, &methods);
    if (status != STATUS_OK) return status;
    uint32_t i = 0;
    while (i < parser->policy->method_count && methods != UINT64_C(1) << i) i++;
    if (i < parser->policy->method_count) {
        open->ask.method = slice_text(parser->policy->methods[i]);
    } else if (methods != 0) {
        return policy_refuse(parser, word, "one method");
    }
    return STATUS_OK;
}

static enum status read_user(struct parser *parser, void *block) {
    return read_word(parser, &((struct open_case *)block)->ask.user, POLICY_ID_MAX, "a user's id");
}

static enum status read_user_organisation(struct parser *parser, void *block) {
    return read_word(parser, &((struct open_case *)block)->ask.user_organisation, POLICY_ID_MAX, "an ODS code");
}

static enum status read_purpose(struct parser *parser, void *block) {
    return read_word(parser, &((struct open_case *)block)->ask.purpose, POLICY_NAME_MAX, "a purpose");
}

/* A role of the file stands for its codes; any other word is a code itself. */
static enum status read_roles(struct parser *parser, void *block) {
    struct policy_ask *ask = &((struct open_case *)block)->ask;
    const struct policy *policy = parser->policy;
    struct slice word;
    while ((word = policy_next_word(parser)).size > 0) {
        uint32_t r = 0;
        while (r < policy->role_count && !slice_equal(slice_text(policy->roles[r].name), word)) r++;
        uint64_t codes = r < policy->role_count ? policy->roles[r].codes : 0;
        for (uint32_t i = 0; i < policy->role_code_count && codes != 0; i++) {
            if ((codes >> i & 1) == 0) continue;
            word = slice_text(policy->role_codes[i]);
            break;
        }
        if (ask->user_role_count == POLICY_USER_ROLES_MAX) return policy_refuse(parser, word, "at most 8 roles");
        ask->user_roles[ask->user_role_count++] = word;
    }
    return ask->user_role_count > 0 ? STATUS_OK : policy_refuse(parser, word, "at least one role");
}

static enum status read_token(struct parser *parser, void *block) {
    struct slice word = policy_next_word(parser);
    enum policy_token *token = &((struct open_case *)block)->ask.token;
    if (slice_equal(word, slice_text("good"))) {
        *token = POLICY_TOKEN_GOOD;
        return STATUS_OK;
    }
#define X(NAME, name)                                                                                                  \
    if (slice_equal(word, slice_text(name))) {                                                                         \
        *token = POLICY_TOKEN_##NAME;                                                                                  \
        return STATUS_OK;                                                                                              \
    }
    POLICY_BAD_TOKENS(X)
#undef X
    return policy_refuse(parser, word, "good, or what is wrong with it, as expired, wrong_audience, other_system");
}

static enum status read_about_organisation(struct parser *parser, void *block) {
    return read_word(parser, &((struct open_case *)block)->ask.subject.organisation, POLICY_ID_MAX, "an ODS code");
}

static enum status read_about_service(struct parser *parser, void *block) {
    return read_word(parser, &((struct open_case *)block)->ask.subject.service_id, POLICY_NAME_MAX, "a service's id");
}

static bool reason_by_name(struct slice name, enum policy_reason *ret_reason) {
#define X(NAME, ...)                                                                                                   \
    if (slice_equal(name, slice_text(policy_reason_name(POLICY_##NAME)))) {                                            \
        *ret_reason = POLICY_##NAME;                                                                                   \
        return true;                                                                                                   \
    }
    POLICY_REASONS(X)
#undef X
#define X(NAME, word)                                                                                                  \
    if (slice_equal(name, slice_text("user_token_" word))) {                                                           \
        *ret_reason = POLICY_USER_TOKEN_##NAME;                                                                        \
        return true;                                                                                                   \
    }
    POLICY_BAD_TOKENS(X)
#undef X
    return false;
}

static enum status read_expect(struct parser *parser, void *block) {
    struct open_case *open = block;
    struct slice word = policy_next_word(parser);
    open->is_allowed = slice_equal(word, slice_text("allowed"));
    if (!open->is_allowed && !slice_equal(word, slice_text("denied"))) {
        return policy_refuse(parser, word, "allowed, or denied and the reason's name");
    }
    if (open->is_allowed) return STATUS_OK;
    struct slice name = policy_next_word(parser);
    open->has_reason = name.size > 0;
    if (!open->has_reason || reason_by_name(name, &open->reason)) return STATUS_OK;
    return policy_refuse(parser, name, "a reason, as denied_condition or user_token_expired");
}

static struct policy_verdict as_if_not_revoked(struct policy *policy, const struct policy_ask *ask) {
    const struct policy_system *found = policy_find(policy, ask->system);
    ASSERT(found != NULL && found->is_revoked);
    struct policy_system *system = &policy->systems[found - policy->systems];
    system->is_revoked = false;
    struct policy_verdict verdict = policy_evaluate(policy, ask);
    system->is_revoked = true;
    return verdict;
}

static enum status judge(struct parser *parser, struct open_case *open, uint32_t line) {
    struct policy_ask *ask = &open->ask;
    if (ask->method.size == 0) return STATUS_OK; /* another service's */
    bool has_user = ask->user.size > 0 || ask->user_role_count > 0 || ask->purpose.size > 0;
    if (ask->token == POLICY_TOKEN_NONE && has_user) ask->token = POLICY_TOKEN_GOOD;
    ask->has_subject = true;
    parser->policy->case_count++;
    struct policy_verdict verdict = policy_evaluate(parser->policy, ask);
    /* A system is revoked in a hurry, by one word: its cases must not stand in the way. They go on judging its
     * rules. */
    bool is_about_revoked = open->has_reason && open->reason == POLICY_DENIED_REVOKED;
    if (verdict.reason == POLICY_DENIED_REVOKED && !is_about_revoked) verdict = as_if_not_revoked(parser->policy, ask);
    bool is_good = open->is_allowed
                       ? verdict.reason == POLICY_ALLOWED
                       : verdict.reason != POLICY_ALLOWED && (!open->has_reason || verdict.reason == open->reason);
    if (is_good) return STATUS_OK;
    struct buffer message = refusal_begin(parser->reterr_error);
    refusal_text(&message, "line ");
    refusal_number(&message, line);
    refusal_text(&message, ": case \"");
    refusal_text(&message, open->title);
    refusal_text(&message, "\": expected ");
    refusal_text(&message, open->is_allowed   ? "allowed"
                           : open->has_reason ? policy_reason_name(open->reason)
                                              : "denied");
    refusal_text(&message, ", and it is ");
    refusal_text(&message, policy_reason_name(verdict.reason));
    if (verdict.rule != NULL) {
        refusal_text(&message, " by line ");
        refusal_number(&message, verdict.rule->line);
    }
    return refusal_end(parser->reterr_error, &message);
}

enum status policy_run_case(struct parser *parser) {
    static const struct row_kind rows[] = {
        {.word = "system", .read = read_system, .is_required = true},
        {.word = "method", .read = read_method, .is_required = true},
        {.word = "expect", .read = read_expect, .is_required = true},
        {.word = "user", .read = read_user},
        {.word = "roles", .read = read_roles},
        {.word = "user_organisation", .read = read_user_organisation},
        {.word = "purpose", .read = read_purpose},
        {.word = "token", .read = read_token},
        {.word = "about_organisation", .read = read_about_organisation},
        {.word = "about_service", .read = read_about_service},
    };
    static const struct block_kind kind = {
        .name = "case",
        .expected =
            "system, user, roles, user_organisation, purpose, token, method, about_organisation, about_service, "
            "expect or }",
        .rows = rows,
        .row_count = sizeof rows / sizeof rows[0],
    };
    struct open_case open = {.ask = {.token = POLICY_TOKEN_NONE}};
    uint32_t line = parser->line;
    enum status status = policy_read_title(parser, open.title);
    if (status == STATUS_OK) status = policy_read_block(parser, &kind, &open);
    return status == STATUS_OK ? judge(parser, &open, line) : status;
}
