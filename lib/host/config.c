/* The configuration table: every row's default, type and bounds, and how one value is set. Reading the file, the
 * environment and the command line is config_read.c; showing is config_print.c. Main thread only, before anything runs;
 * it prints nothing and keeps no state of its own. */
#include "lib/host/config.h"

#include "lib/base/assert.h"
#include "lib/base/text.h"
#include "lib/host/config_rows.h"
#include "lib/host/topics.h"

#include <inttypes.h>
#include <stdio.h>

enum { CONFIG_NAME_MAX = 63 }; /* bytes of environment, locality and process */

static const struct config_row host_rows[] = {
#define TEXT(row, text, row_sentence)                                                                                  \
    {.name = #row,                                                                                                     \
     .kind = CONFIG_TEXT,                                                                                              \
     .offset = offsetof(struct config, row),                                                                           \
     .default_text = (text),                                                                                           \
     .unit = "",                                                                                                       \
     .sentence = (row_sentence)},
#define NUMBER(row, number, row_min, row_max, row_unit, row_sentence)                                                  \
    {.name = #row,                                                                                                     \
     .kind = CONFIG_NUMBER,                                                                                            \
     .offset = offsetof(struct config, row),                                                                           \
     .default_value = (number),                                                                                        \
     .min = (row_min),                                                                                                 \
     .max = (row_max),                                                                                                 \
     .unit = (row_unit),                                                                                               \
     .sentence = (row_sentence)},
#define FLAG(row, flag, row_sentence)                                                                                  \
    {.name = #row,                                                                                                     \
     .kind = CONFIG_FLAG,                                                                                              \
     .offset = offsetof(struct config, row),                                                                           \
     .default_value = (flag),                                                                                          \
     .max = 1,                                                                                                         \
     .unit = "",                                                                                                       \
     .sentence = (row_sentence)},
#include "lib/host/config.def"
#undef TEXT
#undef NUMBER
#undef FLAG
};

enum { HOST_ROW_COUNT = sizeof host_rows / sizeof host_rows[0] };
static_assert(HOST_ROW_COUNT + CONFIG_SERVICE_ROWS_MAX <= CONFIG_ROWS_MAX, "every row has an index");

static enum status set_text(struct config *config, const struct config_row *row, const char *value,
                            struct error *reterr_error);
static enum status set_number(struct config *config, const struct config_row *row, const char *value,
                              struct error *reterr_error);
static enum status set_flag(struct config *config, const struct config_row *row, const char *value,
                            struct error *reterr_error);
static bool read_number(const char *text, int64_t *ret_value);
static enum status check_trust(const struct config *config, struct error *reterr_error);
static enum status check_name(const char *key, const char *value, bool may_be_empty, struct error *reterr_error);

enum status config_set(struct config *config, const char *key, const char *value, struct error *reterr_error) {
    uint32_t index;
    if (!config_row_find(config->service, key, &index)) {
        return error_set(reterr_error, STATUS_NOT_FOUND, "%.60s: there is no such key; --help lists them all", key);
    }
    struct config_row row = config_row_at(config->service, index);
    switch (row.kind) {
    case CONFIG_TEXT:
        return set_text(config, &row, value, reterr_error);
    case CONFIG_NUMBER:
        return set_number(config, &row, value, reterr_error);
    case CONFIG_FLAG:
        return set_flag(config, &row, value, reterr_error);
    }
    ASSERT(!"a row of no kind");
}

