/* Takes in what the index's events say, one accepted entry after the other, and judges each: may that be? */
#include "tests/sim/index_model.h"

#include "lib/base/assert.h"
#include "lib/wire/index/index_wire.h"

#include <stdlib.h>

static void registered(struct index_model *model, struct model_when when, const struct index_record_registered *event);
static void moved(struct index_model *model, struct model_when when, const struct index_record_moved *event);
static void merged(struct index_model *model, struct model_when when, const struct index_persons_merged *event);
static void awaits(struct index_model *model, struct model_when when, const struct index_merge_awaits *event);
static void unmerged(struct index_model *model, struct model_when when, const struct index_persons_unmerged *event);
static void flagged(struct index_model *model, struct model_when when, const struct index_person_flagged *event);
static void pair_found(struct index_model *model, struct model_when when, const struct index_pair_found *event);
static void pair_claimed(struct index_model *model, struct model_when when, const struct index_pair_claimed *event);
static void pair_decided(struct index_model *model, struct model_when when, const struct index_pair_decided *event);

void index_model_event(struct index_model *model, const struct entry *entry, struct slice bytes) {
    static uint8_t memory[INDEX_WIRE_ARENA_SIZE];
    static struct index_event event;
    const struct model_when when = {entry->number, entry->decided_at_ms};
    struct arena arena = arena_over(memory, sizeof memory);
    struct wire_fault fault;
    if (!wire_table_decode(&index_event_wire, bytes, &arena, &event, &fault)) {
        sim_fail(model->sim, "unreadable: an event of entry %llu", (unsigned long long)when.number);
        return;
    }
    switch (event.kind) {
    case INDEX_EVENT_RECORD_REGISTERED:
        registered(model, when, &event.record_registered);
        return;
    case INDEX_EVENT_RECORD_MOVED:
        moved(model, when, &event.record_moved);
        return;
    case INDEX_EVENT_PERSONS_MERGED:
        merged(model, when, &event.persons_merged);
        return;
    case INDEX_EVENT_MERGE_AWAITS_APPROVAL:
        awaits(model, when, &event.merge_awaits_approval);
        return;
    case INDEX_EVENT_PERSONS_UNMERGED:
        unmerged(model, when, &event.persons_unmerged);
        return;
    case INDEX_EVENT_PAIR_FOUND:
        pair_found(model, when, &event.pair_found);
        return;
    case INDEX_EVENT_PAIR_CLAIMED:
        pair_claimed(model, when, &event.pair_claimed);
        return;
    case INDEX_EVENT_PAIR_DECIDED:
        pair_decided(model, when, &event.pair_decided);
        return;
    case INDEX_EVENT_PERSON_FLAGGED:
        flagged(model, when, &event.person_flagged);
        return;
    case INDEX_EVENT_RELATIONSHIP_SET:
    case INDEX_EVENT_ORGANISATION_REGISTERED:
    case INDEX_EVENT_CONSENT_SET:
    case INDEX_EVENT_PREFERENCES_SET:
        index_said_event(model, entry, &event);
        return;
    case INDEX_EVENT_SERVICE_REGISTERED:
    case INDEX_EVENT_PRACTITIONER_REGISTERED:
        return; /* nobody here asks for that */
    }
}

static void wrong(struct index_model *model, struct model_when when, const char *what) {
    sim_fail(model->sim, "a wrong event: entry %llu %s", (unsigned long long)when.number, what);
}

/* ---- labels ---- */

static uint32_t add_item(struct index_model *model, struct uuid id, bool is_record) {
    ASSERT(model->item_count < MODEL_ITEMS_MAX);
    struct model_item *item = &model->items[model->item_count];
    *item = (struct model_item){.id = id, .is_record = is_record, .newest = MODEL_CHANGES_MAX};
    return model->item_count++;
}

static void set_label(struct index_model *model, struct model_when when, uint32_t item, struct uuid label,
                      struct uuid home) {
    ASSERT(model->change_count < MODEL_CHANGES_MAX);
    uint32_t at = model->change_count++, before = model->items[item].newest;
    model->changes[at] = (struct model_change){
        .before = before == MODEL_CHANGES_MAX ? at : before, .when = when, .label = label, .home = home};
    model->items[item].newest = at;
}

