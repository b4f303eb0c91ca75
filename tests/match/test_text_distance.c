/* Similarity of texts beside published values: Winkler 1990 and Porter and Winkler 1997 (Jaro-Winkler), and by hand. */
#include "tests/support/cmocka.h"

#include "lib/base/assert.h"
#include "lib/match/compare.h"

static const struct {
    const char *a, *b;
    unsigned thousandths;
} published[] = {
    /* Porter and Winkler 1997, table 2.1; the two of Winkler 1990 that all packages print first. */
    {"martha", "marhta", 961},
    {"dwayne", "duane", 840},
    {"dixon", "dicksonx", 813},
    {"shackleford", "shackelford", 982},
    {"dunningham", "cunnigham", 896},
    {"nichleson", "nichulson", 956},
    {"jones", "johnson", 832},
    {"massey", "massie", 933},
    {"abroms", "abrams", 922},
    {"hardin", "martinez", 722},
    {"itman", "smith", 467},
    {"jeraldine", "geraldine", 926},
    {"michelle", "michael", 921},
    {"julies", "julius", 933},
    {"tanya", "tonya", 880},
    {"sean", "susan", 805},
    {"jon", "john", 933},
    {"jon", "jan", 800},
    /* By hand. */
    {"a", "a", 1000},
    {"a", "b", 0},
    {"", "", 0},
    {"", "smith", 0},
    {"ab", "ba", 0},
    {"abcd", "dcba", 500},
};

static void jaro_winkler_agrees_with_what_was_published(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof published / sizeof published[0]; i++) {
        struct slice a = slice_text(published[i].a), b = slice_text(published[i].b);
        if (match_jaro_winkler(a, b) != published[i].thousandths) {
            print_message("%s %s: %u\n", published[i].a, published[i].b, match_jaro_winkler(a, b));
        }
        assert_int_equal(match_jaro_winkler(a, b), published[i].thousandths);
        assert_int_equal(match_jaro_winkler(b, a), published[i].thousandths);
    }
}

static void the_longest_texts_are_compared(void **state) {
    (void)state;
    static const char text[] = "abcdefghijklmnopqrstuvwxyz01234";
    static_assert(sizeof text - 1 == MATCH_TEXT_MAX, "as long as a text can be");
    assert_int_equal(match_jaro_winkler(slice_text(text), slice_text(text)), 1000);
    assert_int_equal(match_distance(slice_text(text), slice_text(text)), 0);
    assert_int_equal(match_distance(slice_text(text), slice_text("")), MATCH_TEXT_MAX);
}

static const struct {
    const char *a, *b;
    unsigned distance;
} distances[] = {
    {"", "", 0},
    {"a", "", 1},
    {"19560409", "19560409", 0},
    {"19560409", "19560490", 1},
    {"19560409", "19650409", 1},
    {"19560409", "19560408", 1},
    {"19560409", "1956049", 1},
    {"ca", "abc", 3},
    {"19560409", "19560904", 2},
    {"kitten", "sitting", 3},
};

static void distance_counts_single_errors(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof distances / sizeof distances[0]; i++) {
        struct slice a = slice_text(distances[i].a), b = slice_text(distances[i].b);
        assert_int_equal(match_distance(a, b), distances[i].distance);
        assert_int_equal(match_distance(b, a), distances[i].distance);
    }
}

static const char *const called[] = {
#define FORM(called, name) #called,
#include "lib/match/short_forms.def"
#undef FORM
};

static void short_forms_are_found_both_ways(void **state) {
    (void)state;
    for (size_t i = 1; i < sizeof called / sizeof called[0]; i++) {
        assert_true(slice_compare(slice_text(called[i - 1]), slice_text(called[i])) <= 0); /* a search by halves */
    }
    static const char *const alike[][2] = {{"bill", "william"}, {"william", "billy"},     {"bill", "billy"},
                                           {"zach", "zachary"}, {"abbie", "abigail"},     {"peggy", "maggie"},
                                           {"mo", "muhammad"},  {"chris", "christopher"}, {"chris", "christine"}};
    for (size_t i = 0; i < sizeof alike / sizeof alike[0]; i++) {
        assert_true(match_is_short_form(slice_text(alike[i][0]), slice_text(alike[i][1])));
        assert_true(match_is_short_form(slice_text(alike[i][1]), slice_text(alike[i][0])));
    }
    static const char *const others[][2] = {{"bill", "robert"}, {"william", "robert"}, {"", "bill"}, {"z", "zz"}};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_false(match_is_short_form(slice_text(others[i][0]), slice_text(others[i][1])));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jaro_winkler_agrees_with_what_was_published),
        cmocka_unit_test(the_longest_texts_are_compared),
        cmocka_unit_test(distance_counts_single_errors),
        cmocka_unit_test(short_forms_are_found_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
