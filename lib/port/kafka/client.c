/* One librdkafka handle: configuring it, warming up its topics, ending it. Used by the owning thread; the threads it
 * starts live for one call that would block and touch nothing but their client. The only process-wide state is the count
 * of clients that are being ended. */
#include "lib/port/kafka/client.h"

#include "lib/base/assert.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { WARM_UP_TRIES = 10, WARM_UP_TRY_MS = 500 };

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int count;
} discarding = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void set_trust(struct kafka_conf *conf, const struct kafka_options *options);
static void *warm_up(void *argument);
static void *end_client(void *argument);
static void on_error(rd_kafka_t *handle, int code, const char *reason, void *opaque);
static void on_log(const rd_kafka_t *handle, int level, const char *facility, const char *text);

enum status kafka_client_open(struct kafka_conf *conf, const struct kafka_options *options, rd_kafka_type_t type,
                              int wake_fd, struct kafka_client **ret_client, struct error *reterr_error) {
    ASSERT(conf->conf != NULL);
    ASSERT(type == RD_KAFKA_PRODUCER || type == RD_KAFKA_CONSUMER);
    if (conf->error.code != STATUS_OK) {
        rd_kafka_conf_destroy(conf->conf);
        return error_set(reterr_error, conf->error.code, "kafka: %s", conf->error.message);
    }
    struct kafka_client *client = calloc(1, sizeof *client);
    if (client == NULL) {
        rd_kafka_conf_destroy(conf->conf);
        return error_set(reterr_error, STATUS_NO_MEMORY, "kafka: no memory for a client");
    }
    client->type = type;
    client->log = options->log;
    rd_kafka_conf_set_opaque(conf->conf, client);
    rd_kafka_conf_set_log_cb(conf->conf, on_log);
    if (type == RD_KAFKA_CONSUMER) rd_kafka_conf_set_error_cb(conf->conf, on_error);

    char reason[KAFKA_REASON_MAX];
    client->handle = rd_kafka_new(type, conf->conf, reason, sizeof reason);
    if (client->handle == NULL) {
        rd_kafka_conf_destroy(conf->conf);
        free(client);
        return error_set(reterr_error, STATUS_UNAVAILABLE, "kafka: no client for %s: %s", options->brokers, reason);
    }
    if (type == RD_KAFKA_CONSUMER) {
        rd_kafka_poll_set_consumer(client->handle);
        client->queue = rd_kafka_queue_get_consumer(client->handle);
    } else {
        client->queue = rd_kafka_queue_get_main(client->handle);
    }
    const uint64_t one = 1;
    if (wake_fd >= 0) rd_kafka_queue_io_event_enable(client->queue, wake_fd, &one, sizeof one);
    *ret_client = client;
    return STATUS_OK;
}

rd_kafka_topic_t *kafka_client_topic(struct kafka_client *client, const char *name) {
    for (uint32_t i = 0; i < client->topic_count; i++) {
        if (strcmp(rd_kafka_topic_name(client->topics[i].handle), name) == 0) return client->topics[i].handle;
    }
    if (client->topic_count == KAFKA_CLIENT_TOPICS_MAX || !kafka_topic_name_is_good(name)) return NULL;
    rd_kafka_topic_t *handle = rd_kafka_topic_new(client->handle, name, NULL);
    if (handle == NULL) return NULL;

    struct kafka_client_topic *topic = &client->topics[client->topic_count++];
    *topic = (struct kafka_client_topic){.client = client, .handle = handle};
    /* Without the thread the first use is a second late, and right all the same. */
    topic->has_warmer = pthread_create(&topic->warmer, NULL, warm_up, topic) == 0;
    return handle;
}

