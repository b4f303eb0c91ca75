/* A bounded writer over memory of the caller: it never grows and never overruns. The first write that does not fit sets
 * is_full and every later write is dropped, so a builder checks once at its end. */
#ifndef BHR_BASE_BUFFER_H
#define BHR_BASE_BUFFER_H

#include "lib/base/slice.h"

struct buffer {
    uint8_t *data;
    size_t size;
    size_t size_max;
    bool is_full;
};

static inline struct buffer buffer_over(void *memory, size_t size_max) {
    return (struct buffer){.data = memory, .size_max = size_max};
}

static inline struct slice buffer_slice(const struct buffer *buffer) {
    return (struct slice){.data = buffer->data, .size = buffer->size};
}

void buffer_put(struct buffer *buffer, const void *data, size_t size);
void buffer_put_u8(struct buffer *buffer, uint8_t value);
/* Big-endian, so that keys built from numbers sort like the numbers. */
void buffer_put_u16(struct buffer *buffer, uint16_t value);
void buffer_put_u32(struct buffer *buffer, uint32_t value);
void buffer_put_u64(struct buffer *buffer, uint64_t value);

/* The reader of such bytes: a cursor over a slice. Reading past the end sets is_bad and yields zeros, checked once. */
struct cursor {
    struct slice rest;
    bool is_bad;
};

static inline struct cursor cursor_over(struct slice bytes) {
    return (struct cursor){.rest = bytes};
}

/* Borrowed from the slice under the cursor; an empty slice when there are fewer than size bytes left. */
struct slice cursor_take(struct cursor *cursor, size_t size);
void cursor_copy(struct cursor *cursor, void *to, size_t size);
uint8_t cursor_u8(struct cursor *cursor);
uint16_t cursor_u16(struct cursor *cursor);
uint32_t cursor_u32(struct cursor *cursor);
uint64_t cursor_u64(struct cursor *cursor);
/* True when every byte was read and none was missing: the end of a strict decoder. */
static inline bool cursor_done(const struct cursor *cursor) {
    return !cursor->is_bad && cursor->rest.size == 0;
}

#endif
