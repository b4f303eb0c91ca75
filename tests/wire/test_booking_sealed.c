/* The sealed details on the wire: what is judged about their sizes, what is inside, and how an entry of apply version 1,
 * which held its person in the clear, is read. */
#include "lib/wire/booking/booking_details.h"
#include "lib/wire/booking/booking_journal.h"
#include "tests/support/cmocka.h"

#include "tests/wire/booking_messages.h"

static Bhr__Booking__V1__BookingEvent event;
static Bhr__Booking__V1__SlotBooked booked;
static Bhr__Exchange__V1__Sealed sealed;
static uint8_t key_id[32], nonce[32], ciphertext[2048];

/* A good event whose sealed details have these sizes. */
static void make_event(size_t key_id_size, size_t nonce_size, size_t ciphertext_size) {
    make_good();
    memset(key_id, 1, sizeof key_id);
    bhr__exchange__v1__sealed__init(&sealed);
    sealed.key_id = (ProtobufCBinaryData){.len = key_id_size, .data = key_id};
    sealed.nonce = (ProtobufCBinaryData){.len = nonce_size, .data = nonce};
    sealed.ciphertext = (ProtobufCBinaryData){.len = ciphertext_size, .data = ciphertext};
    bhr__booking__v1__slot_booked__init(&booked);
    booked.booking_id = text(UUID_A);
    booked.slot_id = text(SLOT_A);
    booked.by = text("111-nel");
    booked.person_id = text(UUID_A);
    booked.sealed = &sealed;
    bhr__booking__v1__booking_event__init(&event);
    event.event_case = BHR__BOOKING__V1__BOOKING_EVENT__EVENT_SLOT_BOOKED;
    event.slot_booked = &booked;
}

static bool is_read(struct booking_event *ret_event) {
    struct arena arena = arena_over(arena_memory, sizeof arena_memory);
    return booking_event_decode(pack(&event), &arena, ret_event);
}

static void sizes_are_judged(void **state) {
    (void)state;
    static const struct {
        size_t key_id_size, nonce_size, ciphertext_size;
        bool is_good;
    } rows[] = {
        {16, 24, 16, true},
        {16, 24, BOOKING_CIPHERTEXT_MAX, true},
        {16, 24, 200, true},
        {15, 24, 200, false},
        {17, 24, 200, false},
        {0, 24, 200, false},
        {16, 23, 200, false},
        {16, 25, 200, false},
        {16, 0, 200, false},
        {16, 24, 15, false},
        {16, 24, BOOKING_CIPHERTEXT_MAX + 1, false},
        {16, 24, 0, false},
    };
    struct booking_event read;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        make_event(rows[i].key_id_size, rows[i].nonce_size, rows[i].ciphertext_size);
        if (is_read(&read) != rows[i].is_good) fail_msg("row %zu", i);
    }
    make_event(16, 24, 200);
    memset(key_id, 0, sizeof key_id); /* zero would mean "in the clear" */
    assert_false(is_read(&read));
    make_event(16, 24, 200);
    booked.sealed = NULL;
    assert_false(is_read(&read));
    make_event(16, 24, 200);
    booked.person_id = text("");
    assert_false(is_read(&read));
}

static void details_come_back(void **state) {
    (void)state;
    struct booking_person in, out = {.person_id = {{5}}};
    struct booking_contact contact_in, contact_out;
    memset(&in, 0, sizeof in);
    memset(&contact_in, 0, sizeof contact_in);
    memcpy(in.nhs_number, "9434765919", 10);
    memset(in.family_name, 'f', BOOKING_NAME_MAX);
    memset(in.given_name, 'g', BOOKING_NAME_MAX);
    memcpy(in.birth_date, "1984-02-29", 10);
    memset(in.local_id, 'l', BOOKING_LOCAL_ID_MAX);
    memset(contact_in.phone, ' ', BOOKING_PHONE_MAX);
    memset(contact_in.phone, '1', 20);
    memset(contact_in.note, 'n', BOOKING_NOTE_MAX);
    in.person_id.bytes[0] = 7; /* travels beside the details, never in them */
    uint8_t bytes[BOOKING_DETAILS_MAX];
    struct buffer encoded = buffer_over(bytes, sizeof bytes);
    booking_details_encode(&in, &contact_in, &encoded);
    assert_false(encoded.is_full);
    struct arena arena = arena_over(arena_memory, sizeof arena_memory);
    assert_true(booking_details_decode(buffer_slice(&encoded), &arena, &out, &contact_out));
    in.person_id = (struct uuid){{5}};
    assert_memory_equal(&in, &out, sizeof in);
    assert_memory_equal(&contact_in, &contact_out, sizeof contact_in);
    for (size_t size = 0; size < encoded.size; size++) {
        arena = arena_over(arena_memory, sizeof arena_memory);
        bool is_whole = booking_details_decode(slice_of(bytes, size), &arena, &out, &contact_out);
        /* Cut between its two parts it is a person without a contact, which is allowed. */
        if (is_whole) assert_string_equal(contact_out.phone, "");
    }
}

static void version_1_is_read(void **state) {
    (void)state;
    make_event(16, 24, 200);
    booked.sealed = NULL;
    booked.person_id = text("");
    person.person_id = text(UUID_A);
    booked.person = &person;
    booked.contact = book.contact;
    struct booking_event read;
    assert_true(is_read(&read));
    const struct slot_booked *slot_booked = &read.slot_booked;
    char id[UUID_TEXT_SIZE];
    uuid_format(slot_booked->person_id, id);
    assert_memory_equal(id, UUID_A, sizeof id);
    assert_true(uuid_is_zero(slot_booked->sealed.key_id));
    struct booking_person out;
    struct booking_contact contact_out;
    struct arena arena = arena_over(arena_memory, sizeof arena_memory);
    struct slice inside = slice_of(slot_booked->sealed.ciphertext, slot_booked->sealed.size);
    assert_true(booking_details_decode(inside, &arena, &out, &contact_out));
    assert_string_equal(out.family_name, person.family_name);
    assert_string_equal(contact_out.phone, book.contact->phone);
    person.person_id = text(""); /* a person without an id is no person */
    assert_false(is_read(&read));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_judged),
        cmocka_unit_test(details_come_back),
        cmocka_unit_test(version_1_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
