/* The human behind a request: who the token that came with it names, if it may be believed and came over the connection of
 * the system that it was issued to. A request without a token has no user; whether it needs one is for the policy to say.
 * Loop's thread. */
#include "lib/host/door_internal.h"

static enum token_fault check(struct door *door, const struct door_request *request);

static_assert((int)TOKEN_SIZE_MAX == (int)EXCHANGE_USER_TOKEN_MAX, "every token that a header may hold can be judged");
static_assert((int)TOKEN_TEXT_MAX == (int)SOCKET_SYSTEM_MAX, "a token can name every system");

uint32_t door_find_user(struct door *door, struct door_request *request, struct slice *ret_detail) {
    request->user = NULL;
    if (request->header.user_token.size == 0) return OUTCOME_OK;
    enum token_fault fault = check(door, request);
    if (door->listener.token_judged != NULL) {
        door->listener.token_judged(door->listener.context, request->caller.system, fault);
    }
    if (fault == TOKEN_GOOD) {
        request->user = &door->user;
        return OUTCOME_OK;
    }
    *ret_detail = slice_text(token_fault_detail(fault));
    return OUTCOME_USER_TOKEN_REFUSED;
}

/* What cannot be checked is refused, not passed over: whoever sends a token relies on being known by it. */
static enum token_fault check(struct door *door, const struct door_request *request) {
    const struct token_port *tokens = &door->ports.tokens;
    if (tokens->verify == NULL) return TOKEN_NOT_TAKEN;
    enum token_fault fault = tokens->verify(tokens->context, request->header.user_token, door->wall_ms, &door->user);
    if (fault != TOKEN_GOOD) return fault;
    ASSERT(door->user.subject[0] != '\0');
    return strcmp(door->user.system, request->caller.system) == 0 ? TOKEN_GOOD : TOKEN_OTHER_SYSTEM;
}

void door_put_user(const struct door_request *request, struct ingress *ingress) {
    const struct token_user *user = request->user;
    if (user == NULL) return;
    ingress->user = slice_text(user->subject);
    ingress->user_role = slice_text(user->role_count > 0 ? user->roles[0] : "");
    ingress->purpose = slice_text(user->purpose);
}
