/* Tables of the parts that several messages are made of, each reading like its message in
 * proto/bhr/index/v1/index.proto. */
#include "lib/wire/index/index_forms.h"

#include <assert.h>

static bool judge_demographics(const void *plain, const char **ret_field, const char **ret_expected) {
    const struct index_demographics *d = plain;
    *ret_field = "nhs_number";
    *ret_expected = "expected the number that is said to be verified";
    return d->nhs_number_status != INDEX_NHS_VERIFIED || d->nhs_number[0] != '\0';
}

static bool judge_relationship(const void *plain, const char **ret_field, const char **ret_expected) {
    const struct index_relationship *r = plain;
    bool is_with_person = r->kind == INDEX_RELATION_CARER || r->kind == INDEX_RELATION_PARENT;
    *ret_field = is_with_person ? "other_person_id" : "organisation";
    *ret_expected = "expected a person for carer and parent, an organisation else, and not both";
    return uuid_is_zero(r->other_person_id) != is_with_person && (r->organisation[0] == '\0') == is_with_person;
}

static bool judge_organisation(const void *plain, const char **ret_field, const char **ret_expected) {
    const struct index_organisation *o = plain;
    *ret_field = "successor";
    *ret_expected = "expected another organisation, and a closed_date with it";
    bool has_successor = o->successor[0] != '\0';
    return !has_successor || (o->closed_date[0] != '\0' && !index_text_equal(o->successor, o->code));
}

static bool judge_opening_time(const void *plain, const char **ret_field, const char **ret_expected) {
    const struct index_opening_time *t = plain;
    *ret_field = "until_minute";
    *ret_expected = "expected a minute after from_minute";
    return t->from_minute < t->until_minute;
}

static const struct wire_row demographics_rows[] = {
    {WIRE_AT(struct index_demographics, nhs_number), .kind = WIRE_TEXT, .form = &index_nhs_number_form},
    {WIRE_AT(struct index_demographics, nhs_number_status), .kind = WIRE_NUMBER, .max = INDEX_NHS_POSTPONED,
     .expected = "expected one of 01 to 08, or none"},
    {WIRE_AT(struct index_demographics, family_name), .kind = WIRE_TEXT, .form = &index_name_form},
    {WIRE_AT(struct index_demographics, given_name), .kind = WIRE_TEXT, .form = &index_name_form},
    {WIRE_AT(struct index_demographics, birth_date), .kind = WIRE_TEXT, .form = &index_birth_date_form},
    {WIRE_AT(struct index_demographics, sex), .kind = WIRE_NUMBER, .max = INDEX_SEX_OTHER,
     .expected = "expected female, male, other or none"},
    {WIRE_ALL(struct index_demographics, address_lines, address_line_count), .kind = WIRE_TEXT,
     .form = &index_name_form, .expected = "expected at most 3 lines"},
    {WIRE_AT(struct index_demographics, postcode), .kind = WIRE_TEXT, .form = &index_postcode_form},
    {WIRE_AT(struct index_demographics, phone), .kind = WIRE_TEXT, .form = &index_phone_form},
    {WIRE_AT(struct index_demographics, house), .kind = WIRE_TEXT, .form = &index_name_form},
    {WIRE_AT(struct index_demographics, county), .kind = WIRE_TEXT, .form = &index_name_form},
};
const struct wire_table index_demographics_wire =
    WIRE_TABLE(bhr__index__v1__demographics, struct index_demographics, demographics_rows, judge_demographics);

static const struct wire_row record_key_rows[] = {
    {WIRE_AT(struct index_record_key, organisation), .kind = WIRE_TEXT, .form = &wire_ods_code},
    {WIRE_AT(struct index_record_key, source), .kind = WIRE_TEXT, .form = &index_identifier_form, .is_needed = true},
    {WIRE_AT(struct index_record_key, local_id), .kind = WIRE_TEXT, .form = &index_local_id_form, .is_needed = true},
};
const struct wire_table index_record_key_wire =
    WIRE_TABLE(bhr__index__v1__record_key, struct index_record_key, record_key_rows, NULL);

