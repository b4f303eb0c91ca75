/* Versions, and the rows of records. Pure: bytes are copied out of the rows at once, nothing borrowed is kept. */
#include "services/index/core/rows_index.h"

static bool next_id(const struct rows *rows, const struct row_key *prefix, struct uuid *id);

bool version_get(const struct rows *rows, const struct row_key *key, int64_t as_of_ms, struct version *ret_version,
                 struct cursor *ret_cursor) {
    struct row_key from = *key;
    return version_next(rows, key, &from, as_of_ms, ret_version, ret_cursor);
}

bool version_next(const struct rows *rows, const struct row_key *key, struct row_key *from, int64_t as_of_ms,
                  struct version *ret_version, struct cursor *ret_cursor) {
    struct slice tail, value;
    while (row_next(rows, key, from, &tail, &value)) {
        struct cursor number = cursor_over(tail);
        struct version version = {.number = ~cursor_u64(&number)};
        ASSERT(cursor_done(&number));
        *ret_cursor = row_cursor(value, INDEX_ROW_VERSION);
        version.at_ms = (int64_t)cursor_u64(ret_cursor);
        if (version.at_ms > as_of_ms) continue;
        *ret_version = version;
        return true;
    }
    return false;
}

void version_begin(struct row_value *value, struct version version) {
    row_value_begin(value, INDEX_ROW_VERSION);
    buffer_put_u64(&value->buffer, (uint64_t)version.at_ms);
}

void version_put(const struct rows *rows, const struct row_key *key, struct version version,
                 const struct row_value *value) {
    struct row_key versioned = *key;
    row_key_put_number(&versioned, ~version.number, 8);
    row_put(rows, &versioned, value);
}

void sealed_put(struct buffer *buffer, const struct index_sealed *sealed) {
    ASSERT(sealed->size <= sizeof sealed->ciphertext);
    buffer_put(buffer, sealed->key_id.bytes, sizeof sealed->key_id.bytes);
    buffer_put(buffer, sealed->nonce, sizeof sealed->nonce);
    buffer_put_u16(buffer, (uint16_t)sealed->size);
    buffer_put(buffer, sealed->ciphertext, sealed->size);
}

void sealed_take(struct cursor *cursor, struct index_sealed *ret_sealed) {
    cursor_copy(cursor, ret_sealed->key_id.bytes, sizeof ret_sealed->key_id.bytes);
    cursor_copy(cursor, ret_sealed->nonce, sizeof ret_sealed->nonce);
    ret_sealed->size = cursor_u16(cursor);
    ASSERT(ret_sealed->size <= sizeof ret_sealed->ciphertext);
    cursor_copy(cursor, ret_sealed->ciphertext, ret_sealed->size);
}

bool record_row_get(const struct rows *rows, struct uuid record_id, int64_t as_of_ms, struct record_row *ret_row) {
    struct row_key key = record_key(record_id, RECORD_SAID);
    struct cursor cursor;
    struct version version;
    if (!version_get(rows, &key, as_of_ms, &version, &cursor)) return false;
    memset(ret_row, 0, sizeof *ret_row);
    ret_row->version = version;
    row_take_text(&cursor, ret_row->organisation, sizeof ret_row->organisation);
    row_take_text(&cursor, ret_row->source, sizeof ret_row->source);
    cursor_copy(&cursor, ret_row->nhs_hash.bytes, sizeof ret_row->nhs_hash.bytes);
    ret_row->nhs_number_status = (enum index_nhs_status)cursor_u8(&cursor);
    ret_row->fields = cursor_u8(&cursor);
    sealed_take(&cursor, &ret_row->sealed);
    ASSERT(cursor_done(&cursor));
    return true;
}

void record_row_put(const struct rows *rows, struct uuid record_id, const struct record_row *row) {
    ASSERT(!uuid_is_zero(record_id));
    struct row_value value;
    version_begin(&value, row->version);
    row_put_text(&value.buffer, row->organisation);
    row_put_text(&value.buffer, row->source);
    buffer_put(&value.buffer, row->nhs_hash.bytes, sizeof row->nhs_hash.bytes);
    buffer_put_u8(&value.buffer, (uint8_t)row->nhs_number_status);
    buffer_put_u8(&value.buffer, (uint8_t)row->fields);
    sealed_put(&value.buffer, &row->sealed);
    struct row_key key = record_key(record_id, RECORD_SAID);
    version_put(rows, &key, row->version, &value);
    if (index_hash_is_zero(row->nhs_hash)) return;
    row_value_begin(&value, INDEX_ROW_VERSION);
    struct row_key by_nhs = row_key_begin(INDEX_TABLE_BY_NHS);
    row_key_put(&by_nhs, row->nhs_hash.bytes, sizeof row->nhs_hash.bytes);
    row_key_put(&by_nhs, record_id.bytes, sizeof record_id.bytes);
    row_put(rows, &by_nhs, &value);
}

