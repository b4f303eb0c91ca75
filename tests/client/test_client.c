/* What the client does with every kind of answer and with none: against a dealer and a clock that the test holds in hand.
 * A script says how the server answers the first attempt, the second, and so on; its last line goes on for ever. */
#include "tests/client/world.h"

static struct client_call a_call(void) {
    return (struct client_call){.method = "bhr.booking.v1.BookingService/Book",
                                .body = slice_text("body"),
                                .correlation_id = slice_text("journey-7"),
                                .user_token = slice_text("a.b.c"),
                                .limit_ms = 5000,
                                .token = 77};
}

static struct client_result run(const struct line *script, size_t line_count) {
    world_begin(script, line_count, 1);
    const struct client_call call = a_call();
    struct client_result result;
    client_call(world.client, &call, &result);
    return result;
}

#define RUN(...)                                                                                                       \
    run((const struct line[]){__VA_ARGS__}, sizeof((const struct line[]){__VA_ARGS__}) / sizeof(struct line))
#define OK_LINE                                                                                                        \
    { ACT_REPLY, REPLY_OK, "ok", 0, 3 }

static void assert_same_id_every_time(void) {
    assert_true(world.attempts > 1);
    for (uint32_t i = 1; i < world.attempts; i++) {
        assert_true(uuid_equal(world.ids[i], world.ids[0]));
        assert_string_equal(world.bodies[i], world.bodies[0]);
    }
}

static void the_first_answer_is_handed_over(void **state) {
    (void)state;
    struct client_result result = RUN(OK_LINE);
    assert_int_equal(result.end, CLIENT_ANSWERED);
    assert_int_equal(result.status, REPLY_OK);
    assert_string_equal(result.outcome, "ok");
    assert_string_equal(result.message, "a sentence");
    assert_string_equal(result.detail, "a detail");
    assert_string_equal(result.answered_by, "booking-1");
    assert_int_equal(result.position, 42);
    assert_int_equal(result.attempts, 1);
    assert_int_equal(result.took_ms, 3);
    assert_int_equal(result.token, 77);
    assert_true(slice_equal(result.body, slice_text("answer body")));
    assert_true(uuid_is_v7(world.ids[0]));
    assert_string_equal(world.correlation, "journey-7");
    assert_true(world.has_user_token);
    assert_int_equal(world.deadlines_ms[0], WALL_START_MS + 5000);
}

static void every_last_word_ends_the_call(void **state) {
    (void)state;
    static const struct line words[] = {
        {ACT_REPLY, REPLY_REFUSED, "slot_taken", 0, 0},      {ACT_REPLY, REPLY_INVALID, "invalid", 0, 0},
        {ACT_REPLY, REPLY_DENIED, "denied", 0, 0},           {ACT_REPLY, REPLY_NOT_FOUND, "not_found", 0, 0},
        {ACT_REPLY, REPLY_UNAVAILABLE, "expired", 0, 0},     {ACT_REPLY, REPLY_UNAVAILABLE, "set_aside", 0, 0},
        {ACT_REPLY, REPLY_INVALID, "deadline_passed", 0, 0},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        struct client_result result = run(&words[i], 1);
        assert_int_equal(result.end, CLIENT_ANSWERED);
        assert_int_equal(result.status, words[i].status);
        assert_string_equal(result.outcome, words[i].outcome);
        assert_int_equal(world.attempts, 1);
    }
}

