/* Reads run/bhr.ini: a table of keys, one place for each. Owns nothing; at the start of the program only. */
#include "cli/bhr/suite.h"

#include "lib/base/assert.h"
#include "lib/base/slice.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdio.h>

struct reader {
    struct suite *suite;
    struct error *error; /* of the first line that is wrong */
    bool has_failed;
};

static int on_key(void *context, const char *section, const char *key, const char *value);
static bool set_suite(struct suite *suite, const char *key, const char *value, const char **ret_expected);
static bool set_service(struct suite *suite, const char *name, const char *key, const char *value,
                        const char **ret_expected);
static bool set_client(struct suite *suite, const char *name, const char *key, const char *value,
                       const char **ret_expected);
static bool set_text(char *to, size_t to_size, const char *value, const char **ret_expected);
static bool set_list(struct suite_list *to, const char *value, const char **ret_expected);

enum status suite_read(struct suite *ret_suite, const char *path, struct error *reterr_error) {
    struct suite suite = {.environment = "local", .locality = "nel-bhr"};
    (void)snprintf(suite.path, sizeof suite.path, "%s", path);
    struct error error = {.code = STATUS_OK};
    struct reader reader = {.suite = &suite, .error = &error};
    int line = ini_parse(path, on_key, &reader);
    if (line == -1) {
        return error_set(reterr_error, STATUS_NOT_FOUND, "%s cannot be opened: %s", path, strerror(errno));
    }
    if (line != 0 && !reader.has_failed) {
        return error_set(reterr_error, STATUS_INVALID, "%s, line %d: expected [section] or key = value", path, line);
    }
    if (line != 0) return error_set(reterr_error, STATUS_INVALID, "%s, line %d: %s", path, line, error.message);
    *ret_suite = suite;
    return STATUS_OK;
}

const struct suite_service *suite_service(const struct suite *suite, const char *name) {
    for (size_t i = 0; i < suite->service_count; i++) {
        if (strcmp(suite->services[i].name, name) == 0) return &suite->services[i];
    }
    return NULL;
}

const struct suite_client *suite_client(const struct suite *suite, const char *name) {
    if (name == NULL) name = "";
    for (size_t i = 0; i < suite->client_count; i++) {
        if (strcmp(suite->clients[i].name, name) == 0) return &suite->clients[i];
    }
    return NULL;
}

/* inih reports the line of the first call that returned 0. */
static int on_key(void *context, const char *section, const char *key, const char *value) {
    struct reader *reader = context;
    const char *expected = NULL;
    bool is_good = false;
    if (reader->has_failed) return 0;
    if (strcmp(section, "suite") == 0) {
        is_good = set_suite(reader->suite, key, value, &expected);
    } else if (strncmp(section, "service ", 8) == 0 && section[8] != '\0') {
        is_good = set_service(reader->suite, section + 8, key, value, &expected);
    } else if (strcmp(section, "client") == 0) {
        is_good = set_client(reader->suite, "", key, value, &expected);
    } else if (strncmp(section, "client ", 7) == 0 && section[7] != '\0') {
        is_good = set_client(reader->suite, section + 7, key, value, &expected);
    } else {
        expected = "expected it in a section [suite], [service NAME], [client] or [client NAME]";
    }
    if (is_good) return 1;
    reader->has_failed = true;
    (void)error_set(reader->error, STATUS_INVALID, "%s: %s", key, expected);
    return 0;
}

