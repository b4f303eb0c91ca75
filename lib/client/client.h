/* Asks a service over ZeroMQ and does not let go until there is an answer: the same request id again when a server is too
 * busy, unavailable or silent, on the next server, up to the caller's time limit. So a caller never needs a retry loop of
 * its own, and nothing is ever done twice (design section 6).
 *
 * Two ways to use it, one code path: client_call for one question at a time (command line), client_submit and client_next
 * for many in flight (load generator, gateway). One thread owns a client; it never sleeps but in client_call and
 * client_wait. */
#ifndef BHR_CLIENT_CLIENT_H
#define BHR_CLIENT_CLIENT_H

#include "lib/base/id.h"
#include "lib/base/outcome.h"
#include "lib/base/slice.h"
#include "lib/base/status.h"
#include "lib/port/clock.h"
#include "lib/wire/exchange/exchange.h"

enum {
    CLIENT_IN_FLIGHT_MAX = 65536,
    CLIENT_ATTEMPT_MS_DEFAULT = 1500, /* without an answer for so long, ask again: the next server may be alive */
    CLIENT_REST_MS_MIN = 20,          /* before asking again when nobody says how long; doubles up to the maximum */
    CLIENT_REST_MS_MAX = 1000,
    CLIENT_CONNECT_MS = 5, /* before trying again when no server is connected */
};

/* The connection: one DEALER to all servers of the service, each message to the next server that is connected. */
struct client_dealer {
    void *context;
    /* Copies and queues. STATUS_UNAVAILABLE: no server is connected now; STATUS_FULL: they do not take more now. */
    enum status (*send)(void *context, struct slice header, struct slice body);
    /* The next reply; false when there is none now. Borrowed until the next call of receive. */
    bool (*receive)(void *context, struct slice *ret_header, struct slice *ret_body);
    /* Sleeps until there may be something to receive or to send, or the time is up. */
    void (*wait)(void *context, int timeout_ms);
};

struct client_options {
    uint32_t in_flight_max; /* 1 .. CLIENT_IN_FLIGHT_MAX; 0 means 1 */
    int64_t attempt_ms;     /* 0 means CLIENT_ATTEMPT_MS_DEFAULT */
};

struct client_call {
    const char *method;          /* static: kept until the call ends */
    struct slice body;           /* copied */
    struct uuid request_id;      /* all zeros: a new one (UUIDv7) */
    struct slice correlation_id; /* copied, at most EXCHANGE_CORRELATION_MAX; may be empty */
    struct slice user_token;     /* of the human who asks, or empty; kept by the caller until the call ends */
    int64_t limit_ms;            /* how long to go on asking, from now; > 0 */
    int64_t min_position;        /* queries: answer only from a store that has read so far */
    bool is_query;               /* asks only: without an answer nothing can have been done */
    uint64_t token;              /* comes back in the result */
};

enum client_end {
    CLIENT_ANSWERED,    /* status says what */
    CLIENT_NOT_REACHED, /* no server took it, or (a query) none answered in time: nothing was done */
    CLIENT_NOT_KNOWN,   /* it may or may not have been done: ask again with the same id */
};

struct client_result {
    enum client_end end;
    enum reply_status
        status; /* of CLIENT_ANSWERED; REPLY_UNKNOWN_OUTCOME for CLIENT_NOT_KNOWN, else REPLY_UNAVAILABLE */
    struct uuid request_id;
    uint64_t token;
    char outcome[EXCHANGE_OUTCOME_MAX + 1];
    char message[EXCHANGE_TEXT_MAX + 1];
    char detail[EXCHANGE_TEXT_MAX + 1];
    char answered_by[EXCHANGE_TEXT_MAX + 1];
    bool is_repeated; /* the first answer to this id, given before */
    int64_t position; /* of the journal: a query with min_position of this sees it */
    int64_t retry_after_ms;
    uint32_t attempts; /* times it was sent */
    int64_t took_ms;   /* since it was submitted */
    struct slice body; /* borrowed until the next call on this client but client_submit */
};

struct client;
/* NULL when there is no memory. dealer and clock are copied; what they point at must outlive the client. */
struct client *client_new(const struct client_options *options, const struct client_dealer *dealer,
                          const struct clock_port *clock);
void client_free(struct client *client);

/* Asks once and waits for the end. Nothing else may be in flight. */
void client_call(struct client *client, const struct client_call *call, struct client_result *ret_result);

/* STATUS_FULL: in_flight_max calls are under way. STATUS_NO_MEMORY. STATUS_CONFLICT: this id is under way already. */
MUST_CHECK enum status client_submit(struct client *client, const struct client_call *call, struct error *reterr_error);
/* Receives, asks again what is due, and hands over the next call that has ended; false when none has. Never waits. */
bool client_next(struct client *client, struct client_result *ret_result);
/* Sleeps until client_next may have news, at most timeout_ms. */
void client_wait(struct client *client, int timeout_ms);
uint32_t client_in_flight(const struct client *client);

/* A new request id: UUIDv7 of this clock. */
struct uuid client_new_id(const struct clock_port *clock);

#endif
