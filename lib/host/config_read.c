/* Where a configuration comes from: defaults, then the file, then the environment, then the command line, each stronger
 * than the one before. Everything that is wrong is said at once, with the place, the key and what was expected, and then
 * nothing runs. Main thread only, at the start of a process; the only part of the host that prints for a person. */
#include "lib/host/config.h"

#include "lib/base/assert.h"
#include "lib/host/config_rows.h"

#include <argp.h>
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SETS_MAX = CONFIG_ROWS_MAX, PLACE_MAX = 300 };
enum option_key { OPTION_SET = 0x100, OPTION_CHECK, OPTION_PRINT, OPTION_VERSION };

/* What begins so belongs to the tests, the scripts and the command line around a process, not to its configuration. */
static const char *const foreign_prefixes[] = {"BHR_TEST_",  "BHR_SUITE_",    "BHR_CLI_",
                                               "BHR_KAFKA_", "BHR_REDIS_DIR", "BHR_DOOR_PORT"};

struct reader {
    struct config *config;
    uint8_t sources[CONFIG_ROWS_MAX]; /* enum config_source of each row's present value */
    const char *file;                 /* NULL for none */
    const char *sets[SETS_MAX];       /* "key=value" as on the command line */
    uint32_t set_count;
    enum option_key action; /* 0 to run */
    bool is_help_asked, has_failed;
    FILE *stream; /* of the file, while it is read */
    int line;
};

static const struct argp_option options[] = {
    {"config", 'c', "FILE", 0, "Read this file: one `key = value` on a line, # or ; begins a comment", 0},
    {"set", OPTION_SET, "KEY=VALUE", 0, "Set one key; stronger than environment and file; may be given many times", 0},
    {"check-config", OPTION_CHECK, NULL, 0, "Check the configuration, say what is wrong with it, and exit", 0},
    {"print-config", OPTION_PRINT, NULL, 0, "Print the configuration in effect, and where each value is from", 0},
    {"version", OPTION_VERSION, NULL, 0, "Print the version", 0},
    {"help", 'h', NULL, 0, "Print this list", 0},
    {0}};

static error_t on_option(int key, char *value, struct argp_state *state);
static void read_file(struct reader *reader);
static char *next_line(char *text, int size, void *context);
static int on_file_key(void *context, const char *section, const char *key, const char *value);
static void read_environment(struct reader *reader);
static const char *key_of_environment(const struct service *service, const char *name);
static bool is_foreign(const char *name);
static void read_command_line(struct reader *reader);
static void take(struct reader *reader, enum config_source source, const char *place, const char *key,
                 const char *value);
