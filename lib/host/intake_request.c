/* Reads the headers of one record. Pure; every byte of it comes from outside, so nothing here asserts on them. */
#include "lib/host/intake_request.h"

#include "lib/base/assert.h"
#include "lib/base/civil_time.h"
#include "lib/base/nhs_number.h"
#include "lib/base/text.h"
#include "lib/wire/exchange/exchange.h"

enum { ID_TAIL_SIZE = 10 };
/* An id's time has 48 bits (RFC 9562 section 5.7). */
#define ID_TIME_MS_MAX ((INT64_C(1) << 48) - 1)

static void read_correlation(const struct intake_record *record, struct intake_request *request);
static void read_user(const struct intake_record *record, struct intake_request *request);
static void read_id(const struct intake_source *source, const struct intake_record *record,
                    struct intake_request *request);
static void read_type(const struct intake_source *source, const struct intake_record *record,
                      struct intake_request *request);
static struct uuid id_of_place(const struct intake_source *source, const struct intake_record *record);
static struct uuid id_of_text(const struct intake_source *source, struct slice text, int64_t time_ms);
static void refuse(struct intake_request *request, uint32_t outcome, const char *detail);

void intake_request_read(const struct intake_source *source, const struct intake_record *record,
                         struct intake_request *ret_request) {
    ASSERT(source->system[0] != '\0');
    ASSERT(source->hash != NULL);
    struct intake_request request = {.refusal = OUTCOME_OK, .detail = ""};
    read_correlation(record, &request);
    read_id(source, record, &request);
    read_type(source, record, &request);
    read_user(record, &request);
    if (record->value.size > source->request_bytes_max) {
        refuse(&request, OUTCOME_REQUEST_TOO_LARGE, "value: longer than a request may be");
    }
    struct slice name = request.method != NULL ? slice_text(request.method->name) : slice_of(NULL, 0);
    request.digest = source->hash(name, record->value);
    ASSERT(uuid_is_v7(request.id));
    *ret_request = request;
}

/* The first reason stands. */
static void refuse(struct intake_request *request, uint32_t outcome, const char *detail) {
    if (request->refusal != OUTCOME_OK) return;
    request->refusal = outcome;
    request->detail = detail;
}

static bool is_address(struct slice text) {
    return text_is_token(text, EXCHANGE_CORRELATION_MAX) && !nhs_number_is_in(text);
}

static void read_correlation(const struct intake_record *record, struct intake_request *request) {
    struct slice own = record->headers[INTAKE_HEADER_CORRELATION], id = record->headers[INTAKE_HEADER_ID];
    if (record->has_header[INTAKE_HEADER_CORRELATION] && is_address(own)) {
        request->correlation_id = own;
    } else if (record->has_header[INTAKE_HEADER_ID] && is_address(id)) {
        request->correlation_id = id;
    }
    if (record->has_header[INTAKE_HEADER_CORRELATION] && !is_address(own)) {
        refuse(request, OUTCOME_INVALID,
               "ce_correlationid: expected 1 to 64 of A-Z a-z 0-9 . _ : - and no NHS number in them");
    }
    /* A trace only helps who looks for one: a bad one is left out. */
    struct slice trace = record->headers[INTAKE_HEADER_TRACEPARENT];
    bool has_trace = record->has_header[INTAKE_HEADER_TRACEPARENT] && text_is_token(trace, EXCHANGE_TRACEPARENT_MAX) &&
                     !nhs_number_is_in(trace);
    if (has_trace) request->traceparent = trace;
}

/* A header that is there and empty is a mistake: without it, somebody else would be asking. */
static void read_user(const struct intake_record *record, struct intake_request *request) {
    if (!record->has_header[INTAKE_HEADER_USER_TOKEN]) return;
    struct slice token = record->headers[INTAKE_HEADER_USER_TOKEN];
    if (token.size == 0 || !exchange_is_user_token(token)) {
        refuse(request, OUTCOME_INVALID, "bhr_usertoken: expected 1 to 8192 printable characters without spaces");
        return;
    }
    request->user_token = token;
}

