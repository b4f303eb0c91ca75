/* The rules file and the scores made of it: what it says is kept, every refusal names its line, and twins and households
 * are kept apart. */
#include "tests/support/cmocka.h"
#include "tests/support/prng.h"

#include "lib/match/rules.h"

#include <stdio.h>

static char text[32768];
static struct match_rules rules;
static struct error error;

/* Weights that are easy to add in the head: 10 bits for the same (1 for the sex), 3 for nearly, -5 for different. Of a
 * household: the same, but what tells its people apart is that of strangers, or of twins and namesakes. */
static int weight_of(enum match_field field, enum match_level level) {
    if (field == MATCH_SEX && level == MATCH_LEVEL_SAME) return 1000;
    return level == MATCH_LEVEL_SAME ? 10000 : level == MATCH_LEVEL_DIFFERENT ? -5000 : 3000;
}

static void write_good_rules(const char *left_out) {
    int size = snprintf(text, sizeof text,
                        "# a comment\nversion 7\r\npeople 1000\nprior -20000\nguard moved -99999\n"
                        "guard\thousehold -14000 # another\nguard neighbours -99999\n");
    for (enum match_field field = 0; field < MATCH_FIELDS; field++) {
        const char *name = match_field_name(field);
        size += snprintf(text + size, sizeof text - (size_t)size, "rarity %s 1000000\n", name);
        for (enum match_level level = MATCH_LEVEL_SAME; level < MATCH_LEVELS; level++) {
            char row[64];
            if (!match_field_has(field, level)) continue;
            (void)snprintf(row, sizeof row, "weight %s %s", name, match_level_name(level));
            if (strcmp(row, left_out) != 0) {
                size += snprintf(text + size, sizeof text - (size_t)size, "%s %d\n", row, weight_of(field, level));
            }
            for (enum match_circle circle = 0; circle < MATCH_CIRCLES; circle++) {
                if (!match_field_is_shared(field, circle)) continue;
                bool is_apart = field == MATCH_GIVEN || field == MATCH_BIRTH;
                int weight = !is_apart ? weight_of(field, level) : level == MATCH_LEVEL_SAME ? 4000 : 0;
                size += snprintf(text + size, sizeof text - (size_t)size, "%s %s %s %d\n", match_circle_name(circle),
                                 name, match_level_name(level), weight);
            }
        }
    }
}

static int read_good_rules(void **state) {
    (void)state;
    write_good_rules("");
    return match_rules_parse(slice_text(text), &rules, &error) == STATUS_OK ? 0 : -1;
}

static void what_the_file_says_is_kept(void **state) {
    (void)state;
    assert_int_equal(rules.version, 7);
    assert_int_equal(rules.people, 1000);
    assert_int_equal(rules.prior_millibits, -20000);
    assert_int_equal(rules.circles[MATCH_HOUSEHOLD].prior_millibits, -14000);
    assert_int_equal(rules.same_per_billion[MATCH_TOWN], 1000000);
    assert_int_equal(rules.weights[MATCH_BIRTH][MATCH_LEVEL_SAME], 10000);
    assert_int_equal(rules.weights[MATCH_SEX][MATCH_LEVEL_DIFFERENT], -5000);
    assert_int_equal(rules.weights[MATCH_SEX][MATCH_LEVEL_MISSING], 0);
    assert_int_equal(rules.circles[MATCH_HOUSEHOLD].weights[MATCH_HOUSE][MATCH_LEVEL_TYPO], 3000);
    assert_int_equal(rules.circles[MATCH_HOUSEHOLD].weights[MATCH_BIRTH][MATCH_LEVEL_DIFFERENT], 0);
    assert_int_equal(rules.circles[MATCH_NEIGHBOURS].weights[MATCH_GIVEN][MATCH_LEVEL_SAME], 0);
}

