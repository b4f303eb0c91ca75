/* Which call fails is a number that counts down; it may be counted from any thread. */
#include "tests/calls/library_calls.h"

#include "lib/base/assert.h"

#include <errno.h>
#include <fcntl.h>
#include <hiredis/async.h>
#include <librdkafka/rdkafka.h>
#include <lmdb.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <uv.h>
#include <zmq.h>

static atomic_uint to_go; /* calls until the one that fails, that one included; 0: none fails any more */

static bool fails(const char *name) {
    unsigned before = atomic_load(&to_go);
    do {
        if (before == 0) return false;
    } while (!atomic_compare_exchange_weak(&to_go, &before, before - 1));
    if (before > 1) return false;
    (void)dprintf(STDERR_FILENO, "fault: %s\n", name); /* at once: whoever waits for ever then has said why */
    return true;
}

#define CALL(type, name, parameters, words, failure)                                                                   \
    type __real_##name parameters;                                                                                     \
    type __wrap_##name parameters;                                                                                     \
    type __wrap_##name parameters {                                                                                    \
        return fails(#name) ? (failure) : __real_##name words;                                                         \
    }
#include "tests/calls/library_calls.def"
#undef CALL

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);

int __wrap_open(const char *path, int flags, ...) {
    va_list words;
    va_start(words, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(words, mode_t) : 0;
    va_end(words);
    if (!fails("open")) return __real_open(path, flags, mode);
    errno = EMFILE;
    return -1;
}

void library_calls_fail(uint32_t n) {
    ASSERT(n > 0);
    atomic_store(&to_go, n);
}

bool library_calls_end(void) {
    return atomic_load(&to_go) == 0;
}
