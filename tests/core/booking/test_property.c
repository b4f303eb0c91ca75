/* Random commands against a model that only counts. Whatever is asked, in whatever order: no slot gives out more places
 * than it has, no person is in two places at once, a hold that ran out holds nothing, a command asked again gets its first
 * answer, and the journal replayed gives the same rows. A failing seed is printed; BHR_SEED runs one seed alone. */
#include "tests/core/booking/booking_world.h"

#include "tests/support/prng.h"
#include "tests/support/seeds.h"

enum {
    SEEDS = 100,
    STEPS = 400,
    SESSIONS_MAX = 8,
    SLOTS_MAX = 6,
    PERSONS = 12,
    CALLERS = 5,
    BOOKINGS_MAX = STEPS,
    HOLDS_MAX = STEPS
};

struct model_booking {
    struct uuid id;
    struct booking_slot_id slot_id;
    int64_t starts_at_ms, ends_at_ms;
    int person;
    bool is_cancelled;
};
struct model_hold {
    struct uuid id;
    struct booking_slot_id slot_id;
    int64_t expires_at_ms;
    const struct caller *by;
    bool is_used;
};
struct model {
    struct prng prng;
    struct world world;
    uint32_t session_count, booking_count, hold_count;
    struct booking_session sessions[SESSIONS_MAX];
    struct model_booking bookings[BOOKINGS_MAX];
    struct model_hold holds[HOLDS_MAX];
};

static const struct caller *const callers[CALLERS] = {&NEL_111, &PRACTICE_A, &PRACTICE_B, &HUB, &OPERATOR};
static uint32_t seen[BOOKING_OUTCOME_COUNT], ok_count;

static uint32_t draw(struct model *model, uint32_t below) {
    return (uint32_t)prng_below(&model->prng, below);
}

static const struct caller *draw_caller(struct model *model) {
    return callers[draw(model, CALLERS)];
}

static struct booking_slot_id draw_slot(struct model *model) {
    struct booking_slot_id slot_id = {.index = draw(model, SLOTS_MAX + 1)}; /* now and then one that does not exist */
    if (model->session_count > 0) slot_id.session_id = model->sessions[draw(model, model->session_count)].session_id;
    if (model->session_count == 0 || prng_chance(&model->prng, 2)) slot_id.session_id.bytes[0] = 0xEE;
    return slot_id;
}

/* The same command again, before anything else happens: the first answer, and nothing new. */
static void check_retry(struct model *model, enum booking_command_kind kind, const struct world_reply *first) {
    struct world_reply second;
    world_decide(&model->world, kind, false, &second);
    assert_int_equal(second.outcome, first->outcome);
    assert_int_equal(second.event_count, 0);
    assert_int_equal(second.answer_size, first->answer_size);
    assert_memory_equal(second.answer_bytes, first->answer_bytes, first->answer_size);
}

static void count(struct model *model, enum booking_command_kind kind, const struct world_reply *reply) {
    if (reply->outcome == OUTCOME_OK) ok_count++;
    for (uint32_t i = 0; i < BOOKING_OUTCOME_COUNT; i++) {
        if (booking_outcomes[i].code == reply->outcome) seen[i]++;
    }
    assert_int_equal(reply->event_count, reply->outcome == OUTCOME_OK ? 1 : 0);
    check_retry(model, kind, reply);
}

static void step_publish(struct model *model) {
    if (model->session_count == SESSIONS_MAX) return;
    const struct caller *caller = draw_caller(model);
    static const char *const owners[] = {"F82001", "F82002", "Y02973"};
    struct booking_session session = {
        .kind = (enum booking_kind)(1 + draw(model, 3)),
        .audience = (enum booking_audience)(1 + draw(model, 3)),
        .starts_at_ms = model->world.now_ms - 30 * BOOKING_MINUTE_MS + draw(model, 180) * BOOKING_MINUTE_MS,
        .slot_minutes = 1 + draw(model, 30),
        .slot_count = 1 + draw(model, SLOTS_MAX),
        .capacity = 1 + draw(model, 3),
    };
    memcpy(session.organisation, owners[draw(model, 3)], 6);
    memcpy(session.service_id, draw(model, 2) == 0 ? "gp" : "ut", 2);
    struct world_reply reply = world_publish(&model->world, caller, &session);
    count(model, BOOKING_COMMAND_PUBLISH, &reply);
    if (reply.outcome != OUTCOME_OK) return;
    session.session_id = reply.answer.id;
    model->sessions[model->session_count++] = session;
}

