/* A port that keeps look-ups in memory, for tests: every one, in order. */
#ifndef BHR_TESTS_CORE_INDEX_KEPT_ARRAY_H
#define BHR_TESTS_CORE_INDEX_KEPT_ARRAY_H

#include "lib/base/assert.h"
#include "lib/port/kept.h"

enum { KEPT_ARRAY_MAX = 64, KEPT_ARRAY_SERIES = 77 };

struct kept_array {
    const int64_t *now_ms; /* borrowed */
    uint64_t first, end, dropped;
    int64_t at_ms[KEPT_ARRAY_MAX];
    size_t sizes[KEPT_ARRAY_MAX];
    uint8_t bytes[KEPT_ARRAY_MAX][KEPT_BYTES_MAX];
};

static inline void kept_array_put(void *context, struct slice bytes) {
    struct kept_array *array = context;
    ASSERT(array->end < KEPT_ARRAY_MAX && bytes.size > 0 && bytes.size <= KEPT_BYTES_MAX);
    memcpy(array->bytes[array->end], bytes.data, bytes.size);
    array->sizes[array->end] = bytes.size;
    array->at_ms[array->end++] = *array->now_ms;
}

static inline void kept_array_drop(void *context) {
    struct kept_array *array = context;
    array->dropped++;
}

static inline void kept_array_look(void *context, struct kept_view *ret_view) {
    const struct kept_array *array = context;
    *ret_view = (struct kept_view){KEPT_ARRAY_SERIES, array->first, array->end, array->dropped};
}

static inline struct slice kept_array_at(void *context, uint64_t number, int64_t *ret_at_ms) {
    const struct kept_array *array = context;
    ASSERT(number >= array->first && number < array->end);
    *ret_at_ms = array->at_ms[number];
    return slice_of(array->bytes[number], array->sizes[number]);
}

static inline struct kept_port kept_array_port(struct kept_array *array) {
    return (struct kept_port){array, kept_array_put, kept_array_drop, kept_array_look, kept_array_at};
}

#endif
