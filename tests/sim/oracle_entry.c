/* What one accepted entry must say: decided about the next command or a due timer, on exactly the accepted prefix, with the
 * outcome that the specification gives (journal.md sections 3, 5 and 6). Then it is folded. */
#include "tests/sim/oracle.h"

#include "lib/base/assert.h"
#include "lib/base/text.h"
#include "lib/host/answers.h"

#include <stdio.h>

static uint8_t decision_memory[1024 * 1024]; /* of one decision at a time */

/* What does not fit into a record of the journal is not kept. The services here make small answers or huge ones. */
static void expect_it_fits(struct service_decision *decision) {
    if (decision->answer.size < JOURNAL_RECORD_MAX) return;
    *decision = (struct service_decision){.outcome = OUTCOME_TOO_LARGE};
}

/* What a door did not take is not decided: the entry only says so. */
static bool expect_refusal(struct oracle *oracle, const struct entry *entry, const struct topic_record *command,
                           struct service_decision *ret_decision) {
    struct slice refused, detail = {0}, source;
    if (!topic_header_find(command, COMMAND_HEADER_REFUSED, &refused)) return false;
    (void)topic_header_find(command, COMMAND_HEADER_DETAIL, &detail);
    bool has_source = topic_header_find(command, COMMAND_HEADER_SOURCE, &source);
    ASSERT(has_source);
    if (!slice_equal(source, journal_name_slice(&entry->source))) {
        sim_fail(oracle->sim, "wrong command: entry %llu is not told to the system that was refused",
                 (unsigned long long)entry->number);
    }
    ret_decision->outcome = OUTCOME_REFUSED_AT_DOOR;
    (void)snprintf(ret_decision->detail, sizeof ret_decision->detail, "%.*s: %.*s", (int)refused.size,
                   (const char *)refused.data, (int)detail.size, (const char *)detail.data);
    sim_mark(oracle->sim, MARK_REFUSED_AT_DOOR);
    return true;
}

/* Whatever became of the command, its entry says how it was called and by which correlation id, if the headers do. */
static void check_names(struct oracle *oracle, const struct entry *entry, const struct entry_body *body,
                        const struct topic_record *command) {
    struct slice method = {0}, correlation_id = {0};
    (void)topic_header_find(command, COMMAND_HEADER_METHOD, &method);
    (void)topic_header_find(command, COMMAND_HEADER_CORRELATION, &correlation_id);
    if (slice_equal(method, body->method) && slice_equal(correlation_id, body->correlation_id)) return;
    sim_fail(oracle->sim, "wrong names: entry %llu says another method or correlation id than its command",
             (unsigned long long)entry->number);
}

/* What the product's own rules say is said by the model, too. */
static void expect_index(struct oracle *oracle, const struct entry *entry, struct slice command, uint32_t outcome) {
    uint32_t expected = index_model_expect(oracle->index, command);
    if (expected == outcome) return;
    sim_fail(oracle->sim, "wrong outcome: the rules make outcome %u of entry %llu; by who is whom it is %u", outcome,
             (unsigned long long)entry->number, expected);
}