enum status config_check(const struct config *config, struct error *reterr_error) {
    ASSERT(reterr_error != NULL);
    if (check_name("environment", config->environment, false, reterr_error) != STATUS_OK ||
        check_name("locality", config->locality, false, reterr_error) != STATUS_OK ||
        check_name("process", config->process, true, reterr_error) != STATUS_OK) {
        return reterr_error->code;
    }
    if (config->deadline_default_ms > config->deadline_ms_max) {
        return error_set(reterr_error, STATUS_INVALID,
                         "deadline_default_ms: %" PRId64 " is above deadline_ms_max, which is %" PRId64,
                         config->deadline_default_ms, config->deadline_ms_max);
    }
    if (config->data_dir[0] == '\0') return error_set(reterr_error, STATUS_INVALID, "data_dir: expected a path");
    if (config->brokers[0] == '\0') return error_set(reterr_error, STATUS_INVALID, "brokers: expected host:port");
    if (check_trust(config, reterr_error) != STATUS_OK) return reterr_error->code;
    struct topics_systems systems;
    struct error error;
    if (topics_systems_read(config->request_systems, &systems, &error) != STATUS_OK) {
        return error_set(reterr_error, STATUS_INVALID, "request_systems: %s", error.message);
    }
    if (config->token_issuer[0] != '\0' &&
        (config->token_audience[0] == '\0' || config->token_key_set_file[0] == '\0')) {
        return error_set(reterr_error, STATUS_INVALID,
                         "token_audience and token_key_set_file are expected when token_issuer is set");
    }
    if (config->door_endpoint[0] == '\0') return STATUS_OK;
    const struct {
        const char *key, *value;
    } needed[] = {{"door_key_file", config->door_key_file},
                  {"policy_file", config->policy_file},
                  {"pseudonym_key_file", config->pseudonym_key_file},
                  {"master_key_file", config->master_key_file}};
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (needed[i].value[0] != '\0') continue;
        return error_set(reterr_error, STATUS_INVALID, "%s: expected a path, as there is a door_endpoint",
                         needed[i].key);
    }
    return STATUS_OK;
}

void config_defaults(struct config *ret_config, const struct service *service) {
    ASSERT(service == NULL || service->config_row_count <= CONFIG_SERVICE_ROWS_MAX);
    *ret_config = (struct config){.service = service};
    for (uint32_t i = 0; i < config_row_count(service); i++) {
        struct config_row row = config_row_at(service, i);
        uint8_t *at = (uint8_t *)ret_config + row.offset;
        uint32_t first;
        ASSERT(config_row_find(service, row.name, &first) && first == i); /* no two rows of one name */
        ASSERT(row.min <= row.default_value && row.default_value <= row.max);
        switch (row.kind) {
        case CONFIG_TEXT:
            ASSERT(strlen(row.default_text) < CONFIG_TEXT_MAX);
            memcpy(at, row.default_text, strlen(row.default_text) + 1);
            break;
        case CONFIG_NUMBER:
            memcpy(at, &row.default_value, sizeof row.default_value);
            break;
        case CONFIG_FLAG:
            *(bool *)at = row.default_value != 0;
            break;
        }
    }
}

int64_t config_service_number(const struct service_context *context, const char *name) {
    const struct config *config = context->config;
    ASSERT(config != NULL && config->service != NULL);
    for (uint32_t i = 0; i < config->service->config_row_count; i++) {
        if (strcmp(config->service->config_rows[i].name, name) == 0) return config->service_values[i];
    }
    ASSERT(!"the service has no such configuration row");
}

uint32_t config_row_count(const struct service *service) {
    return HOST_ROW_COUNT + (service == NULL ? 0 : service->config_row_count);
}

struct config_row config_row_at(const struct service *service, uint32_t index) {
    ASSERT(index < config_row_count(service));
    if (index < HOST_ROW_COUNT) return host_rows[index];
    const struct service_config_row *row = &service->config_rows[index - HOST_ROW_COUNT];
    return (struct config_row){.name = row->name,
                               .kind = CONFIG_NUMBER,
                               .offset =
                                   offsetof(struct config, service_values) + (index - HOST_ROW_COUNT) * sizeof(int64_t),
                               .default_value = row->default_value,
                               .min = row->min,
                               .max = row->max,
                               .unit = row->unit,
                               .sentence = row->sentence};
}

bool config_row_find(const struct service *service, const char *name, uint32_t *ret_index) {
    for (uint32_t i = 0; i < config_row_count(service); i++) {
        if (strcmp(config_row_at(service, i).name, name) != 0) continue;
        *ret_index = i;
        return true;
    }
    return false;
}

