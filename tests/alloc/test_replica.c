/* A replica without memory: it is not made, whichever request is refused; and once it is made it asks for none, so that
 * neither a take-over nor a turn can run out of it half-way. */
#include "tests/host/replica_world.h"
#include "tests/support/alloc.h"

static bool start(void *context, uint32_t n) {
    (void)context;
    alloc_fail(n);
    bool has_started = world_try();
    bool has_failed = alloc_end();
    assert_int_equal(has_started, !has_failed);
    world_die();
    return has_failed;
}

static void without_memory_it_is_not_made(void **state) {
    (void)state;
    assert_true(alloc_each(start, NULL) > 0);
    world_start();
    world_own();
}

static void work(void) {
    uint32_t add = world_send(OP_ADD, 1), large = world_send(OP_LARGE, 60000), timer = world_send(OP_TIMER, 200);
    world_run(100);
    assert_int_equal(world.outcomes[add], OUTCOME_OK);
    assert_int_equal(world.outcomes[large], OUTCOME_OK);
    assert_int_equal(world.outcomes[timer], OUTCOME_OK);
    world_run(500);
}

static void take_over_and_turns_ask_for_none(void **state) {
    (void)state;
    world_start();
    alloc_fail(1);
    world_own();
    work();
    assert_false(alloc_end());
    world_die();

    world.time.now_ms += 10000;
    world_start();
    alloc_fail(1);
    world_own();
    work();
    replica_stop(world.replica);
    world_run(500);
    assert_false(alloc_end());
    assert_int_equal(world.view.state, REPLICA_STOPPED);
    assert_int_equal(world.view.journal.epoch, 2);
    assert_int_equal(world_number('t'), 4); /* two commands and two timers */
}

static int begin(void **state) {
    (void)state;
    world_begin();
    return 0;
}

static int end(void **state) {
    (void)state;
    (void)alloc_end();
    world_end();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_memory_it_is_not_made, begin, end),
        cmocka_unit_test_setup_teardown(take_over_and_turns_ask_for_none, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
