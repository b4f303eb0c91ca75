/* The directory around a store: the lock that keeps a second process out, the mark that tells a store left open by
 * another boot, and setting a store aside. It owns nothing but the lock's descriptor, which it hands to its caller.
 * It never opens the database and never deletes one. */
#include "lib/port/lmdb/lmdb_folder.h"

#include "lib/base/assert.h"
#include "lib/base/boot_mark.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { ASIDE_TRIES_MAX = 100 };

static enum status set_aside_locked(const char *dir, char ret_path[LMDB_PATH_MAX], struct error *reterr_error);
static long read_pid(int fd);
static bool read_text(const char *path, char ret_text[BOOT_MARK_MAX]);
static bool read_boot_id(char ret_id[BOOT_MARK_MAX]);

enum status lmdb_store_set_aside(const char *dir, char ret_path[LMDB_PATH_MAX], struct error *reterr_error) {
    ASSERT(dir != NULL);
    int lock_fd = -1;
    enum status status = folder_lock(dir, &lock_fd, reterr_error);
    if (status != STATUS_OK) return status;
    ASSERT(lock_fd >= 0);
    char path[LMDB_PATH_MAX];
    status = set_aside_locked(dir, ret_path == NULL ? path : ret_path, reterr_error);
    close(lock_fd);
    return status;
}

static enum status set_aside_locked(const char *dir, char ret_path[LMDB_PATH_MAX], struct error *reterr_error) {
    char store_dir[LMDB_PATH_MAX], name[64], when[32];
    enum status status = folder_path(dir, "store", store_dir, reterr_error);
    if (status != STATUS_OK) return status;
    if (access(store_dir, F_OK) != 0) return error_set(reterr_error, STATUS_NOT_FOUND, "there is no store in %s", dir);
    struct tm utc;
    time_t now = time(NULL);
    strftime(when, sizeof when, "%Y%m%dT%H%M%SZ", gmtime_r(&now, &utc));
    /* Two in one second are told apart by a number, so that an earlier one stays whole. */
    for (int try = 1; try <= ASIDE_TRIES_MAX; try++) {
        if (try == 1) snprintf(name, sizeof name, "store.aside-%s", when);
        if (try > 1) snprintf(name, sizeof name, "store.aside-%s-%d", when, try);
        status = folder_path(dir, name, ret_path, reterr_error);
        if (status != STATUS_OK) return status;
        if (access(ret_path, F_OK) == 0) continue;
        if (rename(store_dir, ret_path) == 0) return folder_sync(dir, reterr_error);
        return error_set(reterr_error, STATUS_IO, "cannot rename %s: %s", store_dir, strerror(errno));
    }
    return error_set(reterr_error, STATUS_FULL, "%s holds too many stores set aside in this second", dir);
}

enum status folder_lock(const char *dir, int *ret_fd, struct error *reterr_error) {
    ASSERT(dir != NULL);
    ASSERT(ret_fd != NULL);
    char path[LMDB_PATH_MAX];
    enum status status = folder_path(dir, "owner", path, reterr_error);
    if (status != STATUS_OK) return status;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return error_set(reterr_error, STATUS_IO, "cannot open %s: %s", path, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        int failed = errno;
        long pid = read_pid(fd);
        close(fd);
        if (failed != EWOULDBLOCK)
            return error_set(reterr_error, STATUS_IO, "cannot lock %s: %s", path, strerror(failed));
        return error_set(reterr_error, STATUS_CONFLICT, "another process (pid %ld) uses this store: %s", pid, dir);
    }
    int size = ftruncate(fd, 0) == 0 ? dprintf(fd, "%ld\n", (long)getpid()) : -1;
    if (size < 0) {
        int failed = errno;
        close(fd);
        return error_set(reterr_error, failed == ENOSPC ? STATUS_FULL : STATUS_IO, "cannot write %s: %s", path,
                         strerror(failed));
    }
    *ret_fd = fd;
    return STATUS_OK;
}

/* The pid alone is not enough: an old file may hold a number that is ours by chance (pid 1 in a container). */
bool folder_is_ours(const char *dir) {
    ASSERT(dir != NULL);
    char path[LMDB_PATH_MAX];
    if (folder_path(dir, "owner", path, NULL) != STATUS_OK) return false;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    bool ours = read_pid(fd) == (long)getpid() && flock(fd, LOCK_SH | LOCK_NB) != 0;
    close(fd);
    return ours;
}

static long read_pid(int fd) {
    ASSERT(fd >= 0);
    char text[32] = "";
    ssize_t size = pread(fd, text, sizeof text - 1, 0);
    return size > 0 ? strtol(text, NULL, 10) : 0;
}