bool record_group_get(const struct rows *rows, struct uuid record_id, int64_t as_of_ms, struct uuid *ret_group_id) {
    struct row_key key = record_key(record_id, RECORD_WAS);
    struct cursor cursor;
    struct version version;
    if (!version_get(rows, &key, as_of_ms, &version, &cursor)) return false;
    cursor_copy(&cursor, ret_group_id->bytes, sizeof ret_group_id->bytes);
    ASSERT(cursor_done(&cursor));
    return true;
}

void record_group_put(const struct rows *rows, struct uuid record_id, struct uuid group_id, struct version version) {
    ASSERT(!uuid_is_zero(record_id));
    ASSERT(!uuid_is_zero(group_id));
    struct row_value value;
    version_begin(&value, version);
    buffer_put(&value.buffer, group_id.bytes, sizeof group_id.bytes);
    struct row_key key = record_key(record_id, RECORD_WAS);
    version_put(rows, &key, version, &value);
    row_value_begin(&value, INDEX_ROW_VERSION);
    struct row_key ever = group_key(group_id, GROUP_EVER);
    row_key_put(&ever, record_id.bytes, sizeof record_id.bytes);
    row_put(rows, &ever, &value);
}

bool record_by_nhs_next(const struct rows *rows, struct index_hash nhs_hash, struct uuid *record_id) {
    struct row_key prefix = row_key_begin(INDEX_TABLE_BY_NHS);
    row_key_put(&prefix, nhs_hash.bytes, sizeof nhs_hash.bytes);
    return next_id(rows, &prefix, record_id);
}

/* Two old ones go for each that comes, so that the table stays as long as it may be, in bounded steps. */
void changed_put(const struct rows *rows, struct changed changed) {
    struct row_key table = row_key_begin(INDEX_TABLE_CHANGED), key = table;
    for (int i = 0; i < 2; i++) {
        struct row_key from = table;
        struct slice tail, ignored;
        if (!row_next(rows, &table, &from, &tail, &ignored)) break;
        struct cursor cursor = cursor_over(tail);
        if (cursor_u64(&cursor) + CHANGED_ENTRIES > changed.number) break;
        from.size--; /* the key itself again */
        rows_del(rows, row_key_slice(&from));
    }
    row_key_put_number(&key, changed.number, 8);
    row_key_put(&key, changed.record_id.bytes, sizeof changed.record_id.bytes);
    struct row_value value;
    row_value_begin(&value, INDEX_ROW_VERSION);
    row_put(rows, &key, &value);
}

bool changed_next(const struct rows *rows, struct changed *from) {
    struct row_key table = row_key_begin(INDEX_TABLE_CHANGED), key = table;
    row_key_put_number(&key, from->number, 8);
    row_key_put(&key, from->record_id.bytes, sizeof from->record_id.bytes);
    row_key_put_number(&key, 0, 1);
    struct slice tail, ignored;
    if (!row_next(rows, &table, &key, &tail, &ignored)) return false;
    struct cursor cursor = cursor_over(tail);
    from->number = cursor_u64(&cursor);
    cursor_copy(&cursor, from->record_id.bytes, sizeof from->record_id.bytes);
    ASSERT(cursor_done(&cursor));
    return true;
}

bool record_next(const struct rows *rows, struct uuid *record_id) {
    struct row_key table = row_key_begin(INDEX_TABLE_RECORD), from = table;
    row_key_put(&from, record_id->bytes, sizeof record_id->bytes);
    if (!uuid_is_zero(*record_id)) row_key_put_number(&from, UINT8_MAX, 1); /* beyond all that is known of that one */
    struct slice tail, ignored;
    if (!row_next(rows, &table, &from, &tail, &ignored)) return false;
    struct cursor cursor = cursor_over(tail);
    cursor_copy(&cursor, record_id->bytes, sizeof record_id->bytes);
    return true;
}

static bool next_id(const struct rows *rows, const struct row_key *prefix, struct uuid *id) {
    struct row_key from = *prefix;
    row_key_put(&from, id->bytes, sizeof id->bytes);
    if (!uuid_is_zero(*id)) row_key_put_number(&from, 0, 1);
    struct slice tail, ignored;
    if (!row_next(rows, prefix, &from, &tail, &ignored)) return false;
    ASSERT(tail.size == sizeof id->bytes);
    memcpy(id->bytes, tail.data, sizeof id->bytes);
    return true;
}
