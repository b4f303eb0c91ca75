/* What the index talks about, as plain structs of fixed size; index_command.h has what is asked of it, index_event.h
 * what happens, index_answer.h what is answered. The contract of proto/bhr/index/v1 without its wire form, member for
 * field; lib/wire/index turns one into the other and judges every field, so here all texts are clean, within their
 * bounds, ended by NUL and zero-padded: two equal structs are equal bytes. Times are milliseconds since 1970 UTC. Pure
 * data; nothing is owned. */
#ifndef BHR_INDEX_CORE_INDEX_H
#define BHR_INDEX_CORE_INDEX_H

#include "lib/base/id.h"

enum {
    INDEX_SYSTEM_MAX = 64, /* also of a user */
    INDEX_ROLE_MAX = 15,
    INDEX_CORRELATION_MAX = 64,
    INDEX_ASKER_ORGANISATION_MAX = 15, /* as a policy file may spell it */
    INDEX_ORGANISATION_MAX = 10,       /* an ODS code */
    INDEX_SOURCE_MAX = 32,
    INDEX_LOCAL_ID_MAX = 64,
    INDEX_NAME_MAX = 100,
    INDEX_LINES_MAX = 3,
    INDEX_DATE_MAX = 10,
    INDEX_POSTCODE_MAX = 8,
    INDEX_PHONE_MAX = 32,
    INDEX_REASON_MAX = 200,
    INDEX_WORD_MAX = 23, /* of a field, a level, a kind */
    INDEX_SERVICE_ID_MAX = 32,
    INDEX_HASH_SIZE = 16,
    INDEX_NONCE_SIZE = 24,
    INDEX_DETAILS_MAX = 1024,                      /* RecordDetails, encoded: always fits */
    INDEX_CIPHERTEXT_MAX = INDEX_DETAILS_MAX + 16, /* and its tag */
    INDEX_MATCH_REASONS_MAX = 12,
    INDEX_PROPOSALS_MAX = 3,
    INDEX_FLAGS_MAX = 4,
    INDEX_DISTRICTS_MAX = 32,
    INDEX_DISTRICT_MAX = 4,
    INDEX_OPENING_TIMES_MAX = 21,
    INDEX_LANGUAGE_MAX = 16,
    INDEX_NEEDS_MAX = 8,
    INDEX_PRACTITIONER_ID_MAX = 12,
    INDEX_REGISTRATION_MAX = 12,
    INDEX_REGISTRATIONS_MAX = 7,
    INDEX_ROLES_MAX = 16,
    INDEX_PPM_MAX = 1000000,
    /* Of a person as it is shown; who has more is shown without the rest. */
    INDEX_RECORDS_SHOWN_MAX = 32,
    INDEX_CHANGES_SHOWN_MAX = 64,
    INDEX_RELATIONS_SHOWN_MAX = 16,
    INDEX_HOPS_SHOWN_MAX = 16,
    INDEX_PAIRS_SHOWN_DEFAULT = 20,
    INDEX_PAIRS_SHOWN_MAX = 100,
    INDEX_CANDIDATES_MAX = 50,
    INDEX_BOARD_ROWS_MAX = 256,
    INDEX_SERVICES_SHOWN_MAX = 50,
    INDEX_RULES_MAX = 32 * 1024, /* bytes of a rules file that is tried */
    INDEX_TRIED_MAX = 16,        /* look-ups at once, so that nobody waits long for the door */
};
#define INDEX_TIME_MS_MAX INT64_C(7258118400000) /* 2200-01-01 */
#define INDEX_NOW         INT64_MAX              /* as of: whatever is known */

