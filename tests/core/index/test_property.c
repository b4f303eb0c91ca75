/* Random histories against a model that only moves labels. Whatever is asked, in whatever order: merging makes one
 * of two and nothing else, taking a merge back restores exactly the groups before and keeps what came in since,
 * every id ever given leads to a person, what was believed at a time is what a replay up to then says, the events
 * replayed give the same rows, and the board counts every record once. A failing seed is printed; BHR_SEED runs one
 * seed alone. */
#include "tests/core/index/index_world.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/support/prng.h"
#include "tests/support/seeds.h"

enum { SEEDS = 40, STEPS = 150, ITEMS_MAX = 2 * STEPS, MERGES_MAX = STEPS, SNAPSHOTS = 5 };

/* A record, or an id that was given: both belong to a person, by its label. */
struct item {
    struct uuid id, label;
    bool is_record;
    uint32_t moves;
    uint8_t nhs_number;
    bool is_verified;
};
struct model_merge {
    struct uuid merge_id, survivor, other;
    bool is_done;
    struct item before[ITEMS_MAX];
    uint32_t before_count;
};
struct snapshot {
    int64_t at_ms;
    uint32_t count;
    struct item items[ITEMS_MAX];
};
struct model {
    struct prng prng;
    struct world world;
    uint32_t item_count, record_count, merge_count;
    struct item items[ITEMS_MAX];
    struct model_merge merges[MERGES_MAX];
    struct snapshot snapshots[SNAPSHOTS];
    uint32_t snapshot_count;
};

static uint32_t merged_count, unmerged_count, refused_again_count, approved_count, flagged_count;

static uint32_t draw(struct model *model, uint32_t below) {
    return (uint32_t)prng_below(&model->prng, below);
}

static struct item *add_item(struct model *model, struct uuid id, struct uuid label, bool is_record) {
    assert_in_range(model->item_count, 0, ITEMS_MAX - 1);
    struct item *item = &model->items[model->item_count++];
    *item = (struct item){.id = id, .label = label, .is_record = is_record};
    return item;
}

static struct item *draw_item(struct model *model, bool is_record) {
    for (int tries = 0; tries < 200 && model->item_count > 0; tries++) {
        struct item *item = &model->items[draw(model, model->item_count)];
        if (item->is_record == is_record) return item;
    }
    return NULL;
}

static bool has_another_number(const struct model *model, struct uuid a, struct uuid b) {
    bool has_both = false;
    for (uint32_t i = 0; i < model->item_count; i++) {
        for (uint32_t k = 0; k < model->item_count; k++) {
            const struct item *x = &model->items[i], *y = &model->items[k];
            bool is_pair = x->is_record && y->is_record && x->is_verified && y->is_verified &&
                           uuid_equal(x->label, a) && uuid_equal(y->label, b);
            if (!is_pair) continue;
            if (x->nhs_number == y->nhs_number) return false;
            has_both = true;
        }
    }
    return has_both;
}

static void step_register(struct model *model) {
    uint64_t number = ++model->record_count;
    uint8_t nhs_number = (uint8_t)draw(model, 6);
    bool is_verified = nhs_number != 0 && prng_chance(&model->prng, 50);
    struct index_command command = register_command(&model->world, number, nhs_number, is_verified);
    struct item *like = prng_chance(&model->prng, 40) ? draw_item(model, true) : NULL;
    struct uuid like_label = {{0}};
    if (like != NULL) {
        like_label = like->label;
        struct index_proposal *proposal = &command.record.proposals[0];
        propose(&command, 1, prng_chance(&model->prng, 50) ? 995000 : 600000, true);
        proposal->record_id = like->id;
    }
    struct index_answer answer;
    assert_int_equal(world_run(&model->world, &command, &answer), OUTCOME_OK);
    bool is_linked = answer.record.how == INDEX_LINKED;
    if (is_linked) assert_memory_equal(&answer.record.person_id, &like_label, sizeof like_label);
    if (!is_linked) add_item(model, command.record.record_id, command.record.record_id, false);
    struct item *item = add_item(model, command.record.record_id, answer.record.person_id, true);
    item->nhs_number = nhs_number;
    item->is_verified = is_verified;
    /* Once more, as its source has it now: the same person. */
    struct index_answer second;
    assert_int_equal(world_run(&model->world, &command, &second), OUTCOME_OK);
    assert_int_equal(second.record.how, INDEX_UPDATED);
    assert_memory_equal(&second.record.person_id, &answer.record.person_id, sizeof answer.record.person_id);
}

static void model_merge(struct model *model, struct uuid merge_id, struct uuid survivor, struct uuid other) {
    struct model_merge *merge = &model->merges[model->merge_count++];
    *merge = (struct model_merge){.merge_id = merge_id, .survivor = survivor, .other = other, .is_done = true};
    for (uint32_t i = 0; i < model->item_count; i++) {
        if (!uuid_equal(model->items[i].label, other)) continue;
        merge->before[merge->before_count++] = model->items[i];
        model->items[i].label = survivor;
    }
    merged_count++;
}

