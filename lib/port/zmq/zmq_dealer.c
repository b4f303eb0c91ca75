/* The client's DEALER sockets. It owns them and the two frames it lent last; one thread uses it. It waits only as long as
 * its caller says. It never sends again by itself: the caller asks again with the same request id. */
#include "lib/port/zmq/zmq_dealer.h"

#include "lib/base/assert.h"
#include "lib/port/zmq/zmq_context.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <zmq.h>

struct zmq_dealer {
    void *sockets[ZMQ_DEALER_ENDPOINTS_MAX];
    size_t count;
    size_t turn;            /* where the next look for replies begins, so that no endpoint starves another */
    zmq_msg_t header, body; /* lent by receive */
};

static void *connect_one(const struct zmq_dealer_options *options, const char *endpoint, struct error *reterr_error);
static bool take_reply(struct zmq_dealer *dealer, struct zmq_dealer_reply *ret_reply);
static bool take_from(struct zmq_dealer *dealer, void *socket);
static int wait_sockets(struct zmq_dealer *dealer, int timeout_ms);
static int send_frame(void *socket, struct slice frame, int flags);
static int64_t now_ms(void);

enum status zmq_dealer_open(const struct zmq_dealer_options *options, struct zmq_dealer **ret_dealer,
                            struct error *reterr_error) {
    ASSERT(options != NULL && options->keys != NULL && options->server_key != NULL);
    ASSERT(options->endpoint_count > 0 && options->endpoint_count <= ZMQ_DEALER_ENDPOINTS_MAX);
    if (!zmq_keys_is_key(options->server_key)) {
        return error_set(reterr_error, STATUS_INVALID, "the server's key is not a key (40 characters of Z85)");
    }
    struct zmq_dealer *dealer = calloc(1, sizeof *dealer);
    if (dealer == NULL) return error_set(reterr_error, STATUS_NO_MEMORY, "no memory for a client socket");
    zmq_msg_init(&dealer->header);
    zmq_msg_init(&dealer->body);
    for (size_t i = 0; i < options->endpoint_count; i++) {
        struct error error = {.code = STATUS_OK};
        dealer->sockets[i] = connect_one(options, options->endpoints[i], &error);
        if (dealer->sockets[i] == NULL) {
            zmq_dealer_close(dealer);
            return error_set(reterr_error, error.code, "%s", error.message);
        }
        dealer->count++;
    }
    *ret_dealer = dealer;
    return STATUS_OK;
}

void zmq_dealer_close(struct zmq_dealer *dealer) {
    if (dealer == NULL) return;
    ASSERT(dealer->count <= ZMQ_DEALER_ENDPOINTS_MAX);
    zmq_msg_close(&dealer->header);
    zmq_msg_close(&dealer->body);
    for (size_t i = 0; i < dealer->count; i++) zmq_close(dealer->sockets[i]);
    free(dealer);
}

static void *connect_one(const struct zmq_dealer_options *options, const char *endpoint, struct error *reterr_error) {
    ASSERT(endpoint != NULL);
    void *context = zmq_context_get();
    void *socket = context == NULL ? NULL : zmq_socket(context, ZMQ_DEALER);
    if (socket == NULL) {
        error_set(reterr_error, STATUS_NO_MEMORY, "no client socket: %s", zmq_strerror(zmq_errno()));
        return NULL;
    }
    enum status status = zmq_context_settle(socket, ZMQ_SIDE_CLIENT, options->queue_messages_max, reterr_error);
    if (status == STATUS_OK &&
        (zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, options->server_key, SOCKET_KEY_TEXT_SIZE + 1) != 0 ||
         zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, options->keys->public, SOCKET_KEY_TEXT_SIZE + 1) != 0 ||
         zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, options->keys->secret, SOCKET_KEY_TEXT_SIZE + 1) != 0)) {
        status = error_set(reterr_error, STATUS_INVALID, "cannot use these keys: %s", zmq_strerror(zmq_errno()));
    }
    if (status == STATUS_OK && zmq_connect(socket, endpoint) != 0) {
        status =
            error_set(reterr_error, STATUS_INVALID, "cannot connect to %s: %s", endpoint, zmq_strerror(zmq_errno()));
    }
    if (status == STATUS_OK) return socket;
    zmq_close(socket);
    return NULL;
}

enum status zmq_dealer_send(struct zmq_dealer *dealer, size_t endpoint, struct slice header, struct slice body,
                            int timeout_ms) {
    ASSERT(dealer != NULL && endpoint < dealer->count);
    ASSERT(timeout_ms >= 0);
    void *socket = dealer->sockets[endpoint];
    int64_t until_ms = now_ms() + timeout_ms;
    while (send_frame(socket, header, ZMQ_SNDMORE) != 0) {
        if (zmq_errno() != EAGAIN) return STATUS_IO;
        int64_t left_ms = until_ms - now_ms();
        if (left_ms <= 0) return STATUS_UNAVAILABLE;
        zmq_pollitem_t item = {.socket = socket, .events = ZMQ_POLLOUT};
        zmq_poll(&item, 1, (long)left_ms);
    }
    /* The connection may die between the two frames; libzmq then drops both, and the request runs into its deadline. */
    return send_frame(socket, body, 0) == 0 ? STATUS_OK : STATUS_UNAVAILABLE;
}

