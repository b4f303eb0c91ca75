/* The rows of the directory and the match-rate board. Pure; a scan holds only its place. */
#include "services/index/core/rows_index.h"

static struct directory_scan scan_table(enum index_table table) {
    struct directory_scan scan = {.prefix = row_key_begin((int)table)};
    scan.from = scan.prefix;
    return scan;
}

bool organisation_row_get(const struct rows *rows, const char *code, struct index_organisation *ret_organisation) {
    struct row_key key = row_key_of_text(INDEX_TABLE_ORGANISATION, code);
    struct slice bytes;
    if (!rows_get(rows, row_key_slice(&key), &bytes)) return false;
    struct cursor cursor = row_cursor(bytes, INDEX_ROW_VERSION);
    struct index_organisation o;
    memset(&o, 0, sizeof o);
    memcpy(o.code, code, strlen(code));
    row_take_text(&cursor, o.name, sizeof o.name);
    row_take_text(&cursor, o.kind, sizeof o.kind);
    row_take_text(&cursor, o.postcode, sizeof o.postcode);
    row_take_text(&cursor, o.opened_date, sizeof o.opened_date);
    row_take_text(&cursor, o.closed_date, sizeof o.closed_date);
    row_take_text(&cursor, o.successor, sizeof o.successor);
    row_take_text(&cursor, o.commissioner, sizeof o.commissioner);
    ASSERT(cursor_done(&cursor));
    *ret_organisation = o;
    return true;
}

void organisation_row_put(const struct rows *rows, const struct index_organisation *organisation) {
    struct row_value value;
    row_value_begin(&value, INDEX_ROW_VERSION);
    row_put_text(&value.buffer, organisation->name);
    row_put_text(&value.buffer, organisation->kind);
    row_put_text(&value.buffer, organisation->postcode);
    row_put_text(&value.buffer, organisation->opened_date);
    row_put_text(&value.buffer, organisation->closed_date);
    row_put_text(&value.buffer, organisation->successor);
    row_put_text(&value.buffer, organisation->commissioner);
    struct row_key key = row_key_of_text(INDEX_TABLE_ORGANISATION, organisation->code);
    row_put(rows, &key, &value);
}

static void take_service(struct slice bytes, struct index_service *s) {
    struct cursor cursor = row_cursor(bytes, INDEX_ROW_VERSION);
    row_take_text(&cursor, s->organisation, sizeof s->organisation);
    row_take_text(&cursor, s->name, sizeof s->name);
    row_take_text(&cursor, s->kind, sizeof s->kind);
    row_take_text(&cursor, s->opened_date, sizeof s->opened_date);
    row_take_text(&cursor, s->closed_date, sizeof s->closed_date);
    s->district_count = cursor_u8(&cursor);
    ASSERT(s->district_count <= INDEX_DISTRICTS_MAX);
    for (uint32_t i = 0; i < s->district_count; i++) {
        row_take_text(&cursor, s->districts[i], sizeof s->districts[i]);
    }
    s->opening_time_count = cursor_u8(&cursor);
    ASSERT(s->opening_time_count <= INDEX_OPENING_TIMES_MAX);
    for (uint32_t i = 0; i < s->opening_time_count; i++) {
        s->opening_times[i].weekday = cursor_u8(&cursor);
        s->opening_times[i].from_minute = cursor_u16(&cursor);
        s->opening_times[i].until_minute = cursor_u16(&cursor);
    }
    ASSERT(cursor_done(&cursor));
}

bool service_row_get(const struct rows *rows, const char *service_id, struct index_service *ret_service) {
    struct row_key key = row_key_of_text(INDEX_TABLE_SERVICE, service_id);
    struct slice bytes;
    if (!rows_get(rows, row_key_slice(&key), &bytes)) return false;
    memset(ret_service, 0, sizeof *ret_service);
    memcpy(ret_service->service_id, service_id, strlen(service_id));
    take_service(bytes, ret_service);
    return true;
}

