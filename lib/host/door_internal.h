/* What the files door*.c share, and nobody else includes.
 *   door.c          the step: reports, deadlines, requests; who a request is from and whether it may come in
 *   door_user.c     the human behind a request, by the token that came with it
 *   door_policy.c   whether a request may be done, also about what it is about
 *   door_command.c  one command: repeat? accept, append to the command log, and what the outside says about it later
 *   door_ask.c      commands that wait for what another service says
 *   door_burst.c    commands on their way to the log, handed over together
 *   door_backlog.c  how many commands wait to be decided, and whether one more may
 *   door_keys.c     commands that wait until Kafka has the key that they are sealed with
 *   door_marker.c   tells the other doors, in Redis, what takes long here
 *   door_query.c    one query: answered from the local store, at once or when the store has read far enough
 *   door_audit.c    the records of what was read and refused, and answers held back until theirs is acknowledged
 *   door_table.c    the requests in flight: found by id, by token, by deadline, by position
 *   door_reply.c    the one place where a reply leaves
 * Everything here runs on the loop's thread. */
#ifndef BHR_HOST_DOOR_INTERNAL_H
#define BHR_HOST_DOOR_INTERNAL_H

#include "lib/base/assert.h"
#include "lib/host/answers.h"
#include "lib/host/door.h"
#include "lib/wire/exchange/exchange.h"

enum {
    DOOR_WAITING_QUERIES_MAX = 1024, /* queries that wait for a position; above it callers are told too_busy */
    DOOR_RECEIVE_MS_MAX = 10,        /* of one step, for new requests of one socket */
    DOOR_BUSY_RETRY_MS = 100,        /* hint of too_busy: the time in which much of what is in flight has left */
    DOOR_BACKLOG_RETRY_MS = 5000,    /* the same while nothing is decided: about what a take-over costs */
    DOOR_BACKLOG_RETRY_MS_MAX = 60000,
    DOOR_BACKLOG_TRY_MS = 10000,     /* a full command log takes one command in this time, to hear where it ends now */
    DOOR_IDLE_MS_MAX = 1000,         /* the step wants to be called at least this often */
    DOOR_REPORT_MS = 50,             /* and so often while something is in flight: delivery reports wake nobody */
    DOOR_ARENA_BASE = 512 * 1024,    /* beside eight times the largest request: decoded forms, answers told again */
    DOOR_HEADERS_MAX = 11,           /* of a command's record */
    DOOR_BURST_MAX = 128,            /* commands handed to the writer together */
    DOOR_COMMAND_HEADERS_MAX = 4096, /* of a Kafka record, so that headers and value together stay within its limit */
    DOOR_HELD_BYTES_MAX = 16 * 1024 * 1024, /* answers held back for their audit records; above it: too_busy */
    DOOR_AUDIT_RETRY_MS = 1000,             /* hint of too_busy when records cannot be taken: Kafka may be away */
    DOOR_REFUSALS_MS = 60000,               /* in which so many refusals of a system leave records of their own */
};

static_assert((int)DOOR_ARENA_BASE > (int)JOURNAL_RECORD_MAX, "every first answer can be told again");

/* Whom a reply goes to and what the listener is told about it. */
struct door_caller {
    const struct door_socket *socket; /* that the request came from */
    struct socket_route route;
    struct uuid request_id; /* zeros when the header could not be read */
    char system[SOCKET_SYSTEM_MAX + 1];
    const struct service_method *method; /* NULL when the request names none of this service */
    int64_t started_ms;                  /* monotonic */
};

/* One request in hand; everything borrowed until the next receive. */
struct door_request {
    struct door_caller caller;
    struct request_header header;
    struct slice body;
    const struct policy_system *system;
    const struct token_user *user; /* NULL without a human behind it */
    bool needs_subject;            /* the policy has not decided yet: it depends on what the request is about */
    int64_t deadline_ms;           /* wall clock, within the door's limits */
};

