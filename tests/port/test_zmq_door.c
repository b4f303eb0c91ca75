/* The door's socket and the client's, over real TCP on a free port of 127.0.0.1: who gets in, what gets through. */
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

static bool look_up(void *context, const char *key, char ret_system[SOCKET_SYSTEM_MAX + 1]) {
    (void)context;
    if (strcmp(key, other.public) == 0) {
        memcpy(ret_system, "gp-elm", sizeof "gp-elm");
        return true;
    }
    if (strcmp(key, known.public) != 0 || is_revoked) return false;
    memcpy(ret_system, "nhs111", sizeof "nhs111");
    return true;
}

static void open_door(int queue_messages_max) {
    struct zmq_door_options options = {.endpoint = "tcp://127.0.0.1:*",
                                       .keys = &door_keys,
                                       .lookup = look_up,
                                       .queue_messages_max = queue_messages_max};
    struct error error = {0};
    if (zmq_door_open(&options, &door, &error) != STATUS_OK) fail_msg("%s", error.message);
    port = zmq_door_port(door);
}

static int set_up(void **state) {
    (void)state;
    assert_int_equal(zmq_keys_make(&door_keys, NULL), STATUS_OK);
    assert_int_equal(zmq_keys_make(&known, NULL), STATUS_OK);
    assert_int_equal(zmq_keys_make(&stranger, NULL), STATUS_OK);
    assert_int_equal(zmq_keys_make(&other, NULL), STATUS_OK);
    is_revoked = false;
    open_door(0);
    return 0;
}

