/* Learns what findings are worth from records alone: nobody says which belong to one person. All pairs of records are
 * compared once and counted by their pattern of findings; then expectation-maximisation (Dempster, Laird and Rubin 1977, as
 * Winkler 1988 uses it for Fellegi and Sunter) asks the patterns, which are few, until nothing changes. There are
 * four kinds of pairs: one person; a household, whose sexes are those of strangers, and so are given names and birth dates
 * but for namesakes and twins; neighbours, who share where they live; strangers.
 *
 * Floating point is allowed here and nowhere that decides: what is written are thousandths of a bit.
 *
 * usage: bhr-match-learn PEOPLE.csv -o RULES [--version N] [--people-max N] [--four-fields] */
#include "lib/base/assert.h"
#include "lib/match/rules.h"
#include "tools/people_csv.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    PATTERNS_MAX = 1 << 22, /* slots; a power of two */
    ROUNDS = 100,
    LEVEL_BITS = 5,
    PEOPLE_DEFAULT = 12000,
    WEIGHT_LIMIT = 20000,
    NOBODY = -99999,
    CIRCLE_MIN = 20, /* pairs that must be of a circle before anything is believed of it */
};
static_assert(MATCH_LEVELS <= 1 << LEVEL_BITS, "a level fits into its bits");
static_assert(MATCH_FIELDS * LEVEL_BITS < 63, "a pattern fits into a word");
static const double SMOOTHING = 0.5, CHANGE_MIN = 1e-7;
/* Of the pairs of a household those with one birth date (twins), or one given name (father and son). Not learned: twins with
 * other names and one person whose name was recorded wrongly look alike, and a wrong merge is worse than a missed one, so it
 * is more than there are: about one maternity in seventy is of twins, and most pairs of a household are not siblings. */
static const double COMMON_IN_HOUSEHOLD = 0.02;

struct pattern {
    uint64_t key; /* 0: free; else levels and a bit of their own */
    uint64_t count;
};
struct model {
    double of_match[MATCH_FIELDS][MATCH_LEVELS], of_other[MATCH_FIELDS][MATCH_LEVELS];
    double of_circle[MATCH_CIRCLES][MATCH_FIELDS][MATCH_LEVELS];
    double seen[MATCH_FIELDS][MATCH_LEVELS];
    double moved;                                     /* the part of people who did between two records */
    double pairs, prior, circle_prior[MATCH_CIRCLES]; /* all; the parts of them that are one person, or of a circle */
};

static struct pattern *patterns;
static size_t pattern_count;

static void stop(const char *text) {
    (void)fprintf(stderr, "bhr-match-learn: %s\n", text);
    exit(1);
}

/* ---- patterns ---- */

static void count_pattern(const struct match_levels *levels) {
    uint64_t key = 1;
    for (int field = 0; field < MATCH_FIELDS; field++) key = key << LEVEL_BITS | levels->of[field];
    size_t at = (key * UINT64_C(0x9E3779B97F4A7C15)) >> 32 & (PATTERNS_MAX - 1);
    while (patterns[at].key != 0 && patterns[at].key != key) at = (at + 1) & (PATTERNS_MAX - 1);
    if (patterns[at].key == 0) {
        if (++pattern_count > PATTERNS_MAX / 2) stop("too many patterns of findings: fewer people, please");
        patterns[at].key = key;
    }
    patterns[at].count++;
}

static struct match_levels levels_of(uint64_t key) {
    struct match_levels levels;
    for (int field = MATCH_FIELDS - 1; field >= 0; field--, key >>= LEVEL_BITS) {
        levels.of[field] = key & ((1 << LEVEL_BITS) - 1);
    }
    return levels;
}

static void count_all_pairs(const struct people *people) {
    patterns = calloc(PATTERNS_MAX, sizeof *patterns);
    struct match_view *views = calloc(people->count, sizeof *views);
    if (patterns == NULL || views == NULL) stop("no memory");
    for (uint32_t i = 0; i < people->count; i++) views[i] = match_view_of(&people->rows[i].person);
    for (uint32_t i = 0; i < people->count; i++) {
        for (uint32_t j = i + 1; j < people->count; j++) {
            struct match_levels levels;
            match_compare(&views[i], &views[j], &levels);
            count_pattern(&levels);
        }
    }
    free(views);
}

