/* A door's or dealer's sockets on a libuv loop, without showing libuv to whoever owns them. */
#ifndef BHR_PORT_ZMQ_DOOR_LOOP_H
#define BHR_PORT_ZMQ_DOOR_LOOP_H

#include "lib/port/zmq/zmq_dealer.h"
#include "lib/port/zmq/zmq_door.h"

struct zmq_door_watch;

/* readable is called once per turn of the loop as long as there is something to receive. uv_loop: the uv_loop_t. */
MUST_CHECK enum status zmq_door_watch_start(struct zmq_door *door, void *uv_loop, void (*readable)(void *context),
                                            void *context, struct zmq_door_watch **ret_watch,
                                            struct error *reterr_error);
/* The same for one endpoint of a dealer. */
MUST_CHECK enum status zmq_dealer_watch_start(struct zmq_dealer *dealer, size_t endpoint, void *uv_loop,
                                              void (*readable)(void *context), void *context,
                                              struct zmq_door_watch **ret_watch, struct error *reterr_error);
/* Before the socket is closed. Its memory goes while the loop runs on. Accepts NULL. */
void zmq_door_watch_stop(struct zmq_door_watch *watch);

#endif
