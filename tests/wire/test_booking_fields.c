/* Every bad field of every request of booking is named, whatever protobuf-c would have let through, and no fault tells the
 * value. */
#include "tests/wire/booking_messages.h"

/* field "" expects the message to be taken. */
static void expect(const void *message, decoder decodes, const char *field, const char *value) {
    struct wire_fault fault = {{0}};
    bool is_good = decodes(pack(message), &fault);
    if (field[0] == '\0') {
        if (!is_good) fail_msg("expected '%s' to be taken: %s", value, fault.text);
        return;
    }
    bool names_field = strncmp(fault.text, field, strlen(field)) == 0 && fault.text[strlen(field)] == ':';
    if (is_good || !names_field) fail_msg("expected %s to be refused for '%s': '%s'", field, value, fault.text);
    if (strlen(value) > 3 && strstr(fault.text, value) != NULL) fail_msg("the fault tells the value: %s", fault.text);
}

static void expect_text(const void *message, decoder decodes, char **field, const char *value, const char *name) {
    char *good = *field;
    *field = text(value);
    expect(message, decodes, name, value);
    *field = good;
}

static const char *repeated(size_t size) {
    static char bytes[16 * 1024];
    assert_true(size < sizeof bytes);
    memset(bytes, 'x', size);
    bytes[size] = '\0';
    return bytes;
}

static void test_good_requests(void **state) {
    (void)state;
    make_good();
    for (size_t i = 0; i < REQUEST_COUNT; i++) expect(requests[i].message, requests[i].decodes, "", requests[i].name);
}

static void test_texts(void **state) {
    (void)state;
    make_good();
    static const char *const bad_slots[] = {"",
                                            "x",
                                            UUID_A,
                                            "01890a5d-ac96-774b-bcce-b302099a8057:",
                                            "01890a5d-ac96-774b-bcce-b302099a8057:200",
                                            "01890a5d-ac96-774b-bcce-b302099a8057:03",
                                            "01890a5d-ac96-774b-bcce-b302099a8057:-1",
                                            "01890a5d-ac96-774b-bcce-b302099a8057:99999999999999999999999",
                                            "00000000-0000-0000-0000-000000000000:3"};
    for (size_t i = 0; i < sizeof bad_slots / sizeof bad_slots[0]; i++) {
        expect_text(&hold, hold_decodes, &hold.slot_id, bad_slots[i], "slot_id");
        expect_text(&book, book_decodes, &book.slot_id, bad_slots[i], "slot_id");
    }
    expect_text(&hold, hold_decodes, &hold.slot_id, "01890A5D-AC96-774B-BCCE-B302099A8057:199", "");
    static const char *const bad_codes[] = {"AB", "ABCDEFGHIJK", "f82001", "F82 01", "F8\xC3\xA9"};
    for (size_t i = 0; i < sizeof bad_codes / sizeof bad_codes[0]; i++) {
        expect_text(&publish, publish_decodes, &session.organisation, bad_codes[i], "session.organisation");
        expect_text(&find, find_slots_decodes, &find.organisation, bad_codes[i], "organisation");
    }
    expect_text(&publish, publish_decodes, &session.organisation, "", "session.organisation");
    static const char *const bad_services[] = {"", "a b", "a:b", "a/b"};
    for (size_t i = 0; i < sizeof bad_services / sizeof bad_services[0]; i++) {
        expect_text(&publish, publish_decodes, &session.service_id, bad_services[i], "session.service_id");
    }
    expect_text(&publish, publish_decodes, &session.service_id, repeated(32), "");
    expect_text(&publish, publish_decodes, &session.service_id, repeated(33), "session.service_id");
    expect_text(&find, find_slots_decodes, &find.service_id, repeated(33), "service_id");
    expect_text(&publish, publish_decodes, &session.session_id, UUID_A, "session.session_id");
    static const char *const bad_ids[] = {"", "x", "01890a5d-ac96-774b-bcce-b302099a805z",
                                          "00000000-0000-0000-0000-000000000000"};
    for (size_t i = 0; i < sizeof bad_ids / sizeof bad_ids[0]; i++) {
        expect_text(&cancel, cancel_decodes, &cancel.booking_id, bad_ids[i], "booking_id");
        expect_text(&get, get_booking_decodes, &get.booking_id, bad_ids[i], "booking_id");
    }
}

