/* Three requests of the Kafka protocol: DescribeAcls, CreateAcls and DeleteAcls, all in version 1, the last one without
 * the compact encoding, which every broker from 2.0 to 4.4 speaks. Owns a connection and two buffers during a call. What
 * the broker answers is judged by the cursor before anything is believed. */
#include "lib/port/kafka/kafka_acl.h"

#include "lib/base/assert.h"
#include "lib/base/buffer.h"
#include "lib/port/tls/tls_stream.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    API_DESCRIBE_ACLS = 29,
    API_CREATE_ACLS = 30,
    API_DELETE_ACLS = 31,
    API_VERSION = 1,
    ANY = 1,
    REQUEST_ROOM = 64 * 1024,
    ANSWER_BYTES_MAX = 4 * 1024 * 1024,
    ACLS_PER_REQUEST = 64, /* each at most some 460 bytes */
    ERROR_CLUSTER_AUTHORIZATION_FAILED = 31,
    ERROR_SECURITY_DISABLED = 54,
};
static_assert(ACLS_PER_REQUEST * (KAFKA_ACL_NAME_MAX + KAFKA_ACL_PRINCIPAL_MAX + KAFKA_ACL_HOST_MAX + 10) + 256 <=
                  REQUEST_ROOM,
              "a full request fits");

struct exchange {
    struct tls_stream *stream;
    uint8_t *request_memory, *answer_memory;
    struct buffer request;
    struct cursor answer;
};

static enum status begin(struct exchange *exchange, const struct kafka_options *options, int timeout_ms,
                         struct error *reterr_error);
static void start(struct exchange *exchange, int api);
static enum status ask(struct exchange *exchange, struct error *reterr_error);
static void end(struct exchange *exchange);
static enum status judge(uint16_t code, struct slice reason, struct error *reterr_error);
static void put_text(struct buffer *buffer, const char *text);
static void put_acl(struct buffer *buffer, const struct kafka_acl *acl);
static struct slice take_text(struct cursor *cursor);
static bool copy_text(struct slice text, char *ret_text, size_t room);

enum status kafka_acls_read(const struct kafka_options *options, int timeout_ms, struct kafka_acl *ret_acls,
                            size_t room, size_t *ret_count, struct error *reterr_error) {
    struct exchange exchange;
    enum status status = begin(&exchange, options, timeout_ms, reterr_error);
    if (status != STATUS_OK) return status;
    start(&exchange, API_DESCRIBE_ACLS);
    const uint8_t any_resource[] = {ANY, 0xff, 0xff, ANY}; /* type, no name, pattern */
    const uint8_t any_entry[] = {0xff, 0xff, 0xff, 0xff, ANY, ANY};
    buffer_put(&exchange.request, any_resource, sizeof any_resource);
    buffer_put(&exchange.request, any_entry, sizeof any_entry); /* no principal, no host, operation, permission */
    status = ask(&exchange, reterr_error);
    struct cursor *answer = &exchange.answer;
    size_t count = 0;
    if (status == STATUS_OK) {
        (void)cursor_u32(answer); /* throttled for so long */
        uint16_t code = cursor_u16(answer);
        status = judge(code, take_text(answer), reterr_error);
    }
    uint32_t resource_count = status == STATUS_OK ? cursor_u32(answer) : 0;
    for (uint32_t i = 0; i < resource_count && !answer->is_bad && status == STATUS_OK; i++) {
        struct kafka_acl acl = {.resource = cursor_u8(answer)};
        bool fits = copy_text(take_text(answer), acl.name, sizeof acl.name);
        acl.pattern = cursor_u8(answer);
        uint32_t entry_count = cursor_u32(answer);
        for (uint32_t j = 0; j < entry_count && !answer->is_bad && status == STATUS_OK; j++) {
            fits = copy_text(take_text(answer), acl.principal, sizeof acl.principal) && fits;
            fits = copy_text(take_text(answer), acl.host, sizeof acl.host) && fits;
            acl.operation = cursor_u8(answer);
            acl.permission = cursor_u8(answer);
            if (count == room || !fits) {
                status = error_set(reterr_error, STATUS_FULL,
                                   "the cluster has more or longer access rules than %zu of %d "
                                   "bytes",
                                   room, KAFKA_ACL_NAME_MAX);
                break;
            }
            ret_acls[count++] = acl;
        }
    }
    if (status == STATUS_OK && !cursor_done(answer)) {
        status = error_set(reterr_error, STATUS_INVALID, "the broker's list of access rules cannot be read");
    }
    end(&exchange);
    if (status == STATUS_OK) *ret_count = count;
    return status;
}

