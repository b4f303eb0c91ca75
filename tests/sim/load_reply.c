/* What clients make of the replies: an answer must stand in the journal and stay the same, and a promise must be found. */
#include "tests/sim/booking.h"
#include "tests/sim/door.h"
#include "tests/sim/index.h"
#include "tests/sim/source.h"

#include "lib/wire/booking/booking_client.h"
#include "services/booking/service.h"
#include "services/index/core/outcome.h"

static void remember_query(struct sim *sim, const struct sim_command *command, const struct reply_header *header,
                           struct slice body);

static uint32_t outcome_code(const struct sim *sim, struct slice name) {
    const struct outcome_row *row = service_outcome_named(&sim->service, name);
    return row == NULL ? 0 : row->code;
}

/* An accepted outcome: it must stand in the journal, and be the same whenever it is told. */
static void take_outcome(struct sim *sim, struct process *process, struct sim_command *command, uint32_t outcome,
                         const struct reply_header *header, struct slice body) {
    struct slice source = slice_text(sim_systems[command->source].id);
    if (!oracle_knows(sim->oracle, source, command->id, command->digest, outcome, (uint64_t)header->position, body)) {
        sim_fail(sim, "reply without an accepted entry: p%d's door tells outcome %u of entry %lld", process->index,
                 outcome, (long long)header->position);
    }
    if (command->is_final && command->outcome != 0 && command->outcome != outcome && !sim->was_cut) {
        sim_fail(sim, "two answers: a client was told outcome %u and then %u", command->outcome, outcome);
    }
    if (header->repeated_answer) sim_mark(sim, MARK_DOOR_REPEATED);
    bool is_news = !command->is_final && outcome == OUTCOME_OK;
    if (is_news && strcmp(command->method, BOOKING_METHOD_BOOK) == 0) remember_query(sim, command, header, body);
    if (is_news && sim->swarm.kind == SIM_INDEX) {
        index_remember(sim, oracle_index(sim->oracle), command, header->position);
    }
    command->is_final = true;
    command->outcome = outcome;
}

/* Whoever was told that a place is booked finds the booking at any door, if that door says it has read so far. */
static void remember_query(struct sim *sim, const struct sim_command *command, const struct reply_header *header,
                           struct slice body) {
    static uint8_t memory[64 * 1024];
    if (sim->query_count == SIM_QUERIES_MAX) return;
    struct arena arena = arena_over(memory, sizeof memory);
    struct booking_answer answer;
    struct wire_fault fault;
    if (!booking_answer_decode(BOOKING_COMMAND_BOOK, body, &arena, &answer, &fault)) {
        sim_fail(sim, "unreadable: the answer to a booking");
        return;
    }
    const struct get_booking_request request = {.booking_id = answer.id};
    uint8_t bytes[BOOKING_REQUEST_MAX];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    get_booking_request_encode(&request, &out);
    sim->queries[sim->query_count++] = (struct sim_query){.method = BOOKING_METHOD_GET_BOOKING,
                                                          .request = fake_broker_copy(&sim->broker, buffer_slice(&out)),
                                                          .source = command->source,
                                                          .min_position = header->position};
}

static void take_query_reply(struct sim *sim, const struct process *process, const struct sim_query *query,
                             uint32_t outcome, const struct reply_header *header, struct slice body) {
    if (outcome == OUTCOME_OK) sim_mark(sim, MARK_DOOR_READ);
    if (outcome == OUTCOME_BEHIND) sim_mark(sim, MARK_DOOR_BEHIND);
    bool may_be = outcome == OUTCOME_OK || outcome == OUTCOME_BEHIND || outcome == OUTCOME_TOO_BUSY ||
                  outcome == OUTCOME_UNAVAILABLE || outcome == OUTCOME_DRAINING || outcome == OUTCOME_RATE_LIMITED ||
                  outcome == OUTCOME_DEADLINE_PASSED;
    if (sim->was_cut) return;
    bool is_refused = outcome == REFUSED_PERSON_UNKNOWN || outcome == REFUSED_TOO_LITTLE_TO_GO_BY;
    if (sim->swarm.kind == SIM_INDEX && (outcome == OUTCOME_OK || is_refused)) {
        index_judge(sim, oracle_index(sim->oracle), query, outcome, (uint64_t)header->position, body);
        return;
    }
    if (may_be) return;
    sim_fail(sim, "a promise not found: p%d's door answers %u about what was promised", process->index, outcome);
}

void load_replied(struct sim *sim, struct process *process, uint32_t index, struct slice header_frame,
                  struct slice body) {
    struct reply_header header;
    const char *fault;
    if (index >= SIM_ASKED_INDEX) {
        source_replied(sim->follower->source, index - SIM_ASKED_INDEX, header_frame, body);
        return;
    }
    if (!reply_header_decode(header_frame, &header, &fault)) {
        sim_fail(sim, "unreadable: a reply of p%d's door: %s", process->index, fault);
        return;
    }
    if (index >= SIM_QUERY_INDEX && index - SIM_QUERY_INDEX < SIM_QUERIES_MAX) {
        const struct sim_query *query = &sim->queries[index - SIM_QUERY_INDEX];
        take_query_reply(sim, process, query, outcome_code(sim, header.outcome), &header, body);
        return;
    }
    ASSERT(index < sim->command_count);
    struct sim_command *command = &sim->commands[index];
    if (!uuid_equal(header.request_id, command->id)) sim_fail(sim, "a reply of p%d's door to nobody", process->index);
    uint32_t outcome = outcome_code(sim, header.outcome);
    sim_tell(sim, process, "replies",
             outcome < 100 && outcome > 0 ? outcome_common_row(outcome)->name : "of the service", index,
             header.position);
    switch (outcome) {
    case OUTCOME_UNKNOWN_OUTCOME:
        sim_mark(sim, MARK_DOOR_UNKNOWN);
        return;
    case OUTCOME_IN_PROGRESS:
        sim_mark(sim, MARK_DOOR_IN_PROGRESS);
        return;
    case OUTCOME_UNAVAILABLE:
        sim_mark(sim, MARK_DOOR_UNAVAILABLE);
        return;
    case OUTCOME_TOO_BUSY: /* ask again with the same id, as below */
        if (sim_door_backlog(process->door) > sim->swarm.backlog_max) sim_mark(sim, MARK_DOOR_BACKLOG);
        if (header.retry_after_ms <= 0) {
            sim_fail(sim, "no time: p%d's door is too busy and does not say how long", process->index);
        }
        return;
    case OUTCOME_RATE_LIMITED:
    case OUTCOME_DRAINING:
    case OUTCOME_DEADLINE_PASSED:
        return; /* ask again with the same id */
    case OUTCOME_INVALID:
    case OUTCOME_TOO_OLD:
    case OUTCOME_FROM_FUTURE:
    case OUTCOME_ID_REUSED:
        command->is_final = true; /* refused for the id's or the request's own sake, with or without an entry */
        return;
    case 0:
    case OUTCOME_DENIED:
    case OUTCOME_UNKNOWN_METHOD:
    case OUTCOME_REQUEST_TOO_LARGE:
    case OUTCOME_BEHIND:
    case OUTCOME_EXPIRED_UNDECIDED:
        sim_fail(sim, "a wrong reply: p%d's door tells outcome %u", process->index, outcome);
        return;
    default:
        take_outcome(sim, process, command, outcome, &header, body);
        return;
    }
}
