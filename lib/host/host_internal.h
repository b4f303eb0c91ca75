/* What the files host*.c share, and nobody else includes.
 *   host.c        start, the stages of a life, ordered stop
 *   host_door.c   the loop's side of the ring: door, its socket, its writer, the probe
 *   host_audit.c  the audit trail: its spool, its writer
 *   host_intake.c the door's other socket: request topics
 *   host_keys.c   the keys of persons: master key, their topic, the vault
 *   host_ask.c    another service, asked over ZeroMQ
 *   host_react.c  another service's journal, followed
 *   host_derived.c what the service derives from its rows
 *   host_kept.c   what the service keeps of what it was asked
 *   host_policy.c the policy while the process runs
 *   host_watch.c  once a second: metrics, presence; readiness */
#ifndef BHR_HOST_HOST_INTERNAL_H
#define BHR_HOST_HOST_INTERNAL_H

#include "lib/client/client_zmq.h"
#include "lib/host/audit.h"
#include "lib/host/config.h"
#include "lib/host/door.h"
#include "lib/host/health.h"
#include "lib/host/host.h"
#include "lib/host/intake.h"
#include "lib/host/kept.h"
#include "lib/host/master_key_file.h"
#include "lib/host/news.h"
#include "lib/host/person_keys.h"
#include "lib/host/policy_file.h"
#include "lib/host/publisher_thread.h"
#include "lib/host/reactor.h"
#include "lib/host/replica_thread.h"
#include "lib/host/topics.h"
#include "lib/host/trust.h"
#include "lib/port/jose/jose_verifier.h"
#include "lib/port/kafka/kafka.h"
#include "lib/port/redis/redis_cache.h"
#include "lib/port/uv/loop.h"
#include "lib/port/zmq/zmq_door.h"
#include "lib/port/zmq/zmq_door_loop.h"

/* A process's life; only ever forwards. */
enum host_stage {
    HOST_STARTING, /* the replica reads; no door yet, so that nobody is answered from an old store */
    HOST_SERVING,  /* the door is open */
    HOST_DRAINING, /* nothing new is taken in; what is in flight is answered */
    HOST_STOPPING, /* the replica ends its ownership in order */
    HOST_ENDED,
};

/* All zeros in a process without a door. */
struct host_keys {
    struct master_key_file *master_file;
    struct master_key master;
    struct kafka_options kafka; /* of the topic of keys */
    struct kafka_reader *reader;
    struct kafka_writer *writer;
    struct person_keys *keys;
    struct vault vault;
    struct person_keys_view counted; /* what the metrics already know */
};

/* All zeros in a process that asks and follows nobody. */
struct host_peer {
    struct client_zmq *connection;
    struct client *client;
    struct zmq_door_watch *watches[ZMQ_DEALER_ENDPOINTS_MAX];
    struct kafka_reader *reader; /* of its journal */
    struct reactor *reactor;
    struct reactor_view counted; /* what the metrics already know */
    int64_t denied_logged_ms;
};

struct host {
    const struct service *service;
    struct config config;
    struct policy_keeper *policy;
    uint8_t pseudonym_key[32];
    struct host_keys keys;
    struct host_peer peer;
    char own_organisation[16];              /* as the policy has it; under it other services know this one */
    struct service_context service_context; /* derived NULL when the service derives nothing */
    struct kept *kept;                      /* NULL where nothing is kept */
    struct kept_port kept_port;
    uint64_t kept_dropped; /* what the metrics already know */
    char command_topic[REPLICA_TOPIC_MAX];
    int32_t partition;
    struct topics_systems request_systems;
    char cluster_id[KAFKA_CLUSTER_ID_MAX];

    struct loop *loop;
    struct news *news;
    struct replica_thread *replica;
    struct publisher_thread *publisher; /* NULL when this process never publishes */
    struct redis_cache *redis;
    struct cache cache; /* all zeros without Redis */
    struct health *health;

    struct trust trust;
    struct kafka_options kafka;
    struct kafka_writer *writer;
    struct zmq_door *socket;
    struct zmq_door_watch *watch;
    struct jose_verifier *tokens; /* NULL when no token is taken */
    struct door *door;
    struct intake *intake; /* with the two below: NULL without request topics */
    struct kafka_intake *request_member;
    struct kafka_writer *intake_writer;
    char request_topics[TOPICS_SYSTEMS_MAX][TOPIC_NAME_MAX];

    uint64_t durable_methods; /* bit i: the service's method i, as configured */
    struct spool_file *spool;
    struct kafka_writer *audit_writer;
    struct audit *audit;
    struct audit_view audit_counted; /* what the metrics already know */
    uint64_t refusals_counted;
    bool is_audit_late;

