/* Every field that a caller may get wrong: the answer names it and what was expected, and never tells the value. A
 * line is one case: what differs from a request that is good. */
#include <bhr/index/v1/index_service.pb-c.h>
#include <stdio.h>

#include "lib/wire/index/index_wire.h"
#include "tests/support/cmocka.h"
#include "tests/wire/judge.h"

typedef Bhr__Index__V1__RegisterRecordRequest register_request;
typedef Bhr__Index__V1__Demographics demographics;
typedef Bhr__Index__V1__RecordKey record_key;

static uint8_t memory[256 * 1024];
static char long_name[10 * 1024 + 1], name_101[102], name_100[101];

/* Decodes the request; the fault's text, or "" when all is good. */
static const char *judge(const register_request *request, struct index_register_request *ret_request) {
    static struct wire_fault fault;
    struct arena arena = arena_over(memory, sizeof memory);
    struct slice bytes = wire_pack_to_arena(&request->base, &arena);
    assert_non_null(bytes.data);
    fault.text[0] = '\0';
    bool is_good = wire_table_decode(&index_register_request_wire, bytes, &arena, ret_request, &fault);
    assert_int_equal(is_good, fault.text[0] == '\0');
    return fault.text;
}

enum field {
    NHS,
    STATUS,
    FAMILY,
    GIVEN,
    BIRTH,
    SEX,
    LINE,
    POSTCODE,
    PHONE,
    HOUSE,
    COUNTY,
    ORGANISATION,
    SOURCE,
    LOCAL_ID
};
struct field_case {
    enum field field;
    const char *value;
    const char *fault; /* "" when it is good */
};

static void set_field(enum field field, const char *value, demographics *d, record_key *key) {
    char *text = (char *)(uintptr_t)value;
    static char *lines[4];
    switch (field) {
    case NHS:
        d->nhs_number = text;
        return;
    case STATUS:
        d->nhs_number_status = (Bhr__Index__V1__NhsNumberStatus)(value[0] - '0');
        return;
    case FAMILY:
        d->family_name = text;
        return;
    case GIVEN:
        d->given_name = text;
        return;
    case BIRTH:
        d->birth_date = text;
        return;
    case SEX:
        d->sex = (Bhr__Index__V1__Sex)(value[0] - '0');
        return;
    case LINE:
        for (size_t i = 0; i < 4; i++) lines[i] = text;
        d->address_lines = lines;
        d->n_address_lines = strcmp(value, "four lines") == 0 ? 4 : 3;
        return;
    case POSTCODE:
        d->postcode = text;
        return;
    case PHONE:
        d->phone = text;
        return;
    case HOUSE:
        d->house = text;
        return;
    case COUNTY:
        d->county = text;
        return;
    case ORGANISATION:
        key->organisation = text;
        return;
    case SOURCE:
        key->source = text;
        return;
    case LOCAL_ID:
        key->local_id = text;
        return;
    }
    fail();
}

