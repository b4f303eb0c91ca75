/* One command's way: is it a repeat? may the service take it? then into the command log, and a ticket waits for
 * news. The news come from five sides, in any order: delivery report, the replica's answer, its commits, Redis
 * (door_marker.c), the deadline; whichever settles the matter first closes the ticket, and the others then find none.
 * Loop's thread. It never decides. */
#include "lib/host/door_internal.h"

#include "lib/base/civil_time.h"
#include "lib/base/text.h"

#include <stdio.h>

enum { ENTITY_TAIL_SIZE = 10 };
static_assert((int)COMMAND_CORRELATION_MAX >= (int)EXCHANGE_CORRELATION_MAX, "a replica takes what a door lets in");

enum first_answer { FIRST_ABSENT, FIRST_FOUND, FIRST_UNREADABLE };

static bool answer_at_once(struct door *door, const struct door_request *request, struct digest digest,
                           struct door_reply *reply);
static bool write_command(struct door *door, const struct door_request *request, struct digest digest,
                          struct door_reply *reply);
static uint32_t may_do(struct door *door, const struct door_request *request);
static bool accept(struct door *door, const struct door_request *request, struct door_reply *reply);
static bool append(struct door *door, const struct door_request *request, struct ticket *ticket, uint64_t awaited);
static enum first_answer find_first_answer(struct door *door, const struct door_caller *caller, struct digest digest,
                                           struct door_reply *ret_reply);
static void settle_from_store(struct door *door, struct ticket *ticket);
static void on_report(struct door *door, const struct topic_report *report);

void door_command(struct door *door, const struct door_request *request) {
    ASSERT(request->caller.method->kind == METHOD_COMMAND);
    struct door_reply reply = {0};
    struct digest digest = door->ports.hash(request->header.method, request->body);
    bool is_answered = answer_at_once(door, request, digest, &reply);
    if (!is_answered && write_command(door, request, digest, &reply)) return; /* the ticket's reply leaves later */
    door_reply(door, &request->caller, &reply);
}

/* What needs no new entry: an id that cannot be one, and a repeat. False: this command is new here. */
static bool answer_at_once(struct door *door, const struct door_request *request, struct digest digest,
                           struct door_reply *reply) {
    struct uuid id = request->header.request_id;
    if (!uuid_is_v7(id)) {
        reply->outcome = OUTCOME_INVALID;
        reply->detail = slice_text("request_id: expected a UUID of version 7");
        return true;
    }
    switch (find_first_answer(door, &request->caller, digest, reply)) {
    case FIRST_FOUND:
        return true;
    case FIRST_UNREADABLE:
        reply->outcome = OUTCOME_UNAVAILABLE;
        return true;
    case FIRST_ABSENT:
        break;
    }
    const struct ticket *running = door_table_find(&door->table, slice_text(request->caller.system), id);
    if (running != NULL) {
        reply->outcome = digest_equal(running->digest, digest) ? OUTCOME_IN_PROGRESS : OUTCOME_ID_REUSED;
        return true;
    }
    /* Only now the id's age: a door whose clock is wrong must not say no to what was done. */
    if (answers_id_is_too_old(id, door->wall_ms)) {
        reply->outcome = OUTCOME_TOO_OLD;
        return true;
    }
    if (answers_id_is_from_future(id, door->wall_ms)) {
        reply->outcome = OUTCOME_FROM_FUTURE;
        return true;
    }
    return false;
}

