/* The rows of history, merges and pairs. Pure; a scan holds only its place. */
#include "services/index/core/rows_index.h"

static void put_id(struct buffer *out, struct uuid id) {
    buffer_put(out, id.bytes, sizeof id.bytes);
}

static struct uuid take_id(struct cursor *cursor) {
    struct uuid id = {{0}};
    cursor_copy(cursor, id.bytes, sizeof id.bytes);
    return id;
}

/* ---- history ---- */

void history_put(const struct rows *rows, struct uuid group_id, enum change_kind what,
                 const struct index_change *change) {
    struct row_key key = group_key(group_id, GROUP_HISTORY);
    row_key_put_number(&key, change->entry_number, 8);
    row_key_put_number(&key, (uint64_t)what, 1);
    struct row_value value;
    row_value_begin(&value, INDEX_ROW_VERSION);
    buffer_put_u64(&value.buffer, (uint64_t)change->at_ms);
    row_put_text(&value.buffer, change->by);
    put_id(&value.buffer, change->record_id);
    put_id(&value.buffer, change->other_person_id);
    row_put(rows, &key, &value);
}

struct history_scan history_scan_of(struct uuid group_id) {
    struct history_scan scan = {.prefix = group_key(group_id, GROUP_HISTORY)};
    scan.from = scan.prefix;
    return scan;
}

static const char *change_text(enum change_kind what) {
    switch (what) {
    case CHANGE_REGISTERED:
        return "registered";
    case CHANGE_UPDATED:
        return "updated";
    case CHANGE_LINKED:
        return "linked";
    case CHANGE_UNLINKED:
        return "unlinked";
    case CHANGE_MERGED:
        return "merged";
    case CHANGE_UNMERGED:
        return "unmerged";
    case CHANGE_FLAGGED:
        return "flagged";
    case CHANGE_RELATED:
        return "related";
    case CHANGE_SUSPECTED:
        return "suspected";
    case CHANGE_DECIDED:
        return "decided";
    case CHANGE_CONSENTED:
        return "consented";
    case CHANGE_PREFERRED:
        return "preferred";
    }
    bhr_assert_failed("what is one of enum change_kind", __FILE__, __LINE__);
}

bool history_scan_next(const struct rows *rows, struct history_scan *scan, struct index_change *ret_change) {
    struct slice tail, bytes;
    if (!row_next(rows, &scan->prefix, &scan->from, &tail, &bytes)) return false;
    memset(ret_change, 0, sizeof *ret_change);
    struct cursor key = cursor_over(tail), cursor = row_cursor(bytes, INDEX_ROW_VERSION);
    ret_change->entry_number = cursor_u64(&key);
    const char *what = change_text((enum change_kind)cursor_u8(&key));
    memcpy(ret_change->what, what, strlen(what));
    ret_change->at_ms = (int64_t)cursor_u64(&cursor);
    row_take_text(&cursor, ret_change->by, sizeof ret_change->by);
    ret_change->record_id = take_id(&cursor);
    ret_change->other_person_id = take_id(&cursor);
    ASSERT(cursor_done(&key) && cursor_done(&cursor));
    return true;
}

/* ---- merges ---- */

bool merge_row_get(const struct rows *rows, struct uuid merge_id, struct merge_row *ret_row) {
    struct row_key key = row_key_of_id(INDEX_TABLE_MERGE, merge_id);
    struct slice bytes;
    if (!rows_get(rows, row_key_slice(&key), &bytes)) return false;
    struct cursor cursor = row_cursor(bytes, INDEX_ROW_VERSION);
    memset(ret_row, 0, sizeof *ret_row);
    ret_row->survivor_id = take_id(&cursor);
    ret_row->other_id = take_id(&cursor);
    ret_row->state = (enum merge_state)cursor_u8(&cursor);
    ret_row->from_ms = (int64_t)cursor_u64(&cursor);
    ret_row->until_ms = (int64_t)cursor_u64(&cursor);
    row_take_text(&cursor, ret_row->by, sizeof ret_row->by);
    row_take_text(&cursor, ret_row->approved_by, sizeof ret_row->approved_by);
    ASSERT(cursor_done(&cursor));
    return true;
}

void merge_row_put(const struct rows *rows, struct uuid merge_id, const struct merge_row *row) {
    ASSERT(!uuid_is_zero(merge_id));
    struct row_value value;
    row_value_begin(&value, INDEX_ROW_VERSION);
    put_id(&value.buffer, row->survivor_id);
    put_id(&value.buffer, row->other_id);
    buffer_put_u8(&value.buffer, (uint8_t)row->state);
    buffer_put_u64(&value.buffer, (uint64_t)row->from_ms);
    buffer_put_u64(&value.buffer, (uint64_t)row->until_ms);
    row_put_text(&value.buffer, row->by);
    row_put_text(&value.buffer, row->approved_by);
    struct row_key key = row_key_of_id(INDEX_TABLE_MERGE, merge_id);
    row_put(rows, &key, &value);
}

/* ---- pairs ---- */

static struct row_key open_pair_key(const struct index_pair *pair) {
    ASSERT(pair->found_at_ms >= 0);
    struct row_key key = row_key_begin(INDEX_TABLE_OPEN_PAIR);
    row_key_put_number(&key, (uint64_t)pair->found_at_ms, 8);
    row_key_put(&key, pair->pair_id.bytes, sizeof pair->pair_id.bytes);
    return key;
}

