/* CSV from outside: what is one row, what is none and why, and that reading goes on after it; people in such rows. */
#include "cli/bhr/csv_file.h"
#include "cli/bhr/people_file.h"
#include "tests/support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define HEAD "reference,nhs_number,family_name,given_name,birth_date,sex\n"

static char path[] = "/tmp/bhr-csv-XXXXXX";

static void write_bytes(const void *bytes, size_t size) {
    FILE *file = fopen(path, "wbe");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static struct csv_file *open_text(const char *text) {
    struct csv_file *file = NULL;
    struct error error = {0};
    write_bytes(text, strlen(text));
    assert_int_equal(csv_open(path, &file, &error), STATUS_OK);
    return file;
}

/* Rows as "line:field|field", faults as "line!why", apart by spaces. */
static const char *heard(const char *text) {
    static char out[4096];
    struct csv_file *file = open_text(text);
    struct csv_row row;
    const char *why = NULL;
    size_t size = 0;
    enum csv_next next;
    out[0] = '\0';
    while ((next = csv_next(file, &row, &why)) != CSV_END) {
        size += (size_t)snprintf(out + size, sizeof out - size, "%s%llu", size == 0 ? "" : " ",
                                 (unsigned long long)row.line);
        if (next == CSV_BAD) size += (size_t)snprintf(out + size, sizeof out - size, "!%s", why);
        for (uint32_t i = 0; next == CSV_ROW && i < row.count; i++) {
            size += (size_t)snprintf(out + size, sizeof out - size, "%c%.*s", i == 0 ? ':' : '|',
                                     (int)row.fields[i].size, (const char *)row.fields[i].data);
        }
    }
    assert_int_equal(csv_bytes(file), csv_bytes_total(file));
    csv_close(file);
    return out;
}

static void rows_are_told_with_their_lines(void **state) {
    (void)state;
    assert_string_equal(heard(""), "");
    assert_string_equal(heard("a,b\n1,2\n"), "1:a|b 2:1|2");
    assert_string_equal(heard("a,b\n1,2"), "1:a|b 2:1|2");
    assert_string_equal(heard("\xEF\xBB\xBF"
                              "a,b\r\n1,2\r\n"),
                        "1:a|b 2:1|2");
    assert_string_equal(heard("a\n\n\r\nb\n"), "1:a 4:b");
    assert_string_equal(heard(",\n,,\n"), "1:| 2:||");
    assert_string_equal(heard("\"a,b\",c\n"), "1:a,b|c");
    assert_string_equal(heard("\"say \"\"no\"\"\",\"\"\n"), "1:say \"no\"|");
    assert_string_equal(heard("\"one\ntwo\",x\ny\n"), "1:one\ntwo|x 3:y");
    assert_string_equal(heard("\"a\"\r\n\"b\""), "1:a 2:b");
}

static void what_is_wrong_is_told_and_the_rest_is_read(void **state) {
    (void)state;
    assert_string_equal(heard("a\n\"b\nc\n"), "1:a 2!expected the quote that begins a field to end 3:c");
    assert_string_equal(heard("a\"b,c\nd\n"), "1!expected a field with a quote in it to stand in quotes 2:d");
    assert_string_equal(heard("\"a\"b\nc\n"),
                        "1!expected a comma or the line's end after the quote that ends a field 2:c");
    assert_string_equal(heard("a\xFF"
                              "b\nc\n"),
                        "1!expected UTF-8 text without control characters 2:c");
    char many[2 * CSV_COLUMNS_MAX + 8];
    memset(many, ',', sizeof many);
    (void)snprintf(many + CSV_COLUMNS_MAX, 8, "\nx\n");
    assert_string_equal(heard(many), "1!expected at most 64 fields 2:x");
}

static void a_row_has_its_bound_and_a_file_has_none(void **state) {
    (void)state;
    enum { LONG = CSV_ROW_BYTES_MAX, ROWS = 5000 };
    char *text = malloc(2 * LONG + ROWS * 20);
    size_t size = LONG + 10;
    memset(text, 'x', size);
    text[size++] = '\n';
    for (int i = 0; i < ROWS; i++) size += (size_t)sprintf(text + size, "%d,\"a\"\"b\"\n", i);
    struct csv_file *file = NULL;
    struct error error = {0};
    write_bytes(text, size);
    assert_int_equal(csv_open(path, &file, &error), STATUS_OK);
    struct csv_row row;
    const char *why = NULL;
    assert_int_equal(csv_next(file, &row, &why), CSV_BAD);
    assert_string_equal(why, "expected at most 32 KiB in a row");
    for (int i = 0; i < ROWS; i++) {
        assert_int_equal(csv_next(file, &row, &why), CSV_ROW);
        assert_int_equal(row.line, i + 2);
        assert_int_equal(row.count, 2);
        assert_int_equal(strtol((const char *)row.fields[0].data, NULL, 10), i);
        assert_memory_equal(row.fields[1].data, "a\"b", 3);
    }
    assert_int_equal(csv_next(file, &row, &why), CSV_END);
    csv_close(file);
    free(text);
}

static void what_is_no_text_is_refused_at_once(void **state) {
    (void)state;
    struct csv_file *file = NULL;
    struct error error = {0};
    write_bytes("\xFF\xFE"
                "a\0",
                4);
    assert_int_equal(csv_open(path, &file, &error), STATUS_INVALID);
    assert_non_null(strstr(error.message, "expected UTF-8"));
    assert_int_equal(csv_open("/nowhere/at/all", &file, &error), STATUS_NOT_FOUND);
}

static void a_field_is_written_as_it_is_read(void **state) {
    (void)state;
    static const char *const fields[] = {"", "plain", "a,b", "say \"no\"", "one\ntwo", "\"", ","};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        char line[64], text[80];
        size_t size = csv_put(slice_text(fields[i]), line, sizeof line);
        (void)snprintf(text, sizeof text, "%.*s,end\n", (int)size, line);
        struct csv_file *file = open_text(text);
        struct csv_row row;
        const char *why = NULL;
        assert_int_equal(csv_next(file, &row, &why), CSV_ROW);
        assert_int_equal(row.count, 2);
        assert_true(slice_equal(row.fields[0], slice_text(fields[i])));
        csv_close(file);
    }
    char small[4];
    assert_int_equal(csv_put(slice_text("abc"), small, sizeof small), 0);
}

