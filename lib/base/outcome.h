/* An outcome is the domain's answer, refusals included; every accepted command has exactly one (design section 2).
 * The host's own outcomes (codes 1-99) are in outcome_common.def, a service's (100 up) in its core/outcome.def; both have
 * the same columns, and docs/OUTCOMES.md is generated from them. */
#ifndef BHR_BASE_OUTCOME_H
#define BHR_BASE_OUTCOME_H

#include <stdint.h>

/* Status of a reply (design section 6), numbered as bhr.exchange.v1.ReplyStatus. X(STATUS, number, "name") */
#define REPLY_STATUSES(X)                                                                                              \
    X(REPLY_OK, 1, "ok")                                                                                               \
    X(REPLY_REFUSED, 2, "refused")                                                                                     \
    X(REPLY_INVALID, 3, "invalid")                                                                                     \
    X(REPLY_DENIED, 4, "denied")                                                                                       \
    X(REPLY_NOT_FOUND, 5, "not_found")                                                                                 \
    X(REPLY_IN_PROGRESS, 6, "in_progress")                                                                             \
    X(REPLY_TOO_BUSY, 7, "too_busy")                                                                                   \
    X(REPLY_UNAVAILABLE, 8, "unavailable")                                                                             \
    X(REPLY_UNKNOWN_OUTCOME, 9, "unknown_outcome")

enum reply_status {
#define X(status, number, name) status = (number),
    REPLY_STATUSES(X)
#undef X
};

/* "?" for a number that is none of them: one may come from a newer server. */
const char *reply_status_name(enum reply_status status);

struct outcome_row {
    uint32_t code;
    const char *name; /* "slot_taken": stable, in replies, metrics and logs */
    enum reply_status status;
    const char *bars;     /* HTTP status, BaRS code and issue code: "409 REC_CONFLICT conflict" (domain.md 2.2) */
    const char *sentence; /* for a human at the caller's desk */
};

/* Columns: X(code, NAME, "name", reply_status, "bars", "sentence") */
enum outcome_common {
#define X(code, NAME, name, status, bars, sentence) OUTCOME_##NAME = (code),
#include "lib/base/outcome_common.def"
#undef X
};

/* NULL for a code that the host does not know. */
const struct outcome_row *outcome_common_row(uint32_t code);

#endif
