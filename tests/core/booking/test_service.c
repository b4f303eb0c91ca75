/* The service's table as the host sees it: sound rows, configured bounds, unreadable commands, persons, alternatives and
 * sessions that touch. */
#include "tests/core/booking/booking_world.h"

#include "services/booking/core/apply.h"
#include "services/booking/resolve.h"

static struct world world;

static struct booking_session session_of(const char *organisation, const char *starts_at) {
    struct booking_session session = {
        .kind = BOOKING_KIND_IN_PERSON,
        .audience = BOOKING_AUDIENCE_HUB,
        .starts_at_ms = at(starts_at),
        .slot_minutes = 60,
        .slot_count = 2,
        .capacity = 1,
    };
    memcpy(session.organisation, organisation, strlen(organisation));
    memcpy(session.service_id, "gp", 2);
    return session;
}

static void test_table_is_sound(void **state) {
    (void)state;
    for (uint32_t i = 0; i < booking_service.method_count; i++) {
        const struct service_method *method = &booking_service.methods[i];
        assert_true((method->kind == METHOD_COMMAND) == (method->accept != NULL));
        assert_true((method->kind == METHOD_QUERY) == (method->query != NULL));
    }
    for (uint32_t i = 0; i < booking_service.config_row_count; i++) {
        const struct service_config_row *row = &booking_service.config_rows[i];
        assert_true(row->min <= row->default_value && row->default_value <= row->max);
    }
    assert_true(booking_service.schema <= booking_service.apply_version);
}

static void test_hold_time_is_bounded(void **state) {
    (void)state;
    world_init(&world, "2026-11-23T08:00:00Z");
    struct booking_session session = session_of("F82001", "2026-11-23T09:00:00Z");
    struct booking_slot_id slot = {.session_id = world_publish(&world, &PRACTICE_A, &session).answer.id};
    struct {
        uint32_t seconds;
        bool is_taken;
    } cases[] = {{1, false}, {29, false}, {30, true}, {1800, true}, {1801, false}, {86400, false}, {0, true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world_reply reply = world_hold(&world, &NEL_111, slot, cases[i].seconds);
        assert_int_equal(reply.outcome, cases[i].is_taken ? (int)OUTCOME_OK : (int)OUTCOME_INVALID);
        if (!cases[i].is_taken) {
            assert_string_equal(reply.detail, "hold_seconds: expected 30 to 1800, or 0 for the default");
            continue;
        }
        int64_t hold_ms = (cases[i].seconds == 0 ? 300 : cases[i].seconds) * 1000;
        assert_int_equal(reply.answer.at_ms, world.now_ms + hold_ms);
        world.now_ms = reply.answer.at_ms;
    }
    world_free(&world);
}

static void test_unreadable_commands(void **state) {
    (void)state;
    world_init(&world, "2026-11-23T08:00:00Z");
    static const char *const commands[] = {"", "\xFF", "\x12\x00", "not protobuf at all", "\x0A\x02\x0A\x00"};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        world.command_size = strlen(commands[i]);
        memcpy(world.command, commands[i], world.command_size);
        struct world_reply reply;
        world_decide(&world, BOOKING_COMMAND_HOLD, true, &reply);
        assert_int_equal(reply.outcome, OUTCOME_UNREADABLE);
        assert_int_equal(reply.event_count, 0);
        assert_true(reply.detail[0] != '\0');
    }
    struct apply_context context = {.decided_at_ms = world.now_ms, .number = 1};
    assert_false(booking_service.apply(&world.rows, &context, slice_text("no event")));
    assert_false(booking_service.apply(&world.rows, &context, slice_text("")));
    char line[8];
    assert_true(booking_service.describe(slice_text("no event"), line, sizeof line) <= sizeof line);
    assert_int_equal(rows_array_count(&world.array), 0);
    world_free(&world);
}

static struct booking_person person_of(const char *nhs_number, const char *family, const char *given, const char *born,
                                       const char *local_id) {
    struct booking_person person;
    memset(&person, 0, sizeof person);
    memcpy(person.nhs_number, nhs_number, strlen(nhs_number));
    memcpy(person.family_name, family, strlen(family));
    memcpy(person.given_name, given, strlen(given));
    memcpy(person.birth_date, born, strlen(born));
    memcpy(person.local_id, local_id, strlen(local_id));
    return person;
}

