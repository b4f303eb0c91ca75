/* From the command line to a command: global options first or last, then the words that name the command, then its own
 * options by its table. Uses argp for reading and for the list of options in help. Owns nothing; main thread. */
#include "cli/bhr/command.h"

#include "cli/bhr/help.h"
#include "lib/base/assert.h"
#include "lib/client/uk_time.h"
#include "lib/port/uv/system_clock.h"

#include <argp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { KEY_FIRST = 0x200, NAME_MAX_SIZE = 64, WORDS_MAX = 3 };
enum global_key { KEY_AS = 0x100, KEY_TOKEN, KEY_TIMEOUT, KEY_USAGE };

struct parse {
    struct cli *cli;
    const struct command *command;
    struct arguments arguments;
    bool is_help_asked, is_version_asked, has_failed;
    int command_at;               /* index in argv of the command's first word; 0 when there is none */
    char name[NAME_MAX_SIZE + 8]; /* "bhr store diff" */
};

static error_t on_global(int key, char *value, struct argp_state *state);
static error_t on_command(int key, char *value, struct argp_state *state);
static bool find_words(struct parse *parse, int argc, char **argv);
static int parse_command(struct parse *parse, int argc, char **argv);
static int check_arguments(const struct parse *parse);
static int run_command(struct parse *parse);

static const struct argp_option global_options[] = {
    {"config", 'c', "FILE", 0, "Where the suite is; default $" SUITE_PATH_NAME " or " SUITE_PATH_DEFAULT, 10},
    {"output", 'o', "text|json", 0, "How to answer; default text", 10},
    {"as", KEY_AS, "NAME", 0, "Ask as this [client NAME] of the configuration", 10},
    {"token", KEY_TOKEN, "FILE|TEXT", 0, "The user's token, sent with every request; default the client's token_file",
     10},
    {"timeout", KEY_TIMEOUT, "SECONDS", 0, "How long to go on asking, 1 to 600; default 10", 10},
    {"quiet", 'q', NULL, 0, "No progress, no notes; only what was asked for", 10},
    {"help", 'h', NULL, 0, "Print this help", 11},
    {"usage", KEY_USAGE, NULL, OPTION_HIDDEN, NULL, 11}, /* argp's own errors speak of it */
    {"version", 'V', NULL, 0, "Print the version", 11},
    {0}};
static const struct argp global_argp = {.options = global_options, .parser = on_global};
static const struct argp_child global_child[] = {{.argp = &global_argp, .header = "Everywhere:", .group = 9}, {0}};

int command_main(int argc, char **argv) {
    struct cli cli = {.limit_ms = 10000, .clock = system_clock_port()};
    cli.config_path = getenv(SUITE_PATH_NAME);
    if (cli.config_path == NULL || *cli.config_path == '\0') cli.config_path = SUITE_PATH_DEFAULT;
    const char *no_colour = getenv("NO_COLOR");
    cli.has_colour = isatty(STDOUT_FILENO) && (no_colour == NULL || *no_colour == '\0');
    cli.has_progress = isatty(STDERR_FILENO);
    struct error error;
    if (uk_time_init(&error) != STATUS_OK) return cli_fail(&cli, CLI_USAGE, NULL, "%s", error.message);

    struct parse parse = {.cli = &cli};
    (void)setenv("ARGP_HELP_FMT", "no-dup-args-note", 0);
    argp_err_exit_status = CLI_USAGE;
    unsigned flags = ARGP_NO_EXIT | ARGP_NO_HELP | ARGP_IN_ORDER;
    if (argp_parse(&global_argp, argc, argv, flags, NULL, &parse) != 0 || parse.has_failed) return CLI_USAGE;
    if (parse.is_version_asked) {
        printf("bhr %s\n", BHR_VERSION);
        return CLI_OK;
    }
    if (parse.command_at == 0) {
        help_all(parse.is_help_asked ? stdout : stderr, &global_argp);
        return parse.is_help_asked ? CLI_OK : CLI_USAGE;
    }
    if (!find_words(&parse, argc, argv)) return parse.has_failed ? CLI_USAGE : CLI_OK;
    int code = parse_command(&parse, argc, argv);
    if (code != CLI_OK || parse.is_help_asked) return code;
    return run_command(&parse);
}

