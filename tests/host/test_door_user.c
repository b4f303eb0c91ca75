/* The door and the human behind a request: a token that may not be believed is refused by name, before anything is done; one
 * that may be names the user. What makes a token good is tests/port/test_token_attacks.c. */
#include "tests/support/cmocka.h"
#include "tests/support/fake_door.h"

static struct fake_door fake;

#define USER "555000000111;" FAKE_SYSTEM ";call-handler;Y90111;session-1"

static void a_request_without_a_token_has_no_user(void **state) {
    (void)state;
    fake_door_do(&fake, &(struct fake_ask){0});
    assert_int_equal(fake.append_count, 1);
    assert_int_equal(fake.tokens.asked, 0);
}

static void a_good_token_is_let_in(void **state) {
    (void)state;
    fake_door_do(&fake, &(struct fake_ask){.user_token = USER});
    assert_int_equal(fake.append_count, 1);
    fake_door_put_row(&fake, "row", "value");
    uint32_t query = fake_door_do(&fake, &(struct fake_ask){.method = FAKE_ASK, .body = "row", .user_token = USER});
    fake_door_expect(&fake, query, "ok", REPLY_OK);
    assert_int_equal(fake.told_tokens[TOKEN_GOOD], 2);
}

static void every_fault_is_refused_by_name(void **state) {
    (void)state;
#define X(fault, name, expected)                                                                                       \
    if (fault != TOKEN_GOOD) {                                                                                         \
        uint32_t request = fake_door_do(&fake, &(struct fake_ask){.user_token = name});                                \
        const struct fake_reply *reply = fake_door_expect(&fake, request, "user_token_refused", REPLY_DENIED);         \
        assert_string_equal(reply->detail, name ": " expected);                                                        \
        assert_int_equal(fake.told_tokens[fault], 1);                                                                  \
    }
    TOKEN_FAULTS(X)
#undef X
    assert_int_equal(fake.append_count, 0);
    assert_int_equal(door_in_flight(fake.door), 0);
}

static void a_token_is_good_on_one_systems_connection_only(void **state) {
    (void)state;
    uint32_t request = fake_door_do(&fake, &(struct fake_ask){.system = FAKE_OTHER, .user_token = USER});
    const struct fake_reply *reply = fake_door_expect(&fake, request, "user_token_refused", REPLY_DENIED);
    assert_int_equal(strncmp(reply->detail, "token_other_system:", 19), 0);
    assert_int_equal(fake.told_tokens[TOKEN_OTHER_SYSTEM], 1);
    assert_int_equal(fake.append_count, 0);
}

static void a_door_that_takes_no_token_says_so(void **state) {
    (void)state;
    fake_door_close(&fake);
    fake_door_init(&fake);
    fake.ports.tokens = (struct token_port){0};
    fake_door_open(&fake);
    uint32_t request = fake_door_do(&fake, &(struct fake_ask){.user_token = USER});
    const struct fake_reply *reply = fake_door_expect(&fake, request, "user_token_refused", REPLY_DENIED);
    assert_int_equal(strncmp(reply->detail, "token_not_taken:", 16), 0);
    fake_door_do(&fake, &(struct fake_ask){0});
    assert_int_equal(fake.append_count, 1);
}

/* A signature costs more than everything before it: who may not ask, or asks too often, does not make the door verify. */
static void other_refusals_come_first(void **state) {
    (void)state;
    const char *token = "token_expired";
    fake_door_expect_at_once(&fake, &(struct fake_ask){.method = FAKE_SECRET, .user_token = token}, "denied",
                             REPLY_DENIED);
    fake_door_expect_at_once(&fake, &(struct fake_ask){.system = "nobody", .user_token = token}, "denied",
                             REPLY_DENIED);
    fake_door_expect_at_once(&fake, &(struct fake_ask){.method = "bhr.test.v1.TestService/Not", .user_token = token},
                             "unknown_method", REPLY_INVALID);
    fake_door_expect_at_once(&fake, &(struct fake_ask){.deadline_ms = FAKE_WALL_MS - 1, .user_token = token},
                             "deadline_passed", REPLY_INVALID);
    assert_int_equal(fake.tokens.asked, 0);
    for (int i = 0; i < 1200; i++) fake_door_ask(&fake, &(struct fake_ask){.user_token = token});
    for (int i = 0; i < 12; i++) door_step(fake.door);
    assert_int_equal(fake.tokens.asked, 1000);
    assert_string_equal(fake.told_outcome, "rate_limited");
}

/* The same request again, after the session's end: it is refused, but the first answer stays to be asked for. */
static void a_repeat_needs_a_good_token_too(void **state) {
    (void)state;
    struct uuid id = fake_door_id(&fake);
    fake_door_do(&fake, &(struct fake_ask){.id = id, .user_token = USER});
    fake_door_decide(&fake, 0, 1, "answer", 11, 101);
    strcpy(fake.tokens.revoked, "session-1");
    uint32_t request = fake_door_do(&fake, &(struct fake_ask){.id = id, .user_token = USER});
    fake_door_expect(&fake, request, "user_token_refused", REPLY_DENIED);
    request = fake_door_do(&fake, &(struct fake_ask){.id = id});
    assert_true(fake_door_expect(&fake, request, "ok", REPLY_OK)->header.repeated_answer);
}

