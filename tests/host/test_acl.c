/* The access rules that follow from the topic table: every row by every principal, written down here a second time. */
#include "lib/host/acl.h"

#include "tests/support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const services[] = {"booking"};
static const struct topics_systems systems = {.count = 2, .names = {"gp-demo", "hub-demo"}};
static const struct acl_names names = {.services = services, .service_count = 1, .systems = &systems};
static struct acl_rules *rules;

static bool may(const char *principal, enum kafka_acl_operation operation, enum kafka_acl_resource resource,
                const char *name) {
    bool is_prefix = name[strlen(name) - 1] == '*';
    struct kafka_acl acl = {.resource = (uint8_t)resource,
                            .pattern = is_prefix ? KAFKA_ACL_PREFIXED : KAFKA_ACL_LITERAL,
                            .operation = (uint8_t)operation,
                            .permission = KAFKA_ACL_ALLOW,
                            .host = "*"};
    (void)snprintf(acl.principal, sizeof acl.principal, "User:CN=%s", principal);
    (void)snprintf(acl.name, sizeof acl.name, "%.*s", (int)(strlen(name) - is_prefix), name);
    return acl_has(rules, &acl);
}

/* w writes, r reads, d deletes records; a dot is nothing. */
static void each_row_by_each_principal(void **state) {
    (void)state;
    static const char *const principals[] = {"booking", "booking-publisher", "gp-demo", "hub-demo", "ops", "broker"};
    static const struct {
        const char *topic, *rights[6];
    } rows[] = {
        {"bhr.booking.command.v1", {"wr", "", "", "", "", ""}},
        {"bhr.booking.command.v1.g*", {"wr", "", "", "", "", ""}},
        {"bhr.booking.journal.v1", {"wr", "r", "", "", "", ""}},
        {"bhr.booking.event.v1", {"", "wr", "r", "r", "", ""}},
        {"bhr.booking.dead.v1", {"", "wr", "", "", "", ""}},
        {"bhr.audit.v1", {"w", "", "", "", "", ""}},
        {"bhr.keys.v1", {"wr", "", "", "", "", ""}},
        {"bhr.booking.request.gp-demo.v1", {"rd", "", "w", "", "", ""}},
        {"bhr.booking.request.hub-demo.v1", {"rd", "", "", "w", "", ""}},
    };
    size_t row_count = sizeof rows / sizeof rows[0], right_count = 0;
    assert_int_equal(row_count, TOPIC_ID_COUNT + systems.count); /* a new topic needs a row here */
    for (size_t i = 0; i < row_count; i++) {
        for (size_t p = 0; p < sizeof principals / sizeof principals[0]; p++) {
            const char *rights = rows[i].rights[p];
            right_count += strlen(rights);
            assert_int_equal(may(principals[p], KAFKA_ACL_WRITE, KAFKA_ACL_TOPIC, rows[i].topic),
                             strchr(rights, 'w') != NULL);
            assert_int_equal(may(principals[p], KAFKA_ACL_READ, KAFKA_ACL_TOPIC, rows[i].topic),
                             strchr(rights, 'r') != NULL);
            assert_int_equal(may(principals[p], KAFKA_ACL_DELETE, KAFKA_ACL_TOPIC, rows[i].topic),
                             strchr(rights, 'd') != NULL);
        }
        assert_true(may("booking", KAFKA_ACL_DESCRIBE, KAFKA_ACL_TOPIC, rows[i].topic));
        assert_true(may("booking", KAFKA_ACL_DESCRIBE_CONFIGS, KAFKA_ACL_TOPIC, rows[i].topic));
    }
    static const char *const handles[][2] = {
        {"booking", "booking-owners"}, {"booking", "booking-doors"}, {"booking-publisher", "booking-publisher"},
        {"gp-demo", "gp-demo"},        {"gp-demo", "gp-demo.*"},     {"hub-demo", "hub-demo"},
        {"hub-demo", "hub-demo.*"}};
    size_t handle_count = sizeof handles / sizeof handles[0];
    for (size_t i = 0; i < handle_count; i++) {
        assert_true(may(handles[i][0], KAFKA_ACL_READ, KAFKA_ACL_GROUP, handles[i][1]));
    }
    assert_true(may("booking-publisher", KAFKA_ACL_WRITE, KAFKA_ACL_TRANSACTION, "booking-publisher-*"));
    /* And that is all there is. */
    assert_int_equal(rules->count, right_count + 2 * row_count + handle_count + 1);
}

