/* The bytes of a publisher's note: a format number, then fixed fields in order, as hexadecimal text. Pure. */
#include "lib/host/publisher_note.h"

#include "lib/base/assert.h"
#include "lib/base/text.h"

enum { NOTE_FORMAT = 1 };

void publisher_note_write(const struct publisher_note *note, char ret_text[PUBLISHER_NOTE_SIZE]) {
    ASSERT(note->before.applied <= note->after.applied);
    uint8_t bytes[PUBLISHER_NOTE_BYTES];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    buffer_put_u8(&out, NOTE_FORMAT);
    journal_place_write(&note->before, &out);
    journal_place_write(&note->after, &out);
    ASSERT(!out.is_full && out.size == sizeof bytes);
    text_hex(bytes, sizeof bytes, ret_text);
}

bool publisher_note_read(struct slice text, struct publisher_note *ret_note) {
    uint8_t bytes[PUBLISHER_NOTE_BYTES];
    if (!text_unhex(text, bytes, sizeof bytes)) return false;
    struct cursor cursor = cursor_over(slice_of(bytes, sizeof bytes));
    if (cursor_u8(&cursor) != NOTE_FORMAT) return false;
    struct publisher_note note;
    if (!journal_place_read(&cursor, &note.before) || !journal_place_read(&cursor, &note.after) ||
        !cursor_done(&cursor))
        return false;
    if (note.before.applied > note.after.applied) return false;
    *ret_note = note;
    return true;
}
