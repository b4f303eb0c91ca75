/* Walks a table over a generated message and a plain struct. Owns nothing; any thread. */
#include "lib/wire/exchange/wire_table.h"

#include "lib/base/assert.h"
#include "lib/base/civil_time.h"
#include "lib/base/id.h"
#include "lib/base/text.h"

#include <string.h>

/* Where in the message we are: a chain on the stack from the table back to the root. */
struct where {
    const struct where *outer;
    const char *field;
    struct wire_fault *fault;
};

static bool read_message(const struct wire_table *table, const uint8_t *message, uint8_t *plain,
                         const struct where *where);
static bool read_row(const struct wire_row *row, const ProtobufCFieldDescriptor *field, const uint8_t *message,
                     uint8_t *plain, const struct where *where);
static bool read_value(const struct wire_row *row, const ProtobufCFieldDescriptor *field, const uint8_t *value,
                       uint8_t *plain, uint32_t *count, bool *told, const struct where *where);
static void *fill_message(const struct wire_table *table, const uint8_t *plain, struct arena *arena);
static bool fill_row(const struct wire_row *row, const ProtobufCFieldDescriptor *field, const uint8_t *plain,
                     uint8_t *message, struct arena *arena);
static bool fill_value(const struct wire_row *row, const uint8_t *plain, uint32_t count, uint8_t *value,
                       struct arena *arena);

/* Rows stand, as a rule, in the contract's order: then there is nothing to look for. */
static const ProtobufCFieldDescriptor *field_of(const struct wire_table *table, const struct wire_row *row) {
    size_t place = (size_t)(row - table->rows);
    ASSERT(place < table->row_count);
    if (place < table->descriptor->n_fields) {
        const ProtobufCFieldDescriptor *field = &table->descriptor->fields[place];
        if (strcmp(field->name, row->field) == 0) return field;
    }
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(table->descriptor, row->field);
    ASSERT(field != NULL);
    return field;
}

bool wire_table_decode(const struct wire_table *table, struct slice bytes, struct arena *arena, void *ret_plain,
                       struct wire_fault *ret_fault) {
    const uint8_t *message = wire_unpack(table->descriptor, bytes, arena, ret_fault);
    if (message == NULL) return false;
    struct where where = {.field = "", .fault = ret_fault};
    return read_message(table, message, ret_plain, &where);
}

void wire_table_encode(const struct wire_table *table, const void *plain, struct arena *arena, struct buffer *out) {
    const ProtobufCMessage *message = fill_message(table, plain, arena);
    if (message == NULL) {
        out->is_full = true;
    } else {
        wire_pack(message, out);
    }
}

struct slice wire_table_encode_to_arena(const struct wire_table *table, const void *plain, struct arena *arena) {
    const ProtobufCMessage *message = fill_message(table, plain, arena);
    if (message == NULL) return (struct slice){.data = NULL, .size = 0};
    return wire_pack_to_arena(message, arena);
}

/* ---- in ---- */

static void put_path(const struct where *where, struct buffer *out) {
    if (where == NULL || where->field[0] == '\0') return;
    put_path(where->outer, out);
    buffer_put(out, where->field, strlen(where->field));
    buffer_put_u8(out, '.');
}

static bool fail(const struct where *where, const char *field, const char *expected) {
    char path[WIRE_FAULT_MAX] = {0};
    struct buffer out = buffer_over(path, sizeof path - 1);
    put_path(where, &out);
    /* A whole message is named without the dot that leads into it. */
    if (field[0] == '\0' && out.size > 0) path[out.size - 1] = '\0';
    wire_fault_set(where->fault, path, field, expected);
    return false;
}

static bool read_message(const struct wire_table *table, const uint8_t *message, uint8_t *plain,
                         const struct where *where) {
    memset(plain, 0, table->plain_size);
    bool has_choice = false, must_choose = false;
    const char *first_choice = "";
    for (uint32_t i = 0; i < table->row_count; i++) {
        const struct wire_row *row = &table->rows[i];
        const ProtobufCFieldDescriptor *field = field_of(table, row);
        if (row->is_choice) {
            if (!must_choose) first_choice = row->field;
            must_choose = true;
            uint32_t chosen;
            memcpy(&chosen, message + field->quantifier_offset, sizeof chosen);
            if (chosen != field->id) continue;
            has_choice = true;
            memcpy(plain + row->choice_at, &chosen, sizeof chosen);
        }
        if (!read_row(row, field, message, plain, where)) return false;
    }
    if (must_choose && !has_choice) return fail(where, first_choice, "expected this field or one of its alternatives");
    const char *field, *expected;
    return table->judge == NULL || table->judge(plain, &field, &expected) || fail(where, field, expected);
}