static void what_is_no_last_word_is_asked_again_with_the_same_id(void **state) {
    (void)state;
    static const struct line again[] = {
        {ACT_REPLY, REPLY_UNAVAILABLE, "unavailable", 0, 0},
        {ACT_REPLY, REPLY_UNAVAILABLE, "draining", 0, 0},
        {ACT_REPLY, REPLY_TOO_BUSY, "too_busy", 100, 0},
        {ACT_REPLY, REPLY_IN_PROGRESS, "in_progress", 0, 0},
        {ACT_REPLY, REPLY_UNKNOWN_OUTCOME, "unknown_outcome", 0, 0},
        {ACT_SILENT, 0, NULL, 0, 0},
    };
    for (size_t i = 0; i < sizeof again / sizeof again[0]; i++) {
        struct client_result result = RUN(again[i], OK_LINE);
        assert_int_equal(result.end, CLIENT_ANSWERED);
        assert_int_equal(result.status, REPLY_OK);
        assert_int_equal(result.attempts, 2);
        assert_same_id_every_time();
        /* The whole call has one deadline, not one per attempt. */
        assert_int_equal(world.deadlines_ms[1], world.deadlines_ms[0]);
    }
}

static void too_busy_waits_as_long_as_it_was_told(void **state) {
    (void)state;
    struct client_result result = RUN({ACT_REPLY, REPLY_TOO_BUSY, "too_busy", 700, 10}, OK_LINE);
    assert_int_equal(result.status, REPLY_OK);
    assert_int_equal(world.sent_at_ms[1] - world.sent_at_ms[0], 10 + 700);
}

static void too_busy_for_longer_than_the_limit_is_said_at_once(void **state) {
    (void)state;
    struct client_result result = RUN({ACT_REPLY, REPLY_TOO_BUSY, "rate_limited", 60000, 10});
    assert_int_equal(result.end, CLIENT_ANSWERED);
    assert_int_equal(result.status, REPLY_TOO_BUSY);
    assert_string_equal(result.outcome, "rate_limited");
    assert_int_equal(result.retry_after_ms, 60000);
    assert_int_equal(result.took_ms, 10);
}

static void silence_ends_at_the_limit_with_unknown_outcome(void **state) {
    (void)state;
    struct client_result result = RUN({ACT_SILENT, 0, NULL, 0, 0});
    assert_int_equal(result.end, CLIENT_NOT_KNOWN);
    assert_int_equal(result.status, REPLY_UNKNOWN_OUTCOME);
    assert_string_equal(result.outcome, "unknown_outcome");
    assert_int_equal(result.took_ms, 5000);
    assert_int_equal(result.attempts, 4); /* at 0, 1.5, 3 and 4.5 s */
    assert_true(uuid_equal(result.request_id, world.ids[0]));
    assert_same_id_every_time();
}

static void one_silent_attempt_makes_the_outcome_unknown(void **state) {
    (void)state;
    struct client_result result = RUN({ACT_SILENT, 0, NULL, 0, 0}, {ACT_REPLY, REPLY_UNAVAILABLE, "unavailable", 0, 0});
    assert_int_equal(result.end, CLIENT_NOT_KNOWN);
    assert_int_equal(result.took_ms, 5000);
}

static void a_passed_deadline_says_nothing_about_an_earlier_attempt(void **state) {
    (void)state;
    struct client_result result = RUN({ACT_SILENT, 0, NULL, 0, 0}, {ACT_REPLY, REPLY_INVALID, "deadline_passed", 0, 0});
    assert_int_equal(result.end, CLIENT_NOT_KNOWN);
}

/* The token ran out between the two: what the first attempt did, nobody has said. */
static void a_denial_says_nothing_about_an_earlier_attempt(void **state) {
    (void)state;
    struct client_result result =
        RUN({ACT_SILENT, 0, NULL, 0, 0}, {ACT_REPLY, REPLY_DENIED, "user_token_refused", 0, 0});
    assert_int_equal(result.end, CLIENT_NOT_KNOWN);
    result = RUN({ACT_SILENT, 0, NULL, 0, 0}, {ACT_REPLY, REPLY_DENIED, "denied_condition", 0, 0});
    assert_int_equal(result.end, CLIENT_NOT_KNOWN);
    result = RUN({ACT_REPLY, REPLY_DENIED, "user_token_refused", 0, 0});
    assert_int_equal(result.end, CLIENT_ANSWERED);
    assert_int_equal(result.status, REPLY_DENIED);
}

