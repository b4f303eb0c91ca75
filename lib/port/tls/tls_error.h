/* Private to lib/port/tls: what OpenSSL complained about last, in an error's message. */
#ifndef BHR_PORT_TLS_TLS_ERROR_H
#define BHR_PORT_TLS_TLS_ERROR_H

#include "lib/base/status.h"

#include <openssl/err.h>

/* Returns code; takes the reasons that wait in this thread's queue. */
static inline enum status tls_error(struct error *reterr_error, enum status code, const char *what) {
    unsigned long first = ERR_get_error();
    const char *reason = first != 0 ? ERR_reason_error_string(first) : NULL;
    ERR_clear_error();
    return error_set(reterr_error, code, "%s%s%s", what, reason != NULL ? ": " : "", reason != NULL ? reason : "");
}

#endif
