/* What the claims of a token must be, and the user they name. Claims are those of NHS CIS2 (domain.md 4.3) and of OpenID
 * Connect; the two of our own are bhr_system and bhr_purpose. A claim that is there must be as it should be: nothing is
 * passed over for being strange. Pure. */
#include "lib/port/jose/jose_internal.h"

#include "lib/base/text.h"

enum { ROLE_ENTRIES_MAX = 64 };
#define SECONDS_MAX INT64_C(253402300799) /* the end of year 9999 */

static enum token_fault read_claims(const json_t *claims, const struct jose_rules *rules, struct token_user *user);
static bool read_times(const json_t *claims, struct token_user *user);
static bool read_seconds(const json_t *value, int64_t *ret_ms);
static bool read_user(const json_t *claims, struct token_user *user);
static bool read_roles(const json_t *claims, struct token_user *user);
static bool add_role(const json_t *entry, struct token_user *user);
static bool read_assurance(const json_t *claims, uint32_t *ret_level);
static bool is_audience(const json_t *value, const char *audience, bool *ret_is_ours);
static bool copy_token(const json_t *claims, const char *name, size_t size_max, char *to);

enum token_fault jose_claims_read(struct slice payload, const struct jose_rules *rules, struct token_user *ret_user) {
    json_t *claims = jose_object(payload);
    if (claims == NULL) return TOKEN_MALFORMED;
    struct token_user user = {0};
    enum token_fault fault = read_claims(claims, rules, &user);
    json_decref(claims);
    if (fault == TOKEN_GOOD) *ret_user = user;
    return fault;
}

enum token_fault jose_claims_at(const struct token_user *user, const struct jose_rules *rules, int64_t now_ms) {
    if (user->not_before_ms > now_ms + rules->skew_ms) return TOKEN_NOT_YET;
    if (user->issued_at_ms > now_ms + rules->skew_ms) return TOKEN_NOT_YET;
    if (user->expires_at_ms <= now_ms - rules->skew_ms) return TOKEN_EXPIRED;
    if (now_ms - user->issued_at_ms > rules->age_ms_max + rules->skew_ms) return TOKEN_EXPIRED;
    return TOKEN_GOOD;
}

static enum token_fault read_claims(const json_t *claims, const struct jose_rules *rules, struct token_user *user) {
    bool is_ours;
    struct slice issuer = jose_text(claims, "iss");
    if (issuer.size == 0) return TOKEN_MALFORMED;
    if (!slice_equal(issuer, slice_text(rules->issuer))) return TOKEN_WRONG_ISSUER;
    if (!is_audience(json_object_get(claims, "aud"), rules->audience, &is_ours)) return TOKEN_MALFORMED;
    if (!is_ours) return TOKEN_WRONG_AUDIENCE;
    if (!read_times(claims, user)) return TOKEN_MALFORMED;
    if (!read_user(claims, user)) return TOKEN_MALFORMED;
    if (!read_roles(claims, user)) return TOKEN_MALFORMED;
    if (!read_assurance(claims, &user->assurance)) return TOKEN_MALFORMED;
    return TOKEN_GOOD;
}

static bool is_audience(const json_t *value, const char *audience, bool *ret_is_ours) {
    *ret_is_ours = false;
    if (json_is_string(value)) {
        *ret_is_ours = strcmp(json_string_value(value), audience) == 0;
        return true;
    }
    if (!json_is_array(value) || json_array_size(value) == 0) return false;
    for (size_t i = 0; i < json_array_size(value); i++) {
        const json_t *item = json_array_get(value, i);
        if (!json_is_string(item)) return false;
        if (strcmp(json_string_value(item), audience) == 0) *ret_is_ours = true;
    }
    return true;
}

