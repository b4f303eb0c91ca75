/* One command from the rows to its decision, and the ends of every ladder. Pure but for the rows. */
#include "lib/base/assert.h"
#include "services/index/core/facts.h"

static void decide_directory(const struct rows *rows, const struct index_command *command,
                             struct index_decision *decision);

void index_decide(const struct rows *rows, const struct index_command *command, int64_t now_ms,
                  struct index_decision *ret_decision) {
    memset(ret_decision, 0, sizeof *ret_decision);
    union {
        struct register_facts record;
        struct link_facts link;
        struct merge_facts merge;
        struct unmerge_facts unmerge;
        struct pair_facts pair;
        struct flag_facts flag;
    } facts;
    memset(&facts, 0, sizeof facts);
    switch (command->kind) {
    case INDEX_COMMAND_REGISTER:
        gather_register(rows, command, &facts.record);
        (void)decide_register(&facts.record, command, ret_decision);
        return;
    case INDEX_COMMAND_LINK:
        gather_link(rows, command->link_record.record_id, command->link_record.person_id, &facts.link);
        (void)decide_link(&facts.link, command, ret_decision);
        return;
    case INDEX_COMMAND_UNLINK:
        gather_link(rows, command->unlink_record.record_id, (struct uuid){{0}}, &facts.link);
        (void)decide_unlink(&facts.link, command, ret_decision);
        return;
    case INDEX_COMMAND_MERGE:
        gather_merge(rows, command, &facts.merge);
        (void)decide_merge(&facts.merge, command, ret_decision);
        return;
    case INDEX_COMMAND_UNMERGE:
        gather_unmerge(rows, command->unmerge_persons.merge_id, now_ms, &facts.unmerge);
        (void)decide_unmerge(&facts.unmerge, command, ret_decision);
        return;
    case INDEX_COMMAND_CLAIM:
        gather_pair(rows, command->claim_pair.pair_id, &facts.pair);
        (void)decide_claim(&facts.pair, command, ret_decision);
        return;
    case INDEX_COMMAND_DECIDE:
        gather_pair(rows, command->decide_pair.pair_id, &facts.pair);
        (void)decide_pair(&facts.pair, command, ret_decision);
        return;
    case INDEX_COMMAND_FLAG:
        gather_flag(rows, command->flag_person.person_id, NULL, &facts.flag);
        (void)decide_flag(&facts.flag, command, ret_decision);
        return;
    case INDEX_COMMAND_RELATION:
        gather_flag(rows, command->set_relationship.person_id, &command->set_relationship.relationship, &facts.flag);
        (void)decide_relation(&facts.flag, command, ret_decision);
        return;
    case INDEX_COMMAND_CONSENT:
        gather_flag(rows, command->set_consent.person_id, NULL, &facts.flag);
        (void)decide_consent(&facts.flag, command, ret_decision);
        return;
    case INDEX_COMMAND_PREFERENCES:
        gather_flag(rows, command->set_preferences.person_id, NULL, &facts.flag);
        (void)decide_preferences(&facts.flag, command, ret_decision);
        return;
    case INDEX_COMMAND_ORGANISATION:
    case INDEX_COMMAND_SERVICE:
    case INDEX_COMMAND_PRACTITIONER:
        decide_directory(rows, command, ret_decision);
        return;
    }
    bhr_assert_failed("kind is one of enum index_command_kind", __FILE__, __LINE__);
}

static void decide_directory(const struct rows *rows, const struct index_command *command,
                             struct index_decision *decision) {
    struct directory_facts facts;
    if (command->kind == INDEX_COMMAND_ORGANISATION) {
        gather_organisation(rows, &command->register_organisation.organisation, &facts);
        (void)decide_organisation(&facts, command, decision);
    } else if (command->kind == INDEX_COMMAND_SERVICE) {
        gather_service(rows, &command->register_service.service, &facts);
        (void)decide_service(&facts, command, decision);
    } else {
        ASSERT(command->kind == INDEX_COMMAND_PRACTITIONER);
        gather_practitioner(rows, &command->register_practitioner.practitioner, &facts);
        (void)decide_practitioner(&facts, command, decision);
    }
}

uint32_t index_refused(struct index_decision *decision, enum index_outcome outcome) {
    ASSERT(decision->event_count == 0);
    decision->outcome = outcome;
    return outcome;
}

uint32_t index_done(struct index_decision *decision) {
    ASSERT(decision->event_count == 0);
    decision->outcome = OUTCOME_OK;
    decision->answer.is_told = true;
    return OUTCOME_OK;
}

struct index_event *index_event_of(struct index_decision *decision, enum index_event_kind kind) {
    ASSERT(decision->event_count < INDEX_EVENTS_MAX);
    decision->outcome = OUTCOME_OK;
    decision->answer.is_told = true;
    struct index_event *event = &decision->events[decision->event_count++];
    event->kind = kind;
    return event;
}
