/* The door and the audit trail: no answer without its record, nothing read without room for one, a durable answer only
 * after Kafka has it, and refusals by policy within their measure. */
#include "tests/support/cmocka.h"

#include "tests/support/fake_door.h"

#include <stdlib.h>

enum { FILE_INDEX = 2 }; /* of FAKE_FILE among the service's methods */

static struct fake_door fake;

static void open_again(bool is_durable) {
    fake_door_close(&fake);
    fake_door_init(&fake);
    if (is_durable) fake.options.durable_methods = UINT64_C(1) << FILE_INDEX;
    fake_door_open(&fake);
    fake_door_put_row(&fake, "row", "value");
}

static uint32_t read_file(const char *name) {
    return fake_door_do(&fake, &(struct fake_ask){.method = FAKE_FILE, .body = name, .correlation_id = "journey-1"});
}

static void expect_text(struct slice found, const char *expected) {
    if (!slice_equal(found, slice_text(expected))) {
        fail_msg("expected \"%s\", found \"%.*s\"", expected, (int)found.size, (const char *)found.data);
    }
}

static void a_read_leaves_a_record_that_says_everything(void **state) {
    (void)state;
    uint32_t request = read_file("row");
    const struct fake_reply *reply = fake_door_expect(&fake, request, "ok", REPLY_OK);
    assert_memory_equal(reply->body, "=value", 6);
    assert_int_equal(fake.audit_count, 1);
    const struct audit_record *record = &fake.audits[0].record;
    assert_int_equal(record->kind, AUDIT_READ);
    assert_int_equal(record->at_ms, FAKE_WALL_MS);
    assert_int_equal(uuid_v7_time_ms(record->audit_id), FAKE_WALL_MS);
    expect_text(record->service, "test");
    expect_text(record->process, "test-1");
    expect_text(record->system, FAKE_SYSTEM);
    expect_text(record->organisation, "RYX");
    expect_text(record->system_role, "111");
    expect_text(record->method, FAKE_FILE);
    expect_text(record->subject_organisation, "row");
    expect_text(record->correlation_id, "journey-1");
    expect_text(record->outcome, "ok");
    assert_int_equal(record->person_id.bytes[0], 0x5A);
    assert_true(uuid_equal(record->request_id, reply->header.request_id));
    assert_int_equal(record->position, 10);
    assert_int_equal(fake.audits[0].token, 0);
}

static void looking_for_nobody_leaves_one_too(void **state) {
    (void)state;
    fake_door_expect(&fake, read_file("none"), "not_found", REPLY_NOT_FOUND);
    assert_int_equal(fake.audit_count, 1);
    expect_text(fake.audits[0].record.outcome, "not_found");
    assert_true(uuid_is_zero(fake.audits[0].record.person_id));
}

static void whom_a_query_has_found_is_not_looked_for_again(void **state) {
    (void)state;
    fake_door_put_row(&fake, "hidden", "value"); /* of which the service would say that it is about 5a5a... */
    fake_door_expect(&fake, read_file("hidden"), "not_found", REPLY_NOT_FOUND);
    assert_int_equal(fake.audit_count, 1);
    assert_int_equal(fake.audits[0].record.person_id.bytes[0], 0x33);
    expect_text(fake.audits[0].record.subject_organisation, "");
}

static void what_shows_nobody_leaves_none(void **state) {
    (void)state;
    (void)fake_door_do(&fake, &(struct fake_ask){.method = FAKE_ASK, .body = "row"});
    assert_int_equal(fake.audit_count, 0);
}

static void without_room_for_a_record_nothing_is_read(void **state) {
    (void)state;
    fake.audit_max = 0;
    fake.store_fails = true; /* so that a look at the store would be another answer, and an alarm */
    const struct fake_reply *reply = fake_door_expect(&fake, read_file("row"), "too_busy", REPLY_TOO_BUSY);
    assert_true(reply->header.retry_after_ms > 0);
    assert_int_equal(reply->body_size, 0);
    assert_int_equal(fake.alarm_count, 0);
    fake.store_fails = false;
    fake_door_expect(&fake, fake_door_do(&fake, &(struct fake_ask){.method = FAKE_ASK, .body = "row"}), "ok", REPLY_OK);
    fake.audit_max = 1;
    fake_door_expect(&fake, read_file("row"), "ok", REPLY_OK);
}

