/* Layouts and keys of booking's rows. Pure: bytes are copied out of the rows at once, nothing borrowed is kept. */
#include "services/booking/core/rows_booking.h"

#include "lib/base/assert.h"
#include "lib/base/buffer.h"

_Static_assert(sizeof(struct booking_row) < ROW_VALUE_MAX, "the largest row fits");

static void put_slot_id(struct buffer *buffer, struct booking_slot_id slot_id);
static struct booking_slot_id take_slot_id(struct cursor *cursor);
static struct row_key slot_key(struct booking_slot_id slot_id);

bool session_row_get(const struct rows *rows, struct uuid session_id, struct booking_session *ret_session) {
    struct row_key key = row_key_of_id(BOOKING_TABLE_SESSION, session_id);
    struct slice bytes;
    if (!rows_get(rows, row_key_slice(&key), &bytes)) return false;
    struct cursor cursor = row_cursor(bytes, ROW_VERSION);
    struct booking_session session = {.session_id = session_id};
    row_take_text(&cursor, session.organisation, sizeof session.organisation);
    row_take_text(&cursor, session.service_id, sizeof session.service_id);
    session.kind = (enum booking_kind)cursor_u8(&cursor);
    session.audience = (enum booking_audience)cursor_u8(&cursor);
    session.starts_at_ms = (int64_t)cursor_u64(&cursor);
    session.slot_minutes = cursor_u16(&cursor);
    session.slot_count = cursor_u16(&cursor);
    session.capacity = cursor_u8(&cursor);
    ASSERT(cursor_done(&cursor));
    *ret_session = session;
    return true;
}

void session_row_put(const struct rows *rows, const struct booking_session *session) {
    ASSERT(!uuid_is_zero(session->session_id));
    ASSERT(session->slot_count <= BOOKING_SLOT_COUNT_MAX && session->capacity <= BOOKING_CAPACITY_MAX);
    struct row_value value;
    row_value_begin(&value, ROW_VERSION);
    row_put_text(&value.buffer, session->organisation);
    row_put_text(&value.buffer, session->service_id);
    buffer_put_u8(&value.buffer, (uint8_t)session->kind);
    buffer_put_u8(&value.buffer, (uint8_t)session->audience);
    buffer_put_u64(&value.buffer, (uint64_t)session->starts_at_ms);
    buffer_put_u16(&value.buffer, (uint16_t)session->slot_minutes);
    buffer_put_u16(&value.buffer, (uint16_t)session->slot_count);
    buffer_put_u8(&value.buffer, (uint8_t)session->capacity);
    struct row_key key = row_key_of_id(BOOKING_TABLE_SESSION, session->session_id);
    row_put(rows, &key, &value);

    row_value_begin(&value, ROW_VERSION);
    struct row_key by_service = session_index_key("", session);
    row_put(rows, &by_service, &value);
    struct row_key by_organisation = session_index_key(session->organisation, session);
    row_put(rows, &by_organisation, &value);
}

void slot_row_get(const struct rows *rows, struct booking_slot_id slot_id, struct slot_row *ret_row) {
    struct row_key key = slot_key(slot_id);
    struct slice bytes;
    memset(ret_row, 0, sizeof *ret_row);
    if (rows_get(rows, row_key_slice(&key), &bytes)) slot_row_read(bytes, ret_row);
}

void slot_row_read(struct slice bytes, struct slot_row *ret_row) {
    struct cursor cursor = row_cursor(bytes, ROW_VERSION);
    memset(ret_row, 0, sizeof *ret_row);
    ret_row->booked = cursor_u16(&cursor);
    ret_row->hold_count = cursor_u8(&cursor);
    ASSERT(ret_row->hold_count <= BOOKING_CAPACITY_MAX);
    for (uint32_t i = 0; i < ret_row->hold_count; i++) {
        cursor_copy(&cursor, ret_row->holds[i].hold_id.bytes, sizeof ret_row->holds[i].hold_id.bytes);
        ret_row->holds[i].expires_at_ms = (int64_t)cursor_u64(&cursor);
    }
    ASSERT(cursor_done(&cursor));
}