static bool read_times(const json_t *claims, struct token_user *user) {
    if (!read_seconds(json_object_get(claims, "iat"), &user->issued_at_ms)) return false;
    if (!read_seconds(json_object_get(claims, "exp"), &user->expires_at_ms)) return false;
    user->not_before_ms = user->issued_at_ms;
    const json_t *not_before = json_object_get(claims, "nbf");
    if (not_before != NULL && !read_seconds(not_before, &user->not_before_ms)) return false;
    return user->issued_at_ms < user->expires_at_ms;
}

static bool read_seconds(const json_t *value, int64_t *ret_ms) {
    if (!json_is_integer(value)) return false;
    json_int_t seconds = json_integer_value(value);
    if (seconds <= 0 || seconds > SECONDS_MAX) return false;
    *ret_ms = (int64_t)seconds * 1000;
    return true;
}

static bool read_user(const json_t *claims, struct token_user *user) {
    const char *system = json_object_get(claims, "bhr_system") != NULL ? "bhr_system" : "azp";
    return copy_token(claims, "sub", TOKEN_TEXT_MAX, user->subject) && user->subject[0] != '\0' &&
           copy_token(claims, system, TOKEN_TEXT_MAX, user->system) && user->system[0] != '\0' &&
           copy_token(claims, "sid", TOKEN_TEXT_MAX, user->session) &&
           copy_token(claims, "bhr_purpose", TOKEN_PURPOSE_MAX, user->purpose);
}

/* A user may hold roles at several organisations and work at one of them at a time. The role that was selected when signing
 * in counts alone; without a selection all count, and must be held at the same organisation. */
static bool read_roles(const json_t *claims, struct token_user *user) {
    const json_t *entries = json_object_get(claims, "nhsid_nrbac_roles");
    const json_t *selected = json_object_get(claims, "selected_roleid");
    if (entries == NULL) return selected == NULL;
    if (!json_is_array(entries) || json_array_size(entries) > ROLE_ENTRIES_MAX) return false;
    if (selected != NULL && !json_is_string(selected)) return false;
    for (size_t i = 0; i < json_array_size(entries); i++) {
        const json_t *entry = json_array_get(entries, i);
        if (!json_is_object(entry)) return false;
        if (selected != NULL && !slice_equal(jose_text(entry, "person_roleid"), jose_text(claims, "selected_roleid"))) {
            continue;
        }
        if (!add_role(entry, user)) return false;
    }
    return selected == NULL || user->role_count == 1;
}

static bool add_role(const json_t *entry, struct token_user *user) {
    struct slice organisation = jose_text(entry, "org_code");
    if (user->role_count == TOKEN_ROLES_MAX || !text_is_ods_code(organisation)) return false;
    char *role = user->roles[user->role_count];
    if (!copy_token(entry, "role_code", TOKEN_TEXT_MAX, role) || role[0] == '\0') return false;
    if (user->role_count > 0 && !slice_equal(organisation, slice_text(user->organisation))) return false;
    memcpy(user->organisation, organisation.data, organisation.size);
    user->role_count++;
    return true;
}

/* "2", "AAL2" or 2. */
static bool read_assurance(const json_t *claims, uint32_t *ret_level) {
    const json_t *value = json_object_get(claims, "authentication_assurance_level");
    if (value == NULL) return true;
    struct slice text = jose_text(claims, "authentication_assurance_level");
    if (slice_starts_with(text, slice_text("AAL"))) text = slice_of(text.data + 3, text.size - 3);
    json_int_t level = json_is_integer(value) ? json_integer_value(value) : 0;
    if (text.size == 1) level = text.data[0] - '0';
    if (level < 1 || level > 3) return false;
    *ret_level = (uint32_t)level;
    return true;
}

/* A claim that is absent leaves the text empty; one that is there must be a token of that size. */
static bool copy_token(const json_t *claims, const char *name, size_t size_max, char *to) {
    if (json_object_get(claims, name) == NULL) return true;
    struct slice text = jose_text(claims, name);
    if (!text_is_token(text, size_max)) return false;
    memcpy(to, text.data, text.size);
    to[text.size] = '\0';
    return true;
}
