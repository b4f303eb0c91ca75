/* The publisher on a real broker whose consumer offsets live for one minute: what readers of committed records see, that an
 * older producer is fenced, that an abort leaves no trace and is rewound, that a broker killed in mid-transaction neither
 * loses nor repeats, and that nothing is published anew once the position has expired. */
#include "tests/integration/publisher_support.h"

#include <signal.h>

enum { EXPIRY_MS = 100000 };

static void records_and_position_come_together(void **state) {
    (void)state;
    struct producer producer;
    producer_begin(&producer, "together");
    struct publish_port *port = &producer.port;
    bool is_clean = false;
    start(port);
    expect_position(port, -1, "");
    begin(port);
    expect(port, commit(port, 0, "the beginning", &is_clean), PUBLISH_OK);
    expect_position(port, 0, "the beginning");

    begin(port);
    append(&producer, port, "one");
    append(&producer, port, "two");
    expect_seen(producer.events, 0, NULL);
    expect(port, commit(port, 7, "a note", &is_clean), PUBLISH_OK);
    assert_true(is_clean);
    expect_position(port, 7, "a note");

    /* Aborted: readers see neither its records nor its position; the next producer goes on before it. */
    begin(port);
    append(&producer, port, "lost");
    port->abort(port->context);
    port->drop(port->context);
    start(port);
    expect_position(port, 7, "a note");
    /* Dropped without a word, as by kill -9. */
    begin(port);
    append(&producer, port, "lost, too");
    port->drop(port->context);
    start(port);
    expect_position(port, 7, "a note");
    begin(port);
    append(&producer, port, "three");
    expect(port, commit(port, 9, "another", &is_clean), PUBLISH_OK);
    expect_position(port, 9, "another");
    expect_seen(producer.events, 3, (const char *const[]){"one", "two", "three"});
    kafka_publisher_close(&producer.handle);
}

static void an_older_producer_is_fenced(void **state) {
    (void)state;
    struct producer producer;
    producer_begin(&producer, "fenced");
    struct publish_port *older = &producer.port, newer = {0};
    bool is_clean;
    start(older);
    begin(older);
    append(&producer, older, "first");
    expect(older, commit(older, 1, "1", &is_clean), PUBLISH_OK);
    begin(older);
    append(&producer, older, "of the older one");

    struct kafka_publisher *handle = publisher_open(&producer, &newer);
    start(&newer);
    expect_position(&newer, 1, "1");
    begin(&newer);
    append(&producer, &newer, "of the newer one");
    expect(&newer, commit(&newer, 2, "2", &is_clean), PUBLISH_OK);
    expect(older, commit(older, 2, "of the older one", &is_clean), PUBLISH_FENCED);
    older->drop(older->context);
    expect_position(&newer, 2, "2");
    expect_seen(producer.events, 2, (const char *const[]){"first", "of the newer one"});
    kafka_publisher_close(&producer.handle);
    kafka_publisher_close(&handle);
}

/* With a transaction open the broker is killed, once before and once while the transaction is ended. After its restart this
 * broker may have forgotten to end it in the logs (docs/adr/0010): readers then see nothing that comes after it. */
static void a_transaction_that_a_restart_left_open_is_ended(void **state) {
    (void)state;
    struct producer producer;
    producer_begin(&producer, "restart");
    struct publish_port *port = &producer.port;
    bool is_clean = true;
    start(port);
    begin(port);
    append(&producer, port, "zero");
    expect(port, commit(port, 1, "1", &is_clean), PUBLISH_OK);
    assert_true(tail(&producer, port).is_settled);
    begin(port);
    append(&producer, port, "one");
    wake_wait(-1, 500);
    assert_true(broker_do(&test.broker, "kill"));
    assert_true(broker_do(&test.broker, "start"));
    enum publish_result result = commit(port, 2, "2", &is_clean);
    print_message("the broker killed in mid-transaction: result %d, clean %d, %s\n", result, is_clean,
                  port->reason(port->context));
    assert_int_not_equal(result, PUBLISH_RETRY);
    assert_true(result != PUBLISH_OK || !is_clean);
    port->drop(port->context);
    start(port);
    wake_wait(-1, 3000);
    print_message("after its restart the transaction %s\n", tail(&producer, port).is_settled ? "was ended" : "hangs");
    expect(port, port->settle(port->context), PUBLISH_OK);
    wake_wait(-1, 1000);
    struct publish_tail after = tail(&producer, port);
    assert_true(after.is_settled && after.has_record);
    assert_true(slice_equal(slice_of(after.value, after.value_size), slice_text("1")));
    /* Whatever was told: the position says whether its records are there. */
    struct publish_recovered recovered = recover(port);
    read_committed(producer.events);
    assert_int_equal(seen.count, recovered.offset);
    begin(port);
    append(&producer, port, "two");
    expect(port, commit(port, 3, "3", &is_clean), PUBLISH_OK);
    read_committed(producer.events);
    assert_int_equal(seen.count, recovered.offset + 1);
    kafka_publisher_close(&producer.handle);
}

