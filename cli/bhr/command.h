/* A command is a row: its name, its options as a table, and what it does. From the table come parsing, help and the
 * errors that name the flag and what was expected. One thread. */
#ifndef BHR_CLI_COMMAND_H
#define BHR_CLI_COMMAND_H

#include "cli/bhr/cli.h"
#include "lib/base/id.h"

enum { COMMAND_OPTIONS_MAX = 24, COMMAND_ARGUMENTS_MAX = 64 };

enum option_kind {
    OPTION_FLAG,
    OPTION_TEXT,     /* anything, not empty */
    OPTION_NUMBER,   /* min..max */
    OPTION_TIME,     /* UK wall time (lib/client/uk_time.h): number is UTC milliseconds */
    OPTION_UUID,     /* bytes in id */
    OPTION_CHOICE,   /* one of choices, "a|b|c": number counts from 1 */
    OPTION_NHS,      /* an NHS number; never repeated in an error */
    OPTION_DATE,     /* YYYY-MM-DD; never repeated in an error */
    OPTION_ARGUMENT, /* the value becomes one more argument */
};

struct command_option {
    const char *name;  /* "slot": typed as --slot */
    int letter;        /* short form, 0 for none */
    const char *value; /* what the value is called in help; NULL for OPTION_FLAG */
    enum option_kind kind;
    int64_t min, max, fallback; /* of OPTION_NUMBER; fallback also of OPTION_CHOICE */
    const char *choices;
    bool is_required;
    const char *sentence;
};

struct option_value {
    bool is_given;
    const char *text;
    int64_t number;
    struct uuid id;
    char digits[11]; /* of OPTION_NHS, without grouping */
};

struct arguments {
    const struct command *command;
    struct option_value values[COMMAND_OPTIONS_MAX];
    uint32_t count;
    const char *items[COMMAND_ARGUMENTS_MAX];
};

struct command {
    const char *name;      /* "store diff" */
    const char *arguments; /* "OLD NEW": for help */
    const char *sentence;
    const char *more; /* after the options in help: examples, what the output means; may be NULL */
    const struct command_option *options;
    uint32_t option_count;
    uint32_t argument_min, argument_max;
    int (*run)(struct cli *cli, const struct arguments *arguments);
};

/* Values by the option's name; a name that the command does not have is a bug. */
bool option_is_given(const struct arguments *arguments, const char *name);
const char *option_text(const struct arguments *arguments, const char *name); /* NULL when not given */
int64_t option_number(const struct arguments *arguments, const char *name);   /* the fallback when not given */
struct uuid option_uuid(const struct arguments *arguments, const char *name); /* zeros when not given */
const char *option_nhs(const struct arguments *arguments, const char *name);  /* ten digits, or "" */

/* Complains about the command line and returns CLI_USAGE. */
int command_usage(const struct cli *cli, const struct arguments *arguments, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Reads one value as the option wants it; false: *reterr_error says what was expected. */
bool option_read(const struct command_option *option, const char *text, int64_t now_ms, struct option_value *ret_value,
                 struct error *reterr_error);

/* All commands, in the order of help. */
extern const struct command *const commands[];
extern const uint32_t command_count;

/* Finds the command, reads its options and runs it. Returns the exit code. */
int command_main(int argc, char **argv);

#endif
