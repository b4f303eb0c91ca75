/* The intake's step, and its side of the door: records out as requests, replies in. It owns what is taken from the topics
 * and not done. It never decides, and it drops nothing but refusals above their rate. Loop's thread. */
#include "lib/host/intake_internal.h"

#include <stdlib.h>

static bool take_events(struct intake *intake);
static bool receive(void *context, struct socket_request *ret_request);
static struct intake_item *next_of_lane(struct intake *intake, uint32_t lane_number);
static void begin_again(struct intake *intake, const char *why);
static void present(struct intake *intake, struct intake_lane *lane, struct intake_item *item,
                    struct socket_request *ret_request);
static enum status send_reply(void *context, const struct socket_route *route, struct slice header, struct slice body);
static void judge(struct intake *intake, struct intake_lane *lane, struct intake_item *item,
                  const struct reply_header *reply);
static struct slice detail_of(struct intake *intake, const char *outcome, const struct reply_header *reply);
static void put_off(struct intake *intake, struct intake_lane *lane, struct intake_item *item, int64_t pause_ms);

int intake_step(struct intake *intake) {
    if (intake->has_left) return INTAKE_IDLE_MS_MAX;
    intake_read_clocks(intake);
    bool has_more = take_events(intake);
    intake_take_reports(intake);
    int next_ms = INTAKE_IDLE_MS_MAX;
    for (uint32_t i = 0; i < INTAKE_LANES_MAX; i++) {
        struct intake_lane *lane = &intake->lanes[i];
        if (!lane->is_open) continue;
        int due_ms = intake_append_due(intake, lane);
        if (intake_lane_settle(intake, i)) has_more = true;
        int64_t pause_ms = lane->paused_until_ms - intake->monotonic_ms;
        if (pause_ms > 0 && pause_ms < due_ms) due_ms = (int)pause_ms;
        if (due_ms < next_ms) next_ms = due_ms;
    }
    return has_more ? 0 : next_ms;
}

/* True when something has changed that the door should see. */
static bool take_events(struct intake *intake) {
    const struct intake_listener *listener = &intake->listener;
    bool has_more = false;
    for (uint32_t i = 0; i < INTAKE_EVENTS_PER_STEP_MAX; i++) {
        struct intake_event event;
        intake->ports.topics.poll(intake->ports.topics.context, &event);
        if (event.kind == INTAKE_NOTHING) return has_more;
        has_more = true;
        if (event.kind == INTAKE_TROUBLE) {
            if (listener->trouble != NULL) listener->trouble(listener->context, event.reason);
            continue;
        }
        ASSERT(event.lane < INTAKE_LANES_MAX);
        struct intake_lane *lane = &intake->lanes[event.lane];
        if (event.kind == INTAKE_GIVEN) {
            bool is_open = intake_lane_open(intake, lane, event.topic, event.partition);
            if (!is_open) begin_again(intake, "no memory for a lane");
        }
        if (listener->moved != NULL && lane->is_open) {
            listener->moved(listener->context, intake_system(intake, lane), lane->partition,
                            event.kind == INTAKE_GIVEN);
        }
        if (event.kind == INTAKE_TAKEN) intake_lane_close(intake, lane);
    }
    return true;
}

/* The lanes take turns, so that one with many records stands in nobody's way. */
static bool receive(void *context, struct socket_request *ret_request) {
    struct intake *intake = context;
    intake_read_clocks(intake);
    if (intake->is_draining) return false;
    for (uint32_t i = 0; i < INTAKE_LANES_MAX; i++) {
        uint32_t number = (intake->lane_next + i) % INTAKE_LANES_MAX;
        struct intake_item *item = next_of_lane(intake, number);
        if (item == NULL) continue;
        intake->lane_next = (number + 1) % INTAKE_LANES_MAX;
        present(intake, &intake->lanes[number], item, ret_request);
        return true;
    }
    return false;
}

/* The lane's next record for the door: the first of those put off, else the next from the topic. */
static struct intake_item *next_of_lane(struct intake *intake, uint32_t lane_number) {
    struct intake_lane *lane = &intake->lanes[lane_number];
    if (!lane->is_open || lane->paused_until_ms > intake->monotonic_ms) return NULL;
    struct intake_item *item = intake_lane_waiting(lane);
    const struct intake_source source = {.service = intake->options.service,
                                         .system = intake_system(intake, lane),
                                         .request_bytes_max = intake->options.limits.request_bytes_max,
                                         .hash = intake->ports.hash};
    for (uint32_t i = 0; item == NULL && i < INTAKE_TAKES_PER_REQUEST_MAX; i++) {
        struct intake_record record;
        if (!intake_lane_has_room(intake, lane)) return NULL;
        if (!intake->ports.topics.take(intake->ports.topics.context, lane_number, &record)) return NULL;
        struct intake_request request;
        intake_request_read(&source, &record, &request);
        item = intake_lane_add(intake, lane, &record, &request);
        if (item == NULL) {
            /* Taken and not kept: nothing of this lane is told to be done any more, so all of it comes again. */
            intake_lane_close(intake, lane);
            begin_again(intake, "no memory for a record");
            return NULL;
        }
        if (request.refusal == OUTCOME_OK) break;
        const struct outcome_row *row = outcome_common_row(request.refusal);
        ASSERT(row != NULL);
        intake_refuse(intake, lane, item, row->name, slice_text(request.detail));
        item = NULL;
    }
    return item;
}

