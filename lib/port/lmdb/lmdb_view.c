/* Rows seen through a transaction, and the pool of snapshots. A snapshot's LMDB transaction and cursor are kept and
 * renewed, because making them anew would cost more than the read itself. Snapshots may be begun and ended by any
 * thread; each is used by one at a time. It never keeps a snapshot open between uses: an idle one pins every page that
 * was written since. */
#include "lib/port/lmdb/lmdb_internal.h"

#include "lib/base/assert.h"

#include <string.h>

static bool view_get(void *context, struct slice key, struct slice *ret_value);
static bool view_seek(void *context, struct slice from, struct slice *ret_key, struct slice *ret_value);
static void view_put(void *context, struct slice key, struct slice value);
static void view_del(void *context, struct slice key);
static struct lmdb_view *take_view(struct lmdb_store *store);
static void give_view(struct lmdb_view *view);
static int renew(struct lmdb_view *view);
static bool is_found(struct lmdb_view *view, int code);
static bool may_write(const struct lmdb_view *view, struct slice key);

static MDB_val val_of(struct slice bytes) {
    return (MDB_val){.mv_size = bytes.size, .mv_data = (void *)(uintptr_t)bytes.data};
}

struct rows lmdb_view_rows(struct lmdb_view *view) {
    ASSERT(view != NULL && view->store != NULL);
    ASSERT(view->txn != NULL);
    bool writes = view == &view->store->writer;
    return (struct rows){.context = view,
                         .get = view_get,
                         .seek = view_seek,
                         .put = writes ? view_put : NULL,
                         .del = writes ? view_del : NULL};
}

enum status lmdb_view_begin(void *context, struct rows *ret_rows, struct error *reterr_error) {
    struct lmdb_store *store = context;
    ASSERT(store != NULL);
    ASSERT(ret_rows != NULL);
    struct lmdb_view *view = take_view(store);
    if (view == NULL) {
        return error_set(reterr_error, STATUS_FULL, "store: %d snapshots are open, no more are given",
                         LMDB_SNAPSHOTS_MAX);
    }
    int failed = renew(view);
    if (failed != 0) {
        give_view(view);
        return lmdb_failure(failed, "snapshot", reterr_error);
    }
    *ret_rows = lmdb_view_rows(view);
    return STATUS_OK;
}

void lmdb_view_end(void *context, struct rows *rows) {
    ASSERT(context != NULL);
    ASSERT(rows != NULL && rows->context != NULL);
    struct lmdb_view *view = rows->context;
    ASSERT(view->store == context);
    mdb_txn_reset(view->txn);
    *rows = (struct rows){0};
    give_view(view);
}

void lmdb_views_close(struct lmdb_store *store) {
    ASSERT(store != NULL);
    ASSERT(store->views_busy == 0);
    for (uint32_t i = 0; i < store->views_made; i++) {
        struct lmdb_view *view = &store->views[i];
        if (view->cursor != NULL) mdb_cursor_close(view->cursor);
        if (view->txn != NULL) mdb_txn_abort(view->txn);
    }
    store->views_made = 0;
}

/* On failure the view is left without a transaction, so that its next use begins from nothing. */
static int renew(struct lmdb_view *view) {
    MDB_env *env = view->store->env;
    if (view->txn != NULL && mdb_txn_renew(view->txn) == 0) {
        int failed = mdb_cursor_renew(view->txn, view->cursor);
        ASSERT(failed == 0);
        return 0;
    }
    if (view->cursor != NULL) mdb_cursor_close(view->cursor);
    if (view->txn != NULL) mdb_txn_abort(view->txn);
    view->cursor = NULL;
    view->txn = NULL;
    int failed = mdb_txn_begin(env, NULL, MDB_RDONLY, &view->txn);
    if (failed == MDB_MAP_RESIZED && view->store->is_read_only) {
        /* The writing process came back with a larger map. A tool reads alone, so nothing of ours is open. */
        failed = mdb_env_set_mapsize(env, 0);
        if (failed == 0) failed = mdb_txn_begin(env, NULL, MDB_RDONLY, &view->txn);
    }
    if (failed == 0) failed = mdb_cursor_open(view->txn, view->store->dbi, &view->cursor);
    if (failed == 0) return 0;
    if (view->txn != NULL) mdb_txn_abort(view->txn);
    view->txn = NULL;
    view->cursor = NULL;
    return failed;
}

