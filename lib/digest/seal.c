/* XChaCha20-Poly1305 by libsodium. Not pure, and never called by what is. Any thread; nothing is kept. */
#include "lib/digest/seal.h"

#include "lib/base/assert.h"

#include <sodium.h>

_Static_assert(SEAL_KEY_SIZE == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "the key's size");
_Static_assert(SEAL_NONCE_SIZE == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "the nonce's size");
_Static_assert(SEAL_TAG_SIZE == crypto_aead_xchacha20poly1305_ietf_ABYTES, "the tag's size");

void seal_close(const uint8_t key[SEAL_KEY_SIZE], const uint8_t nonce[SEAL_NONCE_SIZE], struct slice bound_to,
                struct slice plain, uint8_t *ret_ciphertext) {
    ASSERT(ret_ciphertext != NULL);
    unsigned long long size = 0;
    int failed = crypto_aead_xchacha20poly1305_ietf_encrypt(ret_ciphertext, &size, plain.data, plain.size,
                                                            bound_to.data, bound_to.size, NULL, nonce, key);
    ASSERT(failed == 0);
    ASSERT(size == plain.size + SEAL_TAG_SIZE);
}

bool seal_open(const uint8_t key[SEAL_KEY_SIZE], const uint8_t nonce[SEAL_NONCE_SIZE], struct slice bound_to,
               struct slice ciphertext, uint8_t *ret_plain) {
    ASSERT(ret_plain != NULL);
    if (ciphertext.size < SEAL_TAG_SIZE) return false;
    unsigned long long size = 0;
    int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(ret_plain, &size, NULL, ciphertext.data, ciphertext.size,
                                                            bound_to.data, bound_to.size, nonce, key);
    return failed == 0;
}

void seal_wipe(void *secret, size_t size) {
    ASSERT(secret != NULL || size == 0);
    sodium_memzero(secret, size);
}

uint8_t *seal_secret_new(size_t size) {
    ASSERT(size > 0);
    return sodium_malloc(size);
}

void seal_secret_free(uint8_t *secret) {
    sodium_free(secret);
}
