/* The rule of journal.md section 3 and the counting of section 6. Each clause is one line with its own verdict, so that
 * the table test can show every one of them at work. Pure: the hash and the broker's time are handed in. */
#include "lib/journal/accept.h"

#include "lib/base/assert.h"

static enum journal_verdict judge(const struct journal_state *state, const struct journal_identity *identity,
                                  const struct logged *logged, const struct journal_record *record, bool is_readable);
static void begin(struct journal_state *state, const struct genesis *genesis);
static void take_claim(struct journal_state *state, const struct claim *claim);
static void take_entry(struct journal_state *state, const struct entry *entry);

enum journal_verdict journal_accept(struct journal_state *state, const struct journal_identity *identity,
                                    const struct logged *logged, struct digest chained,
                                    struct journal_record *ret_record, bool *ret_is_readable) {
    ASSERT((state->crashes == 0) == (state->crashed_at.kind == WORK_NONE));
    ASSERT(state->has_genesis || state->epoch == 0);
    ASSERT(state->log_time_ms >= 0 && state->decided_at_ms >= 0);

    *ret_is_readable = journal_record_read(logged->value, ret_record);
    enum journal_verdict verdict = judge(state, identity, logged, ret_record, *ret_is_readable);
    if (!journal_verdict_accepts(verdict)) return verdict;

    switch (ret_record->kind) {
    case RECORD_GENESIS:
        begin(state, &ret_record->as.genesis);
        break;
    case RECORD_CLAIM:
        take_claim(state, &ret_record->as.claim);
        break;
    case RECORD_ENTRY:
        take_entry(state, &ret_record->as.entry);
        break;
    }
    state->prev = chained;
    if (logged->timestamp_ms > state->log_time_ms) state->log_time_ms = logged->timestamp_ms;
    return verdict;
}

static bool names_equal(const struct journal_name *a, const struct journal_name *b) {
    return slice_equal(journal_name_slice(a), journal_name_slice(b));
}

/* Offset 0 is Genesis or the end of reading; the type of the timestamp decides there as everywhere. */
static enum journal_verdict judge_first(const struct journal_state *state, const struct journal_identity *identity,
                                        const struct logged *logged, const struct journal_record *record,
                                        bool is_readable) {
    if (!is_readable || record->kind != RECORD_GENESIS) return VERDICT_STOP_NO_GENESIS;
    if (!logged->is_log_append_time) return VERDICT_STOP_NO_GENESIS;
    const struct genesis *genesis = &record->as.genesis;
    if (!names_equal(&genesis->environment, &identity->environment)) return VERDICT_STOP_WRONG_JOURNAL;
    if (!names_equal(&genesis->service, &identity->service)) return VERDICT_STOP_WRONG_JOURNAL;
    if (!names_equal(&genesis->locality, &identity->locality)) return VERDICT_STOP_WRONG_JOURNAL;
    if (state->has_genesis) return VERDICT_SECOND_GENESIS;
    return VERDICT_GENESIS;
}

static enum journal_verdict judge_entry(const struct journal_state *state, const struct logged *logged,
                                        const struct entry *entry) {
    int64_t log_time_ms = state->log_time_ms > logged->timestamp_ms ? state->log_time_ms : logged->timestamp_ms;

    if (entry->epoch != state->epoch) return VERDICT_ENTRY_EPOCH;
    if (!id128_equal(entry->owner, state->owner)) return VERDICT_ENTRY_OWNER;
    if (entry->number != state->number + 1) return VERDICT_ENTRY_NUMBER;
    if (position_compare(entry->resume_at, state->resume_at) < 0) return VERDICT_ENTRY_RESUME;
    if (entry->decided_at_ms < state->decided_at_ms) return VERDICT_ENTRY_TIME_BACK;
    /* Neither time is negative, so the difference cannot overflow. */
    if (entry->decided_at_ms - log_time_ms > JOURNAL_CLOCK_LEAD_MAX_MS) return VERDICT_ENTRY_TIME_AHEAD;
    if (!digest_equal(entry->prev, state->prev)) return VERDICT_ENTRY_PREV;
    return VERDICT_ENTRY;
}

static enum journal_verdict judge(const struct journal_state *state, const struct journal_identity *identity,
                                  const struct logged *logged, const struct journal_record *record, bool is_readable) {
    if (logged->offset == 0) return judge_first(state, identity, logged, record, is_readable);
    if (!state->has_genesis) return VERDICT_BEFORE_GENESIS;
    if (!is_readable) return VERDICT_UNREADABLE;
    if (!logged->is_log_append_time) return VERDICT_TIMESTAMP_TYPE;
    switch (record->kind) {
    case RECORD_GENESIS:
        return VERDICT_SECOND_GENESIS;
    case RECORD_CLAIM:
        return record->as.claim.epoch == state->epoch + 1 ? VERDICT_CLAIM : VERDICT_CLAIM_EPOCH;
    case RECORD_ENTRY:
        return judge_entry(state, logged, &record->as.entry);
    }
    bhr_assert_failed("one of the three kinds of record", __FILE__, __LINE__);
}

static void begin(struct journal_state *state, const struct genesis *genesis) {
    ASSERT(!state->has_genesis);
    *state = (struct journal_state){
        .has_genesis = true,
        .journal_id = genesis->journal_id,
        .resume_at = genesis->starts_at,
        .log_time_ms = state->log_time_ms,
    };
}

/* Section 6: a command before resume_at was decided after all, so its note counts nothing. */
static void count_crash(struct journal_state *state, const struct work *crashed_at) {
    if (crashed_at->kind == WORK_NONE) return;
    if (crashed_at->kind == WORK_COMMAND && position_compare(crashed_at->position, state->resume_at) < 0) return;
    state->crashes = work_equal(crashed_at, &state->crashed_at) ? state->crashes + 1 : 1;
    state->crashed_at = *crashed_at;
}

static void take_claim(struct journal_state *state, const struct claim *claim) {
    ASSERT(claim->epoch == state->epoch + 1);
    state->epoch = claim->epoch;
    state->owner = claim->owner;
    count_crash(state, &claim->crashed_at);
}

static bool entry_finishes(const struct entry *entry, const struct work *work) {
    switch (work->kind) {
    case WORK_NONE:
        return false;
    case WORK_COMMAND:
        return position_compare(entry->resume_at, work->position) > 0;
    case WORK_TIMER:
        return entry->kind == ENTRY_TIMER && timer_id_equal(entry->timer, work->timer);
    }
    bhr_assert_failed("one of the three kinds of work", __FILE__, __LINE__);
}

static void take_entry(struct journal_state *state, const struct entry *entry) {
    ASSERT(entry->epoch == state->epoch);
    ASSERT(position_compare(entry->resume_at, state->resume_at) >= 0);
    state->number = entry->number;
    state->resume_at = entry->resume_at;
    state->decided_at_ms = entry->decided_at_ms;
    if (entry_finishes(entry, &state->crashed_at)) {
        state->crashed_at = (struct work){.kind = WORK_NONE};
        state->crashes = 0;
    }
}

bool journal_is_suspicious(const struct journal_state *state, const struct entry *entry, enum journal_verdict verdict) {
    if (!state->has_genesis || journal_verdict_accepts(verdict)) return false;
    return verdict == VERDICT_ENTRY_PREV || entry->epoch > state->epoch;
}
