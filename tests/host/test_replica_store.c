/* The replica when its store takes no more (journal.md section 4): what was decided on a store that had failed never leaves,
 * and a full store is told from a broken one. */
#include "tests/host/replica_world.h"

static int begin(void **state) {
    (void)state;
    world_begin();
    return 0;
}

static int end(void **state) {
    (void)state;
    world_end();
    return 0;
}

static void commands_are_decided_and_answered(void **state) {
    (void)state;
    world_start();
    world_own();
    for (uint32_t i = 1; i <= 20; i++) (void)world_send(OP_ADD, i);
    world_run(100);
    assert_int_equal(world_number('t'), 210);
    for (uint32_t i = 0; i < 20; i++) assert_int_equal(world.outcomes[i], OUTCOME_OK);
    assert_int_equal(world_entries(), 20);
}

/* The write that a full store loses would be missing to the next decision of the turn: a slot would be given twice. */
static void nothing_decided_on_a_failed_store_leaves(void **state) {
    (void)state;
    world_start();
    world_own();
    uint32_t before = world_send(OP_ADD, 1);
    world_run(50);
    assert_int_equal(world.outcomes[before], OUTCOME_OK);
    uint32_t entries = world_entries();

    world.store.is_full = true;
    uint32_t first = world_send(OP_ADD, 10), second = world_send(OP_ADD, 100);
    world_run(50);
    assert_int_equal(world_entries(), entries);
    assert_int_equal(world.outcomes[first], 0);
    assert_int_equal(world.outcomes[second], 0);
    assert_int_equal(world.view.state, REPLICA_STOPPED);
    assert_int_equal(world.view.stop, STOP_STORE_FULL);

    world_die();
    world.store.is_full = false;
    world_start();
    world_run(8000);
    assert_int_equal(world_number('t'), 111);
    assert_int_equal(world.outcomes[second], OUTCOME_OK);
}

static bool whole_get(void *context, struct slice key, struct slice *ret_value) {
    assert_false(world.store.has_failed);
    struct rows rows;
    struct store store = fake_store_port(context);
    enum status status = store.read_begin(store.context, &rows, NULL);
    assert_int_equal(status, STATUS_OK);
    return rows_get(&rows, key, ret_value);
}

static enum status begin_whole(void *context, struct rows *ret_rows, struct error *reterr_error) {
    struct store store = fake_store_port(&world.store);
    enum status status = store.begin(context, ret_rows, reterr_error);
    ret_rows->get = whole_get;
    return status;
}

/* Nor may it be decided: a service relies on rows that belong together, and what it asserts of them would end the process
 * before the full disk could be told. */
static void nothing_is_decided_on_a_failed_store(void **state) {
    (void)state;
    world.ports.store.begin = begin_whole;
    world_start();
    world_own();
    world.store.is_full = true;
    for (uint32_t i = 0; i < 3; i++) (void)world_send(OP_ADD, 1);
    world_run(50);
    assert_int_equal(world.view.stop, STOP_STORE_FULL);
}

/* A timer whose row a failed store cannot clear would fire again and again within one turn. */
static void a_timer_fires_once_or_not_at_all(void **state) {
    (void)state;
    world_start();
    world_own();
    (void)world_send(OP_TIMER, 200);
    world_run(100);
    uint32_t entries = world_entries();
    world.store.is_full = true;
    world_run(300);
    assert_int_equal(world_entries(), entries);
    assert_int_equal(world.view.stop, STOP_STORE_FULL);
}

static enum status full_begin(void *context, struct rows *ret_rows, struct error *reterr_error) {
    (void)context;
    (void)ret_rows;
    return error_set(reterr_error, STATUS_FULL, "no disk for more pages");
}

static void a_store_without_room_to_begin_is_full_and_not_broken(void **state) {
    (void)state;
    world.ports.store.begin = full_begin;
    world_start();
    world_run(50);
    assert_int_equal(world.view.state, REPLICA_STOPPED);
    assert_int_equal(world.view.stop, STOP_STORE_FULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(commands_are_decided_and_answered, begin, end),
        cmocka_unit_test_setup_teardown(nothing_decided_on_a_failed_store_leaves, begin, end),
        cmocka_unit_test_setup_teardown(nothing_is_decided_on_a_failed_store, begin, end),
        cmocka_unit_test_setup_teardown(a_timer_fires_once_or_not_at_all, begin, end),
        cmocka_unit_test_setup_teardown(a_store_without_room_to_begin_is_full_and_not_broken, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