static void step_hold(struct model *model) {
    const struct caller *caller = draw_caller(model);
    struct world_reply reply = world_hold(&model->world, caller, draw_slot(model), 30 + draw(model, 300));
    count(model, BOOKING_COMMAND_HOLD, &reply);
    if (reply.outcome != OUTCOME_OK) return;
    model->holds[model->hold_count++] = (struct model_hold){
        .id = reply.answer.id, .slot_id = reply.answer.slot.slot_id, .expires_at_ms = reply.answer.at_ms, .by = caller};
}

/* A local id counts within its system: two systems' "p-1" are two persons. */
static int person_of(const struct caller *caller, int person) {
    for (int i = 0; i < CALLERS; i++) {
        if (callers[i] == caller) return i * PERSONS + person;
    }
    fail_msg("no such caller");
    return 0;
}

static void step_book(struct model *model) {
    const struct caller *caller = draw_caller(model);
    int person = (int)draw(model, PERSONS);
    struct book_request request = {.is_from_hold = model->hold_count > 0 && prng_chance(&model->prng, 50)};
    snprintf(request.person.local_id, sizeof request.person.local_id, "p-%d", person);
    struct model_hold *hold = NULL;
    if (request.is_from_hold) {
        uint32_t recent = model->hold_count < 6 ? model->hold_count : 6;
        hold = &model->holds[model->hold_count - 1 - draw(model, recent)];
        request.hold_id = hold->id;
        if (prng_chance(&model->prng, 90)) caller = hold->by;
    } else {
        request.slot_id = draw_slot(model);
    }
    struct world_reply reply = world_book(&model->world, caller, &request);
    count(model, BOOKING_COMMAND_BOOK, &reply);
    if (reply.outcome != OUTCOME_OK) return;
    if (hold != NULL) {
        assert_false(hold->is_used);
        assert_true(hold->expires_at_ms > model->world.now_ms);
        assert_true(hold->by == caller);
        hold->is_used = true;
    }
    const struct booking_slot *slot = &reply.answer.slot;
    assert_true(slot->starts_at_ms > model->world.now_ms);
    model->bookings[model->booking_count++] = (struct model_booking){.id = reply.answer.id,
                                                                     .slot_id = slot->slot_id,
                                                                     .starts_at_ms = slot->starts_at_ms,
                                                                     .ends_at_ms = slot->ends_at_ms,
                                                                     .person = person_of(caller, person)};
}

static void step_cancel(struct model *model) {
    struct uuid id = {{0xEE}};
    struct model_booking *booking = NULL;
    if (model->booking_count > 0 && prng_chance(&model->prng, 95)) {
        booking = &model->bookings[draw(model, model->booking_count)];
        id = booking->id;
    }
    struct world_reply reply = world_cancel(&model->world, draw_caller(model), id, BOOKING_CANCEL_ORGANISATION);
    count(model, BOOKING_COMMAND_CANCEL, &reply);
    if (booking == NULL) assert_int_equal(reply.outcome, REFUSED_BOOKING_UNKNOWN);
    if (reply.outcome != OUTCOME_OK) return;
    assert_non_null(booking);
    assert_false(booking->is_cancelled);
    booking->is_cancelled = true;
}

static void step_time(struct model *model) {
    model->world.now_ms += draw(model, 120) * 1000;
    if (prng_chance(&model->prng, 50)) world_fire(&model->world); /* late timers must not matter */
}

/* Every shown slot can be booked by the one it is shown to. */
static void step_find(struct model *model) {
    const struct caller *caller = draw_caller(model);
    struct find_slots_request request = {.from_ms = model->world.now_ms - BOOKING_MINUTE_MS,
                                         .to_ms = model->world.now_ms + BOOKING_DAY_MS,
                                         .limit = 1 + draw(model, 20)};
    memcpy(request.service_id, draw(model, 2) == 0 ? "gp" : "ut", 2);
    struct find_slots_response response;
    assert_int_equal(world_find(&model->world, caller, &request, &response), OUTCOME_OK);
    if (response.slot_count == 0) return;
    struct booking_slot_id slot_id = response.slots[draw(model, response.slot_count)].slot_id;
    for (uint32_t i = 1; i < response.slot_count; i++) {
        assert_true(response.slots[i - 1].starts_at_ms <= response.slots[i].starts_at_ms);
    }
    struct world_reply reply = world_hold(&model->world, caller, slot_id, 30);
    assert_int_equal(reply.outcome, OUTCOME_OK);
    model->holds[model->hold_count++] = (struct model_hold){
        .id = reply.answer.id, .slot_id = slot_id, .expires_at_ms = reply.answer.at_ms, .by = caller};
}

