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

/* A dead peer is noticed in 1.5 s, a stuck handshake ends in 5 s, and a reply is still sent for 0.5 s after close. */
static const struct {
    int option, value;
    const char *name;
} SETTINGS[] = {
    {ZMQ_LINGER, 500, "LINGER"},
    {ZMQ_HEARTBEAT_IVL, 500, "HEARTBEAT_IVL"},
    {ZMQ_HEARTBEAT_TIMEOUT, 1500, "HEARTBEAT_TIMEOUT"},
    {ZMQ_HEARTBEAT_TTL, 3000, "HEARTBEAT_TTL"},
    {ZMQ_HANDSHAKE_IVL, 5000, "HANDSHAKE_IVL"},
    {ZMQ_RECONNECT_IVL, 100, "RECONNECT_IVL"},
    {ZMQ_RECONNECT_IVL_MAX, 2000, "RECONNECT_IVL_MAX"},
    {ZMQ_IMMEDIATE, 1, "IMMEDIATE"},
    {ZMQ_TCP_KEEPALIVE, 1, "TCP_KEEPALIVE"},
    {ZMQ_TCP_KEEPALIVE_IDLE, 30, "TCP_KEEPALIVE_IDLE"},
    {ZMQ_TCP_KEEPALIVE_INTVL, 10, "TCP_KEEPALIVE_INTVL"},
    {ZMQ_TCP_KEEPALIVE_CNT, 3, "TCP_KEEPALIVE_CNT"},
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

enum status zmq_context_settle(void *socket, int queue_messages_max, struct error *reterr_error) {
    ASSERT(socket != NULL);
    ASSERT(queue_messages_max >= 0);
    for (size_t i = 0; i < sizeof SETTINGS / sizeof *SETTINGS; i++) {
        if (zmq_setsockopt(socket, SETTINGS[i].option, &SETTINGS[i].value, sizeof SETTINGS[i].value) == 0) continue;
        return error_set(reterr_error, STATUS_IO, "zmq: cannot set %s: %s", SETTINGS[i].name,
                         zmq_strerror(zmq_errno()));
    }
    /* The queues count messages, so that memory is bounded only together with the size of one. */
    int queue = queue_messages_max == 0 ? QUEUE_MESSAGES_DEFAULT : queue_messages_max;
    int64_t message_bytes = SOCKET_MESSAGE_MAX;
    if (zmq_setsockopt(socket, ZMQ_SNDHWM, &queue, sizeof queue) != 0 ||
        zmq_setsockopt(socket, ZMQ_RCVHWM, &queue, sizeof queue) != 0 ||
        zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &message_bytes, sizeof message_bytes) != 0) {
        return error_set(reterr_error, STATUS_IO, "zmq: cannot set the bounds: %s", zmq_strerror(zmq_errno()));
    }
    return STATUS_OK;
}
