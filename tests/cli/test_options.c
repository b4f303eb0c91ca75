/* Values of options: what is taken, and that a refusal says what was expected and never repeats what is personal. */
#include "cli/bhr/command.h"
#include "lib/client/uk_time.h"
#include "tests/support/cmocka.h"

#include <stdio.h>

static const struct command_option number = {.name = "clients", .kind = OPTION_NUMBER, .min = 1, .max = 256};
static const struct command_option choice = {
    .name = "kind", .kind = OPTION_CHOICE, .choices = "in-person|telephone|video"};
static const struct command_option id = {.name = "id", .kind = OPTION_UUID};
static const struct command_option time = {.name = "from", .kind = OPTION_TIME};
static const struct command_option nhs = {.name = "nhs-number", .kind = OPTION_NHS};
static const struct command_option date = {.name = "born", .kind = OPTION_DATE};
static const struct command_option text = {.name = "note", .kind = OPTION_TEXT};

static const struct {
    const struct command_option *option;
    const char *text;
    int64_t number;       /* when it is taken */
    const char *expected; /* in the message when it is refused, else NULL */
    const char *hidden;   /* never in the message */
} rows[] = {
    {&number, "1", 1, NULL, NULL},
    {&number, "256", 256, NULL, NULL},
    {&number, "0", 0, "expected a number from 1 to 256, not \"0\"", NULL},
    {&number, "257", 0, "from 1 to 256, not \"257\"", NULL},
    {&number, "-1", 0, "from 1 to 256", NULL},
    {&number, "1x", 0, "from 1 to 256", NULL},
    {&number, "", 0, "from 1 to 256", NULL},
    {&number, "18446744073709551616", 0, "from 1 to 256", NULL},
    {&choice, "in-person", 1, NULL, NULL},
    {&choice, "video", 3, NULL, NULL},
    {&choice, "in", 0, "expected one of in-person|telephone|video, not \"in\"", NULL},
    {&choice, "", 0, "one of in-person", NULL},
    {&choice, "telephone|video", 0, "one of in-person", NULL},
    {&id, "0198c1d2-7e00-7abc-8def-0123456789ab", 0, NULL, NULL},
    {&id, "0198c1d2", 0, "expected a UUID such as", NULL},
    {&time, "2026-11-23 08:30", 1795422600000, NULL, NULL},
    {&time, "half past eight", 0, "expected a UK time such as", NULL},
    {&nhs, "943 476 5919", 0, NULL, NULL},
    {&nhs, "9434765918", 0, "check digit", "9434765918"},
    {&nhs, "943476591", 0, "ten digits", "943476591"},
    {&nhs, "1111111111", 0, "", "1111111111"},
    {&date, "1980-02-29", 0, NULL, NULL},
    {&date, "1981-02-29", 0, "expected a date YYYY-MM-DD that exists", "1981"},
    {&text, "call first", 0, NULL, NULL},
    {&text, "", 0, "expected text", NULL},
    {&text, "\xff\xfe", 0, "expected text", NULL},
};

static void every_value_is_taken_or_refused_by_name(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct option_value value = {.number = -7};
        struct error error = {0};
        bool is_good = option_read(rows[i].option, rows[i].text, 0, &value, &error);
        if (is_good != (rows[i].expected == NULL)) fail_msg("row %zu, \"%s\": %s", i, rows[i].text, error.message);
        if (is_good) {
            assert_true(value.is_given);
            assert_int_equal(value.number, rows[i].number);
            continue;
        }
        assert_int_equal(value.number, -7);
        if (strstr(error.message, rows[i].expected) == NULL) fail_msg("row %zu: %s", i, error.message);
        if (rows[i].hidden != NULL && strstr(error.message, rows[i].hidden) != NULL) {
            fail_msg("row %zu repeats what is personal", i);
        }
    }
}

static void values_become_what_they_mean(void **state) {
    (void)state;
    struct option_value value;
    assert_true(option_read(&nhs, "943 476 5919", 0, &value, NULL));
    assert_string_equal(value.digits, "9434765919");
    assert_true(option_read(&id, "0198C1D2-7E00-7ABC-8DEF-0123456789AB", 0, &value, NULL));
    assert_int_equal(value.id.bytes[0], 0x01);
    assert_int_equal(value.id.bytes[15], 0xab);
    assert_true(option_read(&time, "now", 12345, &value, NULL));
    assert_int_equal(value.number, 12345);
}

/* What is wrong in the table would be found by a user: at most so many options, each with a kind that fits its value. */
static void the_table_of_commands_is_sound(void **state) {
    (void)state;
    assert_true(command_count > 15);
    for (uint32_t i = 0; i < command_count; i++) {
        const struct command *command = commands[i];
        assert_non_null(command->run);
        assert_true(strlen(command->sentence) > 10);
        assert_true(command->option_count <= COMMAND_OPTIONS_MAX);
        assert_true(command->argument_min <= command->argument_max);
        assert_true(command->argument_max <= COMMAND_ARGUMENTS_MAX);
        assert_int_equal(command->argument_max > 0, command->arguments != NULL);
        for (uint32_t j = 0; j < command->option_count; j++) {
            const struct command_option *option = &command->options[j];
            assert_int_equal(option->kind == OPTION_FLAG, option->value == NULL);
            assert_int_equal(option->kind == OPTION_CHOICE, option->choices != NULL);
            if (option->kind == OPTION_NUMBER) assert_true(option->min <= option->max && option->max > 0);
            for (uint32_t k = 0; k < j; k++) assert_string_not_equal(option->name, command->options[k].name);
        }
        for (uint32_t j = 0; j < i; j++) assert_string_not_equal(command->name, commands[j]->name);
    }
}

int main(void) {
    struct error error;
    if (uk_time_init(&error) != STATUS_OK) {
        printf("skipped: %s\n", error.message);
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_is_taken_or_refused_by_name),
        cmocka_unit_test(values_become_what_they_mean),
        cmocka_unit_test(the_table_of_commands_is_sound),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