void service_row_put(const struct rows *rows, const struct index_service *service) {
    struct row_value value;
    row_value_begin(&value, INDEX_ROW_VERSION);
    struct buffer *out = &value.buffer;
    row_put_text(out, service->organisation);
    row_put_text(out, service->name);
    row_put_text(out, service->kind);
    row_put_text(out, service->opened_date);
    row_put_text(out, service->closed_date);
    buffer_put_u8(out, (uint8_t)service->district_count);
    for (uint32_t i = 0; i < service->district_count; i++) row_put_text(out, service->districts[i]);
    buffer_put_u8(out, (uint8_t)service->opening_time_count);
    for (uint32_t i = 0; i < service->opening_time_count; i++) {
        buffer_put_u8(out, (uint8_t)service->opening_times[i].weekday);
        buffer_put_u16(out, (uint16_t)service->opening_times[i].from_minute);
        buffer_put_u16(out, (uint16_t)service->opening_times[i].until_minute);
    }
    struct row_key key = row_key_of_text(INDEX_TABLE_SERVICE, service->service_id);
    row_put(rows, &key, &value);
}

struct directory_scan service_scan_begin(void) {
    return scan_table(INDEX_TABLE_SERVICE);
}

bool service_scan_next(const struct rows *rows, struct directory_scan *scan, struct index_service *ret_service) {
    struct slice tail, bytes;
    if (!row_next(rows, &scan->prefix, &scan->from, &tail, &bytes)) return false;
    memset(ret_service, 0, sizeof *ret_service);
    struct cursor key = cursor_over(tail);
    row_take_text(&key, ret_service->service_id, sizeof ret_service->service_id);
    take_service(bytes, ret_service);
    return true;
}

/* ---- board ---- */

static struct row_key board_key(const char *organisation, const char *source) {
    struct row_key key = row_key_of_text(INDEX_TABLE_BOARD, organisation);
    row_key_put_text(&key, source);
    return key;
}

static void take_counts(struct slice bytes, struct index_board_row *row) {
    struct cursor cursor = row_cursor(bytes, INDEX_ROW_VERSION);
    row->records = cursor_u64(&cursor);
    row->verified = cursor_u64(&cursor);
    row->matched = cursor_u64(&cursor);
    row->review = cursor_u64(&cursor);
    row->incomplete = cursor_u64(&cursor);
    row->conflict = cursor_u64(&cursor);
    row->unmatched = cursor_u64(&cursor);
    ASSERT(cursor_done(&cursor));
}

void board_row_get(const struct rows *rows, const char *organisation, const char *source,
                   struct index_board_row *ret_row) {
    memset(ret_row, 0, sizeof *ret_row);
    memcpy(ret_row->organisation, organisation, strlen(organisation));
    memcpy(ret_row->source, source, strlen(source));
    struct row_key key = board_key(organisation, source);
    struct slice bytes;
    if (rows_get(rows, row_key_slice(&key), &bytes)) take_counts(bytes, ret_row);
}

void board_row_put(const struct rows *rows, const struct index_board_row *row) {
    struct row_value value;
    row_value_begin(&value, INDEX_ROW_VERSION);
    buffer_put_u64(&value.buffer, row->records);
    buffer_put_u64(&value.buffer, row->verified);
    buffer_put_u64(&value.buffer, row->matched);
    buffer_put_u64(&value.buffer, row->review);
    buffer_put_u64(&value.buffer, row->incomplete);
    buffer_put_u64(&value.buffer, row->conflict);
    buffer_put_u64(&value.buffer, row->unmatched);
    struct row_key key = board_key(row->organisation, row->source);
    row_put(rows, &key, &value);
}

struct directory_scan board_scan_begin(void) {
    return scan_table(INDEX_TABLE_BOARD);
}

bool board_scan_next(const struct rows *rows, struct directory_scan *scan, struct index_board_row *ret_row) {
    struct slice tail, bytes;
    if (!row_next(rows, &scan->prefix, &scan->from, &tail, &bytes)) return false;
    memset(ret_row, 0, sizeof *ret_row);
    struct cursor key = cursor_over(tail);
    row_take_text(&key, ret_row->organisation, sizeof ret_row->organisation);
    row_take_text(&key, ret_row->source, sizeof ret_row->source);
    take_counts(bytes, ret_row);
    return true;
}
