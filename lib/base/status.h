/* What can go wrong outside the domain (I/O, limits, bytes that cannot be read). A domain answer is an outcome, not a
 * status; a bug is an ASSERT (style: outcomes, errors and bugs are three different things). */
#ifndef BHR_BASE_STATUS_H
#define BHR_BASE_STATUS_H

#define STATUS_TABLE(X)                                                                                                \
    X(STATUS_OK, "ok")                                                                                                 \
    X(STATUS_INVALID, "invalid") /* the bytes or the argument are not what they must be */                             \
    X(STATUS_NOT_FOUND, "not_found")                                                                                   \
    X(STATUS_FULL, "full") /* a declared bound is reached */                                                           \
    X(STATUS_TIMEOUT, "timeout")                                                                                       \
    X(STATUS_UNAVAILABLE, "unavailable") /* the other side cannot be reached now; trying again may help */             \
    X(STATUS_DENIED, "denied")                                                                                         \
    X(STATUS_CORRUPT, "corrupt")   /* what we stored is not what we read */                                            \
    X(STATUS_CONFLICT, "conflict") /* somebody else holds it, or it exists and differs */                              \
    X(STATUS_IO, "io")                                                                                                 \
    X(STATUS_NO_MEMORY, "no_memory")

enum status {
#define X(code, name) code,
    STATUS_TABLE(X)
#undef X
};

/* Filled on failure only. The message is for an operator: it names the thing and what was expected, never personal data. */
struct error {
    enum status code;
    char message[256];
};

#define MUST_CHECK __attribute__((warn_unused_result))

/* The stable name of a status, for logs ("unavailable"). */
const char *status_name(enum status status);

/* Fills *reterr_error (may be NULL) with a printf-formatted message and returns code, so that a failing function ends in
 * `return error_set(reterr_error, STATUS_IO, "...")`. Not pure (vsnprintf): core files do not use it. */
enum status error_set(struct error *reterr_error, enum status code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
