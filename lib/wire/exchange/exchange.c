/* Reads and writes the exchange's header frames. Owns nothing; any thread; never allocates and never logs. The field
 * numbers are those of proto/bhr/exchange/v1/exchange.proto; tests/wire/test_exchange.c compares both ways with the
 * generated code. */
#include "lib/wire/exchange/exchange.h"

#include "lib/base/assert.h"
#include "lib/base/proto_wire.h"
#include "lib/base/text.h"

enum request_field {
    REQUEST_METHOD = 1,
    REQUEST_ID = 2,
    REQUEST_CORRELATION_ID = 3,
    REQUEST_DEADLINE_MS = 4,
    REQUEST_TRACEPARENT = 5,
    REQUEST_USER_TOKEN = 6,
    REQUEST_MIN_POSITION = 7,
};

enum reply_field {
    REPLY_FIELD_REQUEST_ID = 1,
    REPLY_FIELD_STATUS = 2,
    REPLY_FIELD_REPEATED = 3,
    REPLY_FIELD_OUTCOME = 4,
    REPLY_FIELD_MESSAGE = 5,
    REPLY_FIELD_DETAIL = 6,
    REPLY_FIELD_POSITION = 7,
    REPLY_FIELD_RETRY_AFTER_MS = 8,
    REPLY_FIELD_ANSWERED_BY = 9,
};

enum { FIELDS_MAX = 9 };
/* No field of the contract has this type, so it marks the numbers that the contract does not use. */
#define NO_FIELD PROTO_FIXED32

/* Fields of one header by number, the last of each as protobuf has it. */
struct fields {
    struct slice bytes[FIELDS_MAX + 1];
    uint64_t values[FIELDS_MAX + 1];
};

static const char *read_fields(struct slice frame, const enum proto_type types[FIELDS_MAX + 1], struct fields *ret);
static bool is_method(struct slice text);
static bool is_token_or_empty(struct slice text, size_t size_max);
static bool is_shown_text(struct slice text);
static struct slice cut_to_shown(struct slice text);
static void put_text(struct buffer *out, uint32_t number, struct slice text);
static void put_number(struct buffer *out, uint32_t number, uint64_t value);
static void put_uuid(struct buffer *out, uint32_t number, struct uuid id);

static const enum proto_type request_types[FIELDS_MAX + 1] = {
    [REQUEST_METHOD] = PROTO_BYTES,
    [REQUEST_ID] = PROTO_BYTES,
    [REQUEST_CORRELATION_ID] = PROTO_BYTES,
    [REQUEST_DEADLINE_MS] = PROTO_VARINT,
    [REQUEST_TRACEPARENT] = PROTO_BYTES,
    [REQUEST_USER_TOKEN] = PROTO_BYTES,
    [REQUEST_MIN_POSITION] = PROTO_VARINT,
    [8] = NO_FIELD,
    [9] = NO_FIELD,
};

static const enum proto_type reply_types[FIELDS_MAX + 1] = {
    [REPLY_FIELD_REQUEST_ID] = PROTO_BYTES,  [REPLY_FIELD_STATUS] = PROTO_VARINT,
    [REPLY_FIELD_REPEATED] = PROTO_VARINT,   [REPLY_FIELD_OUTCOME] = PROTO_BYTES,
    [REPLY_FIELD_MESSAGE] = PROTO_BYTES,     [REPLY_FIELD_DETAIL] = PROTO_BYTES,
    [REPLY_FIELD_POSITION] = PROTO_VARINT,   [REPLY_FIELD_RETRY_AFTER_MS] = PROTO_VARINT,
    [REPLY_FIELD_ANSWERED_BY] = PROTO_BYTES,
};

