/* Commands on their way to the command log, handed to the writer together at the end of a step: one by one, each after the
 * work that made it, they would become a request to the broker each. Owns copies of their bytes; never holds any beyond the
 * step that made them. Loop's thread. */
#include "lib/host/door_internal.h"

#include <stdlib.h>

static struct slice keep(struct door_burst *burst, struct slice bytes);

void door_burst_put(struct door *door, const struct topic_append *record) {
    struct door_burst *burst = &door->burst;
    ASSERT(record->header_count <= DOOR_HEADERS_MAX);
    size_t size = record->value.size;
    for (uint32_t i = 0; i < record->header_count; i++) size += record->headers[i].value.size;
    ASSERT(size <= burst->bytes.size_max);
    bool has_room = burst->count < DOOR_BURST_MAX && size <= burst->bytes.size_max - burst->bytes.size;
    if (!has_room) door_burst_send(door);
    struct door_burst_record *kept = &burst->records[burst->count++];
    *kept = (struct door_burst_record){
        .token = record->token, .value = keep(burst, record->value), .header_count = record->header_count};
    for (uint32_t i = 0; i < record->header_count; i++) {
        kept->headers[i].name = record->headers[i].name; /* static text */
        kept->headers[i].value = keep(burst, record->headers[i].value);
    }
}

void door_burst_send(struct door *door) {
    struct door_burst *burst = &door->burst;
    ASSERT(burst->count <= DOOR_BURST_MAX);
    for (uint32_t i = 0; i < burst->count; i++) {
        const struct door_burst_record *record = &burst->records[i];
        const struct topic_append append = {.topic = door->command_topic,
                                            .key = slice_text(door->options.locality),
                                            .value = record->value,
                                            .header_count = record->header_count,
                                            .headers = record->headers,
                                            .token = record->token};
        enum status status = door->ports.writer.append(door->ports.writer.context, &append);
        if (status == STATUS_OK) continue;
        struct ticket *ticket = door_table_by_token(&door->table, record->token);
        ASSERT(ticket != NULL); /* nothing that could answer it runs before this */
        bool is_full = status == STATUS_FULL;
        struct door_reply reply = {.outcome = is_full ? OUTCOME_TOO_BUSY : OUTCOME_UNAVAILABLE};
        if (is_full) reply.retry_after_ms = DOOR_BUSY_RETRY_MS;
        door_close_ticket(door, ticket, &reply);
    }
    burst->count = 0;
    burst->bytes.size = 0;
}

bool door_burst_init(struct door_burst *burst) {
    burst->count = 0;
    burst->bytes = buffer_over(malloc(TOPIC_VALUE_MAX), TOPIC_VALUE_MAX);
    return burst->bytes.data != NULL;
}

void door_burst_fini(struct door_burst *burst) {
    free(burst->bytes.data);
    burst->bytes.data = NULL;
}

static struct slice keep(struct door_burst *burst, struct slice bytes) {
    const uint8_t *at = burst->bytes.data + burst->bytes.size;
    buffer_put(&burst->bytes, bytes.data, bytes.size);
    ASSERT(!burst->bytes.is_full);
    return slice_of(at, bytes.size);
}
