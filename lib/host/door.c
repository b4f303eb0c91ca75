/* The door's step: takes delivery reports, answers what has run out of time, and lets requests in. It owns the table of
 * requests in flight and what is counted per system; it never decides and never waits. Loop's thread.
 * A request is refused by the first rule of admit() that it fails; the order of those lines is their precedence. */
#include "lib/host/door_internal.h"

#include "lib/base/nhs_number.h"
#include "lib/host/replica_meta.h"

#include <stdlib.h>

static bool answer_late_ones(struct door *door);
static uint32_t outcome_of_late_one(const struct ticket *ticket);
static bool receive(struct door *door, const struct door_socket *socket);
static void handle(struct door *door, const struct door_socket *socket, const struct socket_request *message);
static uint32_t admit(struct door *door, const struct socket_request *message, struct door_request *request,
                      struct door_reply *reply);
static const struct service_method *method_by_name(const struct service *service, struct slice name);
static int64_t deadline_within_limits(const struct door *door, int64_t deadline_ms);
static bool is_within_rate(struct door *door, const struct policy_system *system, int64_t *ret_retry_ms);
static struct door_system *counts_of(struct door *door, const struct policy_system *system);
static void read_position(struct door *door);

int door_step(struct door *door) {
    door_read_clocks(door);
    bool has_more = door_take_reports(door);
    if (answer_late_ones(door)) has_more = true;
    /* Now that no ticket of this step runs out of time any more: what is appended stands until the burst is sent. */
    if (door_take_answers(door)) has_more = true;
    if (receive(door, &door->ports.socket)) has_more = true;
    if (door->ports.intake.receive != NULL && receive(door, &door->ports.intake)) has_more = true;
    if (door->ports.own.receive != NULL && receive(door, &door->ports.own)) has_more = true;
    door_burst_send(door);
    door_audit_tell_suppressed(door, false);
    int next_ms = door_mark_slow_ones(door);
    if (has_more) return 0;
    const struct ticket *soonest = door_table_soonest(&door->table);
    if (soonest == NULL) return DOOR_IDLE_MS_MAX;
    int64_t left_ms = soonest->due_ms - door->monotonic_ms;
    if (left_ms <= 0) return 0;
    if (next_ms > DOOR_REPORT_MS) next_ms = DOOR_REPORT_MS;
    return left_ms < next_ms ? (int)left_ms : next_ms;
}

/* Deadlines that have passed: the caller is told what is known, never nothing. True when there may be more. */
static bool answer_late_ones(struct door *door) {
    for (uint32_t i = 0; i < door->options.limits.requests_per_step_max; i++) {
        struct ticket *ticket = door_table_soonest(&door->table);
        if (ticket == NULL || ticket->due_ms > door->monotonic_ms) return false;
        struct door_reply reply = {.outcome = outcome_of_late_one(ticket)};
        if (reply.outcome == OUTCOME_BEHIND) reply.position = door->number;
        door_close_ticket(door, ticket, &reply);
    }
    return true;
}

static uint32_t outcome_of_late_one(const struct ticket *ticket) {
    switch (ticket->kind) {
    case TICKET_COMMAND:
        /* One that still waits for a key or another service was never written. */
        return ticket->unsent != NULL || ticket->asked != NULL ? (uint32_t)OUTCOME_UNAVAILABLE
                                                               : (uint32_t)OUTCOME_UNKNOWN_OUTCOME;
    case TICKET_QUERY:
        return OUTCOME_BEHIND;
    case TICKET_AUDIT:
        return OUTCOME_UNAVAILABLE; /* Kafka has not acknowledged its record in time */
    case TICKET_FREE:
        break;
    }
    bhr_assert_failed("whatever is in the table waits for something", __FILE__, __LINE__);
}

/* Bounded in time, too: what was decided meanwhile waits for the end of this step, whatever is asked here. */
static bool receive(struct door *door, const struct door_socket *socket) {
    const struct clock_port *clock = &door->ports.clock;
    int64_t until_ms = clock->monotonic_ms(clock->context) + DOOR_RECEIVE_MS_MAX;
    for (uint32_t i = 0; i < door->options.limits.requests_per_step_max; i++) {
        struct socket_request message = {0};
        if (!socket->receive(socket->context, &message)) return false;
        handle(door, socket, &message);
        if (clock->monotonic_ms(clock->context) >= until_ms) break;
    }
    return true;
}