/* It is whose it was, under another label. */
static void relabel(struct index_model *model, struct model_when when, uint32_t item, struct uuid label) {
    set_label(model, when, item, label, model->changes[model->items[item].newest].home);
}

static bool is_person(const struct index_model *model, struct uuid id) {
    uint32_t item = model_find(model, id, false);
    return item != MODEL_NONE && uuid_equal(model_label(model, item), id);
}

static void begin_person(struct index_model *model, struct model_when when, struct uuid id) {
    set_label(model, when, add_item(model, id, false), id, id);
}

/* ---- records ---- */

static void note_number(struct model_item *item, const struct index_record_registered *event) {
    item->nhs_hash = event->nhs_hash;
    item->is_verified = event->nhs_number_status == INDEX_NHS_VERIFIED && !index_hash_is_zero(event->nhs_hash);
}

static void join(struct index_model *model, struct model_when when, uint32_t record, struct uuid person_id) {
    if (model_record_conflicts(model, record, person_id)) {
        sim_fail(model->sim, "joined without a second person: entry %llu puts a record to another verified number",
                 (unsigned long long)when.number);
    }
    set_label(model, when, record, person_id, person_id);
}

static void registered(struct index_model *model, struct model_when when, const struct index_record_registered *event) {
    uint32_t item = model_find(model, event->record_id, true);
    if (item != MODEL_NONE) {
        bool is_right = event->how == INDEX_UPDATED && uuid_equal(event->person_id, model_label(model, item));
        if (!is_right) wrong(model, when, "updates a record under a person that it is not of");
        note_number(&model->items[item], event);
        return;
    }
    bool begins = event->how == INDEX_NEW || event->how == INDEX_REVIEW;
    bool is_given = model_find(model, event->person_id, false) != MODEL_NONE;
    if (begins && (is_given || !uuid_equal(event->person_id, event->record_id))) {
        wrong(model, when, "begins a person under an id that is not new");
        return;
    }
    bool is_linked = event->how == INDEX_LINKED && is_person(model, event->person_id) &&
                     !model_has_flag(model, event->person_id, INDEX_FLAG_DO_NOT_MATCH, MODEL_NOW);
    if (!begins && !is_linked) {
        wrong(model, when, "links a record to somebody who is not there or not to be matched");
        return;
    }
    if (begins) begin_person(model, when, event->person_id);
    if (!begins) sim_mark(model->sim, MARK_INDEX_LINKED);
    item = add_item(model, event->record_id, true);
    note_number(&model->items[item], event);
    join(model, when, item, event->person_id);
}

static void moved(struct index_model *model, struct model_when when, const struct index_record_moved *event) {
    uint32_t item = model_find(model, event->record_id, true);
    bool begins = model_find(model, event->to_person_id, false) == MODEL_NONE;
    bool is_right = item != MODEL_NONE && uuid_equal(model_label(model, item), event->from_person_id) &&
                    (begins || is_person(model, event->to_person_id)) &&
                    !uuid_equal(event->from_person_id, event->to_person_id);
    if (!is_right) {
        wrong(model, when, "moves a record from where it is not, or to nobody");
        return;
    }
    if (begins) begin_person(model, when, event->to_person_id);
    join(model, when, item, event->to_person_id);
    model->items[item].moves++;
    sim_mark(model->sim, begins ? MARK_INDEX_UNLINKED : MARK_INDEX_MOVED);
}

/* ---- merges ---- */

static struct model_merge *add_merge(struct index_model *model, struct model_when when, struct uuid merge_id,
                                     struct uuid survivor_id, struct uuid other_id, const char *by) {
    ASSERT(model->merge_count < MODEL_MERGES_MAX);
    struct model_merge *merge = &model->merges[model->merge_count++];
    *merge = (struct model_merge){
        .merge_id = merge_id, .survivor_id = survivor_id, .other_id = other_id, .state = MODEL_WAITING, .from = when};
    memcpy(merge->by, by, sizeof merge->by);
    return merge;
}

