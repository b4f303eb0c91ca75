/* A store fills up in the middle of an event: from then on its transaction takes nothing, and says of everything that it is
 * not there, as LMDB does. The replica asks after each event and stops by name (lib/host/replica_apply.c); until then apply
 * must come to its end, wherever that happens. */
#include "tests/core/index/index_world.h"

#include <stdlib.h>

struct full {
    struct rows whole;
    uint32_t puts_left;
    bool has_failed;
};

static bool full_get(void *context, struct slice key, struct slice *ret_value) {
    const struct full *full = context;
    return !full->has_failed && rows_get(&full->whole, key, ret_value);
}

static bool full_seek(void *context, struct slice from, struct slice *ret_key, struct slice *ret_value) {
    const struct full *full = context;
    return !full->has_failed && rows_seek(&full->whole, from, ret_key, ret_value);
}

static void full_put(void *context, struct slice key, struct slice value) {
    struct full *full = context;
    if (full->puts_left == 0) full->has_failed = true;
    if (full->has_failed) return;
    full->puts_left--;
    rows_put(&full->whole, key, value);
}

static void full_del(void *context, struct slice key) {
    const struct full *full = context;
    if (!full->has_failed) rows_del(&full->whole, key);
}

/* Persons of several records and several ids, with a suspected pair and flags: all that apply walks over. */
static void make_history(struct world *world) {
    struct uuid none = {{0}}, merges[3];
    for (uint64_t i = 1; i <= 6; i++) {
        struct index_command command = register_command(world, i, (uint8_t)(i % 2), i % 2 != 0);
        if (i > 1) propose(&command, i - 1, i % 3 == 0 ? 995000 : 600000, false);
        assert_int_equal(world_run(world, &command, NULL), OUTCOME_OK);
    }
    (void)run_merge(world, "user-1", record_id_of(1), record_id_of(2), none, &merges[0]);
    (void)run_merge(world, "user-1", record_id_of(4), record_id_of(5), none, &merges[1]);
    (void)run_merge(world, "user-1", record_id_of(1), record_id_of(4), none, &merges[2]);
    assert_int_equal(run_flag(world, record_id_of(5), INDEX_FLAG_RESTRICTED, true), OUTCOME_OK);
    assert_int_equal(run_register(world, 3, NULL), OUTCOME_OK);
    assert_int_equal(run_unlink(world, record_id_of(2), NULL), OUTCOME_OK);
    assert_int_equal(run_unmerge(world, merges[2], NULL), OUTCOME_OK);
    assert_int_equal(run_link(world, record_id_of(2), record_id_of(5)), OUTCOME_OK);
    assert_int_equal(run_flag(world, record_id_of(5), INDEX_FLAG_RESTRICTED, false), OUTCOME_OK);
}

/* False when there was room for all of it. */
static bool fills_up_after(const struct world *world, uint32_t puts) {
    static uint8_t memory[INDEX_WIRE_ARENA_SIZE];
    static struct index_event event;
    struct rows_array array;
    rows_array_init(&array);
    struct full full = {.whole = rows_array_rows(&array), .puts_left = puts};
    const struct rows rows = {.context = &full, .get = full_get, .seek = full_seek, .put = full_put, .del = full_del};
    for (uint32_t i = 0; i < world->event_count && !full.has_failed; i++) {
        const struct world_event *at = &world->events[i];
        struct arena arena = arena_over(memory, sizeof memory);
        struct wire_fault fault;
        assert_true(wire_table_decode(&index_event_wire, at->bytes, &arena, &event, &fault));
        index_apply(&rows, at->at_ms, at->number, &event);
    }
    rows_array_free(&array);
    return full.has_failed;
}

static void test_wherever_it_fills_up(void **state) {
    (void)state;
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    world_begin(world);
    make_history(world);
    uint32_t puts = 0;
    while (fills_up_after(world, puts)) puts++;
    assert_true(puts > 100);
    world_end(world);
    free(world);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_wherever_it_fills_up)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
