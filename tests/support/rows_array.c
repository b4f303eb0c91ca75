/* The sorted array behind rows_array.h: one heap block per row, found by binary search. One thread; out of memory ends
 * the test. */
#include "tests/support/rows_array.h"

#include "lib/base/assert.h"
#include "lib/base/buffer.h"
#include "lib/digest/digest.h"
#include "lib/port/fake/memory.h"

#include <stdlib.h>

struct rows_array_row {
    size_t key_size, value_size;
    bool is_lent;
    uint8_t bytes[]; /* the key, then the value */
};

static struct slice row_key(const struct rows_array_row *row);
static struct slice row_value(const struct rows_array_row *row);
static struct rows_array_row *row_new(struct slice key, struct slice value);
static size_t lower_bound(const struct rows_array *array, struct slice key);
static bool has_key_at(const struct rows_array *array, size_t index, struct slice key);
static void lend(struct rows_array *array, struct rows_array_row *row);
static void end_loans(struct rows_array *array);
static struct rows_array_row **grow(struct rows_array_row **rows, size_t *room);

static bool get(void *context, struct slice key, struct slice *ret_value) {
    struct rows_array *array = context;
    size_t index = lower_bound(array, key);
    if (!has_key_at(array, index, key)) return false;
    lend(array, array->sorted[index]);
    *ret_value = row_value(array->sorted[index]);
    return true;
}

static bool seek(void *context, struct slice from, struct slice *ret_key, struct slice *ret_value) {
    struct rows_array *array = context;
    size_t index = lower_bound(array, from);
    if (index == array->count) return false;
    lend(array, array->sorted[index]);
    *ret_key = row_key(array->sorted[index]);
    *ret_value = row_value(array->sorted[index]);
    return true;
}

static void put(void *context, struct slice key, struct slice value) {
    struct rows_array *array = context;
    ASSERT(key.size > 0);
    ASSERT(key.size <= ROWS_KEY_MAX);
    end_loans(array);
    array->write_count++;
    struct rows_array_row *row = row_new(key, value);
    size_t index = lower_bound(array, key);
    if (has_key_at(array, index, key)) {
        free(array->sorted[index]);
        array->sorted[index] = row;
        return;
    }
    if (array->count == array->room) array->sorted = grow(array->sorted, &array->room);
    memmove(array->sorted + index + 1, array->sorted + index, (array->count - index) * sizeof *array->sorted);
    array->sorted[index] = row;
    array->count++;
}

static void del(void *context, struct slice key) {
    struct rows_array *array = context;
    end_loans(array);
    array->write_count++;
    size_t index = lower_bound(array, key);
    if (!has_key_at(array, index, key)) return;
    free(array->sorted[index]);
    array->count--;
    memmove(array->sorted + index, array->sorted + index + 1, (array->count - index) * sizeof *array->sorted);
}

struct rows rows_array_rows(struct rows_array *array) {
    return (struct rows){.context = array, .get = get, .seek = seek, .put = put, .del = del};
}

struct rows rows_array_read_only(struct rows_array *array) {
    return (struct rows){.context = array, .get = get, .seek = seek};
}

void rows_array_init(struct rows_array *array) {
    *array = (struct rows_array){0};
}

void rows_array_free(struct rows_array *array) {
    for (size_t i = 0; i < array->count; i++) free(array->sorted[i]);
    free(array->sorted);
    free(array->lent);
    *array = (struct rows_array){0};
}

size_t rows_array_count(const struct rows_array *array) {
    return array->count;
}

size_t rows_array_count_table(const struct rows_array *array, uint8_t table) {
    size_t count = 0;
    for (size_t i = 0; i < array->count; i++) count += array->sorted[i]->bytes[0] == table;
    return count;
}

struct digest rows_array_digest(const struct rows_array *array) {
    struct digest_stream stream;
    digest_stream_begin(&stream);
    for (size_t i = 0; i < array->count; i++) {
        const struct rows_array_row *row = array->sorted[i];
        uint8_t sizes[16];
        struct buffer buffer = buffer_over(sizes, sizeof sizes);
        buffer_put_u64(&buffer, row->key_size);
        buffer_put_u64(&buffer, row->value_size);
        digest_stream_add(&stream, buffer_slice(&buffer));
        digest_stream_add(&stream, row_key(row));
        digest_stream_add(&stream, row_value(row));
    }
    return digest_stream_end(&stream);
}

void rows_array_copy(struct rows_array *to, const struct rows_array *from) {
    ASSERT(to != from);
    rows_array_free(to);
    for (size_t i = 0; i < from->count; i++) put(to, row_key(from->sorted[i]), row_value(from->sorted[i]));
    to->write_count = 0;
}

static struct slice row_key(const struct rows_array_row *row) {
    return slice_of(row->bytes, row->key_size);
}

static struct slice row_value(const struct rows_array_row *row) {
    return slice_of(row->bytes + row->key_size, row->value_size);
}

static struct rows_array_row *row_new(struct slice key, struct slice value) {
    struct rows_array_row *row = fake_memory(NULL, sizeof *row + key.size + value.size);
    *row = (struct rows_array_row){.key_size = key.size, .value_size = value.size};
    memcpy(row->bytes, key.data, key.size);
    if (value.size > 0) memcpy(row->bytes + key.size, value.data, value.size);
    return row;
}

/* Index of the first row whose key is >= key. */
static size_t lower_bound(const struct rows_array *array, struct slice key) {
    size_t low = 0, high = array->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (slice_compare(row_key(array->sorted[middle]), key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool has_key_at(const struct rows_array *array, size_t index, struct slice key) {
    return index < array->count && slice_equal(row_key(array->sorted[index]), key);
}

static void lend(struct rows_array *array, struct rows_array_row *row) {
    if (row->is_lent) return;
    if (array->lent_count == array->lent_room) array->lent = grow(array->lent, &array->lent_room);
    row->is_lent = true;
    array->lent[array->lent_count++] = row;
}

/* Moves every lent row to a new block and frees the old one, on purpose. */
static void end_loans(struct rows_array *array) {
    for (size_t i = 0; i < array->lent_count; i++) {
        struct rows_array_row *old = array->lent[i];
        size_t index = lower_bound(array, row_key(old));
        ASSERT(index < array->count && array->sorted[index] == old);
        array->sorted[index] = row_new(row_key(old), row_value(old));
        free(old);
    }
    array->lent_count = 0;
}

static struct rows_array_row **grow(struct rows_array_row **rows, size_t *room) {
    *room = *room == 0 ? 64 : 2 * *room;
    return fake_memory(rows, *room * sizeof(struct rows_array_row *));
}
