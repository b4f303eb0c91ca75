/* The writer of journal records: fields in rising order, the rule's always present, zeros included. The rule's fields
 * of a record are small and bounded, so they are written into a scratch array first: that gives the length that must
 * stand before them. The body, which may be large, goes straight into the caller's buffer. A record is written whole or
 * not at all. Pure. */
#include "lib/journal/fields.h"

#include "lib/base/assert.h"

enum {
    /* The largest heads, a Genesis (three names) and an entry about a command (four ids, a name, two positions), take
     * less than 250 bytes. */
    HEAD_MAX = 320,
    POSITION_MAX = 20,
    WORK_MAX = 24,
};

static void write_genesis(const struct genesis *genesis, struct buffer *out);
static void write_claim(const struct claim *claim, struct buffer *out);
static void write_entry_head(const struct entry *entry, struct buffer *head);

void journal_record_write(const struct journal_record *record, struct buffer *out) {
    switch (record->kind) {
    case RECORD_GENESIS:
        write_genesis(&record->as.genesis, out);
        return;
    case RECORD_CLAIM:
        write_claim(&record->as.claim, out);
        return;
    case RECORD_ENTRY:
        journal_entry_write(&record->as.entry, out);
        return;
    }
    bhr_assert_failed("one of the three kinds of record", __FILE__, __LINE__);
}

/* Writes what stands before a record's content of size bytes; false, and the buffer marked full, when content and all
 * do not fit or the record is over its maximum. */
static bool begin_record(struct buffer *out, enum record_field number, size_t size) {
    ASSERT(out->size <= out->size_max);
    size_t total = proto_bytes_size(number, size);
    if (out->is_full || total > JOURNAL_RECORD_MAX || total > out->size_max - out->size) {
        out->is_full = true;
        return false;
    }
    buffer_put_u8(out, (uint8_t)((unsigned)number << 3 | PROTO_BYTES));
    size_t rest = size;
    for (; rest >= 0x80; rest >>= 7) buffer_put_u8(out, (uint8_t)(rest | 0x80));
    buffer_put_u8(out, (uint8_t)rest);
    return true;
}

void journal_entry_write(const struct entry *entry, struct buffer *out) {
    uint8_t scratch[HEAD_MAX];
    struct buffer head = buffer_over(scratch, sizeof scratch);
    write_entry_head(entry, &head);
    ASSERT(!head.is_full);
    if (!begin_record(out, RECORD_FIELD_ENTRY, head.size + entry->body.size)) return;
    buffer_put(out, head.data, head.size);
    buffer_put(out, entry->body.data, entry->body.size);
    ASSERT(!out->is_full);
}

void journal_entry_write_with_body(const struct entry *entry, const struct entry_body *body, struct buffer *out) {
    uint8_t scratch[HEAD_MAX];
    struct buffer head = buffer_over(scratch, sizeof scratch);
    write_entry_head(entry, &head);
    ASSERT(!head.is_full);
    if (!begin_record(out, RECORD_FIELD_ENTRY, head.size + entry_body_size(body))) return;
    buffer_put(out, head.data, head.size);
    entry_body_write(body, out);
    ASSERT(!out->is_full);
}

static void put_16_bytes(struct buffer *out, uint32_t number, const uint8_t bytes[16]) {
    proto_put_bytes(out, number, slice_of(bytes, 16));
}

static void put_name(struct buffer *out, uint32_t number, const struct journal_name *name) {
    ASSERT(name->size >= 1 && name->size <= JOURNAL_NAME_MAX);
    proto_put_bytes(out, number, journal_name_slice(name));
}

