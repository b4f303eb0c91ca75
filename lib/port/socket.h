/* ZeroMQ as the suite sees it: a ROUTER behind CURVE and ZAP for the door, a DEALER for clients. Frames are
 * [header][body]. The real ones are in lib/port/zmq; traps: reliability.md section 4. */
#ifndef BHR_PORT_SOCKET_H
#define BHR_PORT_SOCKET_H

#include "lib/base/slice.h"
#include "lib/base/status.h"

enum {
    SOCKET_KEY_TEXT_SIZE = 40, /* a CURVE key in Z85 */
    SOCKET_ROUTE_MAX = 32,     /* bytes of a connection's routing id */
    SOCKET_SYSTEM_MAX = 64,    /* bytes of a system id */
    /* A larger frame closes the connection (ZMQ_MAXMSGSIZE). Well above what a door takes, so that somebody who sends too
     * much by mistake is told so; only what no mistake explains is cut off. */
    SOCKET_MESSAGE_MAX = 4 * 1024 * 1024,
};

/* Whom an answer goes to: one connection. */
struct socket_route {
    uint8_t size;
    uint8_t bytes[SOCKET_ROUTE_MAX];
};

struct socket_request {
    struct socket_route route;
    char system[SOCKET_SYSTEM_MAX + 1]; /* from the CURVE key, by ZAP; never from the message */
    struct slice header, body;          /* borrowed until the next receive */
    bool is_surplus;                    /* its system has more queued than its share: to be answered too_busy at once */
};

/* The door's side. One thread (the loop's) owns it. */
struct door_socket {
    void *context;
    /* The next request, systems taking turns; false when there is none now. Never waits. A message of another shape than
     * [header][body] is counted and dropped. */
    bool (*receive)(void *context, struct socket_request *ret_request);
    /* Queues the answer. STATUS_NOT_FOUND: the connection is gone; STATUS_FULL: it does not read (the answer is dropped,
     * the client asks again with the same id). */
    enum status (*send)(void *context, const struct socket_route *route, struct slice header, struct slice body);
};

#endif