static void test_same_person_same_id(void **state) {
    (void)state;
    struct slice a = slice_text("sys-a"), b = slice_text("sys-b");
    struct booking_person number = person_of("9434765919", "Ng", "Jo", "1984-02-29", "A1");
    struct booking_person number_only = person_of("9434765919", "", "", "", "");
    struct uuid id = resolve_person(world_key, a, &number);
    assert_true(uuid_equal(id, resolve_person(world_key, b, &number_only))); /* the number counts above all */
    struct booking_person local = person_of("", "Ng", "Jo", "1984-02-29", "A1");
    assert_false(uuid_equal(resolve_person(world_key, a, &local), resolve_person(world_key, b, &local)));
    assert_false(uuid_equal(resolve_person(world_key, a, &local), id));
    struct booking_person name = person_of("", "O'Neil", "Mary Jane", "1984-02-29", "");
    struct booking_person same_name = person_of("", "O NEIL", "mary-jane", "1984-02-29", "");
    struct booking_person shifted = person_of("", "O'NeilM", "ary Jane", "1984-02-29", "");
    struct booking_person other_date = person_of("", "O'Neil", "Mary Jane", "1984-02-28", "");
    assert_true(uuid_equal(resolve_person(world_key, a, &name), resolve_person(world_key, b, &same_name)));
    assert_false(uuid_equal(resolve_person(world_key, a, &name), resolve_person(world_key, a, &shifted)));
    assert_false(uuid_equal(resolve_person(world_key, a, &name), resolve_person(world_key, a, &other_date)));
    struct booking_person longer = person_of("", "", "", "", "1A1"), shorter = person_of("", "", "", "", "A1");
    struct uuid of_long_system = resolve_person(world_key, slice_text("sys-1"), &shorter);
    assert_false(uuid_equal(of_long_system, resolve_person(world_key, slice_text("sys-"), &longer)));
    static const uint8_t other_key[32] = "another key";
    assert_false(uuid_equal(id, resolve_person(other_key, a, &number)));
    assert_int_equal(id.bytes[6] >> 4, 8); /* RFC 9562: version 8, variant 10 */
    assert_int_equal(id.bytes[8] >> 6, 2);
}

/* Timers that never fire: a place is held and runs out a hundred times, and the slot's row does not grow. */
static void test_late_timers(void **state) {
    (void)state;
    world_init(&world, "2026-11-23T08:00:00Z");
    struct booking_session session = session_of("F82001", "2026-11-23T19:00:00Z");
    struct booking_slot_id slot = {.session_id = world_publish(&world, &PRACTICE_A, &session).answer.id};
    for (int i = 0; i < 100; i++) {
        assert_int_equal(world_hold(&world, &NEL_111, slot, 60).outcome, OUTCOME_OK);
        struct slot_row row;
        slot_row_get(&world.rows, slot, &row);
        assert_int_equal(row.hold_count, 1);
        world.now_ms += 60 * 1000;
    }
    assert_int_equal(world_fire(&world), 100);
    assert_int_equal(rows_array_count_table(&world.array, BOOKING_TABLE_HOLD), 0);
    assert_int_equal(rows_array_count_table(&world.array, BOOKING_TABLE_SLOT), 0);
    assert_int_equal(rows_array_count_table(&world.array, ROWS_TABLE_TIMER), 0);
    world_free(&world);
}

