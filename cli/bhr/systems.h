/* The outside systems that a command about topics is for: those in the suite's file and those on the command line. */
#ifndef BHR_CLI_SYSTEMS_H
#define BHR_CLI_SYSTEMS_H

#include "cli/bhr/command.h"
#include "lib/host/topics.h"

#define SYSTEMS_OPTION                                                                                                 \
    {                                                                                                                  \
        .name = "system", .value = "NAME", .kind = OPTION_ARGUMENT,                                                    \
        .sentence = "An outside system with a request topic; more in turn, and those in request_systems"               \
    }

/* Returns an exit code; the suite's file must have been read. */
int systems_take(const struct cli *cli, const struct arguments *arguments, struct topics_systems *ret_systems);

#endif
