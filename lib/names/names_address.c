/* Lines of an address: the house apart from the street, words in the form that all use. Owns nothing; any thread. */
#include "lib/names/names_internal.h"

static void read_line(struct slice text, struct match_text *ret_house, struct match_text *ret_line);

/* Where a line holds the house alone, the next one is its street. */
void names_address(const struct names_record *record, struct match_person *person) {
    uint32_t count = record->address_line_count;
    if (count > NAMES_ADDRESS_LINES_MAX) count = NAMES_ADDRESS_LINES_MAX;
    uint32_t lines = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct match_text house = {0}, line;
        bool is_town = i > 0 && i == count - 1;
        read_line(record->address_lines[i], &house, &line);
        if (house.size > 0 && person->house.size == 0 && !is_town) person->house = house;
        if (is_town) {
            person->lines[MATCH_LINES - 1] = line;
        } else if (line.size > 0 || house.size == 0) {
            person->lines[lines++] = line; /* an empty one keeps its place */
        }
    }
    if (record->house.size > 0) names_fold(record->house, &person->house);
}

static bool has_digit(const struct match_text *word) {
    return word->size > 0 && word->bytes[0] >= '0' && word->bytes[0] <= '9';
}

static bool is_word(const struct match_text *word, const char *text) {
    return slice_equal(match_text_slice(word), slice_text(text));
}

static void shorten(struct match_text *word) {
    static const struct {
        const char *full, *brief;
    } table[] = {
#define WORD(full, brief) {#full, #brief},
#include "lib/names/address_words.def"
#undef WORD
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (!is_word(word, table[i].full)) continue;
        memset(word, 0, sizeof *word);
        word->size = (uint8_t)strlen(table[i].brief);
        memcpy(word->bytes, table[i].brief, word->size);
        return;
    }
}

/* Flat 3, 12a High Street: house 12a, line highst. The flat is written by few; two who share the house are told apart by
 * their names. */
static void read_line(struct slice text, struct match_text *ret_house, struct match_text *ret_line) {
    struct names_words words;
    uint32_t at = 0;
    names_split(text, &words);
    memset(ret_line, 0, sizeof *ret_line);
    bool is_flat = words.count > 1 && (is_word(&words.words[0], "flat") || is_word(&words.words[0], "apartment") ||
                                       is_word(&words.words[0], "apt") || is_word(&words.words[0], "unit"));
    if (is_flat) at = 2;
    if (at < words.count && has_digit(&words.words[at])) *ret_house = words.words[at++];
    bool is_letter = ret_house->size > 0 && at < words.count && words.words[at].size == 1; /* 12 a */
    if (is_letter) names_append(ret_house, &words.words[at++]);
    for (; at < words.count; at++) {
        shorten(&words.words[at]);
        names_append(ret_line, &words.words[at]);
    }
}
