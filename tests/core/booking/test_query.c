/* Searches and lists through the service's table: who sees what, the edges of the window, order and limits. */
#include "tests/core/booking/booking_world.h"

static struct world world;

static struct booking_session session_of(const char *organisation, const char *service_id, const char *starts_at,
                                         enum booking_audience audience) {
    struct booking_session session = {
        .kind = BOOKING_KIND_TELEPHONE,
        .audience = audience,
        .starts_at_ms = at(starts_at),
        .slot_minutes = 30,
        .slot_count = 4,
        .capacity = 1,
    };
    memcpy(session.organisation, organisation, strlen(organisation));
    memcpy(session.service_id, service_id, strlen(service_id));
    return session;
}

static struct uuid publish(const struct caller *caller, const struct booking_session *session) {
    struct world_reply reply = world_publish(&world, caller, session);
    assert_int_equal(reply.outcome, OUTCOME_OK);
    return reply.answer.id;
}

static struct find_slots_request search_of(const char *organisation, const char *service_id, const char *from,
                                           const char *to) {
    struct find_slots_request request = {.from_ms = at(from), .to_ms = at(to), .limit = 100};
    memcpy(request.organisation, organisation, strlen(organisation));
    memcpy(request.service_id, service_id, strlen(service_id));
    return request;
}

static uint32_t found(const struct caller *caller, const struct find_slots_request *request) {
    struct find_slots_response response;
    assert_int_equal(world_find(&world, caller, request, &response), OUTCOME_OK);
    return response.slot_count;
}

static struct book_request booking_for(const char *local_id, struct booking_slot_id slot_id) {
    struct book_request request = {.slot_id = slot_id};
    memcpy(request.person.local_id, local_id, strlen(local_id));
    return request;
}

/* One caller per audience; an operator sees nothing that he could not book. */
static void test_who_sees_what(void **state) {
    (void)state;
    world_init(&world, "2026-11-23T08:00:00Z");
    struct booking_session practice = session_of("F82001", "gp", "2026-11-23T09:00:00Z", BOOKING_AUDIENCE_PRACTICE);
    struct booking_session hub = session_of("F82002", "gp", "2026-11-23T09:00:00Z", BOOKING_AUDIENCE_HUB);
    struct booking_session only_111 = session_of("Y02973", "gp", "2026-11-23T09:00:00Z", BOOKING_AUDIENCE_111);
    hub.slot_count = 3;
    only_111.slot_count = 2;
    publish(&OPERATOR, &practice);
    publish(&PRACTICE_B, &hub);
    publish(&HUB, &only_111);
    struct find_slots_request request = search_of("", "gp", "2026-11-23T08:00:00Z", "2026-11-24T08:00:00Z");
    assert_int_equal(found(&PRACTICE_A, &request), 4 + 3);
    assert_int_equal(found(&PRACTICE_B, &request), 3);
    assert_int_equal(found(&HUB, &request), 3);
    assert_int_equal(found(&NEL_111, &request), 3 + 2);
    assert_int_equal(found(&OPERATOR, &request), 0);
    request.kind = BOOKING_KIND_TELEPHONE;
    assert_int_equal(found(&NEL_111, &request), 5);
    request.kind = BOOKING_KIND_VIDEO;
    assert_int_equal(found(&NEL_111, &request), 0); /* nothing is an empty list, not an error */
    struct find_slots_request of_one = search_of("Y02973", "gp", "2026-11-23T08:00:00Z", "2026-11-24T08:00:00Z");
    assert_int_equal(found(&NEL_111, &of_one), 2);
    of_one = search_of("Y02973", "no-such", "2026-11-23T08:00:00Z", "2026-11-24T08:00:00Z");
    assert_int_equal(found(&NEL_111, &of_one), 0);
    world_free(&world);
}

