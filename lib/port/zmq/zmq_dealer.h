/* The client's side: one DEALER for each endpoint, with its own CURVE keys, sending and receiving [header][body]. It
 * accepts nothing while there is no connection, so that no stale request is delivered later; correlation ids and
 * deadlines are the caller's. One thread owns it. */
#ifndef BHR_PORT_ZMQ_DEALER_H
#define BHR_PORT_ZMQ_DEALER_H

#include "lib/port/socket.h"
#include "lib/port/zmq/zmq_keys.h"

enum { ZMQ_DEALER_ENDPOINTS_MAX = 16 };

struct zmq_dealer_options {
    const char *const *endpoints;
    size_t endpoint_count; /* 1 .. ZMQ_DEALER_ENDPOINTS_MAX */
    const struct zmq_keys *keys;
    const char *server_key;
    int queue_messages_max; /* requests that wait to be sent; 0 means 1000 */
};

struct zmq_dealer;

MUST_CHECK enum status zmq_dealer_open(const struct zmq_dealer_options *options, struct zmq_dealer **ret_dealer,
                                       struct error *reterr_error);
void zmq_dealer_close(struct zmq_dealer *dealer);

/* Queues a request for one endpoint; waits for a connection at most timeout_ms (0: not at all). STATUS_UNAVAILABLE when
 * there is none (nobody listens, or the door does not know our key) or it does not read. */
MUST_CHECK enum status zmq_dealer_send(struct zmq_dealer *dealer, size_t endpoint, struct slice header,
                                       struct slice body, int timeout_ms);

/* Whether some endpoint would take a request now: connected, and reading. */
bool zmq_dealer_is_open(struct zmq_dealer *dealer);

struct zmq_dealer_reply {
    size_t endpoint;
    struct slice header, body; /* borrowed until the next receive */
};
/* The next reply of any endpoint; STATUS_TIMEOUT when none came in timeout_ms (0: does not wait). */
MUST_CHECK enum status zmq_dealer_receive(struct zmq_dealer *dealer, int timeout_ms,
                                          struct zmq_dealer_reply *ret_reply);

size_t zmq_dealer_count(const struct zmq_dealer *dealer);
/* One endpoint's socket. */
void *zmq_dealer_zmq(struct zmq_dealer *dealer, size_t endpoint);
/* One endpoint's descriptor: readable at its edges only, so after each one receive until STATUS_TIMEOUT, also after own
 * sends (reliability.md 4.2). */
int zmq_dealer_fd(struct zmq_dealer *dealer, size_t endpoint);

#endif
