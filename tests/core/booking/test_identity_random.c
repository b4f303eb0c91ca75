/* Random histories of the index over bookings: whoever a booking is shown as is who the index would say, after every merge,
 * unmerge and moved record; slots never change by any of it; a replay gives the same rows. */
#include "tests/core/booking/identity_world.h"
#include "tests/support/prng.h"
#include "tests/support/seeds.h"

enum { SEEDS = 60, STEPS = 120, PERSONS = 24, CALLERS = 8, MERGES_MAX = STEPS };

/* The index as a few arrays: who hangs in whom by which merge, and which person each caller's identifier is of. */
struct model {
    struct prng prng;
    struct world world;
    struct uuid session_id;
    uint8_t parent[PERSONS + 1]; /* 0: none */
    uint8_t merge_of[PERSONS + 1];
    uint8_t merge_count;
    uint8_t person[CALLERS];      /* whom it was linked to; 0: awaited */
    struct uuid record[CALLERS];  /* of an awaited one */
    struct uuid booking[CALLERS]; /* zero: none yet */
};
static struct model model;
static uint32_t seen_links, seen_unlinks, seen_corrections, seen_out_of_step;

static uint32_t draw(uint32_t n) {
    return (uint32_t)prng_below(&model.prng, n);
}

static uint8_t root_of(uint8_t person) {
    while (model.parent[person] != 0) person = model.parent[person];
    return person;
}

static void caller_text(uint32_t caller, char ret_text[11]) {
    static const char *const numbers[CALLERS] = {"9434765919", "9000000009", "9000000017", "9000000025",
                                                 "9000000033", "9000000041", "9000000068", "9000000076"};
    memcpy(ret_text, numbers[caller], 11);
}

static void count_events(size_t from) {
    for (size_t i = from; i < model.world.journal_count; i++) {
        uint8_t memory[BOOKING_EVENT_ARENA_SIZE];
        struct arena arena = arena_over(memory, sizeof memory);
        struct booking_event event;
        const struct world_entry *entry = &model.world.journal[i];
        assert_true(booking_event_decode(slice_of(entry->event, entry->event_size), &arena, &event));
        seen_links += event.kind == BOOKING_EVENT_PERSON_LINKED;
        seen_unlinks += event.kind == BOOKING_EVENT_PERSON_UNLINKED;
        seen_corrections += event.kind == BOOKING_EVENT_IDENTITY_CORRECTED;
    }
}

static void happens(const struct index_event *event) {
    struct world_reply reply;
    size_t before = model.world.journal_count;
    assert_true(index_happens(&model.world, event, &reply));
    assert_int_equal(reply.outcome, OUTCOME_OK);
    count_events(before);
    /* Asked once more it is done already; an older one is out of step. */
    struct world_reply again;
    world_decide(&model.world, BOOKING_COMMAND_FOLLOW, true, &again);
    assert_int_equal(again.outcome, OUTCOME_OK);
    assert_int_equal(again.event_count, 0);
    model.world.trace_size = 0;
}

static void step_book(void) {
    uint32_t caller = draw(CALLERS);
    char number[11];
    caller_text(caller, number);
    bool is_known = draw(3) > 0;
    if (is_known) {
        uint8_t person = model.person[caller] != 0 && draw(4) > 0 ? model.person[caller] : (uint8_t)(1 + draw(PERSONS));
        index_number++; /* what it says is newer than all that was followed */
        bool is_hop = root_of(person) != person;
        index_answers(INDEX_KNOWS, index_id(root_of(person)), is_hop ? index_id(person) : (struct uuid){{0}});
        struct world_reply reply = identity_book(&model.world, model.session_id, draw(200), number);
        if (reply.outcome != OUTCOME_OK) return;
        model.person[caller] = person;
        model.booking[caller] = reply.answer.id;
        return;
    }
    index_answers(draw(2) == 0 ? INDEX_NOT_THERE : INDEX_KNOWS_NOBODY, (struct uuid){{0}}, (struct uuid){{0}});
    struct world_reply reply = identity_book(&model.world, model.session_id, draw(200), number);
    if (reply.outcome != OUTCOME_OK) return;
    model.booking[caller] = reply.answer.id;
    struct booking_row row;
    struct awaited_row awaited;
    assert_true(booking_row_get(&model.world.read_only, reply.answer.id, &row));
    bool is_awaited = awaited_row_get(&model.world.read_only, row.person_id, &awaited);
    assert_int_equal(is_awaited, model.person[caller] == 0);
    if (is_awaited) model.record[caller] = awaited.record_id;
}

