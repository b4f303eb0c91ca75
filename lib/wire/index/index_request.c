/* Requests, each table reading like its message in proto/bhr/index/v1/index_service.proto. */
#include "lib/wire/index/index_forms.h"

#define TIME_EXPECTED "expected milliseconds since 1970 UTC, before the year 2200"

static const struct wire_row register_rows[] = {
    {WIRE_AT(struct index_register_request, key), .kind = WIRE_MESSAGE, .inner = &index_record_key_wire,
     .is_needed = true, .expected = "expected whose record it is"},
    {WIRE_AT(struct index_register_request, demographics), .kind = WIRE_MESSAGE, .inner = &index_demographics_wire,
     .is_needed = true, .expected = "expected what the source knows of the person"},
};
const struct wire_table index_register_request_wire =
    WIRE_TABLE(bhr__index__v1__register_record_request, struct index_register_request, register_rows, NULL);

static const struct wire_row link_rows[] = {
    {WIRE_AT(struct index_link_request, record_id), .kind = WIRE_UUID, .is_needed = true},
    {WIRE_AT(struct index_link_request, person_id), .kind = WIRE_UUID, .is_needed = true},
    INDEX_REASON(struct index_link_request),
};
const struct wire_table index_link_request_wire =
    WIRE_TABLE(bhr__index__v1__link_record_request, struct index_link_request, link_rows, NULL);

static const struct wire_row unlink_rows[] = {
    {WIRE_AT(struct index_unlink_request, record_id), .kind = WIRE_UUID, .is_needed = true},
    INDEX_REASON(struct index_unlink_request),
};
const struct wire_table index_unlink_request_wire =
    WIRE_TABLE(bhr__index__v1__unlink_record_request, struct index_unlink_request, unlink_rows, NULL);

static const struct wire_row merge_rows[] = {
    {WIRE_AT(struct index_merge_request, survivor_id), .kind = WIRE_UUID, .is_needed = true},
    {WIRE_AT(struct index_merge_request, other_id), .kind = WIRE_UUID, .is_needed = true},
    INDEX_REASON(struct index_merge_request),
    {WIRE_AT(struct index_merge_request, approves_merge_id), .kind = WIRE_UUID},
};
const struct wire_table index_merge_request_wire =
    WIRE_TABLE(bhr__index__v1__merge_persons_request, struct index_merge_request, merge_rows, NULL);

static const struct wire_row unmerge_rows[] = {
    {WIRE_AT(struct index_unmerge_request, merge_id), .kind = WIRE_UUID, .is_needed = true},
    INDEX_REASON(struct index_unmerge_request),
};
const struct wire_table index_unmerge_request_wire =
    WIRE_TABLE(bhr__index__v1__unmerge_persons_request, struct index_unmerge_request, unmerge_rows, NULL);

static const struct wire_row claim_rows[] = {
    {WIRE_AT(struct index_claim_request, pair_id), .kind = WIRE_UUID, .is_needed = true},
};
const struct wire_table index_claim_request_wire =
    WIRE_TABLE(bhr__index__v1__claim_pair_request, struct index_claim_request, claim_rows, NULL);

static const struct wire_row decide_rows[] = {
    {WIRE_AT(struct index_decide_request, pair_id), .kind = WIRE_UUID, .is_needed = true},
    {WIRE_AT(struct index_decide_request, is_same), .kind = WIRE_BOOL},
    INDEX_REASON(struct index_decide_request),
};
const struct wire_table index_decide_request_wire =
    WIRE_TABLE(bhr__index__v1__decide_pair_request, struct index_decide_request, decide_rows, NULL);

static const struct wire_row flag_rows[] = {
    {WIRE_AT(struct index_flag_request, person_id), .kind = WIRE_UUID, .is_needed = true},
    {WIRE_AT(struct index_flag_request, flag), .kind = WIRE_NUMBER, .min = INDEX_FLAG_RESTRICTED,
     .max = INDEX_FLAG_DO_NOT_MATCH, .expected = "expected restricted, sensitive, deceased or do not match"},
    {WIRE_AT(struct index_flag_request, is_set), .kind = WIRE_BOOL},
    INDEX_REASON(struct index_flag_request),
};
const struct wire_table index_flag_request_wire =
    WIRE_TABLE(bhr__index__v1__flag_person_request, struct index_flag_request, flag_rows, NULL);

