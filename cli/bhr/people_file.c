/* From columns to a description. */
#include "cli/bhr/people_file.h"

#include "lib/base/assert.h"
#include "lib/base/nhs_number.h"

#include <ctype.h>
#include <stdio.h>

enum { COLUMN_NAME_MAX = 32 };

static const struct {
    const char *name;
    enum people_column column;
} names[] = {
    {"reference", PEOPLE_REFERENCE},
    {"unique_reference", PEOPLE_REFERENCE},
    {"local_id", PEOPLE_REFERENCE},
    {"local_patient_id", PEOPLE_REFERENCE},
    {"nhs_number", PEOPLE_NHS_NUMBER},
    {"nhs_no", PEOPLE_NHS_NUMBER},
    {"nhs_number_status", PEOPLE_NHS_STATUS},
    {"family_name", PEOPLE_FAMILY},
    {"surname", PEOPLE_FAMILY},
    {"given_name", PEOPLE_GIVEN},
    {"forename", PEOPLE_GIVEN},
    {"birth_date", PEOPLE_BIRTH},
    {"date_of_birth", PEOPLE_BIRTH},
    {"sex", PEOPLE_SEX},
    {"gender", PEOPLE_SEX},
    {"address_1", PEOPLE_ADDRESS_1},
    {"address_line_1", PEOPLE_ADDRESS_1},
    {"address_2", PEOPLE_ADDRESS_2},
    {"address_line_2", PEOPLE_ADDRESS_2},
    {"address_3", PEOPLE_ADDRESS_3},
    {"address_line_3", PEOPLE_ADDRESS_3},
    {"postcode", PEOPLE_POSTCODE},
    {"post_code", PEOPLE_POSTCODE},
    {"phone", PEOPLE_PHONE},
    {"telephone", PEOPLE_PHONE},
    {"house", PEOPLE_HOUSE},
    {"house_number", PEOPLE_HOUSE},
    {"street_number", PEOPLE_HOUSE},
    {"county", PEOPLE_COUNTY},
};
/* As faults call them: the fields of the contract. */
static const char *const fields[PEOPLE_COLUMNS] = {
    "reference", "nhs_number", "nhs_number_status", "family_name", "given_name", "birth_date", "sex",
    "address_1", "address_2",  "address_3",         "postcode",    "phone",      "house",      "county",
};

static bool read_number(struct slice text, struct index_demographics *person, struct wire_fault *ret_fault);
static bool read_status(struct slice text, struct index_demographics *person, struct wire_fault *ret_fault);
static bool read_birth(struct slice text, char ret_date[INDEX_DATE_MAX + 1], struct wire_fault *ret_fault);
static bool read_sex(struct slice text, enum index_sex *ret_sex, struct wire_fault *ret_fault);
static bool read_text(enum people_column column, struct slice text, char *ret_text, size_t size_max,
                      struct wire_fault *ret_fault);

static struct slice trimmed(struct slice text) {
    while (text.size > 0 && isspace(text.data[0])) text = slice_of(text.data + 1, text.size - 1);
    while (text.size > 0 && isspace(text.data[text.size - 1])) text.size--;
    return text;
}

/* "Date of Birth" is date_of_birth. */
static bool column_of(struct slice name, enum people_column *ret_column) {
    char plain[COLUMN_NAME_MAX + 1] = "";
    name = trimmed(name);
    if (name.size > COLUMN_NAME_MAX) return false;
    for (size_t i = 0; i < name.size; i++) {
        uint8_t c = name.data[i];
        plain[i] = c == ' ' || c == '-' ? '_' : (char)tolower(c);
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i].name, plain) != 0) continue;
        *ret_column = names[i].column;
        return true;
    }
    return false;
}

