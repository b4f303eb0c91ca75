/* An intake with everything around it made here: request topics and group are twins (lib/port/fake/intake.h), the command
 * log is an array whose reports the test gives, clocks stand where it puts them. The test is the door. */
#ifndef BHR_TESTS_HOST_INTAKE_WORLD_H
#define BHR_TESTS_HOST_INTAKE_WORLD_H

#include "tests/support/cmocka.h"

#include "lib/digest/digest.h"
#include "lib/host/intake.h"
#include "lib/host/intake_request.h"
#include "lib/host/replica.h"
#include "lib/port/fake/intake.h"
#include "lib/wire/exchange/exchange.h"
#include "services/booking/service.h"

#include <stdio.h>

#define INTAKE_WALL_MS INT64_C(1764000000000)
#define INTAKE_BOOK    "bhr.booking.v1.BookRequest"
enum { INTAKE_NOTES_MAX = 8192 };

/* One append to the command log. */
struct intake_note {
    uint64_t token;
    bool is_reported;
    uint32_t header_count;
    size_t value_size;
    char topic[TOPIC_NAME_MAX], names[TOPIC_HEADERS_MAX][24], values[TOPIC_HEADERS_MAX][200];
};

struct intake_world {
    int64_t wall_ms, monotonic_ms;
    struct fake_request_topics topics;
    struct fake_intake group;
    struct policy policy;
    struct intake_options options;
    struct intake_ports ports;
    struct intake *intake;
    struct door_socket socket;
    enum status append_status;
    uint32_t note_count;
    struct intake_note notes[INTAKE_NOTES_MAX];
    uint32_t report_count, report_next;
    struct topic_report reports[INTAKE_NOTES_MAX];
    uint32_t results[4], refusals, moves, troubles;
    char last_refused[64];
};

/* What the door is handed. */
struct intake_asked {
    struct socket_route route;
    char system[SOCKET_SYSTEM_MAX + 1], method[EXCHANGE_METHOD_MAX + 1], correlation[EXCHANGE_CORRELATION_MAX + 1];
    char body[64], user_token[64];
    struct uuid id;
    struct digest digest;
    int64_t deadline_ms;
};

static inline int64_t world_wall(void *context) {
    return ((struct intake_world *)context)->wall_ms;
}
static inline int64_t world_monotonic(void *context) {
    return ((struct intake_world *)context)->monotonic_ms;
}

static inline void world_text(char *to, size_t size, struct slice from) {
    assert_true(from.size < size);
    if (from.size > 0) memcpy(to, from.data, from.size);
    to[from.size] = '\0';
}

static inline enum status world_append(void *context, const struct topic_append *append) {
    struct intake_world *w = context;
    if (w->append_status != STATUS_OK) return w->append_status;
    assert_true(w->note_count < INTAKE_NOTES_MAX);
    struct intake_note *note = &w->notes[w->note_count++];
    *note = (struct intake_note){
        .token = append->token, .header_count = append->header_count, .value_size = append->value.size};
    world_text(note->topic, sizeof note->topic, slice_text(append->topic));
    for (uint32_t i = 0; i < append->header_count; i++) {
        world_text(note->names[i], sizeof note->names[i], append->headers[i].name);
        world_text(note->values[i], sizeof note->values[i], append->headers[i].value);
    }
    return STATUS_OK;
}

static inline bool world_report(void *context, struct topic_report *ret_report) {
    struct intake_world *w = context;
    if (w->report_next == w->report_count) return false;
    *ret_report = w->reports[w->report_next++];
    return true;
}

static inline void world_drop(void *context) {
    (void)context;
}

static inline void world_done(void *context, const char *system, enum intake_result result) {
    (void)system;
    ((struct intake_world *)context)->results[result]++;
}
static inline void world_refused(void *context, const char *system, const char *outcome, struct slice detail) {
    struct intake_world *w = context;
    (void)system;
    (void)detail;
    w->refusals++;
    (void)snprintf(w->last_refused, sizeof w->last_refused, "%s", outcome);
}
static inline void world_moved(void *context, const char *system, int32_t partition, bool is_given) {
    (void)system;
    (void)partition;
    (void)is_given;
    ((struct intake_world *)context)->moves++;
}
static inline void world_trouble(void *context, const char *reason) {
    assert_non_null(reason);
    ((struct intake_world *)context)->troubles++;
}

/* A process begins; the topics stay as they are. */
static inline void world_start(struct intake_world *w) {
    fake_intake_init(&w->group, &w->topics, NULL);
    w->ports.topics = fake_intake_port(&w->group);
    const struct intake_listener listener = {
        .context = w, .done = world_done, .refused = world_refused, .moved = world_moved, .trouble = world_trouble};
    w->intake = intake_new(&w->options, &w->ports, &listener);
    assert_non_null(w->intake);
    intake_set_generation(w->intake, 0);
    w->socket = intake_socket(w->intake);
}

