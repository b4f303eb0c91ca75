/* Writes an AsyncAPI 3.0 document. What stands in it twice is never typed twice: topics and their settings come from
 * lib/host/topics.def, messages and fields from the contracts, what of an event is public from each publish.def. */
#include "tools/asyncapi.h"

#include "lib/base/assert.h"
#include "lib/host/topics.h"
#include "lib/wire/booking/booking_publish.h"
#include "lib/wire/exchange/public_message.h"
#include "lib/wire/index/index_publish.h"
#include "services/booking/service.h"
#include "services/index/service.h"

enum { SCHEMAS_MAX = 128 };

/* What a service says to others. */
static const struct publication {
    const struct service *service;
    const ProtobufCMessageDescriptor *(*events)(void);
    const struct wire_public_method *(*method)(uint32_t index);
    const struct wire_public_table *table;
    const char *key;
} publications[] = {
    {&booking_service, booking_public_events, booking_public_method, &booking_public_table,
     "Pseudonymous id of the person, where it is about one, else of the slot or session."},
    {&index_service_table, index_public_events, index_public_method, &index_public_table,
     "Pseudonymous id of the person, where it is about one, else of the pair, merge, organisation or service."},
};
enum { PUBLICATION_COUNT = sizeof publications / sizeof publications[0] };

/* A message as a schema: whole, or only what the table lets others see. */
struct schema {
    const ProtobufCMessageDescriptor *message;
    const struct wire_public_table *table; /* NULL: whole */
};
struct schemas {
    uint32_t count;
    struct schema items[SCHEMAS_MAX];
};

static void print_head(FILE *out);
static void print_channels(FILE *out, const struct publication *publication);
static void print_operations(FILE *out, const struct publication *publication);
static void print_messages(FILE *out, struct schemas *schemas);
static void print_headers(FILE *out);
static void print_schemas(FILE *out, struct schemas *schemas);
static void print_setting(FILE *out, enum topic_id id, const char *name, const char *value);

void asyncapi_print(FILE *out) {
    /* Whoever opens another topic to other systems must say here what it holds. */
    for (int id = 0; id < TOPIC_ID_COUNT; id++) {
        const struct topic_row *row = topics_row((enum topic_id)id);
        topic_roles roles = row->written_by | row->read_by;
        bool is_open = topics_has_role(roles, TOPIC_ROLE_SYSTEM) || topics_has_role(roles, TOPIC_ROLE_SYSTEMS);
        ASSERT(is_open == (id == TOPIC_ID_EVENT || id == TOPIC_ID_REQUEST));
    }
    struct schemas schemas = {0};
    print_head(out);
    fprintf(out, "channels:\n");
    for (int i = 0; i < PUBLICATION_COUNT; i++) print_channels(out, &publications[i]);
    fprintf(out, "operations:\n");
    for (int i = 0; i < PUBLICATION_COUNT; i++) print_operations(out, &publications[i]);
    print_messages(out, &schemas);
    print_headers(out);
    print_schemas(out, &schemas);
}

static void print_head(FILE *out) {
    fprintf(
        out,
        "# Made by `make docs` from lib/host/topics.def, proto/ and the publish.def of each service: change those,\n"
        "# not this file.\n"
        "asyncapi: 3.0.0\n"
        "info:\n"
        "  title: BHR Exchange\n"
        "  version: %s\n"
        "  description: >-\n"
        "    The Kafka topics of the message layer between the health and care systems of Barking & Dagenham, "
        "Havering\n"
        "    and Redbridge. A system writes requests to its own topic and reads from the event topic what became of\n"
        "    them and what else happened. Values are protobuf messages with nothing around them, headers are\n"
        "    CloudEvents 1.0 in binary mode. Programs to copy are in examples/.\n"
        "  license:\n"
        "    name: MIT\n"
        "defaultContentType: application/protobuf\n"
        "servers:\n"
        "  exchange:\n"
        "    host: '{host}:{port}'\n"
        "    protocol: kafka-secure\n"
        "    description: Who connects is who the certificate says; access lists say what it may touch.\n"
        "    variables:\n"
        "      host:\n"
        "        default: kafka.example.nhs.uk\n"
        "      port:\n"
        "        default: '9093'\n"
        "    security:\n"
        "      - $ref: '#/components/securitySchemes/certificate'\n",
        BHR_VERSION);
}

/* ---- what is said of each channel ---- */

