/* Who bookings are for: found, unknown, known later, merged, taken apart, and what of the index's journal is of concern.
 * Every test ends with the same rows from a replay. */
#include "tests/core/booking/identity_world.h"

static const char *const HANA = "9434765919", *const YUSUF = "9000000009";
static const struct uuid NOBODY = {{0}};
static struct world world;
static struct uuid session_id;

static int begin(void **state) {
    (void)state;
    world_init(&world, "2026-11-23T18:00:00Z");
    index_number = 0;
    struct booking_session session = identity_session();
    session_id = world_publish(&world, &PRACTICE_A, &session).answer.id;
    return 0;
}

static int end(void **state) {
    (void)state;
    assert_true(digest_equal(rows_array_digest(&world.array), world_replay_digest(&world)));
    world_free(&world);
    return 0;
}

static struct booking_event last_event(void) {
    static uint8_t memory[BOOKING_EVENT_ARENA_SIZE];
    struct arena arena = arena_over(memory, sizeof memory);
    struct booking_event event;
    const struct world_entry *entry = &world.journal[world.journal_count - 1];
    assert_true(booking_event_decode(slice_of(entry->event, entry->event_size), &arena, &event));
    return event;
}

static struct uuid shown(struct uuid booking_id) {
    return identity_shown(&world, booking_id);
}

static void follow(const struct index_event *event, uint32_t outcome, uint32_t event_count) {
    struct world_reply reply;
    assert_true(index_happens(&world, event, &reply));
    assert_int_equal(reply.outcome, outcome);
    assert_int_equal(reply.event_count, event_count);
}

static void test_without_an_index_nothing_differs(void **state) {
    (void)state;
    struct world_reply booked = identity_book(&world, session_id, 0, HANA);
    assert_int_equal(booked.outcome, OUTCOME_OK);
    assert_int_equal(booked.event_count, 1);
    struct booking_event event = last_event();
    assert_int_equal(event.kind, BOOKING_EVENT_SLOT_BOOKED);
    assert_true(uuid_equal(shown(booked.answer.id), event.slot_booked.person_id));
}

static void test_found(void **state) {
    (void)state;
    index_answers(INDEX_KNOWS, index_id(1), NOBODY);
    struct world_reply booked = identity_book(&world, session_id, 0, HANA);
    assert_int_equal(booked.event_count, 2);
    assert_true(uuid_equal(shown(booked.answer.id), index_id(1)));
    /* The same again is no news. */
    assert_int_equal(identity_book(&world, session_id, 1, HANA).event_count, 1);
    assert_int_equal(identity_count(&world, HANA), 2);
}

/* Two identifiers of one person: nobody is booked twice at a time. */
static void test_overlap_across_identifiers(void **state) {
    (void)state;
    index_answers(INDEX_KNOWS, index_id(1), NOBODY);
    assert_int_equal(identity_book(&world, session_id, 0, HANA).outcome, OUTCOME_OK);
    assert_int_equal(identity_book(&world, session_id, 0, YUSUF).outcome, REFUSED_PERSON_OVERLAP);
    index_answers(INDEX_KNOWS, index_id(2), NOBODY);
    assert_int_equal(identity_book(&world, session_id, 0, YUSUF).outcome, OUTCOME_OK);
}

static void test_away_then_found(void **state) {
    (void)state;
    index_answers(INDEX_NOT_THERE, NOBODY, NOBODY);
    struct world_reply booked = identity_book(&world, session_id, 0, HANA);
    assert_int_equal(booked.outcome, OUTCOME_OK);
    assert_int_equal(booked.event_count, 2);
    struct booking_event event = last_event();
    assert_int_equal(event.kind, BOOKING_EVENT_PERSON_AWAITED);
    assert_true(uuid_equal(shown(booked.answer.id), event.person_awaited.person_id));
    size_t slots = rows_array_count_table(&world.array, BOOKING_TABLE_SLOT);
    /* A second booking of the same stranger awaits nothing more. */
    assert_int_equal(identity_book(&world, session_id, 1, HANA).event_count, 1);

    struct arena arena = arena_over(malloc(65536), 65536);
    struct service_request request;
    uint64_t after = 0, none = UINT64_MAX - 1;
    assert_true(booking_source.errand(&world.read_only, &after, &arena, &request));
    assert_string_equal(request.method, BOOKING_METHOD_RELINK);
    assert_int_equal(world_self(&world, &request).outcome, OUTCOME_UNAVAILABLE);
    index_number = 5;
    index_answers(INDEX_KNOWS_NOBODY, NOBODY, NOBODY);
    assert_int_equal(world_self(&world, &request).outcome, REFUSED_PERSON_AWAITED);
    index_answers(INDEX_KNOWS, index_id(1), NOBODY);
    struct world_reply linked = world_self(&world, &request);
    assert_int_equal(linked.outcome, OUTCOME_OK);
    assert_int_equal(linked.event_count, 1);
    assert_true(uuid_equal(shown(booked.answer.id), index_id(1)));
    assert_int_equal(rows_array_count_table(&world.array, BOOKING_TABLE_SLOT), slots + 1);

    after = 0;
    assert_false(booking_source.errand(&world.read_only, &after, &arena, &request));
    assert_false(booking_source.errand(&world.read_only, &none, &arena, &request));
    free(arena.memory);
}