/* An event told twice, or about what is not there, changes nothing. */
static void test_events_without_effect(void **state) {
    (void)state;
    world_init(&world, "2026-11-23T08:00:00Z");
    struct booking_session session = session_of("F82001", "2026-11-23T09:00:00Z");
    struct booking_slot_id slot = {.session_id = world_publish(&world, &PRACTICE_A, &session).answer.id};
    struct world_reply held = world_hold(&world, &NEL_111, slot, 60);
    slot.index = 1;
    struct book_request request = {.slot_id = slot};
    memcpy(request.person.local_id, "p-1", 3);
    struct world_reply booked = world_book(&world, &NEL_111, &request);
    assert_int_equal(world_cancel(&world, &HUB, booked.answer.id, BOOKING_CANCEL_PERSON).outcome, OUTCOME_OK);
    world.now_ms += 60 * 1000;
    assert_int_equal(world_fire(&world), 1);
    struct digest before = rows_array_digest(&world.array);
    struct booking_event events[4];
    memset(events, 0, sizeof events);
    events[0].kind = BOOKING_EVENT_BOOKING_CANCELLED;
    events[0].booking_cancelled.booking_id = booked.answer.id;
    events[1].kind = BOOKING_EVENT_BOOKING_CANCELLED;
    events[1].booking_cancelled.booking_id.bytes[0] = 0xEE;
    events[2].kind = BOOKING_EVENT_HOLD_EXPIRED;
    events[2].hold_expired.hold_id = held.answer.id;
    events[3].kind = BOOKING_EVENT_HOLD_EXPIRED;
    events[3].hold_expired.hold_id.bytes[0] = 0xEE;
    for (int i = 0; i < 4; i++) booking_apply(&world.rows, world.now_ms, 99, &events[i]);
    assert_true(digest_equal(before, rows_array_digest(&world.array)));
    world_free(&world);
}

