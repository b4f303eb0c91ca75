/* The options that say who somebody is, the same for every command that needs to know. */
#ifndef BHR_CLI_PERSON_H
#define BHR_CLI_PERSON_H

#include "cli/bhr/command.h"
#include "services/booking/core/booking.h"

#define PERSON_OPTION_ROWS                                                                                             \
    {.name = "nhs-number", .value = "NUMBER", .kind = OPTION_NHS, .sentence = "NHS number, ten digits"},               \
        {.name = "family", .value = "NAME", .kind = OPTION_TEXT, .sentence = "Family name"},                           \
        {.name = "given", .value = "NAME", .kind = OPTION_TEXT, .sentence = "Given name"},                             \
        {.name = "born", .value = "DATE", .kind = OPTION_DATE, .sentence = "Birth date, YYYY-MM-DD"}, {                \
        .name = "local-id", .value = "TEXT", .kind = OPTION_TEXT, .sentence = "Identifier in your own system"          \
    }

/* CLI_OK, or CLI_USAGE after saying what is missing; never repeats a value. */
int person_read(const struct cli *cli, const struct arguments *arguments, struct booking_person *ret_person);

#endif
