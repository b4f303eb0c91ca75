/* Persons through the service's table as the host runs it, from a request's bytes to an answer's. */
#include <stdio.h>

#include "lib/names/names.h"
#include "tests/core/index/index_desk.h"
#include "tests/support/search_stand_in.h"

static struct index_register_request request_of(const char *local_id, const char *family_name, const char *birth_date) {
    struct index_register_request request;
    memset(&request, 0, sizeof request);
    memcpy(request.key.source, "pas", 3);
    memcpy(request.key.local_id, local_id, strlen(local_id));
    memcpy(request.demographics.family_name, family_name, strlen(family_name));
    memcpy(request.demographics.given_name, "Ada", 3);
    memcpy(request.demographics.birth_date, birth_date, strlen(birth_date));
    return request;
}

static uint32_t register_record(const struct index_register_request *request,
                                struct index_register_answer *ret_answer) {
    static struct index_answer answer;
    memset(&answer, 0, sizeof answer);
    uint32_t outcome =
        command("RegisterRecord", &index_register_request_wire, request, "", INDEX_COMMAND_REGISTER, &answer);
    *ret_answer = answer.record;
    return outcome;
}

static void test_table_is_sound(void **state) {
    (void)state;
    for (uint32_t i = 0; i < index_service_table.method_count; i++) {
        const struct service_method *method = &index_service_table.methods[i];
        assert_true((method->kind == METHOD_COMMAND) == (method->accept != NULL));
        assert_true((method->kind == METHOD_QUERY) == (method->query != NULL));
    }
    for (uint32_t i = 0; i < index_service_table.config_row_count; i++) {
        const struct service_config_row *row = &index_service_table.config_rows[i];
        assert_true(row->min <= row->default_value && row->default_value <= row->max);
    }
}

static void test_a_record_is_found_as_soon_as_it_is_answered(void **state) {
    (void)state;
    struct index_register_request first = request_of("H-1", "O'Neil", "1952-02-29");
    struct index_register_request again = request_of("H-2", "ONEIL", "1952-02-29");
    struct index_register_request near = request_of("H-3", "O Neil", "1960-01-01");
    struct index_register_answer one, two, three;
    assert_int_equal(register_record(&first, &one), OUTCOME_OK);
    assert_int_equal(one.how, INDEX_NEW);
    assert_memory_equal(&one.person_id, &one.record_id, sizeof one.record_id);
    assert_int_equal(register_record(&again, &two), OUTCOME_OK);
    assert_int_equal(two.how, INDEX_LINKED);
    assert_memory_equal(&two.person_id, &one.person_id, sizeof one.person_id);
    assert_int_equal(two.match.posterior_ppm, STAND_IN_SURE_PPM);
    assert_string_equal(two.match.reasons[0].field, "family_name");
    assert_int_equal(register_record(&near, &three), OUTCOME_OK);
    assert_int_equal(three.how, INDEX_REVIEW);
    static struct index_pairs_answer pairs;
    struct index_list_pairs_request list = {0};
    assert_int_equal(query("ListPairs", &index_list_pairs_request_wire, &list, "", &index_pairs_response_wire, &pairs),
                     OUTCOME_OK);
    assert_int_equal(pairs.pair_count, 1);
    assert_memory_equal(&pairs.pairs[0].person_id, &one.person_id, sizeof one.person_id);
}

/* What a source sends apart from the lines is compared as the batch form compares it. */
static void test_house_and_county_are_searched(void **state) {
    (void)state;
    struct index_register_request request = request_of("H-1", "Smith", "1952-02-29");
    struct index_register_answer answer;
    memcpy(request.demographics.house, "12a", 3);
    memcpy(request.demographics.county, "Essex", 5);
    assert_int_equal(register_record(&request, &answer), OUTCOME_OK);
    struct names_record record = {.family_name = slice_text("Smith"),
                                  .given_name = slice_text("Ada"),
                                  .birth_date = slice_text("1952-02-29"),
                                  .house = slice_text("12a"),
                                  .county = slice_text("Essex")};
    struct match_person expected;
    names_person(&record, &expected);
    assert_true(expected.county.size > 0 && expected.house.size > 0);
    assert_int_equal(stand_in->count, 1);
    assert_memory_equal(&stand_in->people[0], &expected, sizeof expected);
}

