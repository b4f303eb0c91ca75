/* A person's details in booking: sealed before they are written, opened for who may see them, gone when the key is. Nothing
 * of them is in a command, an event or a row. */
#include "lib/wire/booking/booking_pb.h"
#include "tests/core/booking/booking_world.h"

static struct world world;

static const char *const SECRETS[] = {"9434765919", "Featherstonehaugh", "Marjory",
                                      "1931-05-06", "7946 0123",         "wheelchair"};
enum { SECRET_COUNT = sizeof SECRETS / sizeof SECRETS[0] };

static struct booking_slot_id publish(void) {
    struct booking_session session = {.kind = BOOKING_KIND_IN_PERSON,
                                      .audience = BOOKING_AUDIENCE_HUB,
                                      .starts_at_ms = at("2026-11-23T18:00:00Z"),
                                      .slot_minutes = 10,
                                      .slot_count = 12,
                                      .capacity = 1};
    memcpy(session.organisation, "F82001", 6);
    memcpy(session.service_id, "gp", 2);
    struct world_reply reply = world_publish(&world, &PRACTICE_A, &session);
    assert_int_equal(reply.outcome, OUTCOME_OK);
    return (struct booking_slot_id){.session_id = reply.answer.id};
}

static struct book_request request_for(struct booking_slot_id slot_id) {
    struct book_request request = {.slot_id = slot_id};
    memcpy(request.person.nhs_number, SECRETS[0], strlen(SECRETS[0]));
    memcpy(request.person.family_name, SECRETS[1], strlen(SECRETS[1]));
    memcpy(request.person.given_name, SECRETS[2], strlen(SECRETS[2]));
    memcpy(request.person.birth_date, SECRETS[3], strlen(SECRETS[3]));
    memcpy(request.contact.phone, "020 7946 0123", 13);
    memcpy(request.contact.note, SECRETS[5], strlen(SECRETS[5]));
    return request;
}

static bool holds_a_secret(struct slice bytes) {
    for (size_t i = 0; i < SECRET_COUNT; i++) {
        if (memmem(bytes.data, bytes.size, SECRETS[i], strlen(SECRETS[i])) != NULL) return true;
    }
    return false;
}

static void nothing_is_written_in_the_clear(void **state) {
    (void)state;
    world_init(&world, "2026-11-23T08:00:00Z");
    struct book_request request = request_for(publish());
    assert_int_equal(world_book(&world, &NEL_111, &request).outcome, OUTCOME_OK);
    assert_false(holds_a_secret(slice_of(world.command, world.command_size)));
    for (size_t i = 0; i < world.journal_count; i++) {
        assert_false(holds_a_secret(slice_of(world.journal[i].event, world.journal[i].event_size)));
    }
    uint32_t row_count = 0;
    struct slice key = slice_of("", 1), value;
    uint8_t from[ROWS_KEY_MAX + 1] = {0};
    size_t from_size = 1;
    while (rows_seek(&world.rows, slice_of(from, from_size), &key, &value)) {
        row_count++;
        assert_false(holds_a_secret(key) || holds_a_secret(value));
        memcpy(from, key.data, key.size);
        from[key.size] = 0;
        from_size = key.size + 1;
    }
    assert_true(row_count >= 5);
    world_free(&world);
}

static void who_may_see_sees(void **state) {
    (void)state;
    world_init(&world, "2026-11-23T08:00:00Z");
    struct book_request request = request_for(publish());
    struct world_reply booked = world_book(&world, &NEL_111, &request);
    struct booking_view view;
    assert_int_equal(world_get(&world, &HUB, booked.answer.id, &view), OUTCOME_OK);
    assert_string_equal(view.person.family_name, SECRETS[1]);
    assert_string_equal(view.contact.phone, "020 7946 0123");
    assert_string_equal(view.contact.note, SECRETS[5]);
    assert_false(view.is_erased);
    world_free(&world);
}