/* A lane that the group believes to be read here, and that is not open here, would be read by nobody. */
static void begin_again(struct intake *intake, const char *why) {
    if (intake->listener.trouble != NULL) intake->listener.trouble(intake->listener.context, why);
    intake->ports.topics.begin_again(intake->ports.topics.context);
}

static void present(struct intake *intake, struct intake_lane *lane, struct intake_item *item,
                    struct socket_request *ret_request) {
    ASSERT(item->state == INTAKE_WAITS);
    ASSERT(item->method != NULL);
    const uint8_t *token_at = item->bytes + item->correlation_size + item->traceparent_size;
    struct request_header header = {
        .method = slice_text(item->method->name),
        .request_id = item->id,
        .correlation_id = slice_of(item->bytes, item->correlation_size),
        .traceparent = slice_of(item->bytes + item->correlation_size, item->traceparent_size),
        .user_token = slice_of(token_at, item->token_size),
        .deadline_ms = intake->wall_ms + intake->options.limits.deadline_ms,
    };
    struct buffer out = buffer_over(intake->header, sizeof intake->header);
    request_header_encode(&header, &out);
    ASSERT(!out.is_full);
    uint64_t token = intake_token(intake, lane, item);
    *ret_request = (struct socket_request){.route.size = sizeof token, .header = buffer_slice(&out)};
    memcpy(ret_request->route.bytes, &token, sizeof token);
    memcpy(ret_request->system, intake->options.systems[lane->topic], sizeof ret_request->system);
    ret_request->body = slice_of(token_at + item->token_size, item->value_size);
    intake_lane_set(intake, lane, item, INTAKE_AT_DOOR);
}

/* A lane that was taken away meanwhile wants no reply: its record comes again elsewhere. */
static enum status send_reply(void *context, const struct socket_route *route, struct slice header, struct slice body) {
    struct intake *intake = context;
    (void)body; /* the entry holds it, and from there it is published */
    uint64_t token;
    ASSERT(route->size == sizeof token);
    memcpy(&token, route->bytes, sizeof token);
    struct intake_lane *lane = NULL;
    struct intake_item *item = intake_by_token(intake, token, &lane);
    if (item == NULL) return STATUS_NOT_FOUND;
    ASSERT(item->state == INTAKE_AT_DOOR);
    struct reply_header reply;
    const char *fault;
    bool is_readable = reply_header_decode(header, &reply, &fault);
    ASSERT(is_readable); /* our own door wrote it */
    intake_read_clocks(intake);
    judge(intake, lane, item, &reply);
    return STATUS_OK;
}

/* A position says that the journal holds an entry about this id; `repeated`, that it may be an earlier one. */
static void judge(struct intake *intake, struct intake_lane *lane, struct intake_item *item,
                  const struct reply_header *reply) {
    if (reply->position > 0 && reply->repeated_answer) {
        intake_repeat(intake, lane, item);
        return;
    }
    if (reply->position > 0) {
        intake_finish(intake, lane, item, INTAKE_DECIDED);
        return;
    }
    switch (reply->status) {
    case REPLY_IN_PROGRESS:
    case REPLY_TOO_BUSY:
    case REPLY_UNAVAILABLE:
    case REPLY_UNKNOWN_OUTCOME:
        put_off(intake, lane, item, reply->retry_after_ms);
        return;
    case REPLY_OK:
    case REPLY_REFUSED:
    case REPLY_INVALID:
    case REPLY_DENIED:
    case REPLY_NOT_FOUND: {
        char outcome[EXCHANGE_OUTCOME_MAX + 1] = {0};
        ASSERT(reply->outcome.size < sizeof outcome);
        memcpy(outcome, reply->outcome.data, reply->outcome.size);
        intake_refuse(intake, lane, item, outcome, detail_of(intake, outcome, reply));
        return;
    }
    }
}

/* Where the door has named no field, the header that it is about and the sentence of the outcome. Borrowed until the next
 * call. */
