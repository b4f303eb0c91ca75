/* The source itself: away, not begun, cut, replaced, or of somebody else. What was followed must be there to go on. */
#include "tests/host/reactor_world.h"

static void test_source_is_away(void **state) {
    (void)state;
    world_start(0, true);
    world_happens("!a");
    world_run(500);
    for (int i = 0; i < 10; i++) {
        world.processes[0].reader.pending = i % 2 == 0 ? TOPIC_DISCONNECTED : TOPIC_FAILED;
        world.processes[0].reader.is_leader_new = i % 3 == 0;
        world_run(3000);
    }
    world_happens("!b");
    world_run(5000);
    assert_string_equal(world.taken, "!a!b");
    assert_int_equal(world.alarm_count, 0);
}

static void test_source_has_not_begun(void **state) {
    (void)state;
    fake_log_cut(world.journal, 0);
    world_start(0, true);
    world_run(5000);
    assert_int_equal(world.asked_count, 0);
    assert_int_not_equal(world_look(0).state, REACTOR_STOPPED);
}

/* What was followed is gone: nothing more is followed, and somebody is told. */
static void test_cut_source(void **state) {
    (void)state;
    world_start(0, true);
    world_happens("!a");
    world_happens("!b");
    world_run(1000);
    world_die(0);
    fake_log_cut(world.journal, world.journal->end - 1);
    world_start(0, true);
    world_run(20000); /* it may still be a leader that is too new */
    assert_int_not_equal(world_look(0).state, REACTOR_STOPPED);
    world_run(20000);
    assert_int_equal(world_look(0).state, REACTOR_STOPPED);
    assert_int_equal(world.alarm_count, 1);
    assert_string_equal(world.taken, "!a!b");
}

/* The record of which one event was followed is gone, and another one lies where it was. */
static void test_cut_in_the_middle_of_a_record(void **state) {
    (void)state;
    world_happens(".x");
    const struct journal_state before = world.state;
    world_happens("!a !b");
    world_start(0, true);
    struct asked asked = world_is_asked(0);
    assert_int_equal(world_decide(&asked), REPLY_OK);
    assert_string_equal(world.taken, "!a");
    world_die(0);
    fake_log_cut(world.journal, world.journal->end - 1);
    world.state = before;
    world_happens("!c !d");
    world_start(0, true);
    world_run(40000);
    assert_int_equal(world_look(0).state, REACTOR_STOPPED);
    assert_int_equal(world.alarm_count, 1);
    assert_string_equal(world.taken, "!a");
}

/* A new leader told an old end, and again long after: what was not looked at in between was not seen to be cut. */
static void test_old_ends_far_apart(void **state) {
    (void)state;
    struct process *process = &world.processes[0];
    world_start(0, true);
    world_happens("!a");
    world_run(1000);
    for (int i = 0; i < 40; i++) { /* owner for a moment only */
        process->is_owner = false;
        world_run(1000);
        process->is_owner = process->reader.is_leader_new = true;
        world_run(100);
    }
    assert_int_equal(world_look(0).state, REACTOR_OPENING);
    assert_int_equal(world.alarm_count, 0);
    for (int i = 0; i < 5; i++) {
        world.time.now_ms += 60000; /* paused */
        process->reader.is_leader_new = true;
        world_run(100);
    }
    assert_int_equal(world_look(0).state, REACTOR_OPENING);
    assert_int_equal(world.alarm_count, 0);
    world_happens("!b");
    world_run(5000);
    assert_int_equal(world_look(0).state, REACTOR_FOLLOWING);
    assert_string_equal(world.taken, "!a!b");
}

/* Cut, and other records where the lost ones lay. */
static void test_another_history(void **state) {
    (void)state;
    world_start(0, true);
    world_happens("!a");
    struct journal_state before = world.state;
    world_happens("!b");
    world_run(1000);
    world_die(0);
    fake_log_cut(world.journal, world.journal->end - 1);
    world.state = before;
    world.time.now_ms += 5;
    world_happens("!c");
    world_happens("!d");
    world_start(0, true);
    world_run(5000);
    assert_int_equal(world_look(0).state, REACTOR_STOPPED);
    assert_string_equal(world.taken, "!a!b");
}

static void test_wrong_journal(void **state) {
    (void)state;
    assert_true(journal_name_set(&world.identity.locality, slice_text("elsewhere")));
    world_start(0, true);
    world_run(2000);
    assert_int_equal(world_look(0).state, REACTOR_STOPPED);
    assert_int_equal(world.alarm_count, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_source_is_away, begin, end),
        cmocka_unit_test_setup_teardown(test_source_has_not_begun, begin, end),
        cmocka_unit_test_setup_teardown(test_cut_source, begin, end),
        cmocka_unit_test_setup_teardown(test_cut_in_the_middle_of_a_record, begin, end),
        cmocka_unit_test_setup_teardown(test_old_ends_far_apart, begin, end),
        cmocka_unit_test_setup_teardown(test_another_history, begin, end),
        cmocka_unit_test_setup_teardown(test_wrong_journal, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
