/* Commands that wait for a key: nothing reaches the command log before the key is kept, and whatever becomes of the key,
 * each request has its one answer. */
#include "tests/support/cmocka.h"

#include "tests/support/fake_door.h"

static struct fake_door fake;
static uint64_t next_awaited; /* what the vault tells after the next accept */
static uint32_t asked_count;
static enum vault_key_state states[16];

static uint64_t take_awaited(void *context) {
    (void)context;
    asked_count++;
    uint64_t awaited = next_awaited;
    next_awaited = 0;
    return awaited;
}

static enum vault_key_state key_state(void *context, uint64_t number) {
    (void)context;
    assert_in_range(number, 1, 15);
    return states[number];
}

static const struct vault vault = {.take_awaited = take_awaited, .key_state = key_state};

static uint32_t ask_with_key(uint64_t number, const char *body) {
    next_awaited = number;
    return fake_door_do(&fake, &(struct fake_ask){.body = body, .correlation_id = "journey-7"});
}

static void it_is_written_when_its_key_is_kept(void **state) {
    (void)state;
    uint32_t request = ask_with_key(1, "hello");
    fake_door_expect_none(&fake, request);
    assert_int_equal(fake.append_count, 0);
    fake_door_pass(&fake, 50);
    door_keys_settled(fake.door); /* of somebody else's key */
    assert_int_equal(fake.append_count, 0);
    states[1] = VAULT_KEY_KEPT;
    door_keys_settled(fake.door);
    assert_int_equal(fake.append_count, 1);
    const struct fake_append *append = &fake.appends[0];
    assert_string_equal(append->topic, "bhr.test.command.v1");
    assert_non_null(strstr(append->value, "|hello"));
    assert_string_equal(fake_append_header(append, "ce_source"), FAKE_SYSTEM);
    assert_string_equal(fake_append_header(append, "ce_correlationid"), "journey-7");
    assert_true(strlen(fake_append_header(append, "bhr_digest")) == 32);
    fake_door_decide(&fake, 0, OUTCOME_OK, "done", 11, 101);
    fake_door_expect(&fake, request, "ok", REPLY_OK);
    door_keys_settled(fake.door); /* nothing is written twice */
    assert_int_equal(fake.append_count, 1);
}

static void a_lost_key_promises_nothing(void **state) {
    (void)state;
    uint32_t request = ask_with_key(2, "hello");
    uint32_t other = ask_with_key(3, "another");
    states[2] = VAULT_KEY_LOST;
    door_keys_settled(fake.door);
    fake_door_expect(&fake, request, "unavailable", REPLY_UNAVAILABLE);
    fake_door_expect_none(&fake, other);
    assert_int_equal(fake.append_count, 0);
    states[3] = VAULT_KEY_KEPT;
    door_keys_settled(fake.door);
    assert_int_equal(fake.append_count, 1);
}

/* It was never written, so it is known that nothing was done. */
static void its_deadline_passes(void **state) {
    (void)state;
    uint32_t request = ask_with_key(4, "hello");
    fake_door_pass(&fake, 60000);
    fake_door_expect(&fake, request, "unavailable", REPLY_UNAVAILABLE);
    states[4] = VAULT_KEY_KEPT;
    door_keys_settled(fake.door);
    assert_int_equal(fake.append_count, 0);
    assert_int_equal(door_in_flight(fake.door), 0);
}

static void the_process_stops(void **state) {
    (void)state;
    uint32_t request = ask_with_key(5, "hello");
    door_drain(fake.door);
    fake_door_expect_none(&fake, request);
    door_abandon(fake.door);
    fake_door_expect(&fake, request, "unavailable", REPLY_UNAVAILABLE);
}

static void asked_again_meanwhile(void **state) {
    (void)state;
    struct uuid id = fake_door_id(&fake);
    next_awaited = 6;
    uint32_t first = fake_door_do(&fake, &(struct fake_ask){.id = id, .body = "hello"});
    uint32_t again = fake_door_do(&fake, &(struct fake_ask){.id = id, .body = "hello"});
    fake_door_expect(&fake, again, "in_progress", REPLY_IN_PROGRESS);
    fake_door_expect_none(&fake, first);
}

/* Another door had written a copy, and it was decided: that is the answer for this one too. */
static void its_copy_was_decided_elsewhere(void **state) {
    (void)state;
    struct uuid id = fake_door_id(&fake);
    next_awaited = 7;
    uint32_t request = fake_door_do(&fake, &(struct fake_ask){.id = id, .body = "hello"});
    fake_door_put_answer(&fake, FAKE_SYSTEM, id, fake_door_digest(FAKE_DO, "hello"), OUTCOME_OK, "done", 11);
    const struct replica_answer answer = {.source = slice_text(FAKE_SYSTEM),
                                          .command_id = id,
                                          .command_digest = fake_door_digest(FAKE_DO, "hello"),
                                          .outcome = OUTCOME_OK,
                                          .answer = slice_text("done"),
                                          .number = 11};
    door_answered(fake.door, &answer);
    fake_door_expect(&fake, request, "ok", REPLY_OK);
    states[7] = VAULT_KEY_KEPT;
    door_keys_settled(fake.door);
    assert_int_equal(fake.append_count, 0);
}

/* The command topic is replaced while it waits: it goes to the new one, and is not taken for passed over. */
static void a_new_generation_comes(void **state) {
    (void)state;
    uint32_t request = ask_with_key(8, "hello");
    door_committed(fake.door, 12, (struct position){.generation = 1, .offset = 0});
    fake_door_expect_none(&fake, request);
    states[8] = VAULT_KEY_KEPT;
    door_keys_settled(fake.door);
    assert_int_equal(fake.append_count, 1);
    assert_string_equal(fake.appends[0].topic, "bhr.test.command.v1.g1");
    fake_door_expect_none(&fake, request);
}

/* What a refused command had sealed is forgotten with it. */
static void a_refused_command_waits_for_nothing(void **state) {
    (void)state;
    next_awaited = 9;
    fake_door_expect_at_once(&fake, &(struct fake_ask){.body = "bad colour"}, "invalid", REPLY_INVALID);
    assert_int_equal(asked_count, 1);
    assert_int_equal(next_awaited, 0);
    fake_door_do(&fake, &(struct fake_ask){.body = "hello"});
    assert_int_equal(fake.append_count, 1);
}

static int begin(void **state) {
    (void)state;
    next_awaited = 0;
    asked_count = 0;
    memset(states, 0, sizeof states);
    fake_door_init(&fake);
    fake.options.service_context.vault = &vault;
    fake_door_open(&fake);
    return 0;
}

static int end(void **state) {
    (void)state;
    fake_door_close(&fake);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_written_when_its_key_is_kept, begin, end),
        cmocka_unit_test_setup_teardown(a_lost_key_promises_nothing, begin, end),
        cmocka_unit_test_setup_teardown(its_deadline_passes, begin, end),
        cmocka_unit_test_setup_teardown(the_process_stops, begin, end),
        cmocka_unit_test_setup_teardown(asked_again_meanwhile, begin, end),
        cmocka_unit_test_setup_teardown(its_copy_was_decided_elsewhere, begin, end),
        cmocka_unit_test_setup_teardown(a_new_generation_comes, begin, end),
        cmocka_unit_test_setup_teardown(a_refused_command_waits_for_nothing, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
