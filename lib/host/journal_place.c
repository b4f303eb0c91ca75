/* The bytes of a place: fixed fields in order. Pure. */
#include "lib/host/journal_place.h"

#include "lib/base/assert.h"

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
