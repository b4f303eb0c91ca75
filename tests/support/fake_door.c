/* The ports of a fake door, and the questions a test asks of them. */
#include "tests/support/fake_door.h"

#include "lib/base/assert.h"
#include "lib/base/text.h"
#include "lib/digest/digest.h"
#include "lib/host/answers.h"
#include "lib/host/replica_meta.h"
#include "lib/port/fake/memory.h"
#include "tests/support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>

static void *grown(void *array, uint32_t count, uint32_t *room, size_t size) {
    if (count < *room) return array;
    *room = *room == 0 ? 64 : 2 * *room;
    return fake_memory(array, *room * size);
}
#define NEXT(fake, array, count, room)                                                                                 \
    ((fake)->array = grown((fake)->array, (fake)->count, &(fake)->room, sizeof *(fake)->array),                        \
     &(fake)->array[(fake)->count++])

static void copy_text(char *to, size_t size, struct slice from) {
    assert_true(from.size < size);
    if (from.size > 0) memcpy(to, from.data, from.size);
    to[from.size] = '\0';
}

/* The ports. */
static bool receive(void *context, struct socket_request *ret_request) {
    struct fake_door *fake = context;
    if (fake->received == fake->request_count) return false;
    struct fake_request *request = &fake->requests[fake->received++];
    *ret_request = (struct socket_request){
        .route = {.size = sizeof request->number},
        .header = slice_of(request->header, request->header_size),
        .body = slice_of(request->body, request->body_size),
        .is_surplus = fake->is_surplus,
    };
    memcpy(ret_request->route.bytes, &request->number, sizeof request->number);
    strcpy(ret_request->system, request->system);
    if (fake->received > 1) { /* borrowed until the next receive: gone now */
        struct fake_request *before = request - 1;
        free(before->header);
        free(before->body);
        before->header = before->body = NULL;
    }
    return true;
}

static enum status send_reply(void *context, const struct socket_route *route, struct slice header, struct slice body) {
    struct fake_door *fake = context;
    assert_int_equal(fake->snapshots, 0);
    struct fake_reply *reply = NEXT(fake, replies, reply_count, reply_room);
    *reply = (struct fake_reply){0};
    assert_int_equal(route->size, sizeof reply->request);
    memcpy(&reply->request, route->bytes, sizeof reply->request);
    const char *fault = "";
    bool is_good = reply_header_decode(header, &reply->header, &fault);
    assert_string_equal(fault == NULL ? "" : fault, "");
    assert_true(is_good);
    copy_text(reply->outcome, sizeof reply->outcome, reply->header.outcome);
    copy_text(reply->message, sizeof reply->message, reply->header.message);
    copy_text(reply->detail, sizeof reply->detail, reply->header.detail);
    copy_text(reply->answered_by, sizeof reply->answered_by, reply->header.answered_by);
    assert_true(body.size <= sizeof reply->body);
    reply->body_size = body.size;
    if (body.size > 0) memcpy(reply->body, body.data, body.size);
    return STATUS_OK;
}

static bool audit_has_room(void *context) {
    struct fake_door *fake = context;
    return fake->audit_count < fake->audit_max;
}

static enum status audit_put(void *context, struct slice record, uint64_t token) {
    struct fake_door *fake = context;
    if (!audit_has_room(fake)) return STATUS_FULL;
    struct fake_audit *kept = &fake->audits[fake->audit_count++];
    assert_true(record.size <= sizeof kept->bytes);
    memcpy(kept->bytes, record.data, record.size);
    kept->size = record.size;
    kept->token = token;
    const char *fault = "";
    bool is_good = audit_record_decode(slice_of(kept->bytes, kept->size), &kept->record, &fault);
    assert_string_equal(is_good ? "" : fault, "");
    return STATUS_OK;
}

static enum status append(void *context, const struct topic_append *record) {
    struct fake_door *fake = context;
    if (fake->append_status != STATUS_OK) return fake->append_status;
    struct fake_append *kept = NEXT(fake, appends, append_count, append_room);
    *kept = (struct fake_append){.token = record->token, .header_count = record->header_count};
    copy_text(kept->topic, sizeof kept->topic, slice_text(record->topic));
    copy_text(kept->key, sizeof kept->key, record->key);
    copy_text(kept->value, sizeof kept->value, record->value);
    for (uint32_t i = 0; i < record->header_count; i++) {
        copy_text(kept->names[i], sizeof kept->names[i], record->headers[i].name);
        copy_text(kept->values[i], sizeof kept->values[i], record->headers[i].value);
    }
    return STATUS_OK;
}

