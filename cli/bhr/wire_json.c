/* Walks a plain struct by its table. Owns nothing; one thread. */
#include "cli/bhr/wire_json.h"

#include "lib/base/assert.h"
#include "lib/base/id.h"
#include "lib/client/uk_time.h"

#include <ctype.h>
#include <stdio.h>

enum { NAME_MAX_SIZE = 64, INDENT = 2 };

static json_t *object_of(const struct wire_table *table, const void *plain, bool is_for_people);
static json_t *value_of(const struct wire_table *table, const struct wire_row *row, const uint8_t *at,
                        bool is_for_people);
static void say_object(const json_t *object, int depth);

json_t *wire_json(const struct wire_table *table, const void *plain) {
    return object_of(table, plain, false);
}

void wire_json_say(const struct wire_table *table, const void *plain) {
    json_t *object = object_of(table, plain, true);
    say_object(object, 1);
    json_decref(object);
}

/* ---- from a struct to JSON ---- */

static const ProtobufCFieldDescriptor *field_of(const struct wire_table *table, const struct wire_row *row) {
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(table->descriptor, row->field);
    ASSERT(field != NULL);
    return field;
}

static bool is_time(const struct wire_row *row) {
    size_t size = strlen(row->field);
    return row->kind == WIRE_LARGE && size > 3 && strcmp(row->field + size - 3, "_ms") == 0;
}

static bool is_there(const struct wire_table *table, const struct wire_row *row, const uint8_t *plain) {
    uint32_t chosen;
    bool is_told = true;
    if (row->is_told) memcpy(&is_told, plain + row->told_at, sizeof is_told);
    if (!row->is_choice) return is_told;
    memcpy(&chosen, plain + row->choice_at, sizeof chosen);
    return chosen == field_of(table, row)->id;
}

static json_t *object_of(const struct wire_table *table, const void *plain, bool is_for_people) {
    json_t *object = json_object();
    const uint8_t *bytes = plain;
    for (uint32_t i = 0; i < table->row_count; i++) {
        const struct wire_row *row = &table->rows[i];
        if (!is_there(table, row, bytes)) continue;
        char name[NAME_MAX_SIZE];
        (void)snprintf(name, sizeof name, "%.*s", (int)(strlen(row->field) - (is_time(row) ? 3 : 0)), row->field);
        const uint8_t *at = bytes + row->at;
        if (row->count_max == 0) {
            (void)json_object_set_new(object, name, value_of(table, row, at, is_for_people));
            continue;
        }
        uint32_t count;
        memcpy(&count, bytes + row->count_at, sizeof count);
        ASSERT(count <= row->count_max);
        json_t *list = json_array();
        for (uint32_t k = 0; k < count; k++) {
            (void)json_array_append_new(list, value_of(table, row, at + (size_t)k * row->size, is_for_people));
        }
        (void)json_object_set_new(object, name, list);
    }
    return object;
}

/* "linked" of REGISTERED_LINKED: what all words of an enum begin with is what its zero ends in "UNSPECIFIED" after. */
static json_t *word_of(const ProtobufCEnumDescriptor *words, uint32_t number) {
    const ProtobufCEnumValue *word = protobuf_c_enum_descriptor_get_value(words, (int)number);
    const ProtobufCEnumValue *none = protobuf_c_enum_descriptor_get_value(words, 0);
    if (word == NULL || number == 0) return json_null();
    size_t prefix = strlen(none->name) - strlen("UNSPECIFIED"), size = 0;
    char text[NAME_MAX_SIZE];
    for (const char *c = word->name + prefix; *c != '\0' && size + 1 < sizeof text; c++) {
        text[size++] = *c == '_' ? '-' : (char)tolower((unsigned char)*c);
    }
    return json_stringn(text, size);
}

static json_t *number_of(const ProtobufCFieldDescriptor *field, const uint8_t *at) {
    uint32_t number;
    memcpy(&number, at, sizeof number);
    if (field->type == PROTOBUF_C_TYPE_ENUM) return word_of(field->descriptor, number);
    bool is_signed = field->type == PROTOBUF_C_TYPE_INT32 || field->type == PROTOBUF_C_TYPE_SINT32;
    return json_integer(is_signed ? (json_int_t)(int32_t)number : (json_int_t)number);
}

static json_t *large_of(const struct wire_row *row, const uint8_t *at, bool is_for_people) {
    int64_t number;
    memcpy(&number, at, sizeof number);
    if (!is_time(row)) return json_integer(number);
    if (!is_for_people || number == 0) return cli_json_time(number);
    char text[UK_TIME_TEXT_MAX];
    uk_time_format_exact(number, text);
    return json_string(text);
}

static json_t *value_of(const struct wire_table *table, const struct wire_row *row, const uint8_t *at,
                        bool is_for_people) {
    struct uuid id;
    bool is_true;
    switch (row->kind) {
    case WIRE_TEXT:
        return cli_json_text((const char *)at);
    case WIRE_UUID:
        memcpy(&id, at, sizeof id);
        return uuid_is_zero(id) ? json_null() : cli_json_uuid(id.bytes);
    case WIRE_NUMBER:
        return number_of(field_of(table, row), at);
    case WIRE_LARGE:
        return large_of(row, at, is_for_people);
    case WIRE_BOOL:
        memcpy(&is_true, at, sizeof is_true);
        return json_boolean(is_true);
    case WIRE_MESSAGE:
        return object_of(row->inner, at, is_for_people);
    case WIRE_FIXED:
    case WIRE_BYTES:
        break; /* bytes are for machines: no answer has any */
    }
    bhr_assert_failed("a field that can be shown", __FILE__, __LINE__);
}

/* ---- from JSON to lines ---- */

static bool is_empty(const json_t *value) {
    bool is_blank = json_is_string(value) && json_string_length(value) == 0;
    return json_is_null(value) || is_blank || json_is_false(value) ||
           (json_is_array(value) && json_array_size(value) == 0);
}

static void say_scalar(const json_t *value) {
    char text[CLI_SAFE_ROOM];
    if (json_is_string(value)) printf("%s", cli_safe_text(slice_text(json_string_value(value)), text));
    if (json_is_integer(value)) printf("%lld", (long long)json_integer_value(value));
    if (json_is_true(value)) printf("yes");
}

static bool is_flat(const json_t *object) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value) {
        if (json_is_array(value) || json_is_object(value)) return false;
    }
    return true;
}

/* An object of plain values on one line. */
static void say_flat(const json_t *object) {
    const char *key, *apart = "";
    json_t *value;
    json_object_foreach((json_t *)object, key, value) {
        if (is_empty(value)) continue;
        printf("%s%s ", apart, key);
        say_scalar(value);
        apart = "  ";
    }
    putchar('\n');
}

static void say_member(const char *key, const json_t *value, int depth) {
    if (json_is_object(value) && !is_flat(value)) {
        printf("%*s%s\n", depth * INDENT, "", key);
        say_object(value, depth + 1);
        return;
    }
    printf("%*s%-*s ", depth * INDENT, "", 18 - depth * INDENT, key);
    if (json_is_object(value)) {
        say_flat(value);
    } else {
        say_scalar(value);
        putchar('\n');
    }
}

static void say_object(const json_t *object, int depth) {
    const char *key;
    json_t *value, *item;
    size_t index;
    json_object_foreach((json_t *)object, key, value) {
        if (is_empty(value)) continue;
        if (!json_is_array(value)) {
            say_member(key, value, depth);
            continue;
        }
        json_array_foreach(value, index, item) {
            say_member(key, item, depth);
        }
    }
}