/* ---- people ---- */

static const struct {
    const char *text;
    const char *fault; /* of header or row; NULL: it is taken, as `birth sex number` with house and county */
    const char *taken;
} rows[] = {
    {HEAD "1,943 476 5919,Okonjo,Rosa,1956-03-01,female\n", NULL, "1956-03-01 1 9434765919"},
    {HEAD "1,943-476-5919,Okonjo,Rosa,19560301,2\n", NULL, "1956-03-01 1 9434765919"},
    {HEAD "1,, Okonjo ,,01/03/1956,M\n", NULL, "1956-03-01 2 "},
    {HEAD "1,,,,1956-03,9\n", NULL, "1956-03 3 "},
    {"Date of Birth,UNIQUE REFERENCE,Family-Name,colour\n1956,7,Okonjo,red\n", NULL, "1956 0 "},
    {"reference,family_name\n1,a\n", "birth_date: expected such a column", NULL},
    {"family_name,birth_date\na,1956\n", "reference: expected such a column", NULL},
    {"reference,surname,family_name,birth_date\n", "family_name: expected one such column, and there are two", NULL},
    {HEAD "1,,Okonjo\n", "row: expected 6 fields as in the header, not 3", NULL},
    {HEAD ",,Okonjo,,1956,\n", "reference: expected what to call the row by", NULL},
    {HEAD "1,9434765918,Okonjo,,1956,\n", "nhs_number: ", NULL},
    {HEAD "1,,Okonjo,,1956-03-01T00:00,\n", "birth_date: expected YYYY-MM-DD, YYYYMMDD or DD/MM/YYYY", NULL},
    {HEAD "1,,Okonjo,,1956,yes\n", "sex: expected female, male, other or unknown", NULL},
    {HEAD "1,,\"Okon\njo\",,1956,\n", "family_name: expected at most 100 bytes on one line", NULL},
    {"reference,family_name,birth_date,nhs_number_status\n1,a,1956,9\n", "nhs_number_status: expected 01 to 08", NULL},
    {"reference,family_name,birth_date,nhs_number_status\n1,a,1956,01\n", NULL, "1956 0 "},
    {"reference,family_name,birth_date,House Number,county\n1,a,1956,12a,Essex\n", NULL, "1956 0 12aEssex"},
    {"reference,family_name,birth_date,county\n1,a,1956,\"Es\nsex\"\n",
     "county: expected at most 100 bytes on one line", NULL},
};

static void people_are_taken_or_refused_by_field(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct csv_file *file = open_text(rows[i].text);
        struct csv_row row;
        struct people_columns columns;
        struct index_demographics person;
        struct wire_fault fault = {""};
        char reference[INDEX_LOCAL_ID_MAX + 1], taken[64];
        const char *why = NULL;
        assert_int_equal(csv_next(file, &row, &why), CSV_ROW);
        bool is_good = people_header_read(&row, &columns, &fault);
        if (is_good) {
            assert_int_equal(csv_next(file, &row, &why), CSV_ROW);
            is_good = people_row_read(&columns, &row, reference, &person, &fault);
        }
        if (is_good != (rows[i].fault == NULL)) fail_msg("row %zu: %s", i, fault.text);
        if (!is_good && strstr(fault.text, rows[i].fault) == NULL) fail_msg("row %zu: %s", i, fault.text);
        if (is_good) {
            (void)snprintf(taken, sizeof taken, "%s %d %s%.16s%.16s", person.birth_date, (int)person.sex,
                           person.nhs_number, person.house, person.county);
            assert_string_equal(taken, rows[i].taken);
        }
        csv_close(file);
    }
}

static int enter(void **state) {
    (void)state;
    int descriptor = mkstemp(path);
    return descriptor < 0 ? -1 : close(descriptor);
}

static int leave(void **state) {
    (void)state;
    return unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_told_with_their_lines),
        cmocka_unit_test(what_is_wrong_is_told_and_the_rest_is_read),
        cmocka_unit_test(a_row_has_its_bound_and_a_file_has_none),
        cmocka_unit_test(what_is_no_text_is_refused_at_once),
        cmocka_unit_test(a_field_is_written_as_it_is_read),
        cmocka_unit_test(people_are_taken_or_refused_by_field),
    };
    return cmocka_run_group_tests_name("csv file", tests, enter, leave);
}
