/* The heap home of a struct zmq_loop: its handles outlive the call that stops them, until the loop has closed them. */
#include "lib/port/zmq/zmq_door_loop.h"

#include "lib/port/zmq/zmq_loop.h"

#include <stddef.h>
#include <stdlib.h>

struct zmq_door_watch {
    struct zmq_loop loop;
    void (*readable)(void *context);
    void *context;
};

static void on_readable(void *context) {
    struct zmq_door_watch *watch = context;
    watch->readable(watch->context);
}

static void on_stopped(void *context) {
    free(context);
}

enum status zmq_door_watch_start(struct zmq_door *door, void *uv_loop, void (*readable)(void *context), void *context,
                                 struct zmq_door_watch **ret_watch, struct error *reterr_error) {
    struct zmq_door_watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL) return error_set(reterr_error, STATUS_NO_MEMORY, "zmq: no memory to watch the door");
    watch->readable = readable;
    watch->context = context;
    enum status status = zmq_loop_start(&watch->loop, uv_loop, door, on_readable, watch, reterr_error);
    if (status != STATUS_OK) {
        free(watch);
        return status;
    }
    *ret_watch = watch;
    return STATUS_OK;
}

void zmq_door_watch_stop(struct zmq_door_watch *watch) {
    if (watch != NULL) zmq_loop_stop(&watch->loop, on_stopped);
}
