/* Stores as the commands read them: a snapshot of one directory's store, beside the process that writes it or without
 * one, also of a store that was set aside. One thread. */
#ifndef BHR_CLI_STORES_H
#define BHR_CLI_STORES_H

#include "cli/bhr/cli.h"
#include "lib/base/id.h"
#include "lib/host/replica_meta.h"
#include "lib/port/lmdb/lmdb_store.h"

struct snapshot {
    struct lmdb_store *store;
    struct store port;
    struct rows rows;
    bool has_meta;
    struct replica_meta meta;     /* when has_meta */
    char link_dir[LMDB_PATH_MAX]; /* of a store set aside: the directory made to open it; else empty */
};

/* path is a data directory (with store/ in it), or a directory that holds data.mdb itself: store/ or store.aside-….
 * Returns an exit code; CLI_OK leaves *ret_snapshot to be closed. */
int snapshot_open(const struct cli *cli, const char *path, struct snapshot *ret_snapshot);
void snapshot_close(struct snapshot *snapshot);

/* All rows but the host's meta table, in order. key is where the next look begins. */
struct row_walk {
    uint8_t from[ROWS_KEY_MAX + 1];
    size_t from_size;
};
void row_walk_begin(struct row_walk *walk);
bool row_walk_next(const struct rows *rows, struct row_walk *walk, struct slice *ret_key, struct slice *ret_value);

/* A digest over the rows of a store, and how far it has read. path is kept. Returns an exit code. */
struct store_digest {
    const char *path;
    struct digest digest;
    uint64_t row_count;
    bool has_meta;
    struct id128 journal_id; /* whose store it is */
    int64_t applied;
    uint64_t number;
};
int store_digest(struct cli *cli, const char *path, struct store_digest *ret_digest);
/* Of one journal at the same entry, with other rows. */
bool store_digests_differ(const struct store_digest *a, const struct store_digest *b);

#endif
