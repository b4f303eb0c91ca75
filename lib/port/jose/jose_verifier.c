/* One token's way from bytes to a user. What the token says about itself is believed in this order only: its algorithm must
 * be ours, its key must be one of ours and of that kind, then the signature; only then are its claims looked at. Owns both
 * files' content and the memory of tokens verified; the door's thread. */
#include "lib/port/jose/jose_internal.h"

#include "lib/base/assert.h"
#include "lib/digest/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { HEADER_MAX = 1024 };

struct jose_verifier {
    struct jose_rules rules;
    struct jose_file key_file, revoked_file; /* revoked_file.path may be "" */
    struct jose_key_set keys;
    struct jose_revoked revoked;
    int64_t looked_ms, unknown_ms; /* wall clock: of the last look, and of the last reading for an unknown key */
    void *listener;
    void (*on_read)(void *listener, const char *path, uint32_t count, const char *fault);
    struct jose_figures figures;
    struct jose_cache cache;
};

/* header.payload.signature, still encoded. */
struct parts {
    struct slice header, payload, signature;
};

static enum token_fault judge(struct jose_verifier *verifier, struct slice token, int64_t now_ms,
                              struct token_user *ret_user);
static bool split(struct slice token, struct parts *ret_parts);
static enum token_fault read_header(struct slice encoded, char ret_kid[TOKEN_TEXT_MAX + 1]);
static bool is_type(const json_t *header);
static const struct jose_key *find_key(struct jose_verifier *verifier, const char *kid, int64_t now_ms);
static bool is_signed(struct jose_verifier *verifier, struct slice token, const struct parts *parts,
                      const struct jose_key *key);
static void read_again(struct jose_verifier *verifier, struct jose_file *file);
static enum status read_file(struct jose_verifier *verifier, struct jose_file *file, bool *ret_is_new,
                             struct error *reterr_error);
static enum status adopt_keys(struct jose_verifier *verifier, struct slice text, struct error *reterr_error);
static enum status adopt_revoked(struct jose_verifier *verifier, struct slice text, struct error *reterr_error);
static bool is_due(int64_t last_ms, int64_t now_ms, int64_t every_ms);

static enum token_fault verify(void *context, struct slice token, int64_t now_ms, struct token_user *ret_user) {
    struct jose_verifier *verifier = context;
    ASSERT(ret_user != NULL);
    jose_verifier_look(verifier, now_ms);
    if (token.size == 0 || token.size > TOKEN_SIZE_MAX) return TOKEN_MALFORMED;
    struct digest digest = jose_cache_digest(&verifier->cache, token);
    const struct token_user *known = jose_cache_find(&verifier->cache, digest, now_ms);
    if (known != NULL) {
        enum token_fault fault = jose_claims_at(known, &verifier->rules, now_ms);
        if (fault != TOKEN_GOOD) return fault;
        verifier->figures.remembered++;
        *ret_user = *known;
        return TOKEN_GOOD;
    }
    struct token_user user;
    enum token_fault fault = judge(verifier, token, now_ms, &user);
    if (fault != TOKEN_GOOD) return fault;
    jose_cache_put(&verifier->cache, digest, now_ms, &user);
    *ret_user = user;
    return TOKEN_GOOD;
}

static enum token_fault judge(struct jose_verifier *verifier, struct slice token, int64_t now_ms,
                              struct token_user *ret_user) {
    struct parts parts;
    char kid[TOKEN_TEXT_MAX + 1];
    if (!split(token, &parts)) return TOKEN_MALFORMED;
    enum token_fault fault = read_header(parts.header, kid);
    if (fault != TOKEN_GOOD) return fault;
    const struct jose_key *key = find_key(verifier, kid, now_ms);
    if (key == NULL) return TOKEN_UNKNOWN_KEY;
    if (key->jwk == NULL) return TOKEN_WRONG_ALGORITHM;
    uint8_t payload[TOKEN_SIZE_MAX];
    size_t size;
    if (!jose_decode(parts.payload, payload, sizeof payload, &size)) return TOKEN_MALFORMED;
    if (!is_signed(verifier, token, &parts, key)) return TOKEN_BAD_SIGNATURE;
    fault = jose_claims_read(slice_of(payload, size), &verifier->rules, ret_user);
    if (fault == TOKEN_GOOD) fault = jose_claims_at(ret_user, &verifier->rules, now_ms);
    if (fault != TOKEN_GOOD) return fault;
    bool is_revoked = jose_revoked_has(&verifier->revoked, ret_user->subject) ||
                      jose_revoked_has(&verifier->revoked, ret_user->session);
    return is_revoked ? TOKEN_REVOKED : TOKEN_GOOD;
}

