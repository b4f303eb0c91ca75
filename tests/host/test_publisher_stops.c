/* What stops the publisher for good, and that nothing wrong was published before (journal.md section 9). */
#include "tests/host/publisher_world.h"

static void a_public_record_that_names_no_entry_is_refused(void **state) {
    (void)state;
    const struct topic_append append = {.topic = "events", .value = slice_text("of somebody else")};
    fake_log_append(&world.broker, world.events, fake_record_make(&world.broker, &append), 0);
    world_start(0);
    world_run(1000);
    expect_stopped(PUBLISHER_STOP_TAIL);
}

static void a_cut_journal_stops_it(void **state) {
    (void)state;
    log_entries(5);
    world_start(0);
    world_run(1000);
    world_die(0);
    fake_log_cut(world.journal, world.journal->end - 2);
    world_start(0);
    world_run(1000);
    expect_stopped(PUBLISHER_STOP_CUT);
}

/* While it runs: the next record continues another history, and the one at the position is not there any more. */
static void a_journal_cut_and_grown_again_stops_it(void **state) {
    (void)state;
    world_start(0);
    log_entries(5);
    struct journal_state before = world.state;
    log_entries(2);
    world_run(1000);
    fake_log_cut(world.journal, world.journal->end - 2);
    world.state = before;
    world.time.now_ms += 10;
    log_entries(3);
    world_run(1000);
    expect_stopped(PUBLISHER_STOP_CUT);
    world_expect_published(7);
}

static void a_wrong_journal_stops_it(void **state) {
    (void)state;
    assert_true(journal_name_set(&world.identity.locality, slice_text("elsewhere")));
    world_start(0);
    world_run(1000);
    expect_stopped(PUBLISHER_STOP_WRONG_JOURNAL);
}

static void an_entry_of_a_later_version_stops_it_and_nothing_before_it(void **state) {
    (void)state;
    world.unreadable = 5;
    log_entries(9);
    world_start(0);
    world_run(1000);
    world_expect_published(4);
    expect_stopped(PUBLISHER_STOP_BODY);
    world_die(0);
    world.unreadable = 0; /* the newer version */
    world_start(0);
    world_run(1000);
    world_expect_published(9);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        CASE(a_public_record_that_names_no_entry_is_refused),
        CASE(a_cut_journal_stops_it),
        CASE(a_journal_cut_and_grown_again_stops_it),
        CASE(a_wrong_journal_stops_it),
        CASE(an_entry_of_a_later_version_stops_it_and_nothing_before_it),
    };
#undef CASE
    return cmocka_run_group_tests(tests, NULL, NULL);
}
