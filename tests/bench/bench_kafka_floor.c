/* What this broker can do without us, by plain librdkafka with the settings of journal.md section 7. Two hops: produce,
 * consume, produce, consume, one record at a time; one thread asks and waits for the second topic, the other one carries
 * each record from the first topic to the second. Or a topic read from its beginning to its end, and nothing done with it.
 * Prints one JSON object.
 *
 * usage: bhr-bench-kafka hops BROKERS RECORD_BYTES SECONDS
 *        bhr-bench-kafka read BROKERS TOPIC */
#include "tests/bench/samples.h"

#include <librdkafka/rdkafka.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RECORD_BYTES_MAX = 65536, WARM_RECORDS = 500, POLL_MS = 200, ADMIN_MS = 20000 };
static const char *const TOPICS[] = {"bench.floor.there", "bench.floor.back"};

struct end {
    rd_kafka_t *producer, *consumer;
    rd_kafka_topic_t *to;
};

static atomic_bool must_stop;

static void stop(const char *text) {
    (void)fprintf(stderr, "bhr-bench-kafka: %s\n", text);
    exit(1);
}

static rd_kafka_t *client_new(rd_kafka_type_t type, const char *brokers, const char *const settings[][2],
                              size_t setting_count) {
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char reason[256];
    bool is_set = rd_kafka_conf_set(conf, "bootstrap.servers", brokers, reason, sizeof reason) == RD_KAFKA_CONF_OK &&
                  rd_kafka_conf_set(conf, "socket.nagle.disable", "true", reason, sizeof reason) == RD_KAFKA_CONF_OK;
    for (size_t i = 0; i < setting_count && is_set; i++) {
        is_set = rd_kafka_conf_set(conf, settings[i][0], settings[i][1], reason, sizeof reason) == RD_KAFKA_CONF_OK;
    }
    if (!is_set) stop(reason);
    rd_kafka_t *client = rd_kafka_new(type, conf, reason, sizeof reason);
    if (client == NULL) stop(reason);
    if (type == RD_KAFKA_CONSUMER) (void)rd_kafka_poll_set_consumer(client);
    return client;
}

/* A topic just made is not known to everybody at once. */
static int64_t end_of(rd_kafka_t *client, const char *topic) {
    int64_t low, high, until_us = samples_now_us() + ADMIN_MS * INT64_C(1000);
    while (rd_kafka_query_watermark_offsets(client, topic, 0, &low, &high, ADMIN_MS) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        if (samples_now_us() > until_us) stop("the topic's end is not known");
        (void)poll(NULL, 0, 50);
    }
    return high;
}

static rd_kafka_t *consumer_new(const char *brokers) {
    static const char *const settings[][2] = {
        {"group.id", "bench-floor"},    {"enable.auto.commit", "false"}, {"isolation.level", "read_uncommitted"},
        {"auto.offset.reset", "error"}, {"check.crcs", "true"},          {"fetch.wait.max.ms", "100"}};
    return client_new(RD_KAFKA_CONSUMER, brokers, settings, sizeof settings / sizeof settings[0]);
}

static void assign(rd_kafka_t *consumer, const char *topic, int64_t offset) {
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, 0)->offset = offset;
    if (rd_kafka_assign(consumer, list) != RD_KAFKA_RESP_ERR_NO_ERROR) stop("cannot assign");
    rd_kafka_topic_partition_list_destroy(list);
}

static void end_open(struct end *end, const char *brokers, const char *from, const char *to) {
    static const char *const producer[][2] = {
        {"enable.idempotence", "true"}, {"acks", "all"}, {"linger.ms", "0"}, {"max.in.flight", "1"}};
    end->producer = client_new(RD_KAFKA_PRODUCER, brokers, producer, sizeof producer / sizeof producer[0]);
    end->consumer = consumer_new(brokers);
    end->to = rd_kafka_topic_new(end->producer, to, NULL);
    const rd_kafka_metadata_t *metadata;
    if (rd_kafka_metadata(end->producer, 0, end->to, &metadata, ADMIN_MS) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        stop("no broker");
    }
    rd_kafka_metadata_destroy(metadata);
    assign(end->consumer, from, end_of(end->consumer, from));
}

static void produce(struct end *end, const void *bytes, size_t size) {
    if (rd_kafka_produce(end->to, 0, RD_KAFKA_MSG_F_COPY, (void *)(uintptr_t)bytes, size, NULL, 0, NULL) != 0) {
        stop("cannot produce");
    }
    (void)rd_kafka_poll(end->producer, 0);
}

