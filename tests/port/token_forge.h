/* Tokens made by hand, good ones and such as an attacker would make, with OpenSSL alone: what is tested is never asked to
 * make what it is tested with. A forge has its keys, a folder with the two files of a verifier, and the verifier; the
 * clock stands where the test puts it. */
#ifndef BHR_TESTS_PORT_TOKEN_FORGE_H
#define BHR_TESTS_PORT_TOKEN_FORGE_H

#include "lib/digest/digest.h"
#include "lib/port/jose/jose_verifier.h"
#include "tests/support/cmocka.h"

#include <jansson.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FORGE_NOW_S INT64_C(1764000000)
enum { FORGE_TOKEN_MAX = 16384, FORGE_TEXT_MAX = 12288, FORGE_SKEW_S = 30, FORGE_AGE_S = 43200 };

enum forge_signer {
    FORGE_ISSUER,     /* the issuer's key, as it should be */
    FORGE_STRANGER,   /* another P-256 key */
    FORGE_NOTHING,    /* no signature */
    FORGE_HMAC_PEM,   /* HMAC with the issuer's public key as PEM for its secret */
    FORGE_HMAC_POINT, /* HMAC with the bytes of the public point */
    FORGE_RSA,        /* RS256 */
    FORGE_P384,       /* ES384 */
    FORGE_DER,        /* the issuer's signature in DER */
    FORGE_LONG,       /* the issuer's signature and one byte more */
    FORGE_SHORT,      /* one byte less */
    FORGE_ZERO,       /* r = s = 0, which broken verifiers take for any message */
    FORGE_SPLICED,    /* the issuer's signature of another token */
};

struct forge {
    EVP_PKEY *issuer, *stranger, *rsa, *p384;
    char folder[64], keys_path[96], revoked_path[96];
    int64_t now_ms;
    struct jose_verifier *verifier;
    struct token_port port;
    uint32_t reads, refusals; /* told by the verifier */
    uint32_t last_count;
    char last_fault[256];
};

static inline size_t forge_encode(const void *bytes, size_t size, char *out) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const uint8_t *data = bytes;
    size_t at = 0;
    for (size_t i = 0; i < size; i += 3) {
        uint32_t bits = (uint32_t)data[i] << 16;
        if (i + 1 < size) bits |= (uint32_t)data[i + 1] << 8;
        if (i + 2 < size) bits |= data[i + 2];
        out[at++] = digits[bits >> 18];
        out[at++] = digits[bits >> 12 & 63];
        if (i + 1 < size) out[at++] = digits[bits >> 6 & 63];
        if (i + 2 < size) out[at++] = digits[bits & 63];
    }
    out[at] = '\0';
    return at;
}

static inline void forge_point(EVP_PKEY *key, uint8_t x[32], uint8_t y[32]) {
    BIGNUM *bx = NULL, *by = NULL;
    assert_int_equal(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_X, &bx), 1);
    assert_int_equal(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_Y, &by), 1);
    assert_int_equal(BN_bn2binpad(bx, x, 32), 32);
    assert_int_equal(BN_bn2binpad(by, y, 32), 32);
    BN_free(bx);
    BN_free(by);
}

/* A P-256 key as JWK; more is put in as it is: ",\"use\":\"sig\"". */
static inline void forge_jwk(EVP_PKEY *key, const char *kid, const char *more, char *out, size_t out_size) {
    uint8_t x[32], y[32];
    char x_text[48], y_text[48];
    forge_point(key, x, y);
    forge_encode(x, sizeof x, x_text);
    forge_encode(y, sizeof y, y_text);
    int size = snprintf(out, out_size, "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"%s\",\"x\":\"%s\",\"y\":\"%s\"%s}",
                        kid, x_text, y_text, more);
    assert_true(size > 0 && (size_t)size < out_size);
}

static inline void forge_write(const char *path, const char *text) {
    char next[128];
    (void)snprintf(next, sizeof next, "%s.new", path);
    FILE *file = fopen(next, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(next, path), 0);
}

/* Signatures; each returns the size. */
static inline size_t forge_ecdsa(EVP_PKEY *key, const EVP_MD *hash, const char *text, size_t half, uint8_t *out,
                                 uint8_t *out_der, size_t *ret_der_size) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t der_size = 256;
    assert_int_equal(EVP_DigestSignInit(context, NULL, hash, NULL, key), 1);
    assert_int_equal(EVP_DigestSign(context, out_der, &der_size, (const uint8_t *)text, strlen(text)), 1);
    EVP_MD_CTX_free(context);
    const uint8_t *at = out_der;
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &at, (long)der_size);
    assert_non_null(signature);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(signature), out, (int)half), (int)half);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(signature), out + half, (int)half), (int)half);
    ECDSA_SIG_free(signature);
    *ret_der_size = der_size;
    return 2 * half;
}

