/* What the model knows of what persons have said of themselves, and to whom they are related. Whoever is asked answers as
 * everybody who is one with them then, and for them for as long as they stay one (docs/adr/0023): so a decision counts for
 * each id that had the person's label when it was said and has never had another one than the person since. */
#include "tests/sim/index_model.h"

#include "lib/base/assert.h"
#include "lib/wire/index/index_wire.h"
#include "services/index/core/outcome.h"

static void consented(struct index_model *model, const struct entry *entry, const struct index_consent_set *event);
static void preferred(struct index_model *model, const struct entry *entry, const struct index_preferences_set *event);
static void related(struct index_model *model, const struct entry *entry, const struct index_relationship_set *event);
static void founded(struct index_model *model, const char *code);

void index_said_event(struct index_model *model, const struct entry *entry, const struct index_event *event) {
    if (event->kind == INDEX_EVENT_CONSENT_SET) {
        consented(model, entry, &event->consent_set);
    } else if (event->kind == INDEX_EVENT_PREFERENCES_SET) {
        preferred(model, entry, &event->preferences_set);
    } else if (event->kind == INDEX_EVENT_RELATIONSHIP_SET) {
        related(model, entry, &event->relationship_set);
    } else {
        ASSERT(event->kind == INDEX_EVENT_ORGANISATION_REGISTERED);
        founded(model, event->organisation_registered.organisation.code);
    }
}

/* ---- outcomes ---- */

static bool are_turned_round(const char *from, const char *until) {
    return until[0] != '\0' && strcmp(until, from) < 0;
}

static bool is_organisation(const struct index_model *model, const char *code) {
    for (uint32_t i = 0; i < model->organisation_count; i++) {
        if (index_text_equal(model->organisations[i], code)) return true;
    }
    return false;
}

static uint32_t expect_relation(const struct index_model *model, const struct index_relation_request *request) {
    const struct index_relationship *to = &request->relationship;
    uint32_t item = model_find(model, request->person_id, false), other = model_find(model, to->other_person_id, false);
    bool is_with_organisation = to->organisation[0] != '\0';
    if (item == MODEL_NONE) return REFUSED_PERSON_UNKNOWN;
    if (is_with_organisation && !is_organisation(model, to->organisation)) return REFUSED_ORGANISATION_UNKNOWN;
    if (!is_with_organisation && other == MODEL_NONE) return REFUSED_PERSON_UNKNOWN;
    bool is_same = !is_with_organisation && uuid_equal(model_label(model, item), model_label(model, other));
    if (is_same) return REFUSED_SAME_PERSON;
    return are_turned_round(to->from_date, to->until_date) ? REFUSED_DATES_REVERSED : OUTCOME_OK;
}

uint32_t index_said_expect(const struct index_model *model, const struct index_command *command) {
    /* The clients here tell each organisation always alike, and of none that another one goes on for. */
    if (command->kind == INDEX_COMMAND_ORGANISATION) return OUTCOME_OK;
    if (command->kind == INDEX_COMMAND_RELATION) return expect_relation(model, &command->set_relationship);
    bool is_consent = command->kind == INDEX_COMMAND_CONSENT;
    ASSERT(is_consent || command->kind == INDEX_COMMAND_PREFERENCES);
    const struct index_consent *consent = &command->set_consent.consent;
    struct uuid id = is_consent ? command->set_consent.person_id : command->set_preferences.person_id;
    if (model_find(model, id, false) == MODEL_NONE) return REFUSED_PERSON_UNKNOWN;
    bool is_turned = is_consent && are_turned_round(consent->from_date, consent->until_date);
    return is_turned ? REFUSED_DATES_REVERSED : OUTCOME_OK;
}

/* ---- events: each says what was asked, of the person as whom the id is known ---- */

static void wrong(struct index_model *model, const struct entry *entry, const char *what) {
    sim_fail(model->sim, "a wrong event: entry %llu %s", (unsigned long long)entry->number, what);
}

/* The request that the entry answers, as its client sent it. */
static const struct sim_command *asked_in(const struct index_model *model, const struct entry *entry) {
    const struct sim *sim = model->sim;
    for (uint32_t i = 0; i < sim->command_count; i++) {
        const struct sim_command *command = &sim->commands[i];
        bool is_it = uuid_equal(command->id, entry->command_id) &&
                     digest_equal(command->digest, entry->command_digest) &&
                     slice_equal(slice_text(sim_systems[command->source].id), journal_name_slice(&entry->source));
        if (is_it) return command;
    }
    return NULL;
}