static void test_persons(void **state) {
    (void)state;
    make_good();
    static const char *const bad_numbers[] = {
        "9000000000",                              /* check digit should be 9 */
        "4857773456",                              /* from a published example, wrong */
        "9990000000",                              /* its stem has no check digit */
        "0000000000", "1111111111",  "9999999999", /* pass the check and are nobody's */
        "943476591",  "94347659190", "943 4765919", "943_476_5919", "943476591O", " 9434765919"};
    for (size_t i = 0; i < sizeof bad_numbers / sizeof bad_numbers[0]; i++) {
        expect_text(&book, book_decodes, &person.nhs_number, bad_numbers[i], "person.nhs_number");
        expect_text(&list, list_person_bookings_decodes, &person.nhs_number, bad_numbers[i], "person.nhs_number");
    }
    static const char *const good_numbers[] = {"9434765919", "943-476-5919", "9000000009", "9476719931", ""};
    for (size_t i = 0; i < sizeof good_numbers / sizeof good_numbers[0]; i++) {
        expect_text(&book, book_decodes, &person.nhs_number, good_numbers[i], "");
    }
    expect_text(&book, book_decodes, &person.family_name, repeated(100), "");
    expect_text(&book, book_decodes, &person.family_name, repeated(101), "person.family_name");
    expect_text(&book, book_decodes, &person.family_name, repeated(10 * 1024), "person.family_name");
    expect_text(&book, book_decodes, &person.family_name, "two\nlines", "person.family_name");
    expect_text(&book, book_decodes, &person.family_name, "a\tb", "person.family_name");
    expect_text(&book, book_decodes, &person.family_name, "bad\xFFutf8", "person.family_name");
    expect_text(&book, book_decodes, &person.family_name, "over\xC0\xAFlong", "person.family_name");
    expect_text(&book, book_decodes, &person.family_name, "surr\xED\xA0\x80ogate", "person.family_name");
    expect_text(&book, book_decodes, &person.given_name, repeated(101), "person.given_name");
    expect_text(&book, book_decodes, &person.given_name, "bell\x07", "person.given_name");
    static const char *const bad_dates[] = {"1985-02-29", "1984-13-01", "84-02-29", "1984-2-9", "1840-01-01", "today"};
    for (size_t i = 0; i < sizeof bad_dates / sizeof bad_dates[0]; i++) {
        expect_text(&book, book_decodes, &person.birth_date, bad_dates[i], "person.birth_date");
    }
    expect_text(&book, book_decodes, &person.local_id, repeated(64), "");
    expect_text(&book, book_decodes, &person.local_id, repeated(65), "person.local_id");
    expect_text(&book, book_decodes, &person.person_id, UUID_A, "person.person_id");
    static const char *const bad_phones[] = {"1234", "123456789012345678901", "020-7946-0000", "07 946 +000",
                                             "1                               2345"};
    for (size_t i = 0; i < sizeof bad_phones / sizeof bad_phones[0]; i++) {
        expect_text(&book, book_decodes, &contact.phone, bad_phones[i], "contact.phone");
    }
    expect_text(&book, book_decodes, &contact.phone, "", "");
    expect_text(&book, book_decodes, &contact.phone, "99999", "");
    expect_text(&book, book_decodes, &contact.note, repeated(500), "");
    expect_text(&book, book_decodes, &contact.note, repeated(501), "contact.note");
}

