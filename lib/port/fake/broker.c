/* The logs of a world and the appends on their way to them. Owns every record; one thread; never waits. */
#include "lib/port/fake/broker.h"

#include "lib/base/assert.h"
#include "lib/port/fake/memory.h"
#include "lib/port/fake/writer.h"

#include <stdio.h>
#include <stdlib.h>

enum { CHUNK_SIZE = 64 * 1024, CHUNK_HEAD = 32 };

struct fake_chunk {
    struct fake_chunk *next;
    size_t size, used;
};

static size_t index_at_or_after(const struct fake_log *log, int64_t offset);
static bool flies_before(const struct fake_flight *a, const struct fake_flight *b);
static void heap_rise(struct fake_flight *heap, size_t index);
static void heap_sink(struct fake_flight *heap, size_t count, size_t index);

bool fake_broker_deliver(struct fake_broker *broker) {
    if (fake_broker_next_ms(broker) > broker->time->now_ms) return false;
    struct fake_flight flight = broker->flights[0];
    broker->flights[0] = broker->flights[--broker->flight_count];
    heap_sink(broker->flights, broker->flight_count, 0);
    fake_log_append(broker, flight.log, flight.record, 0);
    if (flight.writer != NULL && !flight.is_reported_lost) fake_writer_landed(flight.writer, &flight);
    return true;
}

void fake_log_append(struct fake_broker *broker, struct fake_log *log, struct fake_record *record, int64_t skip) {
    ASSERT(skip >= 0);
    ASSERT(record->shown.offset == -1); /* a record lies in one place only */
    if (log->count == log->room) {
        log->room = log->room == 0 ? 256 : 2 * log->room;
        struct fake_record **grown = fake_memory(log->records, log->room * sizeof(struct fake_record *));
        log->records = grown;
    }
    record->shown.offset = log->end + skip;
    record->shown.timestamp_ms = broker->time->now_ms + broker->skew_ms;
    record->shown.is_log_append_time = broker->makes_timestamps;
    record->landed_at_ms = broker->time->now_ms;
    log->end = record->shown.offset + 1;
    log->records[log->count++] = record;
    if (broker->appended != NULL) broker->appended(broker->context, log, record);
}

void fake_broker_init(struct fake_broker *broker, const struct fake_time *time) {
    *broker = (struct fake_broker){.time = time, .makes_timestamps = true};
}

void fake_broker_fini(struct fake_broker *broker) {
    for (uint32_t i = 0; i < broker->log_count; i++) free(broker->logs[i].records);
    free(broker->flights);
    while (broker->chunks != NULL) {
        struct fake_chunk *next = broker->chunks->next;
        free(broker->chunks);
        broker->chunks = next;
    }
    *broker = (struct fake_broker){0};
}

void *fake_broker_alloc(struct fake_broker *broker, size_t size) {
    size = (size + 15) & ~(size_t)15;
    struct fake_chunk *chunk = broker->chunks;
    if (chunk == NULL || chunk->used + size > chunk->size) {
        size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;
        chunk = fake_memory(NULL, CHUNK_HEAD + room);
        *chunk = (struct fake_chunk){.next = broker->chunks, .size = room};
        broker->chunks = chunk;
    }
    void *memory = (uint8_t *)chunk + CHUNK_HEAD + chunk->used;
    chunk->used += size;
    return memory;
}
static_assert(sizeof(struct fake_chunk) <= CHUNK_HEAD, "the head has room");

struct slice fake_broker_copy(struct fake_broker *broker, struct slice bytes) {
    uint8_t *copy = fake_broker_alloc(broker, bytes.size + 1);
    if (bytes.size > 0) memcpy(copy, bytes.data, bytes.size);
    return slice_of(copy, bytes.size);
}

struct fake_log *fake_log_find(struct fake_broker *broker, const char *topic) {
    for (uint32_t i = 0; i < broker->log_count; i++) {
        if (strcmp(broker->logs[i].topic, topic) == 0) return &broker->logs[i];
    }
    return NULL;
}

struct fake_log *fake_log_make(struct fake_broker *broker, const char *topic) {
    struct fake_log *found = fake_log_find(broker, topic);
    if (found != NULL) return found;
    ASSERT(broker->log_count < FAKE_LOGS_MAX);
    struct fake_log *log = &broker->logs[broker->log_count++];
    *log = (struct fake_log){0};
    int size = snprintf(log->topic, sizeof log->topic, "%s", topic);
    ASSERT(size > 0 && (size_t)size < sizeof log->topic);
    return log;
}

