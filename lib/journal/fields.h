/* Private to lib/journal: the field numbers of journal.proto and the strict reading of one field's value. Each reader
 * takes a field that proto_next has already found well-formed and says whether its type and length are the right ones;
 * a false one leaves its result untouched. Pure. */
#ifndef BHR_JOURNAL_FIELDS_H
#define BHR_JOURNAL_FIELDS_H

#include "lib/base/proto_wire.h"
#include "lib/journal/record.h"

/* Fields 1 to 15 are the rule's, frozen for ever; a higher number is body (journal.md section 2). */
enum { FIELD_RULE_MAX = 15 };

enum record_field { RECORD_FIELD_GENESIS = 1, RECORD_FIELD_CLAIM = 2, RECORD_FIELD_ENTRY = 3 };

enum position_field { POSITION_GENERATION = 1, POSITION_OFFSET = 2 };

enum work_field { WORK_FIELD_POSITION = 1, WORK_FIELD_TIMER = 2 };

enum genesis_field {
    GENESIS_JOURNAL_ID = 1,
    GENESIS_ENVIRONMENT = 2,
    GENESIS_SERVICE = 3,
    GENESIS_LOCALITY = 4,
    GENESIS_STARTS_AT = 5,
};

enum claim_field {
    CLAIM_EPOCH = 1,
    CLAIM_OWNER = 2,
    CLAIM_CRASHED_AT = 3,
    CLAIM_SOFTWARE = 16,
    CLAIM_HOST = 17,
    CLAIM_APPLY_VERSION = 18,
};

enum entry_field {
    ENTRY_EPOCH = 1,
    ENTRY_OWNER = 2,
    ENTRY_NUMBER = 3,
    ENTRY_PREV = 4,
    ENTRY_RESUME_AT = 5,
    ENTRY_DECIDED_AT_MS = 6,
    ENTRY_SOURCE = 7,
    ENTRY_COMMAND_ID = 8,
    ENTRY_COMMAND_DIGEST = 9,
    ENTRY_COMMAND_AT = 10,
    ENTRY_TIMER_ID = 11,
    ENTRY_SCHEMA = 16,
    ENTRY_OUTCOME = 17,
    ENTRY_ANSWER = 18,
    ENTRY_REPEATS = 19,
    ENTRY_GAP_FROM = 20,
    ENTRY_GAP_TO = 21,
    ENTRY_DETAIL = 22,
    ENTRY_EVENTS = 23,
    ENTRY_CORRELATION_ID = 24,
    ENTRY_METHOD = 25,
    ENTRY_FIELD_LAST = ENTRY_METHOD,
};

/* Which fields of one message were seen, as a set of bits by field number. */
struct fields_seen {
    uint32_t bits;
};

#define FIELD_BIT(number) (UINT32_C(1) << (number))

/* False when the field was there before. number is at most 31. */
static inline bool field_is_first(struct fields_seen *seen, uint32_t number) {
    uint32_t bit = FIELD_BIT(number);
    bool is_first = (seen->bits & bit) == 0;
    seen->bits |= bit;
    return is_first;
}

static inline bool fields_has_all(struct fields_seen seen, uint32_t bits) {
    return (seen.bits & bits) == bits;
}

static inline bool field_u64(const struct proto_field *field, uint64_t *ret_value) {
    if (field->type != PROTO_VARINT) return false;
    *ret_value = field->value;
    return true;
}

static inline bool field_u32(const struct proto_field *field, uint32_t *ret_value) {
    if (field->type != PROTO_VARINT || field->value > UINT32_MAX) return false;
    *ret_value = (uint32_t)field->value;
    return true;
}

/* Unsigned on the wire, signed here: offsets and times. */
static inline bool field_i64(const struct proto_field *field, int64_t *ret_value) {
    if (field->type != PROTO_VARINT || field->value > INT64_MAX) return false;
    *ret_value = (int64_t)field->value;
    return true;
}

static inline bool field_bytes(const struct proto_field *field, struct slice *ret_bytes) {
    if (field->type != PROTO_BYTES) return false;
    *ret_bytes = field->bytes;
    return true;
}

static inline bool field_16_bytes(const struct proto_field *field, uint8_t ret_bytes[16]) {
    if (field->type != PROTO_BYTES || field->bytes.size != 16) return false;
    memcpy(ret_bytes, field->bytes.data, 16);
    return true;
}

static inline bool field_name(const struct proto_field *field, struct journal_name *ret_name) {
    return field->type == PROTO_BYTES && journal_name_set(ret_name, field->bytes);
}

/* A Position has no body: both its fields exactly once and nothing else. In record_read.c and record_write.c. */
bool field_position(const struct proto_field *field, struct position *ret_position);
void field_put_position(struct buffer *out, uint32_t number, struct position position);

#endif
