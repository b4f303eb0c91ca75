/* What a person permits and refuses, whichever ids they have had. Pure but for the rows. */
#include "lib/base/assert.h"
#include "services/index/core/query.h"

/* What was said after the group came to where it hangs was said by the person as they are known since, so it counts before
 * what the group says itself. While a group hangs, nothing is recorded under its own id; and only roots are ever hung, so
 * that a link further up is the later one. */
static bool is_said_again(const struct rows *rows, struct uuid group_id, struct uuid person_id,
                          enum index_purpose purpose, const char *on_date, int64_t as_of_ms) {
    while (!uuid_equal(group_id, person_id)) {
        struct person_link link;
        struct consent_row above;
        bool is_known = person_link_get(rows, group_id, as_of_ms, &link);
        ASSERT(is_known && !uuid_is_zero(link.parent_id));
        group_id = link.parent_id;
        bool is_said = consent_row_on(rows, group_id, purpose, on_date, as_of_ms, &above);
        if (is_said && above.version.number > link.since.number) return true;
    }
    return false;
}

/* A refusal counts before a permission: a permission may be of somebody who is another person after all, and what was shown
 * cannot be taken back, while a refusal that was not theirs costs a question. Of two alike the newer one. */
static bool counts_before(const struct consent_row *row, const struct consent_row *other) {
    if (row->consent.decision == other->consent.decision) return row->version.number > other->version.number;
    return row->consent.decision == INDEX_DENY;
}

static bool find_consent(const struct rows *rows, struct uuid person_id, enum index_purpose purpose,
                         const char *on_date, int64_t as_of_ms, struct index_recorded_consent *ret_consent) {
    struct consent_row row, best = {.version = {0}};
    struct uuid best_id = {{0}};
    bool is_permitted = false, is_denied = false;
    struct group_walk walk = group_walk_of(person_id, as_of_ms);
    while (group_walk_next(rows, &walk)) {
        if (!consent_row_on(rows, walk.group_id, purpose, on_date, as_of_ms, &row)) continue;
        if (row.consent.decision == INDEX_NOT_STATED) continue;
        if (is_said_again(rows, walk.group_id, person_id, purpose, on_date, as_of_ms)) continue;
        is_permitted |= row.consent.decision == INDEX_PERMIT;
        is_denied |= row.consent.decision == INDEX_DENY;
        if (!uuid_is_zero(best_id) && !counts_before(&row, &best)) continue;
        best = row;
        best_id = walk.group_id;
    }
    if (uuid_is_zero(best_id)) return false;
    memset(ret_consent, 0, sizeof *ret_consent);
    ret_consent->consent = best.consent;
    memcpy(ret_consent->recorded_by, best.by, sizeof best.by);
    ret_consent->recorded_at_ms = best.version.at_ms;
    ret_consent->recorded_for_id = best_id;
    ret_consent->is_contradicted = is_permitted && is_denied;
    return true;
}

uint32_t query_consents(const struct rows *rows, struct uuid person_id, const char *on_date, int64_t as_of_ms,
                        struct index_recorded_consent ret_consents[INDEX_PURPOSES]) {
    ASSERT(on_date[0] != '\0');
    uint32_t count = 0;
    for (int purpose = INDEX_PURPOSE_RECORD_SHARING; purpose <= INDEX_PURPOSE_SECONDARY_USE; purpose++) {
        count += find_consent(rows, person_id, (enum index_purpose)purpose, on_date, as_of_ms, &ret_consents[count]);
    }
    return count;
}

bool query_preferences(const struct rows *rows, struct uuid person_id, int64_t as_of_ms,
                       struct preferences_row *ret_row) {
    struct preferences_row row;
    bool is_found = false;
    struct group_walk walk = group_walk_of(person_id, as_of_ms);
    while (group_walk_next(rows, &walk)) {
        if (!preferences_row_get(rows, walk.group_id, as_of_ms, &row)) continue;
        if (is_found && ret_row->version.number > row.version.number) continue;
        *ret_row = row;
        is_found = true;
    }
    return is_found;
}