    enum host_stage stage;
    int exit_code;
    bool must_stop, must_reload, is_shut;
    bool is_derived_fresh; /* since the news were taken */
    /* started_ms is wall clock, the others monotonic */
    int64_t started_ms, stage_until_ms, tended_ms, busy_ms, policy_looked_ms;
    struct replica_view counted; /* what the metrics already know */
    uint64_t commits_counted, pages_counted, signatures_counted;
};

int64_t host_now_ms(void);

/* host_door.c */
/* Policy, keys: whatever can be wrong before anything is started. */
enum status host_door_prepare(struct host *host, struct error *reterr_error);
/* Binds, proves that an unknown key is refused, and lets requests in. STATUS_DENIED: it must not be served. */
enum status host_door_open(struct host *host, struct error *reterr_error);
/* News to the door, then its step; returns when it wants to be called again. */
int host_door_step(struct host *host);
/* About once a second: ends the connections whose callers do not read. */
void host_door_tend(struct host *host, int64_t now_ms);
void host_door_unbind(struct host *host);
void host_door_close(struct host *host);

/* host_audit.c */
enum status host_audit_prepare(struct host *host, struct error *reterr_error);
enum status host_audit_open(struct host *host, struct audit_port *ret_port, struct error *reterr_error);
/* What Kafka has acknowledged lets answers leave. */
void host_audit_take_reports(struct host *host);
/* Returns when it wants to be called again. */
int host_audit_send(struct host *host);
/* Records that Kafka has not acknowledged. */
uint64_t host_audit_spooled(const struct host *host);
void host_audit_watch(struct host *host);
/* After the door: what is left stays in the spool, and the next process on this store sends it. */
void host_audit_close(struct host *host);

/* host_policy.c */
enum { HOST_POLICY_MS = 500 }; /* between two looks at the file */
/* Looks whether the file has changed, when it is time to or somebody has asked for it. */
void host_policy_tend(struct host *host, int64_t now_ms);

/* host_intake.c */
/* *ret_socket stays as it is when no system has a request topic. */
enum status host_intake_open(struct host *host, struct door_socket *ret_socket, struct error *reterr_error);
/* Leaves the group, so that other processes go on where this one is; what is in flight is let go of. The door may still
 * stand. */
void host_intake_leave(struct host *host);
/* After the door was freed. */
void host_intake_close(struct host *host);

/* host_keys.c */
enum host_keys_state { HOST_KEYS_READING, HOST_KEYS_READY, HOST_KEYS_WRONG_MASTER };
/* Reads the master key. */
enum status host_keys_prepare(struct host *host, struct error *reterr_error);
/* Begins to follow the topic of keys. */
enum status host_keys_open(struct host *host, struct error *reterr_error);
/* Before the door's step: what came of the topic, told to the door. True when there may be more at once. */
bool host_keys_step(struct host *host);
/* After it: the keys that the door had made. */
void host_keys_send(struct host *host);
enum host_keys_state host_keys_state(const struct host *host);
void host_keys_watch(struct host *host);
void host_keys_close(struct host *host);

/* host_ask.c */
/* Whether this process asks and follows another service. */
bool host_has_peer(const struct host *host);
/* Connects; *ret_port stays as it is when nobody is asked. */
enum status host_ask_open(struct host *host, struct ask_port *ret_port, struct error *reterr_error);
/* How soon the door must look for answers. */
int host_ask_next_ms(const struct host *host);
void host_ask_close(struct host *host);

/* host_react.c */
/* *ret_socket stays as it is when nobody is followed. */
enum status host_react_open(struct host *host, struct door_socket *ret_socket, struct error *reterr_error);
/* Returns when it wants to be called again. */
int host_react_step(struct host *host);
void host_react_watch(struct host *host);
/* After the door was freed. */
void host_react_close(struct host *host);

/* host_derived.c */
/* After the keys were prepared. */
enum status host_derived_open(struct host *host, struct error *reterr_error);
/* One bounded step; true when there is more to do. */
bool host_derived_step(struct host *host);
/* All steps: with a commit, before its replies leave. */
void host_derived_follow(struct host *host);
void host_derived_close(struct host *host);

/* host_kept.c */
/* Before the door is opened, which takes a copy of the service's context. */
void host_kept_open(struct host *host);
void host_kept_watch(struct host *host);
void host_kept_close(struct host *host);

/* host_watch.c */
bool host_is_ready(void *context, char ret_reason[HEALTH_REASON_MAX]);
void host_watch(struct host *host);

#endif
