/* A door, or a client's socket, on a libuv loop. The socket's descriptor shows edges only, and any send or receive may
 * swallow one, so readiness is asked for around every wait of the loop (reliability.md 4.2): the callback comes as long as
 * there is something to receive, however little each call takes. */
#ifndef BHR_PORT_ZMQ_LOOP_H
#define BHR_PORT_ZMQ_LOOP_H

#include "lib/port/zmq/zmq_door.h"

#include <stdbool.h>
#include <uv.h>

typedef void (*zmq_loop_function)(void *context);

/* Embedded in its owner; the memory may go only after `stopped` was called. */
struct zmq_loop {
    uv_poll_t poll;        /* wakes the loop */
    uv_prepare_t prepare;  /* before the wait: is something there already? */
    uv_check_t check;      /* after the wait: call back */
    uv_idle_t idle;        /* keeps the loop from waiting while something is there */
    struct zmq_door *door; /* NULL: a client's */
    void *socket;
    zmq_loop_function readable, stopped;
    void *context;
    int handles_open;
    bool is_stopping;
};

/* readable is called once per turn of the loop while there is something to receive. */
MUST_CHECK enum status zmq_loop_start(struct zmq_loop *watcher, uv_loop_t *loop, struct zmq_door *door,
                                      zmq_loop_function readable, void *context, struct error *reterr_error);
/* The same for a client's socket (zmq_dealer_zmq). */
MUST_CHECK enum status zmq_loop_start_client(struct zmq_loop *watcher, uv_loop_t *loop, void *socket,
                                             zmq_loop_function readable, void *context, struct error *reterr_error);
/* Before the socket is closed. stopped may be NULL; it is called on the loop. */
void zmq_loop_stop(struct zmq_loop *watcher, zmq_loop_function stopped);

#endif
