/* The bounded writer and the cursor that reads what it wrote. Pure: works on the caller's memory, never grows it. */
#include "lib/base/buffer.h"

#include "lib/base/assert.h"

static void put_big_endian(struct buffer *buffer, uint64_t value, size_t size);
static uint64_t take_big_endian(struct cursor *cursor, size_t size);

void buffer_put(struct buffer *buffer, const void *data, size_t size) {
    ASSERT(buffer->size <= buffer->size_max);
    ASSERT(data != NULL || size == 0);
    if (buffer->is_full || size == 0) return;
    if (size > buffer->size_max - buffer->size) {
        buffer->is_full = true;
        return;
    }
    memcpy(buffer->data + buffer->size, data, size);
    buffer->size += size;
}

struct slice cursor_take(struct cursor *cursor, size_t size) {
    if (cursor->is_bad || size > cursor->rest.size) {
        cursor->is_bad = true;
        return (struct slice){0};
    }
    if (size == 0) return slice_of(cursor->rest.data, 0);
    struct slice taken = slice_of(cursor->rest.data, size);
    cursor->rest = slice_of(cursor->rest.data + size, cursor->rest.size - size);
    return taken;
}

void cursor_copy(struct cursor *cursor, void *to, size_t size) {
    ASSERT(to != NULL || size == 0);
    if (size == 0) return;
    struct slice taken = cursor_take(cursor, size);
    if (taken.size == size) {
        memcpy(to, taken.data, size);
    } else {
        memset(to, 0, size);
    }
}

void buffer_put_u8(struct buffer *buffer, uint8_t value) {
    buffer_put(buffer, &value, 1);
}

void buffer_put_u16(struct buffer *buffer, uint16_t value) {
    put_big_endian(buffer, value, 2);
}

void buffer_put_u32(struct buffer *buffer, uint32_t value) {
    put_big_endian(buffer, value, 4);
}

void buffer_put_u64(struct buffer *buffer, uint64_t value) {
    put_big_endian(buffer, value, 8);
}

uint8_t cursor_u8(struct cursor *cursor) {
    return (uint8_t)take_big_endian(cursor, 1);
}

uint16_t cursor_u16(struct cursor *cursor) {
    return (uint16_t)take_big_endian(cursor, 2);
}

uint32_t cursor_u32(struct cursor *cursor) {
    return (uint32_t)take_big_endian(cursor, 4);
}

uint64_t cursor_u64(struct cursor *cursor) {
    return take_big_endian(cursor, 8);
}

static void put_big_endian(struct buffer *buffer, uint64_t value, size_t size) {
    ASSERT(size >= 1 && size <= 8);
    uint8_t bytes[8];
    for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)(value >> (8 * (size - 1 - i)));
    buffer_put(buffer, bytes, size);
}

static uint64_t take_big_endian(struct cursor *cursor, size_t size) {
    ASSERT(size >= 1 && size <= 8);
    struct slice taken = cursor_take(cursor, size);
    uint64_t value = 0;
    for (size_t i = 0; i < taken.size; i++) value = value << 8 | taken.data[i];
    return value;
}
