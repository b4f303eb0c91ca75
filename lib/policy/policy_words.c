/* The words of a policy file, its rows and blocks, and the sentences that refuse it. Owns nothing; any thread. Pure. */
#include "lib/policy/policy_internal.h"

static bool is_blank(uint8_t c) {
    return c == ' ' || c == '\t' || c == '\r';
}

static void skip(struct parser *parser, size_t size) {
    ASSERT(size <= parser->rest.size);
    parser->rest = slice_of(parser->rest.data + size, parser->rest.size - size);
}

static void skip_blanks(struct parser *parser) {
    while (parser->rest.size > 0 && is_blank(parser->rest.data[0])) skip(parser, 1);
}

/* Without taking it. In quotes it may hold blanks; a quote that does not end is a word of its own. */
static struct slice peek_word(struct parser *parser) {
    skip_blanks(parser);
    const uint8_t *data = parser->rest.data;
    size_t size_max = parser->rest.size, size = 0;
    if (size_max == 0 || data[0] == '#' || data[0] == '\n' || data[0] == ';') return (struct slice){0};
    if (data[0] == '"') {
        size = 1;
        while (size < size_max && data[size] != '"' && data[size] != '\n') size++;
        if (size < size_max && data[size] == '"') return slice_of(data, size + 1);
        return slice_of(data, 1);
    }
    while (size < size_max && !is_blank(data[size]) && data[size] != '\n' && data[size] != ';') size++;
    return slice_of(data, size);
}

bool policy_next_row(struct parser *parser, struct slice *ret_word) {
    for (;;) {
        *ret_word = peek_word(parser);
        if (ret_word->size > 0) {
            skip(parser, ret_word->size);
            return true;
        }
        while (parser->rest.size > 0 && parser->rest.data[0] == '#') {
            const uint8_t *end = memchr(parser->rest.data, '\n', parser->rest.size);
            skip(parser, end == NULL ? parser->rest.size : (size_t)(end - parser->rest.data));
        }
        if (parser->rest.size == 0) return false;
        if (parser->rest.data[0] == '\n') parser->line++;
        skip(parser, 1);
    }
}

struct slice policy_next_word(struct parser *parser) {
    struct slice word = peek_word(parser);
    if (slice_equal(word, slice_text("}"))) return (struct slice){0};
    skip(parser, word.size);
    return word;
}

enum status policy_end_row(struct parser *parser) {
    struct slice surplus = policy_next_word(parser);
    return surplus.size == 0 ? STATUS_OK : policy_refuse(parser, surplus, "the end of the line");
}

enum status policy_read_token(struct parser *parser, char *ret_text, size_t size_max, const char *expected) {
    struct slice word = policy_next_word(parser);
    if (!text_is_token(word, size_max)) return policy_refuse(parser, word, expected);
    memset(ret_text, 0, size_max + 1);
    memcpy(ret_text, word.data, word.size);
    return STATUS_OK;
}

enum status policy_read_title(struct parser *parser, char ret_title[POLICY_TITLE_MAX + 1]) {
    memset(ret_title, 0, POLICY_TITLE_MAX + 1);
    struct slice word = policy_next_word(parser);
    if (word.size > 0 && word.data[0] == '"') {
        struct slice title = slice_of(word.data + 1, word.size < 2 ? 0 : word.size - 2);
        if (title.size == 0 || title.size > POLICY_TITLE_MAX || !text_is_clean(title)) {
            return policy_refuse(parser, word, "a title in quotes, 1 to 79 bytes");
        }
        memcpy(ret_title, title.data, title.size);
        word = policy_next_word(parser);
    }
    return slice_equal(word, slice_text("{")) ? STATUS_OK : policy_refuse(parser, word, "{");
}

enum status policy_read_block(struct parser *parser, const struct block_kind *kind, void *block) {
    ASSERT(kind->row_count <= 32);
    struct slice word;
    parser->block_line = parser->line;
    parser->seen = 0;
    while (policy_next_row(parser, &word)) {
        if (slice_equal(word, slice_text("}"))) {
            for (uint32_t i = 0; i < kind->row_count; i++) {
                if (!kind->rows[i].is_required || (parser->seen >> i & 1) != 0) continue;
                struct buffer message = refusal_begin(parser->reterr_error);
                refusal_text(&message, "line ");
                refusal_number(&message, parser->line);
                refusal_text(&message, ": ");
                refusal_text(&message, kind->name);
                refusal_text(&message, " of line ");
                refusal_number(&message, parser->block_line);
                refusal_text(&message, ": expected a row ");
                refusal_text(&message, kind->rows[i].word);
                return refusal_end(parser->reterr_error, &message);
            }
            return policy_end_row(parser);
        }
        uint32_t i = 0;
        while (i < kind->row_count && !slice_equal(word, slice_text(kind->rows[i].word))) i++;
        if (i == kind->row_count) return policy_refuse(parser, word, kind->expected);
        if ((parser->seen >> i & 1) != 0 && !kind->rows[i].is_repeated) {
            return policy_refuse(parser, word, "this row only once in its block");
        }
        parser->seen |= UINT32_C(1) << i;
        enum status status = kind->rows[i].read(parser, block);
        if (status == STATUS_OK) status = policy_end_row(parser);
        if (status != STATUS_OK) return status;
    }
    struct buffer message = refusal_begin(parser->reterr_error);
    refusal_text(&message, "line ");
    refusal_number(&message, parser->line);
    refusal_text(&message, ": expected } to end the ");
    refusal_text(&message, kind->name);
    refusal_text(&message, " of line ");
    refusal_number(&message, parser->block_line);
    return refusal_end(parser->reterr_error, &message);
}

/* What is in it was or will be read in another pass; a row's first word alone can be its end. */
enum status policy_skip_block(struct parser *parser) {
    struct slice word;
    uint32_t begin = parser->line;
    while (policy_next_row(parser, &word)) {
        if (slice_equal(word, slice_text("}"))) return policy_end_row(parser);
        while (word.size > 0) word = policy_next_word(parser);
    }
    struct buffer message = refusal_begin(parser->reterr_error);
    refusal_text(&message, "line ");
    refusal_number(&message, parser->line);
    refusal_text(&message, ": expected } to end the block of line ");
    refusal_number(&message, begin);
    return refusal_end(parser->reterr_error, &message);
}

enum status policy_refuse(const struct parser *parser, struct slice word, const char *expected) {
    return refusal_of_word(parser->reterr_error, parser->line, word, expected);
}