static void handle(struct door *door, const struct door_socket *socket, const struct socket_request *message) {
    struct door_request request = {.caller = {.socket = socket}, .body = message->body};
    struct door_reply reply = {0};
    arena_reset(&door->arena);
    reply.outcome = admit(door, message, &request, &reply);
    if (reply.outcome != OUTCOME_OK) {
        bool is_policy = door_outcome_row(door, reply.outcome)->status == REPLY_DENIED;
        if (is_policy) door_audit_refusal(door, &request, reply.outcome);
        door_reply(door, &request.caller, &reply);
        return;
    }
    switch (request.caller.method->kind) {
    case METHOD_COMMAND:
        door_command(door, &request);
        return;
    case METHOD_QUERY:
        door_query(door, &request);
        return;
    }
}

/* Who asks, what, and whether they may now. Fills *request as far as it gets. */
static uint32_t admit(struct door *door, const struct socket_request *message, struct door_request *request,
                      struct door_reply *reply) {
    struct door_caller *caller = &request->caller;
    *caller = (struct door_caller){.socket = caller->socket, .route = message->route, .started_ms = door->monotonic_ms};
    memcpy(caller->system, message->system, sizeof caller->system);
    caller->system[SOCKET_SYSTEM_MAX] = '\0';

    const char *fault;
    if (!request_header_decode(message->header, &request->header, &fault)) {
        (void)request_header_peek_id(message->header, &caller->request_id);
        reply->detail = slice_text(fault);
        return OUTCOME_INVALID;
    }
    caller->request_id = request->header.request_id;
    /* Both go into Kafka headers and logs as they are, where nothing of a person may stand (design invariant 10). */
    if (nhs_number_is_in(request->header.correlation_id) || nhs_number_is_in(request->header.traceparent)) {
        reply->detail = slice_text("correlation_id, traceparent: expected no NHS number in them");
        return OUTCOME_INVALID;
    }
    if (door->is_draining) return OUTCOME_DRAINING;
    if (door->is_shut) return OUTCOME_UNAVAILABLE;
    if (message->is_surplus) {
        reply->retry_after_ms = DOOR_BUSY_RETRY_MS;
        return OUTCOME_TOO_BUSY;
    }
    request->system = policy_by_id(door->policy, caller->system);
    if (request->system == NULL) return OUTCOME_DENIED;
    caller->method = method_by_name(door->options.service, request->header.method);
    if (caller->method == NULL) return OUTCOME_UNKNOWN_METHOD;
    if (!policy_may_call(door->policy, request->system, request->header.method)) return OUTCOME_DENIED;
    request->deadline_ms = deadline_within_limits(door, request->header.deadline_ms);
    if (request->deadline_ms <= door->wall_ms) return OUTCOME_DEADLINE_PASSED;
    if (message->body.size > door->options.limits.request_bytes_max) return OUTCOME_REQUEST_TOO_LARGE;
    if (!is_within_rate(door, request->system, &reply->retry_after_ms)) return OUTCOME_RATE_LIMITED;
    /* Not before the rate: a signature costs more than all else here. */
    uint32_t denied = door_find_user(door, request, &reply->detail);
    if (denied == OUTCOME_OK) denied = door_may_ask(door, request);
    if (denied != OUTCOME_OK) return denied;
    /* A query is answered at once, as a rule; only one that must wait needs room. */
    if (caller->method->kind == METHOD_COMMAND && !door_has_room(door, request->system)) {
        reply->retry_after_ms = DOOR_BUSY_RETRY_MS;
        return OUTCOME_TOO_BUSY;
    }
    return OUTCOME_OK;
}

struct ingress door_ingress(const struct door *door, const struct door_request *request) {
    struct ingress ingress = {
        .system = slice_text(request->caller.system),
        .organisation = slice_text(request->system->organisation),
        .role = slice_text(request->system->role),
        .correlation_id = request->header.correlation_id,
        .received_at_ms = door->wall_ms,
    };
    door_put_user(request, &ingress);
    return ingress;
}

static const struct service_method *method_by_name(const struct service *service, struct slice name) {
    for (uint32_t i = 0; i < service->method_count; i++) {
        if (slice_equal(slice_text(service->methods[i].name), name)) return &service->methods[i];
    }
    return NULL;
}