/* ---- what tells people of a household apart ---- */

static bool tells_apart(int field) {
    return field == MATCH_GIVEN || field == MATCH_BIRTH;
}

/* Of a part of the pairs it is the same by birth or by name, and recorded with the errors that records of one person have;
 * the others are like strangers. */
static void settle_household(struct model *model, int field) {
    double common = COMMON_IN_HOUSEHOLD;
    for (int level = MATCH_LEVEL_SAME; level < MATCH_LEVELS; level++) {
        model->of_circle[MATCH_HOUSEHOLD][field][level] =
            (1 - common) * model->of_other[field][level] + common * model->of_match[field][level];
    }
}

/* ---- learning ---- */

static int32_t millibits(double ratio) {
    return (int32_t)lround(fmax(-WEIGHT_LIMIT, fmin(WEIGHT_LIMIT, 1000 * log2(ratio))));
}

/* The rules as they stand, so that patterns are judged by the very code that will use them. */
static struct match_rules rules_of(const struct model *model, uint32_t people) {
    double others = 1 - model->prior;
    for (enum match_circle circle = 0; circle < MATCH_CIRCLES; circle++) others -= model->circle_prior[circle];
    struct match_rules rules = {.people = people,
                                .prior_millibits = millibits(model->prior / others),
                                .moved_millibits = millibits(model->moved / (1 - model->moved))};
    for (enum match_circle circle = 0; circle < MATCH_CIRCLES; circle++) {
        bool is_there = model->circle_prior[circle] * model->pairs >= CIRCLE_MIN;
        rules.circles[circle].prior_millibits = is_there ? millibits(model->circle_prior[circle] / others) : NOBODY;
    }
    for (enum match_field field = 0; field < MATCH_FIELDS; field++) {
        for (enum match_level level = MATCH_LEVEL_SAME; level < MATCH_LEVELS; level++) {
            if (model->seen[field][level] == 0) continue; /* nothing is known of it: for nobody */
            double other = model->of_other[field][level];
            rules.weights[field][level] = millibits(model->of_match[field][level] / other);
            for (enum match_circle circle = 0; circle < MATCH_CIRCLES; circle++) {
                if (!match_field_is_shared(field, circle)) continue;
                rules.circles[circle].weights[field][level] = millibits(model->of_circle[circle][field][level] / other);
            }
        }
        double same = 1e9 * model->of_other[field][MATCH_LEVEL_SAME];
        rules.same_per_billion[field] = (uint32_t)lround(fmax(1, fmin(1e9, same)));
    }
    return rules;
}

static void begin(struct model *model, double pairs, uint32_t people) {
    memset(model, 0, sizeof *model);
    model->pairs = pairs;
    model->moved = 0.1;
    for (size_t at = 0; at < PATTERNS_MAX; at++) {
        if (patterns[at].key == 0) continue;
        struct match_levels levels = levels_of(patterns[at].key);
        for (int field = 0; field < MATCH_FIELDS; field++) {
            model->seen[field][levels.of[field]] += (double)patterns[at].count;
        }
    }
    for (int field = 0; field < MATCH_FIELDS; field++) {
        double known = pairs - model->seen[field][MATCH_LEVEL_MISSING];
        int levels = 0;
        for (int level = MATCH_LEVEL_SAME; level < MATCH_LEVELS; level++) {
            levels += match_field_has((enum match_field)field, (enum match_level)level);
        }
        for (int level = MATCH_LEVEL_SAME; level < MATCH_LEVELS; level++) {
            model->of_match[field][level] = level == MATCH_LEVEL_SAME ? 0.8 : 0.2 / (levels - 1);
            for (int circle = 0; circle < MATCH_CIRCLES; circle++) {
                model->of_circle[circle][field][level] = model->of_match[field][level];
            }
            model->of_other[field][level] = (model->seen[field][level] + SMOOTHING) / (known + SMOOTHING * levels);
        }
        if (tells_apart(field)) settle_household(model, field);
    }
    model->prior = model->circle_prior[MATCH_HOUSEHOLD] = 1.0 / people;
    model->circle_prior[MATCH_NEIGHBOURS] = 10.0 / people;
}

