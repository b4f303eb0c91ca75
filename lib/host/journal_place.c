/* A place: its bytes, which are fixed fields in order, and the one step from it to the next. Pure. */
#include "lib/host/journal_place.h"

#include "lib/base/assert.h"
#include "lib/host/replica_meta.h"

void journal_place_write(const struct journal_place *place, struct buffer *out) {
    ASSERT(place->applied >= -1);
    ASSERT((place->applied >= 0) == place->journal.has_genesis);
    uint8_t state[JOURNAL_STATE_SIZE];
    buffer_put_u64(out, (uint64_t)place->applied);
    buffer_put(out, place->anchor.bytes, sizeof place->anchor.bytes);
    journal_state_write(&place->journal, state);
    buffer_put(out, state, sizeof state);
}

bool journal_place_read(struct cursor *cursor, struct journal_place *ret_place) {
    *ret_place = (struct journal_place){.applied = (int64_t)cursor_u64(cursor)};
    cursor_copy(cursor, ret_place->anchor.bytes, sizeof ret_place->anchor.bytes);
    struct slice state = cursor_take(cursor, JOURNAL_STATE_SIZE);
    return !cursor->is_bad && journal_state_read(state, &ret_place->journal) && ret_place->applied >= -1 &&
           (ret_place->applied >= 0) == ret_place->journal.has_genesis;
}

bool journal_place_is_at(const struct journal_place *place, struct digest (*hash)(struct slice, struct slice),
                         const struct logged *logged) {
    return logged->offset == place->applied && digest_equal(replica_anchor(hash, logged), place->anchor);
}

void journal_place_judge(const struct journal_place *place, const struct journal_identity *identity,
                         struct digest (*hash)(struct slice, struct slice), const struct logged *logged,
                         struct journal_step *ret_step) {
    ASSERT(logged->offset > place->applied);
    struct journal_step *step = ret_step;
    step->place = *place;
    struct journal_state *state = &step->place.journal;
    struct digest chained = hash(slice_of(state->prev.bytes, sizeof state->prev.bytes), logged->value);
    step->verdict = journal_accept(state, identity, logged, chained, &step->record, &step->is_readable);
    step->is_suspicious = step->is_readable && step->record.kind == RECORD_ENTRY &&
                          journal_is_suspicious(&place->journal, &step->record.as.entry, step->verdict);
    if (journal_verdict_stops(step->verdict)) return;
    step->place.applied = logged->offset;
    step->place.anchor = replica_anchor(hash, logged);
}
