/* The bytes of a publisher's note: a format number, then fixed fields in order, as hexadecimal text. Pure. */
#include "lib/host/publisher_note.h"

#include "lib/base/assert.h"
#include "lib/base/text.h"

enum { NOTE_FORMAT = 1 };

static void put_place(struct buffer *out, const struct publisher_place *place) {
    ASSERT(place->applied >= -1);
    ASSERT((place->applied >= 0) == place->journal.has_genesis);
    uint8_t state[JOURNAL_STATE_SIZE];
    buffer_put_u64(out, (uint64_t)place->applied);
    buffer_put(out, place->anchor.bytes, sizeof place->anchor.bytes);
    journal_state_write(&place->journal, state);
    buffer_put(out, state, sizeof state);
}

static bool take_place(struct cursor *cursor, struct publisher_place *ret_place) {
    *ret_place = (struct publisher_place){.applied = (int64_t)cursor_u64(cursor)};
    cursor_copy(cursor, ret_place->anchor.bytes, sizeof ret_place->anchor.bytes);
    struct slice state = cursor_take(cursor, JOURNAL_STATE_SIZE);
    return !cursor->is_bad && journal_state_read(state, &ret_place->journal) && ret_place->applied >= -1 &&
           (ret_place->applied >= 0) == ret_place->journal.has_genesis;
}

void publisher_note_write(const struct publisher_note *note, char ret_text[PUBLISHER_NOTE_SIZE]) {
    ASSERT(note->before.applied <= note->after.applied);
    uint8_t bytes[PUBLISHER_NOTE_BYTES];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    buffer_put_u8(&out, NOTE_FORMAT);
    put_place(&out, &note->before);
    put_place(&out, &note->after);
    ASSERT(!out.is_full && out.size == sizeof bytes);
    text_hex(bytes, sizeof bytes, ret_text);
}

bool publisher_note_read(struct slice text, struct publisher_note *ret_note) {
    uint8_t bytes[PUBLISHER_NOTE_BYTES];
    if (!text_unhex(text, bytes, sizeof bytes)) return false;
    struct cursor cursor = cursor_over(slice_of(bytes, sizeof bytes));
    if (cursor_u8(&cursor) != NOTE_FORMAT) return false;
    struct publisher_note note;
    if (!take_place(&cursor, &note.before) || !take_place(&cursor, &note.after) || !cursor_done(&cursor)) return false;
    if (note.before.applied > note.after.applied) return false;
    *ret_note = note;
    return true;
}
