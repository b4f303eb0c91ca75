/* Who may be meant (search.h): keys give candidates, candidates are compared, the best are kept. Any thread; allocates
 * nothing.
 *
 * Most candidates are strangers, and what is slow is to fetch them. So they are passed over as early as they can be, by what
 * they can be worth at most (match_bound): first by their row alone, one cache line; then by their names; only who is left
 * is compared in full. What the next ones need is on its way from memory meanwhile. */
#include "lib/search/search_internal.h"

enum {
    KEY_ROWS_MAX = 512, /* a key that leads to more is left out */
    CANDIDATES_MAX = 4096,
    SLOTS_MIN = 256, /* powers of two */
    SLOTS_MAX = 8192,
    ROW_AHEAD = 8,
    TEXT_AHEAD = 4,
    RARITY_PEOPLE = 1000,
    MEANT_MAX = 64, /* names that may have been meant; more are left out */
};
static_assert(CANDIDATES_MAX * 2 <= SLOTS_MAX, "a free slot is soon found");

struct finder {
    const struct search *search;
    struct match_view view;
    uint32_t words[ROW_WORDS], rarity[MATCH_FIELDS];
    int32_t more[MATCH_FIELDS]; /* what that rarity adds */
    int32_t prior_millibits, weight_min;
    uint32_t posterior_ppm_min, limit;
    struct search_result *result;
    uint32_t candidate_count, compared_count; /* the first are compared, the others wait */
    uint32_t candidates[CANDIDATES_MAX];
    uint32_t slot_count, slots[SLOTS_MAX]; /* row + 1; 0 is free: which candidates there are */
};

static void begin(struct finder *finder, const struct search *search, const struct match_person *person);
static void gather(struct finder *finder, const uint64_t *keys, uint32_t count);
static void gather_meant(struct finder *finder, const struct match_text *name, bool is_given);
static void compare_waiting(struct finder *finder);
static void judge(struct finder *finder, uint32_t number);

static void find(const struct search *search, const struct match_person *person, uint32_t posterior_ppm_min,
                 uint32_t limit, struct search_result *ret_result) {
    ASSERT(limit > 0 && limit <= SEARCH_FOUND_MAX);
    struct finder finder;
    uint64_t keys[KEYS_ASKED_MAX];
    finder.posterior_ppm_min = posterior_ppm_min;
    finder.limit = limit;
    finder.result = ret_result;
    begin(&finder, search, person);
    gather(&finder, keys, keys_asked(&finder.view, keys));
    compare_waiting(&finder);
    if (ret_result->count == 0) {
        ret_result->did_fall_back = true;
        gather(&finder, keys, keys_wide(&finder.view, keys));
        compare_waiting(&finder);
    }
    if (ret_result->count == 0) {
        gather_meant(&finder, finder.view.family, false);
        gather_meant(&finder, finder.view.given, true);
        compare_waiting(&finder);
    }
}

void search_find(const struct search *search, const struct match_person *person, uint32_t posterior_ppm_min,
                 uint32_t limit, struct search_result *ret_result) {
    (void)pthread_rwlock_rdlock(search->lock);
    find(search, person, posterior_ppm_min, limit, ret_result);
    (void)pthread_rwlock_unlock(search->lock);
}

/* Everybody as they are, seen through other rules: a copy of what is not behind a pointer, while nobody may change it. */
void search_find_by(const struct search *search, const struct match_rules *rules, const struct match_person *person,
                    uint32_t posterior_ppm_min, uint32_t limit, struct search_result *ret_result) {
    ASSERT(rules != NULL);
    (void)pthread_rwlock_rdlock(search->lock);
    struct search other = *search;
    other.rules = rules;
    match_bounds_of(rules, &other.bounds);
    find(&other, person, posterior_ppm_min, limit, ret_result);
    (void)pthread_rwlock_unlock(search->lock);
}