static void write_entry_head(const struct entry *entry, struct buffer *head) {
    ASSERT(entry->decided_at_ms >= 0);
    proto_put_varint(head, ENTRY_EPOCH, entry->epoch);
    put_16_bytes(head, ENTRY_OWNER, entry->owner.bytes);
    proto_put_varint(head, ENTRY_NUMBER, entry->number);
    put_16_bytes(head, ENTRY_PREV, entry->prev.bytes);
    field_put_position(head, ENTRY_RESUME_AT, entry->resume_at);
    proto_put_varint(head, ENTRY_DECIDED_AT_MS, (uint64_t)entry->decided_at_ms);
    switch (entry->kind) {
    case ENTRY_COMMAND:
        put_name(head, ENTRY_SOURCE, &entry->source);
        put_16_bytes(head, ENTRY_COMMAND_ID, entry->command_id.bytes);
        put_16_bytes(head, ENTRY_COMMAND_DIGEST, entry->command_digest.bytes);
        field_put_position(head, ENTRY_COMMAND_AT, entry->command_at);
        return;
    case ENTRY_TIMER:
        put_16_bytes(head, ENTRY_TIMER_ID, entry->timer.bytes);
        return;
    case ENTRY_GAP:
        return;
    }
    bhr_assert_failed("one of the three kinds of entry", __FILE__, __LINE__);
}

static void write_genesis(const struct genesis *genesis, struct buffer *out) {
    uint8_t scratch[HEAD_MAX];
    struct buffer head = buffer_over(scratch, sizeof scratch);
    put_16_bytes(&head, GENESIS_JOURNAL_ID, genesis->journal_id.bytes);
    put_name(&head, GENESIS_ENVIRONMENT, &genesis->environment);
    put_name(&head, GENESIS_SERVICE, &genesis->service);
    put_name(&head, GENESIS_LOCALITY, &genesis->locality);
    field_put_position(&head, GENESIS_STARTS_AT, genesis->starts_at);
    ASSERT(!head.is_full);
    if (begin_record(out, RECORD_FIELD_GENESIS, head.size)) buffer_put(out, head.data, head.size);
}

static void put_work(struct buffer *out, uint32_t number, const struct work *work) {
    uint8_t scratch[WORK_MAX];
    struct buffer message = buffer_over(scratch, sizeof scratch);
    switch (work->kind) {
    case WORK_NONE:
        return; /* The one field of the rule that may be absent. */
    case WORK_COMMAND:
        field_put_position(&message, WORK_FIELD_POSITION, work->position);
        break;
    case WORK_TIMER:
        put_16_bytes(&message, WORK_FIELD_TIMER, work->timer.bytes);
        break;
    }
    ASSERT(!message.is_full && message.size > 0);
    proto_put_bytes(out, number, buffer_slice(&message));
}

static void write_claim(const struct claim *claim, struct buffer *out) {
    uint8_t scratch[HEAD_MAX];
    struct buffer head = buffer_over(scratch, sizeof scratch);
    proto_put_varint(&head, CLAIM_EPOCH, claim->epoch);
    put_16_bytes(&head, CLAIM_OWNER, claim->owner.bytes);
    put_work(&head, CLAIM_CRASHED_AT, &claim->crashed_at);

    uint8_t tail_scratch[16];
    struct buffer tail = buffer_over(tail_scratch, sizeof tail_scratch);
    proto_put_varint(&tail, CLAIM_APPLY_VERSION, claim->apply_version);
    ASSERT(!head.is_full && !tail.is_full);

    size_t size = head.size + proto_bytes_size(CLAIM_SOFTWARE, claim->software.size) +
                  proto_bytes_size(CLAIM_HOST, claim->host.size) + tail.size;
    if (!begin_record(out, RECORD_FIELD_CLAIM, size)) return;
    buffer_put(out, head.data, head.size);
    proto_put_bytes(out, CLAIM_SOFTWARE, claim->software);
    proto_put_bytes(out, CLAIM_HOST, claim->host);
    buffer_put(out, tail.data, tail.size);
    ASSERT(!out->is_full);
}

void field_put_position(struct buffer *out, uint32_t number, struct position position) {
    ASSERT(position.offset >= 0);
    uint8_t scratch[POSITION_MAX];
    struct buffer message = buffer_over(scratch, sizeof scratch);
    proto_put_varint(&message, POSITION_GENERATION, position.generation);
    proto_put_varint(&message, POSITION_OFFSET, (uint64_t)position.offset);
    ASSERT(!message.is_full);
    proto_put_bytes(out, number, buffer_slice(&message));
}
