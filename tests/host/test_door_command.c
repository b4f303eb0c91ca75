/* How a command is written, and what is answered before anything is written: ids, repeats, refusals (journal.md section
 * 5). What is heard of it afterwards: test_door_news.c. */
#include "tests/support/cmocka.h"

#include "lib/digest/digest.h"
#include "lib/host/answers.h"
#include "tests/support/fake_door.h"

#include <stdio.h>

static struct fake_door fake;

static void a_command_is_written_with_all_that_is_known(void **state) {
    (void)state;
    struct uuid id = fake_door_id(&fake);
    uint32_t request = fake_door_do(&fake, &(struct fake_ask){.id = id,
                                                              .body = "hello",
                                                              .correlation_id = "journey-7",
                                                              .traceparent = "00-aa-bb-01",
                                                              .deadline_ms = FAKE_WALL_MS + 1234});
    fake_door_expect_none(&fake, request);
    assert_int_equal(fake.append_count, 1);
    const struct fake_append *append = &fake.appends[0];
    assert_string_equal(append->topic, "bhr.test.command.v1");
    assert_string_equal(append->key, "nel-bhr");
    char text[64];
    uuid_format(id, text);
    text[UUID_TEXT_SIZE] = '\0';
    assert_string_equal(fake_append_header(append, "ce_id"), text);
    assert_string_equal(fake_append_header(append, "ce_source"), FAKE_SYSTEM);
    assert_string_equal(fake_append_header(append, "ce_type"), "bhr.test.v1.TestCommand");
    assert_string_equal(fake_append_header(append, "ce_specversion"), "1.0");
    assert_string_equal(fake_append_header(append, "ce_time"), "2025-11-24T16:00:00.000Z");
    assert_string_equal(fake_append_header(append, "content-type"), "application/protobuf");
    assert_string_equal(fake_append_header(append, "ce_correlationid"), "journey-7");
    assert_string_equal(fake_append_header(append, "traceparent"), "00-aa-bb-01");
    assert_string_equal(fake_append_header(append, "bhr_decideby"), "1764000001234");
    assert_string_equal(fake_append_header(append, "bhr_method"), "Do");
    struct digest digest = fake_door_digest(FAKE_DO, "hello");
    for (size_t i = 0; i < 16; i++) snprintf(text + 2 * i, 3, "%02x", digest.bytes[i]);
    assert_string_equal(fake_append_header(append, "bhr_digest"), text);
    assert_int_equal(append->header_count, 11);
}

/* The id of what may come of it depends on the source and the command's id alone, so a repeat elsewhere names the
 * same. */
static void ingress_is_stamped(void **state) {
    (void)state;
    struct uuid id = fake_door_id(&fake);
    fake.wall_ms += 77;
    fake_door_do(&fake, &(struct fake_ask){.id = id, .body = "hello", .correlation_id = "c"});
    struct digest tail = digest_of(slice_text(FAKE_SYSTEM), slice_of(id.bytes, sizeof id.bytes));
    char entity[UUID_TEXT_SIZE], expected[FAKE_BODY_MAX];
    uuid_format(uuid_v7_make(FAKE_WALL_MS, tail.bytes), entity);
    snprintf(expected, sizeof expected, FAKE_SYSTEM "|RYX|111|c|%lld|%.36s|hello", (long long)FAKE_WALL_MS + 77,
             entity);
    assert_string_equal(fake.appends[0].value, expected);
    assert_int_equal(fake.appends[0].header_count, 10); /* no traceparent was sent */
}

static void what_the_service_refuses_is_not_written(void **state) {
    (void)state;
    fake_door_expect_at_once(&fake, &(struct fake_ask){.body = "bad"}, "invalid", REPLY_INVALID);
    assert_string_equal(fake.replies[0].detail, "colour: expected a colour");
}

