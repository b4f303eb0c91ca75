/* Makes keys and tokens for demo and tests. Owns nothing between calls; never prints a private key, not even in an
 * error. */
#include "lib/port/jose/jose_issuer.h"

#include "lib/base/assert.h"
#include "lib/base/text.h"
#include "lib/digest/digest.h"
#include "lib/port/jose/jose_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KID_BYTES = 8 };

static enum status make_key(cjose_jwk_t **ret_key, char ret_kid[TOKEN_TEXT_MAX + 1], struct error *reterr_error);
static enum status write_key_set(const char *path, const cjose_jwk_t *key, bool keeps_earlier,
                                 struct error *reterr_error);
static json_t *read_key_set(const char *path);
static json_t *public_of(const cjose_jwk_t *key);
static enum status load_key(const char *path, cjose_jwk_t **ret_key, struct error *reterr_error);
static enum status sign(const cjose_jwk_t *key, struct slice claims, struct buffer *out, struct error *reterr_error);
static enum status replace(const char *path, const char *text, mode_t mode, struct error *reterr_error);

enum status jose_issuer_make(const char *key_file, const char *key_set_file, enum jose_earlier earlier,
                             char ret_kid[TOKEN_TEXT_MAX + 1], struct error *reterr_error) {
    bool is_first = earlier == JOSE_EARLIER_NONE;
    if (is_first && (access(key_file, F_OK) == 0 || access(key_set_file, F_OK) == 0)) {
        return error_set(reterr_error, STATUS_CONFLICT, "there is an issuer already: %s", key_file);
    }
    cjose_jwk_t *key = NULL;
    enum status status = make_key(&key, ret_kid, reterr_error);
    if (status != STATUS_OK) return status;
    /* First the set, so that no token is signed by a key that nobody can know. */
    status = write_key_set(key_set_file, key, earlier == JOSE_EARLIER_KEEP, reterr_error);
    if (status == STATUS_OK) {
        cjose_err error;
        char *private = cjose_jwk_to_json(key, true, &error);
        status = private != NULL ? replace(key_file, private, 0600, reterr_error)
                                 : error_set(reterr_error, STATUS_NO_MEMORY, "no memory for a key");
        if (private != NULL) explicit_bzero(private, strlen(private));
        free(private);
    }
    (void)cjose_jwk_release(key);
    return status;
}

static enum status make_key(cjose_jwk_t **ret_key, char ret_kid[TOKEN_TEXT_MAX + 1], struct error *reterr_error) {
    cjose_err error;
    uint8_t bytes[KID_BYTES];
    digest_random(bytes, sizeof bytes);
    text_hex(bytes, sizeof bytes, ret_kid);
    ret_kid[2 * sizeof bytes] = '\0';
    cjose_jwk_t *key = cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, &error);
    if (key == NULL || !cjose_jwk_set_kid(key, ret_kid, strlen(ret_kid), &error)) {
        if (key != NULL) (void)cjose_jwk_release(key);
        return error_set(reterr_error, STATUS_IO, "a key cannot be made");
    }
    *ret_key = key;
    return STATUS_OK;
}

static enum status write_key_set(const char *path, const cjose_jwk_t *key, bool keeps_earlier,
                                 struct error *reterr_error) {
    json_t *set = keeps_earlier ? read_key_set(path) : json_pack("{s[]}", "keys");
    if (set == NULL) return error_set(reterr_error, STATUS_INVALID, "%s: expected the issuer's key set", path);
    json_t *keys = json_object_get(set, "keys");
    if (json_array_size(keys) >= JOSE_KEYS_MAX) (void)json_array_remove(keys, 0);
    bool is_whole = json_array_append_new(keys, public_of(key)) == 0;
    char *text = is_whole ? json_dumps(set, JSON_INDENT(2)) : NULL;
    enum status status = text != NULL ? replace(path, text, 0644, reterr_error)
                                      : error_set(reterr_error, STATUS_NO_MEMORY, "no memory for a key set");
    free(text);
    json_decref(set);
    return status;
}

static json_t *read_key_set(const char *path) {
    struct jose_file file = {0};
    struct error error;
    if ((size_t)snprintf(file.path, sizeof file.path, "%s", path) >= sizeof file.path) return NULL;
    if (jose_file_read(&file, &error) != STATUS_OK) return NULL;
    json_t *set = jose_object(file.text);
    jose_file_drop(&file);
    if (json_is_array(json_object_get(set, "keys"))) return set;
    json_decref(set);
    return NULL;
}

/* Says for what it may be used, so that a verifier need not guess. */
static json_t *public_of(const cjose_jwk_t *key) {
    cjose_err error;
    char *text = cjose_jwk_to_json(key, false, &error);
    json_t *object = text != NULL ? jose_object(slice_text(text)) : NULL;
    free(text);
    if (object == NULL) return NULL;
    (void)json_object_set_new(object, "use", json_string("sig"));
    (void)json_object_set_new(object, "alg", json_string("ES256"));
    return object;
}

