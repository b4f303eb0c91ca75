/* A key is taken away while its connections stand: they end within a second, others stay, and nothing more is served
 * of it. */
#include "tests/port/zmq_world.h"

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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(connections_of_a_revoked_key_are_ended_and_others_stay, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_silent_connection_with_a_good_key_comes_again, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
