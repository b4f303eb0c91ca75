/* What the harnesses of the index begin with: messages drawn from its tables (tests/wire/index_draw.h), and a small store
 * of people whose ids the drawn ones meet. */
#ifndef BHR_TESTS_FUZZ_INDEX_SEEDS_H
#define BHR_TESTS_FUZZ_INDEX_SEEDS_H

#include "lib/wire/index/index_wire.h"
#include "services/index/service.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/rows_array.h"
#include "tests/wire/index_draw.h"

#define SEED_NOW_MS INT64_C(1795911600000)
enum {
    SEED_DRAWS = 6,
    SEED_DRAWS_FOR_ALL = 100,
    SEED_ROWS_MAX = 128,
    SEED_PEOPLE = 6,
    SEED_PLAIN_MAX = 256 * 1024,
    SEED_BYTES_MAX = 512 * 1024
};

/* As drawn ids are: one byte that is not zero. */
static inline struct uuid seed_id(uint8_t number) {
    struct uuid id = {{0}};
    id.bytes[15] = number;
    return id;
}

static inline struct index_event seed_registered(uint8_t number) {
    struct index_event event;
    memset(&event, 0, sizeof event);
    event.kind = INDEX_EVENT_RECORD_REGISTERED;
    struct index_record_registered *record = &event.record_registered;
    record->record_id = seed_id(number);
    record->person_id = seed_id(number);
    record->how = INDEX_NEW;
    memcpy(record->organisation, number % 2 == 0 ? "F82001" : "RF4", number % 2 == 0 ? 6 : 3);
    memcpy(record->source, "pas", 3);
    memset(record->nhs_hash.bytes, number, sizeof record->nhs_hash.bytes);
    record->nhs_number_status = INDEX_NHS_VERIFIED;
    record->sealed.key_id = seed_id(number);
    record->sealed.nonce[0] = 1;
    record->sealed.size = 40;
    memset(record->sealed.ciphertext, number, 40);
    record->fields = INDEX_HAS_ALL;
    memcpy(record->by, "council-a", 9);
    return event;
}

static inline void seed_apply(const struct rows *rows, uint64_t number, const struct index_event *event) {
    static uint8_t memory[INDEX_WIRE_ARENA_SIZE];
    struct arena arena = arena_over(memory, sizeof memory);
    struct apply_context context = {.decided_at_ms = SEED_NOW_MS - 1000, .number = number};
    struct slice bytes = wire_table_encode_to_arena(&index_event_wire, event, &arena);
    bool is_applied = index_service_table.apply(rows, &context, bytes);
    ASSERT(is_applied);
}

/* People 1 to SEED_PEOPLE, each of one record, of which 1 and 2 may be one, and 3 and 4 are; the last has no number. And a
 * practice. */
static inline void seed_store(const struct rows *rows) {
    for (uint8_t number = 1; number <= SEED_PEOPLE + 3; number++) {
        struct index_event event = seed_registered(number);
        if (number == SEED_PEOPLE) {
            memset(&event.record_registered.nhs_hash, 0, sizeof event.record_registered.nhs_hash);
            event.record_registered.nhs_number_status = INDEX_NHS_UNSPECIFIED;
        }
        if (number > SEED_PEOPLE) memset(&event, 0, sizeof event);
        if (number == SEED_PEOPLE + 1) {
            event.kind = INDEX_EVENT_PAIR_FOUND;
            event.pair_found = (struct index_pair_found){
                .pair_id = seed_id(1), .person_id = seed_id(1), .other_person_id = seed_id(2)};
            event.pair_found.proposal.record_id = seed_id(1);
        } else if (number == SEED_PEOPLE + 2) {
            event.kind = INDEX_EVENT_PERSONS_MERGED;
            event.persons_merged = (struct index_persons_merged){
                .merge_id = seed_id(1), .survivor_id = seed_id(3), .other_id = seed_id(4), .reason = "same", .by = "x"};
        } else if (number == SEED_PEOPLE + 3) {
            event.kind = INDEX_EVENT_ORGANISATION_REGISTERED;
            event.organisation_registered = (struct index_organisation_registered){
                {.code = "F82001", .name = "A practice", .kind = "gp-practice", .opened_date = "1974-04-01"}, "ods"};
        }
        seed_apply(rows, number, &event);
    }
}

/* The n-th number or text that is there, of as many as may be wrong; NULL when there are fewer. *ret_at is where it
 * stands. */
