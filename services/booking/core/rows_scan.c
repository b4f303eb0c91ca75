/* Walks over booking's rows in key order, and what a slot row means at a given time. Pure; a scan holds only its place,
 * so rows may change between two steps. */
#include "services/booking/core/rows_booking.h"

#include "lib/base/buffer.h"

enum { INDEX_TAIL_SIZE = 8 + 16 /* start, id */ };

static struct row_key index_prefix(const char *organisation, const char *service_id);

void session_scan_begin(struct session_scan *scan, const char *organisation, const char *service_id, int64_t from_ms,
                        int64_t until_ms) {
    ASSERT(service_id[0] != '\0');
    scan->prefix = index_prefix(organisation, service_id);
    scan->from = scan->prefix;
    row_key_put_number(&scan->from, from_ms > 0 ? (uint64_t)from_ms : 0, 8);
    scan->until_ms = until_ms;
}

bool session_scan_next(const struct rows *rows, struct session_scan *scan, struct uuid *ret_session_id,
                       int64_t *ret_starts_at_ms) {
    struct slice tail, value;
    if (!row_next(rows, &scan->prefix, &scan->from, &tail, &value)) return false;
    ASSERT(tail.size == INDEX_TAIL_SIZE);
    struct cursor cursor = cursor_over(tail);
    int64_t starts_at_ms = (int64_t)cursor_u64(&cursor);
    if (starts_at_ms >= scan->until_ms) return false;
    cursor_copy(&cursor, ret_session_id->bytes, sizeof ret_session_id->bytes);
    *ret_starts_at_ms = starts_at_ms;
    return true;
}

bool organisation_service_next(const struct rows *rows, const char *organisation,
                               char service_id[BOOKING_SERVICE_ID_MAX + 1]) {
    struct row_key prefix = row_key_begin(BOOKING_TABLE_BY_ORGANISATION);
    row_key_put_text(&prefix, organisation);
    struct row_key from = prefix;
    if (service_id[0] != '\0') {
        /* Beyond every key of that service: a start never begins with 0xFF. */
        row_key_put_text(&from, service_id);
        row_key_put_number(&from, UINT8_MAX, 1);
    }
    struct slice tail, value;
    if (!row_next(rows, &prefix, &from, &tail, &value)) return false;
    struct cursor cursor = cursor_over(tail);
    uint8_t size = cursor_u8(&cursor);
    ASSERT(size > 0 && size <= BOOKING_SERVICE_ID_MAX);
    memset(service_id, 0, BOOKING_SERVICE_ID_MAX + 1);
    cursor_copy(&cursor, service_id, size);
    return true;
}

struct row_key session_index_key(const char *organisation, const struct booking_session *session) {
    ASSERT(session->starts_at_ms >= 0);
    struct row_key key = index_prefix(organisation, session->service_id);
    row_key_put_number(&key, (uint64_t)session->starts_at_ms, 8);
    row_key_put(&key, session->session_id.bytes, sizeof session->session_id.bytes);
    return key;
}

void slot_scan_begin(struct slot_scan *scan, struct uuid session_id) {
    memset(scan, 0, sizeof *scan);
    scan->session_id = session_id;
}

void slot_scan_get(const struct rows *rows, struct slot_scan *scan, uint32_t index, struct slot_row *ret_row) {
    ASSERT(index < BOOKING_SLOT_COUNT_MAX);
    bool must_seek = !scan->is_at_end && (!scan->is_loaded || scan->loaded_index < index);
    if (must_seek) {
        struct row_key prefix = row_key_of_id(BOOKING_TABLE_SLOT, scan->session_id);
        struct row_key from = prefix;
        row_key_put_number(&from, index, 2);
        struct slice tail, value;
        scan->is_loaded = row_next(rows, &prefix, &from, &tail, &value);
        scan->is_at_end = !scan->is_loaded;
        if (scan->is_loaded) {
            struct cursor cursor = cursor_over(tail);
            scan->loaded_index = cursor_u16(&cursor);
            ASSERT(cursor_done(&cursor));
            slot_row_read(value, &scan->loaded);
        }
    }
    if (scan->is_loaded && scan->loaded_index == index) {
        *ret_row = scan->loaded;
    } else {
        memset(ret_row, 0, sizeof *ret_row);
    }
}

uint32_t slot_row_live_holds(const struct slot_row *row, int64_t now_ms) {
    ASSERT(row->hold_count <= BOOKING_CAPACITY_MAX);
    uint32_t count = 0;
    for (uint32_t i = 0; i < row->hold_count; i++) {
        if (row->holds[i].expires_at_ms > now_ms) count++;
    }
    return count;
}

