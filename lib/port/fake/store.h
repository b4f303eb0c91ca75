/* struct store in memory: the last commit, and above it the one open write transaction. Survives its process; can be
 * copied (snapshots, clones) because rows are shared and never changed. A digest over all rows but the host's meta table
 * is kept up to date, so that comparing two stores costs nothing. */
#ifndef BHR_PORT_FAKE_STORE_H
#define BHR_PORT_FAKE_STORE_H

#include "lib/port/fake/fake.h"
#include "lib/port/store.h"

struct fake_row;

struct fake_rows {
    struct fake_row **sorted; /* by key */
    size_t count, room;
};

struct fake_store {
    const struct fake_hooks *hooks;
    struct fake_rows committed;
    struct fake_rows changed; /* of the open transaction; a row without a value is a deletion */
    bool is_writing, has_failed;
    bool has_failed_midway; /* the last transaction did, after changes that it had taken */
    bool is_full;           /* writes are lost and the next commit fails */
    uint32_t puts_left;     /* until it is full; 0: nobody counts */
    struct store_space space;
    uint64_t digest; /* of what is committed, without ROWS_TABLE_META */
    uint64_t commit_count;
};

void fake_store_init(struct fake_store *store, const struct fake_hooks *hooks);
void fake_store_fini(struct fake_store *store);
/* The process died: what was not committed never happened. */
void fake_store_crash(struct fake_store *store);
/* The machine went down: pages of the last commits are missing, so any row may be. */
void fake_store_tear(struct fake_store *store);
/* Makes to (initialised, no transaction open) hold what from has committed. */
void fake_store_copy(struct fake_store *to, const struct fake_store *from);
struct store fake_store_port(struct fake_store *store);

#endif
