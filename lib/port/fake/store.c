/* The store's twin: two sorted arrays of shared rows, the committed one and the changes above it. One thread. */
#include "lib/port/fake/store.h"

#include "lib/base/assert.h"
#include "lib/port/fake/hash.h"
#include "lib/port/fake/memory.h"

#include <stdlib.h>

struct fake_row {
    uint32_t refs;
    bool is_deleted;
    size_t key_size, value_size;
    uint64_t hash;
    uint8_t bytes[]; /* the key, then the value */
};

static struct fake_row *row_new(struct slice key, struct slice value, bool is_deleted);
static void row_unref(struct fake_row *row);
static struct slice row_key(const struct fake_row *row);
static struct slice row_value(const struct fake_row *row);
static size_t lower_bound(const struct fake_rows *rows, struct slice key);
static struct fake_row *row_at(const struct fake_rows *rows, size_t index, struct slice key);
static void insert(struct fake_rows *rows, size_t index, struct fake_row *row);
static void clear(struct fake_rows *rows);

static bool committed_get(void *context, struct slice key, struct slice *ret_value) {
    const struct fake_store *store = context;
    const struct fake_row *row = row_at(&store->committed, lower_bound(&store->committed, key), key);
    if (row == NULL) return false;
    *ret_value = row_value(row);
    return true;
}

static bool committed_seek(void *context, struct slice from, struct slice *ret_key, struct slice *ret_value) {
    const struct fake_store *store = context;
    size_t index = lower_bound(&store->committed, from);
    if (index == store->committed.count) return false;
    *ret_key = row_key(store->committed.sorted[index]);
    *ret_value = row_value(store->committed.sorted[index]);
    return true;
}

static bool open_get(void *context, struct slice key, struct slice *ret_value) {
    const struct fake_store *store = context;
    ASSERT(store->is_writing);
    const struct fake_row *row = row_at(&store->changed, lower_bound(&store->changed, key), key);
    if (row == NULL) return committed_get(context, key, ret_value);
    if (row->is_deleted) return false;
    *ret_value = row_value(row);
    return true;
}

static bool open_seek(void *context, struct slice from, struct slice *ret_key, struct slice *ret_value) {
    const struct fake_store *store = context;
    ASSERT(store->is_writing);
    size_t below = lower_bound(&store->committed, from), above = lower_bound(&store->changed, from);
    for (;;) {
        const struct fake_row *old = below < store->committed.count ? store->committed.sorted[below] : NULL;
        const struct fake_row *new = above < store->changed.count ? store->changed.sorted[above] : NULL;
        if (old == NULL && new == NULL) return false;
        int order = old == NULL ? 1 : new == NULL ? -1 : slice_compare(row_key(old), row_key(new));
        if (order <= 0) below++;
        if (order >= 0) above++;
        const struct fake_row *row = order < 0 ? old : new;
        if (row->is_deleted) continue;
        *ret_key = row_key(row);
        *ret_value = row_value(row);
        return true;
    }
}

static void change(struct fake_store *store, struct fake_row *row) {
    size_t index = lower_bound(&store->changed, row_key(row));
    if (row_at(&store->changed, index, row_key(row)) != NULL) {
        row_unref(store->changed.sorted[index]);
        store->changed.sorted[index] = row;
    } else {
        insert(&store->changed, index, row);
    }
}

static void open_put(void *context, struct slice key, struct slice value) {
    struct fake_store *store = context;
    ASSERT(store->is_writing);
    ASSERT(key.size > 0 && key.size <= ROWS_KEY_MAX);
    if (store->puts_left > 0 && --store->puts_left == 0) store->is_full = true;
    if (store->is_full) store->has_failed = true;
    store->has_failed_midway = store->has_failed && store->changed.count > 0;
    if (!store->has_failed) change(store, row_new(key, value, false));
}

static void open_del(void *context, struct slice key) {
    struct fake_store *store = context;
    ASSERT(store->is_writing);
    ASSERT(key.size > 0 && key.size <= ROWS_KEY_MAX);
    if (!store->has_failed) change(store, row_new(key, slice_of("", 0), true));
}

static enum status begin(void *context, struct rows *ret_rows, struct error *reterr_error) {
    struct fake_store *store = context;
    (void)reterr_error;
    fake_at_call(store->hooks, "store.begin");
    ASSERT(!store->is_writing);
    store->is_writing = true;
    store->has_failed = store->has_failed_midway = false;
    *ret_rows = (struct rows){.context = store, .get = open_get, .seek = open_seek, .put = open_put, .del = open_del};
    fake_done(store->hooks, "store.begin done");
    return STATUS_OK;
}

/* One change becomes the truth: replaces, removes or inserts its row. */
static void settle(struct fake_store *store, struct fake_row *row) {
    struct fake_rows *rows = &store->committed;
    size_t index = lower_bound(rows, row_key(row));
    struct fake_row *old = row_at(rows, index, row_key(row));
    if (old != NULL) store->digest -= old->hash;
    if (!row->is_deleted) store->digest += row->hash;
    if (old == NULL && row->is_deleted) {
        row_unref(row);
    } else if (old == NULL) {
        insert(rows, index, row);
    } else if (row->is_deleted) {
        memmove(rows->sorted + index, rows->sorted + index + 1, (--rows->count - index) * sizeof(struct fake_row *));
        row_unref(old);
        row_unref(row);
    } else {
        rows->sorted[index] = row;
        row_unref(old);
    }
}

