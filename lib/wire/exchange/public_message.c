/* Writes RequestOutcome and DeadLetter. Owns nothing; any thread; never allocates. The field numbers are those of
 * proto/bhr/exchange/v1/exchange.proto; tests/wire/test_public_message.c reads them back with the generated code. */
#include "lib/wire/exchange/public_message.h"

#include <bhr/exchange/v1/exchange.pb-c.h>

#include "lib/base/assert.h"
#include "lib/base/proto_wire.h"
#include "lib/base/text.h"

enum outcome_field {
    OUTCOME_FIELD_REQUEST_ID = 1,
    OUTCOME_FIELD_METHOD = 2,
    OUTCOME_FIELD_STATUS = 3,
    OUTCOME_FIELD_OUTCOME = 4,
    OUTCOME_FIELD_MESSAGE = 5,
    OUTCOME_FIELD_DETAIL = 6,
    OUTCOME_FIELD_BARS = 7,
    OUTCOME_FIELD_REPEATED = 8,
    OUTCOME_FIELD_ANSWER_TYPE = 9,
    OUTCOME_FIELD_ANSWER = 10,
    OUTCOME_FIELD_NUMBER = 11,
};

enum letter_field {
    LETTER_FIELD_REQUEST_ID = 1,
    LETTER_FIELD_SOURCE = 2,
    LETTER_FIELD_METHOD = 3,
    LETTER_FIELD_OUTCOME = 4,
    LETTER_FIELD_DETAIL = 5,
    LETTER_FIELD_GENERATION = 6,
    LETTER_FIELD_OFFSET = 7,
    LETTER_FIELD_NUMBER = 8,
};

/* proto3 leaves fields with their default out. */
static void put_text(struct buffer *out, uint32_t number, struct slice text) {
    if (text.size > 0) proto_put_bytes(out, number, text);
}

static void put_number(struct buffer *out, uint32_t number, uint64_t value) {
    if (value != 0) proto_put_varint(out, number, value);
}

static void put_uuid(struct buffer *out, uint32_t number, struct uuid id) {
    if (uuid_is_zero(id)) return;
    char text[UUID_TEXT_SIZE];
    uuid_format(id, text);
    proto_put_bytes(out, number, slice_of(text, sizeof text));
}

static void put_detail(struct buffer *out, uint32_t number, struct slice detail) {
    if (detail.size <= PUBLIC_DETAIL_MAX && text_is_clean(detail)) put_text(out, number, detail);
}

void request_outcome_encode(const struct request_outcome *message, struct buffer *out) {
    ASSERT(message->outcome != NULL);
    ASSERT(message->answer_type.size > 0 || message->answer.size == 0);
    put_uuid(out, OUTCOME_FIELD_REQUEST_ID, message->request_id);
    put_text(out, OUTCOME_FIELD_METHOD, message->method);
    put_number(out, OUTCOME_FIELD_STATUS, message->outcome->status);
    put_text(out, OUTCOME_FIELD_OUTCOME, slice_text(message->outcome->name));
    put_text(out, OUTCOME_FIELD_MESSAGE, slice_text(message->outcome->sentence));
    put_detail(out, OUTCOME_FIELD_DETAIL, message->detail);
    put_text(out, OUTCOME_FIELD_BARS, slice_text(message->outcome->bars));
    put_number(out, OUTCOME_FIELD_REPEATED, message->is_repeated);
    put_text(out, OUTCOME_FIELD_ANSWER_TYPE, message->answer_type);
    put_text(out, OUTCOME_FIELD_ANSWER, message->answer);
    put_number(out, OUTCOME_FIELD_NUMBER, message->number);
}

void dead_letter_encode(const struct dead_letter *message, struct buffer *out) {
    ASSERT(message->outcome != NULL);
    put_uuid(out, LETTER_FIELD_REQUEST_ID, message->request_id);
    put_text(out, LETTER_FIELD_SOURCE, message->source);
    put_text(out, LETTER_FIELD_METHOD, message->method);
    put_text(out, LETTER_FIELD_OUTCOME, slice_text(message->outcome));
    put_detail(out, LETTER_FIELD_DETAIL, message->detail);
    put_number(out, LETTER_FIELD_GENERATION, message->generation);
    put_number(out, LETTER_FIELD_OFFSET, message->offset);
    put_number(out, LETTER_FIELD_NUMBER, message->number);
}

const ProtobufCMessageDescriptor *request_outcome_contract(void) {
    return &bhr__exchange__v1__request_outcome__descriptor;
}

const ProtobufCMessageDescriptor *dead_letter_contract(void) {
    return &bhr__exchange__v1__dead_letter__descriptor;
}
