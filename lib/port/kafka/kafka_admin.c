/* What is asked of the cluster beside reading and writing: topics, their settings, their range, who the cluster is. One
 * thread; every call waits for the answer, at most for the time it is given. It owns one librdkafka handle, a consumer's:
 * a producer that asks about a topic makes it, where the broker lets it. */
#include "lib/port/kafka/client.h"

#include "lib/base/assert.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { AWAIT_PAUSE_MS = 20, FORGET_MAX = 64, OFFSET_START = -2, OFFSET_END = -1 };

struct kafka_admin {
    struct kafka_options options;
    struct kafka_client *client;
};

static enum status admin_range(void *context, const char *topic, int timeout_ms, struct topic_range *ret_range,
                               struct error *reterr_error);
static void forget_errors(struct kafka_admin *admin);
static rd_kafka_resp_err_t find_leader(struct kafka_admin *admin, const char *topic, int timeout_ms);
static rd_kafka_resp_err_t ask_offset(struct kafka_admin *admin, const char *topic, int64_t which, int64_t until_ms,
                                      int64_t *ret_offset);
static int64_t monotonic_ms(void);

enum status kafka_admin_open(const struct kafka_options *options, struct kafka_admin **ret_admin,
                             struct topic_admin *ret_port, struct error *reterr_error) {
    struct kafka_admin *admin = calloc(1, sizeof *admin);
    if (admin == NULL) return error_set(reterr_error, STATUS_NO_MEMORY, "kafka: no memory for an admin");
    admin->options = *options;
    struct kafka_conf conf;
    kafka_conf_begin(&conf, options, "admin");
    kafka_conf_consumer(&conf, options);
    kafka_conf_set(&conf, "isolation.level", "read_uncommitted");
    enum status status = kafka_client_open(&conf, options, RD_KAFKA_CONSUMER, -1, &admin->client, reterr_error);
    if (status != STATUS_OK) {
        free(admin);
        return status;
    }
    *ret_admin = admin;
    *ret_port = (struct topic_admin){.context = admin, .range = admin_range};
    return STATUS_OK;
}

void kafka_admin_close(struct kafka_admin **admin_p) {
    struct kafka_admin *admin = *admin_p;
    *admin_p = NULL;
    if (admin == NULL) return;
    kafka_client_discard(&admin->client);
    kafka_client_wait_discarded(KAFKA_CLOSE_MS_MAX);
    free(admin);
}

static enum status status_of(rd_kafka_resp_err_t code) {
    if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
        code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION) {
        return STATUS_NOT_FOUND;
    }
    if (code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) return STATUS_CONFLICT;
    if (code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
        code == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED) {
        return STATUS_DENIED;
    }
    if (code == RD_KAFKA_RESP_ERR__TIMED_OUT) return STATUS_TIMEOUT;
    if (code == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION || code == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE) {
        return STATUS_UNAVAILABLE;
    }
    return kafka_is_transport(code) ? STATUS_UNAVAILABLE : STATUS_INVALID;
}

static enum status fail(struct error *reterr_error, const char *what, const char *topic, rd_kafka_resp_err_t code) {
    ASSERT(code != RD_KAFKA_RESP_ERR_NO_ERROR);
    return error_set(reterr_error, status_of(code), "kafka: cannot %s %s: %s", what, topic, rd_kafka_err2str(code));
}

/* rd_kafka_query_watermark_offsets is not used: when the leader it remembers is down, 2.0.2 waits for that broker however
 * long it stays away and whoever leads now (measured: more than 60 s, asked for 1 s). So the leader is asked for anew, and
 * then both ends with a call that keeps to its time. */
static enum status admin_range(void *context, const char *topic, int timeout_ms, struct topic_range *ret_range,
                               struct error *reterr_error) {
    struct kafka_admin *admin = context;
    int64_t until_ms = monotonic_ms() + timeout_ms;
    forget_errors(admin);
    rd_kafka_resp_err_t code = find_leader(admin, topic, timeout_ms);
    struct topic_range range = {.start = -1, .end = -1};
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) code = ask_offset(admin, topic, OFFSET_START, until_ms, &range.start);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) code = ask_offset(admin, topic, OFFSET_END, until_ms, &range.end);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return fail(reterr_error, "find the range of", topic, code);
    if (range.start < 0 || range.end < range.start) {
        return error_set(reterr_error, STATUS_UNAVAILABLE, "kafka: %s has no range now", topic);
    }
    *ret_range = range;
    return STATUS_OK;
}

