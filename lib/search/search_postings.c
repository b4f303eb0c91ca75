/* From keys to rows (search_internal.h). Owned by the search; the writer's thread changes it. */
#include "lib/search/search_internal.h"

#include <stdlib.h>

enum {
    BUCKETS_PER_PERSON = 3,
    BUCKETS_MIN = 1024,
    KEYS_MAX = KEYS_NARROW_MAX + KEYS_WIDE_MAX,
    ADDED_PART = 16, /* of all people may lie in chains before they are settled */
    ADDED_PEOPLE_MIN = 1024,
    TAG_BITS = 32 - POSTING_ROW_BITS,
};
static const uint32_t END = UINT32_MAX;

bool postings_init(struct postings *postings, uint32_t people_max) {
    uint32_t buckets = people_max * BUCKETS_PER_PERSON + BUCKETS_MIN;
    uint32_t people_added_max = people_max / ADDED_PART + ADDED_PEOPLE_MIN;
    *postings = (struct postings){.bucket_count = buckets, .added_max = people_added_max * KEYS_MAX};
    postings->sorted_max = (people_max + people_added_max) * KEYS_MAX;
    postings->offsets = calloc((size_t)buckets + 1, sizeof *postings->offsets);
    postings->sorted = malloc((size_t)postings->sorted_max * sizeof *postings->sorted);
    postings->added = malloc((size_t)postings->added_max * sizeof *postings->added);
    postings->heads = malloc((size_t)postings->added_max * sizeof *postings->heads);
    if (postings->heads != NULL) memset(postings->heads, 0xFF, (size_t)postings->added_max * sizeof *postings->heads);
    return postings->offsets != NULL && postings->sorted != NULL && postings->added != NULL && postings->heads != NULL;
}

void postings_fini(struct postings *postings) {
    free(postings->offsets);
    free(postings->sorted);
    free(postings->added);
    free(postings->heads);
}

uint64_t postings_bytes(const struct postings *postings) {
    uint64_t numbers = (uint64_t)postings->bucket_count + 1 + postings->offsets[postings->bucket_count];
    return numbers * sizeof *postings->offsets +
           (uint64_t)postings->added_max * (sizeof *postings->added + sizeof *postings->heads);
}

bool postings_has_room(const struct postings *postings, uint32_t count) {
    return postings->added_max - postings->added_count >= count;
}

static uint32_t bucket_of(const struct postings *postings, uint64_t key) {
    return (uint32_t)((key >> 32) * postings->bucket_count >> 32);
}

/* In the order of buckets. */
static uint32_t head_of(const struct postings *postings, uint32_t bucket) {
    return (uint32_t)((uint64_t)bucket * postings->added_max / postings->bucket_count);
}

static uint32_t tag_of(uint64_t key) {
    return (uint32_t)key & ((1U << TAG_BITS) - 1);
}

void postings_add(struct postings *postings, uint64_t key, uint32_t row) {
    ASSERT(postings_has_room(postings, 1));
    ASSERT(row >> POSTING_ROW_BITS == 0);
    uint32_t bucket = bucket_of(postings, key), number = postings->added_count++;
    uint32_t *head = &postings->heads[head_of(postings, bucket)];
    postings->added[number] =
        (struct added){.bucket = bucket, .posting = tag_of(key) << POSTING_ROW_BITS | row, .next = *head};
    *head = number;
}

static uint32_t row_of(uint32_t posting) {
    return posting & ((1U << POSTING_ROW_BITS) - 1);
}

static void drop_dead(struct postings *postings, bool (*is_dead)(const void *context, uint32_t row),
                      const void *context) {
    uint32_t kept = 0, from = 0;
    for (uint32_t bucket = 0; bucket < postings->bucket_count; bucket++) {
        uint32_t until = postings->offsets[bucket + 1];
        for (; from < until; from++) {
            uint32_t posting = postings->sorted[from];
            if (!is_dead(context, row_of(posting))) postings->sorted[kept++] = posting;
        }
        postings->offsets[bucket + 1] = kept;
    }
}

/* From the last bucket to the first, in place: whatever moves goes to where it is never before its old place. */
void postings_settle(struct postings *postings, bool (*is_dead)(const void *context, uint32_t row),
                     const void *context) {
    if (is_dead != NULL) drop_dead(postings, is_dead, context);
    uint32_t added = 0;
    for (uint32_t i = 0; i < postings->added_count; i++) {
        added += is_dead == NULL || !is_dead(context, row_of(postings->added[i].posting));
    }
    uint32_t old_end = postings->offsets[postings->bucket_count], end = old_end + added;
    ASSERT(end <= postings->sorted_max);
    for (uint32_t bucket = postings->bucket_count; bucket-- > 0 && end > old_end;) {
        postings->offsets[bucket + 1] = end;
        uint32_t number = postings->heads[head_of(postings, bucket)];
        for (; number != END; number = postings->added[number].next) {
            const struct added *one = &postings->added[number];
            if (one->bucket != bucket || (is_dead != NULL && is_dead(context, row_of(one->posting)))) continue;
            postings->sorted[--end] = one->posting;
        }
        uint32_t begin = postings->offsets[bucket], size = old_end - begin;
        end -= size;
        memmove(postings->sorted + end, postings->sorted + begin, size * sizeof *postings->sorted);
        old_end = begin;
    }
    memset(postings->heads, 0xFF, (size_t)postings->added_max * sizeof *postings->heads);
    postings->added_count = 0;
}

void postings_prefetch(const struct postings *postings, uint64_t key) {
    __builtin_prefetch(&postings->offsets[bucket_of(postings, key)]);
}

void postings_prefetch_rows(const struct postings *postings, uint64_t key) {
    uint32_t bucket = bucket_of(postings, key);
    __builtin_prefetch(&postings->sorted[postings->offsets[bucket]]);
    if (postings->added_count > 0) __builtin_prefetch(&postings->heads[head_of(postings, bucket)]);
}

bool postings_find(const struct postings *postings, uint64_t key, uint32_t rows_max, uint32_t *ret_rows,
                   uint32_t *ret_count) {
    uint32_t bucket = bucket_of(postings, key), tag = tag_of(key), count = 0;
    *ret_count = 0;
    for (uint32_t i = postings->offsets[bucket]; i < postings->offsets[bucket + 1]; i++) {
        if (postings->sorted[i] >> POSTING_ROW_BITS != tag) continue;
        if (count == rows_max) return false;
        ret_rows[count++] = row_of(postings->sorted[i]);
    }
    uint32_t number = postings->added_count == 0 ? END : postings->heads[head_of(postings, bucket)];
    for (; number != END; number = postings->added[number].next) {
        const struct added *one = &postings->added[number];
        if (one->bucket != bucket || one->posting >> POSTING_ROW_BITS != tag) continue;
        if (count == rows_max) return false;
        ret_rows[count++] = row_of(one->posting);
    }
    *ret_count = count;
    return true;
}
