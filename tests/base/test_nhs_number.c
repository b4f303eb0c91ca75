/* NHS numbers: the vectors of domain.md section 10, the forms that are accepted, and what the check digit catches. Only
 * synthetic numbers appear here. */
#include "lib/base/nhs_number.h"

#include "tests/support/cmocka.h"

static enum nhs_number_fault judge(const char *text) {
    char digits[10];
    return nhs_number_parse(slice_text(text), digits);
}

static void synthetic_numbers_are_good(void **state) {
    (void)state;
    static const char *const good[] = {"9000000009", "9000000025", "9000000033", "9990000018", "9990000026",
                                       "9990000034", "9990000042", "9990000050", "9990000069", "9990000077",
                                       "9434765919", "9449305552", "9476719931"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        char digits[11] = "----------!";
        if (nhs_number_parse(slice_text(good[i]), digits) != NHS_NUMBER_GOOD) fail_msg("%s", good[i]);
        assert_memory_equal(digits, good[i], 10);
        assert_int_equal(digits[10], '!');
    }
}

static void each_fault_has_its_name(void **state) {
    (void)state;
    static const struct {
        const char *text;
        enum nhs_number_fault fault;
    } cases[] = {
        {"943 476 5919", NHS_NUMBER_GOOD},
        {"943-476-5919", NHS_NUMBER_GOOD},
        {"9000000000", NHS_NUMBER_CHECK_DIGIT}, /* 9 would be right */
        {"4857773456", NHS_NUMBER_CHECK_DIGIT}, /* 7 would be right */
        {"4857773457", NHS_NUMBER_GOOD},
        {"943 476 5918", NHS_NUMBER_CHECK_DIGIT},
        {"", NHS_NUMBER_NOT_TEN_DIGITS},
        {"943476591", NHS_NUMBER_NOT_TEN_DIGITS},
        {"94347659190", NHS_NUMBER_NOT_TEN_DIGITS},
        {"943476591X", NHS_NUMBER_NOT_TEN_DIGITS},
        {"943 476-5919", NHS_NUMBER_NOT_TEN_DIGITS},
        {"943-476 5919", NHS_NUMBER_NOT_TEN_DIGITS},
        {"943  4765919", NHS_NUMBER_NOT_TEN_DIGITS},
        {"9434 76 5919", NHS_NUMBER_NOT_TEN_DIGITS},
        {"943.476.5919", NHS_NUMBER_NOT_TEN_DIGITS},
        {"943\t476\t5919", NHS_NUMBER_NOT_TEN_DIGITS},
        {" 9434765919", NHS_NUMBER_NOT_TEN_DIGITS},
        {"9434765919 ", NHS_NUMBER_NOT_TEN_DIGITS},
        {" 943476591", NHS_NUMBER_NOT_TEN_DIGITS},
        {"943 4765919", NHS_NUMBER_NOT_TEN_DIGITS},
        {"943947695919", NHS_NUMBER_NOT_TEN_DIGITS},
        {"0000000000", NHS_NUMBER_REPEATED_DIGIT},
        {"1111111111", NHS_NUMBER_REPEATED_DIGIT},
        {"2222222222", NHS_NUMBER_REPEATED_DIGIT},
        {"3333333333", NHS_NUMBER_REPEATED_DIGIT},
        {"4444444444", NHS_NUMBER_REPEATED_DIGIT},
        {"5555555555", NHS_NUMBER_REPEATED_DIGIT},
        {"6666666666", NHS_NUMBER_REPEATED_DIGIT},
        {"7777777777", NHS_NUMBER_REPEATED_DIGIT},
        {"8888888888", NHS_NUMBER_REPEATED_DIGIT},
        {"9999999999", NHS_NUMBER_REPEATED_DIGIT},
        {"999-999-9999", NHS_NUMBER_REPEATED_DIGIT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (judge(cases[i].text) != cases[i].fault) fail_msg("\"%s\"", cases[i].text);
    }
    char digits[10] = "untouched!";
    assert_int_equal(nhs_number_parse(slice_text("9000000000"), digits), NHS_NUMBER_CHECK_DIGIT);
    assert_memory_equal(digits, "untouched!", 10);
}

static void a_stem_whose_check_would_be_ten_has_no_number(void **state) {
    (void)state;
    for (char last = '0'; last <= '9'; last++) {
        char text[11] = "9990000000";
        text[9] = last;
        assert_int_equal(judge(text), NHS_NUMBER_CHECK_DIGIT);
    }
}

/* domain.md section 3.1: 90,909 of each million stems have no number, every other stem exactly one. */
static void a_million_stems_have_one_number_or_none(void **state) {
    (void)state;
    int without = 0;
    for (int stem = 0; stem < 1000000; stem++) {
        char text[11] = "9990000000";
        int rest = stem;
        for (int i = 8; i >= 3; i--, rest /= 10) text[i] = (char)('0' + rest % 10);
        int found = 0;
        for (char last = '0'; last <= '9'; last++) {
            text[9] = last;
            found += judge(text) != NHS_NUMBER_CHECK_DIGIT;
        }
        assert_true(found <= 1);
        without += found == 0;
    }
    assert_int_equal(without, 90909);
}

static void every_mistyped_digit_and_every_swap_is_caught(void **state) {
    (void)state;
    static const char good[] = "9434765919";
    for (size_t i = 0; i < 10; i++) {
        for (char digit = '0'; digit <= '9'; digit++) {
            char text[11];
            memcpy(text, good, sizeof text);
            text[i] = digit;
            assert_int_equal(judge(text), digit == good[i] ? NHS_NUMBER_GOOD : NHS_NUMBER_CHECK_DIGIT);
        }
    }
    for (size_t i = 0; i + 1 < 10; i++) {
        char text[11];
        memcpy(text, good, sizeof text);
        text[i] = good[i + 1];
        text[i + 1] = good[i];
        assert_int_equal(judge(text), good[i] == good[i + 1] ? NHS_NUMBER_GOOD : NHS_NUMBER_CHECK_DIGIT);
    }
}

static void a_fault_text_holds_no_digit(void **state) {
    (void)state;
    for (int fault = NHS_NUMBER_GOOD; fault <= NHS_NUMBER_REPEATED_DIGIT; fault++) {
        const char *text = nhs_number_fault_text((enum nhs_number_fault)fault);
        assert_true(strlen(text) > 10);
        int longest = 0, run = 0;
        for (; *text != '\0'; text++) {
            run = *text >= '0' && *text <= '9' ? run + 1 : 0;
            if (run > longest) longest = run;
        }
        assert_true(longest <= 1); /* "3-3-4" is there, no part of a number is */
    }
}

static void a_number_is_found_as_a_word_of_its_own(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool is_in;
    } cases[] = {
        {"9434765919", true},
        {"journey-9434765919", true},
        {"9434765919.2", true},
        {"call:943-476-5919", true},
        {"943 476 5919 again", true},
        {"", false},
        {"943476591", false},
        {"9434765918", false},                           /* the check digit is another */
        {"99434765919", false},                          /* a longer number */
        {"94347659190", false},                          /* the same */
        {"a9434765919", false},                          /* inside an id */
        {"0198c1d2-7e00-7abc-8def-a9434765919b", false}, /* as hexadecimal digits may fall */
        {"journey-17", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (nhs_number_is_in(slice_text(cases[i].text)) != cases[i].is_in) fail_msg("%s", cases[i].text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(synthetic_numbers_are_good),
        cmocka_unit_test(each_fault_has_its_name),
        cmocka_unit_test(a_stem_whose_check_would_be_ten_has_no_number),
        cmocka_unit_test(a_million_stems_have_one_number_or_none),
        cmocka_unit_test(every_mistyped_digit_and_every_swap_is_caught),
        cmocka_unit_test(a_fault_text_holds_no_digit),
        cmocka_unit_test(a_number_is_found_as_a_word_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