void search_find_slowly(const struct search *search, const struct match_person *person, uint32_t posterior_ppm_min,
                        uint32_t limit, struct search_result *ret_result) {
    ASSERT(limit > 0 && limit <= SEARCH_FOUND_MAX);
    struct finder finder;
    finder.posterior_ppm_min = posterior_ppm_min;
    finder.limit = limit;
    finder.result = ret_result;
    (void)pthread_rwlock_rdlock(search->lock);
    begin(&finder, search, person);
    for (uint32_t number = 0; number < search->row_count; number++) {
        if (search->rows[number].is_live) judge(&finder, number);
    }
    ret_result->compared = search->people;
    (void)pthread_rwlock_unlock(search->lock);
}

/* How many in a billion have what the person has, where that is known. While few are known, what two of them share says
 * little about all, so as many people as RARITY_PEOPLE, who share as those did from whom the rules were learned, are counted
 * with them. */
static void find_rarity(struct finder *finder) {
    static const uint8_t word_of[MATCH_FIELDS] = {
        [MATCH_FAMILY] = ROW_FAMILY + 1, [MATCH_GIVEN] = ROW_GIVEN + 1,   [MATCH_POSTCODE] = ROW_POSTCODE + 1,
        [MATCH_HOUSE] = ROW_HOUSE + 1,   [MATCH_LINE_1] = ROW_LINES + 1,  [MATCH_LINE_2] = ROW_LINES + 2,
        [MATCH_TOWN] = ROW_LINES + 3,    [MATCH_COUNTY] = ROW_COUNTY + 1,
    };
    const struct match_rules *rules = finder->search->rules;
    for (enum match_field field = 0; field < MATCH_FIELDS; field++) {
        finder->rarity[field] = 0;
        finder->more[field] = 0;
        if (word_of[field] == 0 || finder->words[word_of[field] - 1] == WORD_NONE) continue;
        uint32_t word = finder->words[word_of[field] - 1];
        uint64_t have = words_people(&finder->search->words, word) * UINT64_C(1000000000);
        uint64_t expected = rules->same_per_billion[field] * (uint64_t)RARITY_PEOPLE;
        uint64_t rarity = (have + expected) / (finder->search->people + (uint64_t)RARITY_PEOPLE);
        finder->rarity[field] = rarity > 1000000000 ? 1000000000 : (uint32_t)rarity;
        finder->more[field] = match_rarity_millibits(rules, field, finder->rarity[field]);
    }
}

/* Its texts become those of the search where somebody has them: what is the same is then the same number. */
static void begin(struct finder *finder, const struct search *search, const struct match_person *person) {
    struct match_view *view = &finder->view;
    const struct match_text **texts[ROW_WORDS] = {&view->family, &view->given,    &view->postcode, &view->house,
                                                  &view->county, &view->lines[0], &view->lines[1], &view->lines[2]};
    const struct match_text *asked[ROW_WORDS];
    *view = match_view_of(person);
    for (int i = 0; i < ROW_WORDS; i++) asked[i] = *texts[i];
    words_find(&search->words, asked, finder->words);
    for (int i = 0; i < ROW_WORDS; i++) {
        if (finder->words[i] != WORD_NONE) *texts[i] = words_text(&search->words, finder->words[i]);
    }
    finder->search = search;
    finder->prior_millibits = match_prior(search->rules, search->people);
    finder->weight_min = match_least_weight(finder->posterior_ppm_min);
    find_rarity(finder);
    finder->candidate_count = finder->compared_count = 0;
    finder->slot_count = SLOTS_MIN;
    memset(finder->slots, 0, SLOTS_MIN * sizeof *finder->slots);
    finder->result->count = finder->result->compared = 0;
    finder->result->is_incomplete = finder->result->did_fall_back = false;
}

/* ---- candidates ---- */