#define D "demographics."
static const struct field_case cases[] = {
    {NHS, "943 476 5919", ""},
    {NHS, "943-476-5919", ""},
    {NHS, "9434765918", D "nhs_number: not an NHS number: the check digit does not fit"},
    {NHS, "4857773456", D "nhs_number: not an NHS number: the check digit does not fit"},
    {NHS, "1111111111", D "nhs_number: "},
    {NHS, "943476591", D "nhs_number: "},
    {NHS, "943 4765 919", D "nhs_number: "},
    {NHS, "", ""},
    {STATUS, "8", ""},
    {STATUS, "9", D "nhs_number_status: expected one of 01 to 08, or none"},
    {STATUS, "1", D "nhs_number: expected the number that is said to be verified"},
    {FAMILY, "O'Neil-Sm\xC3\xADth", ""},
    {FAMILY, name_100, ""},
    {FAMILY, name_101, D "family_name: expected at most 100 bytes on one line"},
    {FAMILY, long_name, D "family_name: expected at most 100 bytes on one line"},
    {FAMILY, "two\nlines", D "family_name: expected at most 100 bytes on one line"},
    {FAMILY, "\xC3\x28", D "family_name: "},
    {FAMILY, "\xED\xA0\x80", D "family_name: "},
    {GIVEN, long_name, D "given_name: expected at most 100 bytes on one line"},
    {BIRTH, "1952-02-29", ""},
    {BIRTH, "1952-02", ""},
    {BIRTH, "1952", ""},
    {BIRTH, "1953-02-29", D "birth_date: expected a day that exists"},
    {BIRTH, "1953-13-01", D "birth_date: expected a day that exists"},
    {BIRTH, "1953-04-31", D "birth_date: expected a day that exists"},
    {BIRTH, "1953-00", D "birth_date: expected a day that exists"},
    {BIRTH, "1879-12-31", D "birth_date: expected a day that exists"},
    {BIRTH, "1880-01-01", ""},
    {BIRTH, "31/12/1953", D "birth_date: expected a day that exists"},
    {BIRTH, "1953-1-1", D "birth_date: expected a day that exists"},
    {BIRTH, "19535", D "birth_date: expected a day that exists"},
    {SEX, "3", ""},
    {SEX, "4", D "sex: expected female, male, other or none"},
    {LINE, "12 High Street", ""},
    {LINE, name_101, D "address_lines: expected at most 100 bytes on one line"},
    {LINE, "four lines", D "address_lines: expected at most 3 lines"},
    {POSTCODE, "rm1 3aa", ""},
    {POSTCODE, "RM13AA", ""},
    {POSTCODE, "EC1A 1BB", ""},
    {POSTCODE, "RM1", D "postcode: expected a UK postcode"},
    {POSTCODE, "RM1 AA3", D "postcode: expected a UK postcode"},
    {POSTCODE, "12345", D "postcode: expected a UK postcode"},
    {POSTCODE, "RM1 3AA extra", D "postcode: expected a UK postcode"},
    {PHONE, "+44 1708 000000", ""},
    {PHONE, "1234", D "phone: expected 5 to 20 digits"},
    {PHONE, "call me", D "phone: expected 5 to 20 digits"},
    {HOUSE, "Flat 2, 12a", ""},
    {HOUSE, name_101, D "house: expected at most 100 bytes on one line"},
    {COUNTY, "Essex", ""},
    {COUNTY, "two\nlines", D "county: expected at most 100 bytes on one line"},
    {ORGANISATION, "", ""},
    {ORGANISATION, "RF4", ""},
    {ORGANISATION, "rf4", "key.organisation: expected an ODS code"},
    {SOURCE, "pas", ""},
    {SOURCE, "", "key.source: expected 1 to 32"},
    {SOURCE, "a b", "key.source: expected 1 to 32"},
    {SOURCE, "a:b", "key.source: expected 1 to 32"},
    {SOURCE, "0123456789012345678901234567890123", "key.source: expected 1 to 32"},
    {LOCAL_ID, "", "key.local_id: expected 1 to 64 bytes on one line"},
    {LOCAL_ID, name_101, "key.local_id: expected 1 to 64 bytes on one line"},
};

static void test_each_field(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct field_case *at = &cases[i];
        register_request request = BHR__INDEX__V1__REGISTER_RECORD_REQUEST__INIT;
        demographics d = BHR__INDEX__V1__DEMOGRAPHICS__INIT;
        record_key key = BHR__INDEX__V1__RECORD_KEY__INIT;
        key.source = (char *)(uintptr_t) "pas";
        key.local_id = (char *)(uintptr_t) "H-1";
        request.key = &key;
        request.demographics = &d;
        set_field(at->field, at->value, &d, &key);
        struct index_register_request plain;
        const char *fault = judge(&request, &plain);
        bool is_as_expected =
            at->fault[0] == '\0' ? fault[0] == '\0' : slice_starts_with(slice_text(fault), slice_text(at->fault));
        if (!is_as_expected) fail_msg("case %zu: '%s' instead of '%s'", i, fault, at->fault);
        if (at->fault[0] != '\0' && strlen(at->value) > 3) assert_null(strstr(fault, at->value));
    }
}

