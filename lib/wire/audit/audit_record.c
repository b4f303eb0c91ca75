/* Reads and writes records of the audit trail. Owns nothing; any thread; never allocates and never logs. The field numbers
 * are those of proto/bhr/audit/v1/audit.proto; tests/wire/test_audit_record.c compares both ways with the generated code. */
#include "lib/wire/audit/audit_record.h"

#include "lib/base/assert.h"
#include "lib/base/proto_wire.h"
#include "lib/base/text.h"

enum audit_field {
    FIELD_AUDIT_ID = 1,
    FIELD_AT_MS = 2,
    FIELD_KIND = 3,
    FIELD_SERVICE = 4,
    FIELD_PROCESS = 5,
    FIELD_SYSTEM = 6,
    FIELD_ORGANISATION = 7,
    FIELD_SYSTEM_ROLE = 8,
    FIELD_USER = 9,
    FIELD_USER_ROLE = 10,
    FIELD_METHOD = 11,
    FIELD_PERSON_ID = 12,
    FIELD_SUBJECT_ORGANISATION = 13,
    FIELD_SUBJECT_SERVICE_ID = 14,
    FIELD_PURPOSE = 15,
    FIELD_CORRELATION_ID = 16,
    FIELD_REQUEST_ID = 17,
    FIELD_OUTCOME = 18,
    FIELD_POSITION = 19,
    FIELD_REFUSALS_SUPPRESSED = 20,
    FIELDS_MAX = 20,
};

/* The texts that are handed on as they are: one row each for encoder and decoder. */
static const struct {
    uint32_t number;
    size_t offset;
    const char *fault;
} texts[] = {
#define TEXT(number, field)                                                                                            \
    { number, offsetof(struct audit_record, field), #field ": expected clean text of at most 128 bytes" }
    TEXT(FIELD_SERVICE, service),
    TEXT(FIELD_PROCESS, process),
    TEXT(FIELD_SYSTEM, system),
    TEXT(FIELD_ORGANISATION, organisation),
    TEXT(FIELD_SYSTEM_ROLE, system_role),
    TEXT(FIELD_USER, user),
    TEXT(FIELD_USER_ROLE, user_role),
    TEXT(FIELD_METHOD, method),
    TEXT(FIELD_SUBJECT_ORGANISATION, subject_organisation),
    TEXT(FIELD_SUBJECT_SERVICE_ID, subject_service_id),
    TEXT(FIELD_PURPOSE, purpose),
    TEXT(FIELD_CORRELATION_ID, correlation_id),
    TEXT(FIELD_OUTCOME, outcome),
#undef TEXT
};
enum { TEXT_COUNT = sizeof texts / sizeof texts[0] };

static_assert(TEXT_COUNT * (AUDIT_TEXT_MAX + 4) + 3 * (UUID_TEXT_SIZE + 3) + 4 * 12 <= AUDIT_RECORD_MAX,
              "the largest record fits");

struct fields {
    struct slice bytes[FIELDS_MAX + 1];
    uint64_t values[FIELDS_MAX + 1];
};

static const char *read_fields(struct slice bytes, struct fields *ret_fields);
static bool is_number_field(uint32_t number);
static bool read_optional_id(struct slice text, struct uuid *ret_id);
static struct slice cut(struct slice text);
static void put_number(struct buffer *out, uint32_t number, int64_t value);
static void put_uuid(struct buffer *out, uint32_t number, struct uuid id);

const char *audit_kind_name(enum audit_kind kind) {
    switch (kind) {
#define X(kind_, number, name)                                                                                         \
    case kind_:                                                                                                        \
        return name;
        AUDIT_KINDS(X)
#undef X
    }
    return "?";
}

void audit_record_encode(const struct audit_record *record, struct buffer *out) {
    ASSERT(!uuid_is_zero(record->audit_id));
    ASSERT(record->at_ms >= 0 && record->position >= 0 && record->refusals_suppressed >= 0);
    ASSERT(record->outcome.size > 0);
    put_uuid(out, FIELD_AUDIT_ID, record->audit_id);
    put_number(out, FIELD_AT_MS, record->at_ms);
    put_number(out, FIELD_KIND, record->kind);
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        struct slice text;
        memcpy(&text, (const uint8_t *)record + texts[i].offset, sizeof text);
        text = cut(text);
        if (text.size > 0 && text_is_clean(text)) proto_put_bytes(out, texts[i].number, text);
    }
    put_uuid(out, FIELD_PERSON_ID, record->person_id);
    put_uuid(out, FIELD_REQUEST_ID, record->request_id);
    put_number(out, FIELD_POSITION, record->position);
    put_number(out, FIELD_REFUSALS_SUPPRESSED, record->refusals_suppressed);
}

