/* The door lets in who may come in, says no by name, and tells what it wrote: one test for each rule (design section 2,
 * journal.md section 5). What becomes of a command afterwards: test_door_command.c; queries: test_door_query.c. */
#include "tests/support/cmocka.h"
#include "tests/support/fake_door.h"

#include <stdio.h>
#include <stdlib.h>

static struct fake_door fake;

static void a_header_that_cannot_be_read_is_answered(void **state) {
    (void)state;
    uint32_t request = fake_door_ask_raw(&fake, FAKE_SYSTEM, slice_text("\xFF\xFF"), slice_text("body"));
    door_step(fake.door);
    fake_door_expect(&fake, request, "invalid", REPLY_INVALID);
    assert_true(uuid_is_zero(fake_door_reply_to(&fake, request)->header.request_id));
    assert_true(strlen(fake_door_reply_to(&fake, request)->detail) > 0);
    assert_string_equal(fake.told_method, "");
    assert_string_equal(fake.told_system, FAKE_SYSTEM);
}

/* A bad field, but the id can be read: the caller can match the answer. */
static void a_bad_header_keeps_its_request_id_where_possible(void **state) {
    (void)state;
    struct request_header header = {.method = slice_text("no-slash"), .request_id = fake_door_id(&fake)};
    uint8_t bytes[EXCHANGE_REQUEST_HEADER_MAX];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    request_header_encode(&header, &out);
    uint32_t request = fake_door_ask_raw(&fake, FAKE_SYSTEM, buffer_slice(&out), slice_text(""));
    door_step(fake.door);
    fake_door_expect(&fake, request, "invalid", REPLY_INVALID);
    assert_true(uuid_equal(fake_door_reply_to(&fake, request)->header.request_id, header.request_id));
    assert_true(strncmp(fake_door_reply_to(&fake, request)->detail, "method:", 7) == 0);
}

static void an_nhs_number_in_a_header_is_refused(void **state) {
    (void)state;
    fake_door_expect_at_once(&fake, &(struct fake_ask){.correlation_id = "journey-9434765919"}, "invalid",
                             REPLY_INVALID);
    fake_door_expect_at_once(&fake, &(struct fake_ask){.traceparent = "00-943-476-5919"}, "invalid", REPLY_INVALID);
    fake_door_do(&fake, &(struct fake_ask){.correlation_id = "journey-9434765918"});
    assert_int_equal(fake.append_count, 1);
}

static void a_system_that_the_policy_does_not_name_is_denied(void **state) {
    (void)state;
    fake_door_expect_at_once(&fake, &(struct fake_ask){.system = "stranger"}, "denied", REPLY_DENIED);
}

static void a_method_that_nobody_has_is_unknown(void **state) {
    (void)state;
    fake_door_expect_at_once(&fake, &(struct fake_ask){.method = "bhr.test.v1.TestService/Undo"}, "unknown_method",
                             REPLY_INVALID);
    assert_string_equal(fake.told_method, "");
}

static void a_method_that_the_policy_does_not_allow_is_denied(void **state) {
    (void)state;
    fake_door_expect_at_once(&fake, &(struct fake_ask){.method = FAKE_SECRET}, "denied", REPLY_DENIED);
    assert_string_equal(fake.told_method, FAKE_SECRET);
}

static void a_deadline_that_has_passed_is_refused(void **state) {
    (void)state;
    fake_door_expect_at_once(&fake, &(struct fake_ask){.deadline_ms = FAKE_WALL_MS}, "deadline_passed", REPLY_INVALID);
    fake_door_expect_at_once(&fake, &(struct fake_ask){.deadline_ms = 1}, "deadline_passed", REPLY_INVALID);
    fake_door_do(&fake, &(struct fake_ask){.deadline_ms = FAKE_WALL_MS + 1});
    assert_int_equal(fake.append_count, 1);
}

