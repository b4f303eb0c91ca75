/* What can happen in the index: the events of journal entries as plain structs (index.h). What one means never changes
 * (journal.md section 2). Pure data; nothing is owned. */
#ifndef BHR_INDEX_CORE_INDEX_EVENT_H
#define BHR_INDEX_CORE_INDEX_EVENT_H

#include "services/index/core/index.h"

struct index_record_registered {
    struct uuid record_id, person_id;
    enum index_registered how;
    char organisation[INDEX_ORGANISATION_MAX + 1];
    char source[INDEX_SOURCE_MAX + 1];
    struct index_hash nhs_hash;
    enum index_nhs_status nhs_number_status;
    struct index_sealed sealed;
    uint32_t fields;
    char by[INDEX_SYSTEM_MAX + 1];
    bool has_proposal;
    struct index_proposal proposal;
    uint32_t rules_version;
};
struct index_record_moved {
    struct uuid record_id, from_person_id, to_person_id;
    char reason[INDEX_REASON_MAX + 1];
    char by[INDEX_SYSTEM_MAX + 1];
};
struct index_persons_merged {
    struct uuid merge_id, survivor_id, other_id;
    char reason[INDEX_REASON_MAX + 1];
    char by[INDEX_SYSTEM_MAX + 1], approved_by[INDEX_SYSTEM_MAX + 1];
};
struct index_merge_awaits {
    struct uuid merge_id, survivor_id, other_id;
    char reason[INDEX_REASON_MAX + 1];
    char by[INDEX_SYSTEM_MAX + 1];
};
struct index_persons_unmerged {
    struct uuid merge_id, survivor_id, other_id;
    int64_t from_ms, until_ms;
    char reason[INDEX_REASON_MAX + 1];
    char by[INDEX_SYSTEM_MAX + 1];
};
struct index_pair_found {
    struct uuid pair_id, person_id, other_person_id;
    struct index_proposal proposal;
};
struct index_pair_claimed {
    struct uuid pair_id;
    char by[INDEX_SYSTEM_MAX + 1];
};
struct index_pair_decided {
    struct uuid pair_id;
    bool is_same;
    char reason[INDEX_REASON_MAX + 1];
    char by[INDEX_SYSTEM_MAX + 1];
};
struct index_person_flagged {
    struct uuid person_id;
    enum index_flag flag;
    bool is_set;
    char reason[INDEX_REASON_MAX + 1];
    char by[INDEX_SYSTEM_MAX + 1];
};
struct index_relationship_set {
    struct uuid person_id;
    struct index_relationship relationship;
    char by[INDEX_SYSTEM_MAX + 1];
};
struct index_organisation_registered {
    struct index_organisation organisation;
    char by[INDEX_SYSTEM_MAX + 1];
};
struct index_service_registered {
    struct index_service service;
    char by[INDEX_SYSTEM_MAX + 1];
};
struct index_consent_set {
    struct uuid person_id;
    struct index_consent consent;
    char by[INDEX_SYSTEM_MAX + 1];
};
struct index_preferences_set {
    struct uuid person_id, sealed_for_id;
    struct index_sealed sealed;
    char by[INDEX_SYSTEM_MAX + 1];
};
struct index_practitioner_registered {
    struct index_practitioner practitioner;
    char by[INDEX_SYSTEM_MAX + 1];
};
enum index_event_kind { /* numbered as the fields of IndexEvent */
                        INDEX_EVENT_RECORD_REGISTERED = 1,
                        INDEX_EVENT_RECORD_MOVED = 2,
                        INDEX_EVENT_PERSONS_MERGED = 3,
                        INDEX_EVENT_MERGE_AWAITS_APPROVAL = 4,
                        INDEX_EVENT_PERSONS_UNMERGED = 5,
                        INDEX_EVENT_PAIR_FOUND = 6,
                        INDEX_EVENT_PAIR_CLAIMED = 7,
                        INDEX_EVENT_PAIR_DECIDED = 8,
                        INDEX_EVENT_PERSON_FLAGGED = 9,
                        INDEX_EVENT_RELATIONSHIP_SET = 10,
                        INDEX_EVENT_ORGANISATION_REGISTERED = 11,
                        INDEX_EVENT_SERVICE_REGISTERED = 12,
                        INDEX_EVENT_CONSENT_SET = 13,
                        INDEX_EVENT_PREFERENCES_SET = 14,
                        INDEX_EVENT_PRACTITIONER_REGISTERED = 15,
};
struct index_event {
    enum index_event_kind kind;
    union {
        struct index_record_registered record_registered;
        struct index_record_moved record_moved;
        struct index_persons_merged persons_merged;
        struct index_merge_awaits merge_awaits_approval;
        struct index_persons_unmerged persons_unmerged;
        struct index_pair_found pair_found;
        struct index_pair_claimed pair_claimed;
        struct index_pair_decided pair_decided;
        struct index_person_flagged person_flagged;
        struct index_relationship_set relationship_set;
        struct index_organisation_registered organisation_registered;
        struct index_service_registered service_registered;
        struct index_consent_set consent_set;
        struct index_preferences_set preferences_set;
        struct index_practitioner_registered practitioner_registered;
    };
};

#endif