struct sums {
    double of[MATCH_FIELDS][MATCH_LEVELS], known[MATCH_FIELDS], all;
};

static void add(struct sums *sums, const struct match_levels *levels, double part) {
    sums->all += part;
    for (int field = 0; field < MATCH_FIELDS; field++) {
        if (levels->of[field] == MATCH_LEVEL_MISSING) continue;
        sums->of[field][levels->of[field]] += part;
        sums->known[field] += part;
    }
}

/* Half a pair more for each level: what nobody showed is not thereby impossible. */
static double share(double of, double known) {
    return (of + SMOOTHING) / (known + SMOOTHING * MATCH_LEVELS);
}

static void settle(struct model *model, const struct sums *match, const struct sums *moved,
                   const struct sums circles[MATCH_CIRCLES]);

/* One round; returns by how much the prior changed, as a part of it. */
static double learn_once(struct model *model, uint32_t people) {
    static struct sums match, moved, circles[MATCH_CIRCLES];
    double before = model->prior;
    struct match_rules rules = rules_of(model, people);
    memset(&match, 0, sizeof match);
    memset(&moved, 0, sizeof moved);
    memset(circles, 0, sizeof circles);
    for (size_t at = 0; at < PATTERNS_MAX; at++) {
        if (patterns[at].key == 0) continue;
        struct match_levels levels = levels_of(patterns[at].key);
        struct match_score score;
        match_score(&rules, rules.prior_millibits, &levels, NULL, &score);
        double count = (double)patterns[at].count, is_match = 1 / (1 + exp2(-score.weight_millibits / 1000.0));
        double odds[MATCH_CIRCLES], others = 1;
        for (int circle = 0; circle < MATCH_CIRCLES; circle++) {
            odds[circle] = exp2(score.circle_millibits[circle] / 1000.0);
            others += odds[circle];
        }
        add(&match, &levels, count * is_match);
        add(&moved, &levels, count * is_match / (1 + exp2(-score.moved_millibits / 1000.0)));
        for (int circle = 0; circle < MATCH_CIRCLES; circle++) {
            add(&circles[circle], &levels, count * (1 - is_match) * odds[circle] / others);
        }
    }
    settle(model, &match, &moved, circles);
    return fabs(model->prior - before) / before;
}

static void settle(struct model *model, const struct sums *match, const struct sums *moved,
                   const struct sums circles[MATCH_CIRCLES]) {
    for (int field = 0; field < MATCH_FIELDS; field++) {
        double known = model->pairs - model->seen[field][MATCH_LEVEL_MISSING] - match->known[field];
        for (int circle = 0; circle < MATCH_CIRCLES; circle++) known -= circles[circle].known[field];
        bool is_home = match_field_is_of_home((enum match_field)field);
        double stayed = match->known[field] - (is_home ? moved->known[field] : 0);
        for (int level = MATCH_LEVEL_SAME; level < MATCH_LEVELS; level++) {
            double other = model->seen[field][level] - match->of[field][level];
            for (int circle = 0; circle < MATCH_CIRCLES; circle++) other -= circles[circle].of[field][level];
            model->of_other[field][level] = share(fmax(0, other), known);
            double left = is_home ? moved->of[field][level] : 0; /* of those who moved it is a stranger's */
            model->of_match[field][level] = share(match->of[field][level] - left, stayed);
            for (int circle = 0; circle < MATCH_CIRCLES; circle++) {
                const struct sums *sums = &circles[circle];
                model->of_circle[circle][field][level] = share(sums->of[field][level], sums->known[field]);
            }
        }
        if (tells_apart(field)) settle_household(model, field);
    }
    model->prior = match->all / model->pairs;
    model->moved = fmin(0.5, (moved->all + SMOOTHING) / (match->all + 2 * SMOOTHING));
    for (int circle = 0; circle < MATCH_CIRCLES; circle++) {
        model->circle_prior[circle] = fmax(circles[circle].all, SMOOTHING) / model->pairs;
    }
}

