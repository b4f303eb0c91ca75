/* Draws at most ten times a second. Owns one line of the terminal while it is shown. */
#include "cli/bhr/progress.h"

#include <stdio.h>

enum { QUIET_MS = 1000, DRAW_EVERY_MS = 100, BAR_WIDTH = 30 };

static int64_t now_ms(const struct progress *progress) {
    return progress->cli->clock.monotonic_ms(progress->cli->clock.context);
}

struct progress progress_begin(const struct cli *cli, const char *title, const char *unit, uint64_t total) {
    struct progress progress = {.cli = cli, .title = title, .unit = unit, .total = total};
    progress.began_ms = progress.drawn_ms = now_ms(&progress);
    return progress;
}

void progress_step(struct progress *progress, uint64_t done) {
    if (!progress->cli->has_progress) return;
    int64_t now = now_ms(progress);
    if (now - progress->began_ms < QUIET_MS || now - progress->drawn_ms < DRAW_EVERY_MS) return;
    progress->drawn_ms = now;
    progress->is_shown = true;
    uint64_t rate = done * 1000 / (uint64_t)(now - progress->began_ms);
    if (progress->total == 0) {
        fprintf(stderr, "\r\033[K%s  %llu %s  %llu/s", progress->title, (unsigned long long)done, progress->unit,
                (unsigned long long)rate);
    } else {
        uint64_t filled = done >= progress->total ? BAR_WIDTH : done * BAR_WIDTH / progress->total;
        fprintf(stderr, "\r\033[K%s [", progress->title);
        for (uint64_t i = 0; i < BAR_WIDTH; i++) fputc(i < filled ? '#' : '.', stderr);
        fprintf(stderr, "] %llu / %llu %s  %llu/s", (unsigned long long)done, (unsigned long long)progress->total,
                progress->unit, (unsigned long long)rate);
    }
    fflush(stderr);
}

void progress_end(struct progress *progress) {
    if (!progress->is_shown) return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    progress->is_shown = false;
}
