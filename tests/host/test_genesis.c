/* How a journal begins, on the deterministic twins of the ports. */
#include "lib/digest/digest.h"
#include "lib/host/genesis.h"
#include "lib/port/fake/process.h"
#include "lib/port/fake/reader.h"
#include "lib/port/fake/writer.h"
#include "tests/support/cmocka.h"

#define JOURNAL  "bhr.booking.journal.v1"
#define COMMANDS "bhr.booking.command.v1"

struct world {
    struct fake_time time;
    struct fake_broker broker;
    struct fake_reader reader;
    struct fake_writer writer;
    struct fake_clock clock;
    struct genesis_ports ports;
};
static struct world world;

static void wait_and_deliver(void *context, int timeout_ms) {
    (void)context;
    world.time.now_ms += timeout_ms > 0 ? timeout_ms : 1;
    while (fake_broker_deliver(&world.broker)) {
    }
}

static int world_begin(void **state) {
    (void)state;
    world = (struct world){.time.now_ms = 1764000000000};
    fake_broker_init(&world.broker, &world.time);
    fake_reader_init(&world.reader, &world.broker, NULL);
    fake_writer_init(&world.writer, &world.broker, NULL);
    fake_clock_init(&world.clock, &world.time, 5);
    world.ports = (struct genesis_ports){.admin = fake_broker_admin(&world.broker),
                                         .writer = fake_writer_port(&world.writer),
                                         .reader = fake_reader_port(&world.reader),
                                         .waiter = {.wait = wait_and_deliver},
                                         .clock = fake_clock_port(&world.clock)};
    return 0;
}

static int world_end(void **state) {
    (void)state;
    fake_reader_fini(&world.reader);
    fake_writer_fini(&world.writer);
    fake_broker_fini(&world.broker);
    return 0;
}

static struct journal_identity identity_of(const char *environment, const char *locality) {
    struct journal_identity identity = {0};
    assert_true(journal_name_set(&identity.environment, slice_text(environment)));
    assert_true(journal_name_set(&identity.service, slice_text("booking")));
    assert_true(journal_name_set(&identity.locality, slice_text(locality)));
    return identity;
}

static void put(const char *topic, struct slice value) {
    struct fake_log *log = fake_log_make(&world.broker, topic);
    const struct topic_append append = {.topic = topic, .value = value};
    fake_log_append(&world.broker, log, fake_record_make(&world.broker, &append), 0);
}

static enum status ensure(const struct journal_identity *identity, struct genesis_found *ret, struct error *error) {
    return genesis_ensure(&world.ports, identity, 5000, ret, error);
}

static void an_empty_journal_begins_once(void **state) {
    (void)state;
    struct fake_log *journal = fake_log_make(&world.broker, JOURNAL);
    put(COMMANDS, slice_text("a command from before"));
    put(COMMANDS, slice_text("another"));
    const struct journal_identity identity = identity_of("local", "nel-bhr");
    struct genesis_found first, second;
    struct error error = {0};
    assert_int_equal(ensure(&identity, &first, &error), STATUS_OK);
    assert_true(first.is_new);
    assert_int_equal(journal->end, 1);
    assert_int_equal(first.genesis.starts_at.generation, 0);
    assert_int_equal(first.genesis.starts_at.offset, 2);
    assert_int_equal(first.logged_at_ms, fake_log_at_or_after(journal, 0)->shown.timestamp_ms);
    assert_false(id128_equal(first.genesis.journal_id, (struct id128){{0}}));

    assert_int_equal(ensure(&identity, &second, &error), STATUS_OK);
    assert_false(second.is_new);
    assert_int_equal(journal->end, 1);
    assert_true(id128_equal(first.genesis.journal_id, second.genesis.journal_id));
}

static void a_check_never_appends(void **state) {
    (void)state;
    struct fake_log *journal = fake_log_make(&world.broker, JOURNAL);
    fake_log_make(&world.broker, COMMANDS);
    const struct journal_identity identity = identity_of("local", "nel-bhr");
    struct genesis_ports ports = world.ports;
    ports.writer = (struct topic_writer){0};
    struct genesis_found found;
    struct error error = {0};
    assert_int_equal(genesis_check(&ports, &identity, 5000, &found, &error), STATUS_NOT_FOUND);
    assert_int_equal(journal->end, 0);
    assert_int_equal(ensure(&identity, &found, &error), STATUS_OK);
    assert_int_equal(genesis_check(&ports, &identity, 5000, &found, &error), STATUS_OK);
    assert_false(found.is_new);
}

