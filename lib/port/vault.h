/* Where what identifies a person is sealed and opened, with a random key of that person. A service's accept seals before
 * anything is written, its queries open for who may see it; decide and apply only carry the sealed bytes. Once a person's
 * keys are destroyed, nothing that was sealed with them can be opened by anybody, wherever a copy lies.
 *
 * The real one is lib/host/person_keys.h, the simulator's lib/port/fake/vault.h. One thread; it never waits. */
#ifndef BHR_PORT_VAULT_H
#define BHR_PORT_VAULT_H

#include "lib/base/buffer.h"
#include "lib/base/id.h"

/* As lib/digest/seal.h has them: seal adds VAULT_TAG_SIZE bytes. */
enum { VAULT_NONCE_SIZE = 24, VAULT_TAG_SIZE = 16 };

/* What travels: which key, and the bytes. Says nothing without the key. */
struct vault_box {
    struct uuid key_id;
    uint8_t nonce[VAULT_NONCE_SIZE];
    struct slice ciphertext;
};

enum vault_result {
    VAULT_DONE,
    VAULT_UNAVAILABLE, /* no key can be had now: ask again */
    VAULT_ERASED,      /* the key was destroyed: nobody will ever open it */
    VAULT_BROKEN,      /* these are not the bytes that were sealed for this person */
};

enum vault_key_state {
    VAULT_KEY_AWAITED, /* not yet known to be kept */
    VAULT_KEY_KEPT,
    VAULT_KEY_LOST, /* it may or may not be kept: what was sealed with it must not be promised */
};

struct vault {
    void *context;
    /* Appends the ciphertext to out; ret_box points into it. A person without a key gets one. Never VAULT_ERASED: who was
     * erased and comes again gets a new key. */
    enum vault_result (*seal)(void *context, struct uuid person_id, struct slice plain, struct buffer *out,
                              struct vault_box *ret_box);
    /* Appends the plain bytes to out. */
    enum vault_result (*open)(void *context, struct uuid person_id, const struct vault_box *box, struct buffer *out);
    /* Which key must be kept before anybody may rely on what was sealed since the last call: its number, 0 for none.
     * Numbers rise. NULL when keys are always there. */
    uint64_t (*take_awaited)(void *context);
    enum vault_key_state (*key_state)(void *context, uint64_t number);
};

#endif