static const struct wire_row relation_rows[] = {
    {WIRE_AT(struct index_relation_request, person_id), .kind = WIRE_UUID, .is_needed = true},
    {WIRE_AT(struct index_relation_request, relationship), .kind = WIRE_MESSAGE, .inner = &index_relationship_wire,
     .is_needed = true, .expected = "expected with whom, and when"},
};
const struct wire_table index_relation_request_wire =
    WIRE_TABLE(bhr__index__v1__set_relationship_request, struct index_relation_request, relation_rows, NULL);

static const struct wire_row organisation_rows[] = {
    {WIRE_AT(struct index_organisation_request, organisation), .kind = WIRE_MESSAGE, .inner = &index_organisation_wire,
     .is_needed = true, .expected = "expected an organisation"},
};
const struct wire_table index_organisation_request_wire = WIRE_TABLE(
    bhr__index__v1__register_organisation_request, struct index_organisation_request, organisation_rows, NULL);

static const struct wire_row service_rows[] = {
    {WIRE_AT(struct index_service_request, service), .kind = WIRE_MESSAGE, .inner = &index_service_wire,
     .is_needed = true, .expected = "expected a service"},
};
const struct wire_table index_service_request_wire =
    WIRE_TABLE(bhr__index__v1__register_service_request, struct index_service_request, service_rows, NULL);

static const struct wire_row consent_rows[] = {
    {WIRE_AT(struct index_consent_request, person_id), .kind = WIRE_UUID, .is_needed = true},
    {WIRE_AT(struct index_consent_request, consent), .kind = WIRE_MESSAGE, .inner = &index_consent_wire,
     .is_needed = true, .expected = "expected what was said"},
};
const struct wire_table index_consent_request_wire =
    WIRE_TABLE(bhr__index__v1__set_consent_request, struct index_consent_request, consent_rows, NULL);

static const struct wire_row preferences_rows[] = {
    {WIRE_AT(struct index_preferences_request, person_id), .kind = WIRE_UUID, .is_needed = true},
    {WIRE_AT(struct index_preferences_request, preferences), .kind = WIRE_MESSAGE, .inner = &index_preferences_wire,
     .is_needed = true, .expected = "expected how to reach them"},
};
const struct wire_table index_preferences_request_wire =
    WIRE_TABLE(bhr__index__v1__set_preferences_request, struct index_preferences_request, preferences_rows, NULL);

static const struct wire_row practitioner_rows[] = {
    {WIRE_AT(struct index_practitioner_request, practitioner), .kind = WIRE_MESSAGE, .inner = &index_practitioner_wire,
     .is_needed = true, .expected = "expected a professional"},
};
const struct wire_table index_practitioner_request_wire = WIRE_TABLE(
    bhr__index__v1__register_practitioner_request, struct index_practitioner_request, practitioner_rows, NULL);

/* ---- queries ---- */

static const struct wire_row find_rows[] = {
    {WIRE_AT(struct index_find_request, nhs_number), .kind = WIRE_TEXT, .form = &index_nhs_number_form,
     .is_needed = true, WIRE_CHOICE(struct index_find_request, by)},
    {WIRE_AT(struct index_find_request, record), .kind = WIRE_MESSAGE, .inner = &index_record_key_wire,
     .is_needed = true, WIRE_CHOICE(struct index_find_request, by)},
    {WIRE_AT(struct index_find_request, birth_date), .kind = WIRE_TEXT, .form = &index_birth_date_form},
    {WIRE_AT(struct index_find_request, as_of_ms), .kind = WIRE_LARGE, .max = INDEX_TIME_MS_MAX,
     .expected = TIME_EXPECTED},
};
const struct wire_table index_find_request_wire =
    WIRE_TABLE(bhr__index__v1__find_person_request, struct index_find_request, find_rows, NULL);

static const struct wire_row trace_rows[] = {
    {WIRE_AT(struct index_trace_request, demographics), .kind = WIRE_MESSAGE, .inner = &index_demographics_wire,
     .is_needed = true, .expected = "expected what is known of the person"},
    {WIRE_AT(struct index_trace_request, limit), .kind = WIRE_NUMBER, .max = INDEX_CANDIDATES_MAX,
     .expected = "expected at most 50"},
};
const struct wire_table index_trace_request_wire =
    WIRE_TABLE(bhr__index__v1__trace_person_request, struct index_trace_request, trace_rows, NULL);

