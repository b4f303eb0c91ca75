/* The index's queries: decode -> ask the core or the search -> open what may be shown -> encode. Runs on the door's
 * thread over a read transaction.
 *
 * Who is marked sensitive is answered exactly as somebody who is not there, unless a human asks whose role may know;
 * where somebody restricted is, is told to nobody (domain.md 3.2, 8). A mark of now counts whatever was believed before. */
#include "lib/base/assert.h"
#include "lib/base/civil_time.h"
#include "services/index/core/query.h"
#include "services/index/derived.h"
#include "services/index/glue.h"
#include "services/index/resolve.h"

#define INDEX_ROLE_SENSITIVE "sensitive-reader"

/* Marked then, or anybody who was of the person then is marked now: under their own id, or of whom they have become a
 * part. */
static bool is_marked(const struct rows *rows, struct uuid person_id, enum index_flag flag, int64_t as_of_ms) {
    if (person_has_flag(rows, person_id, flag, as_of_ms)) return true;
    if (as_of_ms == INDEX_NOW) return false;
    struct group_walk walk = group_walk_of(person_id, as_of_ms);
    while (group_walk_next(rows, &walk)) {
        struct uuid now_id;
        bool is_known = person_root(rows, walk.group_id, INDEX_NOW, &now_id, NULL);
        ASSERT(is_known);
        if (person_has_flag(rows, now_id, flag, INDEX_NOW)) return true;
    }
    return false;
}

bool index_may_know(const struct ingress *ingress, const struct rows *rows, struct uuid person_id, int64_t as_of_ms) {
    bool is_reader = slice_equal(ingress->user_role, slice_text(INDEX_ROLE_SENSITIVE));
    return is_reader || !is_marked(rows, person_id, INDEX_FLAG_SENSITIVE, as_of_ms);
}

static uint32_t refuse(struct service_refusal *ret_refusal, uint32_t outcome) {
    ret_refusal->outcome = outcome;
    return outcome;
}

void index_put_subject(struct service_refusal *ret_refusal, struct uuid person_id) {
    ret_refusal->subject = (struct service_subject){.has_person = true, .person_id = person_id};
}

static uint32_t tell(const struct wire_table *table, const void *plain, struct arena *arena, struct buffer *out,
                     struct service_refusal *ret_refusal) {
    wire_table_encode(table, plain, arena, out);
    return refuse(ret_refusal, OUTCOME_OK);
}

static int64_t as_of(int64_t asked_ms) {
    return asked_ms == 0 ? INDEX_NOW : asked_ms;
}

/* ---- by identifier ---- */

static uint32_t find(const struct service_context *context, const struct ingress *ingress, const struct rows *rows,
                     struct index_find_request *find, struct index_find_answer *ret_answer,
                     struct wire_fault *ret_fault) {
    if (find->by == INDEX_FIND_BY_NHS_NUMBER) {
        struct index_hash hash = resolve_nhs_hash(context->pseudonym_key, find->nhs_number);
        return query_by_nhs(rows, hash, as_of(find->as_of_ms), ret_answer);
    }
    if (!index_own_key(ingress, &find->record, ret_fault)) return OUTCOME_INVALID;
    struct uuid record_id = resolve_record_id(context->pseudonym_key, &find->record);
    return query_by_record(rows, record_id, as_of(find->as_of_ms), ret_answer);
}

/* Whether one of the person's records has that birth date. Who asks with a wrong one is not told (domain.md 3.2). */
static bool has_birth_date(const struct service_context *context, const struct rows *rows, struct uuid person_id,
                           int64_t as_of_ms, const char *birth_date) {
    struct record_walk walk = record_walk_of(person_id, as_of_ms);
    while (record_walk_next(rows, &walk)) {
        struct record_row row;
        struct index_details details;
        bool is_same = record_row_get(rows, walk.record_id, as_of_ms, &row) &&
                       resolve_open(context->vault, walk.record_id, &row.sealed, &details) == VAULT_DONE &&
                       index_text_equal(details.demographics.birth_date, birth_date);
        if (is_same) return true;
    }
    return false;
}

INDEX_QUERY(answer_find_person) {
    (void)now_ms;
    struct index_find_request asked;
    struct index_find_answer answer;
    struct wire_fault fault;
    if (!wire_table_decode(&index_find_request_wire, request, arena, &asked, &fault)) {
        index_refuse_invalid(&fault, ret_refusal);
        return ret_refusal->outcome;
    }
    uint32_t outcome = find(context, ingress, rows, &asked, &answer, &fault);
    if (outcome == OUTCOME_INVALID) index_refuse_invalid(&fault, ret_refusal);
    if (outcome != OUTCOME_OK) return refuse(ret_refusal, outcome);
    index_put_subject(ret_refusal, answer.person_id);
    int64_t as_of_ms = as_of(asked.as_of_ms);
    bool is_told =
        index_may_know(ingress, rows, answer.person_id, as_of_ms) &&
        (asked.birth_date[0] == '\0' || has_birth_date(context, rows, answer.person_id, as_of_ms, asked.birth_date));
    if (!is_told) return refuse(ret_refusal, REFUSED_PERSON_UNKNOWN);
    return tell(&index_find_response_wire, &answer, arena, out, ret_refusal);
}

