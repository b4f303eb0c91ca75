/* Owns the process's ZeroMQ context and knows the settings of every socket. Any thread may get it; who ends it makes
 * sure that nobody uses it any more. It never opens a socket. */
#include "lib/port/zmq/zmq_context.h"

#include "lib/base/assert.h"

#include <pthread.h>
#include <stddef.h>
#include <zmq.h>

#include "lib/port/socket.h"

enum { QUEUE_MESSAGES_DEFAULT = 1000 };

static pthread_mutex_t context_mutex = PTHREAD_MUTEX_INITIALIZER;
static void *context_made;

/* A client notices a dead door in 1.5 s, a door a dead client in 3 s (the TTL that our clients send with a heartbeat) or
 * by TCP's keepalive. Who does not take a byte for 10 s is cut off, with all that waits for it; who sends meanwhile may
 * escape the kernel, and is ended by the door (zmq_peers.h). A stuck handshake ends in 5 s, and a reply is still sent for
 * 0.5 s after close.
 *
 * A door sends no heartbeats, and nobody's received messages are bounded here: libzmq 4.3.4 ends the whole process when a
 * heartbeat of either side meets a connection that has ended while its messages filled the queue (its issue 4364), so
 * anybody with a key could end a door. A door bounds what it has received itself (zmq_inbox.h); what a client is answered
 * is bounded by what it asks. */
static const struct {
    int option, value;
    bool is_for_clients;
    const char *name;
} SETTINGS[] = {
    {ZMQ_BACKLOG, 1024, false, "BACKLOG"}, /* with the usual 100, some who connect all at once shut out everybody */
    {ZMQ_LINGER, 500, false, "LINGER"},
    {ZMQ_HEARTBEAT_IVL, 500, true, "HEARTBEAT_IVL"},
    {ZMQ_HEARTBEAT_TIMEOUT, 1500, true, "HEARTBEAT_TIMEOUT"},
    {ZMQ_HEARTBEAT_TTL, 3000, true, "HEARTBEAT_TTL"},
    {ZMQ_HANDSHAKE_IVL, 5000, false, "HANDSHAKE_IVL"},
    {ZMQ_RECONNECT_IVL, 100, false, "RECONNECT_IVL"},
    {ZMQ_RECONNECT_IVL_MAX, 2000, false, "RECONNECT_IVL_MAX"},
    {ZMQ_IMMEDIATE, 1, false, "IMMEDIATE"},
    {ZMQ_TCP_KEEPALIVE, 1, false, "TCP_KEEPALIVE"},
    {ZMQ_TCP_KEEPALIVE_IDLE, 30, false, "TCP_KEEPALIVE_IDLE"},
    {ZMQ_TCP_KEEPALIVE_INTVL, 10, false, "TCP_KEEPALIVE_INTVL"},
    {ZMQ_TCP_MAXRT, 10000, false, "TCP_MAXRT"},
};

void *zmq_context_get(void) {
    pthread_mutex_lock(&context_mutex);
    if (context_made == NULL) context_made = zmq_ctx_new();
    void *context = context_made;
    pthread_mutex_unlock(&context_mutex);
    return context;
}

void zmq_context_end(void) {
    pthread_mutex_lock(&context_mutex);
    void *context = context_made;
    context_made = NULL;
    pthread_mutex_unlock(&context_mutex);
    if (context == NULL) return;
    int failed;
    do {
        failed = zmq_ctx_term(context);
    } while (failed != 0 && zmq_errno() == EINTR);
    ASSERT(failed == 0);
}

enum status zmq_context_settle(void *socket, enum zmq_side side, int queue_messages_max, struct error *reterr_error) {
    ASSERT(socket != NULL);
    ASSERT(queue_messages_max >= 0);
    for (size_t i = 0; i < sizeof SETTINGS / sizeof *SETTINGS; i++) {
        if (SETTINGS[i].is_for_clients && side != ZMQ_SIDE_CLIENT) continue;
        if (zmq_setsockopt(socket, SETTINGS[i].option, &SETTINGS[i].value, sizeof SETTINGS[i].value) == 0) continue;
        return error_set(reterr_error, STATUS_IO, "zmq: cannot set %s: %s", SETTINGS[i].name,
                         zmq_strerror(zmq_errno()));
    }
    /* The queues count messages, so that memory is bounded only together with the size of one. */
    int queue = queue_messages_max == 0 ? QUEUE_MESSAGES_DEFAULT : queue_messages_max, no_bound = 0;
    int64_t message_bytes = SOCKET_MESSAGE_MAX;
    if (zmq_setsockopt(socket, ZMQ_SNDHWM, &queue, sizeof queue) != 0 ||
        zmq_setsockopt(socket, ZMQ_RCVHWM, &no_bound, sizeof no_bound) != 0 ||
        zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &message_bytes, sizeof message_bytes) != 0) {
        return error_set(reterr_error, STATUS_IO, "zmq: cannot set the bounds: %s", zmq_strerror(zmq_errno()));
    }
    return STATUS_OK;
}
