/* The client's real connection: a DEALER socket to each server, used in turn, so that asking again means asking another
 * server. One thread. */
#ifndef BHR_CLIENT_CLIENT_ZMQ_H
#define BHR_CLIENT_CLIENT_ZMQ_H

#include "lib/client/client.h"
#include "lib/port/zmq/zmq_dealer.h"

struct client_zmq;

/* Connecting goes on in the background: a server need not be there. Errors: STATUS_INVALID for an endpoint or key that is
 * none. */
MUST_CHECK enum status client_zmq_open(const struct zmq_dealer_options *options, struct client_zmq **ret_connection,
                                       struct client_dealer *ret_dealer, struct error *reterr_error);
void client_zmq_close(struct client_zmq *connection);

/* The connection's dealer, to be watched by a loop instead of client_wait. */
struct zmq_dealer *client_zmq_dealer(struct client_zmq *connection);

/* Descriptors to sleep on together with those of other connections, readable at their edges: first receive until there
 * is nothing, then sleep. ret_fds has room for ZMQ_DEALER_ENDPOINTS_MAX; returns how many there are. */
size_t client_zmq_fds(struct client_zmq *connection, int *ret_fds);

#endif