bool pair_row_get(const struct rows *rows, struct uuid pair_id, struct pair_row *ret_row) {
    struct row_key key = row_key_of_id(INDEX_TABLE_PAIR, pair_id);
    struct slice bytes;
    if (!rows_get(rows, row_key_slice(&key), &bytes)) return false;
    struct cursor cursor = row_cursor(bytes, INDEX_ROW_VERSION);
    memset(ret_row, 0, sizeof *ret_row);
    struct index_pair *pair = &ret_row->pair;
    pair->pair_id = pair_id;
    pair->person_id = take_id(&cursor);
    pair->other_person_id = take_id(&cursor);
    pair->found_at_ms = (int64_t)cursor_u64(&cursor);
    row_take_text(&cursor, pair->claimed_by, sizeof pair->claimed_by);
    ret_row->state = (enum pair_state)cursor_u8(&cursor);
    row_take_text(&cursor, ret_row->decided_by, sizeof ret_row->decided_by);
    pair->match.weight_millibits = (int32_t)cursor_u32(&cursor);
    pair->match.posterior_ppm = cursor_u32(&cursor);
    pair->match.reason_count = cursor_u8(&cursor);
    ASSERT(pair->match.reason_count <= INDEX_MATCH_REASONS_MAX);
    for (uint32_t i = 0; i < pair->match.reason_count; i++) {
        struct index_match_reason *reason = &pair->match.reasons[i];
        row_take_text(&cursor, reason->field, sizeof reason->field);
        row_take_text(&cursor, reason->level, sizeof reason->level);
        reason->weight_millibits = (int32_t)cursor_u32(&cursor);
    }
    ASSERT(cursor_done(&cursor));
    return true;
}

static void pair_of_put(const struct rows *rows, struct uuid group_id, struct uuid other_id, struct uuid pair_id) {
    struct row_value value;
    row_value_begin(&value, INDEX_ROW_VERSION);
    put_id(&value.buffer, pair_id);
    struct row_key key = group_key(group_id, GROUP_PAIR_OF);
    row_key_put(&key, other_id.bytes, sizeof other_id.bytes);
    row_put(rows, &key, &value);
}

void pair_row_put(const struct rows *rows, struct uuid pair_id, const struct pair_row *row) {
    const struct index_pair *pair = &row->pair;
    ASSERT(uuid_equal(pair_id, pair->pair_id) && !uuid_equal(pair->person_id, pair->other_person_id));
    struct row_value value;
    row_value_begin(&value, INDEX_ROW_VERSION);
    struct buffer *out = &value.buffer;
    put_id(out, pair->person_id);
    put_id(out, pair->other_person_id);
    buffer_put_u64(out, (uint64_t)pair->found_at_ms);
    row_put_text(out, pair->claimed_by);
    buffer_put_u8(out, (uint8_t)row->state);
    row_put_text(out, row->decided_by);
    buffer_put_u32(out, (uint32_t)pair->match.weight_millibits);
    buffer_put_u32(out, pair->match.posterior_ppm);
    buffer_put_u8(out, (uint8_t)pair->match.reason_count);
    for (uint32_t i = 0; i < pair->match.reason_count; i++) {
        row_put_text(out, pair->match.reasons[i].field);
        row_put_text(out, pair->match.reasons[i].level);
        buffer_put_u32(out, (uint32_t)pair->match.reasons[i].weight_millibits);
    }
    struct row_key key = row_key_of_id(INDEX_TABLE_PAIR, pair_id);
    row_put(rows, &key, &value);
    pair_of_put(rows, pair->person_id, pair->other_person_id, pair_id);
    pair_of_put(rows, pair->other_person_id, pair->person_id, pair_id);
    struct row_key open = open_pair_key(pair);
    row_value_begin(&value, INDEX_ROW_VERSION);
    if (row->state == PAIR_OPEN) {
        row_put(rows, &open, &value);
    } else {
        rows_del(rows, row_key_slice(&open));
    }
}

bool pair_of_next(const struct rows *rows, struct uuid group_id, struct uuid *other_id, struct uuid *ret_pair_id) {
    struct row_key prefix = group_key(group_id, GROUP_PAIR_OF), from = prefix;
    row_key_put(&from, other_id->bytes, sizeof other_id->bytes);
    if (!uuid_is_zero(*other_id)) row_key_put_number(&from, 0, 1);
    struct slice tail, bytes;
    if (!row_next(rows, &prefix, &from, &tail, &bytes)) return false;
    ASSERT(tail.size == sizeof other_id->bytes);
    memcpy(other_id->bytes, tail.data, sizeof other_id->bytes);
    struct cursor cursor = row_cursor(bytes, INDEX_ROW_VERSION);
    *ret_pair_id = take_id(&cursor);
    ASSERT(cursor_done(&cursor));
    return true;
}

struct open_pair_scan open_pair_scan_begin(void) {
    struct open_pair_scan scan = {.prefix = row_key_begin(INDEX_TABLE_OPEN_PAIR)};
    scan.from = scan.prefix;
    return scan;
}

bool open_pair_scan_next(const struct rows *rows, struct open_pair_scan *scan, struct pair_row *ret_row) {
    struct slice tail, ignored;
    if (!row_next(rows, &scan->prefix, &scan->from, &tail, &ignored)) return false;
    struct cursor cursor = cursor_over(tail);
    (void)cursor_u64(&cursor);
    struct uuid pair_id = take_id(&cursor);
    ASSERT(cursor_done(&cursor));
    bool is_known = pair_row_get(rows, pair_id, ret_row);
    ASSERT(is_known && ret_row->state == PAIR_OPEN);
    return true;
}
