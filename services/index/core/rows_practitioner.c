/* The rows of professionals. Pure: bytes are copied out of the rows at once. */
#include "services/index/core/rows_index.h"

static struct row_key registered_key(const struct index_registration *registration) {
    struct row_key key = row_key_begin(INDEX_TABLE_REGISTERED);
    row_key_put_number(&key, (uint64_t)registration->body, 1);
    row_key_put_text(&key, registration->number);
    return key;
}

bool practitioner_row_get(const struct rows *rows, const char *practitioner_id,
                          struct index_practitioner *ret_practitioner) {
    struct row_key key = row_key_of_text(INDEX_TABLE_PRACTITIONER, practitioner_id);
    struct slice bytes;
    if (!rows_get(rows, row_key_slice(&key), &bytes)) return false;
    struct cursor cursor = row_cursor(bytes, INDEX_ROW_VERSION);
    struct index_practitioner p;
    memset(&p, 0, sizeof p);
    memcpy(p.practitioner_id, practitioner_id, strlen(practitioner_id));
    row_take_text(&cursor, p.name, sizeof p.name);
    row_take_text(&cursor, p.opened_date, sizeof p.opened_date);
    row_take_text(&cursor, p.closed_date, sizeof p.closed_date);
    p.registration_count = cursor_u8(&cursor);
    ASSERT(p.registration_count <= INDEX_REGISTRATIONS_MAX);
    for (uint32_t i = 0; i < p.registration_count; i++) {
        p.registrations[i].body = (enum index_body)cursor_u8(&cursor);
        row_take_text(&cursor, p.registrations[i].number, sizeof p.registrations[i].number);
    }
    p.role_count = cursor_u8(&cursor);
    ASSERT(p.role_count <= INDEX_ROLES_MAX);
    for (uint32_t i = 0; i < p.role_count; i++) {
        struct index_practitioner_role *role = &p.roles[i];
        row_take_text(&cursor, role->code, sizeof role->code);
        row_take_text(&cursor, role->organisation, sizeof role->organisation);
        row_take_text(&cursor, role->from_date, sizeof role->from_date);
        row_take_text(&cursor, role->until_date, sizeof role->until_date);
    }
    ASSERT(cursor_done(&cursor));
    *ret_practitioner = p;
    return true;
}

bool practitioner_of_registration(const struct rows *rows, const struct index_registration *registration,
                                  char ret_practitioner_id[INDEX_PRACTITIONER_ID_MAX + 1]) {
    struct row_key key = registered_key(registration);
    struct slice bytes;
    if (!rows_get(rows, row_key_slice(&key), &bytes)) return false;
    struct cursor cursor = row_cursor(bytes, INDEX_ROW_VERSION);
    memset(ret_practitioner_id, 0, INDEX_PRACTITIONER_ID_MAX + 1);
    row_take_text(&cursor, ret_practitioner_id, INDEX_PRACTITIONER_ID_MAX + 1);
    ASSERT(cursor_done(&cursor));
    return true;
}

static void free_registrations(const struct rows *rows, const char *practitioner_id) {
    struct index_practitioner before;
    if (!practitioner_row_get(rows, practitioner_id, &before)) return;
    for (uint32_t i = 0; i < before.registration_count; i++) {
        struct row_key key = registered_key(&before.registrations[i]);
        rows_del(rows, row_key_slice(&key));
    }
}

void practitioner_row_put(const struct rows *rows, const struct index_practitioner *practitioner) {
    ASSERT(practitioner->practitioner_id[0] != '\0');
    free_registrations(rows, practitioner->practitioner_id);
    struct row_value value;
    for (uint32_t i = 0; i < practitioner->registration_count; i++) {
        struct row_key key = registered_key(&practitioner->registrations[i]);
        row_value_begin(&value, INDEX_ROW_VERSION);
        row_put_text(&value.buffer, practitioner->practitioner_id);
        row_put(rows, &key, &value);
    }
    row_value_begin(&value, INDEX_ROW_VERSION);
    struct buffer *out = &value.buffer;
    row_put_text(out, practitioner->name);
    row_put_text(out, practitioner->opened_date);
    row_put_text(out, practitioner->closed_date);
    buffer_put_u8(out, (uint8_t)practitioner->registration_count);
    for (uint32_t i = 0; i < practitioner->registration_count; i++) {
        buffer_put_u8(out, (uint8_t)practitioner->registrations[i].body);
        row_put_text(out, practitioner->registrations[i].number);
    }
    buffer_put_u8(out, (uint8_t)practitioner->role_count);
    for (uint32_t i = 0; i < practitioner->role_count; i++) {
        const struct index_practitioner_role *role = &practitioner->roles[i];
        row_put_text(out, role->code);
        row_put_text(out, role->organisation);
        row_put_text(out, role->from_date);
        row_put_text(out, role->until_date);
    }
    struct row_key key = row_key_of_text(INDEX_TABLE_PRACTITIONER, practitioner->practitioner_id);
    row_put(rows, &key, &value);
}