static bool read_row(const struct wire_row *row, const ProtobufCFieldDescriptor *field, const uint8_t *message,
                     uint8_t *plain, const struct where *where) {
    uint32_t count = 0;
    bool told = false;
    if (field->label != PROTOBUF_C_LABEL_REPEATED) {
        if (!read_value(row, field, message + field->offset, plain + row->at, &count, &told, where)) return false;
        if (row->kind == WIRE_BYTES) memcpy(plain + row->count_at, &count, sizeof count);
        if (row->is_told) memcpy(plain + row->told_at, &told, sizeof told);
        return true;
    }
    size_t size;
    const uint8_t *values;
    memcpy(&size, message + field->quantifier_offset, sizeof size);
    memcpy(&values, message + field->offset, sizeof values);
    if (size > row->count_max || (size == 0 && row->is_needed)) return fail(where, row->field, row->expected);
    /* Pointers for texts and messages, the numbers themselves for enums. */
    size_t step = row->kind == WIRE_NUMBER ? sizeof(int) : sizeof(void *);
    for (size_t i = 0; i < size; i++) {
        uint8_t *element = plain + row->at + i * row->size;
        if (!read_value(row, field, values + i * step, element, &count, &told, where)) return false;
    }
    count = (uint32_t)size;
    memcpy(plain + row->count_at, &count, sizeof count);
    return true;
}

static bool read_text(const struct wire_row *row, const uint8_t *value, uint8_t *plain, const struct where *where) {
    const char *text;
    memcpy(&text, value, sizeof text);
    if (text[0] == '\0' && !row->is_needed) return true;
    if (row->kind == WIRE_UUID) {
        struct uuid id;
        if (!uuid_parse(slice_text(text), &id) || uuid_is_zero(id)) {
            return fail(where, row->field, "expected a UUID as text");
        }
        memcpy(plain, &id, sizeof id);
        return true;
    }
    const struct wire_form *form = row->form;
    if (text[0] != '\0' && form->accept(slice_text(text), (char *)plain, row->size)) return true;
    bool is_explained = text[0] != '\0' && form->explain != NULL;
    return fail(where, row->field, is_explained ? form->explain(slice_text(text)) : form->expected);
}

/* What is all zero goes out as nothing. */
static bool is_all_zero(const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0) return false;
    }
    return true;
}

static bool read_bytes(const struct wire_row *row, const uint8_t *value, uint8_t *plain, uint32_t *count,
                       const struct where *where) {
    ProtobufCBinaryData data;
    memcpy(&data, value, sizeof data);
    bool is_good = data.len == row->size || (row->kind == WIRE_BYTES && data.len < row->size) || data.len == 0;
    bool is_nothing = data.len == 0 || (row->kind == WIRE_FIXED && is_all_zero(data.data, data.len));
    if (!is_good || (is_nothing && row->is_needed)) return fail(where, row->field, row->expected);
    if (data.len > 0) memcpy(plain, data.data, data.len);
    *count = (uint32_t)data.len;
    return true;
}

static int64_t number_at(const ProtobufCFieldDescriptor *field, const uint8_t *value) {
    int32_t narrow;
    int64_t wide;
    memcpy(&narrow, value, sizeof narrow);
    if (field->type == PROTOBUF_C_TYPE_UINT32) return (uint32_t)narrow;
    if (field->type == PROTOBUF_C_TYPE_INT32 || field->type == PROTOBUF_C_TYPE_ENUM) return narrow;
    ASSERT(field->type == PROTOBUF_C_TYPE_INT64 || field->type == PROTOBUF_C_TYPE_UINT64);
    memcpy(&wide, value, sizeof wide);
    return wide;
}

static bool read_number(const struct wire_row *row, const ProtobufCFieldDescriptor *field, const uint8_t *value,
                        uint8_t *plain, const struct where *where) {
    int64_t number = number_at(field, value);
    if (number < row->min || number > row->max) return fail(where, row->field, row->expected);
    ASSERT(row->size == 4 || row->size == 8);
    memcpy(plain, value, row->size);
    return true;
}

static bool read_value(const struct wire_row *row, const ProtobufCFieldDescriptor *field, const uint8_t *value,
                       uint8_t *plain, uint32_t *count, bool *told, const struct where *where) {
    switch (row->kind) {
    case WIRE_TEXT:
    case WIRE_UUID:
        return read_text(row, value, plain, where);
    case WIRE_FIXED:
    case WIRE_BYTES:
        return read_bytes(row, value, plain, count, where);
    case WIRE_NUMBER:
    case WIRE_LARGE:
        return read_number(row, field, value, plain, where);
    case WIRE_BOOL: {
        protobuf_c_boolean boolean;
        memcpy(&boolean, value, sizeof boolean);
        *plain = boolean != 0;
        return true;
    }
    case WIRE_MESSAGE: {
        const uint8_t *inner;
        memcpy(&inner, value, sizeof inner);
        if (inner == NULL) return !row->is_needed || fail(where, row->field, row->expected);
        if (row->is_told) *told = true;
        struct where deeper = {.outer = where, .field = row->field, .fault = where->fault};
        return read_message(row->inner, inner, plain, &deeper);
    }
    }
    bhr_assert_failed("kind is one of enum wire_kind", __FILE__, __LINE__);
}

/* ---- out ---- */