/* What one rule of the request came to; for removals also which rules there were, which nobody asks. */
static enum status take_result(struct cursor *answer, bool has_matches, struct error *reterr_error) {
    uint16_t code = cursor_u16(answer);
    enum status status = judge(code, take_text(answer), reterr_error);
    uint32_t match_count = has_matches ? cursor_u32(answer) : 0;
    for (uint32_t i = 0; i < match_count && !answer->is_bad; i++) {
        uint16_t match_code = cursor_u16(answer);
        struct slice reason = take_text(answer);
        if (status == STATUS_OK) status = judge(match_code, reason, reterr_error);
        (void)cursor_u8(answer);
        (void)take_text(answer);
        (void)cursor_u8(answer);
        (void)take_text(answer);
        (void)take_text(answer);
        (void)cursor_u16(answer);
    }
    return status;
}

static enum status change(int api, const struct kafka_options *options, int timeout_ms, const struct kafka_acl *acls,
                          size_t count, struct error *reterr_error) {
    struct exchange exchange;
    enum status status = begin(&exchange, options, timeout_ms, reterr_error);
    if (status != STATUS_OK) return status;
    for (size_t done = 0; done < count && status == STATUS_OK;) {
        size_t batch = count - done < ACLS_PER_REQUEST ? count - done : ACLS_PER_REQUEST;
        start(&exchange, api);
        buffer_put_u32(&exchange.request, (uint32_t)batch);
        for (size_t i = 0; i < batch; i++) put_acl(&exchange.request, &acls[done + i]);
        status = ask(&exchange, reterr_error);
        if (status != STATUS_OK) break;
        (void)cursor_u32(&exchange.answer); /* throttled for so long */
        uint32_t result_count = cursor_u32(&exchange.answer);
        for (uint32_t i = 0; i < result_count && !exchange.answer.is_bad && status == STATUS_OK; i++) {
            status = take_result(&exchange.answer, api == API_DELETE_ACLS, reterr_error);
        }
        if (status == STATUS_OK && (!cursor_done(&exchange.answer) || result_count != batch)) {
            status = error_set(reterr_error, STATUS_INVALID, "the broker's answer about access rules cannot be read");
        }
        done += batch;
    }
    end(&exchange);
    return status;
}

enum status kafka_acls_create(const struct kafka_options *options, int timeout_ms, const struct kafka_acl *acls,
                              size_t count, struct error *reterr_error) {
    return change(API_CREATE_ACLS, options, timeout_ms, acls, count, reterr_error);
}

enum status kafka_acls_delete(const struct kafka_options *options, int timeout_ms, const struct kafka_acl *acls,
                              size_t count, struct error *reterr_error) {
    return change(API_DELETE_ACLS, options, timeout_ms, acls, count, reterr_error);
}

/* Any broker will do: it hands such a request on to the controller. The first that can be reached. */
static enum status begin(struct exchange *exchange, const struct kafka_options *options, int timeout_ms,
                         struct error *reterr_error) {
    *exchange = (struct exchange){.request_memory = malloc(REQUEST_ROOM)};
    if (exchange->request_memory == NULL) return error_set(reterr_error, STATUS_NO_MEMORY, "no memory for a request");
    enum status status = error_set(reterr_error, STATUS_INVALID, "brokers: expected host:port");
    const char *rest = options->brokers;
    while (*rest != '\0' && exchange->stream == NULL) {
        char address[KAFKA_NAME_MAX];
        size_t size = strcspn(rest, ",");
        (void)snprintf(address, sizeof address, "%.*s", (int)size, rest);
        rest += size + (rest[size] == ',');
        const struct tls_stream_options stream = {.address = address + strspn(address, " "),
                                                  .ca_file = options->ca_file,
                                                  .certificate_file = options->certificate_file,
                                                  .key_file = options->key_file,
                                                  .timeout_ms = timeout_ms};
        status = tls_stream_open(&stream, &exchange->stream, reterr_error);
    }
    if (status != STATUS_OK) end(exchange);
    return status;
}

static void end(struct exchange *exchange) {
    tls_stream_close(&exchange->stream);
    free(exchange->request_memory);
    free(exchange->answer_memory);
}

/* The size comes last, into the first four bytes. */
static void start(struct exchange *exchange, int api) {
    exchange->request = buffer_over(exchange->request_memory, REQUEST_ROOM);
    buffer_put_u32(&exchange->request, 0);
    buffer_put_u16(&exchange->request, (uint16_t)api);
    buffer_put_u16(&exchange->request, API_VERSION);
    buffer_put_u32(&exchange->request, (uint32_t)api); /* correlation id: one request at a time */
    put_text(&exchange->request, "bhr-acl");
}

