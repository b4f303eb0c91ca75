/* Work for a human: who takes a suspected pair, and what they say. A decision stands. Pure. */
#include "lib/base/assert.h"
#include "services/index/core/facts.h"

static bool is_claimed_by_another(const struct pair_facts *facts, const struct index_command *command) {
    const char *claimed_by = facts->pair.pair.claimed_by;
    return claimed_by[0] != '\0' && !index_text_equal(claimed_by, asker_of(command));
}

uint32_t decide_claim(const struct pair_facts *facts, const struct index_command *command,
                      struct index_decision *ret_decision) {
    ASSERT(!uuid_is_zero(command->claim_pair.pair_id));
    bool is_claimed = facts->pair.pair.claimed_by[0] != '\0';
    if (!facts->is_known) return index_refused(ret_decision, REFUSED_PAIR_UNKNOWN);
    if (facts->pair.state != PAIR_OPEN) return index_refused(ret_decision, REFUSED_ALREADY_DECIDED);
    if (is_claimed_by_another(facts, command)) return index_refused(ret_decision, REFUSED_CLAIMED_BY_ANOTHER);
    ret_decision->answer.pair = facts->pair.pair;
    if (is_claimed) return index_done(ret_decision);

    struct index_pair_claimed *event = &index_event_of(ret_decision, INDEX_EVENT_PAIR_CLAIMED)->pair_claimed;
    event->pair_id = command->claim_pair.pair_id;
    memcpy(event->by, asker_of(command), sizeof event->by);
    memcpy(ret_decision->answer.pair.claimed_by, event->by, sizeof event->by);
    return ret_decision->outcome;
}

static uint32_t await_approval(const struct pair_facts *facts, const struct index_command *command,
                               struct index_decision *decision) {
    struct index_merge_awaits *event =
        &index_event_of(decision, INDEX_EVENT_MERGE_AWAITS_APPROVAL)->merge_awaits_approval;
    event->merge_id = command->ingress.entity_id;
    event->survivor_id = facts->person.person_id;
    event->other_id = facts->other.person_id;
    memcpy(event->reason, command->decide_pair.reason, sizeof event->reason);
    memcpy(event->by, asker_of(command), sizeof event->by);
    decision->answer.merge_id = event->merge_id;
    decision->outcome = REFUSED_APPROVAL_NEEDED;
    return decision->outcome;
}

uint32_t decide_pair(const struct pair_facts *facts, const struct index_command *command,
                     struct index_decision *ret_decision) {
    const struct index_decide_request *request = &command->decide_pair;
    ASSERT(!uuid_is_zero(request->pair_id));
    /* They may have become one by another way since. */
    bool is_one = uuid_equal(facts->person.person_id, facts->other.person_id);
    bool is_merge = request->is_same && !is_one;
    if (!facts->is_known) return index_refused(ret_decision, REFUSED_PAIR_UNKNOWN);
    if (facts->pair.state != PAIR_OPEN) return index_refused(ret_decision, REFUSED_ALREADY_DECIDED);
    if (is_claimed_by_another(facts, command)) return index_refused(ret_decision, REFUSED_CLAIMED_BY_ANOTHER);
    if (is_merge && (facts->person.is_do_not_match || facts->other.is_do_not_match))
        return index_refused(ret_decision, REFUSED_DO_NOT_MATCH);
    if (is_merge && facts->is_conflicting) return await_approval(facts, command, ret_decision);

    struct index_pair_decided *event = &index_event_of(ret_decision, INDEX_EVENT_PAIR_DECIDED)->pair_decided;
    event->pair_id = request->pair_id;
    event->is_same = request->is_same;
    memcpy(event->reason, request->reason, sizeof event->reason);
    memcpy(event->by, asker_of(command), sizeof event->by);
    if (!is_merge) return ret_decision->outcome;
    struct index_persons_merged *merged = &index_event_of(ret_decision, INDEX_EVENT_PERSONS_MERGED)->persons_merged;
    merged->merge_id = command->ingress.entity_id;
    merged->survivor_id = facts->person.person_id;
    merged->other_id = facts->other.person_id;
    memcpy(merged->reason, request->reason, sizeof merged->reason);
    memcpy(merged->by, asker_of(command), sizeof merged->by);
    ret_decision->answer.merge_id = merged->merge_id;
    return ret_decision->outcome;
}