static void the_machine_publishes_what_the_journal_says(void **state) {
    (void)state;
    machine.options = test.options;
    machine.options.service = "machine";
    make_topic(&test, "machine-journal", NULL, NULL, machine.journal);
    make_topic(&test, "machine-events", NULL, NULL, machine.events);
    make_topic(&test, "machine-dead", NULL, NULL, machine.dead);
    machine.writer_fd = wake_new();
    machine.to = writer_new(&test, machine.writer_fd, machine.journal, &machine.writer);
    assert_true(journal_name_set(&machine.identity.environment, slice_text("local")));
    assert_true(journal_name_set(&machine.identity.service, slice_text("machine")));
    assert_true(journal_name_set(&machine.identity.locality, slice_text("nel-bhr")));
    struct journal_record genesis = {.kind = RECORD_GENESIS}, claim = {.kind = RECORD_CLAIM};
    genesis.as.genesis = (struct genesis){.journal_id = {{7}},
                                          .environment = machine.identity.environment,
                                          .service = machine.identity.service,
                                          .locality = machine.identity.locality};
    claim.as.claim = (struct claim){.epoch = 1, .owner = {{9}}, .apply_version = 1};
    machine_log(&genesis);
    machine_log(&claim);
    machine_log_entries(100);
    machine_start();
    machine_run(100);
    machine_expect(100);
    /* The next process goes on there; then the broker is killed while entries are under way. */
    machine_end();
    machine_start();
    for (uint64_t last = 150; last <= 300; last += 50) {
        machine_log_entries(50);
        machine_run(last - 25);
        if (last % 100 != 0) continue;
        assert_true(broker_do(&test.broker, "kill"));
        assert_true(broker_do(&test.broker, "start"));
    }
    machine_run(300);
    machine_expect(300);
    machine_end();
}

/* Last, so that what came before it need not be waited for. */
static void nothing_is_published_anew_once_the_position_has_expired(void **state) {
    (void)state;
    struct producer observer = {.options = machine.options};
    memcpy(observer.journal, machine.journal, sizeof observer.journal);
    memcpy(observer.events, machine.events, sizeof observer.events);
    observer.handle = publisher_open(&observer, &observer.port);
    int64_t since_us = now_us();
    while (recover(&observer.port).is_known && now_us() < since_us + INT64_C(1000) * EXPIRY_MS) {
        wake_wait(machine.writer_fd, 1000);
    }
    print_message("the position had expired after %" PRId64 " s\n", (now_us() - since_us) / 1000000);
    expect_position(&observer.port, -1, "");
    kafka_publisher_close(&observer.handle);

    machine_log_entries(10);
    machine_start();
    machine_run(310);
    assert_int_equal(machine.view.state, PUBLISHER_STOPPED);
    assert_int_equal(machine.view.stop, PUBLISHER_STOP_NO_POSITION);
    machine_end();
    read_committed(machine.events);
    assert_int_equal(seen.count, 300);
    kafka_writer_close(&machine.writer);
    (void)close(machine.writer_fd);
}

int main(void) {
    struct broker broker;
    assert_true(digest_init());
    (void)signal(SIGPIPE, SIG_IGN);
    (void)setenv("BHR_KAFKA_SETTINGS", "offsets.retention.minutes=1 offsets.retention.check.interval.ms=1000", 1);
    broker_own(&broker);
    kafka_test_begin(&test, &broker);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_and_position_come_together),
        cmocka_unit_test(an_older_producer_is_fenced),
        cmocka_unit_test(a_transaction_that_a_restart_left_open_is_ended),
        cmocka_unit_test(the_machine_publishes_what_the_journal_says),
        cmocka_unit_test(nothing_is_published_anew_once_the_position_has_expired),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    kafka_test_end(&test);
    return failed;
}
