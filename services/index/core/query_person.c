/* A person as it is or was believed to be. Pure but for the rows. */
#include "lib/base/assert.h"
#include "services/index/core/query.h"

static void add_records(const struct rows *rows, int64_t as_of_ms, struct index_person *person,
                        struct index_sealed *sealed);
static void add_flags(const struct rows *rows, int64_t as_of_ms, struct index_person *person);
static void add_relationships(const struct rows *rows, int64_t as_of_ms, struct index_person *person);
static void add_history(const struct rows *rows, int64_t as_of_ms, struct index_person *person);

bool query_person(const struct rows *rows, struct uuid person_id, int64_t as_of_ms, struct index_person *ret_person,
                  struct index_sealed *ret_sealed) {
    struct person_hops hops;
    memset(ret_person, 0, sizeof *ret_person);
    if (!person_root(rows, person_id, as_of_ms, &ret_person->person_id, &hops)) return false;
    _Static_assert(sizeof hops.ids == sizeof ret_person->superseded_ids, "every hop has its place");
    ret_person->superseded_count = hops.count;
    memcpy(ret_person->superseded_ids, hops.ids, sizeof hops.ids);
    add_records(rows, as_of_ms, ret_person, ret_sealed);
    add_flags(rows, as_of_ms, ret_person);
    add_relationships(rows, as_of_ms, ret_person);
    add_history(rows, as_of_ms, ret_person);
    return true;
}

static void add_records(const struct rows *rows, int64_t as_of_ms, struct index_person *person,
                        struct index_sealed *sealed) {
    struct record_walk walk = record_walk_of(person->person_id, as_of_ms);
    while (person->record_count < INDEX_RECORDS_SHOWN_MAX && record_walk_next(rows, &walk)) {
        struct record_row row;
        bool is_known = record_row_get(rows, walk.record_id, as_of_ms, &row);
        ASSERT(is_known);
        struct index_record_view *view = &person->records[person->record_count];
        view->record_id = walk.record_id;
        memcpy(view->key.organisation, row.organisation, sizeof view->key.organisation);
        memcpy(view->key.source, row.source, sizeof view->key.source);
        view->updated_at_ms = row.version.at_ms;
        sealed[person->record_count++] = row.sealed;
    }
}

static void add_flags(const struct rows *rows, int64_t as_of_ms, struct index_person *person) {
    for (int flag = INDEX_FLAG_RESTRICTED; flag <= INDEX_FLAG_DO_NOT_MATCH; flag++) {
        if (!person_has_flag(rows, person->person_id, (enum index_flag)flag, as_of_ms)) continue;
        person->flags[person->flag_count++] = (enum index_flag)flag;
    }
}

static void add_relationships(const struct rows *rows, int64_t as_of_ms, struct index_person *person) {
    struct group_walk walk = group_walk_of(person->person_id, as_of_ms);
    while (group_walk_next(rows, &walk)) {
        struct relation_scan scan = relation_scan_of(walk.group_id);
        struct index_relationship *next = &person->relationships[person->relationship_count];
        while (person->relationship_count < INDEX_RELATIONS_SHOWN_MAX &&
               relation_scan_next(rows, &scan, as_of_ms, next)) {
            next = &person->relationships[++person->relationship_count];
        }
    }
}

/* Kept in order of entries; when there are more than can be shown, the oldest go. */
static void insert_change(struct index_person *person, const struct index_change *change) {
    struct index_change *history = person->history;
    uint32_t at = person->change_count;
    while (at > 0 && history[at - 1].entry_number > change->entry_number) at--;
    bool is_full = person->change_count == INDEX_CHANGES_SHOWN_MAX;
    if (is_full && at == 0) return;
    if (is_full) {
        memmove(&history[0], &history[1], (at - 1) * sizeof history[0]);
        at--;
    } else {
        memmove(&history[at + 1], &history[at], (person->change_count - at) * sizeof history[0]);
        person->change_count++;
    }
    history[at] = *change;
}

static void add_history(const struct rows *rows, int64_t as_of_ms, struct index_person *person) {
    struct group_walk walk = group_walk_of(person->person_id, as_of_ms);
    while (group_walk_next(rows, &walk)) {
        struct history_scan scan = history_scan_of(walk.group_id);
        struct index_change change;
        while (history_scan_next(rows, &scan, &change)) {
            if (change.at_ms <= as_of_ms) insert_change(person, &change);
        }
    }
}

static void find_answer(struct uuid person_id, const struct person_hops *hops, struct index_find_answer *ret_answer) {
    _Static_assert(sizeof hops->ids == sizeof ret_answer->superseded_ids, "every hop has its place");
    ret_answer->person_id = person_id;
    ret_answer->superseded_count = hops->count;
    memcpy(ret_answer->superseded_ids, hops->ids, sizeof hops->ids);
}

uint32_t query_by_record(const struct rows *rows, struct uuid record_id, int64_t as_of_ms,
                         struct index_find_answer *ret_answer) {
    memset(ret_answer, 0, sizeof *ret_answer);
    struct uuid group_id, person_id;
    struct person_hops hops;
    bool is_known = record_group_get(rows, record_id, as_of_ms, &group_id) &&
                    person_root(rows, group_id, as_of_ms, &person_id, &hops);
    if (!is_known) return REFUSED_PERSON_UNKNOWN;
    find_answer(person_id, &hops, ret_answer);
    return OUTCOME_OK;
}

/* Whether the record had the number then, or at any time before: a number that was replaced still leads here. */
uint32_t query_by_nhs(const struct rows *rows, struct index_hash nhs_hash, int64_t as_of_ms,
                      struct index_find_answer *ret_answer) {
    struct index_find_answer other;
    struct uuid record_id = {{0}};
    bool is_found = false, is_verified = false, is_ambiguous = false;
    memset(ret_answer, 0, sizeof *ret_answer);
    while (record_by_nhs_next(rows, nhs_hash, &record_id)) {
        struct record_row row;
        if (!record_row_get(rows, record_id, as_of_ms, &row)) continue;
        if (query_by_record(rows, record_id, as_of_ms, &other) != OUTCOME_OK) continue;
        bool is_theirs = record_is_verified(&row) && index_hash_equal(row.nhs_hash, nhs_hash);
        bool is_another = is_found && !uuid_equal(other.person_id, ret_answer->person_id);
        /* Who has verified it counts before who only says so. */
        if (!is_found || (is_theirs && !is_verified)) {
            *ret_answer = other;
            is_ambiguous = false;
        } else if (is_another && is_theirs == is_verified) {
            is_ambiguous = true;
        }
        is_found = true;
        is_verified |= is_theirs;
    }
    if (!is_found) return REFUSED_PERSON_UNKNOWN;
    if (is_ambiguous) memset(ret_answer, 0, sizeof *ret_answer);
    return is_ambiguous ? REFUSED_SEVERAL_PERSONS : OUTCOME_OK;
}
