/* Answers, each table reading like its message in proto/bhr/index/v1/index_service.proto. */
#include "lib/wire/index/index_forms.h"

#include "lib/base/assert.h"

#define TIME_EXPECTED "expected milliseconds since 1970 UTC, before the year 2200"
#define TIME_ROW(plain, member)                                                                                        \
    { WIRE_AT(plain, member), .kind = WIRE_LARGE, .max = INDEX_TIME_MS_MAX, .expected = TIME_EXPECTED }
#define COUNT_ROW(member)                                                                                              \
    { WIRE_AT(struct index_board_row, member), .kind = WIRE_LARGE, .max = INT64_MAX, .expected = "expected a count" }

/* ---- of commands ---- */

static const struct wire_row register_rows[] = {
    {WIRE_IN(struct index_answer, record.record_id, "record_id"), .kind = WIRE_UUID, .is_needed = true},
    {WIRE_IN(struct index_answer, record.person_id, "person_id"), .kind = WIRE_UUID, .is_needed = true},
    {WIRE_IN(struct index_answer, record.how, "how"), .kind = WIRE_NUMBER, .min = INDEX_NEW, .max = INDEX_REVIEW,
     .expected = "expected how"},
    {WIRE_IN(struct index_answer, record.match, "match"), .kind = WIRE_MESSAGE, .inner = &index_match_wire},
};
static const struct wire_row link_rows[] = {
    {WIRE_AT(struct index_answer, previous_person_id), .kind = WIRE_UUID, .is_needed = true},
};
static const struct wire_row unlink_rows[] = {
    {WIRE_AT(struct index_answer, person_id), .kind = WIRE_UUID, .is_needed = true},
};
static const struct wire_row merge_rows[] = {
    {WIRE_AT(struct index_answer, merge_id), .kind = WIRE_UUID},
};
static const struct wire_row unmerge_rows[] = {
    {WIRE_IN(struct index_answer, unmerged.survivor_id, "survivor_id"), .kind = WIRE_UUID, .is_needed = true},
    {WIRE_IN(struct index_answer, unmerged.other_id, "other_id"), .kind = WIRE_UUID, .is_needed = true},
    {WIRE_IN(struct index_answer, unmerged.from_ms, "from_ms"), .kind = WIRE_LARGE, .max = INT64_MAX,
     .expected = TIME_EXPECTED},
    {WIRE_IN(struct index_answer, unmerged.until_ms, "until_ms"), .kind = WIRE_LARGE, .max = INT64_MAX,
     .expected = TIME_EXPECTED},
};
static const struct wire_row claim_rows[] = {
    {WIRE_AT(struct index_answer, pair), .kind = WIRE_MESSAGE, .inner = &index_pair_wire, .is_needed = true,
     .expected = "expected a pair"},
};
static const struct wire_row changed_rows[] = {
    {WIRE_AT(struct index_answer, is_changed), .kind = WIRE_BOOL},
};