/* ---- the file ---- */

static void write_rules(const char *path, const struct match_rules *rules, const struct model *model, double pairs) {
    FILE *file = fopen(path, "we");
    if (file == NULL) stop("the rules file cannot be written");
    (void)fprintf(
        file,
        "# What findings are worth, in thousandths of a bit. Learned by bhr-match-learn, without labels, from all\n"
        "# pairs of %u records; it takes %.0f pairs for one person, %.0f for a household and %.0f for neighbours.\n"
        "version %u\npeople %u\nprior %d\nguard moved %d\nguard household %d\nguard neighbours %d\n",
        rules->people, model->prior * pairs, model->circle_prior[MATCH_HOUSEHOLD] * pairs,
        model->circle_prior[MATCH_NEIGHBOURS] * pairs, rules->version, rules->people, rules->prior_millibits,
        rules->moved_millibits, rules->circles[MATCH_HOUSEHOLD].prior_millibits,
        rules->circles[MATCH_NEIGHBOURS].prior_millibits);
    for (enum match_field field = 0; field < MATCH_FIELDS; field++) {
        const char *name = match_field_name(field);
        (void)fprintf(file, "\nrarity %s %u\n", name, rules->same_per_billion[field]);
        for (enum match_level level = MATCH_LEVEL_SAME; level < MATCH_LEVELS; level++) {
            if (!match_field_has(field, level)) continue;
            (void)fprintf(file, "weight %s %s %d%s\n", name, match_level_name(level), rules->weights[field][level],
                          model->seen[field][level] == 0 ? " # never seen" : "");
            for (enum match_circle circle = 0; circle < MATCH_CIRCLES; circle++) {
                if (!match_field_is_shared(field, circle)) continue;
                (void)fprintf(file, "%s %s %s %d\n", match_circle_name(circle), name, match_level_name(level),
                              rules->circles[circle].weights[field][level]);
            }
        }
    }
    if (fclose(file) != 0) stop("the rules file cannot be written");
}

int main(int argc, char **argv) {
    static const struct option options[] = {{"version", required_argument, NULL, 'v'},
                                            {"people-max", required_argument, NULL, 'n'},
                                            {"four-fields", no_argument, NULL, '4'},
                                            {NULL, 0, NULL, 0}};
    const char *out = NULL;
    uint32_t version = 1, people_max = PEOPLE_DEFAULT;
    bool is_four = false;
    for (int option; (option = getopt_long(argc, argv, "o:", options, NULL)) != -1;) {
        if (option == 'o') out = optarg;
        if (option == 'v') version = (uint32_t)strtoul(optarg, NULL, 10);
        if (option == 'n') people_max = (uint32_t)strtoul(optarg, NULL, 10);
        if (option == '4') is_four = true;
    }
    if (out == NULL || optind + 1 != argc || version == 0) stop("usage: see the beginning of tools/match_learn.c");
    struct people people;
    struct error error = {0};
    if (people_read(argv[optind], people_max, &people, &error) != STATUS_OK) stop(error.message);
    if (people.count < 100) stop("fewer than 100 people teach nothing");
    if (is_four) people_keep_four_fields(&people);
    count_all_pairs(&people);
    struct model model;
    double pairs = (double)people.count * (people.count - 1) / 2, change = 1;
    int rounds = 0;
    begin(&model, pairs, people.count);
    for (; rounds < ROUNDS && change > CHANGE_MIN; rounds++) change = learn_once(&model, people.count);
    struct match_rules rules = rules_of(&model, people.count);
    rules.version = version;
    write_rules(out, &rules, &model, pairs);
    (void)printf("%u records, %.0f pairs, %zu patterns, %d rounds: %.0f pairs are one person, %.0f a household, %.0f "
                 "neighbours\n",
                 people.count, pairs, pattern_count, rounds, model.prior * pairs,
                 model.circle_prior[MATCH_HOUSEHOLD] * pairs, model.circle_prior[MATCH_NEIGHBOURS] * pairs);
    people_free(&people);
    free(patterns);
    return 0;
}
