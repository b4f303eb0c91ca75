/* The body of an Entry: what was decided, in the fields from 16 up of journal.proto. The rule never looks here; a body
 * that cannot be read stops the replica, so the reader takes what later writers may add (numbers above its own, as long
 * as `schema` says that this reader may) and refuses only what it cannot understand. Pure. */
#include "lib/journal/fields.h"

#include "lib/base/assert.h"

static bool read_body_field(const struct proto_field *field, struct entry_body *body);

bool entry_body_read(struct slice body, struct entry_body *ret_body) {
    const uint32_t required = FIELD_BIT(ENTRY_SCHEMA) | FIELD_BIT(ENTRY_OUTCOME);
    struct entry_body read = {0};
    struct fields_seen seen = {0};
    struct proto_field field;
    bool is_bad = false;
    while (proto_next(&body, &field, &is_bad)) {
        if (field.number <= FIELD_RULE_MAX || field.number > ENTRY_FIELD_LAST) continue;
        bool is_first = field_is_first(&seen, field.number);
        if (!is_first && field.number != ENTRY_EVENTS) return false;
        if (!read_body_field(&field, &read)) return false;
    }
    if (is_bad || !fields_has_all(seen, required)) return false;
    *ret_body = read;
    return true;
}

static bool read_body_field(const struct proto_field *field, struct entry_body *body) {
    switch (field->number) {
    case ENTRY_SCHEMA:
        return field_u32(field, &body->schema);
    case ENTRY_OUTCOME:
        return field_u32(field, &body->outcome);
    case ENTRY_ANSWER:
        return field_bytes(field, &body->answer);
    case ENTRY_REPEATS:
        return field_u64(field, &body->repeats);
    case ENTRY_GAP_FROM:
        return field_position(field, &body->gap_from);
    case ENTRY_GAP_TO:
        return field_position(field, &body->gap_to);
    case ENTRY_DETAIL:
        return field_bytes(field, &body->detail);
    case ENTRY_EVENTS:
        if (body->event_count == JOURNAL_EVENTS_MAX) return false;
        return field_bytes(field, &body->events[body->event_count++]);
    case ENTRY_CORRELATION_ID:
        return field_bytes(field, &body->correlation_id);
    case ENTRY_METHOD:
        return field_bytes(field, &body->method);
    default:
        return false;
    }
}

static bool position_is_zero(struct position position) {
    return position.generation == 0 && position.offset == 0;
}

/* The numbers, which come first or in the middle, are few bytes; the slices may be large. Everything that is zero or
 * empty is left out, except schema and outcome, by which a reader knows a body. */
void entry_body_write(const struct entry_body *body, struct buffer *out) {
    ASSERT(body->event_count <= JOURNAL_EVENTS_MAX);
    proto_put_varint(out, ENTRY_SCHEMA, body->schema);
    proto_put_varint(out, ENTRY_OUTCOME, body->outcome);
    if (body->answer.size > 0) proto_put_bytes(out, ENTRY_ANSWER, body->answer);
    if (body->repeats > 0) proto_put_varint(out, ENTRY_REPEATS, body->repeats);
    if (!position_is_zero(body->gap_from)) field_put_position(out, ENTRY_GAP_FROM, body->gap_from);
    if (!position_is_zero(body->gap_to)) field_put_position(out, ENTRY_GAP_TO, body->gap_to);
    if (body->detail.size > 0) proto_put_bytes(out, ENTRY_DETAIL, body->detail);
    for (uint32_t i = 0; i < body->event_count; i++) proto_put_bytes(out, ENTRY_EVENTS, body->events[i]);
    if (body->correlation_id.size > 0) proto_put_bytes(out, ENTRY_CORRELATION_ID, body->correlation_id);
    if (body->method.size > 0) proto_put_bytes(out, ENTRY_METHOD, body->method);
}

size_t entry_body_size(const struct entry_body *body) {
    ASSERT(body->event_count <= JOURNAL_EVENTS_MAX);
    /* The small fields are written once more to be measured; only the slices would be too large for that. */
    uint8_t scratch[96];
    struct buffer small = buffer_over(scratch, sizeof scratch);
    entry_body_write(&(struct entry_body){.schema = body->schema,
                                          .outcome = body->outcome,
                                          .repeats = body->repeats,
                                          .gap_from = body->gap_from,
                                          .gap_to = body->gap_to},
                     &small);
    ASSERT(!small.is_full);
    size_t size = small.size;
    if (body->answer.size > 0) size += proto_bytes_size(ENTRY_ANSWER, body->answer.size);
    if (body->detail.size > 0) size += proto_bytes_size(ENTRY_DETAIL, body->detail.size);
    size_t correlation_size = body->correlation_id.size;
    if (correlation_size > 0) size += proto_bytes_size(ENTRY_CORRELATION_ID, correlation_size);
    if (body->method.size > 0) size += proto_bytes_size(ENTRY_METHOD, body->method.size);
    for (uint32_t i = 0; i < body->event_count; i++) size += proto_bytes_size(ENTRY_EVENTS, body->events[i].size);
    return size;
}
