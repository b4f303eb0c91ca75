/* The end of a process that found a bug in itself. Not pure: it writes to stderr and aborts.
 * Any thread may end here. It allocates nothing and takes no lock, because either could be what is broken. */
#include "lib/base/assert.h"

#include "lib/base/buffer.h"

#include <stdlib.h>
#include <unistd.h>

enum { ASSERT_LINE_MAX = 1024 }; /* A longer expression is cut. */

static void put_literal(struct buffer *line, const char *text);
static void put_json_text(struct buffer *line, const char *text, size_t size_max);
static void put_decimal(struct buffer *line, int number);

_Noreturn void bhr_assert_failed(const char *expression, const char *file, int line) {
    char memory[ASSERT_LINE_MAX];
    struct buffer text = buffer_over(memory, sizeof memory);
    put_literal(&text, "{\"level\":\"fatal\",\"event\":\"assert_failed\",\"expression\":\"");
    put_json_text(&text, expression, 480);
    put_literal(&text, "\",\"file\":\"");
    put_json_text(&text, file, 400);
    put_literal(&text, "\",\"line\":");
    put_decimal(&text, line);
    put_literal(&text, "}\n");
    /* One write, so that lines of other threads cannot come between; there is nothing left to do if it fails. */
    ssize_t written = write(STDERR_FILENO, text.data, text.size);
    (void)written;
    abort();
}

static void put_literal(struct buffer *line, const char *text) {
    buffer_put(line, text, strlen(text));
}

static void put_json_text(struct buffer *line, const char *text, size_t size_max) {
    size_t end = line->size + size_max;
    for (; *text != '\0' && line->size + 2 <= end; text++) {
        uint8_t c = (uint8_t)*text;
        if (c == '"' || c == '\\') buffer_put_u8(line, '\\');
        buffer_put_u8(line, c < 0x20 ? ' ' : c);
    }
}

static void put_decimal(struct buffer *line, int number) {
    char digits[12];
    size_t first = sizeof digits;
    unsigned rest = number < 0 ? 0 : (unsigned)number;
    do {
        digits[--first] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    buffer_put(line, digits + first, sizeof digits - first);
}
