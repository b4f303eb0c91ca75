/* What the outside sees of one accepted entry (journal.md section 9): its events, each a record of the public event topic;
 * or, when it has none, how the request ended; and a dead letter where somebody should look. Pure but for the hash that it
 * is handed: the same entry gives the same records, so that publishing again after a crash repeats and never differs.
 * Nothing in key, headers or value identifies a person (design section 3, invariant 10). */
#ifndef BHR_HOST_PUBLIC_RECORD_H
#define BHR_HOST_PUBLIC_RECORD_H

#include "lib/host/service.h"
#include "lib/journal/record.h"
#include "lib/port/topic.h"

enum {
    PUBLIC_RECORDS_MAX = 6, /* every event of an entry, or an outcome and a dead letter */
    PUBLIC_RECORDS_UNREADABLE = PUBLIC_RECORDS_MAX + 1,
    PUBLIC_HEADERS_MAX = 10,
    /* Always suffices for an entry whose messages lie at most three deep, as those of every service must. */
    PUBLIC_RECORDS_ARENA_SIZE = 5 * JOURNAL_RECORD_MAX,
};

/* Who publishes: the same for every entry of one journal. */
struct public_context {
    const struct service *service;
    struct slice environment, locality;
    struct id128 journal_id;
    struct digest (*hash)(struct slice a, struct slice b);
};

struct public_record {
    bool is_dead_letter; /* for the dead-letter topic, else for the event topic */
    struct slice key, value;
    uint32_t header_count;
    struct topic_header headers[PUBLIC_HEADERS_MAX]; /* CloudEvents 1.0, binary mode */
};

/* How many records the entry makes, in the order in which they are to be appended; 0 when it has nothing to tell. The entry
 * must be accepted. Slices lie in the arena, the entry, the context or static memory.
 * PUBLIC_RECORDS_UNREADABLE when this program cannot read the entry (it is a later writer's): none of ret_records may then
 * be used, and nothing that follows may be published before it. */
uint32_t public_records_of_entry(const struct public_context *context, const struct entry *entry, struct arena *arena,
                                 struct public_record ret_records[PUBLIC_RECORDS_MAX]);

#endif
