/* Bounds beside the scores they stand for, over findings drawn from a seed: never less, whatever was still to come; not much
 * more once all is known; and the least weight of a posterior is the least. */
#include "tests/support/cmocka.h"
#include "tests/support/prng.h"

#include "lib/match/bound.h"

#include <stdio.h>

enum { ROUNDS = 200000 };

static struct match_rules rules;
static struct match_bounds bounds;
static struct prng prng;

static int read_rules(void **state) {
    (void)state;
    static char text[32768];
    struct error error;
    FILE *file = fopen(BHR_SOURCE_DIR "/deploy/local/match.rules", "re");
    if (file == NULL) return -1;
    size_t size = fread(text, 1, sizeof text, file);
    (void)fclose(file);
    if (match_rules_parse(slice_of(text, size), &rules, &error) != STATUS_OK) return -1;
    match_bounds_of(&rules, &bounds);
    prng = prng_seed(20261130);
    return 0;
}

static uint8_t draw_level(enum match_field field) {
    if (prng_chance(&prng, 40)) return MATCH_LEVEL_SAME;
    for (;;) {
        enum match_level level = (enum match_level)prng_below(&prng, MATCH_LEVELS);
        if (level == MATCH_LEVEL_MISSING || match_field_has(field, level)) return (uint8_t)level;
    }
}

/* As compare.h has it: who fits crosswise says it in the first of the two. */
static void cross(struct match_levels *levels, enum match_field first, enum match_field second) {
    uint8_t level = levels->of[first];
    if (level == MATCH_LEVEL_SWAPPED || level == MATCH_LEVEL_HALF_SWAPPED) levels->of[second] = MATCH_LEVEL_MISSING;
}

static struct match_levels draw_levels(void) {
    struct match_levels levels;
    for (enum match_field field = 0; field < MATCH_FIELDS; field++) levels.of[field] = draw_level(field);
    cross(&levels, MATCH_GIVEN, MATCH_FAMILY);
    cross(&levels, MATCH_LINE_1, MATCH_LINE_2);
    return levels;
}

static void hide_pair(struct match_levels *levels, enum match_field first, enum match_field second) {
    if (levels->of[first] == MATCH_LEVEL_SAME || levels->of[second] == MATCH_LEVEL_SAME) return;
    levels->of[first] = levels->of[second] = MATCH_LEVEL_OTHER;
}

static void hide(struct match_levels *levels, enum match_field field) {
    bool is_known = levels->of[field] == MATCH_LEVEL_SAME || levels->of[field] == MATCH_LEVEL_MISSING;
    if (!is_known) levels->of[field] = MATCH_LEVEL_OTHER;
}

static struct match_levels hide_some(struct match_levels levels) {
    if (prng_chance(&prng, 50)) hide_pair(&levels, MATCH_GIVEN, MATCH_FAMILY);
    if (prng_chance(&prng, 50)) hide_pair(&levels, MATCH_LINE_1, MATCH_LINE_2);
    static const enum match_field alone[] = {MATCH_POSTCODE, MATCH_HOUSE, MATCH_TOWN, MATCH_PHONE, MATCH_BIRTH};
    for (size_t i = 0; i < sizeof alone / sizeof alone[0]; i++) {
        if (prng_chance(&prng, 50)) hide(&levels, alone[i]);
    }
    return levels;
}

static void nobody_is_worth_more_than_the_bound(void **state) {
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct match_levels levels = draw_levels(), hidden = hide_some(levels);
        int32_t prior = rules.prior_millibits - (int32_t)prng_below(&prng, 12000), more[MATCH_FIELDS];
        uint32_t rarity[MATCH_FIELDS];
        struct match_score score;
        for (enum match_field field = 0; field < MATCH_FIELDS; field++) {
            rarity[field] = prng_chance(&prng, 30) ? 0 : UINT32_C(1) << prng_below(&prng, 30);
            more[field] = match_rarity_millibits(&rules, field, rarity[field]);
        }
        match_score(&rules, prior, &levels, rarity, &score);
        int32_t known = match_bound(&bounds, prior, &levels, more);
        assert_true(match_bound(&bounds, prior, &hidden, more) >= score.weight_millibits);
        /* Of four cases the likelier ones are counted: a bit for moving, log2(3) for the others, and what moving costs. */
        assert_in_range(known - score.weight_millibits, 0, 1040 + 1600 + 1020);
    }
}

static void the_least_weight_of_a_posterior_is_the_least(void **state) {
    (void)state;
    static const uint32_t posteriors[] = {1, 10000, 250000, 500000, 500001, 900000, 999999, 1000000};
    for (size_t i = 0; i < sizeof posteriors / sizeof posteriors[0]; i++) {
        int32_t least = match_least_weight(posteriors[i]);
        assert_true(match_posterior_ppm(least) >= posteriors[i]);
        assert_true(match_posterior_ppm(least - 1) < posteriors[i]);
    }
    assert_int_equal(match_least_weight(0), INT32_MIN);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_worth_more_than_the_bound),
        cmocka_unit_test(the_least_weight_of_a_posterior_is_the_least),
    };
    return cmocka_run_group_tests(tests, read_rules, NULL);
}
