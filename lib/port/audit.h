/* Where the door puts its audit records (design section 6). A record that was taken outlives this process, and reaches
 * Kafka at least once; copies carry the same audit id. The real one is lib/host/audit.h. One thread: the loop's. */
#ifndef BHR_PORT_AUDIT_H
#define BHR_PORT_AUDIT_H

#include "lib/base/slice.h"
#include "lib/base/status.h"

struct audit_port {
    void *context;
    /* Whether one more record would be taken now: asked before anything is read. */
    bool (*has_room)(void *context);
    /* Takes a copy of an encoded bhr.audit.v1.AuditRecord. STATUS_FULL: nothing was taken. token 0: nobody waits for
     * Kafka; with another the door is told (door_audited) once Kafka has acknowledged the record. */
    enum status (*put)(void *context, struct slice record, uint64_t token);
};

#endif
