/* What a door has received and not yet handled: a queue for each system, so that one that floods waits behind itself.
 * libzmq's own queues go by connection, and a system may open as many as it likes. Pure memory work; one thread. */
#ifndef BHR_PORT_ZMQ_INBOX_H
#define BHR_PORT_ZMQ_INBOX_H

#include "lib/base/status.h"
#include "lib/port/socket.h"

#include <zmq.h>

enum {
    ZMQ_INBOX_MESSAGES_MAX = 4096,
    ZMQ_INBOX_BYTES_MAX = 32 * 1024 * 1024,
    ZMQ_INBOX_SYSTEMS_MAX = 256, /* with something queued at the same time */
};

struct zmq_inbox;

/* Memory for all messages is reserved here; NULL when there is none. */
struct zmq_inbox *zmq_inbox_new(void);
/* Drops what is queued. Accepts NULL. */
void zmq_inbox_free(struct zmq_inbox *inbox);

/* Takes the two frames and leaves empty ones. False, and nothing taken, when this system has as much queued as there is
 * room left for everybody: so a system alone may have half of it, two that flood a third each, and there is always some
 * left for the next one (Choudhury and Hahne, Dynamic Queue Length Thresholds, 1998). */
bool zmq_inbox_put(struct zmq_inbox *inbox, const char *system, const struct socket_route *route, zmq_msg_t *header,
                   zmq_msg_t *body);
/* The next message, systems taking turns, each system's in the order they came; its frames replace those in *header and
 * *body, which must be initialised. False when none is queued. */
bool zmq_inbox_take(struct zmq_inbox *inbox, char ret_system[SOCKET_SYSTEM_MAX + 1], struct socket_route *ret_route,
                    zmq_msg_t *header, zmq_msg_t *body);
bool zmq_inbox_is_empty(const struct zmq_inbox *inbox);

#endif
