/* What booking lets others see: the table says something about every field that can be reached, and what leaves holds only
 * what it says. */
#include <bhr/booking/v1/booking_journal.pb-c.h>
#include <bhr/booking/v1/booking_service.pb-c.h>

#include "lib/base/proto_wire.h"
#include "lib/wire/booking/booking_publish.h"
#include "tests/support/cmocka.h"
#include "tests/wire/public_contract.h"

#include <stdio.h>

enum { ARENA_SIZE = 256 * 1024 };

static uint8_t arena_memory[ARENA_SIZE];

/* ---- the table against the contract ---- */

static const struct public_contract contract = {&booking_public_table, booking_public_events, booking_public_method};

static void test_every_field_stands_in_the_table(void **state) {
    (void)state;
    public_contract_check_rows(&contract);
}

static void test_personal_fields_are_private(void **state) {
    (void)state;
    public_contract_check_personal(&contract);
}

static void test_each_command_has_its_answer(void **state) {
    (void)state;
    static const char *const methods[] = {"PublishSession", "Hold", "Book", "Cancel"};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        struct arena arena = arena_over(arena_memory, sizeof arena_memory);
        struct slice type, bytes;
        assert_true(booking_answer_public(slice_text(methods[i]), slice_of("", 0), &arena, &type, &bytes));
        char expected[64];
        (void)snprintf(expected, sizeof expected, "bhr.booking.v1.%sResponse", methods[i]);
        assert_true(slice_equal(type, slice_text(expected)));
    }
    struct arena arena = arena_over(arena_memory, sizeof arena_memory);
    struct slice type, bytes;
    assert_false(booking_answer_public(slice_text("GetBooking"), slice_of("", 0), &arena, &type, &bytes));
    assert_false(booking_answer_public(slice_text(""), slice_of("", 0), &arena, &type, &bytes));
}

/* ---- what leaves ---- */

#define BOOKING_ID "01890a5d-ac96-774b-bcce-b302099a8057"
#define PERSON_ID  "018fffff-ac96-874b-bcce-b302099a8057"
#define SLOT_ID    BOOKING_ID ":3"

static char *text(const char *constant) {
    return (char *)(uintptr_t)constant;
}

/* A booking's event full of what identifies a person; what is appended to the person's bytes is unknown to the contract. */
static struct slice booked_event(struct slice unknown) {
    static uint8_t bytes[4096], inner[2048], person_bytes[1024];
    Bhr__Booking__V1__PersonReference person = BHR__BOOKING__V1__PERSON_REFERENCE__INIT;
    Bhr__Booking__V1__Contact contact = BHR__BOOKING__V1__CONTACT__INIT;
    Bhr__Booking__V1__SlotBooked booked = BHR__BOOKING__V1__SLOT_BOOKED__INIT;
    person.nhs_number = text("9434765919");
    person.family_name = text("Featherstone");
    person.given_name = text("Guinevere");
    person.birth_date = text("1984-02-29");
    person.local_id = text("LOCAL-77");
    person.person_id = text(PERSON_ID);
    contact.phone = text("+44 20 7946 0000");
    contact.note = text("ring twice");
    booked.booking_id = text(BOOKING_ID);
    booked.slot_id = text(SLOT_ID);
    booked.by = text("111-nel");
    booked.starts_at_ms = 1795456800000;
    booked.ends_at_ms = 1795457700000;
    booked.contact = &contact;
    size_t person_size = protobuf_c_message_pack(&person.base, person_bytes);
    memcpy(person_bytes + person_size, unknown.data, unknown.size);
    struct buffer whole = buffer_over(inner, sizeof inner);
    whole.size = protobuf_c_message_pack(&booked.base, inner);
    proto_put_bytes(&whole, 4, slice_of(person_bytes, person_size + unknown.size));
    buffer_put(&whole, unknown.data, unknown.size);
    struct buffer out = buffer_over(bytes, sizeof bytes);
    proto_put_bytes(&out, 4, buffer_slice(&whole));
    assert_false(out.is_full || whole.is_full);
    return buffer_slice(&out);
}

static void assert_holds_nothing_personal(struct slice bytes) {
    static const char *const secrets[] = {"9434765919", "Feather", "Guinevere",  "1984",
                                          "LOCAL",      "7946",    "ring twice", "secret"};
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        if (memmem(bytes.data, bytes.size, secrets[i], strlen(secrets[i])) != NULL) fail_msg("%s leaves", secrets[i]);
    }
}

