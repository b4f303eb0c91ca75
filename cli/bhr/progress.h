/* A bar on standard error for whatever lasts longer than a second; nothing when that is no terminal, with --quiet or with
 * -o json. */
#ifndef BHR_CLI_PROGRESS_H
#define BHR_CLI_PROGRESS_H

#include "cli/bhr/cli.h"

struct progress {
    const struct cli *cli;
    const char *title, *unit;
    uint64_t total; /* 0 when unknown */
    int64_t began_ms, drawn_ms;
    bool is_shown;
};

struct progress progress_begin(const struct cli *cli, const char *title, const char *unit, uint64_t total);
/* Cheap enough to be called once for each of many steps. */
void progress_step(struct progress *progress, uint64_t done);
/* Wipes the bar. */
void progress_end(struct progress *progress);

#endif
