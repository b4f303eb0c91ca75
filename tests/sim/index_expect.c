/* What the model knows, and the outcome that a command must have on it, as services/index/README.md has them in order. */
#include "tests/sim/index_model.h"

#include "lib/base/assert.h"
#include "lib/wire/index/index_wire.h"
#include "services/index/core/outcome.h"

static uint32_t expect_merge(const struct index_model *model, const struct index_command *command);
static uint32_t expect_unmerge(const struct index_model *model, struct uuid merge_id);
static uint32_t expect_link(const struct index_model *model, const struct index_link_request *request);
static uint32_t expect_unlink(const struct index_model *model, struct uuid record_id);
static uint32_t expect_claim(const struct index_model *model, const struct index_command *command);
static uint32_t expect_decide(const struct index_model *model, const struct index_command *command);

uint32_t index_model_expect(const struct index_model *model, struct slice bytes) {
    static uint8_t memory[INDEX_WIRE_ARENA_SIZE];
    static struct index_command command;
    struct arena arena = arena_over(memory, sizeof memory);
    struct wire_fault fault;
    if (!wire_table_decode(&index_command_wire, bytes, &arena, &command, &fault)) return OUTCOME_UNREADABLE;
    switch (command.kind) {
    case INDEX_COMMAND_REGISTER:
        return OUTCOME_OK;
    case INDEX_COMMAND_LINK:
        return expect_link(model, &command.link_record);
    case INDEX_COMMAND_UNLINK:
        return expect_unlink(model, command.unlink_record.record_id);
    case INDEX_COMMAND_MERGE:
        return expect_merge(model, &command);
    case INDEX_COMMAND_UNMERGE:
        return expect_unmerge(model, command.unmerge_persons.merge_id);
    case INDEX_COMMAND_CLAIM:
        return expect_claim(model, &command);
    case INDEX_COMMAND_DECIDE:
        return expect_decide(model, &command);
    case INDEX_COMMAND_FLAG:
        return model_find(model, command.flag_person.person_id, false) == MODEL_NONE ? REFUSED_PERSON_UNKNOWN
                                                                                     : OUTCOME_OK;
    case INDEX_COMMAND_RELATION:
    case INDEX_COMMAND_ORGANISATION:
    case INDEX_COMMAND_CONSENT:
    case INDEX_COMMAND_PREFERENCES:
        return index_said_expect(model, &command);
    case INDEX_COMMAND_SERVICE:
    case INDEX_COMMAND_PRACTITIONER:
        break;
    }
    bhr_assert_failed("a kind of command that the clients here send", __FILE__, __LINE__);
}

static const char *asker(const struct index_command *command) {
    return command->ingress.user[0] != '\0' ? command->ingress.user : command->ingress.system;
}

static bool is_kept_apart(const struct index_model *model, struct uuid a, struct uuid b) {
    return model_has_flag(model, a, INDEX_FLAG_DO_NOT_MATCH, MODEL_NOW) ||
           model_has_flag(model, b, INDEX_FLAG_DO_NOT_MATCH, MODEL_NOW);
}

static bool may_approve(const struct index_model *model, const struct index_command *command, struct uuid survivor_id,
                        struct uuid other_id) {
    const struct model_merge *merge = model_merge_named(model, command->merge_persons.approves_merge_id);
    if (merge == NULL || merge->state != MODEL_WAITING || index_text_equal(merge->by, asker(command))) return false;
    uint32_t survivor = model_find(model, merge->survivor_id, false), other = model_find(model, merge->other_id, false);
    return uuid_equal(model_label(model, survivor), survivor_id) && uuid_equal(model_label(model, other), other_id);
}

