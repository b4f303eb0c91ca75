/* Facts for MergePersons, UnmergePersons and pairs. Pure but for the rows. */
#include "lib/base/assert.h"
#include "services/index/core/facts.h"

static struct uuid root_of(const struct rows *rows, struct uuid group_id) {
    struct uuid person_id = {{0}};
    (void)person_root(rows, group_id, INDEX_NOW, &person_id, NULL);
    return person_id;
}

void gather_merge(const struct rows *rows, const struct index_command *command, struct merge_facts *ret_facts) {
    const struct index_merge_request *request = &command->merge_persons;
    ASSERT(!uuid_is_zero(command->ingress.entity_id));
    memset(ret_facts, 0, sizeof *ret_facts);
    ret_facts->is_done = merge_row_get(rows, command->ingress.entity_id, &ret_facts->done);
    gather_person(rows, request->survivor_id, &ret_facts->survivor);
    gather_person(rows, request->other_id, &ret_facts->other);
    if (!ret_facts->survivor.is_known || !ret_facts->other.is_known) return;
    struct uuid survivor_id = ret_facts->survivor.person_id, other_id = ret_facts->other.person_id;
    ret_facts->is_conflicting = persons_conflict(rows, survivor_id, other_id);
    struct merge_row *approved = &ret_facts->approved;
    if (!merge_row_get(rows, request->approves_merge_id, approved)) return;
    ret_facts->is_approval_known = approved->state == MERGE_WAITING &&
                                   uuid_equal(root_of(rows, approved->survivor_id), survivor_id) &&
                                   uuid_equal(root_of(rows, approved->other_id), other_id);
}

void gather_unmerge(const struct rows *rows, struct uuid merge_id, int64_t now_ms, struct unmerge_facts *ret_facts) {
    memset(ret_facts, 0, sizeof *ret_facts);
    ret_facts->now_ms = now_ms;
    ret_facts->is_known = merge_row_get(rows, merge_id, &ret_facts->merge);
    if (!ret_facts->is_known) return;
    struct uuid survivor_id = ret_facts->merge.survivor_id;
    ret_facts->is_survivor_merged = !uuid_equal(root_of(rows, survivor_id), survivor_id);
}

void gather_pair(const struct rows *rows, struct uuid pair_id, struct pair_facts *ret_facts) {
    memset(ret_facts, 0, sizeof *ret_facts);
    ret_facts->is_known = pair_row_get(rows, pair_id, &ret_facts->pair);
    if (!ret_facts->is_known) return;
    gather_person(rows, ret_facts->pair.pair.person_id, &ret_facts->person);
    gather_person(rows, ret_facts->pair.pair.other_person_id, &ret_facts->other);
    ASSERT(ret_facts->person.is_known && ret_facts->other.is_known);
    ret_facts->is_conflicting = persons_conflict(rows, ret_facts->person.person_id, ret_facts->other.person_id);
}