/* "index" "worklist" "list": as many words as one of the names has. Sets command_at to the word before the options. */
static bool find_words(struct parse *parse, int argc, char **argv) {
    int at = parse->command_at;
    bool is_help = strcmp(argv[at], "help") == 0;
    if (is_help) at++;
    const char *words[WORDS_MAX];
    for (int i = 0; i < WORDS_MAX; i++) words[i] = at + i < argc ? argv[at + i] : "";
    if (is_help && *words[0] == '\0') {
        help_all(stdout, &global_argp);
        return false;
    }
    for (int word_count = WORDS_MAX; word_count >= 1; word_count--) {
        char name[NAME_MAX_SIZE] = "";
        for (int i = 0, size = 0; i < word_count && size < NAME_MAX_SIZE; i++) {
            size += snprintf(name + size, sizeof name - (size_t)size, "%s%s", i == 0 ? "" : " ", words[i]);
        }
        for (uint32_t i = 0; i < command_count; i++) {
            if (strcmp(commands[i]->name, name) != 0) continue;
            parse->command = commands[i];
            parse->command_at = at + word_count - 1;
            if (is_help) parse->is_help_asked = true;
            (void)snprintf(parse->name, sizeof parse->name, "bhr %s", name);
            return true;
        }
    }
    if (help_group(parse->is_help_asked || is_help ? stdout : stderr, words[0])) {
        parse->has_failed = !parse->is_help_asked && !is_help;
        return false;
    }
    parse->has_failed = true;
    const char *near = help_nearest(words[0]);
    char next[128];
    (void)snprintf(next, sizeof next,
                   near != NULL ? "did you mean `bhr %s`? `bhr --help` lists all" : "`bhr --help` lists all commands",
                   near);
    (void)cli_fail(parse->cli, CLI_USAGE, next, "there is no command \"%s\"", words[0]);
    return false;
}

static int parse_command(struct parse *parse, int argc, char **argv) {
    const struct command *command = parse->command;
    ASSERT(command->option_count <= COMMAND_OPTIONS_MAX);
    parse->arguments.command = command;
    struct argp_option options[COMMAND_OPTIONS_MAX + 1] = {{0}};
    for (uint32_t i = 0; i < command->option_count; i++) {
        const struct command_option *option = &command->options[i];
        options[i] = (struct argp_option){.name = option->name,
                                          .key = option->letter != 0 ? option->letter : KEY_FIRST + (int)i,
                                          .arg = option->value,
                                          .doc = option->sentence};
    }
    char doc[2048];
    help_doc(command, doc, sizeof doc);
    const struct argp argp = {
        .options = options, .parser = on_command, .args_doc = command->arguments, .doc = doc, .children = global_child};
    if (parse->is_help_asked) {
        argp_help(&argp, stdout, ARGP_HELP_USAGE | ARGP_HELP_LONG | ARGP_HELP_DOC, parse->name);
        return CLI_OK;
    }
    /* argp takes the first word for the name of the program and begins its own errors with it. */
    int count = argc - parse->command_at;
    char **words = argv + parse->command_at;
    char *kept = words[0];
    words[0] = parse->name;
    error_t failed = argp_parse(&argp, count, words, ARGP_NO_EXIT | ARGP_NO_HELP, NULL, parse);
    words[0] = kept;
    if (failed != 0 || parse->has_failed) return CLI_USAGE;
    if (parse->is_help_asked) {
        argp_help(&argp, stdout, ARGP_HELP_USAGE | ARGP_HELP_LONG | ARGP_HELP_DOC, parse->name);
        return CLI_OK;
    }
    return check_arguments(parse);
}

static int check_arguments(const struct parse *parse) {
    const struct command *command = parse->command;
    const struct arguments *arguments = &parse->arguments;
    for (uint32_t i = 0; i < command->option_count; i++) {
        const struct command_option *option = &command->options[i];
        if (!option->is_required || arguments->values[i].is_given) continue;
        return command_usage(parse->cli, arguments, "--%s is missing; expected %s", option->name, option->value);
    }
    if (arguments->count < command->argument_min) {
        return command_usage(parse->cli, arguments, "expected %s after the command", command->arguments);
    }
    if (arguments->count > command->argument_max) {
        return command_usage(parse->cli, arguments, "\"%s\" is one argument too many",
                             arguments->items[command->argument_max]);
    }
    return CLI_OK;
}

