/* Facts and decisions. gather loads everything a decision may look at into a plain struct; decide looks at nothing
 * else, not even a clock: now_ms is a fact. What could not be found is a field, not a callback (design section 5).
 *
 * Every decide function is a ladder of one-line refusals. Their order is precedence and is tested: already done?
 * comes first (an answer told again), then what is unknown, what is not allowed, what is not possible now, and the
 * event last. */
#ifndef BHR_INDEX_CORE_FACTS_H
#define BHR_INDEX_CORE_FACTS_H

#include "lib/base/outcome.h"
#include "services/index/core/index_answer.h"
#include "services/index/core/index_event.h"
#include "services/index/core/outcome.h"
#include "services/index/core/rows_index.h"

struct person_facts {
    bool is_known;
    struct uuid person_id; /* as it is now */
    bool is_do_not_match;
    uint32_t record_count;
};

/* A proposal of the door, with what the rows say of the person it leads to. */
struct candidate_facts {
    bool is_usable; /* somebody else who is known, may be matched, and was not told apart from this record's person */
    struct uuid person_id;
    bool is_cross_checked; /* the same verified number, and birth dates agree */
    bool is_conflicting;   /* both have verified numbers, and different ones */
};
struct register_facts {
    bool is_known; /* the record; then of this person */
    struct uuid person_id;
    struct candidate_facts candidates[INDEX_PROPOSALS_MAX]; /* as the command's proposals */
};
struct link_facts {
    bool is_record_known;
    struct person_facts from, to; /* to: not for unlink */
    bool is_conflicting;
};
struct merge_facts {
    bool is_done; /* a merge with the command's entity id exists */
    struct merge_row done;
    struct person_facts survivor, other;
    bool is_conflicting;
    bool is_approval_known; /* the merge to approve waits, and is of these two */
    struct merge_row approved;
};
struct unmerge_facts {
    int64_t now_ms;
    bool is_known;
    struct merge_row merge;
    bool is_survivor_merged; /* into somebody else, since */
};
struct pair_facts {
    bool is_known;
    struct pair_row pair;
    struct person_facts person, other;
    bool is_conflicting;
};
struct flag_facts {
    struct person_facts person, other; /* other: of a relationship */
    bool is_organisation_known;
};
struct directory_facts {
    bool is_known, is_the_same;
    bool is_other_known; /* successor, or who gives the service, or where the roles are; true when there is none */
    bool is_registration_taken; /* by another professional */
};

enum { INDEX_EVENTS_MAX = 2 };

struct index_decision {
    uint32_t outcome;
    struct index_answer answer;
    uint32_t event_count;
    struct index_event events[INDEX_EVENTS_MAX];
};

void gather_register(const struct rows *rows, const struct index_command *command, struct register_facts *ret_facts);
void gather_link(const struct rows *rows, struct uuid record_id, struct uuid to_person_id,
                 struct link_facts *ret_facts);
void gather_merge(const struct rows *rows, const struct index_command *command, struct merge_facts *ret_facts);
void gather_unmerge(const struct rows *rows, struct uuid merge_id, int64_t now_ms, struct unmerge_facts *ret_facts);
void gather_pair(const struct rows *rows, struct uuid pair_id, struct pair_facts *ret_facts);
void gather_flag(const struct rows *rows, struct uuid person_id, const struct index_relationship *relationship,
                 struct flag_facts *ret_facts);
void gather_organisation(const struct rows *rows, const struct index_organisation *organisation,
                         struct directory_facts *ret_facts);
void gather_service(const struct rows *rows, const struct index_service *service, struct directory_facts *ret_facts);
void gather_practitioner(const struct rows *rows, const struct index_practitioner *practitioner,
                         struct directory_facts *ret_facts);
/* Shared by several. */
void gather_person(const struct rows *rows, struct uuid person_id, struct person_facts *ret_facts);
bool persons_conflict(const struct rows *rows, struct uuid person_id, struct uuid other_id);

uint32_t decide_register(const struct register_facts *facts, const struct index_command *command,
                         struct index_decision *ret_decision);
uint32_t decide_link(const struct link_facts *facts, const struct index_command *command,
                     struct index_decision *ret_decision);
uint32_t decide_unlink(const struct link_facts *facts, const struct index_command *command,
                       struct index_decision *ret_decision);
uint32_t decide_merge(const struct merge_facts *facts, const struct index_command *command,
                      struct index_decision *ret_decision);
uint32_t decide_unmerge(const struct unmerge_facts *facts, const struct index_command *command,
                        struct index_decision *ret_decision);
uint32_t decide_claim(const struct pair_facts *facts, const struct index_command *command,
                      struct index_decision *ret_decision);
uint32_t decide_pair(const struct pair_facts *facts, const struct index_command *command,
                     struct index_decision *ret_decision);
uint32_t decide_flag(const struct flag_facts *facts, const struct index_command *command,
                     struct index_decision *ret_decision);
uint32_t decide_relation(const struct flag_facts *facts, const struct index_command *command,
                         struct index_decision *ret_decision);
uint32_t decide_consent(const struct flag_facts *facts, const struct index_command *command,
                        struct index_decision *ret_decision);
uint32_t decide_preferences(const struct flag_facts *facts, const struct index_command *command,
                            struct index_decision *ret_decision);
uint32_t decide_organisation(const struct directory_facts *facts, const struct index_command *command,
                             struct index_decision *ret_decision);
uint32_t decide_service(const struct directory_facts *facts, const struct index_command *command,
                        struct index_decision *ret_decision);
uint32_t decide_practitioner(const struct directory_facts *facts, const struct index_command *command,
                             struct index_decision *ret_decision);

/* Gather and decide, whichever command it is. */
void index_decide(const struct rows *rows, const struct index_command *command, int64_t now_ms,
                  struct index_decision *ret_decision);

/* What a ladder ends in: the outcome, as every decide function returns it. All of a decision is zeroed first, so
 * that the same input gives the same bytes. */
uint32_t index_refused(struct index_decision *decision, enum index_outcome outcome);
/* Outcome OK without an event: done before, or nothing to do. */
uint32_t index_done(struct index_decision *decision);
/* Outcome OK and one more zeroed event of that kind to fill in. */
struct index_event *index_event_of(struct index_decision *decision, enum index_event_kind kind);

/* Who answers for it: the human where there is one, else the system. */
static inline const char *asker_of(const struct index_command *command) {
    return command->ingress.user[0] != '\0' ? command->ingress.user : command->ingress.system;
}

/* A first and a last day. Dates as YYYY-MM-DD sort like days; an empty last day is open. */
static inline bool are_reversed(const char *first_date, const char *last_date) {
    return last_date[0] != '\0' && slice_compare(slice_text(last_date), slice_text(first_date)) < 0;
}

#endif
