/* Random histories of what people said, against a model without trees: every id has a list of what was said of it. What is
 * said of a person goes onto the lists of all ids that are of that person; a merge notes the lists of those that come, and
 * taking it back puts the noted ones back. In force is the newest of a list that has the day in it, and of what the ids of a
 * person have in force a refusal counts. What was known at a time is what was answered then, and a replay answers the same.
 * A failing seed is printed; BHR_SEED runs one seed alone. */
#include "tests/core/index/index_world.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/support/prng.h"
#include "tests/support/seeds.h"

enum { SEEDS = 30, STEPS = 90, PERSONS_MAX = 8, SAID_MAX = STEPS, MERGES_MAX = STEPS, SAMPLES_MAX = STEPS };
static const char *const days[] = {"2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01"};
enum { DAYS = sizeof days / sizeof days[0] };

struct said {
    enum index_decided decision;
    uint32_t from, until; /* days; until DAYS: goes on */
};
struct list {
    uint32_t count;
    uint32_t at[SAID_MAX]; /* in said */
};
struct model_merge {
    struct uuid merge_id;
    uint32_t survivor, other;
    bool is_done, was_of_other[PERSONS_MAX];
    struct list before[PERSONS_MAX];
};
struct answer {
    enum index_decided decision; /* 0: nothing is in force */
    bool is_contradicted;
};
struct sample {
    int64_t at_ms;
    uint32_t person_count;
    struct answer answers[PERSONS_MAX][DAYS];
};
struct model {
    struct prng prng;
    struct world world;
    uint32_t person_count, said_count, merge_count, sample_count;
    struct uuid ids[PERSONS_MAX];
    uint32_t person_of[PERSONS_MAX]; /* whose an id is now */
    struct list lists[PERSONS_MAX];
    struct said said[SAID_MAX];
    struct model_merge merges[MERGES_MAX];
    struct sample samples[SAMPLES_MAX];
};

static uint32_t said_count, merged_count, unmerged_count, contradicted_count, again_count;

static uint32_t draw(struct model *model, uint32_t below) {
    return (uint32_t)prng_below(&model->prng, below);
}

static void step_register(struct model *model) {
    if (model->person_count == PERSONS_MAX) return;
    struct index_register_answer answer;
    uint32_t i = model->person_count++;
    assert_int_equal(run_register(&model->world, i + 1, &answer), OUTCOME_OK);
    model->ids[i] = answer.person_id;
    model->person_of[i] = i;
}

static void step_say(struct model *model) {
    uint32_t id = draw(model, model->person_count), person = model->person_of[id];
    struct said said = {.decision = (enum index_decided)(1 + draw(model, 3)), .from = draw(model, DAYS)};
    said.until = said.from + draw(model, DAYS + 1 - said.from);
    const char *until = said.until == DAYS ? "" : days[said.until];
    if (prng_chance(&model->prng, 50)) {
        said.until = DAYS;
        until = "";
    }
    assert_int_equal(
        run_consent(&model->world, model->ids[id], INDEX_PURPOSE_CONTACT, said.decision, days[said.from], until),
        OUTCOME_OK);
    uint32_t at = model->said_count++, told = 0;
    model->said[at] = said;
    for (uint32_t i = 0; i < model->person_count; i++) {
        if (model->person_of[i] != person) continue;
        struct list *list = &model->lists[i];
        list->at[list->count++] = at;
        told++;
    }
    said_count++;
    again_count += told > 1;
}

static void step_merge(struct model *model) {
    uint32_t survivor = model->person_of[draw(model, model->person_count)];
    uint32_t other = model->person_of[draw(model, model->person_count)];
    if (survivor == other || model->merge_count == MERGES_MAX) return;
    struct model_merge *merge = &model->merges[model->merge_count++];
    *merge = (struct model_merge){.survivor = survivor, .other = other, .is_done = true};
    assert_int_equal(run_merge(&model->world, "user-1", model->ids[survivor], model->ids[other], (struct uuid){{0}},
                               &merge->merge_id),
                     OUTCOME_OK);
    for (uint32_t i = 0; i < model->person_count; i++) {
        if (model->person_of[i] != other) continue;
        merge->was_of_other[i] = true;
        merge->before[i] = model->lists[i];
        model->person_of[i] = survivor;
    }
    merged_count++;
}

static void step_unmerge(struct model *model) {
    if (model->merge_count == 0) return;
    struct model_merge *merge = &model->merges[draw(model, model->merge_count)];
    if (!merge->is_done || model->person_of[merge->survivor] != merge->survivor) return;
    assert_int_equal(run_unmerge(&model->world, merge->merge_id, NULL), OUTCOME_OK);
    merge->is_done = false;
    for (uint32_t i = 0; i < model->person_count; i++) {
        if (!merge->was_of_other[i]) continue;
        model->lists[i] = merge->before[i];
        model->person_of[i] = merge->other;
    }
    unmerged_count++;
}