void slot_row_drop_holds(struct slot_row *row, int64_t now_ms, struct uuid hold_id) {
    ASSERT(row->hold_count <= BOOKING_CAPACITY_MAX);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < row->hold_count; i++) {
        bool is_over = row->holds[i].expires_at_ms <= now_ms || uuid_equal(row->holds[i].hold_id, hold_id);
        if (!is_over) row->holds[kept++] = row->holds[i];
    }
    row->hold_count = kept;
}

void slot_view(const struct booking_session *session, uint32_t index, const struct slot_row *row, int64_t now_ms,
               struct booking_slot *ret_slot) {
    ASSERT(index < session->slot_count);
    memset(ret_slot, 0, sizeof *ret_slot);
    ret_slot->slot_id = (struct booking_slot_id){.session_id = session->session_id, .index = index};
    memcpy(ret_slot->organisation, session->organisation, sizeof ret_slot->organisation);
    memcpy(ret_slot->service_id, session->service_id, sizeof ret_slot->service_id);
    ret_slot->kind = session->kind;
    ret_slot->audience = session->audience;
    ret_slot->starts_at_ms = booking_slot_start_ms(session, index);
    ret_slot->ends_at_ms = booking_slot_start_ms(session, index + 1);
    ret_slot->capacity = session->capacity;
    uint32_t gone = row->booked + slot_row_live_holds(row, now_ms);
    ret_slot->free = gone < session->capacity ? session->capacity - gone : 0;
}

static struct row_key person_key(struct uuid person_id, enum booking_status status) {
    struct row_key key = row_key_of_id(BOOKING_TABLE_PERSON, person_id);
    row_key_put_number(&key, (uint64_t)status, 1);
    return key;
}

static struct row_key person_row_key(struct uuid person_id, enum booking_status status, const struct person_row *row) {
    ASSERT(row->starts_at_ms >= 0);
    struct row_key key = person_key(person_id, status);
    row_key_put_number(&key, (uint64_t)row->starts_at_ms, 8);
    row_key_put(&key, row->booking_id.bytes, sizeof row->booking_id.bytes);
    return key;
}

void person_row_put(const struct rows *rows, struct uuid person_id, enum booking_status status,
                    const struct person_row *row) {
    struct row_key key = person_row_key(person_id, status, row);
    uint8_t bytes[1 + 8];
    struct buffer value = buffer_over(bytes, sizeof bytes);
    buffer_put_u8(&value, ROW_VERSION);
    buffer_put_u64(&value, (uint64_t)row->ends_at_ms);
    ASSERT(!value.is_full);
    rows_put(rows, row_key_slice(&key), buffer_slice(&value));
}

void person_row_del(const struct rows *rows, struct uuid person_id, enum booking_status status,
                    const struct person_row *row) {
    struct row_key key = person_row_key(person_id, status, row);
    rows_del(rows, row_key_slice(&key));
}

void person_scan_begin(struct person_scan *scan, struct uuid person_id, enum booking_status status, int64_t from_ms) {
    ASSERT(!uuid_is_zero(person_id));
    scan->prefix = person_key(person_id, status);
    scan->from = scan->prefix;
    row_key_put_number(&scan->from, from_ms > 0 ? (uint64_t)from_ms : 0, 8);
}

bool person_scan_next(const struct rows *rows, struct person_scan *scan, struct person_row *ret_row) {
    struct slice tail, value;
    if (!row_next(rows, &scan->prefix, &scan->from, &tail, &value)) return false;
    ASSERT(tail.size == INDEX_TAIL_SIZE);
    struct cursor key = cursor_over(tail);
    ret_row->starts_at_ms = (int64_t)cursor_u64(&key);
    cursor_copy(&key, ret_row->booking_id.bytes, sizeof ret_row->booking_id.bytes);
    struct cursor cursor = cursor_over(value);
    uint8_t version = cursor_u8(&cursor);
    ret_row->ends_at_ms = (int64_t)cursor_u64(&cursor);
    ASSERT(version == ROW_VERSION);
    ASSERT(cursor_done(&cursor));
    return true;
}

static struct row_key index_prefix(const char *organisation, const char *service_id) {
    bool by_service = organisation[0] == '\0';
    struct row_key key = row_key_begin(by_service ? BOOKING_TABLE_BY_SERVICE : BOOKING_TABLE_BY_ORGANISATION);
    if (!by_service) row_key_put_text(&key, organisation);
    row_key_put_text(&key, service_id);
    return key;
}