/* True when the command is on its way and a ticket waits for its outcome; false with the reply that says why not. */
static bool write_command(struct door *door, const struct door_request *request, struct digest digest,
                          struct door_reply *reply) {
    if (!door->knows_position) {
        reply->outcome = OUTCOME_UNAVAILABLE;
        return false;
    }
    if (door_backlog_is_full(door, &reply->retry_after_ms)) {
        reply->outcome = OUTCOME_TOO_BUSY;
        return false;
    }
    reply->outcome = may_do(door, request);
    if (reply->outcome != OUTCOME_OK) return false;
    if (door_ask(door, request, digest)) return true;
    bool is_accepted = accept(door, request, reply);
    uint64_t awaited = door_take_awaited(door);
    door->answered = NULL;
    if (!is_accepted) return false;
    int64_t time_left_ms = request->deadline_ms - door->wall_ms;
    ASSERT(time_left_ms > 0);
    struct ticket *ticket = door_open_ticket(door, TICKET_COMMAND, &request->caller, door->monotonic_ms + time_left_ms);
    ticket->digest = digest;
    ticket->position = (struct position){.generation = door->resume_at.generation, .offset = -1};
    if (append(door, request, ticket, awaited)) return true;
    door_forget_ticket(door, ticket);
    reply->outcome = OUTCOME_TOO_BUSY;
    reply->retry_after_ms = DOOR_BUSY_RETRY_MS;
    return false;
}

bool door_write_asked(struct door *door, const struct door_request *request, struct ticket *ticket,
                      struct door_reply *reply) {
    ASSERT(ticket->asked == NULL && ticket->unsent == NULL);
    reply->outcome = may_do(door, request);
    if (reply->outcome != OUTCOME_OK) return false;
    bool is_accepted = accept(door, request, reply);
    uint64_t awaited = door_take_awaited(door);
    if (!is_accepted) return false;
    ticket->position = (struct position){.generation = door->resume_at.generation, .offset = -1};
    if (append(door, request, ticket, awaited)) return true;
    reply->outcome = OUTCOME_TOO_BUSY;
    reply->retry_after_ms = DOOR_BUSY_RETRY_MS;
    return false;
}

/* What the policy says when it depends on what the command is about. Only of new commands: what was done already may be
 * about a hold that is gone by now, and its caller must hear that it was done. A caller that has just seen more than this
 * store holds says so with min_position and is not denied for it. */
static uint32_t may_do(struct door *door, const struct door_request *request) {
    if (!request->needs_subject) return OUTCOME_OK;
    if ((uint64_t)request->header.min_position > door->number) return OUTCOME_BEHIND;
    struct rows rows;
    struct error error;
    const struct store *store = &door->ports.store;
    if (store->read_begin(store->context, &rows, &error) != STATUS_OK) {
        door_alarm(door, "store", error.message);
        return OUTCOME_UNAVAILABLE;
    }
    uint32_t outcome = door_may_ask_about(door, request, &rows);
    store->read_end(store->context, &rows);
    if (outcome != OUTCOME_OK) door_audit_refusal(door, request, outcome);
    return outcome;
}

/* A service that derives also reads its rows: what it has derived leads to them. So does one that asked: what it was told
 * is about them. */
static bool ask_service(struct door *door, const struct door_request *request, const struct ingress *ingress,
                        struct service_refusal *ret_refusal) {
    struct service_context context = door->options.service_context;
    const struct store *store = &door->ports.store;
    struct rows rows;
    struct error error;
    door->command.size = 0;
    door->command.is_full = false;
    bool has_rows = door->options.service->derived != NULL || request->caller.method->ask != NULL;
    context.answer = door->answered;
    if (has_rows && store->read_begin(store->context, &rows, &error) != STATUS_OK) {
        door_alarm(door, "store", error.message);
        ret_refusal->outcome = OUTCOME_UNAVAILABLE;
        return false;
    }
    context.rows = has_rows ? &rows : NULL;
    bool is_accepted =
        request->caller.method->accept(&context, ingress, request->body, &door->arena, &door->command, ret_refusal);
    if (has_rows) store->read_end(store->context, &rows);
    return is_accepted;
}

