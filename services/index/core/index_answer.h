/* What the index answers to commands and queries, as plain structs (index.h). Pure data; nothing is owned. */
#ifndef BHR_INDEX_CORE_INDEX_ANSWER_H
#define BHR_INDEX_CORE_INDEX_ANSWER_H

#include "services/index/core/index_command.h"

struct index_register_answer {
    struct uuid record_id, person_id;
    enum index_registered how;
    struct index_match match;
};
struct index_unmerge_answer {
    struct uuid survivor_id, other_id;
    int64_t from_ms, until_ms;
};
/* Of a command: which member counts is said by its kind. Zero where a refusal tells nothing. */
struct index_answer {
    bool is_told;
    union {
        struct index_register_answer record;
        struct uuid previous_person_id; /* link */
        struct uuid person_id;          /* unlink */
        struct uuid merge_id;           /* merge, decide */
        struct index_unmerge_answer unmerged;
        struct index_pair pair; /* claim */
        bool is_changed;        /* organisation, service, practitioner */
    };
};

struct index_record_view {
    struct uuid record_id;
    struct index_record_key key;
    struct index_demographics demographics;
    int64_t updated_at_ms;
    bool is_erased;
};
struct index_change {
    int64_t at_ms;
    char what[INDEX_WORD_MAX + 1];
    char by[INDEX_SYSTEM_MAX + 1];
    uint64_t entry_number;
    struct uuid record_id, other_person_id;
};
/* A consent that is in force, with how it came to be. */
struct index_recorded_consent {
    struct index_consent consent;
    char recorded_by[INDEX_SYSTEM_MAX + 1];
    int64_t recorded_at_ms;
    struct uuid recorded_for_id;
    bool is_contradicted; /* under another id of the person the opposite is in force */
};
struct index_person {
    struct uuid person_id;
    uint32_t superseded_count;
    struct uuid superseded_ids[INDEX_HOPS_SHOWN_MAX];
    uint32_t record_count;
    struct index_record_view records[INDEX_RECORDS_SHOWN_MAX];
    uint32_t flag_count;
    enum index_flag flags[INDEX_FLAGS_MAX];
    uint32_t change_count;
    struct index_change history[INDEX_CHANGES_SHOWN_MAX];
    uint32_t relationship_count;
    struct index_relationship relationships[INDEX_RELATIONS_SHOWN_MAX];
    uint32_t consent_count;
    struct index_recorded_consent consents[INDEX_PURPOSES];
    bool has_preferences;
    struct index_preferences preferences;
};
struct index_find_answer {
    struct uuid person_id;
    uint32_t superseded_count;
    struct uuid superseded_ids[INDEX_HOPS_SHOWN_MAX];
};
struct index_candidate {
    struct uuid person_id;
    struct index_match match;
};
struct index_trace_answer {
    enum index_trace_result result;
    uint32_t candidate_count;
    struct index_candidate candidates[INDEX_CANDIDATES_MAX];
    uint32_t rules_version;
};
struct index_tried_answer {
    enum index_trace_result result;
    struct uuid person_id; /* zero: nobody */
    struct index_match match;
    uint32_t candidates;
};
struct index_tried {
    int64_t at_ms;
    struct index_demographics described; /* masked */
    struct index_tried_answer before, after;
};
struct index_try_answer {
    uint32_t rules_version, new_rules_version;
    int64_t series;
    uint64_t next, end;
    uint32_t tried, unreadable;
    uint64_t dropped;
    int64_t oldest_ms;
    uint32_t change_count;
    struct index_tried changes[INDEX_TRIED_MAX];
};
struct index_pairs_answer {
    uint32_t pair_count;
    struct index_pair pairs[INDEX_PAIRS_SHOWN_MAX];
    bool has_more;
};
struct index_board_row {
    char organisation[INDEX_ORGANISATION_MAX + 1];
    char source[INDEX_SOURCE_MAX + 1];
    uint64_t records, verified, matched, review, incomplete, conflict, unmatched;
};
struct index_board_answer {
    uint32_t row_count;
    struct index_board_row rows[INDEX_BOARD_ROWS_MAX];
};
struct index_organisation_answer {
    struct index_organisation organisation;
    bool is_open, has_use_instead;
    struct index_organisation use_instead;
};
struct index_consents_answer {
    struct uuid person_id;
    uint32_t consent_count;
    struct index_recorded_consent consents[INDEX_PURPOSES];
    bool has_preferences;
    struct index_preferences preferences;
};
struct index_role_on_day {
    struct index_practitioner_role role;
    bool is_open;
    char closed_after[INDEX_DATE_MAX + 1];
    char use_instead[INDEX_ORGANISATION_MAX + 1];
};
struct index_practitioner_answer {
    struct index_practitioner practitioner;
    bool is_open;
    char closed_after[INDEX_DATE_MAX + 1];
    uint32_t role_count;
    struct index_role_on_day roles[INDEX_ROLES_MAX];
};
struct index_services_answer {
    uint32_t service_count;
    struct index_service services[INDEX_SERVICES_SHOWN_MAX];
};

#endif
