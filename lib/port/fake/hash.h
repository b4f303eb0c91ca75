/* A hash for worlds of twins: good enough to tell things apart, and cheap; nobody here is an adversary. Pure. */
#ifndef BHR_PORT_FAKE_HASH_H
#define BHR_PORT_FAKE_HASH_H

#include "lib/base/id.h"
#include "lib/base/slice.h"

static inline uint64_t fake_hash(uint64_t hash, struct slice bytes) {
    hash = (hash ^ bytes.size) * UINT64_C(0x9E3779B97F4A7C15);
    size_t done = 0;
    for (; done + 8 <= bytes.size; done += 8) {
        uint64_t word;
        memcpy(&word, bytes.data + done, 8);
        hash = (hash ^ word) * UINT64_C(0xD6E8FEB86659FD93);
        hash ^= hash >> 32;
    }
    for (; done < bytes.size; done++) hash = (hash ^ bytes.data[done]) * UINT64_C(0x100000001B3);
    hash = (hash ^ hash >> 29) * UINT64_C(0xBF58476D1CE4E5B9);
    return hash ^ hash >> 32;
}

/* What ports ask for as `hash`: in the product that is digest_of (lib/digest). */
static inline struct digest fake_digest(struct slice a, struct slice b) {
    uint64_t word = fake_hash(fake_hash(1, a), b);
    uint64_t words[2] = {word, (word ^ a.size) * UINT64_C(0x94D049BB133111EB)};
    struct digest digest;
    memcpy(digest.bytes, words, sizeof digest.bytes);
    return digest;
}

#endif
