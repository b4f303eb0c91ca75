/* How far a reader has judged a journal, and what it takes to go on from there as if it had read all of it: the rule's
 * state, the offset judged last and its anchor. Pure. */
#ifndef BHR_HOST_JOURNAL_PLACE_H
#define BHR_HOST_JOURNAL_PLACE_H

#include "lib/base/buffer.h"
#include "lib/journal/accept.h"
#include "lib/journal/record.h"

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

/* The next record of a journal, judged. */
struct journal_step {
    enum journal_verdict verdict;
    struct journal_record record; /* only when is_readable */
    bool is_readable;
    bool is_suspicious;         /* a cut journal or a clone looks like this: reading again from the place tells which */
    struct journal_place place; /* behind the record; not when the verdict stops */
};

/* Whether that is the record the place is at, byte and broker timestamp (journal.md section 4). */
bool journal_place_is_at(const struct journal_place *place, struct digest (*hash)(struct slice, struct slice),
                         const struct logged *logged);
/* Judges the record that follows the place, by the rule. The place stays as it is. */
void journal_place_judge(const struct journal_place *place, const struct journal_identity *identity,
                         struct digest (*hash)(struct slice, struct slice), const struct logged *logged,
                         struct journal_step *ret_step);

#endif
