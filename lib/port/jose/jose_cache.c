/* Tokens whose signature was verified, by a keyed digest of their bytes: a user asks many things with one token, and one
 * verification costs as much as a hundred of the door's other checks. Small sets of slots; the oldest of a set makes
 * room. Only good tokens are remembered, so nobody can push them out with bad ones. */
#include "lib/port/jose/jose_internal.h"

#include "lib/base/assert.h"
#include "lib/digest/digest.h"

static_assert(JOSE_CACHE_MAX % JOSE_CACHE_WAYS == 0, "whole sets");

static uint32_t first_slot(struct digest digest);

void jose_cache_init(struct jose_cache *cache) {
    digest_random(cache->key, sizeof cache->key);
    jose_cache_empty(cache);
}

struct digest jose_cache_digest(const struct jose_cache *cache, struct slice token) {
    return digest_keyed(cache->key, token);
}

const struct token_user *jose_cache_find(const struct jose_cache *cache, struct digest digest, int64_t now_ms) {
    const struct jose_remembered *set = &cache->slots[first_slot(digest)];
    for (uint32_t i = 0; i < JOSE_CACHE_WAYS; i++) {
        if (!set[i].is_used || !digest_equal(set[i].digest, digest)) continue;
        bool is_fresh = now_ms >= set[i].since_ms && now_ms - set[i].since_ms < JOSE_CACHE_MS_MAX;
        return is_fresh ? &set[i].user : NULL;
    }
    return NULL;
}

void jose_cache_put(struct jose_cache *cache, struct digest digest, int64_t now_ms, const struct token_user *user) {
    struct jose_remembered *set = &cache->slots[first_slot(digest)], *slot = &set[0];
    for (uint32_t i = 0; i < JOSE_CACHE_WAYS; i++) {
        if (set[i].is_used && digest_equal(set[i].digest, digest)) {
            slot = &set[i];
            break;
        }
        if (!slot->is_used) continue;
        if (!set[i].is_used || set[i].since_ms < slot->since_ms) slot = &set[i];
    }
    *slot = (struct jose_remembered){.is_used = true, .digest = digest, .since_ms = now_ms, .user = *user};
}

void jose_cache_empty(struct jose_cache *cache) {
    for (uint32_t i = 0; i < JOSE_CACHE_MAX; i++) cache->slots[i].is_used = false;
}

static uint32_t first_slot(struct digest digest) {
    uint32_t hash;
    memcpy(&hash, digest.bytes, sizeof hash);
    return hash % (JOSE_CACHE_MAX / JOSE_CACHE_WAYS) * JOSE_CACHE_WAYS;
}
