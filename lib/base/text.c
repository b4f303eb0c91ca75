/* Judges text from outside and reads small fixed forms of it. Pure; it never changes or repairs what it judges. */
#include "lib/base/text.h"

#include "lib/base/assert.h"

static size_t utf8_sequence_size(struct slice text);
static bool is_digit(uint8_t c);
static bool is_upper(uint8_t c);
static int hex_value(uint8_t c);

bool text_is_clean(struct slice text) {
    while (text.size > 0) {
        uint8_t first = text.data[0];
        if (first < 0x20 && first != '\t' && first != '\n') return false;
        size_t size = utf8_sequence_size(text);
        if (size == 0) return false;
        ASSERT(size <= text.size);
        text = slice_of(text.data + size, text.size - size);
    }
    return true;
}

/* Size of the well-formed sequence at the start of a non-empty text; 0 when there is none. Unicode table 3-7: the
 * second byte's range excludes overlong forms, surrogates and what lies beyond U+10FFFF. */
static size_t utf8_sequence_size(struct slice text) {
    ASSERT(text.size > 0);
    uint8_t first = text.data[0];
    if (first < 0x80) return 1;
    if (first < 0xC2 || first > 0xF4) return 0;
    size_t size = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (size > text.size) return 0;
    uint8_t second_min = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    uint8_t second_max = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    if (text.data[1] < second_min || text.data[1] > second_max) return 0;
    for (size_t i = 2; i < size; i++) {
        if (text.data[i] < 0x80 || text.data[i] > 0xBF) return 0;
    }
    return size;
}

bool text_is_token(struct slice text, size_t size_max) {
    ASSERT(size_max > 0);
    if (text.size == 0 || text.size > size_max) return false;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        bool is_lower = c >= 'a' && c <= 'z';
        bool is_mark = c == '.' || c == '_' || c == ':' || c == '-';
        if (!is_lower && !is_upper(c) && !is_digit(c) && !is_mark) return false;
    }
    return true;
}

bool text_is_ods_code(struct slice text) {
    if (text.size < 3 || text.size > 10) return false;
    for (size_t i = 0; i < text.size; i++) {
        if (!is_upper(text.data[i]) && !is_digit(text.data[i])) return false;
    }
    return true;
}

bool text_is_phone(struct slice text, size_t size_max) {
    if (text.size > size_max) return false;
    size_t digits = 0;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        bool is_digit = c >= '0' && c <= '9';
        if (is_digit) digits++;
        if (!is_digit && c != ' ' && !(c == '+' && i == 0)) return false;
    }
    return digits >= 5 && digits <= 20;
}

void text_hex(const uint8_t *bytes, size_t size, char *ret_text) {
    static const char digits[] = "0123456789abcdef";
    ASSERT(bytes != NULL || size == 0);
    for (size_t i = 0; i < size; i++) {
        ret_text[2 * i] = digits[bytes[i] >> 4];
        ret_text[2 * i + 1] = digits[bytes[i] & 0x0F];
    }
}

bool text_unhex(struct slice text, uint8_t *ret_bytes, size_t size) {
    ASSERT(ret_bytes != NULL || size == 0);
    ASSERT(size <= SIZE_MAX / 2);
    if (text.size != 2 * size) return false;
    for (size_t i = 0; i < size; i++) {
        int high = hex_value(text.data[2 * i]);
        int low = hex_value(text.data[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        ret_bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

bool text_u64(struct slice text, uint64_t *ret_value) {
    if (text.size == 0) return false;
    uint64_t value = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (!is_digit(text.data[i])) return false;
        uint64_t digit = (uint64_t)(text.data[i] - '0');
        if (value > (UINT64_MAX - digit) / 10) return false;
        value = value * 10 + digit;
    }
    *ret_value = value;
    return true;
}

static bool is_digit(uint8_t c) {
    return c >= '0' && c <= '9';
}

static bool is_upper(uint8_t c) {
    return c >= 'A' && c <= 'Z';
}

static int hex_value(uint8_t c) {
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}
