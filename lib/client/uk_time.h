/* UK wall time at the edge: what people read and type, Europe/London with its two clock changes. Inside everything is UTC
 * milliseconds. Sets the process's time zone once, so it is for command-line programs and test programs, not for services.
 *
 * On the night the clocks go back 01:00-01:59 happens twice: without a zone the first (BST) is meant, "GMT" names the
 * second. On the night they go forward 01:00-01:59 does not happen and is refused. */
#ifndef BHR_CLIENT_UK_TIME_H
#define BHR_CLIENT_UK_TIME_H

#include "lib/base/status.h"

#include <stdint.h>

enum { UK_TIME_TEXT_MAX = 40 };

/* Once, before any thread. STATUS_NOT_FOUND when the machine does not know Europe/London (package tzdata). */
MUST_CHECK enum status uk_time_init(struct error *reterr_error);

/* "Sun 22 Nov 2026 18:40 GMT"; a time outside the years 1970-2200 is shown as the nearest end. */
void uk_time_format(int64_t ms, char ret_text[UK_TIME_TEXT_MAX]);
/* "2026-11-22 18:40:07.123 GMT": for lines that are compared with one another. */
void uk_time_format_exact(int64_t ms, char ret_text[UK_TIME_TEXT_MAX]);

/* Takes "2026-11-23 08:30", the same with "T" between or with " GMT" or " BST" after it, "2026-11-23" (its midnight),
 * "today 08:30", "tomorrow 08:30", "now", and FHIR instants such as "2026-11-23T08:30:00Z". now_ms is for the words.
 * STATUS_INVALID: the message says what is wrong and what was expected. */
MUST_CHECK enum status uk_time_parse(const char *text, int64_t now_ms, int64_t *ret_ms, struct error *reterr_error);

#endif
