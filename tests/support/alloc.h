/* Lets a request for memory fail: the n-th one that our own objects make (malloc, calloc, realloc, strdup), not those of
 * the libraries below us. For programs in tests/alloc, which are linked with --wrap for those four; whatever the world of
 * a test needs comes from lib/port/fake/memory.h and is not counted. Any thread may ask for memory, one arms and disarms.
 * That nothing leaks on the way is for LeakSanitizer to say at the program's end. */
#ifndef BHR_TESTS_SUPPORT_ALLOC_H
#define BHR_TESTS_SUPPORT_ALLOC_H

#include <stdbool.h>
#include <stdint.h>

/* From here on the n-th request fails, once; those after it are served again. */
void alloc_fail(uint32_t n);
/* Ends that; harmless at any time. False when there were fewer than n requests, so that none has failed. */
bool alloc_end(void);

/* For n = 1, 2, ...: attempt, which arms with alloc_fail(n) and returns what alloc_end said; until none has failed.
 * Returns how many requests could fail. */
uint32_t alloc_each(bool (*attempt)(void *context, uint32_t n), void *context);

#endif