void slot_row_put(const struct rows *rows, struct booking_slot_id slot_id, const struct slot_row *row) {
    ASSERT(row->hold_count <= BOOKING_CAPACITY_MAX);
    ASSERT(row->booked <= UINT16_MAX);
    struct row_key key = slot_key(slot_id);
    if (row->booked == 0 && row->hold_count == 0) {
        rows_del(rows, row_key_slice(&key));
        return;
    }
    struct row_value value;
    row_value_begin(&value, ROW_VERSION);
    buffer_put_u16(&value.buffer, (uint16_t)row->booked);
    buffer_put_u8(&value.buffer, (uint8_t)row->hold_count);
    for (uint32_t i = 0; i < row->hold_count; i++) {
        buffer_put(&value.buffer, row->holds[i].hold_id.bytes, sizeof row->holds[i].hold_id.bytes);
        buffer_put_u64(&value.buffer, (uint64_t)row->holds[i].expires_at_ms);
    }
    row_put(rows, &key, &value);
}

bool hold_row_get(const struct rows *rows, struct uuid hold_id, struct hold_row *ret_row) {
    struct row_key key = row_key_of_id(BOOKING_TABLE_HOLD, hold_id);
    struct slice bytes;
    if (!rows_get(rows, row_key_slice(&key), &bytes)) return false;
    struct cursor cursor = row_cursor(bytes, ROW_VERSION);
    struct hold_row row = {.slot_id = take_slot_id(&cursor)};
    row.held_at_ms = (int64_t)cursor_u64(&cursor);
    row.expires_at_ms = (int64_t)cursor_u64(&cursor);
    row.entry_number = cursor_u64(&cursor);
    row_take_text(&cursor, row.by, sizeof row.by);
    ASSERT(cursor_done(&cursor));
    *ret_row = row;
    return true;
}

void hold_row_put(const struct rows *rows, struct uuid hold_id, const struct hold_row *row) {
    ASSERT(!uuid_is_zero(hold_id));
    struct row_value value;
    row_value_begin(&value, ROW_VERSION);
    put_slot_id(&value.buffer, row->slot_id);
    buffer_put_u64(&value.buffer, (uint64_t)row->held_at_ms);
    buffer_put_u64(&value.buffer, (uint64_t)row->expires_at_ms);
    buffer_put_u64(&value.buffer, row->entry_number);
    row_put_text(&value.buffer, row->by);
    struct row_key key = row_key_of_id(BOOKING_TABLE_HOLD, hold_id);
    row_put(rows, &key, &value);
}

void hold_row_del(const struct rows *rows, struct uuid hold_id) {
    struct row_key key = row_key_of_id(BOOKING_TABLE_HOLD, hold_id);
    rows_del(rows, row_key_slice(&key));
}

