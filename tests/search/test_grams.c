/* Names one error away, beside a look at every name, over names that come and go, drawn from a seed. */
#include "tests/support/cmocka.h"
#include "tests/support/prng.h"

#include "lib/search/search_internal.h"

#include <stdlib.h>

enum { NAMES = 600, ROUNDS = 3000, LETTERS = 5, FOUND_MAX = 600 };

static struct words words;
static struct prng prng;
static struct match_text names[NAMES]; /* size 0: not there */
static uint32_t word_of[NAMES];

/* Short ones of few letters, so that many are close to each other. */
static struct match_text draw_name(void) {
    struct match_text name = {.size = (uint8_t)(1 + prng_below(&prng, 9))};
    for (uint8_t i = 0; i < name.size; i++) name.bytes[i] = (char)('a' + prng_below(&prng, LETTERS));
    if (prng_chance(&prng, 3)) name.bytes[0] = '7';
    return name;
}

static bool is_listed(const uint32_t *found, uint32_t count, uint32_t word) {
    for (uint32_t i = 0; i < count; i++) {
        if (found[i] == word) return true;
    }
    return false;
}

/* Returns how many there were to be found. */
static uint32_t check(const struct match_text *asked) {
    uint32_t found[FOUND_MAX], count = grams_alike(&words.family, &words, asked, FOUND_MAX, found), right = 0;
    for (uint32_t i = 0; i < count; i++) assert_false(is_listed(found, i, found[i]));
    for (uint32_t i = 0; i < NAMES; i++) {
        if (names[i].size == 0) continue;
        bool is_near = match_distance(match_text_slice(asked), match_text_slice(&names[i])) == 1;
        bool is_found = is_listed(found, count, word_of[i]);
        assert_true(!is_found || is_near);
        /* Two letters and less have too few pairs for one to be left. */
        if (asked->size > 2) assert_true(!is_near || is_found);
        right += is_found;
    }
    assert_true(count <= right); /* nobody who went away */
    return right;
}

static void every_name_one_error_away_is_found(void **state) {
    (void)state;
    uint64_t found = 0;
    prng = prng_seed(20261201);
    assert_true(words_init(&words, NAMES * 4));
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t i = (uint32_t)prng_below(&prng, NAMES);
        if (names[i].size > 0) words_give_back(&words, word_of[i]);
        names[i] = draw_name();
        if (prng_chance(&prng, 30)) names[i].size = 0;
        assert_true(words_take(&words, ROW_FAMILY, &names[i], &word_of[i]));
        struct match_text asked = draw_name();
        found += check(&asked);
    }
    assert_true(found > ROUNDS);
    assert_false(words.family.is_incomplete);
    for (uint32_t i = 0; i < NAMES; i++) words_give_back(&words, word_of[i]);
    for (uint32_t pair = 0; pair < GRAM_PAIRS; pair++) assert_int_equal(words.family.heads[pair], 0);
    words_fini(&words);
}

static void the_same_letters_in_another_field_are_another_word(void **state) {
    (void)state;
    struct match_text street = {.size = 4, .bytes = "high"}, asked = {.size = 4, .bytes = "hogh"};
    uint32_t of_street, of_name, found[2];
    assert_true(words_init(&words, 10));
    assert_true(words_take(&words, ROW_LINES, &street, &of_street));
    assert_int_equal(grams_alike(&words.family, &words, &asked, 2, found), 0);
    assert_true(words_take(&words, ROW_FAMILY, &street, &of_name));
    assert_int_not_equal(of_street, of_name);
    assert_int_equal(words_people(&words, of_name), 1);
    assert_int_equal(grams_alike(&words.family, &words, &asked, 2, found), 1);
    assert_int_equal(grams_alike(&words.given, &words, &asked, 2, found), 0);
    words_fini(&words);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_name_one_error_away_is_found),
        cmocka_unit_test(the_same_letters_in_another_field_are_another_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