bool people_header_read(const struct csv_row *row, struct people_columns *ret_columns, struct wire_fault *ret_fault) {
    struct people_columns columns = {.count = row->count};
    for (int i = 0; i < PEOPLE_COLUMNS; i++) columns.at[i] = -1;
    for (uint32_t i = 0; i < row->count; i++) {
        enum people_column column;
        if (!column_of(row->fields[i], &column)) continue;
        if (columns.at[column] >= 0) {
            wire_fault_set(ret_fault, "", fields[column], "expected one such column, and there are two");
            return false;
        }
        columns.at[column] = (int32_t)i;
    }
    static const enum people_column needed[] = {PEOPLE_REFERENCE, PEOPLE_FAMILY, PEOPLE_BIRTH};
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (columns.at[needed[i]] >= 0) continue;
        wire_fault_set(ret_fault, "", fields[needed[i]], "expected such a column");
        return false;
    }
    *ret_columns = columns;
    return true;
}

static struct slice field_at(const struct people_columns *columns, const struct csv_row *row,
                             enum people_column column) {
    return columns->at[column] < 0 ? slice_of(NULL, 0) : trimmed(row->fields[columns->at[column]]);
}

bool people_row_read(const struct people_columns *columns, const struct csv_row *row,
                     char ret_reference[INDEX_LOCAL_ID_MAX + 1], struct index_demographics *ret_person,
                     struct wire_fault *ret_fault) {
    memset(ret_person, 0, sizeof *ret_person);
    memset(ret_reference, 0, INDEX_LOCAL_ID_MAX + 1);
    if (row->count != columns->count) {
        char expected[64];
        (void)snprintf(expected, sizeof expected, "expected %u fields as in the header, not %u", columns->count,
                       row->count);
        wire_fault_set(ret_fault, "", "row", expected);
        return false;
    }
    struct slice of[PEOPLE_COLUMNS];
    for (int i = 0; i < PEOPLE_COLUMNS; i++) of[i] = field_at(columns, row, (enum people_column)i);
    if (!read_text(PEOPLE_REFERENCE, of[PEOPLE_REFERENCE], ret_reference, INDEX_LOCAL_ID_MAX, ret_fault)) return false;
    if (ret_reference[0] == '\0') {
        wire_fault_set(ret_fault, "", fields[PEOPLE_REFERENCE], "expected what to call the row by");
        return false;
    }
    struct index_demographics *p = ret_person;
    for (int line = 0; line < INDEX_LINES_MAX; line++) {
        enum people_column column = (enum people_column)(PEOPLE_ADDRESS_1 + line);
        if (of[column].size == 0) continue;
        if (!read_text(column, of[column], p->address_lines[p->address_line_count++], INDEX_NAME_MAX, ret_fault)) {
            return false;
        }
    }
    return read_number(of[PEOPLE_NHS_NUMBER], p, ret_fault) && read_status(of[PEOPLE_NHS_STATUS], p, ret_fault) &&
           read_text(PEOPLE_FAMILY, of[PEOPLE_FAMILY], p->family_name, INDEX_NAME_MAX, ret_fault) &&
           read_text(PEOPLE_GIVEN, of[PEOPLE_GIVEN], p->given_name, INDEX_NAME_MAX, ret_fault) &&
           read_birth(of[PEOPLE_BIRTH], p->birth_date, ret_fault) && read_sex(of[PEOPLE_SEX], &p->sex, ret_fault) &&
           read_text(PEOPLE_POSTCODE, of[PEOPLE_POSTCODE], p->postcode, INDEX_POSTCODE_MAX, ret_fault) &&
           read_text(PEOPLE_PHONE, of[PEOPLE_PHONE], p->phone, INDEX_PHONE_MAX, ret_fault) &&
           read_text(PEOPLE_HOUSE, of[PEOPLE_HOUSE], p->house, INDEX_NAME_MAX, ret_fault) &&
           read_text(PEOPLE_COUNTY, of[PEOPLE_COUNTY], p->county, INDEX_NAME_MAX, ret_fault);
}

