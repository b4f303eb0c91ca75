/* One question to the policy, one verdict (policy.h). It owns nothing and looks at nothing but the two. Pure.
 * What cannot be told is not taken for granted: an allow needs its conditions to hold, a deny needs them not to be
 * known to fail. */
#include "lib/policy/policy_internal.h"

enum truth { IS_FALSE, IS_UNKNOWN, IS_OPEN, IS_TRUE }; /* open: the subject has not been looked up */

static enum policy_reason rule_says(const struct policy *policy, const struct policy_rule *rule,
                                    const struct policy_system *system, const struct policy_ask *ask);
static bool is_about(const struct policy *policy, const struct policy_rule *rule, const struct policy_system *system,
                     struct slice method);
static bool has_role(const struct policy *policy, uint64_t roles, const struct policy_ask *ask);
static bool has_purpose(const struct policy *policy, uint32_t purposes, const struct policy_ask *ask);
static enum truth conditions_hold(const struct policy *policy, uint32_t conditions, const struct policy_system *system,
                                  const struct policy_ask *ask);
static enum truth condition_holds(const struct policy *policy, enum policy_condition condition,
                                  const struct policy_system *system, const struct policy_ask *ask);

struct policy_verdict policy_evaluate(const struct policy *policy, const struct policy_ask *ask) {
    const struct policy_system *system = policy_find(policy, ask->system);
    if (system == NULL) return (struct policy_verdict){.reason = POLICY_DENIED_SYSTEM};
    if (system->is_revoked) return (struct policy_verdict){.reason = POLICY_DENIED_REVOKED};
    switch (ask->token) {
    case POLICY_TOKEN_NONE:
    case POLICY_TOKEN_GOOD:
        break;
#define X(NAME, name)                                                                                                  \
    case POLICY_TOKEN_##NAME:                                                                                          \
        return (struct policy_verdict){.reason = POLICY_USER_TOKEN_##NAME};
        POLICY_BAD_TOKENS(X)
#undef X
    }
    struct policy_verdict closest = {.reason = POLICY_DENIED_METHOD};
    for (uint32_t i = 0; i < policy->rule_count; i++) {
        const struct policy_rule *rule = &policy->rules[i];
        enum policy_reason reason = rule_says(policy, rule, system, ask);
        bool is_decided = reason == POLICY_ALLOWED || reason == POLICY_NEEDS_SUBJECT || reason == POLICY_DENIED_RULE;
        if (is_decided) return (struct policy_verdict){.reason = reason, .rule = rule};
        if (rule->is_allow && reason > closest.reason) closest = (struct policy_verdict){reason, rule};
    }
    return closest;
}

enum policy_reason policy_rule_says(const struct policy *policy, const struct policy_rule *rule,
                                    const struct policy_ask *ask) {
    const struct policy_system *system = policy_find(policy, ask->system);
    return system == NULL ? POLICY_DENIED_METHOD : rule_says(policy, rule, system, ask);
}

static enum policy_reason rule_says(const struct policy *policy, const struct policy_rule *rule,
                                    const struct policy_system *system, const struct policy_ask *ask) {
    if (!is_about(policy, rule, system, ask->method)) return POLICY_DENIED_METHOD;
    bool has_user = ask->token == POLICY_TOKEN_GOOD;
    bool needs_user = rule->needs_token || rule->roles != 0 || rule->purposes != 0;
    if (needs_user && !has_user) return POLICY_USER_TOKEN_REQUIRED;
    if (rule->roles != 0 && !has_role(policy, rule->roles, ask)) return POLICY_DENIED_ROLE;
    if (rule->purposes != 0 && !has_purpose(policy, rule->purposes, ask)) return POLICY_DENIED_PURPOSE;
    switch (conditions_hold(policy, rule->conditions, system, ask)) {
    case IS_FALSE:
        return POLICY_DENIED_CONDITION;
    case IS_UNKNOWN:
        return rule->is_allow ? POLICY_DENIED_CONDITION : POLICY_DENIED_RULE;
    case IS_OPEN:
        return POLICY_NEEDS_SUBJECT;
    case IS_TRUE:
        return rule->is_allow ? POLICY_ALLOWED : POLICY_DENIED_RULE;
    }
    bhr_assert_failed("every truth is answered", __FILE__, __LINE__);
}

bool policy_may_call(const struct policy *policy, const struct policy_system *system, struct slice method) {
    if (system->is_revoked) return false;
    for (uint32_t i = 0; i < policy->rule_count; i++) {
        if (policy->rules[i].is_allow && is_about(policy, &policy->rules[i], system, method)) return true;
    }
    return false;
}

static bool is_about(const struct policy *policy, const struct policy_rule *rule, const struct policy_system *system,
                     struct slice method) {
    ASSERT(system >= policy->systems && system < policy->systems + policy->system_count);
    if (!policy_set_has(&rule->systems, (uint32_t)(system - policy->systems))) return false;
    for (uint32_t i = 0; i < policy->method_count; i++) {
        bool is_named = (rule->methods >> i & 1) != 0;
        if (is_named && slice_equal(slice_text(policy->methods[i]), method)) return true;
    }
    return false;
}

static bool has_role(const struct policy *policy, uint64_t roles, const struct policy_ask *ask) {
    ASSERT(ask->user_role_count <= POLICY_USER_ROLES_MAX);
    for (uint32_t i = 0; i < policy->role_code_count; i++) {
        if ((roles >> i & 1) == 0) continue;
        for (uint32_t k = 0; k < ask->user_role_count; k++) {
            if (slice_equal(slice_text(policy->role_codes[i]), ask->user_roles[k])) return true;
        }
    }
    return false;
}

static bool has_purpose(const struct policy *policy, uint32_t purposes, const struct policy_ask *ask) {
    for (uint32_t i = 0; i < policy->purpose_count; i++) {
        bool is_named = (purposes >> i & 1) != 0;
        if (is_named && slice_equal(slice_text(policy->purposes[i]), ask->purpose)) return true;
    }
    return false;
}

/* All of them together: one that fails settles it, whatever the others are. */
static enum truth conditions_hold(const struct policy *policy, uint32_t conditions, const struct policy_system *system,
                                  const struct policy_ask *ask) {
    enum truth all = IS_TRUE;
#define X(NAME, name, sentence)                                                                                        \
    if ((conditions >> POLICY_##NAME & 1) != 0) {                                                                      \
        enum truth one = condition_holds(policy, POLICY_##NAME, system, ask);                                          \
        if (one < all) all = one;                                                                                      \
    }
    POLICY_CONDITIONS(X)
#undef X
    return all;
}

static enum truth condition_holds(const struct policy *policy, enum policy_condition condition,
                                  const struct policy_system *system, const struct policy_ask *ask) {
    const struct policy_subject *subject = &ask->subject;
    switch (condition) {
    case POLICY_OWN_ORGANISATION: {
        if (!ask->has_subject) return IS_OPEN;
        if (subject->organisation.size == 0) return IS_UNKNOWN;
        if (!slice_equal(subject->organisation, slice_text(system->organisation))) return IS_FALSE;
        bool has_user = ask->token == POLICY_TOKEN_GOOD;
        return !has_user || slice_equal(subject->organisation, ask->user_organisation) ? IS_TRUE : IS_FALSE;
    }
    case POLICY_SERVICE_111:
        if (!ask->has_subject) return IS_OPEN;
        if (subject->service_id.size == 0) return IS_UNKNOWN;
        for (uint32_t i = 0; i < policy->service_count; i++) {
            if (!slice_equal(slice_text(policy->services[i].id), subject->service_id)) continue;
            return slice_equal(slice_text(policy->services[i].kind), slice_text("111")) ? IS_TRUE : IS_FALSE;
        }
        return IS_FALSE;
    case POLICY_REGISTERED_HERE:
        return IS_UNKNOWN; /* who is registered where is the index's to say, and booking has none to ask */
    }
    bhr_assert_failed("condition is one of enum policy_condition", __FILE__, __LINE__);
}

static const struct {
    const char *name, *sentence;
} reasons[] = {
#define X(NAME, name, sentence) [POLICY_##NAME] = {name, sentence},
    POLICY_REASONS(X)
#undef X
#define X(NAME, name) [POLICY_USER_TOKEN_##NAME] = {"user_token_" name, "the user's token is not good"},
        POLICY_BAD_TOKENS(X)
#undef X
};

const char *policy_reason_name(enum policy_reason reason) {
    ASSERT(reason < sizeof reasons / sizeof reasons[0]);
    return reasons[reason].name;
}

const char *policy_reason_sentence(enum policy_reason reason) {
    ASSERT(reason < sizeof reasons / sizeof reasons[0]);
    return reasons[reason].sentence;
}
