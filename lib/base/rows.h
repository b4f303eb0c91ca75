/* How the core touches the store: an ordered map from key bytes to value bytes. gather, apply and query are handed one;
 * decide never is (design section 4). The LMDB store, the fake store and a test's array all look like this. */
#ifndef BHR_BASE_ROWS_H
#define BHR_BASE_ROWS_H

#include "lib/base/slice.h"

enum { ROWS_KEY_MAX = 500 }; /* LMDB's limit is 511 bytes; the rest is the store's own. */

struct rows {
    void *context;
    /* True and the value, borrowed until the next put, del or end of the transaction; false when there is no such row. */
    bool (*get)(void *context, struct slice key, struct slice *ret_value);
    /* The first row whose key is >= from, in byte order, borrowed like get's; false past the last row. */
    bool (*seek)(void *context, struct slice from, struct slice *ret_key, struct slice *ret_value);
    /* A write that the store cannot take (full, I/O) is remembered by the store and makes its commit fail: apply itself
     * cannot fail. NULL in a read-only view. */
    void (*put)(void *context, struct slice key, struct slice value);
    void (*del)(void *context, struct slice key);
};

static inline bool rows_get(const struct rows *rows, struct slice key, struct slice *ret_value) {
    return rows->get(rows->context, key, ret_value);
}
static inline bool rows_seek(const struct rows *rows, struct slice from, struct slice *ret_key,
                             struct slice *ret_value) {
    return rows->seek(rows->context, from, ret_key, ret_value);
}
static inline void rows_put(const struct rows *rows, struct slice key, struct slice value) {
    rows->put(rows->context, key, value);
}
static inline void rows_del(const struct rows *rows, struct slice key) {
    rows->del(rows->context, key);
}

/* The first byte of every key says whose row it is. Tables of the host come first so that services can add freely. */
enum rows_table {
    ROWS_TABLE_META = 0x00,    /* the journal rule's state, applied offset, anchor (lib/host/replica_meta.h) */
    ROWS_TABLE_ANSWER = 0x01,  /* [command id][source] -> digest and first answer (lib/host/answers.h) */
    ROWS_TABLE_TIMER = 0x02,   /* [timer id] -> the service's bytes, ordered by due time (lib/base/timers.h) */
    ROWS_TABLE_PARKED = 0x03,  /* timers that killed their owner three times (journal.md section 6) */
    ROWS_TABLE_SERVICE = 0x10, /* first of the service's own tables */
};

#endif
