/* Queries are answered from the own store, at once or when it has read as far as the caller asks. */
#include "tests/support/cmocka.h"

#include "lib/host/replica_meta.h"
#include "tests/support/fake_door.h"

#include <stdlib.h>

static struct fake_door fake;

static uint32_t ask(const char *name, int64_t min_position) {
    return fake_door_do(&fake, &(struct fake_ask){.method = FAKE_ASK, .body = name, .min_position = min_position});
}

static void committed(uint64_t number) {
    door_committed(fake.door, number, (struct position){.offset = 100});
}

static void a_query_is_answered_from_the_store(void **state) {
    (void)state;
    fake_door_put_row(&fake, "row", "value");
    const struct fake_reply *reply = fake_door_expect(&fake, ask("row", 0), "ok", REPLY_OK);
    assert_int_equal(reply->body_size, 6);
    assert_memory_equal(reply->body, "=value", 6);
    assert_int_equal(reply->header.position, 10);
    assert_false(reply->header.repeated_answer);
    assert_int_equal(fake.append_count, 0);
    assert_int_equal(door_in_flight(fake.door), 0);
}

static void another_outcome_has_a_detail_and_no_body(void **state) {
    (void)state;
    const struct fake_reply *reply = fake_door_expect(&fake, ask("none", 0), "not_found", REPLY_NOT_FOUND);
    assert_string_equal(reply->detail, "name: expected the name of a row");
    assert_int_equal(reply->body_size, 0);
}

static void an_answer_that_does_not_fit_is_named(void **state) {
    (void)state;
    assert_int_equal(fake_door_expect(&fake, ask("huge", 0), "too_large", REPLY_REFUSED)->body_size, 0);
}

static void a_store_that_cannot_be_read_is_named(void **state) {
    (void)state;
    fake.store_fails = true;
    fake_door_expect(&fake, ask("row", 0), "unavailable", REPLY_UNAVAILABLE);
    assert_int_equal(fake.alarm_count, 1);
}

/* Whoever asks elsewhere with this position must see at least what this answer showed. */
static void the_position_is_that_of_the_snapshot(void **state) {
    (void)state;
    struct rows rows = rows_array_rows(&fake.rows);
    struct replica_meta meta;
    assert_int_equal(replica_meta_read(&rows, &meta), META_FOUND);
    meta.journal.number = 15; /* committed; the news of it have not come yet */
    replica_meta_write(&rows, &meta);
    fake_door_put_row(&fake, "row", "value");
    assert_int_equal(fake_door_expect(&fake, ask("row", 0), "ok", REPLY_OK)->header.position, 15);
}

static void a_query_waits_for_the_position_it_asks_for(void **state) {
    (void)state;
    uint32_t here = ask("row", 10), next = ask("row", 11), later = ask("row", 13);
    fake_door_expect(&fake, here, "not_found", REPLY_NOT_FOUND);
    fake_door_expect_none(&fake, next);
    assert_int_equal(door_in_flight(fake.door), 2);
    fake_door_put_row(&fake, "row", "new");
    fake.monotonic_ms += 5;
    committed(12);
    const struct fake_reply *reply = fake_door_expect(&fake, next, "ok", REPLY_OK);
    assert_memory_equal(reply->body, "=new", 4);
    assert_int_equal(fake.told_took_ms, 5);
    fake_door_expect_none(&fake, later);
    committed(13);
    fake_door_expect(&fake, later, "ok", REPLY_OK);
    assert_int_equal(door_in_flight(fake.door), 0);
}

static void waiting_ends_with_behind(void **state) {
    (void)state;
    uint32_t request = ask("row", 11);
    fake_door_pass(&fake, 1999);
    fake_door_expect_none(&fake, request);
    fake_door_pass(&fake, 1);
    assert_int_equal(fake_door_expect(&fake, request, "behind", REPLY_UNAVAILABLE)->header.position, 10);
    committed(11);
    assert_int_equal(fake.reply_count, 1);
}

static void waiting_ends_at_the_deadline(void **state) {
    (void)state;
    uint32_t request = fake_door_do(
        &fake, &(struct fake_ask){.method = FAKE_ASK, .min_position = 11, .deadline_ms = FAKE_WALL_MS + 300});
    fake_door_pass(&fake, 299);
    fake_door_expect_none(&fake, request);
    fake_door_pass(&fake, 1);
    fake_door_expect(&fake, request, "behind", REPLY_UNAVAILABLE);
}

