/* A record becomes a person (names.h). Owns nothing; any thread. */
#include "lib/names/names_internal.h"

enum { PHONE_DIGITS = 10 };

static void fold_given(struct slice text, struct match_text *ret_text);
static struct match_date read_date(struct slice text);
static uint64_t read_phone(struct slice text);

void names_person(const struct names_record *record, struct match_person *ret_person) {
    memset(ret_person, 0, sizeof *ret_person);
    names_fold(record->family_name, &ret_person->family);
    fold_given(record->given_name, &ret_person->given);
    ret_person->birth = read_date(record->birth_date);
    ret_person->sex = (uint8_t)record->sex;
    names_fold(record->postcode, &ret_person->postcode);
    names_fold(record->county, &ret_person->county);
    names_address(record, ret_person);
    ret_person->phone = read_phone(record->phone);
}

static bool is_title(const struct match_text *word) {
    static const char *const titles[] = {"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "rev", "sir", "master"};
    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++) {
        if (slice_equal(match_text_slice(word), slice_text(titles[i]))) return true;
    }
    return false;
}

/* The first one. A title that was typed into the field is none, unless there is nothing else. */
static void fold_given(struct slice text, struct match_text *ret_text) {
    struct names_words words;
    names_split(text, &words);
    uint32_t first = words.count > 1 && is_title(&words.words[0]) ? 1 : 0;
    *ret_text = words.words[first]; /* empty when there are none */
}

/* Its digits in their order: what is between them does not matter, how many there are does. */
static struct match_date read_date(struct slice text) {
    uint32_t number = 0, digits = 0;
    for (size_t i = 0; i < text.size; i++) {
        bool is_digit = text.data[i] >= '0' && text.data[i] <= '9';
        if (!is_digit) continue;
        if (++digits > 8) return (struct match_date){0};
        number = number * 10 + (text.data[i] - '0');
    }
    if (digits != 4 && digits != 6 && digits != 8) return (struct match_date){0};
    for (; digits < 8; digits++) number *= 10;
    struct match_date date = {
        .year = (uint16_t)(number / 10000), .month = (uint8_t)(number / 100 % 100), .day = (uint8_t)(number % 100)};
    if (date.year == 0) date.month = 0;
    if (date.month == 0) date.day = 0;
    return date;
}

/* The last ten digits are the same with +44, 0044 or 0 in front. Fewer are no number that somebody answers. */
static uint64_t read_phone(struct slice text) {
    uint64_t number = 0;
    uint32_t digits = 0;
    for (size_t i = 0; i < text.size; i++) {
        bool is_digit = text.data[i] >= '0' && text.data[i] <= '9';
        if (!is_digit) continue;
        number = (number * 10 + (text.data[i] - '0')) % UINT64_C(10000000000);
        digits++;
    }
    return digits >= PHONE_DIGITS ? number : 0;
}
