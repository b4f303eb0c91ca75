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

/* The watch is handed over, or freed when it did not start. */
static enum status hand_over(struct zmq_door_watch *watch, enum status status, struct zmq_door_watch **ret_watch) {
    if (status == STATUS_OK) {
        *ret_watch = watch;
    } else {
        free(watch);
    }
    return status;
}

enum status zmq_door_watch_start(struct zmq_door *door, void *uv_loop, void (*readable)(void *context), void *context,
                                 struct zmq_door_watch **ret_watch, struct error *reterr_error) {
    struct zmq_door_watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL) return error_set(reterr_error, STATUS_NO_MEMORY, "zmq: no memory to watch the door");
    watch->readable = readable;
    watch->context = context;
    enum status status = zmq_loop_start(&watch->loop, uv_loop, door, on_readable, watch, reterr_error);
    return hand_over(watch, status, ret_watch);
}

enum status zmq_dealer_watch_start(struct zmq_dealer *dealer, size_t endpoint, void *uv_loop,
                                   void (*readable)(void *context), void *context, struct zmq_door_watch **ret_watch,
                                   struct error *reterr_error) {
    struct zmq_door_watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL) return error_set(reterr_error, STATUS_NO_MEMORY, "zmq: no memory to watch a dealer");
    watch->readable = readable;
    watch->context = context;
    void *socket = zmq_dealer_zmq(dealer, endpoint);
    enum status status = zmq_loop_start_client(&watch->loop, uv_loop, socket, on_readable, watch, reterr_error);
    return hand_over(watch, status, ret_watch);
}

void zmq_door_watch_stop(struct zmq_door_watch *watch) {
    if (watch != NULL) zmq_loop_stop(&watch->loop, on_stopped);
}
