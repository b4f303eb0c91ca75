/* Facts for RegisterRecord: what the rows say of those whom the door's search has found. Pure but for the rows. */
#include "lib/base/assert.h"
#include "services/index/core/facts.h"

static void gather_candidate(const struct rows *rows, const struct index_register_order *order,
                             const struct register_facts *facts, const struct index_proposal *proposal,
                             struct candidate_facts *ret_candidate);
static bool was_paired(const struct rows *rows, struct uuid person_id, struct uuid other_id);

void gather_register(const struct rows *rows, const struct index_command *command, struct register_facts *ret_facts) {
    const struct index_register_order *order = &command->record;
    ASSERT(!uuid_is_zero(order->record_id));
    ASSERT(order->proposal_count <= INDEX_PROPOSALS_MAX);
    memset(ret_facts, 0, sizeof *ret_facts);
    struct uuid group_id;
    ret_facts->is_known = record_group_get(rows, order->record_id, INDEX_NOW, &group_id);
    if (ret_facts->is_known) {
        bool is_known = person_root(rows, group_id, INDEX_NOW, &ret_facts->person_id, NULL);
        ASSERT(is_known);
    }
    for (uint32_t i = 0; i < order->proposal_count; i++) {
        gather_candidate(rows, order, ret_facts, &order->proposals[i], &ret_facts->candidates[i]);
    }
}

static void gather_candidate(const struct rows *rows, const struct index_register_order *order,
                             const struct register_facts *facts, const struct index_proposal *proposal,
                             struct candidate_facts *ret_candidate) {
    struct uuid group_id, person_id;
    struct record_row record;
    bool is_known = record_group_get(rows, proposal->record_id, INDEX_NOW, &group_id) &&
                    person_root(rows, group_id, INDEX_NOW, &person_id, NULL) &&
                    record_row_get(rows, proposal->record_id, INDEX_NOW, &record);
    if (!is_known) return;
    ret_candidate->person_id = person_id;
    bool is_other = !uuid_equal(person_id, facts->is_known ? facts->person_id : order->record_id);
    bool is_told_apart = facts->is_known && is_other && was_paired(rows, facts->person_id, person_id);
    ret_candidate->is_usable =
        is_other && !is_told_apart && !person_has_flag(rows, person_id, INDEX_FLAG_DO_NOT_MATCH, INDEX_NOW);
    bool is_verified = order->nhs_number_status == INDEX_NHS_VERIFIED && !index_hash_is_zero(order->nhs_hash);
    if (!is_verified) return;
    ret_candidate->is_cross_checked =
        proposal->is_cross_checked && record_is_verified(&record) && index_hash_equal(record.nhs_hash, order->nhs_hash);
    struct record_walk walk = record_walk_of(person_id, INDEX_NOW);
    bool has_same = false, has_another = false;
    while (record_walk_next(rows, &walk)) {
        is_known = record_row_get(rows, walk.record_id, INDEX_NOW, &record);
        ASSERT(is_known);
        if (!record_is_verified(&record)) continue;
        has_same |= index_hash_equal(record.nhs_hash, order->nhs_hash);
        has_another |= !index_hash_equal(record.nhs_hash, order->nhs_hash);
    }
    ret_candidate->is_conflicting = has_another && !has_same;
}

/* Found before, and waiting for a human or decided by one: either way nothing new. Decided "one" and taken apart
 * again since counts too: whoever took them apart has said so. */
static bool was_paired(const struct rows *rows, struct uuid person_id, struct uuid other_id) {
    struct group_walk walk = group_walk_of(person_id, INDEX_NOW);
    while (group_walk_next(rows, &walk)) {
        struct uuid paired = {{0}}, pair_id, paired_person_id;
        while (pair_of_next(rows, walk.group_id, &paired, &pair_id)) {
            bool is_of_other =
                person_root(rows, paired, INDEX_NOW, &paired_person_id, NULL) && uuid_equal(paired_person_id, other_id);
            if (is_of_other) return true;
        }
    }
    return false;
}
