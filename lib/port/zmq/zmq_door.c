/* The door's ROUTER socket. It owns the socket, its ZAP domain, what it has received and the two frames it lent last. One
 * thread, the loop's, uses it. It never waits, and it never takes the sender's name from a message: the name comes with the
 * connection.
 *
 * A connection that sets its own routing id could, after another one is gone, take over that one's name and with it
 * answers meant for somebody else. So only ids that the ROUTER made itself are served: five bytes, the first one zero. */
#include "lib/port/zmq/zmq_door.h"

#include "lib/base/assert.h"
#include "lib/port/zmq/zmq_context.h"
#include "lib/port/zmq/zmq_inbox.h"
#include "lib/port/zmq/zmq_peers.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

enum {
    MADE_ROUTE_SIZE = 5,
    RECEIVED_PER_CALL_MAX = 1000, /* the loop calls again, because the socket still is readable */
    SURPLUS_IN_A_ROW_MAX = 64,    /* then one that is queued gets its turn */
};

struct zmq_door {
    void *socket;
    char domain[ZMQ_ZAP_DOMAIN_SIZE_MAX + 1];
    char endpoint[ZMQ_ENDPOINT_MAX];
    zmq_msg_t header, body; /* lent by receive */
    struct zmq_inbox *inbox;
    uint32_t surplus_in_a_row;
    bool is_registered;
    struct zmq_peers peers;
    struct zmq_door_figures figures;
};

static enum status settle(struct zmq_door *door, const struct zmq_door_options *options, struct error *reterr_error);
static enum status bind_secured(struct zmq_door *door, const char *endpoint, struct error *reterr_error);
static bool door_receive(void *context, struct socket_request *ret_request);
static bool receive_surplus(struct zmq_door *door, struct socket_request *ret_request);
static bool may_be_served(struct zmq_door *door, struct socket_request *request);
static bool take_message(struct zmq_door *door, struct socket_route *ret_route, char ret_system[SOCKET_SYSTEM_MAX + 1],
                         bool *ret_is_good);
static bool take_system(zmq_msg_t *last_frame, char ret_system[SOCKET_SYSTEM_MAX + 1]);
static enum status door_send(void *context, const struct socket_route *route, struct slice header, struct slice body);
static int send_frame(void *socket, const void *data, size_t size, int flags);

enum status zmq_door_open(const struct zmq_door_options *options, struct zmq_door **ret_door,
                          struct error *reterr_error) {
    ASSERT(options != NULL && options->endpoint != NULL);
    ASSERT(options->keys != NULL && options->lookup != NULL);
    static atomic_uint doors_made;
    struct zmq_door *door = calloc(1, sizeof *door);
    if (door == NULL) return error_set(reterr_error, STATUS_NO_MEMORY, "no memory for a door");
    zmq_msg_init(&door->header);
    zmq_msg_init(&door->body);
    door->inbox = zmq_inbox_new();
    if (door->inbox == NULL) {
        zmq_door_close(door);
        return error_set(reterr_error, STATUS_NO_MEMORY, "no memory for a door");
    }
    door->peers = (struct zmq_peers){.lookup = options->lookup, .lookup_context = options->lookup_context};
    snprintf(door->domain, sizeof door->domain, "bhr.door.%u", atomic_fetch_add(&doors_made, 1));
    enum status status = zmq_zap_register(door->domain, options->lookup, options->lookup_context, reterr_error);
    door->is_registered = status == STATUS_OK;
    if (status == STATUS_OK) status = settle(door, options, reterr_error);
    if (status == STATUS_OK) status = bind_secured(door, options->endpoint, reterr_error);
    if (status != STATUS_OK) {
        zmq_door_close(door);
        return status;
    }
    *ret_door = door;
    return STATUS_OK;
}

void zmq_door_close(struct zmq_door *door) {
    if (door == NULL) return;
    zmq_msg_close(&door->header);
    zmq_msg_close(&door->body);
    if (door->socket != NULL) zmq_close(door->socket);
    if (door->is_registered) zmq_zap_unregister(door->domain);
    zmq_inbox_free(door->inbox);
    zmq_peers_fini(&door->peers);
    free(door);
}

static enum status settle(struct zmq_door *door, const struct zmq_door_options *options, struct error *reterr_error) {
    void *context = zmq_context_get();
    if (context != NULL) door->socket = zmq_socket(context, ZMQ_ROUTER);
    if (door->socket == NULL) {
        return error_set(reterr_error, STATUS_NO_MEMORY, "door: no socket: %s", zmq_strerror(zmq_errno()));
    }
    enum status status = zmq_context_settle(door->socket, ZMQ_SIDE_DOOR, options->queue_messages_max, reterr_error);
    if (status != STATUS_OK) return status;
    int yes = 1;
    ASSERT(zmq_keys_is_key(options->keys->secret));
    if (zmq_setsockopt(door->socket, ZMQ_ROUTER_MANDATORY, &yes, sizeof yes) == 0 &&
        zmq_setsockopt(door->socket, ZMQ_CURVE_SERVER, &yes, sizeof yes) == 0 &&
        zmq_setsockopt(door->socket, ZMQ_CURVE_SECRETKEY, options->keys->secret, SOCKET_KEY_TEXT_SIZE + 1) == 0 &&
        zmq_setsockopt(door->socket, ZMQ_ZAP_DOMAIN, door->domain, strlen(door->domain)) == 0) {
        return STATUS_OK;
    }
    return error_set(reterr_error, STATUS_IO, "door: cannot secure the socket: %s", zmq_strerror(zmq_errno()));
}

