/* What each event does to the rows. Pure but for the rows; the one code path for live work, replay and tests. An
 * event that names what is not there changes nothing: history is never wrong, and a reader must not stop on it.
 *
 * Whoever changes what a person is, takes the person off the board before and puts on what it has become.
 *
 * A store that fills up in the middle says from then on that nothing is there, until the host asks it and stops; so
 * what was just written may be missing, here and in the walks below. */
#include "services/index/core/apply.h"

#include "services/index/core/board.h"

static void apply_registered(const struct rows *rows, struct version version,
                             const struct index_record_registered *event);
static void apply_moved(const struct rows *rows, struct version version, const struct index_record_moved *event);
static void apply_merged(const struct rows *rows, struct version version, const struct index_persons_merged *event);
static void apply_awaits(const struct rows *rows, struct version version, const struct index_merge_awaits *event);
static void apply_unmerged(const struct rows *rows, struct version version, const struct index_persons_unmerged *event);
static void apply_pair_found(const struct rows *rows, struct version version, const struct index_pair_found *event);
static void apply_pair_claimed(const struct rows *rows, const struct index_pair_claimed *event);
static void apply_pair_decided(const struct rows *rows, struct version version, const struct index_pair_decided *event);
static void apply_flagged(const struct rows *rows, struct version version, const struct index_person_flagged *event);
static void apply_related(const struct rows *rows, struct version version, const struct index_relationship_set *event);
static void apply_consent(const struct rows *rows, struct version version, const struct index_consent_set *event);
static void apply_preferences(const struct rows *rows, struct version version,
                              const struct index_preferences_set *event);

void index_apply(const struct rows *rows, int64_t decided_at_ms, uint64_t number, const struct index_event *event) {
    ASSERT(rows->put != NULL);
    ASSERT(number > 0);
    struct version version = {.at_ms = decided_at_ms, .number = number};
    switch (event->kind) {
    case INDEX_EVENT_RECORD_REGISTERED:
        apply_registered(rows, version, &event->record_registered);
        return;
    case INDEX_EVENT_RECORD_MOVED:
        apply_moved(rows, version, &event->record_moved);
        return;
    case INDEX_EVENT_PERSONS_MERGED:
        apply_merged(rows, version, &event->persons_merged);
        return;
    case INDEX_EVENT_MERGE_AWAITS_APPROVAL:
        apply_awaits(rows, version, &event->merge_awaits_approval);
        return;
    case INDEX_EVENT_PERSONS_UNMERGED:
        apply_unmerged(rows, version, &event->persons_unmerged);
        return;
    case INDEX_EVENT_PAIR_FOUND:
        apply_pair_found(rows, version, &event->pair_found);
        return;
    case INDEX_EVENT_PAIR_CLAIMED:
        apply_pair_claimed(rows, &event->pair_claimed);
        return;
    case INDEX_EVENT_PAIR_DECIDED:
        apply_pair_decided(rows, version, &event->pair_decided);
        return;
    case INDEX_EVENT_PERSON_FLAGGED:
        apply_flagged(rows, version, &event->person_flagged);
        return;
    case INDEX_EVENT_RELATIONSHIP_SET:
        apply_related(rows, version, &event->relationship_set);
        return;
    case INDEX_EVENT_ORGANISATION_REGISTERED:
        organisation_row_put(rows, &event->organisation_registered.organisation);
        return;
    case INDEX_EVENT_SERVICE_REGISTERED:
        service_row_put(rows, &event->service_registered.service);
        return;
    case INDEX_EVENT_CONSENT_SET:
        apply_consent(rows, version, &event->consent_set);
        return;
    case INDEX_EVENT_PREFERENCES_SET:
        apply_preferences(rows, version, &event->preferences_set);
        return;
    case INDEX_EVENT_PRACTITIONER_REGISTERED:
        practitioner_row_put(rows, &event->practitioner_registered.practitioner);
        return;
    }
    bhr_assert_failed("kind is one of enum index_event_kind", __FILE__, __LINE__);
}