static const struct wire_row try_rows[] = {
    {WIRE_AT(struct index_try_request, rules), .kind = WIRE_BYTES,
     .count_at = offsetof(struct index_try_request, rules_size), .is_needed = true,
     .expected = "expected a rules file of at most 32768 bytes"},
    {WIRE_AT(struct index_try_request, series), .kind = WIRE_LARGE, .max = INDEX_TIME_MS_MAX,
     .expected = "expected the series of an earlier answer, or none"},
    {WIRE_AT(struct index_try_request, from), .kind = WIRE_LARGE, .max = INT64_MAX,
     .expected = "expected next of an earlier answer, or none"},
    {WIRE_AT(struct index_try_request, since_ms), .kind = WIRE_LARGE, .max = INDEX_TIME_MS_MAX,
     .expected = TIME_EXPECTED},
    {WIRE_AT(struct index_try_request, limit), .kind = WIRE_NUMBER, .max = INDEX_TRIED_MAX,
     .expected = "expected at most 16"},
};
const struct wire_table index_try_request_wire =
    WIRE_TABLE(bhr__index__v1__try_rules_request, struct index_try_request, try_rows, NULL);

static const struct wire_row get_rows[] = {
    {WIRE_AT(struct index_get_request, person_id), .kind = WIRE_UUID, .is_needed = true},
    {WIRE_AT(struct index_get_request, as_of_ms), .kind = WIRE_LARGE, .max = INDEX_TIME_MS_MAX,
     .expected = TIME_EXPECTED},
};
const struct wire_table index_get_request_wire =
    WIRE_TABLE(bhr__index__v1__get_person_request, struct index_get_request, get_rows, NULL);

static const struct wire_row list_pairs_rows[] = {
    {WIRE_AT(struct index_list_pairs_request, limit), .kind = WIRE_NUMBER, .max = INDEX_PAIRS_SHOWN_MAX,
     .expected = "expected at most 100"},
};
const struct wire_table index_list_pairs_request_wire =
    WIRE_TABLE(bhr__index__v1__list_pairs_request, struct index_list_pairs_request, list_pairs_rows, NULL);

static const struct wire_row get_organisation_rows[] = {
    {WIRE_AT(struct index_get_organisation_request, code), .kind = WIRE_TEXT, .form = &wire_ods_code,
     .is_needed = true},
    {WIRE_AT(struct index_get_organisation_request, on_date), .kind = WIRE_TEXT, .form = &wire_date},
};
const struct wire_table index_get_organisation_request_wire = WIRE_TABLE(
    bhr__index__v1__get_organisation_request, struct index_get_organisation_request, get_organisation_rows, NULL);

static const struct wire_row find_services_rows[] = {
    {WIRE_AT(struct index_find_services_request, postcode), .kind = WIRE_TEXT, .form = &index_area_form,
     .is_needed = true},
    {WIRE_AT(struct index_find_services_request, kind), .kind = WIRE_TEXT, .form = &index_identifier_form},
    {WIRE_AT(struct index_find_services_request, at_ms), .kind = WIRE_LARGE, .max = INDEX_TIME_MS_MAX,
     .expected = TIME_EXPECTED},
};
const struct wire_table index_find_services_request_wire =
    WIRE_TABLE(bhr__index__v1__find_services_request, struct index_find_services_request, find_services_rows, NULL);

static const struct wire_row get_consent_rows[] = {
    {WIRE_AT(struct index_get_consent_request, person_id), .kind = WIRE_UUID, .is_needed = true},
    {WIRE_AT(struct index_get_consent_request, on_date), .kind = WIRE_TEXT, .form = &wire_date},
    {WIRE_AT(struct index_get_consent_request, as_of_ms), .kind = WIRE_LARGE, .max = INDEX_TIME_MS_MAX,
     .expected = TIME_EXPECTED},
};
const struct wire_table index_get_consent_request_wire =
    WIRE_TABLE(bhr__index__v1__get_consent_request, struct index_get_consent_request, get_consent_rows, NULL);

static const struct wire_row get_practitioner_rows[] = {
    {WIRE_AT(struct index_get_practitioner_request, practitioner_id), .kind = WIRE_TEXT,
     .form = &index_practitioner_id_form, .is_needed = true, WIRE_CHOICE(struct index_get_practitioner_request, by)},
    {WIRE_AT(struct index_get_practitioner_request, registration), .kind = WIRE_MESSAGE,
     .inner = &index_registration_wire, .is_needed = true, WIRE_CHOICE(struct index_get_practitioner_request, by)},
    {WIRE_AT(struct index_get_practitioner_request, on_date), .kind = WIRE_TEXT, .form = &wire_date},
};
const struct wire_table index_get_practitioner_request_wire = WIRE_TABLE(
    bhr__index__v1__get_practitioner_request, struct index_get_practitioner_request, get_practitioner_rows, NULL);
