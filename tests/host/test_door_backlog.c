/* A door that is told of a long command log writes no more into it, says when to come back, and goes on by itself once the
 * log is short again (journal.md section 5; reliability.md section 4: a full queue is a named answer). */
#include "tests/support/cmocka.h"
#include "tests/support/fake_door.h"

enum { BACKLOG_MAX = 1000, RESUME_AT = 100, FAR = RESUME_AT + BACKLOG_MAX + 1 };

static struct fake_door fake;

/* The command that this door wrote last lies there. */
static void lies_at(int64_t offset) {
    fake_door_report(&fake, fake.append_count - 1, TOPIC_DELIVERED, offset);
    door_step(fake.door);
}

static uint32_t ask(void) {
    return fake_door_do(&fake, &(struct fake_ask){.system = FAKE_OTHER});
}

static int64_t too_busy_for(uint32_t request) {
    return fake_door_expect(&fake, request, "too_busy", REPLY_TOO_BUSY)->header.retry_after_ms;
}

/* Others have written far more than this door knew. */
static void fill(void) {
    ask();
    lies_at(FAR);
    assert_int_equal(fake.append_count, 1);
}

static void below_the_bound_commands_are_written(void **state) {
    (void)state;
    ask();
    lies_at(RESUME_AT + BACKLOG_MAX - 1);
    assert_int_equal(door_backlog_waiting(fake.door), BACKLOG_MAX);
    ask();
    ask();
    assert_int_equal(fake.append_count, 3);
}

static void above_it_callers_are_told_when_to_come_back(void **state) {
    (void)state;
    fill();
    assert_int_equal(too_busy_for(ask()), 5000); /* nothing is decided: about what a take-over costs */
    assert_int_equal(fake.append_count, 1);
}

static void the_time_is_what_the_backlog_takes(void **state) {
    (void)state;
    fill();
    door_committed(fake.door, 11, (struct position){.offset = RESUME_AT});
    fake_door_pass(&fake, 999);
    door_committed(fake.door, 12, (struct position){.offset = RESUME_AT + 900});
    fake_door_pass(&fake, 1);
    door_committed(fake.door, 13, (struct position){.offset = RESUME_AT + 1000});
    ask();
    lies_at(RESUME_AT + 1000 + 4000 - 1);
    assert_int_equal(too_busy_for(ask()), 4000); /* 4,000 wait, 1,000 were decided in the last second */
}

static void one_goes_through_now_and_then_and_tells_where_a_cut_log_ends(void **state) {
    (void)state;
    fill();
    too_busy_for(ask());
    fake_door_pass(&fake, 9999);
    too_busy_for(ask());
    fake_door_pass(&fake, 1);
    fake_door_expect_none(&fake, ask());
    too_busy_for(ask());
    lies_at(RESUME_AT + 5);
    fake_door_expect_none(&fake, ask());
}

static void what_was_decided_already_is_told_all_the_same(void **state) {
    (void)state;
    struct uuid id = fake_door_id(&fake);
    uint32_t first = fake_door_do(&fake, &(struct fake_ask){.system = FAKE_OTHER, .id = id});
    fake_door_decide(&fake, 0, OUTCOME_OK, "done", 11, RESUME_AT + 1);
    fake_door_expect(&fake, first, "ok", REPLY_OK);
    ask();
    fake_door_report(&fake, 1, TOPIC_DELIVERED, FAR + 10);
    door_step(fake.door);
    too_busy_for(ask());
    uint32_t again = fake_door_do(&fake, &(struct fake_ask){.system = FAKE_OTHER, .id = id});
    assert_true(fake_door_expect(&fake, again, "ok", REPLY_OK)->header.repeated_answer);
}

static void it_goes_on_once_enough_was_decided(void **state) {
    (void)state;
    fill();
    too_busy_for(ask());
    door_committed(fake.door, 11, (struct position){.offset = RESUME_AT + 2});
    fake_door_expect_none(&fake, ask());
    assert_int_equal(fake.append_count, 2);
}

static void a_new_command_topic_begins_empty(void **state) {
    (void)state;
    fill();
    too_busy_for(ask());
    door_committed(fake.door, 11, (struct position){.generation = 1, .offset = 0});
    assert_int_equal(door_backlog_waiting(fake.door), 0);
    fake_door_expect_none(&fake, ask());
}

static int begin(void **state) {
    (void)state;
    fake_door_init(&fake);
    fake_door_open(&fake);
    return 0;
}

static int end(void **state) {
    (void)state;
    fake_door_close(&fake);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(below_the_bound_commands_are_written),
        TEST(above_it_callers_are_told_when_to_come_back),
        TEST(the_time_is_what_the_backlog_takes),
        TEST(one_goes_through_now_and_then_and_tells_where_a_cut_log_ends),
        TEST(what_was_decided_already_is_told_all_the_same),
        TEST(it_goes_on_once_enough_was_decided),
        TEST(a_new_command_topic_begins_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
