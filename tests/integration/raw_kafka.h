/* Asking a broker with librdkafka itself, as an outside system would: no port of ours stands between a test and the broker's
 * answer. One test program; its broker, its folder of certificates and its topics are here. */
#ifndef BHR_TESTS_INTEGRATION_RAW_KAFKA_H
#define BHR_TESTS_INTEGRATION_RAW_KAFKA_H

#include "tests/support/broker.h"
#include "tests/support/cmocka.h"

#include <librdkafka/rdkafka.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

enum { TOPIC_COUNT = 8, ANSWER_MS = 20000, NOTHING_MS = 3000, TIMEOUT_MS = 10000 };

static const char *const topics[TOPIC_COUNT] = {
    "bhr.booking.command.v1",         "bhr.booking.journal.v1",          "bhr.booking.event.v1", "bhr.booking.dead.v1",
    "bhr.booking.request.gp-demo.v1", "bhr.booking.request.hub-demo.v1", "bhr.audit.v1",         "bhr.keys.v1",
};
static char folder[64] = "/tmp/bhr-trust-XXXXXX";
static struct broker broker;

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void path_of(char ret_path[128], const char *name, const char *end) {
    (void)snprintf(ret_path, 128, "%s/%s%s", folder, name, end);
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value) {
    char reason[256];
    if (rd_kafka_conf_set(conf, name, value, reason, sizeof reason) != RD_KAFKA_CONF_OK) fail_msg("%s", reason);
}

/* A configuration that shows the certificate in these files; NULL shows none, "" speaks plain text. */
static rd_kafka_conf_t *conf_of(const char *file) {
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char path[128];
    set(conf, "bootstrap.servers", broker.address);
    set(conf, "log_level", "0");
    if (file != NULL && file[0] == '\0') return conf;
    path_of(path, "ca", ".crt");
    set(conf, "security.protocol", "ssl");
    set(conf, "ssl.ca.location", path);
    if (file == NULL) return conf;
    path_of(path, file, ".crt");
    set(conf, "ssl.certificate.location", path);
    path_of(path, file, ".key");
    set(conf, "ssl.key.location", path);
    return conf;
}

static rd_kafka_t *open_as(rd_kafka_type_t type, rd_kafka_conf_t *conf) {
    char reason[256];
    rd_kafka_t *handle = rd_kafka_new(type, conf, reason, sizeof reason);
    if (handle == NULL) fail_msg("%s", reason);
    return handle;
}

static void on_delivery(rd_kafka_t *handle, const rd_kafka_message_t *message, void *opaque) {
    (void)handle, (void)opaque;
    *(rd_kafka_resp_err_t *)message->_private = message->err;
}

/* Appends one record to every topic; how each ended. */
static void write_all(const char *file, int timeout_ms, rd_kafka_resp_err_t ret_codes[TOPIC_COUNT]) {
    rd_kafka_conf_t *conf = conf_of(file);
    char limit[16];
    (void)snprintf(limit, sizeof limit, "%d", timeout_ms);
    set(conf, "message.timeout.ms", limit);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_t *producer = open_as(RD_KAFKA_PRODUCER, conf);
    for (int i = 0; i < TOPIC_COUNT; i++) {
        ret_codes[i] = RD_KAFKA_RESP_ERR__IN_PROGRESS;
        rd_kafka_resp_err_t code =
            rd_kafka_producev(producer, RD_KAFKA_V_TOPIC(topics[i]), RD_KAFKA_V_PARTITION(0), RD_KAFKA_V_KEY("key", 3),
                              RD_KAFKA_V_VALUE((char[]){"value"}, 5), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                              RD_KAFKA_V_OPAQUE(&ret_codes[i]), RD_KAFKA_V_END);
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR) ret_codes[i] = code;
    }
    (void)rd_kafka_flush(producer, 2 * timeout_ms); /* each message has its report by then */
    rd_kafka_destroy(producer);
}

