/* The reader's twin. Owns its position and the copy of the record it lent last; one thread; never waits. */
#include "lib/port/fake/reader.h"

#include "lib/base/assert.h"
#include "lib/port/fake/memory.h"

#include <stdlib.h>

static void look(struct fake_reader *reader, struct topic_event *ret_event);
static void lend(struct fake_reader *reader, const struct topic_record *record, struct topic_event *ret_event);
static void end_loan(struct fake_reader *reader);

static void poll(void *context, struct topic_event *ret_event) {
    struct fake_reader *reader = context;
    fake_at_call(reader->hooks, "reader.poll");
    end_loan(reader);
    *ret_event = (struct topic_event){.kind = TOPIC_NOTHING};
    if (reader->log == NULL || reader->is_dead) return;
    if (reader->pending != TOPIC_NOTHING) {
        ret_event->kind = reader->pending;
        ret_event->reason = "drawn";
        reader->is_dead = reader->pending == TOPIC_FAILED;
        reader->pending = TOPIC_NOTHING;
    } else if (!fake_chance(reader->hooks, reader->nothing_per_mille)) {
        look(reader, ret_event);
    }
    if (ret_event->kind != TOPIC_NOTHING) fake_done(reader->hooks, "reader.poll done");
}

/* What the log has for this reader now. */
static void look(struct fake_reader *reader, struct topic_event *ret_event) {
    const struct fake_log *log = reader->log;
    if (reader->is_leader_new) {
        /* Until its followers have answered it, a new leader tells an end that was true once (KIP-207). */
        reader->is_leader_new = false;
        ret_event->kind = TOPIC_END;
        ret_event->offset = log->start + (int64_t)fake_draw(reader->hooks, (uint64_t)(log->end - log->start) + 1);
        return;
    }
    if (reader->position < log->start || reader->position > log->end) {
        ret_event->kind = TOPIC_OUT_OF_RANGE;
        ret_event->reason = "no such offset";
        reader->is_dead = true;
        return;
    }
    const struct fake_record *record = fake_log_at_or_after(log, reader->position);
    if (record == NULL) {
        if (reader->is_end_told) return;
        reader->is_end_told = true;
        ret_event->kind = TOPIC_END;
        ret_event->offset = log->end;
    } else if (record->landed_at_ms + reader->lag_ms <= reader->broker->time->now_ms) {
        reader->is_end_told = false;
        reader->position = record->shown.offset + 1;
        lend(reader, &record->shown, ret_event);
    }
}

static enum status assign(void *context, const char *topic, int64_t offset, struct error *reterr_error) {
    struct fake_reader *reader = context;
    fake_at_call(reader->hooks, "reader.assign");
    end_loan(reader);
    reader->log = fake_log_find(reader->broker, topic);
    if (reader->log == NULL) return error_set(reterr_error, STATUS_NOT_FOUND, "no topic %s", topic);
    reader->position = offset;
    reader->is_end_told = reader->is_dead = false;
    reader->pending = TOPIC_NOTHING;
    fake_done(reader->hooks, "reader.assign done");
    return STATUS_OK;
}

static void unassign(void *context) {
    struct fake_reader *reader = context;
    fake_at_call(reader->hooks, "reader.unassign");
    end_loan(reader);
    if (reader->log == NULL) return;
    reader->log = NULL;
    fake_done(reader->hooks, "reader.unassign done");
}

static uint32_t waiting(void *context) {
    const struct fake_reader *reader = context;
    if (reader->log == NULL || reader->is_dead || reader->position >= reader->log->end) return 0;
    return (uint32_t)(reader->log->end - reader->position);
}

void fake_reader_init(struct fake_reader *reader, struct fake_broker *broker, const struct fake_hooks *hooks) {
    *reader = (struct fake_reader){.broker = broker, .hooks = hooks, .pending = TOPIC_NOTHING};
}

void fake_reader_fini(struct fake_reader *reader) {
    end_loan(reader);
    reader->log = NULL;
}

struct topic_reader fake_reader_port(struct fake_reader *reader) {
    return (struct topic_reader){
        .context = reader, .assign = assign, .unassign = unassign, .poll = poll, .waiting = waiting};
}

int64_t fake_reader_next_ms(const struct fake_reader *reader) {
    if (reader->log == NULL || reader->is_dead) return INT64_MAX;
    if (reader->pending != TOPIC_NOTHING || reader->is_leader_new) return reader->broker->time->now_ms;
    if (reader->position < reader->log->start || reader->position > reader->log->end) {
        return reader->broker->time->now_ms;
    }
    const struct fake_record *record = fake_log_at_or_after(reader->log, reader->position);
    if (record != NULL) return record->landed_at_ms + reader->lag_ms;
    return reader->is_end_told ? INT64_MAX : reader->broker->time->now_ms;
}

/* The record as a copy of its own: what was lent before is gone. */
static void lend(struct fake_reader *reader, const struct topic_record *record, struct topic_event *ret_event) {
    size_t size = record->key.size + record->value.size;
    for (uint32_t i = 0; i < record->header_count; i++) {
        size += record->headers[i].name.size + record->headers[i].value.size;
    }
    uint8_t *to = fake_memory(NULL, size + 1);
    ASSERT(reader->lent == NULL);
    reader->lent = to;
    ret_event->kind = TOPIC_RECORD;
    ret_event->record.offset = record->offset;
    ret_event->record.timestamp_ms = record->timestamp_ms;
    ret_event->record.is_log_append_time = record->is_log_append_time;
    ret_event->record.header_count = record->header_count;
    struct slice from[2 + 2 * TOPIC_HEADERS_MAX];
    struct slice *shown[2 + 2 * TOPIC_HEADERS_MAX];
    size_t count = 0;
    from[count] = record->key;
    shown[count++] = &ret_event->record.key;
    from[count] = record->value;
    shown[count++] = &ret_event->record.value;
    for (uint32_t i = 0; i < record->header_count; i++) {
        from[count] = record->headers[i].name;
        shown[count++] = &ret_event->record.headers[i].name;
        from[count] = record->headers[i].value;
        shown[count++] = &ret_event->record.headers[i].value;
    }
    for (size_t i = 0; i < count; i++) {
        if (from[i].size > 0) memcpy(to, from[i].data, from[i].size);
        *shown[i] = slice_of(to, from[i].size);
        to += from[i].size;
    }
}

static void end_loan(struct fake_reader *reader) {
    free(reader->lent);
    reader->lent = NULL;
}
