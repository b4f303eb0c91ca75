/* The strict reader of journal records (journal.md section 2). What it refuses is not history, so it depends on nothing
 * but proto_next and is frozen with the rule's fields: each exactly once where required, of the right type and length,
 * in any order, nothing unknown among numbers 1 to 15; from 16 up a Genesis, Claim or Entry may carry anything
 * well-formed. Record, Position and Work have no body and hold nothing else. Pure. */
#include "lib/journal/fields.h"

static bool read_genesis(struct slice message, struct genesis *ret_genesis);
static bool read_claim(struct slice message, struct claim *ret_claim);
static bool read_entry(struct slice message, struct entry *ret_entry);

bool journal_record_read(struct slice value, struct journal_record *ret_record) {
    struct proto_field field;
    bool is_bad = false;
    struct slice rest = value;
    if (!proto_next(&rest, &field, &is_bad)) return false;
    if (rest.size != 0 || field.type != PROTO_BYTES) return false;

    struct journal_record record = {0};
    bool is_read = false;
    switch (field.number) {
    case RECORD_FIELD_GENESIS:
        record.kind = RECORD_GENESIS;
        is_read = read_genesis(field.bytes, &record.as.genesis);
        break;
    case RECORD_FIELD_CLAIM:
        record.kind = RECORD_CLAIM;
        is_read = read_claim(field.bytes, &record.as.claim);
        break;
    case RECORD_FIELD_ENTRY:
        record.kind = RECORD_ENTRY;
        is_read = read_entry(field.bytes, &record.as.entry);
        break;
    default:
        break;
    }
    if (is_read) *ret_record = record;
    return is_read;
}

static bool read_genesis_field(const struct proto_field *field, struct genesis *genesis) {
    switch (field->number) {
    case GENESIS_JOURNAL_ID:
        return field_16_bytes(field, genesis->journal_id.bytes);
    case GENESIS_ENVIRONMENT:
        return field_name(field, &genesis->environment);
    case GENESIS_SERVICE:
        return field_name(field, &genesis->service);
    case GENESIS_LOCALITY:
        return field_name(field, &genesis->locality);
    case GENESIS_STARTS_AT:
        return field_position(field, &genesis->starts_at);
    default:
        return false;
    }
}

static bool read_genesis(struct slice message, struct genesis *ret_genesis) {
    const uint32_t required = FIELD_BIT(GENESIS_JOURNAL_ID) | FIELD_BIT(GENESIS_ENVIRONMENT) |
                              FIELD_BIT(GENESIS_SERVICE) | FIELD_BIT(GENESIS_LOCALITY) | FIELD_BIT(GENESIS_STARTS_AT);
    struct fields_seen seen = {0};
    struct proto_field field;
    bool is_bad = false;
    while (proto_next(&message, &field, &is_bad)) {
        if (field.number > FIELD_RULE_MAX) continue;
        if (!field_is_first(&seen, field.number) || !read_genesis_field(&field, ret_genesis)) return false;
    }
    return !is_bad && fields_has_all(seen, required);
}

static bool read_work(const struct proto_field *field, struct work *ret_work) {
    struct slice message;
    struct proto_field inner;
    bool is_bad = false;
    if (!field_bytes(field, &message)) return false;
    if (!proto_next(&message, &inner, &is_bad) || message.size != 0) return false; /* Exactly one of the two. */
    switch (inner.number) {
    case WORK_FIELD_POSITION:
        ret_work->kind = WORK_COMMAND;
        return field_position(&inner, &ret_work->position);
    case WORK_FIELD_TIMER:
        ret_work->kind = WORK_TIMER;
        return field_16_bytes(&inner, ret_work->timer.bytes);
    default:
        return false;
    }
}

static bool read_claim_field(const struct proto_field *field, struct claim *claim) {
    switch (field->number) {
    case CLAIM_EPOCH:
        return field_u64(field, &claim->epoch);
    case CLAIM_OWNER:
        return field_16_bytes(field, claim->owner.bytes);
    case CLAIM_CRASHED_AT:
        return read_work(field, &claim->crashed_at);
    default:
        return false;
    }
}

/* A claim's body is for humans: whatever is there and of the right type is taken, the rest is passed over. */
static void read_claim_body_field(const struct proto_field *field, struct claim *claim) {
    switch (field->number) {
    case CLAIM_SOFTWARE:
        (void)field_bytes(field, &claim->software);
        break;
    case CLAIM_HOST:
        (void)field_bytes(field, &claim->host);
        break;
    case CLAIM_APPLY_VERSION:
        (void)field_u32(field, &claim->apply_version);
        break;
    default:
        break;
    }
}

