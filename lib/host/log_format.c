/* How fields become the text of a line. Texts come from anywhere, so they are escaped, mended and cut here, and a valid
 * NHS number that slipped into one is masked. Pure; any thread. */
#include "lib/host/log_format.h"

#include "lib/base/assert.h"
#include "lib/base/nhs_number.h"
#include "lib/base/text.h"

#include <inttypes.h>
#include <stdio.h>

static void put_value(struct buffer *line, const struct log_field *field, bool is_json);
static void put_plain(struct buffer *line, const char *text);
static void put_hex(struct buffer *line, struct slice bytes);
static size_t put_character(struct buffer *line, struct slice rest);
static size_t nhs_number_size(struct slice text, size_t at);
static bool is_plain_word(struct slice text);
static bool is_digit(uint8_t c);

bool log_put_field(struct buffer *line, const struct log_field *field, bool is_json) {
    ASSERT(!line->is_full && field->name != NULL);
    if (field->kind == LOG_KIND_NOTHING) return true;
    size_t before = line->size;
    put_plain(line, is_json ? ",\"" : " ");
    put_plain(line, field->name);
    put_plain(line, is_json ? "\":" : "=");
    put_value(line, field, is_json);
    if (!line->is_full) return true;
    line->size = before;
    line->is_full = false;
    return false;
}

static void put_value(struct buffer *line, const struct log_field *field, bool is_json) {
    char text[UUID_TEXT_SIZE];
    switch (field->kind) {
    case LOG_KIND_NOTHING:
        return;
    case LOG_KIND_TEXT:
        if (is_json || !is_plain_word(field->bytes)) {
            log_put_json_text(line, field->bytes);
        } else {
            buffer_put(line, field->bytes.data, field->bytes.size);
        }
        return;
    case LOG_KIND_HEX:
        if (is_json) put_plain(line, "\"");
        put_hex(line, field->bytes);
        if (is_json) put_plain(line, "\"");
        return;
    case LOG_KIND_ID:
        uuid_format(field->id, text);
        if (is_json) put_plain(line, "\"");
        buffer_put(line, text, sizeof text);
        if (is_json) put_plain(line, "\"");
        return;
    case LOG_KIND_NUMBER: {
        char digits[24];
        int size = snprintf(digits, sizeof digits, "%" PRId64, field->number);
        ASSERT(size > 0 && (size_t)size < sizeof digits);
        buffer_put(line, digits, (size_t)size);
        return;
    }
    case LOG_KIND_FLAG:
        put_plain(line, field->number != 0 ? "true" : "false");
        return;
    }
}

void log_put_json_text(struct buffer *line, struct slice text) {
    put_plain(line, "\"");
    size_t i = 0;
    while (i < text.size && i < LOG_TEXT_MAX) {
        size_t hidden = nhs_number_size(text, i);
        if (hidden > 0) {
            put_plain(line, "[nhs number]");
            i += hidden;
        } else {
            i += put_character(line, slice_of(text.data + i, text.size - i));
        }
    }
    put_plain(line, i < text.size ? "...\"" : "\"");
}

/* One character of the text, as JSON; returns how many bytes of the text it took. */
static size_t put_character(struct buffer *line, struct slice rest) {
    ASSERT(rest.size > 0);
    uint8_t first = rest.data[0];
    if (first == '"' || first == '\\') {
        buffer_put_u8(line, '\\');
        buffer_put_u8(line, first);
        return 1;
    }
    if (first != 0 && (first < 0x20 || first == 0x7f)) {
        static const char digits[] = "0123456789abcdef";
        put_plain(line, first == '\n' ? "\\n" : first == '\t' ? "\\t" : "\\u00");
        if (first != '\n' && first != '\t') {
            buffer_put_u8(line, (uint8_t)digits[first >> 4]);
            buffer_put_u8(line, (uint8_t)digits[first & 0x0f]);
        }
        return 1;
    }
    size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    /* A NUL is not clean either: many a reader of JSON refuses one even when it is escaped. */
    if (size > rest.size || !text_is_clean(slice_of(rest.data, size))) {
        put_plain(line, "\\ufffd");
        return 1;
    }
    buffer_put(line, rest.data, size);
    return size;
}

/* How many bytes at this place are a valid NHS number, plain or grouped, with no digit before or after it; else 0. */
static size_t nhs_number_size(struct slice text, size_t at) {
    static const size_t sizes[] = {10, 12};
    if (!is_digit(text.data[at]) || (at > 0 && is_digit(text.data[at - 1]))) return 0;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t end = at + sizes[i];
        char digits[10];
        if (end > text.size || (end < text.size && is_digit(text.data[end]))) continue;
        if (nhs_number_parse(slice_of(text.data + at, sizes[i]), digits) == NHS_NUMBER_GOOD) return sizes[i];
    }
    return 0;
}

static void put_hex(struct buffer *line, struct slice bytes) {
    for (size_t i = 0; i < bytes.size && i < LOG_TEXT_MAX / 2; i++) {
        char digits[2];
        text_hex(bytes.data + i, 1, digits);
        buffer_put(line, digits, sizeof digits);
    }
}

static void put_plain(struct buffer *line, const char *text) {
    buffer_put(line, text, strlen(text));
}

/* A value that needs no quotes in the text form: short, printable ASCII without spaces, and nothing to mask. */
static bool is_plain_word(struct slice text) {
    if (text.size == 0 || text.size > 64) return false;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        if (c <= ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '=' || nhs_number_size(text, i) > 0) return false;
    }
    return true;
}

static bool is_digit(uint8_t c) {
    return c >= '0' && c <= '9';
}
