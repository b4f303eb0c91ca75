/* What may be asked of the index, and what the door makes of it, as plain structs (index.h). Pure data; nothing is owned. */
#ifndef BHR_INDEX_CORE_INDEX_COMMAND_H
#define BHR_INDEX_CORE_INDEX_COMMAND_H

#include "services/index/core/index.h"

/* ---- requests ---- */

struct index_register_request {
    struct index_record_key key;
    struct index_demographics demographics;
};
struct index_link_request {
    struct uuid record_id, person_id;
    char reason[INDEX_REASON_MAX + 1];
};
struct index_unlink_request {
    struct uuid record_id;
    char reason[INDEX_REASON_MAX + 1];
};
struct index_merge_request {
    struct uuid survivor_id, other_id;
    char reason[INDEX_REASON_MAX + 1];
    struct uuid approves_merge_id; /* zero: asks anew */
};
struct index_unmerge_request {
    struct uuid merge_id;
    char reason[INDEX_REASON_MAX + 1];
};
struct index_claim_request {
    struct uuid pair_id;
};
struct index_decide_request {
    struct uuid pair_id;
    bool is_same;
    char reason[INDEX_REASON_MAX + 1];
};
struct index_flag_request {
    struct uuid person_id;
    enum index_flag flag;
    bool is_set;
    char reason[INDEX_REASON_MAX + 1];
};
struct index_relation_request {
    struct uuid person_id;
    struct index_relationship relationship;
};
struct index_organisation_request {
    struct index_organisation organisation;
};
struct index_service_request {
    struct index_service service;
};
struct index_consent_request {
    struct uuid person_id;
    struct index_consent consent;
};
struct index_preferences_request {
    struct uuid person_id;
    struct index_preferences preferences;
};
struct index_practitioner_request {
    struct index_practitioner practitioner;
};
enum index_find_by { INDEX_FIND_BY_NHS_NUMBER = 1, INDEX_FIND_BY_RECORD = 2 }; /* numbered as the fields */
struct index_find_request {
    enum index_find_by by;
    char nhs_number[10 + 1];
    struct index_record_key record;
    char birth_date[INDEX_DATE_MAX + 1];
    int64_t as_of_ms;
};
struct index_trace_request {
    struct index_demographics demographics;
    uint32_t limit;
};
struct index_try_request {
    uint32_t rules_size;
    uint8_t rules[INDEX_RULES_MAX];
    int64_t series;
    uint64_t from;
    int64_t since_ms;
    uint32_t limit;
};
struct index_get_request {
    struct uuid person_id;
    int64_t as_of_ms; /* 0: now */
};
struct index_list_pairs_request {
    uint32_t limit;
};
struct index_get_organisation_request {
    char code[INDEX_ORGANISATION_MAX + 1];
    char on_date[INDEX_DATE_MAX + 1];
};
struct index_find_services_request {
    char postcode[INDEX_POSTCODE_MAX + 1];
    char kind[INDEX_WORD_MAX + 1];
    int64_t at_ms;
};

struct index_get_consent_request {
    struct uuid person_id;
    char on_date[INDEX_DATE_MAX + 1]; /* empty: the day of as_of_ms */
    int64_t as_of_ms;                 /* 0: now */
};
enum index_practitioner_by { INDEX_BY_PRACTITIONER_ID = 1, INDEX_BY_REGISTRATION = 2 }; /* numbered as the fields */
struct index_get_practitioner_request {
    enum index_practitioner_by by;
    char practitioner_id[INDEX_PRACTITIONER_ID_MAX + 1];
    struct index_registration registration;
    char on_date[INDEX_DATE_MAX + 1];
};

/* ---- commands: accepted requests with who asked ---- */

/* An index_register_request, sealed, hashed and compared by the door. */
struct index_register_order {
    struct uuid record_id;
    char organisation[INDEX_ORGANISATION_MAX + 1];
    char source[INDEX_SOURCE_MAX + 1];
    struct index_hash nhs_hash;
    enum index_nhs_status nhs_number_status;
    struct index_sealed sealed;
    uint32_t fields;
    uint32_t proposal_count;
    struct index_proposal proposals[INDEX_PROPOSALS_MAX];
    uint32_t rules_version, link_ppm, review_ppm;
};
/* An index_preferences_request, sealed by the door. */
struct index_preferences_order {
    struct uuid person_id, sealed_for_id;
    struct index_sealed sealed;
};
enum index_command_kind { /* numbered as the fields of IndexCommand */
                          INDEX_COMMAND_REGISTER = 2,
                          INDEX_COMMAND_LINK = 3,
                          INDEX_COMMAND_UNLINK = 4,
                          INDEX_COMMAND_MERGE = 5,
                          INDEX_COMMAND_UNMERGE = 6,
                          INDEX_COMMAND_CLAIM = 7,
                          INDEX_COMMAND_DECIDE = 8,
                          INDEX_COMMAND_FLAG = 9,
                          INDEX_COMMAND_RELATION = 10,
                          INDEX_COMMAND_ORGANISATION = 11,
                          INDEX_COMMAND_SERVICE = 12,
                          INDEX_COMMAND_CONSENT = 13,
                          INDEX_COMMAND_PREFERENCES = 14,
                          INDEX_COMMAND_PRACTITIONER = 15,
};
struct index_command {
    struct index_ingress ingress;
    enum index_command_kind kind;
    union {
        struct index_register_order record;
        struct index_link_request link_record;
        struct index_unlink_request unlink_record;
        struct index_merge_request merge_persons;
        struct index_unmerge_request unmerge_persons;
        struct index_claim_request claim_pair;
        struct index_decide_request decide_pair;
        struct index_flag_request flag_person;
        struct index_relation_request set_relationship;
        struct index_organisation_request register_organisation;
        struct index_service_request register_service;
        struct index_consent_request set_consent;
        struct index_preferences_order set_preferences;
        struct index_practitioner_request register_practitioner;
    };
};

#endif
