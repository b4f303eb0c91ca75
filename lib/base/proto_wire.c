/* The strict reader and canonical writer of the protobuf wire format. Pure, no allocation: fields are borrowed from the
 * message. What it refuses here is for ever not history, so nothing may be loosened or tightened later. */
#include "lib/base/proto_wire.h"

#include "lib/base/assert.h"

enum { FIELD_NUMBER_MAX = (1 << 29) - 1, VARINT_SIZE_MAX = 10 };

static bool take_varint(struct cursor *from, uint64_t *ret_value);
static uint64_t take_little_endian(struct cursor *from, size_t size);
static void put_varint(struct buffer *out, uint64_t value);
static size_t varint_size(uint64_t value);
static uint64_t tag_of(uint32_t number, enum proto_type type);

bool proto_next(struct slice *message, struct proto_field *ret_field, bool *ret_is_bad) {
    *ret_is_bad = false;
    if (message->size == 0) return false;
    *ret_is_bad = true;
    struct cursor at = cursor_over(*message);
    uint64_t tag;
    if (!take_varint(&at, &tag)) return false;
    if (tag >> 3 == 0 || tag >> 3 > FIELD_NUMBER_MAX) return false;
    struct proto_field field = {.number = (uint32_t)(tag >> 3)};
    switch (tag & 7) {
    case PROTO_VARINT:
        field.type = PROTO_VARINT;
        if (!take_varint(&at, &field.value)) return false;
        break;
    case PROTO_FIXED64:
        field.type = PROTO_FIXED64;
        field.value = take_little_endian(&at, 8);
        break;
    case PROTO_BYTES:
        field.type = PROTO_BYTES;
        if (!take_varint(&at, &field.value) || field.value > at.rest.size) return false;
        field.bytes = cursor_take(&at, (size_t)field.value);
        field.value = 0;
        break;
    case PROTO_FIXED32:
        field.type = PROTO_FIXED32;
        field.value = take_little_endian(&at, 4);
        break;
    default: /* groups (3, 4) and the types that do not exist (6, 7) */
        return false;
    }
    if (at.is_bad) return false;
    ASSERT(at.rest.size < message->size);
    *message = at.rest;
    *ret_field = field;
    *ret_is_bad = false;
    return true;
}

void proto_put_varint(struct buffer *out, uint32_t number, uint64_t value) {
    put_varint(out, tag_of(number, PROTO_VARINT));
    put_varint(out, value);
}

void proto_put_bytes(struct buffer *out, uint32_t number, struct slice bytes) {
    put_varint(out, tag_of(number, PROTO_BYTES));
    put_varint(out, bytes.size);
    buffer_put(out, bytes.data, bytes.size);
}

size_t proto_bytes_size(uint32_t number, size_t size) {
    return varint_size(tag_of(number, PROTO_BYTES)) + varint_size(size) + size;
}

static bool take_varint(struct cursor *from, uint64_t *ret_value) {
    const struct slice bytes = from->rest;
    uint64_t value = 0;
    for (size_t i = 0; i < bytes.size && i < VARINT_SIZE_MAX; i++) {
        uint8_t byte = bytes.data[i];
        if (i == VARINT_SIZE_MAX - 1 && byte > 1) return false; /* over 64 bits */
        value |= (uint64_t)(byte & 0x7F) << (7 * i);
        if ((byte & 0x80) != 0) continue;
        if (byte == 0 && i > 0) return false; /* a shorter form exists */
        *ret_value = value;
        from->rest = slice_of(bytes.data + i + 1, bytes.size - i - 1);
        return true;
    }
    return false;
}

static uint64_t take_little_endian(struct cursor *from, size_t size) {
    ASSERT(size == 4 || size == 8);
    struct slice taken = cursor_take(from, size);
    uint64_t value = 0;
    for (size_t i = 0; i < taken.size; i++) value |= (uint64_t)taken.data[i] << (8 * i);
    return value;
}

static void put_varint(struct buffer *out, uint64_t value) {
    uint8_t bytes[VARINT_SIZE_MAX];
    size_t size = varint_size(value);
    ASSERT(size <= VARINT_SIZE_MAX);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)((value & 0x7F) | (i + 1 < size ? 0x80 : 0));
        value >>= 7;
    }
    ASSERT(value == 0);
    buffer_put(out, bytes, size);
}

static size_t varint_size(uint64_t value) {
    size_t size = 1;
    while (value > 0x7F) {
        value >>= 7;
        size++;
    }
    return size;
}

static uint64_t tag_of(uint32_t number, enum proto_type type) {
    ASSERT(number >= 1);
    ASSERT(number <= FIELD_NUMBER_MAX);
    return (uint64_t)number << 3 | (uint64_t)type;
}