/* The slot that has it, or the free one where it would be. */
static uint32_t *slot_of(struct finder *finder, uint32_t number) {
    uint32_t slot = (uint32_t)((number * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & (finder->slot_count - 1);
    while (finder->slots[slot] != 0 && finder->slots[slot] != number + 1) slot = (slot + 1) & (finder->slot_count - 1);
    return &finder->slots[slot];
}

static void add_candidate(struct finder *finder, uint32_t number) {
    uint32_t *slot = slot_of(finder, number);
    if (*slot != 0) return;
    if (finder->candidate_count == CANDIDATES_MAX) {
        finder->result->is_incomplete = true;
        return;
    }
    *slot = number + 1;
    finder->candidates[finder->candidate_count++] = number;
    if (finder->candidate_count * 2 <= finder->slot_count) return;
    finder->slot_count *= 2;
    memset(finder->slots, 0, finder->slot_count * sizeof *finder->slots);
    for (uint32_t i = 0; i < finder->candidate_count; i++) {
        *slot_of(finder, finder->candidates[i]) = finder->candidates[i] + 1;
    }
}

static void gather(struct finder *finder, const uint64_t *keys, uint32_t count) {
    const struct postings *postings = &finder->search->postings;
    uint32_t rows[KEY_ROWS_MAX], row_count;
    for (uint32_t i = 0; i < count; i++) postings_prefetch(postings, keys[i]);
    for (uint32_t i = 0; i < count; i++) postings_prefetch_rows(postings, keys[i]);
    for (uint32_t i = 0; i < count; i++) {
        if (!postings_find(postings, keys[i], KEY_ROWS_MAX, rows, &row_count)) finder->result->is_incomplete = true;
        for (uint32_t k = 0; k < row_count; k++) add_candidate(finder, rows[k]);
    }
}

/* By names that are one error from the one that was asked for; several of one sound lead to the same people. */
static void gather_meant(struct finder *finder, const struct match_text *name, bool is_given) {
    const struct words *words = &finder->search->words;
    const struct grams *grams = is_given ? &words->given : &words->family;
    uint32_t meant[MEANT_MAX + 1], count = grams_alike(grams, words, name, MEANT_MAX + 1, meant), asked = 0;
    uint64_t keys[KEYS_MEANT_MAX], first[MEANT_MAX];
    bool is_too_many = count > MEANT_MAX;
    if (is_too_many || grams->is_incomplete) finder->result->is_incomplete = true;
    for (uint32_t i = 0; i < count && !is_too_many; i++) {
        uint32_t key_count = keys_meant(&finder->view, words_text(words, meant[i]), is_given, keys), k = 0;
        if (key_count == 0) continue;
        while (k < asked && first[k] != keys[0]) k++;
        if (k < asked) continue;
        first[asked++] = keys[0];
        gather(finder, keys, key_count);
    }
}

/* ---- comparing ---- */

static uint8_t level_by_word(const struct finder *finder, const struct row *row, enum row_word word, bool is_asked) {
    if (row->words[word] == WORD_NONE || !is_asked) return MATCH_LEVEL_MISSING;
    return row->words[word] == finder->words[word] ? MATCH_LEVEL_SAME : MATCH_LEVEL_OTHER;
}

/* Unless one of the two is the same they may fit crosswise. */
static void levels_of_pair(uint8_t *first, uint8_t *second) {
    if (*first != MATCH_LEVEL_SAME && *second != MATCH_LEVEL_SAME) *first = *second = MATCH_LEVEL_OTHER;
}

/* What the row alone tells. */
static void levels_by_row(const struct finder *finder, const struct row *row, struct match_levels *ret_levels) {
    const struct match_view *view = &finder->view;
    uint8_t *of = ret_levels->of;
    struct match_view numbers = {.birth = row->birth, .sex = row->sex, .phone = row->phone};
    match_compare_numbers(view, &numbers, ret_levels);
    of[MATCH_FAMILY] = level_by_word(finder, row, ROW_FAMILY, view->family->size > 0);
    of[MATCH_GIVEN] = level_by_word(finder, row, ROW_GIVEN, view->given->size > 0);
    of[MATCH_POSTCODE] = level_by_word(finder, row, ROW_POSTCODE, view->postcode->size > 0);
    of[MATCH_HOUSE] = level_by_word(finder, row, ROW_HOUSE, view->house->size > 0);
    of[MATCH_LINE_1] = level_by_word(finder, row, ROW_LINES, view->lines[0]->size > 0);
    of[MATCH_LINE_2] = level_by_word(finder, row, ROW_LINES + 1, view->lines[1]->size > 0);
    of[MATCH_TOWN] = level_by_word(finder, row, ROW_LINES + 2, view->lines[2]->size > 0);
    of[MATCH_COUNTY] = level_by_word(finder, row, ROW_COUNTY, view->county->size > 0);
    levels_of_pair(&of[MATCH_FAMILY], &of[MATCH_GIVEN]);
    bool has_two_lines = row->words[ROW_LINES + 1] != WORD_NONE || view->lines[1]->size > 0;
    if (has_two_lines) levels_of_pair(&of[MATCH_LINE_1], &of[MATCH_LINE_2]);
}

static bool is_hopeless(const struct finder *finder, const struct match_levels *levels) {
    return match_bound(&finder->search->bounds, finder->prior_millibits, levels, finder->more) < finder->weight_min;
}

static void compare_names_of(struct finder *finder, uint32_t number) {
    const struct row *row = &finder->search->rows[number];
    struct match_view view = search_row_view(finder->search, row);
    struct match_levels levels = {{0}};
    levels_by_row(finder, row, &levels);
    match_compare_names(&finder->view, &view, &levels);
    if (!is_hopeless(finder, &levels)) judge(finder, number);
}

static void compare_waiting(struct finder *finder) {
    const struct search *search = finder->search;
    uint32_t left[CANDIDATES_MAX], left_count = 0;
    uint32_t from = finder->compared_count, until = finder->candidate_count;
    for (uint32_t i = from; i < until && i < from + ROW_AHEAD; i++) {
        __builtin_prefetch(&search->rows[finder->candidates[i]]);
    }
    for (uint32_t i = from; i < until; i++) {
        if (i + ROW_AHEAD < until) __builtin_prefetch(&search->rows[finder->candidates[i + ROW_AHEAD]]);
        const struct row *row = &search->rows[finder->candidates[i]];
        struct match_levels levels = {{0}};
        if (!row->is_live) continue;
        finder->result->compared++;
        levels_by_row(finder, row, &levels);
        if (is_hopeless(finder, &levels)) continue;
        __builtin_prefetch(words_text(&search->words, row->words[ROW_FAMILY]));
        __builtin_prefetch(words_text(&search->words, row->words[ROW_GIVEN]));
        left[left_count++] = finder->candidates[i];
    }
    for (uint32_t i = 0; i < left_count; i++) compare_names_of(finder, left[i]);
    finder->compared_count = until;
}

static void keep(struct finder *finder, const struct search_found *found) {
    struct search_result *result = finder->result;
    uint32_t at = result->count;
    while (at > 0) {
        const struct search_found *before = &result->found[at - 1];
        int64_t more = (int64_t)found->score.weight_millibits - before->score.weight_millibits;
        bool is_lower = memcmp(found->record_id.bytes, before->record_id.bytes, sizeof found->record_id.bytes) < 0;
        if (more < 0 || (more == 0 && !is_lower)) break;
        at--;
    }
    if (at == finder->limit) return;
    if (result->count < finder->limit) result->count++;
    memmove(&result->found[at + 1], &result->found[at], (result->count - at - 1) * sizeof *found);
    result->found[at] = *found;
}

static void judge(struct finder *finder, uint32_t number) {
    const struct row *row = &finder->search->rows[number];
    struct match_view view = search_row_view(finder->search, row);
    struct search_found found = {.record_id = row->record_id};
    match_compare(&finder->view, &view, &found.levels);
    match_score(finder->search->rules, finder->prior_millibits, &found.levels, finder->rarity, &found.score);
    if (found.score.posterior_ppm >= finder->posterior_ppm_min) keep(finder, &found);
}