static struct model_merge *merge_named(struct index_model *model, struct uuid merge_id) {
    for (uint32_t i = 0; i < model->merge_count; i++) {
        if (uuid_equal(model->merges[i].merge_id, merge_id)) return &model->merges[i];
    }
    return NULL;
}

/* Different verified numbers: somebody asked for it before, and it is somebody else who says so now. */
static bool is_approved(const struct index_model *model, const struct model_merge *waiting,
                        const struct index_persons_merged *event) {
    if (waiting == NULL || waiting->state != MODEL_WAITING) return false;
    uint32_t survivor = model_find(model, waiting->survivor_id, false);
    uint32_t other = model_find(model, waiting->other_id, false);
    bool is_of_both = uuid_equal(model_label(model, survivor), event->survivor_id) &&
                      uuid_equal(model_label(model, other), event->other_id);
    return is_of_both && event->approved_by[0] != '\0' && index_text_equal(event->by, waiting->by) &&
           !index_text_equal(event->approved_by, waiting->by);
}

static void merged(struct index_model *model, struct model_when when, const struct index_persons_merged *event) {
    bool is_right = is_person(model, event->survivor_id) && is_person(model, event->other_id) &&
                    !uuid_equal(event->survivor_id, event->other_id) &&
                    !model_has_flag(model, event->survivor_id, INDEX_FLAG_DO_NOT_MATCH, MODEL_NOW) &&
                    !model_has_flag(model, event->other_id, INDEX_FLAG_DO_NOT_MATCH, MODEL_NOW);
    struct model_merge *merge = merge_named(model, event->merge_id);
    bool is_confirmed = is_approved(model, merge, event);
    if (!is_right || (merge != NULL && !is_confirmed)) {
        wrong(model, when, "merges what is not two persons, or not for the first time under that id");
        return;
    }
    if (model_conflicts(model, event->survivor_id, event->other_id) && !is_confirmed) {
        sim_fail(model->sim, "joined without a second person: entry %llu merges two verified numbers",
                 (unsigned long long)when.number);
    }
    if (merge == NULL) {
        merge = add_merge(model, when, event->merge_id, event->survivor_id, event->other_id, event->by);
    }
    merge->state = MODEL_DONE;
    merge->survivor_id = event->survivor_id;
    merge->other_id = event->other_id;
    merge->from = when;
    merge->first_kept = model->kept_count;
    for (uint32_t i = 0; i < model->item_count; i++) {
        if (!uuid_equal(model_label(model, i), event->other_id)) continue;
        ASSERT(model->kept_count < MODEL_CHANGES_MAX);
        model->kept[model->kept_count++] = (struct model_kept){(uint16_t)i, model->items[i].moves};
        merge->kept_count++;
        relabel(model, when, i, event->survivor_id);
    }
    sim_mark(model->sim, is_confirmed ? MARK_INDEX_APPROVED : MARK_INDEX_MERGED);
}

static void awaits(struct index_model *model, struct model_when when, const struct index_merge_awaits *event) {
    bool is_right = merge_named(model, event->merge_id) == NULL && is_person(model, event->survivor_id) &&
                    is_person(model, event->other_id) && model_conflicts(model, event->survivor_id, event->other_id);
    if (!is_right) {
        wrong(model, when, "lets a merge wait that needs nobody else");
        return;
    }
    (void)add_merge(model, when, event->merge_id, event->survivor_id, event->other_id, event->by);
    sim_mark(model->sim, MARK_INDEX_AWAITS);
}

/* Exactly the groups before, and who came in since stays. */
static void unmerged(struct index_model *model, struct model_when when, const struct index_persons_unmerged *event) {
    struct model_merge *merge = merge_named(model, event->merge_id);
    bool is_right = merge != NULL && merge->state == MODEL_DONE && uuid_equal(merge->survivor_id, event->survivor_id) &&
                    uuid_equal(merge->other_id, event->other_id) && is_person(model, event->survivor_id) &&
                    event->from_ms == merge->from.at_ms && event->until_ms == when.at_ms;
    if (!is_right) {
        wrong(model, when, "takes back a merge that does not stand, or another one than it says");
        return;
    }
    bool came_in = false;
    for (uint32_t i = 0; i < merge->kept_count; i++) {
        const struct model_kept *kept = &model->kept[merge->first_kept + i];
        bool was_moved = model->items[kept->item].moves != kept->moves;
        came_in |= was_moved;
        if (!was_moved) relabel(model, when, kept->item, event->other_id);
    }
    merge->state = MODEL_UNDONE;
    merge->until = when;
    sim_mark(model->sim, MARK_INDEX_UNMERGED);
    if (came_in) sim_mark(model->sim, MARK_INDEX_KEPT_APART);
}

