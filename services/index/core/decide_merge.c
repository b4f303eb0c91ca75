/* May these two be one, and may that be taken back? Pure. Two different verified NHS numbers are the strongest thing
 * that can speak against it, so then a second human must say so too. */
#include "lib/base/assert.h"
#include "services/index/core/facts.h"

static uint32_t await_approval(const struct merge_facts *facts, const struct index_command *command,
                               struct index_decision *decision);

uint32_t decide_merge(const struct merge_facts *facts, const struct index_command *command,
                      struct index_decision *ret_decision) {
    const struct index_merge_request *request = &command->merge_persons;
    struct uuid entity_id = command->ingress.entity_id;
    ASSERT(!uuid_is_zero(entity_id));
    bool is_approval = !uuid_is_zero(request->approves_merge_id);
    bool is_own = index_text_equal(facts->approved.by, asker_of(command));
    bool is_same = uuid_equal(facts->survivor.person_id, facts->other.person_id);
    ret_decision->answer.merge_id = entity_id;
    if (facts->is_done && facts->done.state != MERGE_WAITING) return index_done(ret_decision);
    memset(&ret_decision->answer, 0, sizeof ret_decision->answer);
    if (!facts->survivor.is_known || !facts->other.is_known) return index_refused(ret_decision, REFUSED_PERSON_UNKNOWN);
    if (is_same) return index_refused(ret_decision, REFUSED_SAME_PERSON);
    if (facts->survivor.is_do_not_match || facts->other.is_do_not_match)
        return index_refused(ret_decision, REFUSED_DO_NOT_MATCH);
    if (is_approval && (!facts->is_approval_known || is_own))
        return index_refused(ret_decision, REFUSED_APPROVAL_NOT_YOURS);
    if (facts->is_conflicting && !is_approval) return await_approval(facts, command, ret_decision);

    struct index_persons_merged *event = &index_event_of(ret_decision, INDEX_EVENT_PERSONS_MERGED)->persons_merged;
    event->merge_id = is_approval ? request->approves_merge_id : entity_id;
    event->survivor_id = facts->survivor.person_id;
    event->other_id = facts->other.person_id;
    memcpy(event->reason, request->reason, sizeof event->reason);
    memcpy(event->by, is_approval ? facts->approved.by : asker_of(command), sizeof event->by);
    if (is_approval) memcpy(event->approved_by, asker_of(command), sizeof event->approved_by);
    ret_decision->answer.merge_id = event->merge_id;
    return ret_decision->outcome;
}

static uint32_t await_approval(const struct merge_facts *facts, const struct index_command *command,
                               struct index_decision *decision) {
    struct uuid merge_id = command->ingress.entity_id;
    struct index_merge_awaits *event =
        &index_event_of(decision, INDEX_EVENT_MERGE_AWAITS_APPROVAL)->merge_awaits_approval;
    event->merge_id = merge_id;
    event->survivor_id = facts->survivor.person_id;
    event->other_id = facts->other.person_id;
    memcpy(event->reason, command->merge_persons.reason, sizeof event->reason);
    memcpy(event->by, asker_of(command), sizeof event->by);
    decision->answer.merge_id = merge_id;
    decision->outcome = REFUSED_APPROVAL_NEEDED;
    if (facts->is_done) decision->event_count = 0; /* waits already */
    return decision->outcome;
}

uint32_t decide_unmerge(const struct unmerge_facts *facts, const struct index_command *command,
                        struct index_decision *ret_decision) {
    const struct merge_row *merge = &facts->merge;
    ASSERT(!uuid_is_zero(command->unmerge_persons.merge_id));
    if (!facts->is_known || merge->state == MERGE_WAITING) return index_refused(ret_decision, REFUSED_MERGE_UNKNOWN);
    if (merge->state == MERGE_UNDONE) return index_refused(ret_decision, REFUSED_ALREADY_UNMERGED);
    if (facts->is_survivor_merged) return index_refused(ret_decision, REFUSED_MERGED_AGAIN);

    struct index_persons_unmerged *event =
        &index_event_of(ret_decision, INDEX_EVENT_PERSONS_UNMERGED)->persons_unmerged;
    event->merge_id = command->unmerge_persons.merge_id;
    event->survivor_id = merge->survivor_id;
    event->other_id = merge->other_id;
    event->from_ms = merge->from_ms;
    event->until_ms = facts->now_ms;
    memcpy(event->reason, command->unmerge_persons.reason, sizeof event->reason);
    memcpy(event->by, asker_of(command), sizeof event->by);
    ret_decision->answer.unmerged = (struct index_unmerge_answer){.survivor_id = event->survivor_id,
                                                                  .other_id = event->other_id,
                                                                  .from_ms = event->from_ms,
                                                                  .until_ms = event->until_ms};
    return ret_decision->outcome;
}
