/* The topic table against a real broker: what is missing is made, what is right is left alone, and where an existing topic
 * is not what the table says, it is named and nothing further is done. */
#include "lib/host/topics.h"

#include "tests/support/broker.h"
#include "tests/support/cmocka.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

static struct broker broker;
static struct kafka_admin *admin;
static const struct topics_systems systems = {.count = 2, .names = {"gp-demo", "hub-demo"}};
static const struct topics_options one_broker = {.replication_factor = 1, .systems = &systems};
enum {
    OF_SERVICE = TOPIC_ID_COUNT - 3 + 2,
    OF_ALL = 2,
    ALL = OF_SERVICE + OF_ALL
}; /* two shared, one for each system */

struct heard {
    int count, of_kind[TOPICS_DIFFERS + 1];
    enum topics_finding_kind kinds[16];
    char topics[16][TOPIC_NAME_MAX], last[256];
};

static void hear(void *context, const struct topics_finding *finding) {
    struct heard *heard = context;
    assert_in_range(heard->count, 0, 15);
    heard->of_kind[finding->kind]++;
    heard->kinds[heard->count] = finding->kind;
    (void)snprintf(heard->topics[heard->count++], TOPIC_NAME_MAX, "%s", finding->topic);
    if (finding->kind != TOPICS_DIFFERS) return;
    (void)snprintf(heard->last, sizeof heard->last, "%s expected %s found %s", finding->setting, finding->expected,
                   finding->found);
}

static void service_name(char ret_service[64]) {
    static int count;
    (void)snprintf(ret_service, 64, "t%d-%lld-%d", (int)getpid(), (long long)time(NULL), count++);
}

static enum status apply(const char *service, const struct topics_options *options, struct heard *ret_heard,
                         struct error *ret_error) {
    *ret_heard = (struct heard){0};
    struct topics_listener listener = {.context = ret_heard, .found = hear};
    return topics_apply(admin, service, options, &listener, ret_error);
}

static enum status check(const char *service, struct heard *ret_heard, struct error *ret_error) {
    *ret_heard = (struct heard){0};
    struct topics_listener listener = {.context = ret_heard, .found = hear};
    return topics_check(admin, service, &one_broker, &listener, ret_error);
}

static void what_is_missing_is_made_once(void **state) {
    (void)state;
    char service[64], name[TOPIC_NAME_MAX];
    struct heard heard;
    struct error error = {0};
    service_name(service);
    assert_int_equal(check(service, &heard, &error), STATUS_NOT_FOUND);
    assert_int_equal(heard.of_kind[TOPICS_MISSING], ALL);

    assert_int_equal(apply(service, &one_broker, &heard, &error), STATUS_OK);
    assert_int_equal(heard.of_kind[TOPICS_CREATED], ALL);
    assert_int_equal(heard.count, ALL);
    assert_true(topics_name(TOPIC_ID_REQUEST, service, "hub-demo", name));
    assert_string_equal(heard.topics[ALL - 1], name);
    assert_true(topics_name(TOPIC_ID_COMMAND, service, NULL, name)); /* first: Genesis asks for its end */
    assert_string_equal(heard.topics[0], name);
    assert_true(topics_name(TOPIC_ID_JOURNAL, service, NULL, name));
    assert_string_equal(heard.topics[1], name);

    assert_int_equal(apply(service, &one_broker, &heard, &error), STATUS_OK);
    assert_int_equal(heard.of_kind[TOPICS_RIGHT], ALL);
    assert_int_equal(heard.count, ALL);
    assert_int_equal(check(service, &heard, &error), STATUS_OK);

    /* The journal is what the specification says, read back from the broker itself. */
    struct kafka_topic_setting settings[] = {{"message.timestamp.type", ""},
                                             {"cleanup.policy", ""},
                                             {"retention.ms", ""},
                                             {"retention.bytes", ""},
                                             {"unclean.leader.election.enable", ""}};
    assert_int_equal(kafka_admin_settings(admin, name, TOPICS_TIMEOUT_MS, settings, 5, NULL), STATUS_OK);
    assert_string_equal(settings[0].value, "LogAppendTime");
    assert_string_equal(settings[1].value, "delete");
    assert_string_equal(settings[2].value, "-1");
    assert_string_equal(settings[3].value, "-1");
    assert_string_equal(settings[4].value, "false");
}

