/* The publisher by cases (journal.md section 9): what it publishes and when, what it refuses without a position, and that a
 * failure of any one call of its ports, before or after it had its effect, neither loses nor repeats a record. */
#include "tests/host/publisher_world.h"

static void every_accepted_entry_is_published_once_and_in_order(void **state) {
    (void)state;
    log_entries(10);
    world_log_entry(true); /* a clone's: not history */
    world_start(0);
    world_run(1000);
    world_expect_published(10);
    world_log_claim();
    log_entries(5);
    world_run(1000);
    world_expect_published(15);
    assert_int_equal(world.processes[0].view.number, 15);
    assert_int_equal(world.processes[0].view.state, PUBLISHER_RUNNING);
    assert_true(world.processes[0].view.level_ms > 0);
}

static void what_is_there_shares_a_transaction(void **state) {
    (void)state;
    world.batch_max = 20;
    log_entries(100);
    world_start(0);
    world_run(1000);
    world_expect_published(100);
    /* The beginning, and 100 entries of which every 7th but 35, 70 has nothing to tell: 88 of them by 20. */
    assert_int_equal(world.processes[0].view.transactions, 6);
    assert_int_equal(world.processes[0].view.entries, 88);
}

static void transactions_keep_their_distance(void **state) {
    (void)state;
    world_start(0);
    world_run(1000);
    uint64_t before = world.processes[0].view.transactions;
    for (int i = 0; i < 1000; i++) {
        world_log_entry(false);
        world_run(1);
    }
    world_run(100);
    world_expect_published(1000);
    assert_in_range(world.processes[0].view.transactions - before, 15, 22);
}

static void a_successor_goes_on_where_the_last_commit_ended(void **state) {
    (void)state;
    log_entries(10);
    world_start(0);
    world_run(1000);
    world_die(0);
    log_entries(10);
    world_start(0);
    world_run(1000);
    world_expect_published(20);
    /* The first record of a new process is the one at its position; nothing before it is read again. */
    assert_int_equal(world.processes[0].view.entries, 9); /* 11 to 20 without 14, which has nothing to tell */
}

static void only_the_owner_publishes(void **state) {
    (void)state;
    log_entries(3);
    world_start(0);
    publisher_own(world.processes[0].publisher, false);
    world_run(1000);
    assert_int_equal(world.processes[0].producer.calls, 0);
    publisher_own(world.processes[0].publisher, true);
    world_run(1000);
    world_expect_published(3);
    publisher_own(world.processes[0].publisher, false);
    log_entries(3);
    world_run(1000);
    world_expect_published(3);
    assert_int_equal(world.processes[0].view.state, PUBLISHER_IDLE);
    assert_int_equal(world.processes[0].producer.epoch, 0);
}

static void an_open_transaction_ends_with_the_ownership(void **state) {
    (void)state;
    world_start(0);
    world_run(1000);
    world.processes[0].producer.fail_at = world.processes[0].producer.calls + 3; /* begin, append, commit */
    world.processes[0].producer.fail_with = PUBLISH_RETRY;
    log_entries(1);
    while (world.processes[0].view.state != PUBLISHER_COMMITTING) world_run(1);
    publisher_own(world.processes[0].publisher, false);
    world_run(10);
    assert_false(world.processes[0].producer.is_open);
    world_expect_published(0);
}

static void a_fenced_publisher_stands_back(void **state) {
    (void)state;
    world_start(0);
    log_entries(3);
    world_run(1000);
    world_start(1);
    world_step(1);
    world_step(1); /* it has a producer now */
    log_entries(3);
    world_run(1000);
    world_expect_published(3);
    assert_int_equal(world.processes[0].view.fenced, 1);
    for (int i = 0; i < 20; i++) {
        (void)world_step(1);
        world.time.now_ms += 100;
    }
    world_expect_published(6);
    world_run(3000); /* if it still believes to be the owner it fences back, and emits nothing twice */
    world_expect_published(6);
}