static const struct {
    const char *text, *message;
} refusals[] = {
    {"colour red",
     "line 1: \"colour\": expected version, people, prior, guard, rarity, weight, household or neighbours"},
    {"\n# x\n version 0", "line 3: \"0\": expected a number from 1 to 999999999"},
    {"version", "line 1: \"\": expected a number from 1 to 999999999"},
    {"version 1 2", "line 1: \"2\": expected the end of the line"},
    {"version 1\nversion 1", "line 2: \"version\": expected this row only once"},
    {"people 100000001", "line 1: \"100000001\": expected a number from 1 to 100000000"},
    {"prior 1.5", "line 1: \"1.5\": expected thousandths of a bit, from -100000 to 100000"},
    {"prior --5", "line 1: \"--5\": expected thousandths of a bit, from -100000 to 100000"},
    {"prior -100001", "line 1: \"-100001\": expected thousandths of a bit, from -100000 to 100000"},
    {"guard dog 1", "line 1: \"dog\": expected moved, household or neighbours"},
    {"rarity sex 0", "line 1: \"0\": expected a number from 1 to 1000000000"},
    {"weight sex typo 1", "line 1: \"typo\": expected a level that this field has"},
    {"weight sex missing 1", "line 1: \"missing\": expected a level that this field has"},
    {"household sex same 1", "line 1: \"same\": expected a field that they share"},
    {"neighbours house same 1", "line 1: \"same\": expected a field that they share"},
    {"weight sex same 1\nweight sex same 1", "line 2: \"same\": expected this row only once"},
    {"weight hair same 1", "line 1: \"hair\": expected family_name, given_name, birth_date, sex, postcode, house, "
                           "address_1, address_2, town, county or phone"},
    {"", "line 1: expected before the end a row version"},
    {"version 1\npeople 5\n", "line 3: expected before the end a row prior"},
};

static void every_refusal_names_its_line(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        struct match_rules untouched = rules;
        assert_int_equal(match_rules_parse(slice_text(refusals[i].text), &rules, &error), STATUS_INVALID);
        assert_string_equal(error.message, refusals[i].message);
        assert_memory_equal(&untouched, &rules, sizeof rules);
    }
}

static void a_weight_that_was_forgotten_is_named(void **state) {
    (void)state;
    write_good_rules("weight birth_date two_parts");
    assert_int_equal(match_rules_parse(slice_text(text), &rules, &error), STATUS_INVALID);
    assert_non_null(strstr(error.message, "expected before the end a row weight birth_date two_parts"));
}

/* Any bytes are read or refused, and nothing else; the sanitizers watch. */
static void changed_files_are_read_or_refused(void **state) {
    (void)state;
    struct prng prng = prng_seed(20261129);
    static char changed[sizeof text];
    unsigned refused = 0;
    write_good_rules("");
    size_t size = strlen(text);
    for (int round = 0; round < 3000; round++) {
        memcpy(changed, text, size);
        size_t kept = 1 + prng_below(&prng, size);
        for (uint64_t changes = prng_below(&prng, 4); changes > 0; changes--) {
            changed[prng_below(&prng, kept)] = (char)prng_below(&prng, 256);
        }
        struct match_rules read;
        enum status status = match_rules_parse(slice_of(changed, kept), &read, &error);
        assert_true(status == STATUS_OK || status == STATUS_INVALID);
        refused += status == STATUS_INVALID;
        if (status == STATUS_INVALID) assert_memory_equal(error.message, "line ", 5);
    }
    assert_true(refused > 2900); /* nearly all were cut */
}

static void the_deployed_rules_are_good(void **state) {
    (void)state;
    FILE *file = fopen(BHR_SOURCE_DIR "/deploy/local/match.rules", "re");
    assert_non_null(file);
    size_t size = fread(text, 1, sizeof text, file);
    (void)fclose(file);
    assert_int_equal(match_rules_parse(slice_of(text, size), &rules, &error), STATUS_OK);
    assert_true(rules.weights[MATCH_BIRTH][MATCH_LEVEL_SAME] > rules.weights[MATCH_BIRTH][MATCH_LEVEL_TYPO]);
    assert_true(rules.weights[MATCH_GIVEN][MATCH_LEVEL_DIFFERENT] < 0);
}

/* ---- scores ---- */

static struct match_score score_of(const struct match_levels *levels) {
    struct match_score score;
    match_score(&rules, rules.prior_millibits, levels, NULL, &score);
    return score;
}