static bool report(void *context, struct topic_report *ret_report) {
    struct fake_door *fake = context;
    if (fake->reports_taken == fake->report_count) return false;
    *ret_report = fake->reports[fake->reports_taken++];
    return true;
}

static enum status read_begin(void *context, struct rows *ret_rows, struct error *reterr_error) {
    struct fake_door *fake = context;
    assert_int_equal(fake->snapshots, 0);
    if (fake->store_fails) return error_set(reterr_error, STATUS_IO, "the fake store fails");
    fake->snapshots++;
    *ret_rows = rows_array_read_only(&fake->rows);
    return STATUS_OK;
}

static void read_end(void *context, struct rows *rows) {
    struct fake_door *fake = context;
    assert_int_equal(fake->snapshots, 1);
    fake->snapshots--;
    *rows = (struct rows){0};
}

static bool cache_is_up(void *context) {
    return ((struct fake_door *)context)->cache_is_up;
}

static void cache_put_if_absent(void *context, struct slice key, struct slice value, int64_t ttl_ms, uint64_t token,
                                cache_answer_function answer, void *answer_context) {
    struct fake_door *fake = context;
    struct fake_marker *marker = NEXT(fake, markers, marker_count, marker_room);
    *marker =
        (struct fake_marker){.ttl_ms = ttl_ms, .token = token, .answer = answer, .answer_context = answer_context};
    copy_text(marker->key, sizeof marker->key, key);
    copy_text(marker->value, sizeof marker->value, value);
    if (fake->cache_answers_at_once) answer(answer_context, token, CACHE_HELD_BY_OTHER);
}

static void cache_drop(void *context, struct slice key, struct slice value) {
    struct fake_door *fake = context;
    assert_true(key.size > 0 && value.size > 0);
    fake->drop_count++;
}

static int64_t wall_ms(void *context) {
    return ((struct fake_door *)context)->wall_ms;
}

static int64_t monotonic_ms(void *context) {
    return ((struct fake_door *)context)->monotonic_ms;
}

static void random_bytes(void *context, void *ret_bytes, size_t size) {
    (void)context;
    memset(ret_bytes, 0x5A, size);
}

static void replied(void *context, const char *system, const char *method, const char *outcome,
                    enum reply_status status, int64_t took_ms) {
    struct fake_door *fake = context;
    assert_true(status >= REPLY_OK && status <= REPLY_UNKNOWN_OUTCOME);
    fake->told_count++;
    fake->told_took_ms = took_ms;
    copy_text(fake->told_system, sizeof fake->told_system, slice_text(system));
    copy_text(fake->told_method, sizeof fake->told_method, slice_text(method));
    copy_text(fake->told_outcome, sizeof fake->told_outcome, slice_text(outcome));
}

static void reply_lost(void *context, const char *system, bool is_unread) {
    assert_string_equal(system, FAKE_OTHER); /* of the tests, only that one's replies are lost */
    ((struct fake_door *)context)->lost_count[is_unread]++;
}

static void alarm_heard(void *context, const char *name, const char *text) {
    assert_true(strlen(name) > 0 && strlen(text) > 0);
    ((struct fake_door *)context)->alarm_count++;
}

static void token_judged(void *context, const char *system, enum token_fault fault) {
    assert_true(strlen(system) > 0);
    ((struct fake_door *)context)->told_tokens[fault]++;
}