static void no_position_and_something_published_is_refused(void **state) {
    (void)state;
    log_entries(5);
    world_start(0);
    world_run(1000);
    world_die(0);
    world.transactions.is_known = false; /* it has expired */
    world_start(0);
    world_run(1000);
    expect_stopped(PUBLISHER_STOP_NO_POSITION);
    log_entries(5);
    world_run(5000);
    world_expect_published(5);
}

/* A dead letter alone is something published, too. */
static void a_dead_letter_counts_as_published(void **state) {
    (void)state;
    const struct topic_header number = {slice_text("ce_bhrnumber"), slice_text("3")};
    const struct topic_append append = {.topic = "dead", .header_count = 1, .headers = &number};
    fake_log_append(&world.broker, world.dead, fake_record_make(&world.broker, &append), 0);
    world_start(0);
    world_run(1000);
    expect_stopped(PUBLISHER_STOP_NO_POSITION);
}

/* Killed in its very first transaction with records: the topic has offsets that nobody sees, and the position says why. */
static void a_first_transaction_that_came_to_nothing_is_no_reason_to_refuse(void **state) {
    (void)state;
    world_start(0);
    world_run(1000);
    log_entries(2);
    world.processes[0].producer.fail_at = world.processes[0].producer.calls + 4;
    world.processes[0].producer.fail_with = PUBLISH_RETRY;
    while (world.processes[0].view.state != PUBLISHER_COMMITTING) world_run(1);
    world_die(0);
    assert_int_not_equal(world.events->end, 0);
    world_start(0);
    world_run(1000);
    world_expect_published(2);
}

static void a_position_that_cannot_be_read_is_refused(void **state) {
    (void)state;
    log_entries(5);
    for (int fault = 0; fault < 3; fault++) {
        if (fault > 0) {
            world_end();
            world_begin();
            log_entries(5);
        }
        world_start(0);
        world_run(1000);
        world_die(0);
        if (fault == 0) world.transactions.note[0] = 'f'; /* another format */
        if (fault == 1) world.transactions.note_size--;
        if (fault == 2) world.transactions.offset++;
        world_start(0);
        world_run(1000);
        expect_stopped(PUBLISHER_STOP_NOTE);
        world_expect_published(5);
    }
}

/* Told OK and not clean, but nothing of it is there: nobody saw it, so it is published now. */
static void a_commit_that_was_lost_though_told_ok_is_done_again(void **state) {
    (void)state;
    world_start(0);
    world_run(1000);
    world.processes[0].producer.is_torn = true;
    world.processes[0].producer.fail_at = world.processes[0].producer.calls + 3;
    log_entries(1);
    world_run(1000);
    world_expect_published(1);
}

static uint64_t part_of_tear;

static uint64_t draw_part(void *context, uint64_t n) {
    (void)context;
    return n == 8 ? part_of_tear : 0;
}

/* Of events, dead letters and position some have their end and some hang, as a broker leaves them that was killed while it
 * ended a transaction; then it is as if the process died, too. */
static void a_torn_transaction_is_completed(void **state) {
    (void)state;
    for (part_of_tear = 0; part_of_tear < 8; part_of_tear++) {
        world_end();
        world_begin();
        world.hooks = (struct fake_hooks){.draw = draw_part};
        log_entries(4);
        world_start(0);
        world_run(1000);
        world.processes[0].producer.faults.tear_per_mille = 1000;
        log_entries(6); /* events, and a dead letter of each of 5 and 10 */
        world_run(20);
        world_die(0);
        log_entries(2);
        world_start(0);
        world_run(10000);
        world_expect_published(12);
    }
}

static uint32_t looks;

/* What is on its way has not arrived when the successor looks at the end of both topics, but when it begins. */
static uint64_t draw_after_two_looks(void *context, uint64_t n) {
    (void)context;
    return n == 2 ? looks++ >= 2 : 0;
}

/* Killed before its commit, while its records are still on their way to the broker, which has forgotten to fence the topic:
 * they must not be in the log beside those of the successor when the successor commits. */