static void weights_add_up_and_missing_fields_say_nothing(void **state) {
    (void)state;
    struct match_levels levels = {{0}};
    rules.circles[MATCH_HOUSEHOLD].prior_millibits = -99999;
    assert_int_equal(score_of(&levels).weight_millibits, -20000);
    levels.of[MATCH_BIRTH] = MATCH_LEVEL_SAME;
    levels.of[MATCH_GIVEN] = MATCH_LEVEL_SAME;
    assert_int_equal(score_of(&levels).weight_millibits, 0);
    assert_int_equal(score_of(&levels).posterior_ppm, 500000);
    levels.of[MATCH_SEX] = MATCH_LEVEL_DIFFERENT;
    assert_int_equal(score_of(&levels).weight_millibits, -5000);
    assert_int_equal(score_of(&levels).of_field[MATCH_SEX], -5000);
    assert_in_range(score_of(&levels).posterior_ppm, 30302, 30304); /* 1 / 33 */
}

static struct match_levels at_one_home(void) {
    struct match_levels levels = {{0}};
    static const enum match_field home[] = {MATCH_FAMILY, MATCH_POSTCODE, MATCH_HOUSE,
                                            MATCH_LINE_1, MATCH_TOWN,     MATCH_PHONE};
    for (size_t i = 0; i < sizeof home / sizeof home[0]; i++) levels.of[home[i]] = MATCH_LEVEL_SAME;
    return levels;
}

static void father_and_son_of_one_name_are_two(void **state) {
    (void)state;
    struct match_levels levels = at_one_home();
    levels.of[MATCH_GIVEN] = MATCH_LEVEL_SAME;
    levels.of[MATCH_SEX] = MATCH_LEVEL_SAME;
    levels.of[MATCH_BIRTH] = MATCH_LEVEL_SAME;
    assert_true(score_of(&levels).posterior_ppm > 990000);
    levels.of[MATCH_BIRTH] = MATCH_LEVEL_DIFFERENT;
    levels.of[MATCH_SEX] = MATCH_LEVEL_MISSING;
    assert_true(score_of(&levels).posterior_ppm < 100000);
    assert_int_equal(score_of(&levels).circle_millibits[MATCH_HOUSEHOLD], 50000);
    assert_int_equal(score_of(&levels).guard_millibits, -50000);
}

static void twins_are_two(void **state) {
    (void)state;
    struct match_levels levels = at_one_home();
    levels.of[MATCH_BIRTH] = MATCH_LEVEL_SAME;
    levels.of[MATCH_SEX] = MATCH_LEVEL_SAME;
    levels.of[MATCH_GIVEN] = MATCH_LEVEL_DIFFERENT;
    assert_true(score_of(&levels).posterior_ppm < 100000);
    assert_int_equal(score_of(&levels).guard_millibits, -50000);
    levels.of[MATCH_BIRTH] = MATCH_LEVEL_TYPO; /* no twins, and no better either */
    assert_true(score_of(&levels).posterior_ppm < 10000);
    levels.of[MATCH_BIRTH] = MATCH_LEVEL_SAME;
    levels.of[MATCH_GIVEN] = MATCH_LEVEL_SAME;
    assert_true(score_of(&levels).posterior_ppm > 990000);
}

/* The address of who moved is a stranger's: it counts for nothing, less what it is rarer to move than not. */
static void who_moved_is_still_found(void **state) {
    (void)state;
    struct match_levels levels = {{0}};
    rules.circles[MATCH_HOUSEHOLD].prior_millibits = -99999;
    levels.of[MATCH_GIVEN] = levels.of[MATCH_BIRTH] = MATCH_LEVEL_SAME;
    int32_t without = score_of(&levels).weight_millibits;
    levels.of[MATCH_POSTCODE] = levels.of[MATCH_HOUSE] = levels.of[MATCH_LINE_1] = MATCH_LEVEL_DIFFERENT;
    assert_int_equal(score_of(&levels).weight_millibits, without - 15000);
    rules.moved_millibits = -3000;
    assert_in_range(without - score_of(&levels).weight_millibits, 3150, 3180); /* 3000 and softplus(-3000), 170 */
    levels.of[MATCH_POSTCODE] = levels.of[MATCH_HOUSE] = levels.of[MATCH_LINE_1] = MATCH_LEVEL_MISSING;
    assert_int_equal(score_of(&levels).weight_millibits, without);
}