/* Numbered as in proto. */
enum index_sex { INDEX_SEX_UNKNOWN = 0, INDEX_SEX_FEMALE = 1, INDEX_SEX_MALE = 2, INDEX_SEX_OTHER = 3 };
enum index_nhs_status {
    INDEX_NHS_UNSPECIFIED = 0,
    INDEX_NHS_VERIFIED = 1,
    INDEX_NHS_NOT_TRACED = 2,
    INDEX_NHS_TRACE_REQUIRED = 3,
    INDEX_NHS_CONFLICT = 5,
    INDEX_NHS_POSTPONED = 8
};
enum index_registered { INDEX_NEW = 1, INDEX_LINKED = 2, INDEX_UPDATED = 3, INDEX_REVIEW = 4 };
enum index_flag {
    INDEX_FLAG_RESTRICTED = 1,
    INDEX_FLAG_SENSITIVE = 2,
    INDEX_FLAG_DECEASED = 3,
    INDEX_FLAG_DO_NOT_MATCH = 4
};
enum index_relation_kind {
    INDEX_RELATION_PRACTICE = 1,
    INDEX_RELATION_SOCIAL_WORKER = 2,
    INDEX_RELATION_CARER = 3,
    INDEX_RELATION_PARENT = 4
};
enum index_purpose {
    INDEX_PURPOSE_RECORD_SHARING = 1,
    INDEX_PURPOSE_END_OF_LIFE_PLAN = 2,
    INDEX_PURPOSE_CONTACT = 3,
    INDEX_PURPOSE_SECONDARY_USE = 4,
    INDEX_PURPOSES = 4
};
enum index_decided { INDEX_PERMIT = 1, INDEX_DENY = 2, INDEX_NOT_STATED = 3 };
enum index_channel { INDEX_CHANNEL_NONE = 0, INDEX_CHANNEL_TELEPHONE = 1, INDEX_CHANNEL_APP = 5 };
enum index_need { INDEX_NEED_LARGE_PRINT = 1, INDEX_NEED_ADVOCATE = 7 };
enum index_body {
    INDEX_BODY_GMC = 1,
    INDEX_BODY_NMC = 2,
    INDEX_BODY_GPHC = 3,
    INDEX_BODY_GDC = 4,
    INDEX_BODY_RCN = 5,
    INDEX_BODY_GMP = 6,
    INDEX_BODY_GDP = 7
};
enum index_trace_result {
    INDEX_TRACE_MATCH = 1,
    INDEX_TRACE_NO_MATCH = 2,
    INDEX_TRACE_REVIEW = 3,
    INDEX_TRACE_TOO_MANY = 4
};

/* Which fields a record has. */
enum {
    INDEX_HAS_FAMILY_NAME = 1,
    INDEX_HAS_GIVEN_NAME = 2,
    INDEX_HAS_BIRTH_DATE = 4,
    INDEX_HAS_SEX = 8,
    INDEX_HAS_ADDRESS = 16,
    INDEX_HAS_POSTCODE = 32,
    INDEX_HAS_PHONE = 64,
    INDEX_HAS_ALL = 127
};

struct index_hash {
    uint8_t bytes[INDEX_HASH_SIZE]; /* keyed; zeros: none */
};
static inline bool index_hash_equal(struct index_hash a, struct index_hash b) {
    return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}
static inline bool index_hash_is_zero(struct index_hash hash) {
    return index_hash_equal(hash, (struct index_hash){{0}});
}

struct index_demographics {
    char nhs_number[10 + 1]; /* ten digits or empty */
    enum index_nhs_status nhs_number_status;
    char family_name[INDEX_NAME_MAX + 1];
    char given_name[INDEX_NAME_MAX + 1];
    char birth_date[INDEX_DATE_MAX + 1]; /* YYYY-MM-DD, YYYY-MM, YYYY or empty */
    enum index_sex sex;
    uint32_t address_line_count;
    char address_lines[INDEX_LINES_MAX][INDEX_NAME_MAX + 1];
    char postcode[INDEX_POSTCODE_MAX + 1]; /* upper case, with its space */
    char phone[INDEX_PHONE_MAX + 1];
    char house[INDEX_NAME_MAX + 1], county[INDEX_NAME_MAX + 1]; /* where they are not in the lines */
};
struct index_record_key {
    char organisation[INDEX_ORGANISATION_MAX + 1]; /* empty in a request of its own organisation */
    char source[INDEX_SOURCE_MAX + 1];
    char local_id[INDEX_LOCAL_ID_MAX + 1];
};

/* RecordDetails, sealed with a key of the record: commands, events and rows carry these bytes and look at nothing in
 * them. */
struct index_sealed {
    struct uuid key_id;
    uint8_t nonce[INDEX_NONCE_SIZE];
    uint32_t size;
    uint8_t ciphertext[INDEX_CIPHERTEXT_MAX];
};
struct index_details {
    char local_id[INDEX_LOCAL_ID_MAX + 1];
    struct index_demographics demographics;
};

/* A TracePersonRequest, kept. */
struct index_kept {
    struct uuid sealed_for;
    struct index_sealed sealed;
};

/* What speaks for two descriptions being of one person; the search's finding, in words, so that it can be read as
 * long as the journal lasts, whatever has become of the rules. */