struct door_reply {
    uint32_t outcome;
    struct slice detail, body; /* borrowed during the call */
    bool is_repeated;
    uint64_t position;
    int64_t retry_after_ms;
};

enum ticket_kind { TICKET_FREE, TICKET_COMMAND, TICKET_QUERY, TICKET_AUDIT };

/* A whole record for the command log, kept until the key that it is sealed with is kept. */
struct unsent_command {
    uint64_t key; /* its number (lib/port/vault.h) */
    size_t value_size;
    uint32_t header_count;
    struct slice names[DOOR_HEADERS_MAX]; /* static text */
    size_t sizes[DOOR_HEADERS_MAX];
    uint8_t bytes[]; /* the value, then the headers' values */
};

/* A whole request, kept until another service has said what its acceptance needs. */
struct asked_command {
    uint32_t step;       /* which question is out */
    int64_t deadline_ms; /* wall clock */
    size_t correlation_size, traceparent_size, token_size, body_size;
    uint8_t bytes[]; /* in that order */
};

/* A request that waits. It leaves the table with its one reply. */
struct ticket {
    enum ticket_kind kind;
    struct door_caller caller;
    int64_t due_ms; /* monotonic: when it is answered at the latest */

    struct digest digest;          /* commands: over method and body as received */
    struct position position;      /* commands: generation written to; offset -1 until the delivery report tells it */
    bool has_marker;               /* commands: Redis was asked to hold one */
    struct asked_command *asked;   /* commands: not accepted yet, another service is asked; owned */
    struct unsent_command *unsent; /* commands: not in the log yet, they wait for a key; owned */

    uint64_t min_position; /* queries */
    int64_t deadline_ms;   /* queries: wall clock */
    uint8_t *query_bytes;  /* queries: correlation id, token, body, one behind the other; owned */
    size_t correlation_size, token_size, body_size;

    struct door_reply held; /* audits: leaves when the record is acknowledged; its slices lie in held_bytes */
    uint8_t *held_bytes;    /* owned */

    uint32_t serial; /* of this use of the slot, so that a late report is recognised */
    uint32_t heap_index;
    struct ticket *bucket_next; /* also links the free ones */
    struct ticket_list *list;   /* the one it stands in, or NULL */
    struct ticket *list_previous, *list_next;
};

struct ticket_list {
    struct ticket *first, *last;
    uint32_t count;
};

/* Reserved once for count_max requests; nothing is allocated per command but for those that wait for a key. */
struct door_table {
    uint32_t count, count_max;
    uint32_t bucket_mask;
    uint64_t seed;
    struct ticket *slots, *free;
    struct ticket **buckets;      /* commands by (system, request id) */
    struct ticket **heap;         /* soonest deadline first */
    struct ticket_list delivered; /* commands whose position is known, in its order */
    struct ticket_list waiting;   /* queries, in the order they came */
    struct ticket_list unsent;    /* commands that wait for a key, in the order they came */
};

struct door_burst_record {
    uint64_t token;
    struct slice value; /* in bytes */
    uint32_t header_count;
    struct topic_header headers[DOOR_HEADERS_MAX];
};
struct door_burst {
    uint32_t count;
    struct door_burst_record records[DOOR_BURST_MAX];
    struct buffer bytes;
};

/* What is known of the command log of the present generation. */
struct door_backlog {
    int64_t end;                      /* one past the last own command that was reported */
    int64_t counted_from, counted_ms; /* resume_at when counting began, and the monotonic clock */
    int64_t per_second;               /* decided when last counted; 0 when not known */
    int64_t heard_ms;                 /* monotonic: when the end was told, or a command sent to hear of it */
};

/* What the door counts about one system of the policy; at the system's index. */
struct door_system {
    uint32_t in_flight;
    int64_t milli_tokens; /* thousandths of a request that it may send now */
    int64_t refilled_ms;  /* monotonic */
};

