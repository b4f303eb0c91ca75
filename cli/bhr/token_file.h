/* Where a command line has a token from: the words themselves, or a file that holds them. */
#ifndef BHR_CLI_TOKEN_FILE_H
#define BHR_CLI_TOKEN_FILE_H

#include "lib/base/status.h"
#include "lib/port/token.h"

/* given names a file, or is a token. The error never repeats a token. */
MUST_CHECK enum status token_file_read(const char *given, char ret_token[TOKEN_SIZE_MAX + 1],
                                       struct error *reterr_error);

#endif
