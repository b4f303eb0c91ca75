/* Who may ask what about whom: a flat file, judged as a whole when it is loaded, and the question put to it for each
 * request (design section 6 "Identity"; the language by example: docs/POLICY.md). Deny by default: rules are looked at in
 * the order of the file, the first that matches decides, and what no rule matches is denied.
 *
 *   policy_parse.c     blocks and rows of the file; systems, organisations, services, roles, purposes
 *   policy_rules.c     allow and deny
 *   policy_shadow.c    refuses a rule that can never match
 *   policy_cases.c     the file's own test cases, run at load
 *   policy_evaluate.c  one question, one verdict
 *
 * Pure: no I/O, clock, allocation. A policy is its caller's memory and never changes once it is read, so that threads
 * may share one. */
#ifndef BHR_POLICY_POLICY_H
#define BHR_POLICY_POLICY_H

#include "lib/base/id.h"
#include "lib/base/status.h"

enum {
    POLICY_TEXT_MAX = 1024 * 1024,
    POLICY_SYSTEMS_MAX = 256,
    POLICY_KEYS_MAX = 4, /* of one system, so that old and new overlap while it changes them */
    POLICY_KEY_SIZE = 40,
    POLICY_RULES_MAX = 512, /* the methods row of a system is one, too */
    POLICY_METHODS_MAX = 64,
    POLICY_ORGANISATIONS_MAX = 512,
    POLICY_SERVICES_MAX = 256,
    POLICY_ROLES_MAX = 32,
    POLICY_ROLE_CODES_MAX = 64, /* of all roles together */
    POLICY_PURPOSES_MAX = 32,
    POLICY_APIS_MAX = 16,
    POLICY_USER_ROLES_MAX = 8, /* of one question */
    POLICY_ID_MAX = 64,        /* of a system or a role code */
    POLICY_NAME_MAX = 32,      /* of a role, purpose or service */
    POLICY_TITLE_MAX = 79,     /* what stands in quotes */
    POLICY_METHOD_MAX = 95,
};

/* A set of systems, by their place in struct policy. */
struct policy_set {
    uint64_t words[POLICY_SYSTEMS_MAX / 64];
};

struct policy_system {
    char id[POLICY_ID_MAX + 1];
    uint32_t line;
    uint32_t key_count;
    char keys[POLICY_KEYS_MAX][POLICY_KEY_SIZE + 1];
    char organisation[16];
    char role[16]; /* "111", "practice", "hub", "operator" */
    uint32_t in_flight_max, per_second_max;
    bool is_revoked; /* it stays in the file, and nobody gets in by it */
};

/* An organisation, or a service that people are booked into, and of what kind it is. */
struct policy_kind {
    char id[POLICY_NAME_MAX + 1];
    char kind[16];
};

struct policy_role {
    char name[POLICY_NAME_MAX + 1];
    uint64_t codes; /* bits: places in role_codes */
};

/* X(NAME, "name", "what it means"): what a rule may ask of the request's subject. Each bit of conditions stands for one. */
#define POLICY_CONDITIONS(X)                                                                                           \
    X(OWN_ORGANISATION, "own_organisation", "it is about the organisation of the asking system, and of its user")      \
    X(SERVICE_111, "service_111", "it is about a service that this file calls kind 111")                               \
    X(REGISTERED_HERE, "registered_here", "it is about a person registered with the asking organisation")

enum policy_condition {
#define X(NAME, name, sentence) POLICY_##NAME,
    POLICY_CONDITIONS(X)
#undef X
};

struct policy_rule {
    uint32_t line;
    bool is_allow, needs_token;
    uint32_t conditions; /* bits of enum policy_condition: all must hold */
    uint32_t purposes;   /* bits: places in policy.purposes; 0: any, or no user at all */
    uint64_t roles;      /* bits: places in policy.role_codes; the same */
    uint64_t methods;    /* bits: places in policy.methods */
    struct policy_set systems;
    char title[POLICY_TITLE_MAX + 1];
};

struct policy {
    uint32_t system_count, rule_count, organisation_count, service_count, role_count, role_code_count, purpose_count;
    uint32_t method_count, case_count;
    uint32_t passed_over;                             /* rules about methods that this program does not know */
    const char *methods[POLICY_METHODS_MAX];          /* borrowed from the program's table */
    struct policy_system systems[POLICY_SYSTEMS_MAX]; /* by id */
    struct policy_rule rules[POLICY_RULES_MAX];       /* in the order of the file */
    struct policy_kind organisations[POLICY_ORGANISATIONS_MAX];
    struct policy_kind services[POLICY_SERVICES_MAX];
    struct policy_role roles[POLICY_ROLES_MAX];
    char role_codes[POLICY_ROLE_CODES_MAX][POLICY_ID_MAX + 1];
    char purposes[POLICY_PURPOSES_MAX][POLICY_NAME_MAX + 1];
};