/* Reads that request; the id under which what it says is kept, MODEL_NONE when the event says something else. */
static uint32_t read_asked(const struct index_model *model, const struct entry *entry, const struct wire_table *table,
                           void *ret_request, const struct uuid *asked_id, struct uuid person_id, const char *by) {
    static uint8_t memory[INDEX_WIRE_ARENA_SIZE];
    const struct sim_command *command = asked_in(model, entry);
    struct arena arena = arena_over(memory, sizeof memory);
    struct wire_fault fault;
    if (command == NULL || !index_text_equal(by, sim_systems[command->source].id)) return MODEL_NONE;
    if (!wire_table_decode(table, command->request, &arena, ret_request, &fault)) return MODEL_NONE;
    uint32_t item = model_find(model, *asked_id, false);
    if (item == MODEL_NONE || !uuid_equal(model_label(model, item), person_id)) return MODEL_NONE;
    return model_find(model, person_id, false);
}

static void consented(struct index_model *model, const struct entry *entry, const struct index_consent_set *event) {
    static struct index_consent_request asked;
    const struct model_when when = {entry->number, entry->decided_at_ms};
    uint32_t item =
        read_asked(model, entry, &index_consent_request_wire, &asked, &asked.person_id, event->person_id, event->by);
    if (item == MODEL_NONE || memcmp(&asked.consent, &event->consent, sizeof asked.consent) != 0) {
        wrong(model, entry, "records another consent than somebody asked for");
        return;
    }
    struct index_recorded_consent before;
    const char *day = event->consent.from_date;
    bool was_said = model_consent_of(model, event->person_id, event->consent.purpose, day, MODEL_NOW, &before);
    bool was_permitted = was_said && before.consent.decision == INDEX_PERMIT;
    bool is_permitted = event->consent.decision == INDEX_PERMIT;
    if (is_permitted) sim_mark(model->sim, MARK_INDEX_PERMITTED);
    if (was_permitted && !is_permitted) sim_mark(model->sim, MARK_INDEX_WITHDRAWN);
    ASSERT(model->consent_count < MODEL_SAID_MAX);
    struct model_consent *consent = &model->consents[model->consent_count++];
    *consent = (struct model_consent){.item = (uint16_t)item, .when = when, .consent = event->consent};
    memcpy(consent->by, event->by, sizeof consent->by);
}

static void preferred(struct index_model *model, const struct entry *entry, const struct index_preferences_set *event) {
    static struct index_preferences_request asked;
    const struct model_when when = {entry->number, entry->decided_at_ms};
    uint32_t item = read_asked(model, entry, &index_preferences_request_wire, &asked, &asked.person_id,
                               event->person_id, event->by);
    if (item == MODEL_NONE) {
        wrong(model, entry, "records preferences of another person than was asked for");
        return;
    }
    ASSERT(model->preferences_count < MODEL_SAID_MAX);
    model->preferences[model->preferences_count++] =
        (struct model_preferences){.item = (uint16_t)item, .when = when, .preferences = asked.preferences};
    sim_mark(model->sim, MARK_INDEX_PREFERRED);
}

static void related(struct index_model *model, const struct entry *entry, const struct index_relationship_set *event) {
    static struct index_relation_request asked;
    const struct model_when when = {entry->number, entry->decided_at_ms};
    uint32_t item =
        read_asked(model, entry, &index_relation_request_wire, &asked, &asked.person_id, event->person_id, event->by);
    bool is_right = item != MODEL_NONE;
    if (is_right && !uuid_is_zero(asked.relationship.other_person_id)) {
        uint32_t other = model_find(model, asked.relationship.other_person_id, false);
        if (other != MODEL_NONE) asked.relationship.other_person_id = model_label(model, other);
    }
    if (!is_right || memcmp(&asked.relationship, &event->relationship, sizeof asked.relationship) != 0) {
        wrong(model, entry, "relates somebody otherwise than was asked for");
        return;
    }
    ASSERT(model->relation_count < MODEL_SAID_MAX);
    model->relations[model->relation_count++] =
        (struct model_relation){.item = (uint16_t)item, .when = when, .relationship = event->relationship};
    sim_mark(model->sim, MARK_INDEX_RELATED);
}

static void founded(struct index_model *model, const char *code) {
    if (is_organisation(model, code)) return;
    ASSERT(model->organisation_count < MODEL_ORGANISATIONS_MAX);
    memcpy(model->organisations[model->organisation_count++], code, INDEX_ORGANISATION_MAX + 1);
}

