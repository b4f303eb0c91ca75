/* A bump allocator over memory handed in at start: one arena per request or turn, reset when it ends. Never grows;
 * running out is an answer (NULL), which the caller turns into a named outcome. */
#ifndef BHR_BASE_ARENA_H
#define BHR_BASE_ARENA_H

#include "lib/base/slice.h"

struct arena {
    uint8_t *memory;
    size_t size_max;
    size_t used;
};

static inline struct arena arena_over(void *memory, size_t size_max) {
    return (struct arena){.memory = memory, .size_max = size_max};
}

/* 16-byte aligned, not zeroed. NULL when there is no room. Valid until arena_reset. */
void *arena_alloc(struct arena *arena, size_t size);
/* Zeroed. */
void *arena_zalloc(struct arena *arena, size_t size);
/* A copy of the bytes; {NULL, 0} when there is no room. */
struct slice arena_copy(struct arena *arena, struct slice bytes);
static inline void arena_reset(struct arena *arena) {
    arena->used = 0;
}

#endif
