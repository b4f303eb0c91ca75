/* The order of a drill: note where the journal ends, book, let the script break and mend, book a little longer, judge. */
#include "cli/bhr/drill.h"

#include "lib/base/assert.h"
#include "services/booking/service.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    CALM_MS = 1000, /* of load before the fault and after it */
    IN_FLIGHT = 64,
    LIMIT_MS = 120000, /* callers do not give up: what a fault costs is then the longest time without an answer */
    NOT_STARTED = 3,   /* exit code of the script: nothing was done */
};

enum drill_phase { DRILL_BEFORE, DRILL_UNDER_WAY, DRILL_AFTER };

struct drill {
    const struct cli *cli;
    const char *fault;
    enum drill_phase phase;
    int64_t since_ms; /* of the phase */
    pid_t script;
    int script_exit;
    int64_t took_ms;
    struct drill_told told;
};

static bool goes_on(void *context);
static bool take_end(struct drill *drill, int options);
static void on_booked(void *context, struct uuid request_id);
static pid_t start_script(const struct cli *cli, const char *word, int out);
static int find_now(struct cli *cli, struct ownership *ret_ownership);
static int64_t now_ms_of(const struct cli *cli);

int drill_run(struct cli *cli, const char *fault, uint32_t per_second, struct drill_result *ret_result) {
    static struct drill drill; /* too large for the stack */
    drill.cli = cli;
    drill.fault = fault;
    drill.script_exit = -1;
    struct ownership before;
    int code = find_now(cli, &before);
    if (code != CLI_OK) return code;
    if (cli->limit_ms < LIMIT_MS) cli->limit_ms = LIMIT_MS;
    const struct load_plan plan = {
        .clients = 1,
        .in_flight = IN_FLIGHT,
        .per_second = per_second,
        .capacity = 1,
        .organisation = "BHRLOAD",
        .publish_as = suite_client(&cli->suite, "ops") != NULL ? "ops" : NULL,
        .listener = {.context = &drill, .goes_on = goes_on, .booked = on_booked},
    };
    drill.since_ms = now_ms_of(cli);
    code = load_run(cli, &plan, &ret_result->load);
    if (drill.phase == DRILL_UNDER_WAY) (void)take_end(&drill, 0); /* the load ended first: all is still put back */
    if (code != CLI_OK) return code;
    if (drill.script_exit == NOT_STARTED) return CLI_UNREACHED; /* it has said why */
    if (drill.script_exit != 0) {
        return cli_fail(cli, CLI_UNREACHED, "`bhr status`, then `make up`: it starts what does not run",
                        "the fault was not played to its end, or not all was put back");
    }
    ret_result->took_ms = drill.took_ms;
    return drill_prove(cli, &before, &drill.told, &ret_result->proof);
}

int drill_need_local(struct cli *cli) {
    int code = cli_need_suite(cli);
    if (code != CLI_OK) return code;
    const struct suite *suite = &cli->suite;
    const struct suite_service *booking = services_in(suite, &booking_service);
    bool is_local = strcmp(suite->environment, "local") == 0 && suite->local_scripts[0] != '\0' && booking != NULL &&
                    booking->endpoints.count > 0;
    for (const char *broker = suite->brokers; broker != NULL; broker = strchr(broker, ',')) {
        broker += broker != suite->brokers; /* the comma */
        is_local = is_local && strncmp(broker, "127.0.0.1:", 10) == 0;
    }
    for (size_t i = 0; is_local && i < booking->endpoints.count; i++) {
        is_local = strncmp(booking->endpoints.items[i], "tcp://127.0.0.1:", 16) == 0;
    }
    if (is_local) return CLI_OK;
    return cli_fail(cli, CLI_USAGE, "`make up` starts one; name its file with --config",
                    "%s is not the suite of this machine: faults are played on no other", suite->path);
}

int drill_list(const struct cli *cli, struct drill_fault ret_faults[DRILL_FAULTS_MAX], uint32_t *ret_count) {
    int ends[2];
    *ret_count = 0;
    if (pipe(ends) != 0) return cli_fail(cli, CLI_UNREACHED, NULL, "%s", strerror(errno));
    pid_t script = start_script(cli, "--list", ends[1]);
    (void)close(ends[1]);
    FILE *lines = fdopen(ends[0], "r");
    while (lines != NULL && *ret_count < DRILL_FAULTS_MAX) {
        struct drill_fault *fault = &ret_faults[*ret_count];
        if (fscanf(lines, "%31s %127[^\n]", fault->name, fault->sentence) != 2) break;
        (*ret_count)++;
    }
    if (lines != NULL) (void)fclose(lines);
    if (script > 0) (void)waitpid(script, NULL, 0);
    if (*ret_count > 0) return CLI_OK;
    return cli_fail(cli, CLI_UNREACHED, "run `make up` again: it writes that path anew", "%s/drill.sh cannot be run",
                    cli->suite.local_scripts);
}

/* Called by the load generator all the time: calm, the fault, calm again. */
static bool goes_on(void *context) {
    struct drill *drill = context;
    int64_t now_ms = now_ms_of(drill->cli);
    bool is_calm_over = now_ms - drill->since_ms >= CALM_MS;
    if (drill->told.count == DRILL_TOLD_MAX) return false;
    switch (drill->phase) {
    case DRILL_BEFORE:
        if (!is_calm_over || drill->told.count == 0) return true;
        drill->script = start_script(drill->cli, drill->fault, drill->cli->is_json ? STDERR_FILENO : STDOUT_FILENO);
        if (drill->script < 0) return false;
        drill->phase = DRILL_UNDER_WAY;
        drill->since_ms = now_ms;
        return true;
    case DRILL_UNDER_WAY:
        return !take_end(drill, WNOHANG) || drill->script_exit == 0;
    case DRILL_AFTER:
        return !is_calm_over;
    }
    return false;
}

/* True once the script has ended. */
static bool take_end(struct drill *drill, int options) {
    int status;
    if (waitpid(drill->script, &status, options) == 0) return false;
    int64_t now_ms = now_ms_of(drill->cli);
    drill->script_exit = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    drill->took_ms = now_ms - drill->since_ms;
    drill->phase = DRILL_AFTER;
    drill->since_ms = now_ms;
    return true;
}

static void on_booked(void *context, struct uuid request_id) {
    struct drill *drill = context;
    if (drill->told.count < DRILL_TOLD_MAX) drill->told.ids[drill->told.count++] = request_id;
}

/* -1 when it cannot be started. */
static pid_t start_script(const struct cli *cli, const char *word, int out) {
    char script[PATH_MAX], folder[PATH_MAX];
    (void)snprintf(script, sizeof script, "%s/drill.sh", cli->suite.local_scripts);
    const char *file = cli->suite.path, *end = strrchr(file, '/');
    (void)snprintf(folder, sizeof folder, "%.*s", end != NULL ? (int)(end - file) : 1, end != NULL ? file : ".");
    fflush(NULL);
    pid_t pid = fork();
    if (pid != 0) return pid;
    (void)dup2(out, STDOUT_FILENO);
    if (setenv("BHR_SUITE_DIR", folder, true) == 0) (void)execl(script, script, word, (char *)NULL);
    _exit(127);
}

static int find_now(struct cli *cli, struct ownership *ret_ownership) {
    struct cluster cluster;
    int code = cluster_open(cli, &booking_service, &cluster);
    if (code != CLI_OK) return code;
    code = owner_find(cli, &cluster, NULL, -1, ret_ownership);
    cluster_close(&cluster);
    return code;
}

static int64_t now_ms_of(const struct cli *cli) {
    return cli->clock.monotonic_ms(cli->clock.context);
}