static struct uuid root_of(const struct rows *rows, struct uuid group_id) {
    struct uuid person_id = {{0}};
    (void)person_root(rows, group_id, INDEX_NOW, &person_id, NULL);
    return person_id;
}

static struct uuid person_of(const struct rows *rows, struct uuid record_id) {
    struct uuid group_id;
    return record_group_get(rows, record_id, INDEX_NOW, &group_id) ? root_of(rows, group_id) : (struct uuid){{0}};
}

static void note(const struct rows *rows, struct version version, struct uuid group_id, enum change_kind what,
                 const char by[INDEX_SYSTEM_MAX + 1], struct uuid record_id, struct uuid other_person_id) {
    struct index_change change = {.at_ms = version.at_ms,
                                  .entry_number = version.number,
                                  .record_id = record_id,
                                  .other_person_id = other_person_id};
    memcpy(change.by, by, sizeof change.by);
    history_put(rows, group_id, what, &change);
}

static void begin_person(const struct rows *rows, struct uuid group_id, struct version version) {
    struct person_link link;
    if (person_link_get(rows, group_id, INDEX_NOW, &link)) return;
    memset(&link, 0, sizeof link);
    person_link_put(rows, group_id, &link, version);
}

static void apply_registered(const struct rows *rows, struct version version,
                             const struct index_record_registered *event) {
    struct uuid nobody = {{0}}, group_id, before = person_of(rows, event->record_id);
    bool is_known = record_group_get(rows, event->record_id, INDEX_NOW, &group_id);
    begin_person(rows, event->person_id, version);
    struct uuid after = is_known ? before : root_of(rows, event->person_id);
    if (uuid_is_zero(after)) return;
    board_count(rows, after, -1);
    struct record_row row;
    memset(&row, 0, sizeof row);
    memcpy(row.organisation, event->organisation, sizeof row.organisation);
    memcpy(row.source, event->source, sizeof row.source);
    row.nhs_hash = event->nhs_hash;
    row.nhs_number_status = event->nhs_number_status;
    row.fields = event->fields;
    row.sealed = event->sealed;
    row.version = version;
    record_row_put(rows, event->record_id, &row);
    if (!is_known) record_group_put(rows, event->record_id, after, version);
    changed_put(rows, (struct changed){.number = version.number, .record_id = event->record_id});
    board_count(rows, after, 1);
    enum change_kind what = is_known ? CHANGE_UPDATED : event->how == INDEX_LINKED ? CHANGE_LINKED : CHANGE_REGISTERED;
    note(rows, version, after, what, event->by, event->record_id, nobody);
}

static void apply_moved(const struct rows *rows, struct version version, const struct index_record_moved *event) {
    struct uuid from = person_of(rows, event->record_id);
    struct person_link link;
    if (uuid_is_zero(from)) return;
    bool begins = !person_link_get(rows, event->to_person_id, INDEX_NOW, &link);
    begin_person(rows, event->to_person_id, version);
    struct uuid to = root_of(rows, event->to_person_id);
    if (uuid_is_zero(to) || uuid_equal(from, to)) return;
    board_count(rows, from, -1);
    board_count(rows, to, -1);
    record_group_put(rows, event->record_id, to, version);
    struct pair_row pair;
    if (begins && !pair_row_get(rows, to, &pair)) {
        /* Who took it out has said that these are two: the pair that would be found next is decided already. */
        pair = (struct pair_row){
            .pair = {.pair_id = to, .person_id = from, .other_person_id = to, .found_at_ms = version.at_ms},
            .state = PAIR_DIFFERENT};
        memcpy(pair.decided_by, event->by, sizeof pair.decided_by);
        pair_row_put(rows, to, &pair);
    }
    board_count(rows, from, 1);
    board_count(rows, to, 1);
    note(rows, version, from, CHANGE_UNLINKED, event->by, event->record_id, to);
    note(rows, version, to, CHANGE_LINKED, event->by, event->record_id, from);
}

