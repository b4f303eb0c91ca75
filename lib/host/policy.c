/* Reads the policy file and answers who may come in (design section 6 "Identity"). Owns nothing: the policy is its
 * caller's memory. Any thread. The file is checked as a whole at load, so that a running door never meets a bad row;
 * what is not written in it is denied. A '#' starts a comment only where a word starts: keys may contain one, but
 * none begins with it. */
#include "lib/host/policy.h"

#include "lib/base/assert.h"
#include "lib/base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    FILE_SIZE_MAX = 1024 * 1024,
    SHOWN_MAX = 48, /* characters of a word in an error */
    IN_FLIGHT_MAX = 10000,
    PER_SECOND_MAX = 1000000,
};

struct parser {
    const struct service *service;
    struct policy *policy;
    struct policy_system *system; /* the one whose rows are being read, else NULL */
    uint32_t seen;                /* one bit for each of row_kinds that the open system has */
    int line, system_line;
    struct error *reterr_error;
};

struct row_kind {
    const char *word;
    enum status (*read)(struct parser *parser, struct slice *rest);
};

static enum status read_line(struct parser *parser, struct slice line);
static enum status begin_system(struct parser *parser, struct slice *rest);
static enum status end_system(struct parser *parser);
static enum status read_row(struct parser *parser, struct slice word, struct slice *rest);
static enum status read_key(struct parser *parser, struct slice *rest);
static enum status read_organisation(struct parser *parser, struct slice *rest);
static enum status read_role(struct parser *parser, struct slice *rest);
static enum status read_methods(struct parser *parser, struct slice *rest);
static enum status read_in_flight(struct parser *parser, struct slice *rest);
static enum status read_per_second(struct parser *parser, struct slice *rest);
static enum status refuse(const struct parser *parser, struct slice word, const char *expected);
static struct slice next_word(struct slice *rest);
static int compare_ids(const void *a, const void *b);

static const struct row_kind row_kinds[] = {
    {"key", read_key},         {"organisation", read_organisation}, {"role", read_role},
    {"methods", read_methods}, {"in_flight", read_in_flight},       {"per_second", read_per_second},
};
enum { ROW_KIND_COUNT = sizeof row_kinds / sizeof row_kinds[0] };

enum status policy_parse(struct policy *ret_policy, struct slice text, const struct service *service,
                         struct error *reterr_error) {
    ASSERT(ret_policy != NULL);
    ASSERT(service != NULL);
    struct policy *policy = calloc(1, sizeof *policy);
    if (policy == NULL) return error_set(reterr_error, STATUS_NO_MEMORY, "no memory for the policy");
    struct parser parser = {.service = service, .policy = policy, .reterr_error = reterr_error};
    enum status status = STATUS_OK;
    while (status == STATUS_OK && text.size > 0) {
        const uint8_t *end = memchr(text.data, '\n', text.size);
        size_t size = end == NULL ? text.size : (size_t)(end - text.data);
        parser.line++;
        status = read_line(&parser, slice_of(text.data, size));
        size_t taken = end == NULL ? size : size + 1;
        text = slice_of(text.data + taken, text.size - taken);
    }
    if (status == STATUS_OK && parser.system != NULL) {
        status = error_set(reterr_error, STATUS_INVALID, "line %d: expected } to end system %s of line %d", parser.line,
                           parser.system->id, parser.system_line);
    }
    if (status == STATUS_OK) {
        qsort(policy->systems, policy->system_count, sizeof policy->systems[0], compare_ids);
        *ret_policy = *policy;
    }
    free(policy);
    return status;
}

enum status policy_load(struct policy *ret_policy, const char *path, const struct service *service,
                        struct error *reterr_error) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) return error_set(reterr_error, STATUS_NOT_FOUND, "%s: %s", path, strerror(errno));
    uint8_t *text = malloc(FILE_SIZE_MAX + 1);
    size_t size = text == NULL ? 0 : fread(text, 1, FILE_SIZE_MAX + 1, file);
    bool has_failed = ferror(file) != 0;
    (void)fclose(file);
    enum status status;
    struct error error = {0};
    if (text == NULL) {
        status = error_set(reterr_error, STATUS_NO_MEMORY, "%s: no memory to read it", path);
    } else if (has_failed) {
        status = error_set(reterr_error, STATUS_IO, "%s: it cannot be read", path);
    } else if (size > FILE_SIZE_MAX) {
        status = error_set(reterr_error, STATUS_FULL, "%s: expected at most %d bytes", path, (int)FILE_SIZE_MAX);
    } else {
        status = policy_parse(ret_policy, slice_of(text, size), service, &error);
        if (status != STATUS_OK) error_set(reterr_error, status, "%.64s: %.180s", path, error.message);
    }
    free(text);
    return status;
}

