/* Lets a call of a library or of the system fail that our ports make (library_calls.def): the n-th one of the process.
 * Linked with --wrap; the calls that libraries make themselves do not count. Any thread. */
#ifndef BHR_TESTS_CALLS_LIBRARY_CALLS_H
#define BHR_TESTS_CALLS_LIBRARY_CALLS_H

#include <stdbool.h>
#include <stdint.h>

/* From here on the n-th call fails once, n > 0, and standard error is told which: "fault: fsync". */
void library_calls_fail(uint32_t n);
/* Whether it came; there were fewer calls otherwise. */
bool library_calls_end(void);

#endif
