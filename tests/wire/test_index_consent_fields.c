/* Every field of a consent, of preferences and of a professional that a caller may get wrong, named with what was expected.
 * Cases next to each other differ in one field. */
#include "lib/wire/index/index_wire.h"
#include "tests/support/cmocka.h"
#include "tests/wire/judge.h"

static const struct {
    struct index_consent_request request;
    const char *fault;
} consents[] = {
#define C(...) .request = {.person_id = {{1}}, .consent = {__VA_ARGS__}}
    {C(1, INDEX_PERMIT, "2026-03-01", ""), ""},
    {C(1, INDEX_PERMIT, "2026-03-01", "2026-03-01"), ""},
    {C(4, INDEX_NOT_STATED, "2026-03-01", ""), ""},
    {C(0, INDEX_PERMIT, "2026-03-01", ""), "consent.purpose: expected a purpose"},
    {C(5, INDEX_PERMIT, "2026-03-01", ""), "consent.purpose: expected a purpose"},
    {C(1, 0, "2026-03-01", ""), "consent.decision: expected permit, deny or not stated"},
    {C(1, 4, "2026-03-01", ""), "consent.decision: expected permit, deny or not stated"},
    {C(1, INDEX_DENY, "", ""), "consent.from_date: expected a date as YYYY-MM-DD"},
    {C(1, INDEX_DENY, "2026-02-30", ""), "consent.from_date: expected a date as YYYY-MM-DD"},
    {C(1, INDEX_DENY, "2026-03-01", "2026-13-01"), "consent.until_date: expected a date as YYYY-MM-DD"},
    {{.consent = {1, INDEX_DENY, "2026-03-01", ""}}, "person_id: expected a UUID as text"},
    {{.person_id = {{1}}}, "consent.purpose: expected a purpose"},
};

static void test_each_field_of_a_consent(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof consents / sizeof consents[0]; i++) {
        const char *fault = judge_plain(&index_consent_request_wire, &consents[i].request);
        if (strcmp(fault, consents[i].fault) != 0) fail_msg("case %zu: '%s'", i, fault);
    }
}