static const struct wire_row match_reason_rows[] = {
    {WIRE_AT(struct index_match_reason, field), .kind = WIRE_TEXT, .form = &wire_token, .is_needed = true},
    {WIRE_AT(struct index_match_reason, level), .kind = WIRE_TEXT, .form = &wire_token, .is_needed = true},
    {WIRE_AT(struct index_match_reason, weight_millibits), .kind = WIRE_NUMBER, .min = INT32_MIN, .max = INT32_MAX},
};
static const struct wire_table match_reason_wire =
    WIRE_TABLE(bhr__index__v1__match_reason, struct index_match_reason, match_reason_rows, NULL);

static const struct wire_row match_rows[] = {
    {WIRE_AT(struct index_match, weight_millibits), .kind = WIRE_NUMBER, .min = INT32_MIN, .max = INT32_MAX},
    {WIRE_AT(struct index_match, posterior_ppm), .kind = WIRE_NUMBER, .max = INDEX_PPM_MAX,
     .expected = "expected at most 1000000"},
    {WIRE_ALL(struct index_match, reasons, reason_count), .kind = WIRE_MESSAGE, .inner = &match_reason_wire,
     .expected = "expected at most 12"},
};
const struct wire_table index_match_wire = WIRE_TABLE(bhr__index__v1__match, struct index_match, match_rows, NULL);

static const struct wire_row pair_rows[] = {
    {WIRE_AT(struct index_pair, pair_id), .kind = WIRE_UUID, .is_needed = true},
    {WIRE_AT(struct index_pair, person_id), .kind = WIRE_UUID, .is_needed = true},
    {WIRE_AT(struct index_pair, other_person_id), .kind = WIRE_UUID, .is_needed = true},
    {WIRE_AT(struct index_pair, match), .kind = WIRE_MESSAGE, .inner = &index_match_wire},
    {WIRE_AT(struct index_pair, claimed_by), .kind = WIRE_TEXT, .form = &wire_token},
    {WIRE_AT(struct index_pair, found_at_ms), .kind = WIRE_LARGE, .max = INDEX_TIME_MS_MAX,
     .expected = "expected milliseconds since 1970 UTC, before the year 2200"},
};
const struct wire_table index_pair_wire = WIRE_TABLE(bhr__index__v1__pair, struct index_pair, pair_rows, NULL);

static const struct wire_row relationship_rows[] = {
    {WIRE_AT(struct index_relationship, kind), .kind = WIRE_NUMBER, .min = INDEX_RELATION_PRACTICE,
     .max = INDEX_RELATION_PARENT, .expected = "expected a kind of relationship"},
    {WIRE_AT(struct index_relationship, organisation), .kind = WIRE_TEXT, .form = &wire_ods_code},
    {WIRE_AT(struct index_relationship, other_person_id), .kind = WIRE_UUID},
    {WIRE_AT(struct index_relationship, from_date), .kind = WIRE_TEXT, .form = &wire_date, .is_needed = true},
    {WIRE_AT(struct index_relationship, until_date), .kind = WIRE_TEXT, .form = &wire_date},
};
const struct wire_table index_relationship_wire =
    WIRE_TABLE(bhr__index__v1__relationship, struct index_relationship, relationship_rows, judge_relationship);

static const struct wire_row organisation_rows[] = {
    {WIRE_AT(struct index_organisation, code), .kind = WIRE_TEXT, .form = &wire_ods_code, .is_needed = true},
    {WIRE_AT(struct index_organisation, name), .kind = WIRE_TEXT, .form = &index_name_form, .is_needed = true},
    {WIRE_AT(struct index_organisation, kind), .kind = WIRE_TEXT, .form = &index_identifier_form, .is_needed = true},
    {WIRE_AT(struct index_organisation, postcode), .kind = WIRE_TEXT, .form = &index_postcode_form},
    {WIRE_AT(struct index_organisation, opened_date), .kind = WIRE_TEXT, .form = &wire_date, .is_needed = true},
    {WIRE_AT(struct index_organisation, closed_date), .kind = WIRE_TEXT, .form = &wire_date},
    {WIRE_AT(struct index_organisation, successor), .kind = WIRE_TEXT, .form = &wire_ods_code},
    {WIRE_AT(struct index_organisation, commissioner), .kind = WIRE_TEXT, .form = &wire_ods_code},
};
const struct wire_table index_organisation_wire =
    WIRE_TABLE(bhr__index__v1__organisation, struct index_organisation, organisation_rows, judge_organisation);

