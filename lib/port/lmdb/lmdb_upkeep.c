/* What a store needs beside its transactions: syncing (a thread of its own, so that a slow disk never holds up a turn),
 * clearing the entries of dead readers, and counting pages. It owns the syncing thread. It never writes rows. */
#include "lib/port/lmdb/lmdb_internal.h"

#include "lib/base/assert.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    FREE_DBI = 0,            /* LMDB's own table: transaction id -> count and list of the pages it freed */
    FREE_COUNT_PERCENT = 80, /* free pages are counted only when the map looks this full: it takes a walk */
};

static void *sync_thread(void *context);
static void sync_once(struct lmdb_store *store);
static int note_reader(const char *line, void *context);
static uint64_t freed_by(MDB_txn *txn, size_t txn_id);
static uint64_t count_free(MDB_txn *txn);
static bool count_begin(struct lmdb_store *store);

enum status lmdb_upkeep_start(struct lmdb_store *store, struct error *reterr_error) {
    ASSERT(store != NULL && !store->is_read_only);
    ASSERT(!store->has_sync_thread);
    lmdb_housekeeping(store);
    pthread_condattr_t attributes;
    int failed = pthread_condattr_init(&attributes);
    ASSERT(failed == 0);
    failed = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    ASSERT(failed == 0);
    failed = pthread_cond_init(&store->sync_wake, &attributes);
    ASSERT(failed == 0);
    pthread_condattr_destroy(&attributes);
    failed = pthread_mutex_init(&store->sync_mutex, NULL);
    ASSERT(failed == 0);
    failed = pthread_create(&store->sync_thread, NULL, sync_thread, store);
    store->has_sync_thread = failed == 0;
    if (failed == 0) return STATUS_OK;
    pthread_cond_destroy(&store->sync_wake);
    pthread_mutex_destroy(&store->sync_mutex);
    return error_set(reterr_error, STATUS_NO_MEMORY, "store: no thread for syncing: %s", strerror(failed));
}

void lmdb_upkeep_stop(struct lmdb_store *store) {
    ASSERT(store != NULL);
    if (store->count_txn != NULL) mdb_txn_abort(store->count_txn);
    store->count_txn = NULL;
    if (!store->has_sync_thread) return;
    pthread_mutex_lock(&store->sync_mutex);
    store->is_stopping = true;
    pthread_cond_signal(&store->sync_wake);
    pthread_mutex_unlock(&store->sync_mutex);
    int failed = pthread_join(store->sync_thread, NULL);
    ASSERT(failed == 0);
    store->has_sync_thread = false;
    pthread_cond_destroy(&store->sync_wake);
    pthread_mutex_destroy(&store->sync_mutex);
}

static void *sync_thread(void *context) {
    struct lmdb_store *store = context;
    ASSERT(store != NULL);
    ASSERT(store->sync_every_ms > 0);
    pthread_mutex_lock(&store->sync_mutex);
    while (!store->is_stopping) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += store->sync_every_ms / 1000;
        until.tv_nsec += (long)(store->sync_every_ms % 1000) * 1000000;
        if (until.tv_nsec >= 1000000000) {
            until.tv_sec++;
            until.tv_nsec -= 1000000000;
        }
        int woken = 0;
        while (!store->is_stopping && woken == 0) {
            woken = pthread_cond_timedwait(&store->sync_wake, &store->sync_mutex, &until);
        }
        if (store->is_stopping) break;
        pthread_mutex_unlock(&store->sync_mutex);
        sync_once(store);
        pthread_mutex_lock(&store->sync_mutex);
    }
    pthread_mutex_unlock(&store->sync_mutex);
    return NULL;
}

static void sync_once(struct lmdb_store *store) {
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    int failed = mdb_env_sync(store->env, 1);
    clock_gettime(CLOCK_MONOTONIC, &end);
    int64_t took_us = (end.tv_sec - start.tv_sec) * 1000000 + (end.tv_nsec - start.tv_nsec) / 1000;
    ASSERT(took_us >= 0);
    if (failed != 0) atomic_fetch_add(&store->sync_failures, 1);
    atomic_fetch_add(&store->syncs, 1);
    if ((uint64_t)took_us > atomic_load(&store->sync_us_max)) atomic_store(&store->sync_us_max, (uint64_t)took_us);
}

