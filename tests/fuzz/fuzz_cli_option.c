/* The value of any option of any command of `bhr`, and a token given as text. The first two bytes choose the option. What
 * identifies a person is never repeated in an error. */
#include "cli/bhr/command.h"
#include "cli/bhr/token_file.h"
#include "lib/client/uk_time.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

#define NOW_MS INT64_C(1795456800000)
static const char *const kinds[] = {"a flag",   "text",          "a number", "a time",     "an id",
                                    "a choice", "an NHS number", "a date",   "an argument"};

static void run_option(const struct command_option *option, const char *text) {
    struct option_value value;
    struct error error = {0};
    char reached[FUZZ_OUTCOME_MAX] = "refused: ";
    if (option_read(option, text, NOW_MS, &value, &error)) {
        ASSERT(value.is_given);
        ASSERT(option->kind != OPTION_NUMBER || (value.number >= option->min && value.number <= option->max));
        fuzz_reach(kinds[option->kind]);
        return;
    }
    ASSERT(error.code == STATUS_INVALID && error.message[0] != '\0');
    bool is_personal = option->kind == OPTION_NHS || option->kind == OPTION_DATE;
    ASSERT(!is_personal || strlen(text) < 6 || strstr(error.message, text) == NULL);
    fuzz_reach(strcat(reached, kinds[option->kind]));
}

static void run_token(struct slice input) {
    char *text = fuzz_text(input), token[TOKEN_SIZE_MAX + 1];
    struct error error = {0};
    enum status status = strchr(text, '/') == NULL ? token_file_read(text, token, &error)
                                                   : token_file_read(fuzz_file(input), token, &error);
    fuzz_reach(status == STATUS_OK ? "a token" : "no token");
    ASSERT(status != STATUS_OK || strlen(token) <= TOKEN_SIZE_MAX);
    free(text);
}

static void run(struct slice input) {
    static bool is_ready;
    struct error error;
    if (!is_ready) is_ready = uk_time_init(&error) == STATUS_OK;
    ASSERT(is_ready);
    uint8_t which = fuzz_byte(&input), option = fuzz_byte(&input);
    const struct command *command = commands[which % command_count];
    if (which == 255) {
        run_token(input);
    } else if (command->option_count > 0) {
        char *text = fuzz_text(input);
        run_option(&command->options[option % command->option_count], text);
        free(text);
    }
}

static void seed(void) {
    static const char *const values[] = {"x",
                                         "a text",
                                         "17",
                                         "2026-11-23 08:30",
                                         "0198c1d2-7e00-7abc-8def-0123456789ab",
                                         "books",
                                         "943 476 5919",
                                         "1984-02-29",
                                         "-1"};
    static uint8_t memory[256];
    struct buffer out = buffer_over(memory, sizeof memory);
    bool has_kind[sizeof kinds / sizeof kinds[0]] = {false};
    for (uint32_t c = 0; c < command_count && c < 255; c++) {
        for (uint32_t o = 0; o < commands[c]->option_count; o++) {
            const struct command_option *option = &commands[c]->options[o];
            if (has_kind[option->kind]) continue;
            has_kind[option->kind] = true;
            for (int good = 0; good < 2; good++) {
                const char *value = good == 1 ? values[option->kind] : "\xC3 not good";
                size_t size = strlen(value);
                if (good == 1 && option->kind == OPTION_CHOICE) {
                    value = option->choices;
                    size = strcspn(value, "|");
                }
                buffer_put_u8(&out, (uint8_t)c);
                buffer_put_u8(&out, (uint8_t)o);
                buffer_put(&out, value, size);
                fuzz_seed_buffer(&out);
            }
        }
    }
    fuzz_seed_text("\377 e30.e30.AA");
    fuzz_seed_text("\377 no token");
    fuzz_seed_text("\377 in/a file");
}

static const char *const outcomes[] = {"a choice",
                                       "a date",
                                       "a flag",
                                       "a number",
                                       "a time",
                                       "a token",
                                       "an NHS number",
                                       "an argument",
                                       "an id",
                                       "no token",
                                       "refused: a choice",
                                       "refused: a date",
                                       "refused: a number",
                                       "refused: a time",
                                       "refused: an NHS number",
                                       "refused: an id",
                                       "refused: text",
                                       "text",
                                       NULL};
const struct fuzz_harness fuzz_harness = {outcomes, run, seed, 0};
