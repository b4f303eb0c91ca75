/* Text from outside: what is clean, what is a token, and the small fixed forms. */
#include "lib/base/text.h"

#include "tests/support/cmocka.h"

#include <stdlib.h>

/* BYTES("a\0b") keeps the NUL that slice_text would stop at. */
#define BYTES(literal)                                                                                                 \
    { (const uint8_t *)(literal), sizeof(literal) - 1 }

static void clean_text_is_well_formed_utf8_without_controls(void **state) {
    (void)state;
    static const struct {
        const char *what;
        struct slice text;
        bool is_clean;
    } cases[] = {
        {"empty", BYTES(""), true},
        {"ascii", BYTES("O'Brien-Smith"), true},
        {"tab and line feed", BYTES("a\tb\nc"), true},
        {"carriage return", BYTES("a\rb"), false},
        {"NUL in the middle", BYTES("a\0b"), false},
        {"NUL at the end", BYTES("ab\0"), false},
        {"escape", BYTES("\x1B[0m"), false},
        {"unit separator, last C0 control", BYTES("\x1F"), false},
        {"space, first after them", BYTES("\x20"), true},
        {"lone continuation byte", BYTES("\x80"), false},
        {"overlong two bytes, C0", BYTES("\xC0\xAF"), false},
        {"overlong two bytes, C1", BYTES("\xC1\xBF"), false},
        {"U+0080, first of two bytes", BYTES("\xC2\x80"), true},
        {"e acute", BYTES("Ren\xC3\xA9"), true},
        {"U+07FF, last of two bytes", BYTES("\xDF\xBF"), true},
        {"two bytes cut", BYTES("\xC3"), false},
        {"two bytes, second is ascii", BYTES("\xC3\x28"), false},
        {"two bytes, second is a start", BYTES("\xC3\xC3"), false},
        {"overlong three bytes", BYTES("\xE0\x9F\xBF"), false},
        {"U+0800, first of three bytes", BYTES("\xE0\xA0\x80"), true},
        {"U+D7FF, below the surrogates", BYTES("\xED\x9F\xBF"), true},
        {"U+D800, first surrogate", BYTES("\xED\xA0\x80"), false},
        {"U+DFFF, last surrogate", BYTES("\xED\xBF\xBF"), false},
        {"U+E000, above the surrogates", BYTES("\xEE\x80\x80"), true},
        {"U+FEFF, byte order mark", BYTES("\xEF\xBB\xBF"), true},
        {"U+FFFF, last of three bytes", BYTES("\xEF\xBF\xBF"), true},
        {"three bytes cut after two", BYTES("\xE2\x82"), false},
        {"three bytes, third is ascii", BYTES("\xE2\x82\x41"), false},
        {"three bytes, third is a start", BYTES("\xE2\x82\xC2"), false},
        {"overlong four bytes", BYTES("\xF0\x8F\xBF\xBF"), false},
        {"U+10000, first of four bytes", BYTES("\xF0\x90\x80\x80"), true},
        {"an emoji", BYTES("\xF0\x9F\x98\x80"), true},
        {"U+10FFFF, the last", BYTES("\xF4\x8F\xBF\xBF"), true},
        {"U+110000, beyond the last", BYTES("\xF4\x90\x80\x80"), false},
        {"four bytes cut after three", BYTES("\xF0\x9F\x98"), false},
        {"four bytes, fourth is ascii", BYTES("\xF0\x9F\x98\x20"), false},
        {"F5 starts nothing", BYTES("\xF5\x80\x80\x80"), false},
        {"FE starts nothing", BYTES("\xFE"), false},
        {"FF starts nothing", BYTES("\xFF"), false},
        {"good, then bad", BYTES("Ren\xC3\xA9\xC3"), false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        /* In a block of its exact size, so that ASan sees a read beyond a sequence that was cut. */
        struct slice text = cases[i].text;
        uint8_t *exact = malloc(text.size == 0 ? 1 : text.size);
        assert_non_null(exact);
        memcpy(exact, text.data, text.size);
        bool is_clean = text_is_clean(slice_of(exact, text.size));
        free(exact);
        if (is_clean != cases[i].is_clean) fail_msg("%s", cases[i].what);
    }
}

/* Every code point, written by an encoder of its own: exactly the scalar values that are not controls are clean. */
static void every_code_point_is_judged_right(void **state) {
    (void)state;
    for (uint32_t point = 0; point <= 0x110010; point++) {
        uint8_t bytes[4];
        size_t size = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
        static const uint8_t lead[5] = {0, 0x00, 0xC0, 0xE0, 0xF0};
        for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)(0x80 | (point >> (6 * (size - 1 - i)) & 0x3F));
        bytes[0] = (uint8_t)(lead[size] | point >> (6 * (size - 1)));
        bool is_control = point < 0x20 && point != '\t' && point != '\n';
        bool is_surrogate = point >= 0xD800 && point <= 0xDFFF;
        bool expected = !is_control && !is_surrogate && point <= 0x10FFFF;
        if (text_is_clean(slice_of(bytes, size)) != expected) fail_msg("U+%04X", point);
    }
}