/* The door and its policy. */
void fake_door_init(struct fake_door *fake) {
    *fake = (struct fake_door){.wall_ms = FAKE_WALL_MS, .monotonic_ms = 5000, .audit_max = FAKE_AUDITS_MAX};
    assert_true(digest_init());
    rows_array_init(&fake->rows);
    struct rows rows = rows_array_rows(&fake->rows);
    struct replica_meta meta = {.applied = 20};
    meta.journal.has_genesis = true;
    meta.journal.number = 10;
    meta.journal.resume_at = (struct position){.generation = 0, .offset = 100};
    replica_meta_write(&rows, &meta);
    fake_door_policy(&fake->policy,
                     "system " FAKE_SYSTEM " { " FAKE_SYSTEM_ROWS "; methods t/Do t/Ask t/File }\n"
                     "system " FAKE_OTHER " { key @; organisation RYX; role 111; in_flight 10000; per_second 1000000; "
                     "methods t/Do t/Ask t/File }\n");
    fake->options = (struct door_options){
        .service = &fake_door_service,
        .policy = &fake->policy,
        .limits = {.in_flight_max = 64,
                   .request_bytes_max = 1024,
                   .deadline_default_ms = 5000,
                   .deadline_ms_max = 60000,
                   .position_wait_ms_max = 2000,
                   .command_backlog_max = 1000,
                   .requests_per_step_max = 128,
                   .audit_refusals_max = 3},
        .process = "test-1",
        .locality = "nel-bhr",
    };
    fake->ports = (struct door_ports){
        .socket = {.context = fake, .receive = receive, .send = send_reply},
        .writer = {.context = fake, .append = append, .report = report},
        .audit = {.context = fake, .has_room = audit_has_room, .put = audit_put},
        .store = {.context = fake, .read_begin = read_begin, .read_end = read_end},
        .clock = {.context = fake, .wall_ms = wall_ms, .monotonic_ms = monotonic_ms, .random = random_bytes},
        .tokens = fake_tokens_port(&fake->tokens),
        .hash = digest_of,
    };
}

void fake_door_with_cache(struct fake_door *fake) {
    fake->cache_is_up = true;
    fake->ports.cache =
        (struct cache){.context = fake, .is_up = cache_is_up, .put_if_absent = cache_put_if_absent, .drop = cache_drop};
}

void fake_door_open(struct fake_door *fake) {
    struct door_listener listener = {.context = fake,
                                     .replied = replied,
                                     .reply_lost = reply_lost,
                                     .alarm = alarm_heard,
                                     .token_judged = token_judged};
    fake->door = door_new(&fake->options, &fake->ports, &listener);
    assert_non_null(fake->door);
}

void fake_door_close(struct fake_door *fake) {
    assert_int_equal(fake->told_count, fake->reply_count);
    door_free(fake->door);
    for (uint32_t i = 0; i < fake->request_count; i++) {
        free(fake->requests[i].header);
        free(fake->requests[i].body);
    }
    free(fake->requests);
    free(fake->replies);
    free(fake->appends);
    free(fake->reports);
    free(fake->markers);
    rows_array_free(&fake->rows);
}

struct uuid fake_door_id(struct fake_door *fake) {
    uint8_t tail[10] = {0};
    fake->asked++;
    memcpy(tail + 2, &fake->asked, sizeof fake->asked);
    return uuid_v7_make(fake->wall_ms, tail);
}

uint32_t fake_door_ask(struct fake_door *fake, const struct fake_ask *ask) {
    struct request_header header = {
        .method = slice_text(ask->method == NULL ? FAKE_DO : ask->method),
        .request_id = uuid_is_zero(ask->id) ? fake_door_id(fake) : ask->id,
        .correlation_id = slice_text(ask->correlation_id == NULL ? "" : ask->correlation_id),
        .traceparent = slice_text(ask->traceparent == NULL ? "" : ask->traceparent),
        .user_token = slice_text(ask->user_token == NULL ? "" : ask->user_token),
        .deadline_ms = ask->deadline_ms,
        .min_position = ask->min_position,
    };
    uint8_t bytes[EXCHANGE_REQUEST_HEADER_MAX];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    request_header_encode(&header, &out);
    assert_false(out.is_full);
    return fake_door_ask_raw(fake, ask->system == NULL ? FAKE_SYSTEM : ask->system, buffer_slice(&out),
                             slice_text(ask->body == NULL ? "body" : ask->body));
}

static uint8_t *copied(struct slice bytes) {
    uint8_t *copy = fake_memory(NULL, bytes.size + 1);
    if (bytes.size > 0) memcpy(copy, bytes.data, bytes.size);
    return copy;
}

uint32_t fake_door_ask_raw(struct fake_door *fake, const char *system, struct slice header, struct slice body) {
    uint32_t number = fake->request_count;
    struct fake_request *request = NEXT(fake, requests, request_count, request_room);
    *request = (struct fake_request){.number = number, .header_size = header.size, .body_size = body.size};
    copy_text(request->system, sizeof request->system, slice_text(system));
    request->header = copied(header);
    request->body = copied(body);
    return number;
}

