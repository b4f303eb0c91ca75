/* Layouts, keys and walks of the rows about persons. Pure: bytes are copied out of the rows at once, nothing borrowed is
 * kept. */
#include "services/booking/core/rows_person.h"

#include "lib/base/assert.h"
#include "lib/base/buffer.h"

static struct row_key kin_key(struct uuid parent_id, struct uuid person_id) {
    struct row_key key = row_key_of_id(BOOKING_TABLE_KIN, parent_id);
    row_key_put(&key, person_id.bytes, sizeof person_id.bytes);
    return key;
}

static struct row_key awaited_key(uint64_t number) {
    struct row_key key = row_key_begin(BOOKING_TABLE_AWAITED);
    row_key_put_number(&key, number, 8);
    return key;
}

static void put_id(struct row_value *value, struct uuid id) {
    buffer_put(&value->buffer, id.bytes, sizeof id.bytes);
}

static struct uuid take_id(struct cursor *cursor) {
    struct uuid id = {{0}};
    cursor_copy(cursor, id.bytes, sizeof id.bytes);
    return id;
}

bool link_row_get(const struct rows *rows, struct uuid person_id, struct link_row *ret_row) {
    struct row_key key = row_key_of_id(BOOKING_TABLE_LINK, person_id);
    struct slice bytes;
    if (!rows_get(rows, row_key_slice(&key), &bytes)) return false;
    struct cursor cursor = row_cursor(bytes, ROW_VERSION);
    ret_row->parent_id = take_id(&cursor);
    ret_row->merge_id = take_id(&cursor);
    ret_row->number = cursor_u64(&cursor);
    ASSERT(cursor_done(&cursor));
    return true;
}

void link_row_put(const struct rows *rows, struct uuid person_id, const struct link_row *row) {
    ASSERT(!uuid_is_zero(person_id) && !uuid_is_zero(row->parent_id));
    ASSERT(!uuid_equal(person_id, row->parent_id));
    link_row_del(rows, person_id);
    struct row_value value;
    row_value_begin(&value, ROW_VERSION);
    put_id(&value, row->parent_id);
    put_id(&value, row->merge_id);
    buffer_put_u64(&value.buffer, row->number);
    struct row_key key = row_key_of_id(BOOKING_TABLE_LINK, person_id);
    row_put(rows, &key, &value);
    row_value_begin(&value, ROW_VERSION);
    struct row_key kin = kin_key(row->parent_id, person_id);
    row_put(rows, &kin, &value);
}

void link_row_del(const struct rows *rows, struct uuid person_id) {
    struct link_row row;
    if (!link_row_get(rows, person_id, &row)) return;
    struct row_key key = row_key_of_id(BOOKING_TABLE_LINK, person_id);
    struct row_key kin = kin_key(row.parent_id, person_id);
    rows_del(rows, row_key_slice(&key));
    rows_del(rows, row_key_slice(&kin));
}

struct uuid link_root(const struct rows *rows, struct uuid person_id) {
    struct link_row link;
    while (link_row_get(rows, person_id, &link)) person_id = link.parent_id;
    return person_id;
}

bool link_would_loop(const struct rows *rows, struct uuid person_id, struct uuid parent_id) {
    struct link_row link;
    while (!uuid_equal(person_id, parent_id)) {
        if (!link_row_get(rows, parent_id, &link)) return false;
        parent_id = link.parent_id;
    }
    return true;
}

struct kin_walk kin_walk_of(struct uuid root_id) {
    return (struct kin_walk){.root_id = root_id, .at = root_id};
}

/* The first child of parent_id after `after` (zero: the very first). */
static bool next_child(const struct rows *rows, struct uuid parent_id, struct uuid after, struct uuid *ret_child) {
    struct row_key prefix = row_key_of_id(BOOKING_TABLE_KIN, parent_id), from = prefix;
    struct slice tail, value;
    if (!uuid_is_zero(after)) {
        row_key_put(&from, after.bytes, sizeof after.bytes);
        row_key_put_number(&from, 0, 1); /* just beyond it */
    }
    if (!row_next(rows, &prefix, &from, &tail, &value)) return false;
    struct cursor cursor = cursor_over(tail);
    *ret_child = take_id(&cursor);
    ASSERT(cursor_done(&cursor));
    return true;
}

bool kin_walk_next(const struct rows *rows, struct kin_walk *walk) {
    if (!walk->is_begun) {
        walk->is_begun = true;
        return true;
    }
    if (next_child(rows, walk->at, (struct uuid){{0}}, &walk->at)) return true;
    while (!uuid_equal(walk->at, walk->root_id)) {
        struct link_row link;
        bool is_linked = link_row_get(rows, walk->at, &link);
        ASSERT(is_linked);
        if (next_child(rows, link.parent_id, walk->at, &walk->at)) return true;
        walk->at = link.parent_id;
    }
    return false;
}

bool local_record_get(const struct rows *rows, struct uuid record_id, struct uuid *ret_person_id) {
    struct row_key key = row_key_of_id(BOOKING_TABLE_RECORD, record_id);
    struct slice bytes;
    if (!rows_get(rows, row_key_slice(&key), &bytes)) return false;
    struct cursor cursor = row_cursor(bytes, ROW_VERSION);
    *ret_person_id = take_id(&cursor);
    ASSERT(cursor_done(&cursor));
    return true;
}