static void test_window_edges(void **state) {
    (void)state;
    world_init(&world, "2026-11-22T08:00:00Z");
    struct booking_session session = session_of("F82001", "gp", "2026-11-23T09:00:00Z", BOOKING_AUDIENCE_HUB);
    publish(&PRACTICE_A, &session); /* 09:00 09:30 10:00 10:30 */
    struct {
        const char *from, *to;
        uint32_t count;
    } cases[] = {
        {"2026-11-23T09:00:00Z", "2026-11-23T11:00:00Z", 4},
        {"2026-11-23T09:00:00.001Z", "2026-11-23T11:00:00Z", 3},
        {"2026-11-23T09:00:00Z", "2026-11-23T10:59:59.999Z", 3},
        {"2026-11-23T09:30:00Z", "2026-11-23T10:00:00Z", 1},
        {"2026-11-23T09:30:00Z", "2026-11-23T09:59:59Z", 0},
        {"2026-11-23T09:31:00Z", "2026-11-23T10:29:00Z", 0},
        {"2026-11-23T10:30:00Z", "2026-11-23T12:00:00Z", 1},
        {"2026-11-23T11:00:00Z", "2026-11-23T12:00:00Z", 0},
        {"2026-11-23T07:00:00Z", "2026-11-23T09:00:00Z", 0},
        {"2026-11-23T07:00:00Z", "2026-11-23T09:30:00Z", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct find_slots_request request = search_of("", "gp", cases[i].from, cases[i].to);
        assert_int_equal(found(&NEL_111, &request), cases[i].count);
        request = search_of("F82001", "", cases[i].from, cases[i].to);
        assert_int_equal(found(&NEL_111, &request), cases[i].count);
    }
    struct find_slots_request all = search_of("", "gp", "2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z");
    world.now_ms = at("2026-11-23T09:29:59.999Z");
    assert_int_equal(found(&NEL_111, &all), 3);
    world.now_ms = at("2026-11-23T09:30:00Z"); /* begins now: no longer to be booked, no longer shown */
    assert_int_equal(found(&NEL_111, &all), 2);
    world_free(&world);
}

static void test_window_of_14_days(void **state) {
    (void)state;
    world_init(&world, "2026-11-22T08:00:00Z");
    struct find_slots_request request = search_of("", "gp", "2026-11-23T00:00:00Z", "2026-12-07T00:00:00Z");
    struct find_slots_response response;
    assert_int_equal(world_find(&world, &NEL_111, &request, &response), OUTCOME_OK);
    request.to_ms++;
    assert_int_equal(world_find(&world, &NEL_111, &request, &response), REFUSED_WINDOW_TOO_WIDE);
    request.to_ms = at("2026-12-08T00:00:00Z");
    uint8_t bytes[BOOKING_REQUEST_MAX];
    struct buffer buffer = buffer_over(bytes, sizeof bytes);
    find_slots_request_encode(&request, &buffer);
    struct slice answer;
    char detail[SERVICE_DETAIL_MAX];
    uint32_t outcome = world_query(&world, &NEL_111, BOOKING_METHOD_FIND_SLOTS, &buffer, &answer, detail);
    assert_int_equal(outcome, REFUSED_WINDOW_TOO_WIDE);
    assert_string_equal(detail, "to_ms: expected at most 14 days after from_ms");
    world_free(&world);
}

/* A session of 24 hours that began before the window is still found; overlapping sessions come in order of slots. */
static void test_order_and_limit(void **state) {
    (void)state;
    world_init(&world, "2026-11-22T08:00:00Z");
    struct booking_session night = session_of("F82001", "gp", "2026-11-23T00:00:00Z", BOOKING_AUDIENCE_HUB);
    night.slot_minutes = 240;
    night.slot_count = 6;
    struct booking_session day = session_of("F82002", "gp", "2026-11-23T15:30:00Z", BOOKING_AUDIENCE_HUB);
    struct booking_session other = session_of("F82001", "ut", "2026-11-23T15:00:00Z", BOOKING_AUDIENCE_HUB);
    publish(&PRACTICE_A, &night);
    publish(&PRACTICE_B, &day);
    publish(&PRACTICE_A, &other);
    struct find_slots_request request = search_of("", "gp", "2026-11-23T15:00:00Z", "2026-11-24T00:00:00Z");
    struct find_slots_response response;
    assert_int_equal(world_find(&world, &NEL_111, &request, &response), OUTCOME_OK);
    static const char *const starts[] = {"15:30", "16:00", "16:00", "16:30", "17:00", "20:00"};
    assert_int_equal(response.slot_count, 6);
    assert_false(response.has_more);
    for (uint32_t i = 0; i < 6; i++) {
        char instant[CIVIL_INSTANT_SIZE];
        civil_format_instant(response.slots[i].starts_at_ms, instant);
        assert_memory_equal(instant + 11, starts[i], 5);
    }
    for (uint32_t limit = 1; limit <= 6; limit++) {
        request.limit = limit;
        assert_int_equal(world_find(&world, &NEL_111, &request, &response), OUTCOME_OK);
        assert_int_equal(response.slot_count, limit);
        assert_true(response.has_more == (limit < 6));
        char instant[CIVIL_INSTANT_SIZE];
        civil_format_instant(response.slots[limit - 1].starts_at_ms, instant);
        assert_memory_equal(instant + 11, starts[limit - 1], 5);
    }
    /* Both services of one organisation, merged. */
    request = search_of("F82001", "", "2026-11-23T15:00:00Z", "2026-11-24T00:00:00Z");
    assert_int_equal(world_find(&world, &NEL_111, &request, &response), OUTCOME_OK);
    assert_int_equal(response.slot_count, 6);
    for (uint32_t i = 1; i < 6; i++) assert_true(response.slots[i - 1].starts_at_ms <= response.slots[i].starts_at_ms);
    request.limit = 3;
    assert_int_equal(world_find(&world, &NEL_111, &request, &response), OUTCOME_OK);
    assert_true(response.has_more);
    assert_int_equal(response.slots[2].starts_at_ms, at("2026-11-23T16:00:00Z"));
    world_free(&world);
}

/* A session that begins later may hold an earlier slot than those already found: the search must not stop before it. */
static void test_later_session_earlier_slot(void **state) {
    (void)state;
    world_init(&world, "2026-11-22T08:00:00Z");
    struct booking_session long_slots = session_of("F82001", "gp", "2026-11-23T15:00:00Z", BOOKING_AUDIENCE_HUB);
    long_slots.slot_minutes = 120;
    long_slots.slot_count = 2;
    publish(&PRACTICE_A, &long_slots);
    memcpy(long_slots.organisation, "F82002", 6);
    publish(&PRACTICE_B, &long_slots);
    struct booking_session later = session_of("Y02973", "gp", "2026-11-23T16:00:00Z", BOOKING_AUDIENCE_HUB);
    later.slot_count = 1;
    publish(&HUB, &later);
    struct find_slots_request request = search_of("", "gp", "2026-11-23T15:00:00Z", "2026-11-24T00:00:00Z");
    request.limit = 3;
    struct find_slots_response response;
    assert_int_equal(world_find(&world, &NEL_111, &request, &response), OUTCOME_OK);
    assert_int_equal(response.slots[2].starts_at_ms, later.starts_at_ms);
    assert_true(response.has_more);
    world_free(&world);
}

/* The largest answer there can be fits, and 501 slots are 500 and has_more. */
static void test_500_slots_fit(void **state) {
    (void)state;
    world_init(&world, "2026-11-22T08:00:00Z");
    struct booking_session session =
        session_of("ABCDEFGHIJ", "a-service-id-of-thirty-two-bytes", "2026-11-23T00:00:00Z", BOOKING_AUDIENCE_HUB);
    session.slot_minutes = 5;
    session.slot_count = 200;
    session.capacity = 20;
    for (int day = 0; day < 3; day++) {
        publish(&OPERATOR, &session);
        session.starts_at_ms += BOOKING_DAY_MS;
    }
    struct find_slots_request request =
        search_of("", "a-service-id-of-thirty-two-bytes", "2026-11-23T00:00:00Z", "2026-11-26T00:00:00Z");
    request.limit = 500;
    struct find_slots_response response;
    assert_int_equal(world_find(&world, &NEL_111, &request, &response), OUTCOME_OK);
    assert_int_equal(response.slot_count, 500);
    assert_true(response.has_more);
    assert_int_equal(response.slots[499].starts_at_ms, at("2026-11-25T08:15:00Z"));
    world_free(&world);
}

static void test_full_slots(void **state) {
    (void)state;
    world_init(&world, "2026-11-22T08:00:00Z");
    struct booking_session session = session_of("F82001", "gp", "2026-11-23T09:00:00Z", BOOKING_AUDIENCE_HUB);
    struct uuid session_id = publish(&PRACTICE_A, &session);
    struct booking_slot_id booked = {.session_id = session_id, .index = 0},
                           held = {.session_id = session_id, .index = 2};
    struct book_request request = booking_for("p-1", booked);
    assert_int_equal(world_book(&world, &NEL_111, &request).outcome, OUTCOME_OK);
    assert_int_equal(world_hold(&world, &NEL_111, held, 60).outcome, OUTCOME_OK);
    struct find_slots_request search = search_of("", "gp", "2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z");
    assert_int_equal(found(&HUB, &search), 2);
    search.include_full = true;
    struct find_slots_response response;
    assert_int_equal(world_find(&world, &HUB, &search, &response), OUTCOME_OK);
    assert_int_equal(response.slot_count, 4);
    for (uint32_t i = 0; i < 4; i++) assert_int_equal(response.slots[i].free, i % 2);
    world.now_ms += 60 * 1000;
    search.include_full = false;
    assert_int_equal(found(&HUB, &search), 3); /* the hold ran out, though its timer has not fired */
    world_free(&world);
}

static void test_bookings_of_a_person(void **state) {
    (void)state;
    world_init(&world, "2026-11-22T08:00:00Z");
    struct booking_session session = session_of("F82001", "gp", "2026-11-23T09:00:00Z", BOOKING_AUDIENCE_HUB);
    session.slot_minutes = 5;
    session.slot_count = 120;
    struct uuid session_id = publish(&PRACTICE_A, &session);
    struct uuid second = {{0}};
    for (uint32_t i = 0; i < 110; i++) {
        struct book_request request = booking_for("p-1", (struct booking_slot_id){session_id, 109 - i});
        struct world_reply reply = world_book(&world, &NEL_111, &request);
        assert_int_equal(reply.outcome, OUTCOME_OK);
        if (i == 108) second = reply.answer.id;
    }
    struct list_person_bookings_request request = {.include_past = false};
    memcpy(request.person.local_id, "p-1", 3);
    struct list_person_bookings_response response;
    assert_int_equal(world_list(&world, &NEL_111, &request, &response), OUTCOME_OK);
    assert_int_equal(response.booking_count, 100);
    assert_true(response.has_more);
    for (uint32_t i = 0; i < 100; i++) assert_int_equal(response.bookings[i].slot.slot_id.index, i);
    request.from_ms = response.bookings[99].slot.starts_at_ms + 1;
    assert_int_equal(world_list(&world, &NEL_111, &request, &response), OUTCOME_OK);
    assert_int_equal(response.booking_count, 10);
    assert_false(response.has_more);

    /* A local id counts within its system: another one's "p-1" is somebody else. */
    request.from_ms = 0;
    assert_int_equal(world_list(&world, &HUB, &request, &response), OUTCOME_OK);
    assert_int_equal(response.booking_count, 0);

    assert_int_equal(world_cancel(&world, &HUB, second, BOOKING_CANCEL_PERSON).outcome, OUTCOME_OK);
    world.now_ms = session.starts_at_ms + 10 * BOOKING_MINUTE_MS; /* 0 and 1 are over, 2 begins */
    assert_int_equal(world_list(&world, &NEL_111, &request, &response), OUTCOME_OK);
    assert_int_equal(response.bookings[0].slot.slot_id.index, 2);
    request.include_past = true;
    assert_int_equal(world_list(&world, &NEL_111, &request, &response), OUTCOME_OK);
    assert_int_equal(response.bookings[0].slot.slot_id.index, 0);
    assert_int_equal(response.bookings[1].status, BOOKING_CANCELLED);
    assert_int_equal(response.bookings[1].cancel_reason, BOOKING_CANCEL_PERSON);
    assert_string_equal(response.bookings[1].cancelled_by, "hub-bhr");
    assert_int_equal(response.bookings[2].slot.slot_id.index, 2);

    struct booking_view view;
    assert_int_equal(world_get(&world, &HUB, (struct uuid){{1}}, &view), REFUSED_BOOKING_UNKNOWN);
    world_free(&world);
}

/* Large bookings: fewer than 100 fit, and the answer says that there are more. */
static void test_large_list_is_cut(void **state) {
    (void)state;
    world_init(&world, "2026-11-22T08:00:00Z");
    struct booking_session session = session_of("F82001", "gp", "2026-11-23T09:00:00Z", BOOKING_AUDIENCE_HUB);
    session.slot_minutes = 5;
    session.slot_count = 120;
    struct uuid session_id = publish(&PRACTICE_A, &session);
    struct list_person_bookings_request list = {.include_past = true};
    for (uint32_t i = 0; i < 100; i++) {
        struct book_request request = booking_for("p-1", (struct booking_slot_id){session_id, i});
        memset(request.person.family_name, 'f', BOOKING_NAME_MAX);
        memset(request.contact.note, 'n', BOOKING_NOTE_MAX);
        list.person = request.person;
        assert_int_equal(world_book(&world, &NEL_111, &request).outcome, OUTCOME_OK);
    }
    struct list_person_bookings_response response;
    assert_int_equal(world_list(&world, &NEL_111, &list, &response), OUTCOME_OK);
    assert_true(response.has_more);
    assert_true(response.booking_count > 50 && response.booking_count < 100);
    world_free(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_sees_what),
        cmocka_unit_test(test_window_edges),
        cmocka_unit_test(test_window_of_14_days),
        cmocka_unit_test(test_order_and_limit),
        cmocka_unit_test(test_later_session_earlier_slot),
        cmocka_unit_test(test_500_slots_fit),
        cmocka_unit_test(test_full_slots),
        cmocka_unit_test(test_bookings_of_a_person),
        cmocka_unit_test(test_large_list_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
