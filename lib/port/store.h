/* The read store of one partition: an ordered map with one write transaction and many snapshots. The real one is
 * lib/port/lmdb; the simulator's is lib/port/fake. Design section 5, journal.md section 4, reliability.md section 6. */
#ifndef BHR_PORT_STORE_H
#define BHR_PORT_STORE_H

#include "lib/base/rows.h"
#include "lib/base/status.h"

struct store_space {
    uint32_t map_used_percent;
    uint32_t disk_free_percent;
};

struct store {
    void *context;
    /* Opens the one write transaction; *ret_rows is good until commit or abort. Replica thread only. */
    enum status (*begin)(void *context, struct rows *ret_rows, struct error *reterr_error);
    /* Makes everything since begin visible, whole or not at all. A failure leaves the transaction gone. */
    enum status (*commit)(void *context, struct error *reterr_error);
    /* STATUS_OK while every read and write since begin has worked; else what commit would answer. A row that could not be
     * read looks absent and a write that could not be taken is missing, so nothing decided on them may leave. Cheap. */
    enum status (*check)(void *context, struct error *reterr_error);
    /* Leaves no trace of what was done since begin. */
    void (*abort)(void *context);
    /* A snapshot of the last commit; read-only rows. One at a time per reader thread; end it within the request.
     * Any thread. */
    enum status (*read_begin)(void *context, struct rows *ret_rows, struct error *reterr_error);
    void (*read_end)(void *context, struct rows *rows);
    struct store_space (*space)(void *context);
    /* What has to be done about once a second outside the transaction (dead readers, syncing). Replica thread. */
    void (*housekeeping)(void *context);
};

#endif
