/* Reads people from a CSV file (people_csv.h). One thread. */
#include "tools/people_csv.h"

#include "lib/base/text.h"

#include <stdio.h>
#include <stdlib.h>

enum { LINE_MAX_BYTES = 2000, COLUMNS_MAX = 24 };

enum column {
    COLUMN_OTHER,
    COLUMN_TRUTH,
    COLUMN_KIND,
    COLUMN_FAMILY,
    COLUMN_GIVEN,
    COLUMN_BIRTH,
    COLUMN_SEX,
    COLUMN_HOUSE,
    COLUMN_LINE_1,
    COLUMN_LINE_2,
    COLUMN_TOWN,
    COLUMN_COUNTY,
    COLUMN_POSTCODE,
    COLUMN_PHONE,
    COLUMN_KINDS,
};

struct table {
    enum column columns[COLUMNS_MAX];
    uint32_t count;
};

static enum status read_header(struct slice line, struct table *ret_table, struct error *reterr_error);
static enum status read_row(const struct table *table, struct slice line, uint32_t number, struct people_row *ret_row,
                            struct error *reterr_error);
static bool make_room(struct people *people);

enum status people_read(const char *path, uint32_t count_max, struct people *ret_people, struct error *reterr_error) {
    *ret_people = (struct people){.count = 0};
    FILE *file = fopen(path, "re");
    if (file == NULL) return error_set(reterr_error, STATUS_NOT_FOUND, "%s: cannot be opened", path);
    char line[LINE_MAX_BYTES];
    struct table table = {.count = 0};
    enum status status = STATUS_OK;
    for (uint32_t number = 1; status == STATUS_OK && fgets(line, sizeof line, file) != NULL; number++) {
        struct slice text = slice_of(line, strcspn(line, "\r\n"));
        if (number == 1) {
            status = read_header(text, &table, reterr_error);
            continue;
        }
        if (count_max != 0 && ret_people->count == count_max) break;
        if (!make_room(ret_people)) {
            status = error_set(reterr_error, STATUS_NO_MEMORY, "%s: no memory for line %u", path, number);
            continue;
        }
        status = read_row(&table, text, number, &ret_people->rows[ret_people->count], reterr_error);
        ret_people->count += status == STATUS_OK;
    }
    (void)fclose(file);
    return status;
}

void people_free(struct people *people) {
    free(people->rows);
    *people = (struct people){.count = 0};
}

void people_keep_four_fields(struct people *people) {
    for (uint32_t i = 0; i < people->count; i++) {
        struct match_person *person = &people->rows[i].person;
        struct match_person kept = {
            .family = person->family, .given = person->given, .birth = person->birth, .postcode = person->postcode};
        *person = kept;
    }
}

static bool make_room(struct people *people) {
    if (people->count < people->room) return true;
    uint32_t room = people->room == 0 ? 4096 : people->room * 2;
    struct people_row *rows = realloc(people->rows, room * sizeof *rows);
    if (rows == NULL) return false;
    people->rows = rows;
    people->room = room;
    return true;
}

/* Up to the next comma, without the blanks around it. False at the end of the line. */
static bool next_field(struct slice *rest, struct slice *ret_field) {
    if (rest->data == NULL) return false;
    const uint8_t *comma = rest->size == 0 ? NULL : memchr(rest->data, ',', rest->size);
    size_t size = comma == NULL ? rest->size : (size_t)(comma - rest->data);
    struct slice field = slice_of(rest->data, size);
    *rest = comma == NULL ? slice_of(NULL, 0) : slice_of(comma + 1, rest->size - size - 1);
    while (field.size > 0 && field.data[0] == ' ') field = slice_of(field.data + 1, field.size - 1);
    while (field.size > 0 && field.data[field.size - 1] == ' ') field.size--;
    *ret_field = field;
    return true;
}