static void apply_merged(const struct rows *rows, struct version version, const struct index_persons_merged *event) {
    struct person_link survivor, other;
    bool is_possible = person_link_get(rows, event->survivor_id, INDEX_NOW, &survivor) &&
                       person_link_get(rows, event->other_id, INDEX_NOW, &other) && uuid_is_zero(survivor.parent_id) &&
                       uuid_is_zero(other.parent_id) && !uuid_equal(event->survivor_id, event->other_id);
    if (!is_possible) return;
    board_count(rows, event->survivor_id, -1);
    board_count(rows, event->other_id, -1);
    other = (struct person_link){.parent_id = event->survivor_id, .merge_id = event->merge_id};
    person_link_put(rows, event->other_id, &other, version);
    board_count(rows, event->survivor_id, 1);
    struct merge_row merge = {
        .survivor_id = event->survivor_id, .other_id = event->other_id, .state = MERGE_DONE, .from_ms = version.at_ms};
    memcpy(merge.by, event->by, sizeof merge.by);
    memcpy(merge.approved_by, event->approved_by, sizeof merge.approved_by);
    merge_row_put(rows, event->merge_id, &merge);
    note(rows, version, event->survivor_id, CHANGE_MERGED, event->by, (struct uuid){{0}}, event->other_id);
    note(rows, version, event->other_id, CHANGE_MERGED, event->by, (struct uuid){{0}}, event->survivor_id);
}

static void apply_awaits(const struct rows *rows, struct version version, const struct index_merge_awaits *event) {
    struct merge_row merge = {.survivor_id = event->survivor_id,
                              .other_id = event->other_id,
                              .state = MERGE_WAITING,
                              .from_ms = version.at_ms};
    memcpy(merge.by, event->by, sizeof merge.by);
    merge_row_put(rows, event->merge_id, &merge);
}

/* The other person has its whole tree again, which was never touched; what came in since hangs in the survivor's. */
static void apply_unmerged(const struct rows *rows, struct version version,
                           const struct index_persons_unmerged *event) {
    struct person_link other;
    struct merge_row merge;
    bool is_possible = person_link_get(rows, event->other_id, INDEX_NOW, &other) &&
                       uuid_equal(other.merge_id, event->merge_id) && merge_row_get(rows, event->merge_id, &merge);
    if (!is_possible) return;
    struct uuid survivor = root_of(rows, event->survivor_id);
    board_count(rows, survivor, -1);
    memset(&other, 0, sizeof other);
    person_link_put(rows, event->other_id, &other, version);
    board_count(rows, survivor, 1);
    board_count(rows, event->other_id, 1);
    merge.state = MERGE_UNDONE;
    merge.until_ms = version.at_ms;
    merge_row_put(rows, event->merge_id, &merge);
    note(rows, version, event->survivor_id, CHANGE_UNMERGED, event->by, (struct uuid){{0}}, event->other_id);
    note(rows, version, event->other_id, CHANGE_UNMERGED, event->by, (struct uuid){{0}}, event->survivor_id);
}

/* A pair changes what the board says of both. */
static void count_both(const struct rows *rows, const struct index_pair *pair, int step) {
    struct uuid person_id = root_of(rows, pair->person_id), other_id = root_of(rows, pair->other_person_id);
    board_count(rows, person_id, step);
    if (!uuid_equal(person_id, other_id)) board_count(rows, other_id, step);
}