static void a_query_that_waited_leaves_its_record_when_it_is_answered(void **state) {
    (void)state;
    uint32_t request = fake_door_do(&fake, &(struct fake_ask){.method = FAKE_FILE, .body = "row", .min_position = 11});
    assert_int_equal(fake.audit_count, 0);
    door_committed(fake.door, 11, (struct position){.offset = 100});
    fake_door_expect(&fake, request, "ok", REPLY_OK);
    assert_int_equal(fake.audit_count, 1);
}

static void a_durable_answer_waits_for_kafka(void **state) {
    (void)state;
    open_again(true);
    uint32_t request = read_file("row");
    fake_door_expect_none(&fake, request);
    assert_int_equal(fake.audit_count, 1);
    assert_int_equal(door_in_flight(fake.door), 1);
    fake_door_put_row(&fake, "row", "later");
    fake_door_pass(&fake, 4000);
    fake_door_expect_none(&fake, request);
    door_audited(fake.door, fake.audits[0].token);
    const struct fake_reply *reply = fake_door_expect(&fake, request, "ok", REPLY_OK);
    assert_int_equal(reply->body_size, 6);
    assert_memory_equal(reply->body, "=value", 6); /* what was read when the record was made */
    assert_int_equal(reply->header.position, 10);
    assert_int_equal(door_in_flight(fake.door), 0);
    door_audited(fake.door, fake.audits[0].token); /* a copy of the record: nobody waits any more */
    assert_int_equal(fake.reply_count, 1);
}

static void a_durable_refusal_waits_with_its_detail(void **state) {
    (void)state;
    open_again(true);
    uint32_t request = read_file("none");
    fake_door_expect_none(&fake, request);
    door_audited(fake.door, fake.audits[0].token);
    assert_string_equal(fake_door_expect(&fake, request, "not_found", REPLY_NOT_FOUND)->detail,
                        "name: expected the name of a row");
}

static void a_durable_answer_ends_at_its_deadline(void **state) {
    (void)state;
    open_again(true);
    uint32_t request =
        fake_door_do(&fake, &(struct fake_ask){.method = FAKE_FILE, .body = "row", .deadline_ms = FAKE_WALL_MS + 300});
    fake_door_pass(&fake, 299);
    fake_door_expect_none(&fake, request);
    fake_door_pass(&fake, 1);
    const struct fake_reply *reply = fake_door_expect(&fake, request, "unavailable", REPLY_UNAVAILABLE);
    assert_int_equal(reply->body_size, 0);
    assert_int_equal(door_in_flight(fake.door), 0);
    uint32_t next = read_file("row"); /* takes the same place in the table */
    door_audited(fake.door, fake.audits[0].token);
    fake_door_expect_none(&fake, next);
    door_audited(fake.door, fake.audits[1].token);
    fake_door_expect(&fake, next, "ok", REPLY_OK);
}

static void a_durable_query_that_waited_has_its_whole_deadline(void **state) {
    (void)state;
    open_again(true);
    uint32_t request = fake_door_do(
        &fake,
        &(struct fake_ask){.method = FAKE_FILE, .body = "row", .min_position = 11, .deadline_ms = FAKE_WALL_MS + 4000});
    fake_door_pass(&fake, 1500);
    door_committed(fake.door, 11, (struct position){.offset = 100});
    fake_door_expect_none(&fake, request);
    assert_int_equal(door_in_flight(fake.door), 1);
    fake_door_pass(&fake, 2499);
    fake_door_expect_none(&fake, request);
    door_audited(fake.door, fake.audits[0].token);
    fake_door_expect(&fake, request, "ok", REPLY_OK);
}

