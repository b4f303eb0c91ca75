/* What an accepted entry does to the store: one code path for the owner, for followers and for a rebuild, so that they
 * cannot differ. It reads only the entry and the open transaction. */
#include "lib/host/replica_internal.h"

static bool answer_is_kept(const struct entry *entry, const struct entry_body *body);
static void answer_remember(struct replica *r, const struct entry *entry, const struct entry_body *body);

enum replica_stop replica_apply_entry(struct replica *r, const struct entry *entry) {
    ASSERT(r->is_transaction_open);
    struct entry_body body;
    if (!entry_body_read(entry->body, &body)) return STOP_BODY;
    if (body.schema > r->service->apply_version) return STOP_SCHEMA;

    const struct apply_context context = {.decided_at_ms = entry->decided_at_ms, .number = entry->number};
    for (uint32_t i = 0; i < body.event_count; i++) {
        if (!r->service->apply(&r->rows, &context, body.events[i])) return STOP_BODY;
        /* Rows that belong together may not be together any more: nothing is applied to them or decided on them. */
        enum replica_stop stop = replica_check_store(r);
        if (stop != STOP_NONE) return stop;
    }
    switch (entry->kind) {
    case ENTRY_COMMAND:
        if (answer_is_kept(entry, &body)) {
            const struct answer_row row = {.command_digest = entry->command_digest,
                                           .outcome = body.outcome,
                                           .number = entry->number,
                                           .detail = body.detail,
                                           .answer = body.answer};
            answers_put(&r->rows, journal_name_slice(&entry->source), entry->command_id, &row);
        }
        answers_forget(&r->rows, entry->decided_at_ms);
        if (body.outcome != OUTCOME_REFUSED_AT_DOOR) answer_remember(r, entry, &body);
        if (body.outcome == OUTCOME_SET_ASIDE) replica_alarm(r, "set_aside", "a command was set aside");
        if (body.outcome == OUTCOME_UNREADABLE) replica_alarm(r, "unreadable", "a command could not be read");
        break;
    case ENTRY_TIMER:
        /* A timer that killed its owner three times stays visible, but is never due again (journal.md section 6); so does
         * one whose outcome is too large to keep. */
        if (body.outcome == OUTCOME_SET_ASIDE || body.outcome == OUTCOME_TOO_LARGE) {
            timer_park(&r->rows, entry->timer);
            replica_alarm(r, "set_aside", "a timer was set aside");
        } else {
            timer_clear(&r->rows, entry->timer);
        }
        break;
    case ENTRY_GAP:
        replica_alarm(r, "gap", "commands were lost before they could be decided");
        break;
    }
    return replica_check_store(r);
}

/* A repeat must not overwrite the first answer, and an id refused for its own sake, or by a door, is judged anew each
 * time. */
static bool answer_is_kept(const struct entry *entry, const struct entry_body *body) {
    if (body->repeats != 0 || uuid_is_zero(entry->command_id)) return false;
    return body->outcome != OUTCOME_ID_REUSED && body->outcome != OUTCOME_TOO_OLD &&
           body->outcome != OUTCOME_FROM_FUTURE && body->outcome != OUTCOME_REFUSED_AT_DOOR;
}

/* Copies the answer until the commit: only then may it leave (design invariant 2). What a door refused it has told
 * itself; a request of the same id and content may wait in another door, and has another answer. */
static void answer_remember(struct replica *r, const struct entry *entry, const struct entry_body *body) {
    ASSERT(r->answer_count < REPLICA_ANSWERS_MAX);
    struct replica_answer *answer = &r->answers[r->answer_count];
    *answer = (struct replica_answer){
        .source = arena_copy(&r->answer_arena, journal_name_slice(&entry->source)),
        .command_id = entry->command_id,
        .command_digest = entry->command_digest,
        .outcome = body->outcome,
        .is_repeat = body->repeats != 0,
        .answer = arena_copy(&r->answer_arena, body->answer),
        .detail = arena_copy(&r->answer_arena, body->detail),
        .number = body->repeats != 0 ? body->repeats : entry->number,
    };
    ASSERT(answer->source.size == entry->source.size);
    ASSERT(answer->answer.size == body->answer.size && answer->detail.size == body->detail.size);
    r->answer_count++;
}
