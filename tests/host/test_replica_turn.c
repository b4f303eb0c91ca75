/* One turn of an owner at its limits (journal.md sections 4 and 6): outcomes that are too large, many timers at once, work
 * that has killed its owner. */
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

/* Whatever its size, an outcome is kept or it is `too_large`; and of what was too large nothing is left behind. */
static void an_outcome_that_is_too_large_is_an_outcome(void **state) {
    (void)state;
    world_start();
    world_own();
    uint32_t kept = 0;
    for (uint32_t size = JOURNAL_RECORD_MAX - 320; size < JOURNAL_RECORD_MAX + 40; size++) {
        uint32_t number = world_send(OP_LARGE, size);
        world_run(20);
        assert_int_equal(world.view.state, REPLICA_OWNING);
        if (world.outcomes[number] == OUTCOME_OK) kept = size;
        if (world.outcomes[number] != OUTCOME_OK) assert_int_equal(world.outcomes[number], OUTCOME_TOO_LARGE);
        assert_int_equal(world_number('l'), kept);
    }
    assert_in_range(kept, JOURNAL_RECORD_MAX - 319, JOURNAL_RECORD_MAX - 1);
    uint32_t after = world_send(OP_ADD, 1);
    world_run(20);
    assert_int_equal(world.outcomes[after], OUTCOME_OK);
}

/* Together they are more than a turn can hold. */
static void large_outcomes_share_their_turns(void **state) {
    (void)state;
    world_start();
    world_own();
    uint32_t first = world_send(OP_LARGE, 200 * 1024);
    for (int i = 0; i < 100; i++) (void)world_send(OP_LARGE, 200 * 1024);
    world_run(300);
    for (uint32_t i = first; i < world.sent_count; i++) assert_int_equal(world.outcomes[i], OUTCOME_OK);
}

/* What a timer had to do must not vanish because it would have been too much at once. */
static void a_timer_that_is_too_large_stays_visible(void **state) {
    (void)state;
    world_start();
    world_own();
    (void)world_send(OP_TIMER, 100);
    world_run(300);
    assert_int_equal(world_number('t'), 1);
    assert_int_equal(world_rows(ROWS_TABLE_TIMER) + world_rows(ROWS_TABLE_PARKED), 0);

    (void)world_send(OP_TIMER, 101);
    world_run(300);
    assert_int_equal(world_rows(ROWS_TABLE_TIMER), 0);
    assert_int_equal(world_rows(ROWS_TABLE_PARKED), 1);
    assert_string_equal(world.alarm, "set_aside");
    assert_int_equal(world.view.state, REPLICA_OWNING);
}

/* Steps without letting time pass. */
static void step_now(void) {
    for (int i = 0; i < 20; i++) (void)world_step();
}

/* Twenty callers who come back within the moment share a turn, and the first of them waits no longer than that for the
 * others; a lone caller never waits (docs/adr/0018). */
static void under_load_a_turn_waits_for_the_callers_of_the_one_before(void **state) {
    (void)state;
    world_start();
    world_own();
    for (int i = 0; i < 20; i++) (void)world_send(OP_ADD, 1);
    step_now();
    uint64_t turns = world.view.turns;
    assert_int_equal(world.view.entries, 20);
    (void)world_send(OP_ADD, 1);
    step_now();
    assert_int_equal(world.view.turns, turns);
    for (int i = 0; i < 19; i++) (void)world_send(OP_ADD, 1);
    step_now();
    assert_int_equal(world.view.turns, turns + 1);
    assert_int_equal(world.view.entries, 40);

    uint32_t first = world_send(OP_ADD, 1);
    world_run(4);
    assert_int_equal(world.view.turns, turns + 2);
    assert_int_equal(world.outcomes[first], OUTCOME_OK);
    (void)world_send(OP_ADD, 1);
    step_now();
    assert_int_equal(world.view.turns, turns + 3);
}

/* Kafka's tools show lag by what the group was left with; it lags, and it is never read. */
static void the_owner_leaves_its_position_with_the_group_now_and_then(void **state) {
    (void)state;
    world_start();
    world_own();
    world_run(6000);
    assert_int_equal(world.member.shown, 0);
    for (int i = 0; i < 20; i++) (void)world_send(OP_ADD, 1);
    world_run(2000);
    assert_int_equal(world.member.shown, 20);
    (void)world_send(OP_ADD, 1);
    world_run(2000);
    assert_int_equal(world.member.shown, 20);
    world_run(4000);
    assert_int_equal(world.member.shown, 21);
    assert_int_equal(world.view.journal.resume_at.offset, 21);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_outcome_that_is_too_large_is_an_outcome, begin, end),
        cmocka_unit_test_setup_teardown(large_outcomes_share_their_turns, begin, end),
        cmocka_unit_test_setup_teardown(a_timer_that_is_too_large_stays_visible, begin, end),
        cmocka_unit_test_setup_teardown(under_load_a_turn_waits_for_the_callers_of_the_one_before, begin, end),
        cmocka_unit_test_setup_teardown(the_owner_leaves_its_position_with_the_group_now_and_then, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