static const struct wire_row opening_time_rows[] = {
    {WIRE_AT(struct index_opening_time, weekday), .kind = WIRE_NUMBER, .min = 1, .max = 7,
     .expected = "expected 1 to 7"},
    {WIRE_AT(struct index_opening_time, from_minute), .kind = WIRE_NUMBER, .max = 1439,
     .expected = "expected 0 to 1439"},
    {WIRE_AT(struct index_opening_time, until_minute), .kind = WIRE_NUMBER, .max = 1440,
     .expected = "expected at most 1440"},
};
static const struct wire_table opening_time_wire =
    WIRE_TABLE(bhr__index__v1__opening_time, struct index_opening_time, opening_time_rows, judge_opening_time);

static const struct wire_row service_rows[] = {
    {WIRE_AT(struct index_service, service_id), .kind = WIRE_TEXT, .form = &index_identifier_form, .is_needed = true},
    {WIRE_AT(struct index_service, organisation), .kind = WIRE_TEXT, .form = &wire_ods_code, .is_needed = true},
    {WIRE_AT(struct index_service, name), .kind = WIRE_TEXT, .form = &index_name_form, .is_needed = true},
    {WIRE_AT(struct index_service, kind), .kind = WIRE_TEXT, .form = &index_identifier_form, .is_needed = true},
    {WIRE_ALL(struct index_service, districts, district_count), .kind = WIRE_TEXT, .form = &index_district_form,
     .expected = "expected at most 32"},
    {WIRE_ALL(struct index_service, opening_times, opening_time_count), .kind = WIRE_MESSAGE,
     .inner = &opening_time_wire, .expected = "expected at most 21"},
    {WIRE_AT(struct index_service, opened_date), .kind = WIRE_TEXT, .form = &wire_date, .is_needed = true},
    {WIRE_AT(struct index_service, closed_date), .kind = WIRE_TEXT, .form = &wire_date},
};
const struct wire_table index_service_wire =
    WIRE_TABLE(bhr__index__v1__directory_service, struct index_service, service_rows, NULL);

static const struct wire_row consent_rows[] = {
    {WIRE_AT(struct index_consent, purpose), .kind = WIRE_NUMBER, .min = INDEX_PURPOSE_RECORD_SHARING,
     .max = INDEX_PURPOSE_SECONDARY_USE, .expected = "expected a purpose"},
    {WIRE_AT(struct index_consent, decision), .kind = WIRE_NUMBER, .min = INDEX_PERMIT, .max = INDEX_NOT_STATED,
     .expected = "expected permit, deny or not stated"},
    {WIRE_AT(struct index_consent, from_date), .kind = WIRE_TEXT, .form = &wire_date, .is_needed = true},
    {WIRE_AT(struct index_consent, until_date), .kind = WIRE_TEXT, .form = &wire_date},
};
const struct wire_table index_consent_wire =
    WIRE_TABLE(bhr__index__v1__consent, struct index_consent, consent_rows, NULL);

static bool judge_preferences(const void *plain, const char **ret_field, const char **ret_expected) {
    const struct index_preferences *p = plain;
    *ret_field = "language";
    *ret_expected = "expected the language to interpret";
    return !p->needs_interpreter || p->language[0] != '\0';
}

static const struct wire_row preferences_rows[] = {
    {WIRE_AT(struct index_preferences, channel), .kind = WIRE_NUMBER, .max = INDEX_CHANNEL_APP,
     .expected = "expected a channel, or none"},
    {WIRE_AT(struct index_preferences, language), .kind = WIRE_TEXT, .form = &index_language_form},
    {WIRE_AT(struct index_preferences, needs_interpreter), .kind = WIRE_BOOL},
    {WIRE_ALL(struct index_preferences, needs, need_count), .kind = WIRE_NUMBER, .min = INDEX_NEED_LARGE_PRINT,
     .max = INDEX_NEED_ADVOCATE, .expected = "expected at most 8 needs"},
};
const struct wire_table index_preferences_wire =
    WIRE_TABLE(bhr__index__v1__contact_preferences, struct index_preferences, preferences_rows, judge_preferences);

/* ---- professionals ---- */

static bool are_digits(const char *text, size_t from, size_t count) {
    for (size_t i = from; i < from + count; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
    }
    return true;
}

static bool is_letter(char c) {
    return c >= 'A' && c <= 'Z';
}

