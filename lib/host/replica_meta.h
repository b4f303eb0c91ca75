/* The one row that ties a store to its journal: the rule's whole state, the last record judged and its anchor, committed
 * together with the data (journal.md section 4). */
#ifndef BHR_HOST_REPLICA_META_H
#define BHR_HOST_REPLICA_META_H

#include "lib/base/rows.h"
#include "lib/journal/accept.h"

struct replica_meta {
    uint32_t apply_version; /* of the program that built the store; another one rebuilds it */
    struct digest identity; /* over environment, service and locality */
    struct journal_name cluster_id;
    int64_t applied;      /* offset of the last record judged, accepted or not; -1 for an empty store */
    struct digest anchor; /* over that record's offset, broker timestamp and value */
    struct journal_state journal;
};

enum meta_found { META_ABSENT, META_FOUND, META_UNREADABLE };
enum meta_found replica_meta_read(const struct rows *rows, struct replica_meta *ret_meta);
void replica_meta_write(const struct rows *rows, const struct replica_meta *meta);

/* hash(offset || timestamp, value) */
struct digest replica_anchor(struct digest (*hash)(struct slice, struct slice), const struct logged *logged);
struct digest replica_identity_digest(struct digest (*hash)(struct slice, struct slice),
                                      const struct journal_identity *identity);

#endif
