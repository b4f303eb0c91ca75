/* What becomes of a command that was written: whatever is heard of it, from the log, the replica, Redis or the
 * clock, in any order, leads to exactly one reply (journal.md section 5, design section 5 "Reply routing"). */
#include "tests/support/cmocka.h"
#include "tests/support/fake_door.h"

static struct fake_door fake;

/* News about an id with a digest of the test's choice; no row, no commit. */
static void answered(struct uuid id, struct digest digest, uint32_t outcome, bool is_repeat) {
    struct replica_answer news = {
        .source = slice_text(FAKE_SYSTEM),
        .command_id = id,
        .command_digest = digest,
        .outcome = outcome,
        .is_repeat = is_repeat,
        .answer = slice_text("an answer"),
        .detail = slice_text("a detail"),
        .number = 12,
    };
    door_answered(fake.door, &news);
}

static void the_outcome_is_told_when_it_is_in_the_store(void **state) {
    (void)state;
    uint32_t done = fake_door_do(&fake, &(struct fake_ask){0}), taken = fake_door_do(&fake, &(struct fake_ask){0});
    fake_door_report(&fake, 0, TOPIC_DELIVERED, 100);
    door_step(fake.door);
    fake_door_expect_none(&fake, done); /* a delivery report is a hint, never an answer */
    fake_door_decide(&fake, 0, OUTCOME_OK, "booked", 11, 101);
    const struct fake_reply *reply = fake_door_expect(&fake, done, "ok", REPLY_OK);
    assert_int_equal(reply->header.position, 11);
    assert_false(reply->header.repeated_answer);
    assert_int_equal(reply->body_size, 6);
    assert_memory_equal(reply->body, "booked", 6);
    fake_door_expect_none(&fake, taken);
    fake_door_decide(&fake, 1, FAKE_OUTCOME_TAKEN, "", 12, 102);
    assert_string_equal(fake_door_expect(&fake, taken, "slot_taken", REPLY_REFUSED)->message, "somebody else has it");
    assert_int_equal(door_in_flight(fake.door), 0);
}

static void a_refused_append_is_told_at_once(void **state) {
    (void)state;
    uint32_t request = fake_door_do(&fake, &(struct fake_ask){0});
    fake_door_report(&fake, 0, TOPIC_REFUSED, -1);
    door_step(fake.door);
    fake_door_expect(&fake, request, "unavailable", REPLY_UNAVAILABLE);
    assert_int_equal(door_in_flight(fake.door), 0);
}

static void an_uncertain_append_waits_for_the_truth(void **state) {
    (void)state;
    uint32_t landed = fake_door_do(&fake, &(struct fake_ask){0}), lost = fake_door_do(&fake, &(struct fake_ask){0});
    fake_door_report(&fake, 0, TOPIC_UNCERTAIN, -1);
    fake_door_report(&fake, 1, TOPIC_UNCERTAIN, -1);
    door_step(fake.door);
    fake_door_expect_none(&fake, landed);
    fake_door_decide(&fake, 0, OUTCOME_OK, "done", 11, 500);
    fake_door_expect(&fake, landed, "ok", REPLY_OK);
    fake_door_expect_none(&fake, lost);
    fake_door_pass(&fake, 4999);
    fake_door_expect_none(&fake, lost);
    fake_door_pass(&fake, 1);
    fake_door_expect(&fake, lost, "unknown_outcome", REPLY_UNKNOWN_OUTCOME);
}

static void only_an_answer_with_source_id_and_digest_is_ours(void **state) {
    (void)state;
    struct uuid id = fake_door_id(&fake);
    struct digest ours = fake_door_digest(FAKE_DO, "body"), theirs = fake_door_digest(FAKE_DO, "other");
    uint32_t request = fake_door_do(&fake, &(struct fake_ask){.id = id});
    answered(fake_door_id(&fake), ours, OUTCOME_OK, false);
    struct replica_answer news = {.command_id = id, .command_digest = ours, .outcome = OUTCOME_OK, .number = 12};
    news.source = slice_text(FAKE_OTHER);
    door_answered(fake.door, &news);
    answered(id, theirs, OUTCOME_OK, false); /* the same id with other content came first, through another door */
    fake_door_expect_none(&fake, request);
    answered(id, ours, OUTCOME_ID_REUSED, false); /* then our copy was decided */
    const struct fake_reply *reply = fake_door_expect(&fake, request, "id_reused", REPLY_REFUSED);
    assert_string_equal(reply->detail, "a detail");
    answered(id, ours, OUTCOME_OK, false);
    assert_int_equal(fake.reply_count, 1);
}