/* Refusals by policy of one system in the present minute. */
struct door_refusals {
    int64_t began_ms; /* monotonic: of the minute; 0 when there was none */
    uint32_t written, suppressed;
};

struct door {
    struct door_options options;
    struct door_ports ports;
    struct door_listener listener;
    const struct policy *policy;
    struct door_system systems[POLICY_SYSTEMS_MAX];
    struct door_table table;
    struct door_burst burst; /* empty between steps */
    bool is_draining, is_shut;

    size_t held_bytes;                                     /* of all tickets */
    struct door_refusals refusals[POLICY_SYSTEMS_MAX + 1]; /* at the system's index; the last is for unknown systems */
    uint32_t refusals_waiting;                             /* suppressed ones that no record has told yet */
    int64_t refusals_due_ms;                               /* monotonic: when they are looked through */
    uint64_t refusals_suppressed;

    int64_t wall_ms, monotonic_ms; /* read at every entry from outside, so that one piece of work sees one time */

    int64_t marks_due_ms; /* monotonic: when the requests in flight are looked through for slow ones */

    bool knows_position; /* false until the store holds a journal */
    uint64_t number;     /* every entry up to it is in the store */
    struct position resume_at;
    struct door_backlog backlog;
    char command_topic[REPLICA_TOPIC_MAX]; /* of resume_at.generation */

    struct arena arena;                    /* of the request in hand */
    struct token_user user;                /* the same */
    const struct service_answer *answered; /* of the command that is being accepted; NULL when nothing was asked */
    struct asked_command *going_on;        /* which that is, when somebody was; of no ticket any more */
    struct buffer command;                 /* the command message of the request in hand */
    struct buffer answer;                  /* the answer of the query in hand */
};

/* door.c */
void door_read_clocks(struct door *door);
/* False when the system or the door has as much in flight as it may. */
bool door_has_room(const struct door *door, const struct policy_system *system);
/* A ticket for the caller, counted for its system; room was checked before. */
struct ticket *door_open_ticket(struct door *door, enum ticket_kind kind, const struct door_caller *caller,
                                int64_t due_ms);
/* The one reply of a ticket leaves, and the ticket with it. */
void door_close_ticket(struct door *door, struct ticket *ticket, const struct door_reply *reply);
/* The same without a reply: it has left by another way. */
void door_forget_ticket(struct door *door, struct ticket *ticket);
void door_alarm(const struct door *door, const char *name, const char *text);

/* What the service is told about the request; entity_id is left to commands. */
struct ingress door_ingress(const struct door *door, const struct door_request *request);

/* door_user.c */
/* Fills request->user. OUTCOME_OK, or the outcome to refuse it with and why. */
uint32_t door_find_user(struct door *door, struct door_request *request, struct slice *ret_detail);
/* Of several roles the first. */
void door_put_user(const struct door_request *request, struct ingress *ingress);

/* door_policy.c */
/* OUTCOME_OK, or the outcome that denies it. Sets request->needs_subject when OUTCOME_OK is not the last word. */
uint32_t door_may_ask(const struct door *door, struct door_request *request);
/* The last word, over a snapshot of the store. */
uint32_t door_may_ask_about(struct door *door, const struct door_request *request, const struct rows *rows);

/* door_command.c */
void door_command(struct door *door, const struct door_request *request);
/* Handles delivery reports; true when there may be more. */
bool door_take_reports(struct door *door);
/* resume_at has moved: commands that it has passed and that are not in the store were not and will not be decided. */
void door_settle_passed(struct door *door, bool is_new_generation);

/* Accepts and appends what was asked about; false with the reply that says why not. */
bool door_write_asked(struct door *door, const struct door_request *request, struct ticket *ticket,
                      struct door_reply *reply);

/* door_ask.c */
/* True when the request waits in a ticket for an answer. False: it goes on now, with door->answered when somebody was to
 * be asked who cannot be. */
bool door_ask(struct door *door, const struct door_request *request, struct digest digest);
/* True when there may be more. */
bool door_take_answers(struct door *door);