/* It dies: reports on their way are nobody's. */
static inline void world_stop(struct intake_world *w) {
    intake_free(w->intake);
    fake_intake_fini(&w->group);
    w->report_next = w->report_count;
}

static inline void world_init(struct intake_world *w, uint32_t topic_count) {
    static const char *const systems[] = {"111-nel", "gp-demo", "hub-demo"};
    memset(w, 0, sizeof *w);
    assert_true(topic_count <= 3 && digest_init());
    w->wall_ms = INTAKE_WALL_MS;
    w->monotonic_ms = 1000;
    fake_request_topics_init(&w->topics, topic_count);
    w->options = (struct intake_options){
        .service = &booking_service,
        .policy = &w->policy,
        .limits = {.request_bytes_max = 1000, .deadline_ms = 60000, .refused_per_second_max = 10},
        .locality = "nel-bhr",
        .topic_count = topic_count};
    w->policy.system_count = topic_count;
    for (uint32_t i = 0; i < topic_count; i++) {
        (void)snprintf(w->options.systems[i], sizeof w->options.systems[i], "%s", systems[i]);
        (void)snprintf(w->policy.systems[i].id, sizeof w->policy.systems[i].id, "%s", systems[i]);
        w->policy.systems[i].in_flight_max = 8;
    }
    w->ports = (struct intake_ports){
        .writer = {.context = w, .append = world_append, .report = world_report, .drop = world_drop},
        .clock = {.context = w, .wall_ms = world_wall, .monotonic_ms = world_monotonic},
        .hash = digest_of};
    world_start(w);
}

static inline void world_fini(struct intake_world *w) {
    world_stop(w);
    fake_request_topics_fini(&w->topics);
}

/* A good request; id as ce_id. */
static inline int64_t world_put(struct intake_world *w, uint32_t topic, const char *id, const char *value) {
    const char *const headers[INTAKE_HEADER_COUNT] = {[INTAKE_HEADER_TYPE] = INTAKE_BOOK, [INTAKE_HEADER_ID] = id};
    return fake_request_put(&w->topics, topic, 0, w->wall_ms, headers, value);
}

static inline void world_pass(struct intake_world *w, int64_t ms) {
    w->wall_ms += ms;
    w->monotonic_ms += ms;
    for (int i = 0; i < 4 && intake_step(w->intake) == 0; i++) {
    }
}

static inline void world_give(struct intake_world *w, uint32_t topic) {
    fake_intake_give(&w->group, topic);
    world_pass(w, 0);
}

/* False when the door is handed nothing. */
static inline bool world_ask(struct intake_world *w, struct intake_asked *ret_asked) {
    struct socket_request request;
    if (!w->socket.receive(w->socket.context, &request)) return false;
    struct request_header header;
    const char *fault = "";
    bool is_good = request_header_decode(request.header, &header, &fault);
    assert_true(is_good);
    *ret_asked = (struct intake_asked){.route = request.route,
                                       .id = header.request_id,
                                       .deadline_ms = header.deadline_ms,
                                       .digest = digest_of(header.method, request.body)};
    memcpy(ret_asked->system, request.system, sizeof ret_asked->system);
    world_text(ret_asked->method, sizeof ret_asked->method, header.method);
    world_text(ret_asked->correlation, sizeof ret_asked->correlation, header.correlation_id);
    world_text(ret_asked->user_token, sizeof ret_asked->user_token, header.user_token);
    world_text(ret_asked->body, sizeof ret_asked->body, request.body);
    return true;
}

static inline void world_reply(struct intake_world *w, const struct intake_asked *asked, enum reply_status status,
                               const char *outcome, const char *detail, int64_t position, bool is_repeated,
                               int64_t retry_after_ms) {
    struct reply_header header = {.request_id = asked->id,
                                  .status = status,
                                  .outcome = slice_text(outcome),
                                  .detail = slice_text(detail),
                                  .position = position,
                                  .repeated_answer = is_repeated,
                                  .retry_after_ms = retry_after_ms};
    uint8_t bytes[EXCHANGE_REPLY_HEADER_MAX];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    reply_header_encode(&header, &out);
    (void)w->socket.send(w->socket.context, &asked->route, buffer_slice(&out), slice_of(NULL, 0));
}

static inline void world_report_note(struct intake_world *w, uint32_t note, enum topic_report_result result) {
    assert_true(note < w->note_count && w->report_count < INTAKE_NOTES_MAX);
    w->notes[note].is_reported = true;
    w->reports[w->report_count++] =
        (struct topic_report){.token = w->notes[note].token, .result = result, .offset = -1, .reason = "test"};
}

/* "" when the note has no such header. */
static inline const char *world_header(const struct intake_note *note, const char *name) {
    for (uint32_t i = 0; i < note->header_count; i++) {
        if (strcmp(note->names[i], name) == 0) return note->values[i];
    }
    return "";
}

#endif