static inline const struct wire_row *seed_value(const struct wire_table *table, uint8_t *plain, uint32_t *n,
                                                uint8_t **ret_at) {
    for (uint32_t i = 0; i < table->row_count; i++) {
        const struct wire_row *row = &table->rows[i];
        uint32_t count = 1, choice = 0;
        bool is_there = true;
        if (row->count_max > 0) memcpy(&count, plain + row->count_at, sizeof count);
        if (row->is_told) memcpy(&is_there, plain + row->told_at, sizeof is_there);
        if (row->is_choice) {
            memcpy(&choice, plain + row->choice_at, sizeof choice);
            is_there = choice == protobuf_c_message_descriptor_get_field_by_name(table->descriptor, row->field)->id;
        }
        if (count == 0 || !is_there) continue;
        if (row->kind == WIRE_MESSAGE) {
            const struct wire_row *inner = seed_value(row->inner, plain + row->at, n, ret_at);
            if (inner != NULL) return inner;
        }
        bool is_number = (row->kind == WIRE_NUMBER || row->kind == WIRE_LARGE) && row->expected != NULL;
        bool is_text = row->kind == WIRE_TEXT && plain[row->at] != '\0';
        if ((!is_number && !is_text) || (*n)-- > 0) continue;
        *ret_at = plain + row->at;
        return row;
    }
    return NULL;
}

static inline void seed_encoded(const struct wire_table *table, const uint8_t *plain, int prefix, uint32_t times) {
    static uint8_t bytes[SEED_BYTES_MAX], memory[SEED_BYTES_MAX];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    if (prefix >= 0) buffer_put_u8(&out, (uint8_t)prefix);
    for (uint32_t i = 0; i < times; i++) {
        struct arena arena = arena_over(memory, sizeof memory);
        wire_table_encode(table, plain, &arena, &out);
    }
    /* Whatever is larger the fuzzer would cut off. */
    if (!out.is_full && out.size <= 16 * 1024) fuzz_seed_buffer(&out);
}

/* True once for each row. */
static inline bool seed_is_new(const struct wire_row *rows[SEED_ROWS_MAX], uint32_t *count,
                               const struct wire_row *row) {
    for (uint32_t i = 0; i < *count; i++) {
        if (rows[i] == row) return false;
    }
    ASSERT(*count < SEED_ROWS_MAX);
    rows[(*count)++] = row;
    return true;
}

static inline void seed_wrong(const struct wire_row *row, uint8_t *at) {
    int64_t wrong = row->max == INT64_MAX ? -1 : row->max + 1;
    if (row->kind == WIRE_TEXT) wrong = '\x01';
    memcpy(at, &wrong, row->kind == WIRE_TEXT ? 1 : row->size);
}

/* Every number that the table judges, too large in one message, and every text, with a control character. Which draw holds
 * it matters to no one, so it draws until even what belongs to a rare kind, in a list mostly empty, has been there. */
static inline void seed_spoiled(const struct wire_table *table, uint8_t *plain, int prefix) {
    const struct wire_row *spoiled[SEED_ROWS_MAX], *row;
    uint32_t count = 0;
    for (uint64_t draw = 1; draw <= SEED_DRAWS_FOR_ALL; draw++) {
        struct prng prng = prng_seed(draw);
        draw_message(&prng, table, plain);
        uint8_t *at;
        for (uint32_t value = 0, left = 0; (row = seed_value(table, plain, &left, &at)) != NULL; left = ++value) {
            if (!seed_is_new(spoiled, &count, row)) continue;
            int64_t good;
            memcpy(&good, at, row->kind == WIRE_TEXT ? 1 : row->size);
            seed_wrong(row, at);
            seed_encoded(table, plain, prefix, 1);
            memcpy(at, &good, row->kind == WIRE_TEXT ? 1 : row->size);
        }
    }
}

