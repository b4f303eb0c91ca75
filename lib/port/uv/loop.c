/* A uv_async for wakes, a uv_timer for the next step, an idle handle that runs the step once per turn of the loop, and the
 * signals of an ordered stop and of a reload. */
#include "lib/port/uv/loop.h"

#include "lib/base/assert.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <uv.h>

enum { LOOP_STEP_MS_MAX = 1000 };

struct loop {
    uv_loop_t uv;
    uv_async_t wake;
    uv_timer_t timer;
    uv_idle_t busy; /* active only while step asks to be called at once: keeps the loop from sleeping */
    uv_signal_t terminate, interrupt, hangup;
    uv_poll_t foreign;
    int wake_fd;
    loop_step_function step;
    loop_signal_function signal;
    void *context;
    bool is_busy, is_running;
};

static void on_timer(uv_timer_t *handle);

static void on_busy(uv_idle_t *handle) {
    struct loop *loop = handle->data;
    int next_ms = loop->is_running ? loop->step(loop->context) : LOOP_STEP_MS_MAX;
    ASSERT(next_ms >= 0);
    if (next_ms == 0) return;
    uv_idle_stop(&loop->busy);
    loop->is_busy = false;
    if (next_ms > LOOP_STEP_MS_MAX) next_ms = LOOP_STEP_MS_MAX;
    uv_timer_start(&loop->timer, on_timer, (uint64_t)next_ms, 0);
}

/* Every reason to step ends here, so that many wakes in one turn of the loop cost one step. */
void loop_step_soon(struct loop *loop) {
    if (loop->is_busy) return;
    loop->is_busy = true;
    uv_idle_start(&loop->busy, on_busy);
}

static void on_wake(uv_async_t *handle) {
    loop_step_soon(handle->data);
}

static void on_timer(uv_timer_t *handle) {
    loop_step_soon(handle->data);
}

static void on_foreign(uv_poll_t *handle, int status, int events) {
    (void)status;
    (void)events;
    struct loop *loop = handle->data;
    uint64_t count;
    ssize_t size = read(loop->wake_fd, &count, sizeof count);
    (void)size; /* nothing to read means that somebody else's wake was taken already */
    loop_step_soon(loop);
}

static void on_signal(uv_signal_t *handle, int signal_number) {
    struct loop *loop = handle->data;
    if (loop->signal != NULL) loop->signal(loop->context, signal_number);
    loop_step_soon(loop);
}

/* Each may find that there is no descriptor left. */
static int make_handles(struct loop *loop) {
    int failed = uv_async_init(&loop->uv, &loop->wake, on_wake);
    if (failed == 0) failed = uv_timer_init(&loop->uv, &loop->timer);
    if (failed == 0) failed = uv_idle_init(&loop->uv, &loop->busy);
    if (failed == 0) failed = uv_signal_init(&loop->uv, &loop->terminate);
    if (failed == 0) failed = uv_signal_init(&loop->uv, &loop->interrupt);
    if (failed == 0) failed = uv_signal_init(&loop->uv, &loop->hangup);
    if (failed == 0) failed = uv_poll_init(&loop->uv, &loop->foreign, loop->wake_fd);
    if (failed == 0) failed = uv_poll_start(&loop->foreign, UV_READABLE, on_foreign);
    return failed;
}

struct loop *loop_new(loop_step_function step, loop_signal_function signal, void *context, struct error *reterr_error) {
    struct loop *loop = calloc(1, sizeof *loop);
    int wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (loop == NULL || wake_fd < 0 || uv_loop_init(&loop->uv) != 0) {
        if (wake_fd >= 0) close(wake_fd);
        free(loop);
        (void)error_set(reterr_error, STATUS_NO_MEMORY, "the event loop could not be made");
        return NULL;
    }
    loop->step = step;
    loop->signal = signal;
    loop->context = context;
    loop->wake_fd = wake_fd;
    loop->wake.data = loop->timer.data = loop->busy.data = loop;
    loop->terminate.data = loop->interrupt.data = loop->hangup.data = loop->foreign.data = loop;
    int failed = make_handles(loop);
    if (failed != 0) {
        (void)error_set(reterr_error, STATUS_NO_MEMORY, "the event loop could not be made: %s", uv_strerror(failed));
        loop_free(loop);
        return NULL;
    }
    if (signal != NULL) {
        uv_signal_start(&loop->terminate, on_signal, SIGTERM);
        uv_signal_start(&loop->interrupt, on_signal, SIGINT);
        uv_signal_start(&loop->hangup, on_signal, SIGHUP);
    }
    return loop;
}

void loop_wake(struct loop *loop) {
    uv_async_send(&loop->wake);
}

void loop_run(struct loop *loop) {
    loop->is_running = true;
    uv_timer_start(&loop->timer, on_timer, 0, 0);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *loop) {
    loop->is_running = false;
    uv_stop(&loop->uv);
}

int loop_wake_fd(const struct loop *loop) {
    return loop->wake_fd;
}

void *loop_uv(struct loop *loop) {
    return &loop->uv;
}

void loop_free(struct loop *loop) {
    if (loop == NULL) return;
    uv_handle_t *const handles[] = {(uv_handle_t *)&loop->wake,      (uv_handle_t *)&loop->timer,
                                    (uv_handle_t *)&loop->busy,      (uv_handle_t *)&loop->terminate,
                                    (uv_handle_t *)&loop->interrupt, (uv_handle_t *)&loop->hangup,
                                    (uv_handle_t *)&loop->foreign};
    for (size_t i = 0; i < sizeof handles / sizeof *handles; i++) {
        if (handles[i]->type != UV_UNKNOWN_HANDLE) uv_close(handles[i], NULL); /* else it was never made */
    }
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    int closed = uv_loop_close(&loop->uv);
    ASSERT(closed == 0);
    close(loop->wake_fd);
    free(loop);
}