static void *warm_up(void *argument) {
    struct kafka_client_topic *topic = argument;
    for (int i = 0; i < WARM_UP_TRIES && !atomic_load(&topic->client->is_ending); i++) {
        const rd_kafka_metadata_t *metadata = NULL;
        rd_kafka_resp_err_t code =
            rd_kafka_metadata(topic->client->handle, 0, topic->handle, &metadata, WARM_UP_TRY_MS);
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
        rd_kafka_metadata_destroy(metadata);
        break;
    }
    return NULL;
}

void kafka_client_discard(struct kafka_client **client_p) {
    struct kafka_client *client = *client_p;
    *client_p = NULL;
    if (client == NULL) return;
    /* From here on nothing is written to wake_fd, which its owner may close. */
    rd_kafka_queue_io_event_enable(client->queue, -1, NULL, 0);
    atomic_store(&client->is_ending, true);
    if (client->type == RD_KAFKA_PRODUCER) {
        (void)rd_kafka_purge(client->handle,
                             RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
    }
    pthread_mutex_lock(&discarding.lock);
    discarding.count++;
    pthread_mutex_unlock(&discarding.lock);

    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    if (pthread_create(&thread, &attributes, end_client, client) != 0) (void)end_client(client);
    pthread_attr_destroy(&attributes);
}

static void *end_client(void *argument) {
    struct kafka_client *client = argument;
    ASSERT(atomic_load(&client->is_ending));
    if (client->leaves_group) (void)rd_kafka_consumer_close(client->handle);
    if (client->has_helper) (void)pthread_join(client->helper, NULL);
    free(client->helper_task);
    /* Waits until the requests on their way are given up. 2.0.2 frees a transaction's error when it begins to end, and once
     * more when a late answer to a produce request brings another one: the process then dies of a double free. */
    if (client->type == RD_KAFKA_PRODUCER) {
        (void)rd_kafka_purge(client->handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    }
    for (uint32_t i = 0; i < client->topic_count; i++) {
        if (client->topics[i].has_warmer) pthread_join(client->topics[i].warmer, NULL);
        rd_kafka_topic_destroy(client->topics[i].handle);
    }
    rd_kafka_queue_destroy(client->queue);
    rd_kafka_destroy_flags(client->handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    free(client);

    pthread_mutex_lock(&discarding.lock);
    ASSERT(discarding.count > 0);
    discarding.count--;
    pthread_cond_broadcast(&discarding.changed);
    pthread_mutex_unlock(&discarding.lock);
    return NULL;
}

void kafka_client_wait_discarded(int timeout_ms) {
    ASSERT(timeout_ms >= 0);
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&discarding.lock);
    while (discarding.count > 0) {
        if (pthread_cond_timedwait(&discarding.changed, &discarding.lock, &until) != 0) break;
    }
    pthread_mutex_unlock(&discarding.lock);
}

void kafka_conf_set(struct kafka_conf *conf, const char *name, const char *value) {
    char reason[KAFKA_REASON_MAX];
    if (conf->error.code != STATUS_OK) return;
    if (rd_kafka_conf_set(conf->conf, name, value, reason, sizeof reason) == RD_KAFKA_CONF_OK) return;
    (void)error_set(&conf->error, STATUS_INVALID, "setting %s: %s", name, reason);
}

void kafka_conf_set_number(struct kafka_conf *conf, const char *name, int value) {
    char text[16];
    (void)snprintf(text, sizeof text, "%d", value);
    kafka_conf_set(conf, name, text);
}

void kafka_conf_begin(struct kafka_conf *conf, const struct kafka_options *options, const char *role) {
    ASSERT(options->brokers != NULL);
    ASSERT(options->service != NULL);
    char client_id[KAFKA_NAME_MAX];
    (void)snprintf(client_id, sizeof client_id, "%s-%s", options->service, role);
    *conf = (struct kafka_conf){.conf = rd_kafka_conf_new()};
    kafka_conf_set(conf, "bootstrap.servers", options->brokers);
    kafka_conf_set(conf, "client.id", client_id);
    kafka_conf_set(conf, "socket.nagle.disable", "true");
    kafka_conf_set_number(conf, "socket.timeout.ms", options->socket_timeout_ms);
    kafka_conf_set(conf, "reconnect.backoff.ms", "50");
    kafka_conf_set(conf, "reconnect.backoff.max.ms", "1000");
    /* How long a topic that no broker knows counts as one that is just being made; 30 s would hide a wrong name. */
    kafka_conf_set(conf, "topic.metadata.propagation.max.ms", "2000");
    set_trust(conf, options);
}

/* Both sides show a certificate; the broker's must also be for the address that was dialled, librdkafka's default. */
static void set_trust(struct kafka_conf *conf, const struct kafka_options *options) {
    ASSERT(options->ca_file != NULL && options->certificate_file != NULL && options->key_file != NULL);
    if (options->ca_file[0] == '\0' && options->certificate_file[0] == '\0' && options->key_file[0] == '\0') return;
    kafka_conf_set(conf, "security.protocol", "ssl");
    kafka_conf_set(conf, "ssl.ca.location", options->ca_file);
    kafka_conf_set(conf, "ssl.certificate.location", options->certificate_file);
    kafka_conf_set(conf, "ssl.key.location", options->key_file);
}

void kafka_conf_consumer(struct kafka_conf *conf, const struct kafka_options *options) {
    /* librdkafka assigns nothing without a group id; one that the service's principal may use anyway. */
    char group[KAFKA_NAME_MAX];
    (void)snprintf(group, sizeof group, "%s-owners", options->service);
    kafka_conf_set(conf, "group.id", options->group != NULL ? options->group : group);
    kafka_conf_set(conf, "enable.auto.commit", "false");
    kafka_conf_set(conf, "enable.auto.offset.store", "false");
    kafka_conf_set(conf, "auto.offset.reset", "error");
    kafka_conf_set(conf, "allow.auto.create.topics", "false");
}

static int close_counted(int socket_fd, void *opaque) {
    struct kafka_client *client = opaque;
    atomic_fetch_add(&client->sockets_closed, 1);
    return close(socket_fd);
}

void kafka_conf_count_closed(struct kafka_conf *conf) {
    rd_kafka_conf_set_closesocket_cb(conf->conf, close_counted);
}

bool kafka_is_transport(rd_kafka_resp_err_t code) {
    return code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN ||
           code == RD_KAFKA_RESP_ERR__RESOLVE || code == RD_KAFKA_RESP_ERR__TIMED_OUT ||
           code == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT || code == RD_KAFKA_RESP_ERR__SSL ||
           code == RD_KAFKA_RESP_ERR__AUTHENTICATION;
}

bool kafka_topic_name_is_good(const char *name) {
    return name != NULL && name[0] != '\0' && strlen(name) < TOPIC_NAME_MAX;
}

static void on_error(rd_kafka_t *handle, int code, const char *reason, void *opaque) {
    (void)handle;
    struct kafka_client *client = opaque;
    /* The connection to the group's coordinator, named so by librdkafka, brings no records, and the broker closes it when
     * it has been idle for ten minutes. A broker that is gone is told for the other connections too. */
    if (code == RD_KAFKA_RESP_ERR__TRANSPORT && strncmp(reason, "GroupCoordinator", 16) == 0) return;
    if (kafka_is_transport((rd_kafka_resp_err_t)code)) {
        client->has_lost_connection = true;
    } else {
        client->has_failed = true;
    }
    (void)snprintf(client->reason, sizeof client->reason, "%s", reason);
}

static void on_log(const rd_kafka_t *handle, int level, const char *facility, const char *text) {
    const struct kafka_client *client = rd_kafka_opaque(handle);
    char line[512];
    if (client == NULL || client->log.line == NULL) return;
    (void)snprintf(line, sizeof line, "kafka %s: %s", facility, text);
    client->log.line(client->log.context, level, line);
}
