/* Stories of slots, holds and bookings. */
#include "tests/core/booking/story.h"

#include "services/booking/resolve.h"

static const struct caller TIMER = {"timer", "", ""};

static struct booking_session session_of(const char *organisation, const char *starts_at, uint32_t capacity,
                                         enum booking_audience audience) {
    struct booking_session session = {
        .kind = BOOKING_KIND_IN_PERSON,
        .audience = audience,
        .starts_at_ms = at(starts_at),
        .slot_minutes = 10,
        .slot_count = 6,
        .capacity = capacity,
    };
    memcpy(session.organisation, organisation, strlen(organisation));
    memcpy(session.service_id, "gp-routine", strlen("gp-routine"));
    return session;
}

static struct book_request booking_for(const char *nhs_number) {
    struct book_request request = {.is_from_hold = false};
    memcpy(request.person.nhs_number, nhs_number, strlen(nhs_number));
    memcpy(request.contact.phone, "020 7946 0000", strlen("020 7946 0000"));
    return request;
}

static void tell_alternatives(struct world *world, const struct booking_alternatives *alternatives) {
    for (uint32_t i = 0; i < alternatives->count; i++) {
        char instant[CIVIL_INSTANT_SIZE];
        civil_format_instant(alternatives->slots[i].starts_at_ms, instant);
        tell_line(world, "instead: %.16sZ at %s", instant, alternatives->slots[i].organisation);
    }
}

/* Two callers want the last place while a clinician is still talking to the first patient. */
static void test_two_callers_one_place(void **state) {
    (void)state;
    static struct world world;
    world_init(&world, "2026-11-23T18:00:00Z");
    struct booking_session session = session_of("F82001", "2026-11-23T18:40:00Z", 1, BOOKING_AUDIENCE_HUB);
    struct world_reply published = world_publish(&world, &PRACTICE_A, &session);
    world_tell(&world, &PRACTICE_A, "publishes six slots", published.outcome);
    struct booking_slot_id slot = {.session_id = published.answer.id, .index = 2};

    struct world_reply held = world_hold(&world, &NEL_111, slot, 0);
    world_tell(&world, &NEL_111, "holds the third one", held.outcome);
    assert_int_equal(held.answer.at_ms, world.now_ms + 300 * 1000);
    assert_int_equal(held.answer.slot.free, 0);

    world.now_ms += 90 * 1000;
    struct book_request other = booking_for("9434765919");
    other.slot_id = slot;
    struct world_reply refused = world_book(&world, &HUB, &other);
    world_tell(&world, &HUB, "books it for another patient", refused.outcome);
    tell_alternatives(&world, &refused.answer.alternatives);

    struct book_request stolen = booking_for("9434765919");
    stolen.is_from_hold = true;
    stolen.hold_id = held.answer.id;
    world_tell(&world, &HUB, "tries the hold of 111", world_book(&world, &HUB, &stolen).outcome);

    world.now_ms += 60 * 1000;
    struct book_request own = booking_for("9000000009");
    own.is_from_hold = true;
    own.hold_id = held.answer.id;
    struct world_reply booked = world_book(&world, &NEL_111, &own);
    world_tell(&world, &NEL_111, "books from the hold", booked.outcome);
    assert_int_equal(world_fire(&world), 0); /* the timer went with the hold */

    struct world_reply again = world_book(&world, &NEL_111, &own);
    world_tell(&world, &NEL_111, "books from the same hold again", again.outcome);
    struct world_reply taken = world_book(&world, &HUB, &other);
    world_tell(&world, &HUB, "books it for another patient", taken.outcome);
    tell_alternatives(&world, &taken.answer.alternatives);
    other.slot_id = taken.answer.alternatives.slots[0].slot_id;
    world_tell(&world, &HUB, "takes the first alternative", world_book(&world, &HUB, &other).outcome);

    world.now_ms += 60 * 1000;
    struct world_reply cancelled = world_cancel(&world, &PRACTICE_B, booked.answer.id, BOOKING_CANCEL_PERSON);
    world_tell(&world, &PRACTICE_B, "cancels for the first patient", cancelled.outcome);
    world_tell(&world, &NEL_111, "cancels it, too",
               world_cancel(&world, &NEL_111, booked.answer.id, BOOKING_CANCEL_PERSON).outcome);

    struct booking_view view;
    assert_int_equal(world_get(&world, &HUB, booked.answer.id, &view), OUTCOME_OK);
    for (uint32_t i = 0; i < view.history_count; i++) {
        static const char *const names[] = {"", "held", "booked", "cancelled"};
        tell_line(&world, "history: entry %u %s by %s", (unsigned)view.history[i].entry_number,
                  names[view.history[i].what], view.history[i].by);
    }
    assert_int_equal(view.slot.free, 1);
    compare(&world, "story_two_callers.txt");
    world_free(&world);
}