static void test_a_verified_number_joins_only_with_the_birth_date(void **state) {
    (void)state;
    struct index_register_request a = request_of("H-1", "Smith", "1952-02-29"),
                                  b = request_of("H-2", "Jones", "1952-02-29");
    struct index_register_request c = request_of("H-3", "Khan", "1999-01-01");
    struct index_register_request *all[] = {&a, &b, &c};
    for (int i = 0; i < 3; i++) {
        memcpy(all[i]->demographics.nhs_number, "9434765919", 10);
        all[i]->demographics.nhs_number_status = INDEX_NHS_VERIFIED;
    }
    struct index_register_answer one, two, three;
    assert_int_equal(register_record(&a, &one), OUTCOME_OK);
    assert_int_equal(register_record(&b, &two), OUTCOME_OK);
    assert_int_equal(two.how, INDEX_LINKED);
    assert_memory_equal(&two.person_id, &one.person_id, sizeof one.person_id);
    assert_string_equal(two.match.reasons[0].field, "nhs_number");
    assert_int_equal(register_record(&c, &three), OUTCOME_OK);
    assert_int_equal(three.how, INDEX_NEW);
    struct index_find_request find = {.by = INDEX_FIND_BY_NHS_NUMBER, .nhs_number = "9434765919"};
    struct index_find_answer found;
    assert_int_equal(query("FindPerson", &index_find_request_wire, &find, "", &index_find_response_wire, &found),
                     REFUSED_SEVERAL_PERSONS);
}

static void test_bad_requests_are_named(void **state) {
    (void)state;
    struct index_register_answer answer;
    struct index_register_request request = request_of("H-1", "Smith", "2026-11-30");
    assert_int_equal(register_record(&request, &answer), OUTCOME_INVALID);
    assert_string_equal(desk.detail, "demographics.birth_date: expected a day that has come");
    request = request_of("H-1", "Smith", "2026-11-29");
    assert_int_equal(register_record(&request, &answer), OUTCOME_OK);
    request = request_of("H-1", "Smith", "1952");
    memcpy(request.key.organisation, "RAT", 3);
    assert_int_equal(register_record(&request, &answer), OUTCOME_INVALID);
    assert_string_equal(desk.detail, "key.organisation: expected the asker's own organisation, or nothing");
    struct index_trace_request trace = {.demographics = {.family_name = "Smith"}};
    static struct index_trace_answer traced;
    assert_int_equal(query("TracePerson", &index_trace_request_wire, &trace, "", &index_trace_response_wire, &traced),
                     REFUSED_TOO_LITTLE_TO_GO_BY);
}

