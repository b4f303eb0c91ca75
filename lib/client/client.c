/* The table of calls in flight and what becomes of each. A call is either waiting for an answer or resting until it is
 * sent again; both have one time at which something is due, so one look over the table serves them all. Owns its table
 * and a copy of each body; one thread; logs nothing: what went wrong is in the result. */
#include "lib/client/client.h"

#include "lib/base/assert.h"
#include "lib/client/client_internal.h"

#include <stdlib.h>

static struct pending *take_free(struct client *client);
static void release(struct client *client, struct pending *call);
static struct pending *find(const struct client *client, struct uuid request_id);
static struct pending **bucket_of(const struct client *client, struct uuid request_id);
static bool take_reply(struct client *client, struct client_result *ret_result);
static bool take_due(struct client *client, struct client_result *ret_result);

bool client_next(struct client *client, struct client_result *ret_result) {
    ASSERT(client != NULL);
    ASSERT(ret_result != NULL);
    return take_reply(client, ret_result) || take_due(client, ret_result);
}

void client_call(struct client *client, const struct client_call *call, struct client_result *ret_result) {
    ASSERT(client->in_flight == 0);
    struct error error;
    enum status status = client_submit(client, call, &error);
    if (status != STATUS_OK) {
        *ret_result = (struct client_result){.end = CLIENT_NOT_REACHED, .status = REPLY_UNAVAILABLE};
        pending_text(ret_result->outcome, sizeof ret_result->outcome, slice_text("unavailable"));
        pending_text(ret_result->message, sizeof ret_result->message, slice_text(error.message));
        return;
    }
    while (!client_next(client, ret_result)) client_wait(client, CLIENT_REST_MS_MAX);
    ASSERT(client->in_flight == 0);
}

enum status client_submit(struct client *client, const struct client_call *call, struct error *reterr_error) {
    ASSERT(call->limit_ms > 0);
    ASSERT(call->correlation_id.size <= EXCHANGE_CORRELATION_MAX);
    ASSERT(call->user_token.size <= EXCHANGE_USER_TOKEN_MAX);
    struct uuid request_id = uuid_is_zero(call->request_id) ? client_new_id(&client->clock) : call->request_id;
    if (find(client, request_id) != NULL) {
        return error_set(reterr_error, STATUS_CONFLICT, "this request id is under way already");
    }
    struct pending *pending = take_free(client);
    if (pending == NULL) return error_set(reterr_error, STATUS_FULL, "too many requests in flight");
    uint8_t *body = NULL;
    if (call->body.size > 0) {
        body = malloc(call->body.size);
        if (body == NULL) {
            release(client, pending);
            return error_set(reterr_error, STATUS_NO_MEMORY, "no memory for a request body");
        }
        memcpy(body, call->body.data, call->body.size);
    }
    pending_begin(pending, call, request_id, body, client->clock.monotonic_ms(client->clock.context));
    struct pending **bucket = bucket_of(client, request_id);
    pending->next = *bucket;
    *bucket = pending;
    pending_send(client, pending);
    return STATUS_OK;
}

void client_wait(struct client *client, int timeout_ms) {
    int64_t now_ms = client->clock.monotonic_ms(client->clock.context);
    int64_t until_due_ms = client->due_ms - now_ms;
    if (until_due_ms < timeout_ms) timeout_ms = until_due_ms < 0 ? 0 : (int)until_due_ms;
    client->dealer.wait(client->dealer.context, timeout_ms);
}

