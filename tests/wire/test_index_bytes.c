/* The index's tables against its contract, and everything through bytes and back. Values are drawn from the tables
 * themselves, so a new field is tested as soon as it has a row, and a field without a row fails. */
#include <stdio.h>

#include "lib/wire/index/index_forms.h"
#include "tests/support/cmocka.h"
#include "tests/support/prng.h"

enum { ROUNDS = 200, PLAIN_MAX = 256 * 1024 };

static uint8_t memory[2 * 1024 * 1024], plain[PLAIN_MAX], back[PLAIN_MAX];

static const struct wire_table *const tables[] = {
    &index_register_request_wire,
    &index_link_request_wire,
    &index_unlink_request_wire,
    &index_merge_request_wire,
    &index_unmerge_request_wire,
    &index_claim_request_wire,
    &index_decide_request_wire,
    &index_flag_request_wire,
    &index_relation_request_wire,
    &index_organisation_request_wire,
    &index_service_request_wire,
    &index_find_request_wire,
    &index_trace_request_wire,
    &index_get_request_wire,
    &index_list_pairs_request_wire,
    &index_get_organisation_request_wire,
    &index_find_services_request_wire,
    &index_find_response_wire,
    &index_trace_response_wire,
    &index_get_response_wire,
    &index_pairs_response_wire,
    &index_board_response_wire,
    &index_organisation_response_wire,
    &index_services_response_wire,
    &index_command_wire,
    &index_event_wire,
    &index_details_wire,
};
enum { TABLE_COUNT = sizeof tables / sizeof tables[0] };

/* ---- the tables against the contract ---- */

static void check_table(const struct wire_table *table) {
    assert_int_equal(table->row_count, table->descriptor->n_fields);
    for (unsigned i = 0; i < table->descriptor->n_fields; i++) {
        uint32_t found = 0;
        for (uint32_t k = 0; k < table->row_count; k++) {
            found += strcmp(table->rows[k].field, table->descriptor->fields[i].name) == 0;
        }
        if (found != 1)
            fail_msg("%s.%s has %u rows", table->descriptor->name, table->descriptor->fields[i].name, found);
    }
    for (uint32_t k = 0; k < table->row_count; k++) {
        const struct wire_row *row = &table->rows[k];
        if (row->kind == WIRE_MESSAGE) {
            assert_int_equal(row->size, row->inner->plain_size);
            check_table(row->inner);
        }
        assert_int_equal(row->kind == WIRE_TEXT, row->form != NULL);
    }
}

static void test_every_field_has_a_row(void **state) {
    (void)state;
    for (size_t i = 0; i < TABLE_COUNT; i++) check_table(tables[i]);
    for (int kind = INDEX_COMMAND_REGISTER; kind <= INDEX_COMMAND_SERVICE; kind++) {
        check_table(index_answer_wire((enum index_command_kind)kind));
    }
}

/* ---- through bytes and back ---- */

static const char *sample_of(const struct wire_form *form, uint64_t draw) {
    if (form == &index_nhs_number_form) return draw % 2 == 0 ? "9434765919" : "9000000009";
    if (form == &index_birth_date_form) return draw % 2 == 0 ? "1952-02-29" : "1952";
    if (form == &index_postcode_form) return "RM1 3AA";
    if (form == &index_area_form) return draw % 2 == 0 ? "RM1 3AA" : "RM1";
    if (form == &index_district_form) return "IG11";
    if (form == &index_phone_form) return "+44 1708 000000";
    if (form == &wire_ods_code) return draw % 2 == 0 ? "F82001" : "RF4";
    if (form == &wire_date) return "2026-11-29";
    if (form == &index_name_form) return draw % 2 == 0 ? "O'Neil" : "Zo\xC3\xAB Anne";
    if (form == &index_reason_form) return "looked at both";
    if (form == &index_identifier_form) return draw % 2 == 0 ? "pas" : "liquid-logic";
    return "word";
}

static void draw_message(struct prng *prng, const struct wire_table *table, uint8_t *at);

