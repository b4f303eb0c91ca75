/* Fills the operator's message of a failure. Not pure (vsnprintf formats through the C library): core files do not use
 * it. Any thread; it owns nothing and never logs, because whoever handles the failure logs it once. */
#include "lib/base/status.h"

#include "lib/base/assert.h"

#include <stdarg.h>
#include <stdio.h>

enum status error_set(struct error *reterr_error, enum status code, const char *format, ...) {
    ASSERT(code != STATUS_OK);
    ASSERT(format != NULL);
    if (reterr_error == NULL) return code;
    /* Built aside first: an argument may be the old message itself, when a layer prefixes its context. */
    char message[sizeof reterr_error->message];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (size < 0) message[0] = '\0';
    *reterr_error = (struct error){.code = code};
    for (size_t i = 0; message[i] != '\0'; i++) reterr_error->message[i] = message[i];
    return code;
}
