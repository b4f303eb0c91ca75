/* Keeps the public fields of a message. Owns nothing; any thread. */
#include "lib/wire/exchange/wire_public.h"

#include "lib/base/assert.h"
#include "lib/base/proto_wire.h"

static bool keep_public(const struct wire_public_table *table, const ProtobufCMessageDescriptor *descriptor,
                        struct slice bytes, struct arena *arena, struct slice *ret_public);
static bool is_public(const struct wire_public_table *table, const ProtobufCMessageDescriptor *descriptor,
                      const ProtobufCFieldDescriptor *field);

bool wire_public(const struct wire_public_table *table, const ProtobufCMessageDescriptor *descriptor,
                 struct slice bytes, struct arena *arena, struct slice *ret_public) {
    struct wire_fault fault;
    if (!wire_check(descriptor, bytes, &fault)) return false;
    return keep_public(table, descriptor, bytes, arena, ret_public);
}

/* The bytes were checked: types are right, and messages inside messages have a bounded depth. */
static bool keep_public(const struct wire_public_table *table, const ProtobufCMessageDescriptor *descriptor,
                        struct slice bytes, struct arena *arena, struct slice *ret_public) {
    ASSERT(descriptor->n_fields <= 64);
    /* Never longer than what came in: fields are only left out. */
    uint8_t *memory = arena_alloc(arena, bytes.size > 0 ? bytes.size : 1);
    if (memory == NULL) return false;
    struct buffer out = buffer_over(memory, bytes.size);
    struct proto_field field;
    bool is_bad = false;
    uint64_t seen = 0;
    for (struct slice from = bytes; proto_next(&bytes, &field, &is_bad); from = bytes) {
        const ProtobufCFieldDescriptor *known = protobuf_c_message_descriptor_get_field(descriptor, field.number);
        if (known == NULL || !is_public(table, descriptor, known)) continue;
        /* A reader takes the last of a field that stands twice and never shows the first: that one would be
         * smuggled. */
        uint64_t bit = UINT64_C(1) << (known - descriptor->fields);
        if (known->label != PROTOBUF_C_LABEL_REPEATED && (seen & bit) != 0) return false;
        seen |= bit;
        if (known->type == PROTOBUF_C_TYPE_MESSAGE) {
            struct slice inner;
            if (!keep_public(table, known->descriptor, field.bytes, arena, &inner)) return false;
            proto_put_bytes(&out, field.number, inner);
        } else {
            buffer_put(&out, from.data, from.size - bytes.size);
        }
    }
    ASSERT(!is_bad && !out.is_full);
    *ret_public = buffer_slice(&out);
    return true;
}

static bool is_public(const struct wire_public_table *table, const ProtobufCMessageDescriptor *descriptor,
                      const ProtobufCFieldDescriptor *field) {
    for (uint32_t i = 0; i < table->count; i++) {
        const struct wire_public_row *row = &table->rows[i];
        if (row->message == descriptor && strcmp(row->field, field->name) == 0) return row->is_public;
    }
    return false;
}

/* Our own writer writes exactly one. */
bool wire_public_inner(const ProtobufCMessageDescriptor *events, struct slice event,
                       const ProtobufCMessageDescriptor **ret_message, struct slice *ret_bytes) {
    const ProtobufCFieldDescriptor *found = NULL;
    struct proto_field field;
    bool is_bad = false;
    while (proto_next(&event, &field, &is_bad)) {
        const ProtobufCFieldDescriptor *known = protobuf_c_message_descriptor_get_field(events, field.number);
        if (known == NULL) continue;
        if (found != NULL || field.type != PROTO_BYTES) return false;
        found = known;
        *ret_bytes = field.bytes;
    }
    if (found != NULL) *ret_message = found->descriptor;
    return found != NULL && !is_bad;
}