static enum index_decided in_force(const struct model *model, const struct list *list, uint32_t day) {
    for (uint32_t i = list->count; i > 0; i--) {
        const struct said *said = &model->said[list->at[i - 1]];
        if (said->from <= day && (said->until == DAYS || day <= said->until)) return said->decision;
    }
    return INDEX_NOT_STATED;
}

static struct answer expected(const struct model *model, uint32_t id, uint32_t day) {
    bool is_permitted = false, is_denied = false;
    for (uint32_t i = 0; i < model->person_count; i++) {
        if (model->person_of[i] != model->person_of[id]) continue;
        enum index_decided decision = in_force(model, &model->lists[i], day);
        is_permitted |= decision == INDEX_PERMIT;
        is_denied |= decision == INDEX_DENY;
    }
    struct answer answer = {.is_contradicted = is_permitted && is_denied};
    if (is_permitted) answer.decision = INDEX_PERMIT;
    if (is_denied) answer.decision = INDEX_DENY;
    return answer;
}

static struct answer asked(struct rows_array *array, struct uuid id, uint32_t day, int64_t as_of_ms) {
    struct rows rows = rows_array_read_only(array);
    struct index_recorded_consent found[INDEX_PURPOSES];
    struct uuid person_id;
    assert_true(person_root(&rows, id, as_of_ms, &person_id, NULL));
    uint32_t count = query_consents(&rows, person_id, days[day], as_of_ms, found);
    assert_true(count <= 1);
    if (count == 0) return (struct answer){0};
    assert_int_equal(found[0].consent.purpose, INDEX_PURPOSE_CONTACT);
    return (struct answer){.decision = found[0].consent.decision, .is_contradicted = found[0].is_contradicted};
}

static void compare(struct answer found, struct answer wanted, uint32_t id, uint32_t day) {
    bool is_same = found.decision == wanted.decision && found.is_contradicted == wanted.is_contradicted;
    if (is_same) return;
    fail_msg("id %u on %s: %d%s instead of %d%s", id, days[day], (int)found.decision, found.is_contradicted ? "!" : "",
             (int)wanted.decision, wanted.is_contradicted ? "!" : "");
}

static void take_sample(struct model *model) {
    struct sample *sample = &model->samples[model->sample_count++];
    sample->at_ms = model->world.now_ms++;
    sample->person_count = model->person_count;
    for (uint32_t i = 0; i < model->person_count; i++) {
        for (uint32_t day = 0; day < DAYS; day++) {
            struct answer wanted = expected(model, i, day);
            compare(asked(&model->world.array, model->ids[i], day, INDEX_NOW), wanted, i, day);
            contradicted_count += wanted.is_contradicted;
            sample->answers[i][day] = wanted;
        }
    }
}

static void check_samples(struct model *model) {
    for (uint32_t k = 0; k < model->sample_count; k++) {
        const struct sample *sample = &model->samples[k];
        struct rows_array replayed;
        bool is_replayed = k % 6 == 0;
        if (is_replayed) world_replay(&model->world, sample->at_ms, &replayed);
        for (uint32_t i = 0; i < sample->person_count; i++) {
            for (uint32_t day = 0; day < DAYS; day++) {
                struct answer wanted = sample->answers[i][day];
                compare(asked(&model->world.array, model->ids[i], day, sample->at_ms), wanted, i, day);
                if (is_replayed) compare(asked(&replayed, model->ids[i], day, INDEX_NOW), wanted, i, day);
            }
        }
        if (is_replayed) rows_array_free(&replayed);
    }
}

static void run_seed(uint64_t seed) {
    struct model *model = calloc(1, sizeof *model);
    assert_non_null(model);
    model->prng = prng_seed(seed);
    world_begin(&model->world);
    step_register(model);
    for (uint32_t step = 0; step < STEPS; step++) {
        model->world.now_ms += draw(model, 1000);
        uint32_t what = draw(model, 100);
        if (what < 12) step_register(model);
        if (what >= 12 && what < 52) step_say(model);
        if (what >= 52 && what < 77) step_merge(model);
        if (what >= 77) step_unmerge(model);
        if (step % 3 == 0) take_sample(model);
    }
    check_samples(model);
    struct rows_array replica;
    world_replay(&model->world, INT64_MAX, &replica);
    assert_true(digest_equal(rows_array_digest(&model->world.array), rows_array_digest(&replica)));
    rows_array_free(&replica);
    world_end(&model->world);
    free(model);
}

static void test_random_histories(void **state) {
    (void)state;
    if (!seeds_each(run_seed, SEEDS)) return;
    /* Nothing of this is worth much if it was never tried. */
    assert_true(said_count > SEEDS && merged_count > SEEDS && unmerged_count > SEEDS);
    assert_true(contradicted_count > SEEDS && again_count > SEEDS);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_teardown(test_random_histories, seeds_tell_failing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
