/* The rows of consents and preferences, kept under the group they were recorded for. Pure: bytes are copied out of the rows
 * at once. */
#include "services/index/core/rows_index.h"

static struct row_key consent_key(struct uuid group_id, enum index_purpose purpose) {
    struct row_key key = group_key(group_id, GROUP_CONSENT);
    row_key_put_number(&key, (uint64_t)purpose, 1);
    return key;
}

/* Dates as YYYY-MM-DD sort like days; an empty last day is open. */
static bool is_in_force(const struct index_consent *consent, const char *on_date) {
    struct slice day = slice_text(on_date);
    bool has_begun = slice_compare(slice_text(consent->from_date), day) <= 0;
    return has_begun && (consent->until_date[0] == '\0' || slice_compare(day, slice_text(consent->until_date)) <= 0);
}

bool consent_row_on(const struct rows *rows, struct uuid group_id, enum index_purpose purpose, const char *on_date,
                    int64_t as_of_ms, struct consent_row *ret_row) {
    ASSERT(purpose >= INDEX_PURPOSE_RECORD_SHARING && purpose <= INDEX_PURPOSE_SECONDARY_USE);
    struct row_key key = consent_key(group_id, purpose), from = key;
    struct cursor cursor;
    struct version version;
    while (version_next(rows, &key, &from, as_of_ms, &version, &cursor)) {
        struct consent_row row;
        memset(&row, 0, sizeof row);
        row.version = version;
        row.consent.purpose = purpose;
        row.consent.decision = (enum index_decided)cursor_u8(&cursor);
        row_take_text(&cursor, row.consent.from_date, sizeof row.consent.from_date);
        row_take_text(&cursor, row.consent.until_date, sizeof row.consent.until_date);
        row_take_text(&cursor, row.by, sizeof row.by);
        ASSERT(cursor_done(&cursor));
        if (!is_in_force(&row.consent, on_date)) continue;
        *ret_row = row;
        return true;
    }
    return false;
}

void consent_row_put(const struct rows *rows, struct uuid group_id, const struct consent_row *row) {
    ASSERT(!uuid_is_zero(group_id));
    struct row_value value;
    version_begin(&value, row->version);
    buffer_put_u8(&value.buffer, (uint8_t)row->consent.decision);
    row_put_text(&value.buffer, row->consent.from_date);
    row_put_text(&value.buffer, row->consent.until_date);
    row_put_text(&value.buffer, row->by);
    struct row_key key = consent_key(group_id, row->consent.purpose);
    version_put(rows, &key, row->version, &value);
}

/* ---- preferences ---- */

bool preferences_row_get(const struct rows *rows, struct uuid group_id, int64_t as_of_ms,
                         struct preferences_row *ret_row) {
    struct row_key key = group_key(group_id, GROUP_PREFERENCES);
    struct cursor cursor;
    struct version version;
    if (!version_get(rows, &key, as_of_ms, &version, &cursor)) return false;
    memset(ret_row, 0, sizeof *ret_row);
    ret_row->version = version;
    cursor_copy(&cursor, ret_row->sealed_for_id.bytes, sizeof ret_row->sealed_for_id.bytes);
    sealed_take(&cursor, &ret_row->sealed);
    ASSERT(cursor_done(&cursor));
    return true;
}

void preferences_row_put(const struct rows *rows, struct uuid group_id, const struct preferences_row *row) {
    ASSERT(!uuid_is_zero(group_id));
    ASSERT(!uuid_is_zero(row->sealed_for_id));
    struct row_value value;
    version_begin(&value, row->version);
    buffer_put(&value.buffer, row->sealed_for_id.bytes, sizeof row->sealed_for_id.bytes);
    sealed_put(&value.buffer, &row->sealed);
    struct row_key key = group_key(group_id, GROUP_PREFERENCES);
    version_put(rows, &key, row->version, &value);
}
