/* Several processes run seeds at once, each every n-th one, and count in memory that they share. A process that fails or
 * dies leaves its seed behind; whoever waits for it does the rest. */
#include "tests/sim/crew.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TRY_SECONDS_MAX = 60, PROGRESS_SECONDS = 15 };

struct shared {
    struct crew_tally tallies[CREW_MAX];
    struct crew_finding findings[CREW_MAX];
    bool is_over;
};

static struct sim sim;

double crew_now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void run_seed(uint64_t seed, const struct sim_limits *limits, bool is_twice, bool tells_all,
                     struct crew_finding *ret_finding) {
    sim_run(&sim, seed, limits, tells_all);
    uint64_t hash = sim.hash, steps = sim.steps;
    if (is_twice && !sim.has_failed) {
        sim_run(&sim, seed, limits, false);
        bool is_same = sim.hash == hash && sim.steps == steps;
        if (!is_same) sim_fail(&sim, "not deterministic: the second run of the same seed differs");
    }
    *ret_finding = (struct crew_finding){.has_failed = sim.has_failed,
                                         .seed = seed,
                                         .ticks = sim.safe_ticks,
                                         .strikes = sim.strikes,
                                         .steps = steps,
                                         .commands = sim.command_count};
    memcpy(ret_finding->failure, sim.failure, sizeof ret_finding->failure);
}

static void count(struct crew_tally *tally) {
    tally->seeds++;
    tally->steps += sim.steps;
    tally->ticks += sim.ticks;
    tally->strikes += sim.strikes;
    for (int i = 0; i < SIM_MARKS; i++) {
        tally->seeds_with[i] += sim.marks[i] > 0;
        tally->times[i] += sim.marks[i];
    }
    if (sim.converged_ms <= tally->converged_ms_max) return;
    tally->converged_ms_max = sim.converged_ms;
    tally->converged_seed = sim.seed;
}

/* Time of the core, not of the day: a run that others keep waiting is not endless. */
static void limit_time(void) {
    const struct itimerval limit = {.it_value.tv_sec = TRY_SECONDS_MAX};
    int failed = setitimer(ITIMER_PROF, &limit, NULL);
    ASSERT(failed == 0);
}

static uint64_t steps_of_all(const struct shared *shared, uint32_t jobs) {
    uint64_t steps = 0;
    for (uint32_t i = 0; i < jobs; i++) steps += __atomic_load_n(&shared->tallies[i].steps, __ATOMIC_RELAXED);
    return steps;
}

/* One of the crew: the seeds number `me`, `me` + jobs, ... */
static void work(const struct crew_order *order, struct shared *shared, uint32_t me) {
    double until_s = order->seconds_max > 0 ? crew_now_s() + order->seconds_max : 0;
    struct crew_tally *tally = &shared->tallies[me];
    for (uint64_t i = me; i < order->seeds_max; i += order->jobs) {
        bool is_over = __atomic_load_n(&shared->is_over, __ATOMIC_RELAXED) || (until_s > 0 && crew_now_s() >= until_s);
        if (is_over || steps_of_all(shared, order->jobs) >= order->steps_max) break;
        tally->seed_now = order->list != NULL ? order->list[i] : order->from + i;
        limit_time();
        run_seed(tally->seed_now, &order->limits, !order->is_once, order->tells_all, &shared->findings[me]);
        count(tally);
        if (!shared->findings[me].has_failed) continue;
        __atomic_store_n(&shared->is_over, true, __ATOMIC_RELAXED);
        break;
    }
}

static void add(struct crew_tally *sum, const struct crew_tally *tally) {
    sum->seeds += tally->seeds;
    sum->steps += tally->steps;
    sum->ticks += tally->ticks;
    sum->strikes += tally->strikes;
    for (int i = 0; i < SIM_MARKS; i++) {
        sum->seeds_with[i] += tally->seeds_with[i];
        sum->times[i] += tally->times[i];
    }
    if (tally->converged_ms_max <= sum->converged_ms_max) return;
    sum->converged_ms_max = tally->converged_ms_max;
    sum->converged_seed = tally->converged_seed;
}

