/* Look-ups are kept sealed, and answered again by other rules: who would be found instead, shown masked, and only to whom
 * it may be shown. With the deployed rules and the real search. */
#include "tests/core/index/index_desk.h"
#include "tests/core/index/kept_array.h"

#include <stdio.h>
#include <stdlib.h>

enum { RULES_ROOM = INDEX_RULES_MAX, NEW_VERSION = 900 };

static struct kept_array kept;
static struct kept_port port;
static struct index_try_answer tried;
static char rules[RULES_ROOM];

static void read_rules(void) {
    FILE *file = fopen(BHR_SOURCE_DIR "/deploy/local/match.rules", "re");
    assert_non_null(file);
    size_t size = fread(rules, 1, sizeof rules - 1, file);
    (void)fclose(file);
    assert_in_range(size, 1000, sizeof rules - 2);
    rules[size] = '\0';
}

/* Another weight, or whatever the row says, in place of the deployed one. */
static void change_rule(const char *row, const char *value) {
    static char changed[RULES_ROOM];
    char *at = rules;
    size_t size = strlen(row);
    while (at != NULL && strncmp(at, row, size) != 0) {
        at = strchr(at, '\n');
        if (at != NULL) at++;
    }
    assert_non_null(at);
    char *end = strchr(at, '\n');
    int written = snprintf(changed, sizeof changed, "%.*s%s %s%s", (int)(at - rules), rules, row, value, end);
    assert_in_range(written, 1, (int)sizeof changed - 1);
    memcpy(rules, changed, (size_t)written + 1);
}

static int set_up(void **state) {
    memset(&kept, 0, sizeof kept);
    kept.now_ms = &desk.now_ms;
    port = kept_array_port(&kept);
    read_rules();
    change_rule("version", "900");
    int result = desk_open(state);
    desk.context.kept = &port;
    return result;
}

static struct index_demographics person_of(const char *family, const char *given, const char *birth,
                                           const char *postcode) {
    struct index_demographics person;
    memset(&person, 0, sizeof person);
    memcpy(person.family_name, family, strlen(family));
    memcpy(person.given_name, given, strlen(given));
    memcpy(person.birth_date, birth, strlen(birth));
    memcpy(person.postcode, postcode, strlen(postcode));
    return person;
}

static struct uuid register_person(const char *local_id, struct index_demographics person) {
    struct index_register_request request;
    struct index_answer answer;
    memset(&request, 0, sizeof request);
    memcpy(request.key.source, "pas", 3);
    memcpy(request.key.local_id, local_id, strlen(local_id));
    request.demographics = person;
    assert_int_equal(
        command("RegisterRecord", &index_register_request_wire, &request, "", INDEX_COMMAND_REGISTER, &answer),
        OUTCOME_OK);
    return answer.record.person_id;
}

static struct index_trace_answer trace(struct index_demographics person, uint32_t limit) {
    static struct index_trace_answer answer;
    struct index_trace_request request = {.demographics = person, .limit = limit};
    assert_int_equal(query("TracePerson", &index_trace_request_wire, &request, "", &index_trace_response_wire, &answer),
                     OUTCOME_OK);
    return answer;
}

static struct index_try_request *request_of_rules(void) {
    static struct index_try_request request;
    memset(&request, 0, sizeof request);
    request.rules_size = (uint32_t)strlen(rules);
    memcpy(request.rules, rules, request.rules_size);
    return &request;
}

static uint32_t try_as(const char *role, const struct index_try_request *request) {
    memset(&tried, 0, sizeof tried);
    return query("TryRules", &index_try_request_wire, request, role, &index_try_response_wire, &tried);
}

static void try_rules(void) {
    assert_int_equal(try_as("index-steward", request_of_rules()), OUTCOME_OK);
}

static const struct index_demographics *asked_for(void) {
    static struct index_demographics person;
    person = person_of("Thistlewood", "Dorothy", "1956-03-01", "RM1 3AB");
    memcpy(person.phone, "07700 900123", 12);
    return &person;
}

static bool holds(struct slice bytes, const char *text) {
    size_t size = strlen(text);
    for (size_t i = 0; i + size <= bytes.size; i++) {
        if (memcmp(bytes.data + i, text, size) == 0) return true;
    }
    return false;
}

static void what_is_kept_is_sealed(void **state) {
    (void)state;
    (void)register_person("H-1", *asked_for());
    struct index_trace_answer answer = trace(*asked_for(), 5);
    assert_int_equal(answer.result, INDEX_TRACE_MATCH);
    assert_int_equal(answer.rules_version, derived_rules_version(desk.context.derived));
    (void)trace(person_of("Nobody", "Zebedee", "1931-02-03", ""), 5);
    assert_int_equal(kept.end, 2);
    for (uint64_t i = 0; i < kept.end; i++) {
        struct slice bytes = slice_of(kept.bytes[i], kept.sizes[i]);
        const char *const words[] = {"Thistlewood", "Dorothy", "1956", "RM1", "900123", "Nobody", "Zebedee", "1931"};
        for (size_t k = 0; k < sizeof words / sizeof words[0]; k++) assert_false(holds(bytes, words[k]));
    }
    /* One that could not be asked is not kept, nor one that cannot be sealed; and the answer is given. */
    struct index_trace_request little = {.demographics = {.family_name = "Smith"}};
    static struct index_trace_answer ignored;
    assert_int_equal(query("TracePerson", &index_trace_request_wire, &little, "", &index_trace_response_wire, &ignored),
                     REFUSED_TOO_LITTLE_TO_GO_BY);
    desk.fake_vault.is_away = true;
    assert_int_equal(trace(*asked_for(), 5).result, INDEX_TRACE_MATCH);
    assert_int_equal(kept.end, 2);
    assert_int_equal(kept.dropped, 1);
}

