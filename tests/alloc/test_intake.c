/* The intake without memory: it is not made; and a record that it has no memory for is not lost, nor is its topic left
 * unread: it comes again, and becomes one request. */
#include "tests/host/intake_world.h"
#include "tests/support/alloc.h"

static struct intake_world world;

static bool make(void *context, uint32_t n) {
    (void)context;
    alloc_fail(n);
    struct intake *intake = intake_new(&world.options, &world.ports, NULL);
    bool has_failed = alloc_end();
    assert_int_equal(intake != NULL, !has_failed);
    intake_free(intake);
    return has_failed;
}

static void without_memory_it_is_not_made(void **state) {
    (void)state;
    world_init(&world, 1);
    assert_true(alloc_each(make, NULL) > 0);
    world_fini(&world);
}

/* From the moment that the group gives the topic until both records are done. */
static bool read_two(void *context, uint32_t n) {
    (void)context;
    world_init(&world, 1);
    world_put(&world, 0, "order-1", "a");
    world_put(&world, 0, "order-2", "b");
    uint32_t asked_count = 0;
    struct intake_asked asked;
    alloc_fail(n);
    world_give(&world, 0);
    for (int i = 0; i < 10; i++) {
        world_pass(&world, 1000);
        if (!world_ask(&world, &asked)) continue;
        assert_string_equal(asked.body, asked_count == 0 ? "a" : "b");
        world_reply(&world, &asked, REPLY_OK, "ok", "", 7, false, 0);
        asked_count++;
    }
    bool has_failed = alloc_end();
    assert_int_equal(world.troubles, has_failed ? 1 : 0);
    fake_intake_commit(&world.group);
    assert_int_equal(asked_count, 2);
    assert_int_equal(world.topics.topics[0].committed, 2);
    assert_int_equal(intake_look(world.intake).waiting, 0);
    world_fini(&world);
    return has_failed;
}

static void a_record_without_memory_comes_again(void **state) {
    (void)state;
    assert_true(alloc_each(read_two, NULL) >= 3); /* one for the lane, one for each record */
}

static int end(void **state) {
    (void)state;
    (void)alloc_end();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_memory_it_is_not_made, NULL, end),
        cmocka_unit_test_setup_teardown(a_record_without_memory_comes_again, NULL, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
