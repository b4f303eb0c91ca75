/* A source is followed: each event that is of concern once, in order, whoever owns and whatever happens in between. */
#include "tests/host/reactor_world.h"

static void test_follows_in_order(void **state) {
    (void)state;
    world_happens("!a");
    world_happens(".nothing");
    world_happens("!b");
    world_start(0, true);
    world_run(1000);
    assert_string_equal(world.taken, "!a!b");
    world_happens("!c");
    world_run(1000);
    assert_string_equal(world.taken, "!a!b!c");
    assert_int_equal(world_look(0).state, REACTOR_FOLLOWING);
    assert_int_equal(world_look(0).number, 4);
    assert_int_equal(world.asked_count, 3);
}

/* It reads again from its place, finds that nothing is lost, and goes on: also over entries that were of no concern. */
static void test_a_stray_entry_ends_nothing(void **state) {
    (void)state;
    world_happens(".nothing");
    world_strays("!lost");
    world_happens(".nothing");
    world_strays("!lost");
    world_happens("!a");
    world_strays("!lost");
    world_happens("!b");
    world_start(0, true);
    world_run(1000);
    assert_string_equal(world.taken, "!a!b");
    assert_int_equal(world_look(0).state, REACTOR_FOLLOWING);
}

/* Decided too late, as after a change of owner: the id is used up, also for whoever owns next, and the event is not. */
static void test_what_expired_is_asked_under_another_id(void **state) {
    (void)state;
    world.first_answer = "expired";
    world_happens("!a");
    world_start(0, true);
    world_run(100);
    assert_string_equal(world.taken, "");
    world_die(0);
    world_start(1, true);
    world_run(2000);
    assert_string_equal(world.taken, "!a");
    world_happens("!b");
    world_run(1000);
    assert_string_equal(world.taken, "!a!b");
}

/* It would only kill its owner again. */
static void test_what_was_set_aside_stops(void **state) {
    (void)state;
    world.first_answer = "set_aside";
    world_happens("!a");
    world_start(0, true);
    world_run(2000);
    assert_int_equal(world_look(0).state, REACTOR_STOPPED);
    assert_string_equal(world.taken, "");
    assert_int_equal(world.alarm_count, 1);
    assert_in_range(world.asked_count, 1, 2);
}

static void test_only_the_owner_follows(void **state) {
    (void)state;
    world_happens("!a");
    world_start(0, false);
    world_run(2000);
    assert_int_equal(world.asked_count, 0);
    assert_int_equal(world_look(0).state, REACTOR_IDLE);
    world.processes[0].is_owner = true;
    world_run(2000);
    assert_string_equal(world.taken, "!a");
    world.processes[0].is_owner = false;
    world_happens("!b");
    world_run(2000);
    assert_string_equal(world.taken, "!a");
}

/* Several events of one record, some of concern: each once, also with a restart after each. */
static void test_events_of_one_record(void **state) {
    (void)state;
    world_happens(".x !a .y !b");
    world_happens("!c !d !e !f");
    world_happens(".z");
    world_start(0, true);
    for (int i = 0; i < 30; i++) {
        world_run(10);
        world_die(0);
        world_start(0, true);
    }
    world_run(1000);
    assert_string_equal(world.taken, "!a!b!c!d!e!f");
    assert_int_equal(world.out_of_step_count, 0);
}

/* The owner dies with a request on its way; it is decided late, and its successor asks for the same. */
static void test_asked_by_two_owners(void **state) {
    (void)state;
    world_happens("!a");
    world_happens("!b");
    world_start(0, true);
    struct asked old = world_is_asked(0);
    world_die(0);
    world_start(1, true);
    struct asked again = world_is_asked(1);
    /* Both are the same request, so the log holds one command and a repeat of it. */
    assert_true(uuid_equal(old.id, again.id));
    assert_int_equal(old.size, again.size);
    assert_memory_equal(old.body, again.body, old.size);
    assert_int_equal(world_decide(&old), REPLY_OK);
    world_reply(&again, world_decide(&again));
    world_run(1000);
    assert_string_equal(world.taken, "!a!b");
    /* And what a zombie asks after that changes nothing. */
    assert_int_equal(world_decide(&old), REPLY_REFUSED);
    assert_string_equal(world.taken, "!a!b");
}

static struct uuid first_id_asked(uint32_t process) {
    world_start(process, true);
    struct uuid id = world_is_asked(process).id;
    world_die(process);
    return id;
}

/* Whoever comes an hour later asks under the same id, so that one that ends its owner is known again; and the id is never
 * older than a door takes. */
static void test_an_old_event_keeps_its_id_for_hours(void **state) {
    (void)state;
    const int64_t hour_ms = 3600 * 1000, day_ms = 24 * hour_ms;
    world_happens("!a");
    world.time.now_ms += 3 * day_ms - world.time.now_ms % day_ms;
    struct uuid first = first_id_asked(0);
    world.time.now_ms += hour_ms;
    struct uuid again = first_id_asked(1);
    assert_true(uuid_equal(first, again));
    for (int i = 0; i < 30; i++) {
        world.time.now_ms += hour_ms;
        int64_t age_ms = world.time.now_ms - uuid_v7_time_ms(first_id_asked(0));
        assert_in_range(age_ms, 12 * hour_ms, day_ms);
    }
}

