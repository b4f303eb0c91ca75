/* A record of the audit trail (proto/bhr/audit/v1) as a plain struct. Decoding borrows from the bytes and checks each
 * field; a fault is a constant sentence that names the field and what was expected, never the value. Read and written with
 * lib/base/proto_wire.h, without allocation; unknown fields are passed over. Any thread. */
#ifndef BHR_WIRE_AUDIT_AUDIT_RECORD_H
#define BHR_WIRE_AUDIT_AUDIT_RECORD_H

#include "lib/base/buffer.h"
#include "lib/base/id.h"
#include "lib/base/status.h"

enum {
    AUDIT_TEXT_MAX = 128,    /* bytes of each text; a longer one is cut, because a record must always be written */
    AUDIT_RECORD_MAX = 2048, /* room that always suffices for an encoded record */
};

#define AUDIT_TOPIC       "bhr.audit.v1"
#define AUDIT_RECORD_TYPE "bhr.audit.v1.AuditRecord"

/* Numbered as bhr.audit.v1.AuditKind. X(KIND, number, "name") */
#define AUDIT_KINDS(X)                                                                                                 \
    X(AUDIT_READ, 1, "read")                                                                                           \
    X(AUDIT_REFUSAL, 2, "refusal")

enum audit_kind {
#define X(kind, number, name) kind = (number),
    AUDIT_KINDS(X)
#undef X
};
const char *audit_kind_name(enum audit_kind kind);

struct audit_record {
    struct uuid audit_id; /* version 7 */
    int64_t at_ms;        /* >= 0 */
    enum audit_kind kind;
    struct slice service, process;
    struct slice system, organisation, system_role;
    struct slice user, user_role;
    struct slice method;
    struct uuid person_id; /* zeros: nobody */
    struct slice subject_organisation, subject_service_id;
    struct slice purpose, correlation_id;
    struct uuid request_id; /* zeros: none */
    struct slice outcome;   /* a token */
    int64_t position;       /* >= 0 */
    int64_t refusals_suppressed;
};

/* Appends to out; out->is_full tells when it did not fit. Texts that are not clean are left out. */
void audit_record_encode(const struct audit_record *record, struct buffer *out);
/* False: *ret_fault says why, *ret_record is untouched. */
MUST_CHECK bool audit_record_decode(struct slice bytes, struct audit_record *ret_record, const char **ret_fault);

#endif