/* domain.md 4.3; of the bodies whose form is not told there any number is taken. */
static bool judge_registration(const void *plain, const char **ret_field, const char **ret_expected) {
    const struct index_registration *r = plain;
    size_t size = strlen(r->number);
    *ret_field = "number";
    switch (r->body) {
    case INDEX_BODY_GMC:
        *ret_expected = "expected 7 digits";
        return size == 7 && are_digits(r->number, 0, 7);
    case INDEX_BODY_NMC:
        *ret_expected = "expected 2 digits, a letter, 4 digits and a letter";
        return size == 8 && are_digits(r->number, 0, 2) && is_letter(r->number[2]) && are_digits(r->number, 3, 4) &&
               is_letter(r->number[7]);
    case INDEX_BODY_GPHC:
        *ret_expected = "expected 7 digits of which the first is 2";
        return size == 7 && are_digits(r->number, 0, 7) && r->number[0] == '2';
    case INDEX_BODY_GDC:
    case INDEX_BODY_RCN:
    case INDEX_BODY_GMP:
    case INDEX_BODY_GDP:
        return true;
    }
    *ret_field = "body";
    *ret_expected = "expected a register";
    return false;
}

static const struct wire_row registration_rows[] = {
    {WIRE_AT(struct index_registration, body), .kind = WIRE_NUMBER, .min = INDEX_BODY_GMC, .max = INDEX_BODY_GDP,
     .expected = "expected a register"},
    {WIRE_AT(struct index_registration, number), .kind = WIRE_TEXT, .form = &index_registration_form,
     .is_needed = true},
};
const struct wire_table index_registration_wire =
    WIRE_TABLE(bhr__index__v1__registration, struct index_registration, registration_rows, judge_registration);

static const struct wire_row role_rows[] = {
    {WIRE_AT(struct index_practitioner_role, code), .kind = WIRE_TEXT, .form = &index_role_code_form,
     .is_needed = true},
    {WIRE_AT(struct index_practitioner_role, organisation), .kind = WIRE_TEXT, .form = &wire_ods_code,
     .is_needed = true},
    {WIRE_AT(struct index_practitioner_role, from_date), .kind = WIRE_TEXT, .form = &wire_date, .is_needed = true},
    {WIRE_AT(struct index_practitioner_role, until_date), .kind = WIRE_TEXT, .form = &wire_date},
};
const struct wire_table index_practitioner_role_wire =
    WIRE_TABLE(bhr__index__v1__practitioner_role, struct index_practitioner_role, role_rows, NULL);

static bool judge_practitioner(const void *plain, const char **ret_field, const char **ret_expected) {
    const struct index_practitioner *p = plain;
    *ret_field = "registrations";
    *ret_expected = "expected at most one number of each register";
    for (uint32_t i = 0; i < p->registration_count; i++) {
        for (uint32_t k = 0; k < i; k++) {
            if (p->registrations[i].body == p->registrations[k].body) return false;
        }
    }
    return true;
}

static const struct wire_row practitioner_rows[] = {
    {WIRE_AT(struct index_practitioner, practitioner_id), .kind = WIRE_TEXT, .form = &index_practitioner_id_form,
     .is_needed = true},
    {WIRE_AT(struct index_practitioner, name), .kind = WIRE_TEXT, .form = &index_name_form, .is_needed = true},
    {WIRE_ALL(struct index_practitioner, registrations, registration_count), .kind = WIRE_MESSAGE,
     .inner = &index_registration_wire, .expected = "expected at most 7"},
    {WIRE_ALL(struct index_practitioner, roles, role_count), .kind = WIRE_MESSAGE,
     .inner = &index_practitioner_role_wire, .expected = "expected at most 16"},
    {WIRE_AT(struct index_practitioner, opened_date), .kind = WIRE_TEXT, .form = &wire_date, .is_needed = true},
    {WIRE_AT(struct index_practitioner, closed_date), .kind = WIRE_TEXT, .form = &wire_date},
};
const struct wire_table index_practitioner_wire =
    WIRE_TABLE(bhr__index__v1__practitioner, struct index_practitioner, practitioner_rows, judge_practitioner);