#define ANSWER(message, rows) WIRE_TABLE(bhr__index__v1__##message##_response, struct index_answer, rows, NULL)
#define EMPTY(message)                                                                                                 \
    { .descriptor = &bhr__index__v1__##message##_response__descriptor, .plain_size = sizeof(struct index_answer) }

static const struct wire_table answers[] = {
    [INDEX_COMMAND_REGISTER] = ANSWER(register_record, register_rows),
    [INDEX_COMMAND_LINK] = ANSWER(link_record, link_rows),
    [INDEX_COMMAND_UNLINK] = ANSWER(unlink_record, unlink_rows),
    [INDEX_COMMAND_MERGE] = ANSWER(merge_persons, merge_rows),
    [INDEX_COMMAND_UNMERGE] = ANSWER(unmerge_persons, unmerge_rows),
    [INDEX_COMMAND_CLAIM] = ANSWER(claim_pair, claim_rows),
    [INDEX_COMMAND_DECIDE] = ANSWER(decide_pair, merge_rows),
    [INDEX_COMMAND_FLAG] = EMPTY(flag_person),
    [INDEX_COMMAND_RELATION] = EMPTY(set_relationship),
    [INDEX_COMMAND_ORGANISATION] = ANSWER(register_organisation, changed_rows),
    [INDEX_COMMAND_SERVICE] = ANSWER(register_service, changed_rows),
    [INDEX_COMMAND_CONSENT] = EMPTY(set_consent),
    [INDEX_COMMAND_PREFERENCES] = EMPTY(set_preferences),
    [INDEX_COMMAND_PRACTITIONER] = ANSWER(register_practitioner, changed_rows),
};

const struct wire_table *index_answer_wire(enum index_command_kind kind) {
    ASSERT(kind >= INDEX_COMMAND_REGISTER && kind <= INDEX_COMMAND_PRACTITIONER);
    return &answers[kind];
}

/* ---- of queries ---- */

static const struct wire_row find_rows[] = {
    {WIRE_AT(struct index_find_answer, person_id), .kind = WIRE_UUID, .is_needed = true},
    {WIRE_ALL(struct index_find_answer, superseded_ids, superseded_count), .kind = WIRE_UUID,
     .expected = "expected at most 16"},
};
const struct wire_table index_find_response_wire =
    WIRE_TABLE(bhr__index__v1__find_person_response, struct index_find_answer, find_rows, NULL);

static const struct wire_row candidate_rows[] = {
    {WIRE_AT(struct index_candidate, person_id), .kind = WIRE_UUID, .is_needed = true},
    {WIRE_AT(struct index_candidate, match), .kind = WIRE_MESSAGE, .inner = &index_match_wire},
};
static const struct wire_table candidate_wire =
    WIRE_TABLE(bhr__index__v1__candidate, struct index_candidate, candidate_rows, NULL);
static const struct wire_row trace_rows[] = {
    {WIRE_AT(struct index_trace_answer, result), .kind = WIRE_NUMBER, .min = INDEX_TRACE_MATCH,
     .max = INDEX_TRACE_TOO_MANY, .expected = "expected how it ended"},
    {WIRE_ALL(struct index_trace_answer, candidates, candidate_count), .kind = WIRE_MESSAGE, .inner = &candidate_wire,
     .expected = "expected at most 50"},
    {WIRE_AT(struct index_trace_answer, rules_version), .kind = WIRE_NUMBER, .max = UINT32_MAX,
     .expected = "expected a version"},
};
const struct wire_table index_trace_response_wire =
    WIRE_TABLE(bhr__index__v1__trace_person_response, struct index_trace_answer, trace_rows, NULL);

/* What is masked has no form of its own any more. */
static const struct wire_row masked_rows[] = {
    {WIRE_AT(struct index_demographics, nhs_number), .kind = WIRE_TEXT, .form = &wire_line},
    {WIRE_AT(struct index_demographics, nhs_number_status), .kind = WIRE_NUMBER, .max = INDEX_NHS_POSTPONED,
     .expected = "expected one of 01 to 08, or none"},
    {WIRE_AT(struct index_demographics, family_name), .kind = WIRE_TEXT, .form = &wire_line},
    {WIRE_AT(struct index_demographics, given_name), .kind = WIRE_TEXT, .form = &wire_line},
    {WIRE_AT(struct index_demographics, birth_date), .kind = WIRE_TEXT, .form = &index_birth_date_form},
    {WIRE_AT(struct index_demographics, sex), .kind = WIRE_NUMBER, .max = INDEX_SEX_OTHER,
     .expected = "expected female, male, other or none"},
    {WIRE_ALL(struct index_demographics, address_lines, address_line_count), .kind = WIRE_TEXT, .form = &wire_line,
     .expected = "expected at most 3 lines"},
    {WIRE_AT(struct index_demographics, postcode), .kind = WIRE_TEXT, .form = &index_district_form},
    {WIRE_AT(struct index_demographics, phone), .kind = WIRE_TEXT, .form = &wire_line},
    {WIRE_AT(struct index_demographics, house), .kind = WIRE_TEXT, .form = &wire_line},
    {WIRE_AT(struct index_demographics, county), .kind = WIRE_TEXT, .form = &wire_line},
};
static const struct wire_table masked_wire =
    WIRE_TABLE(bhr__index__v1__demographics, struct index_demographics, masked_rows, NULL);
static const struct wire_row tried_answer_rows[] = {
    {WIRE_AT(struct index_tried_answer, result), .kind = WIRE_NUMBER, .min = INDEX_TRACE_MATCH,
     .max = INDEX_TRACE_TOO_MANY, .expected = "expected how it ended"},
    {WIRE_AT(struct index_tried_answer, person_id), .kind = WIRE_UUID},
    {WIRE_AT(struct index_tried_answer, match), .kind = WIRE_MESSAGE, .inner = &index_match_wire},
    {WIRE_AT(struct index_tried_answer, candidates), .kind = WIRE_NUMBER, .max = INDEX_CANDIDATES_MAX,
     .expected = "expected at most 50"},
};
static const struct wire_table tried_answer_wire =
    WIRE_TABLE(bhr__index__v1__tried_answer, struct index_tried_answer, tried_answer_rows, NULL);
static const struct wire_row tried_rows[] = {
    TIME_ROW(struct index_tried, at_ms),
    {WIRE_AT(struct index_tried, described), .kind = WIRE_MESSAGE, .inner = &masked_wire, .is_needed = true,
     .expected = "expected what was asked"},
    {WIRE_AT(struct index_tried, before), .kind = WIRE_MESSAGE, .inner = &tried_answer_wire, .is_needed = true,
     .expected = "expected an answer"},
    {WIRE_AT(struct index_tried, after), .kind = WIRE_MESSAGE, .inner = &tried_answer_wire, .is_needed = true,
     .expected = "expected an answer"},
};
const struct wire_table index_tried_wire =
    WIRE_TABLE(bhr__index__v1__tried_look_up, struct index_tried, tried_rows, NULL);
static const struct wire_row try_rows[] = {
    {WIRE_AT(struct index_try_answer, rules_version), .kind = WIRE_NUMBER, .max = UINT32_MAX,
     .expected = "expected a version"},
    {WIRE_AT(struct index_try_answer, new_rules_version), .kind = WIRE_NUMBER, .max = UINT32_MAX,
     .expected = "expected a version"},
    {WIRE_AT(struct index_try_answer, series), .kind = WIRE_LARGE, .max = INDEX_TIME_MS_MAX,
     .expected = "expected a series"},
    {WIRE_AT(struct index_try_answer, next), .kind = WIRE_LARGE, .max = INT64_MAX, .expected = "expected a number"},
    {WIRE_AT(struct index_try_answer, end), .kind = WIRE_LARGE, .max = INT64_MAX, .expected = "expected a number"},
    {WIRE_AT(struct index_try_answer, tried), .kind = WIRE_NUMBER, .max = INDEX_TRIED_MAX,
     .expected = "expected at most 16"},
    {WIRE_AT(struct index_try_answer, unreadable), .kind = WIRE_NUMBER, .max = INDEX_TRIED_MAX,
     .expected = "expected at most 16"},
    {WIRE_AT(struct index_try_answer, dropped), .kind = WIRE_LARGE, .max = INT64_MAX, .expected = "expected a count"},
    TIME_ROW(struct index_try_answer, oldest_ms),
    {WIRE_ALL(struct index_try_answer, changes, change_count), .kind = WIRE_MESSAGE, .inner = &index_tried_wire,
     .expected = "expected at most 16"},
};
const struct wire_table index_try_response_wire =
    WIRE_TABLE(bhr__index__v1__try_rules_response, struct index_try_answer, try_rows, NULL);

/* Of an erased record nobody knows its identifier any more. */
static const struct wire_row shown_key_rows[] = {
    {WIRE_AT(struct index_record_key, organisation), .kind = WIRE_TEXT, .form = &wire_ods_code},
    {WIRE_AT(struct index_record_key, source), .kind = WIRE_TEXT, .form = &index_identifier_form, .is_needed = true},
    {WIRE_AT(struct index_record_key, local_id), .kind = WIRE_TEXT, .form = &index_local_id_form},
};
static const struct wire_table shown_key_wire =
    WIRE_TABLE(bhr__index__v1__record_key, struct index_record_key, shown_key_rows, NULL);
static const struct wire_row record_rows[] = {
    {WIRE_AT(struct index_record_view, record_id), .kind = WIRE_UUID, .is_needed = true},
    {WIRE_AT(struct index_record_view, key), .kind = WIRE_MESSAGE, .inner = &shown_key_wire, .is_needed = true,
     .expected = "expected whose record it is"},
    {WIRE_AT(struct index_record_view, demographics), .kind = WIRE_MESSAGE, .inner = &index_demographics_wire},
    TIME_ROW(struct index_record_view, updated_at_ms),
    {WIRE_IN(struct index_record_view, is_erased, "erased"), .kind = WIRE_BOOL},
};
static const struct wire_table record_wire =
    WIRE_TABLE(bhr__index__v1__record, struct index_record_view, record_rows, NULL);
static const struct wire_row change_rows[] = {
    TIME_ROW(struct index_change, at_ms),
    {WIRE_AT(struct index_change, what), .kind = WIRE_TEXT, .form = &wire_token, .is_needed = true},
    {WIRE_AT(struct index_change, by), .kind = WIRE_TEXT, .form = &wire_token},
    {WIRE_AT(struct index_change, entry_number), .kind = WIRE_LARGE, .max = INT64_MAX,
     .expected = "expected the number of an entry"},
    {WIRE_AT(struct index_change, record_id), .kind = WIRE_UUID},
    {WIRE_AT(struct index_change, other_person_id), .kind = WIRE_UUID},
};
static const struct wire_table change_wire =
    WIRE_TABLE(bhr__index__v1__person_change, struct index_change, change_rows, NULL);
static const struct wire_row recorded_consent_rows[] = {
    {WIRE_AT(struct index_recorded_consent, consent), .kind = WIRE_MESSAGE, .inner = &index_consent_wire,
     .is_needed = true, .expected = "expected a consent"},
    {WIRE_AT(struct index_recorded_consent, recorded_by), .kind = WIRE_TEXT, .form = &wire_token},
    TIME_ROW(struct index_recorded_consent, recorded_at_ms),
    {WIRE_AT(struct index_recorded_consent, recorded_for_id), .kind = WIRE_UUID, .is_needed = true},
    {WIRE_AT(struct index_recorded_consent, is_contradicted), .kind = WIRE_BOOL},
};
static const struct wire_table recorded_consent_wire =
    WIRE_TABLE(bhr__index__v1__recorded_consent, struct index_recorded_consent, recorded_consent_rows, NULL);
/* Of a person, and of an answer about consent only. */
#define CONSENT_ROWS(plain)                                                                                            \
    {WIRE_ALL(plain, consents, consent_count), .kind = WIRE_MESSAGE, .inner = &recorded_consent_wire,                  \
     .expected = "expected one of each purpose"},                                                                      \
    {                                                                                                                  \
        WIRE_AT(plain, preferences), .kind = WIRE_MESSAGE, .inner = &index_preferences_wire,                           \
                                     WIRE_IF(plain, has_preferences)                                                   \
    }
static const struct wire_row person_rows[] = {
    {WIRE_AT(struct index_person, person_id), .kind = WIRE_UUID, .is_needed = true},
    {WIRE_ALL(struct index_person, superseded_ids, superseded_count), .kind = WIRE_UUID, .expected = "expected fewer"},
    {WIRE_ALL(struct index_person, records, record_count), .kind = WIRE_MESSAGE, .inner = &record_wire,
     .expected = "expected fewer"},
    {WIRE_ALL(struct index_person, flags, flag_count), .kind = WIRE_NUMBER, .min = INDEX_FLAG_RESTRICTED,
     .max = INDEX_FLAG_DO_NOT_MATCH, .expected = "expected flags"},
    {WIRE_ALL(struct index_person, history, change_count), .kind = WIRE_MESSAGE, .inner = &change_wire,
     .expected = "expected fewer"},
    {WIRE_ALL(struct index_person, relationships, relationship_count), .kind = WIRE_MESSAGE,
     .inner = &index_relationship_wire, .expected = "expected fewer"},
    CONSENT_ROWS(struct index_person),
};
static const struct wire_table person_wire = WIRE_TABLE(bhr__index__v1__person, struct index_person, person_rows, NULL);
static const struct wire_row get_rows[] = {
    {.field = "person",
     .at = 0,
     .size = sizeof(struct index_person),
     .kind = WIRE_MESSAGE,
     .inner = &person_wire,
     .is_needed = true,
     .expected = "expected a person"},
};
const struct wire_table index_get_response_wire =
    WIRE_TABLE(bhr__index__v1__get_person_response, struct index_person, get_rows, NULL);

static const struct wire_row pairs_rows[] = {
    {WIRE_ALL(struct index_pairs_answer, pairs, pair_count), .kind = WIRE_MESSAGE, .inner = &index_pair_wire,
     .expected = "expected at most 100"},
    {WIRE_AT(struct index_pairs_answer, has_more), .kind = WIRE_BOOL},
};
const struct wire_table index_pairs_response_wire =
    WIRE_TABLE(bhr__index__v1__list_pairs_response, struct index_pairs_answer, pairs_rows, NULL);

static const struct wire_row board_row_rows[] = {
    {WIRE_AT(struct index_board_row, organisation), .kind = WIRE_TEXT, .form = &wire_ods_code, .is_needed = true},
    {WIRE_AT(struct index_board_row, source), .kind = WIRE_TEXT, .form = &index_identifier_form, .is_needed = true},
    COUNT_ROW(records),
    COUNT_ROW(verified),
    COUNT_ROW(matched),
    COUNT_ROW(review),
    COUNT_ROW(incomplete),
    COUNT_ROW(conflict),
    COUNT_ROW(unmatched),
};
static const struct wire_table board_row_wire =
    WIRE_TABLE(bhr__index__v1__board_row, struct index_board_row, board_row_rows, NULL);
static const struct wire_row board_rows[] = {
    {WIRE_ALL(struct index_board_answer, rows, row_count), .kind = WIRE_MESSAGE, .inner = &board_row_wire,
     .expected = "expected at most 256"},
};
const struct wire_table index_board_response_wire =
    WIRE_TABLE(bhr__index__v1__get_board_response, struct index_board_answer, board_rows, NULL);

static const struct wire_row organisation_rows[] = {
    {WIRE_AT(struct index_organisation_answer, organisation), .kind = WIRE_MESSAGE, .inner = &index_organisation_wire,
     .is_needed = true, .expected = "expected an organisation"},
    {WIRE_AT(struct index_organisation_answer, is_open), .kind = WIRE_BOOL},
    {WIRE_AT(struct index_organisation_answer, use_instead), .kind = WIRE_MESSAGE, .inner = &index_organisation_wire,
     WIRE_IF(struct index_organisation_answer, has_use_instead)},
};
const struct wire_table index_organisation_response_wire =
    WIRE_TABLE(bhr__index__v1__get_organisation_response, struct index_organisation_answer, organisation_rows, NULL);

static const struct wire_row services_rows[] = {
    {WIRE_ALL(struct index_services_answer, services, service_count), .kind = WIRE_MESSAGE,
     .inner = &index_service_wire, .expected = "expected at most 50"},
};
const struct wire_table index_services_response_wire =
    WIRE_TABLE(bhr__index__v1__find_services_response, struct index_services_answer, services_rows, NULL);

static const struct wire_row consents_rows[] = {
    {WIRE_AT(struct index_consents_answer, person_id), .kind = WIRE_UUID, .is_needed = true},
    CONSENT_ROWS(struct index_consents_answer),
};
const struct wire_table index_consents_response_wire =
    WIRE_TABLE(bhr__index__v1__get_consent_response, struct index_consents_answer, consents_rows, NULL);

static const struct wire_row role_on_day_rows[] = {
    {WIRE_AT(struct index_role_on_day, role), .kind = WIRE_MESSAGE, .inner = &index_practitioner_role_wire,
     .is_needed = true, .expected = "expected a role"},
    {WIRE_AT(struct index_role_on_day, is_open), .kind = WIRE_BOOL},
    {WIRE_AT(struct index_role_on_day, closed_after), .kind = WIRE_TEXT, .form = &wire_date},
    {WIRE_AT(struct index_role_on_day, use_instead), .kind = WIRE_TEXT, .form = &wire_ods_code},
};
static const struct wire_table role_on_day_wire =
    WIRE_TABLE(bhr__index__v1__practitioner_role_on_day, struct index_role_on_day, role_on_day_rows, NULL);
static const struct wire_row practitioner_rows[] = {
    {WIRE_AT(struct index_practitioner_answer, practitioner), .kind = WIRE_MESSAGE, .inner = &index_practitioner_wire,
     .is_needed = true, .expected = "expected a professional"},
    {WIRE_AT(struct index_practitioner_answer, is_open), .kind = WIRE_BOOL},
    {WIRE_AT(struct index_practitioner_answer, closed_after), .kind = WIRE_TEXT, .form = &wire_date},
    {WIRE_ALL(struct index_practitioner_answer, roles, role_count), .kind = WIRE_MESSAGE, .inner = &role_on_day_wire,
     .expected = "expected at most 16"},
};
const struct wire_table index_practitioner_response_wire =
    WIRE_TABLE(bhr__index__v1__get_practitioner_response, struct index_practitioner_answer, practitioner_rows, NULL);
