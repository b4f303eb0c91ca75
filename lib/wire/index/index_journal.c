/* Commands and events, each table reading like its message in proto/bhr/index/v1/index_journal.proto. Judged like
 * requests: a command log may hold anything. */
#include "lib/wire/index/index_forms.h"

#define BY(plain, member)                                                                                              \
    { WIRE_AT(plain, member), .kind = WIRE_TEXT, .form = &wire_token, .is_needed = true }
#define ID(plain, member)                                                                                              \
    { WIRE_AT(plain, member), .kind = WIRE_UUID, .is_needed = true }
#define TIME(plain, member)                                                                                            \
    {                                                                                                                  \
        WIRE_AT(plain, member), .kind = WIRE_LARGE, .max = INDEX_TIME_MS_MAX,                                          \
                                .expected = "expected milliseconds since 1970 UTC, before the year 2200"               \
    }

static bool judge_sealed(const void *plain, const char **ret_field, const char **ret_expected) {
    const struct index_sealed *sealed = plain;
    *ret_field = "";
    *ret_expected = "expected a key id of 16 bytes, a nonce of 24 and at most 1040 bytes of ciphertext";
    return sealed->size > INDEX_CIPHERTEXT_MAX - INDEX_DETAILS_MAX;
}

static const struct wire_row ingress_rows[] = {
    BY(struct index_ingress, system),
    {WIRE_AT(struct index_ingress, organisation), .kind = WIRE_TEXT, .form = &wire_token},
    {WIRE_AT(struct index_ingress, role), .kind = WIRE_TEXT, .form = &wire_token},
    {WIRE_AT(struct index_ingress, correlation_id), .kind = WIRE_TEXT, .form = &wire_token},
    TIME(struct index_ingress, received_at_ms),
    ID(struct index_ingress, entity_id),
    {WIRE_AT(struct index_ingress, user), .kind = WIRE_TEXT, .form = &wire_token},
};
static const struct wire_table ingress_wire =
    WIRE_TABLE(bhr__exchange__v1__ingress, struct index_ingress, ingress_rows, NULL);

static const struct wire_row sealed_rows[] = {
    {WIRE_AT(struct index_sealed, key_id), .kind = WIRE_FIXED, .is_needed = true,
     .expected = "expected 16 bytes, not all zero"},
    {WIRE_AT(struct index_sealed, nonce), .kind = WIRE_FIXED, .is_needed = true,
     .expected = "expected 24 bytes, not all zero"},
    {WIRE_AT(struct index_sealed, ciphertext), .kind = WIRE_BYTES, .count_at = offsetof(struct index_sealed, size),
     .is_needed = true, .expected = "expected at most 1040 bytes"},
};
static const struct wire_table sealed_wire =
    WIRE_TABLE(bhr__exchange__v1__sealed, struct index_sealed, sealed_rows, judge_sealed);

static const struct wire_row details_rows[] = {
    {WIRE_AT(struct index_details, local_id), .kind = WIRE_TEXT, .form = &index_local_id_form},
    {WIRE_AT(struct index_details, demographics), .kind = WIRE_MESSAGE, .inner = &index_demographics_wire,
     .is_needed = true, .expected = "expected demographics"},
};
const struct wire_table index_details_wire =
    WIRE_TABLE(bhr__index__v1__record_details, struct index_details, details_rows, NULL);

static const struct wire_row kept_rows[] = {
    ID(struct index_kept, sealed_for),
    {WIRE_AT(struct index_kept, sealed), .kind = WIRE_MESSAGE, .inner = &sealed_wire, .is_needed = true,
     .expected = "expected what was asked"},
};
const struct wire_table index_kept_wire = WIRE_TABLE(bhr__index__v1__kept_look_up, struct index_kept, kept_rows, NULL);
static const struct wire_row preferences_details_rows[] = {
    {.field = "preferences",
     .at = 0,
     .size = sizeof(struct index_preferences),
     .kind = WIRE_MESSAGE,
     .inner = &index_preferences_wire,
     .is_needed = true,
     .expected = "expected preferences"},
};
const struct wire_table index_preferences_details_wire =
    WIRE_TABLE(bhr__index__v1__preferences_details, struct index_preferences, preferences_details_rows, NULL);