/* The service's own check; the command message is then in door->command. */
static bool accept(struct door *door, const struct door_request *request, struct door_reply *reply) {
    struct slice source = slice_text(request->caller.system);
    struct uuid id = request->header.request_id;
    struct digest tail = door->ports.hash(source, slice_of(id.bytes, sizeof id.bytes));
    static_assert(sizeof tail.bytes >= ENTITY_TAIL_SIZE, "the digest fills the tail of an id");
    struct ingress ingress = door_ingress(door, request);
    ingress.entity_id = uuid_v7_make(uuid_v7_time_ms(id), tail.bytes);
    struct service_refusal refusal = {0};
    if (!ask_service(door, request, &ingress, &refusal)) {
        reply->outcome = refusal.outcome == 0 ? OUTCOME_INVALID : refusal.outcome;
        reply->detail = arena_copy(&door->arena, slice_of(refusal.detail, strnlen(refusal.detail, SERVICE_DETAIL_MAX)));
        return false;
    }
    if (door->command.is_full) {
        reply->outcome = OUTCOME_REQUEST_TOO_LARGE;
        return false;
    }
    return true;
}

/* To the command log, or back until the key is kept that it waits for. False when there is no memory to wait in. */
static bool append(struct door *door, const struct door_request *request, struct ticket *ticket, uint64_t awaited) {
    char id[UUID_TEXT_SIZE], digest[2 * sizeof ticket->digest.bytes], time[CIVIL_INSTANT_SIZE], decide_by[24];
    uuid_format(request->header.request_id, id);
    text_hex(ticket->digest.bytes, sizeof ticket->digest.bytes, digest);
    civil_format_instant(door->wall_ms, time);
    int decide_by_size = snprintf(decide_by, sizeof decide_by, "%lld", (long long)request->deadline_ms);
    ASSERT(decide_by_size > 0 && (size_t)decide_by_size < sizeof decide_by);
    struct topic_header headers[DOOR_HEADERS_MAX] = {
        {slice_text(COMMAND_HEADER_SOURCE), slice_text(request->caller.system)},
        {slice_text(COMMAND_HEADER_ID), slice_of(id, sizeof id)},
        {slice_text(COMMAND_HEADER_DIGEST), slice_of(digest, sizeof digest)},
        {slice_text(COMMAND_HEADER_DECIDE_BY), slice_of(decide_by, (size_t)decide_by_size)},
        {slice_text("ce_type"), slice_text(door->options.service->command_type)},
        {slice_text("ce_specversion"), slice_text("1.0")},
        {slice_text("ce_time"), slice_of(time, sizeof time)},
        {slice_text("content-type"), slice_text("application/protobuf")},
    };
    uint32_t count = 8;
    struct slice method = service_method_rpc(request->caller.method);
    if (text_is_token(method, COMMAND_METHOD_MAX)) {
        headers[count++] = (struct topic_header){slice_text(COMMAND_HEADER_METHOD), method};
    }
    struct slice correlation_id = request->header.correlation_id, traceparent = request->header.traceparent;
    if (correlation_id.size > 0) {
        headers[count++] = (struct topic_header){slice_text(COMMAND_HEADER_CORRELATION), correlation_id};
    }
    if (traceparent.size > 0) headers[count++] = (struct topic_header){slice_text("traceparent"), traceparent};
    ASSERT(count <= DOOR_HEADERS_MAX);
    const struct topic_append record = {
        .value = buffer_slice(&door->command),
        .header_count = count,
        .headers = headers,
        .token = door_table_token(&door->table, ticket),
    };
    if (awaited != 0) return door_hold_back(door, ticket, &record, awaited);
    door_burst_put(door, &record);
    return true;
}

bool door_take_reports(struct door *door) {
    for (uint32_t i = 0; i < door->options.limits.requests_per_step_max; i++) {
        struct topic_report report;
        if (!door->ports.writer.report(door->ports.writer.context, &report)) return false;
        on_report(door, &report);
    }
    return true;
}

