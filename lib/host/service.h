/* What a service gives the host: a table and a handful of pure functions. Everything else (Kafka, ZeroMQ, Redis, LMDB,
 * ownership, recovery, replies) is the host's. A service's main is host_run(&service, argc, argv) (lib/host/host.h).
 *
 * decide, fire and apply run on the replica's thread inside the store's write transaction; accept and query run on the
 * door's thread. All are pure but for the rows they are handed (design invariant 4). */
#ifndef BHR_HOST_SERVICE_H
#define BHR_HOST_SERVICE_H

#include "lib/base/arena.h"
#include "lib/base/buffer.h"
#include "lib/base/status.h"
#include "lib/base/id.h"
#include "lib/base/outcome.h"
#include "lib/base/rows.h"
#include "lib/base/timers.h"
#include "lib/port/kept.h"
#include "lib/port/vault.h"

enum { SERVICE_EVENTS_MAX = 4, SERVICE_DETAIL_MAX = 160, SERVICE_ANSWER_MAX = 64 * 1024 };

/* Who asks and when it arrived: stamped by the door, carried in the command, so that a decision reads no clock, no
 * configuration and no policy (design section 2). */
struct ingress {
    struct slice system;       /* system id by CURVE key */
    struct slice organisation; /* ODS code of that system, from the policy file */
    struct slice role; /* what kind of booker the system is, from the policy file: "111", "practice", "hub", "" */
    struct slice user, user_role, purpose; /* of the human behind it, from a verified token; empty without one */
    struct slice correlation_id;
    int64_t received_at_ms;
    struct uuid
        entity_id; /* id for the thing the command may create: time of the command id + hash(source, command id) */
};

/* What another service is to be asked before a command is accepted. */
struct service_question {
    const char *method; /* "bhr.index.v1.IndexService/FindPerson" */
    struct slice body;
    bool is_query; /* asks only: without an answer nothing can have been done */
};
/* What became of it. Borrowed during the call. */
struct service_answer {
    uint32_t step;    /* which question of this command: 0 for the first */
    bool is_answered; /* in time, and by somebody who could; else there is no more than that */
    bool is_ok;       /* answered with REPLY_OK: body is the answer */
    struct slice body;
    uint64_t position; /* of the other's journal */
};

/* Keyed pseudonyms, the vault and the service's own configuration, for accept and query. */
struct service_context {
    const uint8_t *pseudonym_key; /* 32 bytes */
    const struct vault *vault;    /* seals what identifies a person, and opens it */
    /* The value of one of the service's own configuration rows, by name. A name that is not there is a bug. */
    int64_t (*config_number)(const struct service_context *context, const char *name);
    const void *config;
    const char *rules_file;       /* "" without one */
    const struct kept_port *kept; /* of a service that keeps requests; NULL where nothing is kept */
    void *derived;                /* only of a service that derives: what it has derived */
    /* In ask, and in accept of a service that derives: a snapshot of the rows. NULL else. */
    const struct rows *rows;
    struct slice own_organisation; /* ODS code under which other services know this one; empty when it asks none */
    /* In accept of a method that asks: what was answered last; is_answered false when there was no time or nobody to
     * ask. NULL when nothing was to be asked. */
    const struct service_answer *answer;
};

/* What a service holds in memory because its queries cannot read it from the rows fast enough: a search structure.
 * It follows from the rows and is never the truth. Loop's thread. */
struct service_derived {
    /* NULL without memory. */
    void *(*open)(const struct service_context *context, struct error *reterr_error);
    /* Brings it up to date with the rows, in a bounded step; true when there is more to do. Called until there is
     * not before the door opens, and with every commit before its replies leave, so that whoever was answered is
     * found. */
    bool (*follow)(void *derived, const struct service_context *context, const struct rows *rows);
    void (*close)(void *derived);
};

/* A service follows another one's journal: its source. The host reads and judges it where the partition is owned
 * (lib/host/reactor.h); what an event means here becomes a request of the service to itself, and the entry that follows
 * keeps the place, so that it moves on in the same transaction as what follows from the event. */