static const struct wire_row proposal_rows[] = {
    ID(struct index_proposal, record_id),
    {WIRE_AT(struct index_proposal, match), .kind = WIRE_MESSAGE, .inner = &index_match_wire},
    {WIRE_AT(struct index_proposal, is_cross_checked), .kind = WIRE_BOOL},
};
static const struct wire_table proposal_wire =
    WIRE_TABLE(bhr__index__v1__proposal, struct index_proposal, proposal_rows, NULL);

/* What a RegisterCommand and a RecordRegistered both say of a record. */
#define RECORD_ROWS(plain)                                                                                             \
    ID(plain, record_id),                                                                                              \
        {WIRE_AT(plain, organisation), .kind = WIRE_TEXT, .form = &wire_ods_code, .is_needed = true},                  \
        {WIRE_AT(plain, source), .kind = WIRE_TEXT, .form = &index_identifier_form, .is_needed = true},                \
        {WIRE_AT(plain, nhs_hash), .kind = WIRE_FIXED, .expected = "expected 16 bytes or none"},                       \
        {WIRE_AT(plain, nhs_number_status), .kind = WIRE_NUMBER, .max = INDEX_NHS_POSTPONED,                           \
         .expected = "expected one of 01 to 08, or none"},                                                             \
        {WIRE_AT(plain, sealed), .kind = WIRE_MESSAGE, .inner = &sealed_wire, .is_needed = true,                       \
         .expected = "expected sealed details"},                                                                       \
        {WIRE_AT(plain, fields), .kind = WIRE_NUMBER, .max = INDEX_HAS_ALL, .expected = "expected 7 bits"}, {          \
        WIRE_AT(plain, rules_version), .kind = WIRE_NUMBER, .max = UINT32_MAX                                          \
    }

#define PPM(member)                                                                                                    \
    {                                                                                                                  \
        WIRE_AT(struct index_register_order, member), .kind = WIRE_NUMBER, .min = 1, .max = INDEX_PPM_MAX,             \
                                                      .expected = "expected 1 to 1000000"                              \
    }
static const struct wire_row register_rows[] = {
    RECORD_ROWS(struct index_register_order),
    {WIRE_ALL(struct index_register_order, proposals, proposal_count), .kind = WIRE_MESSAGE, .inner = &proposal_wire,
     .expected = "expected at most 3"},
    PPM(link_ppm),
    PPM(review_ppm),
};
static const struct wire_table register_wire =
    WIRE_TABLE(bhr__index__v1__register_command, struct index_register_order, register_rows, NULL);

static const struct wire_row preferences_rows[] = {
    ID(struct index_preferences_order, person_id),
    ID(struct index_preferences_order, sealed_for_id),
    {WIRE_AT(struct index_preferences_order, sealed), .kind = WIRE_MESSAGE, .inner = &sealed_wire, .is_needed = true,
     .expected = "expected sealed preferences"},
};
static const struct wire_table preferences_wire =
    WIRE_TABLE(bhr__index__v1__preferences_command, struct index_preferences_order, preferences_rows, NULL);

#define COMMAND(member, table)                                                                                         \
    {                                                                                                                  \
        WIRE_AT(struct index_command, member), .kind = WIRE_MESSAGE, .inner = &(table), .is_needed = true,             \
                                               WIRE_CHOICE(struct index_command, kind)                                 \
    }
static const struct wire_row command_rows[] = {
    {WIRE_AT(struct index_command, ingress), .kind = WIRE_MESSAGE, .inner = &ingress_wire, .is_needed = true,
     .expected = "expected who asked"},
    {WIRE_IN(struct index_command, record, "register"), .kind = WIRE_MESSAGE, .inner = &register_wire,
     .is_needed = true, WIRE_CHOICE(struct index_command, kind)},
    COMMAND(link_record, index_link_request_wire),
    COMMAND(unlink_record, index_unlink_request_wire),
    COMMAND(merge_persons, index_merge_request_wire),
    COMMAND(unmerge_persons, index_unmerge_request_wire),
    COMMAND(claim_pair, index_claim_request_wire),
    COMMAND(decide_pair, index_decide_request_wire),
    COMMAND(flag_person, index_flag_request_wire),
    COMMAND(set_relationship, index_relation_request_wire),
    COMMAND(register_organisation, index_organisation_request_wire),
    COMMAND(register_service, index_service_request_wire),
    COMMAND(set_consent, index_consent_request_wire),
    COMMAND(set_preferences, preferences_wire),
    COMMAND(register_practitioner, index_practitioner_request_wire),
};
const struct wire_table index_command_wire =
    WIRE_TABLE(bhr__index__v1__index_command, struct index_command, command_rows, NULL);