static void deadlines_are_kept_within_limits_and_stamped(void **state) {
    (void)state;
    static const struct {
        int64_t asked_ms;
        const char *decide_by;
    } cases[] = {
        {0, "1764000005000"},
        {FAKE_WALL_MS + 1, "1764000000001"},
        {FAKE_WALL_MS + 60000, "1764000060000"},
        {FAKE_WALL_MS + 60001, "1764000060000"},
    };
    for (uint32_t i = 0; i < 4; i++) {
        fake_door_do(&fake, &(struct fake_ask){.deadline_ms = cases[i].asked_ms});
        assert_int_equal(fake.append_count, i + 1);
        assert_string_equal(fake_append_header(&fake.appends[i], COMMAND_HEADER_DECIDE_BY), cases[i].decide_by);
    }
}

static void a_body_over_the_limit_is_refused(void **state) {
    (void)state;
    char body[1024 + 2];
    memset(body, 'b', sizeof body);
    body[1024 + 1] = '\0';
    fake_door_expect_at_once(&fake, &(struct fake_ask){.body = body}, "request_too_large", REPLY_INVALID);
    fake_door_expect_at_once(&fake, &(struct fake_ask){.body = body, .method = FAKE_ASK}, "request_too_large",
                             REPLY_INVALID);
    fake_door_expect_at_once(&fake, &(struct fake_ask){.body = "huge"}, "request_too_large", REPLY_INVALID);
}

static void a_system_has_so_many_requests_in_flight(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 4; i++) fake_door_do(&fake, &(struct fake_ask){0});
    assert_int_equal(door_in_flight(fake.door), 4);
    fake_door_expect_at_once(&fake, &(struct fake_ask){0}, "too_busy", REPLY_TOO_BUSY);
    assert_true(fake.replies[fake.reply_count - 1].header.retry_after_ms > 0);
    fake_door_do(&fake, &(struct fake_ask){.system = FAKE_OTHER}); /* another system has its own room */
    assert_int_equal(door_in_flight(fake.door), 5);
    fake_door_decide(&fake, 0, OUTCOME_OK, "done", 11, 101);
    fake_door_do(&fake, &(struct fake_ask){0}); /* and what has left makes room */
    assert_int_equal(door_in_flight(fake.door), 5);
    assert_int_equal(fake.append_count, 6);
}

/* Of 64: as many of one system as are left for everybody. */
static void a_system_that_floods_leaves_room_for_others(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 32; i++) fake_door_do(&fake, &(struct fake_ask){.system = FAKE_OTHER});
    assert_int_equal(door_in_flight(fake.door), 32);
    fake_door_expect_at_once(&fake, &(struct fake_ask){.system = FAKE_OTHER}, "too_busy", REPLY_TOO_BUSY);
    assert_true(fake.replies[fake.reply_count - 1].header.retry_after_ms > 0);
    for (uint32_t i = 0; i < 4; i++) fake_door_do(&fake, &(struct fake_ask){0});
    assert_int_equal(door_in_flight(fake.door), 36);
    fake_door_put_row(&fake, "row", "v");
    fake_door_expect_at_once(&fake, &(struct fake_ask){.system = FAKE_OTHER, .method = FAKE_ASK, .body = "row"}, "ok",
                             REPLY_OK); /* queries need no room */
}

/* Its system has its share of what the socket may queue: told so at once, whatever it asks. */
static void what_is_beyond_a_systems_share_is_told_too_busy(void **state) {
    (void)state;
    fake_door_put_row(&fake, "row", "v");
    fake.is_surplus = true;
    fake_door_expect_at_once(&fake, &(struct fake_ask){.method = FAKE_ASK, .body = "row"}, "too_busy", REPLY_TOO_BUSY);
    assert_true(fake.replies[fake.reply_count - 1].header.retry_after_ms > 0);
    fake_door_expect_at_once(&fake, &(struct fake_ask){0}, "too_busy", REPLY_TOO_BUSY);
    assert_int_equal(fake.append_count, 0);
}

