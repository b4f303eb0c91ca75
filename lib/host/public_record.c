/* One accepted entry becomes records for others. Pure: it computes. */
#include "lib/host/public_record.h"

#include "lib/base/assert.h"
#include "lib/base/civil_time.h"
#include "lib/base/text.h"
#include "lib/host/replica.h"
#include "lib/wire/exchange/public_message.h"

#include <stdio.h>

static_assert((int)PUBLIC_RECORDS_MAX >= (int)JOURNAL_EVENTS_MAX, "every event has its record");
static_assert((int)PUBLIC_HEADERS_MAX <= (int)TOPIC_HEADERS_MAX, "a reader is shown every header");

enum { SOURCE_TEXT_MAX = 4 + 3 * (JOURNAL_NAME_MAX + 1), NUMBER_TEXT_MAX = 24, UUID_VERSION_8 = 0x80 };

/* One entry in hand, and the records it has made so far. */
struct telling {
    const struct public_context *context;
    const struct entry *entry;
    struct entry_body body;
    struct arena *arena;
    struct slice source, time, number, causation; /* header values that its records share */
    uint32_t count;
    struct public_record *records;
};

static bool begin(struct telling *telling);
static bool tell_events(struct telling *telling);
static bool tell_outcome(struct telling *telling);
static bool tell_dead_letter(struct telling *telling);
static bool needs_attention(const struct telling *telling);

uint32_t public_records_of_entry(const struct public_context *context, const struct entry *entry, struct arena *arena,
                                 struct public_record ret_records[PUBLIC_RECORDS_MAX]) {
    struct telling telling = {.context = context, .entry = entry, .arena = arena, .records = ret_records};
    bool is_readable = entry_body_read(entry->body, &telling.body) &&
                       telling.body.schema <= context->service->apply_version &&
                       service_outcome(context->service, telling.body.outcome) != NULL;
    if (!is_readable || !begin(&telling)) return PUBLIC_RECORDS_UNREADABLE;
    bool is_told = true;
    if (telling.body.event_count > 0) {
        is_told = tell_events(&telling);
    } else if (entry->kind == ENTRY_COMMAND) {
        is_told = tell_outcome(&telling);
    }
    if (is_told && needs_attention(&telling)) is_told = tell_dead_letter(&telling);
    ASSERT(telling.count <= PUBLIC_RECORDS_MAX);
    return is_told ? telling.count : PUBLIC_RECORDS_UNREADABLE;
}

static struct slice keep_text(struct arena *arena, const char *text, int size, size_t size_max) {
    ASSERT(size > 0 && (size_t)size < size_max);
    return arena_copy(arena, slice_of(text, (size_t)size));
}

static bool begin(struct telling *telling) {
    const struct public_context *context = telling->context;
    char source[SOURCE_TEXT_MAX], time[CIVIL_INSTANT_SIZE], number[NUMBER_TEXT_MAX], id[UUID_TEXT_SIZE];
    int size = snprintf(source, sizeof source, "/bhr/%.*s/%s/%.*s", (int)context->environment.size,
                        (const char *)context->environment.data, context->service->name, (int)context->locality.size,
                        (const char *)context->locality.data);
    telling->source = keep_text(telling->arena, source, size, sizeof source);
    size = snprintf(number, sizeof number, "%llu", (unsigned long long)telling->entry->number);
    telling->number = keep_text(telling->arena, number, size, sizeof number);
    civil_format_instant(telling->entry->decided_at_ms, time);
    telling->time = arena_copy(telling->arena, slice_of(time, sizeof time));
    /* A later writer's entry may hold more than this program would write: what only informs is then left out. */
    struct entry_body *body = &telling->body;
    if (!text_is_token(body->method, COMMAND_METHOD_MAX)) body->method = slice_of(NULL, 0);
    if (!text_is_token(body->correlation_id, COMMAND_CORRELATION_MAX)) body->correlation_id = slice_of(NULL, 0);
    uuid_format(telling->entry->command_id, id);
    telling->causation = arena_copy(telling->arena, slice_of(id, sizeof id));
    return telling->causation.data != NULL; /* the last: an arena that was too small before has no room now */
}

/* The same record always has the same id, whoever publishes it and how often: a UUID of version 8 (RFC 9562). */
static struct slice record_id(const struct telling *telling, uint32_t index) {
    uint8_t bytes[12];
    struct buffer place = buffer_over(bytes, sizeof bytes);
    buffer_put_u64(&place, telling->entry->number);
    buffer_put_u32(&place, index);
    const struct public_context *context = telling->context;
    struct digest digest = context->hash(slice_of(context->journal_id.bytes, 16), buffer_slice(&place));
    struct uuid id;
    memcpy(id.bytes, digest.bytes, sizeof id.bytes);
    id.bytes[6] = (uint8_t)((id.bytes[6] & 0x0F) | UUID_VERSION_8);
    id.bytes[8] = (uint8_t)((id.bytes[8] & 0x3F) | 0x80);
    char text[UUID_TEXT_SIZE];
    uuid_format(id, text);
    return arena_copy(telling->arena, slice_of(text, sizeof text));
}

static void put_header(struct public_record *record, const char *name, struct slice value) {
    ASSERT(record->header_count < PUBLIC_HEADERS_MAX);
    if (value.size == 0) return;
    record->headers[record->header_count++] = (struct topic_header){slice_text(name), value};
}

