/* The door without memory. It is not made, whichever request is refused. Once it is made a plain command and a plain query
 * need none; what has to be kept (a command that waits for a key, a query that waits for the store, an answer that waits
 * for its audit record) is answered too_busy with a time when there is none: nothing is written, nothing stays, and the
 * same request asked again is done. */
#include "tests/support/cmocka.h"

#include "tests/support/alloc.h"
#include "tests/support/fake_door.h"

enum { FILE_INDEX = 2 }; /* of FAKE_FILE among the service's methods */

static struct fake_door fake;
static uint64_t next_awaited; /* what the vault tells after each accept; 0: no key has to be waited for */

static uint64_t take_awaited(void *context) {
    (void)context;
    return next_awaited;
}

static enum vault_key_state key_state(void *context, uint64_t number) {
    (void)context;
    assert_int_equal(number, next_awaited);
    return VAULT_KEY_KEPT;
}

static const struct vault vault = {.take_awaited = take_awaited, .key_state = key_state};

static bool open_door(void *context, uint32_t n) {
    (void)context;
    alloc_fail(n);
    struct door *door = door_new(&fake.options, &fake.ports, NULL);
    bool has_failed = alloc_end();
    assert_int_equal(door != NULL, !has_failed);
    door_free(door);
    return has_failed;
}

static void without_memory_it_is_not_made(void **state) {
    (void)state;
    assert_true(alloc_each(open_door, NULL) > 0);
}

static bool ask(void *context, uint32_t n) {
    const struct fake_ask *ask = context;
    uint32_t appends = fake.append_count, audits = fake.audit_count;
    alloc_fail(n);
    uint32_t request = fake_door_do(&fake, ask);
    if (!alloc_end()) return false;
    const struct fake_reply *reply = fake_door_reply_to(&fake, request);
    assert_string_equal(reply->outcome, "too_busy");
    assert_true(reply->header.retry_after_ms > 0);
    assert_int_equal(reply->body_size, 0);
    assert_int_equal(door_in_flight(fake.door), 0);
    assert_int_equal(fake.append_count, appends);
    assert_int_equal(fake.audit_count, audits);
    return true;
}

static void what_goes_through_asks_for_none(void **state) {
    (void)state;
    struct fake_ask command = {.body = "hello", .correlation_id = "journey-7"};
    assert_int_equal(alloc_each(ask, &command), 0);
    assert_int_equal(fake.append_count, 1);
    struct fake_ask query = {.method = FAKE_ASK, .body = "row"};
    assert_int_equal(alloc_each(ask, &query), 0);
    struct fake_ask unknown = {.method = "bhr.test.v1.TestService/None"};
    assert_int_equal(alloc_each(ask, &unknown), 0);
    alloc_fail(1);
    fake_door_decide(&fake, 0, OUTCOME_OK, "done", 11, 101);
    assert_false(alloc_end());
    assert_int_equal(door_in_flight(fake.door), 0);
    assert_int_equal(fake.reply_count, 3);
}

static void a_command_that_waits_for_a_key(void **state) {
    (void)state;
    next_awaited = 1;
    struct fake_ask command = {.id = fake_door_id(&fake), .body = "hello", .correlation_id = "journey-7"};
    assert_true(alloc_each(ask, &command) > 0);
    assert_int_equal(door_in_flight(fake.door), 1);
    assert_int_equal(fake.append_count, 0);
    alloc_fail(1);
    door_keys_settled(fake.door);
    assert_false(alloc_end());
    assert_int_equal(fake.append_count, 1);
    assert_non_null(strstr(fake.appends[0].value, "|hello"));
}

static void a_query_that_waits_for_the_store(void **state) {
    (void)state;
    struct fake_ask query = {.method = FAKE_ASK, .body = "row", .min_position = 11, .correlation_id = "journey-7"};
    uint32_t refused = alloc_each(ask, &query);
    assert_true(refused > 0);
    assert_int_equal(door_in_flight(fake.door), 1);
    alloc_fail(1);
    door_committed(fake.door, 11, (struct position){.offset = 100});
    assert_false(alloc_end());
    assert_int_equal(fake.reply_count, refused + 1);
    assert_string_equal(fake.replies[refused].outcome, "ok");
}

static void an_answer_that_waits_for_its_record(void **state) {
    (void)state;
    struct fake_ask query = {.method = FAKE_FILE, .body = "row", .correlation_id = "journey-7"};
    uint32_t refused = alloc_each(ask, &query);
    assert_true(refused > 0);
    assert_int_equal(fake.audit_count, 1);
    alloc_fail(1);
    door_audited(fake.door, fake.audits[0].token);
    assert_false(alloc_end());
    assert_int_equal(fake.reply_count, refused + 1);
    assert_string_equal(fake.replies[refused].outcome, "ok");
}

static int begin(void **state) {
    (void)state;
    next_awaited = 0;
    fake_door_init(&fake);
    fake.options.service_context.vault = &vault;
    fake.options.durable_methods = UINT64_C(1) << FILE_INDEX;
    fake_door_open(&fake);
    fake_door_put_row(&fake, "row", "value");
    return 0;
}

static int end(void **state) {
    (void)state;
    (void)alloc_end();
    fake_door_close(&fake);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_memory_it_is_not_made, begin, end),
        cmocka_unit_test_setup_teardown(what_goes_through_asks_for_none, begin, end),
        cmocka_unit_test_setup_teardown(a_command_that_waits_for_a_key, begin, end),
        cmocka_unit_test_setup_teardown(a_query_that_waits_for_the_store, begin, end),
        cmocka_unit_test_setup_teardown(an_answer_that_waits_for_its_record, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
