/* Organisations and services through the service's table as the host runs it. */
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_closed_use_another, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_which_service_for_this_caller, desk_open, desk_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
