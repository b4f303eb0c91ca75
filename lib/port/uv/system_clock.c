/* Reads CLOCK_REALTIME, CLOCK_MONOTONIC and the kernel's random bytes. It owns nothing and works on any thread. It never
 * fails: a machine without these cannot run the suite, so their absence ends the process. */
#include "lib/port/uv/system_clock.h"

#include "lib/base/assert.h"

#include <errno.h>
#include <sys/random.h>
#include <time.h>

static int64_t wall_ms(void *context);
static int64_t monotonic_ms(void *context);
static void random_bytes(void *context, void *ret_bytes, size_t size);
static int64_t clock_ms(clockid_t id);

struct clock_port system_clock_port(void) {
    return (struct clock_port){.wall_ms = wall_ms, .monotonic_ms = monotonic_ms, .random = random_bytes};
}

static int64_t wall_ms(void *context) {
    (void)context;
    return clock_ms(CLOCK_REALTIME);
}

static int64_t monotonic_ms(void *context) {
    (void)context;
    return clock_ms(CLOCK_MONOTONIC);
}

static int64_t clock_ms(clockid_t id) {
    struct timespec now;
    int failed = clock_gettime(id, &now);
    ASSERT(failed == 0);
    ASSERT(now.tv_nsec >= 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void random_bytes(void *context, void *ret_bytes, size_t size) {
    (void)context;
    ASSERT(ret_bytes != NULL || size == 0);
    uint8_t *bytes = ret_bytes;
    while (size > 0) {
        ssize_t got = getrandom(bytes, size, 0);
        if (got < 0 && errno == EINTR) continue;
        ASSERT(got > 0);
        bytes += got;
        size -= (size_t)got;
    }
}