/* A finding without a message of its own: the process died. */
static void name_death(int status, uint64_t seed, struct crew_finding *finding) {
    *finding = (struct crew_finding){.has_failed = true, .seed = seed};
    int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (number == SIGABRT) {
        (void)snprintf(finding->failure, sizeof finding->failure, "assertion: one of the product's failed (see above)");
    } else if (number == SIGPROF) {
        (void)snprintf(finding->failure, sizeof finding->failure, "endless: the seed takes more than %d s of a core",
                       (int)TRY_SECONDS_MAX);
    } else {
        (void)snprintf(finding->failure, sizeof finding->failure, "died: signal %d, exit %d", number,
                       WIFEXITED(status) ? WEXITSTATUS(status) : 0);
    }
}

static void tell_progress(const struct crew_order *order, const struct shared *shared, double seconds) {
    struct crew_tally sum = {0};
    for (uint32_t i = 0; i < order->jobs; i++) add(&sum, &shared->tallies[i]);
    printf("%6.0f s  %llu seeds, %llu steps, %.0f steps/s\n", seconds, (unsigned long long)sum.seeds,
           (unsigned long long)sum.steps, (double)sum.steps / seconds);
}

static void *share(size_t size) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT(memory != MAP_FAILED);
    return memory;
}

/* Waits for all of them; tells how far they are now and then. */
static void await(const struct crew_order *order, struct shared *shared, const pid_t pids[CREW_MAX]) {
    double begin_s = crew_now_s(), told_s = begin_s;
    uint32_t left = order->jobs;
    while (left > 0) {
        int status;
        pid_t pid = waitpid(-1, &status, WNOHANG);
        for (uint32_t i = 0; pid > 0 && i < order->jobs; i++) {
            if (pids[i] != pid) continue;
            left--;
            if (WIFEXITED(status) && WEXITSTATUS(status) == 0) break;
            __atomic_store_n(&shared->is_over, true, __ATOMIC_RELAXED);
            name_death(status, shared->tallies[i].seed_now, &shared->findings[i]);
        }
        if (pid > 0) continue;
        (void)usleep(2000);
        double now_s = crew_now_s();
        if (order->is_quiet || now_s - told_s < PROGRESS_SECONDS) continue;
        told_s = now_s;
        tell_progress(order, shared, now_s - begin_s);
    }
}

void crew_run(const struct crew_order *order, struct crew_tally *ret_tally, struct crew_finding *ret_finding) {
    struct shared *shared = share(sizeof *shared);
    ASSERT(order->jobs >= 1 && order->jobs <= CREW_MAX);
    pid_t pids[CREW_MAX];
    (void)fflush(stdout);
    for (uint32_t i = 0; i < order->jobs; i++) {
        pids[i] = fork();
        ASSERT(pids[i] >= 0);
        if (pids[i] > 0) continue;
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        work(order, shared, i);
        exit(0); /* not _exit: a leak is a finding, too */
    }
    await(order, shared, pids);
    *ret_tally = (struct crew_tally){0};
    *ret_finding = (struct crew_finding){0};
    for (uint32_t i = 0; i < order->jobs; i++) {
        add(ret_tally, &shared->tallies[i]);
        if (shared->findings[i].has_failed && !ret_finding->has_failed) *ret_finding = shared->findings[i];
    }
    (void)munmap(shared, sizeof *shared);
}

struct crew_finding crew_try(uint64_t seed, const struct sim_limits *limits, bool is_twice, bool is_shown,
                             bool tells_all) {
    struct crew_finding *shared = share(sizeof *shared);
    (void)fflush(stdout);
    pid_t pid = fork();
    ASSERT(pid >= 0);
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        int nowhere = is_shown ? -1 : open("/dev/null", O_WRONLY);
        if (nowhere >= 0) {
            (void)dup2(nowhere, STDOUT_FILENO);
            (void)dup2(nowhere, STDERR_FILENO);
        }
        if (is_shown && !tells_all) sim_print_story_on_abort(&sim);
        limit_time();
        run_seed(seed, limits, is_twice, tells_all, shared);
        if (is_shown && shared->has_failed && !tells_all) sim_print_story(&sim);
        (void)fflush(stdout);
        _exit(0);
    }
    int status;
    pid_t waited = waitpid(pid, &status, 0);
    ASSERT(waited == pid);
    struct crew_finding finding = *shared;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) name_death(status, seed, &finding);
    (void)munmap(shared, sizeof *shared);
    return finding;
}