static void nobody_outside_gets_a_name_of_the_suite(void **state) {
    (void)state;
    static const struct {
        enum acl_kind kind;
        const char *name;
        bool is_good;
    } cases[] = {
        {ACL_SYSTEM, "gp-demo", true},
        {ACL_SYSTEM, "booking", false},
        {ACL_SYSTEM, "booking-publisher", false},
        {ACL_SYSTEM, "other-publisher", false},
        {ACL_SYSTEM, "-publisher", false},
        {ACL_SYSTEM, "ops", false},
        {ACL_SYSTEM, "ops-2", false},
        {ACL_SYSTEM, "opsis", true},
        {ACL_SYSTEM, "broker", false},
        {ACL_SYSTEM, "broker-1", false},
        {ACL_SYSTEM, "a,OU=x", false},
        {ACL_SYSTEM, "", false},
        {ACL_SERVICE, "booking", true},
        {ACL_SERVICE, "gp-demo", false},
        {ACL_PUBLISHER, "booking-publisher", true},
        {ACL_PUBLISHER, "gp-demo-publisher", false},
        {ACL_OPERATOR, "ops-anna", true},
        {ACL_OPERATOR, "anna", false},
        {ACL_BROKER, "broker-3", true},
        {ACL_BROKER, "booking", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (acl_may_be_named(&names, cases[i].kind, cases[i].name) != cases[i].is_good) fail_msg("%s", cases[i].name);
    }
    static struct acl_rules none;
    struct error error = {0};
    const struct topics_systems bad = {.count = 1, .names = {"booking"}};
    const struct acl_names with_bad = {.services = services, .service_count = 1, .systems = &bad};
    assert_int_equal(acl_make(&with_bad, &none, &error), STATUS_INVALID);
    assert_non_null(strstr(error.message, "\"booking\" cannot be an outside system"));
}

static void as_many_systems_as_there_may_be_fit(void **state) {
    (void)state;
    static struct topics_systems many;
    static struct acl_rules made;
    for (int i = 0; i < TOPICS_SYSTEMS_MAX; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "s%d", i);
        assert_true(topics_systems_add(&many, name));
    }
    const struct acl_names with_many = {.services = services, .service_count = 1, .systems = &many};
    assert_int_equal(acl_make(&with_many, &made, NULL), STATUS_OK);
    assert_in_range(made.count, 8 * TOPICS_SYSTEMS_MAX, KAFKA_ACLS_MAX);
}

/* A journal is read by its own service, its publisher, and the services that follow it; by no other one. */
static void who_follows_a_journal_reads_it(void **state) {
    (void)state;
    static const char *const both[] = {"booking", "index"};
    static struct acl_rules made;
    const struct acl_names with_index = {.services = both, .service_count = 2, .systems = &systems};
    assert_int_equal(acl_make(&with_index, &made, NULL), STATUS_OK);
    struct acl_rules *before = rules;
    rules = &made;
    assert_true(may("booking", KAFKA_ACL_READ, KAFKA_ACL_TOPIC, "bhr.index.journal.v1"));
    assert_false(may("booking", KAFKA_ACL_WRITE, KAFKA_ACL_TOPIC, "bhr.index.journal.v1"));
    assert_false(may("booking", KAFKA_ACL_READ, KAFKA_ACL_TOPIC, "bhr.index.command.v1"));
    assert_false(may("booking-publisher", KAFKA_ACL_READ, KAFKA_ACL_TOPIC, "bhr.index.journal.v1"));
    assert_false(may("index", KAFKA_ACL_READ, KAFKA_ACL_TOPIC, "bhr.booking.journal.v1"));
    rules = before;
}

static int make(void **state) {
    (void)state;
    rules = calloc(1, sizeof *rules);
    return rules != NULL && acl_make(&names, rules, NULL) == STATUS_OK ? 0 : -1;
}

static int drop(void **state) {
    (void)state;
    free(rules);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_by_each_principal),
        cmocka_unit_test(nobody_outside_gets_a_name_of_the_suite),
        cmocka_unit_test(who_follows_a_journal_reads_it),
        cmocka_unit_test(as_many_systems_as_there_may_be_fit),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