/* The index is told of the stranger as a local record; what it makes of that comes by its journal. */
static void test_local_record(void **state) {
    (void)state;
    index_answers(INDEX_KNOWS_NOBODY, NOBODY, NOBODY);
    struct world_reply booked = identity_book(&world, session_id, 0, HANA);
    struct booking_event awaited = last_event();
    assert_int_equal(awaited.kind, BOOKING_EVENT_PERSON_AWAITED);
    struct uuid record_id = awaited.person_awaited.record_id;

    struct index_event event = index_registered(record_id, index_id(1), "booking", INDEX_LINKED);
    follow(&event, OUTCOME_OK, 2);
    assert_true(uuid_equal(shown(booked.answer.id), index_id(1)));
    assert_int_equal(rows_array_count_table(&world.array, BOOKING_TABLE_AWAITED), 0);
    assert_int_equal(rows_array_count_table(&world.array, BOOKING_TABLE_AWAITED_OF), 0);
    /* A human moves the record, and an update of it changes nothing. */
    event = index_moved(record_id, 1, 2);
    follow(&event, OUTCOME_OK, 2);
    assert_true(uuid_equal(shown(booked.answer.id), index_id(2)));
    struct world_reply reply;
    event = index_registered(record_id, index_id(2), "booking", INDEX_UPDATED);
    follow(&event, OUTCOME_OK, 1);
    assert_true(uuid_equal(shown(booked.answer.id), index_id(2)));
    /* A record of nobody here only moves the place on; one of another source is of no concern at all. */
    event = index_moved(index_id(77), 1, 2);
    follow(&event, OUTCOME_OK, 1);
    event = index_registered(index_id(78), index_id(78), "emis", INDEX_NEW);
    assert_false(index_happens(&world, &event, &reply));
}

/* The index has the record already, from a booking that was lost with the end of this journal: it is told again. */
static void test_local_record_that_is_known(void **state) {
    (void)state;
    index_answers(INDEX_KNOWS_NOBODY, NOBODY, NOBODY);
    struct world_reply booked = identity_book(&world, session_id, 0, HANA);
    struct booking_event awaited = last_event();
    assert_int_equal(awaited.kind, BOOKING_EVENT_PERSON_AWAITED);
    struct index_event event =
        index_registered(awaited.person_awaited.record_id, index_id(1), "booking", INDEX_UPDATED);
    follow(&event, OUTCOME_OK, 2);
    assert_true(uuid_equal(shown(booked.answer.id), index_id(1)));
    assert_int_equal(rows_array_count_table(&world.array, BOOKING_TABLE_AWAITED), 0);
}

/* What is older than the link there is, changes nothing: an answer that was long on its way. */
static void test_late_answer(void **state) {
    (void)state;
    index_answers(INDEX_KNOWS_NOBODY, NOBODY, NOBODY);
    struct world_reply booked = identity_book(&world, session_id, 0, HANA);
    struct uuid record_id = last_event().person_awaited.record_id;
    index_answers(INDEX_KNOWS, index_id(9), NOBODY); /* as of now */
    struct index_event event = index_registered(record_id, index_id(1), "booking", INDEX_NEW);
    follow(&event, OUTCOME_OK, 2);
    assert_int_equal(identity_book(&world, session_id, 1, HANA).event_count, 1);
    assert_true(uuid_equal(shown(booked.answer.id), index_id(1)));
    index_number++;
    index_answers(INDEX_KNOWS, index_id(9), NOBODY);
    assert_int_equal(identity_book(&world, session_id, 2, HANA).event_count, 2);
    assert_true(uuid_equal(shown(booked.answer.id), index_id(9)));
}