static void rules_that_say_the_same_change_nothing(void **state) {
    (void)state;
    (void)register_person("H-1", *asked_for());
    (void)trace(*asked_for(), 5);
    (void)trace(*asked_for(), 0);
    (void)trace(person_of("Nobody", "Zebedee", "1931-02-03", ""), 5);
    try_rules();
    uint32_t in_use = derived_rules_version(desk.context.derived);
    assert_in_range(in_use, 1, NEW_VERSION - 1);
    assert_int_equal(tried.rules_version, in_use);
    assert_int_equal(tried.new_rules_version, NEW_VERSION);
    assert_int_equal(tried.tried, 3);
    assert_int_equal(tried.change_count, 0);
    assert_int_equal(tried.unreadable, 0);
    assert_true(tried.oldest_ms == desk.now_ms);
    assert_int_equal(tried.next, tried.end);
    /* Nobody else is answered by them, and trying keeps nothing. */
    assert_int_equal(trace(*asked_for(), 5).rules_version, in_use);
    assert_int_equal(kept.end, 4);
}

static void a_match_that_becomes_another_persons_is_told(void **state) {
    (void)state;
    struct uuid right = register_person("H-1", *asked_for());
    struct index_demographics sister = *asked_for();
    memset(sister.given_name, 0, sizeof sister.given_name);
    memcpy(sister.given_name, "Winifred", 8);
    memcpy(sister.birth_date, "1949-10-23", 10);
    struct uuid wrong = register_person("H-2", sister);
    assert_memory_not_equal(&right, &wrong, sizeof right);
    struct index_trace_answer answer = trace(*asked_for(), 5);
    assert_int_equal(answer.result, INDEX_TRACE_MATCH);
    assert_memory_equal(&answer.candidates[0].person_id, &right, sizeof right);
    /* Who writes such rules has swapped two signs. */
    change_rule("weight given_name same", "-60000");
    change_rule("weight given_name different", "60000");
    change_rule("weight birth_date same", "-60000");
    change_rule("weight birth_date different", "60000");
    try_rules();
    assert_int_equal(tried.change_count, 1);
    const struct index_tried *change = &tried.changes[0];
    assert_int_equal(change->before.result, INDEX_TRACE_MATCH);
    assert_memory_equal(&change->before.person_id, &right, sizeof right);
    assert_int_equal(change->after.result, INDEX_TRACE_MATCH);
    assert_memory_equal(&change->after.person_id, &wrong, sizeof wrong);
    assert_true(change->before.match.weight_millibits != change->after.match.weight_millibits);
    assert_true(change->before.match.reason_count > 2 && change->after.match.reason_count > 2);
    assert_string_equal(change->described.family_name, "T*");
    assert_string_equal(change->described.given_name, "D*");
    assert_string_equal(change->described.birth_date, "1956");
    assert_string_equal(change->described.postcode, "RM1");
    assert_string_equal(change->described.phone, "*********123");
}

static void matches_are_lost_and_won(void **state) {
    (void)state;
    (void)register_person("H-1", *asked_for());
    struct index_demographics near = *asked_for();
    memset(near.phone, 0, sizeof near.phone);
    memset(near.postcode, 0, sizeof near.postcode);
    memset(near.birth_date, 0, sizeof near.birth_date);
    memcpy(near.birth_date, "1983-12-30", 10);
    enum index_trace_result strict = trace(*asked_for(), 5).result, loose = trace(near, 5).result;
    assert_int_equal(strict, INDEX_TRACE_MATCH);
    assert_int_equal(loose, INDEX_TRACE_NO_MATCH);
    change_rule("prior", "-90000");
    try_rules();
    assert_int_equal(tried.change_count, 1);
    assert_int_equal(tried.changes[0].before.result, INDEX_TRACE_MATCH);
    assert_int_equal(tried.changes[0].after.result, INDEX_TRACE_NO_MATCH);
    assert_int_equal(tried.changes[0].after.candidates, 0);
    change_rule("prior", "30000");
    try_rules();
    assert_int_equal(tried.change_count, 1);
    assert_int_equal(tried.changes[0].before.result, INDEX_TRACE_NO_MATCH);
    assert_int_equal(tried.changes[0].after.result, INDEX_TRACE_MATCH);
}

