/* A failing seed becomes a short one: fewer ticks, strikes, kinds of faults, processes and commands, as long as the same
 * promise breaks. Every attempt runs in a process of its own. What remains is printed as the words that replay it. */
#include "tests/sim/crew.h"

#include <stdio.h>

enum { SHRINK_SECONDS_MAX = 45 };

struct shrinking {
    const struct crew_finding *original;
    bool is_twice;
    double until_s;
    struct sim_limits *limits; /* the best so far */
    struct crew_finding best;
    uint32_t tries;
};

/* The promise is what a message says before its colon. */
static bool is_same_promise(const struct crew_finding *a, const struct crew_finding *b) {
    size_t size = strcspn(a->failure, ":");
    return b->has_failed && strncmp(a->failure, b->failure, size + 1) == 0;
}

/* Keeps the limits if they still do it. */
static bool attempt(struct shrinking *s, const struct sim_limits *limits) {
    if (crew_now_s() > s->until_s) return false;
    s->tries++;
    struct crew_finding finding = crew_try(s->original->seed, limits, s->is_twice, false, false);
    if (!is_same_promise(s->original, &finding)) return false;
    *s->limits = *limits;
    s->best = finding;
    return true;
}

static bool fewer_ticks(struct shrinking *s) {
    bool is_shorter = false;
    for (uint64_t part = 2; part <= 64; part *= 2) {
        for (;;) {
            uint64_t ticks = s->limits->ticks_max != 0 ? s->limits->ticks_max : s->best.ticks;
            uint64_t less = ticks / part;
            struct sim_limits limits = *s->limits;
            limits.ticks_max = ticks - less;
            if (less == 0 || limits.ticks_max == 0 || !attempt(s, &limits)) break;
            is_shorter = true;
        }
    }
    return is_shorter;
}

static bool fewer_switches(struct shrinking *s) {
    bool is_shorter = false;
    for (int i = 0; i < SIM_SWITCHES; i++) {
        struct sim_limits limits = *s->limits;
        limits.switches_off |= UINT64_C(1) << i;
        if (limits.switches_off != s->limits->switches_off && attempt(s, &limits)) is_shorter = true;
    }
    return is_shorter;
}

static void name_strikes(struct sim_limits *limits, uint64_t strikes) {
    limits->are_strikes_named = true;
    for (uint64_t i = 0; i < strikes && i < SIM_STRIKES_MAX; i++) limits->strikes[i / 64] |= UINT64_C(1) << i % 64;
}

/* Whole runs of them first, then each. */
static bool fewer_strikes(struct shrinking *s) {
    bool is_shorter = false;
    struct sim_limits named = *s->limits;
    if (!named.are_strikes_named) {
        name_strikes(&named, s->best.strikes > 0 ? s->best.strikes : SIM_STRIKES_MAX);
        if (!attempt(s, &named)) return false;
    }
    for (uint64_t run = SIM_STRIKES_MAX / 2; run > 0; run /= 2) {
        for (uint64_t from = 0; from < SIM_STRIKES_MAX; from += run) {
            struct sim_limits limits = *s->limits;
            for (uint64_t i = from; i < from + run; i++) limits.strikes[i / 64] &= ~(UINT64_C(1) << i % 64);
            bool is_less = memcmp(limits.strikes, s->limits->strikes, sizeof limits.strikes) != 0;
            if (is_less && attempt(s, &limits)) is_shorter = true;
        }
    }
    return is_shorter;
}

static bool fewer_of(struct shrinking *s, uint32_t *(*place)(struct sim_limits *limits), uint32_t most,
                     uint32_t least) {
    bool is_shorter = false;
    for (uint32_t step = most; step > 0; step /= 2) {
        for (;;) {
            struct sim_limits limits = *s->limits;
            uint32_t *number = place(&limits);
            uint32_t now = *number != 0 ? *number : most;
            if (now < least + step) break;
            *number = now - step;
            if (!attempt(s, &limits)) break;
            is_shorter = true;
        }
    }
    return is_shorter;
}

static uint32_t *commands_of(struct sim_limits *limits) {
    return &limits->commands_max;
}

static uint32_t *processes_of(struct sim_limits *limits) {
    return &limits->processes_max;
}

struct crew_finding shrink(const struct crew_finding *finding, bool is_twice, struct sim_limits *limits) {
    struct shrinking s = {
        .original = finding, .is_twice = is_twice, .until_s = crew_now_s() + SHRINK_SECONDS_MAX, .limits = limits};
    s.best = crew_try(finding->seed, limits, is_twice, false, false);
    if (!is_same_promise(finding, &s.best)) return *finding; /* not even the same again: shown as it was */
    bool is_shorter = true;
    while (is_shorter && crew_now_s() < s.until_s) {
        is_shorter = fewer_ticks(&s);
        is_shorter = fewer_switches(&s) || is_shorter;
        is_shorter = fewer_strikes(&s) || is_shorter;
        is_shorter = fewer_of(&s, commands_of, SIM_COMMANDS_MAX, 1) || is_shorter;
        is_shorter = fewer_of(&s, processes_of, SIM_PROCESSES_MAX, 1) || is_shorter;
    }
    printf("  shrunk by %u attempts: %llu ticks and %llu steps became %llu and %llu\n", s.tries,
           (unsigned long long)finding->ticks, (unsigned long long)finding->steps, (unsigned long long)s.best.ticks,
           (unsigned long long)s.best.steps);
    return s.best;
}

/* " --words a,b,c" of the bits that are set, or of none. */
static void print_list(const char *words, int count, bool (*is_set)(const struct sim_limits *limits, int i),
                       void (*print)(int i), const struct sim_limits *limits) {
    int listed = 0;
    printf(" %s ", words);
    for (int i = 0; i < count; i++) {
        if (!is_set(limits, i)) continue;
        if (listed++ > 0) printf(",");
        print(i);
    }
    if (listed == 0) printf("none");
}

static bool is_switch_on(const struct sim_limits *limits, int i) {
    return (limits->switches_off >> i & 1) == 0;
}

static void print_switch(int i) {
    printf("%s", sim_switch_name(i));
}

static bool is_strike_on(const struct sim_limits *limits, int i) {
    return (limits->strikes[i / 64] >> i % 64 & 1) != 0;
}

static void print_strike(int i) {
    printf("%d", i);
}

void shrink_print(const struct sim_limits *limits) {
    if (limits->ticks_max != 0) printf(" --ticks %llu", (unsigned long long)limits->ticks_max);
    if (limits->commands_max != 0) printf(" --commands %u", limits->commands_max);
    if (limits->processes_max != 0) printf(" --processes %u", limits->processes_max);
    if (limits->switches_off != 0) print_list("--only", SIM_SWITCHES, is_switch_on, print_switch, limits);
    if (limits->are_strikes_named) print_list("--strikes", SIM_STRIKES_MAX, is_strike_on, print_strike, limits);
}