/* 1,000 per second: a second's worth at once, then one for each millisecond. */
static void a_system_asks_no_faster_than_agreed(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 1000; i++) fake_door_do(&fake, &(struct fake_ask){.method = FAKE_ASK, .body = "none"});
    assert_string_equal(fake.told_outcome, "not_found");
    fake_door_expect_at_once(&fake, &(struct fake_ask){.method = FAKE_ASK}, "rate_limited", REPLY_TOO_BUSY);
    assert_int_equal(fake.replies[fake.reply_count - 1].header.retry_after_ms, 1);
    fake_door_expect_at_once(&fake, &(struct fake_ask){.method = FAKE_ASK, .system = FAKE_OTHER}, "not_found",
                             REPLY_NOT_FOUND);
    fake_door_pass(&fake, 2);
    for (uint32_t i = 0; i < 2; i++) {
        fake_door_expect_at_once(&fake, &(struct fake_ask){.method = FAKE_ASK}, "not_found", REPLY_NOT_FOUND);
    }
    fake_door_expect_at_once(&fake, &(struct fake_ask){.method = FAKE_ASK}, "rate_limited", REPLY_TOO_BUSY);
    fake_door_pass(&fake, 700);
    fake_door_pass(&fake, 700);
    uint32_t before = fake.reply_count;
    for (uint32_t i = 0; i < 1001; i++) fake_door_do(&fake, &(struct fake_ask){.method = FAKE_ASK});
    for (uint32_t i = before; i < before + 1000; i++) assert_string_equal(fake.replies[i].outcome, "not_found");
    assert_string_equal(fake.replies[before + 1000].outcome,
                        "rate_limited"); /* a long rest saves no more than a second */
}

static void a_slow_rate_still_flows(void **state) {
    (void)state;
    fake.policy.systems[0].per_second_max = 3;
    door_set_policy(fake.door, &fake.policy);
    for (uint32_t i = 0; i < 3; i++) fake_door_do(&fake, &(struct fake_ask){.method = FAKE_ASK});
    fake_door_expect_at_once(&fake, &(struct fake_ask){.method = FAKE_ASK}, "rate_limited", REPLY_TOO_BUSY);
    assert_int_equal(fake.replies[fake.reply_count - 1].header.retry_after_ms, 334);
    for (uint32_t i = 0; i < 333; i++) fake_door_pass(&fake, 1);
    fake_door_expect_at_once(&fake, &(struct fake_ask){.method = FAKE_ASK}, "rate_limited", REPLY_TOO_BUSY);
    fake_door_pass(&fake, 1);
    fake_door_expect_at_once(&fake, &(struct fake_ask){.method = FAKE_ASK}, "not_found", REPLY_NOT_FOUND);
}

static void a_draining_door_takes_nothing_new_in(void **state) {
    (void)state;
    uint32_t running = fake_door_do(&fake, &(struct fake_ask){0});
    door_drain(fake.door);
    fake_door_expect_at_once(&fake, &(struct fake_ask){0}, "draining", REPLY_UNAVAILABLE);
    fake_door_expect_at_once(&fake, &(struct fake_ask){.method = FAKE_ASK}, "draining", REPLY_UNAVAILABLE);
    assert_int_equal(door_in_flight(fake.door), 1);
    fake_door_decide(&fake, 0, OUTCOME_OK, "done", 11, 101);
    fake_door_expect(&fake, running, "ok", REPLY_OK);
    assert_int_equal(door_in_flight(fake.door), 0);
}

static void an_abandoned_door_still_answers(void **state) {
    (void)state;
    uint32_t command = fake_door_do(&fake, &(struct fake_ask){0});
    uint32_t query = fake_door_do(&fake, &(struct fake_ask){.method = FAKE_ASK, .min_position = 99});
    door_drain(fake.door);
    door_abandon(fake.door);
    fake_door_expect(&fake, command, "unknown_outcome", REPLY_UNKNOWN_OUTCOME);
    fake_door_expect(&fake, query, "draining", REPLY_UNAVAILABLE);
    assert_int_equal(door_in_flight(fake.door), 0);
}