static uint32_t expect_merge(const struct index_model *model, const struct index_command *command) {
    const struct index_merge_request *request = &command->merge_persons;
    uint32_t survivor = model_find(model, request->survivor_id, false);
    uint32_t other = model_find(model, request->other_id, false);
    if (survivor == MODEL_NONE || other == MODEL_NONE) return REFUSED_PERSON_UNKNOWN;
    struct uuid survivor_id = model_label(model, survivor), other_id = model_label(model, other);
    if (uuid_equal(survivor_id, other_id)) return REFUSED_SAME_PERSON;
    if (is_kept_apart(model, survivor_id, other_id)) return REFUSED_DO_NOT_MATCH;
    bool is_approval = !uuid_is_zero(request->approves_merge_id);
    if (is_approval && !may_approve(model, command, survivor_id, other_id)) return REFUSED_APPROVAL_NOT_YOURS;
    bool is_conflicting = model_conflicts(model, survivor_id, other_id);
    return is_conflicting && !is_approval ? REFUSED_APPROVAL_NEEDED : OUTCOME_OK;
}

static uint32_t expect_unmerge(const struct index_model *model, struct uuid merge_id) {
    const struct model_merge *merge = model_merge_named(model, merge_id);
    if (merge == NULL || merge->state == MODEL_WAITING) return REFUSED_MERGE_UNKNOWN;
    if (merge->state == MODEL_UNDONE) return REFUSED_ALREADY_UNMERGED;
    uint32_t survivor = model_find(model, merge->survivor_id, false);
    bool is_person = uuid_equal(model_label(model, survivor), merge->survivor_id);
    if (!is_person) sim_mark(model->sim, MARK_INDEX_MERGED_AGAIN);
    return is_person ? OUTCOME_OK : REFUSED_MERGED_AGAIN;
}

static uint32_t expect_link(const struct index_model *model, const struct index_link_request *request) {
    uint32_t record = model_find(model, request->record_id, true), to = model_find(model, request->person_id, false);
    if (record == MODEL_NONE) return REFUSED_RECORD_UNKNOWN;
    if (to == MODEL_NONE) return REFUSED_PERSON_UNKNOWN;
    struct uuid person_id = model_label(model, to);
    if (uuid_equal(model_label(model, record), person_id)) return REFUSED_ALREADY_THERE;
    return model_record_conflicts(model, record, person_id) ? REFUSED_NUMBER_CONFLICT : OUTCOME_OK;
}

static uint32_t expect_unlink(const struct index_model *model, struct uuid record_id) {
    uint32_t record = model_find(model, record_id, true), together = 0;
    if (record == MODEL_NONE) return REFUSED_RECORD_UNKNOWN;
    for (uint32_t i = 0; i < model->item_count; i++) {
        together += model->items[i].is_record && uuid_equal(model_label(model, i), model_label(model, record));
    }
    return together == 1 ? REFUSED_ALREADY_ALONE : OUTCOME_OK;
}

static bool is_claimed_by_another(const struct model_pair *pair, const struct index_command *command) {
    return pair->claimed_by[0] != '\0' && !index_text_equal(pair->claimed_by, asker(command));
}

static uint32_t expect_claim(const struct index_model *model, const struct index_command *command) {
    const struct model_pair *pair = model_pair_named(model, command->claim_pair.pair_id);
    if (pair == NULL) return REFUSED_PAIR_UNKNOWN;
    if (pair->is_decided) return REFUSED_ALREADY_DECIDED;
    return is_claimed_by_another(pair, command) ? REFUSED_CLAIMED_BY_ANOTHER : OUTCOME_OK;
}

static uint32_t expect_decide(const struct index_model *model, const struct index_command *command) {
    const struct model_pair *pair = model_pair_named(model, command->decide_pair.pair_id);
    if (pair == NULL) return REFUSED_PAIR_UNKNOWN;
    if (pair->is_decided) return REFUSED_ALREADY_DECIDED;
    if (is_claimed_by_another(pair, command)) return REFUSED_CLAIMED_BY_ANOTHER;
    struct uuid person_id = model_label(model, model_find(model, pair->person_id, false));
    struct uuid other_id = model_label(model, model_find(model, pair->other_person_id, false));
    if (!command->decide_pair.is_same || uuid_equal(person_id, other_id)) return OUTCOME_OK;
    if (is_kept_apart(model, person_id, other_id)) return REFUSED_DO_NOT_MATCH;
    return model_conflicts(model, person_id, other_id) ? REFUSED_APPROVAL_NEEDED : OUTCOME_OK;
}