static void test_a_booking_leaves_without_the_person(void **state) {
    (void)state;
    struct buffer unknown = buffer_over((uint8_t[64]){0}, 64);
    proto_put_bytes(&unknown, 99, slice_text("secret of a later writer"));
    proto_put_varint(&unknown, 98, 1984);
    struct slice event = booked_event(buffer_slice(&unknown)), type, key, bytes;
    assert_non_null(memmem(event.data, event.size, "Guinevere", 9));
    struct arena arena = arena_over(arena_memory, sizeof arena_memory);
    assert_true(booking_event_public(event, &arena, &type, &key, &bytes));
    assert_true(slice_equal(type, slice_text("bhr.booking.v1.SlotBooked")));
    assert_true(slice_equal(key, slice_text(PERSON_ID)));
    assert_holds_nothing_personal(bytes);
    Bhr__Booking__V1__SlotBooked *read = bhr__booking__v1__slot_booked__unpack(NULL, bytes.size, bytes.data);
    assert_non_null(read);
    assert_string_equal(read->booking_id, BOOKING_ID);
    assert_string_equal(read->slot_id, SLOT_ID);
    assert_string_equal(read->by, "111-nel");
    assert_string_equal(read->person->person_id, PERSON_ID);
    assert_true(read->starts_at_ms == 1795456800000 && read->ends_at_ms == 1795457700000);
    assert_null(read->contact);
    assert_int_equal(read->base.n_unknown_fields + read->person->base.n_unknown_fields, 0);
    bhr__booking__v1__slot_booked__free_unpacked(read, NULL);
}

/* Whatever is flipped or cut, what leaves is nothing or holds nothing personal; and too small an arena is a no. */
static void test_damaged_events_leak_nothing(void **state) {
    (void)state;
    struct slice event = booked_event(slice_of("", 0));
    uint8_t copy[4096];
    struct slice type, key, bytes;
    for (size_t at = 0; at < event.size; at++) {
        for (int flip = 1; flip < 256; flip <<= 1) {
            memcpy(copy, event.data, event.size);
            copy[at] ^= (uint8_t)flip;
            struct arena arena = arena_over(arena_memory, sizeof arena_memory);
            if (!booking_event_public(slice_of(copy, event.size), &arena, &type, &key, &bytes)) continue;
            /* A flipped field number may make another field of what is personal: the decoder judges those that are public,
             * and none stands twice. */
            assert_holds_nothing_personal(bytes);
        }
        struct arena arena = arena_over(arena_memory, sizeof arena_memory);
        assert_false(booking_event_public(slice_of(event.data, at), &arena, &type, &key, &bytes));
    }
    for (size_t size = 0; size < 256; size += 16) {
        struct arena small = arena_over(arena_memory, size);
        assert_false(booking_event_public(event, &small, &type, &key, &bytes));
    }
}

static void test_answers_keep_their_slots(void **state) {
    (void)state;
    Bhr__Booking__V1__Slot slots[2] = {BHR__BOOKING__V1__SLOT__INIT, BHR__BOOKING__V1__SLOT__INIT};
    Bhr__Booking__V1__Slot *alternatives[2] = {&slots[0], &slots[1]};
    slots[0].slot_id = text(SLOT_ID);
    slots[1].slot_id = text(BOOKING_ID ":4");
    slots[1].free = 3;
    Bhr__Booking__V1__BookResponse answer = BHR__BOOKING__V1__BOOK_RESPONSE__INIT;
    answer.n_alternatives = 2;
    answer.alternatives = alternatives;
    uint8_t packed[1024];
    size_t size = protobuf_c_message_pack(&answer.base, packed);
    struct arena arena = arena_over(arena_memory, sizeof arena_memory);
    struct slice type, bytes;
    assert_true(booking_answer_public(slice_text("Book"), slice_of(packed, size), &arena, &type, &bytes));
    assert_int_equal(bytes.size, size);
    assert_memory_equal(bytes.data, packed, size);
    assert_false(booking_answer_public(slice_text("Book"), slice_text("\xFF"), &arena, &type, &bytes));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_field_stands_in_the_table),
        cmocka_unit_test(test_personal_fields_are_private),
        cmocka_unit_test(test_each_command_has_its_answer),
        cmocka_unit_test(test_a_booking_leaves_without_the_person),
        cmocka_unit_test(test_damaged_events_leak_nothing),
        cmocka_unit_test(test_answers_keep_their_slots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