static int run_command(struct parse *parse) {
    struct cli *cli = parse->cli;
    if (cli->is_json || cli->is_quiet) cli->has_progress = false;
    int code = parse->command->run(cli, &parse->arguments);
    if (fflush(stdout) != 0 && code == CLI_OK) return cli_fail(cli, CLI_UNREACHED, NULL, "output could not be written");
    return code;
}

int command_usage(const struct cli *cli, const struct arguments *arguments, const char *format, ...) {
    char message[512], next[128];
    va_list values;
    va_start(values, format);
    (void)vsnprintf(message, sizeof message, format, values);
    va_end(values);
    (void)snprintf(next, sizeof next, "`bhr help %s` lists its options", arguments->command->name);
    return cli_fail(cli, CLI_USAGE, next, "%s: %s", arguments->command->name, message);
}

static error_t on_command(int key, char *value, struct argp_state *state) {
    struct parse *parse = state->input;
    const struct command *command = parse->command;
    struct arguments *arguments = &parse->arguments;
    if (key == ARGP_KEY_INIT) {
        state->child_inputs[0] = parse;
        return 0;
    }
    if (key == ARGP_KEY_ARG && parse->has_failed) return 0;
    for (uint32_t i = 0; i < command->option_count; i++) {
        const struct command_option *option = &command->options[i];
        if (key != (option->letter != 0 ? option->letter : KEY_FIRST + (int)i)) continue;
        struct error error;
        if (!option_read(option, value, cli_now_ms(parse->cli), &arguments->values[i], &error)) {
            (void)command_usage(parse->cli, arguments, "--%s: %s", option->name, error.message);
            parse->has_failed = true;
            return EINVAL;
        }
        if (option->kind != OPTION_ARGUMENT) return 0;
        key = ARGP_KEY_ARG;
    }
    if (key != ARGP_KEY_ARG) return ARGP_ERR_UNKNOWN;
    if (arguments->count == COMMAND_ARGUMENTS_MAX) {
        (void)command_usage(parse->cli, arguments, "more than %d arguments", COMMAND_ARGUMENTS_MAX);
        parse->has_failed = true;
        return EINVAL;
    }
    arguments->items[arguments->count++] = value;
    return 0;
}

static error_t refuse_global(struct parse *parse, const char *name, const char *expected, const char *value) {
    (void)cli_fail(parse->cli, CLI_USAGE, "`bhr --help` lists the options", "--%s: expected %s, not \"%.64s\"", name,
                   expected, value);
    parse->has_failed = true;
    return EINVAL;
}

/* Before the command's words this reads alone and stops at the first of them; after them it is the child of on_command. */
static error_t on_global(int key, char *value, struct argp_state *state) {
    struct parse *parse = state->input;
    switch (key) {
    case 'c':
        parse->cli->config_path = value;
        return 0;
    case 'o':
        if (strcmp(value, "json") != 0 && strcmp(value, "text") != 0) {
            return refuse_global(parse, "output", "text or json", value);
        }
        parse->cli->is_json = strcmp(value, "json") == 0;
        return 0;
    case KEY_AS:
        parse->cli->as = value;
        return 0;
    case KEY_TOKEN:
        parse->cli->token = value;
        return 0;
    case KEY_TIMEOUT: {
        static const struct command_option seconds = {.name = "timeout", .kind = OPTION_NUMBER, .min = 1, .max = 600};
        struct option_value read;
        if (!option_read(&seconds, value, 0, &read, NULL)) {
            return refuse_global(parse, "timeout", "seconds from 1 to 600", value);
        }
        parse->cli->limit_ms = read.number * 1000;
        return 0;
    }
    case 'q':
        parse->cli->is_quiet = true;
        return 0;
    case 'h':
    case KEY_USAGE:
        parse->is_help_asked = true;
        return 0;
    case 'V':
        parse->is_version_asked = true;
        return 0;
    case ARGP_KEY_ARG:
        if (parse->command != NULL) return ARGP_ERR_UNKNOWN;
        parse->command_at = state->next - 1;
        state->next = state->argc;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}
