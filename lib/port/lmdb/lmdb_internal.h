/* What the files of lib/port/lmdb share. Nobody else includes it. */
#ifndef BHR_PORT_LMDB_INTERNAL_H
#define BHR_PORT_LMDB_INTERNAL_H

#include "lib/port/lmdb/lmdb_store.h"

#include <lmdb.h>
#include <pthread.h>
#include <stdatomic.h>

/* A transaction and the rows seen through it: the store's one writer, or a snapshot. */
struct lmdb_view {
    struct lmdb_store *store;
    MDB_txn *txn;
    MDB_cursor *cursor; /* of a snapshot only: kept from one use to the next */
    struct lmdb_view *next_free;
};

struct lmdb_growth {
    uint64_t pages_backed;  /* the file has disk blocks up to here */
    uint64_t pages_claimed; /* the open transaction may use as many, at the very worst */
    uint64_t pages_per_write;
    uint64_t step_pages;
};

struct lmdb_store {
    MDB_env *env;
    MDB_dbi dbi;
    bool is_read_only, is_writemap;
    char dir[LMDB_PATH_MAX], store_dir[LMDB_PATH_MAX];
    int lock_fd;
    uint64_t page_bytes, map_pages;

    /* The writer's thread only. */
    struct lmdb_view writer;
    struct error failure; /* the first write that the store could not take since begin; STATUS_OK for none */
    struct lmdb_growth growth;
    MDB_txn *count_txn; /* a snapshot of its own, to count pages after a commit */
    uint64_t tree_pages;

    pthread_mutex_t views_mutex; /* guards the next three */
    struct lmdb_view views[LMDB_SNAPSHOTS_MAX];
    struct lmdb_view *free_view;
    uint32_t views_made, views_busy;

    pthread_t sync_thread;
    pthread_mutex_t sync_mutex; /* guards is_stopping */
    pthread_cond_t sync_wake;
    bool is_stopping, has_sync_thread;
    uint32_t sync_every_ms;

    atomic_bool is_damaged;          /* a read met a page that cannot be: the next commit fails */
    atomic_uint_fast64_t free_pages; /* as of the last housekeeping, 0 while the map has room */
    atomic_uint_fast64_t commits, pages_written, snapshot_lag, dead_readers, syncs, sync_failures, sync_us_max;
};

/* STATUS and message for an LMDB return code; what names the call. */
enum status lmdb_failure(int code, const char *what, struct error *reterr_error);

/* lmdb_view.c: rows through a transaction, and the pool of snapshots. */
struct rows lmdb_view_rows(struct lmdb_view *view);
enum status lmdb_view_begin(void *context, struct rows *ret_rows, struct error *reterr_error);
void lmdb_view_end(void *context, struct rows *rows);
void lmdb_views_close(struct lmdb_store *store);

/* lmdb_growth.c: disk ahead of use, and what is left of map and disk. */
enum status lmdb_growth_begin(struct lmdb_store *store, struct error *reterr_error);
enum status lmdb_growth_claim(struct lmdb_store *store, size_t value_size, struct error *reterr_error);
struct store_space lmdb_space(void *context);

/* lmdb_upkeep.c: counting, dead readers, syncing. */
enum status lmdb_upkeep_start(struct lmdb_store *store, struct error *reterr_error);
void lmdb_upkeep_stop(struct lmdb_store *store);
void lmdb_upkeep_committed(struct lmdb_store *store, size_t txn_id);
void lmdb_housekeeping(void *context);

#endif