static void test_kept_in_one_form(void **state) {
    (void)state;
    register_request request = BHR__INDEX__V1__REGISTER_RECORD_REQUEST__INIT;
    demographics d = BHR__INDEX__V1__DEMOGRAPHICS__INIT;
    record_key key = BHR__INDEX__V1__RECORD_KEY__INIT;
    key.source = (char *)(uintptr_t) "pas";
    key.local_id = (char *)(uintptr_t) "H-1";
    d.nhs_number = (char *)(uintptr_t) "943 476 5919";
    d.postcode = (char *)(uintptr_t) "ec1a1bb";
    request.key = &key;
    request.demographics = &d;
    struct index_register_request plain;
    assert_string_equal(judge(&request, &plain), "");
    assert_string_equal(plain.demographics.nhs_number, "9434765919");
    assert_string_equal(plain.demographics.postcode, "EC1A 1BB");
}

static void test_what_is_missing_is_named(void **state) {
    (void)state;
    register_request request = BHR__INDEX__V1__REGISTER_RECORD_REQUEST__INIT;
    demographics d = BHR__INDEX__V1__DEMOGRAPHICS__INIT;
    struct index_register_request plain;
    assert_string_equal(judge(&request, &plain), "key: expected whose record it is");
    record_key key = BHR__INDEX__V1__RECORD_KEY__INIT;
    key.source = (char *)(uintptr_t) "pas";
    key.local_id = (char *)(uintptr_t) "H-1";
    request.key = &key;
    assert_string_equal(judge(&request, &plain), "demographics: expected what the source knows of the person");
    request.demographics = &d;
    assert_string_equal(judge(&request, &plain), "");
}

/* protobuf-c would cut the name there; the name must not pass for a shorter one. */
static void test_nul_inside_a_name(void **state) {
    (void)state;
    static const uint8_t bytes[] = {0x12, 6, 0x1A, 4, 'A', 0, 'B', 'C'}; /* demographics.family_name */
    struct arena arena = arena_over(memory, sizeof memory);
    struct index_register_request plain;
    struct wire_fault fault;
    assert_false(
        wire_table_decode(&index_register_request_wire, slice_of(bytes, sizeof bytes), &arena, &plain, &fault));
    assert_true(slice_starts_with(slice_text(fault.text), slice_text(D "family_name: ")));
}

/* ---- the other requests ---- */

static void test_a_reason_says_why_and_not_who(void **state) {
    (void)state;
    struct index_unlink_request unlink = {.record_id = {{1}}, .reason = "twins, not one"};
    assert_string_equal(judge_plain(&index_unlink_request_wire, &unlink), "");
    unlink = (struct index_unlink_request){.record_id = {{1}}, .reason = "is 943 476 5919"};
    assert_string_equal(judge_plain(&index_unlink_request_wire, &unlink),
                        "reason: expected why, 1 to 200 bytes on one line, without an NHS number");
    unlink = (struct index_unlink_request){.record_id = {{1}}};
    assert_string_equal(judge_plain(&index_unlink_request_wire, &unlink),
                        "reason: expected why, 1 to 200 bytes on one line, without an NHS number");
    unlink = (struct index_unlink_request){.reason = "why"};
    assert_string_equal(judge_plain(&index_unlink_request_wire, &unlink), "record_id: expected a UUID as text");
}

