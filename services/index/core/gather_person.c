/* Facts about persons and records: for Link, Unlink, FlagPerson and SetRelationship, and shared by the others. Pure
 * but for the rows. */
#include "lib/base/assert.h"
#include "services/index/core/facts.h"

void gather_person(const struct rows *rows, struct uuid person_id, struct person_facts *ret_facts) {
    memset(ret_facts, 0, sizeof *ret_facts);
    ret_facts->is_known = person_root(rows, person_id, INDEX_NOW, &ret_facts->person_id, NULL);
    if (!ret_facts->is_known) return;
    ret_facts->is_do_not_match = person_has_flag(rows, ret_facts->person_id, INDEX_FLAG_DO_NOT_MATCH, INDEX_NOW);
    struct record_walk walk = record_walk_of(ret_facts->person_id, INDEX_NOW);
    while (record_walk_next(rows, &walk)) ret_facts->record_count++;
}

/* The next verified number of a person's records. */
static bool next_verified(const struct rows *rows, struct record_walk *walk, struct index_hash *ret_hash) {
    struct record_row row;
    while (record_walk_next(rows, walk)) {
        bool is_known = record_row_get(rows, walk->record_id, INDEX_NOW, &row);
        ASSERT(is_known);
        if (!record_is_verified(&row)) continue;
        *ret_hash = row.nhs_hash;
        return true;
    }
    return false;
}

bool persons_conflict(const struct rows *rows, struct uuid person_id, struct uuid other_id) {
    struct index_hash hash, other_hash;
    bool has_both = false;
    struct record_walk walk = record_walk_of(person_id, INDEX_NOW);
    while (next_verified(rows, &walk, &hash)) {
        struct record_walk others = record_walk_of(other_id, INDEX_NOW);
        while (next_verified(rows, &others, &other_hash)) {
            if (index_hash_equal(hash, other_hash)) return false;
            has_both = true;
        }
    }
    return has_both;
}

/* Of one record against a person: a person who has the record's own number among others does not conflict. */
static bool record_conflicts(const struct rows *rows, struct uuid record_id, struct uuid person_id) {
    struct record_row record;
    if (!record_row_get(rows, record_id, INDEX_NOW, &record) || !record_is_verified(&record)) return false;
    struct index_hash hash;
    bool has_another = false;
    struct record_walk walk = record_walk_of(person_id, INDEX_NOW);
    while (next_verified(rows, &walk, &hash)) {
        if (index_hash_equal(hash, record.nhs_hash)) return false;
        has_another = true;
    }
    return has_another;
}

void gather_link(const struct rows *rows, struct uuid record_id, struct uuid to_person_id,
                 struct link_facts *ret_facts) {
    memset(ret_facts, 0, sizeof *ret_facts);
    struct uuid group_id;
    ret_facts->is_record_known = record_group_get(rows, record_id, INDEX_NOW, &group_id);
    if (!ret_facts->is_record_known) return;
    gather_person(rows, group_id, &ret_facts->from);
    ASSERT(ret_facts->from.is_known);
    if (uuid_is_zero(to_person_id)) return;
    gather_person(rows, to_person_id, &ret_facts->to);
    if (ret_facts->to.is_known) ret_facts->is_conflicting = record_conflicts(rows, record_id, ret_facts->to.person_id);
}

void gather_flag(const struct rows *rows, struct uuid person_id, const struct index_relationship *relationship,
                 struct flag_facts *ret_facts) {
    memset(ret_facts, 0, sizeof *ret_facts);
    gather_person(rows, person_id, &ret_facts->person);
    if (relationship == NULL) return;
    struct index_organisation organisation;
    bool has_organisation = relationship->organisation[0] != '\0';
    ret_facts->is_organisation_known =
        has_organisation && organisation_row_get(rows, relationship->organisation, &organisation);
    if (!has_organisation) gather_person(rows, relationship->other_person_id, &ret_facts->other);
}
