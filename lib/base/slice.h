/* A borrowed run of bytes: pointer and length travel together. Never NUL-terminated, never owned. */
#ifndef BHR_BASE_SLICE_H
#define BHR_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const uint8_t *data;
    size_t size;
};

static inline struct slice slice_of(const void *data, size_t size) {
    return (struct slice){.data = data, .size = size};
}

/* A slice over a C string, without its terminator. */
static inline struct slice slice_text(const char *text) {
    return (struct slice){.data = (const uint8_t *)text, .size = strlen(text)};
}

static inline bool slice_equal(struct slice a, struct slice b) {
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static inline bool slice_starts_with(struct slice s, struct slice prefix) {
    return s.size >= prefix.size && (prefix.size == 0 || memcmp(s.data, prefix.data, prefix.size) == 0);
}

/* Lexicographic by unsigned byte, shorter first: the order of keys in the store. <0, 0, >0. */
static inline int slice_compare(struct slice a, struct slice b) {
    size_t shorter = a.size < b.size ? a.size : b.size;
    int order = shorter == 0 ? 0 : memcmp(a.data, b.data, shorter);
    if (order != 0) return order;
    return a.size < b.size ? -1 : a.size > b.size ? 1 : 0;
}

#endif
