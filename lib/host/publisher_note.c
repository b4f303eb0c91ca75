/* The bytes of a publisher's note: a format number, then fixed fields in order, as hexadecimal text. Pure. */
#include "lib/host/publisher_note.h"

#include "lib/base/assert.h"
#include "lib/base/text.h"

enum { NOTE_FORMAT = 1 };

void publisher_note_write(const struct publisher_place *place, char ret_text[PUBLISHER_NOTE_SIZE]) {
    ASSERT(place->applied >= -1);
    ASSERT(place->applied >= 0 || !place->journal.has_genesis);
    uint8_t bytes[PUBLISHER_NOTE_BYTES], state[JOURNAL_STATE_SIZE];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    buffer_put_u8(&out, NOTE_FORMAT);
    buffer_put_u64(&out, (uint64_t)place->applied);
    buffer_put(&out, place->anchor.bytes, sizeof place->anchor.bytes);
    journal_state_write(&place->journal, state);
    buffer_put(&out, state, sizeof state);
    ASSERT(!out.is_full && out.size == sizeof bytes);
    text_hex(bytes, sizeof bytes, ret_text);
}

bool publisher_note_read(struct slice text, struct publisher_place *ret_place) {
    uint8_t bytes[PUBLISHER_NOTE_BYTES];
    if (!text_unhex(text, bytes, sizeof bytes)) return false;
    struct cursor cursor = cursor_over(slice_of(bytes, sizeof bytes));
    if (cursor_u8(&cursor) != NOTE_FORMAT) return false;
    struct publisher_place place = {.applied = (int64_t)cursor_u64(&cursor)};
    cursor_copy(&cursor, place.anchor.bytes, sizeof place.anchor.bytes);
    struct slice state = cursor_take(&cursor, JOURNAL_STATE_SIZE);
    if (!cursor_done(&cursor) || !journal_state_read(state, &place.journal)) return false;
    if (place.applied < -1 || (place.applied >= 0) != place.journal.has_genesis) return false;
    *ret_place = place;
    return true;
}
