/* How far a reader has judged a journal, and what it takes to go on from there as if it had read all of it: the rule's
 * state, the offset judged last and its anchor. Pure. */
#ifndef BHR_HOST_JOURNAL_PLACE_H
#define BHR_HOST_JOURNAL_PLACE_H

#include "lib/base/buffer.h"
#include "lib/journal/accept.h"

struct journal_place {
    struct journal_state journal; /* after the record at `applied` */
    int64_t applied;              /* the last record judged; -1 before the first */
    struct digest anchor;         /* of that record (lib/host/replica_meta.h) */
};

enum { JOURNAL_PLACE_SIZE = 8 + 16 + JOURNAL_STATE_SIZE };

/* Appends JOURNAL_PLACE_SIZE bytes. */
void journal_place_write(const struct journal_place *place, struct buffer *out);
/* False for anything that journal_place_write cannot have written. */
bool journal_place_read(struct cursor *cursor, struct journal_place *ret_place);

#endif
