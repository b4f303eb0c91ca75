/* Who may touch what, as a real broker answers it: every row of the topic table by every principal, transactional ids and
 * groups, and those who have no certificate or one of another authority. What was refused must also not be in the topic. */
#include "lib/host/acl.h"
#include "lib/port/tls/certificate.h"

#include "tests/integration/raw_kafka.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const char *const services[] = {"booking"};
static const struct topics_systems systems = {.count = 2, .names = {"gp-demo", "hub-demo"}};
static const struct acl_names names = {.services = services, .service_count = 1, .systems = &systems};
/* w writes, r reads, d deletes records. "stranger" has a certificate of the authority, and no rule. */
static const struct {
    const char *name, *rights[TOPIC_COUNT];
} principals[] = {
    {"booking", {"wr", "wr", "", "", "rd", "rd", "w", "wr"}},
    {"booking-publisher", {"", "r", "wr", "wr", "", "", "", ""}},
    {"gp-demo", {"", "", "r", "", "w", "", "", ""}},
    {"hub-demo", {"", "", "r", "", "", "w", "", ""}},
    {"stranger", {"", "", "", "", "", "", "", ""}},
    {"ops", {"wrd", "wrd", "wrd", "wrd", "wrd", "wrd", "wrd", "wrd"}},
};
enum { PRINCIPAL_COUNT = sizeof principals / sizeof principals[0] };

static struct kafka_admin *admin;
static struct topic_admin admin_port;
static struct kafka_options as_ops = KAFKA_OPTIONS_DEFAULT;
static char operator_files[3][128];
static struct acl_rules *rules;
static int64_t written[TOPIC_COUNT]; /* what was allowed in */

/* authority "ca" or "foreign"; the files are called file. */
static void issue(const char *authority, const char *name, const char *file, const char *hosts) {
    char paths[5][128];
    struct error error = {0};
    path_of(paths[0], authority, ".crt");
    path_of(paths[1], authority, ".key");
    path_of(paths[2], file, ".crt");
    path_of(paths[3], file, ".key");
    path_of(paths[4], file, ".pem");
    struct certificate_order order = {.name = name,
                                      .hosts = hosts,
                                      .begins_at_s = time(NULL),
                                      .days = 1,
                                      .certificate_file = paths[2],
                                      .key_file = paths[3],
                                      .both_file = hosts != NULL ? paths[4] : NULL};
    enum status status = strcmp(authority, file) == 0 ? certificate_make_authority(&order, &error)
                                                      : certificate_issue(paths[0], paths[1], &order, &error);
    if (status != STATUS_OK) fail_msg("%s", error.message);
}

static void expect(const char *who, const char *what, const char *topic, bool may, rd_kafka_resp_err_t code) {
    rd_kafka_resp_err_t expected = may ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
    if (code == expected) return;
    fail_msg("%s %s %s: %s instead of %s", who, what, topic, rd_kafka_err2name(code), rd_kafka_err2name(expected));
}

static void every_row_by_every_principal(void **state) {
    (void)state;
    for (size_t p = 0; p < PRINCIPAL_COUNT; p++) {
        const char *who = principals[p].name;
        rd_kafka_resp_err_t writes[TOPIC_COUNT], reads[TOPIC_COUNT];
        write_all(who, ANSWER_MS, writes);
        read_all(who, ANSWER_MS, reads);
        rd_kafka_t *handle = open_as(RD_KAFKA_PRODUCER, conf_of(who));
        for (int i = 0; i < TOPIC_COUNT; i++) {
            const char *rights = principals[p].rights[i];
            expect(who, "writes", topics[i], strchr(rights, 'w') != NULL, writes[i]);
            expect(who, "reads", topics[i], strchr(rights, 'r') != NULL, reads[i]);
            expect(who, "trims", topics[i], strchr(rights, 'd') != NULL, trim(handle, topics[i]));
            if (strchr(rights, 'w') != NULL) written[i]++;
        }
        rd_kafka_destroy(handle);
    }
}

/* Nobody is told no: nobody is talked to. */
static void without_a_certificate_of_the_authority_there_is_nothing(void **state) {
    (void)state;
    static const struct {
        const char *what, *file;
    } outsiders[] = {{"no certificate", NULL}, {"another authority's", "foreign-booking"}, {"plain text", ""}};
    for (size_t o = 0; o < sizeof outsiders / sizeof outsiders[0]; o++) {
        rd_kafka_resp_err_t writes[TOPIC_COUNT], reads[TOPIC_COUNT];
        write_all(outsiders[o].file, NOTHING_MS, writes);
        read_all(outsiders[o].file, NOTHING_MS, reads);
        for (int i = 0; i < TOPIC_COUNT; i++) {
            if (writes[i] != RD_KAFKA_RESP_ERR__MSG_TIMED_OUT || reads[i] != RD_KAFKA_RESP_ERR__IN_PROGRESS) {
                fail_msg("%s, %s: %s, %s", outsiders[o].what, topics[i], rd_kafka_err2name(writes[i]),
                         rd_kafka_err2name(reads[i]));
            }
        }
        rd_kafka_t *handle = open_as(RD_KAFKA_PRODUCER, conf_of(outsiders[o].file));
        const struct rd_kafka_metadata *metadata = NULL;
        assert_int_not_equal(rd_kafka_metadata(handle, 1, NULL, &metadata, NOTHING_MS), RD_KAFKA_RESP_ERR_NO_ERROR);
        rd_kafka_destroy(handle);
    }
}