static void an_entry_that_repeats_is_marked(void **state) {
    (void)state;
    struct uuid id = fake_door_id(&fake);
    uint32_t request = fake_door_do(&fake, &(struct fake_ask){.id = id});
    answered(id, fake_door_digest(FAKE_DO, "body"), OUTCOME_OK, true);
    assert_true(fake_door_expect(&fake, request, "ok", REPLY_OK)->header.repeated_answer);
}

static void an_outcome_of_a_newer_version_is_not_guessed(void **state) {
    (void)state;
    struct uuid id = fake_door_id(&fake);
    uint32_t request = fake_door_do(&fake, &(struct fake_ask){.id = id});
    answered(id, fake_door_digest(FAKE_DO, "body"), 999, false);
    fake_door_expect(&fake, request, "unknown_outcome", REPLY_UNKNOWN_OUTCOME);
    assert_int_equal(fake.alarm_count, 1);
}

/* The next decision starts beyond the command and the store does not know its id: it will never be decided. */
static void a_command_that_was_passed_over_is_told(void **state) {
    (void)state;
    uint32_t request = fake_door_do(&fake, &(struct fake_ask){0});
    fake_door_report(&fake, 0, TOPIC_DELIVERED, 150);
    door_step(fake.door);
    door_committed(fake.door, 11, (struct position){.offset = 150});
    fake_door_expect_none(&fake, request); /* 150 is the next to be decided */
    door_committed(fake.door, 12, (struct position){.offset = 151});
    fake_door_expect(&fake, request, "unavailable", REPLY_UNAVAILABLE);
    assert_int_equal(door_in_flight(fake.door), 0);
}

static void a_late_report_of_a_passed_command_is_judged_as_well(void **state) {
    (void)state;
    struct uuid id = fake_door_id(&fake), reused = fake_door_id(&fake);
    struct digest digest = fake_door_digest(FAKE_DO, "body");
    uint32_t gone = fake_door_do(&fake, &(struct fake_ask){0}),
             kept = fake_door_do(&fake, &(struct fake_ask){.id = id});
    uint32_t others = fake_door_do(&fake, &(struct fake_ask){.id = reused});
    door_committed(fake.door, 12, (struct position){.offset = 200});
    fake_door_put_answer(&fake, FAKE_SYSTEM, id, digest, FAKE_OUTCOME_TAKEN, "first", 11);
    fake_door_put_answer(&fake, FAKE_SYSTEM, reused, fake_door_digest(FAKE_DO, "other"), OUTCOME_OK, "first", 12);
    for (uint32_t i = 0; i < 3; i++) fake_door_report(&fake, i, TOPIC_DELIVERED, 150 + i);
    door_step(fake.door);
    fake_door_expect(&fake, gone, "unavailable", REPLY_UNAVAILABLE);
    assert_true(fake_door_expect(&fake, kept, "slot_taken", REPLY_REFUSED)->header.repeated_answer);
    fake_door_expect(&fake, others, "id_reused", REPLY_REFUSED);
}

/* Reports may come out of order after a lost connection. */
static void passed_commands_are_found_whatever_the_order_of_reports(void **state) {
    (void)state;
    uint32_t requests[4];
    static const int64_t offsets[4] = {150, 130, 140, 120};
    for (uint32_t i = 0; i < 4; i++) requests[i] = fake_door_do(&fake, &(struct fake_ask){0});
    for (uint32_t i = 0; i < 4; i++) fake_door_report(&fake, i, TOPIC_DELIVERED, offsets[i]);
    door_step(fake.door);
    door_committed(fake.door, 11, (struct position){.offset = 131});
    fake_door_expect(&fake, requests[1], "unavailable", REPLY_UNAVAILABLE);
    fake_door_expect(&fake, requests[3], "unavailable", REPLY_UNAVAILABLE);
    fake_door_expect_none(&fake, requests[0]);
    fake_door_expect_none(&fake, requests[2]);
    door_committed(fake.door, 12, (struct position){.offset = 151});
    assert_int_equal(door_in_flight(fake.door), 0);
}