INDEX_ABOUT(about_find_person) {
    *ret_subject = (struct service_subject){0};
    struct index_find_request asked;
    struct index_find_answer answer;
    struct wire_fault fault;
    if (!wire_table_decode(&index_find_request_wire, request, arena, &asked, &fault)) return false;
    if (find(context, ingress, rows, &asked, &answer, &fault) != OUTCOME_OK) return false;
    ret_subject->has_person = true;
    ret_subject->person_id = answer.person_id;
    return true;
}

/* ---- by description ---- */

/* Adds a person once, by the record that is most like. */
static void add_candidate(struct index_trace_answer *answer, struct uuid person_id, const struct index_match *match) {
    for (uint32_t i = 0; i < answer->candidate_count; i++) {
        if (uuid_equal(answer->candidates[i].person_id, person_id)) return;
    }
    answer->candidates[answer->candidate_count++] = (struct index_candidate){.person_id = person_id, .match = *match};
}

/* *ret_like: the record that is most like it, whoever may know of it; zero without one. */
static void gather_candidates(const struct service_context *context, const struct ingress *ingress,
                              const struct rows *rows, const struct match_rules *rules,
                              const struct index_demographics *demographics, struct index_trace_answer *answer,
                              struct uuid *ret_like) {
    struct derived_found found[INDEX_CANDIDATES_MAX];
    uint32_t review_ppm = (uint32_t)context->config_number(context, "review_ppm");
    uint32_t count = derived_find(context->derived, rules, demographics, review_ppm, INDEX_CANDIDATES_MAX, found);
    const struct index_demographics *d = demographics;
    bool is_by_place =
        d->postcode[0] != '\0' || d->address_line_count > 0 || d->house[0] != '\0' || d->county[0] != '\0';
    *ret_like = count > 0 ? found[0].record_id : (struct uuid){{0}};
    for (uint32_t i = 0; i < count; i++) {
        struct uuid group_id, person_id;
        bool is_known = record_group_get(rows, found[i].record_id, INDEX_NOW, &group_id) &&
                        person_root(rows, group_id, INDEX_NOW, &person_id, NULL);
        if (!is_known || !index_may_know(ingress, rows, person_id, INDEX_NOW)) continue;
        /* Whoever asks by place would learn where they are. */
        if (is_by_place && person_has_flag(rows, person_id, INDEX_FLAG_RESTRICTED, INDEX_NOW)) continue;
        if (person_has_flag(rows, person_id, INDEX_FLAG_DO_NOT_MATCH, INDEX_NOW)) continue;
        add_candidate(answer, person_id, &found[i].match);
    }
}

static void judge_trace(uint32_t limit, uint32_t link_ppm, struct index_trace_answer *answer) {
    uint32_t count = answer->candidate_count;
    bool is_sure = count == 1 && answer->candidates[0].match.posterior_ppm >= link_ppm;
    bool is_too_many = limit > 0 && count > limit;
    answer->result = count == 0    ? INDEX_TRACE_NO_MATCH
                     : is_sure     ? INDEX_TRACE_MATCH
                     : is_too_many ? INDEX_TRACE_TOO_MANY
                                   : INDEX_TRACE_REVIEW;
    /* Without a limit only a sure answer is told, as to an application that may see no others. */
    if (is_too_many || (limit == 0 && !is_sure)) answer->candidate_count = 0;
}

void index_trace(const struct service_context *context, const struct ingress *ingress, const struct rows *rows,
                 const struct match_rules *rules, const struct index_trace_request *asked,
                 struct index_trace_answer *ret_answer, struct uuid *ret_like) {
    memset(ret_answer, 0, sizeof *ret_answer);
    ret_answer->rules_version = rules != NULL ? rules->version : derived_rules_version(context->derived);
    gather_candidates(context, ingress, rows, rules, &asked->demographics, ret_answer, ret_like);
    judge_trace(asked->limit, (uint32_t)context->config_number(context, "link_ppm"), ret_answer);
}

