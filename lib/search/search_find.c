/* Who may be meant (search.h): keys give candidates, candidates are compared, the best are kept. Any thread; allocates
 * nothing. The rows of the next candidates are on their way from memory while one is compared. */
#include "lib/search/search_internal.h"

enum {
    KEY_ROWS_MAX = 512, /* a key that leads to more is left out */
    CANDIDATES_MAX = 4096,
    SLOTS = 8192, /* a power of two */
    ROW_AHEAD = 8,
    TEXT_AHEAD = 4,
    RARITY_PEOPLE = 1000,
};
static_assert(CANDIDATES_MAX * 2 <= SLOTS, "a free slot is soon found");

struct finder {
    const struct search *search;
    struct match_view view;
    uint32_t words[ROW_WORDS];
    int32_t prior_millibits;
    uint32_t posterior_ppm_min, limit;
    struct search_result *result;
    uint32_t candidate_count, compared_count; /* the first are compared, the others wait */
    uint32_t candidates[CANDIDATES_MAX];
    uint32_t slots[SLOTS]; /* row + 1; 0 is free: which candidates there are */
};

static void begin(struct finder *finder, const struct search *search, const struct match_person *person);
static void gather(struct finder *finder, const uint64_t *keys, uint32_t count);
static void compare_waiting(struct finder *finder);
static void judge(struct finder *finder, uint32_t number);

void search_find(const struct search *search, const struct match_person *person, uint32_t posterior_ppm_min,
                 uint32_t limit, struct search_result *ret_result) {
    ASSERT(limit > 0 && limit <= SEARCH_FOUND_MAX);
    struct finder finder;
    uint64_t keys[KEYS_ASKED_MAX];
    finder.posterior_ppm_min = posterior_ppm_min;
    finder.limit = limit;
    finder.result = ret_result;
    (void)pthread_rwlock_rdlock(search->lock);
    begin(&finder, search, person);
    gather(&finder, keys, keys_asked(&finder.view, keys));
    compare_waiting(&finder);
    if (ret_result->count == 0) {
        ret_result->did_fall_back = true;
        gather(&finder, keys, keys_wide(&finder.view, keys));
        compare_waiting(&finder);
    }
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
    for (uint32_t number = 0; number < search->row_count; number++) judge(&finder, number);
    (void)pthread_rwlock_unlock(search->lock);
}

/* Its texts become those of the search where somebody has them: what is the same is then the same number. */
static void begin(struct finder *finder, const struct search *search, const struct match_person *person) {
    struct match_view *view = &finder->view;
    const struct match_text **texts[ROW_WORDS] = {&view->family,   &view->given,    &view->postcode, &view->house,
                                                  &view->lines[0], &view->lines[1], &view->lines[2]};
    *view = match_view_of(person);
    for (int i = 0; i < ROW_WORDS; i++) {
        finder->words[i] = words_find(&search->words, *texts[i]);
        if (finder->words[i] != WORD_NONE) *texts[i] = words_text(&search->words, finder->words[i]);
    }
    finder->search = search;
    finder->prior_millibits = match_prior(search->rules, search->people);
    finder->candidate_count = finder->compared_count = 0;
    memset(finder->slots, 0, sizeof finder->slots);
    finder->result->count = finder->result->compared = 0;
    finder->result->is_incomplete = finder->result->did_fall_back = false;
}

static void add_candidate(struct finder *finder, uint32_t number) {
    uint32_t slot = (uint32_t)((number * UINT64_C(0x9E3779B97F4A7C15)) >> 51); /* 13 bits */
    static_assert(SLOTS == 1 << 13, "slots have 13 bits");
    while (finder->slots[slot] != 0 && finder->slots[slot] != number + 1) slot = (slot + 1) & (SLOTS - 1);
    if (finder->slots[slot] != 0) return;
    if (finder->candidate_count == CANDIDATES_MAX) {
        finder->result->is_incomplete = true;
        return;
    }
    finder->slots[slot] = number + 1;
    finder->candidates[finder->candidate_count++] = number;
}