/* Merged, told so, taken back: each time what was believed at the time. */
static void test_a_wrong_merge_is_taken_back(void **state) {
    (void)state;
    struct index_register_request a = request_of("H-1", "Smith", "1952-02-29"),
                                  b = request_of("H-2", "Jones", "1960-01-01");
    struct index_register_answer one, two;
    assert_int_equal(register_record(&a, &one), OUTCOME_OK);
    assert_int_equal(register_record(&b, &two), OUTCOME_OK);
    int64_t before_ms = desk.now_ms;
    desk.now_ms += 1000;
    struct index_answer answer;
    struct index_merge_request merge = {
        .survivor_id = one.person_id, .other_id = two.person_id, .reason = "looked alike"};
    assert_int_equal(command("MergePersons", &index_merge_request_wire, &merge, "u1", INDEX_COMMAND_MERGE, &answer),
                     OUTCOME_OK);
    int64_t merged_ms = desk.now_ms;
    desk.now_ms += 1000;
    static struct index_person person;
    struct index_get_request get = {.person_id = two.person_id};
    assert_int_equal(query("GetPerson", &index_get_request_wire, &get, "", &index_get_response_wire, &person),
                     OUTCOME_OK);
    assert_memory_equal(&person.person_id, &one.person_id, sizeof one.person_id);
    assert_int_equal(person.record_count, 2);
    assert_int_equal(person.superseded_count, 1);
    assert_memory_equal(&person.superseded_ids[0], &two.person_id, sizeof two.person_id);
    struct index_unmerge_request unmerge = {.merge_id = answer.merge_id, .reason = "two after all"};
    assert_int_equal(
        command("UnmergePersons", &index_unmerge_request_wire, &unmerge, "u1", INDEX_COMMAND_UNMERGE, &answer),
        OUTCOME_OK);
    assert_int_equal(answer.unmerged.from_ms, merged_ms);
    assert_int_equal(answer.unmerged.until_ms, desk.now_ms);
    const struct {
        int64_t as_of_ms;
        uint32_t records;
    } cases[] = {{0, 1}, {before_ms, 1}, {merged_ms, 2}, {desk.now_ms, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        get.as_of_ms = cases[i].as_of_ms;
        assert_int_equal(query("GetPerson", &index_get_request_wire, &get, "", &index_get_response_wire, &person),
                         OUTCOME_OK);
        assert_int_equal(person.record_count, cases[i].records);
    }
    get.as_of_ms = before_ms - 1;
    assert_int_equal(query("GetPerson", &index_get_request_wire, &get, "", &index_get_response_wire, &person),
                     REFUSED_PERSON_UNKNOWN);
}

static void flag(struct uuid person_id, enum index_flag which) {
    struct index_flag_request request = {.person_id = person_id, .flag = which, .is_set = true, .reason = "asked for"};
    assert_int_equal(command("FlagPerson", &index_flag_request_wire, &request, "u1", INDEX_COMMAND_FLAG, NULL),
                     OUTCOME_OK);
}

static void test_who_may_not_know_is_told_nothing(void **state) {
    (void)state;
    struct index_register_request request = request_of("H-1", "Smith", "1952-02-29");
    memcpy(request.demographics.postcode, "RM1 3AA", 7);
    memcpy(request.demographics.phone, "01708 000000", 12);
    memcpy(request.demographics.house, "12a", 3);
    memcpy(request.demographics.county, "Essex", 5);
    struct index_register_answer one;
    assert_int_equal(register_record(&request, &one), OUTCOME_OK);
    struct index_get_request get = {.person_id = one.person_id}, nobody = {.person_id = id_of(9, 9)};
    static struct index_person person;
    static struct index_trace_answer traced;
    struct index_trace_request trace = {.demographics = {.family_name = "Smith", .birth_date = "1952-02-29"},
                                        .limit = 5};
    flag(one.person_id, INDEX_FLAG_RESTRICTED);
    assert_int_equal(query("GetPerson", &index_get_request_wire, &get, "", &index_get_response_wire, &person),
                     OUTCOME_OK);
    assert_string_equal(person.records[0].demographics.family_name, "Smith");
    assert_string_equal(person.records[0].demographics.postcode, "");
    assert_string_equal(person.records[0].demographics.phone, "");
    assert_string_equal(person.records[0].demographics.house, "");
    assert_string_equal(person.records[0].demographics.county, "");
    assert_int_equal(query("TracePerson", &index_trace_request_wire, &trace, "", &index_trace_response_wire, &traced),
                     OUTCOME_OK);
    assert_int_equal(traced.result, INDEX_TRACE_MATCH);
    /* Whoever asks by place, whichever part of it, would learn where they are. */
    struct index_trace_request by_place[4] = {trace, trace, trace, trace};
    memcpy(by_place[0].demographics.postcode, "RM1 3AA", 7);
    memcpy(by_place[1].demographics.house, "12a", 3);
    memcpy(by_place[2].demographics.county, "Essex", 5);
    by_place[3].demographics.address_line_count = 1;
    memcpy(by_place[3].demographics.address_lines[0], "12a High Street", 15);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(
            query("TracePerson", &index_trace_request_wire, &by_place[i], "", &index_trace_response_wire, &traced),
            OUTCOME_OK);
        assert_int_equal(traced.result, INDEX_TRACE_NO_MATCH);
    }
    flag(one.person_id, INDEX_FLAG_SENSITIVE);
    uint32_t unknown = query("GetPerson", &index_get_request_wire, &nobody, "", &index_get_response_wire, &person);
    assert_int_equal(query("GetPerson", &index_get_request_wire, &get, "", &index_get_response_wire, &person), unknown);
    assert_int_equal(unknown, REFUSED_PERSON_UNKNOWN);
    assert_int_equal(
        query("GetPerson", &index_get_request_wire, &get, "sensitive-reader", &index_get_response_wire, &person),
        OUTCOME_OK);
}

