/* Buckets: 0 to 63 one each, then 64 for each power of two. */
#include "cli/bhr/histogram.h"

#include "lib/base/assert.h"

enum { SUB_BITS = 6, SUB_COUNT = 1 << SUB_BITS };

static uint32_t bucket_of(uint64_t value) {
    if (value < SUB_COUNT) return (uint32_t)value;
    uint32_t power = 63 - (uint32_t)__builtin_clzll(value); /* value >= 2^power */
    uint32_t sub = (uint32_t)(value >> (power - SUB_BITS)) & (SUB_COUNT - 1);
    uint32_t bucket = (power - SUB_BITS + 1) * SUB_COUNT + sub;
    return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

/* The largest value of a bucket. */
static uint64_t top_of(uint32_t bucket) {
    if (bucket < SUB_COUNT) return bucket;
    uint32_t shift = bucket / SUB_COUNT - 1;
    return (((uint64_t)SUB_COUNT + bucket % SUB_COUNT + 1) << shift) - 1;
}

void histogram_add(struct histogram *histogram, uint64_t value) {
    histogram->count++;
    histogram->buckets[bucket_of(value)]++;
    if (value > histogram->max) histogram->max = value;
}

uint64_t histogram_at(const struct histogram *histogram, uint32_t per_mille) {
    ASSERT(per_mille <= 1000);
    if (histogram->count == 0) return 0;
    uint64_t wanted = (histogram->count * per_mille + 999) / 1000, seen = 0;
    for (uint32_t bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
        seen += histogram->buckets[bucket];
        if (seen < wanted || seen == 0) continue;
        uint64_t top = top_of(bucket);
        return top < histogram->max ? top : histogram->max;
    }
    return histogram->max;
}
