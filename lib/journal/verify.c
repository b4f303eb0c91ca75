/* The rule over a whole journal, with counts: what `bhr journal verify`, the simulator and outside readers run. Pure:
 * the hash is handed in. */
#include "lib/journal/verify.h"

#include "lib/base/assert.h"

#define X(verdict, name, sentence) +1
_Static_assert((0 JOURNAL_VERDICTS(X)) <= sizeof((struct journal_count *)0)->rejected_by_verdict / sizeof(uint64_t),
               "every verdict has its counter");
#undef X

static void count_accepted(struct journal_count *count, const struct journal_record *record);

void journal_verifier_init(struct journal_verifier *verifier, const struct journal_identity *identity,
                           journal_hash_function hash) {
    ASSERT(hash != NULL);
    *verifier = (struct journal_verifier){.identity = *identity, .hash = hash};
}

enum journal_verdict journal_verify(struct journal_verifier *verifier, const struct logged *logged,
                                    struct journal_record *ret_record, bool *ret_is_readable) {
    ASSERT(logged->offset >= verifier->offset_next);
    if (verifier->is_stopped) {
        ASSERT(!verifier->state.has_genesis);
        *ret_is_readable = false;
        return VERDICT_BEFORE_GENESIS;
    }

    struct slice prev = slice_of(verifier->state.prev.bytes, sizeof verifier->state.prev.bytes);
    struct digest chained = verifier->hash(prev, logged->value);
    enum journal_verdict verdict =
        journal_accept(&verifier->state, &verifier->identity, logged, chained, ret_record, ret_is_readable);

    verifier->count.records++;
    verifier->offset_next = logged->offset < INT64_MAX ? logged->offset + 1 : INT64_MAX;
    if (journal_verdict_accepts(verdict)) {
        count_accepted(&verifier->count, ret_record);
    } else {
        verifier->count.rejected++;
        verifier->count.rejected_by_verdict[verdict]++;
        verifier->is_stopped = journal_verdict_stops(verdict);
    }
    return verdict;
}

static void count_entry(struct journal_count *count, const struct entry *entry) {
    count->entries++;
    switch (entry->kind) {
    case ENTRY_COMMAND:
        count->command_entries++;
        break;
    case ENTRY_TIMER:
        count->timer_entries++;
        break;
    case ENTRY_GAP:
        count->gap_entries++;
        break;
    }
    struct entry_body body;
    if (!entry_body_read(entry->body, &body)) {
        count->unreadable_bodies++;
    } else if (body.repeats != 0) {
        count->repeats++;
    }
}

static void count_accepted(struct journal_count *count, const struct journal_record *record) {
    switch (record->kind) {
    case RECORD_GENESIS:
        count->genesis++;
        break;
    case RECORD_CLAIM:
        count->claims++;
        break;
    case RECORD_ENTRY:
        count_entry(count, &record->as.entry);
        break;
    }
}
