/* The index's tables against its contract, and everything through bytes and back. Values are drawn from the tables
 * themselves, so a new field is tested as soon as it has a row, and a field without a row fails. */
#include <stdio.h>

#include "lib/wire/index/index_forms.h"
#include "tests/support/cmocka.h"
#include "tests/wire/index_draw.h"

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
    &index_consent_request_wire,
    &index_preferences_request_wire,
    &index_practitioner_request_wire,
    &index_find_request_wire,
    &index_trace_request_wire,
    &index_try_request_wire,
    &index_get_request_wire,
    &index_list_pairs_request_wire,
    &index_get_organisation_request_wire,
    &index_find_services_request_wire,
    &index_get_consent_request_wire,
    &index_get_practitioner_request_wire,
    &index_find_response_wire,
    &index_trace_response_wire,
    &index_try_response_wire,
    &index_get_response_wire,
    &index_pairs_response_wire,
    &index_board_response_wire,
    &index_organisation_response_wire,
    &index_services_response_wire,
    &index_consents_response_wire,
    &index_practitioner_response_wire,
    &index_command_wire,
    &index_event_wire,
    &index_details_wire,
    &index_kept_wire,
    &index_preferences_details_wire,
};
enum { TABLE_COUNT = sizeof tables / sizeof tables[0] };

/* ---- the tables against the contract ---- */

/* Whether a value can be refused by what the row itself says. */
static bool may_refuse(const struct wire_row *row) {
    bool is_any_number = row->kind == WIRE_NUMBER && (row->max == UINT32_MAX || row->min == INT32_MIN);
    bool is_number = (row->kind == WIRE_NUMBER && !is_any_number) || row->kind == WIRE_LARGE;
    bool is_bytes = row->kind == WIRE_FIXED || row->kind == WIRE_BYTES;
    return row->count_max > 0 || is_bytes || is_number ||
           (row->kind == WIRE_MESSAGE && row->is_needed && !row->is_choice);
}

/* A message that may be missing and of which nothing tells whether it is there is written even when it is empty; so an
 * empty one must be read again. */
static bool must_be_needed(const struct wire_row *row) {
    if (row->kind != WIRE_MESSAGE || row->count_max > 0 || row->is_choice || row->is_told || row->is_needed)
        return false;
    for (uint32_t k = 0; k < row->inner->row_count; k++) {
        if (row->inner->rows[k].is_needed && !row->inner->rows[k].is_choice) return true;
    }
    return false;
}

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
        if (must_be_needed(row)) fail_msg("%s.%s is needed", table->descriptor->name, row->field);
        assert_int_equal(row->kind == WIRE_TEXT, row->form != NULL);
        if (may_refuse(row) && row->expected == NULL) {
            fail_msg("%s.%s does not say what was expected", table->descriptor->name, row->field);
        }
    }
}

static void test_every_field_has_a_row(void **state) {
    (void)state;
    for (size_t i = 0; i < TABLE_COUNT; i++) check_table(tables[i]);
    for (int kind = INDEX_COMMAND_REGISTER; kind <= INDEX_COMMAND_PRACTITIONER; kind++) {
        check_table(index_answer_wire((enum index_command_kind)kind));
    }
}

/* ---- through bytes and back ---- */

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

/* What an encoder leaves out, because it is nothing, a decoder may not take for something. */
static void refuse_kept(size_t zeroed_at, size_t size, const char *expected) {
    static struct index_kept kept;
    memset(&kept, 0, sizeof kept);
    memset(&kept.sealed_for, 1, sizeof kept.sealed_for);
    memset(&kept.sealed.key_id, 'k', sizeof kept.sealed.key_id);
    memset(kept.sealed.nonce, 'n', sizeof kept.sealed.nonce);
    kept.sealed.size = 40;
    memset(kept.sealed.ciphertext, 'c', kept.sealed.size);
    struct arena arena = arena_over(memory, sizeof memory);
    struct slice bytes = wire_table_encode_to_arena(&index_kept_wire, &kept, &arena);
    uint8_t *at = memmem(bytes.data, bytes.size, (const uint8_t *)&kept + zeroed_at, size);
    assert_non_null(at);
    struct wire_fault fault = {.text = ""};
    (void)wire_table_decode(&index_kept_wire, bytes, &arena, back, &fault);
    assert_string_equal(fault.text, "");
    memset(at, 0, size);
    assert_false(wire_table_decode(&index_kept_wire, bytes, &arena, back, &fault));
    assert_string_equal(fault.text, expected);
}

static void test_needed_bytes_are_not_all_zero(void **state) {
    (void)state;
    refuse_kept(offsetof(struct index_kept, sealed.key_id), sizeof(((struct index_kept *)0)->sealed.key_id),
                "sealed.key_id: expected 16 bytes, not all zero");
    refuse_kept(offsetof(struct index_kept, sealed.nonce), sizeof(((struct index_kept *)0)->sealed.nonce),
                "sealed.nonce: expected 24 bytes, not all zero");
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
    memset(d->house, 'x', INDEX_NAME_MAX);
    memset(d->county, 'x', INDEX_NAME_MAX);
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
        cmocka_unit_test(test_needed_bytes_are_not_all_zero),
        cmocka_unit_test(test_a_small_arena_is_an_answer),
        cmocka_unit_test(test_details_always_fit_their_seal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