static bool read_claim(struct slice message, struct claim *ret_claim) {
    const uint32_t required = FIELD_BIT(CLAIM_EPOCH) | FIELD_BIT(CLAIM_OWNER);
    struct fields_seen seen = {0};
    struct proto_field field;
    bool is_bad = false;
    while (proto_next(&message, &field, &is_bad)) {
        if (field.number > FIELD_RULE_MAX) {
            read_claim_body_field(&field, ret_claim);
            continue;
        }
        if (!field_is_first(&seen, field.number) || !read_claim_field(&field, ret_claim)) return false;
    }
    return !is_bad && fields_has_all(seen, required);
}

static bool read_entry_field(const struct proto_field *field, struct entry *entry) {
    switch (field->number) {
    case ENTRY_EPOCH:
        return field_u64(field, &entry->epoch);
    case ENTRY_OWNER:
        return field_16_bytes(field, entry->owner.bytes);
    case ENTRY_NUMBER:
        return field_u64(field, &entry->number);
    case ENTRY_PREV:
        return field_16_bytes(field, entry->prev.bytes);
    case ENTRY_RESUME_AT:
        return field_position(field, &entry->resume_at);
    case ENTRY_DECIDED_AT_MS:
        return field_i64(field, &entry->decided_at_ms);
    case ENTRY_SOURCE:
        return field_name(field, &entry->source);
    case ENTRY_COMMAND_ID:
        return field_16_bytes(field, entry->command_id.bytes);
    case ENTRY_COMMAND_DIGEST:
        return field_16_bytes(field, entry->command_digest.bytes);
    case ENTRY_COMMAND_AT:
        return field_position(field, &entry->command_at);
    case ENTRY_TIMER_ID:
        return field_16_bytes(field, entry->timer.bytes);
    default:
        return false;
    }
}

/* About a command: its four fields. About a timer: that one. About a gap: none. Any other mix is no entry. */
static bool read_entry_kind(struct fields_seen seen, enum entry_kind *ret_kind) {
    const uint32_t of_command = FIELD_BIT(ENTRY_SOURCE) | FIELD_BIT(ENTRY_COMMAND_ID) |
                                FIELD_BIT(ENTRY_COMMAND_DIGEST) | FIELD_BIT(ENTRY_COMMAND_AT);
    const uint32_t of_timer = FIELD_BIT(ENTRY_TIMER_ID);
    uint32_t shape = seen.bits & (of_command | of_timer);
    if (shape == of_command) {
        *ret_kind = ENTRY_COMMAND;
    } else if (shape == of_timer) {
        *ret_kind = ENTRY_TIMER;
    } else if (shape == 0) {
        *ret_kind = ENTRY_GAP;
    } else {
        return false;
    }
    return true;
}

static bool read_entry(struct slice message, struct entry *ret_entry) {
    const uint32_t required = FIELD_BIT(ENTRY_EPOCH) | FIELD_BIT(ENTRY_OWNER) | FIELD_BIT(ENTRY_NUMBER) |
                              FIELD_BIT(ENTRY_PREV) | FIELD_BIT(ENTRY_RESUME_AT) | FIELD_BIT(ENTRY_DECIDED_AT_MS);
    struct fields_seen seen = {0};
    struct proto_field field;
    bool is_bad = false;
    for (;;) {
        struct slice from_here = message;
        if (!proto_next(&message, &field, &is_bad)) break;
        if (field.number > FIELD_RULE_MAX) {
            /* Everything from the first body field on is the body; its reader passes over the rule's fields, should
             * another writer have put some behind. */
            if (ret_entry->body.data == NULL) ret_entry->body = from_here;
            continue;
        }
        if (!field_is_first(&seen, field.number) || !read_entry_field(&field, ret_entry)) return false;
    }
    return !is_bad && fields_has_all(seen, required) && read_entry_kind(seen, &ret_entry->kind);
}

bool field_position(const struct proto_field *field, struct position *ret_position) {
    struct slice message;
    if (!field_bytes(field, &message)) return false;

    struct position position = {0};
    struct fields_seen seen = {0};
    struct proto_field inner;
    bool is_bad = false;
    while (proto_next(&message, &inner, &is_bad)) {
        if (inner.number == POSITION_GENERATION) {
            if (!field_is_first(&seen, POSITION_GENERATION) || !field_u32(&inner, &position.generation)) return false;
        } else if (inner.number == POSITION_OFFSET) {
            if (!field_is_first(&seen, POSITION_OFFSET) || !field_i64(&inner, &position.offset)) return false;
        } else {
            return false;
        }
    }
    if (is_bad || !fields_has_all(seen, FIELD_BIT(POSITION_GENERATION) | FIELD_BIT(POSITION_OFFSET))) return false;
    *ret_position = position;
    return true;
}
