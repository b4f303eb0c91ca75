/* The rules file. One that is taken judges any two people without leaving its numbers: the score stays far inside 32 bits, a
 * likelihood is one, and nobody who is passed over early was worth more than was thought. What is refused names its line. */
#include "lib/match/bound.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/prng.h"

#include <stdio.h>

enum { PAIRS = 40, WEIGHT_ROOM = 20000000, TEXT_ROOM = 16 * 1024 };

static void judge(const struct match_rules *rules) {
    struct match_bounds bounds;
    struct prng prng = prng_seed(7);
    match_bounds_of(rules, &bounds);
    for (int pair = 0; pair < PAIRS; pair++) {
        struct match_levels levels = {{0}};
        uint32_t rarity[MATCH_FIELDS] = {0};
        int32_t more[MATCH_FIELDS] = {0};
        for (enum match_field field = 0; field < MATCH_FIELDS; field++) {
            enum match_level level = (enum match_level)prng_below(&prng, MATCH_LEVELS);
            if (level == MATCH_LEVEL_MISSING || !match_field_has(field, level)) continue;
            levels.of[field] = (uint8_t)level;
            rarity[field] = (uint32_t)prng_below(&prng, 1000000000);
            more[field] = match_rarity_millibits(rules, field, rarity[field]);
        }
        struct match_score score;
        int32_t prior = match_prior(rules, (uint32_t)prng_below(&prng, 60000000));
        match_score(rules, prior, &levels, rarity, &score);
        ASSERT(score.posterior_ppm <= 1000000);
        ASSERT(score.weight_millibits > -WEIGHT_ROOM && score.weight_millibits < WEIGHT_ROOM);
        int32_t most = match_bound(&bounds, prior, &levels, more);
        ASSERT(most > -WEIGHT_ROOM && most < WEIGHT_ROOM);
        ASSERT(most >= score.weight_millibits || match_posterior_ppm(most) >= score.posterior_ppm);
    }
}

/* The message's fixed part: what was expected, up to a number. A word of the file before it stands in quotes, and has none
 * itself. */
static void reach_fault(const char *message) {
    unsigned line = 0;
    ASSERT(sscanf(message, "line %u: ", &line) == 1 && line > 0);
    const char *expected = strstr(message, "\": expected ");
    expected = expected != NULL ? expected + 3 : strstr(message, "expected before the end a row ");
    ASSERT(expected != NULL);
    char kind[FUZZ_OUTCOME_MAX];
    static const char row[] = "expected before the end a row ";
    bool is_missing = strncmp(expected, row, sizeof row - 1) == 0;
    size_t size =
        is_missing ? sizeof row - 1 + strcspn(expected + sizeof row - 1, " ") : strcspn(expected, ",0123456789");
    (void)snprintf(kind, sizeof kind, "%.*s", (int)size, expected);
    fuzz_reach(kind);
}

static void run(struct slice input) {
    struct match_rules rules, again;
    struct error error = {0};
    enum status status = match_rules_parse(input, &rules, &error);
    if (status != STATUS_OK) {
        ASSERT(status == STATUS_INVALID && error.code == status);
        reach_fault(error.message);
        return;
    }
    ASSERT(rules.version > 0 && rules.people > 0);
    status = match_rules_parse(input, &again, &error);
    ASSERT(status == STATUS_OK && memcmp(&rules, &again, sizeof rules) == 0);
    judge(&rules);
    fuzz_reach("taken");
    fuzz_reach_if(memchr(input.data, '\r', input.size) != NULL, "taken with carriage returns");
}

static void seed_changed(struct slice text, const char *from, const char *to) {
    static uint8_t bytes[TEXT_ROOM];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    const char *at = strstr((const char *)text.data, from);
    ASSERT(at != NULL);
    size_t before = (size_t)(at - (const char *)text.data);
    buffer_put(&out, text.data, before);
    buffer_put(&out, to, strlen(to));
    buffer_put(&out, at + strlen(from), text.size - before - strlen(from));
    fuzz_seed_buffer(&out);
}

static void seed(void) {
    static char text[TEXT_ROOM];
    static uint8_t lines[TEXT_ROOM];
    FILE *file = fopen(BHR_SOURCE_DIR "/deploy/local/match.rules", "rbe");
    ASSERT(file != NULL);
    size_t size = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    struct slice good = slice_of(text, size);
    fuzz_seed(good);
    for (size_t part = 1; part < 8; part++) fuzz_seed(slice_of(text, size * part / 8));
    struct buffer out = buffer_over(lines, sizeof lines);
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\n') buffer_put_u8(&out, '\r');
        buffer_put_u8(&out, (uint8_t)text[i]);
    }
    fuzz_seed_buffer(&out);
    seed_changed(good, "\nversion ", "\nvariant ");
    seed_changed(good, "\nversion ", "\nversion 0");
    seed_changed(good, "\nversion ", "\n#version ");
    seed_changed(good, "\npeople ", "\n#people ");
    seed_changed(good, "\npeople ", "\npeople -");
    seed_changed(good, "\nprior ", "\n#prior ");
    seed_changed(good, "\nprior ", "\nprior -");
    seed_changed(good, "\nprior ", "\nprior 1\nprior ");
    seed_changed(good, "\nguard moved", "\nguard lost");
    seed_changed(good, "\nguard moved", "\n#guard moved");
    seed_changed(good, "\nguard household", "\n#");
    seed_changed(good, "\nguard neighbours", "\n#");
    seed_changed(good, "\nrarity ", "\nrarity 5 ");
    seed_changed(good, "\nrarity ", "\n#rarity ");
    seed_changed(good, "\nrarity family_name ", "\nrarity family_name 0 ");
    seed_changed(good, "\nweight family_name same ", "\nweight family_name much ");
    seed_changed(good, "\nweight family_name same ", "\n#");
    seed_changed(good, "\nweight family_name same ", "\nweight family_name same 1 2 ");
    seed_changed(good, "\nhousehold family_name same ", "\nhousehold given_name same ");
    seed_changed(good, "\nhousehold family_name same ", "\n#");
    seed_changed(good, "\nneighbours town same ", "\n#");
    seed_changed(good, "\nneighbours town same ", "\nneighbours birth_date same ");
    fuzz_seed_text("");
}

static const char *const outcomes[] = {"expected a field that they share",
                                       "expected a level that this field has",
                                       "expected a number from ",
                                       "expected before the end a row guard",
                                       "expected before the end a row household",
                                       "expected before the end a row neighbours",
                                       "expected before the end a row people",
                                       "expected before the end a row prior",
                                       "expected before the end a row rarity",
                                       "expected before the end a row version",
                                       "expected before the end a row weight",
                                       "expected family_name",
                                       "expected moved",
                                       "expected the end of the line",
                                       "expected this row only once",
                                       "expected thousandths of a bit",
                                       "expected version",
                                       "taken",
                                       "taken with carriage returns",
                                       NULL};
const struct fuzz_harness fuzz_harness = {outcomes, run, seed, 2000};
