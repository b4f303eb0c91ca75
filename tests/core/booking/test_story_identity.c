/* The story of an index that was away: a booking under a stand-in, linked when the index is back, merged with somebody by
 * mistake, and taken apart again. */
#include "tests/core/booking/identity_world.h"
#include "tests/core/booking/story.h"

static const struct caller THE_INDEX = {"index", "", ""};
static const struct uuid NOBODY = {{0}};

/* One record of the index's journal. */
static struct world_reply tell_index(struct world *world, const struct index_event *event, const char *what) {
    struct world_reply reply = {.outcome = 0};
    assert_true(index_happens(world, event, &reply));
    world_tell(world, &THE_INDEX, what, reply.outcome);
    return reply;
}

static void tell_whose(struct world *world, const char *what, struct uuid booking_id) {
    struct uuid shown = identity_shown(world, booking_id);
    tell_line(world, "%s is shown as person ..%02x%02x", what, shown.bytes[14], shown.bytes[15]);
}

static void test_the_index_comes_back(void **state) {
    (void)state;
    static struct world world;
    world_init(&world, "2026-11-23T18:00:00Z");
    index_number = 0;
    struct booking_session session = identity_session();
    struct uuid session_id = world_publish(&world, &PRACTICE_A, &session).answer.id;
    world_tell(&world, &PRACTICE_A, "publishes six slots", OUTCOME_OK);

    index_answers(INDEX_KNOWS, index_id(1), NOBODY);
    struct world_reply hana = identity_book(&world, session_id, 0, "9434765919");
    world_tell(&world, &NEL_111, "books for Hana, whom the index knows", hana.outcome);
    index_answers(INDEX_NOT_THERE, NOBODY, NOBODY);
    world.now_ms += 60000;
    struct world_reply yusuf = identity_book(&world, session_id, 1, "9000000009");
    world_tell(&world, &NEL_111, "books for Yusuf while the index is away", yusuf.outcome);
    tell_whose(&world, "Yusuf's booking", yusuf.answer.id);

    uint8_t memory[8192];
    struct arena arena = arena_over(memory, sizeof memory);
    struct service_request errand;
    uint64_t after = 0;
    world.now_ms += 1000;
    assert_true(booking_source.errand(&world.read_only, &after, &arena, &errand));
    world_tell(&world, &SELF, "asks again", world_self(&world, &errand).outcome);
    world.now_ms += 1000;
    index_number = 4;
    index_answers(INDEX_KNOWS, index_id(2), NOBODY);
    world_tell(&world, &SELF, "asks again, and the index is back", world_self(&world, &errand).outcome);
    tell_whose(&world, "Yusuf's booking", yusuf.answer.id);

    world.now_ms += 60000;
    int64_t from_ms = world.now_ms;
    struct index_event event = index_merged(50, 1, 2);
    (void)tell_index(&world, &event, "says that both are one");
    tell_whose(&world, "Yusuf's booking", yusuf.answer.id);
    index_answers(INDEX_KNOWS, index_id(1), index_id(2));
    world.now_ms += 60000;
    struct world_reply refused = identity_book(&world, session_id, 0, "9000000009");
    world_tell(&world, &NEL_111, "books for Yusuf at Hana's time", refused.outcome);
    struct world_reply meanwhile = identity_book(&world, session_id, 3, "9000000009");
    world_tell(&world, &NEL_111, "books for him at another time", meanwhile.outcome);
    tell_whose(&world, "that booking", meanwhile.answer.id);
    world.now_ms += 60000;
    event = index_unmerged(50, 1, 2, from_ms, world.now_ms);
    (void)tell_index(&world, &event, "takes that back");
    tell_whose(&world, "Hana's booking", hana.answer.id);
    tell_whose(&world, "Yusuf's booking", yusuf.answer.id);
    tell_whose(&world, "the one made meanwhile", meanwhile.answer.id);
    compare(&world, "story_index_comes_back.txt");
    world_free(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_the_index_comes_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