static enum status bind_secured(struct zmq_door *door, const char *endpoint, struct error *reterr_error) {
    ASSERT(door->is_registered);
    if (zmq_bind(door->socket, endpoint) != 0) {
        int failed = zmq_errno();
        enum status status = failed == EADDRINUSE ? STATUS_CONFLICT : failed == EINVAL ? STATUS_INVALID : STATUS_IO;
        return error_set(reterr_error, status, "door: cannot listen on %s: %s", endpoint, zmq_strerror(failed));
    }
    int mechanism = ZMQ_NULL, is_server = 0;
    size_t size = sizeof mechanism, server_size = sizeof is_server, endpoint_size = sizeof door->endpoint;
    int failed = zmq_getsockopt(door->socket, ZMQ_MECHANISM, &mechanism, &size);
    ASSERT(failed == 0 && mechanism == ZMQ_CURVE);
    failed = zmq_getsockopt(door->socket, ZMQ_CURVE_SERVER, &is_server, &server_size);
    ASSERT(failed == 0 && is_server == 1);
    failed = zmq_getsockopt(door->socket, ZMQ_LAST_ENDPOINT, door->endpoint, &endpoint_size);
    if (failed == 0) return STATUS_OK;
    return error_set(reterr_error, STATUS_INVALID, "door: too long an endpoint: %s", endpoint);
}

struct door_socket zmq_door_port(struct zmq_door *door) {
    ASSERT(door != NULL);
    return (struct door_socket){.context = door, .receive = door_receive, .send = door_send};
}

/* All that libzmq has goes into the inbox first, where each system has its share. What is beyond that is handed on at once,
 * to be refused: queued in libzmq it would stop the connection's input, and one that ends like that with a heartbeat of its
 * client unread ends the whole process (4.3.4, its issue 4364). */
static bool door_receive(void *context, struct socket_request *ret_request) {
    struct zmq_door *door = context;
    ASSERT(door != NULL);
    ASSERT(ret_request != NULL);
    *ret_request = (struct socket_request){0};
    if (door->surplus_in_a_row < SURPLUS_IN_A_ROW_MAX && receive_surplus(door, ret_request)) {
        door->surplus_in_a_row++;
        return true;
    }
    door->surplus_in_a_row = 0;
    while (zmq_inbox_take(door->inbox, ret_request->system, &ret_request->route, &door->header, &door->body)) {
        if (may_be_served(door, ret_request)) return true;
    }
    return false;
}

/* False when nothing more is there, or nothing that must be refused. */
static bool receive_surplus(struct zmq_door *door, struct socket_request *ret_request) {
    for (int i = 0; i < RECEIVED_PER_CALL_MAX; i++) {
        bool is_good = false;
        if (!take_message(door, &ret_request->route, ret_request->system, &is_good)) return false;
        if (!is_good) {
            door->figures.malformed++;
            continue;
        }
        if (zmq_inbox_put(door->inbox, ret_request->system, &ret_request->route, &door->header, &door->body)) continue;
        if (!may_be_served(door, ret_request)) continue;
        ret_request->is_surplus = true;
        door->figures.surplus++;
        return true;
    }
    return false;
}

/* Whose key is gone is not served, however long its message was queued. */
static bool may_be_served(struct zmq_door *door, struct socket_request *request) {
    if (!zmq_peers_may_speak(&door->peers, &door->body, request->route.bytes + 1, request->system)) {
        door->figures.cut++;
        return false;
    }
    request->header = slice_of(zmq_msg_data(&door->header), zmq_msg_size(&door->header));
    request->body = slice_of(zmq_msg_data(&door->body), zmq_msg_size(&door->body));
    door->figures.received++;
    return true;
}

