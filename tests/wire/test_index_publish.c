/* What the index lets others see: the table says something about every field that can be reached, and what leaves
 * holds only what it says. */
#include <stdio.h>

#include "lib/wire/index/index_publish.h"
#include "lib/wire/index/index_wire.h"
#include "tests/support/cmocka.h"
#include "tests/wire/public_contract.h"

static const struct public_contract contract = {&index_public_table, index_public_events, index_public_method};
static uint8_t memory[512 * 1024];

static void test_every_field_stands_in_the_table(void **state) {
    (void)state;
    public_contract_check_rows(&contract);
}

static void test_personal_fields_are_private(void **state) {
    (void)state;
    public_contract_check_personal(&contract);
}

static struct uuid id_of(uint8_t last) {
    struct uuid id = {{1, 2, 3, 4, 5, 6, 0x77, 8, 0x89}};
    id.bytes[15] = last;
    return id;
}

static bool holds(struct slice bytes, const char *text) {
    size_t size = strlen(text);
    for (size_t i = 0; i + size <= bytes.size; i++) {
        if (memcmp(bytes.data + i, text, size) == 0) return true;
    }
    return false;
}

/* That somebody said something, and not what; what is sealed stays where it is. */
static void test_what_a_person_says_is_private(void **state) {
    (void)state;
    struct arena arena = arena_over(memory, sizeof memory);
    static struct index_event event;
    struct slice type, key, told;
    char person[UUID_TEXT_SIZE + 1] = {0};
    uuid_format(id_of(2), person);
    memset(&event, 0, sizeof event);
    event.kind = INDEX_EVENT_CONSENT_SET;
    event.consent_set = (struct index_consent_set){
        .person_id = id_of(2),
        .consent = {.purpose = INDEX_PURPOSE_CONTACT, .decision = INDEX_DENY, .from_date = "2026-03-01"},
        .by = "user-1"};
    struct slice bytes = wire_table_encode_to_arena(&index_event_wire, &event, &arena);
    assert_true(holds(bytes, "2026-03-01"));
    assert_true(index_event_public(bytes, &arena, &type, &key, &told));
    assert_true(slice_equal(type, slice_text("bhr.index.v1.ConsentSet")));
    assert_true(slice_equal(key, slice_text(person)));
    assert_true(holds(told, person) && holds(told, "user-1"));
    assert_false(holds(told, "2026-03-01"));
    assert_true(told.size <= UUID_TEXT_SIZE + sizeof "user-1" + 4); /* two texts and their tags */
    memset(&event, 0, sizeof event);
    event.kind = INDEX_EVENT_PREFERENCES_SET;
    event.preferences_set = (struct index_preferences_set){
        .person_id = id_of(2),
        .sealed_for_id = id_of(9),
        .sealed = {.key_id = id_of(7), .nonce = {1}, .size = 40, .ciphertext = "sealed-bytes"},
        .by = "user-1"};
    bytes = wire_table_encode_to_arena(&index_event_wire, &event, &arena);
    assert_true(holds(bytes, "sealed-bytes"));
    assert_true(index_event_public(bytes, &arena, &type, &key, &told));
    assert_true(slice_equal(key, slice_text(person)));
    assert_false(holds(told, "sealed-bytes"));
    uuid_format(id_of(9), person);
    assert_false(holds(told, person));
}

static void test_a_professional_is_told_without_a_name(void **state) {
    (void)state;
    struct arena arena = arena_over(memory, sizeof memory);
    static struct index_event event;
    struct slice type, key, told;
    memset(&event, 0, sizeof event);
    event.kind = INDEX_EVENT_PRACTITIONER_REGISTERED;
    event.practitioner_registered = (struct index_practitioner_registered){
        .practitioner = {.practitioner_id = "555000000111",
                         .name = "Dr Osei",
                         .registration_count = 1,
                         .registrations = {{.body = INDEX_BODY_GMC, .number = "7654321"}},
                         .role_count = 1,
                         .roles = {{.code = "R8000", .organisation = "F82001", .from_date = "2020-01-01"}},
                         .opened_date = "2020-01-01"},
        .by = "ops"};
    struct slice bytes = wire_table_encode_to_arena(&index_event_wire, &event, &arena);
    assert_true(index_event_public(bytes, &arena, &type, &key, &told));
    assert_true(slice_equal(key, slice_text("555000000111")));
    assert_true(holds(told, "F82001") && holds(told, "R8000"));
    assert_false(holds(told, "Osei") || holds(told, "7654321"));
}

