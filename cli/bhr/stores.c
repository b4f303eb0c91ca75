/* Opens snapshots read-only. A store that was set aside is opened through a directory of its own that holds one link,
 * because a store's directory is known by the name store/. Never writes to a store. */
#include "cli/bhr/stores.h"

#include "cli/bhr/progress.h"
#include "lib/base/assert.h"
#include "lib/digest/digest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool has_file(const char *dir, const char *name);
static int link_to(const struct cli *cli, const char *path, char ret_dir[LMDB_PATH_MAX]);
static void unlink_from(const char *dir);

int snapshot_open(const struct cli *cli, const char *path, struct snapshot *ret_snapshot) {
    struct snapshot snapshot = {0};
    const char *dir = path;
    if (has_file(path, "data.mdb")) {
        int code = link_to(cli, path, snapshot.link_dir);
        if (code != CLI_OK) return code;
        dir = snapshot.link_dir;
    }
    struct error error;
    enum status status = lmdb_store_open_read(dir, &snapshot.store, &error);
    if (status != STATUS_OK) {
        if (snapshot.link_dir[0] != '\0') unlink_from(snapshot.link_dir);
        return cli_fail(cli, status == STATUS_NOT_FOUND ? CLI_USAGE : CLI_UNREACHED,
                        "expected the data directory of a process, or a store that was set aside", "%s: %s", path,
                        error.message);
    }
    snapshot.port = lmdb_store_port(snapshot.store);
    status = snapshot.port.read_begin(snapshot.port.context, &snapshot.rows, &error);
    if (status != STATUS_OK) {
        lmdb_store_close(snapshot.store, false);
        if (snapshot.link_dir[0] != '\0') unlink_from(snapshot.link_dir);
        return cli_fail(cli, CLI_UNREACHED, NULL, "%s: %s", path, error.message);
    }
    snapshot.has_meta = replica_meta_read(&snapshot.rows, &snapshot.meta) == META_FOUND;
    *ret_snapshot = snapshot;
    return CLI_OK;
}

void snapshot_close(struct snapshot *snapshot) {
    snapshot->port.read_end(snapshot->port.context, &snapshot->rows);
    lmdb_store_close(snapshot->store, false);
    if (snapshot->link_dir[0] != '\0') unlink_from(snapshot->link_dir);
    *snapshot = (struct snapshot){0};
}

void row_walk_begin(struct row_walk *walk) {
    walk->from[0] = ROWS_TABLE_META + 1;
    walk->from_size = 1;
}

bool row_walk_next(const struct rows *rows, struct row_walk *walk, struct slice *ret_key, struct slice *ret_value) {
    ASSERT(walk->from_size > 0);
    if (!rows_seek(rows, slice_of(walk->from, walk->from_size), ret_key, ret_value)) return false;
    ASSERT(ret_key->size <= ROWS_KEY_MAX);
    memcpy(walk->from, ret_key->data, ret_key->size);
    walk->from[ret_key->size] = 0; /* the least key after it */
    walk->from_size = ret_key->size + 1;
    return true;
}

static void add_sized(struct digest_stream *stream, struct slice bytes) {
    uint8_t size[4] = {(uint8_t)(bytes.size >> 24), (uint8_t)(bytes.size >> 16), (uint8_t)(bytes.size >> 8),
                       (uint8_t)bytes.size};
    digest_stream_add(stream, slice_of(size, sizeof size));
    digest_stream_add(stream, bytes);
}

int store_digest(struct cli *cli, const char *path, struct store_digest *ret_digest) {
    struct snapshot snapshot;
    int code = snapshot_open(cli, path, &snapshot);
    if (code != CLI_OK) return code;
    struct store_digest digested = {.path = path, .applied = -1};
    struct digest_stream stream;
    digest_stream_begin(&stream);
    struct progress progress = progress_begin(cli, path, "rows", 0);
    struct row_walk walk;
    struct slice key, value;
    row_walk_begin(&walk);
    while (row_walk_next(&snapshot.rows, &walk, &key, &value)) {
        add_sized(&stream, key);
        add_sized(&stream, value);
        progress_step(&progress, ++digested.row_count);
    }
    progress_end(&progress);
    digested.digest = digest_stream_end(&stream);
    digested.has_meta = snapshot.has_meta;
    if (snapshot.has_meta) {
        digested.journal_id = snapshot.meta.journal.journal_id;
        digested.applied = snapshot.meta.applied;
        digested.number = snapshot.meta.journal.number;
    }
    snapshot_close(&snapshot);
    *ret_digest = digested;
    return CLI_OK;
}

/* Records that are not history move `applied` but no row: the entry's number is what rows stand for. */
bool store_digests_differ(const struct store_digest *a, const struct store_digest *b) {
    bool is_same_place =
        a->has_meta && b->has_meta && id128_equal(a->journal_id, b->journal_id) && a->number == b->number;
    return is_same_place && !digest_equal(a->digest, b->digest);
}

static bool has_file(const char *dir, const char *name) {
    char path[LMDB_PATH_MAX];
    int size = snprintf(path, sizeof path, "%s/%s", dir, name);
    return size > 0 && (size_t)size < sizeof path && access(path, F_OK) == 0;
}

static int link_to(const struct cli *cli, const char *path, char ret_dir[LMDB_PATH_MAX]) {
    const char *temporary = getenv("TMPDIR");
    char dir[LMDB_PATH_MAX], link[LMDB_PATH_MAX + 16];
    (void)snprintf(dir, sizeof dir, "%s/bhr-store-XXXXXX", temporary != NULL ? temporary : "/tmp");
    char *target = realpath(path, NULL);
    bool is_made = target != NULL && mkdtemp(dir) != NULL;
    (void)snprintf(link, sizeof link, "%s/store", dir);
    bool is_linked = is_made && symlink(target, link) == 0;
    int code = CLI_OK;
    if (!is_linked) code = cli_fail(cli, CLI_UNREACHED, NULL, "%s cannot be opened: %s", path, strerror(errno));
    free(target);
    if (is_made && !is_linked) (void)rmdir(dir);
    if (is_linked) (void)snprintf(ret_dir, LMDB_PATH_MAX, "%s", dir);
    return code;
}

static void unlink_from(const char *dir) {
    char link[LMDB_PATH_MAX + 16];
    (void)snprintf(link, sizeof link, "%s/store", dir);
    (void)unlink(link);
    (void)rmdir(dir);
}