static void test_each_field_of_preferences(void **state) {
    (void)state;
    static const struct {
        struct index_preferences preferences;
        const char *fault;
    } cases[] = {
        {{0}, ""},
        {{.channel = INDEX_CHANNEL_APP}, ""},
        {{.channel = (enum index_channel)6}, "preferences.channel: expected a channel, or none"},
        {{.language = "bn"}, ""},
        {{.language = "pt-BR"}, ""},
        {{.language = "zh-Hant-HK"}, ""},
        {{.language = "b"}, "preferences.language: expected a language tag such as en, bn or pt-BR"},
        {{.language = "Bengali"}, "preferences.language: expected a language tag such as en, bn or pt-BR"},
        {{.language = "b1"}, "preferences.language: expected a language tag such as en, bn or pt-BR"},
        {{.language = "pt-"}, "preferences.language: expected a language tag such as en, bn or pt-BR"},
        {{.language = "pt--BR"}, "preferences.language: expected a language tag such as en, bn or pt-BR"},
        {{.language = "pt_BR"}, "preferences.language: expected a language tag such as en, bn or pt-BR"},
        {{.language = "bn", .needs_interpreter = true}, ""},
        {{.needs_interpreter = true}, "preferences.language: expected the language to interpret"},
        {{.need_count = 2, .needs = {INDEX_NEED_LARGE_PRINT, INDEX_NEED_ADVOCATE}}, ""},
        {{.need_count = 1, .needs = {(enum index_need)8}}, "preferences.needs: expected at most 8 needs"},
        {{.need_count = 1, .needs = {(enum index_need)0}}, "preferences.needs: expected at most 8 needs"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct index_preferences_request request = {.person_id = {{1}}, .preferences = cases[i].preferences};
        const char *fault = judge_plain(&index_preferences_request_wire, &request);
        if (strcmp(fault, cases[i].fault) != 0) fail_msg("case %zu: '%s'", i, fault);
    }
    struct index_preferences_request nobody = {.preferences = {.language = "bn"}};
    assert_string_equal(judge_plain(&index_preferences_request_wire, &nobody), "person_id: expected a UUID as text");
}

static struct index_practitioner_request good_practitioner(void) {
    return (struct index_practitioner_request){
        .practitioner = {.practitioner_id = "555000000111",
                         .name = "Dr A Osei",
                         .opened_date = "2020-01-01",
                         .registration_count = 1,
                         .registrations = {{.body = INDEX_BODY_GMC, .number = "7654321"}},
                         .role_count = 1,
                         .roles = {{.code = "R8000", .organisation = "F82001", .from_date = "2020-01-01"}}}};
}

static void test_each_number_of_a_register(void **state) {
    (void)state;
#define NUMBER "practitioner.registrations.number: "
    static const struct {
        enum index_body body;
        const char *number, *fault;
    } cases[] = {
        {INDEX_BODY_GMC, "7654321", ""},
        {INDEX_BODY_GMC, "765432", NUMBER "expected 7 digits"},
        {INDEX_BODY_GMC, "765432A", NUMBER "expected 7 digits"},
        {INDEX_BODY_NMC, "12A3456B", ""},
        {INDEX_BODY_NMC, "12A34567", NUMBER "expected 2 digits, a letter, 4 digits and a letter"},
        {INDEX_BODY_NMC, "1AA3456B", NUMBER "expected 2 digits, a letter, 4 digits and a letter"},
        {INDEX_BODY_GPHC, "2054321", ""},
        {INDEX_BODY_GPHC, "1054321", NUMBER "expected 7 digits of which the first is 2"},
        {INDEX_BODY_GPHC, "20543211", NUMBER "expected 7 digits of which the first is 2"},
        {INDEX_BODY_GDC, "123456", ""},
        {INDEX_BODY_GDP, "", NUMBER "expected 1 to 12 letters and digits"},
        {INDEX_BODY_RCN, "12/34", NUMBER "expected 1 to 12 letters and digits"},
        {(enum index_body)0, "7654321", "practitioner.registrations.body: expected a register"},
        {(enum index_body)8, "7654321", "practitioner.registrations.body: expected a register"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct index_practitioner_request request = good_practitioner();
        struct index_registration *r = &request.practitioner.registrations[0];
        *r = (struct index_registration){.body = cases[i].body};
        memcpy(r->number, cases[i].number, strlen(cases[i].number));
        const char *fault = judge_plain(&index_practitioner_request_wire, &request);
        if (strcmp(fault, cases[i].fault) != 0) fail_msg("case %zu: '%s'", i, fault);
    }
    struct index_practitioner_request two = good_practitioner();
    two.practitioner.registration_count = 2;
    two.practitioner.registrations[1] = (struct index_registration){.body = INDEX_BODY_GMC, .number = "1234567"};
    assert_string_equal(judge_plain(&index_practitioner_request_wire, &two),
                        "practitioner.registrations: expected at most one number of each register");
}

static void test_each_field_of_a_professional(void **state) {
    (void)state;
    struct index_practitioner_request request = good_practitioner();
    struct index_practitioner *p = &request.practitioner;
    assert_string_equal(judge_plain(&index_practitioner_request_wire, &request), "");
    memcpy(p->practitioner_id, "55500000011", sizeof "55500000011");
    assert_string_equal(judge_plain(&index_practitioner_request_wire, &request),
                        "practitioner.practitioner_id: expected an SDS user id, 12 digits");
    request = good_practitioner();
    memset(p->name, 0, sizeof p->name);
    assert_string_equal(judge_plain(&index_practitioner_request_wire, &request),
                        "practitioner.name: expected at most 100 bytes on one line");
    request = good_practitioner();
    memset(p->opened_date, 0, sizeof p->opened_date);
    assert_string_equal(judge_plain(&index_practitioner_request_wire, &request),
                        "practitioner.opened_date: expected a date as YYYY-MM-DD");
    static const struct {
        const char *code, *fault;
    } codes[] = {
        {"R8000", ""},
        {"S8000:G8000:R8000", ""},
        {"", "practitioner.roles.code: expected a role such as R8000 or S8000:G8000:R8000"},
        {"R", "practitioner.roles.code: expected a role such as R8000 or S8000:G8000:R8000"},
        {"8000", "practitioner.roles.code: expected a role such as R8000 or S8000:G8000:R8000"},
        {"S8000:R8000", "practitioner.roles.code: expected a role such as R8000 or S8000:G8000:R8000"},
        {"S8000:G8000:R8000:", "practitioner.roles.code: expected a role such as R8000 or S8000:G8000:R8000"},
        {"S8000:G8000:", "practitioner.roles.code: expected a role such as R8000 or S8000:G8000:R8000"},
        {"S:G8000:R8000", "practitioner.roles.code: expected a role such as R8000 or S8000:G8000:R8000"},
        {"doctor", "practitioner.roles.code: expected a role such as R8000 or S8000:G8000:R8000"},
    };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        request = good_practitioner();
        memset(p->roles[0].code, 0, sizeof p->roles[0].code);
        memcpy(p->roles[0].code, codes[i].code, strlen(codes[i].code));
        const char *fault = judge_plain(&index_practitioner_request_wire, &request);
        if (strcmp(fault, codes[i].fault) != 0) fail_msg("case %zu: '%s'", i, fault);
    }
    request = good_practitioner();
    memcpy(p->roles[0].organisation, "f82001", sizeof "f82001");
    assert_true(strstr(judge_plain(&index_practitioner_request_wire, &request), "practitioner.roles.organisation: ") !=
                NULL);
    request = good_practitioner();
    memset(p->roles[0].from_date, 0, sizeof p->roles[0].from_date);
    assert_true(strstr(judge_plain(&index_practitioner_request_wire, &request), "practitioner.roles.from_date: ") !=
                NULL);
}

static void test_asking_takes_exactly_one_identifier(void **state) {
    (void)state;
    struct index_get_practitioner_request get = {.by = INDEX_BY_PRACTITIONER_ID, .practitioner_id = "555000000111"};
    assert_string_equal(judge_plain(&index_get_practitioner_request_wire, &get), "");
    get = (struct index_get_practitioner_request){.by = INDEX_BY_REGISTRATION,
                                                  .registration = {INDEX_BODY_GMC, "7654321"}};
    assert_string_equal(judge_plain(&index_get_practitioner_request_wire, &get), "");
    get = (struct index_get_practitioner_request){.on_date = "2026-03-01"};
    assert_string_equal(judge_plain(&index_get_practitioner_request_wire, &get),
                        "practitioner_id: expected this field or one of its alternatives");
    struct index_get_consent_request consent = {.person_id = {{1}}, .on_date = "2026-03-01"};
    assert_string_equal(judge_plain(&index_get_consent_request_wire, &consent), "");
    consent = (struct index_get_consent_request){.person_id = {{1}}, .on_date = "today"};
    assert_string_equal(judge_plain(&index_get_consent_request_wire, &consent),
                        "on_date: expected a date as YYYY-MM-DD");
    consent = (struct index_get_consent_request){.on_date = "2026-03-01"};
    assert_string_equal(judge_plain(&index_get_consent_request_wire, &consent), "person_id: expected a UUID as text");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_field_of_a_consent),
        cmocka_unit_test(test_each_field_of_preferences),
        cmocka_unit_test(test_each_number_of_a_register),
        cmocka_unit_test(test_each_field_of_a_professional),
        cmocka_unit_test(test_asking_takes_exactly_one_identifier),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
