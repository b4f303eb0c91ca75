/* The world of a client under test: the server, the wire and the clock, all in the test's hand. A script says how the server
 * answers the first attempt, the second, and so on; its last line goes on for ever. */
#ifndef BHR_TESTS_CLIENT_WORLD_H
#define BHR_TESTS_CLIENT_WORLD_H

#include "lib/client/client.h"
#include "tests/support/cmocka.h"

enum { ATTEMPTS_MAX = 64, REPLIES_MAX = 64, FRAME_MAX = 512, WALL_START_MS = 1000000 };

enum act { ACT_REPLY, ACT_SILENT, ACT_NO_SERVER, ACT_FULL };

struct line {
    enum act act;
    enum reply_status status;
    const char *outcome;
    int64_t retry_after_ms;
    int64_t delay_ms;
};

struct frame {
    uint8_t bytes[FRAME_MAX];
    size_t size;
    int64_t at_ms;
};

/* The server, the wire and the clock. */
struct world {
    int64_t now_ms;
    uint8_t random_next;
    const struct line *script;
    size_t line_count;
    uint32_t tries; /* calls of send, taken or not */
    uint32_t attempts;
    struct uuid ids[ATTEMPTS_MAX];
    int64_t sent_at_ms[ATTEMPTS_MAX], deadlines_ms[ATTEMPTS_MAX];
    char correlation[EXCHANGE_CORRELATION_MAX + 1];
    bool has_user_token; /* the one that every call is made with */
    char bodies[ATTEMPTS_MAX][16];
    uint32_t reply_count, reply_first;
    struct frame replies[REPLIES_MAX];
    uint8_t lent[FRAME_MAX];
    struct client *client;
};

static inline int64_t monotonic(void *context) {
    return ((struct world *)context)->now_ms;
}

static inline int64_t wall(void *context) {
    return WALL_START_MS + ((struct world *)context)->now_ms;
}

static inline void chance(void *context, void *ret_bytes, size_t size) {
    memset(ret_bytes, ++((struct world *)context)->random_next, size);
}

static inline void reply_add(struct world *world, struct uuid id, const struct line *line) {
    assert_true(world->reply_count < REPLIES_MAX);
    struct frame *frame = &world->replies[world->reply_count++];
    struct buffer out = buffer_over(frame->bytes, sizeof frame->bytes);
    const struct reply_header header = {.request_id = id,
                                        .status = line->status,
                                        .outcome = slice_text(line->outcome),
                                        .message = slice_text("a sentence"),
                                        .detail = slice_text("a detail"),
                                        .position = 42,
                                        .retry_after_ms = line->retry_after_ms,
                                        .answered_by = slice_text("booking-1")};
    reply_header_encode(&header, &out);
    assert_false(out.is_full);
    frame->size = out.size;
    frame->at_ms = world->now_ms + line->delay_ms;
}

static inline enum status send_frame(void *context, struct slice header_bytes, struct slice body) {
    struct world *world = context;
    size_t index = world->tries < world->line_count ? world->tries : world->line_count - 1;
    world->tries++;
    const struct line *line = &world->script[index];
    if (line->act == ACT_NO_SERVER) return STATUS_UNAVAILABLE;
    if (line->act == ACT_FULL) return STATUS_FULL;
    struct request_header header;
    const char *fault = NULL;
    assert_true(request_header_decode(header_bytes, &header, &fault));
    assert_true(world->attempts < ATTEMPTS_MAX);
    assert_true(body.size < sizeof world->bodies[0]);
    world->ids[world->attempts] = header.request_id;
    world->sent_at_ms[world->attempts] = world->now_ms;
    world->deadlines_ms[world->attempts] = header.deadline_ms;
    memcpy(world->correlation, header.correlation_id.data, header.correlation_id.size);
    world->has_user_token = slice_equal(header.user_token, slice_text("a.b.c"));
    memcpy(world->bodies[world->attempts], body.data, body.size);
    world->attempts++;
    if (line->act == ACT_REPLY) reply_add(world, header.request_id, line);
    return STATUS_OK;
}

static inline bool receive_frame(void *context, struct slice *ret_header, struct slice *ret_body) {
    struct world *world = context;
    if (world->reply_first == world->reply_count) return false;
    const struct frame *frame = &world->replies[world->reply_first];
    if (frame->at_ms > world->now_ms) return false;
    world->reply_first++;
    memcpy(world->lent, frame->bytes, frame->size);
    *ret_header = slice_of(world->lent, frame->size);
    *ret_body = slice_text("answer body");
    return true;
}

static inline void wait_frame(void *context, int timeout_ms) {
    struct world *world = context;
    assert_true(timeout_ms >= 0);
    int64_t until_ms = world->now_ms + timeout_ms;
    if (world->reply_first < world->reply_count && world->replies[world->reply_first].at_ms < until_ms) {
        until_ms = world->replies[world->reply_first].at_ms;
    }
    world->now_ms = until_ms > world->now_ms ? until_ms : world->now_ms;
}

static struct world world;

static inline void world_begin(const struct line *script, size_t line_count, uint32_t in_flight_max) {
    client_free(world.client);
    world = (struct world){.script = script, .line_count = line_count};
    const struct client_dealer dealer = {&world, send_frame, receive_frame, wait_frame};
    const struct clock_port clock = {&world, wall, monotonic, chance};
    const struct client_options options = {.in_flight_max = in_flight_max};
    world.client = client_new(&options, &dealer, &clock);
    assert_non_null(world.client);
}

#endif
