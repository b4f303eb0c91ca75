/* The door's socket and the client's, over real TCP on a free port of 127.0.0.1: who gets in, what gets through. */
#include "tests/port/zmq_world.h"

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

/* libzmq 4.3.4 ends the whole process when a heartbeat meets a connection that has ended while its requests filled the
 * queue, be it one of the door's own or one of the client's (its issue 4364). The client is reset: it does not take the
 * answer that it was sent. */
static void flood_and_leave(bool beats) {
    void *raw = raw_dealer(&known, NULL);
    int interval_ms = 1, queue = 100000;
    zmq_setsockopt(raw, ZMQ_SNDHWM, &queue, sizeof queue);
    if (beats) {
        zmq_disconnect(raw, zmq_door_endpoint(door));
        zmq_setsockopt(raw, ZMQ_HEARTBEAT_IVL, &interval_ms, sizeof interval_ms);
        zmq_connect(raw, zmq_door_endpoint(door));
    }
    struct timespec pause = {.tv_nsec = 1000000}, heartbeats = {.tv_sec = 1, .tv_nsec = 200000000};
    for (int i = 0; i < 3000; i++) {
        zmq_send(raw, "flood", 5, ZMQ_SNDMORE);
        zmq_send(raw, "", 0, 0);
        if (i > 900 && i < 1200) nanosleep(&pause, NULL); /* where a queue of 1,000 is full, with heartbeats between */
    }
    nanosleep(&pause, NULL);
    zmq_close(raw);
    raw_socket = NULL;
    nanosleep(&heartbeats, NULL);
}

static void a_client_that_floods_and_leaves_ends_nothing(void **state) {
    (void)state;
    for (int beats = 0; beats < 2; beats++) {
        flood_and_leave(beats == 1);
        struct zmq_dealer *dealer = connect_known();
        struct socket_request request;
        assert_int_equal(zmq_dealer_send(dealer, 0, slice_text("head"), slice_text("body"), 5000), STATUS_OK);
        do {
            assert_true(receive_within(&request, 5000));
        } while (slice_equal(request.header, slice_text("flood")));
        assert_true(slice_equal(request.header, slice_text("head")));
    }
}

/* The flood of one system over several connections; another one asks once. */
static void systems_take_turns(void **state) {
    (void)state;
    enum { FLOOD = 3000 };
    struct zmq_dealer *loud[2] = {connect_known(), connect_known()};
    struct zmq_dealer *quiet = connect_as(&other, zmq_door_endpoint(door), 0);
    for (int i = 0; i < FLOOD; i++) {
        assert_int_equal(zmq_dealer_send(loud[i % 2], 0, slice_text("flood"), slice_text(""), 5000), STATUS_OK);
    }
    struct socket_request request;
    assert_true(receive_within(&request, 5000));
    assert_int_equal(zmq_dealer_send(quiet, 0, slice_text("head"), slice_text(""), 5000), STATUS_OK);
    struct timespec pause = {.tv_nsec = 300000000};
    nanosleep(&pause, NULL);
    int before = 0, surplus = 0, total = 1;
    for (bool is_found = false; !is_found;) {
        assert_true(receive_within(&request, 5000));
        is_found = slice_equal(request.header, slice_text("head"));
        assert_string_equal(request.system, is_found ? "gp-elm" : "nhs111");
        assert_false(is_found && request.is_surplus);
        if (request.is_surplus) surplus++;
        total += !is_found;
        before += !is_found && !request.is_surplus;
    }
    assert_true(before <= 2 + surplus / 64);
    while (total < FLOOD) {
        assert_true(receive_within(&request, 5000));
        surplus += request.is_surplus;
        total++;
    }
    assert_in_range(surplus, FLOOD - 2048 - 100, FLOOD - 2048); /* half of the inbox is its share */
    assert_int_equal(look().surplus, surplus);
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
        cmocka_unit_test_setup_teardown(a_client_that_floods_and_leaves_ends_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(systems_take_turns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(while_draining_open_connections_stay_and_new_ones_wait, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_second_door_on_the_same_endpoint_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_dealer_serves_several_endpoints, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_probe_tells_a_good_door_from_bad_ones, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("door and dealer", tests, NULL, NULL);
}