static bool set_suite(struct suite *suite, const char *key, const char *value, const char **ret_expected) {
    const struct {
        const char *key;
        char *to;
        size_t to_size;
    } texts[] = {
        {"environment", suite->environment, sizeof suite->environment},
        {"locality", suite->locality, sizeof suite->locality},
        {"brokers", suite->brokers, sizeof suite->brokers},
        {"kafka_ca_file", suite->kafka_ca_file, sizeof suite->kafka_ca_file},
        {"kafka_certificate_file", suite->kafka_certificate_file, sizeof suite->kafka_certificate_file},
        {"kafka_key_file", suite->kafka_key_file, sizeof suite->kafka_key_file},
        {"redis_socket", suite->redis_socket, sizeof suite->redis_socket},
        {"server_key", suite->server_key, sizeof suite->server_key},
        {"token_issuer", suite->token_issuer, sizeof suite->token_issuer},
        {"token_audience", suite->token_audience, sizeof suite->token_audience},
        {"token_key_file", suite->token_key_file, sizeof suite->token_key_file},
        {"pseudonym_key_file", suite->pseudonym_key_file, sizeof suite->pseudonym_key_file},
        {"local_scripts", suite->local_scripts, sizeof suite->local_scripts},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strcmp(texts[i].key, key) == 0) return set_text(texts[i].to, texts[i].to_size, value, ret_expected);
    }
    if (strcmp(key, "request_systems") == 0) return set_list(&suite->request_systems, value, ret_expected);
    if (strcmp(key, "kafka_plaintext") == 0) {
        *ret_expected = "expected true or false";
        suite->kafka_plaintext = strcmp(value, "true") == 0;
        return suite->kafka_plaintext || strcmp(value, "false") == 0;
    }
    *ret_expected = "no such key; expected environment, locality, brokers, kafka_ca_file, kafka_certificate_file, "
                    "kafka_key_file, kafka_plaintext, request_systems, redis_socket, server_key, pseudonym_key_file, "
                    "token_issuer, token_audience, token_key_file or local_scripts";
    return false;
}

static bool set_service(struct suite *suite, const char *name, const char *key, const char *value,
                        const char **ret_expected) {
    struct suite_service *service = NULL;
    for (size_t i = 0; i < suite->service_count; i++) {
        if (strcmp(suite->services[i].name, name) == 0) service = &suite->services[i];
    }
    if (service == NULL) {
        if (suite->service_count == SUITE_SERVICES_MAX) {
            *ret_expected = "expected at most 4 sections of services";
            return false;
        }
        service = &suite->services[suite->service_count++];
        if (!set_text(service->name, sizeof service->name, name, ret_expected)) return false;
    }
    if (strcmp(key, "data_dirs") == 0) return set_list(&service->data_dirs, value, ret_expected);
    if (strcmp(key, "endpoints") == 0) return set_list(&service->endpoints, value, ret_expected);
    *ret_expected = "no such key; expected data_dirs or endpoints";
    return false;
}

static bool set_client(struct suite *suite, const char *name, const char *key, const char *value,
                       const char **ret_expected) {
    struct suite_client *client = NULL;
    for (size_t i = 0; i < suite->client_count; i++) {
        if (strcmp(suite->clients[i].name, name) == 0) client = &suite->clients[i];
    }
    if (client == NULL) {
        if (suite->client_count == SUITE_CLIENTS_MAX) {
            *ret_expected = "expected at most 32 sections of clients";
            return false;
        }
        client = &suite->clients[suite->client_count++];
        if (!set_text(client->name, sizeof client->name, name, ret_expected)) return false;
    }
    if (strcmp(key, "system") == 0) return set_text(client->system, sizeof client->system, value, ret_expected);
    if (strcmp(key, "key_file") == 0) return set_text(client->key_file, sizeof client->key_file, value, ret_expected);
    if (strcmp(key, "token_file") == 0) {
        return set_text(client->token_file, sizeof client->token_file, value, ret_expected);
    }
    *ret_expected = "no such key; expected system, key_file or token_file";
    return false;
}

static bool set_text(char *to, size_t to_size, const char *value, const char **ret_expected) {
    ASSERT(to_size > 1);
    if (strlen(value) >= to_size) {
        *ret_expected = to_size > 64 ? "expected at most 255 characters" : "expected at most 63 characters";
        return false;
    }
    (void)snprintf(to, to_size, "%s", value);
    return true;
}

/* Comma separated; spaces around an item do not count. */
static bool set_list(struct suite_list *to, const char *value, const char **ret_expected) {
    to->count = 0;
    while (*value != '\0') {
        size_t size = strcspn(value, ",");
        const char *item = value;
        value += size + (value[size] == ',');
        while (size > 0 && isspace((unsigned char)*item)) item++, size--;
        while (size > 0 && isspace((unsigned char)item[size - 1])) size--;
        if (size == 0) continue;
        if (size >= SUITE_TEXT_MAX || to->count == SUITE_LIST_MAX) {
            *ret_expected = "expected at most 16 items of at most 255 characters, comma separated";
            return false;
        }
        (void)snprintf(to->items[to->count++], SUITE_TEXT_MAX, "%.*s", (int)size, item);
    }
    return true;
}