/* A journal that was cut: what the store shows may be lost. */
static void a_shut_door_tells_nothing_of_its_store(void **state) {
    (void)state;
    uint32_t command = fake_door_do(&fake, &(struct fake_ask){0});
    uint32_t query = fake_door_do(&fake, &(struct fake_ask){.method = FAKE_ASK, .min_position = 99});
    door_shut(fake.door);
    fake_door_expect(&fake, command, "unknown_outcome", REPLY_UNKNOWN_OUTCOME);
    fake_door_expect(&fake, query, "unavailable", REPLY_UNAVAILABLE);
    fake_door_expect_at_once(&fake, &(struct fake_ask){0}, "unavailable", REPLY_UNAVAILABLE);
    fake_door_expect_at_once(&fake, &(struct fake_ask){.method = FAKE_ASK}, "unavailable", REPLY_UNAVAILABLE);
    assert_int_equal(fake.append_count, 1);
    assert_int_equal(door_in_flight(fake.door), 0);
}

static void a_new_policy_counts_what_is_in_flight(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 4; i++) fake_door_do(&fake, &(struct fake_ask){0});
    struct policy *policy = malloc(sizeof *policy);
    assert_non_null(policy);
    /* The new one moves the others to other places. */
    fake_door_policy(policy, "system 000-new { " FAKE_SYSTEM_ROWS "; methods t/* }\n"
                             "system " FAKE_SYSTEM " { " FAKE_SYSTEM_ROWS "; methods t/* }\n"
                             "system " FAKE_OTHER " { " FAKE_SYSTEM_ROWS "; methods t/* }\n");
    door_set_policy(fake.door, policy);
    fake_door_expect_at_once(&fake, &(struct fake_ask){0}, "too_busy", REPLY_TOO_BUSY);
    fake_door_do(&fake, &(struct fake_ask){.system = "000-new"});
    assert_int_equal(door_in_flight(fake.door), 5);
    fake_door_decide(&fake, 0, OUTCOME_OK, "done", 11, 101);
    fake_door_do(&fake, &(struct fake_ask){0});
    assert_int_equal(door_in_flight(fake.door), 5);
    /* The others are gone; their requests are still answered. */
    fake_door_policy(policy, "system 000-new { " FAKE_SYSTEM_ROWS "; methods t/* }\n");
    door_set_policy(fake.door, policy);
    fake_door_expect_at_once(&fake, &(struct fake_ask){0}, "denied", REPLY_DENIED);
    for (uint32_t i = 1; i < fake.append_count; i++) fake_door_decide(&fake, i, OUTCOME_OK, "done", 11 + i, 101 + i);
    assert_int_equal(door_in_flight(fake.door), 0);
    door_set_policy(fake.door, &fake.policy);
    free(policy);
}

/* No two rules at once: each neighbour of a request that fails several is refused by the one that comes first. */
static void the_first_rule_that_fails_names_the_refusal(void **state) {
    (void)state;
    char large[1024 + 2];
    memset(large, 'b', sizeof large);
    large[1024 + 1] = '\0';
    const char *undo = "bhr.test.v1.TestService/Undo";
    for (uint32_t i = 0; i < 4; i++) fake_door_do(&fake, &(struct fake_ask){0});
    fake_door_expect_at_once(&fake,
                             &(struct fake_ask){.system = "stranger", .method = undo, .deadline_ms = 1, .body = large},
                             "denied", REPLY_DENIED);
    fake_door_expect_at_once(&fake, &(struct fake_ask){.method = undo, .deadline_ms = 1, .body = large},
                             "unknown_method", REPLY_INVALID);
    fake_door_expect_at_once(&fake, &(struct fake_ask){.method = FAKE_SECRET, .deadline_ms = 1, .body = large},
                             "denied", REPLY_DENIED);
    fake_door_expect_at_once(&fake, &(struct fake_ask){.deadline_ms = 1, .body = large}, "deadline_passed",
                             REPLY_INVALID);
    fake_door_expect_at_once(&fake, &(struct fake_ask){.body = large}, "request_too_large", REPLY_INVALID);
    fake_door_expect_at_once(&fake, &(struct fake_ask){.body = "bad"}, "too_busy", REPLY_TOO_BUSY);
    fake_door_decide(&fake, 0, OUTCOME_OK, "done", 11, 101);
    fake_door_expect_at_once(&fake, &(struct fake_ask){.body = "bad"}, "invalid", REPLY_INVALID);
    door_drain(fake.door);
    fake_door_expect_at_once(&fake, &(struct fake_ask){.system = "stranger"}, "draining", REPLY_UNAVAILABLE);
}