static void commands_go_to_the_topic_of_the_current_generation(void **state) {
    (void)state;
    uint32_t unreported = fake_door_do(&fake, &(struct fake_ask){0});
    uint32_t reported = fake_door_do(&fake, &(struct fake_ask){0});
    fake_door_report(&fake, 1, TOPIC_DELIVERED, 900);
    door_step(fake.door);
    door_committed(fake.door, 11, (struct position){.generation = 2, .offset = 0});
    fake_door_expect(&fake, unreported, "unavailable",
                     REPLY_UNAVAILABLE); /* the topic it was written to is never decided again */
    fake_door_expect(&fake, reported, "unavailable", REPLY_UNAVAILABLE);
    uint32_t next = fake_door_do(&fake, &(struct fake_ask){0});
    assert_string_equal(fake.appends[2].topic, "bhr.test.command.v1.g2");
    fake_door_report(&fake, 2, TOPIC_DELIVERED, 5);
    door_step(fake.door);
    fake_door_expect_none(&fake, next);
    door_committed(fake.door, 12, (struct position){.generation = 2, .offset = 6});
    fake_door_expect(&fake, next, "unavailable", REPLY_UNAVAILABLE);
}

static void the_deadline_is_answered_and_never_twice(void **state) {
    (void)state;
    struct uuid id = fake_door_id(&fake);
    uint32_t request = fake_door_do(&fake, &(struct fake_ask){.id = id, .deadline_ms = FAKE_WALL_MS + 250});
    fake_door_pass(&fake, 249);
    fake_door_expect_none(&fake, request);
    fake.wall_ms -= 3600 * 1000; /* a jump of the wall clock changes nothing */
    fake_door_pass(&fake, 1);
    fake_door_expect(&fake, request, "unknown_outcome", REPLY_UNKNOWN_OUTCOME);
    assert_int_equal(door_in_flight(fake.door), 0);
    fake.wall_ms = FAKE_WALL_MS + 300;
    fake_door_report(&fake, 0, TOPIC_REFUSED, -1);
    door_step(fake.door);
    fake_door_decide(&fake, 0, OUTCOME_OK, "done", 11, 101);
    assert_int_equal(fake_door_replies_to(&fake, request), 1);
    fake_door_expect_at_once(&fake, &(struct fake_ask){.id = id}, "ok",
                             REPLY_OK); /* asking again with the same id tells */
}

/* A slot is used again; news about its former use must not touch it. */
static void a_report_about_a_former_request_is_ignored(void **state) {
    (void)state;
    fake_door_do(&fake, &(struct fake_ask){0});
    fake_door_decide(&fake, 0, OUTCOME_OK, "done", 11, 101);
    uint32_t second = fake_door_do(&fake, &(struct fake_ask){0});
    assert_int_equal((uint32_t)fake.appends[0].token, (uint32_t)fake.appends[1].token);
    fake_door_report(&fake, 0, TOPIC_REFUSED, -1);
    fake.appends[0].token = UINT64_MAX;
    fake_door_report(&fake, 0, TOPIC_REFUSED, -1);
    door_step(fake.door);
    fake_door_expect_none(&fake, second);
}

static void expect_in_progress(uint32_t request) {
    assert_string_equal(fake_door_reply_to(&fake, request)->outcome, "in_progress");
}

static void reopen_with_cache(void) {
    fake_door_close(&fake);
    fake_door_init(&fake);
    fake_door_with_cache(&fake);
    fake_door_open(&fake);
}

static void a_slow_command_gets_a_marker_that_is_dropped_with_the_reply(void **state) {
    (void)state;
    reopen_with_cache();
    struct uuid id = fake_door_id(&fake);
    fake_door_do(&fake, &(struct fake_ask){.id = id, .deadline_ms = FAKE_WALL_MS + 700});
    fake_door_pass(&fake, 99);
    assert_int_equal(fake.marker_count, 0);
    fake_door_pass(&fake, 51);
    assert_int_equal(fake.marker_count, 1);
    fake_door_pass(&fake, 100);
    assert_int_equal(fake.marker_count, 1); /* one is enough */
    char key[256] = "bhr:inflight:test:" FAKE_SYSTEM ":";
    uuid_format(id, key + strlen(key));
    assert_string_equal(fake.markers[0].key, key);
    assert_string_equal(fake.markers[0].value, "test-1");
    assert_int_equal(fake.markers[0].ttl_ms, 550);
    assert_int_equal(fake.drop_count, 0);
    fake_door_decide(&fake, 0, OUTCOME_OK, "done", 11, 101);
    assert_int_equal(fake.drop_count, 1);
    fake.markers[0].answer(fake.markers[0].answer_context, fake.markers[0].token, CACHE_HELD_BY_OTHER);
    assert_int_equal(fake.reply_count, 1);
}

