/* The client without memory: it is not made, and a call that it has no room for says so and was never sent; the same call
 * asked again is answered. */
#include "tests/client/world.h"
#include "tests/support/alloc.h"

static const struct line script[] = {{ACT_REPLY, REPLY_OK, "ok", 0, 5}};
static const struct client_call call = {.method = "bhr.test.v1.TestService/Do",
                                        .body = {(const uint8_t *)"hello", 5},
                                        .correlation_id = {(const uint8_t *)"journey-7", 9},
                                        .limit_ms = 1000};

static bool make(void *context, uint32_t n) {
    (void)context;
    const struct client_dealer dealer = {&world, send_frame, receive_frame, wait_frame};
    const struct clock_port clock = {&world, wall, monotonic, chance};
    alloc_fail(n);
    struct client *client = client_new(&(struct client_options){.in_flight_max = 8}, &dealer, &clock);
    bool has_failed = alloc_end();
    assert_int_equal(client != NULL, !has_failed);
    client_free(client);
    return has_failed;
}

static bool ask(void *context, uint32_t n) {
    (void)context;
    struct client_result result;
    uint32_t tries = world.tries;
    alloc_fail(n);
    client_call(world.client, &call, &result);
    bool has_failed = alloc_end();
    assert_int_equal(client_in_flight(world.client), 0);
    if (has_failed) {
        assert_int_equal(result.end, CLIENT_NOT_REACHED);
        assert_string_equal(result.outcome, "unavailable");
        assert_non_null(strstr(result.message, "no memory"));
        assert_int_equal(world.tries, tries);
    } else {
        assert_int_equal(result.end, CLIENT_ANSWERED);
        assert_int_equal(result.status, REPLY_OK);
    }
    return has_failed;
}

static void without_memory_it_is_not_made(void **state) {
    (void)state;
    assert_true(alloc_each(make, NULL) > 0);
}

static void a_call_without_memory_was_not_sent(void **state) {
    (void)state;
    world_begin(script, 1, 1);
    assert_true(alloc_each(ask, NULL) > 0);
    struct error error = {0};
    alloc_fail(1);
    assert_int_equal(client_submit(world.client, &call, &error), STATUS_NO_MEMORY);
    assert_true(alloc_end());
    assert_int_equal(client_in_flight(world.client), 0);
}

static int end(void **state) {
    (void)state;
    (void)alloc_end();
    client_free(world.client);
    world.client = NULL;
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_memory_it_is_not_made, NULL, end),
        cmocka_unit_test_setup_teardown(a_call_without_memory_was_not_sent, NULL, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