static void a_query_that_waited_needs_a_token_that_is_still_good(void **state) {
    (void)state;
    fake_door_put_row(&fake, "row", "value");
    const struct fake_ask ask = {.method = FAKE_ASK, .body = "row", .min_position = 11, .user_token = USER};
    struct fake_ask other = ask;
    other.user_token = "555000000222;" FAKE_SYSTEM ";;;session-2";
    uint32_t revoked = fake_door_do(&fake, &ask), good = fake_door_do(&fake, &other);
    fake_door_expect_none(&fake, revoked);
    strcpy(fake.tokens.revoked, "session-1");
    door_committed(fake.door, 11, (struct position){.offset = 101});
    const struct fake_reply *reply = fake_door_expect(&fake, revoked, "user_token_refused", REPLY_DENIED);
    assert_int_equal(strncmp(reply->detail, "token_revoked:", 14), 0);
    reply = fake_door_expect(&fake, good, "ok", REPLY_OK);
    assert_memory_equal(reply->body, "=value", 6);
    assert_int_equal(door_in_flight(fake.door), 0);
}

/* What a service and the audit trail are told. */
static void the_user_stands_in_the_audit_record(void **state) {
    (void)state;
    fake_door_put_row(&fake, "row", "value");
    fake_door_do(&fake, &(struct fake_ask){.method = FAKE_FILE, .body = "row", .user_token = USER ";direct-care"});
    assert_int_equal(fake.audit_count, 1);
    assert_true(slice_equal(fake.audits[0].record.user, slice_text("555000000111")));
    assert_true(slice_equal(fake.audits[0].record.user_role, slice_text("call-handler")));
    assert_true(slice_equal(fake.audits[0].record.purpose, slice_text("direct-care")));
    fake_door_do(&fake, &(struct fake_ask){.method = FAKE_FILE, .body = "row"});
    assert_int_equal(fake.audit_count, 2);
    assert_int_equal(fake.audits[1].record.user.size, 0);
    assert_int_equal(fake.audits[1].record.user_role.size, 0);
    fake_door_do(&fake, &(struct fake_ask){.method = FAKE_FILE, .body = "row", .user_token = "token_revoked"});
    assert_int_equal(fake.audit_count, 3);
    assert_true(slice_equal(fake.audits[2].record.outcome, slice_text("user_token_refused")));
    assert_int_equal(fake.audits[2].record.user.size, 0); /* nobody whom a bad token names is written down */
}

/* The policy is asked about the user whom the token names: token, role and purpose. */
static void rules_about_users_are_kept(void **state) {
    (void)state;
    static struct policy policy;
    fake_door_policy(&policy, "purposes care\n"
                              "role handler { codes call-handler }\n"
                              "system " FAKE_SYSTEM " { " FAKE_SYSTEM_ROWS " }\n"
                              "allow \"known by name\" { methods t/Ask; token required }\n"
                              "allow \"handlers\" { methods t/Do; roles handler }\n"
                              "allow \"for care\" { methods t/Secret; purposes care }\n");
    door_set_policy(fake.door, &policy);
    const char *clerk = "555000000222;" FAKE_SYSTEM ";clerk;Y90111;session-2;care";
    struct fake_ask ask = {.method = FAKE_ASK, .body = "row"};
    fake_door_expect_at_once(&fake, &ask, "user_token_required", REPLY_DENIED);
    ask.user_token = clerk;
    fake_door_expect_at_once(&fake, &ask, "not_found", REPLY_NOT_FOUND);
    fake_door_expect_at_once(&fake, &(struct fake_ask){.user_token = clerk}, "denied_role", REPLY_DENIED);
    fake_door_do(&fake, &(struct fake_ask){.user_token = USER});
    assert_int_equal(fake.append_count, 1);
    fake_door_expect_at_once(&fake, &(struct fake_ask){.method = FAKE_SECRET, .user_token = USER}, "denied_purpose",
                             REPLY_DENIED);
    fake_door_do(&fake, &(struct fake_ask){.method = FAKE_SECRET, .user_token = clerk});
    assert_string_not_equal(fake.told_outcome, "denied_purpose");
    ask.user_token = "token_expired"; /* a bad token is refused for itself, whatever the rules say */
    fake_door_expect_at_once(&fake, &ask, "user_token_refused", REPLY_DENIED);
    door_set_policy(fake.door, &fake.policy);
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
        TEST(a_request_without_a_token_has_no_user),
        TEST(a_good_token_is_let_in),
        TEST(every_fault_is_refused_by_name),
        TEST(a_token_is_good_on_one_systems_connection_only),
        TEST(a_door_that_takes_no_token_says_so),
        TEST(other_refusals_come_first),
        TEST(a_repeat_needs_a_good_token_too),
        TEST(the_user_stands_in_the_audit_record),
        TEST(rules_about_users_are_kept),
        TEST(a_query_that_waited_needs_a_token_that_is_still_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
