/* Reads the policy file and keeps what it said (policy_file.h). The only lock guards the pointer against the thread that
 * checks keys: held there for one look-up per connection, here for one assignment. */
#include "lib/host/policy_file.h"

#include "lib/base/assert.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { SETTLE_MS = 50 };

/* By what a file is told from an earlier one of its name. */
struct stamp {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec modified;
};

struct policy_keeper {
    char path[4096];
    const struct service *service;
    pthread_mutex_t mutex; /* guards current, which only the loop's thread changes */
    struct policy *current, *replaced;
    struct stamp stamp; /* of the file that was read last, good or not; zeros when there was none */
};

static struct stamp stamp_of(const char *path);
static bool is_same(const struct stamp *a, const struct stamp *b);

enum status policy_load(const char *path, const struct service *service, struct policy **ret_policy,
                        struct error *reterr_error) {
    ASSERT(service->method_count <= POLICY_METHODS_MAX);
    FILE *file = fopen(path, "rbe");
    if (file == NULL) return error_set(reterr_error, STATUS_NOT_FOUND, "%.150s: %s", path, strerror(errno));
    uint8_t *text = malloc(POLICY_TEXT_MAX + 1);
    struct policy *policy = malloc(sizeof *policy);
    size_t size = text == NULL ? 0 : fread(text, 1, POLICY_TEXT_MAX + 1, file);
    bool has_failed = ferror(file) != 0;
    (void)fclose(file);
    const char *methods[POLICY_METHODS_MAX];
    for (uint32_t i = 0; i < service->method_count; i++) methods[i] = service->methods[i].name;
    enum status status;
    struct error error = {0};
    if (text == NULL || policy == NULL) {
        status = error_set(reterr_error, STATUS_NO_MEMORY, "%.150s: no memory to read it", path);
    } else if (has_failed) {
        status = error_set(reterr_error, STATUS_IO, "%.150s: it cannot be read", path);
    } else if (size > POLICY_TEXT_MAX) {
        status = error_set(reterr_error, STATUS_FULL, "%.150s: expected at most %d bytes", path, (int)POLICY_TEXT_MAX);
    } else {
        status = policy_parse(policy, slice_of(text, size), methods, service->method_count, &error);
        if (status != STATUS_OK) error_set(reterr_error, status, "%.64s: %.185s", path, error.message);
    }
    free(text);
    if (status != STATUS_OK) {
        free(policy);
        return status;
    }
    *ret_policy = policy;
    return STATUS_OK;
}

enum status policy_keeper_open(const char *path, const struct service *service, struct policy_keeper **ret_keeper,
                               struct error *reterr_error) {
    struct policy_keeper *keeper = calloc(1, sizeof *keeper);
    if (keeper == NULL) return error_set(reterr_error, STATUS_NO_MEMORY, "no memory for the policy");
    int size = snprintf(keeper->path, sizeof keeper->path, "%s", path);
    ASSERT(size >= 0 && (size_t)size < sizeof keeper->path);
    keeper->service = service;
    keeper->stamp = stamp_of(path);
    enum status status = policy_load(path, service, &keeper->current, reterr_error);
    if (status != STATUS_OK) {
        free(keeper);
        return status;
    }
    pthread_mutex_init(&keeper->mutex, NULL);
    *ret_keeper = keeper;
    return STATUS_OK;
}

void policy_keeper_close(struct policy_keeper *keeper) {
    if (keeper == NULL) return;
    pthread_mutex_destroy(&keeper->mutex);
    free(keeper->current);
    free(keeper->replaced);
    free(keeper);
}

const struct policy *policy_keeper_current(const struct policy_keeper *keeper) {
    ASSERT(keeper->current != NULL);
    return keeper->current;
}

enum policy_news policy_keeper_look(struct policy_keeper *keeper, int64_t wall_ms, bool must_read,
                                    struct error *reterr_error) {
    struct stamp stamp = stamp_of(keeper->path);
    if (!must_read && is_same(&stamp, &keeper->stamp)) return POLICY_SAME;
    int64_t age_ms = wall_ms - ((int64_t)stamp.modified.tv_sec * 1000 + stamp.modified.tv_nsec / 1000000);
    if (!must_read && age_ms >= 0 && age_ms < SETTLE_MS) return POLICY_SAME;
    keeper->stamp = stamp;
    struct policy *policy = NULL;
    if (policy_load(keeper->path, keeper->service, &policy, reterr_error) != STATUS_OK) return POLICY_REFUSED;
    ASSERT(policy != NULL);
    free(keeper->replaced);
    pthread_mutex_lock(&keeper->mutex);
    keeper->replaced = keeper->current;
    keeper->current = policy;
    pthread_mutex_unlock(&keeper->mutex);
    return POLICY_REPLACED;
}

bool policy_keeper_lost_a_key(const struct policy_keeper *keeper) {
    const struct policy *before = keeper->replaced;
    for (uint32_t i = 0; before != NULL && i < before->system_count; i++) {
        const struct policy_system *system = &before->systems[i];
        for (uint32_t k = 0; !system->is_revoked && k < system->key_count; k++) {
            const struct policy_system *now = policy_by_key(keeper->current, slice_text(system->keys[k]));
            if (now == NULL || strcmp(now->id, system->id) != 0) return true;
        }
    }
    return false;
}

bool policy_keeper_knows(void *context, const char *key, char ret_system[SOCKET_SYSTEM_MAX + 1]) {
    static_assert((int)POLICY_ID_MAX == (int)SOCKET_SYSTEM_MAX, "a socket holds every system's id");
    struct policy_keeper *keeper = context;
    pthread_mutex_lock(&keeper->mutex);
    const struct policy_system *system = policy_by_key(keeper->current, slice_text(key));
    if (system != NULL) memcpy(ret_system, system->id, sizeof system->id);
    pthread_mutex_unlock(&keeper->mutex);
    return system != NULL;
}

static struct stamp stamp_of(const char *path) {
    struct stat stat_buffer;
    if (stat(path, &stat_buffer) != 0) return (struct stamp){0};
    return (struct stamp){.device = stat_buffer.st_dev,
                          .inode = stat_buffer.st_ino,
                          .size = stat_buffer.st_size,
                          .modified = stat_buffer.st_mtim};
}

static bool is_same(const struct stamp *a, const struct stamp *b) {
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->modified.tv_sec == b->modified.tv_sec && a->modified.tv_nsec == b->modified.tv_nsec;
}
