/* Reads a row of the directory as NHS Digital publishes it. Owns nothing. */
#include "cli/bhr/ods_file.h"

#include <stdio.h>

/* Columns, from 0. */
enum {
    ODS_CODE = 0,
    ODS_NAME = 1,
    ODS_POSTCODE = 9,
    ODS_OPENED = 10,
    ODS_CLOSED = 11,
    ODS_STATUS = 12,
    ODS_COMMISSIONER = 23,
    ODS_SETTING = 25,
    ODS_COLUMNS = 27,
};

/* YYYYMMDD or nothing. */
static bool take_date(struct slice text, const char *field, char ret_date[INDEX_DATE_MAX + 1],
                      struct wire_fault *fault) {
    const char *t = (const char *)text.data;
    if (text.size == 0) return true;
    bool is_date = text.size == 8;
    for (size_t i = 0; i < text.size; i++) is_date = is_date && t[i] >= '0' && t[i] <= '9';
    if (is_date) (void)snprintf(ret_date, INDEX_DATE_MAX + 1, "%.4s-%.2s-%.2s", t, t + 4, t + 6);
    if (!is_date) wire_fault_set(fault, "", field, "expected YYYYMMDD");
    return is_date;
}

static bool take_text(struct slice text, const char *field, char *to, size_t size_max, struct wire_fault *fault) {
    char expected[48];
    if (text.size <= size_max) {
        memcpy(to, text.data, text.size);
        return true;
    }
    (void)snprintf(expected, sizeof expected, "expected at most %zu bytes", size_max);
    wire_fault_set(fault, "", field, expected);
    return false;
}

bool ods_row_read(const struct csv_row *row, struct index_organisation *ret, struct wire_fault *fault) {
    const struct slice *of = row->fields;
    memset(ret, 0, sizeof *ret);
    if (row->count != ODS_COLUMNS) {
        char expected[48];
        (void)snprintf(expected, sizeof expected, "expected %d fields, not %u", (int)ODS_COLUMNS, row->count);
        wire_fault_set(fault, "", "row", expected);
        return false;
    }
    bool is_practice = slice_equal(of[ODS_SETTING], slice_text("4"));
    (void)snprintf(ret->kind, sizeof ret->kind, "%s", is_practice ? "gp-practice" : "other");
    bool is_read = take_text(of[ODS_CODE], "code", ret->code, INDEX_ORGANISATION_MAX, fault) &&
                   take_text(of[ODS_NAME], "name", ret->name, INDEX_NAME_MAX, fault) &&
                   take_text(of[ODS_POSTCODE], "postcode", ret->postcode, INDEX_POSTCODE_MAX, fault) &&
                   take_date(of[ODS_OPENED], "opened_date", ret->opened_date, fault) &&
                   take_date(of[ODS_CLOSED], "closed_date", ret->closed_date, fault) &&
                   take_text(of[ODS_COMMISSIONER], "commissioner", ret->commissioner, INDEX_ORGANISATION_MAX, fault);
    if (!is_read) return false;
    bool is_closed = slice_equal(of[ODS_STATUS], slice_text("C"));
    if (is_closed && ret->closed_date[0] == '\0') {
        wire_fault_set(fault, "", "closed_date", "expected one with status C");
        return false;
    }
    return true;
}