static void a_door_that_does_not_wait_says_behind_at_once(void **state) {
    (void)state;
    fake_door_close(&fake);
    fake_door_init(&fake);
    fake.options.limits.position_wait_ms_max = 0;
    fake_door_open(&fake);
    fake_door_expect(&fake, ask("row", 11), "behind", REPLY_UNAVAILABLE);
}

static void so_many_queries_wait_and_no_more(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 4; i++) ask("row", 11);
    uint32_t surplus = ask("row", 11);
    assert_true(fake_door_expect(&fake, surplus, "too_busy", REPLY_TOO_BUSY)->header.retry_after_ms > 0);
    fake_door_put_row(&fake, "row", "v");
    fake_door_expect(&fake, ask("row", 10), "ok", REPLY_OK); /* one that need not wait is answered */
    committed(11);
    assert_int_equal(door_in_flight(fake.door), 0);
    assert_int_equal(fake.reply_count, 6);
}

static void the_waiting_room_has_its_own_bound(void **state) {
    (void)state;
    fake_door_close(&fake);
    fake_door_init(&fake);
    fake.options.limits.in_flight_max = 4096;
    fake_door_open(&fake);
    for (uint32_t i = 0; i <= 1024; i++) {
        fake_door_do(&fake, &(struct fake_ask){.system = FAKE_OTHER, .method = FAKE_ASK, .min_position = 11});
    }
    assert_int_equal(door_in_flight(fake.door), 1024);
    fake_door_expect(&fake, 1024, "too_busy", REPLY_TOO_BUSY);
    committed(11);
    assert_int_equal(fake.reply_count, 1025);
}

static void a_query_that_waited_is_asked_again_whether_it_may(void **state) {
    (void)state;
    uint32_t gone =
        fake_door_do(&fake, &(struct fake_ask){.system = FAKE_OTHER, .method = FAKE_ASK, .min_position = 11});
    uint32_t less = ask("row", 11);
    struct policy *policy = malloc(sizeof *policy);
    assert_non_null(policy);
    fake_door_policy(policy, "system " FAKE_SYSTEM " { " FAKE_SYSTEM_ROWS "; methods t/Do }\n");
    door_set_policy(fake.door, policy);
    committed(11);
    fake_door_expect(&fake, gone, "denied", REPLY_DENIED);
    fake_door_expect(&fake, less, "denied", REPLY_DENIED);
    assert_int_equal(door_in_flight(fake.door), 0);
    door_set_policy(fake.door, &fake.policy);
    free(policy);
}

static void a_query_needs_no_id_of_version_7(void **state) {
    (void)state;
    struct uuid id = fake_door_id(&fake);
    id.bytes[6] = 0x40;
    uint32_t request = fake_door_do(&fake, &(struct fake_ask){.method = FAKE_ASK, .id = id});
    const struct fake_reply *reply = fake_door_expect(&fake, request, "not_found", REPLY_NOT_FOUND);
    assert_true(uuid_equal(reply->header.request_id, id));
}

/* ASan tells when the bytes of a query that still waits are not given back. */
static void a_door_closes_with_queries_waiting(void **state) {
    (void)state;
    ask("row", 11);
    assert_int_equal(door_in_flight(fake.door), 1);
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
        TEST(a_query_is_answered_from_the_store),
        TEST(another_outcome_has_a_detail_and_no_body),
        TEST(an_answer_that_does_not_fit_is_named),
        TEST(a_store_that_cannot_be_read_is_named),
        TEST(the_position_is_that_of_the_snapshot),
        TEST(a_query_waits_for_the_position_it_asks_for),
        TEST(waiting_ends_with_behind),
        TEST(waiting_ends_at_the_deadline),
        TEST(a_door_that_does_not_wait_says_behind_at_once),
        TEST(so_many_queries_wait_and_no_more),
        TEST(the_waiting_room_has_its_own_bound),
        TEST(a_query_that_waited_is_asked_again_whether_it_may),
        TEST(a_query_needs_no_id_of_version_7),
        TEST(a_door_closes_with_queries_waiting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
