/* Judges, unpacks and packs generated messages. Owns nothing; any thread. */
#include "lib/wire/exchange/wire_message.h"

#include "lib/base/assert.h"
#include "lib/base/proto_wire.h"
#include "lib/base/text.h"

/* Where in the message we are: a chain on the stack from the field back to the root. */
struct place {
    const struct place *parent;
    const char *field;
};

static bool check_message(const ProtobufCMessageDescriptor *descriptor, struct slice bytes, const struct place *parent,
                          int depth, struct wire_fault *ret_fault);
static bool check_field(const ProtobufCFieldDescriptor *known, const struct proto_field *field,
                        const struct place *place, int depth, struct wire_fault *ret_fault);
static enum proto_type wire_type_of(ProtobufCType type);
static bool fault_at(const struct place *place, const char *expected, struct wire_fault *ret_fault);
static void put_path(struct buffer *out, const struct place *place);
static void finish_fault(struct buffer *out, const char *expected, struct wire_fault *ret_fault);
static void *allocate(void *arena, size_t size);
static void release(void *arena, void *memory);

bool wire_check(const ProtobufCMessageDescriptor *descriptor, struct slice bytes, struct wire_fault *ret_fault) {
    return check_message(descriptor, bytes, NULL, 1, ret_fault);
}

static bool check_message(const ProtobufCMessageDescriptor *descriptor, struct slice bytes, const struct place *parent,
                          int depth, struct wire_fault *ret_fault) {
    ASSERT(depth > 0);
    if (depth > WIRE_DEPTH_MAX) return fault_at(parent, "expected at most 8 messages inside each other", ret_fault);
    struct proto_field field;
    bool is_bad;
    while (proto_next(&bytes, &field, &is_bad)) {
        const ProtobufCFieldDescriptor *known = protobuf_c_message_descriptor_get_field(descriptor, field.number);
        if (known == NULL) continue;
        struct place place = {.parent = parent, .field = known->name};
        if (!check_field(known, &field, &place, depth, ret_fault)) return false;
    }
    if (is_bad) return fault_at(parent, "expected a whole protobuf message", ret_fault);
    return true;
}

static bool check_field(const ProtobufCFieldDescriptor *known, const struct proto_field *field,
                        const struct place *place, int depth, struct wire_fault *ret_fault) {
    enum proto_type type = wire_type_of(known->type);
    /* Repeated numbers may travel packed into one run of bytes, which the unpacker judges. */
    bool may_be_packed = known->label == PROTOBUF_C_LABEL_REPEATED && type != PROTO_BYTES;
    if (field->type != type && !(may_be_packed && field->type == PROTO_BYTES)) {
        return fault_at(place, "expected the type that the contract says", ret_fault);
    }
    if (known->type == PROTOBUF_C_TYPE_STRING && !text_is_clean(field->bytes)) {
        return fault_at(place, "expected UTF-8 text without control characters", ret_fault);
    }
    if (known->type == PROTOBUF_C_TYPE_MESSAGE) {
        return check_message(known->descriptor, field->bytes, place, depth + 1, ret_fault);
    }
    return true;
}

void *wire_unpack(const ProtobufCMessageDescriptor *descriptor, struct slice bytes, struct arena *arena,
                  struct wire_fault *ret_fault) {
    ASSERT(arena != NULL);
    if (!wire_check(descriptor, bytes, ret_fault)) return NULL;
    static const uint8_t nothing[1];
    ProtobufCAllocator allocator = {.alloc = allocate, .free = release, .allocator_data = arena};
    const uint8_t *data = bytes.size > 0 ? bytes.data : nothing;
    void *message = protobuf_c_message_unpack(descriptor, &allocator, bytes.size, data);
    if (message == NULL)
        wire_fault_set(ret_fault, "", "", "expected a smaller message of the type that the contract says");
    return message;
}

void wire_pack(const ProtobufCMessage *message, struct buffer *out) {
    size_t size = protobuf_c_message_get_packed_size(message);
    if (out->is_full || size > out->size_max - out->size) {
        out->is_full = true;
        return;
    }
    if (size == 0) return;
    size_t packed = protobuf_c_message_pack(message, out->data + out->size);
    ASSERT(packed == size);
    out->size += size;
}

struct slice wire_pack_to_arena(const ProtobufCMessage *message, struct arena *arena) {
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *memory = arena_alloc(arena, size > 0 ? size : 1);
    if (memory == NULL) return (struct slice){.data = NULL, .size = 0};
    struct buffer out = buffer_over(memory, size);
    wire_pack(message, &out);
    ASSERT(!out.is_full);
    return slice_of(memory, size);
}

void wire_fault_set(struct wire_fault *fault, const char *prefix, const char *field, const char *expected) {
    struct buffer out = buffer_over(fault->text, sizeof fault->text - 1);
    buffer_put(&out, prefix, strlen(prefix));
    buffer_put(&out, field, strlen(field));
    finish_fault(&out, expected, fault);
}

static enum proto_type wire_type_of(ProtobufCType type) {
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_ENUM:
        return PROTO_VARINT;
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return PROTO_FIXED32;
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return PROTO_FIXED64;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return PROTO_BYTES;
    }
    bhr_assert_failed("type is one of ProtobufCType", __FILE__, __LINE__);
}

static bool fault_at(const struct place *place, const char *expected, struct wire_fault *ret_fault) {
    struct buffer out = buffer_over(ret_fault->text, sizeof ret_fault->text - 1);
    put_path(&out, place);
    finish_fault(&out, expected, ret_fault);
    return false;
}

static void put_path(struct buffer *out, const struct place *place) {
    if (place == NULL) return;
    if (place->parent != NULL) {
        put_path(out, place->parent);
        buffer_put(out, ".", 1);
    }
    buffer_put(out, place->field, strlen(place->field));
}

/* A path that does not fit whole is left out: half a name would mislead. */
static void finish_fault(struct buffer *out, const char *expected, struct wire_fault *ret_fault) {
    if (out->is_full) *out = buffer_over(ret_fault->text, sizeof ret_fault->text - 1);
    if (out->size > 0) buffer_put(out, ": ", 2);
    buffer_put(out, expected, strlen(expected));
    ret_fault->text[out->size] = '\0';
}

static void *allocate(void *arena, size_t size) {
    return arena_alloc(arena, size);
}

/* The arena is reset as a whole. */
static void release(void *arena, void *memory) {
    (void)arena;
    (void)memory;
}
