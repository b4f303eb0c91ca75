/* Good messages of the index, drawn from its tables: whatever has a row is drawn. */
#ifndef BHR_TESTS_WIRE_INDEX_DRAW_H
#define BHR_TESTS_WIRE_INDEX_DRAW_H

#include "lib/wire/index/index_forms.h"
#include "tests/support/cmocka.h"
#include "tests/support/prng.h"

enum { DRAWN_IDS = 24 };

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
    if (form == &index_language_form) return draw % 2 == 0 ? "bn" : "pt-BR";
    if (form == &index_practitioner_id_form) return draw % 2 == 0 ? "555000000111" : "555000000222";
    if (form == &index_role_code_form) return draw % 2 == 0 ? "R8000" : "S8000:G8000:R8000";
    if (form == &index_registration_form) return draw % 2 == 0 ? "2012345" : "2098765";
    if (form == &index_identifier_form) return draw % 2 == 0 ? "pas" : "liquid-logic";
    return "word";
}

static inline void draw_message(struct prng *prng, const struct wire_table *table, uint8_t *at);

static void draw_value(struct prng *prng, const struct wire_row *row, uint8_t *at) {
    switch (row->kind) {
    case WIRE_TEXT: {
        const char *sample = sample_of(row->form, prng_u64(prng));
        assert_in_range(strlen(sample), 1, row->size - 1);
        if (row->is_needed || prng_chance(prng, 70)) memcpy(at, sample, strlen(sample));
        return;
    }
    case WIRE_UUID:
        at[15] = (uint8_t)(1 + prng_below(prng, DRAWN_IDS)); /* so few that they meet */
        return;
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
    } else if (table == &index_preferences_wire) {
        struct index_preferences *p = (struct index_preferences *)(void *)at;
        if (p->language[0] == '\0') p->needs_interpreter = false;
    } else if (table == &index_registration_wire) {
        struct index_registration *r = (struct index_registration *)(void *)at;
        if (r->body == INDEX_BODY_NMC) memcpy(r->number, "12A3456B", sizeof "12A3456B");
    } else if (table == &index_practitioner_wire) {
        struct index_practitioner *p = (struct index_practitioner *)(void *)at;
        for (uint32_t i = 0; i < p->registration_count; i++) {
            p->registrations[i] = (struct index_registration){.body = (enum index_body)(i + 1)};
            const char *number = i + 1 == INDEX_BODY_NMC ? "12A3456B" : "2012345";
            memcpy(p->registrations[i].number, number, strlen(number));
        }
    }
}

static inline void draw_message(struct prng *prng, const struct wire_table *table, uint8_t *at) {
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

#endif