static int64_t deadline_within_limits(const struct door *door, int64_t deadline_ms) {
    ASSERT(deadline_ms >= 0);
    const struct door_limits *limits = &door->options.limits;
    if (deadline_ms == 0) return door->wall_ms + limits->deadline_default_ms;
    int64_t latest_ms = door->wall_ms + limits->deadline_ms_max;
    return deadline_ms < latest_ms ? deadline_ms : latest_ms;
}

/* A bucket of one second's requests, filled as time goes by. In thousandths, so that slow rates do not starve. */
static bool is_within_rate(struct door *door, const struct policy_system *system, int64_t *ret_retry_ms) {
    struct door_system *counts = counts_of(door, system);
    int64_t full = (int64_t)system->per_second_max * 1000;
    int64_t passed_ms = door->monotonic_ms - counts->refilled_ms;
    ASSERT(passed_ms >= 0);
    counts->milli_tokens += passed_ms * system->per_second_max;
    if (counts->milli_tokens > full) counts->milli_tokens = full;
    counts->refilled_ms = door->monotonic_ms;
    if (counts->milli_tokens < 1000) {
        *ret_retry_ms = (1000 - counts->milli_tokens + system->per_second_max - 1) / system->per_second_max;
        return false;
    }
    counts->milli_tokens -= 1000;
    return true;
}

bool door_has_room(const struct door *door, const struct policy_system *system) {
    uint32_t in_flight = door->systems[system - door->policy->systems].in_flight;
    /* As much as is left for everybody: so a system that floods leaves room for the next one (zmq_inbox.h). */
    ASSERT(door->table.count <= door->options.limits.in_flight_max);
    if (in_flight >= door->options.limits.in_flight_max - door->table.count) return false;
    return in_flight < system->in_flight_max;
}

struct ticket *door_open_ticket(struct door *door, enum ticket_kind kind, const struct door_caller *caller,
                                int64_t due_ms) {
    struct ticket *ticket = door_table_take(&door->table, kind, caller, due_ms);
    ASSERT(ticket != NULL);
    const struct policy_system *system = policy_by_id(door->policy, caller->system);
    ASSERT(system != NULL);
    counts_of(door, system)->in_flight++;
    return ticket;
}

void door_close_ticket(struct door *door, struct ticket *ticket, const struct door_reply *reply) {
    door_reply(door, &ticket->caller, reply);
    door_forget_ticket(door, ticket);
}

void door_forget_ticket(struct door *door, struct ticket *ticket) {
    door_drop_marker(door, ticket);
    ASSERT(door->held_bytes >= ticket->held.body.size);
    door->held_bytes -= ticket->held.body.size;
    const struct policy_system *system = policy_by_id(door->policy, ticket->caller.system);
    if (system != NULL) {
        ASSERT(counts_of(door, system)->in_flight > 0);
        counts_of(door, system)->in_flight--;
    }
    door_table_release(&door->table, ticket);
}

static struct door_system *counts_of(struct door *door, const struct policy_system *system) {
    ASSERT(system >= door->policy->systems);
    ASSERT(system < door->policy->systems + door->policy->system_count);
    return &door->systems[system - door->policy->systems];
}

void door_committed(struct door *door, uint64_t number, struct position resume_at) {
    ASSERT(door->burst.count == 0);
    door_read_clocks(door);
    bool is_new_generation = !door->knows_position || resume_at.generation != door->resume_at.generation;
    if (is_new_generation) {
        replica_command_topic(door->options.service->name, resume_at.generation, door->command_topic);
    }
    door->knows_position = true;
    door->number = number;
    door->resume_at = resume_at;
    door_backlog_decided(door, is_new_generation);
    door_settle_passed(door, is_new_generation);
    door_run_waiting(door);
}

void door_set_policy(struct door *door, const struct policy *policy) {
    ASSERT(policy->system_count <= POLICY_SYSTEMS_MAX);
    door_read_clocks(door);
    if (door->policy != NULL) door_audit_leave_policy(door);
    door->policy = policy;
    for (uint32_t i = 0; i < policy->system_count; i++) {
        int64_t full = (int64_t)policy->systems[i].per_second_max * 1000;
        door->systems[i] = (struct door_system){.milli_tokens = full, .refilled_ms = door->monotonic_ms};
    }
    for (uint32_t i = 0; i < door->table.count; i++) {
        const struct policy_system *system = policy_by_id(policy, door->table.heap[i]->caller.system);
        if (system != NULL) counts_of(door, system)->in_flight++;
    }
}