/* Who may not even be told of a topic cannot fetch from it; librdkafka then does not try. */
static bool is_hidden(rd_kafka_t *handle, rd_kafka_topic_t *topic, int timeout_ms) {
    const rd_kafka_metadata_t *metadata = NULL;
    if (rd_kafka_metadata(handle, 0, topic, &metadata, timeout_ms) != RD_KAFKA_RESP_ERR_NO_ERROR) return false;
    bool is_so = metadata->topic_cnt == 1 && metadata->topics[0].err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
    rd_kafka_metadata_destroy(metadata);
    return is_so;
}

/* Reads every topic from its start, without a group; NO_ERROR when a record or the end was seen. */
static void read_all(const char *file, int timeout_ms, rd_kafka_resp_err_t ret_codes[TOPIC_COUNT]) {
    rd_kafka_conf_t *conf = conf_of(file);
    set(conf, "enable.partition.eof", "true");
    rd_kafka_t *consumer = open_as(RD_KAFKA_CONSUMER, conf);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(consumer);
    rd_kafka_topic_t *handles[TOPIC_COUNT];
    int left = TOPIC_COUNT;
    for (int i = 0; i < TOPIC_COUNT; i++) {
        ret_codes[i] = RD_KAFKA_RESP_ERR__IN_PROGRESS;
        handles[i] = rd_kafka_topic_new(consumer, topics[i], NULL);
        if (is_hidden(consumer, handles[i], timeout_ms)) {
            ret_codes[i] = RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
            left--;
            continue;
        }
        assert_int_equal(rd_kafka_consume_start_queue(handles[i], 0, RD_KAFKA_OFFSET_BEGINNING, queue), 0);
    }
    for (int64_t until_ms = now_ms() + timeout_ms; left > 0 && now_ms() < until_ms;) {
        rd_kafka_message_t *message = rd_kafka_consume_queue(queue, 100);
        for (int i = 0; message != NULL && message->rkt != NULL && i < TOPIC_COUNT; i++) {
            if (strcmp(rd_kafka_topic_name(message->rkt), topics[i]) != 0) continue;
            if (ret_codes[i] == RD_KAFKA_RESP_ERR__IN_PROGRESS) left--;
            ret_codes[i] = message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF ? RD_KAFKA_RESP_ERR_NO_ERROR : message->err;
        }
        if (message != NULL) rd_kafka_message_destroy(message);
    }
    for (int i = 0; i < TOPIC_COUNT; i++) {
        (void)rd_kafka_consume_stop(handles[i], 0);
        rd_kafka_topic_destroy(handles[i]);
    }
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(consumer);
}

/* Deletes what lies before offset 0, which is nothing: only the permission is asked for. */
static rd_kafka_resp_err_t trim(rd_kafka_t *handle, const char *topic) {
    rd_kafka_topic_t *asked = rd_kafka_topic_new(handle, topic, NULL);
    bool is_out_of_sight = is_hidden(handle, asked, ANSWER_MS);
    rd_kafka_topic_destroy(asked);
    if (is_out_of_sight) return RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, 0)->offset = 0;
    rd_kafka_DeleteRecords_t *request = rd_kafka_DeleteRecords_new(list);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(handle);
    rd_kafka_DeleteRecords(handle, &request, 1, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, ANSWER_MS);
    rd_kafka_resp_err_t code = event == NULL ? RD_KAFKA_RESP_ERR__TIMED_OUT : rd_kafka_event_error(event);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        code = rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event))->elems[0].err;
    }
    if (event != NULL) rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_DeleteRecords_destroy(request);
    rd_kafka_topic_partition_list_destroy(list);
    /* Asked and allowed: that a compacted topic is not trimmed by anybody comes after. */
    return code == RD_KAFKA_RESP_ERR_POLICY_VIOLATION ? RD_KAFKA_RESP_ERR_NO_ERROR : code;
}

#endif