static int tear_down(void **state) {
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

static struct zmq_dealer *connect_as(const struct zmq_keys *keys, const char *endpoint, int queue_messages_max) {
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

static struct zmq_dealer *connect_known(void) {
    return connect_as(&known, zmq_door_endpoint(door), 0);
}

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool receive_within(struct socket_request *ret_request, int64_t wait_ms) {
    for (int64_t until_ms = now_ms() + wait_ms; now_ms() < until_ms;) {
        if (port.receive(port.context, ret_request)) return true;
        struct timespec pause = {.tv_nsec = 1000000};
        nanosleep(&pause, NULL);
    }
    return false;
}

static struct zmq_door_figures look(void) {
    zmq_door_figures(door, &figures);
    return figures;
}

static void a_known_key_is_answered(void **state) {
    (void)state;
    struct zmq_dealer *dealer = connect_known();
    struct socket_request request;
    assert_int_equal(zmq_dealer_send(dealer, 0, slice_text("head"), slice_text("body"), 5000), STATUS_OK);
    assert_true(receive_within(&request, 5000));
    assert_string_equal(request.system, "nhs111");
    assert_true(slice_equal(request.header, slice_text("head")));
    assert_true(slice_equal(request.body, slice_text("body")));
    assert_int_equal(port.send(port.context, &request.route, slice_text("re"), slice_of(NULL, 0)), STATUS_OK);
    struct zmq_dealer_reply reply;
    assert_int_equal(zmq_dealer_receive(dealer, 5000, &reply), STATUS_OK);
    assert_true(slice_equal(reply.header, slice_text("re")));
    assert_int_equal(reply.body.size, 0);
    assert_int_equal(zmq_dealer_receive(dealer, 0, &reply), STATUS_TIMEOUT);
    assert_false(port.receive(port.context, &request));
    assert_int_equal(look().received, 1);
    assert_int_equal(figures.sent, 1);
    assert_int_equal(figures.refused, 0);
}

static void an_unknown_key_is_not_let_in(void **state) {
    (void)state;
    struct zmq_dealer *dealer = connect_as(&stranger, zmq_door_endpoint(door), 0);
    struct socket_request request;
    assert_int_equal(zmq_dealer_send(dealer, 0, slice_text("head"), slice_text("body"), 700), STATUS_UNAVAILABLE);
    assert_false(receive_within(&request, 300));
    assert_true(look().refused >= 1);
    assert_int_equal(figures.received, 0);
}

/* A socket of bare libzmq, for what our own client never does. */
static void *raw_dealer(const struct zmq_keys *keys, const char *route) {
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

static void a_client_without_curve_is_not_let_in(void **state) {
    (void)state;
    void *raw = raw_dealer(NULL, NULL);
    struct socket_request request;
    zmq_send(raw, "head", 4, ZMQ_SNDMORE);
    zmq_send(raw, "body", 4, 0);
    assert_false(receive_within(&request, 700));
    char byte;
    assert_int_equal(zmq_recv(raw, &byte, 1, 0), -1);
    assert_int_equal(look().received, 0);
}

/* It could otherwise take over the name, and the answers, of a connection that is gone. */
static void a_client_that_chose_its_routing_id_is_not_served(void **state) {
    (void)state;
    void *raw = raw_dealer(&known, "\x01\x02\x03\x04\x05");
    struct socket_request request;
    zmq_send(raw, "head", 4, ZMQ_SNDMORE);
    zmq_send(raw, "body", 4, 0);
    assert_false(receive_within(&request, 500));
    assert_int_equal(look().malformed, 1);
}

static void other_shapes_than_header_and_body_are_dropped(void **state) {
    (void)state;
    void *raw = raw_dealer(&known, NULL);
    struct socket_request request;
    zmq_send(raw, "only one", 8, 0);
    for (int i = 0; i < 150; i++) {
        zmq_send(raw, "a", 1, ZMQ_SNDMORE);
        zmq_send(raw, "b", 1, ZMQ_SNDMORE);
        zmq_send(raw, "c", 1, ZMQ_SNDMORE);
        zmq_send(raw, "d", 1, 0);
    }
    zmq_send(raw, "", 0, ZMQ_SNDMORE);
    zmq_send(raw, "good", 4, 0);
    assert_true(receive_within(&request, 5000));
    assert_int_equal(request.header.size, 0);
    assert_true(slice_equal(request.body, slice_text("good")));
    assert_int_equal(look().malformed, 151);
}

static void a_message_too_large_closes_the_connection(void **state) {
    (void)state;
    struct zmq_dealer *dealer = connect_known();
    struct socket_request request;
    size_t size = 2 * SOCKET_MESSAGE_MAX;
    uint8_t *big = calloc(1, size);
    assert_non_null(big);
    assert_int_equal(zmq_dealer_send(dealer, 0, slice_text("1"), slice_of(big, SOCKET_MESSAGE_MAX - 1000), 5000),
                     STATUS_OK);
    assert_true(receive_within(&request, 5000));
    assert_int_equal(request.body.size, SOCKET_MESSAGE_MAX - 1000);
    struct socket_route old_route = request.route;
    assert_int_equal(zmq_dealer_send(dealer, 0, slice_text("2"), slice_of(big, size), 5000), STATUS_OK);
    assert_false(receive_within(&request, 500));
    assert_int_equal(port.send(port.context, &old_route, slice_text("x"), slice_text("y")), STATUS_NOT_FOUND);
    assert_int_equal(zmq_dealer_send(dealer, 0, slice_text("3"), slice_text("small"), 5000), STATUS_OK);
    assert_true(receive_within(&request, 5000));
    assert_true(slice_equal(request.header, slice_text("3")));
    free(big);
}

enum { PIPELINED = 1000 };

static void a_thousand_pipelined_requests_are_all_answered(void **state) {
    (void)state;
    struct zmq_dealer *dealer = connect_known();
    bool answered[PIPELINED] = {false};
    int count = 0;
    for (int i = 0; i < PIPELINED; i++) {
        assert_int_equal(zmq_dealer_send(dealer, 0, slice_of(&i, sizeof i), slice_text("body"), 5000), STATUS_OK);
    }
    for (int64_t until_ms = now_ms() + 20000; count < PIPELINED && now_ms() < until_ms;) {
        struct socket_request request;
        struct zmq_dealer_reply reply;
        while (port.receive(port.context, &request)) {
            assert_int_equal(port.send(port.context, &request.route, request.header, request.body), STATUS_OK);
        }
        while (zmq_dealer_receive(dealer, 1, &reply) == STATUS_OK) {
            int number = -1;
            assert_int_equal(reply.header.size, sizeof number);
            memcpy(&number, reply.header.data, sizeof number);
            assert_in_range(number, 0, PIPELINED - 1);
            assert_false(answered[number]);
            answered[number] = true;
            count++;
        }
    }
    assert_int_equal(count, PIPELINED);
}

static void an_answer_to_a_connection_that_is_gone_is_said_so(void **state) {
    (void)state;
    struct zmq_dealer *dealer = connect_known();
    struct socket_request request;
    assert_int_equal(zmq_dealer_send(dealer, 0, slice_text("h"), slice_text("b"), 5000), STATUS_OK);
    assert_true(receive_within(&request, 5000));
    zmq_dealer_close(dealers[--dealer_count]);
    enum status status = STATUS_OK;
    for (int64_t until_ms = now_ms() + 5000; status != STATUS_NOT_FOUND && now_ms() < until_ms;) {
        struct timespec pause = {.tv_nsec = 10000000};
        nanosleep(&pause, NULL);
        status = port.send(port.context, &request.route, slice_text("h"), slice_text("b"));
        assert_true(status == STATUS_OK || status == STATUS_NOT_FOUND);
    }
    assert_int_equal(status, STATUS_NOT_FOUND);
    struct socket_route never = {.size = 5, .bytes = {0, 1, 2, 3, 4}};
    assert_int_equal(port.send(port.context, &never, slice_text("h"), slice_text("b")), STATUS_NOT_FOUND);
    assert_true(look().gone >= 2);
}

static void a_client_that_does_not_read_costs_a_bounded_queue(void **state) {
    (void)state;
    zmq_door_close(door);
    open_door(10);
    struct zmq_dealer *dealer = connect_as(&known, zmq_door_endpoint(door), 10);
    struct socket_request request;
    assert_int_equal(zmq_dealer_send(dealer, 0, slice_text("h"), slice_text("b"), 5000), STATUS_OK);
    assert_true(receive_within(&request, 5000));
    static uint8_t body[100000];
    enum status status = STATUS_OK;
    int sent = 0;
    for (; sent < 2000 && status == STATUS_OK; sent++) {
        status = port.send(port.context, &request.route, slice_text("h"), slice_of(body, sizeof body));
    }
    assert_int_equal(status, STATUS_FULL);
    assert_int_equal(look().unread, 1);
    assert_int_equal(figures.sent, sent - 1);
}

static void while_draining_open_connections_stay_and_new_ones_wait(void **state) {
    (void)state;
    struct zmq_dealer *old = connect_known();
    struct socket_request request;
    assert_int_equal(zmq_dealer_send(old, 0, slice_text("1"), slice_text(""), 5000), STATUS_OK);
    assert_true(receive_within(&request, 5000));
    zmq_door_drain(door);
    struct zmq_dealer *late = connect_known();
    assert_int_equal(zmq_dealer_send(late, 0, slice_text("h"), slice_text("b"), 500), STATUS_UNAVAILABLE);
    assert_int_equal(zmq_dealer_send(old, 0, slice_text("2"), slice_text(""), 0), STATUS_OK);
    assert_true(receive_within(&request, 5000));
    assert_int_equal(port.send(port.context, &request.route, slice_text("re"), slice_text("")), STATUS_OK);
    struct zmq_dealer_reply reply;
    assert_int_equal(zmq_dealer_receive(old, 5000, &reply), STATUS_OK);
}

/* Raw sockets, as a client of another make would have them: they tell when their connection ends. */
static void *watch(void *socket, const char *endpoint) {
    assert_int_equal(zmq_socket_monitor(socket, endpoint, ZMQ_EVENT_DISCONNECTED), 0);
    void *pair = zmq_socket(zmq_context_get(), ZMQ_PAIR);
    assert_int_equal(zmq_connect(pair, endpoint), 0);
    return pair;
}

/* Milliseconds until the connection was ended, or -1. */
static int64_t ended_after_ms(void *pair, int wait_ms) {
    int64_t began_ms = now_ms();
    zmq_pollitem_t item = {.socket = pair, .events = ZMQ_POLLIN};
    return zmq_poll(&item, 1, wait_ms) == 1 ? now_ms() - began_ms : -1;
}

static void close_watched(void *socket, void *pair) {
    zmq_socket_monitor(socket, NULL, 0);
    int linger_ms = 0;
    zmq_setsockopt(pair, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
    zmq_close(pair);
    zmq_close(socket);
    raw_socket = NULL;
}

static void connections_of_a_revoked_key_are_ended_and_others_stay(void **state) {
    (void)state;
    void *speaker = raw_dealer(&known, NULL), *silent = raw_dealer(&known, NULL), *stays = raw_dealer(&other, NULL);
    void *pairs[] = {watch(speaker, "inproc://speaker"), watch(silent, "inproc://silent"),
                     watch(stays, "inproc://stays")};
    struct socket_request request, from_stays = {0};
    void *const speakers[] = {speaker, stays};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(zmq_send(speakers[i], "h", 1, ZMQ_SNDMORE), 1);
        assert_int_equal(zmq_send(speakers[i], "b", 1, 0), 1);
        assert_true(receive_within(&request, 5000));
        if (strcmp(request.system, "gp-elm") == 0) from_stays = request;
    }
    assert_string_equal(from_stays.system, "gp-elm");
    struct timespec until_silent_is_in = {.tv_nsec = 300000000};
    nanosleep(&until_silent_is_in, NULL);

    /* What it has sent already is not served either. */
    assert_int_equal(zmq_send(speaker, "h", 1, ZMQ_SNDMORE), 1);
    assert_int_equal(zmq_send(speaker, "late", 4, 0), 4);
    nanosleep(&until_silent_is_in, NULL);
    is_revoked = true;
    int64_t began_ms = now_ms();
    assert_int_equal(zmq_door_cut(door), 2);
    int64_t speaker_ms = ended_after_ms(pairs[0], 1000), silent_ms = ended_after_ms(pairs[1], 1000);
    assert_true(speaker_ms >= 0 && silent_ms >= 0);
    assert_true(now_ms() - began_ms < 1000);
    print_message("ended after %lld and %lld ms\n", (long long)speaker_ms, (long long)silent_ms);
    assert_false(receive_within(&request, 300));
    assert_int_equal(look().cut, 1);

    /* Their clients come again and are turned away at the handshake; the other one never noticed. */
    assert_true(look().refused > 0);
    assert_int_equal(port.send(port.context, &from_stays.route, slice_text("re"), slice_text("ply")), STATUS_OK);
    char frame[8];
    assert_int_equal(zmq_recv(stays, frame, sizeof frame, 0), 2);
    assert_int_equal(ended_after_ms(pairs[2], 0), -1);
    close_watched(speaker, pairs[0]);
    close_watched(silent, pairs[1]);
    close_watched(stays, pairs[2]);
}

/* One that has not spoken has a key that nobody can tell: it is ended, comes again, and is let in again. */
static void a_silent_connection_with_a_good_key_comes_again(void **state) {
    (void)state;
    void *silent = raw_dealer(&known, NULL);
    void *pair = watch(silent, "inproc://silent");
    struct timespec until_it_is_in = {.tv_nsec = 300000000};
    nanosleep(&until_it_is_in, NULL);
    assert_int_equal(zmq_door_cut(door), 1);
    assert_true(ended_after_ms(pair, 1000) >= 0);
    assert_int_equal(zmq_send(silent, "h", 1, ZMQ_SNDMORE), 1);
    assert_int_equal(zmq_send(silent, "b", 1, 0), 1);
    struct socket_request request;
    assert_true(receive_within(&request, 5000));
    assert_string_equal(request.system, "nhs111");
    assert_int_equal(zmq_door_cut(door), 0); /* now it is known */
    assert_int_equal(look().cut, 0);
    close_watched(silent, pair);
}

static void a_second_door_on_the_same_endpoint_is_refused(void **state) {
    (void)state;
    struct zmq_door_options options = {.endpoint = zmq_door_endpoint(door), .keys = &door_keys, .lookup = look_up};
    struct error error = {0};
    assert_int_equal(zmq_door_open(&options, &second, &error), STATUS_CONFLICT);
    options.endpoint = "no endpoint";
    assert_int_equal(zmq_door_open(&options, &second, &error), STATUS_INVALID);
    options.endpoint = "tcp://127.0.0.1:*";
    assert_int_equal(zmq_door_open(&options, &second, &error), STATUS_OK);
    a_known_key_is_answered(state);
    zmq_door_close(second);
    second = NULL;
    assert_int_equal(zmq_door_probe(zmq_door_endpoint(door), door_keys.public, 5000, &error), STATUS_OK);
}

static void a_dealer_serves_several_endpoints(void **state) {
    (void)state;
    struct zmq_door_options options = {.endpoint = "tcp://127.0.0.1:*", .keys = &door_keys, .lookup = look_up};
    assert_int_equal(zmq_door_open(&options, &second, NULL), STATUS_OK);
    struct door_socket second_port = zmq_door_port(second), ports[2] = {port, second_port};
    const char *endpoints[] = {zmq_door_endpoint(door), zmq_door_endpoint(second)};
    struct zmq_dealer_options dealer_options = {
        .endpoints = endpoints, .endpoint_count = 2, .keys = &known, .server_key = door_keys.public};
    struct zmq_dealer *dealer = NULL;
    assert_int_equal(zmq_dealer_open(&dealer_options, &dealer, NULL), STATUS_OK);
    dealers[dealer_count++] = dealer;
    assert_int_equal(zmq_dealer_count(dealer), 2);
    assert_true(zmq_dealer_fd(dealer, 0) != zmq_dealer_fd(dealer, 1));
    for (size_t i = 0; i < 2; i++) {
        struct socket_request request;
        struct zmq_dealer_reply reply;
        assert_int_equal(zmq_dealer_send(dealer, i, slice_text("h"), slice_text("b"), 5000), STATUS_OK);
        port = ports[i];
        assert_true(receive_within(&request, 5000));
        assert_int_equal(port.send(port.context, &request.route, slice_text("h"), slice_text("b")), STATUS_OK);
        assert_int_equal(zmq_dealer_receive(dealer, 5000, &reply), STATUS_OK);
        assert_int_equal(reply.endpoint, i);
    }
}

static void the_probe_tells_a_good_door_from_bad_ones(void **state) {
    (void)state;
    struct error error = {0};
    char endpoint[ZMQ_ENDPOINT_MAX];
    assert_int_equal(zmq_door_probe(zmq_door_endpoint(door), door_keys.public, 5000, &error), STATUS_OK);
    assert_int_equal(zmq_door_probe(zmq_door_endpoint(door), stranger.public, 700, &error) == STATUS_OK, false);
    assert_int_equal(zmq_door_probe("tcp://127.0.0.1:1", door_keys.public, 300, &error), STATUS_TIMEOUT);
    assert_int_equal(zmq_door_probe(zmq_door_endpoint(door), "no key", 300, &error), STATUS_INVALID);
    /* Without the handler CURVE lets everybody in; without CURVE so does the plain socket. */
    zmq_door_close(door);
    door = NULL;
    for (int with_curve = 0; with_curve < 2; with_curve++) {
        void *bad = zmq_socket(zmq_context_get(), ZMQ_ROUTER);
        int linger_ms = 0;
        size_t size = sizeof endpoint;
        zmq_setsockopt(bad, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
        if (with_curve == 1) {
            zmq_setsockopt(bad, ZMQ_CURVE_SERVER, &with_curve, sizeof with_curve);
            zmq_setsockopt(bad, ZMQ_CURVE_SECRETKEY, door_keys.secret, SOCKET_KEY_TEXT_SIZE + 1);
        }
        assert_int_equal(zmq_bind(bad, "tcp://127.0.0.1:*"), 0);
        assert_int_equal(zmq_getsockopt(bad, ZMQ_LAST_ENDPOINT, endpoint, &size), 0);
        assert_int_equal(zmq_door_probe(endpoint, door_keys.public, 5000, &error), STATUS_DENIED);
        assert_non_null(strstr(error.message, with_curve == 1 ? "lets in a key" : "does not ask"));
        zmq_close(bad);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_known_key_is_answered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_unknown_key_is_not_let_in, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_client_without_curve_is_not_let_in, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_client_that_chose_its_routing_id_is_not_served, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_shapes_than_header_and_body_are_dropped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_message_too_large_closes_the_connection, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_thousand_pipelined_requests_are_all_answered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_answer_to_a_connection_that_is_gone_is_said_so, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_client_that_does_not_read_costs_a_bounded_queue, set_up, tear_down),
        cmocka_unit_test_setup_teardown(while_draining_open_connections_stay_and_new_ones_wait, set_up, tear_down),
        cmocka_unit_test_setup_teardown(connections_of_a_revoked_key_are_ended_and_others_stay, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_silent_connection_with_a_good_key_comes_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_second_door_on_the_same_endpoint_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_dealer_serves_several_endpoints, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_probe_tells_a_good_door_from_bad_ones, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("door and dealer", tests, NULL, NULL);
}