static void test_merge_and_unmerge(void **state) {
    (void)state;
    index_answers(INDEX_KNOWS, index_id(1), NOBODY);
    struct world_reply hana = identity_book(&world, session_id, 0, HANA);
    index_answers(INDEX_KNOWS, index_id(2), NOBODY);
    struct world_reply yusuf = identity_book(&world, session_id, 1, YUSUF);
    world.now_ms += 60000;
    int64_t from_ms = world.now_ms;
    struct index_event event = index_merged(50, 1, 2);
    follow(&event, OUTCOME_OK, 2);
    assert_true(uuid_equal(shown(yusuf.answer.id), index_id(1)));
    assert_int_equal(identity_count(&world, HANA), 2);
    assert_int_equal(identity_count(&world, YUSUF), 2);
    assert_int_equal(identity_book(&world, session_id, 1, HANA).outcome, REFUSED_PERSON_OVERLAP);

    /* Booked meanwhile: the index names who the number was first of. */
    index_answers(INDEX_KNOWS, index_id(1), index_id(2));
    world.now_ms += 60000;
    struct world_reply meanwhile = identity_book(&world, session_id, 2, YUSUF);
    assert_true(uuid_equal(shown(meanwhile.answer.id), index_id(1)));
    index_answers(INDEX_KNOWS, index_id(1), NOBODY);
    struct world_reply cancelled = identity_book(&world, session_id, 4, HANA);
    assert_int_equal(world_cancel(&world, &HUB, cancelled.answer.id, BOOKING_CANCEL_PERSON).outcome, OUTCOME_OK);

    event = index_unmerged(50, 1, 2, from_ms, world.now_ms);
    follow(&event, OUTCOME_OK, 3);
    struct booking_event corrected = last_event();
    assert_int_equal(corrected.kind, BOOKING_EVENT_IDENTITY_CORRECTED);
    assert_int_equal(corrected.identity_corrected.booking_count, 2);
    assert_false(corrected.identity_corrected.has_more);
    bool has_meanwhile = false, has_cancelled = false;
    for (uint32_t i = 0; i < 2; i++) {
        struct uuid id = corrected.identity_corrected.booking_ids[i];
        has_meanwhile |= uuid_equal(id, meanwhile.answer.id);
        has_cancelled |= uuid_equal(id, cancelled.answer.id);
    }
    assert_true(has_meanwhile && has_cancelled);
    assert_true(uuid_equal(shown(hana.answer.id), index_id(1)));
    assert_true(uuid_equal(shown(yusuf.answer.id), index_id(2)));
    assert_true(uuid_equal(shown(meanwhile.answer.id), index_id(2)));
    assert_int_equal(identity_count(&world, YUSUF), 2);
    assert_int_equal(identity_count(&world, HANA), 2);
}

/* A record that was put where a merge had led stays there when the merge is taken back, as in the index. */
static void test_record_while_merged(void **state) {
    (void)state;
    index_answers(INDEX_KNOWS_NOBODY, NOBODY, NOBODY);
    struct world_reply booked = identity_book(&world, session_id, 0, HANA);
    struct uuid record_id = last_event().person_awaited.record_id;
    struct index_event event = index_merged(50, 1, 2);
    follow(&event, OUTCOME_OK, 2);
    event = index_registered(record_id, index_id(2), "booking", INDEX_LINKED);
    follow(&event, OUTCOME_OK, 2);
    event = index_unmerged(50, 1, 2, world.now_ms, world.now_ms);
    follow(&event, OUTCOME_OK, 3);
    assert_true(uuid_equal(shown(booked.answer.id), index_id(1)));
}

static void test_twice_and_out_of_step(void **state) {
    (void)state;
    index_answers(INDEX_KNOWS, index_id(2), NOBODY);
    (void)identity_book(&world, session_id, 0, HANA);
    struct index_event event = index_merged(50, 1, 2);
    follow(&event, OUTCOME_OK, 2);
    struct digest before = rows_array_digest(&world.array);
    struct world_reply again;
    world_decide(&world, BOOKING_COMMAND_FOLLOW, true, &again);
    assert_int_equal(again.outcome, OUTCOME_OK);
    assert_int_equal(again.event_count, 0);
    assert_true(digest_equal(before, rows_array_digest(&world.array)));
    uint8_t first[WORLD_COMMAND_MAX];
    size_t first_size = world.command_size;
    memcpy(first, world.command, first_size);
    event = index_merged(51, 3, 1);
    follow(&event, OUTCOME_OK, 2);
    memcpy(world.command, first, first_size);
    world.command_size = first_size;
    world_decide(&world, BOOKING_COMMAND_FOLLOW, true, &again);
    assert_int_equal(again.outcome, REFUSED_SOURCE_OUT_OF_STEP);
    assert_int_equal(again.event_count, 0);
}

