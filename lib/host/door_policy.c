/* Whether a request may be done: the question put to the policy, as far as it can be put without the store, and once more
 * with what the request is about when that matters. Nothing is kept. Loop's thread. */
#include "lib/host/door_internal.h"

static struct policy_ask ask_of(const struct door_request *request);
static uint32_t outcome_of(enum policy_reason reason);

uint32_t door_may_ask(const struct door *door, struct door_request *request) {
    struct policy_ask ask = ask_of(request);
    enum policy_reason reason = policy_evaluate(door->policy, &ask).reason;
    request->needs_subject = reason == POLICY_NEEDS_SUBJECT;
    return request->needs_subject ? (uint32_t)OUTCOME_OK : outcome_of(reason);
}

uint32_t door_may_ask_about(struct door *door, const struct door_request *request, const struct rows *rows) {
    if (!request->needs_subject) return OUTCOME_OK;
    struct ingress ingress = door_ingress(door, request);
    struct service_subject subject = {0};
    size_t used = door->arena.used;
    if (request->caller.method->about != NULL) {
        (void)request->caller.method->about(&door->options.service_context, &ingress, rows, request->body, &door->arena,
                                            &subject);
    }
    /* Of what cannot be read or found nothing is known: whatever depends on it fails, and says no more than that. */
    struct policy_ask ask = ask_of(request);
    ask.has_subject = true;
    ask.subject = (struct policy_subject){.organisation = subject.organisation,
                                          .service_id = subject.service_id,
                                          .has_person = subject.has_person,
                                          .person_id = subject.person_id};
    enum policy_reason reason = policy_evaluate(door->policy, &ask).reason;
    ASSERT(reason != POLICY_NEEDS_SUBJECT);
    door->arena.used = used;
    return outcome_of(reason);
}

static struct policy_ask ask_of(const struct door_request *request) {
    struct policy_ask ask = {
        .system = slice_text(request->caller.system),
        .method = slice_text(request->caller.method->name),
        .token = POLICY_TOKEN_NONE,
    };
    const struct token_user *user = request->user;
    if (user == NULL) return ask;
    static_assert((int)TOKEN_ROLES_MAX <= (int)POLICY_USER_ROLES_MAX, "all roles of a user can be asked about");
    ask.token = POLICY_TOKEN_GOOD; /* any other was refused before */
    ask.user = slice_text(user->subject);
    ask.user_organisation = slice_text(user->organisation);
    ask.purpose = slice_text(user->purpose);
    ask.user_role_count = user->role_count;
    for (uint32_t i = 0; i < user->role_count; i++) ask.user_roles[i] = slice_text(user->roles[i]);
    return ask;
}

static uint32_t outcome_of(enum policy_reason reason) {
    switch (reason) {
    case POLICY_ALLOWED:
        return OUTCOME_OK;
    case POLICY_USER_TOKEN_REQUIRED:
        return OUTCOME_USER_TOKEN_REQUIRED;
    case POLICY_DENIED_ROLE:
        return OUTCOME_DENIED_ROLE;
    case POLICY_DENIED_PURPOSE:
        return OUTCOME_DENIED_PURPOSE;
    case POLICY_DENIED_CONDITION:
        return OUTCOME_DENIED_CONDITION;
    case POLICY_NEEDS_SUBJECT:
    case POLICY_DENIED_SYSTEM:
    case POLICY_DENIED_REVOKED:
    case POLICY_DENIED_METHOD:
    case POLICY_DENIED_RULE:
#define X(NAME, name) case POLICY_USER_TOKEN_##NAME:
        POLICY_BAD_TOKENS(X)
#undef X
        return OUTCOME_DENIED;
    }
    bhr_assert_failed("every reason has its outcome", __FILE__, __LINE__);
}
