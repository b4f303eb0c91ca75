/* The audit trail as the door writes it (design invariant 9): one record for every answer to a query that shows personal
 * data, before that answer leaves, and one for every refusal by policy, within a measure. Where a record cannot be taken,
 * nothing is read. The subject of a record, and what may be told of it, come from the service. Loop's thread. */
#include "lib/host/door_internal.h"

#include "lib/wire/audit/audit_record.h"

#include <stdlib.h>

static enum status put(struct door *door, struct audit_record *record, uint64_t token);
static struct ticket *hold(struct door *door, const struct door_request *request, const struct door_reply *reply);
static void tell_suppressed_of(struct door *door, uint32_t index);
static uint32_t refusals_index(const struct door *door, const struct policy_system *system);

enum audit_class door_audit_class(const struct door *door, const struct service_method *method) {
    size_t index = (size_t)(method - door->options.service->methods);
    ASSERT(index < door->options.service->method_count && index < 64);
    if (method->audit == AUDIT_NONE) return AUDIT_NONE;
    return (door->options.durable_methods >> index & 1) != 0 ? AUDIT_DURABLE : method->audit;
}

bool door_audit_has_room(const struct door *door, const struct door_request *request, enum audit_class audit) {
    ASSERT(audit != AUDIT_NONE);
    ASSERT(door->ports.audit.put != NULL);
    if (audit == AUDIT_DURABLE) {
        if (!door_has_room(door, request->system)) return false;
        if (door->held_bytes + SERVICE_ANSWER_MAX > DOOR_HELD_BYTES_MAX) return false;
    }
    return door->ports.audit.has_room(door->ports.audit.context);
}

void door_audit_answer(struct door *door, const struct door_request *request, const struct ingress *ingress,
                       const struct service_subject *subject, const struct door_reply *reply) {
    const struct outcome_row *row = door_outcome_row(door, reply->outcome);
    if (row->status == REPLY_INVALID) { /* nothing was looked for */
        door_reply(door, &request->caller, reply);
        return;
    }
    bool is_durable = door_audit_class(door, request->caller.method) == AUDIT_DURABLE;
    struct ticket *ticket = is_durable ? hold(door, request, reply) : NULL;
    struct audit_record record = {
        .kind = AUDIT_READ,
        .system = ingress->system,
        .organisation = ingress->organisation,
        .system_role = ingress->role,
        .user = ingress->user,
        .user_role = ingress->user_role,
        .purpose = ingress->purpose,
        .method = slice_text(request->caller.method->name),
        .subject_organisation = subject->organisation,
        .subject_service_id = subject->service_id,
        .correlation_id = ingress->correlation_id,
        .request_id = request->caller.request_id,
        .outcome = slice_text(row->name),
        .position = (int64_t)reply->position,
    };
    if (subject->has_person) record.person_id = subject->person_id;
    enum status status = STATUS_NO_MEMORY;
    if (!is_durable || ticket != NULL) {
        status = put(door, &record, ticket != NULL ? door_table_token(&door->table, ticket) : 0);
    }
    if (status != STATUS_OK) {
        if (ticket != NULL) door_forget_ticket(door, ticket);
        const struct door_reply busy = {.outcome = OUTCOME_TOO_BUSY, .retry_after_ms = DOOR_AUDIT_RETRY_MS};
        door_reply(door, &request->caller, &busy);
    } else if (ticket == NULL) {
        door_reply(door, &request->caller, reply);
    }
}

/* A ticket that keeps the answer until its record is acknowledged or the deadline has come; NULL when there is no memory. */
static struct ticket *hold(struct door *door, const struct door_request *request, const struct door_reply *reply) {
    int64_t time_left_ms = request->deadline_ms - door->wall_ms;
    if (time_left_ms < 0) time_left_ms = 0;
    uint8_t *bytes = malloc(reply->body.size + reply->detail.size + 1);
    if (bytes == NULL) return NULL;
    if (reply->body.size > 0) memcpy(bytes, reply->body.data, reply->body.size);
    if (reply->detail.size > 0) memcpy(bytes + reply->body.size, reply->detail.data, reply->detail.size);
    struct ticket *ticket = door_open_ticket(door, TICKET_AUDIT, &request->caller, door->monotonic_ms + time_left_ms);
    ticket->held_bytes = bytes;
    ticket->held = *reply;
    ticket->held.body = slice_of(bytes, reply->body.size);
    ticket->held.detail = slice_of(bytes + reply->body.size, reply->detail.size);
    door->held_bytes += reply->body.size;
    return ticket;
}

void door_audited(struct door *door, uint64_t token) {
    door_read_clocks(door);
    struct ticket *ticket = door_table_by_token(&door->table, token);
    if (ticket == NULL) return; /* its deadline came first */
    ASSERT(ticket->kind == TICKET_AUDIT);
    door_close_ticket(door, ticket, &ticket->held);
}