static const struct channel {
    const char *name;
    enum topic_id topic;
} channels[] = {{"Events", TOPIC_ID_EVENT}, {"Requests", TOPIC_ID_REQUEST}, {"DeadLetters", TOPIC_ID_DEAD}};
enum { CHANNEL_COUNT = sizeof channels / sizeof channels[0] };

static const char *short_name(const ProtobufCMessageDescriptor *message) {
    return message->short_name;
}

/* Calls with each message of the channel. */
static void each_message(const struct publication *publication, enum topic_id topic,
                         void (*visit)(FILE *out, const ProtobufCMessageDescriptor *message), FILE *out) {
    const ProtobufCMessageDescriptor *events = publication->events();
    if (topic == TOPIC_ID_EVENT) {
        for (unsigned i = 0; i < events->n_fields; i++) visit(out, events->fields[i].descriptor);
        visit(out, request_outcome_contract());
    } else if (topic == TOPIC_ID_REQUEST) {
        for (uint32_t i = 0; publication->method(i) != NULL; i++) visit(out, publication->method(i)->request);
    } else {
        visit(out, dead_letter_contract());
    }
}

static void print_message_link(FILE *out, const ProtobufCMessageDescriptor *message) {
    fprintf(out, "      %s:\n        $ref: '#/components/messages/%s'\n", short_name(message), message->name);
}

static void print_channels(FILE *out, const struct publication *publication) {
    const char *service = publication->service->name;
    for (int i = 0; i < CHANNEL_COUNT; i++) {
        enum topic_id topic = channels[i].topic;
        const struct topic_row *row = topics_row(topic);
        char address[TOPIC_NAME_MAX];
        bool is_per_system = topics_is_per_system(topic);
        bool is_named = topics_name(topic, service, is_per_system ? "SYSTEM" : NULL, address);
        ASSERT(is_named);
        char *place = strstr(address, "SYSTEM");
        int before = place == NULL ? (int)strlen(address) : (int)(place - address);
        fprintf(out, "  %s%s:\n    address: %.*s%s%s\n    description: %c%s.\n", service, channels[i].name, before,
                address, place == NULL ? "" : "{system}", place == NULL ? "" : place + strlen("SYSTEM"),
                row->holds[0] - 'a' + 'A', row->holds + 1);
        if (is_per_system) {
            fprintf(out,
                    "    parameters:\n      system:\n        description: >-\n"
                    "          The system that asks. Only the holder of its certificate may write there, so the topic\n"
                    "          says who asks.\n");
        }
        fprintf(out, "    messages:\n");
        each_message(publication, topic, print_message_link, out);
        int32_t partitions = topics_partition_count(topic);
        fprintf(out,
                "    bindings:\n      kafka:\n        bindingVersion: 0.5.0\n        partitions: %d\n"
                "        topicConfiguration:\n",
                partitions);
#define SETTING(id, name, value) print_setting(out, topic == TOPIC_ID_##id ? topic : TOPIC_ID_COUNT, name, value);
#define SETTING_MIN_INSYNC       ""
#define SETTING_FLUSH            ""
#include "lib/host/topics.def"
    }
}

/* What the binding knows of a topic's settings. */
static void print_setting(FILE *out, enum topic_id id, const char *name, const char *value) {
    if (id == TOPIC_ID_COUNT) return;
    if (strcmp(name, "cleanup.policy") == 0) fprintf(out, "          cleanup.policy: [%s]\n", value);
    if (strcmp(name, "retention.ms") == 0) fprintf(out, "          retention.ms: %s\n", value);
    if (strcmp(name, "max.message.bytes") == 0) fprintf(out, "          max.message.bytes: %s\n", value);
}

static void print_operations(FILE *out, const struct publication *publication) {
    const char *service = publication->service->name;
    for (uint32_t i = 0; publication->method(i) != NULL; i++) {
        const struct wire_public_method *method = publication->method(i);
        fprintf(out,
                "  %s%s:\n    action: receive\n    channel:\n      $ref: '#/channels/%sRequests'\n"
                "    messages:\n      - $ref: '#/channels/%sRequests/messages/%s'\n"
                "    reply:\n      channel:\n        $ref: '#/channels/%sEvents'\n",
                service, method->name, service, service, short_name(method->request), service);
    }
    fprintf(out, "  %sTells:\n    action: send\n    channel:\n      $ref: '#/channels/%sEvents'\n", service, service);
    fprintf(out, "  %sSetsAside:\n    action: send\n    channel:\n      $ref: '#/channels/%sDeadLetters'\n", service,
            service);
}

