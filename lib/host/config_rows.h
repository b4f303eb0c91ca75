/* The configuration table as data, for config*.c only: the rows of config.def, then those of the service. */
#ifndef BHR_HOST_CONFIG_ROWS_H
#define BHR_HOST_CONFIG_ROWS_H

#include "lib/host/config.h"

enum config_kind { CONFIG_TEXT, CONFIG_NUMBER, CONFIG_FLAG };

/* Where a value came from, weakest first: a later source replaces what an earlier one said. */
#define CONFIG_SOURCES(X)                                                                                              \
    X(CONFIG_SOURCE_DEFAULT, "default")                                                                                \
    X(CONFIG_SOURCE_FILE, "file")                                                                                      \
    X(CONFIG_SOURCE_ENVIRONMENT, "environment")                                                                        \
    X(CONFIG_SOURCE_COMMAND_LINE, "command line")

enum config_source {
#define X(source, name) source,
    CONFIG_SOURCES(X)
#undef X
};

enum { CONFIG_ROWS_MAX = 64 + CONFIG_SERVICE_ROWS_MAX, CONFIG_SHOWN_MAX = CONFIG_TEXT_MAX };

struct config_row {
    const char *name;
    enum config_kind kind;
    size_t offset; /* of its value in struct config */
    const char *default_text;
    int64_t default_value, min, max;
    const char *unit, *sentence;
};

uint32_t config_row_count(const struct service *service);
struct config_row config_row_at(const struct service *service, uint32_t index);
/* The index of the row of that name; false when there is none. */
bool config_row_find(const struct service *service, const char *name, uint32_t *ret_index);
/* "BHR_HTTP_PORT" for http_port. */
enum { CONFIG_ENVIRONMENT_NAME_MAX = 64 };
void config_environment_name(const char *key, char ret_name[CONFIG_ENVIRONMENT_NAME_MAX]);
/* The value as --print-config shows it: the one place where a value becomes text. Secrets are files named by a path, so
 * nothing is masked; a row that ever holds a secret itself must be masked here. */
void config_show(const struct config *config, const struct config_row *row, char ret_text[CONFIG_SHOWN_MAX]);
/* "0 to 65535 port", "true or false", "text": what is expected, for errors, help and docs. */
void config_expected(const struct config_row *row, char ret_text[CONFIG_SHOWN_MAX]);
/* What no single row can say: limits that belong together, and what a door cannot do without. */
enum status config_check(const struct config *config, struct error *reterr_error);

void config_print_help(const struct service *service);
void config_print_effective(const struct config *config, const uint8_t sources[CONFIG_ROWS_MAX]);

#endif
