/* Reads ahead into one buffer and parses the row that begins there. Owns the file; one thread. */
#include "cli/bhr/csv_file.h"

#include "lib/base/assert.h"
#include "lib/base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct csv_file {
    FILE *file;
    uint64_t line, read, total;
    size_t at, end; /* of the buffer: what is not parsed yet */
    bool has_ended;
    uint8_t bytes[2 * CSV_ROW_BYTES_MAX];
    uint8_t unquoted[CSV_ROW_BYTES_MAX]; /* fields that had doubled quotes */
};

/* Where parsing of one row is. */
struct parse {
    const uint8_t *from, *to; /* what is there of the file */
    const uint8_t *at;
    uint8_t *unquoted;
    const char *why;
};

static void fill(struct csv_file *file);
static bool read_row(struct parse *parse, struct csv_row *row);
static bool read_field(struct parse *parse, struct slice *ret_field);

enum status csv_open(const char *path, struct csv_file **ret_file, struct error *reterr_error) {
    struct csv_file *file = calloc(1, sizeof *file);
    if (file == NULL) return error_set(reterr_error, STATUS_NO_MEMORY, "no memory to read %s", path);
    file->file = fopen(path, "rbe");
    bool is_open = file->file != NULL && fseek(file->file, 0, SEEK_END) == 0;
    long size = is_open ? ftell(file->file) : -1;
    if (size < 0 || fseek(file->file, 0, SEEK_SET) != 0) {
        enum status status = error_set(reterr_error, STATUS_NOT_FOUND, "%s cannot be read: %s", path, strerror(errno));
        csv_close(file);
        return status;
    }
    file->total = (uint64_t)size;
    file->line = 1;
    fill(file);
    static const uint8_t mark[] = {0xEF, 0xBB, 0xBF}, wide[] = {0xFF, 0xFE}, wide_other[] = {0xFE, 0xFF};
    bool is_wide = file->end >= 2 && (memcmp(file->bytes, wide, 2) == 0 || memcmp(file->bytes, wide_other, 2) == 0);
    if (is_wide) {
        csv_close(file);
        return error_set(reterr_error, STATUS_INVALID, "%s: expected UTF-8, not UTF-16", path);
    }
    if (file->end >= sizeof mark && memcmp(file->bytes, mark, sizeof mark) == 0) file->at = sizeof mark;
    *ret_file = file;
    return STATUS_OK;
}

void csv_close(struct csv_file *file) {
    if (file == NULL) return;
    if (file->file != NULL) (void)fclose(file->file);
    free(file);
}

uint64_t csv_bytes(const struct csv_file *file) {
    return file->read - (file->end - file->at);
}

uint64_t csv_bytes_total(const struct csv_file *file) {
    return file->total;
}

/* Room for one whole row behind `at`. */
static void fill(struct csv_file *file) {
    if (file->at > 0) {
        memmove(file->bytes, file->bytes + file->at, file->end - file->at);
        file->end -= file->at;
        file->at = 0;
    }
    while (!file->has_ended && file->end < sizeof file->bytes) {
        size_t size = fread(file->bytes + file->end, 1, sizeof file->bytes - file->end, file->file);
        file->has_ended = size == 0;
        file->end += size;
        file->read += size;
    }
}

static uint64_t lines_in(const uint8_t *from, const uint8_t *to) {
    uint64_t count = 0;
    for (const uint8_t *c = from; c < to; c++) count += *c == '\n';
    return count;
}

/* Up to and with the end of the line that begins there. */
static const uint8_t *line_end(const struct parse *parse, const uint8_t *from) {
    const uint8_t *end = memchr(from, '\n', (size_t)(parse->to - from));
    return end != NULL ? end + 1 : parse->to;
}