/* What librdkafka tells of lost connections is nobody's business here, but it would pile up. */
static void forget_errors(struct kafka_admin *admin) {
    for (int i = 0; i < FORGET_MAX; i++) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(admin->client->handle, 0);
        if (message == NULL) break;
        rd_kafka_message_destroy(message);
    }
}

static rd_kafka_resp_err_t find_leader(struct kafka_admin *admin, const char *topic, int timeout_ms) {
    rd_kafka_topic_t *handle = rd_kafka_topic_new(admin->client->handle, topic, NULL);
    if (handle == NULL) return rd_kafka_last_error();
    const rd_kafka_metadata_t *metadata = NULL;
    rd_kafka_resp_err_t code = rd_kafka_metadata(admin->client->handle, 0, handle, &metadata, timeout_ms);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR && metadata->topic_cnt != 1) code = RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) code = metadata->topics[0].err;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR && metadata->topics[0].partition_cnt <= admin->options.partition) {
        code = RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
    }
    if (metadata != NULL) rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(handle);
    return code;
}

/* The protocol's own names for the first and the next offset are times before all time. */
static rd_kafka_resp_err_t ask_offset(struct kafka_admin *admin, const char *topic, int64_t which, int64_t until_ms,
                                      int64_t *ret_offset) {
    int64_t left_ms = until_ms - monotonic_ms();
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_t *asked = rd_kafka_topic_partition_list_add(list, topic, admin->options.partition);
    asked->offset = which;
    rd_kafka_resp_err_t code = rd_kafka_offsets_for_times(admin->client->handle, list, left_ms > 0 ? (int)left_ms : 0);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) code = asked->err;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) *ret_offset = asked->offset;
    rd_kafka_topic_partition_list_destroy(list);
    return code;
}

static int64_t monotonic_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

enum status kafka_admin_cluster_id(struct kafka_admin *admin, int timeout_ms, char ret_id[KAFKA_CLUSTER_ID_MAX],
                                   struct error *reterr_error) {
    forget_errors(admin);
    char *id = rd_kafka_clusterid(admin->client->handle, timeout_ms);
    if (id == NULL || strlen(id) >= KAFKA_CLUSTER_ID_MAX) {
        if (id != NULL) rd_kafka_mem_free(admin->client->handle, id);
        return error_set(reterr_error, STATUS_UNAVAILABLE, "kafka: no cluster answers at %s", admin->options.brokers);
    }
    memcpy(ret_id, id, strlen(id) + 1);
    rd_kafka_mem_free(admin->client->handle, id);
    return STATUS_OK;
}

enum status kafka_admin_shape(struct kafka_admin *admin, const char *topic, int timeout_ms,
                              struct kafka_topic_shape *ret_shape, struct error *reterr_error) {
    rd_kafka_topic_t *handle = rd_kafka_topic_new(admin->client->handle, topic, NULL);
    if (handle == NULL) return fail(reterr_error, "name", topic, rd_kafka_last_error());
    const rd_kafka_metadata_t *metadata = NULL;
    rd_kafka_resp_err_t code = rd_kafka_metadata(admin->client->handle, 0, handle, &metadata, timeout_ms);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR && metadata->topic_cnt != 1) code = RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) code = metadata->topics[0].err;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR && metadata->topics[0].partition_cnt < 1) {
        code = RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
    }
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        *ret_shape = (struct kafka_topic_shape){.partition_count = metadata->topics[0].partition_cnt,
                                                .replica_count = metadata->topics[0].partitions[0].replica_cnt};
    }
    if (metadata != NULL) rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(handle);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR ? STATUS_OK : fail(reterr_error, "describe", topic, code);
}

static rd_kafka_AdminOptions_t *waiting(struct kafka_admin *admin, rd_kafka_admin_op_t operation, int timeout_ms) {
    char reason[KAFKA_REASON_MAX];
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(admin->client->handle, operation);
    (void)rd_kafka_AdminOptions_set_request_timeout(options, timeout_ms, reason, sizeof reason);
    if (operation == RD_KAFKA_ADMIN_OP_CREATETOPICS) {
        (void)rd_kafka_AdminOptions_set_operation_timeout(options, timeout_ms, reason, sizeof reason);
    }
    return options;
}

