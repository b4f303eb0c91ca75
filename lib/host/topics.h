/* The topic table, lib/host/topics.def, and what is done with it: make the topics that are missing, and say by name where
 * one that exists is not what the table says. One thread; waits for the cluster, each question at most
 * TOPICS_TIMEOUT_MS. It never changes and never removes a topic that exists: a journal's settings are its promise. */
#ifndef BHR_HOST_TOPICS_H
#define BHR_HOST_TOPICS_H

#include "lib/port/kafka/kafka.h"

enum { TOPICS_TIMEOUT_MS = 10000, TOPICS_SYSTEMS_MAX = 64, TOPICS_SYSTEM_MAX = 40 /* bytes of its name */ };

enum topic_id {
#define TOPIC(id, name, partitions, written_by, read_by, trimmed_by, holds) TOPIC_ID_##id,
#include "lib/host/topics.def"
    TOPIC_ID_COUNT,
};

/* Who touches a topic; a bit of a set each. */
enum topic_role {
#define ROLE(id, who, principal) TOPIC_ROLE_##id,
#include "lib/host/topics.def"
    TOPIC_ROLE_COUNT,
};
typedef uint32_t topic_roles;

/* Whose certificate a role shows to the broker. */
enum topic_principal {
    TOPIC_PRINCIPAL_SERVICE,
    TOPIC_PRINCIPAL_FOLLOWER, /* every service that follows this one */
    TOPIC_PRINCIPAL_PUBLISHER,
    TOPIC_PRINCIPAL_SYSTEM, /* the outside system that the topic is for */
    TOPIC_PRINCIPAL_EVERY_SYSTEM,
    TOPIC_PRINCIPAL_OPERATOR,
};

struct topic_row {
    const char *name;        /* with <service> and <system> in it */
    int32_t partition_count; /* 0: one for each locality */
    topic_roles written_by, read_by, trimmed_by;
    const char *holds;
};
const struct topic_row *topics_row(enum topic_id id);
bool topics_has_role(topic_roles roles, enum topic_role role);
const char *topics_role_name(enum topic_role role);
enum topic_principal topics_role_principal(enum topic_role role);

/* Whether the service reads the journal of the other one. */
bool topics_follows(const char *service, const char *source);

/* Consumer groups and transactional ids. */
struct topic_handle_row {
    bool is_transaction;
    const char *name; /* with <service> and <system> in it; a star at the end stands for whatever follows */
    topic_roles used_by;
};
const struct topic_handle_row *topics_handle(size_t index); /* NULL after the last */

/* The outside systems that have request topics. */
struct topics_systems {
    size_t count;
    char names[TOPICS_SYSTEMS_MAX][TOPICS_SYSTEM_MAX + 1];
};
/* 1 to TOPICS_SYSTEM_MAX of A-Z a-z 0-9 _ -: a topic's name, a group's and a certificate's have no room for more. */
bool topics_system_is_good(const char *system);
/* Adds one; a second time changes nothing. False: no name for it, or no room. */
bool topics_systems_add(struct topics_systems *systems, const char *system);
/* Comma separated; spaces around a name do not count. The error names the one that is wrong. */
enum status topics_systems_read(const char *list, struct topics_systems *ret_systems, struct error *reterr_error);

struct topics_options {
    int32_t replication_factor;           /* 1 on one broker, 3 in live use: min.insync.replicas is then 2 */
    bool flush_each_append;               /* journal and keys on disk before an append counts: flush.messages=1 */
    const struct topics_systems *systems; /* NULL for none */
    uint32_t command_generation;          /* of the command topic that is meant: 0 the first, N its replacement ".gN" */
};

/* "bhr.<service>.command.v1" filled in; system is for names that have one, else NULL. False when a name is missing, too
 * long, or has characters that a topic cannot have. */
bool topics_name(enum topic_id id, const char *service, const char *system, char ret_topic[TOPIC_NAME_MAX]);
/* The same for any pattern, such as a group's. */
bool topics_fill(const char *pattern, const char *service, const char *system, char ret_text[TOPIC_NAME_MAX]);
/* Whether the row is one topic for each outside system, and whether it is shared by all services. */
bool topics_is_per_system(enum topic_id id);
bool topics_is_shared(enum topic_id id);

/* The partition of that locality, the same in every topic with one for each; false when the table has none such. */
bool topics_partition(const char *locality, int32_t *ret_partition);
int32_t topics_partition_count(enum topic_id id);

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
