/* A record of a request topic as the request that it stands for (design section 6, "Kafka topics"). Pure: a record and what
 * is known about its topic in, a request or a named refusal out; the digest function is handed in.
 *
 * What a record needs is its value, ce_type and ce_id:
 *   ce_type           full name of the request message ("bhr.booking.v1.BookRequest") or of the method
 *   ce_id             names the request. A UUIDv7 is the request's id as it is. Any other text becomes one: its time is
 *                     ce_time's, the rest a hash of (system, ce_id, ce_time), so that who sends the same three again asks
 *                     the same request again. Without ce_time each record is a request of its own: its id is made of the
 *                     record's place and time, so that reading it again, and only that, asks again.
 *   ce_correlationid  what the outcome is addressed by; without it ce_id as it was sent, if that is a token.
 *   bhr_usertoken     the signed token of the human who asks, if there is one. A record that lay longer than its token is
 *                     good is refused, and its outcome says so. */
#ifndef BHR_HOST_INTAKE_REQUEST_H
#define BHR_HOST_INTAKE_REQUEST_H

#include "lib/host/service.h"
#include "lib/port/intake.h"

enum { INTAKE_ID_MAX = 128 /* bytes of a ce_id */ };

/* What is known without the record. */
struct intake_source {
    const struct service *service;
    const char *system; /* whose topic it is: never taken from the record */
    size_t request_bytes_max;
    struct digest (*hash)(struct slice a, struct slice b);
};

struct intake_request {
    const struct service_method *method;      /* NULL when the record names none of this service */
    struct uuid id;                           /* version 7, whatever the record says */
    struct digest digest;                     /* as the door computes it: over method and value */
    struct slice correlation_id, traceparent; /* tokens or empty; borrowed from the record */
    struct slice user_token;                  /* the same; the door judges it when the request is presented */
    /* OUTCOME_OK, or why the door need not be asked; detail names the header and what was expected. */
    uint32_t refusal;
    const char *detail;
};

void intake_request_read(const struct intake_source *source, const struct intake_record *record,
                         struct intake_request *ret_request);

#endif