/* What the entry must say, from the specification: journal.md sections 5 and 6. */
static void expect_command(struct oracle *oracle, const struct rows *rows, const struct journal_state *before,
                           const struct entry *entry, const struct topic_record *command,
                           struct service_decision *ret_decision, uint64_t *ret_repeats) {
    *ret_decision = (struct service_decision){0};
    *ret_repeats = 0;
    const struct work work = {.kind = WORK_COMMAND, .position = entry->command_at};
    struct slice source, id_text, digest_text, decide_by_text;
    struct uuid id = {{0}};
    struct digest digest;
    uint64_t decide_by_ms;
    if (expect_refusal(oracle, entry, command, ret_decision)) return;
    bool is_named = topic_header_find(command, COMMAND_HEADER_SOURCE, &source) &&
                    topic_header_find(command, COMMAND_HEADER_ID, &id_text) &&
                    topic_header_find(command, COMMAND_HEADER_DIGEST, &digest_text) &&
                    topic_header_find(command, COMMAND_HEADER_DECIDE_BY, &decide_by_text) && uuid_parse(id_text, &id) &&
                    uuid_is_v7(id) && text_unhex(digest_text, digest.bytes, 16) &&
                    text_u64(decide_by_text, &decide_by_ms) && text_is_token(source, JOURNAL_NAME_MAX);
    if (is_named && (!slice_equal(source, journal_name_slice(&entry->source)) || !uuid_equal(id, entry->command_id) ||
                     !digest_equal(digest, entry->command_digest))) {
        sim_fail(oracle->sim, "wrong command: entry %llu carries other headers than its command",
                 (unsigned long long)entry->number);
        return;
    }
    struct answer_row first;
    bool is_set_aside = before->crashes >= 3 && work_equal(&before->crashed_at, &work);
    bool is_known = is_named && answers_find(rows, source, id, &first);
    if (is_set_aside && !is_known) {
        ret_decision->outcome = OUTCOME_SET_ASIDE;
    } else if (!is_named) {
        ret_decision->outcome = OUTCOME_UNREADABLE;
    } else if (!is_set_aside && answers_id_is_too_old(id, entry->decided_at_ms)) {
        ret_decision->outcome = OUTCOME_TOO_OLD;
    } else if (!is_set_aside && answers_id_is_from_future(id, entry->decided_at_ms)) {
        ret_decision->outcome = OUTCOME_FROM_FUTURE;
    } else if (is_known) {
        bool is_same = digest_equal(first.command_digest, digest);
        ret_decision->outcome = is_same ? first.outcome : OUTCOME_ID_REUSED;
        *ret_repeats = is_same ? first.number : 0;
        if (is_same) ret_decision->answer = first.answer;
    } else if ((int64_t)decide_by_ms < entry->decided_at_ms) {
        ret_decision->outcome = OUTCOME_EXPIRED;
    } else {
        struct arena arena = arena_over(decision_memory, sizeof decision_memory);
        oracle->sim->pure_service->decide(rows, command->value, entry->decided_at_ms, &arena, ret_decision);
        if (oracle->index != NULL) expect_index(oracle, entry, command->value, ret_decision->outcome);
        expect_it_fits(ret_decision);
    }
}

static void compare(struct oracle *oracle, const struct entry *entry, const struct entry_body *body,
                    const struct service_decision *expected, uint64_t repeats) {
    bool is_refused = body->outcome == OUTCOME_REFUSED_AT_DOOR;
    bool is_same = body->outcome == expected->outcome && body->repeats == repeats &&
                   (!is_refused || slice_equal(body->detail, slice_text(expected->detail))) &&
                   slice_equal(body->answer, expected->answer) && body->event_count == expected->event_count;
    for (uint32_t i = 0; is_same && i < body->event_count; i++) {
        is_same = slice_equal(body->events[i], expected->events[i]);
    }
    if (is_same) return;
    sim_fail(
        oracle->sim,
        "wrong decision: entry %llu says outcome %u with %u events, repeating %llu; decided on exactly the accepted "
        "prefix it is outcome %u with %u events, repeating %llu",
        (unsigned long long)entry->number, body->outcome, body->event_count, (unsigned long long)body->repeats,
        expected->outcome, expected->event_count, (unsigned long long)repeats);
}

/* resume_at never skips: the entry is about the first command at or after where the last one ended. */
static const struct fake_record *check_place(struct oracle *oracle, const struct journal_state *before,
                                             const struct entry *entry) {
    struct sim *sim = oracle->sim;
    char topic[REPLICA_TOPIC_MAX];
    replica_command_topic(sim->service.name, before->resume_at.generation, topic);
    const struct fake_log *log = fake_log_find(&sim->broker, topic);
    const struct fake_record *command = log == NULL ? NULL : fake_log_at_or_after(log, before->resume_at.offset);
    unsigned long long number = entry->number;
    switch (entry->kind) {
    case ENTRY_COMMAND:
        if (command == NULL || command->shown.offset != entry->command_at.offset ||
            entry->command_at.generation != before->resume_at.generation) {
            sim_fail(sim, "skipped: entry %llu is about command %lld, the next one after %lld is %lld", number,
                     (long long)entry->command_at.offset, (long long)before->resume_at.offset,
                     command == NULL ? -1 : (long long)command->shown.offset);
            return NULL;
        }
        if (entry->resume_at.generation != entry->command_at.generation ||
            entry->resume_at.offset != entry->command_at.offset + 1) {
            sim_fail(sim, "skipped: entry %llu goes on at %lld after command %lld", number,
                     (long long)entry->resume_at.offset, (long long)entry->command_at.offset);
        }
        return command;
    case ENTRY_TIMER:
        if (position_compare(entry->resume_at, before->resume_at) != 0) {
            sim_fail(sim, "skipped: the timer's entry %llu moves resume_at", number);
        }
        return NULL;
    case ENTRY_GAP:
        if (entry->resume_at.generation == before->resume_at.generation &&
            (log == NULL || log->start < entry->resume_at.offset)) {
            sim_fail(sim, "skipped: entry %llu gives up commands that are still there", number);
        }
        sim_mark(sim, MARK_GAP);
        return NULL;
    }
    return NULL;
}

