/* The first answer to every command, kept until its id is too old to be asked again (journal.md section 5). The replica
 * writes these rows in apply; the door looks a repeat up before it writes anything. */
#ifndef BHR_HOST_ANSWERS_H
#define BHR_HOST_ANSWERS_H

#include "lib/base/id.h"
#include "lib/base/rows.h"

#define ANSWERS_ID_AGE_MS_MAX  (30LL * 24 * 3600 * 1000)
#define ANSWERS_ID_LEAD_MS_MAX (5LL * 60 * 1000)
enum { ANSWERS_FORGET_PER_ENTRY_MAX = 4 };

struct answer_row {
    struct digest command_digest;
    uint32_t outcome;
    uint64_t number;             /* of the entry: the position a reader asks for with min_position */
    struct slice detail, answer; /* borrowed from the row */
};

/* Older than 30 days before now, or more than 5 minutes after it: such an id is refused, and forgotten by the same test. */
bool answers_id_is_too_old(struct uuid command_id, int64_t now_ms);
bool answers_id_is_from_future(struct uuid command_id, int64_t now_ms);

bool answers_find(const struct rows *rows, struct slice source, struct uuid command_id, struct answer_row *ret_row);
void answers_put(const struct rows *rows, struct slice source, struct uuid command_id, const struct answer_row *row);
/* Deletes up to ANSWERS_FORGET_PER_ENTRY_MAX rows whose id is too old at now_ms: a little with every entry. */
void answers_forget(const struct rows *rows, int64_t now_ms);

#endif