static struct slice detail_of(struct intake *intake, const char *outcome, const struct reply_header *reply) {
    static const struct {
        const char *outcome, *field;
    } fields[] = {{"too_old", "ce_id, ce_time: "},
                  {"from_future", "ce_id, ce_time: "},
                  {"id_reused", "ce_id: "},
                  {"denied", "ce_type: "},
                  {"user_token_refused", "bhr_usertoken: "},
                  {"user_token_required", "bhr_usertoken: "}};
    if (reply->detail.size > 0) return reply->detail;
    struct buffer detail = buffer_over(intake->detail, sizeof intake->detail);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (strcmp(fields[i].outcome, outcome) != 0) continue;
        buffer_put(&detail, fields[i].field, strlen(fields[i].field));
    }
    buffer_put(&detail, reply->message.data, reply->message.size);
    ASSERT(!detail.is_full);
    return buffer_slice(&detail);
}

static void put_off(struct intake *intake, struct intake_lane *lane, struct intake_item *item, int64_t pause_ms) {
    if (pause_ms <= 0) pause_ms = INTAKE_PAUSE_MS;
    if (pause_ms > INTAKE_PAUSE_MS_MAX) pause_ms = INTAKE_PAUSE_MS_MAX;
    lane->paused_until_ms = intake->monotonic_ms + pause_ms;
    intake_lane_set(intake, lane, item, INTAKE_WAITS);
}

void intake_finish(struct intake *intake, struct intake_lane *lane, struct intake_item *item,
                   enum intake_result result) {
    intake_lane_set(intake, lane, item, INTAKE_IS_DONE);
    const struct intake_listener *listener = &intake->listener;
    if (listener->done != NULL) listener->done(listener->context, intake_system(intake, lane), result);
}

struct intake *intake_new(const struct intake_options *options, const struct intake_ports *ports,
                          const struct intake_listener *listener) {
    ASSERT(options->topic_count <= INTAKE_TOPICS_MAX);
    ASSERT(options->limits.deadline_ms > 0);
    ASSERT(options->limits.request_bytes_max <= INTAKE_BYTES_MAX);
    struct intake *intake = calloc(1, sizeof *intake);
    if (intake == NULL) return NULL;
    intake->options = *options;
    intake->ports = *ports;
    if (listener != NULL) intake->listener = *listener;
    intake->policy = options->policy;
    intake_read_clocks(intake);
    for (uint32_t i = 0; i < options->topic_count; i++) {
        intake->refusals[i] =
            (struct intake_refusals){.milli_tokens = 1000 * (int64_t)options->limits.refused_per_second_max,
                                     .refilled_ms = intake->monotonic_ms};
    }
    return intake;
}

void intake_free(struct intake *intake) {
    if (intake == NULL) return;
    for (uint32_t i = 0; i < INTAKE_LANES_MAX; i++) intake_lane_close(intake, &intake->lanes[i]);
    ASSERT(intake->record_count == 0 && intake->byte_count == 0);
    free(intake);
}

struct door_socket intake_socket(struct intake *intake) {
    return (struct door_socket){.context = intake, .receive = receive, .send = send_reply};
}

void intake_set_policy(struct intake *intake, const struct policy *policy) {
    intake->policy = policy;
}

void intake_set_generation(struct intake *intake, uint32_t generation) {
    if (intake->has_topic && intake->generation == generation) return;
    intake->generation = generation;
    replica_command_topic(intake->options.service->name, generation, intake->command_topic);
    intake->has_topic = true;
}

void intake_drain(struct intake *intake) {
    intake->is_draining = true;
}

void intake_leave(struct intake *intake) {
    if (intake->has_left) return;
    intake->is_draining = intake->has_left = true;
    for (uint32_t i = 0; i < INTAKE_LANES_MAX; i++) {
        if (!intake->lanes[i].is_open) continue;
        (void)intake_lane_settle(intake, i);
        intake_lane_close(intake, &intake->lanes[i]);
    }
}

struct intake_view intake_look(const struct intake *intake) {
    struct intake_view view = {.waiting = intake->record_count};
    for (uint32_t i = 0; i < INTAKE_LANES_MAX; i++) {
        if (!intake->lanes[i].is_open) continue;
        view.lanes++;
        view.lag += intake->ports.topics.lag(intake->ports.topics.context, i);
    }
    return view;
}

void intake_read_clocks(struct intake *intake) {
    const struct clock_port *clock = &intake->ports.clock;
    intake->wall_ms = clock->wall_ms(clock->context);
    intake->monotonic_ms = clock->monotonic_ms(clock->context);
}

const char *intake_system(const struct intake *intake, const struct intake_lane *lane) {
    ASSERT(lane->topic < intake->options.topic_count);
    return intake->options.systems[lane->topic];
}

const char *intake_result_name(enum intake_result result) {
    static const char *const names[] = {
#define X(NAME, name) name,
        INTAKE_RESULTS(X)
#undef X
    };
    ASSERT(result < sizeof names / sizeof names[0]);
    return names[result];
}
