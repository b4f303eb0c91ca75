/* What an event does to the rows: the only writer of them, live, in replay and in tests alike. */
#ifndef BHR_INDEX_CORE_APPLY_H
#define BHR_INDEX_CORE_APPLY_H

#include "lib/base/buffer.h"
#include "services/index/core/index_event.h"
#include "services/index/core/rows_index.h"

/* decided_at_ms and number are of the entry that holds the event. Cannot fail. */
void index_apply(const struct rows *rows, int64_t decided_at_ms, uint64_t number, const struct index_event *event);

/* One readable line without personal data: "merged ..9abc into ..12ab by council-a". */
void index_describe(const struct index_event *event, struct buffer *out);

#endif
