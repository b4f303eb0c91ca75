/* Configuration: one table (lib/host/config.def plus the service's own rows) gives the file's keys, the environment's
 * names (BHR_ and the key in capitals), --help, --check-config, --print-config and docs/CONFIG.md.
 * Order of authority: command line (--set key=value), environment, file, default. An unknown key is an error. */
#ifndef BHR_HOST_CONFIG_H
#define BHR_HOST_CONFIG_H

#include "lib/base/status.h"
#include "lib/host/service.h"

#include <stdio.h>

enum { CONFIG_TEXT_MAX = 256, CONFIG_SERVICE_ROWS_MAX = 32 };

/* Columns of config.def: TEXT(name, "default", "sentence") for text and paths,
 *                        NUMBER(name, default, min, max, "unit", "sentence"), FLAG(name, default, "sentence"). */
struct config {
#define TEXT(name, default_value, sentence)                   char name[CONFIG_TEXT_MAX];
#define NUMBER(name, default_value, min, max, unit, sentence) int64_t name;
#define FLAG(name, default_value, sentence)                   bool name;
#include "lib/host/config.def"
#undef TEXT
#undef NUMBER
#undef FLAG
    int64_t service_values[CONFIG_SERVICE_ROWS_MAX];
    const struct service *service;
};

enum config_action { CONFIG_RUN, CONFIG_EXIT_OK, CONFIG_EXIT_USAGE };

/* Reads everything; prints help, the effective configuration or what is wrong (place, key, what was expected) itself.
 * service may be NULL: then there are the host's rows only. CONFIG_EXIT_USAGE is exit code 2. An unknown BHR_ name in the
 * environment is an error too, but for the few that belong to tests and scripts (config_read.c has them). An empty process
 * name has become service-pid. */
enum config_action config_read(struct config *ret_config, const struct service *service, int argc, char **argv);
/* Defaults only; for tests. */
void config_defaults(struct config *ret_config, const struct service *service);
/* One key of file or environment; reterr names key and what was expected. */
enum status config_set(struct config *config, const char *key, const char *value, struct error *reterr_error);
/* The service's own row by name, as accept asks for it. */
int64_t config_service_number(const struct service_context *context, const char *name);
/* docs/CONFIG.md */
void config_print_markdown(FILE *out, const struct service *const *services, uint32_t service_count);

#endif