bool audit_record_decode(struct slice bytes, struct audit_record *ret_record, const char **ret_fault) {
    ASSERT(ret_record != NULL);
    ASSERT(ret_fault != NULL);
    struct fields fields;
    *ret_fault = read_fields(bytes, &fields);
    if (*ret_fault != NULL) return false;
    struct audit_record record = {
        .at_ms = (int64_t)fields.values[FIELD_AT_MS],
        .position = (int64_t)fields.values[FIELD_POSITION],
        .refusals_suppressed = (int64_t)fields.values[FIELD_REFUSALS_SUPPRESSED],
    };
    uint64_t kind = fields.values[FIELD_KIND];
    bool has_id = uuid_parse(fields.bytes[FIELD_AUDIT_ID], &record.audit_id) && uuid_is_v7(record.audit_id);
    if (!has_id) {
        *ret_fault = "audit_id: expected a UUID of version 7 as text";
    } else if (kind < AUDIT_READ || kind > AUDIT_REFUSAL) {
        *ret_fault = "kind: expected one of AuditKind, not AUDIT_KIND_UNSPECIFIED";
    } else if (record.at_ms < 0 || record.position < 0 || record.refusals_suppressed < 0) {
        *ret_fault = "at_ms, position, refusals_suppressed: expected no negative number";
    } else if (!read_optional_id(fields.bytes[FIELD_PERSON_ID], &record.person_id)) {
        *ret_fault = "person_id: expected a UUID as text, or nothing";
    } else if (!read_optional_id(fields.bytes[FIELD_REQUEST_ID], &record.request_id)) {
        *ret_fault = "request_id: expected a UUID as text, or nothing";
    } else if (fields.bytes[FIELD_OUTCOME].size == 0) {
        *ret_fault = "outcome: expected the name of an outcome";
    }
    for (size_t i = 0; i < TEXT_COUNT && *ret_fault == NULL; i++) {
        struct slice text = fields.bytes[texts[i].number];
        if (text.size > AUDIT_TEXT_MAX || !text_is_clean(text)) *ret_fault = texts[i].fault;
        memcpy((uint8_t *)&record + texts[i].offset, &text, sizeof text);
    }
    if (*ret_fault != NULL) return false;
    record.kind = (enum audit_kind)kind;
    *ret_record = record;
    return true;
}

/* NULL when every field could be read; otherwise the fault. A field of a newer contract is passed over. */
static const char *read_fields(struct slice bytes, struct fields *ret_fields) {
    memset(ret_fields, 0, sizeof *ret_fields);
    struct proto_field field;
    bool is_bad;
    while (proto_next(&bytes, &field, &is_bad)) {
        if (field.number > FIELDS_MAX) continue;
        enum proto_type expected = is_number_field(field.number) ? PROTO_VARINT : PROTO_BYTES;
        if (field.type != expected) return "record: a field has another type than the contract says";
        ret_fields->bytes[field.number] = field.bytes;
        ret_fields->values[field.number] = field.value;
    }
    return is_bad ? "record: expected a protobuf message" : NULL;
}

static bool is_number_field(uint32_t number) {
    return number == FIELD_AT_MS || number == FIELD_KIND || number == FIELD_POSITION ||
           number == FIELD_REFUSALS_SUPPRESSED;
}

static bool read_optional_id(struct slice text, struct uuid *ret_id) {
    return text.size == 0 || uuid_parse(text, ret_id);
}

/* Never in the middle of a UTF-8 sequence: a cut one would not be clean text. */
static struct slice cut(struct slice text) {
    if (text.size <= AUDIT_TEXT_MAX) return text;
    size_t size = AUDIT_TEXT_MAX;
    while (size > 0 && (text.data[size] & 0xC0) == 0x80) size--;
    return slice_of(text.data, size);
}

static void put_number(struct buffer *out, uint32_t number, int64_t value) {
    if (value != 0) proto_put_varint(out, number, (uint64_t)value);
}

static void put_uuid(struct buffer *out, uint32_t number, struct uuid id) {
    if (uuid_is_zero(id)) return;
    char text[UUID_TEXT_SIZE];
    uuid_format(id, text);
    proto_put_bytes(out, number, slice_of(text, sizeof text));
}