/* door_burst.c */
bool door_burst_init(struct door_burst *burst);
void door_burst_fini(struct door_burst *burst);
/* Copies; sends what is there already when there is no room. Topic and key are the door's. */
void door_burst_put(struct door *door, const struct topic_append *record);
/* Hands all to the writer; what it does not take is answered. */
void door_burst_send(struct door *door);

/* door_backlog.c */
/* Whether one more command may be written now; when not, when to come back. */
bool door_backlog_is_full(struct door *door, int64_t *ret_retry_ms);
/* An own command lies there. */
void door_backlog_delivered(struct door *door, struct position at);
/* resume_at has moved. */
void door_backlog_decided(struct door *door, bool is_new_generation);

/* door_keys.c */
/* Which key the command in hand has to wait for; 0 for none. Asked once after every accept. */
uint64_t door_take_awaited(const struct door *door);
/* Keeps a copy of the record in the ticket until that key is kept. False when there is no memory for it. */
bool door_hold_back(struct door *door, struct ticket *ticket, const struct topic_append *record, uint64_t key);

/* door_marker.c */
/* Puts the markers that are due; returns when it wants to be called again. */
int door_mark_slow_ones(struct door *door);
/* The outcome is known: whoever asks elsewhere need not wait for the marker's end. */
void door_drop_marker(struct door *door, const struct ticket *ticket);

/* door_query.c */
void door_query(struct door *door, const struct door_request *request);
/* The store has moved: answers the queries that waited for it. */
void door_run_waiting(struct door *door);

/* door_audit.c */
enum audit_class door_audit_class(const struct door *door, const struct service_method *method);
/* Before anything is read: whether the answer could leave its record and, if need be, wait for it. */
bool door_audit_has_room(const struct door *door, const struct door_request *request, enum audit_class audit);
/* The record of an answer that was read, then the answer: at once, or once the record is acknowledged. */
void door_audit_answer(struct door *door, const struct door_request *request, const struct ingress *ingress,
                       const struct service_subject *subject, const struct door_reply *reply);
/* The policy said no. */
void door_audit_refusal(struct door *door, const struct door_request *request, uint32_t outcome);
/* Tells what was suppressed in minutes that are over; of all when is_last. */
void door_audit_tell_suppressed(struct door *door, bool is_last);
/* The counts are at the indexes of a policy that is about to go. */
void door_audit_leave_policy(struct door *door);

/* door_reply.c */
/* Of the host or the service; unknown_outcome's for a code that this program does not know. */
const struct outcome_row *door_outcome_row(struct door *door, uint32_t code);
void door_reply(struct door *door, const struct door_caller *caller, const struct door_reply *reply);

/* door_table.c */
bool door_table_init(struct door_table *table, uint32_t count_max, uint64_t seed);
void door_table_fini(struct door_table *table);
/* NULL when count_max are in flight. */
struct ticket *door_table_take(struct door_table *table, enum ticket_kind kind, const struct door_caller *caller,
                               int64_t due_ms);
void door_table_release(struct door_table *table, struct ticket *ticket);
/* The command of that system and id, or NULL. */
struct ticket *door_table_find(const struct door_table *table, struct slice system, struct uuid request_id);
uint64_t door_table_token(const struct door_table *table, const struct ticket *ticket);
/* NULL when that use of the slot is over. */
struct ticket *door_table_by_token(const struct door_table *table, uint64_t token);
/* The one with the soonest deadline, or NULL. */
struct ticket *door_table_soonest(const struct door_table *table);
/* Into table->delivered, by position; or table->waiting or table->unsent, at the end. */
void door_table_list_delivered(struct door_table *table, struct ticket *ticket);
void door_table_list_waiting(struct door_table *table, struct ticket *ticket);
void door_table_list_unsent(struct door_table *table, struct ticket *ticket);
void door_table_unlist(struct ticket *ticket);

#endif
