/* Rows of first answers: key [table][command id][source], value [version][digest][outcome][number][detail
 * size][detail] [answer]. Ids are version 7, so the table lies in the order of time: new rows go to its end, old
 * ones are forgotten from its start. Pure but for the rows it is handed; put and forget run on the replica's thread,
 * find on any. */
#include "lib/host/answers.h"

#include "lib/base/assert.h"
#include "lib/base/buffer.h"
#include "lib/journal/record.h"

enum {
    ROW_VERSION = 1,
    KEY_HEAD_SIZE = 1 + 16,
    ROW_HEAD_SIZE = 1 + 16 + 4 + 8 + 4,
    /* Detail and answer were read from one record of the journal, so together they are smaller than it. */
    ROW_SIZE_MAX = ROW_HEAD_SIZE + JOURNAL_RECORD_MAX,
};
static_assert((int)KEY_HEAD_SIZE + (int)JOURNAL_NAME_MAX <= (int)ROWS_KEY_MAX, "every source fits into a key");

static struct buffer key_write(uint8_t key[static ROWS_KEY_MAX], struct slice source, struct uuid command_id);
static struct uuid key_command_id(struct slice key);

bool answers_find(const struct rows *rows, struct slice source, struct uuid command_id, struct answer_row *ret_row) {
    if (source.size == 0 || source.size > JOURNAL_NAME_MAX) return false;
    uint8_t key_bytes[ROWS_KEY_MAX];
    struct buffer key = key_write(key_bytes, source, command_id);
    struct slice value;
    if (!rows_get(rows, buffer_slice(&key), &value)) return false;
    struct cursor cursor = cursor_over(value);
    struct answer_row row = {0};
    uint8_t version = cursor_u8(&cursor);
    cursor_copy(&cursor, row.command_digest.bytes, sizeof row.command_digest.bytes);
    row.outcome = cursor_u32(&cursor);
    row.number = cursor_u64(&cursor);
    row.detail = cursor_take(&cursor, cursor_u32(&cursor));
    row.answer = cursor_take(&cursor, cursor.rest.size);
    /* A row of the store was written below by the same version; a new layout is a rebuild (design section 4). */
    ASSERT(version == ROW_VERSION);
    ASSERT(cursor_done(&cursor));
    *ret_row = row;
    return true;
}

void answers_put(const struct rows *rows, struct slice source, struct uuid command_id, const struct answer_row *row) {
    ASSERT(row->detail.size <= JOURNAL_RECORD_MAX);
    ASSERT(row->number > 0);
    uint8_t key_bytes[ROWS_KEY_MAX];
    struct buffer key = key_write(key_bytes, source, command_id);
    uint8_t value_bytes[ROW_SIZE_MAX];
    struct buffer value = buffer_over(value_bytes, sizeof value_bytes);
    buffer_put_u8(&value, ROW_VERSION);
    buffer_put(&value, row->command_digest.bytes, sizeof row->command_digest.bytes);
    buffer_put_u32(&value, row->outcome);
    buffer_put_u64(&value, row->number);
    buffer_put_u32(&value, (uint32_t)row->detail.size);
    ASSERT(value.size == ROW_HEAD_SIZE);
    buffer_put(&value, row->detail.data, row->detail.size);
    buffer_put(&value, row->answer.data, row->answer.size);
    ASSERT(!value.is_full);
    rows_put(rows, buffer_slice(&key), buffer_slice(&value));
}

void answers_forget(const struct rows *rows, int64_t now_ms) {
    static const uint8_t table_start[] = {ROWS_TABLE_ANSWER};
    for (int i = 0; i < ANSWERS_FORGET_PER_ENTRY_MAX; i++) {
        struct slice key, value;
        if (!rows_seek(rows, slice_of(table_start, sizeof table_start), &key, &value)) return;
        if (key.size <= KEY_HEAD_SIZE || key.data[0] != ROWS_TABLE_ANSWER) return;
        if (!answers_id_is_too_old(key_command_id(key), now_ms)) return;
        /* The key is borrowed from the row that goes: a copy of it outlives the deletion. */
        uint8_t copy[ROWS_KEY_MAX];
        ASSERT(key.size <= sizeof copy);
        memcpy(copy, key.data, key.size);
        rows_del(rows, slice_of(copy, key.size));
    }
}

bool answers_id_is_too_old(struct uuid command_id, int64_t now_ms) {
    return now_ms - uuid_v7_time_ms(command_id) > ANSWERS_ID_AGE_MS_MAX;
}

bool answers_id_is_from_future(struct uuid command_id, int64_t now_ms) {
    return uuid_v7_time_ms(command_id) - now_ms > ANSWERS_ID_LEAD_MS_MAX;
}

static struct buffer key_write(uint8_t key[static ROWS_KEY_MAX], struct slice source, struct uuid command_id) {
    ASSERT(source.size > 0);
    ASSERT(source.size <= JOURNAL_NAME_MAX);
    struct buffer buffer = buffer_over(key, ROWS_KEY_MAX);
    buffer_put_u8(&buffer, ROWS_TABLE_ANSWER);
    buffer_put(&buffer, command_id.bytes, sizeof command_id.bytes);
    buffer_put(&buffer, source.data, source.size);
    ASSERT(!buffer.is_full);
    return buffer;
}

static struct uuid key_command_id(struct slice key) {
    ASSERT(key.size > KEY_HEAD_SIZE);
    struct uuid command_id;
    memcpy(command_id.bytes, key.data + 1, sizeof command_id.bytes);
    return command_id;
}