static inline size_t forge_hmac(const struct forge *forge, bool is_pem, const char *text, uint8_t *out) {
    uint8_t secret[1024];
    int secret_size = 64;
    if (is_pem) {
        BIO *bio = BIO_new(BIO_s_mem());
        assert_int_equal(PEM_write_bio_PUBKEY(bio, forge->issuer), 1);
        secret_size = BIO_read(bio, secret, sizeof secret);
        BIO_free(bio);
    } else {
        forge_point(forge->issuer, secret, secret + 32);
    }
    unsigned size = 0;
    assert_non_null(HMAC(EVP_sha256(), secret, secret_size, (const uint8_t *)text, strlen(text), out, &size));
    return size;
}

static inline size_t forge_rsa(const struct forge *forge, const char *text, uint8_t *out) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t size = 512;
    assert_int_equal(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, forge->rsa), 1);
    assert_int_equal(EVP_DigestSign(context, out, &size, (const uint8_t *)text, strlen(text)), 1);
    EVP_MD_CTX_free(context);
    return size;
}

/* text is "header.payload"; the signature's bytes into out. */
static inline size_t forge_signature(const struct forge *forge, enum forge_signer signer, const char *text,
                                     uint8_t out[512]) {
    uint8_t der[256];
    size_t der_size;
    switch (signer) {
    case FORGE_ISSUER:
        return forge_ecdsa(forge->issuer, EVP_sha256(), text, 32, out, der, &der_size);
    case FORGE_STRANGER:
        return forge_ecdsa(forge->stranger, EVP_sha256(), text, 32, out, der, &der_size);
    case FORGE_NOTHING:
        return 0;
    case FORGE_HMAC_PEM:
    case FORGE_HMAC_POINT:
        return forge_hmac(forge, signer == FORGE_HMAC_PEM, text, out);
    case FORGE_RSA:
        return forge_rsa(forge, text, out);
    case FORGE_P384:
        return forge_ecdsa(forge->p384, EVP_sha384(), text, 48, out, der, &der_size);
    case FORGE_DER:
        (void)forge_ecdsa(forge->issuer, EVP_sha256(), text, 32, out, der, &der_size);
        memcpy(out, der, der_size);
        return der_size;
    case FORGE_LONG:
        out[64] = 0;
        return forge_ecdsa(forge->issuer, EVP_sha256(), text, 32, out, der, &der_size) + 1;
    case FORGE_SHORT:
        return forge_ecdsa(forge->issuer, EVP_sha256(), text, 32, out, der, &der_size) - 1;
    case FORGE_ZERO:
        memset(out, 0, 64);
        return 64;
    case FORGE_SPLICED:
        return forge_ecdsa(forge->issuer, EVP_sha256(), "e30.e30", 32, out, der, &der_size);
    }
    return 0;
}

/* The object with the members of patch (JSON text) put in; null takes a member out. A patch that begins with '!' is the
 * whole text itself. */
static inline void forge_patched(json_t *object, const char *patch, char *out, size_t out_size) {
    if (patch != NULL && patch[0] == '!') {
        (void)snprintf(out, out_size, "%s", patch + 1);
        json_decref(object);
        return;
    }
    json_t *changes = json_loads(patch == NULL ? "{}" : patch, 0, NULL), *value;
    assert_non_null(changes);
    const char *name;
    json_object_foreach(changes, name, value) {
        if (json_is_null(value)) {
            (void)json_object_del(object, name);
        } else {
            (void)json_object_set(object, name, value);
        }
    }
    json_decref(changes);
    char *text = json_dumps(object, JSON_COMPACT);
    assert_non_null(text);
    assert_true(strlen(text) < out_size);
    (void)snprintf(out, out_size, "%s", text);
    free(text);
    json_decref(object);
}

static inline json_t *forge_claims(void) {
    return json_pack("{ss ss ss sI sI ss ss s[{ss ss ss}]}", "iss", "bhr-test", "aud", "bhr-exchange", "sub",
                     "555000000111", "iat", (json_int_t)FORGE_NOW_S - 60, "exp", (json_int_t)FORGE_NOW_S + 600, "azp",
                     "111-nel", "sid", "session-1", "nhsid_nrbac_roles", "role_code", "S8000:G8000:R8000", "org_code",
                     "Y90111", "person_roleid", "p1");
}

