/* Request topics as a twin. Owns the copies of what was put into them; one thread; never waits. */
#include "lib/port/fake/intake.h"

#include "lib/base/assert.h"
#include "lib/port/fake/memory.h"

#include <stdlib.h>

void fake_request_topics_init(struct fake_request_topics *topics, uint32_t count) {
    ASSERT(count <= INTAKE_TOPICS_MAX);
    *topics = (struct fake_request_topics){.count = count};
}

void fake_request_topics_fini(struct fake_request_topics *topics) {
    for (uint32_t t = 0; t < topics->count; t++) {
        struct fake_request_topic *topic = &topics->topics[t];
        for (size_t i = 0; i < topic->count; i++) {
            for (int h = 0; h < INTAKE_HEADER_COUNT; h++) free(topic->requests[i].headers[h]);
            free(topic->requests[i].value);
        }
        free(topic->requests);
    }
    *topics = (struct fake_request_topics){0};
}

static char *copied(const char *text) {
    size_t size = strlen(text) + 1;
    return memcpy(fake_memory(NULL, size), text, size);
}

int64_t fake_request_put(struct fake_request_topics *topics, uint32_t number, int64_t skip, int64_t timestamp_ms,
                         const char *const headers[INTAKE_HEADER_COUNT], const char *value) {
    ASSERT(number < topics->count);
    struct fake_request_topic *topic = &topics->topics[number];
    if (topic->count == topic->room) {
        topic->room = topic->room == 0 ? 64 : 2 * topic->room;
        topic->requests = fake_memory(topic->requests, topic->room * sizeof *topic->requests);
    }
    struct fake_request *request = &topic->requests[topic->count++];
    *request = (struct fake_request){.offset = topic->end + skip, .timestamp_ms = timestamp_ms};
    for (int h = 0; h < INTAKE_HEADER_COUNT; h++) {
        if (headers[h] != NULL) request->headers[h] = copied(headers[h]);
    }
    request->value = copied(value);
    topic->end = request->offset + 1;
    return request->offset;
}

