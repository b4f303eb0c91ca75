/* A table of public fields against the contract it speaks of, for the test of each domain's table. */
#ifndef BHR_TESTS_WIRE_PUBLIC_CONTRACT_H
#define BHR_TESTS_WIRE_PUBLIC_CONTRACT_H

#include "lib/wire/exchange/wire_public.h"
#include "tests/support/cmocka.h"

enum { CONTRACT_MESSAGES_MAX = 64 };

struct public_contract {
    const struct wire_public_table *table;
    const ProtobufCMessageDescriptor *(*events)(void);
    const struct wire_public_method *(*method)(uint32_t index);
};
/* Every message that can be published: from the events and answers through public fields. */
struct reached {
    uint32_t count;
    const ProtobufCMessageDescriptor *messages[CONTRACT_MESSAGES_MAX];
};

static const struct wire_public_row *contract_row(const struct public_contract *contract,
                                                  const ProtobufCMessageDescriptor *message, const char *field,
                                                  uint32_t *ret_count) {
    const struct wire_public_row *found = NULL;
    *ret_count = 0;
    for (uint32_t i = 0; i < contract->table->count; i++) {
        const struct wire_public_row *row = &contract->table->rows[i];
        if (row->message != message || strcmp(row->field, field) != 0) continue;
        found = row;
        (*ret_count)++;
    }
    return found;
}

static void contract_reach(const struct public_contract *contract, struct reached *reached,
                           const ProtobufCMessageDescriptor *message) {
    for (uint32_t i = 0; i < reached->count; i++) {
        if (reached->messages[i] == message) return;
    }
    assert_in_range(reached->count, 0, CONTRACT_MESSAGES_MAX - 1);
    reached->messages[reached->count++] = message;
    for (unsigned i = 0; i < message->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->fields[i];
        uint32_t rows;
        const struct wire_public_row *row = contract_row(contract, message, field->name, &rows);
        if (rows != 1) fail_msg("%s.%s stands %u times in the table", message->name, field->name, rows);
        if (row->is_public && field->type == PROTOBUF_C_TYPE_MESSAGE) {
            contract_reach(contract, reached, field->descriptor);
        }
    }
}

/* Every field that can be reached stands once, and every row is of a field that can. */
static void public_contract_check_rows(const struct public_contract *contract) {
    struct reached reached = {0};
    const ProtobufCMessageDescriptor *events = contract->events();
    for (unsigned i = 0; i < events->n_fields; i++) contract_reach(contract, &reached, events->fields[i].descriptor);
    for (uint32_t i = 0; contract->method(i) != NULL; i++) {
        contract_reach(contract, &reached, contract->method(i)->response);
    }
    assert_true(reached.count > 8);
    for (uint32_t i = 0; i < contract->table->count; i++) {
        const struct wire_public_row *row = &contract->table->rows[i];
        if (protobuf_c_message_descriptor_get_field_by_name(row->message, row->field) == NULL) {
            fail_msg("%s has no field %s", row->message->name, row->field);
        }
        bool is_reached = false;
        for (uint32_t k = 0; k < reached.count; k++) is_reached |= reached.messages[k] == row->message;
        if (!is_reached) fail_msg("%s cannot be published: its rows mislead", row->message->name);
    }
}

/* Names of fields that must never be public, whoever adds them and wherever. */
static void public_contract_check_personal(const struct public_contract *contract) {
    static const char *const personal[] = {"nhs_number", "family_name", "given_name",   "birth_date", "local_id",
                                           "phone",      "note",        "contact",      "address",    "address_lines",
                                           "sealed",     "details",     "demographics", "nhs_hash",   "email"};
    uint32_t private_count = 0;
    for (uint32_t i = 0; i < contract->table->count; i++) {
        const struct wire_public_row *row = &contract->table->rows[i];
        private_count += !row->is_public;
        for (size_t k = 0; k < sizeof personal / sizeof personal[0]; k++) {
            if (strcmp(row->field, personal[k]) == 0 && row->is_public) fail_msg("%s is public", row->field);
        }
    }
    assert_true(private_count > 0);
}

#endif
