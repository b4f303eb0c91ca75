/* Whose appointments and which person each request is about, as the policy's conditions and the audit record see it. */
#include "tests/core/booking/booking_world.h"

#include "services/booking/resolve.h"

static struct world world;
static uint8_t bytes[BOOKING_REQUEST_MAX];
static struct service_subject subject;
static struct booking_slot_id slot;

static struct buffer request_buffer(void) {
    memset(&subject, 0xA5, sizeof subject); /* about leaves nothing of what was there */
    return buffer_over(bytes, sizeof bytes);
}

static void assert_place(const char *organisation, const char *service_id) {
    assert_true(slice_equal(subject.organisation, slice_text(organisation)));
    assert_true(slice_equal(subject.service_id, slice_text(service_id)));
}

static void begin(void) {
    world_init(&world, "2026-11-23T08:00:00Z");
    struct booking_session session = {
        .organisation = "F82001",
        .service_id = "gp-urgent",
        .kind = BOOKING_KIND_IN_PERSON,
        .audience = BOOKING_AUDIENCE_HUB,
        .starts_at_ms = at("2026-11-23T09:00:00Z"),
        .slot_minutes = 60,
        .slot_count = 2,
        .capacity = 1,
    };
    slot = (struct booking_slot_id){.session_id = world_publish(&world, &PRACTICE_A, &session).answer.id};
}

static void every_method_tells(void **state) {
    (void)state;
    for (uint32_t i = 0; i < booking_service.method_count; i++) {
        assert_non_null(booking_service.methods[i].about);
        begin();
        struct buffer nonsense = request_buffer();
        buffer_put(&nonsense, "\xFF\xFF", 2);
        assert_false(world_about(&world, &HUB, booking_service.methods[i].name, &nonsense, &subject));
        assert_int_equal(subject.organisation.size, 0);
        assert_false(subject.has_person);
        world_free(&world);
    }
}

static void a_slot_is_about_its_session(void **state) {
    (void)state;
    begin();
    struct hold_request hold = {.slot_id = slot};
    struct buffer request = request_buffer();
    hold_request_encode(&hold, &request);
    assert_true(world_about(&world, &NEL_111, BOOKING_METHOD_HOLD, &request, &subject));
    assert_place("F82001", "gp-urgent");
    assert_false(subject.has_person);
    hold.slot_id.index = 2; /* the session has two */
    request = request_buffer();
    hold_request_encode(&hold, &request);
    assert_false(world_about(&world, &NEL_111, BOOKING_METHOD_HOLD, &request, &subject));
    assert_int_equal(subject.organisation.size, 0);
    world_free(&world);
}

static void a_search_is_about_what_it_names(void **state) {
    (void)state;
    begin();
    struct find_slots_request find = {
        .service_id = "gp-urgent", .from_ms = world.now_ms, .to_ms = world.now_ms + BOOKING_DAY_MS, .limit = 1};
    struct buffer request = request_buffer();
    find_slots_request_encode(&find, &request);
    assert_true(world_about(&world, &NEL_111, BOOKING_METHOD_FIND_SLOTS, &request, &subject));
    assert_place("", "gp-urgent");
    world_free(&world);
}

static void a_booking_is_about_person_and_session(void **state) {
    (void)state;
    begin();
    struct book_request book = {.slot_id = slot, .person.nhs_number = "9434765919"};
    struct uuid person_id = resolve_person(world_key, slice_text(NEL_111.system), &book.person);
    struct buffer request = request_buffer();
    book_request_encode(&book, &request);
    assert_true(world_about(&world, &NEL_111, BOOKING_METHOD_BOOK, &request, &subject));
    assert_place("F82001", "gp-urgent");
    assert_true(subject.has_person && uuid_equal(subject.person_id, person_id));

    struct world_reply held = world_hold(&world, &NEL_111, slot, 60);
    struct book_request from_hold = {.is_from_hold = true, .hold_id = held.answer.id, .person = book.person};
    request = request_buffer();
    book_request_encode(&from_hold, &request);
    assert_true(world_about(&world, &NEL_111, BOOKING_METHOD_BOOK, &request, &subject));
    assert_place("F82001", "gp-urgent");

    struct uuid booking_id = world_book(&world, &NEL_111, &from_hold).answer.id;
    assert_false(world_about(&world, &NEL_111, BOOKING_METHOD_BOOK, &request, &subject)); /* that hold is gone */
    assert_true(subject.has_person);
    struct get_booking_request get = {.booking_id = booking_id};
    request = request_buffer();
    get_booking_request_encode(&get, &request);
    assert_true(world_about(&world, &HUB, BOOKING_METHOD_GET_BOOKING, &request, &subject));
    assert_place("F82001", "gp-urgent");
    assert_true(subject.has_person && uuid_equal(subject.person_id, person_id));
    struct cancel_request cancel = {.booking_id = booking_id, .reason = BOOKING_CANCEL_PERSON};
    request = request_buffer();
    cancel_request_encode(&cancel, &request);
    assert_true(world_about(&world, &HUB, BOOKING_METHOD_CANCEL, &request, &subject));
    assert_place("F82001", "gp-urgent");
    cancel.booking_id.bytes[0] ^= 1;
    request = request_buffer();
    cancel_request_encode(&cancel, &request);
    assert_false(world_about(&world, &HUB, BOOKING_METHOD_CANCEL, &request, &subject));
    assert_false(subject.has_person);
    world_free(&world);
}

static void a_list_is_about_a_person(void **state) {
    (void)state;
    begin();
    struct list_person_bookings_request list = {.person.local_id = "p-1"};
    struct buffer request = request_buffer();
    list_person_bookings_request_encode(&list, &request);
    assert_true(world_about(&world, &HUB, BOOKING_METHOD_LIST_PERSON_BOOKINGS, &request, &subject));
    assert_place("", "");
    assert_true(subject.has_person);
    assert_true(uuid_equal(subject.person_id, resolve_person(world_key, slice_text(HUB.system), &list.person)));
    world_free(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_method_tells),
        cmocka_unit_test(a_slot_is_about_its_session),
        cmocka_unit_test(a_search_is_about_what_it_names),
        cmocka_unit_test(a_booking_is_about_person_and_session),
        cmocka_unit_test(a_list_is_about_a_person),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
