/* Callers that do not read what they are answered: their queue has a bound, and their connection ends, whether they are
 * silent or go on asking. */
#include "tests/port/zmq_world.h"

enum { ENDED_MS_MAX = 25000, QUEUE_MESSAGES = 10 };

static uint8_t body[100000];

static void pause_ms(long ms) {
    struct timespec pause = {.tv_nsec = ms * 1000000};
    nanosleep(&pause, NULL);
}

/* A caller of bare libzmq that takes no answer, and is sent answers until there is no room for more. */
static struct socket_route fill_unread(struct socket_request *request) {
    zmq_door_close(door);
    open_door(QUEUE_MESSAGES);
    void *raw = raw_dealer(&known, NULL);
    int queue = 1, kernel_bytes = 65536;
    zmq_disconnect(raw, zmq_door_endpoint(door));
    zmq_setsockopt(raw, ZMQ_RCVHWM, &queue, sizeof queue);
    zmq_setsockopt(raw, ZMQ_RCVBUF, &kernel_bytes, sizeof kernel_bytes);
    zmq_connect(raw, zmq_door_endpoint(door));
    zmq_send(raw, "h", 1, ZMQ_SNDMORE);
    zmq_send(raw, "b", 1, 0);
    assert_true(receive_within(request, 5000));
    enum status status = STATUS_OK;
    int sent = 0;
    for (; sent < 20000 && status == STATUS_OK; sent++) {
        status = port.send(port.context, &request->route, slice_text("h"), slice_of(body, sizeof body));
        if (status != STATUS_FULL) continue;
        pause_ms(50); /* it may only be slow */
        status = port.send(port.context, &request->route, slice_text("h"), slice_of(body, sizeof body));
    }
    assert_int_equal(status, STATUS_FULL);
    assert_int_equal(look().sent, sent - 1);
    return request->route;
}

/* As a door does: it receives, so that libzmq learns what has become of connections, and answers. */
static enum status serve_once(const struct socket_route *route) {
    struct socket_request request;
    for (int i = 0; i < 100 && port.receive(port.context, &request); i++) continue;
    return port.send(port.context, route, slice_text("h"), slice_text("b"));
}

static bool is_gone_within(const struct socket_route *route, int64_t wait_ms) {
    for (int64_t until_ms = now_ms() + wait_ms; now_ms() < until_ms;) {
        if (serve_once(route) == STATUS_NOT_FOUND) return true;
        pause_ms(10);
    }
    return false;
}

static void a_client_that_does_not_read_costs_a_bounded_queue(void **state) {
    (void)state;
    struct socket_request request;
    fill_unread(&request);
    assert_true(look().unread >= 2);
}

/* Its system may open one connection after the other and read from none. */
static void a_client_that_is_silent_is_ended_by_the_kernel(void **state) {
    (void)state;
    struct socket_request request;
    struct socket_route route = fill_unread(&request);
    assert_true(is_gone_within(&route, ENDED_MS_MAX));
}

/* What it sends puts off the kernel's own limit, for ever when it sends enough. */
static void a_client_that_goes_on_asking_is_ended_by_the_door(void **state) {
    (void)state;
    struct socket_request request;
    struct socket_route route = fill_unread(&request);
    enum status status = STATUS_FULL;
    uint32_t ended = 0;
    int64_t looked_ms = 0;
    for (int64_t until_ms = now_ms() + ENDED_MS_MAX; status != STATUS_NOT_FOUND && now_ms() < until_ms;) {
        if (zmq_send(raw_socket, "h", 1, ZMQ_SNDMORE | ZMQ_DONTWAIT) == 1) {
            (void)zmq_send(raw_socket, body, 20000, 0);
        }
        pause_ms(1);
        status = serve_once(&route);
        if (now_ms() < looked_ms + 1000) continue;
        looked_ms = now_ms();
        ended += zmq_door_end_unread(door, looked_ms);
    }
    print_message("%llu questions, ended: %u\n", (unsigned long long)look().received, ended);
    assert_int_equal(status, STATUS_NOT_FOUND);
    assert_int_equal(ended, 1);
}

/* Only who has taken no byte of something for the whole time. */
static void who_reads_slowly_or_is_owed_nothing_stays(void **state) {
    (void)state;
    struct socket_request request;
    struct socket_route route = fill_unread(&request);
    struct zmq_dealer *idle = connect_as(&other, zmq_door_endpoint(door), 0);
    struct zmq_dealer_reply reply;
    assert_int_equal(zmq_dealer_send(idle, 0, slice_text("h"), slice_text("b"), 5000), STATUS_OK);
    assert_true(receive_within(&request, 5000));
    assert_int_equal(port.send(port.context, &request.route, slice_text("h"), slice_text("b")), STATUS_OK);
    assert_int_equal(zmq_dealer_receive(idle, 5000, &reply), STATUS_OK);
    pause_ms(200); /* until it has said that it has it */

    char frame[8];
    int64_t at_ms = 1000;
    assert_int_equal(zmq_door_end_unread(door, at_ms), 0);
    assert_int_equal(zmq_door_end_unread(door, at_ms + 9999), 0);
    /* It reads: more than its end of the connection holds, so that the door's end must have gone on. */
    for (int i = 0; i < 4; i++) {
        assert_int_equal(zmq_recv(raw_socket, frame, sizeof frame, 0), 1);
        assert_int_equal(zmq_recv(raw_socket, frame, sizeof frame, 0), (int)sizeof body);
    }
    pause_ms(200);
    assert_int_equal(zmq_door_end_unread(door, at_ms += 10000), 0);
    assert_int_equal(zmq_door_end_unread(door, at_ms + 9999), 0);
    assert_int_not_equal(serve_once(&route), STATUS_NOT_FOUND);
    assert_int_equal(zmq_door_end_unread(door, at_ms + 10000), 1);
    assert_true(is_gone_within(&route, 5000));
    assert_int_equal(port.send(port.context, &request.route, slice_text("h"), slice_text("b")), STATUS_OK);
    assert_int_equal(zmq_dealer_receive(idle, 5000, &reply), STATUS_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_client_that_does_not_read_costs_a_bounded_queue, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_client_that_is_silent_is_ended_by_the_kernel, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_client_that_goes_on_asking_is_ended_by_the_door, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_reads_slowly_or_is_owed_nothing_stays, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("callers who do not read", tests, NULL, NULL);
}