static void test_a_relationship_has_the_right_other_side(void **state) {
    (void)state;
    struct index_relation_request r = {
        .person_id = {{1}},
        .relationship = {.kind = INDEX_RELATION_PRACTICE, .organisation = "F82001", .from_date = "2020-01-01"}};
    assert_string_equal(judge_plain(&index_relation_request_wire, &r), "");
    r.relationship.kind = INDEX_RELATION_CARER;
    assert_true(strstr(judge_plain(&index_relation_request_wire, &r), "relationship.other_person_id: ") != NULL);
    r.relationship.kind = (enum index_relation_kind)5;
    assert_string_equal(judge_plain(&index_relation_request_wire, &r),
                        "relationship.kind: expected a kind of relationship");
    r.relationship.kind = INDEX_RELATION_PRACTICE;
    memcpy(r.relationship.until_date, "2021-02-30", 10);
    assert_string_equal(judge_plain(&index_relation_request_wire, &r),
                        "relationship.until_date: expected a date as YYYY-MM-DD");
}

static void test_a_service_opens_before_it_closes(void **state) {
    (void)state;
    static struct index_service_request s;
    s = (struct index_service_request){.service = {.service_id = "hub",
                                                   .organisation = "F82001",
                                                   .name = "Hub",
                                                   .kind = "gp-evening",
                                                   .opened_date = "2020-01-01",
                                                   .district_count = 1,
                                                   .districts = {"RM1"},
                                                   .opening_time_count = 1,
                                                   .opening_times = {{7, 540, 1020}}}};
    assert_string_equal(judge_plain(&index_service_request_wire, &s), "");
    s.service.opening_times[0].weekday = 8;
    assert_string_equal(judge_plain(&index_service_request_wire, &s), "service.opening_times.weekday: expected 1 to 7");
    s.service.opening_times[0] = (struct index_opening_time){1, 540, 540};
    assert_string_equal(judge_plain(&index_service_request_wire, &s),
                        "service.opening_times.until_minute: expected a minute after from_minute");
    s.service.opening_times[0].until_minute = 600;
    memcpy(s.service.districts[0], "XX", 3);
    assert_string_equal(judge_plain(&index_service_request_wire, &s),
                        "service.districts: expected postcode districts such as RM1");
}

static void test_an_organisation_does_not_succeed_itself(void **state) {
    (void)state;
    struct index_organisation_request o = {.organisation = {.code = "F82001",
                                                            .name = "A",
                                                            .kind = "gp-practice",
                                                            .opened_date = "2000-01-01",
                                                            .closed_date = "2010-01-01",
                                                            .successor = "F82002"}};
    assert_string_equal(judge_plain(&index_organisation_request_wire, &o), "");
    memcpy(o.organisation.successor, "F82001", 6);
    assert_true(strstr(judge_plain(&index_organisation_request_wire, &o), "organisation.successor: ") != NULL);
}

static void test_find_takes_exactly_one_identifier(void **state) {
    (void)state;
    struct index_find_request find = {.by = INDEX_FIND_BY_NHS_NUMBER, .nhs_number = "9434765919"};
    assert_string_equal(judge_plain(&index_find_request_wire, &find), "");
    find = (struct index_find_request){.by = INDEX_FIND_BY_RECORD, .record = {"RF4", "pas", "H-1"}};
    assert_string_equal(judge_plain(&index_find_request_wire, &find), "");
    find = (struct index_find_request){.birth_date = "1952"};
    assert_string_equal(judge_plain(&index_find_request_wire, &find),
                        "nhs_number: expected this field or one of its alternatives");
}

int main(void) {
    memset(long_name, 'a', sizeof long_name - 1);
    memset(name_101, 'a', sizeof name_101 - 1);
    memset(name_100, 'a', sizeof name_100 - 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_field),
        cmocka_unit_test(test_kept_in_one_form),
        cmocka_unit_test(test_what_is_missing_is_named),
        cmocka_unit_test(test_nul_inside_a_name),
        cmocka_unit_test(test_a_reason_says_why_and_not_who),
        cmocka_unit_test(test_a_relationship_has_the_right_other_side),
        cmocka_unit_test(test_a_service_opens_before_it_closes),
        cmocka_unit_test(test_an_organisation_does_not_succeed_itself),
        cmocka_unit_test(test_find_takes_exactly_one_identifier),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
