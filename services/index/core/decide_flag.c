/* May a person be marked, or related to somebody? Pure. */
#include "lib/base/assert.h"
#include "services/index/core/facts.h"

uint32_t decide_flag(const struct flag_facts *facts, const struct index_command *command,
                     struct index_decision *ret_decision) {
    const struct index_flag_request *request = &command->flag_person;
    ASSERT(request->flag >= INDEX_FLAG_RESTRICTED && request->flag <= INDEX_FLAG_DO_NOT_MATCH);
    if (!facts->person.is_known) return index_refused(ret_decision, REFUSED_PERSON_UNKNOWN);

    struct index_person_flagged *event = &index_event_of(ret_decision, INDEX_EVENT_PERSON_FLAGGED)->person_flagged;
    event->person_id = facts->person.person_id;
    event->flag = request->flag;
    event->is_set = request->is_set;
    memcpy(event->reason, request->reason, sizeof event->reason);
    memcpy(event->by, asker_of(command), sizeof event->by);
    return ret_decision->outcome;
}

uint32_t decide_relation(const struct flag_facts *facts, const struct index_command *command,
                         struct index_decision *ret_decision) {
    const struct index_relationship *relationship = &command->set_relationship.relationship;
    bool is_with_organisation = relationship->organisation[0] != '\0';
    ASSERT(is_with_organisation == uuid_is_zero(relationship->other_person_id));
    bool is_with_themselves = !is_with_organisation && uuid_equal(facts->person.person_id, facts->other.person_id);
    if (!facts->person.is_known) return index_refused(ret_decision, REFUSED_PERSON_UNKNOWN);
    if (is_with_organisation && !facts->is_organisation_known)
        return index_refused(ret_decision, REFUSED_ORGANISATION_UNKNOWN);
    if (!is_with_organisation && !facts->other.is_known) return index_refused(ret_decision, REFUSED_PERSON_UNKNOWN);
    if (is_with_themselves) return index_refused(ret_decision, REFUSED_SAME_PERSON);
    if (are_reversed(relationship->from_date, relationship->until_date))
        return index_refused(ret_decision, REFUSED_DATES_REVERSED);

    struct index_relationship_set *event =
        &index_event_of(ret_decision, INDEX_EVENT_RELATIONSHIP_SET)->relationship_set;
    event->person_id = facts->person.person_id;
    event->relationship = *relationship;
    if (!is_with_organisation) event->relationship.other_person_id = facts->other.person_id;
    memcpy(event->by, asker_of(command), sizeof event->by);
    return ret_decision->outcome;
}