/* The next record, or NULL when there was none for a while. */
static rd_kafka_message_t *consume(struct end *end) {
    rd_kafka_message_t *message = rd_kafka_consumer_poll(end->consumer, POLL_MS);
    if (message == NULL || message->err == RD_KAFKA_RESP_ERR_NO_ERROR) return message;
    (void)fprintf(stderr, "bhr-bench-kafka: %s\n", rd_kafka_message_errstr(message));
    exit(1);
}

static void *carry(void *argument) {
    struct end *end = argument;
    while (!atomic_load(&must_stop)) {
        rd_kafka_message_t *message = consume(end);
        if (message == NULL) continue;
        produce(end, message->payload, message->len);
        rd_kafka_message_destroy(message);
    }
    return NULL;
}

/* Topics like the command log and the journal; that they exist already is fine. */
static void make_topics(const char *brokers) {
    rd_kafka_t *client = client_new(RD_KAFKA_PRODUCER, brokers, NULL, 0);
    rd_kafka_NewTopic_t *topics[2];
    char reason[256];
    for (size_t i = 0; i < 2; i++) {
        topics[i] = rd_kafka_NewTopic_new(TOPICS[i], 1, 1, reason, sizeof reason);
        if (topics[i] == NULL) stop(reason);
        (void)rd_kafka_NewTopic_set_config(topics[i], "message.timestamp.type", "LogAppendTime");
    }
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
    rd_kafka_CreateTopics(client, topics, 2, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, ADMIN_MS);
    if (event == NULL || rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR) stop("no topics could be made");
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_NewTopic_destroy_array(topics, 2);
    for (size_t i = 0; i < 2; i++) (void)end_of(client, TOPICS[i]);
    rd_kafka_destroy(client);
}

static void measure_hops(const char *brokers, const char *record_bytes, const char *seconds) {
    static char bytes[RECORD_BYTES_MAX];
    size_t size = strtoul(record_bytes, NULL, 10);
    if (size > sizeof bytes) stop("the record is too large");
    make_topics(brokers);
    struct end asking, carrying;
    end_open(&asking, brokers, TOPICS[1], TOPICS[0]);
    end_open(&carrying, brokers, TOPICS[0], TOPICS[1]);
    pthread_t thread;
    if (pthread_create(&thread, NULL, carry, &carrying) != 0) stop("no thread");

    struct samples took = {0};
    int64_t begin_us = samples_now_us(), until_us = begin_us + (int64_t)(strtod(seconds, NULL) * 1e6);
    for (uint64_t number = 0; samples_now_us() < until_us || number < 2 * WARM_RECORDS; number++) {
        (void)memcpy(bytes, &number, size < sizeof number ? size : sizeof number);
        int64_t sent_us = samples_now_us();
        produce(&asking, bytes, size);
        rd_kafka_message_t *message = NULL;
        while (message == NULL) message = consume(&asking);
        if (message->len != size || memcmp(message->payload, bytes, size) != 0) stop("another record came back");
        rd_kafka_message_destroy(message);
        if (number >= WARM_RECORDS) samples_add(&took, samples_now_us() - sent_us);
    }
    atomic_store(&must_stop, true);
    (void)pthread_join(thread, NULL);
    (void)printf("{\"round_trips\": %zu, ", took.count);
    samples_print(&took);
    (void)printf("}\n");
}

static void measure_reading(const char *brokers, const char *topic) {
    struct end reading = {.consumer = consumer_new(brokers)};
    int64_t end = end_of(reading.consumer, topic), next = 0;
    uint64_t count = 0, size = 0;
    int64_t begin_us = samples_now_us();
    assign(reading.consumer, topic, 0);
    while (next < end) {
        rd_kafka_message_t *message = consume(&reading);
        if (message == NULL) continue;
        count++;
        size += message->len;
        next = message->offset + 1;
        rd_kafka_message_destroy(message);
    }
    double seconds = (double)(samples_now_us() - begin_us) / 1e6;
    (void)printf("{\"records\": %llu, \"bytes\": %llu, \"per_second\": %.0f}\n", (unsigned long long)count,
                 (unsigned long long)size, (double)count / seconds);
}

int main(int argc, char **argv) {
    if (argc == 5 && strcmp(argv[1], "hops") == 0) {
        measure_hops(argv[2], argv[3], argv[4]);
    } else if (argc == 4 && strcmp(argv[1], "read") == 0) {
        measure_reading(argv[2], argv[3]);
    } else {
        stop("usage: see the beginning of tests/bench/bench_kafka_floor.c");
    }
    (void)fflush(stdout);
    _Exit(0); /* nothing is worth waiting for while librdkafka closes its connections */
}