static bool split(struct slice token, struct parts *ret_parts) {
    const uint8_t *first = memchr(token.data, '.', token.size);
    if (first == NULL) return false;
    size_t header_size = (size_t)(first - token.data);
    struct slice rest = slice_of(first + 1, token.size - header_size - 1);
    const uint8_t *second = memchr(rest.data, '.', rest.size);
    if (second == NULL) return false;
    size_t payload_size = (size_t)(second - rest.data);
    ret_parts->header = slice_of(token.data, header_size);
    ret_parts->payload = slice_of(rest.data, payload_size);
    ret_parts->signature = slice_of(second + 1, rest.size - payload_size - 1);
    return true;
}

/* Keys and addresses of keys in a header (jwk, jku, x5c, x5u) are passed over: the key is found by its id or not at all. */
static enum token_fault read_header(struct slice encoded, char ret_kid[TOKEN_TEXT_MAX + 1]) {
    uint8_t bytes[HEADER_MAX];
    size_t size;
    if (!jose_decode(encoded, bytes, sizeof bytes, &size)) return TOKEN_MALFORMED;
    json_t *header = jose_object(slice_of(bytes, size));
    if (header == NULL) return TOKEN_MALFORMED;
    enum token_fault fault = TOKEN_GOOD;
    struct slice kid = jose_text(header, "kid");
    if (!slice_equal(jose_text(header, "alg"), slice_text("ES256"))) {
        fault = TOKEN_WRONG_ALGORITHM;
    } else if (json_object_get(header, "crit") != NULL || !is_type(header)) {
        fault = TOKEN_MALFORMED;
    } else if (kid.size == 0 || kid.size > TOKEN_TEXT_MAX) {
        fault = TOKEN_UNKNOWN_KEY;
    } else {
        memcpy(ret_kid, kid.data, kid.size);
        ret_kid[kid.size] = '\0';
    }
    json_decref(header);
    return fault;
}

/* Other kinds of signed JSON (a logout token, a security event) must not pass for a user's token. */
static bool is_type(const json_t *header) {
    const json_t *type = json_object_get(header, "typ");
    if (type == NULL) return true;
    if (!json_is_string(type)) return false;
    return strcasecmp(json_string_value(type), "JWT") == 0 || strcasecmp(json_string_value(type), "at+jwt") == 0;
}

/* An issuer that has just changed its key signs with the new one at once. */
static const struct jose_key *find_key(struct jose_verifier *verifier, const char *kid, int64_t now_ms) {
    const struct jose_key *key = jose_key_set_find(&verifier->keys, slice_text(kid));
    if (key != NULL || !is_due(verifier->unknown_ms, now_ms, JOSE_UNKNOWN_KEY_MS)) return key;
    verifier->unknown_ms = now_ms;
    read_again(verifier, &verifier->key_file);
    return jose_key_set_find(&verifier->keys, slice_text(kid));
}

/* cjose cuts an ECDSA signature in two halves whatever its size is, passes over what follows a '=', and aborts the process
 * on some base64 that is none: all three parts must have been decoded strictly before it is asked. */
static bool is_signed(struct jose_verifier *verifier, struct slice token, const struct parts *parts,
                      const struct jose_key *key) {
    ASSERT(key->jwk != NULL);
    uint8_t signature[JOSE_SIGNATURE_SIZE];
    size_t size;
    if (!jose_decode(parts->signature, signature, sizeof signature, &size) || size != sizeof signature) return false;
    cjose_err error;
    cjose_jws_t *jws = cjose_jws_import((const char *)token.data, token.size, &error);
    if (jws == NULL) return false;
    verifier->figures.signatures++;
    bool is_good = cjose_jws_verify(jws, key->jwk, &error);
    cjose_jws_release(jws);
    return is_good;
}

void jose_verifier_look(struct jose_verifier *verifier, int64_t now_ms) {
    if (!is_due(verifier->looked_ms, now_ms, JOSE_LOOK_MS)) return;
    verifier->looked_ms = now_ms;
    if (jose_file_has_changed(&verifier->key_file)) read_again(verifier, &verifier->key_file);
    bool has_list = verifier->revoked_file.path[0] != '\0';
    if (has_list && jose_file_has_changed(&verifier->revoked_file)) read_again(verifier, &verifier->revoked_file);
}

/* A clock that was set back makes everything due, once. */
static bool is_due(int64_t last_ms, int64_t now_ms, int64_t every_ms) {
    return now_ms < last_ms || now_ms - last_ms >= every_ms;
}

