/* Answers and complaints: text for people, JSON for programs, never both. Owns nothing. */
#include "cli/bhr/cli.h"

#include "lib/base/assert.h"
#include "lib/base/civil_time.h"
#include "lib/base/id.h"
#include "lib/base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int cli_fail(const struct cli *cli, enum cli_exit code, const char *next, const char *format, ...) {
    char message[1024];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    fflush(stdout);
    if (cli->is_json) {
        json_t *error = json_pack("{s{si so so*}}", "error", "exit", (int)code, "message", cli_json_text(message),
                                  "next", next != NULL ? cli_json_text(next) : NULL);
        if (error != NULL) json_dumpf(error, stderr, JSON_COMPACT);
        json_decref(error);
        fputc('\n', stderr);
    } else {
        fprintf(stderr, "bhr: %s\n", message);
        if (next != NULL) fprintf(stderr, "     next: %s\n", next);
    }
    return (int)code;
}

static enum cli_exit exit_of(enum status status) {
    switch (status) {
    case STATUS_INVALID:
    case STATUS_DENIED:
    case STATUS_NOT_FOUND:
    case STATUS_FULL:
        return CLI_USAGE;
    case STATUS_CONFLICT:
    case STATUS_CORRUPT:
        return CLI_CHECK;
    case STATUS_OK:
    case STATUS_TIMEOUT:
    case STATUS_UNAVAILABLE:
    case STATUS_IO:
    case STATUS_NO_MEMORY:
        return CLI_UNREACHED;
    }
    return CLI_UNREACHED;
}

int cli_fail_error(const struct cli *cli, const struct error *error, const char *next) {
    return cli_fail(cli, exit_of(error->code), next, "%s", error->message);
}

int cli_need_suite(struct cli *cli) {
    if (cli->has_suite) return CLI_OK;
    struct error error;
    if (suite_read(&cli->suite, cli->config_path, &error) != STATUS_OK) {
        const char *next = error.code == STATUS_NOT_FOUND
                               ? "run `make up`, or name the suite's file with --config or " SUITE_PATH_NAME
                               : "mend that line, or run `make up` to have it written anew";
        return cli_fail(cli, CLI_USAGE, next, "%s", error.message);
    }
    cli->has_suite = true;
    return CLI_OK;
}

void cli_json(json_t *value) {
    ASSERT(value != NULL);
    json_dumpf(value, stdout, JSON_INDENT(2));
    fputc('\n', stdout);
    json_decref(value);
}

void cli_json_line(json_t *value) {
    ASSERT(value != NULL);
    json_dumpf(value, stdout, JSON_COMPACT);
    fputc('\n', stdout);
    json_decref(value);
}

json_t *cli_json_time(int64_t ms) {
    if (ms == 0) return json_null();
    char text[CIVIL_INSTANT_SIZE];
    civil_format_instant(ms, text);
    return json_stringn(text, sizeof text);
}

/* Text from a service is clean UTF-8; a path on the command line may be anything. */
json_t *cli_json_text(const char *text) {
    json_t *value = json_string(text);
    return value != NULL ? value : json_string("(not UTF-8)");
}

json_t *cli_json_uuid(const uint8_t bytes[16]) {
    char text[CLI_UUID_ROOM];
    return json_string(cli_uuid_text(bytes, text));
}

void cli_say(const struct cli *cli, const char *format, ...) {
    if (cli->is_json || cli->is_quiet) return;
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

const char *cli_paint(const struct cli *cli, enum cli_paint paint) {
    if (!cli->has_colour) return "";
    switch (paint) {
    case PAINT_GOOD:
        return "\033[32m";
    case PAINT_BAD:
        return "\033[31m";
    case PAINT_WARN:
        return "\033[33m";
    case PAINT_DIM:
        return "\033[2m";
    case PAINT_BOLD:
        return "\033[1m";
    }
    return "";
}

const char *cli_unpaint(const struct cli *cli) {
    return cli->has_colour ? "\033[0m" : "";
}

char *cli_uuid_text(const uint8_t bytes[16], char ret_text[CLI_UUID_ROOM]) {
    struct uuid id;
    memcpy(id.bytes, bytes, sizeof id.bytes);
    uuid_format(id, ret_text);
    ret_text[UUID_TEXT_SIZE] = '\0';
    return ret_text;
}

char *cli_safe_text(struct slice bytes, char ret_text[CLI_SAFE_ROOM]) {
    size_t size = bytes.size < CLI_SAFE_ROOM ? bytes.size : CLI_SAFE_ROOM - 1;
    bool is_text = text_is_clean(bytes);
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = bytes.data[i];
        bool is_shown = byte >= ' ' && byte != 0x7F && (byte < 0x80 || is_text);
        ret_text[i] = is_shown ? (char)byte : '?';
    }
    ret_text[size] = '\0';
    return ret_text;
}
