/* Shows the configuration table to people: --help, --print-config and docs/CONFIG.md. It changes nothing. Main thread. */
#include "lib/host/config.h"

#include "lib/base/assert.h"
#include "lib/host/config_rows.h"

#include <inttypes.h>

static const char *source_name(enum config_source source);
static void print_markdown_row(FILE *out, const struct config_row *row);

void config_print_effective(const struct config *config, const uint8_t sources[CONFIG_ROWS_MAX]) {
    printf("# %s %s: the configuration in effect\n", config->service == NULL ? "bhr" : config->service->name,
           BHR_VERSION);
    for (uint32_t i = 0; i < config_row_count(config->service); i++) {
        struct config_row row = config_row_at(config->service, i);
        char shown[CONFIG_SHOWN_MAX], line[CONFIG_SHOWN_MAX + 64];
        config_show(config, &row, shown);
        snprintf(line, sizeof line, "%s = %s", row.name, shown);
        printf("%-56s ; %s\n", line, source_name((enum config_source)sources[i]));
    }
}

void config_print_help(const struct service *service) {
    struct config config;
    config_defaults(&config, service);
    printf(
        "\nKeys, with their defaults. In the file: key = value. In the environment: BHR_ and the key in capitals.\n"
        "On the command line: --set key=value. The command line wins over the environment, the environment over the\n"
        "file.\n\n");
    for (uint32_t i = 0; i < config_row_count(service); i++) {
        struct config_row row = config_row_at(service, i);
        char shown[CONFIG_SHOWN_MAX], expected[CONFIG_SHOWN_MAX], line[CONFIG_SHOWN_MAX + 64];
        config_show(&config, &row, shown);
        config_expected(&row, expected);
        snprintf(line, sizeof line, "%s = %s", row.name, shown);
        printf("  %-48s (%s)\n      %s\n", line, expected, row.sentence);
    }
}

void config_print_markdown(FILE *out, const struct service *const *services, uint32_t service_count) {
    static const char columns[] = "| key | in the environment | default | expected | what it does |\n"
                                  "|---|---|---|---|---|\n";
    uint32_t host_count = config_row_count(NULL);
    fprintf(
        out,
        "# Configuration\n\n"
        "Made by `make docs` from `lib/host/config.def` and the services' own rows: change those, not this page.\n\n"
        "A key is set in the file (`--config FILE`, one `key = value` on a line), in the environment, or on the\n"
        "command line (`--set key=value`). The command line wins over the environment, the environment over the\n"
        "file. An unknown key, a key given twice and a value out of bounds stop the start with exit code 2.\n"
        "`--print-config` shows what is in effect and where each value is from.\n\n"
        "## Every service\n\n%s",
        columns);
    for (uint32_t i = 0; i < host_count; i++) {
        struct config_row row = config_row_at(NULL, i);
        print_markdown_row(out, &row);
    }
    for (uint32_t s = 0; s < service_count; s++) {
        if (services[s]->config_row_count == 0) continue;
        fprintf(out, "\n## %s\n\n%s", services[s]->name, columns);
        for (uint32_t i = host_count; i < config_row_count(services[s]); i++) {
            struct config_row row = config_row_at(services[s], i);
            print_markdown_row(out, &row);
        }
    }
}

static void print_markdown_row(FILE *out, const struct config_row *row) {
    char name[CONFIG_ENVIRONMENT_NAME_MAX], expected[CONFIG_SHOWN_MAX];
    config_environment_name(row->name, name);
    config_expected(row, expected);
    fprintf(out, "| `%s` | `%s` | ", row->name, name);
    switch (row->kind) {
    case CONFIG_TEXT:
        fprintf(out, row->default_text[0] == '\0' ? "empty" : "`%s`", row->default_text);
        break;
    case CONFIG_NUMBER:
        fprintf(out, "%" PRId64, row->default_value);
        break;
    case CONFIG_FLAG:
        fprintf(out, "%s", row->default_value != 0 ? "true" : "false");
        break;
    }
    fprintf(out, " | %s | %s |\n", expected, row->sentence);
}

void config_show(const struct config *config, const struct config_row *row, char ret_text[CONFIG_SHOWN_MAX]) {
    const uint8_t *at = (const uint8_t *)config + row->offset;
    switch (row->kind) {
    case CONFIG_TEXT:
        snprintf(ret_text, CONFIG_SHOWN_MAX, "%s", (const char *)at);
        break;
    case CONFIG_NUMBER: {
        int64_t number;
        memcpy(&number, at, sizeof number);
        snprintf(ret_text, CONFIG_SHOWN_MAX, "%" PRId64, number);
        break;
    }
    case CONFIG_FLAG:
        snprintf(ret_text, CONFIG_SHOWN_MAX, "%s", *(const bool *)at ? "true" : "false");
        break;
    }
}

void config_expected(const struct config_row *row, char ret_text[CONFIG_SHOWN_MAX]) {
    switch (row->kind) {
    case CONFIG_TEXT:
        snprintf(ret_text, CONFIG_SHOWN_MAX, "text");
        break;
    case CONFIG_NUMBER:
        snprintf(ret_text, CONFIG_SHOWN_MAX, "%" PRId64 " to %" PRId64 " %.60s", row->min, row->max, row->unit);
        break;
    case CONFIG_FLAG:
        snprintf(ret_text, CONFIG_SHOWN_MAX, "true or false");
        break;
    }
}

void config_environment_name(const char *key, char ret_name[CONFIG_ENVIRONMENT_NAME_MAX]) {
    ASSERT(strlen(key) + sizeof "BHR_" <= CONFIG_ENVIRONMENT_NAME_MAX);
    memcpy(ret_name, "BHR_", 4);
    size_t size = 4;
    for (; *key != '\0'; key++) {
        bool is_lower = *key >= 'a' && *key <= 'z';
        ret_name[size++] = (char)(is_lower ? *key - 'a' + 'A' : *key);
    }
    ret_name[size] = '\0';
}

static const char *source_name(enum config_source source) {
    static const char *const names[] = {
#define X(source, name) name,
        CONFIG_SOURCES(X)
#undef X
    };
    ASSERT((size_t)source < sizeof names / sizeof names[0]);
    return names[source];
}
