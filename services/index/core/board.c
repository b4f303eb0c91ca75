/* Counts a person's records by what is known of their NHS numbers. Pure but for the rows, which may say that nothing is
 * there when the store has just filled up (apply.c): then nothing is counted any more. */
#include "services/index/core/board.h"

struct person_state {
    bool is_verified; /* one of the records has a verified number */
    bool is_in_review;
};

static struct person_state state_of(const struct rows *rows, struct uuid person_id);
static uint64_t *column_of(struct index_board_row *board, const struct record_row *record, struct person_state state);

void board_count(const struct rows *rows, struct uuid person_id, int step) {
    ASSERT(step == 1 || step == -1);
    if (uuid_is_zero(person_id)) return;
    struct person_state state = state_of(rows, person_id);
    struct record_walk walk = record_walk_of(person_id, INDEX_NOW);
    while (record_walk_next(rows, &walk)) {
        struct record_row record;
        if (!record_row_get(rows, walk.record_id, INDEX_NOW, &record)) return;
        struct index_board_row board;
        board_row_get(rows, record.organisation, record.source, &board);
        uint64_t *column = column_of(&board, &record, state);
        if (step < 0 && (board.records == 0 || *column == 0)) return;
        board.records += (uint64_t)step;
        *column += (uint64_t)step;
        board_row_put(rows, &board);
    }
}

static uint64_t *column_of(struct index_board_row *board, const struct record_row *record, struct person_state state) {
    const uint32_t needed = INDEX_HAS_FAMILY_NAME | INDEX_HAS_BIRTH_DATE;
    if (record_is_verified(record)) return &board->verified;
    if (state.is_verified) return &board->matched;
    if (state.is_in_review) return &board->review;
    if ((record->fields & needed) != needed) return &board->incomplete;
    if (record->nhs_number_status == INDEX_NHS_CONFLICT) return &board->conflict;
    return &board->unmatched;
}

static bool has_open_pair(const struct rows *rows, struct uuid group_id, struct uuid person_id) {
    struct uuid other_id = {{0}}, pair_id, other_person_id;
    struct pair_row pair;
    while (pair_of_next(rows, group_id, &other_id, &pair_id)) {
        bool is_open = pair_row_get(rows, pair_id, &pair) && pair.state == PAIR_OPEN &&
                       person_root(rows, other_id, INDEX_NOW, &other_person_id, NULL) &&
                       !uuid_equal(other_person_id, person_id);
        if (is_open) return true;
    }
    return false;
}

static struct person_state state_of(const struct rows *rows, struct uuid person_id) {
    struct person_state state = {.is_verified = false};
    struct record_walk records = record_walk_of(person_id, INDEX_NOW);
    struct record_row record;
    while (!state.is_verified && record_walk_next(rows, &records)) {
        state.is_verified = record_row_get(rows, records.record_id, INDEX_NOW, &record) && record_is_verified(&record);
    }
    struct group_walk groups = group_walk_of(person_id, INDEX_NOW);
    while (!state.is_in_review && group_walk_next(rows, &groups)) {
        state.is_in_review = has_open_pair(rows, groups.group_id, person_id);
    }
    return state;
}
