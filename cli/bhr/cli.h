/* What every command of `bhr` is given: how to answer (text or JSON, colours, quiet), where the suite is, and how to say
 * that something went wrong. Exit codes are a promise to scripts. One thread. */
#ifndef BHR_CLI_CLI_H
#define BHR_CLI_CLI_H

#include "cli/bhr/suite.h"
#include "lib/base/slice.h"
#include "lib/port/clock.h"

#include <jansson.h>
#include <stdint.h>

#define CLI_EXITS(X)                                                                                                   \
    X(CLI_OK, 0, "done")                                                                                               \
    X(CLI_REFUSED, 1, "the service understood and decided against it, by name")                                        \
    X(CLI_USAGE, 2, "the command or its input is not as it must be")                                                   \
    X(CLI_UNREACHED, 3, "the service, Kafka or a store cannot be reached; nothing was done")                           \
    X(CLI_UNKNOWN, 4, "the outcome is not known; ask again with the same --id")                                        \
    X(CLI_CHECK, 5, "a check ran and found something wrong")

enum cli_exit {
#define X(name, code, sentence) name = (code),
    CLI_EXITS(X)
#undef X
};

struct cli {
    const char *config_path;
    const char *as;    /* [client NAME] of the configuration; NULL for [client] */
    const char *token; /* FILE or text of --token; NULL for the token_file of the client, if it has one */
    int64_t limit_ms;  /* how long to go on asking */
    bool is_json, is_quiet;
    bool has_colour;   /* standard output is a terminal that may be painted */
    bool has_progress; /* standard error is a terminal */
    bool has_suite;
    struct suite suite; /* when has_suite */
    struct clock_port clock;
};

static inline int64_t cli_now_ms(const struct cli *cli) {
    return cli->clock.wall_ms(cli->clock.context);
}

/* Says on standard error what went wrong and what to do next (next may be NULL), as JSON with -o json. Returns code. */
int cli_fail(const struct cli *cli, enum cli_exit code, const char *next, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same for what a lower layer says: the exit code follows from its status. */
int cli_fail_error(const struct cli *cli, const struct error *error, const char *next);

/* Reads the suite's file, once. Returns an exit code. Commands call it when their input is known to be good. */
int cli_need_suite(struct cli *cli);

/* Prints and takes value: indented, or on one line for streams. */
void cli_json(json_t *value);
void cli_json_line(json_t *value);
json_t *cli_json_time(int64_t ms); /* "2026-11-22T18:40:00.000Z"; null for 0 */
json_t *cli_json_text(const char *text);
json_t *cli_json_uuid(const uint8_t bytes[16]);

/* A line for people; nothing with --quiet or -o json. */
void cli_say(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

enum cli_paint { PAINT_GOOD, PAINT_BAD, PAINT_WARN, PAINT_DIM, PAINT_BOLD };
/* The start and end of a painted run: empty texts when there is no colour. */
const char *cli_paint(const struct cli *cli, enum cli_paint paint);
const char *cli_unpaint(const struct cli *cli);

/* Bytes from a journal or store as text that does nothing to a terminal: every byte that is not printable ASCII or part of
 * UTF-8 text becomes '?'; cut to fit. */
enum { CLI_SAFE_ROOM = 600 };
char *cli_safe_text(struct slice bytes, char ret_text[CLI_SAFE_ROOM]);

/* "0198c1d2-…" */
enum { CLI_UUID_ROOM = 37 };
char *cli_uuid_text(const uint8_t bytes[16], char ret_text[CLI_UUID_ROOM]);

#endif
