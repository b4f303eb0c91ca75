/* How well and how fast people are found, in process. Prints one JSON object.
 *
 * Each record is looked up among those before it, then added: the path that a registration takes. Pairs are counted as found
 * (direct), and as they follow when everybody found is one person with who was found before (joined). With --all-pairs every
 * record is compared with every other one, which is what keys are measured against. With --scale the records of kind base
 * are loaded, and the others, at most so many, looked up and timed; those of a person who is not there are strangers. With
 * --serve that is done once for each line of standard input, so that others can be measured in between.
 *
 * Found is who is as likely as --posterior says, in parts of a million (500000).
 *
 * usage: bhr-bench-match RULES PEOPLE.csv [--four-fields] [--all-pairs] [--posterior PPM] [--scale LOOKUPS [--serve]] */
#include "lib/match/rules.h"
#include "lib/search/search.h"
#include "tools/people_csv.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

enum { HALF_PPM = 500000, RULES_SIZE_MAX = 65536, KINDS_MAX = 32 };

struct tally {
    uint64_t right, wrong, compared, fell_back, incomplete;
};
struct kind {
    char name[24];
    uint64_t records, found;       /* found: with somebody of the same person */
    uint64_t linked, linked_wrong; /* pairs: all, and with somebody else */
};

static char rules_text[RULES_SIZE_MAX];
static struct people people;
static struct search *search;
static struct search_result result;
static uint32_t posterior_ppm = HALF_PPM;
static uint32_t *joined; /* a record of the same person that came before, or itself */
static struct kind kinds[KINDS_MAX];

static void stop(const char *text) {
    (void)fprintf(stderr, "bhr-bench-match: %s\n", text);
    exit(1);
}

static struct match_rules read_rules(const char *path) {
    struct match_rules rules;
    struct error error = {0};
    FILE *file = fopen(path, "re");
    if (file == NULL) stop("the rules file cannot be read");
    size_t size = fread(rules_text, 1, sizeof rules_text, file);
    (void)fclose(file);
    if (match_rules_parse(slice_of(rules_text, size), &rules, &error) != STATUS_OK) stop(error.message);
    return rules;
}

static struct uuid id_of(uint32_t number) {
    struct uuid id = {{0}};
    memcpy(id.bytes, &number, sizeof number);
    return id;
}

static uint32_t number_of(uint32_t found) {
    uint32_t number;
    memcpy(&number, result.found[found].record_id.bytes, sizeof number);
    return number;
}

static struct kind *kind_of(const char *name) {
    for (int i = 0; i < KINDS_MAX; i++) {
        if (kinds[i].name[0] == '\0') memcpy(kinds[i].name, name, sizeof kinds[i].name);
        if (strcmp(kinds[i].name, name) == 0) return &kinds[i];
    }
    stop("too many kinds of records");
    return NULL;
}

/* ---- accuracy ---- */

static uint32_t first_of(uint32_t record) {
    while (joined[record] != record) record = joined[record] = joined[joined[record]];
    return record;
}

static void look_up(uint32_t number, bool is_all, struct tally *tally) {
    const struct people_row *row = &people.rows[number];
    struct kind *kind = kind_of(row->kind);
    bool is_found = false;
    if (is_all) {
        search_find_slowly(search, &row->person, posterior_ppm, SEARCH_FOUND_MAX, &result);
    } else {
        search_find(search, &row->person, posterior_ppm, SEARCH_FOUND_MAX, &result);
    }
    for (uint32_t i = 0; i < result.count; i++) {
        uint32_t other = number_of(i);
        if (other >= number) continue;
        bool is_right = people.rows[other].truth == row->truth;
        tally->right += is_right;
        tally->wrong += !is_right;
        kind->linked++;
        kind->linked_wrong += !is_right;
        is_found |= is_right;
        joined[first_of(number)] = first_of(other);
    }
    kind->records++;
    kind->found += is_found;
    tally->compared += result.compared;
    tally->fell_back += result.did_fall_back;
    tally->incomplete += result.is_incomplete;
}

struct group {
    uint64_t truth;
    uint32_t person;
};

static int by_truth(const void *a, const void *b) {
    const struct group *x = a, *y = b;
    if (x->truth != y->truth) return x->truth < y->truth ? -1 : 1;
    return x->person < y->person ? -1 : x->person > y->person;
}