struct index_match_reason {
    char field[INDEX_WORD_MAX + 1], level[INDEX_WORD_MAX + 1];
    int32_t weight_millibits;
};
struct index_match {
    int32_t weight_millibits;
    uint32_t posterior_ppm;
    uint32_t reason_count;
    struct index_match_reason reasons[INDEX_MATCH_REASONS_MAX];
};
struct index_proposal {
    struct uuid record_id; /* zero: none */
    struct index_match match;
    bool is_cross_checked;
};

/* Who asked, stamped by the door (lib/host/service.h). */
struct index_ingress {
    char system[INDEX_SYSTEM_MAX + 1];
    char organisation[INDEX_ASKER_ORGANISATION_MAX + 1];
    char role[INDEX_ROLE_MAX + 1];
    char correlation_id[INDEX_CORRELATION_MAX + 1];
    int64_t received_at_ms;
    struct uuid entity_id; /* becomes merge_id, pair_id or the id of a person that begins */
    char user[INDEX_SYSTEM_MAX + 1];
};

struct index_relationship {
    enum index_relation_kind kind;
    char organisation[INDEX_ORGANISATION_MAX + 1]; /* of a practice or team */
    struct uuid other_person_id;                   /* of a carer or parent */
    char from_date[INDEX_DATE_MAX + 1], until_date[INDEX_DATE_MAX + 1];
};
struct index_organisation {
    char code[INDEX_ORGANISATION_MAX + 1];
    char name[INDEX_NAME_MAX + 1];
    char kind[INDEX_WORD_MAX + 1];
    char postcode[INDEX_POSTCODE_MAX + 1];
    char opened_date[INDEX_DATE_MAX + 1], closed_date[INDEX_DATE_MAX + 1];
    char successor[INDEX_ORGANISATION_MAX + 1];
    char commissioner[INDEX_ORGANISATION_MAX + 1];
};
struct index_opening_time {
    uint32_t weekday, from_minute, until_minute;
};
struct index_service {
    char service_id[INDEX_SERVICE_ID_MAX + 1];
    char organisation[INDEX_ORGANISATION_MAX + 1];
    char name[INDEX_NAME_MAX + 1];
    char kind[INDEX_WORD_MAX + 1];
    uint32_t district_count;
    char districts[INDEX_DISTRICTS_MAX][INDEX_DISTRICT_MAX + 1];
    uint32_t opening_time_count;
    struct index_opening_time opening_times[INDEX_OPENING_TIMES_MAX];
    char opened_date[INDEX_DATE_MAX + 1], closed_date[INDEX_DATE_MAX + 1];
};
/* What a person said about a purpose, and how to reach them. */
struct index_consent {
    enum index_purpose purpose;
    enum index_decided decision;
    char from_date[INDEX_DATE_MAX + 1], until_date[INDEX_DATE_MAX + 1];
};
struct index_preferences {
    enum index_channel channel;
    char language[INDEX_LANGUAGE_MAX + 1];
    bool needs_interpreter;
    uint32_t need_count;
    enum index_need needs[INDEX_NEEDS_MAX];
};
struct index_registration {
    enum index_body body;
    char number[INDEX_REGISTRATION_MAX + 1];
};
struct index_practitioner_role {
    char code[INDEX_WORD_MAX + 1];
    char organisation[INDEX_ORGANISATION_MAX + 1];
    char from_date[INDEX_DATE_MAX + 1], until_date[INDEX_DATE_MAX + 1];
};
struct index_practitioner {
    char practitioner_id[INDEX_PRACTITIONER_ID_MAX + 1];
    char name[INDEX_NAME_MAX + 1];
    uint32_t registration_count;
    struct index_registration registrations[INDEX_REGISTRATIONS_MAX];
    uint32_t role_count;
    struct index_practitioner_role roles[INDEX_ROLES_MAX];
    char opened_date[INDEX_DATE_MAX + 1], closed_date[INDEX_DATE_MAX + 1];
};
struct index_pair {
    struct uuid pair_id, person_id, other_person_id;
    struct index_match match;
    char claimed_by[INDEX_SYSTEM_MAX + 1];
    int64_t found_at_ms;
};

/* Equal texts in zero-padded fields; sizes may differ. */
static inline bool index_text_equal(const char *a, const char *b) {
    return slice_equal(slice_text(a), slice_text(b));
}

#endif