enum csv_next csv_next(struct csv_file *file, struct csv_row *ret_row, const char **ret_why) {
    for (;;) {
        if (file->end - file->at < CSV_ROW_BYTES_MAX) fill(file);
        struct parse parse = {
            .from = file->bytes + file->at, .to = file->bytes + file->end, .unquoted = file->unquoted};
        if (parse.from == parse.to) return CSV_END;
        parse.at = parse.from;
        const uint8_t *first = parse.from;
        bool is_blank = *first == '\n' || (*first == '\r' && first + 1 < parse.to && first[1] == '\n');
        ret_row->line = file->line;
        bool is_good = is_blank || read_row(&parse, ret_row);
        /* After what cannot be read the next line begins anew: a quote that never ends must not take the rest with it. */
        if (!is_good || is_blank) parse.at = line_end(&parse, parse.from);
        file->line += lines_in(parse.from, parse.at);
        file->at = (size_t)(parse.at - file->bytes);
        if (is_blank) continue;
        *ret_why = parse.why;
        return is_good ? CSV_ROW : CSV_BAD;
    }
}

static bool read_row(struct parse *parse, struct csv_row *row) {
    row->count = 0;
    for (;;) {
        if (row->count == CSV_COLUMNS_MAX) {
            parse->why = "expected at most 64 fields";
            return false;
        }
        if (!read_field(parse, &row->fields[row->count])) return false;
        if (!text_is_clean(row->fields[row->count])) {
            parse->why = "expected UTF-8 text without control characters";
            return false;
        }
        row->count++;
        if (parse->at - parse->from >= CSV_ROW_BYTES_MAX) {
            parse->why = "expected at most 32 KiB in a row";
            return false;
        }
        if (parse->at == parse->to) return true;
        uint8_t after = *parse->at++;
        if (after == '\n') return true;
        ASSERT(after == ',');
    }
}

static bool is_row_end(const struct parse *parse, const uint8_t *c) {
    return c == parse->to || *c == '\n' || (*c == '\r' && c + 1 < parse->to && c[1] == '\n') ||
           (*c == '\r' && c + 1 == parse->to);
}

static bool read_plain(struct parse *parse, struct slice *ret_field) {
    const uint8_t *from = parse->at, *c = from;
    while (!is_row_end(parse, c) && *c != ',') {
        if (*c++ != '"') continue;
        parse->why = "expected a field with a quote in it to stand in quotes";
        return false;
    }
    *ret_field = slice_of(from, (size_t)(c - from));
    parse->at = c;
    return true;
}

/* Doubled quotes make it shorter, so it is copied. */
static bool read_quoted(struct parse *parse, struct slice *ret_field) {
    uint8_t *from = parse->unquoted, *to = from;
    const uint8_t *c = parse->at + 1;
    for (;; c++) {
        if (c == parse->to || c - parse->from >= CSV_ROW_BYTES_MAX) {
            parse->why = "expected the quote that begins a field to end";
            return false;
        }
        if (*c != '"') {
            *to++ = *c;
            continue;
        }
        if (c + 1 == parse->to || c[1] != '"') break;
        *to++ = *c++;
    }
    parse->at = c + 1;
    parse->unquoted = to;
    *ret_field = slice_of(from, (size_t)(to - from));
    if (is_row_end(parse, parse->at) || *parse->at == ',') return true;
    parse->why = "expected a comma or the line's end after the quote that ends a field";
    return false;
}

/* Leaves `at` on the comma or line feed that ends it. */
static bool read_field(struct parse *parse, struct slice *ret_field) {
    bool is_quoted = parse->at < parse->to && *parse->at == '"';
    if (!(is_quoted ? read_quoted : read_plain)(parse, ret_field)) return false;
    if (parse->at < parse->to && *parse->at == '\r') parse->at++;
    return true;
}

size_t csv_put(struct slice field, char *ret_text, size_t size_max) {
    size_t size = 0;
    bool is_quoted = false;
    for (size_t i = 0; i < field.size; i++) is_quoted = is_quoted || strchr(",\"\n\r", field.data[i]) != NULL;
    if (2 * field.size + 2 > size_max) return 0;
    if (is_quoted) ret_text[size++] = '"';
    for (size_t i = 0; i < field.size; i++) {
        if (field.data[i] == '"') ret_text[size++] = '"';
        ret_text[size++] = (char)field.data[i];
    }
    if (is_quoted) ret_text[size++] = '"';
    return size;
}
