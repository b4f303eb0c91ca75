/* Who may connect: the process's one ZAP handler (RFC 27). CURVE alone encrypts and lets every key in; the handler is what
 * makes it a check. It runs on a thread of its own so that a busy loop never holds up a handshake. */
#ifndef BHR_PORT_ZMQ_ZAP_H
#define BHR_PORT_ZMQ_ZAP_H

#include "lib/base/status.h"
#include "lib/port/socket.h"

/* True and the system's id when a connection with this public key (Z85 text) may stand; the id then comes with each of
 * its messages. Asked once per connection, ON THE ZAP THREAD: what it reads must be safe to read there. */
typedef bool (*zmq_lookup_function)(void *context, const char *key, char ret_system[SOCKET_SYSTEM_MAX + 1]);

/* The property of each message that holds the key of its connection, as Z85 text. */
#define ZMQ_ZAP_KEY_PROPERTY "X-Key"

enum { ZMQ_ZAP_DOMAINS_MAX = 16, ZMQ_ZAP_DOMAIN_SIZE_MAX = 32 };

/* Answers for a domain from now on; starts the thread with the first. A domain nobody has registered is refused. */
MUST_CHECK enum status zmq_zap_register(const char *domain, zmq_lookup_function lookup, void *lookup_context,
                                        struct error *reterr_error);
/* When it returns, lookup is not running and will not be called again. The thread ends with the last domain. */
void zmq_zap_unregister(const char *domain);
/* Turns new connections away from now on, as for a passing reason: they come back later. Open ones stay. */
void zmq_zap_turn_away(const char *domain);
/* Connections refused for this domain so far. */
uint64_t zmq_zap_refused(const char *domain);

#endif
