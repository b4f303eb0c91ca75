/* The topic table: names filled in, who may touch what, and the list of outside systems. */
#include "lib/host/topics.h"

#include "tests/support/cmocka.h"

static void names_are_filled_in(void **state) {
    (void)state;
    static const struct {
        enum topic_id id;
        const char *service, *system, *expected; /* NULL: refused */
    } cases[] = {
        {TOPIC_ID_COMMAND, "booking", NULL, "bhr.booking.command.v1"},
        {TOPIC_ID_JOURNAL, "booking", NULL, "bhr.booking.journal.v1"},
        {TOPIC_ID_EVENT, "booking", NULL, "bhr.booking.event.v1"},
        {TOPIC_ID_DEAD, "booking", NULL, "bhr.booking.dead.v1"},
        {TOPIC_ID_AUDIT, "booking", NULL, "bhr.audit.v1"},
        {TOPIC_ID_AUDIT, NULL, NULL, "bhr.audit.v1"},
        {TOPIC_ID_KEYS, "booking", NULL, "bhr.keys.v1"},
        {TOPIC_ID_REQUEST, "booking", "gp-demo", "bhr.booking.request.gp-demo.v1"},
        {TOPIC_ID_REQUEST, "booking", NULL, NULL},
        {TOPIC_ID_REQUEST, "booking", "", NULL},
        {TOPIC_ID_REQUEST, "booking", "a.v1", NULL}, /* would be a second name for another's topic */
        {TOPIC_ID_REQUEST, "booking", "*", NULL},
        {TOPIC_ID_REQUEST, "booking", "12345678901234567890123456789012345678901", NULL},
        {TOPIC_ID_COMMAND, "", NULL, NULL},
        {TOPIC_ID_COMMAND, NULL, NULL, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char name[TOPIC_NAME_MAX] = "untouched";
        bool is_good = topics_name(cases[i].id, cases[i].service, cases[i].system, name);
        assert_int_equal(is_good, cases[i].expected != NULL);
        assert_string_equal(name, is_good ? cases[i].expected : "untouched");
    }
    assert_true(topics_is_per_system(TOPIC_ID_REQUEST));
    assert_false(topics_is_per_system(TOPIC_ID_EVENT));
    assert_true(topics_is_shared(TOPIC_ID_KEYS));
    assert_false(topics_is_shared(TOPIC_ID_REQUEST));
}

/* journal.md and design section 3 in one sentence: who may write history. */
static void only_the_suite_writes_commands_and_journal(void **state) {
    (void)state;
    static const enum topic_id guarded[] = {TOPIC_ID_COMMAND, TOPIC_ID_JOURNAL, TOPIC_ID_AUDIT, TOPIC_ID_KEYS};
    for (size_t i = 0; i < sizeof guarded / sizeof guarded[0]; i++) {
        for (int role = 0; role < TOPIC_ROLE_COUNT; role++) {
            if (!topics_has_role(topics_row(guarded[i])->written_by, (enum topic_role)role)) continue;
            assert_int_equal(topics_role_principal((enum topic_role)role), TOPIC_PRINCIPAL_SERVICE);
        }
    }
    for (int id = 0; id < TOPIC_ID_COUNT; id++) {
        const struct topic_row *row = topics_row((enum topic_id)id);
        assert_int_not_equal(row->written_by, 0);
        assert_int_not_equal(row->read_by, 0);
        assert_true(topics_partition_count((enum topic_id)id) >= 1);
        if (id != TOPIC_ID_REQUEST) assert_int_equal(row->trimmed_by, 0); /* nothing else is ever shortened */
    }
}

static void only_the_publisher_has_transactions(void **state) {
    (void)state;
    const struct topic_handle_row *row;
    size_t count = 0;
    for (size_t i = 0; (row = topics_handle(i)) != NULL; i++) {
        if (!row->is_transaction) continue;
        assert_int_equal(row->used_by, 1u << TOPIC_ROLE_PUBLISHER);
        count++;
    }
    assert_int_equal(count, 1);
    assert_int_equal(topics_row(TOPIC_ID_EVENT)->written_by, 1u << TOPIC_ROLE_PUBLISHER);
    assert_int_equal(topics_row(TOPIC_ID_DEAD)->written_by, 1u << TOPIC_ROLE_PUBLISHER);
}

static void a_list_of_systems_is_read(void **state) {
    (void)state;
    struct topics_systems systems;
    struct error error = {0};
    assert_int_equal(topics_systems_read("", &systems, &error), STATUS_OK);
    assert_int_equal(systems.count, 0);
    assert_int_equal(topics_systems_read(" gp-demo,111-nel , gp-demo,", &systems, &error), STATUS_OK);
    assert_int_equal(systems.count, 2);
    assert_string_equal(systems.names[1], "111-nel");
    assert_int_equal(topics_systems_read("gp-demo,a.b", &systems, &error), STATUS_INVALID);
    assert_non_null(strstr(error.message, "\"a.b\""));
    assert_int_equal(systems.count, 2); /* untouched */

    struct topics_systems many = {0};
    for (int i = 0; i < TOPICS_SYSTEMS_MAX; i++) {
        char name[TOPICS_SYSTEM_MAX + 1] = {(char)('A' + i / 26), (char)('a' + i % 26)};
        assert_true(topics_systems_add(&many, name));
    }
    assert_true(topics_systems_add(&many, "Aa"));
    assert_false(topics_systems_add(&many, "one-more"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_filled_in),
        cmocka_unit_test(only_the_suite_writes_commands_and_journal),
        cmocka_unit_test(only_the_publisher_has_transactions),
        cmocka_unit_test(a_list_of_systems_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
