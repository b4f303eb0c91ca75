/* What --wrap puts between our objects and the C library. Disarmed it only hands on. */
#include "tests/support/alloc.h"

#include "lib/base/assert.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

enum { ALLOC_REQUESTS_MAX = 100000 }; /* more in one attempt: it does not come to an end */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);

static atomic_bool is_armed;
static atomic_uint to_go; /* requests until the one that fails, that one included; 0: it has failed */

static bool fails(void) {
    if (!atomic_load(&is_armed)) return false;
    unsigned before = atomic_load(&to_go);
    do {
        if (before == 0) return false;
    } while (!atomic_compare_exchange_weak(&to_go, &before, before - 1));
    if (before == 1) errno = ENOMEM;
    return before == 1;
}

void *__wrap_malloc(size_t size) {
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size) {
    return fails() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text) {
    return fails() ? NULL : __real_strdup(text);
}

void alloc_fail(uint32_t n) {
    ASSERT(n > 0);
    atomic_store(&to_go, n);
    atomic_store(&is_armed, true);
}

bool alloc_end(void) {
    atomic_store(&is_armed, false);
    return atomic_load(&to_go) == 0;
}

uint32_t alloc_each(bool (*attempt)(void *context, uint32_t n), void *context) {
    uint32_t n = 1;
    while (attempt(context, n)) {
        n++;
        ASSERT(n < ALLOC_REQUESTS_MAX);
    }
    return n - 1;
}
