/* Refuses a rule that can never match, because earlier rules decide whatever it would decide (policy.h). Such a rule
 * says something that its author believes and that is not so. The check is exact, also where several earlier rules
 * cover one together: every system, method, role code and purpose that the rule names is looked at. Pure. */
#include "lib/policy/policy_internal.h"

/* What of a rule is still uncovered, for one role code and one purpose: methods by system. */
struct uncovered {
    uint64_t methods[POLICY_SYSTEMS_MAX];
    uint32_t system_count; /* with a method left */
};
enum { COVERS_SHOWN_MAX = 3 };
struct covers {
    uint32_t count;
    uint32_t lines[COVERS_SHOWN_MAX]; /* the first ones */
};

static bool is_covered(const struct policy *policy, uint32_t at, struct covers *ret_covers);
static bool is_cell_covered(const struct policy *policy, uint32_t at, uint64_t role, uint32_t purpose,
                            struct covers *covers);
static bool may_cover(const struct policy_rule *earlier, const struct policy_rule *later);
static bool names_nobody(const struct policy_rule *rule);
static enum status refuse_rule(const struct policy_rule *rule, const struct covers *covers, struct error *reterr_error);

enum status policy_refuse_shadowed(const struct policy *policy, struct error *reterr_error) {
    for (uint32_t i = 0; i < policy->rule_count; i++) {
        struct covers covers = {0};
        if (names_nobody(&policy->rules[i]) || is_covered(policy, i, &covers)) {
            return refuse_rule(&policy->rules[i], &covers, reterr_error);
        }
    }
    return STATUS_OK;
}

/* Cell by cell: each role code and purpose for itself. 0 stands for "whoever": only a rule that asks for none covers
 * it. */
static bool is_covered(const struct policy *policy, uint32_t at, struct covers *ret_covers) {
    const struct policy_rule *rule = &policy->rules[at];
    for (uint32_t r = 0; r < POLICY_ROLE_CODES_MAX; r++) {
        uint64_t role = rule->roles & UINT64_C(1) << r;
        if (rule->roles != 0 && role == 0) continue;
        for (uint32_t p = 0; p < POLICY_PURPOSES_MAX; p++) {
            uint32_t purpose = rule->purposes & UINT32_C(1) << p;
            if (rule->purposes != 0 && purpose == 0) continue;
            if (!is_cell_covered(policy, at, role, purpose, ret_covers)) return false;
            if (rule->purposes == 0) break;
        }
        if (rule->roles == 0) break;
    }
    return true;
}

/* In order; beyond those shown the count is only "more". */
static void note(struct covers *covers, uint32_t line) {
    uint32_t shown = covers->count < COVERS_SHOWN_MAX ? covers->count : COVERS_SHOWN_MAX;
    uint32_t at = 0;
    while (at < shown && covers->lines[at] < line) at++;
    if (at < shown && covers->lines[at] == line) return;
    for (uint32_t i = COVERS_SHOWN_MAX - 1; i > at; i--) covers->lines[i] = covers->lines[i - 1];
    if (at < COVERS_SHOWN_MAX) covers->lines[at] = line;
    covers->count++;
}

static bool is_cell_covered(const struct policy *policy, uint32_t at, uint64_t role, uint32_t purpose,
                            struct covers *covers) {
    const struct policy_rule *rule = &policy->rules[at];
    struct uncovered left = {0};
    for (uint32_t s = 0; s < policy->system_count; s++) {
        if (!policy_set_has(&rule->systems, s)) continue;
        left.methods[s] = rule->methods;
        left.system_count++;
    }
    for (uint32_t i = 0; i < at && left.system_count > 0; i++) {
        const struct policy_rule *earlier = &policy->rules[i];
        bool is_role = earlier->roles == 0 || (earlier->roles & role) != 0;
        bool is_purpose = earlier->purposes == 0 || (earlier->purposes & purpose) != 0;
        if (!is_role || !is_purpose || (earlier->methods & rule->methods) == 0 || !may_cover(earlier, rule)) continue;
        for (uint32_t s = 0; s < policy->system_count; s++) {
            if ((left.methods[s] & earlier->methods) == 0 || !policy_set_has(&earlier->systems, s)) continue;
            left.methods[s] &= ~earlier->methods;
            if (left.methods[s] == 0) left.system_count--;
            note(covers, earlier->line);
        }
    }
    return left.system_count == 0;
}

/* Whether the earlier rule matches whenever the later one does, as far as token and conditions go. An allow holds only
 * when its conditions are known to hold, a deny also when they cannot be told: so an allow with conditions leaves
 * something for a later deny, whatever that one asks. */
static bool may_cover(const struct policy_rule *earlier, const struct policy_rule *later) {
    bool has_user = later->needs_token || later->roles != 0 || later->purposes != 0;
    if (earlier->needs_token && !has_user) return false;
    if (earlier->is_allow && !later->is_allow) return earlier->conditions == 0;
    return (earlier->conditions & ~later->conditions) == 0;
}

static bool names_nobody(const struct policy_rule *rule) {
    uint64_t any = 0;
    for (uint32_t i = 0; i < POLICY_SYSTEMS_MAX / 64; i++) any |= rule->systems.words[i];
    return any == 0;
}

/* "line 30: this rule can never match: line 12 decides first" */
static enum status refuse_rule(const struct policy_rule *rule, const struct covers *covers,
                               struct error *reterr_error) {
    struct buffer message = refusal_begin(reterr_error);
    refusal_text(&message, "line ");
    refusal_number(&message, rule->line);
    refusal_text(&message, ": this rule can never match: ");
    if (covers->count == 0) {
        refusal_text(&message, "no system is of those that it names");
        return refusal_end(reterr_error, &message);
    }
    refusal_text(&message, covers->count == 1 ? "line " : "lines ");
    for (uint32_t i = 0; i < covers->count && i < COVERS_SHOWN_MAX; i++) {
        if (i > 0) refusal_text(&message, i + 1 == covers->count ? " and " : ", ");
        refusal_number(&message, covers->lines[i]);
    }
    if (covers->count > COVERS_SHOWN_MAX) refusal_text(&message, " and others");
    refusal_text(&message, covers->count == 1 ? " decides first" : " together decide first");
    return refusal_end(reterr_error, &message);
}
