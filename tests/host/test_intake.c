/* The intake record by record: what is done and when the group hears of it, what pauses a lane, what is noted in the
 * command log and how (lib/host/intake.h). */
#include "tests/host/intake_world.h"

static struct intake_world world;

static int64_t committed(uint32_t topic) {
    fake_intake_commit(&world.group);
    return world.topics.topics[topic].committed;
}

static struct intake_asked ask(const char *body) {
    struct intake_asked asked;
    assert_true(world_ask(&world, &asked));
    assert_string_equal(asked.body, body);
    return asked;
}

static void ask_nothing(void) {
    struct intake_asked asked;
    assert_false(world_ask(&world, &asked));
}

static void decide(const struct intake_asked *asked) {
    world_reply(&world, asked, REPLY_OK, "ok", "", 7, false, 0);
}

static void a_record_is_a_request(void **state) {
    (void)state;
    ask_nothing();
    world_put(&world, 0, "order-1", "a");
    world_give(&world, 0);
    struct intake_asked asked = ask("a");
    assert_string_equal(asked.system, "111-nel");
    assert_string_equal(asked.method, "bhr.booking.v1.BookingService/Book");
    assert_string_equal(asked.correlation, "order-1");
    assert_int_equal(asked.deadline_ms, INTAKE_WALL_MS + 60000);
    assert_int_equal(intake_look(world.intake).waiting, 1);
    assert_int_equal(committed(0), 0);
    decide(&asked);
    world_pass(&world, 0);
    assert_int_equal(committed(0), 1);
    assert_int_equal(world.results[INTAKE_DECIDED], 1);
    assert_int_equal(intake_look(world.intake).waiting, 0);
    assert_int_equal(world.note_count, 0);
}

/* The door is handed the token each time, and says no when it has run out while the record lay there. */
static void a_users_token_comes_along(void **state) {
    (void)state;
    const char *const headers[INTAKE_HEADER_COUNT] = {
        [INTAKE_HEADER_TYPE] = INTAKE_BOOK, [INTAKE_HEADER_ID] = "order-1", [INTAKE_HEADER_USER_TOKEN] = "a.b.c"};
    fake_request_put(&world.topics, 0, 0, world.wall_ms, headers, "a");
    world_put(&world, 0, "order-2", "b");
    world_give(&world, 0);
    struct intake_asked asked = ask("a");
    assert_string_equal(asked.user_token, "a.b.c");
    assert_string_equal(asked.correlation, "order-1");
    world_reply(&world, &asked, REPLY_TOO_BUSY, "too_busy", "", 0, false, 100);
    world_pass(&world, 100);
    asked = ask("a");
    assert_string_equal(asked.user_token, "a.b.c");
    world_reply(&world, &asked, REPLY_DENIED, "user_token_refused", "token_expired: expected another", 0, false, 0);
    world_pass(&world, 0);
    assert_string_equal(world_header(&world.notes[0], COMMAND_HEADER_REFUSED), "user_token_refused");
    for (uint32_t i = 0; i < world.notes[0].header_count; i++) { /* it is nobody else's to see */
        assert_null(strstr(world.notes[0].values[i], "a.b.c"));
    }
    asked = ask("b");
    assert_string_equal(asked.user_token, "");
    decide(&asked);
}

static void what_is_done_is_told_in_order(void **state) {
    (void)state;
    struct intake_asked asked[3];
    static const char *const bodies[] = {"a", "b", "c"};
    for (int i = 0; i < 3; i++) world_put(&world, 0, "x", bodies[i]);
    world_give(&world, 0);
    for (int i = 0; i < 3; i++) asked[i] = ask(bodies[i]);
    static const int order[] = {2, 0, 1};
    static const int64_t expected[] = {0, 1, 3};
    for (int i = 0; i < 3; i++) {
        decide(&asked[order[i]]);
        world_pass(&world, 0);
        assert_int_equal(committed(0), expected[i]);
    }
}

