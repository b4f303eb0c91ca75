/* The real store (lib/port/store.h) on LMDB: one environment per directory, one process at a time. Design section 5,
 * reliability.md section 6.
 *
 * In the directory:  owner          locked by the process that has the store open; holds its pid
 *                    store/         data.mdb, lock.mdb and boot (which boot last opened it, closed in order or not)
 *                    store.aside-…  stores set aside, kept for `bhr store diff` until an operator deletes them
 *                    note           the crash note (note_file.h)
 *
 * It writes without syncing: what a dying process had committed survives in the page cache, what a dying machine had
 * committed may be torn. So a store that another boot left open is not opened at all: STATUS_CORRUPT. The truth is the
 * journal; set the store aside and follow from the beginning, or from a copy. */
#ifndef BHR_PORT_LMDB_STORE_H
#define BHR_PORT_LMDB_STORE_H

#include "lib/port/store.h"

enum {
    LMDB_PATH_MAX = 512,
    LMDB_SNAPSHOTS_MAX = 96, /* read transactions at once in this process; one more is STATUS_FULL */
};

struct lmdb_options {
    const char *dir;        /* made when it does not exist */
    uint64_t map_bytes;     /* address space, the most the store can ever hold; 0 means 64 GiB */
    bool writemap;          /* write through the map; false costs a third of the speed, see CONFIG.md */
    uint64_t grow_bytes;    /* with writemap: disk is reserved ahead of use in such steps; 0 means 64 MiB */
    uint32_t sync_every_ms; /* how often a thread of its own syncs; 0 means 5000 */
};

struct lmdb_store;

/* Errors: STATUS_CONFLICT: a process has it open (its pid is in the message). STATUS_CORRUPT: must be rebuilt, see above.
 * STATUS_FULL: the disk is full. */
MUST_CHECK enum status lmdb_store_open(const struct lmdb_options *options, struct lmdb_store **ret_store,
                                       struct error *reterr_error);
/* Read-only, beside a running process or without one: for tools. Never in the process that has it open for writing. */
MUST_CHECK enum status lmdb_store_open_read(const char *dir, struct lmdb_store **ret_store, struct error *reterr_error);
/* An open write transaction is aborted; no snapshot may be open. in_order: sync and say so, so that the next boot may
 * open it. Accepts NULL. */
void lmdb_store_close(struct lmdb_store *store, bool in_order);

struct store lmdb_store_port(struct lmdb_store *store);

struct lmdb_figures {
    uint64_t commits;       /* that changed something */
    uint64_t pages_written; /* dirtied by those commits, without the meta page of each */
    uint64_t page_bytes;
    uint64_t snapshot_lag; /* commits between the oldest open snapshot and now: it pins pages */
    uint64_t dead_readers; /* entries of dead processes cleared */
    uint64_t syncs, sync_failures;
    uint64_t sync_us_max;
};
/* Any thread. */
void lmdb_store_figures(const struct lmdb_store *store, struct lmdb_figures *ret_figures);

/* Copies the last commit of the store under from_dir, which a process may have open (another one than this), to to_dir,
 * which must not have a store. A copy that was interrupted leaves no store behind. */
MUST_CHECK enum status lmdb_store_copy(const char *from_dir, const char *to_dir, struct error *reterr_error);

/* Renames dir/store to dir/store.aside-<UTC time>, so that the next opening begins anew. STATUS_NOT_FOUND when there is
 * no store, STATUS_CONFLICT while a process has it open. ret_path may be NULL. */
MUST_CHECK enum status lmdb_store_set_aside(const char *dir, char ret_path[LMDB_PATH_MAX], struct error *reterr_error);

#endif
