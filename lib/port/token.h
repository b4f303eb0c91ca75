/* The human behind a request, as a signed token says who it is (design section 6 "Identity"; claims: domain.md 4.3). The
 * real verifier is lib/port/jose, a plain twin is lib/port/fake/token.h. What a user may ask is policy, never decided
 * here.
 *
 * A token is bound to the system it was issued to. verify cannot know whose connection it came over: the door compares
 * token_user.system with it and says TOKEN_OTHER_SYSTEM itself. */
#ifndef BHR_PORT_TOKEN_H
#define BHR_PORT_TOKEN_H

#include "lib/base/slice.h"

enum {
    TOKEN_SIZE_MAX = 8192,
    TOKEN_TEXT_MAX = 64, /* bytes of a user, session, system or role */
    TOKEN_ROLES_MAX = 8,
    TOKEN_ORGANISATION_MAX = 10,
    TOKEN_PURPOSE_MAX = 32,
};

/* X(FAULT, "name", "what was expected"): names are stable; they stand in replies, metrics and logs. */
#define TOKEN_FAULTS(X)                                                                                                \
    X(TOKEN_GOOD, "good", "")                                                                                          \
    X(TOKEN_MALFORMED, "token_malformed", "expected a compact JWS with sub, iss, aud, iat, exp and azp or bhr_system") \
    X(TOKEN_BAD_SIGNATURE, "token_bad_signature", "expected a signature by the key that its header names")             \
    X(TOKEN_EXPIRED, "token_expired", "expected a token that has not expired; sign in again")                          \
    X(TOKEN_NOT_YET, "token_not_yet", "expected a token that is valid already; is a clock wrong?")                     \
    X(TOKEN_WRONG_ISSUER, "token_wrong_issuer", "expected a token of the issuer that this service trusts")             \
    X(TOKEN_WRONG_AUDIENCE, "token_wrong_audience", "expected a token made for this service")                          \
    X(TOKEN_WRONG_ALGORITHM, "token_wrong_algorithm", "expected ES256, by a key of that kind")                         \
    X(TOKEN_UNKNOWN_KEY, "token_unknown_key", "expected a kid that is in the issuer's key set")                        \
    X(TOKEN_OTHER_SYSTEM, "token_other_system", "expected a token that was issued to the system that sends it")        \
    X(TOKEN_REVOKED, "token_revoked", "expected a session and a user that are not revoked; sign in again")             \
    X(TOKEN_NOT_TAKEN, "token_not_taken", "expected no token: this service is not set up to check one")

enum token_fault {
#define X(fault, name, expected) fault,
    TOKEN_FAULTS(X)
#undef X
};

struct token_user {
    char subject[TOKEN_TEXT_MAX + 1]; /* user id: in the NHS the 12 digits of nhsid_useruid */
    uint32_t role_count;              /* 0: a user without a role */
    char roles[TOKEN_ROLES_MAX][TOKEN_TEXT_MAX + 1];
    char organisation[TOKEN_ORGANISATION_MAX + 1]; /* ODS code that the roles are held at; "" without a role */
    char purpose[TOKEN_PURPOSE_MAX + 1];           /* why, as the user said when signing in; may be "" */
    char system[TOKEN_TEXT_MAX + 1];               /* that the token was issued to */
    char session[TOKEN_TEXT_MAX + 1];              /* may be "" */
    uint32_t assurance;                            /* 1 to 3: authenticator assurance level; 0: not said */
    int64_t issued_at_ms, not_before_ms, expires_at_ms;
};

/* All zeros: tokens are not taken. */
struct token_port {
    void *context;
    /* TOKEN_GOOD fills *ret_user; otherwise it is untouched. now_ms is wall clock. Never waits for anything but a small
     * local file. One thread, the door's. */
    enum token_fault (*verify)(void *context, struct slice token, int64_t now_ms, struct token_user *ret_user);
};

/* "token_expired" */
static inline const char *token_fault_name(enum token_fault fault) {
    static const char *const names[] = {
#define X(fault, name, expected) name,
        TOKEN_FAULTS(X)
#undef X
    };
    return names[fault];
}

/* "token_expired: expected a token that has not expired; sign in again" */
static inline const char *token_fault_detail(enum token_fault fault) {
    static const char *const details[] = {
#define X(fault, name, expected) name ": " expected,
        TOKEN_FAULTS(X)
#undef X
    };
    return details[fault];
}

static inline bool token_user_has_role(const struct token_user *user, struct slice role) {
    for (uint32_t i = 0; i < user->role_count; i++) {
        if (slice_equal(slice_text(user->roles[i]), role)) return true;
    }
    return false;
}

#endif
