/* The real topics: Apache Kafka through librdkafka 2.0.2. What the suite asks of a topic is lib/port/topic.h; this file
 * only opens and closes the things that fulfil it. Each is used by one thread; librdkafka brings its own.
 *
 * Waking: 8 bytes (the number one) are written to wake_fd, a non-blocking eventfd, when something has come to a queue that
 * was empty. So whoever sleeps on it takes until there is nothing left (TOPIC_NOTHING, no report) before it sleeps again.
 * -1 wakes nobody.
 *
 * Waiting: only kafka_admin_* and the close functions wait, each for a bounded time. A broker need not be there when a
 * reader, writer or membership is opened. What librdkafka may block on (destroying a handle, leaving a group, asking for a
 * topic's leader) runs on short-lived threads of its own. Settings and their reasons: journal.md section 7. */
#ifndef BHR_PORT_KAFKA_KAFKA_H
#define BHR_PORT_KAFKA_KAFKA_H

#include "lib/port/intake.h"
#include "lib/port/publish.h"
#include "lib/port/topic.h"

enum {
    KAFKA_NAME_MAX = 120,
    KAFKA_REASON_MAX = 160,
    KAFKA_CLUSTER_ID_MAX = 64,
    KAFKA_SETTING_MAX = 64, /* bytes of a topic setting's name or value */
    KAFKA_CLOSE_MS_MAX = 5000,
};

/* Where librdkafka's own log lines go; level as in syslog (3 error, 4 warning, 6 info). Called on any thread. Lines name
 * brokers and topics, never a key or a value. */
struct kafka_log {
    void *context;
    void (*line)(void *context, int level, const char *text);
};

/* Text is borrowed for as long as what was opened with it lives. */
struct kafka_options {
    const char *brokers; /* bootstrap servers, comma separated */
    const char *service; /* "booking": names the group and the client */
    int32_t partition;   /* of this process's locality */
    struct kafka_log log;
    const char *group; /* that consumers name; NULL: "<service>-owners", which the service's certificate may use */

    /* Mutual TLS: who we are to the brokers, and who may be one. All three, or all empty for plain text. Read when a
     * handle is opened: a certificate that was replaced is used by the handles opened after that. */
    const char *ca_file, *certificate_file, *key_file;

    /* What one pays with latency and what with cost. */
    int linger_ms;         /* longer: larger batches for more latency */
    int fetch_wait_ms_max; /* of idle polls; reading anew waits for the one under way, so a hand-over costs that long */
    int message_timeout_ms;  /* after it an append is TOPIC_UNCERTAIN; below REPLICA_READ_BACK_MS_MAX */
    int socket_timeout_ms;   /* a broker that does not answer for so long is disconnected */
    int session_timeout_ms;  /* what kill -9 of the owner costs */
    int max_poll_ms;         /* a member that does not poll for so long is not assigned */
    int fetch_queue_kib_max; /* bytes fetched ahead, per reader */
    int append_queue_max;    /* records queued or in flight, per writer; above it append answers STATUS_FULL */
    bool are_reports_quiet;  /* of a writer: its reports are looked at now and then, and need wake nobody */
    const char *compression; /* "none", "lz4", "zstd": smaller log for more work on both sides */
};

#define KAFKA_OPTIONS_DEFAULT                                                                                          \
    {                                                                                                                  \
        .brokers = "127.0.0.1:19092", .service = "", .partition = 0, .ca_file = "", .certificate_file = "",            \
        .key_file = "", .linger_ms = 0, .fetch_wait_ms_max = 100, .message_timeout_ms = 5000,                          \
        .socket_timeout_ms = 5000, .session_timeout_ms = 6000, .max_poll_ms = 10000, .fetch_queue_kib_max = 32768,     \
        .append_queue_max = 100000, .compression = "none",                                                             \
    }

struct kafka_reader;
enum status kafka_reader_open(const struct kafka_options *options, int wake_fd, struct kafka_reader **ret_reader,
                              struct topic_reader *ret_port, struct error *reterr_error);
void kafka_reader_close(struct kafka_reader **reader_p);

/* topics: those that will be appended to, so that the first append need not ask who leads them; may be NULL. */
struct kafka_writer;
enum status kafka_writer_open(const struct kafka_options *options, int wake_fd, const char *const *topics,
                              size_t topic_count, struct kafka_writer **ret_writer, struct topic_writer *ret_port,
                              struct error *reterr_error);
void kafka_writer_close(struct kafka_writer **writer_p);

/* Transactions as "<service>-publisher-<partition>", their positions in position_topic under the group
 * "<service>-publisher". topics: those that will be appended to. Unlike the others it waits: see lib/port/publish.h. */
struct kafka_publisher;
enum status kafka_publisher_open(const struct kafka_options *options, const char *position_topic,
                                 const char *const *topics, size_t topic_count, struct kafka_publisher **ret_publisher,
                                 struct publish_port *ret_port, struct error *reterr_error);
void kafka_publisher_close(struct kafka_publisher **publisher_p);

/* The group "<service>-owners" on the command topic. Its members never fetch anything. */
struct kafka_membership;
enum status kafka_membership_open(const struct kafka_options *options, int wake_fd, const char *topic,
                                  struct kafka_membership **ret_membership, struct membership *ret_port,
                                  struct error *reterr_error);
/* Leaves the group first, so that somebody else is assigned at once. */
void kafka_membership_close(struct kafka_membership **membership_p);

/* The group "<service>-doors" on the request topics (lib/port/intake.h). topics: names, borrowed; their index is the event's
 * topic. What the group has committed is deleted from them every delete_every_ms. */
struct kafka_intake;
enum status kafka_intake_open(const struct kafka_options *options, int wake_fd, const char *const *topics,
                              uint32_t topic_count, int64_t delete_every_ms, struct kafka_intake **ret_intake,
                              struct intake_port *ret_port, struct error *reterr_error);
/* Commits what is done and leaves the group first, so that others go on at once. */
void kafka_intake_close(struct kafka_intake **intake_p);

/* Asks and changes the cluster. Every call but open and close waits at most timeout_ms. */
struct kafka_admin;
enum status kafka_admin_open(const struct kafka_options *options, struct kafka_admin **ret_admin,
                             struct topic_admin *ret_port, struct error *reterr_error);
void kafka_admin_close(struct kafka_admin **admin_p);

enum status kafka_admin_cluster_id(struct kafka_admin *admin, int timeout_ms, char ret_id[KAFKA_CLUSTER_ID_MAX],
                                   struct error *reterr_error);

struct kafka_topic_shape {
    int32_t partition_count;
    int32_t replica_count; /* of partition 0 */
};
/* STATUS_NOT_FOUND when there is no such topic. */
enum status kafka_admin_shape(struct kafka_admin *admin, const char *topic, int timeout_ms,
                              struct kafka_topic_shape *ret_shape, struct error *reterr_error);

struct kafka_topic_setting {
    char name[KAFKA_SETTING_MAX], value[KAFKA_SETTING_MAX];
};
/* Fills the value of each of the settings by its name, defaults included; a name that the broker does not know gets an
 * empty value. */
enum status kafka_admin_settings(struct kafka_admin *admin, const char *topic, int timeout_ms,
                                 struct kafka_topic_setting *settings, size_t count, struct error *reterr_error);
/* STATUS_CONFLICT when the topic exists. On success the broker that is asked next knows it. */
enum status kafka_admin_create(struct kafka_admin *admin, const char *topic, const struct kafka_topic_shape *shape,
                               const struct kafka_topic_setting *settings, size_t count, int timeout_ms,
                               struct error *reterr_error);

#endif
