/* Whatever stands in the command log, well formed or not: it is decided, what comes of it is applied, and the same events
 * applied elsewhere give the same rows. Ids are so few that persons, records, merges and pairs take each other for one. */
#include "tests/core/index/index_world.h"
#include "tests/wire/index_draw.h"

#include <stdlib.h>

enum { SEEDS = 60, STEPS = 120 };

static void run_seed(uint64_t seed) {
    static struct index_command command;
    struct prng prng = prng_seed(seed);
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    world_begin(world);
    uint32_t done = 0;
    for (uint32_t step = 0; step < STEPS; step++) {
        draw_message(&prng, &index_command_wire, (uint8_t *)&command);
        world->now_ms += (int64_t)prng_below(&prng, 100);
        done += world_run(world, &command, NULL) == OUTCOME_OK;
    }
    assert_true(done > 0);
    struct rows_array replica;
    world_replay(world, INT64_MAX, &replica);
    assert_true(digest_equal(rows_array_digest(&world->array), rows_array_digest(&replica)));
    static struct index_pairs_answer pairs;
    static struct index_board_answer board;
    struct rows rows = rows_array_read_only(&replica);
    query_pairs(&rows, INDEX_PAIRS_SHOWN_MAX, &pairs);
    query_board(&rows, &board);
    for (uint32_t i = 0; i < pairs.pair_count; i++) {
        assert_false(uuid_equal(pairs.pairs[i].person_id, pairs.pairs[i].other_person_id));
    }
    rows_array_free(&replica);
    world_end(world);
    free(world);
}

static void test_nothing_stops_the_replica(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) run_seed(seed);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_nothing_stops_the_replica)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