static void a_token_has_a_small_alphabet_and_a_bound(void **state) {
    (void)state;
    assert_true(text_is_token(slice_text("nel-bhr"), 64));
    assert_true(text_is_token(slice_text("azAZ09._:-"), 10));
    assert_false(text_is_token(slice_text("azAZ09._:-"), 9));
    assert_false(text_is_token(slice_text(""), 64));
    static const char outside[] = " /\\@`[{^+*?\t\n\"'";
    for (size_t i = 0; i < sizeof outside; i++) {
        char text[3] = {'a', outside[i], 'b'};
        if (text_is_token(slice_of(text, 3), 64)) fail_msg("character %d is no part of a token", outside[i]);
    }
    assert_false(text_is_token(slice_text("Ren\xC3\xA9"), 64));
}

static void an_ods_code_is_three_to_ten_upper_case_or_digits(void **state) {
    (void)state;
    assert_true(text_is_ods_code(slice_text("RF4")));
    assert_true(text_is_ods_code(slice_text("F82001")));
    assert_true(text_is_ods_code(slice_text("A123456789")));
    assert_false(text_is_ods_code(slice_text("RF")));
    assert_false(text_is_ods_code(slice_text("A1234567890")));
    assert_false(text_is_ods_code(slice_text("rf4")));
    assert_false(text_is_ods_code(slice_text("RF 4")));
    assert_false(text_is_ods_code(slice_text("")));
}

static void hexadecimal_goes_out_lower_and_comes_in_either(void **state) {
    (void)state;
    const uint8_t bytes[4] = {0x00, 0x9A, 0xBC, 0xFF};
    char text[8];
    text_hex(bytes, 4, text);
    assert_memory_equal(text, "009abcff", 8);
    uint8_t back[4];
    assert_true(text_unhex(slice_text("009aBCFf"), back, 4));
    assert_memory_equal(back, bytes, 4);
    static const char *const refused[] = {"",         "009abcf",  "009abcfff", "009abcfg", "009abc f",
                                          "0x9abcff", "009abc:f", "/09abcff",  "009abc@f", "009abc`f"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (text_unhex(slice_text(refused[i]), back, 4)) fail_msg("\"%s\" is not four bytes", refused[i]);
    }
    assert_true(text_unhex(slice_text(""), NULL, 0));
}

static void decimal_is_digits_up_to_64_bits(void **state) {
    (void)state;
    uint64_t value = 7;
    assert_true(text_u64(slice_text("0"), &value));
    assert_int_equal(value, 0);
    assert_true(text_u64(slice_text("18446744073709551615"), &value));
    assert_true(value == UINT64_MAX);
    assert_true(text_u64(slice_text("00000000000000000000000042"), &value));
    assert_int_equal(value, 42);
    static const char *const refused[] = {"",
                                          "-1",
                                          "+1",
                                          " 1",
                                          "1 ",
                                          "1.0",
                                          "0x1",
                                          "1e3",
                                          "18446744073709551616",
                                          "99999999999999999999",
                                          "184467440737095516150"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (text_u64(slice_text(refused[i]), &value)) fail_msg("\"%s\" is not a number of 64 bits", refused[i]);
        assert_int_equal(value, 42);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clean_text_is_well_formed_utf8_without_controls),
        cmocka_unit_test(every_code_point_is_judged_right),
        cmocka_unit_test(a_token_has_a_small_alphabet_and_a_bound),
        cmocka_unit_test(an_ods_code_is_three_to_ten_upper_case_or_digits),
        cmocka_unit_test(hexadecimal_goes_out_lower_and_comes_in_either),
        cmocka_unit_test(decimal_is_digits_up_to_64_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