/* The plain enums are numbered as in the contract, so that they cross by a copy. */
#define SAME(plain, generated) static_assert((int)(plain) == (int)(generated), #plain)
SAME(INDEX_SEX_OTHER, BHR__INDEX__V1__SEX__SEX_OTHER);
SAME(INDEX_NHS_VERIFIED, BHR__INDEX__V1__NHS_NUMBER_STATUS__NHS_NUMBER_STATUS_VERIFIED);
SAME(INDEX_NHS_CONFLICT, BHR__INDEX__V1__NHS_NUMBER_STATUS__NHS_NUMBER_STATUS_CONFLICT);
SAME(INDEX_NHS_POSTPONED, BHR__INDEX__V1__NHS_NUMBER_STATUS__NHS_NUMBER_STATUS_POSTPONED);
SAME(INDEX_NEW, BHR__INDEX__V1__REGISTERED__REGISTERED_NEW);
SAME(INDEX_LINKED, BHR__INDEX__V1__REGISTERED__REGISTERED_LINKED);
SAME(INDEX_UPDATED, BHR__INDEX__V1__REGISTERED__REGISTERED_UPDATED);
SAME(INDEX_REVIEW, BHR__INDEX__V1__REGISTERED__REGISTERED_REVIEW);
SAME(INDEX_FLAG_RESTRICTED, BHR__INDEX__V1__PERSON_FLAG__PERSON_FLAG_RESTRICTED);
SAME(INDEX_FLAG_SENSITIVE, BHR__INDEX__V1__PERSON_FLAG__PERSON_FLAG_SENSITIVE);
SAME(INDEX_FLAG_DECEASED, BHR__INDEX__V1__PERSON_FLAG__PERSON_FLAG_DECEASED);
SAME(INDEX_FLAG_DO_NOT_MATCH, BHR__INDEX__V1__PERSON_FLAG__PERSON_FLAG_DO_NOT_MATCH);
SAME(INDEX_RELATION_PRACTICE, BHR__INDEX__V1__RELATIONSHIP_KIND__RELATIONSHIP_KIND_REGISTERED_PRACTICE);
SAME(INDEX_RELATION_CARER, BHR__INDEX__V1__RELATIONSHIP_KIND__RELATIONSHIP_KIND_CARER);
SAME(INDEX_RELATION_PARENT, BHR__INDEX__V1__RELATIONSHIP_KIND__RELATIONSHIP_KIND_PARENT);
SAME(INDEX_TRACE_TOO_MANY, BHR__INDEX__V1__TRACE_RESULT__TRACE_RESULT_TOO_MANY);
SAME(INDEX_PURPOSE_RECORD_SHARING, BHR__INDEX__V1__CONSENT_PURPOSE__CONSENT_PURPOSE_RECORD_SHARING);
SAME(INDEX_PURPOSE_END_OF_LIFE_PLAN, BHR__INDEX__V1__CONSENT_PURPOSE__CONSENT_PURPOSE_END_OF_LIFE_PLAN);
SAME(INDEX_PURPOSE_CONTACT, BHR__INDEX__V1__CONSENT_PURPOSE__CONSENT_PURPOSE_CONTACT);
SAME(INDEX_PURPOSE_SECONDARY_USE, BHR__INDEX__V1__CONSENT_PURPOSE__CONSENT_PURPOSE_SECONDARY_USE);
SAME(INDEX_PERMIT, BHR__INDEX__V1__CONSENT_DECISION__CONSENT_DECISION_PERMIT);
SAME(INDEX_DENY, BHR__INDEX__V1__CONSENT_DECISION__CONSENT_DECISION_DENY);
SAME(INDEX_NOT_STATED, BHR__INDEX__V1__CONSENT_DECISION__CONSENT_DECISION_NOT_STATED);
SAME(INDEX_CHANNEL_APP, BHR__INDEX__V1__CONTACT_CHANNEL__CONTACT_CHANNEL_APP);
SAME(INDEX_NEED_ADVOCATE, BHR__INDEX__V1__ACCESSIBLE_NEED__ACCESSIBLE_NEED_ADVOCATE);
SAME(INDEX_BODY_GMC, BHR__INDEX__V1__REGISTRATION_BODY__REGISTRATION_BODY_GMC);
SAME(INDEX_BODY_NMC, BHR__INDEX__V1__REGISTRATION_BODY__REGISTRATION_BODY_NMC);
SAME(INDEX_BODY_GPHC, BHR__INDEX__V1__REGISTRATION_BODY__REGISTRATION_BODY_GPHC);
SAME(INDEX_BODY_GDP, BHR__INDEX__V1__REGISTRATION_BODY__REGISTRATION_BODY_GDP);
#undef SAME