static void ids_must_be_of_version_7_and_of_now(void **state) {
    (void)state;
    struct uuid old = uuid_v7_make(FAKE_WALL_MS - ANSWERS_ID_AGE_MS_MAX - 1, (const uint8_t[10]){1});
    struct uuid future = uuid_v7_make(FAKE_WALL_MS + ANSWERS_ID_LEAD_MS_MAX + 1, (const uint8_t[10]){1});
    struct uuid version_4 = fake_door_id(&fake);
    version_4.bytes[6] = 0x40;
    fake_door_expect_at_once(&fake, &(struct fake_ask){.id = old}, "too_old", REPLY_INVALID);
    fake_door_expect_at_once(&fake, &(struct fake_ask){.id = future}, "from_future", REPLY_INVALID);
    fake_door_expect_at_once(&fake, &(struct fake_ask){.id = version_4}, "invalid", REPLY_INVALID);
    assert_true(strncmp(fake.replies[2].detail, "request_id:", 11) == 0);
    fake_door_do(&fake, &(struct fake_ask){.id = uuid_v7_make(FAKE_WALL_MS - ANSWERS_ID_AGE_MS_MAX, old.bytes)});
    fake_door_do(&fake, &(struct fake_ask){.id = uuid_v7_make(FAKE_WALL_MS + ANSWERS_ID_LEAD_MS_MAX, old.bytes)});
    assert_int_equal(fake.append_count, 2);
}

static void a_repeat_gets_the_first_answer_at_once(void **state) {
    (void)state;
    struct uuid id = fake_door_id(&fake);
    fake_door_do(&fake, &(struct fake_ask){.id = id});
    fake_door_decide(&fake, 0, OUTCOME_OK, "first", 11, 101);
    fake_door_expect_at_once(&fake, &(struct fake_ask){.id = id}, "ok", REPLY_OK);
    const struct fake_reply *reply = &fake.replies[1];
    assert_true(reply->header.repeated_answer);
    assert_int_equal(reply->header.position, 11);
    assert_memory_equal(reply->body, "first", 5);
    /* A refusal is repeated as well, from whichever door it came. */
    struct uuid other = fake_door_id(&fake);
    fake_door_put_answer(&fake, FAKE_SYSTEM, other, fake_door_digest(FAKE_DO, "body"), FAKE_OUTCOME_TAKEN, "", 9);
    fake_door_expect_at_once(&fake, &(struct fake_ask){.id = other}, "slot_taken", REPLY_REFUSED);
    assert_true(fake.replies[2].header.repeated_answer);
}

/* A clock that was set back must not turn what was done into a no. */
static void a_wrong_clock_does_not_deny_what_was_done(void **state) {
    (void)state;
    struct uuid id = fake_door_id(&fake);
    fake_door_do(&fake, &(struct fake_ask){.id = id});
    fake_door_decide(&fake, 0, OUTCOME_OK, "first", 11, 101);
    fake.wall_ms -= 2 * ANSWERS_ID_LEAD_MS_MAX;
    fake_door_expect_at_once(&fake, &(struct fake_ask){.id = id}, "ok", REPLY_OK);
    assert_true(fake.replies[1].header.repeated_answer);
}

static void an_id_used_for_other_content_is_refused(void **state) {
    (void)state;
    struct uuid id = fake_door_id(&fake);
    fake_door_put_answer(&fake, FAKE_SYSTEM, id, fake_door_digest(FAKE_DO, "body"), OUTCOME_OK, "first", 9);
    fake_door_expect_at_once(&fake, &(struct fake_ask){.id = id, .body = "other"}, "id_reused", REPLY_REFUSED);
    assert_int_equal(fake.replies[0].body_size, 0);
    fake_door_do(&fake, &(struct fake_ask){.id = id, .body = "other", .system = FAKE_OTHER}); /* not its id */
    assert_int_equal(fake.append_count, 1);
}

static void a_repeat_of_what_is_running_is_told_so(void **state) {
    (void)state;
    struct uuid id = fake_door_id(&fake);
    uint32_t first = fake_door_do(&fake, &(struct fake_ask){.id = id});
    fake_door_expect_at_once(&fake, &(struct fake_ask){.id = id}, "in_progress", REPLY_IN_PROGRESS);
    fake_door_expect_at_once(&fake, &(struct fake_ask){.id = id, .body = "other"}, "id_reused", REPLY_REFUSED);
    uint32_t others = fake_door_do(&fake, &(struct fake_ask){.id = id, .system = FAKE_OTHER});
    fake_door_expect_none(&fake, others);
    fake_door_expect_none(&fake, first);
    fake_door_decide(&fake, 0, OUTCOME_OK, "done", 11, 101);
    fake_door_expect(&fake, first, "ok", REPLY_OK);
    fake_door_expect_none(&fake, others);
}

