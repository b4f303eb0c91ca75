/* Requests that a service keeps for a while (lib/port/kept.h), in a mapped file of fixed size beside the store: `kill -9`
 * does not touch them, a power cut may. Whatever is older than it may be is overwritten, not only forgotten; where nothing
 * is to be kept any more, the file is overwritten and removed.
 *
 * Owns the file. One thread: the loop's. Never waits. */
#ifndef BHR_HOST_KEPT_H
#define BHR_HOST_KEPT_H

#include "lib/port/clock.h"
#include "lib/port/file/spool_file.h"
#include "lib/port/kept.h"

struct kept_options {
    const char *path;
    size_t bytes_max;   /* of the file; a multiple of 4,096, at least SPOOL_BYTES_MIN */
    int64_t age_ms_max; /* of what is kept; 0: nothing is */
    struct clock_port clock;
};

struct kept;
/* *ret_kept stays NULL when nothing is to be kept: then there is no file either. STATUS_CORRUPT: what lies there is no such
 * file, and somebody should look before it goes. */
MUST_CHECK enum status kept_open(const struct kept_options *options, struct kept **ret_kept,
                                 struct error *reterr_error);
/* What is in the file stays. Accepts NULL. */
void kept_close(struct kept *kept);
/* Borrows kept. */
struct kept_port kept_port(struct kept *kept);
/* Overwrites what is too old, a bounded piece at a time. */
void kept_tend(struct kept *kept);

#endif
