/* Asking another service, as the door sees it: questions out, answers in, in any order. The real one is a client over
 * ZeroMQ (lib/host/host_ask.c). One thread; it never waits. */
#ifndef BHR_PORT_ASK_H
#define BHR_PORT_ASK_H

#include "lib/base/slice.h"
#include "lib/base/status.h"

struct ask_question {
    const char *method;          /* static */
    struct slice body;           /* copied, as the next */
    struct slice correlation_id; /* of the journey that the question is part of; may be empty */
    bool is_query;               /* asks only */
    int64_t limit_ms;            /* from now; > 0 */
    uint64_t token;              /* comes back in the answer */
};

struct ask_answer {
    uint64_t token;
    bool is_answered;  /* false: nobody could say in time */
    bool is_ok;        /* REPLY_OK; else refused by name */
    struct slice body; /* borrowed until the next call */
    uint64_t position; /* of the other's journal */
};

struct ask_port {
    void *context;
    /* STATUS_OK: exactly one answer comes, at the limit at the latest. Any other: none does, nobody was asked. */
    enum status (*ask)(void *context, const struct ask_question *question);
    /* The next answer; false when there is none now. */
    bool (*next)(void *context, struct ask_answer *ret_answer);
};

#endif