static void take_settings(const rd_kafka_ConfigResource_t *resource, struct kafka_topic_setting *settings,
                          size_t count) {
    size_t entry_count = 0;
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &entry_count);
    for (size_t i = 0; i < count; i++) {
        settings[i].value[0] = '\0';
        for (size_t j = 0; j < entry_count; j++) {
            const char *value = rd_kafka_ConfigEntry_value(entries[j]);
            if (value == NULL || strcmp(rd_kafka_ConfigEntry_name(entries[j]), settings[i].name) != 0) continue;
            (void)snprintf(settings[i].value, sizeof settings[i].value, "%s", value);
        }
    }
}

enum status kafka_admin_settings(struct kafka_admin *admin, const char *topic, int timeout_ms,
                                 struct kafka_topic_setting *settings, size_t count, struct error *reterr_error) {
    rd_kafka_queue_t *queue = rd_kafka_queue_new(admin->client->handle);
    rd_kafka_AdminOptions_t *options = waiting(admin, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout_ms);
    rd_kafka_ConfigResource_t *resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
    rd_kafka_DescribeConfigs(admin->client->handle, &resource, 1, options, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, timeout_ms);

    rd_kafka_resp_err_t code = event == NULL ? RD_KAFKA_RESP_ERR__TIMED_OUT : rd_kafka_event_error(event);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        size_t resource_count = 0;
        const rd_kafka_ConfigResource_t **resources =
            rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event), &resource_count);
        code = resource_count == 1 ? rd_kafka_ConfigResource_error(resources[0]) : RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) take_settings(resources[0], settings, count);
    }
    if (event != NULL) rd_kafka_event_destroy(event);
    rd_kafka_ConfigResource_destroy(resource);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR ? STATUS_OK : fail(reterr_error, "read the settings of", topic, code);
}

/* The controller answers before the broker that is asked next has heard of the topic. */
static enum status await_topic(struct kafka_admin *admin, const char *topic, int timeout_ms,
                               struct error *reterr_error) {
    const struct timespec pause = {.tv_nsec = (long)AWAIT_PAUSE_MS * 1000000};
    enum status status = STATUS_NOT_FOUND;
    for (int waited_ms = 0; status == STATUS_NOT_FOUND && waited_ms <= timeout_ms; waited_ms += AWAIT_PAUSE_MS) {
        struct kafka_topic_shape shape;
        if (waited_ms > 0) (void)nanosleep(&pause, NULL);
        status = kafka_admin_shape(admin, topic, timeout_ms, &shape, reterr_error);
    }
    return status;
}

enum status kafka_admin_create(struct kafka_admin *admin, const char *topic, const struct kafka_topic_shape *shape,
                               const struct kafka_topic_setting *settings, size_t count, int timeout_ms,
                               struct error *reterr_error) {
    ASSERT(shape->partition_count > 0);
    ASSERT(shape->replica_count > 0);
    char reason[KAFKA_REASON_MAX] = "refused";
    rd_kafka_NewTopic_t *wanted =
        rd_kafka_NewTopic_new(topic, shape->partition_count, shape->replica_count, reason, sizeof reason);
    if (wanted == NULL) return error_set(reterr_error, STATUS_INVALID, "kafka: cannot create %s: %s", topic, reason);
    for (size_t i = 0; i < count; i++) {
        (void)rd_kafka_NewTopic_set_config(wanted, settings[i].name, settings[i].value);
    }
    rd_kafka_queue_t *queue = rd_kafka_queue_new(admin->client->handle);
    rd_kafka_AdminOptions_t *options = waiting(admin, RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout_ms);
    rd_kafka_CreateTopics(admin->client->handle, &wanted, 1, options, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, timeout_ms);

    rd_kafka_resp_err_t code = event == NULL ? RD_KAFKA_RESP_ERR__TIMED_OUT : rd_kafka_event_error(event);
    if (event != NULL) (void)snprintf(reason, sizeof reason, "%s", rd_kafka_err2str(code));
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        size_t topic_count = 0;
        const rd_kafka_topic_result_t **results =
            rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &topic_count);
        code = topic_count == 1 ? rd_kafka_topic_result_error(results[0]) : RD_KAFKA_RESP_ERR__FAIL;
        const char *text = topic_count == 1 ? rd_kafka_topic_result_error_string(results[0]) : NULL;
        if (text != NULL) (void)snprintf(reason, sizeof reason, "%s", text);
    }
    if (event != NULL) rd_kafka_event_destroy(event);
    rd_kafka_NewTopic_destroy(wanted);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return await_topic(admin, topic, timeout_ms, reterr_error);
    return error_set(reterr_error, status_of(code), "kafka: cannot create %s: %s", topic, reason);
}