/* The n-th message that must not be missing, as a pointer in the generated one; NULL when there are fewer. */
static inline const struct wire_row *seed_needed(const struct wire_table *table, uint8_t *message, uint32_t *n,
                                                 uint8_t **ret_at) {
    for (uint32_t i = 0; i < table->row_count; i++) {
        const struct wire_row *row = &table->rows[i];
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field_by_name(table->descriptor, row->field);
        uint32_t chosen = field->id;
        if (row->is_choice) memcpy(&chosen, message + field->quantifier_offset, sizeof chosen);
        if (row->kind != WIRE_MESSAGE || field->label == PROTOBUF_C_LABEL_REPEATED || chosen != field->id) continue;
        uint8_t *inner;
        memcpy(&inner, message + field->offset, sizeof inner);
        if (inner == NULL) continue;
        *ret_at = message + field->offset;
        if (row->is_needed && !row->is_choice && (*n)-- == 0) return row;
        row = seed_needed(row->inner, inner, n, ret_at);
        if (row != NULL) return row;
    }
    return NULL;
}

/* Every message that must not be missing, missing in one. */
static inline void seed_lacking(const struct wire_table *table, uint8_t *plain, int prefix) {
    static uint8_t bytes[SEED_BYTES_MAX], memory[4 * SEED_BYTES_MAX];
    const struct wire_row *missing[SEED_ROWS_MAX], *row;
    uint32_t count = 0;
    for (uint64_t draw = 1; draw <= SEED_DRAWS_FOR_ALL; draw++) {
        struct prng prng = prng_seed(draw);
        struct arena arena = arena_over(memory, sizeof memory);
        struct wire_fault fault;
        draw_message(&prng, table, plain);
        struct slice good = wire_table_encode_to_arena(table, plain, &arena);
        uint8_t *message = wire_unpack(table->descriptor, good, &arena, &fault), *at, *inner, *none = NULL;
        ASSERT(message != NULL);
        for (uint32_t i = 0, left = 0; (row = seed_needed(table, message, &left, &at)) != NULL; left = ++i) {
            if (!seed_is_new(missing, &count, row)) continue;
            struct buffer out = buffer_over(bytes, sizeof bytes);
            if (prefix >= 0) buffer_put_u8(&out, (uint8_t)prefix);
            memcpy(&inner, at, sizeof inner);
            memcpy(at, &none, sizeof none);
            wire_pack((const ProtobufCMessage *)(const void *)message, &out);
            memcpy(at, &inner, sizeof inner);
            fuzz_seed_buffer(&out);
        }
    }
}

/* Some messages of the table, each behind this byte when it is not negative: good ones, two in one, whose lists may be too
 * long, such as are wrong in one place, and one that lacks everything. */
static inline void seed_drawn(const struct wire_table *table, int prefix) {
    static uint8_t plain[SEED_PLAIN_MAX];
    ASSERT(table->plain_size <= sizeof plain);
    for (uint64_t draw = 0; draw < SEED_DRAWS; draw++) {
        struct prng prng = prng_seed(draw);
        draw_message(&prng, table, plain);
        seed_encoded(table, plain, prefix, 1);
        seed_encoded(table, plain, prefix, 2);
    }
    seed_spoiled(table, plain, prefix);
    seed_lacking(table, plain, prefix);
    seed_encoded(table, plain, prefix, 0);
}

/* What was expected of a field, whichever it was: every row of a form is judged by the same lines. */
static inline void seed_reach_expected(const struct wire_fault *fault) {
    const char *expected = strstr(fault->text, ": ");
    fuzz_reach(expected != NULL ? expected + 2 : fault->text);
}

/* Decoded, encoded and decoded again it is the same; false when it is none, and then *ret_fault says why. */
static inline bool seed_twice(const struct wire_table *table, struct slice bytes, struct wire_fault *ret_fault) {
    static uint8_t plain[SEED_PLAIN_MAX], again[SEED_PLAIN_MAX], room[SEED_BYTES_MAX], memory[2 * SEED_BYTES_MAX];
    ASSERT(table->plain_size <= sizeof plain);
    struct arena arena = arena_over(memory, sizeof memory);
    if (!wire_table_decode(table, bytes, &arena, plain, ret_fault)) {
        ASSERT(ret_fault->text[0] != '\0' && memchr(ret_fault->text, '\0', sizeof ret_fault->text) != NULL);
        return false;
    }
    struct buffer out = buffer_over(room, sizeof room);
    arena_reset(&arena);
    wire_table_encode(table, plain, &arena, &out);
    ASSERT(!out.is_full);
    arena_reset(&arena);
    struct wire_fault fault = {""};
    bool is_good_again = wire_table_decode(table, buffer_slice(&out), &arena, again, &fault);
    ASSERT(is_good_again && memcmp(plain, again, table->plain_size) == 0);
    return true;
}

#endif
