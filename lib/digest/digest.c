/* BLAKE2b-128 and random bytes, by libsodium. Not pure, and never called by what is: digests are handed to the core.
 * Any thread; a digest_stream belongs to its caller and holds no resource. */
#include "lib/digest/digest.h"

#include "lib/base/assert.h"

#include <sodium.h>

enum { DIGEST_SIZE = sizeof(struct digest), KEY_SIZE = 32 };

_Static_assert(sizeof(crypto_generichash_state) <= sizeof(struct digest_stream), "the state fits");
_Static_assert(_Alignof(crypto_generichash_state) <= _Alignof(struct digest_stream), "the state is aligned");
_Static_assert(DIGEST_SIZE >= crypto_generichash_BYTES_MIN, "libsodium makes digests this short");
_Static_assert(KEY_SIZE == crypto_generichash_KEYBYTES, "the key has the recommended size");

static crypto_generichash_state *state_of(struct digest_stream *stream) {
    return (crypto_generichash_state *)(void *)stream->opaque;
}

bool digest_init(void) {
    return sodium_init() >= 0;
}

struct digest digest_of(struct slice a, struct slice b) {
    struct digest_stream stream;
    digest_stream_begin(&stream);
    digest_stream_add(&stream, a);
    digest_stream_add(&stream, b);
    return digest_stream_end(&stream);
}

struct digest digest_keyed(const uint8_t key[32], struct slice bytes) {
    ASSERT(key != NULL);
    struct digest digest;
    int failed = crypto_generichash(digest.bytes, DIGEST_SIZE, bytes.data, bytes.size, key, KEY_SIZE);
    ASSERT(failed == 0);
    return digest;
}

void digest_stream_begin(struct digest_stream *stream) {
    int failed = crypto_generichash_init(state_of(stream), NULL, 0, DIGEST_SIZE);
    ASSERT(failed == 0);
}

void digest_stream_add(struct digest_stream *stream, struct slice bytes) {
    ASSERT(bytes.data != NULL || bytes.size == 0);
    if (bytes.size == 0) return;
    int failed = crypto_generichash_update(state_of(stream), bytes.data, bytes.size);
    ASSERT(failed == 0);
}

struct digest digest_stream_end(struct digest_stream *stream) {
    struct digest digest;
    int failed = crypto_generichash_final(state_of(stream), digest.bytes, DIGEST_SIZE);
    ASSERT(failed == 0);
    return digest;
}

void digest_random(void *ret_bytes, size_t size) {
    ASSERT(ret_bytes != NULL || size == 0);
    randombytes_buf(ret_bytes, size);
}