static int by_person(const void *a, const void *b) {
    const struct group *x = a, *y = b;
    if (x->person != y->person) return x->person < y->person ? -1 : 1;
    return x->truth < y->truth ? -1 : x->truth > y->truth;
}

/* Pairs of records in sorted groups that are the same to it. */
static uint64_t count_pairs(const struct group *groups, bool needs_truth, bool needs_person) {
    uint64_t pairs = 0, size = 0;
    for (uint32_t i = 0; i < people.count; i++) {
        bool is_same = i > 0 && (!needs_truth || groups[i].truth == groups[i - 1].truth) &&
                       (!needs_person || groups[i].person == groups[i - 1].person);
        size = is_same ? size + 1 : 0;
        pairs += size;
    }
    return pairs;
}

static void print_accuracy(const char *name, uint64_t right, uint64_t wrong, uint64_t missed) {
    double precision = (double)right / (double)(right + wrong), recall = (double)right / (double)(right + missed);
    (void)printf("\"%s\": {\"right\": %llu, \"wrong\": %llu, \"missed\": %llu, \"precision\": %.5f, \"recall\": %.5f, "
                 "\"f1\": %.5f}, ",
                 name, (unsigned long long)right, (unsigned long long)wrong, (unsigned long long)missed, precision,
                 recall, 2 * precision * recall / (precision + recall));
}

static void measure_accuracy(bool is_all) {
    struct tally tally = {0};
    struct group *groups = calloc(people.count, sizeof *groups);
    joined = calloc(people.count, sizeof *joined);
    if (groups == NULL || joined == NULL) stop("no memory");
    for (uint32_t i = 0; i < people.count; i++) {
        joined[i] = i;
        if (is_all && !search_put(search, id_of(i), &people.rows[i].person)) stop("no room");
    }
    for (uint32_t i = 0; i < people.count; i++) {
        look_up(i, is_all, &tally);
        if (!is_all && !search_put(search, id_of(i), &people.rows[i].person)) stop("no room");
    }
    for (uint32_t i = 0; i < people.count; i++) groups[i] = (struct group){people.rows[i].truth, first_of(i)};
    qsort(groups, people.count, sizeof *groups, by_truth);
    uint64_t true_pairs = count_pairs(groups, true, false), joined_right = count_pairs(groups, true, true);
    qsort(groups, people.count, sizeof *groups, by_person);
    uint64_t joined_all = count_pairs(groups, false, true);
    (void)printf("{");
    print_accuracy("direct", tally.right, tally.wrong, true_pairs - tally.right);
    print_accuracy("joined", joined_right, joined_all - joined_right, true_pairs - joined_right);
    (void)printf("\"kinds\": {");
    for (int i = 0; i < KINDS_MAX && kinds[i].records > 0; i++) {
        const struct kind *kind = &kinds[i];
        (void)printf("%s\"%s\": [%llu, %llu, %llu, %llu]", i > 0 ? ", " : "", kind->name,
                     (unsigned long long)kind->found, (unsigned long long)kind->records,
                     (unsigned long long)kind->linked, (unsigned long long)kind->linked_wrong);
    }
    (void)printf("}, \"records\": %u, \"compared\": %.2f, \"fell_back\": %.4f, \"incomplete\": %.4f}\n", people.count,
                 (double)tally.compared / people.count, (double)tally.fell_back / people.count,
                 (double)tally.incomplete / people.count);
    free(groups);
    free(joined);
}

/* ---- scale ---- */