/* Two are one for a day. Whoever is marked on one of the days is hidden on all of them, under whichever id. */
static void test_as_of_shows_nobody_who_is_marked_now(void **state) {
    (void)state;
    struct index_register_answer one, two;
    struct index_register_request request = request_of("H-1", "Smith", "1952-02-29");
    assert_int_equal(register_record(&request, &one), OUTCOME_OK);
    request = request_of("H-2", "Okafor", "1980-01-01");
    memcpy(request.demographics.postcode, "RM1 3AA", 7);
    assert_int_equal(register_record(&request, &two), OUTCOME_OK);
    int64_t before_ms = desk.now_ms;
    desk.now_ms += 1000;
    struct index_answer merged;
    const struct index_merge_request merge = {.survivor_id = one.person_id, .other_id = two.person_id, .reason = "one"};
    assert_int_equal(command("MergePersons", &index_merge_request_wire, &merge, "user-1", INDEX_COMMAND_MERGE, &merged),
                     OUTCOME_OK);
    int64_t together_ms = desk.now_ms;
    desk.now_ms += 1000;
    flag(one.person_id, INDEX_FLAG_SENSITIVE);
    static struct index_person person;
    const struct index_get_request as_before = {.person_id = two.person_id, .as_of_ms = before_ms};
    assert_int_equal(query("GetPerson", &index_get_request_wire, &as_before, "", &index_get_response_wire, &person),
                     REFUSED_PERSON_UNKNOWN);
    const struct index_unmerge_request unmerge = {.merge_id = merged.merge_id, .reason = "two"};
    assert_int_equal(
        command("UnmergePersons", &index_unmerge_request_wire, &unmerge, "user-1", INDEX_COMMAND_UNMERGE, NULL),
        OUTCOME_OK);
    assert_int_equal(query("GetPerson", &index_get_request_wire, &as_before, "", &index_get_response_wire, &person),
                     OUTCOME_OK);
    const struct index_get_request as_one = {.person_id = two.person_id, .as_of_ms = together_ms};
    assert_int_equal(query("GetPerson", &index_get_request_wire, &as_one, "", &index_get_response_wire, &person),
                     REFUSED_PERSON_UNKNOWN);
    flag(two.person_id, INDEX_FLAG_RESTRICTED);
    assert_int_equal(
        query("GetPerson", &index_get_request_wire, &as_one, "sensitive-reader", &index_get_response_wire, &person),
        OUTCOME_OK);
    assert_int_equal(person.record_count, 2);
    for (uint32_t i = 0; i < person.record_count; i++) assert_string_equal(person.records[i].demographics.postcode, "");
}

static void test_the_erased_and_those_without_a_key(void **state) {
    (void)state;
    struct index_register_request request = request_of("H-1", "Smith", "1952-02-29");
    struct index_register_answer one;
    assert_int_equal(register_record(&request, &one), OUTCOME_OK);
    struct index_get_request get = {.person_id = one.person_id};
    static struct index_person person;
    desk.fake_vault.is_away = true;
    assert_int_equal(query("GetPerson", &index_get_request_wire, &get, "", &index_get_response_wire, &person),
                     OUTCOME_UNAVAILABLE);
    struct index_register_answer none;
    assert_int_equal(register_record(&request, &none), OUTCOME_UNAVAILABLE);
    desk.fake_vault.is_away = false;
    fake_vault_erase(&desk.fake_vault, one.record_id);
    assert_int_equal(query("GetPerson", &index_get_request_wire, &get, "", &index_get_response_wire, &person),
                     OUTCOME_OK);
    assert_true(person.records[0].is_erased);
    assert_string_equal(person.records[0].demographics.family_name, "");
}

/* A process that starts later finds the same people, those whose key came late too. */
static void test_what_is_derived_is_built_again(void **state) {
    (void)state;
    struct index_register_answer answer;
    for (int i = 0; i < 20; i++) {
        char local_id[16], name[8];
        (void)snprintf(local_id, sizeof local_id, "H-%d", i);
        (void)snprintf(name, sizeof name, "Nm%c%c", 'a' + i, 'a' + i);
        struct index_register_request request = request_of(local_id, name, "1952-02-29");
        assert_int_equal(register_record(&request, &answer), OUTCOME_OK);
    }
    assert_int_equal(stand_in->count, 20);
    index_service_table.derived->close(desk.context.derived);
    struct error error = {0};
    desk.context.derived = index_service_table.derived->open(&desk.context, &error);
    assert_int_equal(stand_in->count, 0);
    desk.fake_vault.is_away = true;
    follow();
    assert_int_equal(stand_in->count, 0);
    desk.fake_vault.is_away = false;
    follow();
    assert_int_equal(stand_in->count, 20);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_table_is_sound, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_a_record_is_found_as_soon_as_it_is_answered, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_house_and_county_are_searched, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_a_verified_number_joins_only_with_the_birth_date, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_bad_requests_are_named, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_a_wrong_merge_is_taken_back, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_who_may_not_know_is_told_nothing, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_as_of_shows_nobody_who_is_marked_now, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_the_erased_and_those_without_a_key, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_what_is_derived_is_built_again, desk_open, desk_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