static void flag(struct uuid person_id, enum index_flag which) {
    struct index_flag_request request = {.person_id = person_id, .flag = which, .is_set = true, .reason = "asked for"};
    assert_int_equal(command("FlagPerson", &index_flag_request_wire, &request, "u1", INDEX_COMMAND_FLAG, NULL),
                     OUTCOME_OK);
}

static void who_is_sensitive_is_shown_to_nobody_who_may_not_know(void **state) {
    (void)state;
    struct uuid person_id = register_person("H-1", *asked_for());
    (void)trace(*asked_for(), 5);
    flag(person_id, INDEX_FLAG_SENSITIVE);
    (void)trace(*asked_for(), 5);
    change_rule("prior", "-90000");
    try_rules();
    assert_int_equal(tried.tried, 2);
    assert_int_equal(tried.change_count, 0);
    assert_int_equal(try_as("sensitive-reader", request_of_rules()), OUTCOME_OK);
    assert_int_equal(tried.change_count, 2);
}

static void who_is_erased_takes_the_look_ups_with_them(void **state) {
    (void)state;
    struct uuid record_id = register_person("H-1", *asked_for());
    (void)trace(*asked_for(), 5);
    (void)trace(person_of("Nobody", "Zebedee", "1931-02-03", ""), 5);
    fake_vault_erase(&desk.fake_vault, record_id);
    change_rule("prior", "30000");
    try_rules();
    assert_int_equal(tried.tried, 1);
    assert_int_equal(tried.unreadable, 1);
    kept.sizes[1] -= 1;
    try_rules();
    assert_int_equal(tried.unreadable, 2);
}

static void a_piece_at_a_time(void **state) {
    (void)state;
    (void)register_person("H-1", *asked_for());
    int64_t began_ms = desk.now_ms;
    for (int i = 0; i < 40; i++) {
        (void)trace(*asked_for(), 5);
        desk.now_ms += 1000;
    }
    change_rule("prior", "-90000");
    struct index_try_request *request = request_of_rules();
    uint32_t changes = 0, rounds = 0;
    do {
        assert_int_equal(try_as("index-steward", request), OUTCOME_OK);
        assert_in_range(tried.tried, 1, INDEX_TRIED_MAX);
        request->series = tried.series;
        request->from = tried.next;
        changes += tried.change_count;
        rounds++;
    } while (tried.next < tried.end);
    assert_int_equal(changes, 40);
    assert_int_equal(rounds, 3);
    /* What has gone meanwhile is passed over, and what is beyond the end is the end. */
    kept.first = 30;
    request->from = 3;
    request->limit = 4;
    assert_int_equal(try_as("index-steward", request), OUTCOME_OK);
    assert_int_equal(tried.tried, 4);
    assert_int_equal(tried.next, 34);
    request->from = 4000;
    assert_int_equal(try_as("index-steward", request), OUTCOME_OK);
    assert_int_equal(tried.tried, 0);
    assert_int_equal(tried.next, 40);
    request->from = 0;
    request->limit = 0;
    request->since_ms = began_ms + 38000;
    assert_int_equal(try_as("index-steward", request), OUTCOME_OK);
    assert_int_equal(tried.tried, 2);
    assert_true(tried.oldest_ms == began_ms + 38000);
    request->series++;
    assert_int_equal(try_as("index-steward", request), REFUSED_SERIES_ENDED);
}

static void what_is_wrong_with_rules_is_said(void **state) {
    (void)state;
    (void)trace(person_of("Nobody", "Zebedee", "1931-02-03", ""), 5);
    change_rule("weight family_name same", "much");
    assert_int_equal(try_as("index-steward", request_of_rules()), OUTCOME_INVALID);
    assert_non_null(strstr(desk.detail, "rules: line "));
    assert_non_null(strstr(desk.detail, "\"much\": expected thousandths of a bit, from -100000 to 100000"));
    struct index_try_request none;
    memset(&none, 0, sizeof none);
    assert_int_equal(try_as("index-steward", &none), OUTCOME_INVALID);
    assert_string_equal(desk.detail, "rules: expected a rules file of at most 32768 bytes");
    read_rules();
    desk.context.kept = NULL;
    assert_int_equal(try_as("index-steward", request_of_rules()), REFUSED_NOTHING_KEPT);
    (void)trace(person_of("Nobody", "Zebedee", "1931-02-03", ""), 5);
    assert_int_equal(kept.end, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_kept_is_sealed, set_up, desk_close),
        cmocka_unit_test_setup_teardown(rules_that_say_the_same_change_nothing, set_up, desk_close),
        cmocka_unit_test_setup_teardown(a_match_that_becomes_another_persons_is_told, set_up, desk_close),
        cmocka_unit_test_setup_teardown(matches_are_lost_and_won, set_up, desk_close),
        cmocka_unit_test_setup_teardown(who_is_sensitive_is_shown_to_nobody_who_may_not_know, set_up, desk_close),
        cmocka_unit_test_setup_teardown(who_is_erased_takes_the_look_ups_with_them, set_up, desk_close),
        cmocka_unit_test_setup_teardown(a_piece_at_a_time, set_up, desk_close),
        cmocka_unit_test_setup_teardown(what_is_wrong_with_rules_is_said, set_up, desk_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
