/* The Kafka port against librdkafka's mock cluster, for what one real broker cannot do: a partition whose leader goes away
 * while another broker takes over, and errors that end a producer. */
#include "tests/support/cmocka.h"

#include "lib/port/kafka/kafka.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { ASK_MS = 1000, PATIENCE_MS = 20000 };
static const char TOPIC[] = "leader";

struct cluster {
    rd_kafka_t *host;
    rd_kafka_mock_cluster_t *mock;
    struct kafka_options options;
};

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int begin(void **state) {
    char reason[128];
    struct cluster *cluster = calloc(1, sizeof *cluster);
    assert_non_null(cluster);
    cluster->host = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), reason, sizeof reason);
    assert_non_null(cluster->host);
    cluster->mock = rd_kafka_mock_cluster_new(cluster->host, 3);
    assert_non_null(cluster->mock);
    assert_int_equal(rd_kafka_mock_topic_create(cluster->mock, TOPIC, 1, 3), RD_KAFKA_RESP_ERR_NO_ERROR);
    assert_int_equal(rd_kafka_mock_partition_set_leader(cluster->mock, TOPIC, 0, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
    cluster->options = (struct kafka_options)KAFKA_OPTIONS_DEFAULT;
    cluster->options.brokers = rd_kafka_mock_cluster_bootstraps(cluster->mock);
    cluster->options.service = "test";
    *state = cluster;
    return 0;
}

static int end(void **state) {
    struct cluster *cluster = *state;
    rd_kafka_mock_cluster_destroy(cluster->mock);
    rd_kafka_destroy(cluster->host);
    free(cluster);
    return 0;
}

/* The owner asks for the range before it decides: if that waited for a broker that is gone, nobody would decide. */
static void the_range_is_told_by_whoever_leads_now(void **state) {
    struct cluster *cluster = *state;
    struct error error = {0};
    struct kafka_admin *admin;
    struct topic_admin port;
    struct topic_range range;
    assert_int_equal(kafka_admin_open(&cluster->options, &admin, &port, &error), STATUS_OK);
    assert_int_equal(port.range(port.context, TOPIC, PATIENCE_MS, &range, &error), STATUS_OK);

    assert_int_equal(rd_kafka_mock_broker_set_down(cluster->mock, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
    int64_t begin_ms = now_ms();
    assert_int_not_equal(port.range(port.context, TOPIC, ASK_MS, &range, &error), STATUS_OK);
    assert_in_range(now_ms() - begin_ms, 0, ASK_MS + 500);

    assert_int_equal(rd_kafka_mock_partition_set_leader(cluster->mock, TOPIC, 0, 2), RD_KAFKA_RESP_ERR_NO_ERROR);
    begin_ms = now_ms();
    enum status status = STATUS_UNAVAILABLE;
    while (status != STATUS_OK && now_ms() - begin_ms < 5000) {
        status = port.range(port.context, TOPIC, ASK_MS, &range, &error);
    }
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(range.start, 0);
    assert_int_equal(range.end, 0);
    kafka_admin_close(&admin);
}

static struct topic_report next_report(const struct topic_writer *writer) {
    struct topic_report report = {0};
    int64_t begin_ms = now_ms();
    while (!writer->report(writer->context, &report)) {
        assert_true(now_ms() - begin_ms < PATIENCE_MS);
        (void)usleep(1000);
    }
    return report;
}

/* A door has one writer for as long as it lives: an error that ends its producer must not end the door's work. */
static void a_writer_outlives_its_producer(void **state) {
    struct cluster *cluster = *state;
    struct error error = {0};
    struct kafka_writer *writer;
    struct topic_writer port;
    const char *topics[] = {TOPIC};
    assert_int_equal(kafka_writer_open(&cluster->options, -1, topics, 1, &writer, &port, &error), STATUS_OK);
    struct topic_append append = {.topic = TOPIC, .value = slice_text("value"), .token = 1};
    assert_int_equal(port.append(port.context, &append), STATUS_OK);
    assert_int_equal(next_report(&port).result, TOPIC_DELIVERED);

    const int16_t produce = 0;
    rd_kafka_mock_push_request_errors(cluster->mock, produce, 1, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
    append.token = 2;
    assert_int_equal(port.append(port.context, &append), STATUS_OK);
    struct topic_report report = next_report(&port);
    assert_int_equal(report.token, 2);
    assert_int_equal(report.result, TOPIC_UNCERTAIN);

    append.token = 3;
    assert_int_equal(port.append(port.context, &append), STATUS_UNAVAILABLE); /* so that an owner steps down */
    assert_int_equal(port.append(port.context, &append), STATUS_OK);
    report = next_report(&port);
    assert_int_equal(report.token, 3);
    assert_int_equal(report.result, TOPIC_DELIVERED);
    kafka_writer_close(&writer);
}

int main(void) {
    (void)alarm(120); /* what hangs fails */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_range_is_told_by_whoever_leads_now, begin, end),
        cmocka_unit_test_setup_teardown(a_writer_outlives_its_producer, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
