/* Opening and closing an LMDB environment, and its one write transaction. It owns the environment, the directory's lock
 * and, through its sister files, the snapshots and the syncing thread. begin, put, del, commit and abort belong to one
 * thread; snapshots to any. It never retries: a write that fails makes the commit fail, and the caller decides.
 *
 * The walk: lmdb_store_open -> lock the directory -> may this boot trust it? -> open -> ... begin -> put* -> commit. */
#include "lib/port/lmdb/lmdb_internal.h"

#include "lib/base/assert.h"
#include "lib/port/lmdb/lmdb_folder.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READERS_MAX = 126, FILE_MODE = 0600 };
static const uint64_t MAP_BYTES_DEFAULT = UINT64_C(64) << 30;
static const uint64_t GROW_BYTES_DEFAULT = UINT64_C(64) << 20;
static const uint32_t SYNC_EVERY_MS_DEFAULT = 5000;

static enum status open_folder(struct lmdb_store *store, const char *dir, struct error *reterr_error);
static enum status open_environment(struct lmdb_store *store, uint64_t map_bytes, struct error *reterr_error);
static enum status store_new(const char *dir, struct lmdb_store **ret_store, struct error *reterr_error);
static enum status begin(void *context, struct rows *ret_rows, struct error *reterr_error);
static enum status check(void *context, struct error *reterr_error);
static enum status commit(void *context, struct error *reterr_error);
static void abort_write(void *context);
static enum status begin_refused(void *context, struct rows *ret_rows, struct error *reterr_error);
static enum status commit_refused(void *context, struct error *reterr_error);
static void nothing_to_do(void *context);

enum status lmdb_store_open(const struct lmdb_options *options, struct lmdb_store **ret_store,
                            struct error *reterr_error) {
    ASSERT(options != NULL && options->dir != NULL);
    ASSERT(ret_store != NULL);
    struct lmdb_store *store = NULL;
    enum status status = store_new(options->dir, &store, reterr_error);
    if (status != STATUS_OK) return status;
    store->is_writemap = options->writemap;
    store->sync_every_ms = options->sync_every_ms == 0 ? SYNC_EVERY_MS_DEFAULT : options->sync_every_ms;
    status = open_folder(store, options->dir, reterr_error);
    if (status == STATUS_OK) {
        status =
            open_environment(store, options->map_bytes == 0 ? MAP_BYTES_DEFAULT : options->map_bytes, reterr_error);
    }
    if (status == STATUS_OK) {
        uint64_t grow_bytes = options->grow_bytes == 0 ? GROW_BYTES_DEFAULT : options->grow_bytes;
        store->growth.step_pages = (grow_bytes + store->page_bytes - 1) / store->page_bytes;
        status = lmdb_growth_begin(store, reterr_error);
    }
    if (status == STATUS_OK) status = lmdb_upkeep_start(store, reterr_error);
    if (status != STATUS_OK) {
        lmdb_store_close(store, false);
        return status;
    }
    *ret_store = store;
    return STATUS_OK;
}

enum status lmdb_store_open_read(const char *dir, struct lmdb_store **ret_store, struct error *reterr_error) {
    ASSERT(dir != NULL);
    ASSERT(ret_store != NULL);
    struct lmdb_store *store = NULL;
    enum status status = store_new(dir, &store, reterr_error);
    if (status != STATUS_OK) return status;
    store->is_read_only = true;
    if (!folder_has_data(store->store_dir)) {
        status = error_set(reterr_error, STATUS_NOT_FOUND, "there is no store in %s", dir);
    } else if (folder_is_ours(dir)) {
        /* A second environment on one file in one process would drop the first one's locks. */
        status = error_set(reterr_error, STATUS_CONFLICT, "this process has the store in %s open already", dir);
    } else {
        status = open_environment(store, 0, reterr_error);
    }
    if (status != STATUS_OK) {
        lmdb_store_close(store, false);
        return status;
    }
    *ret_store = store;
    return STATUS_OK;
}

