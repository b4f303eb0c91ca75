/* Values of rows, and the walk over neighbours. Pure: bytes are copied out at once, nothing borrowed is kept. */
#include "lib/base/row_key.h"

bool row_next(const struct rows *rows, const struct row_key *prefix, struct row_key *from, struct slice *ret_tail,
              struct slice *ret_value) {
    struct slice key;
    if (!rows_seek(rows, row_key_slice(from), &key, ret_value)) return false;
    if (!slice_starts_with(key, row_key_slice(prefix))) return false;
    ASSERT(key.size < ROW_KEY_MAX);
    from->size = 0;
    row_key_put(from, key.data, key.size);
    row_key_put_number(from, 0, 1);
    *ret_tail = slice_of(key.data + prefix->size, key.size - prefix->size);
    return true;
}

void row_value_begin(struct row_value *value, uint8_t version) {
    value->buffer = buffer_over(value->bytes, sizeof value->bytes);
    buffer_put_u8(&value->buffer, version);
}

void row_put(const struct rows *rows, const struct row_key *key, const struct row_value *value) {
    ASSERT(!value->buffer.is_full);
    ASSERT(value->buffer.size > 0);
    rows_put(rows, row_key_slice(key), buffer_slice(&value->buffer));
}

struct cursor row_cursor(struct slice bytes, uint8_t version) {
    struct cursor cursor = cursor_over(bytes);
    uint8_t found = cursor_u8(&cursor);
    ASSERT(found == version);
    return cursor;
}

void row_put_text(struct buffer *buffer, const char *text) {
    size_t size = strlen(text);
    ASSERT(size <= UINT8_MAX);
    buffer_put_u8(buffer, (uint8_t)size);
    buffer_put(buffer, text, size);
}

void row_take_text(struct cursor *cursor, char *ret_text, size_t size) {
    uint8_t text_size = cursor_u8(cursor);
    ASSERT(text_size < size);
    cursor_copy(cursor, ret_text, text_size);
}