static void always_unavailable_is_not_unknown(void **state) {
    (void)state;
    struct client_result result = RUN({ACT_REPLY, REPLY_UNAVAILABLE, "unavailable", 0, 0});
    assert_int_equal(result.end, CLIENT_ANSWERED);
    assert_int_equal(result.status, REPLY_UNAVAILABLE);
    assert_string_equal(result.answered_by, "booking-1");
    assert_int_equal(result.took_ms, 5000);
    assert_in_range(result.attempts, 5, 12); /* the rests double up to a second */
}

static void without_a_server_nothing_was_done(void **state) {
    (void)state;
    struct client_result result = RUN({ACT_NO_SERVER, 0, NULL, 0, 0});
    assert_int_equal(result.end, CLIENT_NOT_REACHED);
    assert_int_equal(result.attempts, 0);
    assert_int_equal(result.took_ms, 5000);
    assert_non_null(strstr(result.message, "nothing was done"));
}

static void a_server_that_comes_up_is_asked(void **state) {
    (void)state;
    struct client_result result = RUN({ACT_NO_SERVER, 0, NULL, 0, 0}, {ACT_FULL, 0, NULL, 0, 0}, OK_LINE);
    assert_int_equal(result.status, REPLY_OK);
    assert_int_equal(result.attempts, 1);
}

static void an_unanswered_query_did_nothing(void **state) {
    (void)state;
    static const struct line silent = {ACT_SILENT, 0, NULL, 0, 0};
    world_begin(&silent, 1, 1);
    struct client_call call = a_call();
    call.is_query = true;
    struct client_result result;
    client_call(world.client, &call, &result);
    assert_int_equal(result.end, CLIENT_NOT_REACHED);
    assert_string_equal(result.message, "no server answered in time");
}

static void a_late_answer_to_an_earlier_attempt_counts(void **state) {
    (void)state;
    struct client_result result = RUN({ACT_REPLY, REPLY_OK, "ok", 0, 1600}, {ACT_SILENT, 0, NULL, 0, 0});
    assert_int_equal(result.status, REPLY_OK);
    assert_int_equal(result.attempts, 2);
    assert_int_equal(result.took_ms, 1600);
}

static void answers_to_nobody_and_garbage_are_dropped(void **state) {
    (void)state;
    static const struct line ok = OK_LINE;
    world_begin(&ok, 1, 1);
    reply_add(&world, (struct uuid){{9}}, &ok);
    reply_add(&world, (struct uuid){{0}}, &ok);
    world.replies[1].bytes[0] = 0xFF;
    const struct client_call call = a_call();
    struct client_result result;
    client_call(world.client, &call, &result);
    assert_int_equal(result.status, REPLY_OK);
    assert_true(uuid_equal(result.request_id, world.ids[0]));
}

static void an_id_of_the_caller_is_kept(void **state) {
    (void)state;
    static const struct line ok = OK_LINE;
    world_begin(&ok, 1, 1);
    struct client_call call = a_call();
    call.request_id = uuid_v7_make(5, (const uint8_t[10]){1, 2, 3});
    struct client_result result;
    client_call(world.client, &call, &result);
    assert_true(uuid_equal(world.ids[0], call.request_id));
    assert_true(uuid_equal(result.request_id, call.request_id));
}