void lmdb_store_close(struct lmdb_store *store, bool in_order) {
    if (store == NULL) return;
    lmdb_upkeep_stop(store);
    if (store->writer.txn != NULL) abort_write(store);
    lmdb_views_close(store);
    bool is_synced = store->env != NULL && !store->is_read_only && mdb_env_sync(store->env, 1) == 0;
    if (store->env != NULL) mdb_env_close(store->env);
    /* Not written down means rebuild after a reboot, which is the safe side: the failure needs no other answer. */
    if (in_order && is_synced) (void)folder_mark_boot(store->store_dir, true, NULL);
    if (store->lock_fd >= 0) close(store->lock_fd);
    pthread_mutex_destroy(&store->views_mutex);
    free(store);
}

struct store lmdb_store_port(struct lmdb_store *store) {
    ASSERT(store != NULL);
    ASSERT(store->env != NULL);
    bool reads = store->is_read_only;
    return (struct store){
        .context = store,
        .begin = reads ? begin_refused : begin,
        .check = reads ? commit_refused : check,
        .commit = reads ? commit_refused : commit,
        .abort = reads ? nothing_to_do : abort_write,
        .read_begin = lmdb_view_begin,
        .read_end = lmdb_view_end,
        .space = lmdb_space,
        .housekeeping = reads ? nothing_to_do : lmdb_housekeeping,
    };
}

static enum status begin(void *context, struct rows *ret_rows, struct error *reterr_error) {
    struct lmdb_store *store = context;
    ASSERT(store != NULL && ret_rows != NULL);
    ASSERT(store->writer.txn == NULL);
    enum status status = lmdb_growth_begin(store, reterr_error);
    if (status != STATUS_OK) return status;
    int failed = mdb_txn_begin(store->env, NULL, 0, &store->writer.txn);
    if (failed != 0) {
        store->writer.txn = NULL;
        return lmdb_failure(failed, "begin", reterr_error);
    }
    store->failure = (struct error){.code = STATUS_OK};
    *ret_rows = lmdb_view_rows(&store->writer);
    return STATUS_OK;
}

static enum status check(void *context, struct error *reterr_error) {
    struct lmdb_store *store = context;
    ASSERT(store != NULL);
    ASSERT(store->writer.txn != NULL);
    if (store->failure.code == STATUS_OK && atomic_load(&store->is_damaged)) {
        error_set(&store->failure, STATUS_CORRUPT, "a read met a damaged page; set the store aside and rebuild it");
    }
    if (store->failure.code == STATUS_OK) return STATUS_OK;
    return error_set(reterr_error, store->failure.code, "%s", store->failure.message);
}

static enum status commit(void *context, struct error *reterr_error) {
    struct lmdb_store *store = context;
    ASSERT(store != NULL);
    ASSERT(store->writer.txn != NULL);
    enum status status = check(store, reterr_error);
    if (status != STATUS_OK) {
        abort_write(store);
        return status;
    }
    size_t txn_id = mdb_txn_id(store->writer.txn);
    int failed = mdb_txn_commit(store->writer.txn);
    store->writer.txn = NULL;
    if (failed != 0) return lmdb_failure(failed, "commit", reterr_error);
    lmdb_upkeep_committed(store, txn_id);
    return STATUS_OK;
}

static void abort_write(void *context) {
    struct lmdb_store *store = context;
    ASSERT(store != NULL);
    ASSERT(store->writer.txn != NULL);
    mdb_txn_abort(store->writer.txn);
    store->writer.txn = NULL;
}

static enum status begin_refused(void *context, struct rows *ret_rows, struct error *reterr_error) {
    ASSERT(context != NULL && ret_rows != NULL);
    return error_set(reterr_error, STATUS_DENIED, "this store was opened for reading only");
}

static enum status commit_refused(void *context, struct error *reterr_error) {
    ASSERT(context != NULL);
    return error_set(reterr_error, STATUS_DENIED, "this store was opened for reading only");
}

