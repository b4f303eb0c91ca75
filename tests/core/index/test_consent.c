/* What a person said, told as it happens: which of two counts after a merge and after it was taken back, what was known at a
 * time, and that nobody is less found for it. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/core/index/index_desk.h"
#include "tests/support/search_stand_in.h"

#define TODAY "2026-11-29"

/* ---- from the rows ---- */

static struct world *world;
static struct uuid a, b, c;

static int world_open(void **state) {
    (void)state;
    world = calloc(1, sizeof *world);
    if (world == NULL) return -1;
    world_begin(world);
    struct uuid *const persons[] = {&a, &b, &c};
    for (uint64_t i = 0; i < 3; i++) {
        struct index_register_answer answer;
        assert_int_equal(run_register(world, 1 + i, &answer), OUTCOME_OK);
        *persons[i] = answer.person_id;
    }
    return 0;
}

static int world_close(void **state) {
    (void)state;
    world_end(world);
    free(world);
    return 0;
}

static void say(struct uuid person_id, enum index_decided decision, const char *from, const char *until) {
    world->now_ms += 1000;
    assert_int_equal(run_consent(world, person_id, INDEX_PURPOSE_RECORD_SHARING, decision, from, until), OUTCOME_OK);
}

static struct uuid merge(struct uuid survivor_id, struct uuid other_id) {
    struct uuid merge_id;
    world->now_ms += 1000;
    assert_int_equal(run_merge(world, "user-1", survivor_id, other_id, (struct uuid){{0}}, &merge_id), OUTCOME_OK);
    return merge_id;
}

static void part(struct uuid merge_id) {
    world->now_ms += 1000;
    assert_int_equal(run_unmerge(world, merge_id, NULL), OUTCOME_OK);
}

/* "permit", "deny", with "!" when they contradict each other, or "" when nothing is in force. */
static const char *said_then(struct uuid asked_id, const char *on_date, int64_t as_of_ms) {
    static char text[16];
    struct index_recorded_consent found[INDEX_PURPOSES];
    struct rows rows = rows_array_read_only(&world->array);
    struct uuid person_id;
    assert_true(person_root(&rows, asked_id, as_of_ms, &person_id, NULL));
    uint32_t count = query_consents(&rows, person_id, on_date, as_of_ms, found);
    if (count == 0) return "";
    assert_int_equal(count, 1);
    assert_int_equal(found[0].consent.purpose, INDEX_PURPOSE_RECORD_SHARING);
    (void)snprintf(text, sizeof text, "%s%s", found[0].consent.decision == INDEX_PERMIT ? "permit" : "deny",
                   found[0].is_contradicted ? "!" : "");
    return text;
}

static const char *said(struct uuid person_id) {
    return said_then(person_id, TODAY, INDEX_NOW);
}

static void test_nothing_is_said_until_somebody_says_it(void **state) {
    (void)state;
    assert_string_equal(said(a), "");
    say(a, INDEX_DENY, "2026-01-01", "");
    assert_string_equal(said(a), "deny");
    assert_string_equal(said(b), "");
    say(a, INDEX_PERMIT, "2026-01-01", "");
    assert_string_equal(said(a), "permit");
    say(a, INDEX_NOT_STATED, "2026-01-01", "");
    assert_string_equal(said(a), "");
}

