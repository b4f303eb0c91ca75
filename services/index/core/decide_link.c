/* May this record be moved by hand? Pure. */
#include "lib/base/assert.h"
#include "services/index/core/facts.h"

static void move(const struct link_facts *facts, const struct index_command *command, struct uuid record_id,
                 struct uuid to_person_id, const char reason[INDEX_REASON_MAX + 1], struct index_decision *decision) {
    struct index_record_moved *event = &index_event_of(decision, INDEX_EVENT_RECORD_MOVED)->record_moved;
    event->record_id = record_id;
    event->from_person_id = facts->from.person_id;
    event->to_person_id = to_person_id;
    memcpy(event->reason, reason, sizeof event->reason);
    memcpy(event->by, asker_of(command), sizeof event->by);
}

uint32_t decide_link(const struct link_facts *facts, const struct index_command *command,
                     struct index_decision *ret_decision) {
    const struct index_link_request *request = &command->link_record;
    ASSERT(!uuid_is_zero(request->record_id) && !uuid_is_zero(request->person_id));
    bool is_there = uuid_equal(facts->from.person_id, facts->to.person_id);
    if (!facts->is_record_known) return index_refused(ret_decision, REFUSED_RECORD_UNKNOWN);
    if (!facts->to.is_known) return index_refused(ret_decision, REFUSED_PERSON_UNKNOWN);
    if (is_there) return index_refused(ret_decision, REFUSED_ALREADY_THERE);
    if (facts->is_conflicting) return index_refused(ret_decision, REFUSED_NUMBER_CONFLICT);

    move(facts, command, request->record_id, facts->to.person_id, request->reason, ret_decision);
    ret_decision->answer.previous_person_id = facts->from.person_id;
    return ret_decision->outcome;
}

/* The person that begins gets the command's own id: the record's may be of a person already, and an id never changes
 * meaning. */
uint32_t decide_unlink(const struct link_facts *facts, const struct index_command *command,
                       struct index_decision *ret_decision) {
    const struct index_unlink_request *request = &command->unlink_record;
    ASSERT(!uuid_is_zero(request->record_id));
    ASSERT(!uuid_is_zero(command->ingress.entity_id));
    if (!facts->is_record_known) return index_refused(ret_decision, REFUSED_RECORD_UNKNOWN);
    if (facts->from.record_count == 1) return index_refused(ret_decision, REFUSED_ALREADY_ALONE);

    move(facts, command, request->record_id, command->ingress.entity_id, request->reason, ret_decision);
    ret_decision->answer.person_id = command->ingress.entity_id;
    return ret_decision->outcome;
}