static void so_many_durable_answers_wait_and_no_more(void **state) {
    (void)state;
    open_again(true);
    for (uint32_t i = 0; i < 4; i++) fake_door_expect_none(&fake, read_file("row"));
    fake_door_expect(&fake, read_file("row"), "too_busy", REPLY_TOO_BUSY); /* its system has 4 in flight */
    assert_int_equal(fake.audit_count, 4);
    for (uint32_t i = 0; i < 4; i++) door_audited(fake.door, fake.audits[i].token);
    assert_int_equal(fake.reply_count, 5);
    fake_door_expect_none(&fake, read_file("row"));
}

static void answers_that_wait_end_with_the_process(void **state) {
    (void)state;
    open_again(true);
    uint32_t request = read_file("row");
    door_drain(fake.door);
    fake_door_expect_none(&fake, request);
    door_abandon(fake.door);
    fake_door_expect(&fake, request, "draining", REPLY_UNAVAILABLE);
}

/* ASan tells when the bytes of an answer that still waits are not given back. */
static void a_door_closes_with_answers_waiting(void **state) {
    (void)state;
    open_again(true);
    (void)read_file("row");
    assert_int_equal(door_in_flight(fake.door), 1);
}

static uint32_t refused(const char *system) {
    uint32_t request = fake_door_do(&fake, &(struct fake_ask){.system = system, .method = FAKE_SECRET, .body = "row"});
    fake_door_expect(&fake, request, "denied", REPLY_DENIED);
    return request;
}

static void a_refusal_leaves_a_record(void **state) {
    (void)state;
    uint32_t request = refused(FAKE_OTHER);
    assert_int_equal(fake.audit_count, 1);
    const struct audit_record *record = &fake.audits[0].record;
    assert_int_equal(record->kind, AUDIT_REFUSAL);
    expect_text(record->system, FAKE_OTHER);
    expect_text(record->organisation, "RYX");
    expect_text(record->method, FAKE_SECRET);
    expect_text(record->outcome, "denied");
    assert_true(uuid_equal(record->request_id, fake_door_reply_to(&fake, request)->header.request_id));
    assert_true(uuid_is_zero(record->person_id));
}

/* Also one that only the subject decides: once, and not as a read. */
static void a_refusal_by_condition_leaves_a_record(void **state) {
    (void)state;
    static struct policy policy;
    fake_door_policy(&policy, "system " FAKE_SYSTEM " { " FAKE_SYSTEM_ROWS " }\n"
                              "allow { methods t/Do t/File; conditions own_organisation }\n");
    door_set_policy(fake.door, &policy);
    fake_door_expect(&fake, read_file("row"), "denied_condition", REPLY_DENIED);
    assert_int_equal(fake.audit_count, 1);
    assert_int_equal(fake.audits[0].record.kind, AUDIT_REFUSAL);
    expect_text(fake.audits[0].record.method, FAKE_FILE);
    expect_text(fake.audits[0].record.outcome, "denied_condition");
    uint32_t command = fake_door_do(&fake, &(struct fake_ask){.body = "of F82001"});
    fake_door_expect(&fake, command, "denied_condition", REPLY_DENIED);
    assert_int_equal(fake.audit_count, 2);
    expect_text(fake.audits[1].record.method, FAKE_DO);
}

static void a_system_that_the_policy_does_not_know_leaves_one_too(void **state) {
    (void)state;
    (void)refused("nobody");
    assert_int_equal(fake.audit_count, 1);
    expect_text(fake.audits[0].record.system, "nobody");
    expect_text(fake.audits[0].record.organisation, "");
}