static void read_id(const struct intake_source *source, const struct intake_record *record,
                    struct intake_request *request) {
    struct slice text = record->headers[INTAKE_HEADER_ID], time = record->headers[INTAKE_HEADER_TIME];
    request->id = id_of_place(source, record);
    bool is_text =
        record->has_header[INTAKE_HEADER_ID] && text.size >= 1 && text.size <= INTAKE_ID_MAX && text_is_clean(text);
    if (!is_text) {
        refuse(request, OUTCOME_INVALID, "ce_id: expected 1 to 128 bytes of text");
        return;
    }
    struct uuid id;
    if (uuid_parse(text, &id) && uuid_is_v7(id)) {
        request->id = id;
        return;
    }
    if (!record->has_header[INTAKE_HEADER_TIME]) return;
    int64_t time_ms;
    if (!civil_parse_instant(time, &time_ms) || time_ms < 0 || time_ms > ID_TIME_MS_MAX) {
        refuse(request, OUTCOME_INVALID, "ce_time: expected an instant from 1970 on, such as 2026-11-22T18:40:00Z");
        return;
    }
    request->id = id_of_text(source, text, time_ms);
}

static const struct service_method *method_of(const struct service *service, struct slice type) {
    for (uint32_t i = 0; i < service->method_count; i++) {
        const struct service_method *method = &service->methods[i];
        if (slice_equal(slice_text(method->name), type)) return method;
        if (method->request_type != NULL && slice_equal(slice_text(method->request_type), type)) return method;
    }
    return NULL;
}

static void read_type(const struct intake_source *source, const struct intake_record *record,
                      struct intake_request *request) {
    struct slice content = record->headers[INTAKE_HEADER_CONTENT_TYPE];
    bool is_protobuf = !record->has_header[INTAKE_HEADER_CONTENT_TYPE] ||
                       slice_starts_with(content, slice_text("application/protobuf")) ||
                       slice_starts_with(content, slice_text("application/x-protobuf"));
    if (!is_protobuf) refuse(request, OUTCOME_INVALID, "content-type: expected application/protobuf, or none");
    if (!record->has_header[INTAKE_HEADER_TYPE]) {
        refuse(request, OUTCOME_INVALID, "ce_type: expected the full name of a request message");
        return;
    }
    request->method = method_of(source->service, record->headers[INTAKE_HEADER_TYPE]);
    if (request->method == NULL) {
        refuse(request, OUTCOME_UNKNOWN_METHOD, "ce_type: expected the full name of a request message of this service");
    } else if (request->method->kind == METHOD_QUERY) {
        refuse(request, OUTCOME_INVALID, "ce_type: a question has no answer over Kafka; ask it over ZeroMQ");
    }
}

static struct uuid id_of_place(const struct intake_source *source, const struct intake_record *record) {
    uint8_t bytes[32];
    struct buffer place = buffer_over(bytes, sizeof bytes);
    buffer_put_u8(&place, 'p');
    buffer_put_u32(&place, (uint32_t)record->partition);
    buffer_put_u64(&place, (uint64_t)record->offset);
    buffer_put_u64(&place, (uint64_t)record->timestamp_ms);
    ASSERT(!place.is_full);
    struct digest digest = source->hash(slice_text(source->system), buffer_slice(&place));
    static_assert(sizeof digest.bytes >= ID_TAIL_SIZE, "the digest fills the tail of an id");
    int64_t time_ms = record->timestamp_ms < 0 ? 0 : record->timestamp_ms;
    return uuid_v7_make(time_ms > ID_TIME_MS_MAX ? ID_TIME_MS_MAX : time_ms, digest.bytes);
}

static struct uuid id_of_text(const struct intake_source *source, struct slice text, int64_t time_ms) {
    ASSERT(text.size <= INTAKE_ID_MAX);
    uint8_t bytes[INTAKE_ID_MAX + 16];
    struct buffer named = buffer_over(bytes, sizeof bytes);
    buffer_put_u8(&named, 'i');
    buffer_put_u64(&named, (uint64_t)time_ms);
    buffer_put(&named, text.data, text.size);
    ASSERT(!named.is_full);
    struct digest digest = source->hash(slice_text(source->system), buffer_slice(&named));
    return uuid_v7_make(time_ms, digest.bytes);
}