void local_record_put(const struct rows *rows, struct uuid record_id, struct uuid person_id) {
    ASSERT(!uuid_is_zero(record_id) && !uuid_is_zero(person_id));
    struct row_value value;
    row_value_begin(&value, ROW_VERSION);
    put_id(&value, person_id);
    struct row_key key = row_key_of_id(BOOKING_TABLE_RECORD, record_id);
    row_put(rows, &key, &value);
}

static void awaited_row_read(struct slice bytes, struct awaited_row *ret_row) {
    struct cursor cursor = row_cursor(bytes, ROW_VERSION);
    ret_row->person_id = take_id(&cursor);
    ret_row->record_id = take_id(&cursor);
    ret_row->booking_id = take_id(&cursor);
    ASSERT(cursor_done(&cursor));
}

static bool awaited_number_get(const struct rows *rows, struct uuid person_id, uint64_t *ret_number) {
    struct row_key key = row_key_of_id(BOOKING_TABLE_AWAITED_OF, person_id);
    struct slice bytes;
    if (!rows_get(rows, row_key_slice(&key), &bytes)) return false;
    struct cursor cursor = row_cursor(bytes, ROW_VERSION);
    *ret_number = cursor_u64(&cursor);
    ASSERT(cursor_done(&cursor));
    return true;
}

bool awaited_row_get(const struct rows *rows, struct uuid person_id, struct awaited_row *ret_row) {
    uint64_t number;
    if (!awaited_number_get(rows, person_id, &number)) return false;
    struct row_key key = awaited_key(number);
    struct slice bytes;
    bool is_there = rows_get(rows, row_key_slice(&key), &bytes);
    ASSERT(is_there);
    awaited_row_read(bytes, ret_row);
    return true;
}

bool awaited_row_next(const struct rows *rows, uint64_t *number, struct awaited_row *ret_row) {
    struct row_key prefix = row_key_begin(BOOKING_TABLE_AWAITED), from = awaited_key(*number + 1);
    struct slice tail, value;
    if (!row_next(rows, &prefix, &from, &tail, &value)) return false;
    struct cursor cursor = cursor_over(tail);
    *number = cursor_u64(&cursor);
    ASSERT(cursor_done(&cursor));
    awaited_row_read(value, ret_row);
    return true;
}

void awaited_row_put(const struct rows *rows, uint64_t number, const struct awaited_row *row) {
    ASSERT(!uuid_is_zero(row->person_id) && !uuid_is_zero(row->record_id) && !uuid_is_zero(row->booking_id));
    struct row_value value;
    row_value_begin(&value, ROW_VERSION);
    put_id(&value, row->person_id);
    put_id(&value, row->record_id);
    put_id(&value, row->booking_id);
    struct row_key key = awaited_key(number);
    row_put(rows, &key, &value);
    row_value_begin(&value, ROW_VERSION);
    buffer_put_u64(&value.buffer, number);
    struct row_key of = row_key_of_id(BOOKING_TABLE_AWAITED_OF, row->person_id);
    row_put(rows, &of, &value);
}

void awaited_row_del(const struct rows *rows, struct uuid person_id) {
    uint64_t number;
    if (!awaited_number_get(rows, person_id, &number)) return;
    struct row_key of = row_key_of_id(BOOKING_TABLE_AWAITED_OF, person_id), key = awaited_key(number);
    rows_del(rows, row_key_slice(&of));
    rows_del(rows, row_key_slice(&key));
}

bool source_row_get(const struct rows *rows, struct index_followed *ret_followed) {
    struct row_key key = row_key_begin(BOOKING_TABLE_SOURCE);
    struct slice bytes;
    memset(ret_followed, 0, sizeof *ret_followed);
    ret_followed->at.offset = -1;
    if (!rows_get(rows, row_key_slice(&key), &bytes)) return false;
    struct cursor cursor = row_cursor(bytes, ROW_VERSION);
    ret_followed->number = cursor_u64(&cursor);
    ret_followed->at.offset = (int64_t)cursor_u64(&cursor);
    ret_followed->at.done = cursor_u32(&cursor);
    ret_followed->place_size = cursor_u16(&cursor);
    ASSERT(ret_followed->place_size <= FOLLOW_PLACE_MAX);
    cursor_copy(&cursor, ret_followed->place, ret_followed->place_size);
    ASSERT(cursor_done(&cursor));
    return true;
}

void source_row_put(const struct rows *rows, const struct index_followed *followed) {
    ASSERT(followed->place_size <= FOLLOW_PLACE_MAX && followed->at.offset >= 0);
    struct row_value value;
    row_value_begin(&value, ROW_VERSION);
    buffer_put_u64(&value.buffer, followed->number);
    buffer_put_u64(&value.buffer, (uint64_t)followed->at.offset);
    buffer_put_u32(&value.buffer, followed->at.done);
    buffer_put_u16(&value.buffer, (uint16_t)followed->place_size);
    buffer_put(&value.buffer, followed->place, followed->place_size);
    struct row_key key = row_key_begin(BOOKING_TABLE_SOURCE);
    row_put(rows, &key, &value);
}