enum status folder_path(const char *dir, const char *name, char ret_path[LMDB_PATH_MAX], struct error *reterr_error) {
    ASSERT(dir != NULL);
    ASSERT(name != NULL);
    int size = snprintf(ret_path, LMDB_PATH_MAX, "%s/%s", dir, name);
    if (size >= 0 && size < LMDB_PATH_MAX) return STATUS_OK;
    return error_set(reterr_error, STATUS_INVALID, "the store's directory has too long a name");
}

enum status folder_make(const char *dir, struct error *reterr_error) {
    ASSERT(dir != NULL);
    char path[LMDB_PATH_MAX];
    size_t size = strlen(dir);
    if (size == 0 || size >= sizeof path) {
        return error_set(reterr_error, STATUS_INVALID, "the store's directory needs a name below %d bytes",
                         LMDB_PATH_MAX);
    }
    for (size_t i = 1; i <= size; i++) {
        if (dir[i] != '/' && dir[i] != '\0') continue;
        memcpy(path, dir, i);
        path[i] = '\0';
        if (mkdir(path, 0700) == 0 || errno == EEXIST) continue;
        return error_set(reterr_error, STATUS_IO, "cannot make %s: %s", path, strerror(errno));
    }
    return STATUS_OK;
}

bool folder_has_data(const char *store_dir) {
    ASSERT(store_dir != NULL);
    char path[LMDB_PATH_MAX];
    struct stat data;
    if (folder_path(store_dir, "data.mdb", path, NULL) != STATUS_OK) return false;
    return stat(path, &data) == 0 && data.st_size > 0;
}

enum status folder_check_boot(const char *store_dir, struct error *reterr_error) {
    ASSERT(store_dir != NULL);
    char path[LMDB_PATH_MAX], mark[BOOT_MARK_MAX], id[BOOT_MARK_MAX];
    enum status status = folder_path(store_dir, "boot", path, reterr_error);
    if (status != STATUS_OK) return status;
    if (!read_text(path, mark)) {
        return error_set(reterr_error, STATUS_CORRUPT, "%s is missing: nobody knows how the store was left; rebuild it",
                         path);
    }
    if (!read_boot_id(id)) id[0] = '\0';
    if (boot_mark_is_trusted(mark, id)) return STATUS_OK;
    return error_set(reterr_error, STATUS_CORRUPT,
                     "the machine went down while the store in %s was open, so it may be torn; rebuild it", store_dir);
}

enum status folder_mark_boot(const char *store_dir, bool closed_in_order, struct error *reterr_error) {
    ASSERT(store_dir != NULL);
    char path[LMDB_PATH_MAX], path_new[LMDB_PATH_MAX], id[BOOT_MARK_MAX], mark[BOOT_MARK_MAX];
    enum status status = folder_path(store_dir, "boot", path, reterr_error);
    if (status == STATUS_OK) status = folder_path(store_dir, "boot.new", path_new, reterr_error);
    if (status != STATUS_OK) return status;
    if (!read_boot_id(id)) return error_set(reterr_error, STATUS_IO, "this machine does not tell its boot id");
    int fd = open(path_new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return error_set(reterr_error, STATUS_IO, "cannot open %s: %s", path_new, strerror(errno));
    boot_mark_write(id, closed_in_order, mark);
    bool done = dprintf(fd, "%s", mark) > 0 && fsync(fd) == 0;
    int failed = errno;
    close(fd);
    if (done) done = rename(path_new, path) == 0;
    if (done) return folder_sync(store_dir, reterr_error);
    return error_set(reterr_error, failed == ENOSPC ? STATUS_FULL : STATUS_IO, "cannot write %s: %s", path,
                     strerror(failed));
}

enum status folder_sync(const char *dir, struct error *reterr_error) {
    ASSERT(dir != NULL);
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool done = fd >= 0 && fsync(fd) == 0;
    int failed = errno;
    if (fd >= 0) close(fd);
    if (done) return STATUS_OK;
    return error_set(reterr_error, STATUS_IO, "cannot sync %s: %s", dir, strerror(failed));
}

static bool read_boot_id(char ret_id[BOOT_MARK_MAX]) {
    if (!read_text("/proc/sys/kernel/random/boot_id", ret_id)) return false;
    ret_id[strcspn(ret_id, "\n")] = '\0';
    return ret_id[0] != '\0' && strlen(ret_id) <= BOOT_MARK_MAX - 10;
}

static bool read_text(const char *path, char ret_text[BOOT_MARK_MAX]) {
    ASSERT(path != NULL);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    ssize_t size = read(fd, ret_text, BOOT_MARK_MAX - 1);
    close(fd);
    if (size <= 0) return false;
    ret_text[size] = '\0';
    return true;
}
