/* A CSV file of people: rows, header and fields as `bhr index import people` and `trace` read them; and what is written of a
 * field is read as that field. */
#include "cli/bhr/people_file.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Written and read again it is the same. */
static void put_again(struct slice field) {
    static char text[2 * CSV_ROW_BYTES_MAX + 8];
    size_t size = csv_put(field, text, sizeof text - 2);
    ASSERT(size > 0 || field.size == 0);
    if (size + 3 >= CSV_ROW_BYTES_MAX) return;
    text[size++] = ',';
    text[size++] = '\n';
    struct csv_file *file = NULL;
    struct csv_row row;
    struct error error = {0};
    const char *why = NULL;
    bool is_open = csv_open(fuzz_file(slice_of(text, size)), &file, &error) == STATUS_OK;
    ASSERT(is_open);
    enum csv_next next = csv_next(file, &row, &why);
    bool has_mark = field.size >= 3 && memcmp(field.data, "\xEF\xBB\xBF", 3) == 0;
    ASSERT(has_mark || (next == CSV_ROW && row.count == 2 && slice_equal(row.fields[0], field)));
    csv_close(file);
}

static void run(struct slice input) {
    struct csv_file *file = NULL;
    struct csv_row row;
    struct people_columns columns;
    struct error error = {0};
    struct wire_fault fault = {""};
    const char *why = NULL;
    if (csv_open(fuzz_file(input), &file, &error) != STATUS_OK) {
        ASSERT(error.message[0] != '\0');
        fuzz_reach("no text");
        return;
    }
    enum csv_next next = csv_next(file, &row, &why);
    bool has_header = next == CSV_ROW && people_header_read(&row, &columns, &fault);
    if (!has_header) fuzz_reach(next == CSV_ROW ? "another header" : next == CSV_BAD ? "no header" : "nothing");
    uint64_t line = 0;
    static uint8_t copy[CSV_ROW_BYTES_MAX];
    struct slice first = {0};
    while (has_header && (next = csv_next(file, &row, &why)) != CSV_END) {
        ASSERT(row.line > line);
        line = row.line;
        if (next == CSV_BAD) {
            ASSERT(why != NULL && why[0] != '\0');
            fuzz_reach(why);
            continue;
        }
        struct index_demographics person;
        char reference[INDEX_LOCAL_ID_MAX + 1];
        bool is_good = people_row_read(&columns, &row, reference, &person, &fault);
        ASSERT(is_good || fault.text[0] != '\0');
        ASSERT(person.address_line_count <= INDEX_LINES_MAX);
        if (is_good) fuzz_reach("a person");
        if (!is_good) fuzz_reach_field(fault.text);
        first = slice_of(copy, row.fields[0].size);
        memcpy(copy, row.fields[0].data, row.fields[0].size);
    }
    csv_close(file);
    if (first.data != NULL) put_again(first);
}

/* More fields than there may be, and more bytes than a row may have. */
static void seed_wide(void) {
    static uint8_t bytes[2 * CSV_ROW_BYTES_MAX];
    static const char head[] = "reference,family_name,birth_date\n";
    struct buffer out = buffer_over(bytes, sizeof bytes);
    buffer_put(&out, head, sizeof head - 1);
    for (int i = 0; i < 70; i++) buffer_put(&out, "a,", 2);
    fuzz_seed_buffer(&out);
    buffer_put(&out, head, sizeof head - 1);
    for (int i = 0; i < CSV_ROW_BYTES_MAX + 8; i++) buffer_put_u8(&out, 'a');
    fuzz_seed_buffer(&out);
}

/* Every column in turn with more than it may hold. */
static void seed_long(void) {
    enum { COLUMNS = 12, LONG = 130 };
    static uint8_t bytes[COLUMNS * (LONG + COLUMNS) + 512];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    static const char head[] = "reference,nhs_number,nhs_number_status,family_name,given_name,birth_date,sex,address_1,"
                               "address_2,address_3,postcode,phone\n";
    buffer_put(&out, head, sizeof head - 1);
    for (int row = 0; row < COLUMNS; row++) {
        for (int column = 0; column < COLUMNS; column++) {
            if (column > 0) buffer_put_u8(&out, ',');
            for (int i = 0; i < LONG && column == row; i++) buffer_put_u8(&out, 'a');
            if (column == 0 && row != 0) buffer_put_u8(&out, '1');
            if (column == 5 && row != 5) buffer_put(&out, "1956", 4);
        }
        buffer_put_u8(&out, '\n');
    }
    fuzz_seed_buffer(&out);
}

static void seed(void) {
    fuzz_seed_text(
        "reference,nhs_number,nhs_number_status,family_name,given_name,birth_date,sex,address_1,postcode,phone\n"
        "1,943 476 5919,01,Okonjo,\"Rosa \"\"R\"\" Ann\",1956-03-01,female,\"1, Long Row\",RM1 1AA,07700 900123\n"
        "2,9434765918,,a,b,1956,,,,\n3,,9,a,b,1956,,,,\n4,,,a,b,1956-03-01T00,,,,\n5,,,a,b,1956,x,,,\n"
        "6,,,a\n,,,a,b,1956,,,,\n7,,,a,b,19560301,,,much too long a postcode,\n");
    fuzz_seed_text("\xEF\xBB\xBF"
                   "Unique Reference,Surname,Date of Birth\r\n1,\"a\nb\",1956\r\n2,\"c,01/03/1956\r\n3,d\"e,1\r\n");
    fuzz_seed_text("\xFF\xFE"
                   "a");
    fuzz_seed_text("reference,family_name,birth_date\n1,\"a\nb\n2,a\x01"
                   "b,1956\n3,a\"b,1956\n4,\"a\" b,1956\n");
    seed_wide();
    seed_long();
    fuzz_seed_text("reference,family_name\n");
    fuzz_seed_text("\"reference\n");
    fuzz_seed_text("\n\r\n");
}

static const char *const outcomes[] = {"a person",
                                       "address_1",
                                       "address_2",
                                       "address_3",
                                       "another header",
                                       "birth_date",
                                       "expected UTF-8 text without control characters",
                                       "expected a comma or the line's end after the quote that ends a ",
                                       "expected a field with a quote in it to stand in quotes",
                                       "expected at most 32 KiB in a row",
                                       "expected at most 64 fields",
                                       "expected the quote that begins a field to end",
                                       "family_name",
                                       "given_name",
                                       "nhs_number",
                                       "nhs_number_status",
                                       "no header",
                                       "no text",
                                       "nothing",
                                       "phone",
                                       "postcode",
                                       "reference",
                                       "row",
                                       "sex",
                                       NULL};
const struct fuzz_harness fuzz_harness = {outcomes, run, seed, 2000};