static void draw_value(struct prng *prng, const struct wire_row *row, uint8_t *at) {
    switch (row->kind) {
    case WIRE_TEXT: {
        const char *sample = sample_of(row->form, prng_u64(prng));
        assert_in_range(strlen(sample), 1, row->size - 1);
        if (row->is_needed || prng_chance(prng, 70)) memcpy(at, sample, strlen(sample));
        return;
    }
    case WIRE_UUID:
    case WIRE_FIXED:
    case WIRE_BYTES:
        for (uint32_t i = 0; i < row->size; i++) at[i] = (uint8_t)(1 + prng_below(prng, 255));
        return;
    case WIRE_NUMBER:
    case WIRE_LARGE: {
        int64_t span = row->max - row->min;
        int64_t value = row->min + (int64_t)prng_below(prng, span == INT64_MAX ? UINT32_MAX : (uint64_t)span + 1);
        memcpy(at, &value, row->size);
        return;
    }
    case WIRE_BOOL:
        *at = prng_chance(prng, 50);
        return;
    case WIRE_MESSAGE:
        draw_message(prng, row->inner, at);
        return;
    }
    fail();
}

static bool is_repeated(const struct wire_table *table, const struct wire_row *row) {
    return protobuf_c_message_descriptor_get_field_by_name(table->descriptor, row->field)->label ==
           PROTOBUF_C_LABEL_REPEATED;
}

/* What the judges of whole messages demand is put right afterwards, so every drawn message is a good one. */
static void make_good(const struct wire_table *table, uint8_t *at) {
    if (table == &index_demographics_wire) {
        struct index_demographics *d = (struct index_demographics *)(void *)at;
        if (d->nhs_number[0] == '\0') d->nhs_number_status = INDEX_NHS_UNSPECIFIED;
    } else if (table == &index_relationship_wire) {
        struct index_relationship *r = (struct index_relationship *)(void *)at;
        bool is_with_person = r->kind == INDEX_RELATION_CARER || r->kind == INDEX_RELATION_PARENT;
        memset(r->organisation, 0, sizeof r->organisation);
        if (!is_with_person) memcpy(r->organisation, "F82001", 6);
        if (!is_with_person) r->other_person_id = (struct uuid){{0}};
    } else if (table == &index_organisation_wire) {
        struct index_organisation *o = (struct index_organisation *)(void *)at;
        memset(o->successor, 0, sizeof o->successor);
    }
}

static void draw_message(struct prng *prng, const struct wire_table *table, uint8_t *at) {
    memset(at, 0, table->plain_size);
    uint32_t choices = 0, chosen = 0;
    for (uint32_t i = 0; i < table->row_count; i++) choices += table->rows[i].is_choice;
    if (choices > 0) chosen = (uint32_t)prng_below(prng, choices);
    for (uint32_t i = 0; i < table->row_count; i++) {
        const struct wire_row *row = &table->rows[i];
        if (row->is_choice) {
            if (chosen-- != 0) continue;
            uint32_t number = protobuf_c_message_descriptor_get_field_by_name(table->descriptor, row->field)->id;
            memcpy(at + row->choice_at, &number, sizeof number);
        }
        if (is_repeated(table, row)) {
            /* An empty text cannot be told from none in a list; draws of lists are whole. */
            uint32_t count = (uint32_t)prng_below(prng, row->count_max + 1);
            struct wire_row element = *row;
            element.is_needed = true;
            for (uint32_t k = 0; k < count; k++) draw_value(prng, &element, at + row->at + (size_t)k * row->size);
            memcpy(at + row->count_at, &count, sizeof count);
            continue;
        }
        if (row->is_told && prng_chance(prng, 50)) continue;
        if (row->is_told) at[row->told_at] = 1;
        draw_value(prng, row, at + row->at);
        if (row->kind == WIRE_BYTES) memcpy(at + row->count_at, &row->size, sizeof row->size);
    }
    /* A time span ends after it began. */
    if (strcmp(table->descriptor->name, "bhr.index.v1.OpeningTime") == 0) {
        struct index_opening_time *t = (struct index_opening_time *)(void *)at;
        if (t->until_minute <= t->from_minute) *t = (struct index_opening_time){t->weekday, 1, 2};
    }
    make_good(table, at);
}

