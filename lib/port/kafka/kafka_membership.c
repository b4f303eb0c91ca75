/* Who should claim: struct membership over a consumer group on the command topic (journal.md section 4, "Who should
 * claim"). Liveness only. It owns one group consumer while it is a member. One thread, never waits.
 *
 * The consumer answers every rebalance with an empty assignment: the group has given it the partition, librdkafka has
 * nothing to fetch, and no offset is ever looked up. */
#include "lib/port/kafka/client.h"

#include "lib/base/assert.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MEMBERSHIP_EVENTS_MAX = 32, HEARTBEATS_PER_SESSION = 40, MAIN_THREAD_WAKES_MS = 100 };

struct kafka_membership {
    struct kafka_options options;
    int wake_fd;
    char topic[TOPIC_NAME_MAX];
    bool is_member;
    struct kafka_client *client; /* NULL when not a member, or when none could be opened: poll tries again */
};

static void membership_join(void *context);
static void membership_leave(void *context);
static struct membership_view membership_poll(void *context);
static void membership_show(void *context, const char *topic, int64_t offset);
static void on_rebalance(rd_kafka_t *handle, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *partitions,
                         void *opaque);
static enum status open_client(struct kafka_membership *membership, struct error *reterr_error);

enum status kafka_membership_open(const struct kafka_options *options, int wake_fd, const char *topic,
                                  struct kafka_membership **ret_membership, struct membership *ret_port,
                                  struct error *reterr_error) {
    if (!kafka_topic_name_is_good(topic)) return error_set(reterr_error, STATUS_INVALID, "kafka: no topic to own");
    struct kafka_membership *membership = calloc(1, sizeof *membership);
    if (membership == NULL) return error_set(reterr_error, STATUS_NO_MEMORY, "kafka: no memory for a membership");
    membership->options = *options;
    membership->wake_fd = wake_fd;
    memcpy(membership->topic, topic, strlen(topic) + 1);
    *ret_membership = membership;
    *ret_port = (struct membership){.context = membership,
                                    .join = membership_join,
                                    .leave = membership_leave,
                                    .poll = membership_poll,
                                    .show = membership_show};
    return STATUS_OK;
}

void kafka_membership_close(struct kafka_membership **membership_p) {
    struct kafka_membership *membership = *membership_p;
    *membership_p = NULL;
    if (membership == NULL) return;
    membership_leave(membership);
    kafka_client_wait_discarded(KAFKA_CLOSE_MS_MAX);
    free(membership);
}

static void membership_join(void *context) {
    struct kafka_membership *membership = context;
    if (membership->is_member) return;
    ASSERT(membership->client == NULL);
    membership->is_member = true;
    (void)open_client(membership, NULL);
}

static void membership_leave(void *context) {
    struct kafka_membership *membership = context;
    membership->is_member = false;
    kafka_client_discard(&membership->client); /* leaves the group on its way out */
}

static struct membership_view membership_poll(void *context) {
    struct kafka_membership *membership = context;
    if (!membership->is_member) return (struct membership_view){.is_settled = true};
    if (membership->client == NULL && open_client(membership, NULL) != STATUS_OK) {
        return (struct membership_view){.is_member = true};
    }
    struct kafka_client *client = membership->client;
    for (int i = 0; i < MEMBERSHIP_EVENTS_MAX; i++) {
        /* Serves rebalances through on_rebalance; what it returns can only be an error, which librdkafka logs. */
        rd_kafka_message_t *message = rd_kafka_consumer_poll(client->handle, 0);
        if (message == NULL) break;
        rd_kafka_message_destroy(message);
    }
    return (struct membership_view){
        .is_member = true, .is_settled = client->is_settled, .is_assigned = client->is_assigned};
}

static void membership_show(void *context, const char *topic, int64_t offset) {
    struct kafka_membership *membership = context;
    ASSERT(offset >= 0);
    if (membership->client == NULL) return;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, membership->options.partition)->offset = offset;
    (void)rd_kafka_commit(membership->client->handle, list, 1);
    rd_kafka_topic_partition_list_destroy(list);
}

/* On the thread that polls, or on the one that ends a member that has left. */
static void on_rebalance(rd_kafka_t *handle, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *partitions,
                         void *opaque) {
    struct kafka_client *client = opaque;
    if (code != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        /* In mid-rebalance the level stays what it was. */
        client->is_settled = false;
        (void)rd_kafka_assign(handle, NULL);
        return;
    }
    client->is_assigned =
        rd_kafka_topic_partition_list_find(partitions, client->group_topic, client->group_partition) != NULL;
    client->is_settled = true;
    rd_kafka_topic_partition_list_t *nothing = rd_kafka_topic_partition_list_new(0);
    (void)rd_kafka_assign(handle, nothing);
    rd_kafka_topic_partition_list_destroy(nothing);
}

static enum status open_client(struct kafka_membership *membership, struct error *reterr_error) {
    ASSERT(membership->is_member);
    ASSERT(membership->client == NULL);
    const struct kafka_options *options = &membership->options;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    /* Member ids begin with the client id and `range` gives the first partition to the first of them: so the member that
     * has been there longest keeps it when others join. One that left and came back counts from then. */
    char role[32];
    (void)snprintf(role, sizeof role, "%013lld", (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000);
    struct kafka_conf conf;
    kafka_conf_begin(&conf, options, role);
    kafka_conf_consumer(&conf, options);
    kafka_conf_set(&conf, "partition.assignment.strategy", "range");
    kafka_conf_set_number(&conf, "session.timeout.ms", options->session_timeout_ms);
    /* The others learn that a member left with their next heartbeat, so a clean hand-over takes up to that long. */
    kafka_conf_set_number(&conf, "heartbeat.interval.ms", options->session_timeout_ms / HEARTBEATS_PER_SESSION);
    /* librdkafka looks whether a heartbeat is due when its main thread wakes, which may be every 500 ms only. This timer
     * wakes it; nobody takes the statistics. Measured: hand-over after 118 ms with it, 500 ms without. */
    kafka_conf_set_number(&conf, "statistics.interval.ms", MAIN_THREAD_WAKES_MS);
    kafka_conf_set_number(&conf, "max.poll.interval.ms", options->max_poll_ms);
    rd_kafka_conf_set_rebalance_cb(conf.conf, on_rebalance);
    enum status status =
        kafka_client_open(&conf, options, RD_KAFKA_CONSUMER, membership->wake_fd, &membership->client, reterr_error);
    if (status != STATUS_OK) return status;

    struct kafka_client *client = membership->client;
    client->leaves_group = true;
    client->group_partition = options->partition;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    /* The list keeps its own copy of the name, and so does the client's topic: that one lives as long as the client. */
    rd_kafka_topic_t *topic = kafka_client_topic(client, membership->topic);
    client->group_topic = topic == NULL ? "" : rd_kafka_topic_name(topic);
    rd_kafka_topic_partition_list_add(list, membership->topic, RD_KAFKA_PARTITION_UA);
    rd_kafka_resp_err_t code = rd_kafka_subscribe(client->handle, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return STATUS_OK;
    kafka_client_discard(&membership->client);
    return error_set(reterr_error, STATUS_UNAVAILABLE, "kafka: cannot join: %s", rd_kafka_err2str(code));
}