void lmdb_housekeeping(void *context) {
    struct lmdb_store *store = context;
    ASSERT(store != NULL && !store->is_read_only);
    ASSERT(store->writer.txn == NULL);
    int dead = 0;
    if (mdb_reader_check(store->env, &dead) == 0) atomic_fetch_add(&store->dead_readers, (uint64_t)dead);
    MDB_envinfo info;
    int failed = mdb_env_info(store->env, &info);
    ASSERT(failed == 0);
    uint64_t oldest = info.me_last_txnid;
    mdb_reader_list(store->env, note_reader, &oldest);
    atomic_store(&store->snapshot_lag, info.me_last_txnid > oldest ? info.me_last_txnid - oldest : 0);
    atomic_store(&store->free_pages, 0);
    if (lmdb_space(store).map_used_percent < FREE_COUNT_PERCENT) return;
    if (!count_begin(store)) return;
    atomic_store(&store->free_pages, count_free(store->count_txn));
    mdb_txn_reset(store->count_txn);
}

/* LMDB lists its readers as text only: "pid thread transaction", with "-" for one that is not reading. */
static int note_reader(const char *line, void *context) {
    uint64_t *oldest = context;
    const char *last = strrchr(line, ' ');
    if (last == NULL || last[1] < '0' || last[1] > '9') return 0;
    uint64_t txn_id = strtoull(last + 1, NULL, 10);
    if (txn_id < *oldest) *oldest = txn_id;
    return 0;
}

/* Pages of the new tree that were not in the old one: the tree's growth plus the old pages that were given up. LMDB
 * writes down what each transaction freed, so this is counted and not guessed. A commit without changes has no entry. */
void lmdb_upkeep_committed(struct lmdb_store *store, size_t txn_id) {
    ASSERT(store != NULL);
    if (!count_begin(store)) return;
    MDB_stat rows, freed;
    int failed = mdb_stat(store->count_txn, store->dbi, &rows);
    ASSERT(failed == 0);
    failed = mdb_stat(store->count_txn, FREE_DBI, &freed);
    ASSERT(failed == 0);
    uint64_t tree_pages = rows.ms_branch_pages + rows.ms_leaf_pages + rows.ms_overflow_pages + freed.ms_branch_pages +
                          freed.ms_leaf_pages + freed.ms_overflow_pages;
    if (mdb_txn_id(store->count_txn) == txn_id) {
        uint64_t written = tree_pages + freed_by(store->count_txn, txn_id);
        written -= store->tree_pages < written ? store->tree_pages : written;
        atomic_fetch_add(&store->pages_written, written);
        atomic_fetch_add(&store->commits, 1);
    }
    store->tree_pages = tree_pages;
    mdb_txn_reset(store->count_txn);
}

static bool count_begin(struct lmdb_store *store) {
    if (store->count_txn != NULL && mdb_txn_renew(store->count_txn) == 0) return true;
    if (store->count_txn != NULL) mdb_txn_abort(store->count_txn);
    store->count_txn = NULL;
    if (mdb_txn_begin(store->env, NULL, MDB_RDONLY, &store->count_txn) == 0) return true;
    store->count_txn = NULL; /* The table of readers is full: figures are missing, nothing else. */
    return false;
}

static uint64_t freed_by(MDB_txn *txn, size_t txn_id) {
    MDB_cursor *cursor = NULL;
    if (mdb_cursor_open(txn, FREE_DBI, &cursor) != 0) return 0;
    MDB_val key = {.mv_size = sizeof txn_id, .mv_data = &txn_id}, list;
    size_t count = 0;
    if (mdb_cursor_get(cursor, &key, &list, MDB_SET_KEY) == 0 && list.mv_size >= sizeof count) {
        memcpy(&count, list.mv_data, sizeof count);
    }
    mdb_cursor_close(cursor);
    return count;
}

static uint64_t count_free(MDB_txn *txn) {
    MDB_cursor *cursor = NULL;
    if (mdb_cursor_open(txn, FREE_DBI, &cursor) != 0) return 0;
    MDB_val key, list;
    uint64_t total = 0;
    for (int at = mdb_cursor_get(cursor, &key, &list, MDB_FIRST); at == 0;
         at = mdb_cursor_get(cursor, &key, &list, MDB_NEXT)) {
        size_t count = 0;
        if (list.mv_size >= sizeof count) memcpy(&count, list.mv_data, sizeof count);
        total += count;
    }
    mdb_cursor_close(cursor);
    return total;
}

void lmdb_store_figures(const struct lmdb_store *store, struct lmdb_figures *ret_figures) {
    ASSERT(store != NULL);
    ASSERT(ret_figures != NULL);
    *ret_figures = (struct lmdb_figures){
        .commits = atomic_load(&store->commits),
        .pages_written = atomic_load(&store->pages_written),
        .page_bytes = store->page_bytes,
        .snapshot_lag = atomic_load(&store->snapshot_lag),
        .dead_readers = atomic_load(&store->dead_readers),
        .syncs = atomic_load(&store->syncs),
        .sync_failures = atomic_load(&store->sync_failures),
        .sync_us_max = atomic_load(&store->sync_us_max),
    };
}