static void test_a_merge_is_told_without_why(void **state) {
    (void)state;
    struct arena arena = arena_over(memory, sizeof memory);
    static struct index_event event;
    memset(&event, 0, sizeof event);
    event.kind = INDEX_EVENT_PERSONS_MERGED;
    event.persons_merged = (struct index_persons_merged){.merge_id = id_of(1),
                                                         .survivor_id = id_of(2),
                                                         .other_id = id_of(3),
                                                         .reason = "same-photo",
                                                         .by = "council-a",
                                                         .approved_by = "second-user"};
    struct slice bytes = wire_table_encode_to_arena(&index_event_wire, &event, &arena);
    assert_true(holds(bytes, "same-photo"));
    struct slice type, key, public_bytes;
    assert_true(index_event_public(bytes, &arena, &type, &key, &public_bytes));
    assert_true(slice_equal(type, slice_text("bhr.index.v1.PersonsMerged")));
    char survivor[UUID_TEXT_SIZE + 1] = {0};
    uuid_format(id_of(2), survivor);
    assert_true(slice_equal(key, slice_text(survivor)));
    assert_true(holds(public_bytes, survivor));
    assert_true(holds(public_bytes, "council-a"));
    assert_false(holds(public_bytes, "same-photo"));
    assert_false(holds(public_bytes, "second-user"));
}

static void test_a_flag_is_told_without_which(void **state) {
    (void)state;
    struct arena arena = arena_over(memory, sizeof memory);
    static struct index_event event;
    memset(&event, 0, sizeof event);
    event.kind = INDEX_EVENT_PERSON_FLAGGED;
    event.person_flagged = (struct index_person_flagged){.person_id = id_of(2),
                                                         .flag = INDEX_FLAG_SENSITIVE,
                                                         .is_set = true,
                                                         .reason = "court-order",
                                                         .by = "council-a"};
    struct slice bytes = wire_table_encode_to_arena(&index_event_wire, &event, &arena);
    struct slice type, key, with_flag, without_flag;
    assert_true(index_event_public(bytes, &arena, &type, &key, &with_flag));
    event.person_flagged.flag = INDEX_FLAG_RESTRICTED;
    event.person_flagged.is_set = false;
    bytes = wire_table_encode_to_arena(&index_event_wire, &event, &arena);
    assert_true(index_event_public(bytes, &arena, &type, &key, &without_flag));
    assert_true(slice_equal(with_flag, without_flag));
    assert_false(holds(with_flag, "court-order"));
}

static void test_what_is_no_event_is_not_published(void **state) {
    (void)state;
    struct arena arena = arena_over(memory, sizeof memory);
    struct slice type, key, bytes;
    assert_false(index_event_public(slice_text("no event"), &arena, &type, &key, &bytes));
    assert_false(index_event_public(slice_of("", 0), &arena, &type, &key, &bytes));
}

static void test_each_command_has_its_answer(void **state) {
    (void)state;
    for (uint32_t i = 0; index_public_method(i) != NULL; i++) {
        struct arena arena = arena_over(memory, sizeof memory);
        struct slice type, bytes;
        struct slice name = slice_text(index_public_method(i)->name);
        assert_true(index_answer_public(name, slice_of("", 0), &arena, &type, &bytes));
        char expected[64];
        (void)snprintf(expected, sizeof expected, "bhr.index.v1.%sResponse", index_public_method(i)->name);
        assert_true(slice_equal(type, slice_text(expected)));
        assert_non_null(index_answer_wire((enum index_command_kind)(i + INDEX_COMMAND_REGISTER)));
        assert_ptr_equal(index_answer_wire((enum index_command_kind)(i + INDEX_COMMAND_REGISTER))->descriptor,
                         index_public_method(i)->response);
    }
    struct arena arena = arena_over(memory, sizeof memory);
    struct slice type, bytes;
    assert_false(index_answer_public(slice_text("GetPerson"), slice_of("", 0), &arena, &type, &bytes));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_field_stands_in_the_table),
        cmocka_unit_test(test_personal_fields_are_private),
        cmocka_unit_test(test_a_merge_is_told_without_why),
        cmocka_unit_test(test_a_flag_is_told_without_which),
        cmocka_unit_test(test_what_is_no_event_is_not_published),
        cmocka_unit_test(test_each_command_has_its_answer),
        cmocka_unit_test(test_what_a_person_says_is_private),
        cmocka_unit_test(test_a_professional_is_told_without_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
