/* The audit trail's way out: records lie in a bounded spool (lib/port/file/spool_file.h) from before their answer leaves
 * until Kafka has acknowledged them. Whatever Kafka does not acknowledge is sent again, by this process or the next one
 * on the same data directory; so each record arrives at least once (docs/adr/0016).
 *
 * Owns what it knows about each record in the spool; borrows spool and writer. One thread: the loop's. It never waits and
 * never drops: when the spool is full it says so, and what needs a record is not done. */
#ifndef BHR_HOST_AUDIT_H
#define BHR_HOST_AUDIT_H

#include "lib/port/audit.h"
#include "lib/port/clock.h"
#include "lib/port/file/spool_file.h"
#include "lib/port/topic.h"

enum {
    AUDIT_SOURCE_MAX = 200,
    AUDIT_IN_FLIGHT_MAX = 1024,   /* handed to the writer and not yet reported */
    AUDIT_AGAIN_MS = 500,         /* pause after a record was not written */
    AUDIT_REPORT_MS_MAX = 30000,  /* a writer that says nothing for so long has lost the record */
    AUDIT_RECORDS_PER_STEP = 256, /* bounded work */
    AUDIT_IDLE_MS = 1000,
    AUDIT_GATHER_MS = 20, /* as a host sets gather_ms */
};

struct audit_options {
    char source[AUDIT_SOURCE_MAX]; /* ce_source: "/bhr/<environment>/<service>/<locality>" */
    struct spool_file *spool;
    struct topic_writer writer;
    struct clock_port clock;
    /* So long a record that nobody waits for lies in the spool before it is sent, so that others can go with it: a request
     * with one record costs the broker as much as one with hundreds. 0: not at all. */
    int64_t gather_ms;
};

/* Counted since audit_new, but for the first two. */
struct audit_view {
    uint64_t spooled;  /* records that Kafka has not acknowledged */
    int64_t oldest_ms; /* how long the oldest of them has been known to this process; 0 for none */
    uint64_t taken, acknowledged, sent_again, refused_full;
    const char *trouble; /* why the last record that was not written was not; NULL when none since the last that was */
};

struct audit;
/* NULL when there is no memory. What the spool holds already is sent as if it had just been put. */
struct audit *audit_new(const struct audit_options *options);
/* What is not acknowledged stays in the spool. Accepts NULL. */
void audit_free(struct audit *audit);
struct audit_port audit_port(struct audit *audit);

/* Takes delivery reports; tells the token of each record that somebody waits for. */
void audit_take_reports(struct audit *audit, void *context, void (*acknowledged)(void *context, uint64_t token));
/* Hands to the writer what waits. Returns in how many milliseconds it wants to be called again at the latest. */
int audit_send(struct audit *audit);
void audit_look(const struct audit *audit, struct audit_view *ret_view);

#endif