static struct lmdb_view *take_view(struct lmdb_store *store) {
    pthread_mutex_lock(&store->views_mutex);
    struct lmdb_view *view = store->free_view;
    if (view != NULL) {
        store->free_view = view->next_free;
    } else if (store->views_made < LMDB_SNAPSHOTS_MAX) {
        view = &store->views[store->views_made++];
        view->store = store;
    }
    if (view != NULL) store->views_busy++;
    pthread_mutex_unlock(&store->views_mutex);
    return view;
}

static void give_view(struct lmdb_view *view) {
    struct lmdb_store *store = view->store;
    pthread_mutex_lock(&store->views_mutex);
    ASSERT(store->views_busy > 0);
    view->next_free = store->free_view;
    store->free_view = view;
    store->views_busy--;
    pthread_mutex_unlock(&store->views_mutex);
}

static bool view_get(void *context, struct slice key, struct slice *ret_value) {
    struct lmdb_view *view = context;
    ASSERT(view->txn != NULL);
    if (key.size == 0 || key.size > ROWS_KEY_MAX) return false;
    MDB_val name = val_of(key), value;
    if (!is_found(view, mdb_get(view->txn, view->store->dbi, &name, &value))) return false;
    *ret_value = slice_of(value.mv_data, value.mv_size);
    return true;
}

/* The writer opens a cursor for each seek: one that lives across puts has to be adjusted by every one of them. */
static bool view_seek(void *context, struct slice from, struct slice *ret_key, struct slice *ret_value) {
    struct lmdb_view *view = context;
    ASSERT(view->txn != NULL);
    MDB_cursor *cursor = view->cursor;
    if (cursor == NULL && !is_found(view, mdb_cursor_open(view->txn, view->store->dbi, &cursor))) return false;
    MDB_val key = val_of(from), value;
    bool found = is_found(view, mdb_cursor_get(cursor, &key, &value, from.size == 0 ? MDB_FIRST : MDB_SET_RANGE));
    if (cursor != view->cursor) mdb_cursor_close(cursor);
    if (!found) return false;
    *ret_key = slice_of(key.mv_data, key.mv_size);
    *ret_value = slice_of(value.mv_data, value.mv_size);
    return true;
}

static void view_put(void *context, struct slice key, struct slice value) {
    struct lmdb_view *view = context;
    struct lmdb_store *store = view->store;
    if (!may_write(view, key)) return;
    if (lmdb_growth_claim(store, value.size, &store->failure) != STATUS_OK) return;
    MDB_val name = val_of(key), bytes = val_of(value);
    int failed = mdb_put(view->txn, store->dbi, &name, &bytes, 0);
    if (failed != 0) (void)lmdb_failure(failed, "put", &store->failure);
}

static void view_del(void *context, struct slice key) {
    struct lmdb_view *view = context;
    struct lmdb_store *store = view->store;
    if (!may_write(view, key)) return;
    if (lmdb_growth_claim(store, 0, &store->failure) != STATUS_OK) return;
    MDB_val name = val_of(key);
    int failed = mdb_del(view->txn, store->dbi, &name, NULL);
    if (failed != 0 && failed != MDB_NOTFOUND) (void)lmdb_failure(failed, "del", &store->failure);
}

/* Keys are made by our own code from fields of fixed size. */
static bool may_write(const struct lmdb_view *view, struct slice key) {
    ASSERT(view == &view->store->writer && view->txn != NULL);
    ASSERT(key.size > 0 && key.size <= ROWS_KEY_MAX);
    return view->store->failure.code == STATUS_OK;
}

/* Rows have no way to say "cannot be read", so it is said where it counts: the next commit fails. */
static bool is_found(struct lmdb_view *view, int code) {
    if (code == 0) return true;
    if (code == MDB_NOTFOUND) return false;
    struct lmdb_store *store = view->store;
    struct error failure;
    enum status status = lmdb_failure(code, "read", &failure);
    if (status == STATUS_CORRUPT) atomic_store(&store->is_damaged, true);
    if (view == &store->writer && store->failure.code == STATUS_OK) store->failure = failure;
    return false;
}