static void only_so_many_are_in_flight(void **state) {
    (void)state;
    struct intake_asked asked = {0};
    for (int i = 0; i < 20; i++) world_put(&world, 0, "x", "a");
    world_put(&world, 1, "x", "other");
    world_give(&world, 0);
    for (int i = 0; i < 8; i++) asked = ask("a");
    ask_nothing();
    world_give(&world, 1); /* another lane has its own room */
    (void)ask("other");
    decide(&asked);
    ask_nothing(); /* it is the first of its lane that makes room */
}

static void lanes_take_turns(void **state) {
    (void)state;
    for (int i = 0; i < 4; i++) world_put(&world, 0, "x", "a");
    for (int i = 0; i < 4; i++) world_put(&world, 1, "x", "b");
    world_give(&world, 0);
    world_give(&world, 1);
    for (int i = 0; i < 4; i++) {
        (void)ask("a");
        (void)ask("b");
    }
}

static void what_cannot_be_now_pauses_its_lane_alone(void **state) {
    (void)state;
    static const struct {
        enum reply_status status;
        const char *outcome;
        int64_t retry_after_ms, paused_ms;
    } rows[] = {{REPLY_TOO_BUSY, "too_busy", 100, 100},        {REPLY_TOO_BUSY, "rate_limited", 900, 900},
                {REPLY_TOO_BUSY, "rate_limited", 60000, 5000}, {REPLY_UNAVAILABLE, "unavailable", 0, 200},
                {REPLY_IN_PROGRESS, "in_progress", 0, 200},    {REPLY_UNKNOWN_OUTCOME, "unknown_outcome", 0, 200},
                {REPLY_UNAVAILABLE, "draining", 0, 200}};
    world_give(&world, 0);
    world_give(&world, 1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        world_put(&world, 0, "x", "a");
        world_put(&world, 0, "x", "behind it");
        struct intake_asked asked = ask("a");
        struct uuid id = asked.id;
        world_reply(&world, &asked, rows[i].status, rows[i].outcome, "", 0, false, rows[i].retry_after_ms);
        ask_nothing();
        world_put(&world, 1, "x", "other");
        asked = ask("other");
        decide(&asked);
        world_pass(&world, rows[i].paused_ms - 1);
        ask_nothing();
        world_pass(&world, 1);
        asked = ask("a"); /* the same again, under the same id, before what stands behind it */
        assert_true(uuid_equal(asked.id, id));
        assert_int_equal(asked.deadline_ms, world.wall_ms + 60000);
        decide(&asked);
        asked = ask("behind it");
        decide(&asked);
        world_pass(&world, 0);
        assert_int_equal(committed(0), 2 * (int64_t)(i + 1));
    }
    assert_int_equal(world.note_count, 0);
    assert_int_equal(world.refusals, 0);
}

static void a_refusal_is_noted_before_it_is_done(void **state) {
    (void)state;
    world_put(&world, 0, "order-1", "a");
    world_give(&world, 0);
    struct intake_asked asked = ask("a");
    world_reply(&world, &asked, REPLY_DENIED, "denied", "method: expected another", 0, false, 0);
    world_pass(&world, 0);
    assert_int_equal(world.note_count, 1);
    const struct intake_note *note = &world.notes[0];
    char id[UUID_TEXT_SIZE + 1] = {0};
    uuid_format(asked.id, id);
    assert_string_equal(note->topic, "bhr.booking.command.v1");
    assert_int_equal(note->value_size, 0);
    assert_string_equal(world_header(note, COMMAND_HEADER_SOURCE), "111-nel");
    assert_string_equal(world_header(note, COMMAND_HEADER_ID), id);
    assert_int_equal(strlen(world_header(note, COMMAND_HEADER_DIGEST)), 32);
    assert_string_equal(world_header(note, COMMAND_HEADER_METHOD), "Book");
    assert_string_equal(world_header(note, COMMAND_HEADER_CORRELATION), "order-1");
    assert_string_equal(world_header(note, COMMAND_HEADER_REFUSED), "denied");
    assert_string_equal(world_header(note, COMMAND_HEADER_DETAIL), "method: expected another");
    assert_int_equal(committed(0), 0);
    world_report_note(&world, 0, TOPIC_DELIVERED);
    world_pass(&world, 0);
    assert_int_equal(committed(0), 1);
    assert_int_equal(world.results[INTAKE_REFUSED], 1);
}

