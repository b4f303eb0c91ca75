/* Commands that wait for what another service says: the service's ask names the question, the ticket keeps the request
 * meanwhile. Nothing depends on the other being there: without an answer in time the command goes on, and the service's
 * accept does without (design section 6 "Person"). Loop's thread. */
#include "lib/host/door_internal.h"

#include <stdlib.h>

static bool next_question(struct door *door, const struct door_request *request, const struct service_answer *last,
                          struct service_question *ret_question);
static bool keep(struct ticket *ticket, const struct door_request *request);
static bool send(struct door *door, const struct door_request *request, struct ticket *ticket,
                 const struct service_question *question);
static void go_on(struct door *door, struct ticket *ticket, const struct ask_answer *answer);

/* What accept is told when nobody could be asked. */
static const struct service_answer NOBODY = {.is_answered = false};

bool door_ask(struct door *door, const struct door_request *request, struct digest digest) {
    struct service_question question;
    ASSERT(door->answered == NULL);
    if (request->caller.method->ask == NULL || door->ports.ask.ask == NULL) return false;
    if (!next_question(door, request, NULL, &question)) return false;
    int64_t time_left_ms = request->deadline_ms - door->wall_ms;
    ASSERT(time_left_ms > 0);
    struct ticket *ticket = door_open_ticket(door, TICKET_COMMAND, &request->caller, door->monotonic_ms + time_left_ms);
    ticket->digest = digest;
    ticket->position.offset = -1;
    if (keep(ticket, request) && send(door, request, ticket, &question)) return true;
    door_forget_ticket(door, ticket);
    door->answered = &NOBODY;
    return false;
}

bool door_take_answers(struct door *door) {
    if (door->ports.ask.next == NULL) return false;
    for (uint32_t i = 0; i < door->options.limits.requests_per_step_max; i++) {
        struct ask_answer answer;
        if (!door->ports.ask.next(door->ports.ask.context, &answer)) return false;
        struct ticket *ticket = door_table_by_token(&door->table, answer.token);
        /* The caller's time was up before the question's. */
        if (ticket == NULL || ticket->asked == NULL) continue;
        go_on(door, ticket, &answer);
    }
    return true;
}

/* The policy may have changed while it waited, and the token have run out. */
static uint32_t admit_again(struct door *door, struct door_request *request, struct slice *ret_detail) {
    if (request->system == NULL) return OUTCOME_DENIED;
    uint32_t outcome = door_find_user(door, request, ret_detail);
    if (outcome == OUTCOME_OK) outcome = door_may_ask(door, request);
    if (outcome != OUTCOME_OK) door_audit_refusal(door, request, outcome);
    return outcome;
}

static void go_on(struct door *door, struct ticket *ticket, const struct ask_answer *answer) {
    struct asked_command *asked = ticket->asked;
    const uint8_t *at = asked->bytes;
    struct door_request request = {.caller = ticket->caller,
                                   .system = policy_by_id(door->policy, ticket->caller.system),
                                   .deadline_ms = asked->deadline_ms};
    request.header = (struct request_header){.method = slice_text(ticket->caller.method->name),
                                             .request_id = ticket->caller.request_id,
                                             .correlation_id = slice_of(at, asked->correlation_size)};
    at += asked->correlation_size;
    request.header.traceparent = slice_of(at, asked->traceparent_size);
    at += asked->traceparent_size;
    request.header.user_token = slice_of(at, asked->token_size);
    request.body = slice_of(at + asked->token_size, asked->body_size);
    struct service_answer last = {.step = asked->step,
                                  .is_answered = answer->is_answered,
                                  .is_ok = answer->is_ok,
                                  .body = answer->body,
                                  .position = answer->position};
    arena_reset(&door->arena);
    struct door_reply reply = {0};
    struct service_question question;
    reply.outcome = admit_again(door, &request, &reply.detail);
    bool is_admitted = reply.outcome == OUTCOME_OK;
    if (is_admitted && next_question(door, &request, &last, &question)) {
        asked->step++;
        if (send(door, &request, ticket, &question)) return;
        last = (struct service_answer){.step = asked->step};
    }
    ticket->asked = NULL;
    door->going_on = asked; /* the request borrows from it until the end */
    door->answered = &last;
    if (!is_admitted || !door_write_asked(door, &request, ticket, &reply)) door_close_ticket(door, ticket, &reply);
    door->answered = NULL;
    door->going_on = NULL;
    free(asked);
}

static bool next_question(struct door *door, const struct door_request *request, const struct service_answer *last,
                          struct service_question *ret_question) {
    struct service_context context = door->options.service_context;
    const struct store *store = &door->ports.store;
    struct ingress ingress = door_ingress(door, request);
    struct rows rows;
    struct error error;
    if (store->read_begin(store->context, &rows, &error) != STATUS_OK) {
        door_alarm(door, "store", error.message);
        return false;
    }
    context.rows = &rows;
    *ret_question = (struct service_question){0};
    bool is_there = request->caller.method->ask(&context, &ingress, request->body, last, &door->arena, ret_question);
    store->read_end(store->context, &rows);
    return is_there;
}

static bool keep(struct ticket *ticket, const struct door_request *request) {
    const struct request_header *header = &request->header;
    const struct slice parts[] = {header->correlation_id, header->traceparent, header->user_token, request->body};
    size_t size = 0;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) size += parts[i].size;
    struct asked_command *asked = malloc(sizeof *asked + size);
    if (asked == NULL) return false;
    *asked = (struct asked_command){.deadline_ms = request->deadline_ms,
                                    .correlation_size = header->correlation_id.size,
                                    .traceparent_size = header->traceparent.size,
                                    .token_size = header->user_token.size,
                                    .body_size = request->body.size};
    struct buffer bytes = buffer_over(asked->bytes, size);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) buffer_put(&bytes, parts[i].data, parts[i].size);
    ASSERT(!bytes.is_full);
    ticket->asked = asked;
    return true;
}

/* Half of the caller's time is left for the command itself. */
static bool send(struct door *door, const struct door_request *request, struct ticket *ticket,
                 const struct service_question *question) {
    int64_t limit_ms = door->options.limits.ask_ms_max;
    int64_t share_ms = (request->deadline_ms - door->wall_ms) / 2;
    if (share_ms < limit_ms) limit_ms = share_ms;
    if (limit_ms <= 0) return false;
    const struct ask_question ask = {.method = question->method,
                                     .body = question->body,
                                     .correlation_id = request->header.correlation_id,
                                     .is_query = question->is_query,
                                     .limit_ms = limit_ms,
                                     .token = door_table_token(&door->table, ticket)};
    return door->ports.ask.ask(door->ports.ask.context, &ask) == STATUS_OK;
}