static void gather(struct finder *finder, const uint64_t *keys, uint32_t count) {
    const struct postings *postings = &finder->search->postings;
    uint32_t rows[KEY_ROWS_MAX], row_count;
    for (uint32_t i = 0; i < count; i++) postings_prefetch(postings, keys[i]);
    for (uint32_t i = 0; i < count; i++) {
        if (!postings_find(postings, keys[i], KEY_ROWS_MAX, rows, &row_count)) finder->result->is_incomplete = true;
        for (uint32_t k = 0; k < row_count; k++) add_candidate(finder, rows[k]);
    }
}

static void compare_waiting(struct finder *finder) {
    const struct search *search = finder->search;
    uint32_t from = finder->compared_count, until = finder->candidate_count;
    for (uint32_t i = from; i < until && i < from + ROW_AHEAD; i++) {
        __builtin_prefetch(&search->rows[finder->candidates[i]]);
    }
    for (uint32_t i = from; i < until; i++) {
        if (i + ROW_AHEAD < until) __builtin_prefetch(&search->rows[finder->candidates[i + ROW_AHEAD]]);
        if (i + TEXT_AHEAD < until) {
            const struct row *next = &search->rows[finder->candidates[i + TEXT_AHEAD]];
            if (next->is_live) {
                __builtin_prefetch(words_text(&search->words, next->words[ROW_FAMILY]));
                __builtin_prefetch(words_text(&search->words, next->words[ROW_GIVEN]));
                __builtin_prefetch(words_text(&search->words, next->words[ROW_LINES]));
            }
        }
        judge(finder, finder->candidates[i]);
    }
    finder->compared_count = until;
}

/* How many in a billion have what both have. While few are known, what two of them share says little about all, so as many
 * people as RARITY_PEOPLE, who share as those did from whom the rules were learned, are counted with them. */
static void find_rarity(const struct finder *finder, const struct row *row, uint32_t ret_rarity[MATCH_FIELDS]) {
    static const uint8_t word_of[MATCH_FIELDS] = {
        [MATCH_FAMILY] = ROW_FAMILY + 1, [MATCH_GIVEN] = ROW_GIVEN + 1,  [MATCH_POSTCODE] = ROW_POSTCODE + 1,
        [MATCH_HOUSE] = ROW_HOUSE + 1,   [MATCH_LINE_1] = ROW_LINES + 1, [MATCH_LINE_2] = ROW_LINES + 2,
        [MATCH_TOWN] = ROW_LINES + 3,
    };
    for (int field = 0; field < MATCH_FIELDS; field++) {
        ret_rarity[field] = 0;
        if (word_of[field] == 0) continue;
        int i = word_of[field] - 1;
        if (row->words[i] == WORD_NONE || row->words[i] != finder->words[i]) continue;
        uint64_t have = words_people(&finder->search->words, row->words[i]) * UINT64_C(1000000000);
        uint64_t expected = finder->search->rules->same_per_billion[field] * (uint64_t)RARITY_PEOPLE;
        uint64_t rarity = (have + expected) / (finder->search->people + (uint64_t)RARITY_PEOPLE);
        ret_rarity[field] = rarity > 1000000000 ? 1000000000 : (uint32_t)rarity;
    }
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
    if (!row->is_live) return;
    struct match_view view = search_row_view(finder->search, row);
    struct search_found found = {.record_id = row->record_id};
    uint32_t rarity[MATCH_FIELDS];
    match_compare(&finder->view, &view, &found.levels);
    find_rarity(finder, row, rarity);
    match_score(finder->search->rules, finder->prior_millibits, &found.levels, rarity, &found.score);
    finder->result->compared++;
    if (found.score.posterior_ppm >= finder->posterior_ppm_min) keep(finder, &found);
}