static void what_is_repeated_is_noted_without_a_value(void **state) {
    (void)state;
    world_put(&world, 0, "order-1", "a");
    world_give(&world, 0);
    struct intake_asked asked = ask("a");
    world_reply(&world, &asked, REPLY_REFUSED, "slot_taken", "", 5, true, 0);
    world_pass(&world, 0);
    assert_int_equal(world.note_count, 1);
    assert_int_equal(world.notes[0].value_size, 0);
    assert_string_equal(world_header(&world.notes[0], COMMAND_HEADER_REFUSED), "");
    assert_string_equal(world_header(&world.notes[0], COMMAND_HEADER_CORRELATION), "order-1");
    assert_int_equal(committed(0), 0);
    world_report_note(&world, 0, TOPIC_DELIVERED);
    world_pass(&world, 0);
    assert_int_equal(committed(0), 1);
    assert_int_equal(world.results[INTAKE_REPEATED], 1);
}

/* A note that is not known to stand is appended again, until it is. */
static void a_note_that_does_not_stand_is_written_again(void **state) {
    (void)state;
    world_put(&world, 0, "order-1", "a");
    world_give(&world, 0);
    struct intake_asked asked = ask("a");
    world.append_status = STATUS_FULL;
    world_reply(&world, &asked, REPLY_INVALID, "invalid", "", 0, false, 0);
    world_pass(&world, 0);
    world_pass(&world, 150);
    assert_int_equal(world.note_count, 0);
    world.append_status = STATUS_OK;
    world_pass(&world, 60);
    assert_int_equal(world.note_count, 1);
    world_report_note(&world, 0, TOPIC_UNCERTAIN);
    world_pass(&world, 1);
    world_pass(&world, 200);
    assert_int_equal(world.note_count, 2);
    world_pass(&world, 9999); /* no report at all */
    assert_int_equal(world.note_count, 2);
    world_pass(&world, 1);
    assert_int_equal(world.note_count, 3);
    assert_int_equal(committed(0), 0);
    world_report_note(&world, 2, TOPIC_DELIVERED);
    world_report_note(&world, 1, TOPIC_DELIVERED); /* late, and of no use */
    world_pass(&world, 0);
    assert_int_equal(committed(0), 1);
    assert_int_equal(world.results[INTAKE_REFUSED], 1);
}

static void what_cannot_be_read_is_refused_without_the_door(void **state) {
    (void)state;
    const char *const headers[INTAKE_HEADER_COUNT] = {[INTAKE_HEADER_TYPE] = INTAKE_BOOK};
    (void)fake_request_put(&world.topics, 0, 0, world.wall_ms, headers, "a");
    world_put(&world, 0, "order-2", "b");
    world_give(&world, 0);
    (void)ask("b");
    world_pass(&world, 0);
    assert_int_equal(world.note_count, 1);
    assert_string_equal(world_header(&world.notes[0], COMMAND_HEADER_REFUSED), "invalid");
    assert_int_equal(strncmp(world_header(&world.notes[0], COMMAND_HEADER_DETAIL), "ce_id:", 6), 0);
}

static void refusals_above_their_rate_are_dropped_per_topic(void **state) {
    (void)state;
    const char *const headers[INTAKE_HEADER_COUNT] = {[INTAKE_HEADER_ID] = "x"};
    for (int i = 0; i < 30; i++) (void)fake_request_put(&world.topics, 0, 0, world.wall_ms, headers, "no type");
    (void)fake_request_put(&world.topics, 1, 0, world.wall_ms, headers, "no type");
    world_give(&world, 0);
    world_give(&world, 1);
    for (int i = 0; i < 20; i++) {
        ask_nothing();
        world_pass(&world, 0);
        for (uint32_t n = 0; n < world.note_count; n++) {
            if (!world.notes[n].is_reported) world_report_note(&world, n, TOPIC_DELIVERED);
        }
    }
    world_pass(&world, 0);
    assert_int_equal(committed(0), 30);
    assert_int_equal(committed(1), 1);
    assert_int_equal(world.results[INTAKE_REFUSED], 10 + 1);
    assert_int_equal(world.results[INTAKE_DROPPED], 20);
    assert_int_equal(world.refusals, 31); /* each is logged */
    (void)fake_request_put(&world.topics, 0, 0, world.wall_ms, headers, "no type");
    world_pass(&world, 100); /* a tenth of a second: one more */
    ask_nothing();
    world_pass(&world, 0);
    assert_int_equal(world.note_count, 12);
}

