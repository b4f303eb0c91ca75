/* Letters of any language to a to z and 0 to 9. Unicode takes most of them apart into a letter and marks, which go;
 * letters.def has the others. Owns nothing; any thread. Allocates nothing. */
#include "lib/names/names_internal.h"

#include <utf8proc.h>

enum { APART_MAX = 18 /* code points that one comes apart into: U+FDFA is the longest */ };

static const char *letters_of(utf8proc_int32_t point) {
    static const struct {
        utf8proc_int32_t point;
        const char *letters;
    } table[] = {
#define LETTER(point, letters) {point, letters},
#include "lib/names/letters.def"
#undef LETTER
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (table[i].point == point) return table[i].letters;
    }
    return "";
}

static void put(struct match_text *text, char letter) {
    if (text->size < MATCH_TEXT_MAX) text->bytes[text->size++] = letter;
}

static void put_point(struct match_text *text, utf8proc_int32_t point) {
    if ((point >= 'a' && point <= 'z') || (point >= '0' && point <= '9')) {
        put(text, (char)point);
        return;
    }
    for (const char *letter = letters_of(point); *letter != '\0'; letter++) put(text, *letter);
}

/* The folded letters of the first character of text; returns how many bytes it has, at least 1. */
static size_t fold_one(struct slice text, struct match_text *out, utf8proc_int32_t *ret_point) {
    utf8proc_int32_t apart[APART_MAX];
    int last_class = UTF8PROC_BOUNDCLASS_START;
    utf8proc_ssize_t taken = utf8proc_iterate(text.data, (utf8proc_ssize_t)text.size, ret_point);
    if (taken < 1) {
        *ret_point = ' '; /* no UTF-8: as a blank */
        return 1;
    }
    if (*ret_point < 0x80) {
        put_point(out, *ret_point >= 'A' && *ret_point <= 'Z' ? *ret_point + ('a' - 'A') : *ret_point);
        return 1;
    }
    utf8proc_ssize_t count = utf8proc_decompose_char(
        *ret_point, apart, APART_MAX, UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK,
        &last_class);
    for (utf8proc_ssize_t i = 0; i < count && i < APART_MAX; i++) put_point(out, apart[i]);
    return (size_t)taken;
}

void names_fold(struct slice text, struct match_text *ret_text) {
    memset(ret_text, 0, sizeof *ret_text);
    for (size_t at = 0; at < text.size && ret_text->size < MATCH_TEXT_MAX;) {
        utf8proc_int32_t point;
        at += fold_one(slice_of(text.data + at, text.size - at), ret_text, &point);
    }
}

/* Apostrophes and hyphens hold a word together: O'Neill, Jean-Luc. A mark of its own is part of the letter before. */
static bool is_inside_word(utf8proc_int32_t point) {
    if (point == '\'' || point == '-' || point == 0x2019 || point == 0x02BC || point == 0x2010 || point == 0x2011) {
        return true;
    }
    utf8proc_category_t category = point < 0x80 ? UTF8PROC_CATEGORY_CN : utf8proc_category(point);
    return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_LO;
}

void names_split(struct slice text, struct names_words *ret_words) {
    memset(ret_words, 0, sizeof *ret_words);
    struct match_text *word = &ret_words->words[0];
    for (size_t at = 0; at < text.size;) {
        utf8proc_int32_t point;
        uint8_t before = word->size;
        at += fold_one(slice_of(text.data + at, text.size - at), word, &point);
        bool is_end = word->size == before && before < MATCH_TEXT_MAX && !is_inside_word(point);
        if (!is_end || word->size == 0) continue;
        if (++ret_words->count == NAMES_WORDS_MAX) return;
        word = &ret_words->words[ret_words->count];
    }
    ret_words->count += word->size > 0;
}

void names_append(struct match_text *text, const struct match_text *word) {
    for (uint8_t i = 0; i < word->size; i++) put(text, word->bytes[i]);
}
