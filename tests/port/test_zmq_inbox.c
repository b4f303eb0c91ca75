/* The door's inbox by itself: shares, turns, and order within a system. */
#include "lib/port/zmq/zmq_inbox.h"
#include "tests/support/cmocka.h"

#include <stdio.h>
#include <string.h>

static struct zmq_inbox *inbox;

static int set_up(void **state) {
    (void)state;
    inbox = zmq_inbox_new();
    return inbox == NULL;
}

static int tear_down(void **state) {
    (void)state;
    zmq_inbox_free(inbox);
    return 0;
}

static bool put(const char *system, uint32_t number, size_t body_size) {
    zmq_msg_t header, body;
    assert_int_equal(zmq_msg_init_size(&header, sizeof number), 0);
    memcpy(zmq_msg_data(&header), &number, sizeof number);
    assert_int_equal(zmq_msg_init_size(&body, body_size), 0);
    const struct socket_route route = {.size = 1, .bytes = {(uint8_t)number}};
    bool is_taken = zmq_inbox_put(inbox, system, &route, &header, &body);
    assert_int_equal(zmq_msg_size(&header), is_taken ? 0 : sizeof number);
    zmq_msg_close(&header);
    zmq_msg_close(&body);
    return is_taken;
}

/* The number that was put, and whose it is; -1 when nothing is queued. */
static int64_t take(char ret_system[SOCKET_SYSTEM_MAX + 1]) {
    zmq_msg_t header, body;
    struct socket_route route = {0};
    uint32_t number = 0;
    zmq_msg_init(&header);
    zmq_msg_init(&body);
    bool is_there = zmq_inbox_take(inbox, ret_system, &route, &header, &body);
    if (is_there) {
        assert_int_equal(zmq_msg_size(&header), sizeof number);
        memcpy(&number, zmq_msg_data(&header), sizeof number);
        assert_int_equal(route.bytes[0], (uint8_t)number);
    }
    zmq_msg_close(&header);
    zmq_msg_close(&body);
    return is_there ? (int64_t)number : -1;
}

static uint32_t fill(const char *system, size_t body_size) {
    uint32_t count = 0;
    while (put(system, count, body_size)) count++;
    return count;
}

static void systems_take_turns_each_in_its_order(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 3; i++) assert_true(put("a", i, 0));
    assert_true(put("b", 10, 0));
    assert_true(put("c", 20, 0));
    assert_true(put("c", 21, 0));
    static const struct {
        const char *system;
        int64_t number;
    } expected[] = {{"a", 0}, {"b", 10}, {"c", 20}, {"a", 1}, {"c", 21}, {"a", 2}};
    char system[SOCKET_SYSTEM_MAX + 1];
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        assert_int_equal(take(system), expected[i].number);
        assert_string_equal(system, expected[i].system);
    }
    assert_int_equal(take(system), -1);
}

static void each_has_as_much_as_is_left_for_everybody(void **state) {
    (void)state;
    assert_int_equal(fill("a", 0), ZMQ_INBOX_MESSAGES_MAX / 2);
    assert_int_equal(fill("b", 0), ZMQ_INBOX_MESSAGES_MAX / 4);
    assert_int_equal(fill("c", 0), ZMQ_INBOX_MESSAGES_MAX / 8);
    char system[SOCKET_SYSTEM_MAX + 1];
    uint32_t count = 0;
    while (take(system) >= 0) count++;
    assert_int_equal(count, ZMQ_INBOX_MESSAGES_MAX / 8 * 7);
    assert_int_equal(fill("c", 0), ZMQ_INBOX_MESSAGES_MAX / 2);
}

/* Large messages are bounded by their bytes. */
static void bytes_have_shares_too(void **state) {
    (void)state;
    enum { SIZE = 1024 * 1024 };
    uint32_t count = fill("a", SIZE);
    assert_in_range(count, ZMQ_INBOX_BYTES_MAX / SIZE / 2 - 1, ZMQ_INBOX_BYTES_MAX / SIZE / 2);
    assert_true(put("b", 0, SIZE));
    char system[SOCKET_SYSTEM_MAX + 1];
    while (take(system) >= 0) {
    }
    assert_int_equal(fill("a", SIZE), count);
}

static void there_are_so_many_systems_at_most(void **state) {
    (void)state;
    char system[SOCKET_SYSTEM_MAX + 1];
    for (uint32_t i = 0; i < ZMQ_INBOX_SYSTEMS_MAX; i++) {
        (void)snprintf(system, sizeof system, "system-%u", i);
        assert_true(put(system, i, 0));
    }
    assert_false(put("one-more", 0, 0));
    for (uint32_t i = 0; i < ZMQ_INBOX_SYSTEMS_MAX; i++) assert_int_equal(take(system), i);
    assert_true(put("one-more", 0, 0));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(systems_take_turns_each_in_its_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_has_as_much_as_is_left_for_everybody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bytes_have_shares_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(there_are_so_many_systems_at_most, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("the door's inbox", tests, NULL, NULL);
}
