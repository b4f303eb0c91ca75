/* Is that who it is? Every answer about a person against the model at the place in history that the answer is from. What
 * was believed at a time is asked again and again and may never change. */
#include "tests/sim/index.h"

#include "lib/base/assert.h"
#include "lib/digest/pseudonym.h"
#include "lib/wire/index/index_wire.h"
#include "services/index/core/outcome.h"
#include "tests/sim/door.h"

enum { JUDGE_ARENA_SIZE = 1024 * 1024, ASKED_MAX = 12 };
static uint8_t memory[JUDGE_ARENA_SIZE];

static void judge_person(struct sim *sim, const struct index_model *model, struct uuid id, struct model_when when,
                         uint32_t outcome, struct slice body);
static void judge_found(struct sim *sim, const struct index_model *model, const struct sim_query *query,
                        struct model_when when, uint32_t outcome, struct slice body);
static void judge_traced(struct sim *sim, const struct index_model *model, const struct sim_query *query,
                         struct model_when when, uint32_t outcome, struct slice body);
static void judge_said(struct sim *sim, const struct index_model *model, const struct sim_query *query,
                       struct model_when when, uint32_t outcome, struct slice body);

void index_judge(struct sim *sim, const struct index_model *model, const struct sim_query *query, uint32_t outcome,
                 uint64_t position, struct slice body) {
    const struct model_when when = {position, query->as_of_ms == 0 ? INT64_MAX : query->as_of_ms};
    if (strcmp(query->method, INDEX_METHOD("GetPerson")) == 0) {
        judge_person(sim, model, query->id, when, outcome, body);
    } else if (strcmp(query->method, INDEX_METHOD("FindPerson")) == 0) {
        judge_found(sim, model, query, when, outcome, body);
    } else if (strcmp(query->method, INDEX_METHOD("GetConsent")) == 0) {
        judge_said(sim, model, query, when, outcome, body);
    } else {
        judge_traced(sim, model, query, when, outcome, body);
    }
}

static void wrong(struct sim *sim, struct model_when when, const char *what) {
    const char *time = when.at_ms == INT64_MAX ? "now" : "as of a time before";
    sim_fail(sim, "a wrong answer: at entry %llu, %s: %s", (unsigned long long)when.number, time, what);
}

/* Marked then; and whoever was of the person then and is marked now is so whatever was believed. */
static bool is_marked(const struct index_model *model, struct uuid person_id, enum index_flag flag,
                      struct model_when when) {
    const struct model_when now = {when.number, INT64_MAX};
    if (model_has_flag(model, person_id, flag, when)) return true;
    for (uint32_t i = 0; i < model->item_count; i++) {
        if (!model_is_of(model, i, person_id, when)) continue;
        if (model_has_flag(model, model_at(model, i, now)->label, flag, now)) return true;
    }
    return false;
}

/* Nobody here may know of the sensitive. */
static bool is_secret(const struct index_model *model, struct uuid person_id, struct model_when when) {
    return is_marked(model, person_id, INDEX_FLAG_SENSITIVE, when);
}

/* Every hop, by the merges that stood then; the last of them leads to the person. */
static void judge_hops(struct sim *sim, const struct index_model *model, struct uuid from, struct model_when when,
                       struct uuid person_id, const struct uuid *hops, uint32_t count) {
    uint32_t passed = 0;
    struct uuid at = from;
    for (const struct model_merge *merge; (merge = model_merge_of(model, at, when)) != NULL; passed++) {
        if (passed > MODEL_MERGES_MAX) {
            sim_fail(sim, "a way round: an id leads back to itself at entry %llu", (unsigned long long)when.number);
            return;
        }
        bool is_shown = passed < count && uuid_equal(hops[passed], at);
        if (passed < INDEX_HOPS_SHOWN_MAX && !is_shown) wrong(sim, when, "a hop is missing, or another one");
        at = merge->survivor_id;
    }
    if (count > passed) wrong(sim, when, "more hops than there are merges");
    if (!uuid_equal(at, person_id)) wrong(sim, when, "the hops do not lead to the person");
    if (passed > 0) sim_mark(sim, MARK_INDEX_HOP);
    if (passed > 1) sim_mark(sim, MARK_INDEX_HOPS);
}

static bool has_record(const struct index_person *person, struct uuid record_id) {
    for (uint32_t i = 0; i < person->record_count; i++) {
        if (uuid_equal(person->records[i].record_id, record_id)) return true;
    }
    return false;
}