static void a_lane_that_is_taken_away_is_forgotten(void **state) {
    (void)state;
    world_put(&world, 0, "x", "a");
    world_put(&world, 0, "x", "b");
    world_give(&world, 0);
    struct intake_asked first = ask("a"), second = ask("b");
    decide(&first);
    world_pass(&world, 0);
    fake_intake_take(&world.group, 0);
    world_pass(&world, 0);
    assert_int_equal(world.topics.topics[0].committed, 1);
    assert_int_equal(intake_look(world.intake).waiting, 0);
    decide(&second); /* too late: somebody else asks again */
    world_pass(&world, 0);
    world_give(&world, 0);
    struct intake_asked again = ask("b");
    assert_true(uuid_equal(again.id, second.id));
    assert_true(digest_equal(again.digest, second.digest));
    decide(&second); /* nor does the old reply count for the new lane */
    world_pass(&world, 0);
    assert_int_equal(committed(0), 1);
    decide(&again);
    world_pass(&world, 0);
    assert_int_equal(committed(0), 2);
    assert_int_equal(world.moves, 3);
}

static void after_leaving_nothing_is_touched(void **state) {
    (void)state;
    world_put(&world, 0, "x", "a");
    world_put(&world, 0, "x", "b");
    world_give(&world, 0);
    struct intake_asked asked = ask("a");
    decide(&asked);
    intake_leave(world.intake);
    assert_int_equal(committed(0), 1); /* what is done is told at the last moment */
    ask_nothing();
    world.ports.topics.context = NULL;
    assert_true(intake_step(world.intake) > 0);
    decide(&asked);
    assert_int_equal(intake_look(world.intake).lanes, 0);
}

static void draining_takes_nothing_more(void **state) {
    (void)state;
    world_put(&world, 0, "x", "a");
    world_put(&world, 0, "x", "b");
    world_give(&world, 0);
    struct intake_asked asked = ask("a");
    intake_drain(world.intake);
    ask_nothing();
    decide(&asked);
    world_pass(&world, 0);
    assert_int_equal(committed(0), 1);
}

static void notes_go_to_the_generation_that_is_read(void **state) {
    (void)state;
    intake_set_generation(world.intake, 2);
    world_put(&world, 0, "x", "a");
    world_give(&world, 0);
    struct intake_asked asked = ask("a");
    world_reply(&world, &asked, REPLY_INVALID, "invalid", "", 0, false, 0);
    world_pass(&world, 0);
    assert_string_equal(world.notes[0].topic, "bhr.booking.command.v1.g2");
}

static int set_up(void **state) {
    (void)state;
    world_init(&world, 2);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    world_fini(&world);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_record_is_a_request),
        TEST(a_users_token_comes_along),
        TEST(what_is_done_is_told_in_order),
        TEST(only_so_many_are_in_flight),
        TEST(lanes_take_turns),
        TEST(what_cannot_be_now_pauses_its_lane_alone),
        TEST(a_refusal_is_noted_before_it_is_done),
        TEST(what_is_repeated_is_noted_without_a_value),
        TEST(a_note_that_does_not_stand_is_written_again),
        TEST(what_cannot_be_read_is_refused_without_the_door),
        TEST(refusals_above_their_rate_are_dropped_per_topic),
        TEST(a_lane_that_is_taken_away_is_forgotten),
        TEST(after_leaving_nothing_is_touched),
        TEST(draining_takes_nothing_more),
        TEST(notes_go_to_the_generation_that_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