static enum status ask(struct exchange *exchange, struct error *reterr_error) {
    ASSERT(!exchange->request.is_full);
    struct buffer size = buffer_over(exchange->request_memory, sizeof(uint32_t));
    buffer_put_u32(&size, (uint32_t)(exchange->request.size - sizeof(uint32_t)));
    enum status status = tls_stream_send(exchange->stream, buffer_slice(&exchange->request), reterr_error);
    uint8_t head[sizeof(uint32_t)];
    if (status == STATUS_OK) status = tls_stream_receive(exchange->stream, head, sizeof head, reterr_error);
    if (status != STATUS_OK) return status;
    struct cursor in_head = cursor_over(slice_of(head, sizeof head));
    uint32_t answer_size = cursor_u32(&in_head);
    if (answer_size > ANSWER_BYTES_MAX) {
        return error_set(reterr_error, STATUS_INVALID, "the broker's answer is no answer of Kafka's");
    }
    free(exchange->answer_memory);
    exchange->answer_memory = malloc(answer_size + 1);
    if (exchange->answer_memory == NULL) return error_set(reterr_error, STATUS_NO_MEMORY, "no memory for an answer");
    status = tls_stream_receive(exchange->stream, exchange->answer_memory, answer_size, reterr_error);
    exchange->answer = cursor_over(slice_of(exchange->answer_memory, answer_size));
    (void)cursor_u32(&exchange->answer); /* correlation id */
    return status;
}

static enum status judge(uint16_t code, struct slice reason, struct error *reterr_error) {
    if (code == 0) return STATUS_OK;
    enum status status = code == ERROR_CLUSTER_AUTHORIZATION_FAILED ? STATUS_DENIED
                         : code == ERROR_SECURITY_DISABLED          ? STATUS_NOT_FOUND
                                                                    : STATUS_UNAVAILABLE;
    const char *text = status == STATUS_DENIED      ? "only a super user of the cluster may ask for access rules"
                       : status == STATUS_NOT_FOUND ? "the cluster has no authorizer: everybody may do everything"
                                                    : "the broker refuses";
    return error_set(reterr_error, status, "%s (error %d%s%.*s)", text, code, reason.size > 0 ? ": " : "",
                     (int)(reason.size < 80 ? reason.size : 80), (const char *)reason.data);
}

static void put_text(struct buffer *buffer, const char *text) {
    size_t size = strlen(text);
    ASSERT(size <= INT16_MAX);
    buffer_put_u16(buffer, (uint16_t)size);
    buffer_put(buffer, text, size);
}

/* A rule to be made and the filter that finds exactly this one look the same. */
static void put_acl(struct buffer *buffer, const struct kafka_acl *acl) {
    buffer_put_u8(buffer, acl->resource);
    put_text(buffer, acl->name);
    buffer_put_u8(buffer, acl->pattern);
    put_text(buffer, acl->principal);
    put_text(buffer, acl->host);
    buffer_put_u8(buffer, acl->operation);
    buffer_put_u8(buffer, acl->permission);
}

/* Length -1 is no text; here it is the same as an empty one. */
static struct slice take_text(struct cursor *cursor) {
    uint16_t size = cursor_u16(cursor);
    if (size == UINT16_MAX) return slice_of("", 0);
    return cursor_take(cursor, size);
}

static bool copy_text(struct slice text, char *ret_text, size_t room) {
    if (text.size >= room) return false;
    if (text.size > 0) memcpy(ret_text, text.data, text.size);
    ret_text[text.size] = '\0';
    return true;
}

bool kafka_acl_equal(const struct kafka_acl *a, const struct kafka_acl *b) {
    return a->resource == b->resource && a->pattern == b->pattern && a->operation == b->operation &&
           a->permission == b->permission && strcmp(a->name, b->name) == 0 && strcmp(a->principal, b->principal) == 0 &&
           strcmp(a->host, b->host) == 0;
}

const char *kafka_acl_operation_name(uint8_t operation) {
    static const char *const names[] = {"?",
                                        "any",
                                        "all",
                                        "read",
                                        "write",
                                        "create",
                                        "delete",
                                        "alter",
                                        "describe",
                                        "cluster_action",
                                        "describe_configs",
                                        "alter_configs",
                                        "idempotent_write"};
    return names[operation < sizeof names / sizeof names[0] ? operation : 0];
}

const char *kafka_acl_resource_name(uint8_t resource) {
    static const char *const names[] = {"?", "any", "topic", "group", "cluster", "transaction", "token", "user"};
    return names[resource < sizeof names / sizeof names[0] ? resource : 0];
}