/* ---- what the model says ---- */

/* From then on until there the one never had another label than the other, as it was then. */
static bool is_one_since(const struct index_model *model, uint32_t a, uint32_t b, struct model_when since,
                         struct model_when until) {
    for (uint32_t i = 0; i < 2; i++) {
        for (uint32_t at = model->items[i == 0 ? a : b].newest;; at = model->changes[at].before) {
            const struct model_change *change = &model->changes[at];
            if (change->when.number <= since.number) break;
            const struct model_change *of_a = model_at(model, a, change->when);
            const struct model_change *of_b = model_at(model, b, change->when);
            bool is_then = model_is_before(change->when, until);
            if (is_then && !uuid_equal(of_a->label, of_b->label)) return false;
            if (change->before == at) break;
        }
    }
    return true;
}

static bool has_day(const struct index_consent *consent, const char *day) {
    bool is_over = consent->until_date[0] != '\0' && strcmp(day, consent->until_date) > 0;
    return strcmp(day, consent->from_date) >= 0 && !is_over;
}

/* What was said last for whoever has this id, on that day; NULL: nothing. */
static const struct model_consent *last_said(const struct index_model *model, uint32_t item, enum index_purpose purpose,
                                             const char *day, struct model_when when) {
    for (uint32_t i = model->consent_count; i-- > 0;) {
        const struct model_consent *said = &model->consents[i];
        if (said->consent.purpose != purpose || !model_is_before(said->when, when)) continue;
        bool was_of_both = model_is_of(model, item, model->items[said->item].id, said->when);
        bool is_of_both = was_of_both && is_one_since(model, said->item, item, said->when, when);
        if (was_of_both && !is_of_both) sim_mark(model->sim, MARK_INDEX_CONSENT_KEPT_APART);
        if (!is_of_both) continue;
        if (has_day(&said->consent, day)) return said;
        sim_mark(model->sim, MARK_INDEX_CONSENT_OF_OTHER_DAYS);
    }
    return NULL;
}

bool model_consent_of(const struct index_model *model, struct uuid person_id, enum index_purpose purpose,
                      const char *day, struct model_when when, struct index_recorded_consent *ret_consent) {
    const struct model_consent *permitted = NULL, *denied = NULL;
    for (uint32_t item = 0; item < model->item_count; item++) {
        if (!model_is_of(model, item, person_id, when)) continue;
        const struct model_consent *said = last_said(model, item, purpose, day, when);
        if (said == NULL) continue;
        if (said->item != item) sim_mark(model->sim, MARK_INDEX_CONSENT_FOR_ALL);
        bool is_permit = said->consent.decision == INDEX_PERMIT, is_deny = said->consent.decision == INDEX_DENY;
        if (is_permit && (permitted == NULL || said > permitted)) permitted = said;
        if (is_deny && (denied == NULL || said > denied)) denied = said;
    }
    const struct model_consent *counts = denied != NULL ? denied : permitted;
    if (counts == NULL) return false;
    memset(ret_consent, 0, sizeof *ret_consent);
    ret_consent->consent = counts->consent;
    memcpy(ret_consent->recorded_by, counts->by, sizeof counts->by);
    ret_consent->recorded_at_ms = counts->when.at_ms;
    ret_consent->recorded_for_id = model->items[counts->item].id;
    ret_consent->is_contradicted = permitted != NULL && denied != NULL;
    return true;
}

const struct index_preferences *model_preferences_of(const struct index_model *model, struct uuid person_id,
                                                     struct model_when when) {
    for (uint32_t i = model->preferences_count; i-- > 0;) {
        const struct model_preferences *said = &model->preferences[i];
        bool counts = model_is_before(said->when, when) && model_is_of(model, said->item, person_id, when);
        if (counts) return &said->preferences;
    }
    return NULL;
}

static bool are_of_one(const struct model_relation *a, const struct model_relation *b) {
    return a->item == b->item && a->relationship.kind == b->relationship.kind &&
           index_text_equal(a->relationship.organisation, b->relationship.organisation) &&
           uuid_equal(a->relationship.other_person_id, b->relationship.other_person_id);
}

bool model_relation_counts(const struct index_model *model, const struct model_relation *relation,
                           struct model_when when) {
    if (!model_is_before(relation->when, when)) return false;
    for (const struct model_relation *later = relation + 1; later < model->relations + model->relation_count; later++) {
        if (are_of_one(later, relation) && model_is_before(later->when, when)) return false;
    }
    return true;
}
