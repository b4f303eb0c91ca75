/* The two messages of proto/bhr/exchange/v1 that tell others how a request ended: RequestOutcome on the public event topic,
 * DeadLetter on the dead-letter topic. Written with lib/base/proto_wire.h, without allocation; owns nothing; any thread. */
#ifndef BHR_WIRE_EXCHANGE_PUBLIC_MESSAGE_H
#define BHR_WIRE_EXCHANGE_PUBLIC_MESSAGE_H

#include <protobuf-c/protobuf-c.h>

#include "lib/base/buffer.h"
#include "lib/base/id.h"
#include "lib/base/outcome.h"

#define REQUEST_OUTCOME_TYPE "bhr.exchange.v1.RequestOutcome"
#define DEAD_LETTER_TYPE     "bhr.exchange.v1.DeadLetter"

/* Beside the answer, with every text at its longest. */
enum { REQUEST_OUTCOME_ROOM = 2048, DEAD_LETTER_MAX = 1024, PUBLIC_DETAIL_MAX = 512 };

struct request_outcome {
    struct uuid request_id; /* zeros: none */
    struct slice method;
    const struct outcome_row *outcome; /* name, status, sentence and BaRS code */
    struct slice detail;               /* left out when it is not clean text of at most PUBLIC_DETAIL_MAX bytes */
    bool is_repeated;
    struct slice answer_type, answer; /* public bytes only */
    uint64_t number;
};

struct dead_letter {
    struct uuid request_id; /* zeros: none */
    struct slice source, method;
    const char *outcome;
    struct slice detail; /* as above */
    uint32_t generation;
    uint64_t offset, number;
};

/* Appends; out->is_full when it does not fit. */
void request_outcome_encode(const struct request_outcome *message, struct buffer *out);
void dead_letter_encode(const struct dead_letter *message, struct buffer *out);

/* The contract, for the documents made of it. */
const ProtobufCMessageDescriptor *request_outcome_contract(void);
const ProtobufCMessageDescriptor *dead_letter_contract(void);

#endif
