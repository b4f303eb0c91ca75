/* A bounded queue of records in a mapped file of fixed size: what was put outlives the death of the process (kill -9), and
 * is there when the next one opens the file. It does not outlive a power cut: nothing is synced. Putting costs a few
 * hundred bytes of memory copied.
 *
 * Ownership: the file is locked by the directory it lies in (one process for each store). One thread.
 * Bounds: bytes and records as given at opening; beyond them put says no and changes nothing. */
#ifndef BHR_PORT_FILE_SPOOL_FILE_H
#define BHR_PORT_FILE_SPOOL_FILE_H

#include "lib/base/slice.h"
#include "lib/base/status.h"

enum { SPOOL_RECORD_MAX = 4096, SPOOL_BYTES_MIN = 64 * 1024 };

struct spool_limits {
    size_t bytes_max;     /* size of the file, and with a few bytes for each record what it can hold */
    uint32_t records_max; /* what was left behind may be more; then only that */
};

struct spool_file;

/* Makes the file if need be. A file that still holds records keeps its size, whatever the limits say. STATUS_CORRUPT: it
 * is no spool, and somebody should look before it goes. */
MUST_CHECK enum status spool_open(const char *path, const struct spool_limits *limits, struct spool_file **ret_spool,
                                  struct error *reterr_error);
/* What is in it stays. Accepts NULL. */
void spool_close(struct spool_file *spool);

/* Records are numbered from 0 at opening: those in it are first <= number < end. */
uint64_t spool_first(const struct spool_file *spool);
uint64_t spool_end(const struct spool_file *spool);
/* How many can be in it at once: a place for whatever is kept beside each. */
uint32_t spool_records_max(const struct spool_file *spool);

/* Whether a record of SPOOL_RECORD_MAX bytes would be taken. */
bool spool_has_room(const struct spool_file *spool);
/* Copies the record to the end; its number is what spool_end was. False when there is no room. */
bool spool_put(struct spool_file *spool, struct slice record);
/* Borrowed until the record is forgotten. */
struct slice spool_at(const struct spool_file *spool, uint64_t number);
void spool_forget_first(struct spool_file *spool);
/* The same, and its bytes are overwritten in the file. */
void spool_wipe_first(struct spool_file *spool);

#endif
