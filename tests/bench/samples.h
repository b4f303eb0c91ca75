/* Times taken by what is measured: all of them are kept, so that percentiles are exact. One thread. */
#ifndef BHR_BENCH_SAMPLES_H
#define BHR_BENCH_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

struct samples {
    uint32_t *us;
    size_t count, room;
};

int64_t samples_now_us(void);
/* Ends the program when there is no memory. */
void samples_add(struct samples *samples, int64_t took_us);
/* "p50_us": 1, "p99_us": 2, "p999_us": 3, "max_us": 4 (without braces); sorts. */
void samples_print(struct samples *samples);

#endif