static void the_step_says_when_it_wants_to_be_called_again(void **state) {
    (void)state;
    assert_int_equal(door_step(fake.door), 1000);
    fake_door_ask(&fake, &(struct fake_ask){.deadline_ms = FAKE_WALL_MS + 300});
    assert_int_equal(door_step(fake.door), 50); /* reports wake nobody */
    fake_door_ask(&fake, &(struct fake_ask){.deadline_ms = FAKE_WALL_MS + 50000});
    assert_int_equal(door_step(fake.door), 50);
    fake.monotonic_ms += 270;
    assert_int_equal(door_step(fake.door), 30);
    fake.monotonic_ms += 30;
    assert_int_equal(door_step(fake.door), 50);
    assert_int_equal(fake.reply_count, 1);
}

static void a_step_does_a_bounded_amount_of_work(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 300; i++) fake_door_ask(&fake, &(struct fake_ask){.method = FAKE_ASK});
    assert_int_equal(door_step(fake.door), 0);
    assert_int_equal(fake.reply_count, 128);
    assert_int_equal(door_step(fake.door), 0);
    assert_int_equal(door_step(fake.door), 1000);
    assert_int_equal(fake.reply_count, 300);
}

static void the_listener_is_told_of_every_reply(void **state) {
    (void)state;
    fake_door_do(&fake, &(struct fake_ask){0});
    fake.monotonic_ms += 7;
    fake_door_decide(&fake, 0, FAKE_OUTCOME_TAKEN, "", 11, 101);
    assert_int_equal(fake.told_count, 1);
    assert_string_equal(fake.told_system, FAKE_SYSTEM);
    assert_string_equal(fake.told_method, FAKE_DO);
    assert_string_equal(fake.told_outcome, "slot_taken");
    assert_int_equal(fake.told_took_ms, 7);
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
        TEST(a_header_that_cannot_be_read_is_answered),
        TEST(a_bad_header_keeps_its_request_id_where_possible),
        TEST(an_nhs_number_in_a_header_is_refused),
        TEST(a_system_that_the_policy_does_not_name_is_denied),
        TEST(a_method_that_nobody_has_is_unknown),
        TEST(a_method_that_the_policy_does_not_allow_is_denied),
        TEST(a_deadline_that_has_passed_is_refused),
        TEST(deadlines_are_kept_within_limits_and_stamped),
        TEST(a_body_over_the_limit_is_refused),
        TEST(a_system_has_so_many_requests_in_flight),
        TEST(a_system_that_floods_leaves_room_for_others),
        TEST(what_is_beyond_a_systems_share_is_told_too_busy),
        TEST(a_system_asks_no_faster_than_agreed),
        TEST(a_slow_rate_still_flows),
        TEST(a_draining_door_takes_nothing_new_in),
        TEST(an_abandoned_door_still_answers),
        TEST(a_shut_door_tells_nothing_of_its_store),
        TEST(a_new_policy_counts_what_is_in_flight),
        TEST(the_first_rule_that_fails_names_the_refusal),
        TEST(the_step_says_when_it_wants_to_be_called_again),
        TEST(a_step_does_a_bounded_amount_of_work),
        TEST(the_listener_is_told_of_every_reply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