/* Back to back is no overlap, a millisecond less is; another organisation or service never is. */
static void test_sessions_that_touch(void **state) {
    (void)state;
    world_init(&world, "2026-11-22T08:00:00Z");
    struct booking_session first = session_of("F82001", "2026-11-23T09:00:00Z"); /* until 11:00 */
    assert_int_equal(world_publish(&world, &PRACTICE_A, &first).outcome, OUTCOME_OK);
    struct {
        int64_t offset_ms;
        uint32_t outcome;
    } cases[] = {
        {0, REFUSED_SESSION_OVERLAPS},
        {120 * BOOKING_MINUTE_MS - 1, REFUSED_SESSION_OVERLAPS},
        {-120 * BOOKING_MINUTE_MS + 1, REFUSED_SESSION_OVERLAPS},
        {120 * BOOKING_MINUTE_MS, OUTCOME_OK},
        {-120 * BOOKING_MINUTE_MS, OUTCOME_OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct booking_session next = first;
        next.starts_at_ms += cases[i].offset_ms;
        assert_int_equal(world_publish(&world, &PRACTICE_A, &next).outcome, cases[i].outcome);
    }
    struct booking_session other = first;
    memcpy(other.service_id, "ut", 2);
    assert_int_equal(world_publish(&world, &PRACTICE_A, &other).outcome, OUTCOME_OK);
    struct booking_session of_b = session_of("F82002", "2026-11-23T09:00:00Z");
    assert_int_equal(world_publish(&world, &PRACTICE_B, &of_b).outcome, OUTCOME_OK);

    /* 24 hours long, begun almost a day before: the scan reaches that far back. */
    struct booking_session day = session_of("Y02973", "2026-11-24T00:00:00Z");
    day.slot_minutes = 240;
    day.slot_count = 6;
    assert_int_equal(world_publish(&world, &HUB, &day).outcome, OUTCOME_OK);
    struct booking_session late = session_of("Y02973", "2026-11-24T23:59:59.999Z");
    assert_int_equal(world_publish(&world, &HUB, &late).outcome, REFUSED_SESSION_OVERLAPS);
    late.starts_at_ms++;
    assert_int_equal(world_publish(&world, &HUB, &late).outcome, OUTCOME_OK);
    world_free(&world);
}

/* Only what this caller may book, of the same service and kind, nearest first, within three days. */
static void test_alternatives(void **state) {
    (void)state;
    world_init(&world, "2026-11-20T08:00:00Z");
    struct booking_session wanted = session_of("F82001", "2026-11-23T09:00:00Z");
    wanted.slot_count = 1;
    struct booking_slot_id slot = {.session_id = world_publish(&world, &PRACTICE_A, &wanted).answer.id};
    struct book_request request = {.slot_id = slot};
    memcpy(request.person.local_id, "p-1", 3);
    assert_int_equal(world_book(&world, &NEL_111, &request).outcome, OUTCOME_OK);
    memcpy(request.person.local_id, "p-2", 3);
    assert_int_equal(world_book(&world, &NEL_111, &request).answer.alternatives.count, 0);

    struct {
        const char *starts_at;
        enum booking_kind kind;
        enum booking_audience audience;
    } others[] = {
        {"2026-11-23T08:00:00Z", BOOKING_KIND_VIDEO, BOOKING_AUDIENCE_HUB},          /* another kind */
        {"2026-11-23T10:00:00Z", BOOKING_KIND_IN_PERSON, BOOKING_AUDIENCE_PRACTICE}, /* not for 111 */
        {"2026-11-26T10:00:00Z", BOOKING_KIND_IN_PERSON, BOOKING_AUDIENCE_HUB},      /* more than three days */
        {"2026-11-20T10:00:00Z", BOOKING_KIND_IN_PERSON, BOOKING_AUDIENCE_HUB},      /* two days and 23 hours before */
        {"2026-11-24T09:00:00Z", BOOKING_KIND_IN_PERSON, BOOKING_AUDIENCE_111},      /* a day after */
        {"2026-11-23T15:00:00Z", BOOKING_KIND_IN_PERSON, BOOKING_AUDIENCE_HUB},      /* six hours after */
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct booking_session session = session_of("F82002", others[i].starts_at);
        session.slot_count = 1;
        session.kind = others[i].kind;
        session.audience = others[i].audience;
        assert_int_equal(world_publish(&world, &PRACTICE_B, &session).outcome, OUTCOME_OK);
    }
    struct world_reply reply = world_book(&world, &NEL_111, &request);
    assert_int_equal(reply.outcome, REFUSED_SLOT_TAKEN);
    assert_int_equal(reply.answer.alternatives.count, 3);
    const struct booking_slot *found = reply.answer.alternatives.slots;
    assert_int_equal(found[0].starts_at_ms, at("2026-11-23T15:00:00Z"));
    assert_int_equal(found[1].starts_at_ms, at("2026-11-24T09:00:00Z"));
    assert_int_equal(found[2].starts_at_ms, at("2026-11-20T10:00:00Z"));

    /* The practice itself may book its own slot, and not that of 111. */
    reply = world_book(&world, &PRACTICE_B, &request);
    assert_int_equal(reply.outcome, REFUSED_SLOT_TAKEN);
    found = reply.answer.alternatives.slots;
    assert_int_equal(found[0].starts_at_ms, at("2026-11-23T10:00:00Z"));
    assert_int_equal(found[1].starts_at_ms, at("2026-11-23T15:00:00Z"));
    assert_int_equal(found[2].starts_at_ms, at("2026-11-20T10:00:00Z"));
    for (uint32_t i = 0; i < 3; i++) assert_int_equal(found[i].free, 1);

    /* What has begun is no alternative. */
    world.now_ms = at("2026-11-20T10:00:00Z");
    assert_int_equal(world_book(&world, &PRACTICE_B, &request).answer.alternatives.count, 2);
    world_free(&world);
}

/* In a crowd of full slots the search for alternatives stops after its looks; the answer is still the refusal. */
static void test_alternatives_are_bounded(void **state) {
    (void)state;
    world_init(&world, "2026-11-20T08:00:00Z");
    struct booking_session session = session_of("F82001", "2026-11-23T09:00:00Z");
    session.slot_minutes = 5;
    session.slot_count = 200;
    struct uuid session_id = world_publish(&world, &PRACTICE_A, &session).answer.id;
    struct book_request request;
    memset(&request, 0, sizeof request);
    for (uint32_t i = 0; i < 200; i++) {
        snprintf(request.person.local_id, sizeof request.person.local_id, "p-%u", i);
        request.slot_id = (struct booking_slot_id){session_id, i};
        if (i == 199) break; /* one stays free, far away */
        assert_int_equal(world_book(&world, &NEL_111, &request).outcome, OUTCOME_OK);
    }
    request.slot_id.index = 190;
    struct world_reply near = world_book(&world, &NEL_111, &request);
    assert_int_equal(near.outcome, REFUSED_SLOT_TAKEN);
    assert_int_equal(near.answer.alternatives.count, 1);
    assert_int_equal(near.answer.alternatives.slots[0].slot_id.index, 199);
    world_free(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_is_sound),
        cmocka_unit_test(test_hold_time_is_bounded),
        cmocka_unit_test(test_unreadable_commands),
        cmocka_unit_test(test_same_person_same_id),
        cmocka_unit_test(test_late_timers),
        cmocka_unit_test(test_events_without_effect),
        cmocka_unit_test(test_sessions_that_touch),
        cmocka_unit_test(test_alternatives),
        cmocka_unit_test(test_alternatives_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