static void nothing_to_do(void *context) {
    ASSERT(context != NULL);
}

static enum status store_new(const char *dir, struct lmdb_store **ret_store, struct error *reterr_error) {
    char store_dir[LMDB_PATH_MAX];
    enum status status = folder_path(dir, "store", store_dir, reterr_error);
    if (status != STATUS_OK) return status;
    struct lmdb_store *store = calloc(1, sizeof *store);
    if (store == NULL) return error_set(reterr_error, STATUS_NO_MEMORY, "no memory for a store");
    ASSERT(strlen(dir) < sizeof store->dir);
    memcpy(store->dir, dir, strlen(dir));
    memcpy(store->store_dir, store_dir, strlen(store_dir));
    store->lock_fd = -1;
    store->writer.store = store;
    int failed = pthread_mutex_init(&store->views_mutex, NULL);
    ASSERT(failed == 0);
    *ret_store = store;
    return STATUS_OK;
}

/* The mark "open" is durable before the first write, so that a crash in between can only err towards rebuilding. */
static enum status open_folder(struct lmdb_store *store, const char *dir, struct error *reterr_error) {
    ASSERT(!store->is_read_only);
    enum status status = folder_make(dir, reterr_error);
    if (status == STATUS_OK) status = folder_lock(dir, &store->lock_fd, reterr_error);
    if (status == STATUS_OK && folder_has_data(store->store_dir)) {
        status = folder_check_boot(store->store_dir, reterr_error);
    }
    if (status == STATUS_OK) status = folder_make(store->store_dir, reterr_error);
    if (status == STATUS_OK) status = folder_mark_boot(store->store_dir, false, reterr_error);
    return status;
}

static enum status open_environment(struct lmdb_store *store, uint64_t map_bytes, struct error *reterr_error) {
    ASSERT(store->env == NULL);
    unsigned flags = MDB_NOTLS | MDB_NORDAHEAD;
    flags |= store->is_read_only ? MDB_RDONLY : MDB_NOSYNC | (store->is_writemap ? MDB_WRITEMAP : 0);
    int failed = mdb_env_create(&store->env);
    if (failed != 0) return lmdb_failure(failed, "create", reterr_error);
    failed = mdb_env_set_maxreaders(store->env, READERS_MAX);
    if (failed == 0 && map_bytes > 0) failed = mdb_env_set_mapsize(store->env, map_bytes);
    if (failed == 0) failed = mdb_env_open(store->env, store->store_dir, flags, FILE_MODE);
    MDB_txn *txn = NULL;
    if (failed == 0) failed = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn);
    if (failed == 0) failed = mdb_dbi_open(txn, NULL, 0, &store->dbi);
    MDB_stat stat = {0};
    if (failed == 0) failed = mdb_stat(txn, store->dbi, &stat);
    if (txn != NULL) mdb_txn_abort(txn);
    if (failed != 0) return lmdb_failure(failed, "open", reterr_error);
    MDB_envinfo info;
    failed = mdb_env_info(store->env, &info);
    ASSERT(failed == 0);
    store->page_bytes = stat.ms_psize;
    store->map_pages = info.me_mapsize / stat.ms_psize;
    store->tree_pages = stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages;
    return STATUS_OK;
}

enum status lmdb_failure(int code, const char *what, struct error *reterr_error) {
    ASSERT(code != 0);
    ASSERT(what != NULL);
    enum status status = STATUS_IO;
    if (code == MDB_MAP_FULL || code == MDB_READERS_FULL || code == MDB_TXN_FULL || code == ENOSPC)
        status = STATUS_FULL;
    if (code == MDB_CORRUPTED || code == MDB_PAGE_NOTFOUND || code == MDB_INVALID || code == MDB_VERSION_MISMATCH ||
        code == MDB_PANIC) {
        status = STATUS_CORRUPT;
    }
    if (code == ENOMEM) status = STATUS_NO_MEMORY;
    return error_set(reterr_error, status, "store: %s: %s", what, mdb_strerror(code));
}