enum { SERVICE_PLACE_MAX = 256 };
struct service_place {
    int64_t offset; /* of the record followed last; -1: nothing yet */
    uint32_t done;  /* how many of its events were; 0: all */
    uint32_t size;
    uint8_t bytes[SERVICE_PLACE_MAX]; /* what judging the next record takes: as the host gave them */
};
struct service_news {
    struct service_place after, to;
    uint64_t number;    /* of the source's history */
    struct slice event; /* empty: nothing happened but that it was read so far */
};
struct service_request {
    const char *method; /* of this service */
    struct slice body;
};
enum service_reaction { REACTION_NONE, REACTION_REQUEST, REACTION_UNREADABLE };
struct service_source {
    const char *service; /* "index" */
    /* How far it was followed. */
    void (*place)(const struct rows *rows, struct service_place *ret_place);
    /* Pure: what the event means, as a request; an empty event always makes one. It and its memory lie in the arena. */
    enum service_reaction (*react)(const struct service_news *news, struct arena *arena,
                                   struct service_request *ret_request);
    /* What the service wants to ask of itself when there is no news: the next after *after (0 for the first), which is
     * moved there. False: nothing. */
    bool (*errand)(const struct rows *rows, uint64_t *after, struct arena *arena, struct service_request *ret_request);
};

/* Whose and whom a request is about, as far as the request and the local rows tell: for conditions of the policy and
 * for the audit record. Empty where it does not say. The slices lie in the arena that was handed in. */
struct service_subject {
    struct slice organisation; /* ODS code of whose appointments, plans ... they are */
    struct slice service_id;
    bool has_person;
    struct uuid person_id; /* pseudonymous */
};

/* A named answer. detail names the field and what was expected; never a value that could be personal. */
struct service_refusal {
    uint32_t outcome;
    char detail[SERVICE_DETAIL_MAX];
    /* Of a query: whom the answer or the refusal is about, where it found that out on its way. Then `about` need not look
     * again for the audit record. */
    struct service_subject subject;
};

/* What was decided about one piece of work: one outcome, the answer's bytes and at most SERVICE_EVENTS_MAX events. The
 * slices lie in the arena that was handed in. */
struct service_decision {
    uint32_t outcome;
    char detail[SERVICE_DETAIL_MAX]; /* for OUTCOME_UNREADABLE: the failing field */
    struct slice answer;             /* the encoded response message, or empty */
    uint32_t event_count;
    struct slice events[SERVICE_EVENTS_MAX];
};

/* Facts about the entry an event stands in. */
struct apply_context {
    int64_t decided_at_ms;
    uint64_t number;
};

enum method_kind { METHOD_COMMAND, METHOD_QUERY };

/* An event as others may see it: pseudonymous ids and codes, nothing that identifies or reaches a person. */
struct public_event {
    struct slice type;  /* full name of the message in value: "bhr.booking.v1.SlotBooked" */
    struct slice key;   /* pseudonymous id of what it is about */
    struct slice value; /* the message with its private fields removed */
};

/* Whether an answered query leaves a record in the audit trail (design invariant 9). Commands need none: the journal is
 * their record. */
enum audit_class {
    AUDIT_NONE,    /* no personal data in the answer */
    AUDIT_SPOOLED, /* the record outlives this process before the answer leaves */
    AUDIT_DURABLE, /* Kafka has acknowledged the record before the answer leaves */
};

struct service_method {
    const char *name; /* "bhr.booking.v1.BookingService/Book" */
    enum method_kind kind;
    const char *request_type; /* "bhr.booking.v1.BookRequest": what a record of a request topic calls it */
    enum audit_class audit;   /* of METHOD_QUERY; configuration may make AUDIT_SPOOLED durable */
    /* METHOD_COMMAND: checks the request as it came in and writes the command message to out. False: *ret_refusal says
     * which field and what was expected. */
    bool (*accept)(const struct service_context *context, const struct ingress *ingress, struct slice request,
                   struct arena *arena, struct buffer *out, struct service_refusal *ret_refusal);
    /* METHOD_QUERY: answers from the rows into out and returns the outcome; on another outcome than OK, *ret_refusal
     * says why. now_ms is for "is it past" only. */
    uint32_t (*query)(const struct service_context *context, const struct ingress *ingress, const struct rows *rows,
                      int64_t now_ms, struct slice request, struct arena *arena, struct buffer *out,
                      struct service_refusal *ret_refusal);
    /* METHOD_COMMAND, may be NULL: the next question to another service before accept, in memory of the arena. last is
     * NULL for the first one. False: nothing more to ask. Without an answer accept decides what is done. */
    bool (*ask)(const struct service_context *context, const struct ingress *ingress, struct slice request,
                const struct service_answer *last, struct arena *arena, struct service_question *ret_question);
    /* Both kinds, may be NULL: fills *ret_subject. False: the request cannot be read, or what it names is not in the
     * rows; then *ret_subject holds what is known nevertheless. It reads as accept and query do and changes nothing. */
    bool (*about)(const struct service_context *context, const struct ingress *ingress, const struct rows *rows,
                  struct slice request, struct arena *arena, struct service_subject *ret_subject);
};

