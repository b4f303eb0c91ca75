/* A copy of a store for a new replica, taken beside the process that writes it. It owns nothing for longer than the
 * call and runs on the caller's thread, which it holds for as long as the copying takes. It never touches the original,
 * and it puts the copy under its final name only when it is whole and durable. */
#include "lib/port/lmdb/lmdb_folder.h"
#include "lib/port/lmdb/lmdb_internal.h"

#include "lib/base/assert.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static enum status copy_locked(struct lmdb_store *from, const char *to_dir, struct error *reterr_error);
static enum status copy_clear(const char *copying_dir, struct error *reterr_error);
static enum status sync_file(const char *path, struct error *reterr_error);

enum status lmdb_store_copy(const char *from_dir, const char *to_dir, struct error *reterr_error) {
    ASSERT(from_dir != NULL);
    ASSERT(to_dir != NULL);
    struct lmdb_store *from = NULL;
    enum status status = lmdb_store_open_read(from_dir, &from, reterr_error);
    if (status != STATUS_OK) return status;
    int lock_fd = -1;
    status = folder_make(to_dir, reterr_error);
    if (status == STATUS_OK) status = folder_lock(to_dir, &lock_fd, reterr_error);
    if (status == STATUS_OK) status = copy_locked(from, to_dir, reterr_error);
    if (lock_fd >= 0) close(lock_fd);
    lmdb_store_close(from, false);
    return status;
}

static enum status copy_locked(struct lmdb_store *from, const char *to_dir, struct error *reterr_error) {
    char store_dir[LMDB_PATH_MAX], copying_dir[LMDB_PATH_MAX], data[LMDB_PATH_MAX];
    enum status status = folder_path(to_dir, "store", store_dir, reterr_error);
    if (status == STATUS_OK) status = folder_path(to_dir, "store.copying", copying_dir, reterr_error);
    if (status == STATUS_OK) status = folder_path(copying_dir, "data.mdb", data, reterr_error);
    if (status != STATUS_OK) return status;
    if (access(store_dir, F_OK) == 0) {
        return error_set(reterr_error, STATUS_CONFLICT, "%s has a store already", to_dir);
    }
    status = copy_clear(copying_dir, reterr_error);
    if (status != STATUS_OK) return status;
    int failed = mdb_env_copy2(from->env, copying_dir, 0);
    if (failed != 0) return lmdb_failure(failed, "copy", reterr_error);
    status = sync_file(data, reterr_error);
    if (status == STATUS_OK) status = folder_mark_boot(copying_dir, true, reterr_error);
    if (status != STATUS_OK) return status;
    if (rename(copying_dir, store_dir) != 0) {
        return error_set(reterr_error, STATUS_IO, "cannot rename %s: %s", copying_dir, strerror(errno));
    }
    return folder_sync(to_dir, reterr_error);
}

/* What an interrupted copy left is worth nothing. */
static enum status copy_clear(const char *copying_dir, struct error *reterr_error) {
    static const char *const NAMES[] = {"data.mdb", "lock.mdb", "boot", "boot.new"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        char path[LMDB_PATH_MAX];
        enum status status = folder_path(copying_dir, NAMES[i], path, reterr_error);
        if (status != STATUS_OK) return status;
        if (unlink(path) != 0 && errno != ENOENT) {
            return error_set(reterr_error, STATUS_IO, "cannot remove %s: %s", path, strerror(errno));
        }
    }
    return folder_make(copying_dir, reterr_error);
}

static enum status sync_file(const char *path, struct error *reterr_error) {
    ASSERT(path != NULL);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool done = fd >= 0 && fsync(fd) == 0;
    int failed = errno;
    if (fd >= 0) close(fd);
    if (done) return STATUS_OK;
    return error_set(reterr_error, STATUS_IO, "cannot sync %s: %s", path, strerror(failed));
}
