/* What the tests of the door's socket share: a door on a free port of 127.0.0.1, keys that it knows and one that it does
 * not, our own clients and bare sockets of libzmq. */
#ifndef BHR_TESTS_PORT_ZMQ_WORLD_H
#define BHR_TESTS_PORT_ZMQ_WORLD_H

#include "lib/port/zmq/zmq_context.h"
#include "lib/port/zmq/zmq_dealer.h"
#include "lib/port/zmq/zmq_door.h"
#include "tests/support/cmocka.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <zmq.h>

static struct zmq_keys door_keys, known, other, stranger;
static struct zmq_door *door, *second;
static struct door_socket port;
static struct zmq_door_figures figures;
static struct zmq_dealer *dealers[4]; /* closed after each test, also after one that failed */
static size_t dealer_count;
static void *raw_socket;

static atomic_bool is_revoked; /* the known key */

static inline bool look_up(void *context, const char *key, char ret_system[SOCKET_SYSTEM_MAX + 1]) {
    (void)context;
    if (strcmp(key, other.public) == 0) {
        memcpy(ret_system, "gp-elm", sizeof "gp-elm");
        return true;
    }
    if (strcmp(key, known.public) != 0 || is_revoked) return false;
    memcpy(ret_system, "nhs111", sizeof "nhs111");
    return true;
}

static inline void open_door(int queue_messages_max) {
    struct zmq_door_options options = {.endpoint = "tcp://127.0.0.1:*",
                                       .keys = &door_keys,
                                       .lookup = look_up,
                                       .queue_messages_max = queue_messages_max};
    struct error error = {0};
    if (zmq_door_open(&options, &door, &error) != STATUS_OK) fail_msg("%s", error.message);
    port = zmq_door_port(door);
}

static inline int set_up(void **state) {
    (void)state;
    assert_int_equal(zmq_keys_make(&door_keys, NULL), STATUS_OK);
    assert_int_equal(zmq_keys_make(&known, NULL), STATUS_OK);
    assert_int_equal(zmq_keys_make(&stranger, NULL), STATUS_OK);
    assert_int_equal(zmq_keys_make(&other, NULL), STATUS_OK);
    is_revoked = false;
    open_door(0);
    return 0;
}

static inline int tear_down(void **state) {
    (void)state;
    while (dealer_count > 0) zmq_dealer_close(dealers[--dealer_count]);
    if (raw_socket != NULL) zmq_close(raw_socket);
    raw_socket = NULL;
    zmq_door_close(second);
    zmq_door_close(door);
    door = second = NULL;
    zmq_context_end();
    return 0;
}

static inline struct zmq_dealer *connect_as(const struct zmq_keys *keys, const char *endpoint, int queue_messages_max) {
    struct zmq_dealer_options options = {.endpoints = &endpoint,
                                         .endpoint_count = 1,
                                         .keys = keys,
                                         .server_key = door_keys.public,
                                         .queue_messages_max = queue_messages_max};
    struct zmq_dealer *dealer = NULL;
    assert_int_equal(zmq_dealer_open(&options, &dealer, NULL), STATUS_OK);
    assert_true(dealer_count < sizeof dealers / sizeof *dealers);
    dealers[dealer_count++] = dealer;
    return dealer;
}

static inline struct zmq_dealer *connect_known(void) {
    return connect_as(&known, zmq_door_endpoint(door), 0);
}

static inline int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline bool receive_within(struct socket_request *ret_request, int64_t wait_ms) {
    for (int64_t until_ms = now_ms() + wait_ms; now_ms() < until_ms;) {
        if (port.receive(port.context, ret_request)) return true;
        struct timespec pause = {.tv_nsec = 1000000};
        nanosleep(&pause, NULL);
    }
    return false;
}

static inline struct zmq_door_figures look(void) {
    zmq_door_figures(door, &figures);
    return figures;
}

/* A socket of bare libzmq, for what our own client never does. */
static inline void *raw_dealer(const struct zmq_keys *keys, const char *route) {
    void *raw = raw_socket = zmq_socket(zmq_context_get(), ZMQ_DEALER);
    int linger_ms = 0, timeout_ms = 700;
    assert_non_null(raw);
    zmq_setsockopt(raw, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
    zmq_setsockopt(raw, ZMQ_RCVTIMEO, &timeout_ms, sizeof timeout_ms);
    zmq_setsockopt(raw, ZMQ_SNDTIMEO, &timeout_ms, sizeof timeout_ms);
    if (keys != NULL) {
        assert_int_equal(zmq_setsockopt(raw, ZMQ_CURVE_SERVERKEY, door_keys.public, SOCKET_KEY_TEXT_SIZE + 1), 0);
        assert_int_equal(zmq_setsockopt(raw, ZMQ_CURVE_PUBLICKEY, keys->public, SOCKET_KEY_TEXT_SIZE + 1), 0);
        assert_int_equal(zmq_setsockopt(raw, ZMQ_CURVE_SECRETKEY, keys->secret, SOCKET_KEY_TEXT_SIZE + 1), 0);
    }
    if (route != NULL) assert_int_equal(zmq_setsockopt(raw, ZMQ_ROUTING_ID, route, strlen(route)), 0);
    assert_int_equal(zmq_connect(raw, zmq_door_endpoint(door)), 0);
    return raw;
}

#endif
