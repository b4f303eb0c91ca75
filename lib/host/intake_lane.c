/* The records of one lane that are not done, as a ring in the order of their offsets. They are done in any order, and told
 * to the group from the first on: what is committed never lies beyond something that is not done. Loop's thread. */
#include "lib/host/intake_internal.h"

#include <stdlib.h>

/* A token is [lane: 8][lease: 24][sequence: 32]; a lease that comes round again after sixteen million uses is nobody's. */
enum { TOKEN_LEASE_BITS = 24, TOKEN_LEASE_MASK = (1 << TOKEN_LEASE_BITS) - 1 };
static_assert(INTAKE_LANES_MAX <= 256, "a lane's number has 8 bits in a token");
static_assert(UINT64_C(1) << 32 > INTAKE_LANE_RECORDS_MAX, "a sequence names one item");

static void drop_bytes(struct intake *intake, struct intake_item *item);

static bool is_note(enum intake_state state) {
    return state == INTAKE_TO_NOTE || state == INTAKE_NOTED;
}

bool intake_lane_open(struct intake *intake, struct intake_lane *lane, uint32_t topic, int32_t partition) {
    ASSERT(!lane->is_open);
    ASSERT(topic < intake->options.topic_count);
    uint32_t lease = (lane->lease + 1) & TOKEN_LEASE_MASK;
    *lane = (struct intake_lane){.lease = lease, .topic = topic, .partition = partition};
    lane->items = calloc(INTAKE_LANE_RECORDS_MAX, sizeof *lane->items);
    lane->is_open = lane->items != NULL;
    return lane->is_open;
}

void intake_lane_close(struct intake *intake, struct intake_lane *lane) {
    if (!lane->is_open) return;
    for (uint32_t i = 0; i < lane->count; i++) drop_bytes(intake, intake_lane_at(lane, lane->first + i));
    ASSERT(intake->record_count >= lane->count);
    intake->record_count -= lane->count;
    free(lane->items);
    *lane = (struct intake_lane){.lease = lane->lease};
}

struct intake_item *intake_lane_at(const struct intake_lane *lane, uint32_t sequence) {
    ASSERT(sequence - lane->first < lane->count);
    return &lane->items[sequence % INTAKE_LANE_RECORDS_MAX];
}

bool intake_lane_has_room(const struct intake *intake, const struct intake_lane *lane) {
    const struct policy_system *system = policy_by_id(intake->policy, intake_system(intake, lane));
    uint32_t room = INTAKE_LANE_RECORDS_MAX;
    if (system != NULL && system->in_flight_max < room) room = system->in_flight_max;
    if (lane->count >= room) return false;
    if (lane->count < INTAKE_LANE_SHARE) return true;
    bool has_bytes =
        intake->byte_count + intake->options.limits.request_bytes_max + EXCHANGE_USER_TOKEN_MAX <= INTAKE_BYTES_MAX;
    return intake->record_count < INTAKE_RECORDS_MAX && has_bytes;
}

struct intake_item *intake_lane_add(struct intake *intake, struct intake_lane *lane, const struct intake_record *record,
                                    const struct intake_request *request) {
    ASSERT(lane->is_open);
    ASSERT(lane->count < INTAKE_LANE_RECORDS_MAX);
    /* Of what is refused, token and value are never looked at again. */
    bool is_value_kept = request->refusal == OUTCOME_OK;
    struct intake_item item = {.state = INTAKE_WAITS,
                               .offset = record->offset,
                               .method = request->method,
                               .id = request->id,
                               .digest = request->digest,
                               .correlation_size = request->correlation_id.size,
                               .traceparent_size = request->traceparent.size,
                               .token_size = is_value_kept ? request->user_token.size : 0,
                               .value_size = is_value_kept ? record->value.size : 0};
    size_t size = intake_item_size(&item);
    item.bytes = malloc(size + 1);
    if (item.bytes == NULL) return NULL;
    struct buffer out = buffer_over(item.bytes, size + 1);
    buffer_put(&out, request->correlation_id.data, item.correlation_size);
    buffer_put(&out, request->traceparent.data, item.traceparent_size);
    buffer_put(&out, request->user_token.data, item.token_size);
    buffer_put(&out, record->value.data, item.value_size);
    ASSERT(!out.is_full);
    intake->byte_count += out.size;
    intake->record_count++;
    lane->count++;
    lane->waiting_count++;
    struct intake_item *place = intake_lane_at(lane, lane->first + lane->count - 1);
    ASSERT(place->bytes == NULL);
    *place = item;
    return place;
}

struct intake_item *intake_lane_waiting(struct intake_lane *lane) {
    if (lane->waiting_count == 0) return NULL;
    for (uint32_t i = 0; i < lane->count; i++) {
        struct intake_item *item = intake_lane_at(lane, lane->first + i);
        if (item->state == INTAKE_WAITS) return item;
    }
    ASSERT(!"waiting_count counts the items that wait");
    return NULL;
}

void intake_lane_set(struct intake *intake, struct intake_lane *lane, struct intake_item *item,
                     enum intake_state state) {
    ASSERT(lane->is_open);
    ASSERT(item->state != INTAKE_FREE && item->state != INTAKE_IS_DONE);
    if (item->state == INTAKE_WAITS) lane->waiting_count--;
    if (state == INTAKE_WAITS) lane->waiting_count++;
    if (is_note(item->state)) lane->note_count--;
    if (is_note(state)) lane->note_count++;
    if (state == INTAKE_IS_DONE) drop_bytes(intake, item);
    item->state = state;
}

bool intake_lane_settle(struct intake *intake, uint32_t lane_number) {
    struct intake_lane *lane = &intake->lanes[lane_number];
    int64_t done = -1;
    while (lane->count > 0) {
        struct intake_item *item = intake_lane_at(lane, lane->first);
        if (item->state != INTAKE_IS_DONE) break;
        done = item->offset + 1;
        *item = (struct intake_item){.state = INTAKE_FREE};
        lane->first++;
        lane->count--;
        intake->record_count--;
    }
    if (done >= 0) intake->ports.topics.done(intake->ports.topics.context, lane_number, done);
    return done >= 0;
}

uint64_t intake_token(const struct intake *intake, const struct intake_lane *lane, const struct intake_item *item) {
    ASSERT(lane->count > 0);
    uint64_t number = (uint64_t)(lane - intake->lanes);
    uint32_t place = (uint32_t)(item - lane->items);
    uint32_t sequence = lane->first + (place - lane->first) % INTAKE_LANE_RECORDS_MAX;
    ASSERT(intake_lane_at(lane, sequence) == item);
    return number << 56 | (uint64_t)lane->lease << 32 | sequence;
}

struct intake_item *intake_by_token(struct intake *intake, uint64_t token, struct intake_lane **ret_lane) {
    uint64_t number = token >> 56;
    if (number >= INTAKE_LANES_MAX) return NULL;
    struct intake_lane *lane = &intake->lanes[number];
    uint32_t lease = token >> 32 & TOKEN_LEASE_MASK, sequence = (uint32_t)token;
    if (!lane->is_open || lane->lease != lease || sequence - lane->first >= lane->count) return NULL;
    *ret_lane = lane;
    return intake_lane_at(lane, sequence);
}

static void drop_bytes(struct intake *intake, struct intake_item *item) {
    if (item->bytes == NULL) return;
    size_t size = intake_item_size(item);
    ASSERT(intake->byte_count >= size);
    intake->byte_count -= size;
    free(item->bytes);
    item->bytes = NULL;
}
