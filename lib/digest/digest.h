/* BLAKE2b by libsodium. The pure code never calls this: digests are handed to it. */
#ifndef BHR_DIGEST_DIGEST_H
#define BHR_DIGEST_DIGEST_H

#include "lib/base/id.h"

/* Must be called once at start; false when libsodium cannot start. */
bool digest_init(void);
/* BLAKE2b-128(a || b): chain links (journal.md section 2), command digests over method and body (section 5). */
struct digest digest_of(struct slice a, struct slice b);
/* Keyed BLAKE2b-128 of bytes: pseudonymous ids that cannot be recomputed without the key (32 bytes). */
struct digest digest_keyed(const uint8_t key[32], struct slice bytes);
/* Incremental, for digests over whole stores. */
struct digest_stream {
    _Alignas(64) uint8_t opaque[384];
};
void digest_stream_begin(struct digest_stream *stream);
void digest_stream_add(struct digest_stream *stream, struct slice bytes);
struct digest digest_stream_end(struct digest_stream *stream);
/* Random bytes from the operating system. */
void digest_random(void *ret_bytes, size_t size);

#endif