/* Reads the file's text, checks that every rule can match, runs its cases. On failure *ret_policy holds nothing of use
 * and *reterr_error names line, word and what was expected. methods are those of the service that the process runs, by
 * their full names: they must exist; methods of other packages are passed over. */
MUST_CHECK enum status policy_parse(struct policy *ret_policy, struct slice text, const char *const *methods,
                                    uint32_t method_count, struct error *reterr_error);

/* NULL when nobody has that key (Z85 text) or id. A revoked system is found by its id only. */
const struct policy_system *policy_by_key(const struct policy *policy, struct slice key);
const struct policy_system *policy_by_id(const struct policy *policy, const char *id);
const struct policy_system *policy_find(const struct policy *policy, struct slice id);

/* ---- one question ---- */

/* X(NAME, "name"): what is wrong with a user's token that came with a request, as lib/port/token.h has it. A bad token is
 * never passed over: who sends one is denied even where none is needed. */
#define POLICY_BAD_TOKENS(X)                                                                                           \
    X(MALFORMED, "malformed")                                                                                          \
    X(BAD_SIGNATURE, "bad_signature")                                                                                  \
    X(EXPIRED, "expired")                                                                                              \
    X(NOT_YET, "not_yet")                                                                                              \
    X(WRONG_ISSUER, "wrong_issuer")                                                                                    \
    X(WRONG_AUDIENCE, "wrong_audience")                                                                                \
    X(WRONG_ALGORITHM, "wrong_algorithm") /* alg: none among them */                                                   \
    X(UNKNOWN_KEY, "unknown_key")                                                                                      \
    X(OTHER_SYSTEM, "other_system") /* made out for another system's connection */                                     \
    X(REVOKED, "revoked")                                                                                              \
    X(NOT_TAKEN, "not_taken") /* this service is not set up to check one */

enum policy_token {
    POLICY_TOKEN_NONE,
    POLICY_TOKEN_GOOD,
#define X(NAME, name) POLICY_TOKEN_##NAME,
    POLICY_BAD_TOKENS(X)
#undef X
};

/* Whose and whom the request is about; empty where it does not say. */
struct policy_subject {
    struct slice organisation, service_id;
    bool has_person;
    struct uuid person_id;
};

struct policy_ask {
    struct slice system, method;
    enum policy_token token; /* POLICY_TOKEN_GOOD: the five below are of the human behind the request */
    struct slice user, user_organisation, purpose;
    uint32_t user_role_count;
    struct slice user_roles[POLICY_USER_ROLES_MAX]; /* codes, as the token has them */
    bool has_subject;                               /* false: the subject has not been looked up yet */
    struct policy_subject subject;
};

/* X(NAME, "name", "sentence"), the further a request got the later; then one for each bad token. */
#define POLICY_REASONS(X)                                                                                              \
    X(ALLOWED, "allowed", "a rule allows it")                                                                          \
    X(NEEDS_SUBJECT, "needs_subject", "it depends on what the request is about")                                       \
    X(DENIED_SYSTEM, "denied_system", "there is no such system")                                                       \
    X(DENIED_REVOKED, "denied_revoked", "the system is revoked")                                                       \
    X(DENIED_METHOD, "denied_method", "no rule lets this system call this method")                                     \
    X(USER_TOKEN_REQUIRED, "user_token_required", "a user's token is needed")                                          \
    X(DENIED_ROLE, "denied_role", "none of the user's roles is one that may")                                          \
    X(DENIED_PURPOSE, "denied_purpose", "not for this purpose")                                                        \
    X(DENIED_CONDITION, "denied_condition", "not about this organisation, service or person")                          \
    X(DENIED_RULE, "denied_rule", "a rule denies it")

enum policy_reason {
#define X(NAME, name, sentence) POLICY_##NAME,
    POLICY_REASONS(X)
#undef X
#define X(NAME, name) POLICY_USER_TOKEN_##NAME,
        POLICY_BAD_TOKENS(X)
#undef X
};

struct policy_verdict {
    enum policy_reason reason;
    const struct policy_rule *rule; /* that decided, or came closest; NULL when none is about this */
};

/* Whether any rule could let this system call this method: what is asked before anything costly. */
bool policy_may_call(const struct policy *policy, const struct policy_system *system, struct slice method);
/* POLICY_NEEDS_SUBJECT only when ask->has_subject is false: ask again with it. */
struct policy_verdict policy_evaluate(const struct policy *policy, const struct policy_ask *ask);
/* What one rule says for itself: POLICY_DENIED_METHOD when it is about another system or method. */
enum policy_reason policy_rule_says(const struct policy *policy, const struct policy_rule *rule,
                                    const struct policy_ask *ask);
const char *policy_reason_name(enum policy_reason reason);
const char *policy_reason_sentence(enum policy_reason reason);

#endif