/* Exactly the records that were of the person. */
static void judge_records(struct sim *sim, const struct index_model *model, const struct index_person *person,
                          struct model_when when) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < model->item_count; i++) {
        if (!model->items[i].is_record) continue;
        const struct model_change *change = model_at(model, i, when);
        if (change == NULL || !uuid_equal(change->label, person->person_id)) continue;
        count++;
        bool is_shown = has_record(person, model->items[i].id);
        if (!is_shown && person->record_count < INDEX_RECORDS_SHOWN_MAX) wrong(sim, when, "a record is missing");
    }
    if (person->record_count > count) wrong(sim, when, "a record of somebody else is shown");
}

static void judge_flags(struct sim *sim, const struct index_model *model, const struct index_person *person,
                        struct model_when when) {
    for (int flag = INDEX_FLAG_RESTRICTED; flag <= INDEX_FLAG_DO_NOT_MATCH; flag++) {
        bool is_shown = false;
        for (uint32_t i = 0; i < person->flag_count; i++) is_shown |= (int)person->flags[i] == flag;
        bool is_set = model_has_flag(model, person->person_id, (enum index_flag)flag, when);
        if (is_shown != is_set) wrong(sim, when, "a flag is shown that is not set, or the other way round");
    }
}

/* ---- what was said ---- */

static void judge_consents(struct sim *sim, const struct index_model *model, struct uuid person_id, const char *day,
                           struct model_when when, const struct index_recorded_consent *shown, uint32_t shown_count) {
    uint32_t count = 0;
    for (int purpose = INDEX_PURPOSE_RECORD_SHARING; purpose <= INDEX_PURPOSE_SECONDARY_USE; purpose++) {
        struct index_recorded_consent said, since;
        if (!model_consent_of(model, person_id, (enum index_purpose)purpose, day, when, &said)) continue;
        bool is_shown = count < shown_count && memcmp(&shown[count], &said, sizeof said) == 0;
        if (!is_shown)
            wrong(sim, when, "what was permitted or refused is missing, or shown otherwise than it was said");
        if (said.is_contradicted) sim_mark(sim, MARK_INDEX_CONTRADICTED);
        count++;
        if (said.consent.decision != INDEX_PERMIT || when.at_ms == INT64_MAX) continue;
        struct model_when now = {when.number, INT64_MAX};
        bool stands = model_consent_of(model, person_id, (enum index_purpose)purpose, day, now, &since) &&
                      since.consent.decision == INDEX_PERMIT;
        if (!stands) sim_mark(sim, MARK_INDEX_PERMITTED_THEN);
    }
    if (shown_count > count) wrong(sim, when, "a consent is shown that nobody has given, or that is not in force");
}

static void judge_preferences(struct sim *sim, const struct index_model *model, struct uuid person_id,
                              struct model_when when, bool has_shown, const struct index_preferences *shown) {
    const struct index_preferences *said = model_preferences_of(model, person_id, when);
    bool is_right = has_shown == (said != NULL) && (said == NULL || memcmp(shown, said, sizeof *said) == 0);
    if (!is_right) wrong(sim, when, "preferences are not those that were said last");
}

static uint32_t count_of(const struct index_relationship *relationship, const struct index_relationship *all,
                         uint32_t count) {
    uint32_t found = 0;
    for (uint32_t i = 0; i < count; i++) found += memcmp(&all[i], relationship, sizeof *relationship) == 0;
    return found;
}

/* Of whom nobody may know where they are, to whom they are related is not told either. */
static void judge_relations(struct sim *sim, const struct index_model *model, const struct index_person *person,
                            struct model_when when) {
    static struct index_relationship expected[MODEL_SAID_MAX];
    uint32_t count = 0;
    bool is_restricted = is_marked(model, person->person_id, INDEX_FLAG_RESTRICTED, when);
    for (uint32_t i = 0; i < model->relation_count && !is_restricted; i++) {
        const struct model_relation *relation = &model->relations[i];
        bool is_theirs = model_is_of(model, relation->item, person->person_id, when);
        if (is_theirs && model_relation_counts(model, relation, when)) expected[count++] = relation->relationship;
    }
    const struct index_relationship *shown = person->relationships;
    if (person->relationship_count > count) wrong(sim, when, "a relationship is shown that there is not, or secret");
    bool are_all = count <= INDEX_RELATIONS_SHOWN_MAX;
    for (uint32_t i = 0; i < count && are_all; i++) {
        bool is_shown =
            count_of(&expected[i], shown, person->relationship_count) == count_of(&expected[i], expected, count);
        if (!is_shown) wrong(sim, when, "a relationship is missing, or another one");
    }
}

