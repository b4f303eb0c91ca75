/* The process's one ZeroMQ context: 4.3.4 breaks when a second one with CURVE goes away (reliability.md 4.3). */
#ifndef BHR_PORT_ZMQ_CONTEXT_H
#define BHR_PORT_ZMQ_CONTEXT_H

#include "lib/base/status.h"

/* Made at the first call; any thread. NULL when there is no memory or no descriptor left. Not across fork. */
void *zmq_context_get(void);
/* Every socket is closed by now. Waits for what is still to be sent, at most the sockets' linger. */
void zmq_context_end(void);

enum zmq_side { ZMQ_SIDE_DOOR, ZMQ_SIDE_CLIENT };

/* The settings every socket of the suite has: bounds, heartbeats of clients, linger, keepalive. Before bind or connect.
 * queue_messages_max: that wait to be sent on a connection; 0 means 1000. */
enum status zmq_context_settle(void *socket, enum zmq_side side, int queue_messages_max, struct error *reterr_error);

#endif