static void step_merge(struct model *model) {
    struct item *a = draw_item(model, false), *b = draw_item(model, false);
    if (a == NULL) return;
    struct uuid survivor = a->label, other = b->label, merge_id, approved_id, none = {{0}};
    uint32_t outcome = run_merge(&model->world, "user-1", a->id, b->id, none, &merge_id);
    if (uuid_equal(survivor, other)) {
        assert_int_equal(outcome, REFUSED_SAME_PERSON);
        return;
    }
    if (outcome == REFUSED_DO_NOT_MATCH) return;
    bool is_conflicting = has_another_number(model, survivor, other);
    assert_int_equal(outcome, is_conflicting ? REFUSED_APPROVAL_NEEDED : OUTCOME_OK);
    if (is_conflicting) {
        uint32_t own = run_merge(&model->world, "user-1", a->id, b->id, merge_id, NULL);
        assert_int_equal(own, REFUSED_APPROVAL_NOT_YOURS);
        if (prng_chance(&model->prng, 50)) return;
        assert_int_equal(run_merge(&model->world, "user-2", a->id, b->id, merge_id, &approved_id), OUTCOME_OK);
        assert_memory_equal(&approved_id, &merge_id, sizeof merge_id);
        approved_count++;
    }
    model_merge(model, merge_id, survivor, other);
}

static bool is_person(const struct model *model, struct uuid id) {
    for (uint32_t i = 0; i < model->item_count; i++) {
        if (!model->items[i].is_record && uuid_equal(model->items[i].id, id)) {
            return uuid_equal(model->items[i].label, id);
        }
    }
    return false;
}

static void step_unmerge(struct model *model) {
    if (model->merge_count == 0) return;
    struct model_merge *merge = &model->merges[draw(model, model->merge_count)];
    bool is_survivor = is_person(model, merge->survivor);
    struct index_unmerge_answer answer;
    uint32_t outcome = run_unmerge(&model->world, merge->merge_id, &answer);
    if (!merge->is_done) {
        assert_int_equal(outcome, REFUSED_ALREADY_UNMERGED);
        return;
    }
    assert_int_equal(outcome, is_survivor ? OUTCOME_OK : REFUSED_MERGED_AGAIN);
    refused_again_count += !is_survivor;
    if (!is_survivor) return;
    assert_memory_equal(&answer.other_id, &merge->other, sizeof merge->other);
    assert_true(answer.from_ms <= answer.until_ms && answer.until_ms == model->world.now_ms);
    merge->is_done = false;
    unmerged_count++;
    for (uint32_t i = 0; i < merge->before_count; i++) {
        for (uint32_t k = 0; k < model->item_count; k++) {
            struct item *item = &model->items[k];
            bool is_it = uuid_equal(item->id, merge->before[i].id) && item->is_record == merge->before[i].is_record;
            if (is_it && item->moves == merge->before[i].moves) item->label = merge->other;
        }
    }
}

static void step_move(struct model *model) {
    struct item *record = draw_item(model, true), *to = draw_item(model, false);
    if (record == NULL || to == NULL) return;
    if (prng_chance(&model->prng, 50)) {
        struct uuid label = to->label;
        uint32_t outcome = run_link(&model->world, record->id, to->id);
        if (outcome == REFUSED_ALREADY_THERE) assert_memory_equal(&record->label, &label, sizeof label);
        if (outcome != OUTCOME_OK) return;
        record->label = label;
        record->moves++;
        return;
    }
    struct uuid person_id;
    uint32_t together = 0;
    for (uint32_t i = 0; i < model->item_count; i++) {
        together += model->items[i].is_record && uuid_equal(model->items[i].label, record->label);
    }
    uint32_t outcome = run_unlink(&model->world, record->id, &person_id);
    assert_int_equal(outcome, together == 1 ? REFUSED_ALREADY_ALONE : OUTCOME_OK);
    if (outcome != OUTCOME_OK) return;
    record->label = person_id;
    record->moves++;
    add_item(model, person_id, person_id, false);
}

static void step_flag(struct model *model) {
    struct item *item = draw_item(model, false);
    if (item == NULL) return;
    enum index_flag flag = (enum index_flag)(INDEX_FLAG_RESTRICTED + draw(model, 3));
    bool is_set = prng_chance(&model->prng, 60);
    assert_int_equal(run_flag(&model->world, item->id, flag, is_set), OUTCOME_OK);
    struct rows rows = rows_array_read_only(&model->world.array);
    assert_int_equal(person_has_flag(&rows, item->label, flag, INDEX_NOW), is_set);
    flagged_count++;
}

