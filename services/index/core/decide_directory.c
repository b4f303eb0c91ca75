/* May an organisation or a service be registered so? Facts and rule. Pure but for the rows. */
#include "lib/base/assert.h"
#include "services/index/core/facts.h"

void gather_organisation(const struct rows *rows, const struct index_organisation *organisation,
                         struct directory_facts *ret_facts) {
    ASSERT(organisation->code[0] != '\0');
    memset(ret_facts, 0, sizeof *ret_facts);
    struct index_organisation known, successor;
    ret_facts->is_known = organisation_row_get(rows, organisation->code, &known);
    ret_facts->is_the_same = ret_facts->is_known && memcmp(&known, organisation, sizeof known) == 0;
    ret_facts->is_other_known =
        organisation->successor[0] == '\0' || organisation_row_get(rows, organisation->successor, &successor);
}

uint32_t decide_organisation(const struct directory_facts *facts, const struct index_command *command,
                             struct index_decision *ret_decision) {
    const struct index_organisation *organisation = &command->register_organisation.organisation;
    if (facts->is_the_same) return index_done(ret_decision);
    if (!facts->is_other_known) return index_refused(ret_decision, REFUSED_ORGANISATION_UNKNOWN);
    if (are_reversed(organisation->opened_date, organisation->closed_date))
        return index_refused(ret_decision, REFUSED_DATES_REVERSED);

    struct index_organisation_registered *event =
        &index_event_of(ret_decision, INDEX_EVENT_ORGANISATION_REGISTERED)->organisation_registered;
    event->organisation = *organisation;
    memcpy(event->by, asker_of(command), sizeof event->by);
    ret_decision->answer.is_changed = true;
    return ret_decision->outcome;
}

void gather_service(const struct rows *rows, const struct index_service *service, struct directory_facts *ret_facts) {
    ASSERT(service->service_id[0] != '\0');
    memset(ret_facts, 0, sizeof *ret_facts);
    struct index_service known;
    struct index_organisation organisation;
    ret_facts->is_known = service_row_get(rows, service->service_id, &known);
    ret_facts->is_the_same = ret_facts->is_known && memcmp(&known, service, sizeof known) == 0;
    ret_facts->is_other_known = organisation_row_get(rows, service->organisation, &organisation);
}

uint32_t decide_service(const struct directory_facts *facts, const struct index_command *command,
                        struct index_decision *ret_decision) {
    const struct index_service *service = &command->register_service.service;
    if (facts->is_the_same) return index_done(ret_decision);
    if (!facts->is_other_known) return index_refused(ret_decision, REFUSED_ORGANISATION_UNKNOWN);
    if (are_reversed(service->opened_date, service->closed_date))
        return index_refused(ret_decision, REFUSED_DATES_REVERSED);

    struct index_service_registered *event =
        &index_event_of(ret_decision, INDEX_EVENT_SERVICE_REGISTERED)->service_registered;
    event->service = *service;
    memcpy(event->by, asker_of(command), sizeof event->by);
    ret_decision->answer.is_changed = true;
    return ret_decision->outcome;
}
