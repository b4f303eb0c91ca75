/* Private to lib/client: one call in flight, and the steps of its life (pending.c) over the table that holds it
 * (client.c). */
#ifndef BHR_CLIENT_CLIENT_INTERNAL_H
#define BHR_CLIENT_CLIENT_INTERNAL_H

#include "lib/client/client.h"

struct pending {
    bool is_used;
    struct pending *next; /* in its bucket, or in the list of free ones */
    struct uuid request_id;
    const char *method;
    uint8_t *body;
    size_t body_size;
    char correlation_id[EXCHANGE_CORRELATION_MAX];
    size_t correlation_size;
    struct slice user_token; /* the caller's */
    int64_t min_position;
    bool is_query;
    uint64_t token;
    int64_t submitted_at_ms, deadline_ms; /* monotonic */

    int64_t due_ms;       /* when to send (again) */
    bool is_waiting;      /* sent, no answer yet; otherwise resting until due_ms */
    bool is_perhaps_done; /* some attempt may have been done without our knowing */
    int64_t rest_ms;      /* next rest when nobody says how long */
    uint32_t attempts;
    bool has_answer; /* the last answer that was not the end: what to report when time runs out */
    enum reply_status status;
    char outcome[EXCHANGE_OUTCOME_MAX + 1];
    char message[EXCHANGE_TEXT_MAX + 1];
    char answered_by[EXCHANGE_TEXT_MAX + 1];
    int64_t retry_after_ms;
};

struct client {
    struct client_dealer dealer;
    struct clock_port clock;
    int64_t attempt_ms;
    uint32_t in_flight_max, in_flight;
    struct pending *calls;
    struct pending *free;
    struct pending **buckets;
    uint32_t bucket_count; /* a power of two */
    int64_t due_ms;        /* nothing in the table is due before this */
};

/* Takes body. */
void pending_begin(struct pending *call, const struct client_call *from, struct uuid request_id, uint8_t *body,
                   int64_t now_ms);
/* Sends the call, or rests when no server takes it. */
void pending_send(struct client *client, struct pending *call);
/* Its time for an answer is over. */
void pending_unanswered(struct pending *call);
/* True: this is the end, *ret_result says how. False: it will be asked again. */
bool pending_answered(struct client *client, struct pending *call, const struct reply_header *header, struct slice body,
                      struct client_result *ret_result);
void pending_give_up(struct client *client, struct pending *call, struct client_result *ret_result);
void pending_note_due(struct client *client, const struct pending *call);
/* Copies text into memory of that size, cut where it does not fit, ended by NUL. */
void pending_text(char *to, size_t to_size, struct slice text);

#endif
