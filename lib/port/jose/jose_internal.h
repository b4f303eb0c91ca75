/* What the files of lib/port/jose share, and nobody else includes.
 *   jose_verifier.c  one token from its bytes to a user: remembered? header, key, signature, claims, revoked?
 *   jose_claims.c    what the claims must be, and the user that they name
 *   jose_key_set.c   the issuer's public keys
 *   jose_revoked.c   sessions and users that are refused
 *   jose_cache.c     tokens whose signature was verified
 *   jose_file.c      a file that is read again when it has changed; strict base64url
 *   jose_issuer.c    makes keys and tokens, for demo and tests */
#ifndef BHR_PORT_JOSE_JOSE_INTERNAL_H
#define BHR_PORT_JOSE_JOSE_INTERNAL_H

#include "lib/base/id.h"
#include "lib/port/jose/jose_verifier.h"

#include <cjose/cjose.h>
#include <jansson.h>

enum {
    JOSE_FILE_MAX = 1024 * 1024,
    JOSE_PATH_MAX = 256,
    JOSE_NAME_MAX = 256, /* issuer, audience */
    JOSE_SIGNATURE_SIZE = 64,
    JOSE_CACHE_WAYS = 4,
    JOSE_KEY_ROOM = 640, /* a private P-256 key as JSON */
};

/* jose_file.c */
struct jose_file {
    char path[JOSE_PATH_MAX];
    struct slice text; /* of the last reading; owned until the next one or jose_file_drop */
    bool is_missing;   /* said once */
    bool is_in_force;  /* some reading is, and digest is that of its text */
    struct digest digest;
    int64_t device, inode, size, modified_ns;
};
/* The whole file into file->text, whatever it was before. */
enum status jose_file_read(struct jose_file *file, struct error *reterr_error);
bool jose_file_has_changed(const struct jose_file *file);
void jose_file_drop(struct jose_file *file);

/* Strict: the 64 characters of base64url, no padding, no bits beyond the last byte. False when it is anything else or does
 * not fit. One text has one meaning, so that what was verified is what is read. */
bool jose_decode(struct slice text, uint8_t *ret_bytes, size_t size_max, size_t *ret_size);
/* NULL unless it is one JSON object without a name given twice. */
json_t *jose_object(struct slice text);
/* Of an object's member: the empty slice when there is none or it is no text. */
struct slice jose_text(const json_t *object, const char *name);

/* jose_key_set.c */
struct jose_key {
    char kid[TOKEN_TEXT_MAX + 1];
    cjose_jwk_t *jwk; /* NULL: a key of another kind or use, which must never be tried */
};
struct jose_key_set {
    uint32_t count;
    struct jose_key keys[JOSE_KEYS_MAX];
};
enum { JOSE_COORDINATE_SIZE = 32 }; /* of P-256, RFC 7518 section 6.2.1 */
/* A key for ES256, public or with its secret, as a JWK; NULL when it is anything else. The caller releases it. */
cjose_jwk_t *jose_key_import(struct slice text);
/* Refuses the whole set for one bad key: half a set would refuse half the users. */
enum status jose_key_set_parse(struct slice text, struct jose_key_set *ret_set, struct error *reterr_error);
void jose_key_set_drop(struct jose_key_set *set);
const struct jose_key *jose_key_set_find(const struct jose_key_set *set, struct slice kid);

/* jose_revoked.c */
struct jose_revoked {
    uint32_t count;
    char (*ids)[TOKEN_TEXT_MAX + 1]; /* sorted */
};
enum status jose_revoked_parse(struct slice text, struct jose_revoked *ret_revoked, struct error *reterr_error);
void jose_revoked_drop(struct jose_revoked *revoked);
bool jose_revoked_has(const struct jose_revoked *revoked, const char *id);

/* jose_claims.c */
struct jose_rules {
    char issuer[JOSE_NAME_MAX], audience[JOSE_NAME_MAX];
    int64_t skew_ms, age_ms_max;
};
/* Who it is, for whom and by whom it was made: everything but the time. */
enum token_fault jose_claims_read(struct slice payload, const struct jose_rules *rules, struct token_user *ret_user);
/* Also asked of a token that is remembered. */
enum token_fault jose_claims_at(const struct token_user *user, const struct jose_rules *rules, int64_t now_ms);

/* jose_cache.c */
struct jose_remembered {
    bool is_used;
    struct digest digest; /* of the whole token */
    int64_t since_ms;
    struct token_user user;
};
struct jose_cache {
    uint8_t key[32]; /* of the digests: drawn at the start, so that nobody can look for two tokens with the same one */
    struct jose_remembered slots[JOSE_CACHE_MAX];
};
void jose_cache_init(struct jose_cache *cache);
struct digest jose_cache_digest(const struct jose_cache *cache, struct slice token);
const struct token_user *jose_cache_find(const struct jose_cache *cache, struct digest digest, int64_t now_ms);
void jose_cache_put(struct jose_cache *cache, struct digest digest, int64_t now_ms, const struct token_user *user);
void jose_cache_empty(struct jose_cache *cache);

#endif
