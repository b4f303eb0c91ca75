/* The issuer's public keys, a JWK set (RFC 7517). Keys of other kinds are known by name only, so that a token that names one
 * is told so; they are never handed to a signature check. Owns the keys of a set. */
#include "lib/port/jose/jose_internal.h"

#include "lib/base/assert.h"
#include "lib/base/text.h"

#include <stdlib.h>

static enum status add_key(struct jose_key_set *set, const json_t *object, struct error *reterr_error);
static bool is_for_es256(const json_t *object);
static bool is_absent_or(const json_t *object, const char *name, const char *value);

enum status jose_key_set_parse(struct slice text, struct jose_key_set *ret_set, struct error *reterr_error) {
    json_t *root = jose_object(text);
    const json_t *keys = json_object_get(root, "keys");
    struct jose_key_set set = {0};
    enum status status = STATUS_OK;
    if (!json_is_array(keys)) {
        status = error_set(reterr_error, STATUS_INVALID, "key set: expected a JSON object with an array \"keys\"");
    } else if (json_array_size(keys) == 0 || json_array_size(keys) > JOSE_KEYS_MAX) {
        status = error_set(reterr_error, STATUS_INVALID, "key set: expected 1 to %d keys", (int)JOSE_KEYS_MAX);
    }
    for (size_t i = 0; status == STATUS_OK && i < json_array_size(keys); i++) {
        status = add_key(&set, json_array_get(keys, i), reterr_error);
    }
    json_decref(root);
    if (status != STATUS_OK) {
        jose_key_set_drop(&set);
        return status;
    }
    *ret_set = set;
    return STATUS_OK;
}

static enum status add_key(struct jose_key_set *set, const json_t *object, struct error *reterr_error) {
    ASSERT(set->count < JOSE_KEYS_MAX);
    struct slice kid = jose_text(object, "kid");
    if (kid.size == 0 || kid.size > TOKEN_TEXT_MAX || !text_is_clean(kid)) {
        return error_set(reterr_error, STATUS_INVALID, "key set: key %u: expected a kid of 1 to %d bytes",
                         set->count + 1, (int)TOKEN_TEXT_MAX);
    }
    if (jose_key_set_find(set, kid) != NULL) {
        return error_set(reterr_error, STATUS_INVALID, "key set: key %u: its kid is given twice", set->count + 1);
    }
    if (json_object_get(object, "d") != NULL || json_object_get(object, "k") != NULL) {
        return error_set(reterr_error, STATUS_INVALID, "key set: key %u: expected a public key, and it holds a secret",
                         set->count + 1);
    }
    struct jose_key *key = &set->keys[set->count];
    *key = (struct jose_key){0};
    memcpy(key->kid, kid.data, kid.size);
    if (is_for_es256(object)) {
        char *json = json_dumps(object, JSON_COMPACT);
        if (json != NULL) key->jwk = jose_key_import(slice_text(json));
        free(json);
        if (key->jwk == NULL) {
            return error_set(reterr_error, STATUS_INVALID, "key set: key %u: expected a point of P-256",
                             set->count + 1);
        }
    }
    set->count++;
    return STATUS_OK;
}

static bool is_coordinate(struct slice text) {
    uint8_t bytes[JOSE_COORDINATE_SIZE];
    size_t size = 0;
    bool is_good = jose_decode(text, bytes, sizeof bytes, &size) && size == sizeof bytes;
    explicit_bzero(bytes, sizeof bytes); /* a secret's, too */
    return is_good;
}

/* cjose aborts on some base64 that is none, so all that it will decode must have been decoded strictly before. */
cjose_jwk_t *jose_key_import(struct slice text) {
    json_t *object = jose_object(text);
    bool is_good =
        is_for_es256(object) && is_coordinate(jose_text(object, "x")) && is_coordinate(jose_text(object, "y"));
    if (json_object_get(object, "d") != NULL) is_good = is_good && is_coordinate(jose_text(object, "d"));
    json_decref(object);
    cjose_err error;
    return is_good ? cjose_jwk_import((const char *)text.data, text.size, &error) : NULL;
}

/* What a key may be used for is part of the key (RFC 8725 section 3.1). */
static bool is_for_es256(const json_t *object) {
    if (!slice_equal(jose_text(object, "kty"), slice_text("EC"))) return false;
    if (!slice_equal(jose_text(object, "crv"), slice_text("P-256"))) return false;
    return is_absent_or(object, "use", "sig") && is_absent_or(object, "alg", "ES256");
}

static bool is_absent_or(const json_t *object, const char *name, const char *value) {
    return json_object_get(object, name) == NULL || slice_equal(jose_text(object, name), slice_text(value));
}

void jose_key_set_drop(struct jose_key_set *set) {
    for (uint32_t i = 0; i < set->count; i++) {
        if (set->keys[i].jwk != NULL) (void)cjose_jwk_release(set->keys[i].jwk);
    }
    *set = (struct jose_key_set){0};
}

const struct jose_key *jose_key_set_find(const struct jose_key_set *set, struct slice kid) {
    for (uint32_t i = 0; i < set->count; i++) {
        if (slice_equal(slice_text(set->keys[i].kid), kid)) return &set->keys[i];
    }
    return NULL;
}
