/* A door on a libuv loop whose callback takes one request at a time: the worst user of an edge-triggered descriptor. */
#include "lib/port/zmq/zmq_context.h"
#include "lib/port/zmq/zmq_dealer.h"
#include "lib/port/zmq/zmq_door.h"
#include "lib/port/zmq/zmq_loop.h"
#include "tests/support/cmocka.h"

#include <pthread.h>
#include <stdlib.h>

enum { REQUESTS = 1000, GUARD_MS = 20000 };

static struct zmq_keys door_keys, client_keys;
static struct zmq_door *door;
static struct door_socket port;
static struct zmq_loop watcher;
static uv_loop_t loop;
static uv_timer_t guard;
static int served, stopped;

static bool look_up(void *context, const char *key, char ret_system[SOCKET_SYSTEM_MAX + 1]) {
    (void)context;
    memcpy(ret_system, "client", sizeof "client");
    return strcmp(key, client_keys.public) == 0;
}

static void on_stopped(void *context) {
    (void)context;
    stopped++;
}

static void stop_all(void) {
    zmq_loop_stop(&watcher, on_stopped);
    uv_close((uv_handle_t *)&guard, NULL);
}

static void serve_one(void *context) {
    (void)context;
    struct socket_request request;
    if (!port.receive(port.context, &request)) return;
    assert_int_equal(port.send(port.context, &request.route, request.header, request.body), STATUS_OK);
    served++;
    if (served == REQUESTS) stop_all();
}

static void on_guard(uv_timer_t *timer) {
    (void)timer;
    stop_all();
}

/* All requests at once, then all replies; the number of replies. */
static void *ask(void *context) {
    const char *endpoint = context;
    struct zmq_dealer_options options = {
        .endpoints = &endpoint, .endpoint_count = 1, .keys = &client_keys, .server_key = door_keys.public};
    struct zmq_dealer *dealer = NULL;
    uintptr_t replies = 0;
    if (zmq_dealer_open(&options, &dealer, NULL) != STATUS_OK) return NULL;
    for (int i = 0; i < REQUESTS; i++) {
        if (zmq_dealer_send(dealer, 0, slice_of(&i, sizeof i), slice_text("b"), 5000) != STATUS_OK) break;
    }
    struct zmq_dealer_reply reply;
    while (replies < REQUESTS && zmq_dealer_receive(dealer, 5000, &reply) == STATUS_OK) replies++;
    zmq_dealer_close(dealer);
    return (void *)replies;
}

static void one_request_per_callback_stalls_nothing(void **state) {
    (void)state;
    assert_int_equal(zmq_keys_make(&door_keys, NULL), STATUS_OK);
    assert_int_equal(zmq_keys_make(&client_keys, NULL), STATUS_OK);
    struct zmq_door_options options = {.endpoint = "tcp://127.0.0.1:*", .keys = &door_keys, .lookup = look_up};
    assert_int_equal(zmq_door_open(&options, &door, NULL), STATUS_OK);
    port = zmq_door_port(door);
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(zmq_loop_start(&watcher, &loop, door, serve_one, NULL, NULL), STATUS_OK);
    uv_timer_init(&loop, &guard);
    uv_timer_start(&guard, on_guard, GUARD_MS, 0);
    pthread_t client;
    char endpoint[ZMQ_ENDPOINT_MAX];
    snprintf(endpoint, sizeof endpoint, "%s", zmq_door_endpoint(door));
    assert_int_equal(pthread_create(&client, NULL, ask, endpoint), 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(served, REQUESTS);
    assert_int_equal(stopped, 1);
    void *replies = NULL;
    assert_int_equal(pthread_join(client, &replies), 0);
    assert_int_equal((uintptr_t)replies, REQUESTS);
    assert_int_equal(uv_loop_close(&loop), 0);
    zmq_door_close(door);
    zmq_context_end();
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_request_per_callback_stalls_nothing)};
    return cmocka_run_group_tests_name("door on a loop", tests, NULL, NULL);
}