/* A report is a hint: it tells where the command lies, or that it lies nowhere; never what became of it. */
static void on_report(struct door *door, const struct topic_report *report) {
    struct ticket *ticket = door_table_by_token(&door->table, report->token);
    if (ticket == NULL || ticket->position.offset >= 0) return;
    switch (report->result) {
    case TOPIC_DELIVERED:
        if (report->offset < 0) return;
        ticket->position.offset = report->offset;
        door_backlog_delivered(door, ticket->position);
        door_table_list_delivered(&door->table, ticket);
        if (position_compare(ticket->position, door->resume_at) < 0) settle_from_store(door, ticket);
        return;
    case TOPIC_REFUSED:
        door_close_ticket(door, ticket, &(struct door_reply){.outcome = OUTCOME_UNAVAILABLE});
        return;
    case TOPIC_UNCERTAIN:
        return; /* it may still land: the answer, a commit or the deadline will tell */
    }
}

/* An answer about another content under the same id is not ours: the copy of this door will have an entry of its
 * own. */
void door_answered(struct door *door, const struct replica_answer *answer) {
    door_read_clocks(door);
    struct ticket *ticket = door_table_find(&door->table, answer->source, answer->command_id);
    if (ticket == NULL || !digest_equal(ticket->digest, answer->command_digest)) return;
    struct door_reply reply = {
        .outcome = answer->outcome,
        .detail = answer->detail,
        .body = answer->answer,
        .is_repeated = answer->is_repeat,
        .position = answer->number,
    };
    door_close_ticket(door, ticket, &reply);
}

void door_settle_passed(struct door *door, bool is_new_generation) {
    struct door_table *table = &door->table;
    struct ticket *first = table->delivered.first;
    while (first != NULL && position_compare(first->position, door->resume_at) < 0) {
        settle_from_store(door, first);
        ASSERT(table->delivered.first != first);
        first = table->delivered.first;
    }
    if (!is_new_generation) return;
    /* A command topic that was replaced is never decided again, whether or not the report came. */
    for (uint32_t i = 0; i < table->count_max; i++) {
        struct ticket *ticket = &table->slots[i];
        bool is_written = ticket->kind == TICKET_COMMAND && ticket->unsent == NULL && ticket->asked == NULL;
        bool is_left_behind = is_written && ticket->position.generation < door->resume_at.generation;
        if (is_left_behind) settle_from_store(door, ticket);
    }
}

/* The next decision starts beyond this command, and no answer has come: either its entry is in the store, or it has
 * none and will never have one. */
static void settle_from_store(struct door *door, struct ticket *ticket) {
    arena_reset(&door->arena);
    struct door_reply reply = {0};
    switch (find_first_answer(door, &ticket->caller, ticket->digest, &reply)) {
    case FIRST_FOUND:
        break;
    case FIRST_ABSENT:
        reply.outcome = OUTCOME_UNAVAILABLE;
        break;
    case FIRST_UNREADABLE:
        reply.outcome = OUTCOME_UNKNOWN_OUTCOME;
        break;
    }
    door_close_ticket(door, ticket, &reply);
}

/* Looks the id up in the own store. Found: the reply to give is the first answer, copied into the arena, or
 * id_reused when that was given for other content. */
static enum first_answer find_first_answer(struct door *door, const struct door_caller *caller, struct digest digest,
                                           struct door_reply *ret_reply) {
    struct rows rows;
    struct error error;
    const struct store *store = &door->ports.store;
    if (store->read_begin(store->context, &rows, &error) != STATUS_OK) {
        door_alarm(door, "store", error.message);
        return FIRST_UNREADABLE;
    }
    struct answer_row row;
    bool is_found = answers_find(&rows, slice_text(caller->system), caller->request_id, &row);
    if (is_found && !digest_equal(row.command_digest, digest)) {
        ret_reply->outcome = OUTCOME_ID_REUSED;
    } else if (is_found) {
        ret_reply->outcome = row.outcome;
        ret_reply->is_repeated = true;
        ret_reply->position = row.number;
        ret_reply->detail = arena_copy(&door->arena, row.detail);
        ret_reply->body = arena_copy(&door->arena, row.answer);
        ASSERT(ret_reply->body.size == row.answer.size);
    }
    store->read_end(store->context, &rows);
    return is_found ? FIRST_FOUND : FIRST_ABSENT;
}