static void a_full_or_missing_producer_is_told_at_once(void **state) {
    (void)state;
    fake.append_status = STATUS_FULL;
    fake_door_expect_at_once(&fake, &(struct fake_ask){0}, "too_busy", REPLY_TOO_BUSY);
    assert_true(fake.replies[0].header.retry_after_ms > 0);
    fake.append_status = STATUS_UNAVAILABLE;
    fake_door_expect_at_once(&fake, &(struct fake_ask){0}, "unavailable", REPLY_UNAVAILABLE);
    fake.append_status = STATUS_OK;
    fake_door_do(&fake, &(struct fake_ask){0});
    assert_int_equal(door_in_flight(fake.door), 1);
}

static void without_a_readable_store_nothing_is_written(void **state) {
    (void)state;
    uint32_t request = fake_door_do(&fake, &(struct fake_ask){0});
    fake_door_report(&fake, 0, TOPIC_DELIVERED, 150);
    door_step(fake.door);
    fake.store_fails = true;
    fake_door_expect_at_once(&fake, &(struct fake_ask){0}, "unavailable", REPLY_UNAVAILABLE);
    door_committed(fake.door, 11, (struct position){.offset = 200});
    fake_door_expect(&fake, request, "unknown_outcome",
                     REPLY_UNKNOWN_OUTCOME); /* it may have been decided: who could say? */
    assert_int_equal(fake.alarm_count, 2);
}

static void a_store_without_a_journal_takes_no_commands(void **state) {
    (void)state;
    fake_door_close(&fake);
    fake_door_init(&fake);
    rows_array_free(&fake.rows);
    fake_door_open(&fake);
    fake_door_expect_at_once(&fake, &(struct fake_ask){0}, "unavailable", REPLY_UNAVAILABLE);
    door_committed(fake.door, 0, (struct position){.generation = 1, .offset = 0});
    fake_door_do(&fake, &(struct fake_ask){0});
    assert_string_equal(fake.appends[0].topic, "bhr.test.command.v1.g1");
}

/* What a service has derived leads it to its rows: it sees those of the last commit, and lets go of them. */
static void a_service_that_derives_accepts_over_its_rows(void **state) {
    (void)state;
    static const struct service_derived derived;
    struct service service = fake_door_service;
    service.derived = &derived;
    fake_door_close(&fake);
    fake_door_init(&fake);
    fake.options.service = &service;
    uint8_t bytes[ROWS_KEY_MAX];
    struct buffer name = fake_door_row_key(slice_text("colour"), bytes);
    struct rows rows = rows_array_rows(&fake.rows);
    rows_put(&rows, buffer_slice(&name), slice_text("green"));
    fake_door_open(&fake);
    fake_door_do(&fake, &(struct fake_ask){.body = "row colour"});
    assert_int_equal(fake.append_count, 1);
    assert_string_equal(fake.appends[0].value, "green");
    assert_int_equal(fake.snapshots, 0);
    fake_door_close(&fake); /* while the service is there */
    fake_door_init(&fake);
    fake_door_open(&fake);
}

static int set_up(void **state) {
    (void)state;
    fake_door_init(&fake);
    fake_door_open(&fake);
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
        TEST(a_command_is_written_with_all_that_is_known), TEST(ingress_is_stamped),
        TEST(what_the_service_refuses_is_not_written),     TEST(ids_must_be_of_version_7_and_of_now),
        TEST(a_wrong_clock_does_not_deny_what_was_done),   TEST(a_repeat_gets_the_first_answer_at_once),
        TEST(an_id_used_for_other_content_is_refused),     TEST(a_repeat_of_what_is_running_is_told_so),
        TEST(a_full_or_missing_producer_is_told_at_once),  TEST(without_a_readable_store_nothing_is_written),
        TEST(a_store_without_a_journal_takes_no_commands), TEST(a_service_that_derives_accepts_over_its_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
