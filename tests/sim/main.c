/* bhr-sim: runs seeds of the simulator until one breaks a promise or the time is up. A failure prints the promise, the
 * seed, the command that replays it and what happened in words. */
#include "tests/sim/sim.h"

#include "lib/base/assert.h"
#include "lib/digest/digest.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct request {
    uint64_t from, count, steps_max;
    double seconds_max;
    bool tells_all, is_checked_twice;
    const char *list; /* a file of seeds to run, or NULL */
};

struct totals {
    uint64_t seeds, steps;
    uint64_t seeds_with[SIM_MARKS], times[SIM_MARKS];
};

static struct sim sim;

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A broken ASSERT of the product ends here: it is a finding like any other. */
static void on_abort(int number) {
    (void)number;
    printf("BROKEN: an assertion of the product failed (see above)\n  at step %llu\n  replay: bhr-sim --seed %llu "
           "--story\n",
           (unsigned long long)sim.steps, (unsigned long long)sim.seed);
    if (!sim.tells_all) sim_print_story(&sim);
    (void)fflush(stdout);
    _exit(1);
}

static bool run_seed(const struct request *request, uint64_t seed, struct totals *totals) {
    sim_run(&sim, seed, request->steps_max, request->tells_all);
    uint64_t hash = sim.hash;
    totals->seeds++;
    totals->steps += sim.steps;
    for (int i = 0; i < SIM_MARKS; i++) {
        totals->seeds_with[i] += sim.marks[i] > 0;
        totals->times[i] += sim.marks[i];
    }
    if (request->is_checked_twice && !sim.has_failed) {
        sim_run(&sim, seed, request->steps_max, false);
        if (sim.hash != hash) sim_fail(&sim, "not deterministic: the second run of the same seed differs");
    }
    if (!sim.has_failed) return true;
    printf("BROKEN: %s\n  seed %llu, step %llu\n  replay: bhr-sim --seed %llu --story\n", sim.failure,
           (unsigned long long)seed, (unsigned long long)sim.steps, (unsigned long long)seed);
    if (!request->tells_all) sim_print_story(&sim);
    return false;
}

static void print_summary(const struct totals *totals, double seconds) {
    printf("%llu seeds, %llu steps in %.1f s, %.0f steps/s\n", (unsigned long long)totals->seeds,
           (unsigned long long)totals->steps, seconds, (double)totals->steps / seconds);
    for (int i = 0; i < SIM_MARKS; i++) {
        printf("  %8llu seeds %10llu times  %s\n", (unsigned long long)totals->seeds_with[i],
               (unsigned long long)totals->times[i], sim_mark_sentence((enum sim_mark)i));
    }
}

static bool number_of(const char *text, uint64_t *ret_number) {
    if (text == NULL || text[0] < '0' || text[0] > '9') return false;
    char *end;
    errno = 0;
    *ret_number = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0';
}

static bool read_arguments(int argc, char **argv, struct request *request) {
    *request = (struct request){.from = 1, .count = 1000};
    for (int i = 1; i < argc; i++) {
        uint64_t number = 0;
        if (strcmp(argv[i], "--story") == 0) {
            request->tells_all = true;
            continue;
        }
        if (strcmp(argv[i], "--twice") == 0) {
            request->is_checked_twice = true;
            continue;
        }
        if (strcmp(argv[i], "--fresh") == 0) {
            digest_random(&request->from, sizeof request->from);
            request->from >>= 16;
            continue;
        }
        if (strcmp(argv[i], "--list") == 0 && i + 1 < argc) {
            request->list = argv[++i];
            continue;
        }
        if (i + 1 >= argc || !number_of(argv[i + 1], &number)) return false;
        const char *name = argv[i++];
        if (strcmp(name, "--seed") == 0) {
            request->from = number;
            request->count = 1;
        } else if (strcmp(name, "--seeds") == 0) {
            request->count = number;
        } else if (strcmp(name, "--from") == 0) {
            request->from = number;
        } else if (strcmp(name, "--steps") == 0) {
            request->steps_max = number;
        } else if (strcmp(name, "--seconds") == 0) {
            request->seconds_max = (double)number;
            if (request->count == 1000) request->count = UINT64_MAX;
        } else {
            return false;
        }
    }
    return true;
}

/* Seeds that once broke a promise: a number at the start of a line, the rest is for humans. */
static bool run_list(const struct request *request, struct totals *totals) {
    FILE *file = fopen(request->list, "r");
    if (file == NULL) {
        (void)fprintf(stderr, "%s: %s\n", request->list, strerror(errno));
        return false;
    }
    char line[256];
    bool is_good = true;
    while (is_good && fgets(line, sizeof line, file) != NULL) {
        if (line[0] < '0' || line[0] > '9') continue;
        is_good = run_seed(request, strtoull(line, NULL, 10), totals);
    }
    (void)fclose(file);
    return is_good;
}

int main(int argc, char **argv) {
    struct request request;
    if (!digest_init()) return 2;
    if (!read_arguments(argc, argv, &request)) {
        (void)fprintf(stderr,
                      "usage: bhr-sim [--seed N | --seeds COUNT] [--from N | --fresh] [--steps MAX of the storm]\n"
                      "               [--seconds S] [--twice: each seed twice, compared] [--story] [--list FILE]\n");
        return 2;
    }
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    (void)signal(SIGABRT, on_abort);
    struct totals totals = {0};
    double begin = now_s();
    bool is_good = true;
    if (request.list != NULL) {
        is_good = run_list(&request, &totals);
        request.count = 0;
    } else {
        printf("seeds from %llu on\n", (unsigned long long)request.from);
    }
    for (uint64_t i = 0; is_good && i < request.count; i++) {
        if (request.seconds_max > 0 && now_s() - begin >= request.seconds_max) break;
        is_good = run_seed(&request, request.from + i, &totals);
    }
    print_summary(&totals, now_s() - begin);
    return is_good ? 0 : 1;
}
