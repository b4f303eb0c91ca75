/* The index as the oracle sees it, folded from accepted events alone: every record, and every id that was given, belongs to
 * a person by its label, and merging and taking back move labels. Nothing is forgotten, so that what was believed at a time
 * can be said at any position of the journal. It shares the contract's structs with the product and no rule. */
#ifndef BHR_TESTS_SIM_INDEX_MODEL_H
#define BHR_TESTS_SIM_INDEX_MODEL_H

#include "services/index/core/index_answer.h"
#include "services/index/core/index_event.h"
#include "tests/sim/sim.h"

enum {
    MODEL_ITEMS_MAX = 4 * SIM_COMMANDS_MAX,
    MODEL_CHANGES_MAX = 16384,
    MODEL_MERGES_MAX = 2 * SIM_COMMANDS_MAX,
    MODEL_PAIRS_MAX = 2 * SIM_COMMANDS_MAX,
    MODEL_FLAGS_MAX = MODEL_CHANGES_MAX,
    MODEL_SAID_MAX = 2 * SIM_COMMANDS_MAX,
    MODEL_ORGANISATIONS_MAX = 4,
    MODEL_NONE = UINT16_MAX,
};

/* A place in history: entries up to this number, of them those that were decided by that time. */
struct model_when {
    uint64_t number;
    int64_t at_ms;
};
/* A record, or an id that was given to a person. */
struct model_item {
    struct uuid id;
    bool is_record;
    uint32_t newest; /* of its changes */
    uint16_t moves;  /* of a record, by hand: taking a merge back leaves it where it was put */
    struct index_hash nhs_hash;
    bool is_verified; /* with that number */
};
struct model_change {
    uint32_t before; /* the item's change before this one; itself: none */
    struct model_when when;
    struct uuid label; /* whose it is */
    struct uuid home;  /* of a record: under which id it came there */
};
struct model_kept {
    uint16_t item, moves;
};
enum model_merge_state { MODEL_WAITING, MODEL_DONE, MODEL_UNDONE };
struct model_merge {
    struct uuid merge_id, survivor_id, other_id;
    char by[INDEX_SYSTEM_MAX + 1];
    enum model_merge_state state;
    struct model_when from, until;
    uint32_t first_kept, kept_count; /* who was of the other before */
};
struct model_pair {
    struct uuid pair_id, person_id, other_person_id;
    char claimed_by[INDEX_SYSTEM_MAX + 1];
    bool is_decided;
};
struct model_flag {
    uint16_t item;
    enum index_flag flag;
    bool is_set;
    struct model_when when;
};
/* What was said of the person who had this id as their own then. */
struct model_consent {
    uint16_t item;
    struct model_when when;
    struct index_consent consent;
    char by[INDEX_SYSTEM_MAX + 1];
};
struct model_preferences {
    uint16_t item;
    struct model_when when;
    struct index_preferences preferences; /* as asked: in the event they are sealed */
};
struct model_relation {
    uint16_t item;
    struct model_when when;
    struct index_relationship relationship;
};

struct index_model {
    struct sim *sim;
    uint32_t item_count, change_count, merge_count, kept_count, pair_count, flag_count;
    uint32_t consent_count, preferences_count, relation_count, organisation_count;
    struct model_item items[MODEL_ITEMS_MAX];
    struct model_change changes[MODEL_CHANGES_MAX];
    struct model_merge merges[MODEL_MERGES_MAX];
    struct model_kept kept[MODEL_CHANGES_MAX];
    struct model_pair pairs[MODEL_PAIRS_MAX];
    struct model_flag flags[MODEL_FLAGS_MAX];
    struct model_consent consents[MODEL_SAID_MAX];
    struct model_preferences preferences[MODEL_SAID_MAX];
    struct model_relation relations[MODEL_SAID_MAX];
    char organisations[MODEL_ORGANISATIONS_MAX][INDEX_ORGANISATION_MAX + 1];
};

struct index_model *index_model_new(struct sim *sim);
void index_model_free(struct index_model *model);
/* Back to before the first entry. */
void index_model_clear(struct index_model *model);

/* index_model.c: takes in an event of an accepted entry, and fails the world if the event may not be. */
void index_model_event(struct index_model *model, const struct entry *entry, struct slice bytes);

/* index_expect.c: the outcome that this command must have on what was taken in so far. */
uint32_t index_model_expect(const struct index_model *model, struct slice command);

/* index_said.c: the same of consents, preferences, relationships and the organisations that these are with. */
void index_said_event(struct index_model *model, const struct entry *entry, const struct index_event *event);
uint32_t index_said_expect(const struct index_model *model, const struct index_command *command);

/* ---- what the model says; of now, or of a place in history ---- */

#define MODEL_NOW ((struct model_when){UINT64_MAX, INT64_MAX})
/* MODEL_NONE: there is no such record, or no such id. */
uint32_t model_find(const struct index_model *model, struct uuid id, bool is_record);
/* NULL: it was not there then. */
const struct model_change *model_at(const struct index_model *model, uint32_t item, struct model_when when);
static inline struct uuid model_label(const struct index_model *model, uint32_t item) {
    return model->changes[model->items[item].newest].label;
}
bool model_has_flag(const struct index_model *model, struct uuid person_id, enum index_flag flag,
                    struct model_when when);
/* Both have verified numbers, and none is of both. */
bool model_conflicts(const struct index_model *model, struct uuid person_id, struct uuid other_id);
/* The record's verified number is not among those of the person, who has others. */
bool model_record_conflicts(const struct index_model *model, uint32_t record, struct uuid person_id);
const struct model_merge *model_merge_named(const struct index_model *model, struct uuid merge_id);
/* The merge that hung this id into another one, standing then; NULL: it was a person by itself. */
const struct model_merge *model_merge_of(const struct index_model *model, struct uuid id, struct model_when when);
const struct model_pair *model_pair_named(const struct index_model *model, struct uuid pair_id);
static inline bool model_is_before(struct model_when a, struct model_when b) {
    return a.number <= b.number && a.at_ms <= b.at_ms;
}
/* Whoever has this id was of the person then. */
bool model_is_of(const struct index_model *model, uint32_t item, struct uuid person_id, struct model_when when);
/* What somebody permits or refuses on that day. False: they have said nothing that counts. */
bool model_consent_of(const struct index_model *model, struct uuid person_id, enum index_purpose purpose,
                      const char *day, struct model_when when, struct index_recorded_consent *ret_consent);
/* NULL: none. */
const struct index_preferences *model_preferences_of(const struct index_model *model, struct uuid person_id,
                                                     struct model_when when);
/* Whether this is the newest of its person and its other side. */
bool model_relation_counts(const struct index_model *model, const struct model_relation *relation,
                           struct model_when when);

#endif