static void another_identity_is_refused_by_name(void **state) {
    (void)state;
    struct fake_log *journal = fake_log_make(&world.broker, JOURNAL);
    fake_log_make(&world.broker, COMMANDS);
    const struct journal_identity local = identity_of("local", "nel-bhr"), live = identity_of("live", "nel-bhr"),
                                  other = identity_of("local", "nel-city");
    struct genesis_found found;
    struct error error = {0};
    assert_int_equal(ensure(&local, &found, &error), STATUS_OK);
    assert_int_equal(ensure(&live, &found, &error), STATUS_CONFLICT);
    assert_non_null(strstr(error.message, "belongs to local / booking / nel-bhr, not to live / booking / nel-bhr"));
    assert_int_equal(ensure(&other, &found, &error), STATUS_CONFLICT);
    assert_int_equal(journal->end, 1);
}

static void something_else_at_offset_0_is_no_journal(void **state) {
    (void)state;
    fake_log_make(&world.broker, COMMANDS);
    put(JOURNAL, slice_text("not a record"));
    const struct journal_identity identity = identity_of("local", "nel-bhr");
    struct genesis_found found;
    struct error error = {0};
    assert_int_equal(ensure(&identity, &found, &error), STATUS_CONFLICT);
    assert_non_null(strstr(error.message, "no Genesis"));
    assert_int_equal(fake_log_find(&world.broker, JOURNAL)->end, 1);
}

static void a_genesis_with_a_producers_timestamp_does_not_count(void **state) {
    (void)state;
    fake_log_make(&world.broker, COMMANDS);
    fake_log_make(&world.broker, JOURNAL);
    world.broker.makes_timestamps = false;
    const struct journal_identity identity = identity_of("local", "nel-bhr");
    struct genesis_found found;
    struct error error = {0};
    assert_int_equal(ensure(&identity, &found, &error), STATUS_CONFLICT);
}

static void a_missing_topic_is_named(void **state) {
    (void)state;
    const struct journal_identity identity = identity_of("local", "nel-bhr");
    struct genesis_found found;
    struct error error = {0};
    assert_int_equal(ensure(&identity, &found, &error), STATUS_NOT_FOUND);
    fake_log_make(&world.broker, JOURNAL);
    assert_int_equal(ensure(&identity, &found, &error), STATUS_NOT_FOUND);
    assert_int_equal(fake_log_find(&world.broker, JOURNAL)->end, 0);
}

static void a_journal_that_lost_its_beginning_is_not_begun_again(void **state) {
    (void)state;
    fake_log_make(&world.broker, COMMANDS);
    put(JOURNAL, slice_text("one"));
    put(JOURNAL, slice_text("two"));
    fake_log_expire(fake_log_find(&world.broker, JOURNAL), 2); /* nothing left: start = end = 2 */
    const struct journal_identity identity = identity_of("local", "nel-bhr");
    struct genesis_found found;
    struct error error = {0};
    assert_int_equal(ensure(&identity, &found, &error), STATUS_CORRUPT);
    assert_int_equal(fake_log_find(&world.broker, JOURNAL)->end, 2);
}

static uint64_t always_lost(void *context, uint64_t n) {
    (void)context;
    return n > 4 ? 0 : n - 1; /* every chance comes true; never refused, only uncertain */
}

static void an_append_that_is_lost_runs_into_the_limit(void **state) {
    (void)state;
    static const struct fake_hooks hooks = {.draw = always_lost};
    world.writer.hooks = &hooks;
    world.writer.faults.lost_per_mille = 1000;
    fake_log_make(&world.broker, COMMANDS);
    fake_log_make(&world.broker, JOURNAL);
    const struct journal_identity identity = identity_of("local", "nel-bhr");
    struct genesis_found found;
    struct error error = {0};
    int64_t began_ms = world.time.now_ms;
    assert_int_equal(ensure(&identity, &found, &error), STATUS_TIMEOUT);
    assert_in_range(world.time.now_ms - began_ms, 5000, 5400);
}

int main(void) {
    if (!digest_init()) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_empty_journal_begins_once, world_begin, world_end),
        cmocka_unit_test_setup_teardown(a_check_never_appends, world_begin, world_end),
        cmocka_unit_test_setup_teardown(another_identity_is_refused_by_name, world_begin, world_end),
        cmocka_unit_test_setup_teardown(something_else_at_offset_0_is_no_journal, world_begin, world_end),
        cmocka_unit_test_setup_teardown(a_genesis_with_a_producers_timestamp_does_not_count, world_begin, world_end),
        cmocka_unit_test_setup_teardown(a_missing_topic_is_named, world_begin, world_end),
        cmocka_unit_test_setup_teardown(a_journal_that_lost_its_beginning_is_not_begun_again, world_begin, world_end),
        cmocka_unit_test_setup_teardown(an_append_that_is_lost_runs_into_the_limit, world_begin, world_end),
    };
    return cmocka_run_group_tests_name("genesis", tests, NULL, NULL);
}
