/* May a professional be registered so? Facts and rule. Pure but for the rows. */
#include "lib/base/assert.h"
#include "services/index/core/facts.h"

void gather_practitioner(const struct rows *rows, const struct index_practitioner *practitioner,
                         struct directory_facts *ret_facts) {
    ASSERT(practitioner->practitioner_id[0] != '\0');
    memset(ret_facts, 0, sizeof *ret_facts);
    struct index_practitioner known;
    struct index_organisation organisation;
    ret_facts->is_known = practitioner_row_get(rows, practitioner->practitioner_id, &known);
    ret_facts->is_the_same = ret_facts->is_known && memcmp(&known, practitioner, sizeof known) == 0;
    ret_facts->is_other_known = true;
    for (uint32_t i = 0; i < practitioner->role_count; i++) {
        ret_facts->is_other_known &= organisation_row_get(rows, practitioner->roles[i].organisation, &organisation);
    }
    for (uint32_t i = 0; i < practitioner->registration_count; i++) {
        char whose[INDEX_PRACTITIONER_ID_MAX + 1];
        if (!practitioner_of_registration(rows, &practitioner->registrations[i], whose)) continue;
        ret_facts->is_registration_taken |= !index_text_equal(whose, practitioner->practitioner_id);
    }
}

uint32_t decide_practitioner(const struct directory_facts *facts, const struct index_command *command,
                             struct index_decision *ret_decision) {
    const struct index_practitioner *practitioner = &command->register_practitioner.practitioner;
    bool is_reversed = are_reversed(practitioner->opened_date, practitioner->closed_date);
    for (uint32_t i = 0; i < practitioner->role_count; i++) {
        is_reversed |= are_reversed(practitioner->roles[i].from_date, practitioner->roles[i].until_date);
    }
    if (facts->is_the_same) return index_done(ret_decision);
    if (!facts->is_other_known) return index_refused(ret_decision, REFUSED_ORGANISATION_UNKNOWN);
    if (facts->is_registration_taken) return index_refused(ret_decision, REFUSED_REGISTRATION_TAKEN);
    if (is_reversed) return index_refused(ret_decision, REFUSED_DATES_REVERSED);

    struct index_practitioner_registered *event =
        &index_event_of(ret_decision, INDEX_EVENT_PRACTITIONER_REGISTERED)->practitioner_registered;
    event->practitioner = *practitioner;
    memcpy(event->by, asker_of(command), sizeof event->by);
    ret_decision->answer.is_changed = true;
    return ret_decision->outcome;
}