/* The newest that has the day in it: when it runs out, what was said before is in force again. */
static void test_a_decision_holds_for_its_days(void **state) {
    (void)state;
    say(a, INDEX_PERMIT, "2026-01-01", "");
    say(a, INDEX_DENY, "2026-06-01", "2026-06-30");
    const struct {
        const char *day, *expected;
    } cases[] = {{"2025-12-31", ""},     {"2026-01-01", "permit"}, {"2026-05-31", "permit"},
                 {"2026-06-01", "deny"}, {"2026-06-30", "deny"},   {"2026-07-01", "permit"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(said_then(a, cases[i].day, INDEX_NOW), cases[i].expected);
    }
}

static void test_a_refusal_counts_whoever_of_two_it_was(void **state) {
    (void)state;
    say(b, INDEX_DENY, "2026-01-01", "");
    say(a, INDEX_PERMIT, "2026-01-01", "");
    struct uuid merge_id = merge(a, b);
    assert_string_equal(said(a), "deny!");
    assert_string_equal(said(b), "deny!");
    part(merge_id);
    assert_string_equal(said(a), "permit");
    assert_string_equal(said(b), "deny");
    (void)merge(b, a);
    assert_string_equal(said(a), "deny!");
}

/* Asked again as one person, they answered for both; what either had said before comes back when they are two. */
static void test_what_is_said_after_a_merge_counts_for_both(void **state) {
    (void)state;
    say(b, INDEX_DENY, "2026-01-01", "");
    struct uuid merge_id = merge(a, b);
    int64_t merged_ms = world->now_ms;
    assert_string_equal(said(a), "deny");
    say(b, INDEX_PERMIT, "2026-01-01", "");
    int64_t asked_ms = world->now_ms;
    assert_string_equal(said(a), "permit");
    assert_string_equal(said(b), "permit");
    part(merge_id);
    assert_string_equal(said(a), "permit");
    assert_string_equal(said(b), "deny");
    /* Joined again: what was said of both was before that, so it is a's and not b's. */
    (void)merge(a, b);
    assert_string_equal(said(a), "deny!");
    assert_string_equal(said_then(b, TODAY, merged_ms), "deny");
    assert_string_equal(said_then(b, TODAY, asked_ms), "permit");
    assert_string_equal(said_then(b, TODAY, asked_ms + 1000), "deny");
}

/* a in b in c: what b said when a was in it counts for a, what c said before b came does not. */
static void test_a_tree_of_three(void **state) {
    (void)state;
    say(a, INDEX_DENY, "2026-01-01", "");
    say(c, INDEX_PERMIT, "2026-01-01", "");
    struct uuid inner = merge(b, a);
    say(b, INDEX_PERMIT, "2026-01-01", "");
    assert_string_equal(said(a), "permit");
    struct uuid outer = merge(c, b);
    assert_string_equal(said(a), "permit");
    say(c, INDEX_NOT_STATED, "2026-01-01", "");
    assert_string_equal(said(a), "");
    part(outer);
    assert_string_equal(said(a), "permit");
    assert_string_equal(said(c), "");
    part(inner);
    assert_string_equal(said(a), "deny");
    assert_string_equal(said(b), "permit");
}

/* What counts for both only counts on its days. */
static void test_said_for_both_until_a_day(void **state) {
    (void)state;
    say(b, INDEX_DENY, "2026-01-01", "");
    (void)merge(a, b);
    say(a, INDEX_PERMIT, "2026-06-01", "2026-06-30");
    assert_string_equal(said_then(a, "2026-06-15", INDEX_NOW), "permit");
    assert_string_equal(said_then(a, "2026-07-01", INDEX_NOW), "deny");
}

static void test_purposes_do_not_touch_each_other(void **state) {
    (void)state;
    struct index_recorded_consent found[INDEX_PURPOSES];
    struct rows rows = rows_array_read_only(&world->array);
    assert_int_equal(run_consent(world, a, INDEX_PURPOSE_SECONDARY_USE, INDEX_DENY, "2026-01-01", ""), OUTCOME_OK);
    assert_int_equal(run_consent(world, a, INDEX_PURPOSE_END_OF_LIFE_PLAN, INDEX_PERMIT, "2026-01-01", ""), OUTCOME_OK);
    assert_int_equal(query_consents(&rows, a, TODAY, INDEX_NOW, found), 2);
    assert_int_equal(found[0].consent.purpose, INDEX_PURPOSE_END_OF_LIFE_PLAN);
    assert_int_equal(found[1].consent.decision, INDEX_DENY);
    assert_string_equal(found[1].recorded_by, "council-a");
    assert_int_equal(found[1].recorded_at_ms, world->now_ms);
    assert_memory_equal(&found[1].recorded_for_id, &a, sizeof a);
}

/* ---- at the door ---- */

static struct uuid register_somebody(const char *local_id, const char *family_name) {
    struct index_register_request request = {.key = {.source = "pas"}, .demographics = {.birth_date = "1952-02-29"}};
    struct index_answer answer;
    memcpy(request.key.local_id, local_id, strlen(local_id));
    memcpy(request.demographics.family_name, family_name, strlen(family_name));
    assert_int_equal(
        command("RegisterRecord", &index_register_request_wire, &request, "", INDEX_COMMAND_REGISTER, &answer),
        OUTCOME_OK);
    return answer.record.person_id;
}

static void refuse_everything(struct uuid person_id) {
    for (int purpose = INDEX_PURPOSE_RECORD_SHARING; purpose <= INDEX_PURPOSE_SECONDARY_USE; purpose++) {
        struct index_consent_request request = {
            .person_id = person_id,
            .consent = {.purpose = (enum index_purpose)purpose, .decision = INDEX_DENY, .from_date = "2026-01-01"}};
        assert_int_equal(
            command("SetConsent", &index_consent_request_wire, &request, "u1", INDEX_COMMAND_CONSENT, NULL),
            OUTCOME_OK);
    }
}

static uint32_t prefer(struct uuid person_id, const struct index_preferences *preferences) {
    struct index_preferences_request request = {.person_id = person_id, .preferences = *preferences};
    return command("SetPreferences", &index_preferences_request_wire, &request, "u1", INDEX_COMMAND_PREFERENCES, NULL);
}

static uint32_t get_consent(struct uuid person_id, const char *user_role, struct index_consents_answer *ret_answer) {
    struct index_get_consent_request get = {.person_id = person_id};
    memset(ret_answer, 0, sizeof *ret_answer);
    return query("GetConsent", &index_get_consent_request_wire, &get, user_role, &index_consents_response_wire,
                 ret_answer);
}

/* Dissent is from seeing a record (domain.md 4.5): who rings is found and registered as before. */
static void test_who_refuses_everything_is_found_all_the_same(void **state) {
    (void)state;
    struct uuid person_id = register_somebody("H-1", "Smith");
    refuse_everything(person_id);
    struct index_find_request find = {.by = INDEX_FIND_BY_RECORD, .record = {"", "pas", "H-1"}};
    struct index_find_answer found;
    assert_int_equal(query("FindPerson", &index_find_request_wire, &find, "", &index_find_response_wire, &found),
                     OUTCOME_OK);
    assert_memory_equal(&found.person_id, &person_id, sizeof person_id);
    struct index_trace_request trace = {.demographics = {.family_name = "Smith", .birth_date = "1952-02-29"},
                                        .limit = 5};
    static struct index_trace_answer traced;
    assert_int_equal(query("TracePerson", &index_trace_request_wire, &trace, "", &index_trace_response_wire, &traced),
                     OUTCOME_OK);
    assert_int_equal(traced.result, INDEX_TRACE_MATCH);
    struct uuid again = register_somebody("H-1", "Smith");
    assert_memory_equal(&again, &person_id, sizeof again);
    static struct index_person person;
    struct index_get_request get = {.person_id = person_id};
    assert_int_equal(query("GetPerson", &index_get_request_wire, &get, "", &index_get_response_wire, &person),
                     OUTCOME_OK);
    assert_int_equal(person.consent_count, INDEX_PURPOSES);
    assert_string_equal(person.consents[0].recorded_by, "u1");
    assert_string_equal(person.history[person.change_count - 1].what, "updated");
}

static void test_preferences_open_for_the_merged_too(void **state) {
    (void)state;
    struct uuid one = register_somebody("H-1", "Smith"), two = register_somebody("H-2", "Jones");
    struct index_preferences bengali = {.channel = INDEX_CHANNEL_TELEPHONE,
                                        .language = "bn",
                                        .needs_interpreter = true,
                                        .need_count = 1,
                                        .needs = {INDEX_NEED_LARGE_PRINT}};
    struct index_preferences nothing = {.channel = INDEX_CHANNEL_NONE};
    struct index_consents_answer answer;
    assert_int_equal(prefer(two, &bengali), OUTCOME_OK);
    assert_int_equal(get_consent(one, "", &answer), OUTCOME_OK);
    assert_false(answer.has_preferences);
    struct index_merge_request merging = {.survivor_id = one, .other_id = two, .reason = "one person"};
    struct index_answer merged;
    assert_int_equal(command("MergePersons", &index_merge_request_wire, &merging, "u1", INDEX_COMMAND_MERGE, &merged),
                     OUTCOME_OK);
    assert_int_equal(get_consent(one, "", &answer), OUTCOME_OK);
    assert_memory_equal(&answer.person_id, &one, sizeof one);
    assert_true(answer.has_preferences);
    assert_memory_equal(&answer.preferences, &bengali, sizeof bengali);
    /* What is said of both is the newest, and stays with the survivor. */
    assert_int_equal(prefer(two, &nothing), OUTCOME_OK);
    assert_int_equal(get_consent(two, "", &answer), OUTCOME_OK);
    assert_memory_equal(&answer.preferences, &nothing, sizeof nothing);
    struct index_unmerge_request parting = {.merge_id = merged.merge_id, .reason = "two"};
    assert_int_equal(
        command("UnmergePersons", &index_unmerge_request_wire, &parting, "u1", INDEX_COMMAND_UNMERGE, NULL),
        OUTCOME_OK);
    assert_int_equal(get_consent(two, "", &answer), OUTCOME_OK);
    assert_memory_equal(&answer.preferences, &bengali, sizeof bengali);
}

/* Erased, they are as if they had never been said; the refusals stay. A key that has not come yet is not an erased one. */
static void test_preferences_without_a_key(void **state) {
    (void)state;
    struct uuid person_id = register_somebody("H-1", "Smith");
    struct index_preferences bengali = {.language = "bn"};
    struct index_consents_answer answer;
    static struct index_person person;
    struct index_get_request get = {.person_id = person_id};
    refuse_everything(person_id);
    assert_int_equal(prefer(person_id, &bengali), OUTCOME_OK);
    desk.fake_vault.is_away = true;
    assert_int_equal(prefer(person_id, &bengali), OUTCOME_UNAVAILABLE);
    assert_int_equal(get_consent(person_id, "", &answer), OUTCOME_UNAVAILABLE);
    desk.fake_vault.is_away = false;
    fake_vault_erase(&desk.fake_vault, person_id);
    assert_int_equal(get_consent(person_id, "", &answer), OUTCOME_OK);
    assert_false(answer.has_preferences);
    assert_int_equal(answer.consent_count, INDEX_PURPOSES);
    assert_int_equal(query("GetPerson", &index_get_request_wire, &get, "", &index_get_response_wire, &person),
                     OUTCOME_OK);
    assert_false(person.has_preferences);
}

static void test_of_the_sensitive_nothing_is_told(void **state) {
    (void)state;
    struct uuid person_id = register_somebody("H-1", "Smith");
    struct index_consents_answer answer;
    refuse_everything(person_id);
    struct index_flag_request flag = {
        .person_id = person_id, .flag = INDEX_FLAG_SENSITIVE, .is_set = true, .reason = "court order"};
    assert_int_equal(command("FlagPerson", &index_flag_request_wire, &flag, "u1", INDEX_COMMAND_FLAG, NULL),
                     OUTCOME_OK);
    assert_int_equal(get_consent(id_of(9, 9), "", &answer), REFUSED_PERSON_UNKNOWN);
    assert_int_equal(get_consent(person_id, "", &answer), REFUSED_PERSON_UNKNOWN);
    assert_int_equal(get_consent(person_id, "sensitive-reader", &answer), OUTCOME_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define ROWS(test) cmocka_unit_test_setup_teardown(test, world_open, world_close)
#define DESK(test) cmocka_unit_test_setup_teardown(test, desk_open, desk_close)
        ROWS(test_nothing_is_said_until_somebody_says_it),
        ROWS(test_a_decision_holds_for_its_days),
        ROWS(test_a_refusal_counts_whoever_of_two_it_was),
        ROWS(test_what_is_said_after_a_merge_counts_for_both),
        ROWS(test_a_tree_of_three),
        ROWS(test_said_for_both_until_a_day),
        ROWS(test_purposes_do_not_touch_each_other),
        DESK(test_who_refuses_everything_is_found_all_the_same),
        DESK(test_preferences_open_for_the_merged_too),
        DESK(test_preferences_without_a_key),
        DESK(test_of_the_sensitive_nothing_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