enum status jose_issuer_sign(const char *key_file, struct slice claims, struct buffer *out,
                             struct error *reterr_error) {
    ASSERT(claims.size > 0);
    cjose_jwk_t *key;
    enum status status = load_key(key_file, &key, reterr_error);
    if (status != STATUS_OK) return status;
    status = sign(key, claims, out, reterr_error);
    (void)cjose_jwk_release(key);
    return status;
}

static enum status sign(const cjose_jwk_t *key, struct slice claims, struct buffer *out, struct error *reterr_error) {
    cjose_err error;
    const char *kid = cjose_jwk_get_kid(key, &error);
    cjose_header_t *header = cjose_header_new(&error);
    bool is_good = kid != NULL && header != NULL && cjose_header_set(header, CJOSE_HDR_ALG, "ES256", &error) &&
                   cjose_header_set(header, CJOSE_HDR_KID, kid, &error) &&
                   cjose_header_set(header, "typ", "JWT", &error);
    cjose_jws_t *jws = is_good ? cjose_jws_sign(key, header, claims.data, claims.size, &error) : NULL;
    const char *token = NULL;
    if (jws != NULL && cjose_jws_export(jws, &token, &error)) buffer_put(out, token, strlen(token));
    if (jws != NULL) cjose_jws_release(jws);
    if (header != NULL) cjose_header_release(header);
    if (token == NULL) return error_set(reterr_error, STATUS_IO, "a token cannot be signed");
    if (out->is_full) return error_set(reterr_error, STATUS_FULL, "the token would be too large");
    return STATUS_OK;
}

static enum status load_key(const char *path, cjose_jwk_t **ret_key, struct error *reterr_error) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return error_set(reterr_error, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO, "%s cannot be opened: %s", path,
                         strerror(errno));
    }
    struct stat found;
    if (fstat(fd, &found) != 0 || !S_ISREG(found.st_mode) || (found.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        (void)close(fd);
        return error_set(reterr_error, STATUS_DENIED, "%s must be a file for its owner only (chmod 600)", path);
    }
    char text[JOSE_KEY_ROOM];
    ssize_t size = read(fd, text, sizeof text);
    (void)close(fd);
    cjose_err error;
    cjose_jwk_t *key = size > 0 ? jose_key_import(slice_of(text, (size_t)size)) : NULL;
    explicit_bzero(text, sizeof text);
    if (key == NULL || cjose_jwk_get_kid(key, &error) == NULL) {
        if (key != NULL) (void)cjose_jwk_release(key);
        return error_set(reterr_error, STATUS_INVALID, "%s: expected an issuer's key (`bhr token issuer`)", path);
    }
    *ret_key = key;
    return STATUS_OK;
}

/* Whoever reads it sees the old file or the new one, never half of one. */
static enum status replace(const char *path, const char *text, mode_t mode, struct error *reterr_error) {
    char new_path[JOSE_PATH_MAX + 8];
    int length = snprintf(new_path, sizeof new_path, "%s.new", path);
    if (length < 0 || (size_t)length >= sizeof new_path) {
        return error_set(reterr_error, STATUS_INVALID, "%.60s...: expected a shorter path", path);
    }
    (void)unlink(new_path);
    int fd = open(new_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0) return error_set(reterr_error, STATUS_IO, "%s cannot be made: %s", new_path, strerror(errno));
    bool is_written = dprintf(fd, "%s\n", text) > 0 && fsync(fd) == 0;
    int failed = errno;
    if (close(fd) != 0) is_written = false;
    if (is_written && rename(new_path, path) == 0) return STATUS_OK;
    if (is_written) failed = errno;
    (void)unlink(new_path);
    return error_set(reterr_error, STATUS_IO, "%s cannot be written: %s", path, strerror(failed));
}

bool jose_peek(struct slice token, struct buffer *out_header, struct buffer *out_claims) {
    if (token.size == 0 || token.size > TOKEN_SIZE_MAX) return false;
    const uint8_t *end = token.data + token.size, *from = token.data;
    struct buffer *outs[] = {out_header, out_claims};
    for (size_t i = 0; i < sizeof outs / sizeof outs[0]; i++) {
        const uint8_t *dot = memchr(from, '.', (size_t)(end - from));
        uint8_t bytes[TOKEN_SIZE_MAX];
        size_t size;
        if (dot == NULL || !jose_decode(slice_of(from, (size_t)(dot - from)), bytes, sizeof bytes, &size)) return false;
        json_t *object = jose_object(slice_of(bytes, size));
        if (object == NULL) return false;
        json_decref(object);
        buffer_put(outs[i], bytes, size);
        from = dot + 1;
    }
    return !out_header->is_full && !out_claims->is_full;
}