/* False: there was no room. */
static bool put_record(struct telling *telling, bool is_dead_letter, struct slice type, struct slice key,
                       struct slice value) {
    ASSERT(telling->count < PUBLIC_RECORDS_MAX);
    struct slice id = record_id(telling, telling->count);
    if (id.data == NULL || key.data == NULL || value.data == NULL) return false;
    struct public_record *record = &telling->records[telling->count++];
    *record = (struct public_record){.is_dead_letter = is_dead_letter, .key = key, .value = value};
    put_header(record, "ce_specversion", slice_text("1.0"));
    put_header(record, "ce_id", id);
    put_header(record, "ce_source", telling->source);
    put_header(record, "ce_type", type);
    put_header(record, "ce_time", telling->time);
    put_header(record, "content-type", slice_text("application/protobuf"));
    put_header(record, "ce_bhrnumber", telling->number);
    if (telling->entry->kind == ENTRY_COMMAND) {
        put_header(record, "ce_bhrsystem", journal_name_slice(&telling->entry->source));
        put_header(record, "ce_correlationid", telling->body.correlation_id);
        if (!uuid_is_zero(telling->entry->command_id)) put_header(record, "ce_causationid", telling->causation);
    }
    return true;
}

static bool tell_events(struct telling *telling) {
    const struct service *service = telling->context->service;
    for (uint32_t i = 0; i < telling->body.event_count; i++) {
        struct public_event event;
        if (!service->publish(telling->body.events[i], telling->arena, &event)) return false;
        if (!put_record(telling, false, event.type, event.key, event.value)) return false;
    }
    return true;
}

/* What the door refused is told in the door's own words: its outcome's name stands first in the detail. */
static const struct outcome_row *outcome_to_tell(const struct telling *telling, struct slice *ret_detail) {
    const struct service *service = telling->context->service;
    const struct entry_body *body = &telling->body;
    *ret_detail = body->detail;
    const struct outcome_row *row = service_outcome(service, body->outcome);
    ASSERT(row != NULL);
    if (body->outcome != OUTCOME_REFUSED_AT_DOOR) return row;
    size_t size = 0;
    while (size < body->detail.size && body->detail.data[size] != ':') size++;
    const struct outcome_row *refusal = service_outcome_named(service, slice_of(body->detail.data, size));
    if (refusal == NULL) return row;
    size_t rest = size + 2 < body->detail.size ? size + 2 : body->detail.size;
    *ret_detail = slice_of(body->detail.data + rest, body->detail.size - rest);
    return refusal;
}

static bool tell_outcome(struct telling *telling) {
    const struct entry *entry = telling->entry;
    const struct entry_body *body = &telling->body;
    struct request_outcome message = {.request_id = entry->command_id,
                                      .method = body->method,
                                      .is_repeated = body->repeats != 0,
                                      .number = entry->number};
    message.outcome = outcome_to_tell(telling, &message.detail);
    /* An answer of a method that this program does not know is private. */
    bool has_answer =
        body->answer.size > 0 && telling->context->service->publish_answer(body->method, body->answer, telling->arena,
                                                                           &message.answer_type, &message.answer);
    if (!has_answer) message.answer_type = message.answer = slice_of(NULL, 0);

    size_t size_max = REQUEST_OUTCOME_ROOM + message.answer.size;
    uint8_t *memory = arena_alloc(telling->arena, size_max);
    if (memory == NULL) return false;
    struct buffer value = buffer_over(memory, size_max);
    request_outcome_encode(&message, &value);
    ASSERT(!value.is_full);
    bool has_id = !uuid_is_zero(entry->command_id);
    return put_record(telling, false, slice_text(REQUEST_OUTCOME_TYPE),
                      has_id ? telling->causation : journal_name_slice(&entry->source), buffer_slice(&value));
}

static bool needs_attention(const struct telling *telling) {
    switch (telling->entry->kind) {
    case ENTRY_COMMAND: {
        uint32_t outcome = telling->body.outcome;
        if (telling->body.repeats != 0) return false;
        return outcome == OUTCOME_UNREADABLE || outcome == OUTCOME_SET_ASIDE || outcome == OUTCOME_REFUSED_AT_DOOR;
    }
    case ENTRY_TIMER:
        return telling->body.outcome == OUTCOME_SET_ASIDE || telling->body.outcome == OUTCOME_TOO_LARGE;
    case ENTRY_GAP:
        return true;
    }
    bhr_assert_failed("kind is one of enum entry_kind", __FILE__, __LINE__);
}

static bool tell_dead_letter(struct telling *telling) {
    const struct entry *entry = telling->entry;
    const struct entry_body *body = &telling->body;
    const struct outcome_row *row = service_outcome(telling->context->service, body->outcome);
    ASSERT(row != NULL);
    struct dead_letter letter = {
        .method = body->method, .outcome = row->name, .detail = body->detail, .number = entry->number};
    char lost[128];
    switch (entry->kind) {
    case ENTRY_COMMAND:
        letter.request_id = entry->command_id;
        letter.source = journal_name_slice(&entry->source);
        letter.generation = entry->command_at.generation;
        letter.offset = (uint64_t)entry->command_at.offset;
        break;
    case ENTRY_TIMER:
        letter.detail = slice_text("a timer of the service's own, which stays visible and is not due again");
        break;
    case ENTRY_GAP: {
        int size = snprintf(lost, sizeof lost, "every command from here up to generation %u, offset %lld was lost",
                            body->gap_to.generation, (long long)body->gap_to.offset);
        letter.detail = slice_of(lost, (size_t)size);
        letter.generation = body->gap_from.generation;
        letter.offset = (uint64_t)body->gap_from.offset;
        break;
    }
    }
    uint8_t *memory = arena_alloc(telling->arena, DEAD_LETTER_MAX);
    if (memory == NULL) return false;
    struct buffer value = buffer_over(memory, DEAD_LETTER_MAX);
    dead_letter_encode(&letter, &value);
    ASSERT(!value.is_full);
    return put_record(telling, true, slice_text(DEAD_LETTER_TYPE), telling->context->locality, buffer_slice(&value));
}
