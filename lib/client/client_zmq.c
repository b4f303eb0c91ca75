/* struct client_dealer on lib/port/zmq: whose turn it is, and the one reply that came while sleeping. One thread. */
#include "lib/client/client_zmq.h"

#include "lib/base/assert.h"

#include <stdlib.h>

struct client_zmq {
    struct zmq_dealer *dealer;
    size_t turn;    /* the endpoint that is asked next */
    bool has_reply; /* came in wait, not yet handed over */
    struct slice header, body;
};

static enum status send_in_turn(void *context, struct slice header, struct slice body);
static bool receive(void *context, struct slice *ret_header, struct slice *ret_body);
static void wait(void *context, int timeout_ms);

enum status client_zmq_open(const struct zmq_dealer_options *options, struct client_zmq **ret_connection,
                            struct client_dealer *ret_dealer, struct error *reterr_error) {
    struct client_zmq *connection = calloc(1, sizeof *connection);
    if (connection == NULL) return error_set(reterr_error, STATUS_NO_MEMORY, "no memory for a connection");
    enum status status = zmq_dealer_open(options, &connection->dealer, reterr_error);
    if (status != STATUS_OK) {
        free(connection);
        return status;
    }
    *ret_connection = connection;
    *ret_dealer = (struct client_dealer){connection, send_in_turn, receive, wait};
    return STATUS_OK;
}

void client_zmq_close(struct client_zmq *connection) {
    if (connection == NULL) return;
    zmq_dealer_close(connection->dealer);
    free(connection);
}

struct zmq_dealer *client_zmq_dealer(struct client_zmq *connection) {
    return connection->dealer;
}

size_t client_zmq_fds(struct client_zmq *connection, int *ret_fds) {
    size_t count = zmq_dealer_count(connection->dealer);
    for (size_t i = 0; i < count; i++) ret_fds[i] = zmq_dealer_fd(connection->dealer, i);
    return count;
}

/* A server that is not connected or does not read is passed over. */
static enum status send_in_turn(void *context, struct slice header, struct slice body) {
    struct client_zmq *connection = context;
    size_t count = zmq_dealer_count(connection->dealer);
    for (size_t i = 0; i < count; i++) {
        size_t endpoint = (connection->turn + i) % count;
        if (zmq_dealer_send(connection->dealer, endpoint, header, body, 0) != STATUS_OK) continue;
        connection->turn = (endpoint + 1) % count;
        return STATUS_OK;
    }
    return STATUS_UNAVAILABLE;
}

static bool receive(void *context, struct slice *ret_header, struct slice *ret_body) {
    struct client_zmq *connection = context;
    if (!connection->has_reply) wait(connection, 0);
    if (!connection->has_reply) return false;
    connection->has_reply = false;
    *ret_header = connection->header;
    *ret_body = connection->body;
    return true;
}

static void wait(void *context, int timeout_ms) {
    struct client_zmq *connection = context;
    ASSERT(timeout_ms >= 0);
    if (connection->has_reply) return;
    struct zmq_dealer_reply reply;
    if (zmq_dealer_receive(connection->dealer, timeout_ms, &reply) != STATUS_OK) return;
    connection->has_reply = true;
    connection->header = reply.header;
    connection->body = reply.body;
}
