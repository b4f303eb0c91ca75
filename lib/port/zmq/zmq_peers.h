/* Which connection belongs to which key, so that the connections of a key that is revoked can be ended, and those whose
 * caller takes none of its answers. libzmq 4.3.4 has no call for that; but each message tells the descriptor that it came
 * by, and a descriptor can be shut down.
 *
 * The thread of the door's socket owns it. What is not remembered (a connection that has never spoken, or the table is
 * full) counts as unknown: its messages are judged one by one, and it is ended with the others; its client connects again
 * and is asked for its key. */
#ifndef BHR_PORT_ZMQ_PEERS_H
#define BHR_PORT_ZMQ_PEERS_H

#include "lib/port/socket.h"
#include "lib/port/zmq/zmq_zap.h"

#include <zmq.h>

enum {
    ZMQ_PEERS_MAX = 65536,
    ZMQ_PEER_ADDRESS_SIZE = 28, /* of a sockaddr_in6 */
    ZMQ_PEER_UNREAD_MS_MAX = 10000,
};

struct zmq_peer {
    bool is_known, is_cut;
    uint8_t route[4]; /* what the ROUTER made; never made again while it lives */
    uint8_t
        address[ZMQ_PEER_ADDRESS_SIZE]; /* of the other end, so that another connection on this descriptor is told */
    char key[SOCKET_KEY_TEXT_SIZE + 1];
    char system[SOCKET_SYSTEM_MAX + 1];
    uint64_t taken;   /* bytes that the other end had taken when last looked at */
    int64_t taken_ms; /* when it last had taken more than before, or all */
};

struct zmq_peers {
    zmq_lookup_function lookup;
    void *lookup_context;
    uint32_t count;      /* of at, which grows */
    struct zmq_peer *at; /* by descriptor */
};

void zmq_peers_fini(struct zmq_peers *peers);
/* Whether a message may be served: false when its connection's key has been revoked since it was let in. */
bool zmq_peers_may_speak(struct zmq_peers *peers, zmq_msg_t *frame, const uint8_t route[4], const char *system);
/* Ends the connections to our TCP port whose key the lookup does not know any more, or knows for another system, and
 * those that have not spoken. Returns how many. */
uint32_t zmq_peers_cut(struct zmq_peers *peers, uint16_t port);
/* Ends the connections that have had something to take for ZMQ_PEER_UNREAD_MS_MAX and have taken not one byte of it. To be
 * called about once a second with a monotonic clock; costs a system call for each connection. Returns how many. */
uint32_t zmq_peers_end_unread(struct zmq_peers *peers, int64_t now_ms);

#endif
