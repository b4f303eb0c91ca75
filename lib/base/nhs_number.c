/* Reads an NHS number and says what is wrong with a bad one. Pure; a fault text never holds the number. */
#include "lib/base/nhs_number.h"

#include "lib/base/assert.h"

enum { DIGIT_COUNT = 10, GROUPED_SIZE = 12 };

static bool take_digits(struct slice text, char ret_digits[DIGIT_COUNT]);
static bool check_digit_is_right(const char digits[DIGIT_COUNT]);
static bool is_letter_or_digit(uint8_t byte);
static bool all_digits_are_one(const char digits[DIGIT_COUNT]);

enum nhs_number_fault nhs_number_parse(struct slice text, char ret_digits[10]) {
    char digits[DIGIT_COUNT];
    if (!take_digits(text, digits)) return NHS_NUMBER_NOT_TEN_DIGITS;
    if (!check_digit_is_right(digits)) return NHS_NUMBER_CHECK_DIGIT;
    if (all_digits_are_one(digits)) return NHS_NUMBER_REPEATED_DIGIT;
    memcpy(ret_digits, digits, DIGIT_COUNT);
    return NHS_NUMBER_GOOD;
}

bool nhs_number_is_in(struct slice text) {
    static const size_t sizes[] = {DIGIT_COUNT, GROUPED_SIZE};
    for (size_t at = 0; at + DIGIT_COUNT <= text.size; at++) {
        if (at > 0 && is_letter_or_digit(text.data[at - 1])) continue;
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            size_t end = at + sizes[i];
            char digits[DIGIT_COUNT];
            if (end > text.size || (end < text.size && is_letter_or_digit(text.data[end]))) continue;
            if (nhs_number_parse(slice_of(text.data + at, sizes[i]), digits) == NHS_NUMBER_GOOD) return true;
        }
    }
    return false;
}

const char *nhs_number_fault_text(enum nhs_number_fault fault) {
    switch (fault) {
    case NHS_NUMBER_GOOD:
        return "a good NHS number";
    case NHS_NUMBER_NOT_TEN_DIGITS:
        return "not an NHS number: expected ten digits, plain or grouped 3-3-4 by spaces or hyphens";
    case NHS_NUMBER_CHECK_DIGIT:
        return "not an NHS number: the check digit does not fit; a digit is probably mistyped";
    case NHS_NUMBER_REPEATED_DIGIT:
        return "not an NHS number: the same digit ten times belongs to nobody";
    }
    bhr_assert_failed("fault is one of enum nhs_number_fault", __FILE__, __LINE__);
}

/* "9434765919", "943 476 5919" or "943-476-5919"; both separators must be the same. */
static bool take_digits(struct slice text, char ret_digits[DIGIT_COUNT]) {
    if (text.size != DIGIT_COUNT && text.size != GROUPED_SIZE) return false;
    bool is_grouped = text.size == GROUPED_SIZE;
    if (is_grouped && text.data[3] != ' ' && text.data[3] != '-') return false;
    if (is_grouped && text.data[7] != text.data[3]) return false;
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (is_grouped && (i == 3 || i == 7)) continue;
        if (text.data[i] < '0' || text.data[i] > '9') return false;
        ret_digits[count++] = (char)text.data[i];
    }
    ASSERT(count == DIGIT_COUNT);
    return true;
}

static bool is_letter_or_digit(uint8_t byte) {
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

/* Weights 10 to 2; the check digit is 11 minus the sum modulo 11, where 11 means 0 and 10, which no
 * digit equals, means that the stem has none. */
static bool check_digit_is_right(const char digits[DIGIT_COUNT]) {
    int sum = 0;
    for (int i = 0; i < DIGIT_COUNT - 1; i++) sum += (10 - i) * (digits[i] - '0');
    int expected = 11 - sum % 11;
    ASSERT(expected >= 1 && expected <= 11);
    return digits[DIGIT_COUNT - 1] - '0' == expected % 11;
}

static bool all_digits_are_one(const char digits[DIGIT_COUNT]) {
    for (int i = 1; i < DIGIT_COUNT; i++) {
        if (digits[i] != digits[0]) return false;
    }
    return true;
}
