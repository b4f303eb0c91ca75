/* The header frames of proto/bhr/exchange/v1 as plain structs: [header][body] over ZeroMQ (design section 6). Used by the
 * door and by every client. Decoding borrows from the frame and checks each field; a fault is a constant sentence that
 * names the field and what was expected, never the value. Read and written with lib/base/proto_wire.h, without
 * allocation; unknown fields are passed over, so that a newer caller is understood. */
#ifndef BHR_WIRE_EXCHANGE_EXCHANGE_H
#define BHR_WIRE_EXCHANGE_EXCHANGE_H

#include "lib/base/buffer.h"
#include "lib/base/id.h"
#include "lib/base/outcome.h"
#include "lib/base/slice.h"
#include "lib/base/status.h"

enum {
    EXCHANGE_METHOD_MAX = 96,
    EXCHANGE_CORRELATION_MAX = 64,
    EXCHANGE_TRACEPARENT_MAX = 128,
    EXCHANGE_USER_TOKEN_MAX = 8192,
    EXCHANGE_OUTCOME_MAX = 64,
    EXCHANGE_TEXT_MAX = 256, /* message, detail, answered_by */
    /* Room that always suffices for an encoded header within the limits above. */
    EXCHANGE_REQUEST_HEADER_MAX = 8192 + 512,
    EXCHANGE_REPLY_HEADER_MAX = 1024,
};

struct request_header {
    struct slice method;         /* "bhr.booking.v1.BookingService/Book": two tokens with one slash between */
    struct uuid request_id;      /* never all zeros */
    struct slice correlation_id; /* token or empty */
    struct slice traceparent;    /* token or empty */
    struct slice user_token;     /* printable ASCII without spaces, or empty */
    int64_t deadline_ms;         /* >= 0; 0: the door's default */
    int64_t min_position;        /* >= 0; 0: any */
};

struct reply_header {
    struct uuid request_id; /* all zeros when the request's header could not be read; sent as empty text */
    enum reply_status status;
    bool repeated_answer;
    struct slice outcome; /* "slot_taken": token */
    struct slice message; /* one sentence for a human, or empty */
    struct slice detail;  /* field and expectation, or empty */
    int64_t position;     /* >= 0 */
    int64_t retry_after_ms;
    struct slice answered_by;
};

/* Slices borrow from frame. False: *ret_fault is a constant sentence ("request_id: expected a UUID as text") and
 * *ret_header is untouched. */
MUST_CHECK bool request_header_decode(struct slice frame, struct request_header *ret_header, const char **ret_fault);
MUST_CHECK bool reply_header_decode(struct slice frame, struct reply_header *ret_header, const char **ret_fault);

/* Whether a header may hold this text as user_token; the empty text is good. What it is worth is for a verifier to say. */
bool exchange_is_user_token(struct slice text);

/* The request id of a frame that request_header_decode refused, if at least that can be read: so that even such a request
 * gets an answer that its caller can match. */
bool request_header_peek_id(struct slice frame, struct uuid *ret_request_id);

/* Appends to out; out->is_full tells when it did not fit. Text longer than EXCHANGE_TEXT_MAX in message, detail or
 * answered_by is cut (at a character's start), because a reply must always leave. */
void request_header_encode(const struct request_header *header, struct buffer *out);
void reply_header_encode(const struct reply_header *header, struct buffer *out);

#endif