/* Into token, ended by NUL; what is NULL is as it should be. */
static inline struct slice forge_token(const struct forge *forge, const char *header_patch, const char *claims_patch,
                                       enum forge_signer signer, char token[FORGE_TOKEN_MAX]) {
    char header[FORGE_TEXT_MAX], claims[FORGE_TEXT_MAX];
    forge_patched(json_pack("{ss ss ss}", "alg", "ES256", "kid", "k1", "typ", "JWT"), header_patch, header,
                  sizeof header);
    forge_patched(forge_claims(), claims_patch, claims, sizeof claims);
    assert_true((strlen(header) + strlen(claims)) * 4 / 3 + 800 < FORGE_TOKEN_MAX);
    size_t size = forge_encode(header, strlen(header), token);
    token[size++] = '.';
    size += forge_encode(claims, strlen(claims), token + size);
    uint8_t signature[512];
    size_t signature_size = forge_signature(forge, signer, token, signature);
    token[size++] = '.';
    size += forge_encode(signature, signature_size, token + size);
    return slice_of(token, size);
}

static inline enum token_fault forge_ask(struct forge *forge, struct slice token, struct token_user *ret_user) {
    struct token_user untouched;
    memset(&untouched, 0x5A, sizeof untouched);
    memcpy(ret_user, &untouched, sizeof untouched);
    enum token_fault fault = forge->port.verify(forge->port.context, token, forge->now_ms, ret_user);
    if (fault != TOKEN_GOOD) assert_memory_equal(ret_user, &untouched, sizeof untouched);
    return fault;
}

static inline void forge_on_read(void *listener, const char *path, uint32_t count, const char *fault) {
    struct forge *forge = listener;
    assert_true(strlen(path) > 0);
    forge->last_count = count;
    if (fault == NULL) {
        forge->reads++;
    } else {
        forge->refusals++;
        (void)snprintf(forge->last_fault, sizeof forge->last_fault, "%s", fault);
    }
}

static inline struct jose_options forge_options(struct forge *forge) {
    return (struct jose_options){.issuer = "bhr-test",
                                 .audience = "bhr-exchange",
                                 .key_set_file = forge->keys_path,
                                 .revoked_file = forge->revoked_path,
                                 .skew_ms = FORGE_SKEW_S * 1000,
                                 .age_ms_max = FORGE_AGE_S * 1000,
                                 .listener = forge,
                                 .on_read = forge_on_read};
}

/* The issuer's key is k1, an RSA key is r1, a P-384 key is p1, one for encryption is e1. */
static inline void forge_write_keys(const struct forge *forge, const char *kid, EVP_PKEY *key) {
    char first[512], encryption[512], text[2048];
    forge_jwk(key, kid, ",\"use\":\"sig\",\"alg\":\"ES256\"", first, sizeof first);
    forge_jwk(forge->stranger, "e1", ",\"use\":\"enc\"", encryption, sizeof encryption);
    (void)snprintf(text, sizeof text,
                   "{\"keys\":[%s,%s,{\"kty\":\"RSA\",\"kid\":\"r1\",\"n\":\"AQAB\",\"e\":\"AQAB\"},"
                   "{\"kty\":\"EC\",\"crv\":\"P-384\",\"kid\":\"p1\",\"x\":\"AA\",\"y\":\"AA\"}]}",
                   first, encryption);
    forge_write(forge->keys_path, text);
}

static inline void forge_open(struct forge *forge) {
    *forge = (struct forge){.folder = "/tmp/bhr-token-XXXXXX", .now_ms = FORGE_NOW_S * 1000};
    assert_true(digest_init());
    assert_non_null(mkdtemp(forge->folder));
    (void)snprintf(forge->keys_path, sizeof forge->keys_path, "%s/keys.json", forge->folder);
    (void)snprintf(forge->revoked_path, sizeof forge->revoked_path, "%s/revoked", forge->folder);
    forge->issuer = EVP_EC_gen("P-256");
    forge->stranger = EVP_EC_gen("P-256");
    forge->p384 = EVP_EC_gen("P-384");
    forge->rsa = EVP_RSA_gen(2048);
    assert_true(forge->issuer != NULL && forge->stranger != NULL && forge->p384 != NULL && forge->rsa != NULL);
    forge_write_keys(forge, "k1", forge->issuer);
    forge_write(forge->revoked_path, "# nobody\n");
    struct jose_options options = forge_options(forge);
    struct error error = {0};
    if (jose_verifier_open(&options, &forge->verifier, &error) != STATUS_OK) fail_msg("%s", error.message);
    forge->port = jose_verifier_port(forge->verifier);
}

static inline void forge_close(struct forge *forge) {
    jose_verifier_close(forge->verifier);
    EVP_PKEY_free(forge->issuer);
    EVP_PKEY_free(forge->stranger);
    EVP_PKEY_free(forge->p384);
    EVP_PKEY_free(forge->rsa);
    (void)unlink(forge->keys_path);
    (void)unlink(forge->revoked_path);
    (void)rmdir(forge->folder);
}

#endif