static void apply_pair_found(const struct rows *rows, struct version version, const struct index_pair_found *event) {
    struct pair_row row;
    bool is_possible =
        !uuid_equal(event->person_id, event->other_person_id) && !uuid_is_zero(root_of(rows, event->person_id)) &&
        !uuid_is_zero(root_of(rows, event->other_person_id)) && !pair_row_get(rows, event->pair_id, &row);
    if (!is_possible) return;
    row = (struct pair_row){.pair = {.pair_id = event->pair_id,
                                     .person_id = event->person_id,
                                     .other_person_id = event->other_person_id,
                                     .match = event->proposal.match,
                                     .found_at_ms = version.at_ms},
                            .state = PAIR_OPEN};
    count_both(rows, &row.pair, -1);
    pair_row_put(rows, event->pair_id, &row);
    count_both(rows, &row.pair, 1);
    char nobody[INDEX_SYSTEM_MAX + 1] = {0};
    note(rows, version, event->person_id, CHANGE_SUSPECTED, nobody, event->proposal.record_id, event->other_person_id);
    note(rows, version, event->other_person_id, CHANGE_SUSPECTED, nobody, (struct uuid){{0}}, event->person_id);
}

static void apply_pair_claimed(const struct rows *rows, const struct index_pair_claimed *event) {
    struct pair_row row;
    if (!pair_row_get(rows, event->pair_id, &row)) return;
    memcpy(row.pair.claimed_by, event->by, sizeof row.pair.claimed_by);
    pair_row_put(rows, event->pair_id, &row);
}

static void apply_pair_decided(const struct rows *rows, struct version version,
                               const struct index_pair_decided *event) {
    struct pair_row row;
    if (!pair_row_get(rows, event->pair_id, &row)) return;
    count_both(rows, &row.pair, -1);
    row.state = event->is_same ? PAIR_SAME : PAIR_DIFFERENT;
    memcpy(row.decided_by, event->by, sizeof row.decided_by);
    pair_row_put(rows, event->pair_id, &row);
    count_both(rows, &row.pair, 1);
    note(rows, version, row.pair.person_id, CHANGE_DECIDED, event->by, (struct uuid){{0}}, row.pair.other_person_id);
    note(rows, version, row.pair.other_person_id, CHANGE_DECIDED, event->by, (struct uuid){{0}}, row.pair.person_id);
}

static void apply_flagged(const struct rows *rows, struct version version, const struct index_person_flagged *event) {
    struct uuid person_id = root_of(rows, event->person_id);
    if (uuid_is_zero(person_id)) return;
    person_flag_put(rows, person_id, event->flag, event->is_set, version);
    note(rows, version, person_id, CHANGE_FLAGGED, event->by, (struct uuid){{0}}, (struct uuid){{0}});
}

static void apply_related(const struct rows *rows, struct version version, const struct index_relationship_set *event) {
    struct uuid person_id = root_of(rows, event->person_id);
    if (uuid_is_zero(person_id)) return;
    relation_put(rows, person_id, &event->relationship, version);
    note(rows, version, person_id, CHANGE_RELATED, event->by, (struct uuid){{0}}, event->relationship.other_person_id);
}

/* Under the person's own id: what was said under the ids that lead there stays as it was, for when they part again. */
static void apply_consent(const struct rows *rows, struct version version, const struct index_consent_set *event) {
    struct uuid person_id = root_of(rows, event->person_id);
    if (uuid_is_zero(person_id)) return;
    struct consent_row row = {.consent = event->consent, .version = version};
    memcpy(row.by, event->by, sizeof row.by);
    consent_row_put(rows, person_id, &row);
    note(rows, version, person_id, CHANGE_CONSENTED, event->by, (struct uuid){{0}}, (struct uuid){{0}});
}

static void apply_preferences(const struct rows *rows, struct version version,
                              const struct index_preferences_set *event) {
    struct uuid person_id = root_of(rows, event->person_id);
    if (uuid_is_zero(person_id)) return;
    struct preferences_row row = {.sealed_for_id = event->sealed_for_id, .sealed = event->sealed, .version = version};
    preferences_row_put(rows, person_id, &row);
    note(rows, version, person_id, CHANGE_PREFERRED, event->by, (struct uuid){{0}}, (struct uuid){{0}});
}