/* Who may be told of is told, and nobody else. What the model knows of the item then; NULL when nobody was told. */
static const struct model_change *judge_told(struct sim *sim, const struct index_model *model, uint32_t item,
                                             struct model_when when, uint32_t outcome, const char *untold,
                                             const char *told_wrongly) {
    const struct model_change *change = item == MODEL_NONE ? NULL : model_at(model, item, when);
    bool is_told = change != NULL && !is_secret(model, change->label, when);
    if (outcome == REFUSED_PERSON_UNKNOWN && is_told) wrong(sim, when, untold);
    if (outcome == OUTCOME_OK && !is_told) wrong(sim, when, told_wrongly);
    return outcome == OUTCOME_OK && is_told ? change : NULL;
}

static void judge_said(struct sim *sim, const struct index_model *model, const struct sim_query *query,
                       struct model_when when, uint32_t outcome, struct slice body) {
    uint32_t item = model_find(model, query->id, false);
    const struct model_change *change =
        judge_told(sim, model, item, when, outcome, "an id that was given has said nothing",
                   "somebody is told of who is not there or secret");
    if (change == NULL) return;
    struct index_consents_answer told;
    struct arena arena = arena_over(memory, sizeof memory);
    struct wire_fault fault;
    if (!wire_table_decode(&index_consents_response_wire, body, &arena, &told, &fault)) {
        sim_fail(sim, "unreadable: what somebody permits: %s", fault.text);
        return;
    }
    if (!uuid_equal(told.person_id, change->label)) wrong(sim, when, "an id has said what somebody else has");
    judge_consents(sim, model, told.person_id, query->day, when, told.consents, told.consent_count);
    judge_preferences(sim, model, told.person_id, when, told.has_preferences, &told.preferences);
    sim_mark(sim, MARK_INDEX_ASKED_CONSENT);
}

/* ---- who it is ---- */

static void judge_person(struct sim *sim, const struct index_model *model, struct uuid id, struct model_when when,
                         uint32_t outcome, struct slice body) {
    uint32_t item = model_find(model, id, false);
    const struct model_change *change =
        judge_told(sim, model, item, when, outcome, "an id that was given leads nowhere",
                   "somebody is shown who is not there or secret");
    if (change == NULL) return;
    static struct index_person person;
    struct arena arena = arena_over(memory, sizeof memory);
    struct wire_fault fault;
    if (!wire_table_decode(&index_get_response_wire, body, &arena, &person, &fault)) {
        sim_fail(sim, "unreadable: a person: %s", fault.text);
        return;
    }
    if (!uuid_equal(person.person_id, change->label)) wrong(sim, when, "an id leads to somebody else");
    judge_hops(sim, model, id, when, person.person_id, person.superseded_ids, person.superseded_count);
    judge_records(sim, model, &person, when);
    judge_flags(sim, model, &person, when);
    judge_relations(sim, model, &person, when);
    judge_preferences(sim, model, person.person_id, when, person.has_preferences, &person.preferences);
    /* What is in force now hangs on the clock of whoever answered, and as of a time on that. */
    if (when.at_ms != INT64_MAX) {
        judge_consents(sim, model, person.person_id, INDEX_TODAY, when, person.consents, person.consent_count);
    }
    if (when.at_ms != INT64_MAX) {
        const struct model_change *newest = &model->changes[model->items[item].newest];
        sim_mark(sim, uuid_equal(newest->label, change->label) ? MARK_INDEX_AS_OF : MARK_INDEX_AS_OF_OTHER);
    }
}

static uint32_t record_of(const struct index_model *model, const struct sim_query *query) {
    const char *organisation = sim_systems[query->source].organisation;
    const struct service_context context = sim_service_context(model->sim);
    struct uuid record_id =
        pseudonym_of_record(context.pseudonym_key, organisation, query->record.source, query->record.local_id);
    return model_find(model, record_id, true);
}

static void judge_found(struct sim *sim, const struct index_model *model, const struct sim_query *query,
                        struct model_when when, uint32_t outcome, struct slice body) {
    uint32_t item = record_of(model, query);
    const struct model_change *change = judge_told(sim, model, item, when, outcome, "a record leads nowhere",
                                                   "a record leads to somebody who is not there or secret");
    if (change == NULL) return;
    struct index_find_answer found;
    struct arena arena = arena_over(memory, sizeof memory);
    struct wire_fault fault;
    if (!wire_table_decode(&index_find_response_wire, body, &arena, &found, &fault)) {
        sim_fail(sim, "unreadable: who was found: %s", fault.text);
        return;
    }
    if (!uuid_equal(found.person_id, change->label)) wrong(sim, when, "a record leads to somebody else");
    judge_hops(sim, model, change->home, when, found.person_id, found.superseded_ids, found.superseded_count);
}