static void rare_values_weigh_more(void **state) {
    (void)state;
    struct match_levels levels = {.of = {[MATCH_FAMILY] = MATCH_LEVEL_SAME}};
    uint32_t rarity[MATCH_FIELDS] = {[MATCH_FAMILY] = 1000000};
    struct match_score score;
    match_score(&rules, 0, &levels, rarity, &score);
    assert_int_equal(score.of_field[MATCH_FAMILY], 10000);
    rarity[MATCH_FAMILY] = 250000;
    match_score(&rules, 0, &levels, rarity, &score);
    assert_in_range(score.of_field[MATCH_FAMILY], 11999, 12001);
    rarity[MATCH_FAMILY] = 8000000;
    match_score(&rules, 0, &levels, rarity, &score);
    assert_in_range(score.of_field[MATCH_FAMILY], 6999, 7001);
    rarity[MATCH_FAMILY] = 1;
    match_score(&rules, 0, &levels, rarity, &score);
    assert_int_equal(score.of_field[MATCH_FAMILY], 18000); /* not without end */
    levels.of[MATCH_FAMILY] = MATCH_LEVEL_CLOSE;
    match_score(&rules, 0, &levels, rarity, &score);
    assert_int_equal(score.of_field[MATCH_FAMILY], 3000);
}

static void the_prior_falls_with_the_number_of_people(void **state) {
    (void)state;
    assert_int_equal(match_prior(&rules, 10), -20000);
    assert_int_equal(match_prior(&rules, 1000), -20000);
    assert_in_range(-match_prior(&rules, 2000), 20999, 21001);
    assert_in_range(-match_prior(&rules, 1024000), 29999, 30001);
}

static void logarithms_and_posteriors_are_right(void **state) {
    (void)state;
    for (int i = 0; i < 32; i++) assert_int_equal(match_log2_millibits(UINT32_C(1) << i), i * 1000);
    assert_in_range(match_log2_millibits(3), 1584, 1586);
    assert_in_range(match_log2_millibits(UINT32_MAX), 31999, 32000);
    static const struct {
        int32_t millibits;
        uint32_t ppm;
    } rows[] = {{0, 500000},     {1000, 666667}, {-1000, 333333},  {500, 585786},
                {10000, 999024}, {-10000, 976},  {99999, 1000000}, {-99999, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t ppm = match_posterior_ppm(rows[i].millibits);
        assert_true(ppm <= rows[i].ppm + 60 &&
                    ppm + 60 >= rows[i].ppm); /* what a quarter of a thousandth of a bit is */
    }
    uint32_t last = 0;
    for (int32_t millibits = -31000; millibits <= 30000; millibits += 7) {
        uint32_t ppm = match_posterior_ppm(millibits);
        assert_true(ppm >= last);
        last = ppm;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_the_file_says_is_kept, read_good_rules),
        cmocka_unit_test_setup(every_refusal_names_its_line, read_good_rules),
        cmocka_unit_test(a_weight_that_was_forgotten_is_named),
        cmocka_unit_test(changed_files_are_read_or_refused),
        cmocka_unit_test(the_deployed_rules_are_good),
        cmocka_unit_test_setup(weights_add_up_and_missing_fields_say_nothing, read_good_rules),
        cmocka_unit_test_setup(father_and_son_of_one_name_are_two, read_good_rules),
        cmocka_unit_test_setup(twins_are_two, read_good_rules),
        cmocka_unit_test_setup(who_moved_is_still_found, read_good_rules),
        cmocka_unit_test_setup(rare_values_weigh_more, read_good_rules),
        cmocka_unit_test_setup(the_prior_falls_with_the_number_of_people, read_good_rules),
        cmocka_unit_test_setup(logarithms_and_posteriors_are_right, read_good_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