struct client *client_new(const struct client_options *options, const struct client_dealer *dealer,
                          const struct clock_port *clock) {
    ASSERT(options->in_flight_max <= CLIENT_IN_FLIGHT_MAX);
    struct client *client = calloc(1, sizeof *client);
    if (client == NULL) return NULL;
    client->dealer = *dealer;
    client->clock = *clock;
    client->attempt_ms = options->attempt_ms > 0 ? options->attempt_ms : CLIENT_ATTEMPT_MS_DEFAULT;
    client->in_flight_max = options->in_flight_max > 0 ? options->in_flight_max : 1;
    client->due_ms = INT64_MAX;
    client->bucket_count = 16;
    while (client->bucket_count < client->in_flight_max) client->bucket_count *= 2;
    client->calls = calloc(client->in_flight_max, sizeof *client->calls);
    client->buckets = calloc(client->bucket_count, sizeof *client->buckets);
    if (client->calls == NULL || client->buckets == NULL) {
        client_free(client);
        return NULL;
    }
    for (uint32_t i = 0; i < client->in_flight_max; i++) {
        client->calls[i].next = client->free;
        client->free = &client->calls[i];
    }
    return client;
}

void client_free(struct client *client) {
    if (client == NULL) return;
    for (uint32_t i = 0; client->calls != NULL && i < client->in_flight_max; i++) free(client->calls[i].body);
    free(client->calls);
    free(client->buckets);
    free(client);
}

uint32_t client_in_flight(const struct client *client) {
    return client->in_flight;
}

struct uuid client_new_id(const struct clock_port *clock) {
    uint8_t tail[10];
    clock->random(clock->context, tail, sizeof tail);
    return uuid_v7_make(clock->wall_ms(clock->context), tail);
}

/* A reply that belongs to no call here came too late: its call has ended. Bytes that are no reply are dropped; their call
 * runs into its time. */
static bool take_reply(struct client *client, struct client_result *ret_result) {
    struct slice frame, body;
    while (client->dealer.receive(client->dealer.context, &frame, &body)) {
        struct reply_header header;
        const char *fault;
        if (!reply_header_decode(frame, &header, &fault)) continue;
        struct pending *call = find(client, header.request_id);
        if (call == NULL) continue;
        if (!pending_answered(client, call, &header, body, ret_result)) continue;
        release(client, call);
        return true;
    }
    return false;
}

/* Looks at the whole table, but only when something in it is due: with an answer for most calls in time that is rare. */
static bool take_due(struct client *client, struct client_result *ret_result) {
    int64_t now_ms = client->clock.monotonic_ms(client->clock.context);
    if (now_ms < client->due_ms) return false;
    client->due_ms = INT64_MAX;
    for (uint32_t i = 0; i < client->in_flight_max; i++) {
        struct pending *call = &client->calls[i];
        if (!call->is_used) continue;
        if (now_ms >= call->deadline_ms) {
            client->due_ms = now_ms; /* there may be more: look again */
            pending_give_up(client, call, ret_result);
            release(client, call);
            return true;
        }
        if (now_ms >= call->due_ms) {
            pending_unanswered(call);
            pending_send(client, call);
        }
        pending_note_due(client, call);
    }
    return false;
}

static struct pending *take_free(struct client *client) {
    struct pending *call = client->free;
    if (call == NULL) return NULL;
    ASSERT(!call->is_used);
    client->free = call->next;
    *call = (struct pending){.is_used = true};
    client->in_flight++;
    return call;
}

static void release(struct client *client, struct pending *call) {
    ASSERT(call->is_used);
    ASSERT(client->in_flight > 0);
    for (struct pending **p = bucket_of(client, call->request_id); *p != NULL; p = &(*p)->next) {
        if (*p != call) continue;
        *p = call->next;
        break;
    }
    free(call->body);
    *call = (struct pending){.next = client->free};
    client->free = call;
    client->in_flight--;
}

static struct pending *find(const struct client *client, struct uuid request_id) {
    for (struct pending *call = *bucket_of(client, request_id); call != NULL; call = call->next) {
        if (uuid_equal(call->request_id, request_id)) return call;
    }
    return NULL;
}

/* The tail of a version 7 id is random: no further hashing is needed. */
static struct pending **bucket_of(const struct client *client, struct uuid request_id) {
    uint32_t tail;
    memcpy(&tail, request_id.bytes + 12, sizeof tail);
    return &client->buckets[tail & (client->bucket_count - 1)];
}