static void check_slots(const struct model *model) {
    for (uint32_t s = 0; s < model->session_count; s++) {
        for (uint32_t i = 0; i < model->sessions[s].slot_count; i++) {
            struct booking_slot_id slot_id = {.session_id = model->sessions[s].session_id, .index = i};
            uint32_t booked = 0, held = 0;
            for (uint32_t b = 0; b < model->booking_count; b++) {
                const struct model_booking *booking = &model->bookings[b];
                if (!booking->is_cancelled && booking_slot_id_equal(booking->slot_id, slot_id)) booked++;
            }
            for (uint32_t h = 0; h < model->hold_count; h++) {
                const struct model_hold *hold = &model->holds[h];
                bool is_live = !hold->is_used && hold->expires_at_ms > model->world.now_ms;
                if (is_live && booking_slot_id_equal(hold->slot_id, slot_id)) held++;
            }
            struct slot_row row;
            slot_row_get(&model->world.read_only, slot_id, &row);
            assert_true(booked + held <= model->sessions[s].capacity);
            assert_int_equal(row.booked, booked);
            assert_int_equal(slot_row_live_holds(&row, model->world.now_ms), held);
        }
    }
}

static void check_persons(const struct model *model) {
    for (uint32_t a = 0; a < model->booking_count; a++) {
        for (uint32_t b = 0; b < a; b++) {
            const struct model_booking *x = &model->bookings[a], *y = &model->bookings[b];
            if (x->person != y->person || x->is_cancelled || y->is_cancelled) continue;
            assert_true(x->ends_at_ms <= y->starts_at_ms || y->ends_at_ms <= x->starts_at_ms);
        }
    }
}

static void run(uint64_t seed) {
    static struct model model;
    memset(&model, 0, sizeof model);
    model.prng = prng_seed(seed);
    world_init(&model.world, "2026-11-23T08:00:00Z");
    for (int i = 0; i < 3; i++) step_publish(&model);
    for (int i = 0; i < STEPS; i++) {
        uint32_t what = draw(&model, 100);
        if (what < 8) {
            step_publish(&model);
        } else if (what < 30) {
            step_hold(&model);
        } else if (what < 65) {
            step_book(&model);
        } else if (what < 80) {
            step_cancel(&model);
        } else if (what < 95) {
            step_time(&model);
        } else {
            step_find(&model);
        }
        model.world.trace_size = 0;
        check_slots(&model);
    }
    check_persons(&model);
    struct digest live = rows_array_digest(&model.world.array), replayed = world_replay_digest(&model.world);
    assert_true(digest_equal(live, replayed));

    model.world.now_ms += BOOKING_DAY_MS;
    world_fire(&model.world);
    assert_int_equal(rows_array_count_table(&model.world.array, BOOKING_TABLE_HOLD), 0);
    assert_int_equal(rows_array_count_table(&model.world.array, ROWS_TABLE_TIMER), 0);
    check_slots(&model);
    world_free(&model.world);
}

static void test_random_commands(void **state) {
    (void)state;
    if (!seeds_each(run, SEEDS)) return;
    assert_true(ok_count > 40 * SEEDS); /* not all of it refusals */
    /* The draw is wide enough to meet every answer of a command. */
    for (uint32_t i = 0; i < BOOKING_OUTCOME_COUNT; i++) {
        uint32_t code = booking_outcomes[i].code;
        bool is_of_query = code == REFUSED_WINDOW_TOO_WIDE || code == REFUSED_SEARCH_TOO_COSTLY;
        /* What booking asks of itself: test_identity_random.c. */
        bool is_own =
            code == REFUSED_SOURCE_OUT_OF_STEP || code == REFUSED_PERSON_AWAITED || code == REFUSED_PERSON_LINKED;
        if (seen[i] == 0 && !is_of_query && !is_own) fail_msg("never met: %s", booking_outcomes[i].name);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_teardown(test_random_commands, seeds_tell_failing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