/* ---- flags and pairs ---- */

static void add_flag(struct index_model *model, struct model_when when, uint32_t item, enum index_flag flag,
                     bool is_set) {
    ASSERT(model->flag_count < MODEL_FLAGS_MAX);
    model->flags[model->flag_count++] = (struct model_flag){(uint16_t)item, flag, is_set, when};
}

/* Set, it is of the person and stays there; cleared, it is cleared of everybody who is one with them. */
static void flagged(struct index_model *model, struct model_when when, const struct index_person_flagged *event) {
    uint32_t item = model_find(model, event->person_id, false);
    if (item == MODEL_NONE) {
        wrong(model, when, "flags nobody");
        return;
    }
    struct uuid person_id = model_label(model, item);
    for (uint32_t i = 0; i < model->item_count; i++) {
        if (model->items[i].is_record || !uuid_equal(model_label(model, i), person_id)) continue;
        if (event->is_set && !uuid_equal(model->items[i].id, person_id)) continue;
        add_flag(model, when, i, event->flag, event->is_set);
    }
    sim_mark(model->sim, MARK_INDEX_FLAGGED);
}

static struct model_pair *pair_named(struct index_model *model, struct uuid pair_id) {
    for (uint32_t i = 0; i < model->pair_count; i++) {
        if (uuid_equal(model->pairs[i].pair_id, pair_id)) return &model->pairs[i];
    }
    return NULL;
}

static void pair_found(struct index_model *model, struct model_when when, const struct index_pair_found *event) {
    bool is_right = pair_named(model, event->pair_id) == NULL && is_person(model, event->person_id) &&
                    is_person(model, event->other_person_id) && !uuid_equal(event->person_id, event->other_person_id);
    if (!is_right) {
        wrong(model, when, "suspects a pair that is not two persons");
        return;
    }
    ASSERT(model->pair_count < MODEL_PAIRS_MAX);
    model->pairs[model->pair_count++] = (struct model_pair){
        .pair_id = event->pair_id, .person_id = event->person_id, .other_person_id = event->other_person_id};
    sim_mark(model->sim, MARK_INDEX_PAIR);
}

static void pair_claimed(struct index_model *model, struct model_when when, const struct index_pair_claimed *event) {
    struct model_pair *pair = pair_named(model, event->pair_id);
    if (pair == NULL || pair->is_decided || pair->claimed_by[0] != '\0') {
        wrong(model, when, "claims a pair that is not free");
        return;
    }
    memcpy(pair->claimed_by, event->by, sizeof pair->claimed_by);
}

static void pair_decided(struct index_model *model, struct model_when when, const struct index_pair_decided *event) {
    struct model_pair *pair = pair_named(model, event->pair_id);
    bool is_right = pair != NULL && !pair->is_decided &&
                    (pair->claimed_by[0] == '\0' || index_text_equal(pair->claimed_by, event->by));
    if (!is_right) {
        wrong(model, when, "decides a pair again, or somebody else's");
        return;
    }
    pair->is_decided = true;
    sim_mark(model->sim, MARK_INDEX_DECIDED);
}

/* ---- life ---- */

struct index_model *index_model_new(struct sim *sim) {
    struct index_model *model = malloc(sizeof *model);
    ASSERT(model != NULL);
    model->sim = sim;
    index_model_clear(model);
    return model;
}

void index_model_free(struct index_model *model) {
    free(model);
}

void index_model_clear(struct index_model *model) {
    model->item_count = model->change_count = model->merge_count = 0;
    model->kept_count = model->pair_count = model->flag_count = 0;
    model->consent_count = model->preferences_count = model->relation_count = model->organisation_count = 0;
}