/* The booking stays, counts and can be cancelled; whose it was, nobody can say any more. */
static void an_erased_person_is_not_shown(void **state) {
    (void)state;
    world_init(&world, "2026-11-23T08:00:00Z");
    struct booking_slot_id slot_id = publish();
    struct book_request request = request_for(slot_id);
    struct world_reply booked = world_book(&world, &NEL_111, &request);
    struct booking_view view;
    assert_int_equal(world_get(&world, &HUB, booked.answer.id, &view), OUTCOME_OK);
    struct uuid person_id = view.person.person_id;
    struct digest before = rows_array_digest(&world.array);
    fake_vault_erase(&world_vault, person_id);
    assert_int_equal(world_get(&world, &HUB, booked.answer.id, &view), OUTCOME_OK);
    assert_true(view.is_erased);
    assert_true(uuid_equal(view.person.person_id, person_id));
    assert_string_equal(view.person.family_name, "");
    assert_string_equal(view.contact.phone, "");
    struct list_person_bookings_request list = {.person = request.person};
    struct list_person_bookings_response response;
    assert_int_equal(world_list(&world, &HUB, &list, &response), OUTCOME_OK);
    assert_int_equal(response.booking_count, 1);
    assert_true(response.bookings[0].is_erased);
    assert_true(digest_equal(before, rows_array_digest(&world.array)));
    request.slot_id.index = 0;
    assert_int_equal(world_book(&world, &NEL_111, &request).outcome, REFUSED_PERSON_OVERLAP);
    assert_int_equal(world_cancel(&world, &HUB, booked.answer.id, BOOKING_CANCEL_PERSON).outcome, OUTCOME_OK);
    world_free(&world);
}

/* No key to be had: nothing is written and nothing is shown as if it were erased. */
static void a_vault_that_is_away(void **state) {
    (void)state;
    world_init(&world, "2026-11-23T08:00:00Z");
    struct booking_slot_id slot_id = publish();
    struct book_request request = request_for(slot_id);
    struct world_reply booked = world_book(&world, &NEL_111, &request);
    world_vault.is_away = true;
    request.slot_id.index = 3;
    assert_int_equal(world_book(&world, &NEL_111, &request).outcome, OUTCOME_UNAVAILABLE);
    struct booking_view view;
    assert_int_equal(world_get(&world, &HUB, booked.answer.id, &view), OUTCOME_UNAVAILABLE);
    world_vault.is_away = false;
    assert_int_equal(world_get(&world, &HUB, booked.answer.id, &view), OUTCOME_OK);
    world_free(&world);
}

/* What apply does for an entry of version 1 never changes: its person is shown, only not sealed. */
static void an_entry_in_the_clear_is_applied(void **state) {
    (void)state;
    world_init(&world, "2026-11-23T08:00:00Z");
    struct booking_slot_id slot_id = publish();
    char slot_text[SLOT_TEXT_ROOM], person_text[UUID_TEXT_ROOM], booking_text[UUID_TEXT_ROOM];
    struct uuid person_id = {{3}}, booking_id = {{4}};
    struct book_request request = request_for(slot_id);
    request.person.person_id = person_id;
    struct person_shell person;
    struct contact_shell contact;
    Bhr__Booking__V1__SlotBooked booked = BHR__BOOKING__V1__SLOT_BOOKED__INIT;
    Bhr__Booking__V1__BookingEvent event = BHR__BOOKING__V1__BOOKING_EVENT__INIT;
    booked.booking_id = uuid_text(booking_id, booking_text);
    booked.slot_id = slot_id_text(slot_id, slot_text);
    booked.person = person_fill(&person, &request.person);
    memcpy(person.id_text, uuid_text(person_id, person_text), sizeof person_text);
    booked.contact = contact_fill(&contact, &request.contact);
    booked.by = (char *)(uintptr_t) "111-nel";
    booked.starts_at_ms = at("2026-11-23T18:00:00Z");
    booked.ends_at_ms = at("2026-11-23T18:10:00Z");
    event.event_case = BHR__BOOKING__V1__BOOKING_EVENT__EVENT_SLOT_BOOKED;
    event.slot_booked = &booked;
    uint8_t bytes[2048];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    wire_pack(&event.base, &out);
    assert_false(out.is_full);
    struct apply_context context = {.decided_at_ms = world.now_ms, .number = 77};
    assert_true(booking_service.apply(&world.rows, &context, buffer_slice(&out)));
    struct booking_view view;
    assert_int_equal(world_get(&world, &HUB, booking_id, &view), OUTCOME_OK);
    assert_string_equal(view.person.family_name, SECRETS[1]);
    assert_string_equal(view.contact.note, SECRETS[5]);
    assert_true(uuid_equal(view.person.person_id, person_id));
    world_free(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_written_in_the_clear),  cmocka_unit_test(who_may_see_sees),
        cmocka_unit_test(an_erased_person_is_not_shown),    cmocka_unit_test(a_vault_that_is_away),
        cmocka_unit_test(an_entry_in_the_clear_is_applied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
