/* Organisations, services and professionals through the service's table as the host runs it. */
#include "tests/core/index/index_desk.h"
#include "tests/support/search_stand_in.h"

static void put_organisation(const char *code, const char *closed, const char *successor) {
    struct index_organisation_request o = {
        .organisation = {.name = "A", .kind = "gp-practice", .opened_date = "2000-01-01"}};
    memcpy(o.organisation.code, code, 6);
    memcpy(o.organisation.closed_date, closed, strlen(closed));
    memcpy(o.organisation.successor, successor, strlen(successor));
    struct index_answer answer;
    assert_int_equal(
        command("RegisterOrganisation", &index_organisation_request_wire, &o, "", INDEX_COMMAND_ORGANISATION, &answer),
        OUTCOME_OK);
    assert_true(answer.is_changed);
    assert_int_equal(
        command("RegisterOrganisation", &index_organisation_request_wire, &o, "", INDEX_COMMAND_ORGANISATION, &answer),
        OUTCOME_OK);
    assert_false(answer.is_changed);
}

static void test_closed_use_another(void **state) {
    (void)state;
    static struct index_organisation_answer answer;
    put_organisation("F82003", "", "");
    put_organisation("F82002", "2020-12-31", "F82003");
    put_organisation("F82001", "2010-12-31", "F82002");
    const struct {
        const char *on_date, *instead;
        bool is_open;
    } cases[] = {{"2010-12-31", "", true},
                 {"2011-01-01", "F82002", false},
                 {"2021-01-01", "F82003", false},
                 {"", "F82003", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct index_get_organisation_request get = {.code = "F82001"};
        memcpy(get.on_date, cases[i].on_date, strlen(cases[i].on_date));
        assert_int_equal(query("GetOrganisation", &index_get_organisation_request_wire, &get, "",
                               &index_organisation_response_wire, &answer),
                         OUTCOME_OK);
        assert_int_equal(answer.is_open, cases[i].is_open);
        assert_string_equal(answer.use_instead.code, cases[i].instead);
    }
    /* Three that name each other: nobody goes on for them, and the search for one ends. */
    put_organisation("F82003", "2022-12-31", "F82001");
    struct index_get_organisation_request get = {.code = "F82001", .on_date = "2023-01-01"};
    assert_int_equal(query("GetOrganisation", &index_get_organisation_request_wire, &get, "",
                           &index_organisation_response_wire, &answer),
                     OUTCOME_OK);
    assert_false(answer.is_open || answer.has_use_instead);
}

static void test_which_service_for_this_caller(void **state) {
    (void)state;
    put_organisation("F82001", "", "");
    struct index_service_request s = {.service = {.service_id = "hub",
                                                  .organisation = "F82001",
                                                  .name = "Hub",
                                                  .kind = "saturday-hub",
                                                  .district_count = 1,
                                                  .districts = {"RM1"},
                                                  .opening_time_count = 1,
                                                  .opening_times = {{6, 9 * 60, 17 * 60}},
                                                  .opened_date = "2026-01-01"}};
    assert_int_equal(command("RegisterService", &index_service_request_wire, &s, "", INDEX_COMMAND_SERVICE, NULL),
                     OUTCOME_OK);
    const struct {
        const char *postcode, *kind, *at;
        uint32_t count;
    } cases[] = {
        {"RM1 3AA", "", "2026-11-28T09:00:00Z", 1},       {"RM1", "saturday-hub", "2026-11-28T16:59:00Z", 1},
        {"RM1", "", "2026-11-28T08:59:00Z", 0},           {"RM1", "", "2026-11-28T17:00:00Z", 0},
        {"RM1", "", "2026-11-27T10:00:00Z", 0},           {"RM2 1AA", "", "2026-11-28T10:00:00Z", 0},
        {"RM1", "gp-evening", "2026-11-28T10:00:00Z", 0}, {"RM1", "", "2026-06-27T08:00:00Z", 1},
        {"RM1", "", "2025-11-29T10:00:00Z", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct index_find_services_request find;
        memset(&find, 0, sizeof find);
        memcpy(find.postcode, cases[i].postcode, strlen(cases[i].postcode));
        memcpy(find.kind, cases[i].kind, strlen(cases[i].kind));
        assert_true(civil_parse_instant(slice_text(cases[i].at), &find.at_ms));
        static struct index_services_answer answer;
        assert_int_equal(
            query("FindServices", &index_find_services_request_wire, &find, "", &index_services_response_wire, &answer),
            OUTCOME_OK);
        if (answer.service_count != cases[i].count) fail_msg("case %zu: %u services", i, answer.service_count);
    }
}

/* ---- professionals ---- */

static struct index_practitioner_request doctor(void) {
    return (struct index_practitioner_request){
        .practitioner = {
            .practitioner_id = "555000000111",
            .name = "Dr A Osei",
            .opened_date = "2005-01-01",
            .registration_count = 2,
            .registrations = {{INDEX_BODY_GMC, "7654321"}, {INDEX_BODY_GMP, "G1234567"}},
            .role_count = 2,
            .roles = {
                {.code = "R8000", .organisation = "F82001", .from_date = "2006-01-01"},
                {.code = "R8003", .organisation = "F82003", .from_date = "2008-01-01", .until_date = "2009-12-31"}}}};
}

static uint32_t put_practitioner(const struct index_practitioner_request *request, bool *ret_is_changed) {
    struct index_answer answer;
    uint32_t outcome = command("RegisterPractitioner", &index_practitioner_request_wire, request, "",
                               INDEX_COMMAND_PRACTITIONER, &answer);
    *ret_is_changed = answer.is_changed;
    return outcome;
}

static uint32_t get_practitioner(const struct index_get_practitioner_request *get,
                                 struct index_practitioner_answer *ret_answer) {
    memset(ret_answer, 0, sizeof *ret_answer);
    return query("GetPractitioner", &index_get_practitioner_request_wire, get, "", &index_practitioner_response_wire,
                 ret_answer);
}

/* A role is open as long as it, who has it and where it is all are. */
static void test_who_works_where_on_a_day(void **state) {
    (void)state;
    static struct index_practitioner_answer answer;
    struct index_practitioner_request request = doctor();
    bool is_changed;
    assert_int_equal(put_practitioner(&request, &is_changed), REFUSED_ORGANISATION_UNKNOWN);
    put_organisation("F82003", "", "");
    put_organisation("F82001", "2010-12-31", "F82003");
    assert_int_equal(put_practitioner(&request, &is_changed), OUTCOME_OK);
    assert_true(is_changed);
    assert_int_equal(put_practitioner(&request, &is_changed), OUTCOME_OK);
    assert_false(is_changed);
    const struct {
        const char *on_date, *first_after, *first_instead, *second_after;
        bool is_open, is_first_open, is_second_open;
    } cases[] = {
        {"2004-12-31", "", "", "", false, false, false},
        {"2005-12-31", "", "", "", true, false, false},
        {"2006-01-01", "", "", "", true, true, false},
        {"2009-12-31", "", "", "", true, true, true},
        {"2010-01-01", "", "", "2009-12-31", true, true, false},
        {"2010-12-31", "", "", "2009-12-31", true, true, false},
        {"2011-01-01", "2010-12-31", "F82003", "2009-12-31", true, false, false},
        {"", "2010-12-31", "F82003", "2009-12-31", true, false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct index_get_practitioner_request get = {.by = INDEX_BY_PRACTITIONER_ID, .practitioner_id = "555000000111"};
        memcpy(get.on_date, cases[i].on_date, strlen(cases[i].on_date));
        assert_int_equal(get_practitioner(&get, &answer), OUTCOME_OK);
        assert_int_equal(answer.role_count, 2);
        assert_int_equal(answer.is_open, cases[i].is_open);
        assert_int_equal(answer.roles[0].is_open, cases[i].is_first_open);
        assert_int_equal(answer.roles[1].is_open, cases[i].is_second_open);
        assert_string_equal(answer.roles[0].closed_after, cases[i].first_after);
        assert_string_equal(answer.roles[0].use_instead, cases[i].first_instead);
        assert_string_equal(answer.roles[1].closed_after, cases[i].second_after);
        assert_string_equal(answer.closed_after, "");
    }
    /* Who has left closes every role. */
    memcpy(request.practitioner.closed_date, "2009-06-30", 10);
    assert_int_equal(put_practitioner(&request, &is_changed), OUTCOME_OK);
    struct index_get_practitioner_request get = {
        .by = INDEX_BY_PRACTITIONER_ID, .practitioner_id = "555000000111", .on_date = "2009-07-01"};
    assert_int_equal(get_practitioner(&get, &answer), OUTCOME_OK);
    assert_false(answer.is_open || answer.roles[0].is_open || answer.roles[1].is_open);
    assert_string_equal(answer.closed_after, "2009-06-30");
    assert_string_equal(answer.roles[1].closed_after, "2009-06-30");
}

/* One number, one professional; a number that was typed wrongly is free again when it is put right. */
static void test_found_by_registration(void **state) {
    (void)state;
    static struct index_practitioner_answer answer;
    struct index_practitioner_request one = doctor(), two = doctor();
    struct index_get_practitioner_request get = {.by = INDEX_BY_REGISTRATION,
                                                 .registration = {INDEX_BODY_GMC, "7654321"}};
    bool is_changed;
    one.practitioner.role_count = two.practitioner.role_count = 0;
    memset(one.practitioner.roles, 0, sizeof one.practitioner.roles);
    memset(two.practitioner.roles, 0, sizeof two.practitioner.roles);
    memcpy(two.practitioner.practitioner_id, "555000000222", 12);
    two.practitioner.registration_count = 1;
    memset(&two.practitioner.registrations[1], 0, sizeof two.practitioner.registrations[1]);
    assert_int_equal(get_practitioner(&get, &answer), REFUSED_PRACTITIONER_UNKNOWN);
    assert_int_equal(put_practitioner(&one, &is_changed), OUTCOME_OK);
    assert_int_equal(get_practitioner(&get, &answer), OUTCOME_OK);
    assert_string_equal(answer.practitioner.practitioner_id, "555000000111");
    assert_int_equal(put_practitioner(&two, &is_changed), REFUSED_REGISTRATION_TAKEN);
    memcpy(one.practitioner.registrations[0].number, "7000001", 7);
    assert_int_equal(put_practitioner(&one, &is_changed), OUTCOME_OK);
    assert_int_equal(get_practitioner(&get, &answer), REFUSED_PRACTITIONER_UNKNOWN);
    assert_int_equal(put_practitioner(&two, &is_changed), OUTCOME_OK);
    assert_int_equal(get_practitioner(&get, &answer), OUTCOME_OK);
    assert_string_equal(answer.practitioner.practitioner_id, "555000000222");
    /* The same number of another register is another number. */
    get.registration.body = INDEX_BODY_GDC;
    assert_int_equal(get_practitioner(&get, &answer), REFUSED_PRACTITIONER_UNKNOWN);
    struct index_get_practitioner_request nobody = {.by = INDEX_BY_PRACTITIONER_ID, .practitioner_id = "555000000999"};
    assert_int_equal(get_practitioner(&nobody, &answer), REFUSED_PRACTITIONER_UNKNOWN);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_closed_use_another, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_which_service_for_this_caller, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_who_works_where_on_a_day, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_found_by_registration, desk_open, desk_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
