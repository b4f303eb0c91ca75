/* Disk ahead of use. Through a writable map, a page without a disk block under it is written by the kernel whenever it
 * likes, and a full disk is a SIGBUS. So blocks are reserved before LMDB may touch their pages: each write claims the
 * most pages it could possibly take, and when the claims reach the end of what is reserved, another step is reserved or
 * the write fails with STATUS_FULL. The writer's thread only, except lmdb_space. It never gives disk back. */
#include "lib/port/lmdb/lmdb_internal.h"

#include "lib/base/assert.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/statvfs.h>

/* What a commit writes by itself: the list of freed pages. A list of 4 M pages (16 GiB freed) fits. */
enum { COMMIT_PAGES = 8192, PAGE_HEADER_BYTES = 16 };

static enum status back(struct lmdb_store *store, uint64_t pages_wanted, struct error *reterr_error);
static uint64_t pages_used(const struct lmdb_store *store);

enum status lmdb_growth_begin(struct lmdb_store *store, struct error *reterr_error) {
    ASSERT(store != NULL);
    ASSERT(store->writer.txn == NULL);
    if (!store->is_writemap) return STATUS_OK;
    MDB_stat stat;
    int failed = mdb_env_stat(store->env, &stat);
    ASSERT(failed == 0);
    /* A write copies its path from root to leaf, may split every page on it and may grow the tree; del may merge with a
     * neighbour on each level instead. One level more than now, because the tree may grow in this transaction. */
    store->growth.pages_per_write = 2 * ((uint64_t)stat.ms_depth + 1) + 2;
    store->growth.pages_claimed = pages_used(store);
    return back(store, store->growth.pages_claimed + COMMIT_PAGES, reterr_error);
}

enum status lmdb_growth_claim(struct lmdb_store *store, size_t value_size, struct error *reterr_error) {
    ASSERT(store != NULL);
    ASSERT(store->writer.txn != NULL);
    if (!store->is_writemap) return STATUS_OK;
    uint64_t overflow = (value_size + PAGE_HEADER_BYTES) / store->page_bytes + 1;
    store->growth.pages_claimed += store->growth.pages_per_write + overflow;
    return back(store, store->growth.pages_claimed + COMMIT_PAGES, reterr_error);
}

/* Beyond the map there is nothing to reserve: LMDB itself refuses there. */
static enum status back(struct lmdb_store *store, uint64_t pages_wanted, struct error *reterr_error) {
    struct lmdb_growth *growth = &store->growth;
    ASSERT(growth->step_pages > 0);
    if (pages_wanted > store->map_pages) pages_wanted = store->map_pages;
    if (pages_wanted <= growth->pages_backed) return STATUS_OK;
    uint64_t target = (pages_wanted + growth->step_pages - 1) / growth->step_pages * growth->step_pages;
    if (target > store->map_pages) target = store->map_pages;
    ASSERT(target > growth->pages_backed);
    int fd = -1;
    int failed = mdb_env_get_fd(store->env, &fd);
    ASSERT(failed == 0);
    failed = posix_fallocate(fd, (off_t)(growth->pages_backed * store->page_bytes),
                             (off_t)((target - growth->pages_backed) * store->page_bytes));
    if (failed != 0) {
        return error_set(reterr_error, failed == ENOSPC ? STATUS_FULL : STATUS_IO,
                         "store: no disk for %llu more pages: %s", (unsigned long long)(target - growth->pages_backed),
                         strerror(failed));
    }
    growth->pages_backed = target;
    return STATUS_OK;
}

static uint64_t pages_used(const struct lmdb_store *store) {
    MDB_envinfo info;
    int failed = mdb_env_info(store->env, &info);
    ASSERT(failed == 0);
    return (uint64_t)info.me_last_pgno + 1;
}

/* Pages once used are counted as used until housekeeping has looked how many of them are free again. */
struct store_space lmdb_space(void *context) {
    const struct lmdb_store *store = context;
    ASSERT(store != NULL);
    ASSERT(store->map_pages > 0);
    uint64_t used = pages_used(store);
    uint64_t free_pages = atomic_load(&store->free_pages);
    used -= free_pages < used ? free_pages : 0;
    struct store_space space = {.map_used_percent = (uint32_t)(used * 100 / store->map_pages)};
    struct statvfs disk;
    /* Unknown counts as none: whoever cannot tell how much disk is left must not own. */
    if (statvfs(store->store_dir, &disk) == 0 && disk.f_blocks > 0) {
        space.disk_free_percent = (uint32_t)((uint64_t)disk.f_bavail * 100 / (uint64_t)disk.f_blocks);
    }
    return space;
}
