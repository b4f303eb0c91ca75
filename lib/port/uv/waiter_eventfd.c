/* Sleeping and waking through one eventfd. It owns the descriptor. wait belongs to one thread, wake to any, also to
 * threads of other libraries. It never blocks in wake and never reports why it woke: the caller looks at its ports. */
#include "lib/port/uv/waiter_eventfd.h"

#include "lib/base/assert.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

const uint64_t WAITER_WAKE_BYTES = 1;

struct waiter_eventfd {
    int fd;
};

static void wait_for_wake(void *context, int timeout_ms);
static void wake(void *context);

enum status waiter_open(struct waiter *ret_waiter, int *ret_fd, struct error *reterr_error) {
    ASSERT(ret_waiter != NULL);
    ASSERT(ret_fd != NULL);
    struct waiter_eventfd *self = calloc(1, sizeof *self);
    if (self == NULL) return error_set(reterr_error, STATUS_NO_MEMORY, "no memory for a waiter");
    /* Non-blocking: a blocking descriptor once hung librdkafka while it held a lock. */
    self->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (self->fd < 0) {
        int failed = errno;
        free(self);
        return error_set(reterr_error, STATUS_IO, "eventfd: %s", strerror(failed));
    }
    *ret_waiter = (struct waiter){.context = self, .wait = wait_for_wake, .wake = wake};
    *ret_fd = self->fd;
    return STATUS_OK;
}

void waiter_close(struct waiter *waiter) {
    ASSERT(waiter != NULL);
    struct waiter_eventfd *self = waiter->context;
    if (self == NULL) return;
    ASSERT(self->fd >= 0);
    close(self->fd);
    free(self);
    *waiter = (struct waiter){0};
}

/* A signal may end the wait early, which is one more reason to look at the ports. */
static void wait_for_wake(void *context, int timeout_ms) {
    struct waiter_eventfd *self = context;
    ASSERT(self != NULL);
    ASSERT(timeout_ms >= 0);
    struct pollfd poll_fd = {.fd = self->fd, .events = POLLIN};
    if (poll(&poll_fd, 1, timeout_ms) <= 0) return;
    uint64_t wakes;
    ssize_t got = read(self->fd, &wakes, sizeof wakes);
    ASSERT(got == (ssize_t)sizeof wakes || errno == EAGAIN || errno == EINTR);
}

/* Writing can only fail when the counter is at its limit, and then the owner is awake anyhow. */
static void wake(void *context) {
    struct waiter_eventfd *self = context;
    ASSERT(self != NULL);
    ssize_t put = write(self->fd, &WAITER_WAKE_BYTES, sizeof WAITER_WAKE_BYTES);
    ASSERT(put == (ssize_t)sizeof WAITER_WAKE_BYTES || errno == EAGAIN || errno == EINTR);
}