/* The index's journal lost its end, and what stands there instead lies where something else was followed. It was not. */
static void test_another_record_at_the_same_offset(void **state) {
    (void)state;
    index_answers(INDEX_KNOWS, index_id(2), NOBODY);
    (void)identity_book(&world, session_id, 0, HANA);
    struct service_place before;
    booking_source.place(&world.read_only, &before);
    struct index_event lost = index_merged(50, 1, 2), instead = index_merged(51, 3, 2);
    follow(&lost, OUTCOME_OK, 2);
    const struct service_place same = {.offset = (int64_t)index_number, .size = 3, .bytes = "abc"};
    const struct service_place other = {.offset = (int64_t)index_number, .size = 3, .bytes = "xyz"};
    struct world_reply reply;
    assert_true(index_has(&world, &before, &other, &instead, &reply));
    assert_int_equal(reply.outcome, REFUSED_SOURCE_OUT_OF_STEP);
    assert_true(index_has(&world, &before, &same, &lost, &reply));
    assert_int_equal(reply.outcome, OUTCOME_OK);
    assert_int_equal(reply.event_count, 0);
}

/* A journal that says so would lead round in a circle: nothing is linked, and nobody hangs. */
static void test_no_circle(void **state) {
    (void)state;
    struct index_event event = index_merged(50, 1, 2);
    follow(&event, OUTCOME_OK, 2);
    event = index_merged(51, 2, 1);
    follow(&event, OUTCOME_OK, 1);
    event = index_merged(52, 3, 1);
    follow(&event, OUTCOME_OK, 2);
    event = index_merged(53, 2, 3);
    follow(&event, OUTCOME_OK, 1);
    assert_true(uuid_equal(link_root(&world.read_only, index_id(2)), index_id(3)));
}

static void test_other_events(void **state) {
    (void)state;
    struct index_event event;
    struct world_reply reply;
    memset(&event, 0, sizeof event);
    event.kind = INDEX_EVENT_PERSON_FLAGGED;
    event.person_flagged.person_id = index_id(1);
    event.person_flagged.flag = INDEX_FLAG_DECEASED;
    event.person_flagged.is_set = true;
    memcpy(event.person_flagged.reason, "told", 5);
    memcpy(event.person_flagged.by, "ops", 4);
    assert_false(index_happens(&world, &event, &reply));
    /* What cannot be read is never passed over. */
    uint8_t memory[65536];
    struct arena arena = arena_over(memory, sizeof memory);
    struct service_news news = {.to = {.offset = 3, .size = 1}, .event = slice_text("\x0a\x03zzz")};
    struct service_request request;
    assert_int_equal(booking_source.react(&news, &arena, &request), REACTION_UNREADABLE);
    news.event = (struct slice){0};
    assert_int_equal(booking_source.react(&news, &arena, &request), REACTION_REQUEST);
}

/* Many pseudonyms in a tree of many merges: each is met once. */
static void test_every_kin_once(void **state) {
    (void)state;
    enum { KIN = 40 };
    for (uint8_t i = 1; i < KIN; i++) {
        struct index_event event = index_merged((uint8_t)(100 + i), (uint8_t)(i / 3), i);
        follow(&event, OUTCOME_OK, 2);
    }
    bool is_met[KIN] = {false};
    uint32_t count = 0;
    struct kin_walk walk = kin_walk_of(index_id(0));
    while (kin_walk_next(&world.read_only, &walk)) {
        uint8_t n = walk.at.bytes[15];
        assert_true(n < KIN && !is_met[n]);
        is_met[n] = true;
        count++;
    }
    assert_int_equal(count, KIN);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_without_an_index_nothing_differs, begin, end),
        cmocka_unit_test_setup_teardown(test_found, begin, end),
        cmocka_unit_test_setup_teardown(test_overlap_across_identifiers, begin, end),
        cmocka_unit_test_setup_teardown(test_away_then_found, begin, end),
        cmocka_unit_test_setup_teardown(test_local_record, begin, end),
        cmocka_unit_test_setup_teardown(test_local_record_that_is_known, begin, end),
        cmocka_unit_test_setup_teardown(test_late_answer, begin, end),
        cmocka_unit_test_setup_teardown(test_merge_and_unmerge, begin, end),
        cmocka_unit_test_setup_teardown(test_record_while_merged, begin, end),
        cmocka_unit_test_setup_teardown(test_twice_and_out_of_step, begin, end),
        cmocka_unit_test_setup_teardown(test_another_record_at_the_same_offset, begin, end),
        cmocka_unit_test_setup_teardown(test_no_circle, begin, end),
        cmocka_unit_test_setup_teardown(test_other_events, begin, end),
        cmocka_unit_test_setup_teardown(test_every_kin_once, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