/* ---- messages and their schemas ---- */

static const char *view_of(const struct schema *schema) {
    return schema->table == NULL ? "" : "public.";
}

static bool is_shown(const struct schema *schema, const char *field) {
    if (schema->table == NULL) return true;
    for (uint32_t i = 0; i < schema->table->count; i++) {
        const struct wire_public_row *row = &schema->table->rows[i];
        if (row->message == schema->message && strcmp(row->field, field) == 0) return row->is_public;
    }
    return false;
}

/* The message and every message inside it. */
static void add_schema(struct schemas *schemas, struct schema schema) {
    for (uint32_t i = 0; i < schemas->count; i++) {
        if (schemas->items[i].message == schema.message && schemas->items[i].table == schema.table) return;
    }
    ASSERT(schemas->count < SCHEMAS_MAX);
    schemas->items[schemas->count++] = schema;
    for (unsigned i = 0; i < schema.message->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &schema.message->fields[i];
        if (field->type != PROTOBUF_C_TYPE_MESSAGE || !is_shown(&schema, field->name)) continue;
        add_schema(schemas, (struct schema){field->descriptor, schema.table});
    }
}

static void print_message(FILE *out, struct schemas *schemas, struct schema schema, const char *headers,
                          const char *key) {
    const char *name = schema.message->name;
    fprintf(out, "    %s:\n      name: %s\n      title: %s\n      contentType: application/protobuf\n", name, name,
            short_name(schema.message));
    fprintf(out, "      headers:\n        $ref: '#/components/schemas/%s'\n", headers);
    fprintf(out, "      payload:\n        $ref: '#/components/schemas/%s%s'\n", view_of(&schema), name);
    fprintf(out, "      correlationId:\n        location: $message.header#/ce_correlationid\n");
    fprintf(out,
            "      bindings:\n        kafka:\n          bindingVersion: 0.5.0\n          key:\n"
            "            type: string\n            description: %s\n",
            key);
    add_schema(schemas, schema);
}

/* Events and requests of one service. */
static void print_publication(FILE *out, struct schemas *schemas, const struct publication *publication) {
    const ProtobufCMessageDescriptor *events = publication->events();
    for (unsigned i = 0; i < events->n_fields; i++) {
        const struct schema schema = {events->fields[i].descriptor, publication->table};
        print_message(out, schemas, schema, "EventHeaders", publication->key);
    }
    for (uint32_t i = 0; publication->method(i) != NULL; i++) {
        const struct schema schema = {publication->method(i)->request, NULL};
        print_message(out, schemas, schema, "RequestHeaders", "Any; never anything of a person.");
    }
}

static void print_messages(FILE *out, struct schemas *schemas) {
    fprintf(out, "components:\n  securitySchemes:\n    certificate:\n      type: X509\n"
                 "      description: A certificate whose common name is the system's id.\n"
                 "  messages:\n");
    for (int i = 0; i < PUBLICATION_COUNT; i++) print_publication(out, schemas, &publications[i]);
    print_message(out, schemas, (struct schema){request_outcome_contract(), NULL}, "EventHeaders",
                  "The request's id, or the system where it had none.");
    print_message(out, schemas, (struct schema){dead_letter_contract(), NULL}, "EventHeaders", "The locality.");
    /* What RequestOutcome.answer holds is named by its answer_type. */
    for (int p = 0; p < PUBLICATION_COUNT; p++) {
        const struct publication *publication = &publications[p];
        for (uint32_t i = 0; publication->method(i) != NULL; i++) {
            add_schema(schemas, (struct schema){publication->method(i)->response, publication->table});
        }
    }
}

