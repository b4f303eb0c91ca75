/* The door and the policy's last word: rules about what a request is about, asked over the local store, for commands only
 * when they are new. */
#include "tests/support/cmocka.h"
#include "tests/support/fake_door.h"

#include <stdio.h>
#include <stdlib.h>

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static struct fake_door fake;

static int set_up(void **state) {
    (void)state;
    fake_door_init(&fake);
    fake.options.limits.audit_refusals_max = 10;
    fake_door_policy(&fake.policy,
                     "purposes care\n"
                     "system " FAKE_SYSTEM " { " FAKE_SYSTEM_ROWS " }\n"
                     "system " FAKE_OTHER " { " FAKE_SYSTEM_ROWS " }\n"
                     "allow \"own\" { methods t/Do t/Ask; systems " FAKE_SYSTEM "; conditions own_organisation }\n"
                     "allow \"known by name\" { methods t/Secret; token required }\n"
                     "allow \"for care\" { methods t/Do; systems " FAKE_OTHER "; purposes care }\n");
    fake_door_open(&fake);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    fake_door_close(&fake);
    return 0;
}

static void own_things_may_be_asked_and_others_not(void **state) {
    (void)state;
    fake_door_expect_at_once(&fake, &(struct fake_ask){.method = FAKE_ASK, .body = "of RYX"}, "not_found",
                             REPLY_NOT_FOUND);
    fake_door_expect_at_once(&fake, &(struct fake_ask){.method = FAKE_ASK, .body = "of F82001"}, "denied_condition",
                             REPLY_DENIED);
    uint32_t own = fake_door_do(&fake, &(struct fake_ask){.body = "of RYX"});
    assert_int_equal(fake.append_count, 1);
    fake_door_expect_at_once(&fake, &(struct fake_ask){.body = "of F82001"}, "denied_condition", REPLY_DENIED);
    assert_int_equal(fake.append_count, 1);
    fake_door_decide(&fake, 0, OUTCOME_OK, "done", 11, 101);
    fake_door_expect(&fake, own, "ok", REPLY_OK);
}

/* What is not there and what belongs to others is refused in the same words. */
static void what_is_not_there_is_not_told_apart(void **state) {
    (void)state;
    const char *bodies[] = {"of F82001", "of nothing that can be read", "row"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        fake_door_expect_at_once(&fake, &(struct fake_ask){.method = FAKE_ASK, .body = bodies[i]}, "denied_condition",
                                 REPLY_DENIED);
        const struct fake_reply *reply = &fake.replies[fake.reply_count - 1];
        assert_string_equal(reply->detail, "");
        assert_int_equal(reply->body_size, 0);
    }
}

/* A hold that was booked is gone: the repeat must hear that it was done, not that it may not be. */
static void a_repeat_gets_its_first_answer_whatever_it_is_about_now(void **state) {
    (void)state;
    struct uuid id = fake_door_id(&fake);
    uint32_t first = fake_door_do(&fake, &(struct fake_ask){.id = id, .body = "of RYX"});
    fake_door_expect_at_once(&fake, &(struct fake_ask){.id = id, .body = "of RYX"}, "in_progress", REPLY_IN_PROGRESS);
    fake_door_decide(&fake, 0, OUTCOME_OK, "done", 11, 101);
    fake_door_expect(&fake, first, "ok", REPLY_OK);
    static struct policy stricter;
    fake_door_policy(&stricter, "system " FAKE_SYSTEM " { " FAKE_SYSTEM_ROWS " }\n"
                                "allow { methods t/Do; conditions own_organisation service_111 }\n");
    door_set_policy(fake.door, &stricter);
    fake_door_expect_at_once(&fake, &(struct fake_ask){.id = id, .body = "of RYX"}, "ok", REPLY_OK);
    assert_true(fake.replies[fake.reply_count - 1].header.repeated_answer);
    fake_door_expect_at_once(&fake, &(struct fake_ask){.body = "of RYX"}, "denied_condition", REPLY_DENIED);
}

static void a_caller_that_has_seen_more_is_told_to_wait(void **state) {
    (void)state;
    fake_door_expect_at_once(&fake, &(struct fake_ask){.body = "of what comes with entry 11", .min_position = 11},
                             "behind", REPLY_UNAVAILABLE);
    fake_door_expect_at_once(&fake, &(struct fake_ask){.body = "of what comes with entry 11", .min_position = 10},
                             "denied_condition", REPLY_DENIED);
}

static void a_store_that_cannot_be_read_denies_nothing_for_ever(void **state) {
    (void)state;
    fake.store_fails = true;
    fake_door_expect_at_once(&fake, &(struct fake_ask){.method = FAKE_ASK, .body = "of RYX"}, "unavailable",
                             REPLY_UNAVAILABLE);
    fake_door_expect_at_once(&fake, &(struct fake_ask){.body = "of RYX"}, "unavailable", REPLY_UNAVAILABLE);
}

static void what_needs_a_user_says_so(void **state) {
    (void)state;
    fake_door_expect_at_once(&fake, &(struct fake_ask){.method = FAKE_SECRET}, "user_token_required", REPLY_DENIED);
    fake_door_expect_at_once(&fake, &(struct fake_ask){.system = FAKE_OTHER}, "user_token_required", REPLY_DENIED);
    assert_int_equal(fake.append_count, 0);
}

