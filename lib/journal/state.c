/* The rule's state as the store keeps it: 160 bytes in a fixed order, numbers big-endian, the unused rest zero. The
 * reader refuses anything the writer cannot have written, because a wrong state would judge a whole journal wrongly.
 * Pure. */
#include "lib/journal/accept.h"

#include "lib/base/assert.h"

static bool state_is_sound(const struct journal_state *state);
static void put_position(struct buffer *out, struct position position);
static struct position take_position(struct cursor *cursor);

void journal_state_write(const struct journal_state *state, uint8_t ret_bytes[JOURNAL_STATE_SIZE]) {
    ASSERT(state_is_sound(state));
    memset(ret_bytes, 0, JOURNAL_STATE_SIZE);
    struct buffer out = buffer_over(ret_bytes, JOURNAL_STATE_SIZE);
    buffer_put_u8(&out, state->has_genesis ? 1 : 0);
    buffer_put(&out, state->journal_id.bytes, sizeof state->journal_id.bytes);
    buffer_put_u64(&out, state->epoch);
    buffer_put(&out, state->owner.bytes, sizeof state->owner.bytes);
    buffer_put_u64(&out, state->number);
    buffer_put(&out, state->prev.bytes, sizeof state->prev.bytes);
    put_position(&out, state->resume_at);
    buffer_put_u64(&out, (uint64_t)state->decided_at_ms);
    buffer_put_u64(&out, (uint64_t)state->log_time_ms);
    buffer_put_u8(&out, (uint8_t)state->crashed_at.kind);
    put_position(&out, state->crashed_at.position);
    buffer_put(&out, state->crashed_at.timer.bytes, sizeof state->crashed_at.timer.bytes);
    buffer_put_u32(&out, state->crashes);
    ASSERT(!out.is_full);
}

bool journal_state_read(struct slice bytes, struct journal_state *ret_state) {
    if (bytes.size != JOURNAL_STATE_SIZE) return false;
    struct cursor cursor = cursor_over(bytes);
    struct journal_state state = {0};
    uint8_t has_genesis = cursor_u8(&cursor);
    cursor_copy(&cursor, state.journal_id.bytes, sizeof state.journal_id.bytes);
    state.epoch = cursor_u64(&cursor);
    cursor_copy(&cursor, state.owner.bytes, sizeof state.owner.bytes);
    state.number = cursor_u64(&cursor);
    cursor_copy(&cursor, state.prev.bytes, sizeof state.prev.bytes);
    state.resume_at = take_position(&cursor);
    state.decided_at_ms = (int64_t)cursor_u64(&cursor);
    state.log_time_ms = (int64_t)cursor_u64(&cursor);
    uint8_t kind = cursor_u8(&cursor);
    state.crashed_at.position = take_position(&cursor);
    cursor_copy(&cursor, state.crashed_at.timer.bytes, sizeof state.crashed_at.timer.bytes);
    state.crashes = cursor_u32(&cursor);
    while (cursor.rest.size > 0) {
        if (cursor_u8(&cursor) != 0) return false;
    }

    if (cursor.is_bad || has_genesis > 1 || kind > WORK_TIMER) return false;
    state.has_genesis = has_genesis == 1;
    state.crashed_at.kind = (enum work_kind)kind;
    if (!state_is_sound(&state)) return false;
    *ret_state = state;
    return true;
}

static bool work_is_sound(const struct work *work) {
    struct work plain = {.kind = work->kind};
    if (work->kind == WORK_COMMAND) plain.position = work->position;
    if (work->kind == WORK_TIMER) plain.timer = work->timer;
    return work->position.offset >= 0 && work_equal(work, &plain);
}

/* True for every state that the rule can reach. */
static bool state_is_sound(const struct journal_state *state) {
    if (state->resume_at.offset < 0 || state->decided_at_ms < 0 || state->log_time_ms < 0) return false;
    if (!work_is_sound(&state->crashed_at)) return false;
    if ((state->crashes == 0) != (state->crashed_at.kind == WORK_NONE)) return false;
    if (state->has_genesis) return true;
    return state->epoch == 0 && state->number == 0 && state->crashes == 0 && state->decided_at_ms == 0 &&
           state->log_time_ms == 0 && digest_equal(state->prev, (struct digest){{0}});
}

static void put_position(struct buffer *out, struct position position) {
    buffer_put_u32(out, position.generation);
    buffer_put_u64(out, (uint64_t)position.offset);
}

static struct position take_position(struct cursor *cursor) {
    struct position position = {.generation = cursor_u32(cursor)};
    position.offset = (int64_t)cursor_u64(cursor);
    return position;
}