static void print_headers(FILE *out) {
    static const struct header {
        const char *schema, *name, *sentence;
        bool is_required;
    } headers[] = {
        {"EventHeaders", "ce_specversion", "CloudEvents 1.0.", true},
        {"EventHeaders", "ce_id", "UUID; the same event never has another.", true},
        {"EventHeaders", "ce_source", "/bhr/environment/service/locality", true},
        {"EventHeaders", "ce_type", "Full name of the message in the value.", true},
        {"EventHeaders", "ce_time", "When it was decided.", true},
        {"EventHeaders", "content-type", "application/protobuf", true},
        {"EventHeaders", "ce_bhrnumber", "Number of the journal entry; rises by time.", true},
        {"EventHeaders", "ce_bhrsystem", "The system that asked; absent when nobody did.", false},
        {"EventHeaders", "ce_correlationid", "As in the request.", false},
        {"EventHeaders", "ce_causationid", "Id of the request.", false},
        {"RequestHeaders", "ce_type", "Full name of the message in the value.", true},
        {"RequestHeaders", "ce_id", "Names the request: the same id, time and content again gets the first answer.",
         true},
        {"RequestHeaders", "ce_time", "When it was asked; needed where ce_id is no UUID of version 7.", false},
        {"RequestHeaders", "bhr_usertoken", "Signed token of the human who asks, issued to this system.", false},
        {"RequestHeaders", "ce_correlationid", "Comes back with everything that comes of the request.", false},
        {"RequestHeaders", "traceparent", "W3C trace context.", false},
    };
    enum { HEADER_COUNT = sizeof headers / sizeof headers[0] };
    fprintf(out, "  schemas:\n");
    for (int i = 0; i < HEADER_COUNT; i++) {
        bool is_first = i == 0 || headers[i].schema != headers[i - 1].schema;
        if (is_first) {
            fprintf(out, "    %s:\n      type: object\n      required:\n", headers[i].schema);
            for (int k = i; k < HEADER_COUNT && headers[k].schema == headers[i].schema; k++) {
                if (headers[k].is_required) fprintf(out, "        - %s\n", headers[k].name);
            }
            fprintf(out, "      properties:\n");
        }
        fprintf(out, "        %s:\n          type: string\n          description: '%s'\n", headers[i].name,
                headers[i].sentence);
    }
}

static void print_type(FILE *out, const struct schema *schema, const ProtobufCFieldDescriptor *field, int indent) {
    switch (field->type) {
    case PROTOBUF_C_TYPE_BOOL:
        fprintf(out, "%*stype: boolean\n", indent, "");
        return;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        fprintf(out, "%*stype: integer\n%*sformat: int32\n", indent, "", indent, "");
        return;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        fprintf(out, "%*stype: integer\n%*sformat: int64\n", indent, "", indent, "");
        return;
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        fprintf(out, "%*stype: number\n", indent, "");
        return;
    case PROTOBUF_C_TYPE_STRING:
        fprintf(out, "%*stype: string\n", indent, "");
        return;
    case PROTOBUF_C_TYPE_BYTES:
        fprintf(out, "%*stype: string\n%*sformat: binary\n", indent, "", indent, "");
        return;
    case PROTOBUF_C_TYPE_ENUM: {
        const ProtobufCEnumDescriptor *names = field->descriptor;
        fprintf(out, "%*stype: string\n%*senum:\n", indent, "", indent, "");
        for (unsigned i = 0; i < names->n_values; i++) fprintf(out, "%*s  - %s\n", indent, "", names->values[i].name);
        return;
    }
    case PROTOBUF_C_TYPE_MESSAGE: {
        const ProtobufCMessageDescriptor *inner = field->descriptor;
        fprintf(out, "%*s$ref: '#/components/schemas/%s%s'\n", indent, "", view_of(schema), inner->name);
        return;
    }
    }
    bhr_assert_failed("type is one of ProtobufCType", __FILE__, __LINE__);
}

static void print_field(FILE *out, const struct schema *schema, const ProtobufCFieldDescriptor *field) {
    fprintf(out, "        %s:\n", field->name);
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        fprintf(out, "          type: array\n          items:\n");
        print_type(out, schema, field, 12);
    } else if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        /* Beside a reference nothing else may stand. */
        print_type(out, schema, field, 10);
        return;
    } else {
        print_type(out, schema, field, 10);
    }
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
        fprintf(out, "          description: At most one of those that say this is set.\n");
    }
    fprintf(out, "          x-protobuf-field: %u\n", field->id);
}

static void print_schemas(FILE *out, struct schemas *schemas) {
    for (uint32_t i = 0; i < schemas->count; i++) {
        const struct schema *schema = &schemas->items[i];
        fprintf(out, "    %s%s:\n      type: object\n", view_of(schema), schema->message->name);
        if (schema->table != NULL) fprintf(out, "      description: What of it is public.\n");
        fprintf(out, "      x-protobuf-message: %s\n", schema->message->name);
        bool has_properties = false; /* a schema must not have an empty list of them */
        for (unsigned k = 0; k < schema->message->n_fields; k++) {
            const ProtobufCFieldDescriptor *field = &schema->message->fields[k];
            if (!is_shown(schema, field->name)) continue;
            if (!has_properties) fprintf(out, "      properties:\n");
            has_properties = true;
            print_field(out, schema, field);
        }
    }
}