static void note_fact(struct oracle *oracle, const struct entry *entry, const struct entry_body *body) {
    oracle->facts = oracle_room(oracle->facts, oracle->fact_count, &oracle->fact_room, sizeof *oracle->facts);
    struct fact fact = {.number = entry->number,
                        .source = entry->source,
                        .id = entry->command_id,
                        .digest = entry->command_digest,
                        .outcome = body->outcome,
                        .repeats = body->repeats,
                        .answer = body->answer};
    fact.is_first = body->repeats == 0 && body->outcome != OUTCOME_ID_REUSED && body->outcome != OUTCOME_TOO_OLD &&
                    body->outcome != OUTCOME_FROM_FUTURE && body->outcome != OUTCOME_REFUSED_AT_DOOR &&
                    !uuid_is_zero(entry->command_id);
    /* What was set aside under an id that is too old is not remembered: a copy of it may be set aside as well. */
    if (answers_id_is_too_old(entry->command_id, entry->decided_at_ms)) fact.is_first = false;
    for (size_t i = 0; fact.is_first && i < oracle->fact_count; i++) {
        const struct fact *other = &oracle->facts[i];
        if (!other->is_first || other->is_lost || !uuid_equal(other->id, fact.id)) continue;
        if (!slice_equal(journal_name_slice(&other->source), journal_name_slice(&fact.source))) continue;
        sim_fail(oracle->sim, "decided twice: entries %llu and %llu both decide one command",
                 (unsigned long long)other->number, (unsigned long long)fact.number);
    }
    oracle->facts[oracle->fact_count++] = fact;
}

static void mark_outcome(struct sim *sim, const struct entry *entry, const struct entry_body *body) {
    if (entry->kind == ENTRY_TIMER) {
        sim_mark(sim, body->outcome == OUTCOME_SET_ASIDE   ? MARK_TIMER_SET_ASIDE
                      : body->outcome == OUTCOME_TOO_LARGE ? MARK_TIMER_TOO_LARGE
                                                           : MARK_TIMER_FIRED);
        return;
    }
    if (body->outcome == OUTCOME_TOO_LARGE) sim_mark(sim, MARK_TOO_LARGE);
    if (body->repeats != 0) sim_mark(sim, MARK_REPEAT);
    if (body->outcome == OUTCOME_ID_REUSED) sim_mark(sim, MARK_ID_REUSED);
    if (body->outcome == OUTCOME_EXPIRED) sim_mark(sim, MARK_EXPIRED);
    if (body->outcome == OUTCOME_UNREADABLE) sim_mark(sim, MARK_UNREADABLE);
    if (body->outcome == OUTCOME_SET_ASIDE) sim_mark(sim, MARK_SET_ASIDE);
    if (body->outcome == OUTCOME_TOO_OLD || body->outcome == OUTCOME_FROM_FUTURE) sim_mark(sim, MARK_TOO_OLD);
}

static void expect_timer(struct oracle *oracle, const struct rows *rows, const struct journal_state *before,
                         const struct entry *entry, struct service_decision *ret_decision) {
    *ret_decision = (struct service_decision){0};
    const struct work work = {.kind = WORK_TIMER, .timer = entry->timer};
    uint8_t key_bytes[17] = {ROWS_TABLE_TIMER};
    memcpy(key_bytes + 1, entry->timer.bytes, 16);
    struct slice body;
    if (timer_due_ms(entry->timer) > entry->decided_at_ms || !rows_get(rows, slice_of(key_bytes, 17), &body)) {
        sim_fail(oracle->sim, "wrong timer: entry %llu fires one that is not due or not set",
                 (unsigned long long)entry->number);
        return;
    }
    if (before->crashes >= 3 && work_equal(&before->crashed_at, &work)) {
        ret_decision->outcome = OUTCOME_SET_ASIDE;
        return;
    }
    struct arena arena = arena_over(decision_memory, sizeof decision_memory);
    oracle->sim->pure_service->fire(rows, entry->timer, body, entry->decided_at_ms, &arena, ret_decision);
    expect_it_fits(ret_decision);
}

