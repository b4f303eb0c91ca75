/* The one libuv loop of a process, hidden from the host: door, Redis, HTTP and timers live on it (style: the loop).
 * One thread runs it; loop_wake is the only call that other threads may make. */
#ifndef BHR_PORT_UV_LOOP_H
#define BHR_PORT_UV_LOOP_H

#include "lib/base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;

/* What the loop's owner does when something may have happened: a wake, the step time it asked for, or a ready socket.
 * Returns in how many milliseconds it wants to be called again at the latest; 0 means after the other handles had their
 * turn. */
typedef int (*loop_step_function)(void *context);
typedef void (*loop_signal_function)(void *context, int signal_number);

struct loop *loop_new(loop_step_function step, loop_signal_function signal, void *context, struct error *reterr_error);
/* Any thread, any number of times; wake-ups may be merged. */
void loop_wake(struct loop *loop);
/* The loop's thread: step soon, in this turn or the next. */
void loop_step_soon(struct loop *loop);
/* An eventfd that wakes the loop when eight bytes are written to it: for librdkafka. Borrowed for the loop's life. */
int loop_wake_fd(const struct loop *loop);
/* Runs until loop_stop. Calls step at least once a second. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
/* The uv_loop_t itself, for the ports that attach to it. */
void *loop_uv(struct loop *loop);
/* Closes its own handles and asserts that nothing else is left on the loop. */
void loop_free(struct loop *loop);

#endif
