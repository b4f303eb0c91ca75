/* Keys and values of a service's rows under construction, and the walk over neighbours. A key is a table byte, then parts
 * whose order in bytes is the order meant; a value begins with the version of its layout. Pure. */
#ifndef BHR_BASE_ROW_KEY_H
#define BHR_BASE_ROW_KEY_H

#include "lib/base/assert.h"
#include "lib/base/buffer.h"
#include "lib/base/id.h"
#include "lib/base/rows.h"

enum { ROW_KEY_MAX = 96, ROW_VALUE_MAX = 2048 };

struct row_key {
    uint8_t bytes[ROW_KEY_MAX];
    size_t size;
};

static inline struct slice row_key_slice(const struct row_key *key) {
    return slice_of(key->bytes, key->size);
}

static inline void row_key_put(struct row_key *key, const void *data, size_t size) {
    ASSERT(size <= ROW_KEY_MAX - key->size);
    memcpy(key->bytes + key->size, data, size);
    key->size += size;
}

/* Big-endian, so that keys sort like the numbers. */
static inline void row_key_put_number(struct row_key *key, uint64_t value, size_t size) {
    ASSERT(size == 1 || size == 2 || size == 8);
    uint8_t bytes[8];
    for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)(value >> (8 * (size - 1 - i)));
    row_key_put(key, bytes, size);
}

/* Length first: no text is then the beginning of another one's key. */
static inline void row_key_put_text(struct row_key *key, const char *text) {
    size_t size = strlen(text);
    row_key_put_number(key, size, 1);
    row_key_put(key, text, size);
}

static inline struct row_key row_key_begin(int table) {
    ASSERT(table >= 0 && table <= UINT8_MAX);
    struct row_key key = {.size = 1};
    key.bytes[0] = (uint8_t)table;
    return key;
}

static inline struct row_key row_key_of_id(int table, struct uuid id) {
    struct row_key key = row_key_begin(table);
    row_key_put(&key, id.bytes, sizeof id.bytes);
    return key;
}

static inline struct row_key row_key_of_text(int table, const char *text) {
    struct row_key key = row_key_begin(table);
    row_key_put_text(&key, text);
    return key;
}

/* The first row at or after *from whose key starts with prefix; moves *from just beyond it. tail is the key's rest; both are
 * borrowed until the next write. */
bool row_next(const struct rows *rows, const struct row_key *prefix, struct row_key *from, struct slice *ret_tail,
              struct slice *ret_value);

struct row_value {
    uint8_t bytes[ROW_VALUE_MAX];
    struct buffer buffer;
};
void row_value_begin(struct row_value *value, uint8_t version);
void row_put(const struct rows *rows, const struct row_key *key, const struct row_value *value);
/* Past the version. A row of another one is a bug or a broken store: a new layout is a rebuild. */
struct cursor row_cursor(struct slice bytes, uint8_t version);

/* One byte of length, then the text; back into a zeroed field of `size` bytes, its terminator included. */
void row_put_text(struct buffer *buffer, const char *text);
void row_take_text(struct cursor *cursor, char *ret_text, size_t size);

#endif