static void test_everything_comes_back(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < ROUNDS; seed++) {
        struct prng prng = prng_seed(seed);
        for (size_t i = 0; i < TABLE_COUNT; i++) {
            struct arena arena = arena_over(memory, sizeof memory);
            struct wire_fault fault = {.text = ""};
            assert_in_range(tables[i]->plain_size, 1, sizeof plain);
            draw_message(&prng, tables[i], plain);
            struct slice bytes = wire_table_encode_to_arena(tables[i], plain, &arena);
            assert_non_null(bytes.data);
            memset(back, 0xAA, tables[i]->plain_size);
            if (!wire_table_decode(tables[i], bytes, &arena, back, &fault)) {
                fail_msg("seed %llu %s: %s", (unsigned long long)seed, tables[i]->descriptor->name, fault.text);
            }
            assert_memory_equal(back, plain, tables[i]->plain_size);
        }
    }
}

/* Whatever the bytes: no crash, and what is refused says why. */
static void test_broken_bytes_are_refused_or_read(void **state) {
    (void)state;
    uint32_t refused = 0;
    for (uint64_t seed = 0; seed < ROUNDS; seed++) {
        struct prng prng = prng_seed(seed ^ 0xB20CE);
        for (size_t i = 0; i < TABLE_COUNT; i++) {
            struct arena arena = arena_over(memory, sizeof memory);
            struct wire_fault fault = {.text = ""};
            draw_message(&prng, tables[i], plain);
            struct slice bytes = wire_table_encode_to_arena(tables[i], plain, &arena);
            uint8_t *writable = (uint8_t *)(uintptr_t)bytes.data;
            if (bytes.size == 0) continue;
            for (int k = 0; k < 3; k++) writable[prng_below(&prng, bytes.size)] = (uint8_t)prng_u64(&prng);
            if (prng_chance(&prng, 20)) bytes.size = prng_below(&prng, bytes.size);
            if (wire_table_decode(tables[i], bytes, &arena, back, &fault)) continue;
            assert_true(fault.text[0] != '\0');
            refused++;
        }
    }
    assert_true(refused > ROUNDS);
}

static void test_a_small_arena_is_an_answer(void **state) {
    (void)state;
    struct prng prng = prng_seed(1);
    draw_message(&prng, &index_command_wire, plain);
    for (size_t size = 0; size < 4096; size += 64) {
        struct arena arena = arena_over(memory, size);
        uint8_t bytes[4096];
        struct buffer out = buffer_over(bytes, sizeof bytes);
        wire_table_encode(&index_command_wire, plain, &arena, &out);
        assert_true(out.is_full || out.size > 0);
    }
}

static void test_details_always_fit_their_seal(void **state) {
    (void)state;
    static struct index_details details;
    memset(&details, 0, sizeof details);
    memset(details.local_id, 'x', INDEX_LOCAL_ID_MAX);
    struct index_demographics *d = &details.demographics;
    memcpy(d->nhs_number, "9434765919", 10);
    memset(d->family_name, 'x', INDEX_NAME_MAX);
    memset(d->given_name, 'x', INDEX_NAME_MAX);
    memcpy(d->birth_date, "1952-02-29", 10);
    memcpy(d->postcode, "EC1A 1BB", 8);
    memcpy(d->phone, "+44 0000000000000000000000000000", INDEX_PHONE_MAX);
    d->nhs_number_status = INDEX_NHS_POSTPONED;
    d->sex = INDEX_SEX_OTHER;
    d->address_line_count = INDEX_LINES_MAX;
    for (int i = 0; i < INDEX_LINES_MAX; i++) memset(d->address_lines[i], 'x', INDEX_NAME_MAX);
    struct arena arena = arena_over(memory, sizeof memory);
    struct slice bytes = wire_table_encode_to_arena(&index_details_wire, &details, &arena);
    assert_in_range(bytes.size, 600, INDEX_DETAILS_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_field_has_a_row),
        cmocka_unit_test(test_everything_comes_back),
        cmocka_unit_test(test_broken_bytes_are_refused_or_read),
        cmocka_unit_test(test_a_small_arena_is_an_answer),
        cmocka_unit_test(test_details_always_fit_their_seal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
