/* bhr-sim: runs seeds of the simulator until one breaks a promise or the order is done. A failure prints the promise, is
 * shrunk, and ends with the command that replays the short form and what happened in it, in words. */
#include "tests/sim/crew.h"

#include "lib/digest/digest.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { SEEDS_DEFAULT = 1000, LIST_MAX = 256, REUSED_MEMORY = 32 * 1024 * 1024 };

struct request {
    struct crew_order order;
    bool are_marks_required, is_shrunk;
    uint64_t list[LIST_MAX];
};

static bool read_arguments(int argc, char **argv, struct request *request);
static void print_summary(const struct crew_tally *tally, double seconds, const struct crew_order *order);
static bool are_all_met(const struct crew_tally *tally);
static void tell_finding(const struct request *request, const struct crew_finding *finding);

int main(int argc, char **argv) {
    static struct request request;
    if (!digest_init()) return 2;
    if (!read_arguments(argc, argv, &request)) {
        (void)fprintf(
            stderr,
            "usage: bhr-sim [--seed N | --seeds COUNT | --steps COUNT | --seconds S | --list FILE]\n"
            "               [--from N | --fresh] [--jobs N] [--once: not each seed twice, compared]\n"
            "               [--marks-required] [--quiet] [--story] [--as-it-is: a failing seed is not shrunk]\n"
            "               [--ticks N] [--commands N] [--processes N] [--only SWITCH,...] [--strikes N,...]\n");
        return 2;
    }
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    /* Processes of the world come and go: what they had is taken again, not handed back to the kernel. */
    (void)mallopt(M_MMAP_THRESHOLD, REUSED_MEMORY);
    (void)mallopt(M_TRIM_THRESHOLD, 4 * REUSED_MEMORY);
    if (request.order.list == NULL) printf("seeds from %llu on\n", (unsigned long long)request.order.from);
    double begin_s = crew_now_s();
    struct crew_tally tally;
    struct crew_finding finding;
    crew_run(&request.order, &tally, &finding);
    if (finding.has_failed) tell_finding(&request, &finding);
    print_summary(&tally, crew_now_s() - begin_s, &request.order);
    if (finding.has_failed) return 1;
    return request.are_marks_required && !are_all_met(&tally) ? 1 : 0;
}

static void tell_finding(const struct request *request, const struct crew_finding *finding) {
    const struct crew_order *order = &request->order;
    printf("BROKEN: %s\n  seed %llu: bhr-sim --seed %llu --story\n", finding->failure,
           (unsigned long long)finding->seed, (unsigned long long)finding->seed);
    if (order->tells_all) return; /* told already */
    struct sim_limits limits = order->limits;
    if (request->is_shrunk) (void)shrink(finding, !order->is_once, &limits);
    printf("  replay: bhr-sim --seed %llu", (unsigned long long)finding->seed);
    shrink_print(&limits);
    printf(" --story\n");
    struct crew_finding shown = crew_try(finding->seed, &limits, !order->is_once, true, false);
    printf("  in it: %s\n", shown.failure);
}