struct service_config_row {
    const char *name; /* "hold_ttl_s" */
    int64_t default_value, min, max;
    const char *unit;
    const char *sentence;
};

struct service {
    const char *name;         /* "booking" */
    const char *command_type; /* ce_type of its command log: "bhr.booking.v1.BookingCommand" */
    uint32_t apply_version;   /* what this program can apply; entries it writes carry `schema` <= this */
    uint32_t schema;          /* lowest apply version able to read what this program writes */
    const struct service_method *methods;
    uint32_t method_count;
    const struct service_config_row *config_rows;
    uint32_t config_row_count;
    const struct outcome_row *outcomes; /* its own, codes from 100 */
    uint32_t outcome_count;

    const struct service_derived *derived; /* NULL: all it answers is in the rows */
    const struct service_source *source;   /* NULL: it follows nobody */

    /* Rows of its configuration: for how many hours it keeps some of what it was asked (0: nothing), and in how many MiB of
     * a file. NULL: it never keeps anything. */
    const char *kept_hours_row, *kept_mib_row;

    /* gather -> decide -> encode one command. Bytes that cannot be read are OUTCOME_UNREADABLE with the field named. */
    void (*decide)(const struct rows *rows, struct slice command, int64_t now_ms, struct arena *arena,
                   struct service_decision *ret_decision);
    /* The same for a due timer. Outcome OK with no event when there is nothing left to do. */
    void (*fire)(const struct rows *rows, struct timer_id timer, struct slice body, int64_t now_ms, struct arena *arena,
                 struct service_decision *ret_decision);
    /* Changes the rows as the event says. Cannot fail; false only when the bytes cannot be decoded, which stops the
     * replica (journal.md section 2). */
    bool (*apply)(const struct rows *rows, const struct apply_context *context, struct slice event);
    /* One readable line for `bhr watch` and the simulator's story, personal data masked, at most size_max bytes. */
    size_t (*describe)(struct slice event, char *ret_text, size_t size_max);
    /* What of an event is public; in memory of the arena or static. False when the bytes cannot be decoded or the
     * arena is too small: nothing may then be published. */
    bool (*publish)(struct slice event, struct arena *arena, struct public_event *ret_event);
    /* The same for an answer of the method, by the name of its rpc alone: *ret_type is the full name of the message in
     * *ret_bytes. False also for a method that it does not know. */
    bool (*publish_answer)(struct slice method, struct slice answer, struct arena *arena, struct slice *ret_type,
                           struct slice *ret_bytes);
};

/* "Book" of "bhr.booking.v1.BookingService/Book". */
static inline struct slice service_method_rpc(const struct service_method *method) {
    struct slice name = slice_text(method->name);
    for (size_t i = name.size; i > 0; i--) {
        if (name.data[i - 1] == '/') return slice_of(name.data + i, name.size - i);
    }
    return name;
}

/* The host's or the service's own; NULL for a code that this program does not know. */
static inline const struct outcome_row *service_outcome(const struct service *service, uint32_t code) {
    const struct outcome_row *row = outcome_common_row(code);
    for (uint32_t i = 0; row == NULL && i < service->outcome_count; i++) {
        if (service->outcomes[i].code == code) row = &service->outcomes[i];
    }
    return row;
}

/* By its stable name; NULL when there is none of that name. */
static inline const struct outcome_row *service_outcome_named(const struct service *service, struct slice name) {
    for (uint32_t code = 1; code < 100; code++) {
        const struct outcome_row *row = outcome_common_row(code);
        if (row != NULL && slice_equal(name, slice_text(row->name))) return row;
    }
    for (uint32_t i = 0; i < service->outcome_count; i++) {
        if (slice_equal(name, slice_text(service->outcomes[i].name))) return &service->outcomes[i];
    }
    return NULL;
}

#endif
