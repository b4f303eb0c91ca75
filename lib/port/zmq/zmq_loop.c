/* Watches a door from a libuv loop. It owns four handles on the loop and nothing of the door. The loop's
 * thread only. It never receives: it says that there is something to receive. */
#include "lib/port/zmq/zmq_loop.h"

#include "lib/base/assert.h"

#include <errno.h>
#include <zmq.h>

static void on_wake(uv_poll_t *handle, int status, int events);
static void before_wait(uv_prepare_t *handle);
static void after_wait(uv_check_t *handle);
static void on_idle(uv_idle_t *handle);
static void on_closed(uv_handle_t *handle);
static enum status start(struct zmq_loop *watcher, uv_loop_t *loop, struct error *reterr_error);
static bool is_readable(const struct zmq_loop *watcher);

enum status zmq_loop_start(struct zmq_loop *watcher, uv_loop_t *loop, struct zmq_door *door, zmq_loop_function readable,
                           void *context, struct error *reterr_error) {
    ASSERT(watcher != NULL && door != NULL);
    *watcher = (struct zmq_loop){.door = door, .socket = zmq_door_zmq(door), .readable = readable, .context = context};
    return start(watcher, loop, reterr_error);
}

enum status zmq_loop_start_client(struct zmq_loop *watcher, uv_loop_t *loop, void *socket, zmq_loop_function readable,
                                  void *context, struct error *reterr_error) {
    ASSERT(watcher != NULL && socket != NULL);
    *watcher = (struct zmq_loop){.socket = socket, .readable = readable, .context = context};
    return start(watcher, loop, reterr_error);
}

static enum status start(struct zmq_loop *watcher, uv_loop_t *loop, struct error *reterr_error) {
    ASSERT(loop != NULL && watcher->readable != NULL);
    int fd = -1;
    size_t size = sizeof fd;
    int failed = zmq_getsockopt(watcher->socket, ZMQ_FD, &fd, &size);
    ASSERT(failed == 0 && fd >= 0);
    failed = uv_poll_init(loop, &watcher->poll, fd);
    if (failed != 0) return error_set(reterr_error, STATUS_IO, "zmq: cannot watch the socket: %s", uv_strerror(failed));
    uv_prepare_init(loop, &watcher->prepare);
    uv_check_init(loop, &watcher->check);
    uv_idle_init(loop, &watcher->idle);
    watcher->handles_open = 4;
    watcher->poll.data = watcher->prepare.data = watcher->check.data = watcher->idle.data = watcher;
    failed = uv_poll_start(&watcher->poll, UV_READABLE, on_wake);
    ASSERT(failed == 0);
    uv_prepare_start(&watcher->prepare, before_wait);
    uv_check_start(&watcher->check, after_wait);
    return STATUS_OK;
}

void zmq_loop_stop(struct zmq_loop *watcher, zmq_loop_function stopped) {
    ASSERT(watcher != NULL);
    ASSERT(!watcher->is_stopping && watcher->handles_open == 4);
    watcher->is_stopping = true;
    watcher->stopped = stopped;
    uv_close((uv_handle_t *)&watcher->poll, on_closed);
    uv_close((uv_handle_t *)&watcher->prepare, on_closed);
    uv_close((uv_handle_t *)&watcher->check, on_closed);
    uv_close((uv_handle_t *)&watcher->idle, on_closed);
}

/* The wake itself is all that is wanted; after_wait runs later in the same turn. */
static void on_wake(uv_poll_t *handle, int status, int events) {
    ASSERT(handle->data != NULL);
    (void)status;
    (void)events;
}

static void before_wait(uv_prepare_t *handle) {
    struct zmq_loop *watcher = handle->data;
    ASSERT(!watcher->is_stopping);
    if (is_readable(watcher)) {
        uv_idle_start(&watcher->idle, on_idle);
    } else {
        uv_idle_stop(&watcher->idle);
    }
}

static void after_wait(uv_check_t *handle) {
    struct zmq_loop *watcher = handle->data;
    ASSERT(!watcher->is_stopping);
    if (is_readable(watcher)) watcher->readable(watcher->context);
}

/* A door knows best: it may hold back what its socket has already given. */
static bool is_readable(const struct zmq_loop *watcher) {
    if (watcher->door != NULL) return zmq_door_is_readable(watcher->door);
    int events = 0, failed;
    size_t size = sizeof events;
    do {
        failed = zmq_getsockopt(watcher->socket, ZMQ_EVENTS, &events, &size);
    } while (failed != 0 && zmq_errno() == EINTR);
    ASSERT(failed == 0);
    return (events & ZMQ_POLLIN) != 0;
}

static void on_idle(uv_idle_t *handle) {
    ASSERT(handle->data != NULL);
}

static void on_closed(uv_handle_t *handle) {
    struct zmq_loop *watcher = handle->data;
    ASSERT(watcher->handles_open > 0);
    watcher->handles_open--;
    if (watcher->handles_open == 0 && watcher->stopped != NULL) watcher->stopped(watcher->context);
}
