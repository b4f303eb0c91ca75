/* Records of bhr.keys.v1 in and out, judged field by field. Owns nothing; any thread. */
#include "lib/wire/exchange/person_key.h"

#include <bhr/exchange/v1/sealed.pb-c.h>

#include "lib/base/assert.h"
#include "lib/wire/exchange/wire_message.h"

enum { PERSON_KEY_ARENA_SIZE = 1024 };

static bool copy_exactly(ProtobufCBinaryData bytes, uint8_t *ret_bytes, size_t size);

bool person_key_decode(struct slice key, struct slice value, struct person_key_record *ret_record) {
    struct person_key_record record = {.is_destroyed = value.size == 0};
    if (!uuid_parse(key, &record.key_id) || !uuid_is_v7(record.key_id)) return false;
    if (record.is_destroyed) {
        *ret_record = record;
        return true;
    }
    if (value.size > PERSON_KEY_VALUE_MAX) return false;
    _Alignas(16) uint8_t memory[PERSON_KEY_ARENA_SIZE];
    struct arena arena = arena_over(memory, sizeof memory);
    struct wire_fault fault;
    const Bhr__Exchange__V1__PersonKey *message =
        wire_unpack(&bhr__exchange__v1__person_key__descriptor, value, &arena, &fault);
    bool is_good = message != NULL && uuid_parse(slice_text(message->person_id), &record.person_id) &&
                   !uuid_is_zero(record.person_id) &&
                   copy_exactly(message->wrapped, record.wrapped, sizeof record.wrapped) &&
                   copy_exactly(message->master_key_id, record.master_key_id, sizeof record.master_key_id);
    if (!is_good) return false;
    record.created_at_ms = message->created_at_ms;
    *ret_record = record;
    return true;
}

void person_key_encode(const struct person_key_record *record, struct buffer *out) {
    ASSERT(!record->is_destroyed);
    ASSERT(!uuid_is_zero(record->person_id));
    Bhr__Exchange__V1__PersonKey message = BHR__EXCHANGE__V1__PERSON_KEY__INIT;
    char person_text[UUID_TEXT_SIZE + 1] = "";
    uuid_format(record->person_id, person_text);
    message.person_id = person_text;
    /* The generated structs have no const; packing does not write through their pointers. */
    message.wrapped =
        (ProtobufCBinaryData){.len = sizeof record->wrapped, .data = (uint8_t *)(uintptr_t)record->wrapped};
    message.master_key_id =
        (ProtobufCBinaryData){.len = sizeof record->master_key_id, .data = (uint8_t *)(uintptr_t)record->master_key_id};
    message.created_at_ms = record->created_at_ms;
    wire_pack(&message.base, out);
}

struct slice person_key_bound_to(struct uuid person_id, struct uuid key_id, uint8_t ret_bytes[PERSON_KEY_BOUND_SIZE]) {
    memcpy(ret_bytes, person_id.bytes, sizeof person_id.bytes);
    memcpy(ret_bytes + sizeof person_id.bytes, key_id.bytes, sizeof key_id.bytes);
    return slice_of(ret_bytes, PERSON_KEY_BOUND_SIZE);
}

static bool copy_exactly(ProtobufCBinaryData bytes, uint8_t *ret_bytes, size_t size) {
    if (bytes.len != size) return false;
    memcpy(ret_bytes, bytes.data, size);
    return true;
}