static void read_again(struct jose_verifier *verifier, struct jose_file *file) {
    struct error error = {0};
    bool was_missing = file->is_missing, is_new;
    enum status status = read_file(verifier, file, &is_new, &error);
    bool is_said = status != STATUS_OK && file->is_missing && was_missing;
    if (is_said || (status == STATUS_OK && !is_new) || verifier->on_read == NULL) return;
    uint32_t count = file == &verifier->key_file ? verifier->keys.count : verifier->revoked.count;
    verifier->on_read(verifier->listener, file->path, count, status == STATUS_OK ? NULL : error.message);
}

/* What was remembered was verified by the keys and the list of before: a new reading forgets it all. One that says the same
 * as before forgets nothing, or whoever sends unknown key ids could make the door verify everything. */
static enum status read_file(struct jose_verifier *verifier, struct jose_file *file, bool *ret_is_new,
                             struct error *reterr_error) {
    *ret_is_new = false;
    verifier->figures.readings++;
    enum status status = jose_file_read(file, reterr_error);
    if (status != STATUS_OK) return status;
    struct digest digest = digest_of(file->text, slice_of(NULL, 0));
    if (!file->is_in_force || !digest_equal(digest, file->digest)) {
        status = file == &verifier->key_file ? adopt_keys(verifier, file->text, reterr_error)
                                             : adopt_revoked(verifier, file->text, reterr_error);
        *ret_is_new = status == STATUS_OK;
    }
    jose_file_drop(file);
    if (!*ret_is_new) return status;
    file->is_in_force = true;
    file->digest = digest;
    jose_cache_empty(&verifier->cache);
    return STATUS_OK;
}

static enum status adopt_keys(struct jose_verifier *verifier, struct slice text, struct error *reterr_error) {
    struct jose_key_set keys;
    enum status status = jose_key_set_parse(text, &keys, reterr_error);
    if (status != STATUS_OK) return status;
    jose_key_set_drop(&verifier->keys);
    verifier->keys = keys;
    return STATUS_OK;
}

static enum status adopt_revoked(struct jose_verifier *verifier, struct slice text, struct error *reterr_error) {
    struct jose_revoked revoked;
    enum status status = jose_revoked_parse(text, &revoked, reterr_error);
    if (status != STATUS_OK) return status;
    jose_revoked_drop(&verifier->revoked);
    verifier->revoked = revoked;
    return STATUS_OK;
}

static bool set_text(char *to, size_t to_size, const char *from) {
    int size = snprintf(to, to_size, "%s", from);
    return size >= 0 && (size_t)size < to_size;
}

enum status jose_verifier_open(const struct jose_options *options, struct jose_verifier **ret_verifier,
                               struct error *reterr_error) {
    ASSERT(options->skew_ms >= 0 && options->age_ms_max > 0);
    ASSERT(options->issuer[0] != '\0' && options->audience[0] != '\0');
    struct jose_verifier *verifier = calloc(1, sizeof *verifier);
    if (verifier == NULL) return error_set(reterr_error, STATUS_NO_MEMORY, "no memory for checking tokens");
    verifier->rules.skew_ms = options->skew_ms;
    verifier->rules.age_ms_max = options->age_ms_max;
    verifier->listener = options->listener;
    verifier->on_read = options->on_read;
    verifier->looked_ms = verifier->unknown_ms = INT64_MIN / 2;
    jose_cache_init(&verifier->cache);
    enum status status = STATUS_OK;
    if (!set_text(verifier->rules.issuer, sizeof verifier->rules.issuer, options->issuer) ||
        !set_text(verifier->rules.audience, sizeof verifier->rules.audience, options->audience) ||
        !set_text(verifier->key_file.path, sizeof verifier->key_file.path, options->key_set_file) ||
        !set_text(verifier->revoked_file.path, sizeof verifier->revoked_file.path, options->revoked_file)) {
        status = error_set(reterr_error, STATUS_INVALID, "tokens: expected texts of at most 255 bytes");
    }
    bool is_new;
    if (status == STATUS_OK) status = read_file(verifier, &verifier->key_file, &is_new, reterr_error);
    if (status == STATUS_OK && options->revoked_file[0] != '\0') {
        status = read_file(verifier, &verifier->revoked_file, &is_new, reterr_error);
    }
    if (status != STATUS_OK) {
        jose_verifier_close(verifier);
        return status;
    }
    *ret_verifier = verifier;
    return STATUS_OK;
}

void jose_verifier_close(struct jose_verifier *verifier) {
    if (verifier == NULL) return;
    jose_key_set_drop(&verifier->keys);
    jose_revoked_drop(&verifier->revoked);
    explicit_bzero(&verifier->cache, sizeof verifier->cache);
    free(verifier);
}

struct token_port jose_verifier_port(struct jose_verifier *verifier) {
    ASSERT(verifier != NULL);
    return (struct token_port){.context = verifier, .verify = verify};
}

struct jose_figures jose_verifier_figures(const struct jose_verifier *verifier) {
    return verifier->figures;
}