const struct policy_system *policy_by_id(const struct policy *policy, const char *system_id) {
    ASSERT(policy->system_count <= POLICY_SYSTEMS_MAX);
    uint32_t low = 0, high = policy->system_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = strcmp(policy->systems[middle].id, system_id);
        if (order == 0) return &policy->systems[middle];
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

const struct policy_system *policy_by_key(const struct policy *policy, struct slice key_text) {
    for (uint32_t i = 0; i < policy->system_count; i++) {
        if (slice_equal(slice_text(policy->systems[i].key), key_text)) return &policy->systems[i];
    }
    return NULL;
}

bool policy_allows(const struct policy_system *system, struct slice method) {
    ASSERT(system->method_count <= POLICY_METHODS_MAX);
    for (uint32_t i = 0; i < system->method_count; i++) {
        struct slice allowed = slice_text(system->methods[i]);
        if (allowed.data[allowed.size - 1] == '*') {
            allowed.size--;
            if (slice_starts_with(method, allowed)) return true;
        } else if (slice_equal(allowed, method)) {
            return true;
        }
    }
    return false;
}

static enum status read_line(struct parser *parser, struct slice line) {
    struct slice rest = line;
    struct slice word = next_word(&rest);
    if (word.size == 0) return STATUS_OK;
    enum status status;
    if (slice_equal(word, slice_text("system"))) {
        status = begin_system(parser, &rest);
    } else if (slice_equal(word, slice_text("}"))) {
        status = parser->system == NULL ? refuse(parser, word, "system") : end_system(parser);
    } else {
        status = parser->system == NULL ? refuse(parser, word, "system") : read_row(parser, word, &rest);
    }
    if (status != STATUS_OK) return status;
    struct slice surplus = next_word(&rest);
    return surplus.size == 0 ? STATUS_OK : refuse(parser, surplus, "the end of the line");
}

static enum status begin_system(struct parser *parser, struct slice *rest) {
    struct policy *policy = parser->policy;
    struct slice id = next_word(rest);
    if (parser->system != NULL) return refuse(parser, slice_text("system"), "} before the next system");
    if (!text_is_token(id, SOCKET_SYSTEM_MAX)) {
        return refuse(parser, id, "the system's id, 1 to 64 characters of A-Z a-z 0-9 . _ : -");
    }
    for (uint32_t i = 0; i < policy->system_count; i++) {
        bool is_same = slice_equal(slice_text(policy->systems[i].id), id);
        if (is_same) return refuse(parser, id, "an id that no other system has");
    }
    if (policy->system_count == POLICY_SYSTEMS_MAX) return refuse(parser, id, "at most 256 systems");
    struct slice brace = next_word(rest);
    if (!slice_equal(brace, slice_text("{"))) return refuse(parser, brace, "{ after the system's id");
    parser->system = &policy->systems[policy->system_count];
    memcpy(parser->system->id, id.data, id.size);
    parser->system_line = parser->line;
    parser->seen = 0;
    return STATUS_OK;
}

static enum status end_system(struct parser *parser) {
    ASSERT(parser->system != NULL);
    for (uint32_t i = 0; i < ROW_KIND_COUNT; i++) {
        if ((parser->seen & 1u << i) != 0) continue;
        return error_set(parser->reterr_error, STATUS_INVALID, "line %d: system %s of line %d: expected a row %s",
                         parser->line, parser->system->id, parser->system_line, row_kinds[i].word);
    }
    parser->policy->system_count++;
    ASSERT(parser->policy->system_count <= POLICY_SYSTEMS_MAX);
    parser->system = NULL;
    return STATUS_OK;
}

static enum status read_row(struct parser *parser, struct slice word, struct slice *rest) {
    for (uint32_t i = 0; i < ROW_KIND_COUNT; i++) {
        if (!slice_equal(word, slice_text(row_kinds[i].word))) continue;
        if ((parser->seen & 1u << i) != 0) return refuse(parser, word, "this row only once in a system");
        parser->seen |= 1u << i;
        return row_kinds[i].read(parser, rest);
    }
    return refuse(parser, word, "key, organisation, role, methods, in_flight, per_second or }");
}

/* Z85 (ZeroMQ RFC 32): five characters are four bytes, so each group of five must stay below 2^32. */
static enum status read_key(struct parser *parser, struct slice *rest) {
    static const char alphabet[] =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
    static_assert(sizeof alphabet == 85 + 1, "Z85 has 85 characters");
    struct slice key = next_word(rest);
    bool is_good = key.size == SOCKET_KEY_TEXT_SIZE;
    uint64_t group = 0;
    for (size_t i = 0; is_good && i < key.size; i++) {
        const char *at = memchr(alphabet, key.data[i], sizeof alphabet - 1);
        if (at == NULL) {
            is_good = false;
            break;
        }
        group = (i % 5 == 0 ? 0 : group * 85) + (uint64_t)(at - alphabet);
        is_good = group <= UINT32_MAX;
    }
    if (!is_good) return refuse(parser, key, "40 characters Z85");
    if (policy_by_key(parser->policy, key) != NULL) return refuse(parser, key, "a key that no other system has");
    memcpy(parser->system->key, key.data, key.size);
    return STATUS_OK;
}

static enum status read_organisation(struct parser *parser, struct slice *rest) {
    struct slice code = next_word(rest);
    if (!text_is_ods_code(code)) return refuse(parser, code, "an ODS code, 3 to 10 characters of A-Z 0-9");
    ASSERT(code.size < sizeof parser->system->organisation);
    memcpy(parser->system->organisation, code.data, code.size);
    return STATUS_OK;
}

static enum status read_role(struct parser *parser, struct slice *rest) {
    struct slice role = next_word(rest);
    if (!text_is_token(role, sizeof parser->system->role - 1)) {
        return refuse(parser, role, "a role, 1 to 15 characters of A-Z a-z 0-9 . _ : -");
    }
    memcpy(parser->system->role, role.data, role.size);
    return STATUS_OK;
}

/* The part before the service's name: "bhr.booking.v1" of "bhr.booking.v1.BookingService/Hold". */
static struct slice package_of(struct slice method) {
    size_t slash = 0;
    while (slash < method.size && method.data[slash] != '/') slash++;
    while (slash > 0 && method.data[slash] != '.') slash--;
    return slice_of(method.data, slash);
}

static bool is_method(struct slice word, struct slice *ret_method) {
    const uint8_t *slash = memchr(word.data, '/', word.size);
    if (slash == NULL) return false;
    size_t service_size = (size_t)(slash - word.data);
    *ret_method = slice_of(slash + 1, word.size - service_size - 1);
    bool is_star = slice_equal(*ret_method, slice_text("*"));
    return text_is_token(slice_of(word.data, service_size), word.size) &&
           (is_star || text_is_token(*ret_method, word.size));
}

/* Whether the service has it, and whether it is a matter of this service at all. */
static bool has_method(const struct service *service, struct slice word, bool is_star, bool *ret_is_ours) {
    struct slice wanted = slice_of(word.data, is_star ? word.size - 1 : word.size);
    *ret_is_ours = false;
    for (uint32_t i = 0; i < service->method_count; i++) {
        struct slice name = slice_text(service->methods[i].name);
        if (slice_equal(package_of(name), package_of(word))) *ret_is_ours = true;
        if (is_star ? slice_starts_with(name, wanted) : slice_equal(name, wanted)) return true;
    }
    return false;
}

static enum status read_methods(struct parser *parser, struct slice *rest) {
    struct policy_system *system = parser->system;
    struct slice word = next_word(rest);
    if (word.size == 0) return refuse(parser, word, "at least one method");
    for (; word.size > 0; word = next_word(rest)) {
        struct slice method;
        if (word.size >= sizeof system->methods[0] || !is_method(word, &method)) {
            return refuse(parser, word, "package.Service/Method or package.Service/*, at most 95 characters");
        }
        bool is_star = slice_equal(method, slice_text("*")), is_ours;
        if (!has_method(parser->service, word, is_star, &is_ours)) {
            if (is_ours) return refuse(parser, word, "a method that the service has");
            continue;
        }
        if (system->method_count == POLICY_METHODS_MAX) return refuse(parser, word, "at most 32 methods; use a star");
        memcpy(system->methods[system->method_count], word.data, word.size);
        system->method_count++;
    }
    return STATUS_OK;
}

static enum status read_number(struct parser *parser, struct slice *rest, uint32_t max, const char *expected,
                               uint32_t *ret_number) {
    struct slice word = next_word(rest);
    uint64_t number;
    if (!text_u64(word, &number) || number < 1 || number > max) return refuse(parser, word, expected);
    *ret_number = (uint32_t)number;
    return STATUS_OK;
}

static enum status read_in_flight(struct parser *parser, struct slice *rest) {
    return read_number(parser, rest, IN_FLIGHT_MAX, "a number from 1 to 10000", &parser->system->in_flight_max);
}

static enum status read_per_second(struct parser *parser, struct slice *rest) {
    return read_number(parser, rest, PER_SECOND_MAX, "a number from 1 to 1000000", &parser->system->per_second_max);
}

static enum status refuse(const struct parser *parser, struct slice word, const char *expected) {
    char shown[SHOWN_MAX + 1];
    size_t size = word.size < SHOWN_MAX ? word.size : SHOWN_MAX;
    for (size_t i = 0; i < size; i++) shown[i] = word.data[i] > ' ' && word.data[i] < 0x7F ? (char)word.data[i] : '?';
    shown[size] = '\0';
    return error_set(parser->reterr_error, STATUS_INVALID, "line %d: \"%s\": expected %s", parser->line, shown,
                     expected);
}

static bool is_blank(uint8_t c) {
    return c == ' ' || c == '\t' || c == '\r';
}

/* Empty at the end of the line or where a comment starts. */
static struct slice next_word(struct slice *rest) {
    size_t start = 0;
    while (start < rest->size && is_blank(rest->data[start])) start++;
    bool is_end = start == rest->size || rest->data[start] == '#';
    size_t end = start;
    while (!is_end && end < rest->size && !is_blank(rest->data[end])) end++;
    struct slice word = slice_of(rest->data + start, end - start);
    *rest = is_end ? word : slice_of(rest->data + end, rest->size - end);
    return word;
}

static int compare_ids(const void *a, const void *b) {
    const struct policy_system *left = a, *right = b;
    return strcmp(left->id, right->id);
}