static bool read_text(enum people_column column, struct slice text, char *ret_text, size_t size_max,
                      struct wire_fault *ret_fault) {
    char expected[64];
    bool is_line = text.size == 0 || memchr(text.data, '\n', text.size) == NULL;
    if (is_line && text.size <= size_max) {
        if (text.size > 0) memcpy(ret_text, text.data, text.size);
        return true;
    }
    (void)snprintf(expected, sizeof expected, "expected at most %zu bytes on one line", size_max);
    wire_fault_set(ret_fault, "", fields[column], expected);
    return false;
}

static bool read_number(struct slice text, struct index_demographics *person, struct wire_fault *ret_fault) {
    if (text.size == 0) return true;
    enum nhs_number_fault fault = nhs_number_parse(text, person->nhs_number);
    if (fault == NHS_NUMBER_GOOD) return true;
    wire_fault_set(ret_fault, "", fields[PEOPLE_NHS_NUMBER], nhs_number_fault_text(fault));
    return false;
}

/* "01" to "08" (domain.md 3.1). */
static bool read_status(struct slice text, struct index_demographics *person, struct wire_fault *ret_fault) {
    if (text.size == 0) return true;
    bool is_code = text.size == 2 && text.data[0] == '0' && text.data[1] >= '1' && text.data[1] <= '8';
    if (is_code) person->nhs_number_status = (enum index_nhs_status)(text.data[1] - '0');
    if (!is_code) wire_fault_set(ret_fault, "", fields[PEOPLE_NHS_STATUS], "expected 01 to 08");
    return is_code;
}

static bool are_digits(struct slice text, size_t from, size_t size) {
    for (size_t i = from; i < from + size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') return false;
    }
    return true;
}

/* Whether such a day exists is for the index to say. */
static bool read_birth(struct slice text, char ret_date[INDEX_DATE_MAX + 1], struct wire_fault *ret_fault) {
    const char *t = (const char *)text.data;
    if (text.size == 8 && are_digits(text, 0, 8)) {
        (void)snprintf(ret_date, INDEX_DATE_MAX + 1, "%.4s-%.2s-%.2s", t, t + 4, t + 6);
        return true;
    }
    bool is_slashed = text.size == 10 && t[2] == '/' && t[5] == '/' && are_digits(text, 0, 2) &&
                      are_digits(text, 3, 2) && are_digits(text, 6, 4);
    if (is_slashed) {
        (void)snprintf(ret_date, INDEX_DATE_MAX + 1, "%.4s-%.2s-%.2s", t + 6, t + 3, t);
        return true;
    }
    if (text.size <= INDEX_DATE_MAX) return read_text(PEOPLE_BIRTH, text, ret_date, INDEX_DATE_MAX, ret_fault);
    wire_fault_set(ret_fault, "", fields[PEOPLE_BIRTH], "expected YYYY-MM-DD, YYYYMMDD or DD/MM/YYYY");
    return false;
}

/* Words, and the codes of PDS and the data dictionary. */
static bool read_sex(struct slice text, enum index_sex *ret_sex, struct wire_fault *ret_fault) {
    static const struct {
        const char *word;
        enum index_sex sex;
    } words[] = {
        {"", INDEX_SEX_UNKNOWN}, {"unknown", INDEX_SEX_UNKNOWN}, {"0", INDEX_SEX_UNKNOWN},     {"male", INDEX_SEX_MALE},
        {"m", INDEX_SEX_MALE},   {"1", INDEX_SEX_MALE},          {"female", INDEX_SEX_FEMALE}, {"f", INDEX_SEX_FEMALE},
        {"2", INDEX_SEX_FEMALE}, {"other", INDEX_SEX_OTHER},     {"9", INDEX_SEX_OTHER},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t size = strlen(words[i].word), k = 0;
        while (k < size && k < text.size && tolower(text.data[k]) == words[i].word[k]) k++;
        if (k != size || k != text.size) continue;
        *ret_sex = words[i].sex;
        return true;
    }
    wire_fault_set(ret_fault, "", fields[PEOPLE_SEX], "expected female, male, other or unknown, or 0, 1, 2, 9");
    return false;
}