uint32_t fake_door_do(struct fake_door *fake, const struct fake_ask *ask) {
    uint32_t number = fake_door_ask(fake, ask);
    (void)door_step(fake->door);
    return number;
}

void fake_door_pass(struct fake_door *fake, int64_t ms) {
    fake->wall_ms += ms;
    fake->monotonic_ms += ms;
    (void)door_step(fake->door);
}

uint32_t fake_door_replies_to(const struct fake_door *fake, uint32_t request) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < fake->reply_count; i++) count += fake->replies[i].request == request;
    return count;
}

const struct fake_reply *fake_door_reply_to(const struct fake_door *fake, uint32_t request) {
    assert_int_equal(fake_door_replies_to(fake, request), 1);
    uint32_t i = 0;
    while (fake->replies[i].request != request) i++;
    return &fake->replies[i];
}

const struct fake_reply *fake_door_expect(const struct fake_door *fake, uint32_t request, const char *outcome,
                                          enum reply_status status) {
    const struct fake_reply *reply = fake_door_reply_to(fake, request);
    assert_string_equal(reply->outcome, outcome);
    assert_int_equal(reply->header.status, status);
    assert_true(strlen(reply->message) > 0);
    assert_string_equal(reply->answered_by, fake->options.process);
    return reply;
}

void fake_door_expect_none(const struct fake_door *fake, uint32_t request) {
    assert_int_equal(fake_door_replies_to(fake, request), 0);
}

void fake_door_expect_at_once(struct fake_door *fake, const struct fake_ask *ask, const char *outcome,
                              enum reply_status status) {
    uint32_t appended = fake->append_count, in_flight = door_in_flight(fake->door);
    fake_door_expect(fake, fake_door_do(fake, ask), outcome, status);
    assert_int_equal(fake->append_count, appended);
    assert_int_equal(door_in_flight(fake->door), in_flight);
}

const char *fake_append_header(const struct fake_append *append_, const char *name) {
    for (uint32_t i = 0; i < append_->header_count; i++) {
        if (strcmp(append_->names[i], name) == 0) return append_->values[i];
    }
    return "";
}

void fake_door_report(struct fake_door *fake, uint32_t append_index, enum topic_report_result result, int64_t offset) {
    assert_true(append_index < fake->append_count);
    struct topic_report *kept = NEXT(fake, reports, report_count, report_room);
    *kept = (struct topic_report){
        .token = fake->appends[append_index].token, .result = result, .offset = offset, .reason = "test"};
}

void fake_door_decide(struct fake_door *fake, uint32_t append_index, uint32_t outcome, const char *answer,
                      uint64_t number, int64_t resume_at) {
    assert_true(append_index < fake->append_count);
    const struct fake_append *command = &fake->appends[append_index];
    struct replica_answer news = {
        .source = slice_text(fake_append_header(command, COMMAND_HEADER_SOURCE)),
        .outcome = outcome,
        .answer = slice_text(answer),
        .number = number,
    };
    assert_true(uuid_parse(slice_text(fake_append_header(command, COMMAND_HEADER_ID)), &news.command_id));
    assert_true(text_unhex(slice_text(fake_append_header(command, COMMAND_HEADER_DIGEST)), news.command_digest.bytes,
                           sizeof news.command_digest.bytes));
    fake_door_put_answer(fake, fake_append_header(command, COMMAND_HEADER_SOURCE), news.command_id, news.command_digest,
                         outcome, answer, number);
    door_answered(fake->door, &news);
    door_committed(fake->door, number, (struct position){.generation = 0, .offset = resume_at});
}

void fake_door_put_answer(struct fake_door *fake, const char *system, struct uuid id, struct digest digest,
                          uint32_t outcome, const char *answer, uint64_t number) {
    struct rows rows = rows_array_rows(&fake->rows);
    struct answer_row row = {
        .command_digest = digest, .outcome = outcome, .number = number, .answer = slice_text(answer)};
    answers_put(&rows, slice_text(system), id, &row);
}

void fake_door_put_row(struct fake_door *fake, const char *name, const char *value) {
    struct rows rows = rows_array_rows(&fake->rows);
    uint8_t bytes[ROWS_KEY_MAX];
    struct buffer key = fake_door_row_key(slice_text(name), bytes);
    rows_put(&rows, buffer_slice(&key), slice_text(value));
}

struct digest fake_door_digest(const char *method, const char *body) {
    return digest_of(slice_text(method), slice_text(body));
}