/* The first ones of a minute leave a record each; the others are counted, and told by the next record of that system. */
void door_audit_refusal(struct door *door, const struct door_request *request, uint32_t outcome) {
    if (door->ports.audit.put == NULL) return;
    struct door_refusals *refusals = &door->refusals[refusals_index(door, request->system)];
    bool is_new_minute =
        refusals->began_ms == 0 || door->monotonic_ms - refusals->began_ms >= (int64_t)DOOR_REFUSALS_MS;
    if (is_new_minute) {
        refusals->began_ms = door->monotonic_ms;
        refusals->written = 0;
    }
    if (refusals->written < door->options.limits.audit_refusals_max) {
        const struct door_caller *caller = &request->caller;
        struct audit_record record = {
            .kind = AUDIT_REFUSAL,
            .system = slice_text(caller->system),
            .method = slice_text(caller->method != NULL ? caller->method->name : ""),
            .correlation_id = request->header.correlation_id,
            .request_id = caller->request_id,
            .outcome = slice_text(door_outcome_row(door, outcome)->name),
            .refusals_suppressed = refusals->suppressed,
        };
        if (request->system != NULL) {
            struct ingress ingress = door_ingress(door, request);
            record.organisation = ingress.organisation;
            record.system_role = ingress.role;
            record.user = ingress.user;
            record.user_role = ingress.user_role;
            record.purpose = ingress.purpose;
        }
        if (put(door, &record, 0) == STATUS_OK) {
            refusals->written++;
            door->refusals_waiting -= refusals->suppressed;
            refusals->suppressed = 0;
            return;
        }
    }
    refusals->suppressed++;
    door->refusals_waiting++;
    door->refusals_suppressed++;
}

void door_audit_tell_suppressed(struct door *door, bool is_last) {
    if (door->refusals_waiting == 0) return;
    if (!is_last && door->monotonic_ms < door->refusals_due_ms) return;
    door->refusals_due_ms = door->monotonic_ms + DOOR_IDLE_MS_MAX;
    for (uint32_t i = 0; i <= POLICY_SYSTEMS_MAX; i++) {
        const struct door_refusals *refusals = &door->refusals[i];
        bool is_over = door->monotonic_ms - refusals->began_ms >= (int64_t)DOOR_REFUSALS_MS;
        if (refusals->suppressed > 0 && (is_over || is_last)) tell_suppressed_of(door, i);
    }
}

void door_audit_leave_policy(struct door *door) {
    door_audit_tell_suppressed(door, true);
    /* What no record could be taken for is told without its system's name. */
    memset(door->refusals, 0, sizeof door->refusals);
    door->refusals[POLICY_SYSTEMS_MAX].suppressed = door->refusals_waiting;
}

/* After a flood that has ended, nobody else would tell how large it was. */
static void tell_suppressed_of(struct door *door, uint32_t index) {
    struct door_refusals *refusals = &door->refusals[index];
    ASSERT(refusals->suppressed <= door->refusals_waiting);
    const struct policy_system *system = index < POLICY_SYSTEMS_MAX ? &door->policy->systems[index] : NULL;
    struct audit_record record = {
        .kind = AUDIT_REFUSAL,
        .outcome = slice_text(door_outcome_row(door, OUTCOME_DENIED)->name),
        .refusals_suppressed = refusals->suppressed,
    };
    if (system != NULL) {
        record.system = slice_text(system->id);
        record.organisation = slice_text(system->organisation);
        record.system_role = slice_text(system->role);
    }
    if (put(door, &record, 0) != STATUS_OK) return; /* the count stays */
    door->refusals_waiting -= refusals->suppressed;
    refusals->suppressed = 0;
}

/* Completes the record and hands it on. */
static enum status put(struct door *door, struct audit_record *record, uint64_t token) {
    uint8_t chance[10];
    door->ports.clock.random(door->ports.clock.context, chance, sizeof chance);
    record->audit_id = uuid_v7_make(door->wall_ms, chance);
    record->at_ms = door->wall_ms;
    record->service = slice_text(door->options.service->name);
    record->process = slice_text(door->options.process);
    uint8_t bytes[AUDIT_RECORD_MAX];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    audit_record_encode(record, &out);
    ASSERT(!out.is_full);
    return door->ports.audit.put(door->ports.audit.context, buffer_slice(&out), token);
}

uint64_t door_refusals_suppressed(const struct door *door) {
    return door->refusals_suppressed;
}

static uint32_t refusals_index(const struct door *door, const struct policy_system *system) {
    if (system == NULL) return POLICY_SYSTEMS_MAX;
    ASSERT(system >= door->policy->systems && system < door->policy->systems + door->policy->system_count);
    return (uint32_t)(system - door->policy->systems);
}