/* Whoever was told that a record is there finds its person by the same description at any door that has read so far. */
static void judge_traced(struct sim *sim, const struct index_model *model, const struct sim_query *query,
                         struct model_when when, uint32_t outcome, struct slice body) {
    uint32_t item = record_of(model, query);
    const struct model_change *change = item == MODEL_NONE ? NULL : model_at(model, item, when);
    bool is_hidden = change == NULL || is_secret(model, change->label, when) ||
                     model_has_flag(model, change->label, INDEX_FLAG_DO_NOT_MATCH, when);
    if (outcome != OUTCOME_OK || is_hidden) return;
    static struct index_trace_answer traced;
    struct arena arena = arena_over(memory, sizeof memory);
    struct wire_fault fault;
    if (!wire_table_decode(&index_trace_response_wire, body, &arena, &traced, &fault)) {
        sim_fail(sim, "unreadable: who was traced: %s", fault.text);
        return;
    }
    sim_mark(sim, MARK_INDEX_TRACED);
    for (uint32_t i = 0; i < traced.candidate_count; i++) {
        if (uuid_equal(traced.candidates[i].person_id, change->label)) return;
    }
    sim_fail(sim, "not found by description: who was registered before entry %llu, by a door that has read it",
             (unsigned long long)when.number);
}

/* ---- from rows ---- */

/* As a door would ask them. */
static uint32_t ask_rows(struct sim *sim, const struct rows *rows, const char *name, struct slice request,
                         struct arena *arena, struct buffer *out) {
    const struct service *service = sim->pure_service;
    const struct service_context context = sim_service_context(sim);
    const struct ingress ingress = {.system = slice_text(sim_systems[0].id),
                                    .organisation = slice_text(sim_systems[0].organisation)};
    struct service_refusal refusal = {0};
    for (uint32_t i = 0; i < service->method_count; i++) {
        const struct service_method *method = &service->methods[i];
        if (strcmp(method->name, name) != 0) continue;
        uint32_t outcome = method->query(&context, &ingress, rows, sim->time.now_ms, request, arena, out, &refusal);
        ASSERT(!out->is_full);
        return outcome;
    }
    bhr_assert_failed("a query of the index", __FILE__, __LINE__);
}

static void ask_about(struct sim *sim, const struct index_model *model, const struct rows *rows, struct uuid id,
                      struct model_when when) {
    static uint8_t asked[JUDGE_ARENA_SIZE], answered[64 * 1024];
    int64_t as_of_ms = when.at_ms == INT64_MAX ? 0 : when.at_ms;
    struct arena arena = arena_over(asked, sizeof asked);
    struct buffer out = buffer_over(answered, sizeof answered);
    const struct index_get_request get = {.person_id = id, .as_of_ms = as_of_ms};
    struct slice bytes = wire_table_encode_to_arena(&index_get_request_wire, &get, &arena);
    uint32_t outcome = ask_rows(sim, rows, INDEX_METHOD("GetPerson"), bytes, &arena, &out);
    judge_person(sim, model, id, when, outcome, buffer_slice(&out));

    arena = arena_over(asked, sizeof asked);
    out = buffer_over(answered, sizeof answered);
    struct index_get_consent_request consent = {.person_id = id, .as_of_ms = as_of_ms};
    const struct sim_query query = {.id = id, .day = index_any_day(sim)};
    memcpy(consent.on_date, query.day, strlen(query.day));
    bytes = wire_table_encode_to_arena(&index_get_consent_request_wire, &consent, &arena);
    outcome = ask_rows(sim, rows, INDEX_METHOD("GetConsent"), bytes, &arena, &out);
    judge_said(sim, model, &query, when, outcome, buffer_slice(&out));
}

void index_judge_some(struct sim *sim, const struct index_model *model, const struct rows *rows, uint64_t number) {
    for (int i = 0; i < ASKED_MAX && model->item_count > 0 && !sim->has_failed; i++) {
        const struct model_item *item = &model->items[sim_below(sim, model->item_count)];
        if (item->is_record) continue;
        ask_about(sim, model, rows, item->id, (struct model_when){number, INT64_MAX});
        int64_t at_ms = model->changes[sim_below(sim, model->change_count)].when.at_ms;
        ask_about(sim, model, rows, item->id, (struct model_when){number, at_ms});
    }
}