static enum status check(void *context, struct error *reterr_error) {
    const struct fake_store *store = context;
    ASSERT(store->is_writing);
    return store->has_failed ? error_set(reterr_error, STATUS_FULL, "the store is full") : STATUS_OK;
}

static enum status commit(void *context, struct error *reterr_error) {
    struct fake_store *store = context;
    fake_at_call(store->hooks, "store.commit");
    ASSERT(store->is_writing);
    store->is_writing = false;
    if (store->has_failed) {
        clear(&store->changed);
        return error_set(reterr_error, STATUS_FULL, "the store is full");
    }
    for (size_t i = 0; i < store->changed.count; i++) settle(store, store->changed.sorted[i]);
    store->changed.count = 0;
    store->commit_count++;
    fake_done(store->hooks, "store.commit done");
    return STATUS_OK;
}

static void abort_open(void *context) {
    struct fake_store *store = context;
    fake_at_call(store->hooks, "store.abort");
    fake_store_crash(store);
    fake_done(store->hooks, "store.abort done");
}

static enum status read_begin(void *context, struct rows *ret_rows, struct error *reterr_error) {
    struct fake_store *store = context;
    (void)reterr_error;
    fake_at_call(store->hooks, "store.read_begin");
    *ret_rows = (struct rows){.context = store, .get = committed_get, .seek = committed_seek};
    return STATUS_OK;
}

static void read_end(void *context, struct rows *rows) {
    (void)context;
    *rows = (struct rows){0};
}

static struct store_space space(void *context) {
    const struct fake_store *store = context;
    return store->space;
}

static void housekeeping(void *context) {
    const struct fake_store *store = context;
    fake_at_call(store->hooks, "store.housekeeping");
}

struct store fake_store_port(struct fake_store *store) {
    return (struct store){
        .context = store,
        .begin = begin,
        .check = check,
        .commit = commit,
        .abort = abort_open,
        .read_begin = read_begin,
        .read_end = read_end,
        .space = space,
        .housekeeping = housekeeping,
    };
}

void fake_store_init(struct fake_store *store, const struct fake_hooks *hooks) {
    *store = (struct fake_store){.hooks = hooks, .space = {.map_used_percent = 1, .disk_free_percent = 90}};
}

void fake_store_fini(struct fake_store *store) {
    clear(&store->committed);
    clear(&store->changed);
    free(store->committed.sorted);
    free(store->changed.sorted);
    *store = (struct fake_store){0};
}

void fake_store_crash(struct fake_store *store) {
    clear(&store->changed);
    store->is_writing = store->has_failed = false;
}

void fake_store_copy(struct fake_store *to, const struct fake_store *from) {
    ASSERT(to != from);
    ASSERT(!to->is_writing);
    clear(&to->committed);
    for (size_t i = 0; i < from->committed.count; i++) {
        from->committed.sorted[i]->refs++;
        insert(&to->committed, i, from->committed.sorted[i]);
    }
    to->digest = from->digest;
}

void fake_store_tear(struct fake_store *store) {
    ASSERT(!store->is_writing);
    struct fake_rows *rows = &store->committed;
    size_t kept = 0;
    for (size_t i = 0; i < rows->count; i++) {
        struct fake_row *row = rows->sorted[i];
        if (fake_draw(store->hooks, 3) == 0) {
            store->digest -= row->hash;
            row_unref(row);
        } else {
            rows->sorted[kept++] = row;
        }
    }
    rows->count = kept;
}

static struct fake_row *row_new(struct slice key, struct slice value, bool is_deleted) {
    struct fake_row *row = fake_memory(NULL, sizeof *row + key.size + value.size);
    *row = (struct fake_row){.refs = 1, .is_deleted = is_deleted, .key_size = key.size, .value_size = value.size};
    memcpy(row->bytes, key.data, key.size);
    if (value.size > 0) memcpy(row->bytes + key.size, value.data, value.size);
    if (key.data[0] != ROWS_TABLE_META) row->hash = fake_hash(fake_hash(1, key), value);
    return row;
}

static void row_unref(struct fake_row *row) {
    ASSERT(row->refs > 0);
    if (--row->refs == 0) free(row);
}

static struct slice row_key(const struct fake_row *row) {
    return slice_of(row->bytes, row->key_size);
}

static struct slice row_value(const struct fake_row *row) {
    return slice_of(row->bytes + row->key_size, row->value_size);
}

/* Index of the first row whose key is >= key. */
static size_t lower_bound(const struct fake_rows *rows, struct slice key) {
    size_t low = 0, high = rows->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (slice_compare(row_key(rows->sorted[middle]), key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct fake_row *row_at(const struct fake_rows *rows, size_t index, struct slice key) {
    bool is_there = index < rows->count && slice_equal(row_key(rows->sorted[index]), key);
    return is_there ? rows->sorted[index] : NULL;
}

static void insert(struct fake_rows *rows, size_t index, struct fake_row *row) {
    ASSERT(index <= rows->count);
    if (rows->count == rows->room) {
        rows->room = rows->room == 0 ? 64 : 2 * rows->room;
        struct fake_row **grown = fake_memory(rows->sorted, rows->room * sizeof(struct fake_row *));
        rows->sorted = grown;
    }
    memmove(rows->sorted + index + 1, rows->sorted + index, (rows->count - index) * sizeof(struct fake_row *));
    rows->sorted[index] = row;
    rows->count++;
}

static void clear(struct fake_rows *rows) {
    for (size_t i = 0; i < rows->count; i++) row_unref(rows->sorted[i]);
    rows->count = 0;
}
