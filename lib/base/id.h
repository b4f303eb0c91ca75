/* 128-bit identities, each its own type so that a command id cannot be passed where an owner id is meant. */
#ifndef BHR_BASE_ID_H
#define BHR_BASE_ID_H

#include "lib/base/slice.h"

/* A UUID: command ids, and the ids of sessions, holds and bookings. Version 7 where time order matters. */
struct uuid {
    uint8_t bytes[16];
};
/* Random 128 bits: journal ids and owner ids (journal.md section 2). */
struct id128 {
    uint8_t bytes[16];
};
/* BLAKE2b-128: chain links, command digests, anchors. Computed by lib/digest, only compared here. */
struct digest {
    uint8_t bytes[16];
};

static inline bool uuid_equal(struct uuid a, struct uuid b) {
    return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}
static inline bool id128_equal(struct id128 a, struct id128 b) {
    return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}
static inline bool digest_equal(struct digest a, struct digest b) {
    return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}
static inline bool uuid_is_zero(struct uuid id) {
    return uuid_equal(id, (struct uuid){{0}});
}

enum { UUID_TEXT_SIZE = 36 };

/* Canonical 8-4-4-4-12 text, either case; nothing else. False leaves *ret_id untouched. RFC 9562 section 4. */
bool uuid_parse(struct slice text, struct uuid *ret_id);
/* Writes 36 lower-case characters, no terminator. */
void uuid_format(struct uuid id, char ret_text[UUID_TEXT_SIZE]);
bool uuid_is_v7(struct uuid id);
/* Milliseconds since 1970 UTC in the first 48 bits of a version 7 id. RFC 9562 section 5.7. */
int64_t uuid_v7_time_ms(struct uuid id);
/* A version 8 id of a keyed digest: the same bytes give the same pseudonym, and its 122 bits are our own. RFC 9562
 * section 5.8. */
struct uuid uuid_v8_make(struct digest digest);
/* Builds a version 7 id from a time and ten bytes (random, or a hash where the id must be reproducible). */
struct uuid uuid_v7_make(int64_t time_ms, const uint8_t tail[10]);

#endif
