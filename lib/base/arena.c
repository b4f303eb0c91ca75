/* The bump allocator. Pure: it hands out pieces of the caller's memory and never asks the system for more. */
#include "lib/base/arena.h"

#include "lib/base/assert.h"

enum { ARENA_ALIGNMENT = 16 };

void *arena_alloc(struct arena *arena, size_t size) {
    ASSERT(arena->used <= arena->size_max);
    if (arena->memory == NULL) return NULL;
    size_t room = arena->size_max - arena->used;
    uintptr_t next = (uintptr_t)(arena->memory + arena->used);
    size_t padding = (size_t)(-next & (ARENA_ALIGNMENT - 1));
    if (padding > room || size > room - padding) return NULL;
    uint8_t *piece = arena->memory + arena->used + padding;
    arena->used += padding + size;
    ASSERT((uintptr_t)piece % ARENA_ALIGNMENT == 0);
    return piece;
}

void *arena_zalloc(struct arena *arena, size_t size) {
    void *piece = arena_alloc(arena, size);
    if (piece != NULL) memset(piece, 0, size);
    return piece;
}

struct slice arena_copy(struct arena *arena, struct slice bytes) {
    ASSERT(bytes.data != NULL || bytes.size == 0);
    void *piece = arena_alloc(arena, bytes.size);
    if (piece == NULL) return (struct slice){0};
    if (bytes.size > 0) memcpy(piece, bytes.data, bytes.size);
    return slice_of(piece, bytes.size);
}