/* ---- events ---- */

static const struct wire_row registered_rows[] = {
    RECORD_ROWS(struct index_record_registered),
    ID(struct index_record_registered, person_id),
    {WIRE_AT(struct index_record_registered, how), .kind = WIRE_NUMBER, .min = INDEX_NEW, .max = INDEX_REVIEW,
     .expected = "expected how"},
    BY(struct index_record_registered, by),
    {WIRE_AT(struct index_record_registered, proposal), .kind = WIRE_MESSAGE, .inner = &proposal_wire,
     WIRE_IF(struct index_record_registered, has_proposal)},
};
static const struct wire_row moved_rows[] = {
    ID(struct index_record_moved, record_id),    ID(struct index_record_moved, from_person_id),
    ID(struct index_record_moved, to_person_id), INDEX_REASON(struct index_record_moved),
    BY(struct index_record_moved, by),
};
static const struct wire_row merged_rows[] = {
    ID(struct index_persons_merged, merge_id),
    ID(struct index_persons_merged, survivor_id),
    ID(struct index_persons_merged, other_id),
    INDEX_REASON(struct index_persons_merged),
    BY(struct index_persons_merged, by),
    {WIRE_AT(struct index_persons_merged, approved_by), .kind = WIRE_TEXT, .form = &wire_token},
};
static const struct wire_row awaits_rows[] = {
    ID(struct index_merge_awaits, merge_id), ID(struct index_merge_awaits, survivor_id),
    ID(struct index_merge_awaits, other_id), INDEX_REASON(struct index_merge_awaits),
    BY(struct index_merge_awaits, by),
};
static const struct wire_row unmerged_rows[] = {
    ID(struct index_persons_unmerged, merge_id),   ID(struct index_persons_unmerged, survivor_id),
    ID(struct index_persons_unmerged, other_id),   TIME(struct index_persons_unmerged, from_ms),
    TIME(struct index_persons_unmerged, until_ms), INDEX_REASON(struct index_persons_unmerged),
    BY(struct index_persons_unmerged, by),
};
static const struct wire_row pair_found_rows[] = {
    ID(struct index_pair_found, pair_id),
    ID(struct index_pair_found, person_id),
    ID(struct index_pair_found, other_person_id),
    {WIRE_AT(struct index_pair_found, proposal), .kind = WIRE_MESSAGE, .inner = &proposal_wire, .is_needed = true,
     .expected = "expected what spoke for it"},
};
static const struct wire_row pair_claimed_rows[] = {
    ID(struct index_pair_claimed, pair_id),
    BY(struct index_pair_claimed, by),
};
static const struct wire_row pair_decided_rows[] = {
    ID(struct index_pair_decided, pair_id),
    {WIRE_AT(struct index_pair_decided, is_same), .kind = WIRE_BOOL},
    INDEX_REASON(struct index_pair_decided),
    BY(struct index_pair_decided, by),
};
static const struct wire_row flagged_rows[] = {
    ID(struct index_person_flagged, person_id),
    {WIRE_AT(struct index_person_flagged, flag), .kind = WIRE_NUMBER, .min = INDEX_FLAG_RESTRICTED,
     .max = INDEX_FLAG_DO_NOT_MATCH, .expected = "expected a flag"},
    {WIRE_AT(struct index_person_flagged, is_set), .kind = WIRE_BOOL},
    INDEX_REASON(struct index_person_flagged),
    BY(struct index_person_flagged, by),
};
static const struct wire_row relationship_rows[] = {
    ID(struct index_relationship_set, person_id),
    {WIRE_AT(struct index_relationship_set, relationship), .kind = WIRE_MESSAGE, .inner = &index_relationship_wire,
     .is_needed = true, .expected = "expected a relationship"},
    BY(struct index_relationship_set, by),
};
static const struct wire_row organisation_rows[] = {
    {WIRE_AT(struct index_organisation_registered, organisation), .kind = WIRE_MESSAGE,
     .inner = &index_organisation_wire, .is_needed = true, .expected = "expected an organisation"},
    BY(struct index_organisation_registered, by),
};
static const struct wire_row service_rows[] = {
    {WIRE_AT(struct index_service_registered, service), .kind = WIRE_MESSAGE, .inner = &index_service_wire,
     .is_needed = true, .expected = "expected a service"},
    BY(struct index_service_registered, by),
};
static const struct wire_row consent_rows[] = {
    ID(struct index_consent_set, person_id),
    {WIRE_AT(struct index_consent_set, consent), .kind = WIRE_MESSAGE, .inner = &index_consent_wire, .is_needed = true,
     .expected = "expected what was said"},
    BY(struct index_consent_set, by),
};
static const struct wire_row preferences_set_rows[] = {
    ID(struct index_preferences_set, person_id),
    ID(struct index_preferences_set, sealed_for_id),
    {WIRE_AT(struct index_preferences_set, sealed), .kind = WIRE_MESSAGE, .inner = &sealed_wire, .is_needed = true,
     .expected = "expected sealed preferences"},
    BY(struct index_preferences_set, by),
};
static const struct wire_row practitioner_rows[] = {
    {WIRE_AT(struct index_practitioner_registered, practitioner), .kind = WIRE_MESSAGE,
     .inner = &index_practitioner_wire, .is_needed = true, .expected = "expected a professional"},
    BY(struct index_practitioner_registered, by),
};

