/* Which person is this record of? Matching is not decided here: what the door found is evidence in the command, so
 * the same command gives the same outcome on every replica, whatever version of the rules they run. Pure.
 *
 * A number joins only when both sides have verified it and the birth dates agree (domain.md 3.1); a likeness only
 * when nobody else comes near. Everything in between is a new person and work for a human: never a silent merge
 * (domain.md 3.5). */
#include "lib/base/assert.h"
#include "services/index/core/facts.h"

enum { NOBODY = INDEX_PROPOSALS_MAX };

struct choice {
    uint32_t linked, suspected; /* index of the proposal, or NOBODY */
};

static struct choice choose(const struct register_facts *facts, const struct index_register_order *order);
static void add_registered(const struct register_facts *facts, const struct index_command *command,
                           enum index_registered how, struct uuid person_id, const struct index_proposal *proposal,
                           struct index_decision *decision);
static void add_pair(const struct index_command *command, struct uuid person_id, struct uuid other_person_id,
                     const struct index_proposal *proposal, struct index_decision *decision);

uint32_t decide_register(const struct register_facts *facts, const struct index_command *command,
                         struct index_decision *ret_decision) {
    const struct index_register_order *order = &command->record;
    ASSERT(!uuid_is_zero(command->ingress.entity_id));
    ASSERT(!uuid_is_zero(order->record_id));
    struct choice choice = choose(facts, order);
    if (facts->is_known) {
        uint32_t found = choice.linked != NOBODY ? choice.linked : choice.suspected;
        add_registered(facts, command, INDEX_UPDATED, facts->person_id, NULL, ret_decision);
        if (found == NOBODY) return ret_decision->outcome;
        add_pair(command, facts->candidates[found].person_id, facts->person_id, &order->proposals[found], ret_decision);
        return ret_decision->outcome;
    }
    if (choice.linked != NOBODY) {
        struct uuid person_id = facts->candidates[choice.linked].person_id;
        add_registered(facts, command, INDEX_LINKED, person_id, &order->proposals[choice.linked], ret_decision);
        return ret_decision->outcome;
    }
    if (choice.suspected != NOBODY) {
        const struct index_proposal *proposal = &order->proposals[choice.suspected];
        add_registered(facts, command, INDEX_REVIEW, order->record_id, proposal, ret_decision);
        add_pair(command, facts->candidates[choice.suspected].person_id, order->record_id, proposal, ret_decision);
        return ret_decision->outcome;
    }
    add_registered(facts, command, INDEX_NEW, order->record_id, NULL, ret_decision);
    return ret_decision->outcome;
}

static bool is_of_another(const struct register_facts *facts, uint32_t a, uint32_t b) {
    return !uuid_equal(facts->candidates[a].person_id, facts->candidates[b].person_id);
}

static struct choice choose(const struct register_facts *facts, const struct index_register_order *order) {
    struct choice choice = {.linked = NOBODY, .suspected = NOBODY};
    uint32_t checked = NOBODY, alike = NOBODY;
    bool is_checked_twice = false, is_alike_twice = false;
    for (uint32_t i = 0; i < order->proposal_count; i++) {
        const struct candidate_facts *candidate = &facts->candidates[i];
        if (!candidate->is_usable) continue;
        bool is_near = order->proposals[i].match.posterior_ppm >= order->review_ppm;
        if (candidate->is_cross_checked) {
            if (checked == NOBODY) checked = i;
            is_checked_twice |= is_of_another(facts, checked, i);
        }
        if (is_near) {
            if (alike == NOBODY) alike = i;
            is_alike_twice |= is_of_another(facts, alike, i);
        }
    }
    if (checked != NOBODY) {
        if (is_checked_twice) {
            choice.suspected = checked;
        } else {
            choice.linked = checked;
        }
        return choice;
    }
    if (alike == NOBODY) return choice;
    bool is_sure = order->proposals[alike].match.posterior_ppm >= order->link_ppm && !is_alike_twice &&
                   !facts->candidates[alike].is_conflicting;
    if (is_sure) {
        choice.linked = alike;
    } else {
        choice.suspected = alike;
    }
    return choice;
}

static void add_registered(const struct register_facts *facts, const struct index_command *command,
                           enum index_registered how, struct uuid person_id, const struct index_proposal *proposal,
                           struct index_decision *decision) {
    ASSERT(facts->is_known == (how == INDEX_UPDATED));
    const struct index_register_order *order = &command->record;
    struct index_record_registered *event = &index_event_of(decision, INDEX_EVENT_RECORD_REGISTERED)->record_registered;
    event->record_id = order->record_id;
    event->person_id = person_id;
    event->how = how;
    memcpy(event->organisation, order->organisation, sizeof event->organisation);
    memcpy(event->source, order->source, sizeof event->source);
    event->nhs_hash = order->nhs_hash;
    event->nhs_number_status = order->nhs_number_status;
    event->sealed = order->sealed;
    event->fields = order->fields;
    memcpy(event->by, command->ingress.system, sizeof event->by);
    event->rules_version = order->rules_version;
    struct index_register_answer *answer = &decision->answer.record;
    answer->record_id = order->record_id;
    answer->person_id = person_id;
    answer->how = how;
    if (proposal == NULL) return;
    event->has_proposal = true;
    event->proposal = *proposal;
    answer->match = proposal->match;
}

static void add_pair(const struct index_command *command, struct uuid person_id, struct uuid other_person_id,
                     const struct index_proposal *proposal, struct index_decision *decision) {
    ASSERT(!uuid_equal(person_id, other_person_id));
    struct index_pair_found *event = &index_event_of(decision, INDEX_EVENT_PAIR_FOUND)->pair_found;
    event->pair_id = command->ingress.entity_id;
    event->person_id = person_id;
    event->other_person_id = other_person_id;
    event->proposal = *proposal;
}
