/* How long things took, in microseconds: counts in buckets that are at most 1.6 % wide, so that a percentile costs no
 * memory that grows. Pure. */
#ifndef BHR_CLI_HISTOGRAM_H
#define BHR_CLI_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_BUCKETS = 64 * 32 };

struct histogram {
    uint64_t count, max;
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *histogram, uint64_t value);
/* The value that so many of 1000 are at or below, never below the true one; 0 when empty. */
uint64_t histogram_at(const struct histogram *histogram, uint32_t per_mille);

#endif