/* ---- what the model says ---- */

uint32_t model_find(const struct index_model *model, struct uuid id, bool is_record) {
    for (uint32_t i = 0; i < model->item_count; i++) {
        if (model->items[i].is_record == is_record && uuid_equal(model->items[i].id, id)) return i;
    }
    return MODEL_NONE;
}

const struct model_change *model_at(const struct index_model *model, uint32_t item, struct model_when when) {
    for (uint32_t at = model->items[item].newest;; at = model->changes[at].before) {
        const struct model_change *change = &model->changes[at];
        if (model_is_before(change->when, when)) return change;
        if (change->before == at) return NULL;
    }
}

bool model_is_of(const struct index_model *model, uint32_t item, struct uuid person_id, struct model_when when) {
    const struct model_change *change = model->items[item].is_record ? NULL : model_at(model, item, when);
    return change != NULL && uuid_equal(change->label, person_id);
}

/* Of all ids that were of the person then. */
bool model_has_flag(const struct index_model *model, struct uuid person_id, enum index_flag flag,
                    struct model_when when) {
    for (uint32_t item = 0; item < model->item_count; item++) {
        if (!model_is_of(model, item, person_id, when)) continue;
        for (uint32_t i = model->flag_count; i-- > 0;) {
            const struct model_flag *of = &model->flags[i];
            if (of->item != item || of->flag != flag || !model_is_before(of->when, when)) continue;
            if (of->is_set) return true;
            break;
        }
    }
    return false;
}

bool model_record_conflicts(const struct index_model *model, uint32_t record, struct uuid person_id) {
    const struct model_item *own = &model->items[record];
    bool has_another = false;
    if (!own->is_verified) return false;
    for (uint32_t i = 0; i < model->item_count; i++) {
        const struct model_item *item = &model->items[i];
        bool is_of_person = item->is_record && item->newest != MODEL_CHANGES_MAX && item->is_verified && i != record &&
                            uuid_equal(model_label(model, i), person_id);
        if (!is_of_person) continue;
        if (index_hash_equal(item->nhs_hash, own->nhs_hash)) return false;
        has_another = true;
    }
    return has_another;
}

bool model_conflicts(const struct index_model *model, struct uuid person_id, struct uuid other_id) {
    bool has_both = false;
    for (uint32_t i = 0; i < model->item_count; i++) {
        const struct model_item *a = &model->items[i];
        if (!a->is_record || !a->is_verified || !uuid_equal(model_label(model, i), person_id)) continue;
        for (uint32_t k = 0; k < model->item_count; k++) {
            const struct model_item *b = &model->items[k];
            if (!b->is_record || !b->is_verified || !uuid_equal(model_label(model, k), other_id)) continue;
            if (index_hash_equal(a->nhs_hash, b->nhs_hash)) return false;
            has_both = true;
        }
    }
    return has_both;
}

const struct model_merge *model_merge_named(const struct index_model *model, struct uuid merge_id) {
    for (uint32_t i = 0; i < model->merge_count; i++) {
        if (uuid_equal(model->merges[i].merge_id, merge_id)) return &model->merges[i];
    }
    return NULL;
}

const struct model_merge *model_merge_of(const struct index_model *model, struct uuid id, struct model_when when) {
    for (uint32_t i = 0; i < model->merge_count; i++) {
        const struct model_merge *merge = &model->merges[i];
        bool has_begun = merge->state != MODEL_WAITING && model_is_before(merge->from, when);
        bool is_over = merge->state == MODEL_UNDONE && model_is_before(merge->until, when);
        if (has_begun && !is_over && uuid_equal(merge->other_id, id)) return merge;
    }
    return NULL;
}

const struct model_pair *model_pair_named(const struct index_model *model, struct uuid pair_id) {
    for (uint32_t i = 0; i < model->pair_count; i++) {
        if (uuid_equal(model->pairs[i].pair_id, pair_id)) return &model->pairs[i];
    }
    return NULL;
}