bool request_header_decode(struct slice frame, struct request_header *ret_header, const char **ret_fault) {
    ASSERT(ret_header != NULL);
    ASSERT(ret_fault != NULL);
    struct fields fields;
    *ret_fault = read_fields(frame, request_types, &fields);
    if (*ret_fault != NULL) return false;
    struct request_header header = {
        .method = fields.bytes[REQUEST_METHOD],
        .correlation_id = fields.bytes[REQUEST_CORRELATION_ID],
        .traceparent = fields.bytes[REQUEST_TRACEPARENT],
        .user_token = fields.bytes[REQUEST_USER_TOKEN],
        .deadline_ms = (int64_t)fields.values[REQUEST_DEADLINE_MS],
        .min_position = (int64_t)fields.values[REQUEST_MIN_POSITION],
    };
    bool has_id = uuid_parse(fields.bytes[REQUEST_ID], &header.request_id) && !uuid_is_zero(header.request_id);
    if (!is_method(header.method)) {
        *ret_fault = "method: expected package.Service/Method, at most 96 characters";
    } else if (!has_id) {
        *ret_fault = "request_id: expected a UUID as text";
    } else if (!is_token_or_empty(header.correlation_id, EXCHANGE_CORRELATION_MAX)) {
        *ret_fault = "correlation_id: expected at most 64 characters of A-Z a-z 0-9 . _ : -";
    } else if (!is_token_or_empty(header.traceparent, EXCHANGE_TRACEPARENT_MAX)) {
        *ret_fault = "traceparent: expected at most 128 characters of A-Z a-z 0-9 . _ : -";
    } else if (!exchange_is_user_token(header.user_token)) {
        *ret_fault = "user_token: expected at most 8192 printable characters without spaces";
    } else if (header.deadline_ms < 0) {
        *ret_fault = "deadline_ms: expected milliseconds since 1970 UTC, not negative";
    } else if (header.min_position < 0) {
        *ret_fault = "min_position: expected a position, not negative";
    }
    if (*ret_fault != NULL) return false;
    *ret_header = header;
    return true;
}

bool reply_header_decode(struct slice frame, struct reply_header *ret_header, const char **ret_fault) {
    ASSERT(ret_header != NULL);
    ASSERT(ret_fault != NULL);
    struct fields fields;
    *ret_fault = read_fields(frame, reply_types, &fields);
    if (*ret_fault != NULL) return false;
    uint64_t status = fields.values[REPLY_FIELD_STATUS];
    struct slice id_text = fields.bytes[REPLY_FIELD_REQUEST_ID];
    struct reply_header header = {
        .repeated_answer = fields.values[REPLY_FIELD_REPEATED] != 0,
        .outcome = fields.bytes[REPLY_FIELD_OUTCOME],
        .message = fields.bytes[REPLY_FIELD_MESSAGE],
        .detail = fields.bytes[REPLY_FIELD_DETAIL],
        .position = (int64_t)fields.values[REPLY_FIELD_POSITION],
        .retry_after_ms = (int64_t)fields.values[REPLY_FIELD_RETRY_AFTER_MS],
        .answered_by = fields.bytes[REPLY_FIELD_ANSWERED_BY],
    };
    if (id_text.size > 0 && !uuid_parse(id_text, &header.request_id)) {
        *ret_fault = "request_id: expected a UUID as text, or nothing";
    } else if (status < REPLY_OK || status > REPLY_UNKNOWN_OUTCOME) {
        *ret_fault = "status: expected one of ReplyStatus, not REPLY_STATUS_UNSPECIFIED";
    } else if (!text_is_token(header.outcome, EXCHANGE_OUTCOME_MAX)) {
        *ret_fault = "outcome: expected 1 to 64 characters of A-Z a-z 0-9 . _ : -";
    } else if (!is_shown_text(header.message)) {
        *ret_fault = "message: expected clean text of at most 256 bytes";
    } else if (!is_shown_text(header.detail)) {
        *ret_fault = "detail: expected clean text of at most 256 bytes";
    } else if (!is_shown_text(header.answered_by)) {
        *ret_fault = "answered_by: expected clean text of at most 256 bytes";
    } else if (header.position < 0) {
        *ret_fault = "position: expected a position, not negative";
    } else if (header.retry_after_ms < 0) {
        *ret_fault = "retry_after_ms: expected milliseconds, not negative";
    }
    if (*ret_fault != NULL) return false;
    header.status = (enum reply_status)status;
    *ret_header = header;
    return true;
}

bool request_header_peek_id(struct slice frame, struct uuid *ret_request_id) {
    struct proto_field field;
    bool is_bad;
    bool is_found = false;
    while (proto_next(&frame, &field, &is_bad)) {
        if (field.number != REQUEST_ID || field.type != PROTO_BYTES) continue;
        is_found = uuid_parse(field.bytes, ret_request_id);
    }
    return is_found;
}

