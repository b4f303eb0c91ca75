/* May this be recorded of a person? Whatever somebody says of themselves is: nothing but an unknown person or reversed dates
 * stands against it. Pure. */
#include "lib/base/assert.h"
#include "services/index/core/facts.h"

uint32_t decide_consent(const struct flag_facts *facts, const struct index_command *command,
                        struct index_decision *ret_decision) {
    const struct index_consent *consent = &command->set_consent.consent;
    ASSERT(consent->purpose >= INDEX_PURPOSE_RECORD_SHARING && consent->purpose <= INDEX_PURPOSE_SECONDARY_USE);
    ASSERT(consent->decision >= INDEX_PERMIT && consent->decision <= INDEX_NOT_STATED);
    if (!facts->person.is_known) return index_refused(ret_decision, REFUSED_PERSON_UNKNOWN);
    if (are_reversed(consent->from_date, consent->until_date))
        return index_refused(ret_decision, REFUSED_DATES_REVERSED);

    struct index_consent_set *event = &index_event_of(ret_decision, INDEX_EVENT_CONSENT_SET)->consent_set;
    event->person_id = facts->person.person_id;
    event->consent = *consent;
    memcpy(event->by, asker_of(command), sizeof event->by);
    return ret_decision->outcome;
}

uint32_t decide_preferences(const struct flag_facts *facts, const struct index_command *command,
                            struct index_decision *ret_decision) {
    const struct index_preferences_order *order = &command->set_preferences;
    ASSERT(!uuid_is_zero(order->sealed_for_id));
    if (!facts->person.is_known) return index_refused(ret_decision, REFUSED_PERSON_UNKNOWN);

    struct index_preferences_set *event = &index_event_of(ret_decision, INDEX_EVENT_PREFERENCES_SET)->preferences_set;
    event->person_id = facts->person.person_id;
    event->sealed_for_id = order->sealed_for_id;
    event->sealed = order->sealed;
    memcpy(event->by, asker_of(command), sizeof event->by);
    return ret_decision->outcome;
}
