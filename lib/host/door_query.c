/* One query: answered from a snapshot of this process's own store, at once, or when the store has read as far as the
 * caller asks. Nothing is written and nobody else is asked. Loop's thread. */
#include "lib/host/door_internal.h"

#include "lib/host/replica_meta.h"

#include <stdlib.h>

static void answer_query(struct door *door, const struct door_request *request);
static void find_subject(struct door *door, const struct door_request *request, const struct ingress *ingress,
                         const struct rows *rows, struct service_subject *ret_subject);
static uint64_t position_of(const struct door *door, const struct rows *rows);
static uint32_t keep_waiting(struct door *door, const struct door_request *request, int64_t *ret_retry_ms);

void door_query(struct door *door, const struct door_request *request) {
    ASSERT(request->caller.method->kind == METHOD_QUERY);
    ASSERT(request->header.min_position >= 0);
    if ((uint64_t)request->header.min_position <= door->number) {
        answer_query(door, request);
        return;
    }
    struct door_reply reply = {0};
    reply.outcome = keep_waiting(door, request, &reply.retry_after_ms);
    if (reply.outcome == OUTCOME_OK) return; /* the ticket's reply leaves later */
    if (reply.outcome == OUTCOME_BEHIND) reply.position = door->number;
    door_reply(door, &request->caller, &reply);
}

static void answer_query(struct door *door, const struct door_request *request) {
    enum audit_class audit = door_audit_class(door, request->caller.method);
    if (audit != AUDIT_NONE && !door_audit_has_room(door, request, audit)) {
        const struct door_reply busy = {.outcome = OUTCOME_TOO_BUSY, .retry_after_ms = DOOR_AUDIT_RETRY_MS};
        door_reply(door, &request->caller, &busy);
        return;
    }
    struct rows rows;
    struct error error;
    const struct store *store = &door->ports.store;
    if (store->read_begin(store->context, &rows, &error) != STATUS_OK) {
        door_alarm(door, "store", error.message);
        door_reply(door, &request->caller, &(struct door_reply){.outcome = OUTCOME_UNAVAILABLE});
        return;
    }
    struct ingress ingress = door_ingress(door, request);
    struct service_refusal refusal = {0};
    struct door_reply reply = {.position = position_of(door, &rows)};
    door->answer.size = 0;
    door->answer.is_full = false;
    uint32_t denied = door_may_ask_about(door, request, &rows);
    if (denied != OUTCOME_OK) {
        store->read_end(store->context, &rows);
        door_audit_refusal(door, request, denied);
        door_reply(door, &request->caller, &(struct door_reply){.outcome = denied});
        return;
    }
    reply.outcome = request->caller.method->query(&door->options.service_context, &ingress, &rows, door->wall_ms,
                                                  request->body, &door->arena, &door->answer, &refusal);
    if (audit != AUDIT_NONE && !refusal.subject.has_person) {
        find_subject(door, request, &ingress, &rows, &refusal.subject);
    }
    store->read_end(store->context, &rows);
    if (reply.outcome != OUTCOME_OK) {
        reply.detail = slice_of(refusal.detail, strnlen(refusal.detail, SERVICE_DETAIL_MAX));
    } else if (door->answer.is_full) {
        reply.outcome = OUTCOME_TOO_LARGE;
    } else {
        reply.body = buffer_slice(&door->answer);
    }
    if (audit == AUDIT_NONE) {
        door_reply(door, &request->caller, &reply);
    } else {
        door_audit_answer(door, request, &ingress, &refusal.subject, &reply);
    }
}

/* Whose data it was, for the audit record; empty where the service does not know. Lies in the request's arena. */
static void find_subject(struct door *door, const struct door_request *request, const struct ingress *ingress,
                         const struct rows *rows, struct service_subject *ret_subject) {
    const struct service_method *method = request->caller.method;
    ASSERT(method->audit != AUDIT_NONE);
    if (method->about == NULL) return;
    (void)method->about(&door->options.service_context, ingress, rows, request->body, &door->arena, ret_subject);
}

/* The snapshot may be ahead of the last news; whoever asks with this position must see at least what it showed. */
static uint64_t position_of(const struct door *door, const struct rows *rows) {
    struct replica_meta meta;
    return replica_meta_read(rows, &meta) == META_FOUND ? meta.journal.number : door->number;
}

/* OUTCOME_OK when the query now waits in a ticket, with its bytes copied; else why it cannot. */
static uint32_t keep_waiting(struct door *door, const struct door_request *request, int64_t *ret_retry_ms) {
    int64_t wait_ms = door->options.limits.position_wait_ms_max;
    int64_t time_left_ms = request->deadline_ms - door->wall_ms;
    ASSERT(time_left_ms > 0);
    if (wait_ms == 0) return OUTCOME_BEHIND;
    if (wait_ms > time_left_ms) wait_ms = time_left_ms;
    struct slice correlation_id = request->header.correlation_id, token = request->header.user_token;
    bool has_room = door_has_room(door, request->system) && door->table.waiting.count < DOOR_WAITING_QUERIES_MAX;
    uint8_t *bytes = has_room ? malloc(correlation_id.size + token.size + request->body.size + 1) : NULL;
    if (bytes == NULL) {
        *ret_retry_ms = DOOR_BUSY_RETRY_MS;
        return OUTCOME_TOO_BUSY;
    }
    if (correlation_id.size > 0) memcpy(bytes, correlation_id.data, correlation_id.size);
    if (token.size > 0) memcpy(bytes + correlation_id.size, token.data, token.size);
    if (request->body.size > 0) {
        memcpy(bytes + correlation_id.size + token.size, request->body.data, request->body.size);
    }
    struct ticket *ticket = door_open_ticket(door, TICKET_QUERY, &request->caller, door->monotonic_ms + wait_ms);
    ticket->min_position = (uint64_t)request->header.min_position;
    ticket->deadline_ms = request->deadline_ms;
    ticket->query_bytes = bytes;
    ticket->correlation_size = correlation_id.size;
    ticket->token_size = token.size;
    ticket->body_size = request->body.size;
    door_table_list_waiting(&door->table, ticket);
    return OUTCOME_OK;
}

void door_run_waiting(struct door *door) {
    struct ticket *next;
    for (struct ticket *ticket = door->table.waiting.first; ticket != NULL; ticket = next) {
        ASSERT(ticket->kind == TICKET_QUERY);
        next = ticket->list_next;
        if (ticket->min_position > door->number) continue;
        const uint8_t *token = ticket->query_bytes + ticket->correlation_size;
        struct door_request request = {
            .caller = ticket->caller,
            .header.correlation_id = slice_of(ticket->query_bytes, ticket->correlation_size),
            .header.user_token = slice_of(token, ticket->token_size),
            .body = slice_of(token + ticket->token_size, ticket->body_size),
            .system = policy_by_id(door->policy, ticket->caller.system),
            .deadline_ms = ticket->deadline_ms,
        };
        /* The policy may have changed while it waited, and the token have run out. */
        arena_reset(&door->arena);
        struct door_reply reply = {0};
        reply.outcome = door_find_user(door, &request, &reply.detail);
        if (reply.outcome == OUTCOME_OK) reply.outcome = door_may_ask(door, &request);
        if (reply.outcome == OUTCOME_OK) {
            answer_query(door, &request);
        } else {
            door_audit_refusal(door, &request, reply.outcome);
            door_reply(door, &ticket->caller, &reply);
        }
        door_forget_ticket(door, ticket);
    }
}
