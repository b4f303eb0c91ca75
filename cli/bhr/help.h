/* What `bhr --help` and `bhr help COMMAND` say, made from the tables of commands and exit codes. */
#ifndef BHR_CLI_HELP_H
#define BHR_CLI_HELP_H

#include "cli/bhr/command.h"

#include <argp.h>
#include <stdio.h>

/* All commands, the global options and the exit codes. */
void help_all(FILE *out, const struct argp *global);
/* The commands that begin with this word ("store"); false when there are none. */
bool help_group(FILE *out, const char *word);
/* The command whose name is most like the word; NULL when none is like it. */
const char *help_nearest(const char *word);
/* The text around a command's options, as argp wants it: before and after, with a vertical tab between. */
void help_doc(const struct command *command, char *ret_text, size_t size_max);

#endif