void request_header_encode(const struct request_header *header, struct buffer *out) {
    ASSERT(header->method.size <= EXCHANGE_METHOD_MAX);
    ASSERT(header->user_token.size <= EXCHANGE_USER_TOKEN_MAX);
    put_text(out, REQUEST_METHOD, header->method);
    put_uuid(out, REQUEST_ID, header->request_id);
    put_text(out, REQUEST_CORRELATION_ID, header->correlation_id);
    put_number(out, REQUEST_DEADLINE_MS, (uint64_t)header->deadline_ms);
    put_text(out, REQUEST_TRACEPARENT, header->traceparent);
    put_text(out, REQUEST_USER_TOKEN, header->user_token);
    put_number(out, REQUEST_MIN_POSITION, (uint64_t)header->min_position);
}

void reply_header_encode(const struct reply_header *header, struct buffer *out) {
    ASSERT(header->status >= REPLY_OK && header->status <= REPLY_UNKNOWN_OUTCOME);
    ASSERT(header->outcome.size > 0 && header->outcome.size <= EXCHANGE_OUTCOME_MAX);
    put_uuid(out, REPLY_FIELD_REQUEST_ID, header->request_id);
    put_number(out, REPLY_FIELD_STATUS, header->status);
    put_number(out, REPLY_FIELD_REPEATED, header->repeated_answer);
    put_text(out, REPLY_FIELD_OUTCOME, header->outcome);
    put_text(out, REPLY_FIELD_MESSAGE, cut_to_shown(header->message));
    put_text(out, REPLY_FIELD_DETAIL, cut_to_shown(header->detail));
    put_number(out, REPLY_FIELD_POSITION, (uint64_t)header->position);
    put_number(out, REPLY_FIELD_RETRY_AFTER_MS, (uint64_t)header->retry_after_ms);
    put_text(out, REPLY_FIELD_ANSWERED_BY, cut_to_shown(header->answered_by));
}

/* NULL when every field could be read; otherwise the fault. A field of a newer contract is passed over. */
static const char *read_fields(struct slice frame, const enum proto_type types[FIELDS_MAX + 1], struct fields *ret) {
    memset(ret, 0, sizeof *ret);
    struct proto_field field;
    bool is_bad;
    while (proto_next(&frame, &field, &is_bad)) {
        if (field.number > FIELDS_MAX || types[field.number] == NO_FIELD) continue;
        if (field.type != types[field.number]) return "header: a field has another type than the contract says";
        ret->bytes[field.number] = field.bytes;
        ret->values[field.number] = field.value;
    }
    return is_bad ? "header: expected a protobuf message" : NULL;
}

static bool is_method(struct slice text) {
    if (text.size == 0 || text.size > EXCHANGE_METHOD_MAX) return false;
    const uint8_t *slash = memchr(text.data, '/', text.size);
    if (slash == NULL) return false;
    size_t before = (size_t)(slash - text.data);
    return text_is_token(slice_of(text.data, before), EXCHANGE_METHOD_MAX) &&
           text_is_token(slice_of(slash + 1, text.size - before - 1), EXCHANGE_METHOD_MAX);
}

static bool is_token_or_empty(struct slice text, size_t size_max) {
    return text.size == 0 || text_is_token(text, size_max);
}

bool exchange_is_user_token(struct slice text) {
    if (text.size > EXCHANGE_USER_TOKEN_MAX) return false;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] <= ' ' || text.data[i] > '~') return false;
    }
    return true;
}

static bool is_shown_text(struct slice text) {
    return text.size <= EXCHANGE_TEXT_MAX && text_is_clean(text);
}

/* Never in the middle of a UTF-8 sequence: a cut one would not be clean text. */
static struct slice cut_to_shown(struct slice text) {
    if (text.size <= EXCHANGE_TEXT_MAX) return text;
    size_t size = EXCHANGE_TEXT_MAX;
    while (size > 0 && (text.data[size] & 0xC0) == 0x80) size--;
    return slice_of(text.data, size);
}

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