static enum status set_text(struct config *config, const struct config_row *row, const char *value,
                            struct error *reterr_error) {
    size_t size = strlen(value);
    if (size >= CONFIG_TEXT_MAX || !text_is_clean(slice_of(value, size))) {
        return error_set(reterr_error, STATUS_INVALID,
                         "%s: expected at most %d bytes of UTF-8 without control characters", row->name,
                         CONFIG_TEXT_MAX - 1);
    }
    memcpy((uint8_t *)config + row->offset, value, size + 1);
    return STATUS_OK;
}

static enum status set_number(struct config *config, const struct config_row *row, const char *value,
                              struct error *reterr_error) {
    int64_t number = 0;
    char expected[CONFIG_SHOWN_MAX];
    config_expected(row, expected);
    if (!read_number(value, &number)) {
        return error_set(reterr_error, STATUS_INVALID, "%s: \"%.40s\" is not a whole number; expected %.100s",
                         row->name, value, expected);
    }
    if (number < row->min || number > row->max) {
        return error_set(reterr_error, STATUS_INVALID, "%s: %.40s is out of bounds; expected %.100s", row->name, value,
                         expected);
    }
    memcpy((uint8_t *)config + row->offset, &number, sizeof number);
    return STATUS_OK;
}

static enum status set_flag(struct config *config, const struct config_row *row, const char *value,
                            struct error *reterr_error) {
    bool is_true = strcmp(value, "true") == 0;
    if (!is_true && strcmp(value, "false") != 0) {
        return error_set(reterr_error, STATUS_INVALID, "%s: \"%.40s\" is neither; expected true or false", row->name,
                         value);
    }
    *(bool *)((uint8_t *)config + row->offset) = is_true;
    return STATUS_OK;
}

/* Decimal digits with at most a minus before them: no spaces, no suffix, no other base. */
static bool read_number(const char *text, int64_t *ret_value) {
    bool is_negative = text[0] == '-';
    uint64_t size = 0;
    if (!text_u64(slice_text(text + is_negative), &size) || size > INT64_MAX) return false;
    *ret_value = is_negative ? -(int64_t)size : (int64_t)size;
    return true;
}

/* Plain text only where the configuration says so in so many words, and then nothing that looks like more. */
static enum status check_trust(const struct config *config, struct error *reterr_error) {
    const struct {
        const char *key, *value;
        bool is_needed;
    } files[] = {{"kafka_ca_file", config->kafka_ca_file, true},
                 {"kafka_certificate_file", config->kafka_certificate_file, true},
                 {"kafka_key_file", config->kafka_key_file, true},
                 {"kafka_publisher_certificate_file", config->kafka_publisher_certificate_file, config->may_own},
                 {"kafka_publisher_key_file", config->kafka_publisher_key_file, config->may_own}};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (config->kafka_plaintext && files[i].value[0] != '\0') {
            return error_set(reterr_error, STATUS_INVALID,
                             "%s: is of no use with kafka_plaintext = true; expected one or the other", files[i].key);
        }
        if (config->kafka_plaintext || !files[i].is_needed || files[i].value[0] != '\0') continue;
        return error_set(reterr_error, STATUS_INVALID,
                         "%s: expected a path (bhr keys new makes the file), or kafka_plaintext = true for a Kafka "
                         "without TLS",
                         files[i].key);
    }
    return STATUS_OK;
}

static enum status check_name(const char *key, const char *value, bool may_be_empty, struct error *reterr_error) {
    if (may_be_empty && value[0] == '\0') return STATUS_OK;
    if (text_is_token(slice_text(value), CONFIG_NAME_MAX)) return STATUS_OK;
    return error_set(reterr_error, STATUS_INVALID, "%s: \"%.60s\" is no name; expected 1 to %d of A-Z a-z 0-9 . _ : -",
                     key, value, CONFIG_NAME_MAX);
}
