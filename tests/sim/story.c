/* What happened in a world, in words: a ring of the last lines, or everything as it happens with --story. */
#include "tests/sim/sim.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static void print_line(const struct story_line *line) {
    char who[16];
    if (line->process < 0) {
        (void)snprintf(who, sizeof who, "%s", line->is_beside ? "index" : "world");
    } else {
        (void)snprintf(who, sizeof who, "%c%d", line->is_beside ? 'i' : 'p', line->process);
    }
    printf("[%8lld] %-5s  %-22s", (long long)(line->now_ms - SIM_START_MS), who, line->what);
    if (line->a != INT64_MIN) printf(" %lld", (long long)line->a);
    if (line->b != INT64_MIN) printf(" %lld", (long long)line->b);
    if (line->text[0] != '\0') printf("  %s", line->text);
    printf("\n");
}

void sim_tell(struct sim *sim, const struct process *process, const char *what, const char *text, int64_t a,
              int64_t b) {
    struct sim *teller = sim->follower != NULL ? sim->follower : sim;
    struct story_line *line = &teller->story[teller->story_count++ % SIM_STORY_MAX];
    *line = (struct story_line){.now_ms = sim->time.now_ms,
                                .process = process == NULL ? -1 : process->index,
                                .is_beside = sim->follower != NULL,
                                .what = what,
                                .text = text,
                                .a = a,
                                .b = b};
    sim_mix(sim, (uint64_t)line->now_ms);
    sim_mix(sim, (uint64_t)a ^ (uint64_t)b << 20 ^ (uint64_t)(line->process + 1));
    if (sim->tells_all) print_line(line);
}

void sim_fail(struct sim *sim, const char *format, ...) {
    if (sim->has_failed) return; /* what follows a broken promise says nothing */
    sim->has_failed = true;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(sim->failure, sizeof sim->failure, format, arguments);
    va_end(arguments);
    if (sim->follower != NULL) {
        sim_fail(sim->follower, "%s", sim->failure);
    } else if (sim->tells_all) {
        printf("           BROKEN: %s\n", sim->failure);
    }
}

void sim_print_story(const struct sim *sim) {
    uint64_t first = sim->story_count > SIM_STORY_MAX ? sim->story_count - SIM_STORY_MAX : 0;
    for (uint64_t i = first; i < sim->story_count; i++) print_line(&sim->story[i % SIM_STORY_MAX]);
}

static const struct sim *told_on_abort;

static void on_abort(int number) {
    (void)number;
    sim_print_story(told_on_abort);
    (void)fflush(stdout);
    _exit(1);
}

void sim_print_story_on_abort(const struct sim *sim) {
    told_on_abort = sim;
    (void)signal(SIGABRT, on_abort);
}

const char *sim_mark_sentence(enum sim_mark mark) {
    static const char *const sentences[] = {
#define X(name, sentence) sentence,
#include "tests/sim/marks.def"
#undef X
    };
    return mark < SIM_MARKS ? sentences[mark] : "?";
}