static void records_that_come_after_their_producer_are_not_published(void **state) {
    (void)state;
    world.hooks = (struct fake_hooks){.draw = draw_after_two_looks};
    looks = 0;
    log_entries(7);
    world_start(0);
    world_run(1000);
    struct fake_publisher *producer = &world.processes[0].producer;
    producer->fail_at = producer->calls + 3; /* begin, append, commit */
    producer->fail_with = PUBLISH_RETRY;
    producer->faults.late_per_mille = 1000;
    log_entries(1); /* it has one event */
    while (world.processes[0].view.state != PUBLISHER_COMMITTING) world_run(1);
    world_die(0);
    assert_int_not_equal(world.transactions.late_count, 0);
    world_start(0);
    world_run(10000);
    assert_int_equal(world.transactions.late_count, 0);
    world_expect_published(8);
}

static void an_idle_position_is_committed_every_day(void **state) {
    (void)state;
    log_entries(3);
    world_start(0);
    world_run(1000);
    uint64_t commits = world.transactions.commits;
    world_run(PUBLISHER_KEEP_MS / 2);
    assert_int_equal(world.transactions.commits, commits);
    world_run(PUBLISHER_KEEP_MS / 2 + 2000);
    assert_int_equal(world.transactions.commits, commits + 1);
    world_run(PUBLISHER_KEEP_MS + 2000);
    assert_int_equal(world.transactions.commits, commits + 2);
    world_expect_published(3);
}

static void a_lost_connection_reads_again_and_repeats_nothing(void **state) {
    (void)state;
    world_start(0);
    for (int i = 0; i < 6; i++) {
        log_entries(4);
        world.processes[0].reader.pending = i % 2 == 0 ? TOPIC_DISCONNECTED : TOPIC_FAILED;
        world_run(i % 3 == 0 ? 3 : 1500);
    }
    world_run(3000);
    world_expect_published(24);
}

/* Three bursts of entries; of all calls to the producer, number `call` fails. Tells how many calls there were. */
static uint64_t story_with_one_failure(uint64_t call, enum publish_result result, bool is_after) {
    world_end();
    world_begin();
    world_start(0);
    struct fake_publisher *producer = &world.processes[0].producer;
    producer->fail_at = call;
    producer->fail_with = result;
    producer->fail_after_effect = is_after;
    for (int burst = 0; burst < 3; burst++) {
        log_entries(4);
        world_run(200);
    }
    uint64_t calls = producer->calls;
    world_run(40000);
    world_expect_published(12);
    assert_int_equal(world.processes[0].view.state, PUBLISHER_RUNNING);
    return calls;
}

static void any_one_failure_loses_and_repeats_nothing(void **state) {
    (void)state;
    static const enum publish_result results[] = {PUBLISH_RETRY, PUBLISH_ABORTED, PUBLISH_FENCED, PUBLISH_FAILED};
    uint64_t calls = story_with_one_failure(0, PUBLISH_OK, false);
    assert_true(calls > 20);
    for (uint64_t call = 1; call <= calls; call++) {
        for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
            (void)story_with_one_failure(call, results[i], false);
            (void)story_with_one_failure(call, results[i], true);
        }
    }
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        CASE(every_accepted_entry_is_published_once_and_in_order),
        CASE(what_is_there_shares_a_transaction),
        CASE(transactions_keep_their_distance),
        CASE(a_successor_goes_on_where_the_last_commit_ended),
        CASE(only_the_owner_publishes),
        CASE(an_open_transaction_ends_with_the_ownership),
        CASE(a_fenced_publisher_stands_back),
        CASE(no_position_and_something_published_is_refused),
        CASE(a_dead_letter_counts_as_published),
        CASE(a_first_transaction_that_came_to_nothing_is_no_reason_to_refuse),
        CASE(a_position_that_cannot_be_read_is_refused),
        CASE(a_commit_that_was_lost_though_told_ok_is_done_again),
        CASE(a_torn_transaction_is_completed),
        CASE(records_that_come_after_their_producer_are_not_published),
        CASE(an_idle_position_is_committed_every_day),
        CASE(a_lost_connection_reads_again_and_repeats_nothing),
        CASE(any_one_failure_loses_and_repeats_nothing),
    };
#undef CASE
    return cmocka_run_group_tests(tests, NULL, NULL);
}