const struct fake_record *fake_log_at_or_after(const struct fake_log *log, int64_t offset) {
    size_t index = index_at_or_after(log, offset);
    return index < log->count ? log->records[index] : NULL;
}

void fake_log_cut(struct fake_log *log, int64_t new_end) {
    ASSERT(new_end >= log->start && new_end <= log->end);
    log->count = index_at_or_after(log, new_end);
    log->end = new_end;
}

void fake_log_expire(struct fake_log *log, int64_t new_start) {
    ASSERT(new_start >= log->start && new_start <= log->end);
    log->start = new_start;
}

struct fake_record *fake_record_make(struct fake_broker *broker, const struct topic_append *append) {
    ASSERT(append->header_count <= TOPIC_HEADERS_MAX);
    struct fake_record *record = fake_broker_alloc(broker, sizeof *record);
    record->landed_at_ms = 0;
    record->shown.offset = -1;
    record->shown.key = fake_broker_copy(broker, append->key);
    record->shown.value = fake_broker_copy(broker, append->value);
    record->shown.header_count = append->header_count;
    for (uint32_t i = 0; i < append->header_count; i++) {
        record->shown.headers[i].name = fake_broker_copy(broker, append->headers[i].name);
        record->shown.headers[i].value = fake_broker_copy(broker, append->headers[i].value);
    }
    return record;
}

void fake_broker_send(struct fake_broker *broker, const struct fake_flight *flight) {
    if (broker->flight_count == broker->flight_room) {
        broker->flight_room = broker->flight_room == 0 ? 64 : 2 * broker->flight_room;
        struct fake_flight *grown = fake_memory(broker->flights, broker->flight_room * sizeof *grown);
        broker->flights = grown;
    }
    broker->flights[broker->flight_count] = *flight;
    broker->flights[broker->flight_count].order = broker->order_next++;
    heap_rise(broker->flights, broker->flight_count++);
}

int64_t fake_broker_next_ms(const struct fake_broker *broker) {
    return broker->flight_count == 0 ? INT64_MAX : broker->flights[0].land_at_ms;
}

void fake_broker_forget(struct fake_broker *broker, const struct fake_writer *writer) {
    for (size_t i = 0; i < broker->flight_count; i++) {
        if (broker->flights[i].writer == writer) broker->flights[i].writer = NULL;
    }
}

static enum status admin_range(void *context, const char *topic, int timeout_ms, struct topic_range *ret_range,
                               struct error *reterr_error) {
    struct fake_broker *broker = context;
    (void)timeout_ms;
    if (broker->time->now_ms < broker->mute_until_ms) {
        return error_set(reterr_error, STATUS_UNAVAILABLE, "the leader is not sure of its end");
    }
    const struct fake_log *log = fake_log_find(broker, topic);
    if (log == NULL) return error_set(reterr_error, STATUS_NOT_FOUND, "no topic %s", topic);
    *ret_range = (struct topic_range){.start = log->start, .end = log->end};
    return STATUS_OK;
}

struct topic_admin fake_broker_admin(struct fake_broker *broker) {
    return (struct topic_admin){.context = broker, .range = admin_range};
}

static size_t index_at_or_after(const struct fake_log *log, int64_t offset) {
    size_t low = 0, high = log->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (log->records[middle]->shown.offset < offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool flies_before(const struct fake_flight *a, const struct fake_flight *b) {
    return a->land_at_ms != b->land_at_ms ? a->land_at_ms < b->land_at_ms : a->order < b->order;
}

static void swap_flights(struct fake_flight *a, struct fake_flight *b) {
    struct fake_flight kept = *a;
    *a = *b;
    *b = kept;
}

static void heap_rise(struct fake_flight *heap, size_t index) {
    while (index > 0 && flies_before(&heap[index], &heap[(index - 1) / 2])) {
        swap_flights(&heap[index], &heap[(index - 1) / 2]);
        index = (index - 1) / 2;
    }
}

static void heap_sink(struct fake_flight *heap, size_t count, size_t index) {
    for (;;) {
        size_t first = index;
        for (size_t child = 2 * index + 1; child <= 2 * index + 2 && child < count; child++) {
            if (flies_before(&heap[child], &heap[first])) first = child;
        }
        if (first == index) return;
        swap_flights(&heap[index], &heap[first]);
        index = first;
    }
}