bool booking_row_get(const struct rows *rows, struct uuid booking_id, struct booking_row *ret_row) {
    struct row_key key = row_key_of_id(BOOKING_TABLE_BOOKING, booking_id);
    struct slice bytes;
    if (!rows_get(rows, row_key_slice(&key), &bytes)) return false;
    struct cursor cursor = row_cursor(bytes, ROW_VERSION);
    struct booking_row row = {.slot_id = take_slot_id(&cursor)};
    row.starts_at_ms = (int64_t)cursor_u64(&cursor);
    row.ends_at_ms = (int64_t)cursor_u64(&cursor);
    row.status = (enum booking_status)cursor_u8(&cursor);
    row.cancel_reason = (enum booking_cancel_reason)cursor_u8(&cursor);
    cursor_copy(&cursor, row.cancel_id.bytes, sizeof row.cancel_id.bytes);
    row.held_at_ms = (int64_t)cursor_u64(&cursor);
    row.booked_at_ms = (int64_t)cursor_u64(&cursor);
    row.cancelled_at_ms = (int64_t)cursor_u64(&cursor);
    row.held_number = cursor_u64(&cursor);
    row.booked_number = cursor_u64(&cursor);
    row.cancelled_number = cursor_u64(&cursor);
    row_take_text(&cursor, row.booked_by, sizeof row.booked_by);
    row_take_text(&cursor, row.cancelled_by, sizeof row.cancelled_by);
    cursor_copy(&cursor, row.person_id.bytes, sizeof row.person_id.bytes);
    cursor_copy(&cursor, row.sealed.key_id.bytes, sizeof row.sealed.key_id.bytes);
    cursor_copy(&cursor, row.sealed.nonce, sizeof row.sealed.nonce);
    row.sealed.size = cursor_u16(&cursor);
    ASSERT(row.sealed.size <= sizeof row.sealed.ciphertext);
    cursor_copy(&cursor, row.sealed.ciphertext, row.sealed.size);
    ASSERT(cursor_done(&cursor));
    *ret_row = row;
    return true;
}

void booking_row_put(const struct rows *rows, struct uuid booking_id, const struct booking_row *row) {
    ASSERT(!uuid_is_zero(booking_id));
    ASSERT(!uuid_is_zero(row->person_id));
    ASSERT(row->sealed.size <= sizeof row->sealed.ciphertext);
    struct row_value value;
    row_value_begin(&value, ROW_VERSION);
    struct buffer *out = &value.buffer;
    put_slot_id(out, row->slot_id);
    buffer_put_u64(out, (uint64_t)row->starts_at_ms);
    buffer_put_u64(out, (uint64_t)row->ends_at_ms);
    buffer_put_u8(out, (uint8_t)row->status);
    buffer_put_u8(out, (uint8_t)row->cancel_reason);
    buffer_put(out, row->cancel_id.bytes, sizeof row->cancel_id.bytes);
    buffer_put_u64(out, (uint64_t)row->held_at_ms);
    buffer_put_u64(out, (uint64_t)row->booked_at_ms);
    buffer_put_u64(out, (uint64_t)row->cancelled_at_ms);
    buffer_put_u64(out, row->held_number);
    buffer_put_u64(out, row->booked_number);
    buffer_put_u64(out, row->cancelled_number);
    row_put_text(out, row->booked_by);
    row_put_text(out, row->cancelled_by);
    buffer_put(out, row->person_id.bytes, sizeof row->person_id.bytes);
    buffer_put(out, row->sealed.key_id.bytes, sizeof row->sealed.key_id.bytes);
    buffer_put(out, row->sealed.nonce, sizeof row->sealed.nonce);
    buffer_put_u16(out, (uint16_t)row->sealed.size);
    buffer_put(out, row->sealed.ciphertext, row->sealed.size);
    struct row_key key = row_key_of_id(BOOKING_TABLE_BOOKING, booking_id);
    row_put(rows, &key, &value);
}

static void put_slot_id(struct buffer *buffer, struct booking_slot_id slot_id) {
    ASSERT(slot_id.index <= UINT16_MAX);
    buffer_put(buffer, slot_id.session_id.bytes, sizeof slot_id.session_id.bytes);
    buffer_put_u16(buffer, (uint16_t)slot_id.index);
}

static struct booking_slot_id take_slot_id(struct cursor *cursor) {
    struct booking_slot_id slot_id = {.index = 0};
    cursor_copy(cursor, slot_id.session_id.bytes, sizeof slot_id.session_id.bytes);
    slot_id.index = cursor_u16(cursor);
    return slot_id;
}

static struct row_key slot_key(struct booking_slot_id slot_id) {
    struct row_key key = row_key_of_id(BOOKING_TABLE_SLOT, slot_id.session_id);
    ASSERT(slot_id.index <= UINT16_MAX);
    row_key_put_number(&key, slot_id.index, 2);
    return key;
}