/* The line drops: the hold runs out, and nobody has to do anything. */
static void test_a_hold_runs_out(void **state) {
    (void)state;
    static struct world world;
    world_init(&world, "2026-11-23T18:00:00Z");
    struct booking_session session = session_of("Y02973", "2026-11-23T18:40:00Z", 1, BOOKING_AUDIENCE_111);
    session.slot_count = 1;
    struct world_reply published = world_publish(&world, &HUB, &session);
    world_tell(&world, &HUB, "publishes one slot for 111", published.outcome);
    struct booking_slot_id slot = {.session_id = published.answer.id, .index = 0};
    world_tell(&world, &PRACTICE_A, "holds it", world_hold(&world, &PRACTICE_A, slot, 60).outcome);
    struct world_reply held = world_hold(&world, &NEL_111, slot, 60);
    world_tell(&world, &NEL_111, "holds it for a minute", held.outcome);
    world.now_ms += 59999;
    world_tell(&world, &NEL_111, "holds it a second time", world_hold(&world, &NEL_111, slot, 60).outcome);
    world.now_ms += 1;

    /* Past its expiry the place is free although no timer has fired. */
    struct book_request request = booking_for("9000000009");
    request.is_from_hold = true;
    request.hold_id = held.answer.id;
    world_tell(&world, &NEL_111, "books from the hold", world_book(&world, &NEL_111, &request).outcome);
    struct book_request direct = booking_for("9000000009");
    direct.slot_id = slot;
    struct world_reply booked = world_book(&world, &NEL_111, &direct);
    world_tell(&world, &NEL_111, "books directly", booked.outcome);
    assert_int_equal(world_fire(&world), 1);
    world_tell(&world, &TIMER, "fires", OUTCOME_OK);
    world_tell(&world, &NEL_111, "books from the hold", world_book(&world, &NEL_111, &request).outcome);

    world.now_ms = at("2026-11-23T18:40:00Z");
    world_tell(&world, &NEL_111, "cancels as it begins",
               world_cancel(&world, &NEL_111, booked.answer.id, BOOKING_CANCEL_PERSON).outcome);
    compare(&world, "story_hold_runs_out.txt");
    world_free(&world);
}

/* On the last Sunday of October 01:30 in London happens twice, on that of March not at all: in UTC nothing happens. */
static void test_clock_changes(void **state) {
    (void)state;
    static struct world world;
    world_init(&world, "2026-10-24T12:00:00Z");
    struct booking_session night = session_of("Y02973", "2026-10-25T01:00:00+01:00", 1, BOOKING_AUDIENCE_HUB);
    night.slot_minutes = 30;
    night.slot_count = 6;
    struct world_reply published = world_publish(&world, &HUB, &night);
    assert_int_equal(published.outcome, OUTCOME_OK);
    struct booking_slot_id first = {.session_id = published.answer.id, .index = 1};
    struct booking_slot_id second = {.session_id = published.answer.id, .index = 3};
    struct book_request request = booking_for("9000000009");
    request.slot_id = first;
    struct world_reply summer = world_book(&world, &NEL_111, &request);
    request.slot_id = second;
    struct world_reply winter = world_book(&world, &NEL_111, &request);
    assert_int_equal(summer.outcome, OUTCOME_OK);
    assert_int_equal(winter.outcome, OUTCOME_OK); /* the same wall time, yet neither the same slot nor an overlap */
    assert_int_equal(summer.answer.slot.starts_at_ms, at("2026-10-25T01:30:00+01:00"));
    assert_int_equal(winter.answer.slot.starts_at_ms, at("2026-10-25T01:30:00+00:00"));
    assert_int_equal(winter.answer.slot.starts_at_ms - summer.answer.slot.starts_at_ms, 60 * BOOKING_MINUTE_MS);

    world.now_ms = at("2027-03-27T12:00:00Z");
    struct booking_session spring = session_of("Y02973", "2027-03-28T00:30:00Z", 1, BOOKING_AUDIENCE_HUB);
    spring.slot_minutes = 30;
    spring.slot_count = 2;
    published = world_publish(&world, &HUB, &spring);
    assert_int_equal(published.outcome, OUTCOME_OK);
    request.slot_id = (struct booking_slot_id){.session_id = published.answer.id, .index = 1};
    struct world_reply after = world_book(&world, &NEL_111, &request);
    assert_int_equal(after.outcome, OUTCOME_OK);
    assert_int_equal(after.answer.slot.starts_at_ms, at("2027-03-28T02:00:00+01:00"));
    assert_int_equal(world.number, 5);
    world_free(&world);
}

/* The event log and the story hold no name, number or whole pseudonym. */
static void test_stories_are_masked(void **state) {
    (void)state;
    static struct world world;
    world_init(&world, "2026-11-23T18:00:00Z");
    struct booking_session session = session_of("F82001", "2026-11-23T18:40:00Z", 1, BOOKING_AUDIENCE_HUB);
    struct world_reply published = world_publish(&world, &PRACTICE_A, &session);
    struct book_request request = booking_for("9434765919");
    memcpy(request.person.family_name, "Featherstonehaugh", strlen("Featherstonehaugh"));
    memcpy(request.contact.note, "wheelchair", strlen("wheelchair"));
    request.slot_id = (struct booking_slot_id){.session_id = published.answer.id, .index = 0};
    struct world_reply booked = world_book(&world, &NEL_111, &request);
    assert_int_equal(booked.outcome, OUTCOME_OK);
    assert_int_equal(world_cancel(&world, &NEL_111, booked.answer.id, BOOKING_CANCEL_PERSON).outcome, OUTCOME_OK);
    assert_non_null(strstr(world.trace, "booked 2026-11-23T18:40Z slot .."));
    struct uuid person_id = resolve_person(world_key, slice_text("111-nel"), &request.person);
    char person_text[UUID_TEXT_SIZE + 1] = "";
    uuid_format(person_id, person_text);
    const char *const secrets[] = {"9434765919", "Feather", "7946", "wheelchair", person_text};
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) assert_null(strstr(world.trace, secrets[i]));
    world_free(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_callers_one_place),
        cmocka_unit_test(test_a_hold_runs_out),
        cmocka_unit_test(test_clock_changes),
        cmocka_unit_test(test_stories_are_masked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