static enum column column_of(struct slice name) {
    static const struct {
        const char *name;
        enum column column;
    } known[] = {
        {"rec_id", COLUMN_TRUTH},        {"person_id", COLUMN_TRUTH},     {"kind", COLUMN_KIND},
        {"surname", COLUMN_FAMILY},      {"family_name", COLUMN_FAMILY},  {"given_name", COLUMN_GIVEN},
        {"birth_date", COLUMN_BIRTH},    {"date_of_birth", COLUMN_BIRTH}, {"sex", COLUMN_SEX},
        {"address_1", COLUMN_LINE_1},    {"address_2", COLUMN_LINE_2},    {"suburb", COLUMN_TOWN},
        {"town", COLUMN_TOWN},           {"postcode", COLUMN_POSTCODE},   {"phone", COLUMN_PHONE},
        {"street_number", COLUMN_HOUSE}, {"state", COLUMN_COUNTY},        {"county", COLUMN_COUNTY},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (slice_equal(name, slice_text(known[i].name))) return known[i].column;
    }
    return COLUMN_OTHER;
}

static enum status read_header(struct slice line, struct table *ret_table, struct error *reterr_error) {
    struct slice field;
    bool has[COLUMN_KINDS] = {false};
    while (next_field(&line, &field)) {
        if (ret_table->count == COLUMNS_MAX) return error_set(reterr_error, STATUS_FULL, "line 1: too many columns");
        enum column column = column_of(field);
        ret_table->columns[ret_table->count++] = column;
        has[column] = true;
    }
    if (has[COLUMN_FAMILY] && has[COLUMN_GIVEN] && has[COLUMN_BIRTH]) return STATUS_OK;
    return error_set(reterr_error, STATUS_INVALID, "line 1: expected family_name, given_name and birth_date");
}

static enum match_sex sex_of(struct slice text) {
    if (slice_equal(text, slice_text("female"))) return MATCH_SEX_FEMALE;
    return slice_equal(text, slice_text("male")) ? MATCH_SEX_MALE : MATCH_SEX_UNKNOWN;
}

/* The first run of digits. */
static uint64_t number_in(struct slice text) {
    size_t from = 0, until;
    while (from < text.size && (text.data[from] < '0' || text.data[from] > '9')) from++;
    until = from;
    while (until < text.size && text.data[until] >= '0' && text.data[until] <= '9') until++;
    uint64_t number = 0;
    return text_u64(slice_of(text.data + from, until - from), &number) ? number : 0;
}

static enum status read_row(const struct table *table, struct slice line, uint32_t number, struct people_row *ret_row,
                            struct error *reterr_error) {
    struct slice values[COLUMN_KINDS] = {{0}}, field;
    uint32_t count = 0;
    if (line.size > 0 && memchr(line.data, '"', line.size) != NULL) {
        return error_set(reterr_error, STATUS_INVALID, "line %u: expected fields without quotes", number);
    }
    for (; next_field(&line, &field); count++) {
        if (count < table->count) values[table->columns[count]] = field;
    }
    if (count != table->count) {
        return error_set(reterr_error, STATUS_INVALID, "line %u: expected %u fields, not %u", number, table->count,
                         count);
    }
    const struct names_record record = {
        .family_name = values[COLUMN_FAMILY],
        .given_name = values[COLUMN_GIVEN],
        .birth_date = values[COLUMN_BIRTH],
        .sex = sex_of(values[COLUMN_SEX]),
        .house = values[COLUMN_HOUSE],
        .address_lines = {values[COLUMN_LINE_1], values[COLUMN_LINE_2], values[COLUMN_TOWN]},
        .address_line_count = NAMES_ADDRESS_LINES_MAX,
        .county = values[COLUMN_COUNTY],
        .postcode = values[COLUMN_POSTCODE],
        .phone = values[COLUMN_PHONE],
    };
    *ret_row = (struct people_row){.truth = number_in(values[COLUMN_TRUTH])};
    size_t kind_size = values[COLUMN_KIND].size;
    if (kind_size >= sizeof ret_row->kind) kind_size = sizeof ret_row->kind - 1;
    if (kind_size > 0) memcpy(ret_row->kind, values[COLUMN_KIND].data, kind_size);
    names_person(&record, &ret_row->person);
    return STATUS_OK;
}