/* The topics themselves, asked by an operator: as many records as were allowed. */
static void what_was_refused_is_not_there(void **state) {
    (void)state;
    for (int i = 0; i < TOPIC_COUNT; i++) {
        struct topic_range range;
        struct error error = {0};
        if (admin_port.range(admin_port.context, topics[i], TIMEOUT_MS, &range, &error) != STATUS_OK) {
            fail_msg("%s", error.message);
        }
        assert_int_equal(range.end, written[i]);
    }
}

static rd_kafka_resp_err_t begin_as(const char *who, const char *id) {
    rd_kafka_conf_t *conf = conf_of(who);
    set(conf, "transactional.id", id);
    rd_kafka_t *producer = open_as(RD_KAFKA_PRODUCER, conf);
    rd_kafka_error_t *error = rd_kafka_init_transactions(producer, ANSWER_MS);
    rd_kafka_resp_err_t code = rd_kafka_error_code(error);
    if (error != NULL) rd_kafka_error_destroy(error);
    rd_kafka_destroy(producer);
    return code;
}

static void only_the_publisher_has_a_transactional_id(void **state) {
    (void)state;
    static const struct {
        const char *who, *id;
        bool may;
    } cases[] = {
        {"booking-publisher", "booking-publisher-0", true},
        {"booking-publisher", "booking-publisher-17", true},
        {"booking-publisher", "booking-0", false},
        {"booking", "booking-publisher-0", false},
        {"booking", "booking-0", false},
        {"gp-demo", "booking-publisher-0", false},
        {"gp-demo", "gp-demo", false},
        {"stranger", "stranger", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rd_kafka_resp_err_t code = begin_as(cases[i].who, cases[i].id);
        rd_kafka_resp_err_t expected =
            cases[i].may ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
        if (code != expected) fail_msg("%s as %s: %s", cases[i].who, cases[i].id, rd_kafka_err2name(code));
    }
}

static rd_kafka_resp_err_t ask_group(const char *who, const char *group) {
    rd_kafka_conf_t *conf = conf_of(who);
    set(conf, "group.id", group);
    rd_kafka_t *consumer = open_as(RD_KAFKA_CONSUMER, conf);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topics[2], 0);
    rd_kafka_resp_err_t code = rd_kafka_committed(consumer, list, NOTHING_MS);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(consumer);
    return code;
}

