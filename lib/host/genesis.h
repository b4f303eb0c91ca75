/* The beginning of a journal (journal.md section 4): `bhr topics apply` appends Genesis to an empty journal and reads
 * offset 0 back; on one that has begun it only judges what lies there. Waits, at most as long as it is told. One thread.
 * It never appends to a journal that has a record, and never changes one. */
#ifndef BHR_HOST_GENESIS_H
#define BHR_HOST_GENESIS_H

#include "lib/journal/accept.h"
#include "lib/port/clock.h"
#include "lib/port/topic.h"
#include "lib/port/waiter.h"

struct genesis_ports {
    struct topic_admin admin;
    struct topic_writer writer; /* never used by genesis_check */
    struct topic_reader reader;
    struct waiter waiter; /* woken by writer and reader */
    struct clock_port clock;
};

struct genesis_found {
    bool is_new; /* this call appended it */
    struct genesis genesis;
    int64_t logged_at_ms;
};

/* STATUS_NOT_FOUND: a topic is missing. STATUS_CONFLICT: what lies at offset 0 is no Genesis, or that of another
 * environment, service or locality: the message says which. STATUS_CORRUPT: offset 0 is gone. STATUS_TIMEOUT.
 * identity->service names the topics. */
MUST_CHECK enum status genesis_ensure(const struct genesis_ports *ports, const struct journal_identity *identity,
                                      int timeout_ms, struct genesis_found *ret_found, struct error *reterr_error);
/* The same without appending: STATUS_NOT_FOUND also when the journal is empty. */
MUST_CHECK enum status genesis_check(const struct genesis_ports *ports, const struct journal_identity *identity,
                                     int timeout_ms, struct genesis_found *ret_found, struct error *reterr_error);

#endif
