/* The replica when its reader of the journal fails (journal.md section 4): it is asked again, not too often; a leader that
 * has just taken over is not taken for a cut; whoever cannot read the journal does not hold the partition. */
#include "tests/host/replica_world.h"

/* A reader that a test can break, in front of the twin. */
static struct {
    struct topic_reader twin;
    uint32_t assigns, refusals;
    uint32_t early_ends; /* so many assigns are followed by an end at the very offset that was asked for */
    int64_t early_end;   /* -1: none is due */
    bool always_fails, is_silent;
} faulty;

static struct {
    struct topic_admin twin;
    bool is_away;
    uint32_t asked;
} admin;

static enum status assign(void *context, const char *topic, int64_t offset, struct error *reterr_error) {
    (void)context;
    faulty.assigns++;
    faulty.early_end = -1;
    if (faulty.refusals > 0) {
        faulty.refusals--;
        faulty.twin.unassign(faulty.twin.context);
        return error_set(reterr_error, STATUS_UNAVAILABLE, "no consumer to be had");
    }
    if (faulty.early_ends > 0) {
        faulty.early_ends--;
        faulty.early_end = offset;
    }
    return faulty.twin.assign(faulty.twin.context, topic, offset, reterr_error);
}

static void unassign(void *context) {
    (void)context;
    faulty.early_end = -1;
    faulty.twin.unassign(faulty.twin.context);
}

static void poll(void *context, struct topic_event *ret_event) {
    (void)context;
    *ret_event = (struct topic_event){.kind = TOPIC_NOTHING};
    if (faulty.always_fails) {
        *ret_event = (struct topic_event){.kind = TOPIC_FAILED, .reason = "broken"};
    } else if (faulty.early_end >= 0) {
        *ret_event = (struct topic_event){.kind = TOPIC_END, .offset = faulty.early_end};
        faulty.early_end = -1;
    } else if (!faulty.is_silent) {
        faulty.twin.poll(faulty.twin.context, ret_event);
    }
}

static enum status range(void *context, const char *topic, int timeout_ms, struct topic_range *ret_range,
                         struct error *reterr_error) {
    (void)context;
    admin.asked++;
    if (admin.is_away) return error_set(reterr_error, STATUS_TIMEOUT, "nobody leads");
    return admin.twin.range(admin.twin.context, topic, timeout_ms, ret_range, reterr_error);
}

static int begin(void **state) {
    (void)state;
    world_begin();
    memset(&faulty, 0, sizeof faulty);
    memset(&admin, 0, sizeof admin);
    faulty.twin = world.ports.journal;
    faulty.early_end = -1;
    admin.twin = world.ports.admin;
    world.ports.journal = (struct topic_reader){.assign = assign, .unassign = unassign, .poll = poll};
    world.ports.admin = (struct topic_admin){.range = range};
    return 0;
}

static int end(void **state) {
    (void)state;
    world_end();
    return 0;
}

/* A process that has read the journal, dies and comes back. */
static void come_back(void) {
    world_start();
    world_own();
    (void)world_send(OP_ADD, 1);
    world_run(50);
    assert_int_equal(world_number('t'), 1);
    world_die();
    world.time.now_ms += 10000;
}

/* A new leader tells an end below what its followers have confirmed to the old one, for a moment. */
static void the_end_of_a_new_leader_is_no_cut(void **state) {
    (void)state;
    come_back();
    faulty.early_ends = 1;
    world_start();
    world_run(3000);
    assert_int_equal(world.view.state, REPLICA_OWNING);
    assert_int_not_equal(admin.asked, 0);
}

static void nobody_to_ask_is_no_cut_either(void **state) {
    (void)state;
    come_back();
    faulty.early_ends = UINT32_MAX;
    admin.is_away = true;
    world_start();
    uint32_t assigns = faulty.assigns;
    world_run(10000);
    assert_int_equal(world.view.state, REPLICA_OPENING);
    assert_in_range(faulty.assigns - assigns, 2, 15); /* again and again, not all the time */
    faulty.early_ends = 0;
    admin.is_away = false;
    world_run(3000);
    assert_int_equal(world.view.state, REPLICA_OWNING);
}

static void a_cut_is_a_cut(void **state) {
    (void)state;
    come_back();
    fake_log_cut(world.journal, world.journal->end - 1);
    world_start();
    world_run(100);
    assert_int_equal(world.view.state, REPLICA_STOPPED);
    assert_int_equal(world.view.stop, STOP_CUT);
}

