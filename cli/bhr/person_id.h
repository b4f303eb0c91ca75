/* Whom a command is about, as topics and stores know people: by pseudonymous id, given or worked out from the NHS number
 * with the suite's pseudonym key. */
#ifndef BHR_CLI_PERSON_ID_H
#define BHR_CLI_PERSON_ID_H

#include "cli/bhr/command.h"

#define PERSON_ID_OPTION_ROWS                                                                                          \
    {.name = "nhs-number", .value = "NUMBER", .kind = OPTION_NHS, .sentence = "NHS number, ten digits"}, {             \
        .name = "person-id", .value = "ID", .kind = OPTION_UUID,                                                       \
        .sentence = "Pseudonymous id, as `bhr show` prints it"                                                         \
    }

/* CLI_OK, or another exit code after saying what is missing; never repeats the number. */
int person_id_read(struct cli *cli, const struct arguments *arguments, struct uuid *ret_person_id);

#endif
