/* The door: where requests come in and answers leave (design section 2, journal.md section 5). It checks who asks and
 * whether they may, answers queries from the local store, writes commands to the command log and answers them when the
 * replica of this process has committed the entry. It owns the table of requests in flight; it never decides.
 *
 * A reply leaves by the socket that its request came from.
 *
 * The walk of one command: door_step -> receive -> header sane? -> known method? -> deadline? -> rate? -> the user's token,
 * if there is one? -> allowed? -> limits? -> repeat? (own store, then own table) -> another service to be asked first?
 * -> service->accept -> append to the command log -> wait.
 * Then, in any order: the delivery report (tells the command's offset), replica's answer (door_answered), commits
 * (door_committed), the deadline. Exactly one reply leaves for every request; never silence.
 *
 * Runs on the loop's thread. The replica's thread hands its news over through a queue in host.c; the simulator calls
 * door_answered and door_committed directly. */
#ifndef BHR_HOST_DOOR_H
#define BHR_HOST_DOOR_H

#include "lib/host/replica.h"
#include "lib/host/service.h"
#include "lib/policy/policy.h"
#include "lib/port/ask.h"
#include "lib/port/audit.h"
#include "lib/port/cache.h"
#include "lib/port/clock.h"
#include "lib/port/socket.h"
#include "lib/port/store.h"
#include "lib/port/token.h"
#include "lib/port/topic.h"

struct door_limits {
    uint32_t in_flight_max;         /* requests of all systems at once */
    uint32_t request_bytes_max;     /* body of one request */
    int64_t deadline_default_ms;    /* when the header says 0 */
    int64_t deadline_ms_max;        /* a deadline further away is brought back to this */
    int64_t ask_ms_max;             /* how long another service is waited for; 0 only when none is asked */
    int64_t position_wait_ms_max;   /* how long a query waits for min_position */
    int64_t command_backlog_max;    /* commands that wait to be decided; above it none is written */
    uint32_t requests_per_step_max; /* bounded work */
    uint32_t
        audit_refusals_max; /* of one system that leave a record of their own in a minute; the others are counted */
};

struct door_ports {
    struct door_socket socket;
    struct door_socket intake; /* requests of request topics (lib/host/intake.h); may be all zeros */
    struct door_socket own;    /* requests of the service to itself (lib/host/reactor.h); may be all zeros */
    struct ask_port ask;       /* another service; all zeros: nobody is asked */
    struct topic_writer writer;
    struct store store;
    struct cache cache; /* may be all zeros: presence of Redis is never required */
    struct audit_port
        audit; /* all zeros only for a service without a method that is audited: refusals then leave none */
    struct token_port tokens; /* may be all zeros: then a request with a token is refused */
    struct clock_port clock;
    struct digest (*hash)(struct slice a, struct slice b);
};

/* Told of what happens, for metrics, logs and the simulator. Any function may be NULL. */
struct door_listener {
    void *context;
    /* A reply leaves. method is "" when the request names no method of this service. took_ms is monotonic time inside
     * this process. */
    void (*replied)(void *context, const char *system, const char *method, const char *outcome,
                    enum reply_status status, int64_t took_ms);
    /* A reply did not leave: its caller does not read what it asked for, or is gone. */
    void (*reply_lost)(void *context, const char *system, bool is_unread);
    void (*alarm)(void *context, const char *name, const char *text);
    /* A token came with a request of that system. */
    void (*token_judged)(void *context, const char *system, enum token_fault fault);
};

struct door_options {
    const struct service *service;
    const struct policy *policy; /* borrowed; replaced by door_set_policy */
    struct door_limits limits;
    struct service_context service_context;
    uint64_t durable_methods; /* bit i: the service's method i is AUDIT_DURABLE, whatever its row says */
    char process[64];         /* answered_by, and the value of in-flight markers */
    char locality[64];        /* key of the command log */
};

struct door;
/* Memory for the table of limits.in_flight_max requests is reserved here; NULL when there is none. Where the store
 * stands is read from it now and told by door_committed later; until it holds a journal, commands are answered
 * unavailable. */
struct door *door_new(const struct door_options *options, const struct door_ports *ports,
                      const struct door_listener *listener);
void door_free(struct door *door);
/* From now on; what is in flight stays. Rates start afresh. Borrowed until the next call. */
void door_set_policy(struct door *door, const struct policy *policy);

/* Receives and handles up to requests_per_step_max requests, delivery reports and deadlines. Returns in how many
 * milliseconds it wants to be called again at the latest; 0 at once. */
int door_step(struct door *door);

/* News of the replica, in the order it gave them. */
void door_answered(struct door *door, const struct replica_answer *answer);
/* Every entry up to `number` is in the local store (min_position compares with it); the next decision starts at
 * resume_at. Commands go to the topic of resume_at.generation. Comes after the answers of that commit. */
void door_committed(struct door *door, uint64_t number, struct position resume_at);

/* Kafka has acknowledged the audit record that was put with this token: its answer may leave. */
void door_audited(struct door *door, uint64_t token);
/* Refusals by policy that left no record of their own. */
uint64_t door_refusals_suppressed(const struct door *door);
/* Keys that commands wait for were kept or lost (lib/port/vault.h): those commands go on, or are answered. */
void door_keys_settled(struct door *door);

/* Takes nothing new in (answer: draining); what is in flight is answered or runs into its deadline. */
void door_drain(struct door *door);
/* The time for that is over: what is still in flight is answered now (commands: unknown_outcome, queries: draining). */
void door_abandon(struct door *door);
/* The replica behind it has stopped: the store will not move any more, and may hold what is no longer true. From now on
 * nothing is answered from it: requests are unavailable, what is in flight is answered now (commands: unknown_outcome). */
void door_shut(struct door *door);
uint32_t door_in_flight(const struct door *door);
/* Commands in the log that are not decided yet, as far as this door knows: it hears of the end by its own commands. */
int64_t door_backlog_waiting(const struct door *door);

#endif