/* False when there is no message. libzmq hands over whole messages only, so later frames are there when the first is. */
static bool take_message(struct zmq_door *door, struct socket_route *ret_route, char ret_system[SOCKET_SYSTEM_MAX + 1],
                         bool *ret_is_good) {
    zmq_msg_t route, surplus;
    zmq_msg_init(&route);
    zmq_msg_init(&surplus);
    zmq_msg_t *const frames[] = {&route, &door->header, &door->body};
    zmq_msg_t *last = NULL;
    size_t count = 0;
    for (bool more = true; more; count++) {
        last = count < sizeof frames / sizeof *frames ? frames[count] : &surplus;
        int size;
        do {
            size = zmq_msg_recv(last, door->socket, ZMQ_DONTWAIT);
        } while (size < 0 && zmq_errno() == EINTR);
        if (size < 0) {
            ASSERT(zmq_errno() == EAGAIN && count == 0);
            return false;
        }
        more = zmq_msg_more(last) != 0;
    }
    const uint8_t *route_bytes = zmq_msg_data(&route);
    *ret_is_good = count == sizeof frames / sizeof *frames && zmq_msg_size(&route) == MADE_ROUTE_SIZE &&
                   route_bytes[0] == 0 && take_system(last, ret_system);
    if (*ret_is_good) {
        ret_route->size = MADE_ROUTE_SIZE;
        memcpy(ret_route->bytes, route_bytes, MADE_ROUTE_SIZE);
    }
    zmq_msg_close(&route);
    zmq_msg_close(&surplus);
    return true;
}

/* From the last frame: 4.3.4 loses it on the first. */
static bool take_system(zmq_msg_t *last_frame, char ret_system[SOCKET_SYSTEM_MAX + 1]) {
    const char *system = zmq_msg_gets(last_frame, "User-Id");
    if (system == NULL) return false;
    size_t size = strlen(system);
    if (size == 0 || size > SOCKET_SYSTEM_MAX) return false;
    memcpy(ret_system, system, size + 1);
    return true;
}

/* Only the first frame can be refused: it chooses the connection, and the rest goes where it went. */
static enum status door_send(void *context, const struct socket_route *route, struct slice header, struct slice body) {
    struct zmq_door *door = context;
    ASSERT(door != NULL && route != NULL);
    ASSERT(route->size > 0 && route->size <= SOCKET_ROUTE_MAX);
    if (send_frame(door->socket, route->bytes, route->size, ZMQ_SNDMORE) != 0) {
        int failed = zmq_errno();
        if (failed == EAGAIN) {
            door->figures.unread++;
            return STATUS_FULL;
        }
        ASSERT(failed == EHOSTUNREACH);
        door->figures.gone++;
        return STATUS_NOT_FOUND;
    }
    int failed = send_frame(door->socket, header.data, header.size, ZMQ_SNDMORE);
    ASSERT(failed == 0);
    failed = send_frame(door->socket, body.data, body.size, 0);
    ASSERT(failed == 0);
    door->figures.sent++;
    return STATUS_OK;
}

static int send_frame(void *socket, const void *data, size_t size, int flags) {
    ASSERT(data != NULL || size == 0);
    int sent;
    do {
        sent = zmq_send(socket, data, size, flags | ZMQ_DONTWAIT);
    } while (sent < 0 && zmq_errno() == EINTR);
    return sent < 0 ? -1 : 0;
}

void zmq_door_drain(struct zmq_door *door) {
    ASSERT(door != NULL);
    ASSERT(door->is_registered);
    zmq_zap_turn_away(door->domain);
}

uint32_t zmq_door_cut(struct zmq_door *door) {
    ASSERT(door != NULL);
    const char *colon = strrchr(door->endpoint, ':');
    ASSERT(colon != NULL);
    bool is_tcp = strncmp(door->endpoint, "tcp://", 6) == 0;
    return zmq_peers_cut(&door->peers, is_tcp ? (uint16_t)strtoul(colon + 1, NULL, 10) : 0);
}

uint32_t zmq_door_end_unread(struct zmq_door *door, int64_t now_ms) {
    ASSERT(door != NULL);
    ASSERT(door->is_registered);
    return zmq_peers_end_unread(&door->peers, now_ms);
}

const char *zmq_door_endpoint(const struct zmq_door *door) {
    ASSERT(door != NULL);
    ASSERT(door->endpoint[0] != '\0');
    return door->endpoint;
}

bool zmq_door_is_readable(struct zmq_door *door) {
    ASSERT(door != NULL);
    if (!zmq_inbox_is_empty(door->inbox)) return true;
    int events = 0, failed;
    size_t size = sizeof events;
    do {
        failed = zmq_getsockopt(door->socket, ZMQ_EVENTS, &events, &size);
    } while (failed != 0 && zmq_errno() == EINTR);
    ASSERT(failed == 0);
    return (events & ZMQ_POLLIN) != 0;
}

void *zmq_door_zmq(struct zmq_door *door) {
    ASSERT(door != NULL);
    ASSERT(door->socket != NULL);
    return door->socket;
}

void zmq_door_figures(const struct zmq_door *door, struct zmq_door_figures *ret_figures) {
    ASSERT(door != NULL);
    ASSERT(ret_figures != NULL);
    *ret_figures = door->figures;
    ret_figures->refused = zmq_zap_refused(door->domain);
}