void door_drain(struct door *door) {
    door_read_clocks(door);
    door_audit_tell_suppressed(door, true);
    door->is_draining = true;
}

static void answer_all(struct door *door, uint32_t query_outcome) {
    door_read_clocks(door);
    while (door->table.count > 0) {
        struct ticket *ticket = door_table_soonest(&door->table);
        uint32_t outcome = ticket->kind == TICKET_COMMAND ? outcome_of_late_one(ticket) : query_outcome;
        door_close_ticket(door, ticket, &(struct door_reply){.outcome = outcome});
    }
}

void door_abandon(struct door *door) {
    answer_all(door, OUTCOME_DRAINING);
}

void door_shut(struct door *door) {
    door->is_shut = true;
    answer_all(door, OUTCOME_UNAVAILABLE);
}

uint32_t door_in_flight(const struct door *door) {
    return door->table.count;
}

void door_read_clocks(struct door *door) {
    const struct clock_port *clock = &door->ports.clock;
    door->wall_ms = clock->wall_ms(clock->context);
    door->monotonic_ms = clock->monotonic_ms(clock->context);
}

void door_alarm(const struct door *door, const char *name, const char *text) {
    if (door->listener.alarm != NULL) door->listener.alarm(door->listener.context, name, text);
}

struct door *door_new(const struct door_options *options, const struct door_ports *ports,
                      const struct door_listener *listener) {
    const struct door_limits *limits = &options->limits;
    ASSERT(limits->in_flight_max > 0);
    ASSERT(limits->requests_per_step_max > 0);
    ASSERT(limits->request_bytes_max > 0 && limits->request_bytes_max <= SOCKET_MESSAGE_MAX);
    ASSERT(limits->deadline_default_ms > 0 && limits->deadline_default_ms <= limits->deadline_ms_max);
    ASSERT(limits->position_wait_ms_max >= 0);
    ASSERT(limits->command_backlog_max > 0);
    for (uint32_t i = 0; i < options->service->method_count; i++) {
        ASSERT(options->service->methods[i].audit == AUDIT_NONE || ports->audit.put != NULL);
    }
    struct door *door = calloc(1, sizeof *door);
    if (door == NULL) return NULL;
    door->options = *options;
    door->ports = *ports;
    if (listener != NULL) door->listener = *listener;
    uint64_t seed;
    ports->clock.random(ports->clock.context, &seed, sizeof seed);
    size_t arena_size = DOOR_ARENA_BASE + 8 * (size_t)limits->request_bytes_max;
    size_t command_size = TOPIC_VALUE_MAX - DOOR_COMMAND_HEADERS_MAX;
    door->arena = arena_over(malloc(arena_size), arena_size);
    door->command = buffer_over(malloc(command_size), command_size);
    door->answer = buffer_over(malloc(SERVICE_ANSWER_MAX), SERVICE_ANSWER_MAX);
    bool has_memory = door->arena.memory != NULL && door->command.data != NULL && door->answer.data != NULL;
    if (!has_memory || !door_burst_init(&door->burst) || !door_table_init(&door->table, limits->in_flight_max, seed)) {
        door_free(door);
        return NULL;
    }
    door_set_policy(door, options->policy);
    read_position(door);
    return door;
}

void door_free(struct door *door) {
    if (door == NULL) return;
    door_table_fini(&door->table);
    door_burst_fini(&door->burst);
    free(door->going_on);
    free(door->arena.memory);
    free(door->command.data);
    free(door->answer.data);
    free(door);
}

/* Where the store stands before the first commit of this process is heard of. */
static void read_position(struct door *door) {
    struct rows rows;
    if (door->ports.store.read_begin(door->ports.store.context, &rows, NULL) != STATUS_OK) return;
    struct replica_meta meta;
    bool is_found = replica_meta_read(&rows, &meta) == META_FOUND && meta.journal.has_genesis;
    door->ports.store.read_end(door->ports.store.context, &rows);
    if (is_found) door_committed(door, meta.journal.number, meta.journal.resume_at);
}