static void fold(struct oracle *oracle, const struct rows *rows, const struct entry *entry,
                 const struct entry_body *body) {
    const struct apply_context context = {.decided_at_ms = entry->decided_at_ms, .number = entry->number};
    for (uint32_t i = 0; i < body->event_count; i++) {
        bool is_applied = oracle->sim->pure_service->apply(rows, &context, body->events[i]);
        ASSERT(is_applied);
        if (oracle->sim->swarm.kind == SIM_BOOKING) {
            booking_promise_event(oracle->sim, &oracle->promise, entry->number, body->events[i]);
        }
        if (oracle->index != NULL && !oracle->sim->has_failed) {
            index_model_event(oracle->index, entry, body->events[i]);
        }
    }
    if (oracle->follow != NULL && !oracle->sim->has_failed) follow_entry(oracle->follow, entry, body);
    if (entry->kind == ENTRY_TIMER) {
        bool is_parked = body->outcome == OUTCOME_SET_ASIDE || body->outcome == OUTCOME_TOO_LARGE;
        if (is_parked) timer_park(rows, entry->timer);
        if (!is_parked) timer_clear(rows, entry->timer);
    }
    if (entry->kind != ENTRY_COMMAND) return;
    bool is_kept = body->repeats == 0 && body->outcome != OUTCOME_ID_REUSED && body->outcome != OUTCOME_TOO_OLD &&
                   body->outcome != OUTCOME_FROM_FUTURE && body->outcome != OUTCOME_REFUSED_AT_DOOR &&
                   !uuid_is_zero(entry->command_id);
    if (is_kept) {
        const struct answer_row row = {entry->command_digest, body->outcome, entry->number, body->detail, body->answer};
        answers_put(rows, journal_name_slice(&entry->source), entry->command_id, &row);
    }
    answers_forget(rows, entry->decided_at_ms);
}

void oracle_check_entry(struct oracle *oracle, const struct journal_state *before, const struct entry *entry) {
    struct sim *sim = oracle->sim;
    struct entry_body body;
    if (!entry_body_read(entry->body, &body)) {
        sim_fail(sim, "unreadable: the body of entry %llu", (unsigned long long)entry->number);
        return;
    }
    struct store store = fake_store_port(&oracle->fold);
    struct rows rows;
    enum status status = store.begin(store.context, &rows, NULL);
    ASSERT(status == STATUS_OK);
    bool is_lost_command =
        sim->were_commands_cut && entry->kind == ENTRY_COMMAND && entry->command_at.generation == sim->cut_generation;
    if (!oracle->is_replaying && !is_lost_command) {
        if (entry->number != before->number + 1 || !digest_equal(entry->prev, before->prev)) {
            sim_fail(sim, "other prefix: entry %llu was decided on another history than the accepted one",
                     (unsigned long long)entry->number);
        }
        struct service_decision expected = {.outcome = OUTCOME_EXPIRED_UNDECIDED};
        uint64_t repeats = 0;
        const struct fake_record *command = check_place(oracle, before, entry);
        if (command != NULL) {
            expect_command(oracle, &rows, before, entry, &command->shown, &expected, &repeats);
            check_names(oracle, entry, &body, &command->shown);
        }
        if (entry->kind == ENTRY_TIMER) expect_timer(oracle, &rows, before, entry, &expected);
        if (!sim->has_failed) compare(oracle, entry, &body, &expected, repeats);
        mark_outcome(sim, entry, &body);
    }
    if (entry->kind == ENTRY_COMMAND && !sim->has_failed) note_fact(oracle, entry, &body);
    fold(oracle, &rows, entry, &body);
    oracle_expect_public(oracle, entry);
    status = store.commit(store.context, NULL);
    ASSERT(status == STATUS_OK);
}
