/* The topic table, lib/host/topics.def, and what is done with it: make the topics that are missing, and say by name where
 * one that exists is not what the table says. One thread; waits for the cluster, each question at most
 * TOPICS_TIMEOUT_MS. It never changes and never removes a topic that exists: a journal's settings are its promise. */
#ifndef BHR_HOST_TOPICS_H
#define BHR_HOST_TOPICS_H

#include "lib/port/kafka/kafka.h"

enum { TOPICS_TIMEOUT_MS = 10000 };

enum topic_id {
#define TOPIC(id, suffix, written_by, read_by, holds) TOPIC_ID_##id,
#define SETTING(id, name, value)
#define LOCALITY(name, partition)
#include "lib/host/topics.def"
#undef TOPIC
#undef SETTING
#undef LOCALITY
    TOPIC_ID_COUNT,
};

/* Who writes and reads a topic and what it holds: for people and for access lists. */
struct topic_row {
    const char *suffix, *written_by, *read_by, *holds;
};
const struct topic_row *topics_row(enum topic_id id);

struct topics_options {
    int32_t replication_factor; /* 1 on one broker, 3 in live use: min.insync.replicas is then 2 */
    bool flush_each_append;     /* the journal on disk before an append counts: flush.messages=1 */
};

/* "bhr.<service>.command.v1"; false when the service's name is too long. */
bool topics_name(enum topic_id id, const char *service, char ret_topic[TOPIC_NAME_MAX]);
/* The partition of that locality, the same in every topic; false when the table has no such locality. */
bool topics_partition(const char *locality, int32_t *ret_partition);
int32_t topics_partition_count(void);

enum topics_finding_kind {
    TOPICS_CREATED, /* apply made it */
    TOPICS_RIGHT,   /* it is what the table says */
    TOPICS_MISSING, /* check found none */
    TOPICS_DIFFERS, /* setting, expected and found say where */
};
struct topics_finding {
    enum topics_finding_kind kind;
    const char *topic;
    const char *setting, *expected, *found; /* of TOPICS_DIFFERS, else empty */
};
/* Told of each finding in the table's order; borrowed during the call. */
struct topics_listener {
    void *context;
    void (*found)(void *context, const struct topics_finding *finding);
};

/* Looks and changes nothing. STATUS_NOT_FOUND when a topic is missing, STATUS_CONFLICT when one differs (that wins). */
enum status topics_check(struct kafka_admin *admin, const char *service, const struct topics_options *options,
                         const struct topics_listener *listener, struct error *reterr_error);
/* Makes what is missing, the command topic before the journal. Stops at the first topic that differs with
 * STATUS_CONFLICT, all of its differences told, and goes no further. */
enum status topics_apply(struct kafka_admin *admin, const char *service, const struct topics_options *options,
                         const struct topics_listener *listener, struct error *reterr_error);

#endif
