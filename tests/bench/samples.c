/* A growing array of microseconds. It owns the array; it judges nothing. */
#include "tests/bench/samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int compare(const void *a, const void *b);

int64_t samples_now_us(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void samples_add(struct samples *samples, int64_t took_us) {
    if (samples->count == samples->room) {
        samples->room = samples->room == 0 ? 65536 : samples->room * 2;
        samples->us = realloc(samples->us, samples->room * sizeof *samples->us);
        if (samples->us == NULL) abort();
    }
    samples->us[samples->count++] = took_us > UINT32_MAX ? UINT32_MAX : (uint32_t)took_us;
}

void samples_print(struct samples *samples) {
    size_t count = samples->count;
    if (count > 0) qsort(samples->us, count, sizeof *samples->us, compare);
    const struct {
        const char *name;
        size_t index;
    } shown[] = {
        {"p50_us", count / 2}, {"p99_us", count * 99 / 100}, {"p999_us", count * 999 / 1000}, {"max_us", count - 1}};
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        (void)printf("%s\"%s\": %u", i > 0 ? ", " : "", shown[i].name, count > 0 ? samples->us[shown[i].index] : 0);
    }
}

static int compare(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y ? 1 : 0;
}
