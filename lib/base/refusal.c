/* Sentences that refuse a text file (refusal.h). Owns nothing; any thread. Pure. */
#include "lib/base/refusal.h"

#include "lib/base/assert.h"

enum { SHOWN_MAX = 48 /* characters of a word */ };

enum status refusal_of_word(struct error *reterr_error, uint32_t line, struct slice word, const char *expected) {
    struct buffer message = refusal_begin(reterr_error);
    refusal_text(&message, "line ");
    refusal_number(&message, line);
    refusal_text(&message, ": \"");
    size_t size = word.size < SHOWN_MAX ? word.size : SHOWN_MAX;
    for (size_t i = 0; i < size; i++) {
        bool is_shown = word.data[i] >= ' ' && word.data[i] < 0x7F && word.data[i] != '"';
        buffer_put_u8(&message, is_shown ? word.data[i] : '?');
    }
    refusal_text(&message, "\": expected ");
    refusal_text(&message, expected);
    return refusal_end(reterr_error, &message);
}

struct buffer refusal_begin(struct error *reterr_error) {
    ASSERT(reterr_error != NULL);
    memset(reterr_error, 0, sizeof *reterr_error);
    return buffer_over(reterr_error->message, sizeof reterr_error->message - 1);
}

void refusal_text(struct buffer *out, const char *text) {
    size_t size = strlen(text), room = out->size_max - out->size;
    buffer_put(out, text, size < room ? size : room);
}

void refusal_number(struct buffer *out, uint64_t number) {
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    size_t room = out->size_max - out->size;
    if (sizeof digits - at <= room) buffer_put(out, digits + at, sizeof digits - at);
}

enum status refusal_end(struct error *reterr_error, struct buffer *out) {
    ASSERT(out->data == (uint8_t *)reterr_error->message);
    out->data[out->size] = '\0';
    reterr_error->code = STATUS_INVALID;
    return STATUS_INVALID;
}
