/* Lets a call of a library or of the system fail that our ports make (library_calls.def): the n-th one of the process.
 * Linked with --wrap; the calls that libraries make themselves do not count. Any thread. */
#ifndef BHR_TESTS_CALLS_LIBRARY_CALLS_H
#define BHR_TESTS_CALLS_LIBRARY_CALLS_H

#include <stdint.h>

/* From here on the n-th call fails once, n > 0. */
void library_calls_fail(uint32_t n);
/* The name of the call that failed; NULL when there were fewer. */
const char *library_calls_failed(void);

#endif