/* Somebody must be meant. */
static void test_who_is_meant(void **state) {
    (void)state;
    make_good();
    struct {
        const char *nhs_number, *family_name, *birth_date, *local_id, *expected;
    } cases[] = {
        {"9434765919", "", "", "", ""}, {"", "Ng", "1984-02-29", "", ""}, {"", "", "", "A1", ""},
        {"", "", "", "", "person"},     {"", "Ng", "", "", "person"},     {"", "", "1984-02-29", "", "person"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        person.nhs_number = text(cases[i].nhs_number);
        person.family_name = text(cases[i].family_name);
        person.birth_date = text(cases[i].birth_date);
        person.local_id = text(cases[i].local_id);
        expect(&book, book_decodes, cases[i].expected, "");
        expect(&list, list_person_bookings_decodes, cases[i].expected, "");
    }
    make_good();
    book.person = NULL;
    list.person = NULL;
    expect(&book, book_decodes, "person", "");
    expect(&list, list_person_bookings_decodes, "person", "");
    make_good();
    book.contact = NULL;
    expect(&book, book_decodes, "", "no contact");
    publish.session = NULL;
    expect(&publish, publish_decodes, "session", "");
}

static void test_place(void **state) {
    (void)state;
    make_good();
    book.place_case = BHR__BOOKING__V1__BOOK_REQUEST__PLACE__NOT_SET;
    expect(&book, book_decodes, "slot_id", "");
    book.place_case = BHR__BOOKING__V1__BOOK_REQUEST__PLACE_HOLD_ID;
    book.hold_id = text(UUID_A);
    expect(&book, book_decodes, "", "a hold");
    book.hold_id = text(SLOT_A);
    expect(&book, book_decodes, "hold_id", "");
    book.hold_id = text("");
    expect(&book, book_decodes, "hold_id", "");
}

static void expect_number(const void *message, decoder decodes, uint32_t *field, uint32_t value, const char *name) {
    uint32_t good = *field;
    *field = value;
    expect(message, decodes, name, "");
    *field = good;
}

static void expect_time(const void *message, decoder decodes, int64_t *field, int64_t value, const char *name) {
    int64_t good = *field;
    *field = value;
    expect(message, decodes, name, "");
    *field = good;
}

static void test_numbers(void **state) {
    (void)state;
    make_good();
    expect_number(&publish, publish_decodes, &session.slot_minutes, 0, "session.slot_minutes");
    expect_number(&publish, publish_decodes, &session.slot_minutes, 241, "session.slot_minutes");
    expect_number(&publish, publish_decodes, &session.slot_minutes, UINT32_MAX, "session.slot_minutes");
    expect_number(&publish, publish_decodes, &session.slot_count, 0, "session.slot_count");
    expect_number(&publish, publish_decodes, &session.slot_count, 201, "session.slot_count");
    expect_number(&publish, publish_decodes, &session.slot_count, 96, ""); /* exactly 24 hours */
    expect_number(&publish, publish_decodes, &session.slot_count, 97, "session.slot_count");
    expect_number(&publish, publish_decodes, &session.capacity, 0, "session.capacity");
    expect_number(&publish, publish_decodes, &session.capacity, 20, "");
    expect_number(&publish, publish_decodes, &session.capacity, 21, "session.capacity");
    expect_time(&publish, publish_decodes, &session.starts_at_ms, -1, "session.starts_at_ms");
    expect_time(&publish, publish_decodes, &session.starts_at_ms, BOOKING_TIME_MS_MAX + 1, "session.starts_at_ms");
    expect_time(&publish, publish_decodes, &session.starts_at_ms, INT64_MAX, "session.starts_at_ms");
    expect_number(&hold, hold_decodes, &hold.hold_seconds, 86400, "");
    expect_number(&hold, hold_decodes, &hold.hold_seconds, 86401, "hold_seconds");
    expect_number(&find, find_slots_decodes, &find.limit, 500, "");
    expect_number(&find, find_slots_decodes, &find.limit, 501, "limit");
    expect_time(&find, find_slots_decodes, &find.to_ms, find.from_ms, "to_ms");
    expect_time(&find, find_slots_decodes, &find.to_ms, find.from_ms + 15 * BOOKING_DAY_MS,
                ""); /* has its own answer */
    expect_time(&find, find_slots_decodes, &find.from_ms, -1, "from_ms");
    expect_time(&find, find_slots_decodes, &find.to_ms, INT64_MAX, "to_ms");
    expect_time(&list, list_person_bookings_decodes, &list.from_ms, -1, "from_ms");
    find.organisation = text("");
    expect(&find, find_slots_decodes, "organisation", "");
    find.service_id = text("gp");
    expect(&find, find_slots_decodes, "", "service only");
    static const int bad_enums[] = {-1, 4, 1000000};
    for (size_t i = 0; i < 3; i++) {
        make_good();
        session.kind = (Bhr__Booking__V1__SlotKind)bad_enums[i];
        expect(&publish, publish_decodes, "session.kind", "");
        make_good();
        session.audience = (Bhr__Booking__V1__Audience)bad_enums[i];
        expect(&publish, publish_decodes, "session.audience", "");
        make_good();
        find.kind = (Bhr__Booking__V1__SlotKind)bad_enums[i];
        expect(&find, find_slots_decodes, "kind", "");
        cancel.reason = (Bhr__Booking__V1__CancelReason)bad_enums[i];
        expect(&cancel, cancel_decodes, "reason", "");
    }
    make_good();
    session.kind = BHR__BOOKING__V1__SLOT_KIND__SLOT_KIND_UNSPECIFIED;
    expect(&publish, publish_decodes, "session.kind", "");
    make_good();
    session.audience = BHR__BOOKING__V1__AUDIENCE__AUDIENCE_UNSPECIFIED;
    expect(&publish, publish_decodes, "session.audience", "");
    cancel.reason = BHR__BOOKING__V1__CANCEL_REASON__CANCEL_REASON_UNSPECIFIED;
    expect(&cancel, cancel_decodes, "reason", "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_requests), cmocka_unit_test(test_texts), cmocka_unit_test(test_persons),
        cmocka_unit_test(test_who_is_meant),  cmocka_unit_test(test_place), cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
