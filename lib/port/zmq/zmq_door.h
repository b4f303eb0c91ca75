/* The real door socket (lib/port/socket.h): a ROUTER behind CURVE and ZAP. There is no insecure variant: it does not bind
 * before the handler that checks keys is running, and it checks after binding that its mechanism is CURVE.
 * The loop's thread owns it. Traps: reliability.md section 4. */
#ifndef BHR_PORT_ZMQ_DOOR_H
#define BHR_PORT_ZMQ_DOOR_H

#include "lib/port/socket.h"
#include "lib/port/zmq/zmq_keys.h"
#include "lib/port/zmq/zmq_zap.h"

enum { ZMQ_ENDPOINT_MAX = 256 };

struct zmq_door_options {
    const char *endpoint; /* "tcp://127.0.0.1:17001"; port "*" takes a free one */
    const struct zmq_keys *keys;
    zmq_lookup_function lookup; /* on the ZAP thread, see zmq_zap.h; and on the door's */
    void *lookup_context;
    int queue_messages_max; /* answers that wait to be sent on a connection; 0 means 1000 */
};

struct zmq_door;

/* STATUS_CONFLICT when somebody else listens there. */
MUST_CHECK enum status zmq_door_open(const struct zmq_door_options *options, struct zmq_door **ret_door,
                                     struct error *reterr_error);
/* What was sent goes on being delivered for at most half a second. Accepts NULL. */
void zmq_door_close(struct zmq_door *door);

struct door_socket zmq_door_port(struct zmq_door *door);
/* For an ordered stop: new connections are turned away from now on (their clients try elsewhere or again), those that are
 * open stay. Not an unbind: with that libzmq closes the open connections too, and their answers would be lost. */
void zmq_door_drain(struct zmq_door *door);

/* The lookup does not know every key any more: ends the connections whose key is gone, and those that have not spoken,
 * whose key nobody can tell; their clients connect again and are asked for it. What is still queued of a key that is gone
 * is dropped, whatever connection it came by. Returns how many connections were ended. TCP only. */
uint32_t zmq_door_cut(struct zmq_door *door);

/* Ends the connections whose caller has taken not one byte for 10 s of what it was answered, and with them what is queued
 * for it. About once a second; now_ms: monotonic. Returns how many. TCP only. */
uint32_t zmq_door_end_unread(struct zmq_door *door, int64_t now_ms);

/* The endpoint as bound, with its real port. Borrowed for the door's life. */
const char *zmq_door_endpoint(const struct zmq_door *door);
/* Whether there is something to receive. */
bool zmq_door_is_readable(struct zmq_door *door);
/* For zmq_loop_start. */
void *zmq_door_zmq(struct zmq_door *door);

struct zmq_door_figures {
    uint64_t received, sent;
    uint64_t malformed; /* not [header][body], or a connection that chose its own routing id */
    uint64_t gone;      /* answers whose connection was gone */
    uint64_t surplus;   /* handed on to be refused: their system has its share of the inbox queued */
    uint64_t unread;    /* answers dropped because the caller does not read */
    uint64_t refused;   /* connections refused for their key */
    uint64_t cut;       /* messages dropped because the key of their connection is revoked */
};
void zmq_door_figures(const struct zmq_door *door, struct zmq_door_figures *ret_figures);

/* Knocks with a key that nobody knows. STATUS_OK: the handshake was refused, as it must be. STATUS_DENIED: the door let
 * it in or does not speak CURVE, so it must not be served. STATUS_TIMEOUT or STATUS_UNAVAILABLE: nothing was proven.
 * Waits; any thread. */
MUST_CHECK enum status zmq_door_probe(const char *endpoint, const char *server_key, int timeout_ms,
                                      struct error *reterr_error);

#endif