/* The user counts: role, purpose and where they belong; and a refusal names them in the audit trail. */
static void what_a_user_may_depends_on_who_they_are(void **state) {
    (void)state;
    static struct policy users;
    fake_door_policy(&users, "purposes care audit\n"
                             "role nurse { codes R1 R2 }\n"
                             "system " FAKE_SYSTEM " { " FAKE_SYSTEM_ROWS " }\n"
                             "allow { methods t/Do; roles nurse; purposes care; conditions own_organisation }\n");
    door_set_policy(fake.door, &users);
    static const struct {
        const char *token, *outcome;
    } cases[] = {
        {"5550;" FAKE_SYSTEM ";R9;RYX;;care", "denied_role"},
        {"5550;" FAKE_SYSTEM ";R9,R2;RYX;;audit", "denied_purpose"},
        {"5550;" FAKE_SYSTEM ";R2;RYX", "denied_purpose"},
        {"5550;" FAKE_SYSTEM ";R9,R2;F82001;;care", "denied_condition"},
        {"5550;" FAKE_OTHER ";R2;RYX;;care", "user_token_refused"},
        {NULL, "user_token_required"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fake_door_expect_at_once(&fake, &(struct fake_ask){.body = "of RYX", .user_token = cases[i].token},
                                 cases[i].outcome, REPLY_DENIED);
    }
    assert_int_equal(fake.append_count, 0);
    assert_int_equal(fake.audit_count, 6);
    assert_true(slice_equal(fake.audits[0].record.user, slice_text("5550")));
    assert_true(slice_equal(fake.audits[0].record.user_role, slice_text("R9")));
    assert_true(slice_equal(fake.audits[1].record.purpose, slice_text("audit")));
    assert_int_equal(fake.audits[4].record.user.size, 0); /* whom a token names that may not be believed is nobody */
    fake_door_do(&fake, &(struct fake_ask){.body = "of RYX", .user_token = "5550;" FAKE_SYSTEM ";R9,R2;RYX;;care"});
    assert_int_equal(fake.append_count, 1);
}

static void a_query_that_waited_is_judged_by_the_policy_of_its_answer(void **state) {
    (void)state;
    uint32_t own = fake_door_do(&fake, &(struct fake_ask){.method = FAKE_ASK, .body = "of RYX", .min_position = 11});
    uint32_t other =
        fake_door_do(&fake, &(struct fake_ask){.method = FAKE_ASK, .body = "of F82001", .min_position = 11});
    door_committed(fake.door, 11, (struct position){.generation = 0, .offset = 101});
    fake_door_expect(&fake, own, "not_found", REPLY_NOT_FOUND);
    fake_door_expect(&fake, other, "denied_condition", REPLY_DENIED);
}

static void a_revoked_system_is_denied_from_the_next_request(void **state) {
    (void)state;
    uint32_t running = fake_door_do(&fake, &(struct fake_ask){.body = "of RYX"});
    static struct policy revoked;
    fake_door_policy(&revoked, "system " FAKE_SYSTEM " { " FAKE_SYSTEM_ROWS "; methods t/*; revoked }\n");
    door_set_policy(fake.door, &revoked);
    fake_door_expect_at_once(&fake, &(struct fake_ask){.body = "of RYX"}, "denied", REPLY_DENIED);
    fake_door_expect_at_once(&fake, &(struct fake_ask){.system = FAKE_OTHER}, "denied", REPLY_DENIED);
    fake_door_decide(&fake, 0, OUTCOME_OK, "done", 11, 101);
    fake_door_expect(&fake, running, "ok", REPLY_OK);
    assert_int_equal(door_in_flight(fake.door), 0);
}

/* Every way in which a token can be bad has a word in the cases of a policy file, and the other way round. */
static void the_language_knows_every_fault_of_a_token(void **state) {
    (void)state;
    static const char *const faults[] = {
#define X(fault, name, expected) name,
        TOKEN_FAULTS(X)
#undef X
    };
    static const char *const words[] = {
#define X(NAME, name) "token_" name,
        POLICY_BAD_TOKENS(X)
#undef X
    };
    size_t fault_count = sizeof faults / sizeof faults[0], word_count = sizeof words / sizeof words[0];
    assert_int_equal(word_count, fault_count - 1);
    for (size_t i = 1; i < fault_count; i++) { /* the first one is good */
        size_t k = 0;
        while (k < word_count && strcmp(words[k], faults[i]) != 0) k++;
        if (k == word_count) fail_msg("no word for %s", faults[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(own_things_may_be_asked_and_others_not),
        TEST(what_is_not_there_is_not_told_apart),
        TEST(a_repeat_gets_its_first_answer_whatever_it_is_about_now),
        TEST(a_caller_that_has_seen_more_is_told_to_wait),
        TEST(a_store_that_cannot_be_read_denies_nothing_for_ever),
        TEST(what_needs_a_user_says_so),
        TEST(what_a_user_may_depends_on_who_they_are),
        TEST(a_query_that_waited_is_judged_by_the_policy_of_its_answer),
        cmocka_unit_test(the_language_knows_every_fault_of_a_token),
        TEST(a_revoked_system_is_denied_from_the_next_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
