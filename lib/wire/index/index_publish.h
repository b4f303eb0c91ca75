/* The index's events and answers as others may see them: index_publish.def says which fields are public. Any thread;
 * memory is the caller's arena. Never lets anything pass that the table does not name. */
#ifndef BHR_WIRE_INDEX_INDEX_PUBLISH_H
#define BHR_WIRE_INDEX_INDEX_PUBLISH_H

#include "lib/wire/exchange/wire_public.h"

/* Of one event of a journal entry: the full name of its message ("bhr.index.v1.PersonsMerged"), its subject (the
 * person's pseudonym, else the pair, the merge, the code of the organisation or the id of the service) and its
 * public bytes. False for bytes that are no event this program knows, or without room. */
bool index_event_public(struct slice event, struct arena *arena, struct slice *ret_type, struct slice *ret_key,
                        struct slice *ret_bytes);
/* Of an answer, by the name of the rpc alone ("MergePersons"). False also for a method without a row. */
bool index_answer_public(struct slice method, struct slice answer, struct arena *arena, struct slice *ret_type,
                         struct slice *ret_bytes);

/* The table itself, for its test and for the documents made of it. */
extern const struct wire_public_table index_public_table;
/* The index-th command of the table; NULL beyond the last. */
const struct wire_public_method *index_public_method(uint32_t index);
/* The message of IndexEvent that holds the event. */
const ProtobufCMessageDescriptor *index_public_events(void);

#endif