static void *fill_message(const struct wire_table *table, const uint8_t *plain, struct arena *arena) {
    uint8_t *message = arena_alloc(arena, table->descriptor->sizeof_message);
    if (message == NULL) return NULL;
    table->descriptor->message_init((ProtobufCMessage *)(void *)message);
    for (uint32_t i = 0; i < table->row_count; i++) {
        const struct wire_row *row = &table->rows[i];
        const ProtobufCFieldDescriptor *field = field_of(table, row);
        if (row->is_choice) {
            uint32_t chosen;
            memcpy(&chosen, plain + row->choice_at, sizeof chosen);
            if (chosen != field->id) continue;
            memcpy(message + field->quantifier_offset, &chosen, sizeof chosen);
        }
        if (!fill_row(row, field, plain, message, arena)) return NULL;
    }
    return message;
}

static bool fill_row(const struct wire_row *row, const ProtobufCFieldDescriptor *field, const uint8_t *plain,
                     uint8_t *message, struct arena *arena) {
    uint32_t count = 0;
    if (row->is_told && plain[row->told_at] == 0) return true;
    bool is_counted = field->label == PROTOBUF_C_LABEL_REPEATED || row->kind == WIRE_BYTES;
    if (is_counted) memcpy(&count, plain + row->count_at, sizeof count);
    if (field->label != PROTOBUF_C_LABEL_REPEATED) {
        return fill_value(row, plain + row->at, count, message + field->offset, arena);
    }
    ASSERT(count <= row->count_max);
    size_t step = row->kind == WIRE_NUMBER ? sizeof(int) : sizeof(void *);
    uint8_t *values = arena_alloc(arena, (count + 1) * step);
    if (values == NULL) return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!fill_value(row, plain + row->at + (size_t)i * row->size, 0, values + i * step, arena)) return false;
    }
    size_t size = count;
    memcpy(message + field->quantifier_offset, &size, sizeof size);
    memcpy(message + field->offset, &values, sizeof values);
    return true;
}

/* A zero id is the empty text that message_init has put there. */
static bool fill_uuid(const uint8_t *plain, uint8_t *value, struct arena *arena) {
    struct uuid id;
    memcpy(&id, plain, sizeof id);
    if (uuid_is_zero(id)) {
        const char *empty = "";
        memcpy(value, &empty, sizeof empty);
        return true;
    }
    char *text = arena_zalloc(arena, UUID_TEXT_SIZE + 1);
    if (text == NULL) return false;
    uuid_format(id, text);
    memcpy(value, &text, sizeof text);
    return true;
}

static bool fill_value(const struct wire_row *row, const uint8_t *plain, uint32_t count, uint8_t *value,
                       struct arena *arena) {
    switch (row->kind) {
    case WIRE_TEXT:
        memcpy(value, &plain, sizeof plain);
        return true;
    case WIRE_UUID:
        return fill_uuid(plain, value, arena);
    case WIRE_FIXED:
    case WIRE_BYTES: {
        bool is_empty = row->kind == WIRE_FIXED && is_all_zero(plain, row->size);
        size_t size = row->kind == WIRE_BYTES ? count : is_empty ? 0 : row->size;
        /* The generated structs have no const; packing does not write through their pointers. */
        ProtobufCBinaryData data;
        data.len = size;
        data.data = (uint8_t *)(uintptr_t)plain;
        memcpy(value, &data, sizeof data);
        return true;
    }
    case WIRE_NUMBER:
    case WIRE_LARGE:
        memcpy(value, plain, row->size);
        return true;
    case WIRE_BOOL: {
        protobuf_c_boolean boolean = *plain;
        memcpy(value, &boolean, sizeof boolean);
        return true;
    }
    case WIRE_MESSAGE: {
        void *inner = fill_message(row->inner, plain, arena);
        memcpy(value, &inner, sizeof inner);
        return inner != NULL;
    }
    }
    bhr_assert_failed("kind is one of enum wire_kind", __FILE__, __LINE__);
}

/* ---- forms ---- */

static bool keep(struct slice text, char *ret_text, size_t size) {
    if (text.size >= size) return false;
    memcpy(ret_text, text.data, text.size);
    return true;
}

static bool accept_line(struct slice text, char *ret_text, size_t size) {
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < ' ') return false;
    }
    return keep(text, ret_text, size);
}

static bool accept_token(struct slice text, char *ret_text, size_t size) {
    return text_is_token(text, size - 1) && keep(text, ret_text, size);
}

static bool accept_ods_code(struct slice text, char *ret_text, size_t size) {
    return text_is_ods_code(text) && keep(text, ret_text, size);
}

static bool accept_date(struct slice text, char *ret_text, size_t size) {
    return civil_is_date(text) && keep(text, ret_text, size);
}

const struct wire_form wire_line = {accept_line, "expected less, on one line", NULL};
const struct wire_form wire_token = {accept_token, "expected characters of A-Z a-z 0-9 . _ : -, not so many", NULL};
const struct wire_form wire_ods_code = {accept_ods_code, "expected an ODS code: 3 to 10 of A-Z 0-9", NULL};
const struct wire_form wire_date = {accept_date, "expected a date as YYYY-MM-DD", NULL};