static void a_reader_that_cannot_be_had_is_asked_for_again(void **state) {
    (void)state;
    faulty.refusals = 3;
    world_start();
    world_run(5000);
    assert_int_equal(world.view.state, REPLICA_OWNING);
    assert_int_equal(faulty.refusals, 0);

    faulty.refusals = 2;
    world.journal_reader.pending = TOPIC_DISCONNECTED;
    world_run(5000);
    (void)world_send(OP_ADD, 1);
    world_run(100);
    assert_int_equal(world_number('t'), 1);
}

static void a_reader_that_always_fails_is_given_time(void **state) {
    (void)state;
    world_start();
    world_own();
    uint32_t assigns = faulty.assigns;
    faulty.always_fails = true;
    world_run(10000);
    assert_in_range(faulty.assigns - assigns, 2, 15);
    faulty.always_fails = false;
    world_run(5000);
    assert_int_equal(world.view.state, REPLICA_OWNING);
}

static void who_cannot_read_the_journal_leaves_the_group(void **state) {
    (void)state;
    world_start();
    world_own();
    faulty.is_silent = true;
    world.command_reader.pending = TOPIC_NOTHING;
    faulty.early_end = -1;
    faulty.always_fails = true;
    world_step();
    faulty.always_fails = false; /* it was assigned again, and nothing comes */
    world_run(8000);
    assert_true(world.member.view.is_member);
    world_run(4000);
    assert_false(world.member.view.is_member);
    faulty.is_silent = false;
    world_run(1000);
    assert_int_equal(world.view.state, REPLICA_OWNING);
}

static void nothing(void *context) {
    (void)context;
}

static struct membership_view not_assigned(void *context) {
    (void)context;
    return (struct membership_view){.is_member = true, .is_settled = true};
}

/* Somebody else owns. */
static void only_follow(void) {
    world.ports.membership = (struct membership){.join = nothing, .leave = nothing, .poll = not_assigned};
    world_start();
    world_run(500);
    assert_int_equal(world.view.state, REPLICA_FOLLOWING);
    assert_true(world.view.is_caught_up);
}

/* SIGSTOP, a machine that sleeps: nothing has come yet when it wakes, and that is not the journal's end. */
static void who_was_stopped_has_not_caught_up(void **state) {
    (void)state;
    only_follow();
    faulty.is_silent = true;
    world.time.now_ms += 2900;
    world_step();
    assert_true(world.view.is_caught_up);
    world.time.now_ms += 3001;
    world_step();
    assert_false(world.view.is_caught_up);
    faulty.is_silent = false;
    world_run(100);
    assert_true(world.view.is_caught_up);
    assert_int_equal(world.view.state, REPLICA_FOLLOWING);
}

static void who_always_finds_more_has_not_read_all(void **state) {
    (void)state;
    only_follow();
    const struct topic_append append = {.topic = world.journal->topic, .value = slice_text("no history")};
    for (int i = 0; i < 2 * REPLICA_FOLLOW_RECORDS_MAX + 1; i++) {
        fake_log_append(&world.broker, world.journal, fake_record_make(&world.broker, &append), 0);
    }
    int64_t since_ms = world.view.read_all_ms;
    for (int i = 0; i < 2; i++) {
        world.time.now_ms += 100;
        world_step();
        assert_int_equal(world.view.read_all_ms, since_ms);
    }
    world.time.now_ms += 100;
    world_step();
    assert_true(world.view.read_all_ms > since_ms);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_end_of_a_new_leader_is_no_cut, begin, end),
        cmocka_unit_test_setup_teardown(nobody_to_ask_is_no_cut_either, begin, end),
        cmocka_unit_test_setup_teardown(a_cut_is_a_cut, begin, end),
        cmocka_unit_test_setup_teardown(a_reader_that_cannot_be_had_is_asked_for_again, begin, end),
        cmocka_unit_test_setup_teardown(a_reader_that_always_fails_is_given_time, begin, end),
        cmocka_unit_test_setup_teardown(who_cannot_read_the_journal_leaves_the_group, begin, end),
        cmocka_unit_test_setup_teardown(who_was_stopped_has_not_caught_up, begin, end),
        cmocka_unit_test_setup_teardown(who_always_finds_more_has_not_read_all, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