static void a_difference_is_named_and_nothing_is_done(void **state) {
    (void)state;
    char service[64], name[TOPIC_NAME_MAX];
    struct heard heard;
    struct error error = {0};
    struct kafka_topic_shape shape = {.partition_count = 1, .replica_count = 1};
    struct kafka_topic_setting retention = {"retention.ms", "1000"};
    service_name(service);
    assert_true(topics_name(TOPIC_ID_COMMAND, service, NULL, name));
    assert_int_equal(kafka_admin_create(admin, name, &shape, &retention, 1, TOPICS_TIMEOUT_MS, &error), STATUS_OK);

    assert_int_equal(apply(service, &one_broker, &heard, &error), STATUS_CONFLICT);
    assert_true(heard.of_kind[TOPICS_DIFFERS] >= 2); /* the timestamp type too */
    assert_int_equal(heard.of_kind[TOPICS_CREATED], 0);
    assert_non_null(strstr(error.message, name));
    assert_int_equal(check(service, &heard, &error), STATUS_CONFLICT);
    assert_int_equal(heard.of_kind[TOPICS_MISSING], OF_SERVICE - 1); /* the journal was not made, nor what follows */
}

static void the_operators_options_are_part_of_it(void **state) {
    (void)state;
    char service[64];
    struct heard heard;
    struct error error = {0};
    service_name(service);
    struct topics_options flushed = {.replication_factor = 1, .flush_each_append = true};
    /* The keys are shared and were made by the first test, for an operator who decided otherwise. */
    assert_int_equal(apply(service, &flushed, &heard, &error), STATUS_CONFLICT);
    assert_int_equal(heard.of_kind[TOPICS_DIFFERS], 1);
    assert_int_equal(check(service, &heard, &error), STATUS_CONFLICT);
    assert_int_equal(heard.of_kind[TOPICS_DIFFERS], 1);
    assert_string_equal(heard.last, "flush.messages expected 9223372036854775807 found 1");

    struct topics_options three = {.replication_factor = 3};
    assert_int_equal(apply(service, &three, &heard, &error), STATUS_CONFLICT);
    assert_non_null(strstr(error.message, "min.insync.replicas 1; 2 is expected"));
    assert_int_equal(apply(service, &(struct topics_options){0}, &heard, &error), STATUS_INVALID);
    assert_int_equal(apply("", &one_broker, &heard, &error), STATUS_INVALID);
}

static void a_locality_has_its_partition(void **state) {
    (void)state;
    int32_t partition = -1;
    assert_true(topics_partition("nel-bhr", &partition));
    assert_int_equal(partition, 0);
    assert_false(topics_partition("nel", &partition));
    assert_int_equal(topics_partition_count(TOPIC_ID_JOURNAL), 1);
}

static int start(void **state) {
    (void)state;
    broker_own(&broker); /* its topics that all services share are like no other test's */
    struct kafka_options options = KAFKA_OPTIONS_DEFAULT;
    struct topic_admin port;
    options.brokers = broker.address;
    options.service = "test";
    return kafka_admin_open(&options, &admin, &port, NULL) == STATUS_OK ? 0 : -1;
}

static int stop(void **state) {
    (void)state;
    kafka_admin_close(&admin);
    broker_end(&broker);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_missing_is_made_once),
        cmocka_unit_test(a_difference_is_named_and_nothing_is_done),
        cmocka_unit_test(the_operators_options_are_part_of_it),
        cmocka_unit_test(a_locality_has_its_partition),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