#define EVENT_TABLE(message, plain, rows)                                                                              \
    static const struct wire_table message##_wire = WIRE_TABLE(bhr__index__v1__##message, struct plain, rows, NULL)
EVENT_TABLE(record_registered, index_record_registered, registered_rows);
EVENT_TABLE(record_moved, index_record_moved, moved_rows);
EVENT_TABLE(persons_merged, index_persons_merged, merged_rows);
EVENT_TABLE(merge_awaits_approval, index_merge_awaits, awaits_rows);
EVENT_TABLE(persons_unmerged, index_persons_unmerged, unmerged_rows);
EVENT_TABLE(pair_found, index_pair_found, pair_found_rows);
EVENT_TABLE(pair_claimed, index_pair_claimed, pair_claimed_rows);
EVENT_TABLE(pair_decided, index_pair_decided, pair_decided_rows);
EVENT_TABLE(person_flagged, index_person_flagged, flagged_rows);
EVENT_TABLE(relationship_set, index_relationship_set, relationship_rows);
EVENT_TABLE(organisation_registered, index_organisation_registered, organisation_rows);
EVENT_TABLE(service_registered, index_service_registered, service_rows);
EVENT_TABLE(consent_set, index_consent_set, consent_rows);
EVENT_TABLE(preferences_set, index_preferences_set, preferences_set_rows);
EVENT_TABLE(practitioner_registered, index_practitioner_registered, practitioner_rows);

#define EVENT(member)                                                                                                  \
    {                                                                                                                  \
        WIRE_AT(struct index_event, member), .kind = WIRE_MESSAGE, .inner = &member##_wire, .is_needed = true,         \
                                             WIRE_CHOICE(struct index_event, kind)                                     \
    }
static const struct wire_row event_rows[] = {
    EVENT(record_registered),
    EVENT(record_moved),
    EVENT(persons_merged),
    EVENT(merge_awaits_approval),
    EVENT(persons_unmerged),
    EVENT(pair_found),
    EVENT(pair_claimed),
    EVENT(pair_decided),
    EVENT(person_flagged),
    EVENT(relationship_set),
    EVENT(organisation_registered),
    EVENT(service_registered),
    EVENT(consent_set),
    EVENT(preferences_set),
    EVENT(practitioner_registered),
};
const struct wire_table index_event_wire =
    WIRE_TABLE(bhr__index__v1__index_event, struct index_event, event_rows, NULL);
