/* Sealing with a key: XChaCha20-Poly1305 by libsodium. What is sealed can be neither read nor changed without its key, and
 * opens only together with the bytes it is bound to (who it is about), so that it cannot be moved to somebody else.
 * Any thread; nothing is kept. Who holds which key is not this file's business: lib/port/vault.h, lib/port/master_key.h. */
#ifndef BHR_DIGEST_SEAL_H
#define BHR_DIGEST_SEAL_H

#include "lib/base/slice.h"

enum { SEAL_KEY_SIZE = 32, SEAL_NONCE_SIZE = 24, SEAL_TAG_SIZE = 16 };

/* Writes plain.size + SEAL_TAG_SIZE bytes to ret_ciphertext. A nonce is never used twice with one key; drawn by chance it
 * is not (24 bytes). */
void seal_close(const uint8_t key[SEAL_KEY_SIZE], const uint8_t nonce[SEAL_NONCE_SIZE], struct slice bound_to,
                struct slice plain, uint8_t *ret_ciphertext);
/* Writes ciphertext.size - SEAL_TAG_SIZE bytes to ret_plain. False, and nothing told, when one bit of key, nonce, bytes or
 * what they are bound to is not what it was. */
bool seal_open(const uint8_t key[SEAL_KEY_SIZE], const uint8_t nonce[SEAL_NONCE_SIZE], struct slice bound_to,
               struct slice ciphertext, uint8_t *ret_plain);
/* Overwrites a secret; the compiler does not leave it out. */
void seal_wipe(void *secret, size_t size);
/* Memory for a secret that lives long: between guard pages, out of swap and core dumps where the system lets us. NULL when
 * there is none. Freeing overwrites it. */
uint8_t *seal_secret_new(size_t size);
void seal_secret_free(uint8_t *secret);

#endif