/* An owner that does not know yet that it is none: both ask, and each event is taken in once. */
static void test_two_who_think_they_own(void **state) {
    (void)state;
    world_start(0, true);
    world_start(1, true);
    char expected[256] = "";
    for (int i = 0; i < 40; i++) {
        char event[8];
        (void)snprintf(event, sizeof event, "!%c", 'A' + i);
        world_happens(event);
        strcat(expected, event);
        world_run(30 + 7 * i);
    }
    world_run(2000);
    assert_string_equal(world.taken, expected);
    assert_int_equal(world.done_count, 40);
}

static void test_not_now_is_asked_again_under_the_same_id(void **state) {
    (void)state;
    const enum reply_status statuses[] = {REPLY_TOO_BUSY, REPLY_UNAVAILABLE, REPLY_IN_PROGRESS, REPLY_UNKNOWN_OUTCOME};
    world_start(0, true);
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        world.next_status = statuses[i];
        uint32_t asked = world.asked_count;
        world_happens("!a");
        world_run(150);
        assert_int_equal(world.asked_count, asked + 1);
        struct uuid id = world.last_id;
        world_run(1000);
        assert_int_equal(world.asked_count, asked + 2);
        assert_true(uuid_equal(world.last_id, id));
    }
    assert_string_equal(world.taken, "!a!a!a!a");
}

/* An id that was refused (it ran out of time in the log) is never used again. */
static void test_refused_is_asked_anew(void **state) {
    (void)state;
    world_start(0, true);
    world.next_status = REPLY_REFUSED;
    world_happens("!a");
    world_run(100);
    struct uuid id = world.last_id;
    assert_string_equal(world.taken, "");
    world_run(2000);
    assert_string_equal(world.taken, "!a");
    assert_false(uuid_equal(world.last_id, id));
    assert_int_equal(world_look(0).refused, 1);
}

static void test_unreadable_is_never_passed_over(void **state) {
    (void)state;
    world_start(0, true);
    world_happens("!a");
    world_happens("?b");
    world_happens("!c");
    world_run(5000);
    assert_int_equal(world_look(0).state, REACTOR_STOPPED);
    assert_string_equal(world.taken, "!a");
    assert_int_equal(world.alarm_count, 1);
}

/* While nothing is of concern the place is kept now and then, so that a successor does not read all of it again. */
static void test_place_is_kept(void **state) {
    (void)state;
    world_start(0, true);
    for (int i = 0; i < 20; i++) world_happens(".n");
    world_run(1000);
    assert_int_equal(world.done_count, 0);
    world_run(WORLD_ADVANCE_MS + 2000);
    assert_int_equal(world.done_count, 1);
    world_run(3 * WORLD_ADVANCE_MS); /* nothing new: nothing is kept again */
    assert_int_equal(world.done_count, 1);
    world_die(0);
    world_happens("!a");
    world_start(1, true);
    world_run(1000);
    assert_string_equal(world.taken, "!a");
    for (int i = 0; i < 12000; i++) world_happens(".n");
    world_run(1000);
    assert_int_equal(world.done_count, 4);
}

static void test_errands(void **state) {
    (void)state;
    world.errands_left = 3;
    world_start(0, true);
    world_run(500);
    assert_int_equal(world.errands_done, 3);
    world_run(20000);
    assert_int_equal(world.errands_done, 3);
    /* Whom they need is away: all wait, and begin where they were. */
    world.errands_left = 5;
    world.next_status = REPLY_UNAVAILABLE;
    world_run(5000);
    assert_int_equal(world.errands_done, 5);
    /* Now and then from the oldest, since what they asked for may have come to nothing. */
    world_run(60000);
    assert_int_equal(world.errands_done, 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_follows_in_order, begin, end),
        cmocka_unit_test_setup_teardown(test_a_stray_entry_ends_nothing, begin, end),
        cmocka_unit_test_setup_teardown(test_what_expired_is_asked_under_another_id, begin, end),
        cmocka_unit_test_setup_teardown(test_what_was_set_aside_stops, begin, end),
        cmocka_unit_test_setup_teardown(test_only_the_owner_follows, begin, end),
        cmocka_unit_test_setup_teardown(test_events_of_one_record, begin, end),
        cmocka_unit_test_setup_teardown(test_asked_by_two_owners, begin, end),
        cmocka_unit_test_setup_teardown(test_two_who_think_they_own, begin, end),
        cmocka_unit_test_setup_teardown(test_an_old_event_keeps_its_id_for_hours, begin, end),
        cmocka_unit_test_setup_teardown(test_not_now_is_asked_again_under_the_same_id, begin, end),
        cmocka_unit_test_setup_teardown(test_refused_is_asked_anew, begin, end),
        cmocka_unit_test_setup_teardown(test_unreadable_is_never_passed_over, begin, end),
        cmocka_unit_test_setup_teardown(test_place_is_kept, begin, end),
        cmocka_unit_test_setup_teardown(test_errands, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