static void a_flood_of_refusals_leaves_a_few_records_and_a_count(void **state) {
    (void)state;
    for (int i = 0; i < 10; i++) (void)refused(FAKE_SYSTEM);
    (void)refused(FAKE_OTHER);
    assert_int_equal(fake.audit_count, 4); /* three of the one, and the other's own */
    assert_int_equal(door_refusals_suppressed(fake.door), 7);
    fake_door_pass(&fake, 59000);
    assert_int_equal(fake.audit_count, 4);
    fake_door_pass(&fake, 1000);
    assert_int_equal(fake.audit_count, 5); /* nobody else would tell how many they were */
    const struct audit_record *tally = &fake.audits[4].record;
    expect_text(tally->system, FAKE_SYSTEM);
    assert_int_equal(tally->refusals_suppressed, 7);
    (void)refused(FAKE_SYSTEM);
    assert_int_equal(fake.audits[5].record.refusals_suppressed, 0);
}

static void the_next_record_tells_what_was_suppressed(void **state) {
    (void)state;
    for (int i = 0; i < 5; i++) (void)refused(FAKE_SYSTEM);
    fake.wall_ms += 60000;
    fake.monotonic_ms += 60000;
    (void)refused(FAKE_SYSTEM);
    assert_int_equal(fake.audit_count, 4);
    assert_int_equal(fake.audits[3].record.refusals_suppressed, 2);
    fake_door_pass(&fake, 100000);
    assert_int_equal(fake.audit_count, 4);
}

static void a_refusal_needs_no_room(void **state) {
    (void)state;
    fake.audit_max = 0;
    (void)refused(FAKE_SYSTEM);
    (void)refused(FAKE_SYSTEM);
    fake.audit_max = FAKE_AUDITS_MAX;
    (void)refused(FAKE_SYSTEM);
    assert_int_equal(fake.audit_count, 1);
    assert_int_equal(fake.audits[0].record.refusals_suppressed, 2);
}

static void the_count_outlives_the_policy(void **state) {
    (void)state;
    for (int i = 0; i < 5; i++) (void)refused(FAKE_SYSTEM);
    struct policy *policy = malloc(sizeof *policy);
    assert_non_null(policy);
    *policy = fake.policy;
    door_set_policy(fake.door, policy);
    assert_int_equal(fake.audit_count, 4);
    assert_int_equal(fake.audits[3].record.refusals_suppressed, 2);
    for (int i = 0; i < 5; i++) (void)refused(FAKE_SYSTEM);
    fake.audit_max = fake.audit_count;
    door_set_policy(fake.door, &fake.policy); /* and a spool that is full then */
    fake.audit_max = FAKE_AUDITS_MAX;
    door_drain(fake.door);
    expect_text(fake.audits[fake.audit_count - 1].record.system, "");
    assert_int_equal(fake.audits[fake.audit_count - 1].record.refusals_suppressed, 2);
    free(policy);
}

static int set_up(void **state) {
    (void)state;
    fake_door_init(&fake);
    fake_door_open(&fake);
    fake_door_put_row(&fake, "row", "value");
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    fake_door_close(&fake);
    return 0;
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_read_leaves_a_record_that_says_everything),
        TEST(looking_for_nobody_leaves_one_too),
        TEST(whom_a_query_has_found_is_not_looked_for_again),
        TEST(what_shows_nobody_leaves_none),
        TEST(without_room_for_a_record_nothing_is_read),
        TEST(a_query_that_waited_leaves_its_record_when_it_is_answered),
        TEST(a_durable_answer_waits_for_kafka),
        TEST(a_durable_refusal_waits_with_its_detail),
        TEST(a_durable_answer_ends_at_its_deadline),
        TEST(a_durable_query_that_waited_has_its_whole_deadline),
        TEST(so_many_durable_answers_wait_and_no_more),
        TEST(answers_that_wait_end_with_the_process),
        TEST(a_door_closes_with_answers_waiting),
        TEST(a_refusal_leaves_a_record),
        TEST(a_refusal_by_condition_leaves_a_record),
        TEST(a_system_that_the_policy_does_not_know_leaves_one_too),
        TEST(a_flood_of_refusals_leaves_a_few_records_and_a_count),
        TEST(the_next_record_tells_what_was_suppressed),
        TEST(a_refusal_needs_no_room),
        TEST(the_count_outlives_the_policy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