bool zmq_dealer_is_open(struct zmq_dealer *dealer) {
    for (size_t i = 0; i < dealer->count; i++) {
        int events = 0, failed;
        size_t size = sizeof events;
        do {
            failed = zmq_getsockopt(dealer->sockets[i], ZMQ_EVENTS, &events, &size);
        } while (failed != 0 && zmq_errno() == EINTR);
        ASSERT(failed == 0);
        if ((events & ZMQ_POLLOUT) != 0) return true;
    }
    return false;
}

enum status zmq_dealer_receive(struct zmq_dealer *dealer, int timeout_ms, struct zmq_dealer_reply *ret_reply) {
    ASSERT(dealer != NULL && ret_reply != NULL);
    ASSERT(timeout_ms >= 0);
    int64_t until_ms = timeout_ms == 0 ? 0 : now_ms() + timeout_ms;
    for (;;) {
        if (take_reply(dealer, ret_reply)) return STATUS_OK;
        int64_t left_ms = timeout_ms == 0 ? 0 : until_ms - now_ms();
        if (left_ms <= 0) return STATUS_TIMEOUT;
        if (wait_sockets(dealer, (int)left_ms) < 0 && zmq_errno() != EINTR) return STATUS_IO;
    }
}

static int wait_sockets(struct zmq_dealer *dealer, int timeout_ms) {
    zmq_pollitem_t items[ZMQ_DEALER_ENDPOINTS_MAX];
    for (size_t i = 0; i < dealer->count; i++) {
        items[i] = (zmq_pollitem_t){.socket = dealer->sockets[i], .events = ZMQ_POLLIN};
    }
    return zmq_poll(items, (int)dealer->count, timeout_ms);
}

static bool take_reply(struct zmq_dealer *dealer, struct zmq_dealer_reply *ret_reply) {
    for (size_t i = 0; i < dealer->count; i++) {
        size_t endpoint = (dealer->turn + i) % dealer->count;
        if (!take_from(dealer, dealer->sockets[endpoint])) continue;
        dealer->turn = (endpoint + 1) % dealer->count;
        *ret_reply = (struct zmq_dealer_reply){
            .endpoint = endpoint,
            .header = slice_of(zmq_msg_data(&dealer->header), zmq_msg_size(&dealer->header)),
            .body = slice_of(zmq_msg_data(&dealer->body), zmq_msg_size(&dealer->body)),
        };
        return true;
    }
    return false;
}

/* A message of another shape than [header][body] is nobody's reply and is dropped. */
static bool take_from(struct zmq_dealer *dealer, void *socket) {
    for (;;) {
        zmq_msg_t surplus;
        zmq_msg_init(&surplus);
        size_t count = 0;
        bool more = true;
        while (more) {
            zmq_msg_t *frame = count == 0 ? &dealer->header : count == 1 ? &dealer->body : &surplus;
            int size = zmq_msg_recv(frame, socket, ZMQ_DONTWAIT);
            if (size < 0 && zmq_errno() == EINTR) continue;
            if (size < 0) {
                ASSERT(count == 0);
                zmq_msg_close(&surplus);
                return false;
            }
            more = zmq_msg_more(frame) != 0;
            count++;
        }
        zmq_msg_close(&surplus);
        if (count == 2) return true;
    }
}

static int send_frame(void *socket, struct slice frame, int flags) {
    ASSERT(frame.data != NULL || frame.size == 0);
    int sent;
    do {
        sent = zmq_send(socket, frame.data, frame.size, flags | ZMQ_DONTWAIT);
    } while (sent < 0 && zmq_errno() == EINTR);
    return sent < 0 ? -1 : 0;
}

size_t zmq_dealer_count(const struct zmq_dealer *dealer) {
    ASSERT(dealer != NULL);
    ASSERT(dealer->count > 0);
    return dealer->count;
}

void *zmq_dealer_zmq(struct zmq_dealer *dealer, size_t endpoint) {
    ASSERT(dealer != NULL);
    ASSERT(endpoint < dealer->count);
    return dealer->sockets[endpoint];
}

int zmq_dealer_fd(struct zmq_dealer *dealer, size_t endpoint) {
    int fd = -1;
    size_t size = sizeof fd;
    int failed = zmq_getsockopt(zmq_dealer_zmq(dealer, endpoint), ZMQ_FD, &fd, &size);
    ASSERT(failed == 0);
    ASSERT(fd >= 0);
    return fd;
}

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