static void a_group_belongs_to_one_principal(void **state) {
    (void)state;
    static const struct {
        const char *who, *group;
        bool may;
    } cases[] = {
        {"gp-demo", "gp-demo", true},    {"gp-demo", "gp-demo.warehouse", true},
        {"gp-demo", "hub-demo", false},  {"gp-demo", "booking-owners", false},
        {"gp-demo", "gp-demo-2", false}, {"booking", "booking-doors", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rd_kafka_resp_err_t code = ask_group(cases[i].who, cases[i].group);
        if ((code == RD_KAFKA_RESP_ERR_NO_ERROR) == cases[i].may) continue;
        fail_msg("%s in group %s: %s", cases[i].who, cases[i].group, rd_kafka_err2name(code));
    }
}

static size_t extras(struct kafka_acl *ret_last) {
    static struct acl_rules found;
    struct error error = {0};
    size_t count = 0;
    if (kafka_acls_read(&as_ops, TIMEOUT_MS, found.rules, KAFKA_ACLS_MAX, &found.count, &error) != STATUS_OK) {
        fail_msg("%s", error.message);
    }
    for (size_t i = 0; i < found.count; i++) {
        if (acl_has(rules, &found.rules[i])) continue;
        *ret_last = found.rules[i];
        count++;
    }
    return count;
}

static bool extras_become(size_t count, struct kafka_acl *ret_last) {
    for (int64_t until_ms = now_ms() + ANSWER_MS; now_ms() < until_ms; (void)usleep(50000)) {
        if (extras(ret_last) == count) return true;
    }
    return false;
}

static void a_rule_beyond_the_table_is_found_and_removed(void **state) {
    (void)state;
    struct kafka_acl last = {0};
    struct kafka_acl beyond = {.resource = KAFKA_ACL_TOPIC,
                               .pattern = KAFKA_ACL_LITERAL,
                               .operation = KAFKA_ACL_WRITE,
                               .permission = KAFKA_ACL_ALLOW,
                               .name = "bhr.booking.journal.v1",
                               .principal = "User:CN=stranger",
                               .host = "*"};
    assert_int_equal(extras(&last), 0);
    assert_int_equal(kafka_acls_create(&as_ops, TIMEOUT_MS, &beyond, 1, NULL), STATUS_OK);
    assert_true(extras_become(1, &last));
    assert_true(kafka_acl_equal(&last, &beyond));
    assert_int_equal(kafka_acls_delete(&as_ops, TIMEOUT_MS, &beyond, 1, NULL), STATUS_OK);
    assert_true(extras_become(0, &last));
    assert_int_equal(kafka_acls_delete(&as_ops, TIMEOUT_MS, &beyond, 1, NULL), STATUS_OK); /* again: no error */
}

static void only_operators_ask_for_rules(void **state) {
    (void)state;
    static struct acl_rules found;
    struct kafka_options options = as_ops;
    struct error error = {0};
    char certificate[128], key[128];
    path_of(certificate, "booking", ".crt");
    path_of(key, "booking", ".key");
    options.certificate_file = certificate;
    options.key_file = key;
    assert_int_equal(kafka_acls_read(&options, TIMEOUT_MS, found.rules, KAFKA_ACLS_MAX, &found.count, &error),
                     STATUS_DENIED);
    assert_int_equal(kafka_acls_create(&options, TIMEOUT_MS, rules->rules, 1, &error), STATUS_DENIED);
    path_of(certificate, "foreign-booking", ".crt");
    path_of(key, "foreign-booking", ".key");
    assert_int_not_equal(kafka_acls_read(&options, TIMEOUT_MS, found.rules, KAFKA_ACLS_MAX, &found.count, &error),
                         STATUS_OK);
}

static int start(void **state) {
    (void)state;
    struct error error = {0};
    if (mkdtemp(folder) == NULL) return -1;
    issue("ca", "bhr-authority", "ca", NULL);
    issue("foreign", "bhr-authority", "foreign", NULL);
    issue("ca", "broker", "broker", "127.0.0.1,localhost");
    issue("foreign", "booking", "foreign-booking", NULL);
    for (size_t p = 0; p < PRINCIPAL_COUNT; p++) issue("ca", principals[p].name, principals[p].name, NULL);
    broker_own_tls(&broker, folder);

    path_of(operator_files[0], "ca", ".crt");
    path_of(operator_files[1], "ops", ".crt");
    path_of(operator_files[2], "ops", ".key");
    as_ops.brokers = broker.address;
    as_ops.service = "booking";
    as_ops.ca_file = operator_files[0];
    as_ops.certificate_file = operator_files[1];
    as_ops.key_file = operator_files[2];
    const struct topics_options one_broker = {.replication_factor = 1, .systems = &systems};
    rules = calloc(1, sizeof *rules);
    struct acl_rules *found = calloc(1, sizeof *found);
    enum status status = kafka_admin_open(&as_ops, &admin, &admin_port, &error);
    if (status == STATUS_OK) status = topics_apply(admin, "booking", &one_broker, NULL, &error);
    if (status == STATUS_OK) status = acl_make(&names, rules, &error);
    if (status == STATUS_OK) status = kafka_acls_create(&as_ops, TIMEOUT_MS, rules->rules, rules->count, &error);
    for (int64_t until_ms = now_ms() + ANSWER_MS; status == STATUS_OK && found->count < rules->count;) {
        status = kafka_acls_read(&as_ops, TIMEOUT_MS, found->rules, KAFKA_ACLS_MAX, &found->count, &error);
        if (now_ms() >= until_ms) status = error_set(&error, STATUS_TIMEOUT, "the rules do not come");
    }
    free(found);
    if (status != STATUS_OK) (void)fprintf(stderr, "%s\n", error.message);
    return status == STATUS_OK ? 0 : -1;
}

static int stop(void **state) {
    (void)state;
    char command[128];
    kafka_admin_close(&admin);
    broker_end(&broker);
    free(rules);
    (void)snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) == 0 ? 0 : -1;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_by_every_principal),
        cmocka_unit_test(without_a_certificate_of_the_authority_there_is_nothing),
        cmocka_unit_test(what_was_refused_is_not_there),
        cmocka_unit_test(only_the_publisher_has_a_transactional_id),
        cmocka_unit_test(a_group_belongs_to_one_principal),
        cmocka_unit_test(a_rule_beyond_the_table_is_found_and_removed),
        cmocka_unit_test(only_operators_ask_for_rules),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