static void print_summary(const struct crew_tally *tally, double seconds, const struct crew_order *order) {
    struct rusage used;
    (void)getrusage(RUSAGE_CHILDREN, &used);
    double cpu_s = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                   (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    printf("%llu seeds, %llu steps in %.1f s, %.0f steps/s by %u processes; %.0f per second of a core%s\n",
           (unsigned long long)tally->seeds, (unsigned long long)tally->steps, seconds, (double)tally->steps / seconds,
           order->jobs, (double)tally->steps / cpu_s, order->is_once ? "" : ", each seed run twice");
    printf("%llu ticks, %llu strikes; at the longest everything was right again %lld ms after the last fault (seed "
           "%llu)\n",
           (unsigned long long)tally->ticks, (unsigned long long)tally->strikes, (long long)tally->converged_ms_max,
           (unsigned long long)tally->converged_seed);
    for (int i = 0; i < SIM_MARKS; i++) {
        printf("  %8llu seeds %10llu times  %s\n", (unsigned long long)tally->seeds_with[i],
               (unsigned long long)tally->times[i], sim_mark_sentence((enum sim_mark)i));
    }
}

static bool are_all_met(const struct crew_tally *tally) {
    int missing = 0;
    for (int i = 0; i < SIM_MARKS; i++) {
        if (tally->times[i] > 0) continue;
        printf("NEVER MET: %s\n", sim_mark_sentence((enum sim_mark)i));
        missing++;
    }
    if (missing == 0) printf("all %d marks were met\n", (int)SIM_MARKS);
    return missing == 0;
}

static bool number_of(const char *text, uint64_t *ret_number) {
    if (text == NULL || text[0] < '0' || text[0] > '9') return false;
    char *end;
    errno = 0;
    *ret_number = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0';
}

/* Seeds that once broke a promise: a number at the start of a line, the rest is for humans. */
static bool read_list(const char *path, struct request *request) {
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        (void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return false;
    }
    char line[256];
    uint64_t count = 0;
    while (count < LIST_MAX && fgets(line, sizeof line, file) != NULL) {
        if (line[0] >= '0' && line[0] <= '9') request->list[count++] = strtoull(line, NULL, 10);
    }
    (void)fclose(file);
    request->order.list = request->list;
    request->order.seeds_max = count;
    return true;
}

/* "a,b,c" or "none". False: one of them cannot be read. */
static bool read_words(const char *words, bool (*take)(struct sim_limits *limits, const char *word, size_t size),
                       struct sim_limits *limits) {
    if (words == NULL) return false;
    if (strcmp(words, "none") == 0) return true;
    for (;;) {
        size_t size = strcspn(words, ",");
        if (!take(limits, words, size)) return false;
        if (words[size] == '\0') return true;
        words += size + 1;
    }
}

static bool take_switch(struct sim_limits *limits, const char *word, size_t size) {
    int number = sim_switch_named(word, size);
    if (number >= 0) limits->switches_off &= ~(UINT64_C(1) << number);
    return number >= 0;
}

static bool take_strike(struct sim_limits *limits, const char *word, size_t size) {
    char *end;
    uint64_t number = strtoull(word, &end, 10);
    if (end != word + size || size == 0 || number >= SIM_STRIKES_MAX) return false;
    limits->strikes[number / 64] |= UINT64_C(1) << number % 64;
    return true;
}

static bool read_flag(const char *name, struct request *request) {
    struct crew_order *order = &request->order;
    if (strcmp(name, "--story") == 0) {
        order->tells_all = true;
    } else if (strcmp(name, "--once") == 0) {
        order->is_once = true;
    } else if (strcmp(name, "--quiet") == 0) {
        order->is_quiet = true;
    } else if (strcmp(name, "--marks-required") == 0) {
        request->are_marks_required = true;
    } else if (strcmp(name, "--as-it-is") == 0) {
        request->is_shrunk = false;
    } else if (strcmp(name, "--fresh") == 0) {
        digest_random(&order->from, sizeof order->from);
        order->from >>= 16;
    } else {
        return false;
    }
    return true;
}

static bool read_number(const char *name, uint64_t number, struct request *request) {
    struct crew_order *order = &request->order;
    if (strcmp(name, "--seed") == 0) {
        order->from = number;
        order->seeds_max = 1;
    } else if (strcmp(name, "--seeds") == 0) {
        order->seeds_max = number;
    } else if (strcmp(name, "--from") == 0) {
        order->from = number;
    } else if (strcmp(name, "--steps") == 0) {
        order->steps_max = number;
    } else if (strcmp(name, "--seconds") == 0) {
        order->seconds_max = (double)number;
    } else if (strcmp(name, "--jobs") == 0) {
        order->jobs = (uint32_t)number;
    } else if (strcmp(name, "--ticks") == 0) {
        order->limits.ticks_max = number;
    } else if (strcmp(name, "--commands") == 0) {
        order->limits.commands_max = (uint32_t)number;
    } else if (strcmp(name, "--processes") == 0) {
        order->limits.processes_max = (uint32_t)number;
    } else {
        return false;
    }
    return true;
}

static bool read_arguments(int argc, char **argv, struct request *request) {
    struct crew_order *order = &request->order;
    *request = (struct request){.is_shrunk = true, .order = {.from = 1, .steps_max = UINT64_MAX, .jobs = 1}};
    for (int i = 1; i < argc; i++) {
        uint64_t number;
        if (read_flag(argv[i], request)) continue;
        if (i + 1 >= argc) return false;
        const char *name = argv[i++];
        if (strcmp(name, "--list") == 0) {
            if (!read_list(argv[i], request)) return false;
        } else if (strcmp(name, "--only") == 0) {
            order->limits.switches_off = UINT64_MAX;
            if (!read_words(argv[i], take_switch, &order->limits)) return false;
        } else if (strcmp(name, "--strikes") == 0) {
            order->limits.are_strikes_named = true;
            if (!read_words(argv[i], take_strike, &order->limits)) return false;
        } else if (!number_of(argv[i], &number) || !read_number(name, number, request)) {
            return false;
        }
    }
    bool has_end = order->seconds_max > 0 || order->steps_max != UINT64_MAX;
    if (order->seeds_max == 0) order->seeds_max = has_end ? UINT64_MAX : SEEDS_DEFAULT;
    return order->jobs >= 1 && order->jobs <= CREW_MAX;
}
