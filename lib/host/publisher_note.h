/* What a publisher keeps beside its position in Kafka, so that whoever publishes next judges the journal from there on as
 * if it had read it from its beginning: the rule's state, the offset judged last and its anchor. Two such places, before
 * and after the transaction that carries them: whoever comes next reads that transaction's entries once more. Pure. */
#ifndef BHR_HOST_PUBLISHER_NOTE_H
#define BHR_HOST_PUBLISHER_NOTE_H

#include "lib/host/journal_place.h"

struct publisher_note {
    struct journal_place before, after;
};

/* Hexadecimal text: Kafka keeps at most 4,096 characters beside an offset. */
enum { PUBLISHER_NOTE_BYTES = 1 + 2 * JOURNAL_PLACE_SIZE, PUBLISHER_NOTE_SIZE = 2 * PUBLISHER_NOTE_BYTES };

void publisher_note_write(const struct publisher_note *note, char ret_text[PUBLISHER_NOTE_SIZE]);
/* False for anything that publisher_note_write cannot have written. */
bool publisher_note_read(struct slice text, struct publisher_note *ret_note);

#endif