static const struct fake_request *at_or_after(const struct fake_request_topic *topic, int64_t offset) {
    size_t low = 0, high = topic->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (topic->requests[middle].offset < offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low == topic->count ? NULL : &topic->requests[low];
}

const struct fake_request *fake_request_at(const struct fake_request_topics *topics, uint32_t topic, int64_t offset) {
    const struct fake_request *request = at_or_after(&topics->topics[topic], offset);
    return request != NULL && request->offset == offset ? request : NULL;
}

static void unlend(struct fake_intake *intake) {
    free(intake->lent);
    intake->lent = NULL;
}

static void intake_poll(void *context, struct intake_event *ret_event) {
    struct fake_intake *intake = context;
    fake_at_call(intake->hooks, "intake.poll");
    unlend(intake);
    *ret_event = (struct intake_event){.kind = INTAKE_NOTHING};
    for (int is_ours = 0; is_ours <= 1; is_ours++) {
        for (uint32_t i = 0; i < INTAKE_LANES_MAX; i++) {
            struct fake_lane *lane = &intake->lanes[i];
            if (lane->is_told == lane->is_ours || lane->is_ours != (is_ours == 1)) continue;
            lane->is_told = lane->is_ours;
            ret_event->kind = lane->is_ours ? INTAKE_GIVEN : INTAKE_TAKEN;
            ret_event->lane = i;
            ret_event->topic = lane->topic;
            return;
        }
    }
    if (!intake->is_troubled) return;
    intake->is_troubled = false;
    *ret_event = (struct intake_event){.kind = INTAKE_TROUBLE, .reason = "trouble"};
}

static bool intake_take(void *context, uint32_t number, struct intake_record *ret_record) {
    struct fake_intake *intake = context;
    fake_at_call(intake->hooks, "intake.take");
    unlend(intake);
    ASSERT(number < INTAKE_LANES_MAX);
    struct fake_lane *lane = &intake->lanes[number];
    if (!lane->is_ours || !lane->is_told) return false;
    const struct fake_request *request = at_or_after(&intake->topics->topics[lane->topic], lane->position);
    if (request == NULL) return false;
    lane->position = request->offset + 1;
    *ret_record = (struct intake_record){.offset = request->offset, .timestamp_ms = request->timestamp_ms};
    size_t size = strlen(request->value) + 1;
    for (int h = 0; h < INTAKE_HEADER_COUNT; h++) size += request->headers[h] == NULL ? 0 : strlen(request->headers[h]);
    intake->lent = fake_memory(NULL, size);
    uint8_t *at = intake->lent;
    ret_record->value = slice_of(at, strlen(request->value));
    memcpy(at, request->value, ret_record->value.size);
    at += ret_record->value.size;
    for (int h = 0; h < INTAKE_HEADER_COUNT; h++) {
        if (request->headers[h] == NULL) continue;
        ret_record->has_header[h] = true;
        ret_record->headers[h] = slice_of(at, strlen(request->headers[h]));
        memcpy(at, request->headers[h], ret_record->headers[h].size);
        at += ret_record->headers[h].size;
    }
    return true;
}

static void intake_done(void *context, uint32_t number, int64_t offset) {
    struct fake_intake *intake = context;
    fake_at_call(intake->hooks, "intake.done");
    ASSERT(number < INTAKE_LANES_MAX);
    struct fake_lane *lane = &intake->lanes[number];
    if (!lane->is_ours || !lane->is_told) return;
    ASSERT(offset > lane->done && offset <= lane->position);
    lane->done = offset;
    if (intake->done != NULL) intake->done(intake->context, lane->topic, offset);
}

static void intake_begin_again(void *context) {
    struct fake_intake *intake = context;
    fake_at_call(intake->hooks, "intake.begin_again");
    fake_intake_commit(intake);
    for (uint32_t topic = 0; topic < intake->topics->count; topic++) {
        if (!fake_intake_has(intake, topic)) continue;
        fake_intake_take(intake, topic);
        fake_intake_give(intake, topic);
    }
}

static int64_t intake_lag(void *context, uint32_t number) {
    struct fake_intake *intake = context;
    const struct fake_lane *lane = &intake->lanes[number];
    return lane->is_ours ? intake->topics->topics[lane->topic].end - lane->done : 0;
}

void fake_intake_init(struct fake_intake *intake, struct fake_request_topics *topics, const struct fake_hooks *hooks) {
    *intake = (struct fake_intake){.topics = topics, .hooks = hooks};
}

void fake_intake_fini(struct fake_intake *intake) {
    unlend(intake);
    *intake = (struct fake_intake){0};
}

struct intake_port fake_intake_port(struct fake_intake *intake) {
    return (struct intake_port){.context = intake,
                                .poll = intake_poll,
                                .take = intake_take,
                                .done = intake_done,
                                .begin_again = intake_begin_again,
                                .lag = intake_lag};
}

void fake_intake_give(struct fake_intake *intake, uint32_t topic) {
    ASSERT(topic < intake->topics->count);
    for (uint32_t i = 0; i < INTAKE_LANES_MAX; i++) {
        struct fake_lane *lane = &intake->lanes[i];
        if (lane->is_ours || lane->is_told) continue;
        int64_t committed = intake->topics->topics[topic].committed;
        *lane = (struct fake_lane){.is_ours = true, .topic = topic, .position = committed, .done = committed};
        return;
    }
    ASSERT(!"there are lanes enough");
}

void fake_intake_take(struct fake_intake *intake, uint32_t topic) {
    fake_intake_commit(intake);
    for (uint32_t i = 0; i < INTAKE_LANES_MAX; i++) {
        if (intake->lanes[i].topic == topic) intake->lanes[i].is_ours = false;
    }
}

bool fake_intake_has(const struct fake_intake *intake, uint32_t topic) {
    for (uint32_t i = 0; i < INTAKE_LANES_MAX; i++) {
        if (intake->lanes[i].is_ours && intake->lanes[i].topic == topic) return true;
    }
    return false;
}

void fake_intake_commit(struct fake_intake *intake) {
    for (uint32_t i = 0; i < INTAKE_LANES_MAX; i++) {
        const struct fake_lane *lane = &intake->lanes[i];
        if (lane->is_ours) intake->topics->topics[lane->topic].committed = lane->done;
    }
}
