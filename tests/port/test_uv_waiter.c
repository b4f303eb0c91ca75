/* Waiter and clocks. */
#include "lib/port/uv/system_clock.h"
#include "lib/port/uv/waiter_eventfd.h"
#include "tests/support/cmocka.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

static struct clock_port system_clock;

static int64_t waited_ms(struct waiter *waiter, int timeout_ms) {
    int64_t start_ms = system_clock.monotonic_ms(system_clock.context);
    waiter->wait(waiter->context, timeout_ms);
    return system_clock.monotonic_ms(system_clock.context) - start_ms;
}

static void a_wake_before_the_wait_is_not_lost(void **state) {
    (void)state;
    struct waiter waiter = {0};
    int fd = -1;
    assert_int_equal(waiter_open(&waiter, &fd, NULL), STATUS_OK);
    for (int i = 0; i < 1000; i++) waiter.wake(waiter.context);
    assert_in_range(waited_ms(&waiter, 5000), 0, 1000);
    assert_in_range(waited_ms(&waiter, 50), 49, 2000);
    assert_int_equal(write(fd, &WAITER_WAKE_BYTES, sizeof WAITER_WAKE_BYTES), sizeof WAITER_WAKE_BYTES);
    assert_in_range(waited_ms(&waiter, 5000), 0, 1000);
    assert_in_range(waited_ms(&waiter, 0), 0, 1000);
    waiter_close(&waiter);
    assert_null(waiter.context);
    waiter_close(&waiter);
}

static void *wake_later(void *context) {
    struct waiter *waiter = context;
    usleep(30000);
    waiter->wake(waiter->context);
    return NULL;
}

static void another_thread_wakes_it(void **state) {
    (void)state;
    struct waiter waiter = {0};
    int fd = -1;
    assert_int_equal(waiter_open(&waiter, &fd, NULL), STATUS_OK);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, wake_later, &waiter), 0);
    assert_in_range(waited_ms(&waiter, 10000), 10, 5000);
    assert_int_equal(pthread_join(thread, NULL), 0);
    waiter_close(&waiter);
}

static void the_clocks_run_and_chance_differs(void **state) {
    (void)state;
    assert_true(system_clock.wall_ms(system_clock.context) > INT64_C(1700000000000));
    int64_t before_ms = system_clock.monotonic_ms(system_clock.context);
    usleep(20000);
    assert_in_range(system_clock.monotonic_ms(system_clock.context) - before_ms, 19, 2000);
    static uint8_t one[100000], other[100000];
    system_clock.random(system_clock.context, one, sizeof one);
    system_clock.random(system_clock.context, other, sizeof other);
    assert_memory_not_equal(one, other, 16);
    assert_memory_not_equal(one + sizeof one - 16, other + sizeof other - 16, 16);
}

int main(void) {
    system_clock = system_clock_port();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wake_before_the_wait_is_not_lost),
        cmocka_unit_test(another_thread_wakes_it),
        cmocka_unit_test(the_clocks_run_and_chance_differs),
    };
    return cmocka_run_group_tests_name("waiter and clocks", tests, NULL, NULL);
}