static void step_record(void) {
    uint32_t caller = draw(CALLERS);
    if (uuid_is_zero(model.record[caller])) return;
    uint8_t person = (uint8_t)(1 + draw(PERSONS));
    struct index_event event = model.person[caller] == 0
                                   ? index_registered(model.record[caller], index_id(person), "booking", INDEX_LINKED)
                                   : index_moved(model.record[caller], 1, person);
    happens(&event);
    model.person[caller] = root_of(person); /* the index puts it where the person is now */
}

static void step_merge(void) {
    uint8_t survivor = root_of((uint8_t)(1 + draw(PERSONS))), other = root_of((uint8_t)(1 + draw(PERSONS)));
    if (survivor == other || model.merge_count == 200) return;
    uint8_t merge = (uint8_t)(50 + model.merge_count++);
    struct index_event event = index_merged(merge, survivor, other);
    happens(&event);
    model.parent[other] = survivor;
    model.merge_of[other] = merge;
}

static void step_unmerge(void) {
    uint8_t other = (uint8_t)(1 + draw(PERSONS)), survivor = model.parent[other];
    /* What was merged again since is not taken apart (services/index/core/decide_merge.c). */
    if (survivor == 0 || model.parent[survivor] != 0) return;
    struct index_event event =
        index_unmerged(model.merge_of[other], survivor, other, model.world.now_ms - 3600000, model.world.now_ms);
    happens(&event);
    model.parent[other] = 0;
}

static void step_out_of_step(void) {
    struct service_request request;
    uint8_t memory[65536];
    struct arena arena = arena_over(memory, sizeof memory);
    struct service_news news = {.after = {.offset = (int64_t)index_number + 5},
                                .to = {.offset = (int64_t)index_number + 9, .size = 1},
                                .number = index_number + 9};
    assert_int_equal(booking_source.react(&news, &arena, &request), REACTION_REQUEST);
    struct digest before = rows_array_digest(&model.world.array);
    assert_int_equal(world_self(&model.world, &request).outcome, REFUSED_SOURCE_OUT_OF_STEP);
    assert_true(digest_equal(before, rows_array_digest(&model.world.array)));
    seen_out_of_step++;
}

static void check_all(void) {
    for (uint32_t caller = 0; caller < CALLERS; caller++) {
        if (uuid_is_zero(model.booking[caller])) continue;
        struct uuid shown = identity_shown(&model.world, model.booking[caller]);
        bool is_known = model.person[caller] != 0;
        if (is_known) assert_true(uuid_equal(shown, index_id(root_of(model.person[caller]))));
        /* Who looks for the caller finds every booking of the same person, and of nobody else. */
        char number[11];
        caller_text(caller, number);
        struct list_person_bookings_request request = {.include_past = true};
        memcpy(request.person.nhs_number, number, sizeof number);
        struct list_person_bookings_response response;
        assert_int_equal(world_list(&model.world, &NEL_111, &request, &response), OUTCOME_OK);
        assert_true(response.booking_count > 0);
        for (uint32_t i = 0; i < response.booking_count; i++) {
            assert_true(uuid_equal(response.bookings[i].person.person_id, shown));
        }
    }
}

static void run(uint64_t seed) {
    memset(&model, 0, sizeof model);
    model.prng = prng_seed(seed);
    world_init(&model.world, "2026-11-23T08:00:00Z");
    index_number = 0;
    struct booking_session session = identity_session();
    session.slot_minutes = 1;
    session.slot_count = 200;
    session.capacity = 20;
    model.session_id = world_publish(&model.world, &PRACTICE_A, &session).answer.id;
    for (int i = 0; i < STEPS; i++) {
        uint32_t what = draw(100);
        model.world.now_ms += 1000;
        if (what < 40) {
            step_book();
        } else if (what < 55) {
            step_record();
        } else if (what < 75) {
            step_merge();
        } else if (what < 95) {
            step_unmerge();
        } else {
            step_out_of_step();
        }
        model.world.trace_size = 0;
        check_all();
    }
    assert_true(digest_equal(rows_array_digest(&model.world.array), world_replay_digest(&model.world)));
    world_free(&model.world);
}

static void test_random_histories(void **state) {
    (void)state;
    if (!seeds_each(run, SEEDS)) return;
    print_message("%u links, %u cut again, %u corrections\n", seen_links, seen_unlinks, seen_corrections);
    assert_true(seen_links > 10 * SEEDS && seen_unlinks > SEEDS && seen_corrections > SEEDS &&
                seen_out_of_step > SEEDS);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_teardown(test_random_histories, seeds_tell_failing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
