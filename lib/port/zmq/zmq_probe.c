/* Knocks at a door with a fresh key that no policy can know, and watches the handshake. It owns its two sockets for the
 * length of the call. It never sends a message: whether the handshake succeeds is the question. */
#include "lib/port/zmq/zmq_door.h"

#include "lib/base/assert.h"
#include "lib/port/zmq/zmq_context.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

enum {
    EVENT_FRAME_BYTES = 6,
    PROBE_EVENTS = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                   ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL
};

static bool knock(void *socket, void **ret_monitor, const char *endpoint, const char *server_key);
static enum status watch(void *monitor, const char *endpoint, int timeout_ms, struct error *reterr_error);
static bool next_event(void *monitor, int timeout_ms, uint16_t *ret_event, uint32_t *ret_value);
static int64_t now_ms(void);

enum status zmq_door_probe(const char *endpoint, const char *server_key, int timeout_ms, struct error *reterr_error) {
    ASSERT(endpoint != NULL && server_key != NULL);
    ASSERT(timeout_ms > 0);
    void *context = zmq_context_get();
    void *socket = context == NULL ? NULL : zmq_socket(context, ZMQ_DEALER);
    if (socket == NULL) return error_set(reterr_error, STATUS_NO_MEMORY, "probe: no socket");
    void *monitor = NULL;
    enum status status = zmq_context_settle(socket, ZMQ_SIDE_CLIENT, 0, reterr_error);
    if (status == STATUS_OK && !knock(socket, &monitor, endpoint, server_key)) {
        status = error_set(reterr_error, STATUS_INVALID, "probe: cannot connect to %s: %s", endpoint,
                           zmq_strerror(zmq_errno()));
    }
    if (status == STATUS_OK) status = watch(monitor, endpoint, timeout_ms, reterr_error);
    zmq_socket_monitor(socket, NULL, 0);
    if (monitor != NULL) zmq_close(monitor);
    zmq_close(socket);
    return status;
}

static bool knock(void *socket, void **ret_monitor, const char *endpoint, const char *server_key) {
    static atomic_uint probes_made;
    char monitor_endpoint[64];
    struct zmq_keys keys;
    int linger_ms = 0;
    snprintf(monitor_endpoint, sizeof monitor_endpoint, "inproc://bhr.probe.%u", atomic_fetch_add(&probes_made, 1));
    if (!zmq_keys_is_key(server_key) || zmq_keys_make(&keys, NULL) != STATUS_OK) {
        errno = EINVAL;
        return false;
    }
    bool done = zmq_setsockopt(socket, ZMQ_LINGER, &linger_ms, sizeof linger_ms) == 0 &&
                zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server_key, SOCKET_KEY_TEXT_SIZE + 1) == 0 &&
                zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, keys.public, SOCKET_KEY_TEXT_SIZE + 1) == 0 &&
                zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, keys.secret, SOCKET_KEY_TEXT_SIZE + 1) == 0 &&
                zmq_socket_monitor(socket, monitor_endpoint, PROBE_EVENTS) == 0;
    zmq_keys_wipe(&keys);
    if (!done) return false;
    *ret_monitor = zmq_socket(zmq_context_get(), ZMQ_PAIR);
    if (*ret_monitor == NULL) return false;
    zmq_setsockopt(*ret_monitor, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
    return zmq_connect(*ret_monitor, monitor_endpoint) == 0 && zmq_connect(socket, endpoint) == 0;
}

static enum status watch(void *monitor, const char *endpoint, int timeout_ms, struct error *reterr_error) {
    ASSERT(monitor != NULL);
    int64_t until_ms = now_ms() + timeout_ms;
    for (;;) {
        int64_t left_ms = until_ms - now_ms();
        uint16_t event = 0;
        uint32_t value = 0;
        if (left_ms <= 0 || !next_event(monitor, (int)left_ms, &event, &value)) {
            return error_set(reterr_error, STATUS_TIMEOUT, "probe: no handshake with %s in %d ms", endpoint,
                             timeout_ms);
        }
        if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) return STATUS_OK;
        if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
            return error_set(reterr_error, STATUS_DENIED, "%s lets in a key that nobody knows", endpoint);
        }
        if (event == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL && value == ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH) {
            return error_set(reterr_error, STATUS_DENIED, "%s does not ask for a key at all", endpoint);
        }
        return error_set(reterr_error, STATUS_UNAVAILABLE, "probe: the handshake with %s broke off (wrong server key?)",
                         endpoint);
    }
}

static bool next_event(void *monitor, int timeout_ms, uint16_t *ret_event, uint32_t *ret_value) {
    ASSERT(timeout_ms > 0);
    uint8_t frame[EVENT_FRAME_BYTES];
    zmq_setsockopt(monitor, ZMQ_RCVTIMEO, &timeout_ms, sizeof timeout_ms);
    if (zmq_recv(monitor, frame, sizeof frame, 0) != EVENT_FRAME_BYTES) return false;
    memcpy(ret_event, frame, sizeof *ret_event);
    memcpy(ret_value, frame + sizeof *ret_event, sizeof *ret_value);
    char endpoint[ZMQ_ENDPOINT_MAX];
    return zmq_recv(monitor, endpoint, sizeof endpoint, 0) >= 0;
}

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
