/* The ODS directory of practices, a CSV file without a header, as `bhr index import ods` reads it. An organisation that is
 * read goes to the service as a request: the door takes it, or names a field. */
#include "cli/bhr/ods_file.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>

enum { FIELDS = 27, ROW_ROOM = 4096, LONG_ROOM = 2 * CSV_ROW_BYTES_MAX };

static void ask(const struct index_organisation *organisation) {
    static uint8_t memory[64 * 1024];
    struct index_organisation_request request = {*organisation}, again;
    struct arena arena = arena_over(memory, sizeof memory);
    struct wire_fault fault = {""};
    struct slice body = wire_table_encode_to_arena(&index_organisation_request_wire, &request, &arena);
    ASSERT(body.data != NULL);
    if (!wire_table_decode(&index_organisation_request_wire, body, &arena, &again, &fault)) {
        fuzz_reach_field(fault.text); /* "organisation.code" */
        return;
    }
    fuzz_reach(organisation->closed_date[0] != '\0' ? "a closed one" : "an open one");
    fuzz_reach(strcmp(organisation->kind, "gp-practice") == 0 ? "a practice" : "no practice");
}

static void run(struct slice input) {
    struct csv_file *file = NULL;
    struct csv_row row;
    struct error error = {0};
    const char *why = NULL;
    if (csv_open(fuzz_file(input), &file, &error) != STATUS_OK) {
        ASSERT(error.message[0] != '\0');
        fuzz_reach("no text");
        return;
    }
    uint64_t line = 0;
    enum csv_next next;
    while ((next = csv_next(file, &row, &why)) != CSV_END) {
        ASSERT(row.line > line);
        line = row.line;
        if (next == CSV_BAD) {
            ASSERT(why != NULL && why[0] != '\0');
            fuzz_reach(why);
            continue;
        }
        struct index_organisation organisation;
        struct wire_fault fault = {""};
        if (ods_row_read(&row, &organisation, &fault)) {
            ask(&organisation);
        } else {
            ASSERT(fault.text[0] != '\0');
            fuzz_reach_field(fault.text);
        }
    }
    ASSERT(csv_bytes(file) == csv_bytes_total(file));
    csv_close(file);
    fuzz_reach_if(line == 0, "nothing");
}

/* A row with these fields, by number; the others are empty. */
static void put_row(struct buffer *out, const char *const fields[FIELDS], const char *end) {
    for (int i = 0; i < FIELDS; i++) {
        if (i > 0) buffer_put_u8(out, ',');
        if (fields[i] != NULL) buffer_put(out, fields[i], strlen(fields[i]));
    }
    buffer_put(out, end, strlen(end));
}

static void seed_rows(const char *begin, const char *end) {
    static uint8_t bytes[ROW_ROOM];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    const char *good[FIELDS] = {[0] = "F82001",  [1] = "\"THE SURGERY, \"\"OLD\"\" ROAD\"",
                                [9] = "RM1 3AA", [10] = "19740401",
                                [12] = "A",      [23] = "08F",
                                [25] = "4"};
    const struct {
        int field;
        const char *value;
    } changes[] = {{0, "f82001"},
                   {0, ""},
                   {0, "F8200100000"},
                   {1, ""},
                   {9, "nowhere"},
                   {9, "RM1 3AAAAAA"},
                   {10, "1974"},
                   {10, "19740231"},
                   {11, "20200131"},
                   {11, "2020013x"},
                   {12, "C"},
                   {23, "08F00000000"},
                   {23, "x"},
                   {25, "1"},
                   {1, "a\x01"
                       "b"},
                   {1, "a \"b\""},
                   {1, "\"a\" b"},
                   {1, "\xC3\xA9t\xC3\xA9"},
                   {1, "\xC3("}};
    buffer_put(&out, begin, strlen(begin));
    put_row(&out, good, end);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        const char *kept = good[changes[i].field];
        good[changes[i].field] = changes[i].value;
        put_row(&out, good, end);
        good[changes[i].field] = kept;
    }
    fuzz_seed_buffer(&out);
    for (int i = 0; i < 3; i++) put_row(&out, good, end);
    buffer_put(&out, "F82002,\"a quote that never ends\nF82003,b\n", 40);
    put_row(&out, good, "");
    fuzz_seed_buffer(&out);
}

static void seed(void) {
    static uint8_t bytes[LONG_ROOM];
    static const char long_name[] =
        "A NAME OF MORE THAN A HUNDRED BYTES WHICH NO PRACTICE HAS HOWEVER MANY DOCTORS ARE "
        "CALLED BY NAME ON ITS SIGN";
    struct buffer out = buffer_over(bytes, sizeof bytes);
    seed_rows("", "\n");
    seed_rows("\xEF\xBB\xBF", "\r\n");
    const char *const named[FIELDS] = {[0] = "F82001", [1] = long_name};
    put_row(&out, named, "\n");
    fuzz_seed_buffer(&out);
    fuzz_seed_text("\xFF\xFE"
                   "F");
    fuzz_seed_text("F82001,A\n");
    fuzz_seed_text("\r\n\n");
    for (int i = 0; i < 70; i++) buffer_put(&out, "a,", 2);
    fuzz_seed_buffer(&out);
    for (int i = 0; i < CSV_ROW_BYTES_MAX + 8; i++) buffer_put_u8(&out, 'a');
    fuzz_seed_buffer(&out);
}

static const char *const outcomes[] = {"a closed one",
                                       "a practice",
                                       "an open one",
                                       "closed_date",
                                       "code",
                                       "commissioner",
                                       "expected UTF-8 text without control characters",
                                       "expected a comma or the line's end after the quote that ends a ",
                                       "expected a field with a quote in it to stand in quotes",
                                       "expected at most 32 KiB in a row",
                                       "expected at most 64 fields",
                                       "expected the quote that begins a field to end",
                                       "name",
                                       "no practice",
                                       "no text",
                                       "nothing",
                                       "opened_date",
                                       "organisation.closed_date",
                                       "organisation.code",
                                       "organisation.commissioner",
                                       "organisation.name",
                                       "organisation.opened_date",
                                       "organisation.postcode",
                                       "postcode",
                                       "row",
                                       NULL};
const struct fuzz_harness fuzz_harness = {outcomes, run, seed, 2000};
