/* What became of look-ups that other rules answered: counted by kind, the worrying one first, examples within bounds. */
#include "cli/bhr/tried.h"
#include "tests/support/cmocka.h"

static struct tried tried;

static struct index_try_answer *answer_of(uint32_t same) {
    static struct index_try_answer answer;
    memset(&answer, 0, sizeof answer);
    answer.rules_version = 1;
    answer.new_rules_version = 2;
    answer.tried = same;
    answer.oldest_ms = INT64_C(1795867200000);
    return &answer;
}

static void add(struct index_try_answer *answer, enum index_trace_result before, enum index_trace_result after) {
    struct index_tried *change = &answer->changes[answer->change_count++];
    change->at_ms = answer->oldest_ms;
    memcpy(change->described.family_name, "T*", 2);
    change->before.result = before;
    change->after.result = after;
    change->before.person_id.bytes[15] = before != INDEX_TRACE_NO_MATCH ? 1 : 0;
    change->after.person_id.bytes[15] = after != INDEX_TRACE_NO_MATCH ? 2 : 0;
    answer->tried++;
}

static int set_up(void **state) {
    (void)state;
    memset(&tried, 0, sizeof tried);
    tried.path = "new.rules";
    tried.examples_max = 2;
    return 0;
}

static void kinds_are_counted_with_some_examples(void **state) {
    (void)state;
    struct index_try_answer *answer = answer_of(90);
    for (int i = 0; i < 5; i++) add(answer, INDEX_TRACE_MATCH, INDEX_TRACE_REVIEW);
    for (int i = 0; i < 3; i++) add(answer, INDEX_TRACE_NO_MATCH, INDEX_TRACE_MATCH);
    tried_add(&tried, answer);
    answer->unreadable = 4;
    answer->oldest_ms -= 1000;
    tried_add(&tried, answer);
    assert_int_equal(tried.tried, 196);
    assert_int_equal(tried.changed, 16);
    assert_int_equal(tried.unreadable, 4);
    assert_true(tried.oldest_ms == answer->oldest_ms);
    assert_false(tried.has_other_versions);
    assert_int_equal(tried_other_persons(&tried), 0);
    const struct tried_kind *kind = &tried.kinds[INDEX_TRACE_MATCH - 1][INDEX_TRACE_REVIEW - 1];
    assert_int_equal(kind->count, 10);
    assert_int_equal(kind->example_count, 2);
    answer->rules_version = 3;
    tried_add(&tried, answer);
    assert_true(tried.has_other_versions);
}

static json_int_t number(const json_t *report, const char *name) {
    json_t *value = json_object_get(report, name);
    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

static void the_worrying_one_comes_first(void **state) {
    (void)state;
    struct index_try_answer *answer = answer_of(10);
    for (enum index_trace_result before = INDEX_TRACE_MATCH; before <= INDEX_TRACE_TOO_MANY; before++) {
        for (enum index_trace_result after = INDEX_TRACE_TOO_MANY; after >= INDEX_TRACE_MATCH; after--) {
            bool cannot_be = before == after && (after == INDEX_TRACE_NO_MATCH || after == INDEX_TRACE_TOO_MANY);
            if (!cannot_be) add(answer, before, after);
        }
    }
    tried_add(&tried, answer);
    assert_int_equal(tried_other_persons(&tried), 1);
    json_t *report = tried_json(&tried);
    assert_int_equal(number(report, "rules_version"), 1);
    assert_int_equal(number(report, "new_rules_version"), 2);
    assert_int_equal(number(report, "tried"), 24);
    assert_int_equal(number(report, "same"), 10);
    assert_int_equal(number(report, "other_persons"), 1);
    const json_t *changes = json_object_get(report, "changes"), *change;
    size_t index;
    json_int_t counted = 0;
    assert_int_equal(json_array_size(changes), 14);
    json_array_foreach(changes, index, change) {
        counted += number(change, "count");
        const json_t *example = json_array_get(json_object_get(change, "examples"), 0);
        assert_string_equal(json_string_value(json_object_get(json_object_get(example, "described"), "family_name")),
                            "T*");
    }
    assert_int_equal(counted, 14);
    assert_string_equal(json_string_value(json_object_get(json_array_get(changes, 0), "change")),
                        "match -> another person");
    json_decref(report);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(kinds_are_counted_with_some_examples, set_up),
        cmocka_unit_test_setup(the_worrying_one_comes_first, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