static void many_calls_end_in_any_order_and_the_bound_holds(void **state) {
    (void)state;
    static const struct line lines[] = {{ACT_REPLY, REPLY_OK, "ok", 0, 0}, {ACT_SILENT, 0, NULL, 0, 0}, OK_LINE};
    world_begin(lines, 3, 3);
    struct client_call call = a_call();
    struct error error;
    for (uint64_t token = 0; token < 3; token++) {
        call.token = token;
        assert_int_equal(client_submit(world.client, &call, &error), STATUS_OK);
    }
    call.token = 3;
    assert_int_equal(client_submit(world.client, &call, &error), STATUS_FULL);
    assert_int_equal(client_in_flight(world.client), 3);

    struct client_result result;
    uint64_t order[3];
    uint32_t ended = 0;
    while (ended < 3) {
        while (!client_next(world.client, &result)) client_wait(world.client, 1000);
        assert_int_equal(result.status, REPLY_OK);
        order[ended++] = result.token;
    }
    assert_int_equal(order[0], 0);
    assert_int_equal(order[1], 2);
    assert_int_equal(order[2], 1); /* silent at first: asked again */
    assert_int_equal(client_in_flight(world.client), 0);
    assert_false(client_next(world.client, &result));
    assert_int_equal(client_submit(world.client, &call, &error), STATUS_OK);
}

static void calls_that_run_out_together_all_end(void **state) {
    (void)state;
    static const struct line silent = {ACT_SILENT, 0, NULL, 0, 0};
    world_begin(&silent, 1, 3);
    struct client_call call = a_call();
    struct error error;
    for (uint64_t token = 0; token < 3; token++) {
        call.token = token;
        assert_int_equal(client_submit(world.client, &call, &error), STATUS_OK);
    }
    struct client_result result;
    uint32_t ended = 0;
    for (int i = 0; i < 100 && ended < 3; i++) {
        while (client_next(world.client, &result)) {
            assert_int_equal(result.end, CLIENT_NOT_KNOWN);
            ended++;
        }
        client_wait(world.client, 1000);
    }
    assert_int_equal(ended, 3);
    assert_in_range(world.now_ms, 5000, 6000);
}

static void one_id_is_in_flight_once(void **state) {
    (void)state;
    static const struct line silent = {ACT_SILENT, 0, NULL, 0, 0};
    world_begin(&silent, 1, 4);
    struct client_call call = a_call();
    call.request_id = uuid_v7_make(5, (const uint8_t[10]){1});
    struct error error;
    assert_int_equal(client_submit(world.client, &call, &error), STATUS_OK);
    assert_int_equal(client_submit(world.client, &call, &error), STATUS_CONFLICT);
    assert_int_equal(client_in_flight(world.client), 1);
}

static int world_end(void **state) {
    (void)state;
    client_free(world.client);
    world.client = NULL;
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_answer_is_handed_over),
        cmocka_unit_test(every_last_word_ends_the_call),
        cmocka_unit_test(what_is_no_last_word_is_asked_again_with_the_same_id),
        cmocka_unit_test(too_busy_waits_as_long_as_it_was_told),
        cmocka_unit_test(too_busy_for_longer_than_the_limit_is_said_at_once),
        cmocka_unit_test(silence_ends_at_the_limit_with_unknown_outcome),
        cmocka_unit_test(one_silent_attempt_makes_the_outcome_unknown),
        cmocka_unit_test(a_passed_deadline_says_nothing_about_an_earlier_attempt),
        cmocka_unit_test(a_denial_says_nothing_about_an_earlier_attempt),
        cmocka_unit_test(always_unavailable_is_not_unknown),
        cmocka_unit_test(without_a_server_nothing_was_done),
        cmocka_unit_test(a_server_that_comes_up_is_asked),
        cmocka_unit_test(an_unanswered_query_did_nothing),
        cmocka_unit_test(a_late_answer_to_an_earlier_attempt_counts),
        cmocka_unit_test(answers_to_nobody_and_garbage_are_dropped),
        cmocka_unit_test(an_id_of_the_caller_is_kept),
        cmocka_unit_test(many_calls_end_in_any_order_and_the_bound_holds),
        cmocka_unit_test(calls_that_run_out_together_all_end),
        cmocka_unit_test(one_id_is_in_flight_once),
    };
    return cmocka_run_group_tests_name("client", tests, NULL, world_end);
}
