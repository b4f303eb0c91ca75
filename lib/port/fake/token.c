/* The token verifier's twin. Owns nothing; one thread; draws nothing. */
#include "lib/port/fake/token.h"

#include "lib/base/text.h"

static struct slice next_field(struct slice *rest, uint8_t separator);
static bool copy(struct slice from, size_t size_max, char *to);
static bool read_user(struct slice token, struct token_user *user);

static enum token_fault verify(void *context, struct slice token, int64_t now_ms, struct token_user *ret_user) {
    struct fake_tokens *tokens = context;
    tokens->asked++;
#define X(fault, name, expected)                                                                                       \
    if (fault != TOKEN_GOOD && slice_equal(token, slice_text(name))) return fault;
    TOKEN_FAULTS(X)
#undef X
    struct token_user user = {.issued_at_ms = now_ms, .not_before_ms = now_ms, .expires_at_ms = tokens->expires_at_ms};
    if (!read_user(token, &user)) return TOKEN_MALFORMED;
    if (tokens->expires_at_ms != 0 && now_ms >= tokens->expires_at_ms) return TOKEN_EXPIRED;
    bool is_revoked = tokens->revoked[0] != '\0' &&
                      (strcmp(tokens->revoked, user.subject) == 0 || strcmp(tokens->revoked, user.session) == 0);
    if (is_revoked) return TOKEN_REVOKED;
    *ret_user = user;
    return TOKEN_GOOD;
}

struct token_port fake_tokens_port(struct fake_tokens *tokens) {
    return (struct token_port){.context = tokens, .verify = verify};
}

static bool read_user(struct slice token, struct token_user *user) {
    if (!copy(next_field(&token, ';'), TOKEN_TEXT_MAX, user->subject) || user->subject[0] == '\0') return false;
    if (!copy(next_field(&token, ';'), TOKEN_TEXT_MAX, user->system) || user->system[0] == '\0') return false;
    struct slice roles = next_field(&token, ';');
    while (roles.size > 0) {
        if (user->role_count == TOKEN_ROLES_MAX) return false;
        if (!copy(next_field(&roles, ','), TOKEN_TEXT_MAX, user->roles[user->role_count++])) return false;
    }
    return copy(next_field(&token, ';'), TOKEN_ORGANISATION_MAX, user->organisation) &&
           copy(next_field(&token, ';'), TOKEN_TEXT_MAX, user->session) &&
           copy(next_field(&token, ';'), TOKEN_PURPOSE_MAX, user->purpose) && token.size == 0;
}

static struct slice next_field(struct slice *rest, uint8_t separator) {
    const uint8_t *end = rest->size > 0 ? memchr(rest->data, separator, rest->size) : NULL;
    size_t size = end == NULL ? rest->size : (size_t)(end - rest->data);
    size_t taken = end == NULL ? size : size + 1;
    struct slice field = slice_of(rest->data, size);
    *rest = slice_of(rest->data + taken, rest->size - taken);
    return field;
}

static bool copy(struct slice from, size_t size_max, char *to) {
    if (from.size == 0) return true;
    if (!text_is_token(from, size_max)) return false;
    memcpy(to, from.data, from.size);
    to[from.size] = '\0';
    return true;
}