static void a_quick_command_asks_nothing_of_redis(void **state) {
    (void)state;
    reopen_with_cache();
    uint32_t request = fake_door_do(&fake, &(struct fake_ask){0});
    assert_int_equal(fake.append_count, 1);
    fake_door_pass(&fake, 99);
    fake_door_decide(&fake, 0, OUTCOME_OK, "done", 11, 101);
    fake_door_expect(&fake, request, "ok", REPLY_OK);
    fake_door_pass(&fake, 100);
    assert_int_equal(fake.marker_count, 0);
    assert_int_equal(fake.drop_count, 0);
}

static void a_marker_held_by_another_door_is_told_at_once(void **state) {
    (void)state;
    reopen_with_cache();
    uint32_t request = fake_door_do(&fake, &(struct fake_ask){0});
    fake_door_pass(&fake, 150);
    assert_int_equal(fake.marker_count, 1);
    const struct fake_marker *marker = &fake.markers[0];
    marker->answer(marker->answer_context, marker->token, CACHE_UNKNOWN);
    marker->answer(marker->answer_context, marker->token, CACHE_SET);
    fake_door_expect_none(&fake, request);
    marker->answer(marker->answer_context, marker->token, CACHE_HELD_BY_OTHER);
    fake_door_expect(&fake, request, "in_progress", REPLY_IN_PROGRESS);
    assert_int_equal(door_in_flight(fake.door), 0);
    fake_door_decide(&fake, 0, OUTCOME_OK, "done", 11, 101); /* its entry comes all the same */
    assert_int_equal(fake.reply_count, 1);
    fake.cache_answers_at_once = true; /* even from inside the call, to several in flight */
    uint32_t later[3];
    for (uint32_t i = 0; i < 3; i++) later[i] = fake_door_do(&fake, &(struct fake_ask){0});
    for (uint32_t i = 0; i < 3; i++) fake_door_pass(&fake, 100);
    for (uint32_t i = 0; i < 3; i++) expect_in_progress(later[i]);
    assert_int_equal(door_in_flight(fake.door), 0);
}

static void a_second_report_about_a_request_is_ignored(void **state) {
    (void)state;
    uint32_t request = fake_door_do(&fake, &(struct fake_ask){0});
    fake_door_report(&fake, 0, TOPIC_DELIVERED, 150);
    fake_door_report(&fake, 0, TOPIC_DELIVERED, 90);
    fake_door_report(&fake, 0, TOPIC_REFUSED, -1);
    door_step(fake.door);
    fake_door_expect_none(&fake, request);
    fake_door_decide(&fake, 0, OUTCOME_OK, "done", 11, 151);
    fake_door_expect(&fake, request, "ok", REPLY_OK);
}

static void without_redis_nothing_is_asked_of_it(void **state) {
    (void)state;
    reopen_with_cache();
    fake.cache_is_up = false;
    fake_door_do(&fake, &(struct fake_ask){0});
    fake_door_pass(&fake, 200);
    fake_door_decide(&fake, 0, OUTCOME_OK, "done", 11, 101);
    assert_int_equal(fake.marker_count, 0);
    assert_int_equal(fake.drop_count, 0);
    assert_int_equal(fake.reply_count, 1);
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
        TEST(the_outcome_is_told_when_it_is_in_the_store),
        TEST(a_refused_append_is_told_at_once),
        TEST(an_uncertain_append_waits_for_the_truth),
        TEST(only_an_answer_with_source_id_and_digest_is_ours),
        TEST(an_entry_that_repeats_is_marked),
        TEST(an_outcome_of_a_newer_version_is_not_guessed),
        TEST(a_command_that_was_passed_over_is_told),
        TEST(a_late_report_of_a_passed_command_is_judged_as_well),
        TEST(passed_commands_are_found_whatever_the_order_of_reports),
        TEST(commands_go_to_the_topic_of_the_current_generation),
        TEST(the_deadline_is_answered_and_never_twice),
        TEST(a_report_about_a_former_request_is_ignored),
        TEST(a_slow_command_gets_a_marker_that_is_dropped_with_the_reply),
        TEST(a_quick_command_asks_nothing_of_redis),
        TEST(a_marker_held_by_another_door_is_told_at_once),
        TEST(a_second_report_about_a_request_is_ignored),
        TEST(without_redis_nothing_is_asked_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