INDEX_QUERY(answer_trace_person) {
    (void)now_ms;
    struct index_trace_request asked;
    struct wire_fault fault;
    if (!wire_table_decode(&index_trace_request_wire, request, arena, &asked, &fault)) {
        index_refuse_invalid(&fault, ret_refusal);
        return ret_refusal->outcome;
    }
    const struct index_demographics *d = &asked.demographics;
    if (resolve_is_future(d->birth_date, ingress->received_at_ms)) {
        wire_fault_set(&fault, "demographics.", "birth_date", "expected a day that has come");
        index_refuse_invalid(&fault, ret_refusal);
        return ret_refusal->outcome;
    }
    bool has_name = d->family_name[0] != '\0' || d->given_name[0] != '\0';
    bool has_more = d->birth_date[0] != '\0' || d->postcode[0] != '\0';
    if (!has_name || !has_more) return refuse(ret_refusal, REFUSED_TOO_LITTLE_TO_GO_BY);
    struct index_trace_answer *answer = arena_zalloc(arena, sizeof *answer);
    if (answer == NULL) return refuse(ret_refusal, OUTCOME_TOO_LARGE);
    struct uuid like;
    index_trace(context, ingress, rows, NULL, &asked, answer, &like);
    index_keep(context, arena, &asked, like);
    return tell(&index_trace_response_wire, answer, arena, out, ret_refusal);
}

/* ---- a person ---- */

/* Fills in what is sealed. One whose key has not come yet is not shown at all: it would look as if they were erased. */
static bool open_records(const struct service_context *context, const struct index_sealed *sealed,
                         struct index_person *person, bool is_restricted) {
    for (uint32_t i = 0; i < person->record_count; i++) {
        struct index_record_view *view = &person->records[i];
        struct index_details details;
        enum vault_result result = resolve_open(context->vault, view->record_id, &sealed[i], &details);
        if (result == VAULT_UNAVAILABLE) return false;
        view->is_erased = result == VAULT_ERASED;
        if (result != VAULT_DONE) continue;
        memcpy(view->key.local_id, details.local_id, sizeof view->key.local_id);
        view->demographics = details.demographics;
        if (!is_restricted) continue;
        struct index_demographics *d = &view->demographics;
        memset(d->address_lines, 0, sizeof d->address_lines);
        memset(d->postcode, 0, sizeof d->postcode);
        memset(d->phone, 0, sizeof d->phone);
        memset(d->house, 0, sizeof d->house);
        memset(d->county, 0, sizeof d->county);
        d->address_line_count = 0;
    }
    if (is_restricted) person->relationship_count = 0;
    return true;
}

static bool add_consents(const struct service_context *context, const struct rows *rows, int64_t as_of_ms,
                         int64_t day_ms, struct index_person *person) {
    struct index_consents_answer said;
    char day[INDEX_DATE_MAX + 1];
    index_day_of(day_ms, day);
    if (!index_consents_of(context, rows, person->person_id, day, as_of_ms, &said)) return false;
    person->consent_count = said.consent_count;
    memcpy(person->consents, said.consents, sizeof said.consents);
    person->has_preferences = said.has_preferences;
    person->preferences = said.preferences;
    return true;
}

INDEX_QUERY(answer_get_person) {
    struct index_get_request asked;
    struct wire_fault fault;
    if (!wire_table_decode(&index_get_request_wire, request, arena, &asked, &fault)) {
        index_refuse_invalid(&fault, ret_refusal);
        return ret_refusal->outcome;
    }
    struct index_person *person = arena_alloc(arena, sizeof *person);
    struct index_sealed *sealed = arena_alloc(arena, INDEX_RECORDS_SHOWN_MAX * sizeof *sealed);
    if (person == NULL || sealed == NULL) return refuse(ret_refusal, OUTCOME_TOO_LARGE);
    int64_t as_of_ms = as_of(asked.as_of_ms);
    bool is_known = query_person(rows, asked.person_id, as_of_ms, person, sealed);
    if (!is_known) return refuse(ret_refusal, REFUSED_PERSON_UNKNOWN);
    index_put_subject(ret_refusal, person->person_id);
    if (!index_may_know(ingress, rows, person->person_id, as_of_ms)) return refuse(ret_refusal, REFUSED_PERSON_UNKNOWN);
    bool is_restricted = is_marked(rows, person->person_id, INDEX_FLAG_RESTRICTED, as_of_ms);
    if (!open_records(context, sealed, person, is_restricted) ||
        !add_consents(context, rows, as_of_ms, asked.as_of_ms == 0 ? now_ms : asked.as_of_ms, person)) {
        return refuse(ret_refusal, OUTCOME_UNAVAILABLE);
    }
    return tell(&index_get_response_wire, person, arena, out, ret_refusal);
}

INDEX_ABOUT(about_get_person) {
    (void)context, (void)ingress;
    *ret_subject = (struct service_subject){0};
    struct index_get_request asked;
    struct wire_fault fault;
    if (!wire_table_decode(&index_get_request_wire, request, arena, &asked, &fault)) return false;
    ret_subject->has_person = person_root(rows, asked.person_id, as_of(asked.as_of_ms), &ret_subject->person_id, NULL);
    return ret_subject->has_person;
}