static int64_t now_ns(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int by_size(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* One in four of those who come again was never there. */
static bool is_stranger(uint32_t base) {
    return base + 1 < people.count && people.rows[base + 1].truth == people.rows[base].truth && base % 4 == 0;
}

/* Returns the seconds it took. */
static double load(void) {
    int64_t begin_ns = now_ns();
    for (uint32_t i = 0; i < people.count; i++) {
        if (strcmp(people.rows[i].kind, "base") != 0 || is_stranger(i)) continue;
        if (!search_put(search, id_of(i), &people.rows[i].person)) stop("no room");
    }
    search_settle(search);
    return (double)(now_ns() - begin_ns) / 1e9;
}

struct score {
    uint32_t lookups, known, right_first, wrong_first;
};

static void count_first(uint32_t number, struct score *score) {
    score->lookups++;
    score->known += !is_stranger(number - 1);
    if (result.count == 0) return;
    bool is_right = people.rows[number_of(0)].truth == people.rows[number].truth;
    score->right_first += is_right;
    score->wrong_first += !is_right;
}

/* Of this process, the file's people included. */
static double peak_mib(void) {
    struct rusage used;
    (void)getrusage(RUSAGE_SELF, &used);
    return (double)used.ru_maxrss / 1024;
}

static void measure_scale(uint32_t lookups_max, double load_s, int64_t *took_ns) {
    struct tally tally = {0};
    struct score score = {0};
    for (uint32_t i = 1; i < people.count && score.lookups < lookups_max; i++) {
        if (strcmp(people.rows[i].kind, "base") == 0) continue;
        int64_t from_ns = now_ns();
        search_find(search, &people.rows[i].person, posterior_ppm, 10, &result);
        took_ns[score.lookups] = now_ns() - from_ns;
        count_first(i, &score);
        tally.compared += result.compared;
        tally.fell_back += result.did_fall_back;
        tally.incomplete += result.is_incomplete;
    }
    if (score.lookups == 0) stop("nobody to look up: second records, please");
    double total_ns = 0, lookups = score.lookups;
    for (uint32_t i = 0; i < score.lookups; i++) total_ns += (double)took_ns[i];
    qsort(took_ns, score.lookups, sizeof *took_ns, by_size);
    struct search_view view = search_view(search);
    (void)printf(
        "{\"people\": %u, \"load_s\": %.3f, \"bytes_per_person\": %.1f, \"lookups\": %u, \"per_second\": %.0f, "
        "\"p50_us\": %.1f, \"p99_us\": %.1f, \"cpu_us\": %.2f, \"candidates\": %.1f, \"fell_back\": %.4f, "
        "\"incomplete\": %.5f, \"known\": %u, \"right_first\": %u, \"wrong_first\": %u, "
        "\"peak_mib\": %.0f}\n",
        view.people, load_s, (double)view.bytes / view.people, score.lookups, 1e9 * lookups / total_ns,
        (double)took_ns[score.lookups / 2] / 1000, (double)took_ns[score.lookups * UINT64_C(99) / 100] / 1000,
        total_ns / lookups / 1000, (double)tally.compared / lookups, (double)tally.fell_back / lookups,
        (double)tally.incomplete / lookups, score.known, score.right_first, score.wrong_first, peak_mib());
    (void)fflush(stdout);
}

static void serve(uint32_t lookups_max, bool is_served) {
    char line[16];
    int64_t *took_ns = calloc(lookups_max, sizeof *took_ns);
    if (took_ns == NULL) stop("no memory");
    double load_s = load();
    do {
        if (is_served && fgets(line, sizeof line, stdin) == NULL) break;
        measure_scale(lookups_max, load_s, took_ns);
    } while (is_served);
    free(took_ns);
}

int main(int argc, char **argv) {
    static const struct option options[] = {
        {"four-fields", no_argument, NULL, '4'}, {"all-pairs", no_argument, NULL, 'a'},
        {"scale", required_argument, NULL, 's'}, {"posterior", required_argument, NULL, 'p'},
        {"serve", no_argument, NULL, 'e'},       {NULL, 0, NULL, 0}};
    bool is_four = false, is_all = false, is_served = false;
    uint32_t lookups_max = 0;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        is_four |= option == '4';
        is_all |= option == 'a';
        is_served |= option == 'e';
        if (option == 'p') posterior_ppm = (uint32_t)strtoul(optarg, NULL, 10);
        if (option == 's') lookups_max = (uint32_t)strtoul(optarg, NULL, 10);
    }
    if (optind + 2 != argc) stop("usage: see the beginning of tests/bench/bench_match.c");
    struct match_rules rules = read_rules(argv[optind]);
    struct error error = {0};
    if (people_read(argv[optind + 1], 0, &people, &error) != STATUS_OK) stop(error.message);
    if (is_four) people_keep_four_fields(&people);
    uint32_t people_max = 0;
    for (uint32_t i = 0; i < people.count; i++) {
        people_max += lookups_max == 0 || strcmp(people.rows[i].kind, "base") == 0;
    }
    search = search_new(&rules, people_max);
    if (search == NULL) stop("no memory");
    if (lookups_max > 0) {
        serve(lookups_max, is_served);
    } else {
        measure_accuracy(is_all);
    }
    search_free(search);
    people_free(&people);
    return 0;
}
