/* One option's value: read by kind, with one sentence for everything that it can be refused for. Pure but for the table
 * it is handed. */
#include "cli/bhr/command.h"

#include "lib/base/assert.h"
#include "lib/base/civil_time.h"
#include "lib/base/nhs_number.h"
#include "lib/base/text.h"
#include "lib/client/uk_time.h"

#include <stdio.h>

static bool read_number(const struct command_option *option, const char *text, int64_t *ret_number,
                        struct error *reterr_error);
static bool read_choice(const struct command_option *option, const char *text, int64_t *ret_number,
                        struct error *reterr_error);
static bool read_nhs(const char *text, char ret_digits[11], struct error *reterr_error);
static bool refuse(struct error *reterr_error, const char *expected, const char *text);

bool option_read(const struct command_option *option, const char *text, int64_t now_ms, struct option_value *ret_value,
                 struct error *reterr_error) {
    ASSERT(option->kind == OPTION_FLAG || text != NULL);
    struct option_value value = {.is_given = true, .text = text};
    bool is_good = true;
    switch (option->kind) {
    case OPTION_FLAG:
    case OPTION_ARGUMENT:
        break;
    case OPTION_TEXT:
        if (*text == '\0' || !text_is_clean(slice_text(text))) {
            is_good = false;
            (void)error_set(reterr_error, STATUS_INVALID, "expected text (UTF-8, not empty)");
        }
        break;
    case OPTION_NUMBER:
        is_good = read_number(option, text, &value.number, reterr_error);
        break;
    case OPTION_TIME:
        is_good = uk_time_parse(text, now_ms, &value.number, reterr_error) == STATUS_OK;
        break;
    case OPTION_UUID:
        is_good = uuid_parse(slice_text(text), &value.id) ||
                  refuse(reterr_error, "a UUID such as 0198c1d2-7e00-7abc-8def-0123456789ab", text);
        break;
    case OPTION_CHOICE:
        is_good = read_choice(option, text, &value.number, reterr_error);
        break;
    case OPTION_NHS:
        is_good = read_nhs(text, value.digits, reterr_error);
        break;
    case OPTION_DATE:
        if (!civil_is_date(slice_text(text))) {
            is_good = false;
            (void)error_set(reterr_error, STATUS_INVALID, "expected a date YYYY-MM-DD that exists");
        }
        break;
    }
    if (is_good) *ret_value = value;
    return is_good;
}

static bool read_number(const struct command_option *option, const char *text, int64_t *ret_number,
                        struct error *reterr_error) {
    uint64_t number;
    if (text_u64(slice_text(text), &number) && number <= INT64_MAX && (int64_t)number >= option->min &&
        (int64_t)number <= option->max) {
        *ret_number = (int64_t)number;
        return true;
    }
    char expected[96];
    (void)snprintf(expected, sizeof expected, "a number from %lld to %lld", (long long)option->min,
                   (long long)option->max);
    return refuse(reterr_error, expected, text);
}

static bool read_choice(const struct command_option *option, const char *text, int64_t *ret_number,
                        struct error *reterr_error) {
    int64_t number = 1;
    size_t text_size = strlen(text);
    for (const char *choice = option->choices; *choice != '\0'; number++) {
        size_t size = strcspn(choice, "|");
        if (size == text_size && memcmp(choice, text, size) == 0) {
            *ret_number = number;
            return true;
        }
        choice += size + (choice[size] == '|');
    }
    char expected[128];
    (void)snprintf(expected, sizeof expected, "one of %s", option->choices);
    return refuse(reterr_error, expected, text);
}

/* The number itself is personal: an error never shows it. */
static bool read_nhs(const char *text, char ret_digits[11], struct error *reterr_error) {
    enum nhs_number_fault fault = nhs_number_parse(slice_text(text), ret_digits);
    if (fault != NHS_NUMBER_GOOD) {
        (void)error_set(reterr_error, STATUS_INVALID, "%s", nhs_number_fault_text(fault));
        return false;
    }
    ret_digits[10] = '\0';
    return true;
}

static bool refuse(struct error *reterr_error, const char *expected, const char *text) {
    (void)error_set(reterr_error, STATUS_INVALID, "expected %s, not \"%.64s\"", expected, text);
    return false;
}

static uint32_t index_of(const struct arguments *arguments, const char *name) {
    for (uint32_t i = 0; i < arguments->command->option_count; i++) {
        if (strcmp(arguments->command->options[i].name, name) == 0) return i;
    }
    ASSERT(!"the command has an option of this name");
    return 0;
}

bool option_is_given(const struct arguments *arguments, const char *name) {
    return arguments->values[index_of(arguments, name)].is_given;
}

const char *option_text(const struct arguments *arguments, const char *name) {
    const struct option_value *value = &arguments->values[index_of(arguments, name)];
    return value->is_given ? value->text : NULL;
}

int64_t option_number(const struct arguments *arguments, const char *name) {
    uint32_t index = index_of(arguments, name);
    const struct option_value *value = &arguments->values[index];
    return value->is_given ? value->number : arguments->command->options[index].fallback;
}

struct uuid option_uuid(const struct arguments *arguments, const char *name) {
    return arguments->values[index_of(arguments, name)].id;
}

const char *option_nhs(const struct arguments *arguments, const char *name) {
    return arguments->values[index_of(arguments, name)].digits;
}