static void complain(struct reader *reader, const char *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static enum config_action finish(struct reader *reader);

enum config_action config_read(struct config *ret_config, const struct service *service, int argc, char **argv) {
    static const struct argp parser = {
        .options = options, .parser = on_option, .doc = "A service process of the exchange."};
    config_defaults(ret_config, service);
    struct reader reader = {.config = ret_config};
    if (argp_parse(&parser, argc, argv, ARGP_NO_EXIT | ARGP_NO_HELP, NULL, &reader) != 0) {
        complain(&reader, "command line", "expected the options that --help lists");
        return CONFIG_EXIT_USAGE;
    }
    if (reader.is_help_asked) {
        argp_help(&parser, stdout, ARGP_HELP_USAGE | ARGP_HELP_LONG | ARGP_HELP_DOC, program_invocation_short_name);
        config_print_help(service);
        return CONFIG_EXIT_OK;
    }
    if (reader.action == OPTION_VERSION) {
        printf("%s %s\n", program_invocation_short_name, BHR_VERSION);
        return CONFIG_EXIT_OK;
    }
    if (reader.file != NULL) read_file(&reader);
    read_environment(&reader);
    read_command_line(&reader);
    return finish(&reader);
}

static enum config_action finish(struct reader *reader) {
    struct config *config = reader->config;
    struct error error = {0};
    if (!reader->has_failed && config_check(config, &error) != STATUS_OK) {
        complain(reader, "configuration", "%s", error.message);
    }
    if (reader->has_failed) return CONFIG_EXIT_USAGE;
    if (config->process[0] == '\0') {
        snprintf(config->process, sizeof config->process, "%.40s-%ld",
                 config->service == NULL ? "bhr" : config->service->name, (long)getpid());
    }
    if (reader->action == OPTION_CHECK) {
        printf("%s: the configuration is good\n", program_invocation_short_name);
        return CONFIG_EXIT_OK;
    }
    if (reader->action == OPTION_PRINT) {
        config_print_effective(config, reader->sources);
        return CONFIG_EXIT_OK;
    }
    return CONFIG_RUN;
}

static error_t on_option(int key, char *value, struct argp_state *state) {
    struct reader *reader = state->input;
    switch (key) {
    case 'c':
        reader->file = value;
        return 0;
    case 'h':
        reader->is_help_asked = true;
        return 0;
    case OPTION_SET:
        if (reader->set_count == SETS_MAX) return E2BIG;
        reader->sets[reader->set_count++] = value;
        return 0;
    case OPTION_CHECK:
    case OPTION_PRINT:
    case OPTION_VERSION:
        reader->action = (enum option_key)key;
        return 0;
    case ARGP_KEY_ARG:
        return EINVAL;
    default:
        return ARGP_ERR_UNKNOWN; /* argp's own keys are an open set */
    }
}

static void read_file(struct reader *reader) {
    reader->stream = fopen(reader->file, "re");
    if (reader->stream == NULL) {
        complain(reader, reader->file, "cannot be read: %s", strerror(errno));
        return;
    }
    int bad_line = ini_parse_stream(next_line, reader, on_file_key, reader);
    if (ferror(reader->stream)) complain(reader, reader->file, "cannot be read: %s", strerror(errno));
    fclose(reader->stream);
    reader->stream = NULL;
    if (bad_line == 0) return;
    reader->line = bad_line;
    char place[PLACE_MAX];
    snprintf(place, sizeof place, "%s:%d", reader->file, bad_line);
    complain(reader, place, "expected `key = value`");
}

/* inih does not tell its handler the line, takes an indented line for more of the value before, and reads the rest of a
 * line that is too long as another line; all three are mended here. */
static char *next_line(char *text, int size, void *context) {
    struct reader *reader = context;
    if (fgets(text, size, reader->stream) == NULL) return NULL;
    reader->line++;
    size_t length = strlen(text);
    if ((length == 0 || text[length - 1] != '\n') && !feof(reader->stream)) {
        char place[PLACE_MAX];
        snprintf(place, sizeof place, "%s:%d", reader->file, reader->line);
        complain(reader, place, "expected a line of text of at most %d bytes", size - 2);
        for (int c = fgetc(reader->stream); c != EOF && c != '\n';) c = fgetc(reader->stream);
        text[0] = '\0';
        return text;
    }
    size_t indent = strspn(text, " \t");
    memmove(text, text + indent, length - indent + 1);
    return text;
}

static int on_file_key(void *context, const char *section, const char *key, const char *value) {
    struct reader *reader = context;
    char place[PLACE_MAX];
    snprintf(place, sizeof place, "%s:%d", reader->file, reader->line);
    if (section[0] != '\0') {
        complain(reader, place, "%.60s: expected a key outside any [section]; found [%.60s] above it", key, section);
    } else {
        take(reader, CONFIG_SOURCE_FILE, place, key, value);
    }
    return 1; /* what is wrong has been said; inih goes on */
}

static void read_environment(struct reader *reader) {
    for (char **entry = environ; *entry != NULL; entry++) {
        const char *equals = strchr(*entry, '=');
        if (strncmp(*entry, "BHR_", 4) != 0 || equals == NULL) continue;
        char name[PLACE_MAX];
        snprintf(name, sizeof name, "%.*s", (int)(equals - *entry), *entry);
        const char *key = key_of_environment(reader->config->service, name);
        if (key != NULL) {
            take(reader, CONFIG_SOURCE_ENVIRONMENT, name, key, equals + 1);
        } else if (!is_foreign(name)) {
            complain(reader, name, "no key has this name in the environment; --help lists them all");
        }
    }
}

static const char *key_of_environment(const struct service *service, const char *name) {
    for (uint32_t i = 0; i < config_row_count(service); i++) {
        struct config_row row = config_row_at(service, i);
        char expected[CONFIG_ENVIRONMENT_NAME_MAX];
        config_environment_name(row.name, expected);
        if (strcmp(expected, name) == 0) return row.name;
    }
    return NULL;
}

static bool is_foreign(const char *name) {
    for (size_t i = 0; i < sizeof foreign_prefixes / sizeof foreign_prefixes[0]; i++) {
        if (strncmp(name, foreign_prefixes[i], strlen(foreign_prefixes[i])) == 0) return true;
    }
    return false;
}

static void read_command_line(struct reader *reader) {
    for (uint32_t i = 0; i < reader->set_count; i++) {
        char place[PLACE_MAX], key[CONFIG_ENVIRONMENT_NAME_MAX];
        const char *set = reader->sets[i], *equals = strchr(set, '=');
        snprintf(place, sizeof place, "--set %.100s", set);
        if (equals == NULL || (size_t)(equals - set) >= sizeof key) {
            complain(reader, place, "expected KEY=VALUE");
            continue;
        }
        snprintf(key, sizeof key, "%.*s", (int)(equals - set), set);
        take(reader, CONFIG_SOURCE_COMMAND_LINE, place, key, equals + 1);
    }
}

static void take(struct reader *reader, enum config_source source, const char *place, const char *key,
                 const char *value) {
    struct error error = {0};
    uint32_t index;
    if (config_set(reader->config, key, value, &error) != STATUS_OK) {
        complain(reader, place, "%s", error.message);
        return;
    }
    bool is_found = config_row_find(reader->config->service, key, &index);
    ASSERT(is_found && source != CONFIG_SOURCE_DEFAULT);
    if (reader->sources[index] == source) complain(reader, place, "%s: is given twice; expected once", key);
    reader->sources[index] = (uint8_t)source;
}

static void complain(struct reader *reader, const char *place, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s: %s: ", program_invocation_short_name, place);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    reader->has_failed = true;
}