/* Two records are of one person exactly when the model says so; every id leads where it should. */
static void check_labels(struct world *world, const struct item *items, uint32_t count, int64_t as_of_ms) {
    struct rows rows = rows_array_read_only(&world->array);
    for (uint32_t i = 0; i < count; i++) {
        struct uuid found = {{0}};
        if (items[i].is_record) {
            found = person_of_record(world, items[i].id, as_of_ms);
        } else {
            assert_true(person_root(&rows, items[i].id, as_of_ms, &found, NULL));
        }
        assert_memory_equal(&found, &items[i].label, sizeof found);
    }
}

/* What was believed then is what a store that knows nothing later says now. */
static void check_as_of(struct model *model, const struct snapshot *snapshot) {
    static struct index_person then, now;
    static struct index_sealed then_sealed[INDEX_RECORDS_SHOWN_MAX], now_sealed[INDEX_RECORDS_SHOWN_MAX];
    check_labels(&model->world, snapshot->items, snapshot->count, snapshot->at_ms);
    struct rows_array array;
    world_replay(&model->world, snapshot->at_ms, &array);
    struct rows rows = rows_array_read_only(&model->world.array), replayed = rows_array_read_only(&array);
    for (uint32_t i = 0; i < snapshot->count; i++) {
        if (snapshot->items[i].is_record) continue;
        memset(then_sealed, 0, sizeof then_sealed);
        memset(now_sealed, 0, sizeof now_sealed);
        assert_true(query_person(&rows, snapshot->items[i].id, snapshot->at_ms, &then, then_sealed));
        assert_true(query_person(&replayed, snapshot->items[i].id, INDEX_NOW, &now, now_sealed));
        assert_memory_equal(&then, &now, sizeof then);
        assert_memory_equal(then_sealed, now_sealed, sizeof then_sealed);
    }
    rows_array_free(&array);
}

static void check_board(struct model *model) {
    static struct index_board_answer board;
    struct rows rows = rows_array_read_only(&model->world.array);
    query_board(&rows, &board);
    uint64_t records = 0, verified = 0, matched = 0, expected_verified = 0, expected_matched = 0;
    for (uint32_t i = 0; i < board.row_count; i++) {
        const struct index_board_row *row = &board.rows[i];
        records += row->records;
        verified += row->verified;
        matched += row->matched;
        assert_int_equal(row->records,
                         row->verified + row->matched + row->review + row->incomplete + row->conflict + row->unmatched);
    }
    for (uint32_t i = 0; i < model->item_count; i++) {
        const struct item *item = &model->items[i];
        if (!item->is_record) continue;
        bool has_verified = false;
        for (uint32_t k = 0; k < model->item_count; k++) {
            has_verified |= model->items[k].is_record && model->items[k].is_verified &&
                            uuid_equal(model->items[k].label, item->label);
        }
        expected_verified += item->is_verified;
        expected_matched += !item->is_verified && has_verified;
    }
    assert_int_equal(records, model->record_count);
    assert_int_equal(verified, expected_verified);
    assert_int_equal(matched, expected_matched);
}

static void run_seed(uint64_t seed) {
    struct model *model = calloc(1, sizeof *model);
    assert_non_null(model);
    model->prng = prng_seed(seed);
    world_begin(&model->world);
    for (uint32_t step = 0; step < STEPS; step++) {
        model->world.now_ms += draw(model, 3) == 0 ? 0 : 1 + draw(model, 5000);
        uint32_t what = draw(model, 100);
        if (what < 30) step_register(model);
        if (what >= 30 && what < 60) step_merge(model);
        if (what >= 60 && what < 80) step_unmerge(model);
        if (what >= 80 && what < 92) step_move(model);
        if (what >= 92) step_flag(model);
        if (step % 5 == 0) check_labels(&model->world, model->items, model->item_count, INDEX_NOW);
        if (step % (STEPS / SNAPSHOTS) != 20) continue;
        struct snapshot *snapshot = &model->snapshots[model->snapshot_count++];
        *snapshot = (struct snapshot){.at_ms = model->world.now_ms, .count = model->item_count};
        memcpy(snapshot->items, model->items, sizeof model->items);
        model->world.now_ms++;
    }
    for (uint32_t i = 0; i < model->snapshot_count; i++) check_as_of(model, &model->snapshots[i]);
    check_board(model);
    struct rows_array replica;
    world_replay(&model->world, INT64_MAX, &replica);
    struct digest live = rows_array_digest(&model->world.array), replayed = rows_array_digest(&replica);
    assert_true(digest_equal(live, replayed));
    rows_array_free(&replica);
    world_end(&model->world);
    free(model);
}

static void test_random_histories(void **state) {
    (void)state;
    if (!seeds_each(run_seed, SEEDS)) return;
    /* Nothing of this is worth much if it was never tried. */
    assert_true(merged_count > SEEDS && unmerged_count > SEEDS && refused_again_count > 0);
    assert_true(approved_count > 0 && flagged_count > SEEDS);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_teardown(test_random_histories, seeds_tell_failing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
