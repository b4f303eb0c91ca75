/* People come and go (search.h). A row is found by its record id through a table of numbers; keys lead to it until the
 * settle after it went, so it is used again only then. */
#include "lib/search/search_internal.h"

#include <stdlib.h>

enum { ROWS_EXTRA = 16, ROWS_EXTRA_PART = 16, ID_SLOTS_HALVES = 3 /* three for two people */ };
static const uint32_t NOT_FOUND = UINT32_MAX;

static void remove_row(struct search *search, uint32_t slot);
static void settle(struct search *search);

/* ---- life ---- */

static bool init(struct search *search, uint32_t people_max) {
    pthread_rwlockattr_t attributes;
    search->people_max = people_max;
    search->row_max = people_max + people_max / ROWS_EXTRA_PART + ROWS_EXTRA;
    search->free_row = search->dead_row = search->row_max;
    search->id_slots = (uint32_t)((uint64_t)search->row_max * ID_SLOTS_HALVES / 2);
    search->rows = aligned_alloc(sizeof(struct row), (size_t)search->row_max * sizeof(struct row));
    search->ids = calloc(search->id_slots, sizeof *search->ids);
    search->lock = malloc(sizeof *search->lock);
    bool has_words = words_init(&search->words, people_max);
    bool has_postings = postings_init(&search->postings, people_max);
    if (search->lock != NULL) {
        (void)pthread_rwlockattr_init(&attributes);
        (void)pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
        int failed = pthread_rwlock_init(search->lock, &attributes);
        ASSERT(failed == 0);
        (void)pthread_rwlockattr_destroy(&attributes);
    }
    return search->rows != NULL && search->ids != NULL && search->lock != NULL && has_words && has_postings;
}

struct search *search_new(const struct match_rules *rules, uint32_t people_max) {
    ASSERT(rules != NULL);
    ASSERT(people_max > 0 && people_max <= SEARCH_PEOPLE_MAX);
    struct search *search = calloc(1, sizeof *search);
    if (search == NULL) return NULL;
    search->rules = rules;
    match_bounds_of(rules, &search->bounds);
    if (init(search, people_max)) return search;
    search_free(search);
    return NULL;
}

void search_free(struct search *search) {
    if (search == NULL) return;
    if (search->lock != NULL) (void)pthread_rwlock_destroy(search->lock);
    free(search->lock);
    free(search->rows);
    free(search->ids);
    words_fini(&search->words);
    postings_fini(&search->postings);
    free(search);
}

void search_use(struct search *search, const struct match_rules *rules) {
    ASSERT(rules != NULL);
    (void)pthread_rwlock_wrlock(search->lock);
    search->rules = rules;
    match_bounds_of(rules, &search->bounds);
    (void)pthread_rwlock_unlock(search->lock);
}

struct search_view search_view(const struct search *search) {
    (void)pthread_rwlock_rdlock(search->lock);
    struct search_view view = {.people = search->people,
                               .bytes = sizeof *search + (uint64_t)search->row_count * sizeof(struct row) +
                                        (uint64_t)search->id_slots * sizeof *search->ids + words_bytes(&search->words) +
                                        postings_bytes(&search->postings)};
    (void)pthread_rwlock_unlock(search->lock);
    return view;
}

/* ---- record ids ---- */

static uint32_t id_home(const struct search *search, struct uuid id) {
    uint64_t halves[2];
    memcpy(halves, id.bytes, sizeof halves);
    return (uint32_t)((keys_mix(halves[0] + keys_mix(halves[1])) >> 32) * search->id_slots >> 32);
}

static uint32_t id_after(const struct search *search, uint32_t slot) {
    return slot + 1 == search->id_slots ? 0 : slot + 1;
}

/* The slot of this id, or the free one where it would be. */
static uint32_t id_slot(const struct search *search, struct uuid id) {
    uint32_t slot = id_home(search, id);
    while (search->ids[slot] != 0 && !uuid_equal(search->rows[search->ids[slot] - 1].record_id, id)) {
        slot = id_after(search, slot);
    }
    return slot;
}

/* As the words' table does. Knuth 6.4, algorithm R. */
static void id_free(struct search *search, uint32_t slot) {
    uint32_t hole = slot;
    for (uint32_t next = id_after(search, hole); search->ids[next] != 0; next = id_after(search, next)) {
        uint32_t home = id_home(search, search->rows[search->ids[next] - 1].record_id);
        bool is_between = hole <= next ? hole < home && home <= next : hole < home || home <= next;
        if (is_between) continue;
        search->ids[hole] = search->ids[next];
        hole = next;
    }
    search->ids[hole] = 0;
}

/* ---- changes ---- */

static bool take_words(struct search *search, const struct match_person *person, uint32_t ret_words[ROW_WORDS]) {
    const struct match_text *texts[ROW_WORDS] = {&person->family,   &person->given,   &person->postcode,
                                                 &person->house,    &person->county,  &person->lines[0],
                                                 &person->lines[1], &person->lines[2]};
    for (int i = 0; i < ROW_WORDS; i++) {
        if (words_take(&search->words, (enum row_word)i, texts[i], &ret_words[i])) continue;
        while (i-- > 0) words_give_back(&search->words, ret_words[i]);
        return false;
    }
    return true;
}

static uint32_t take_row(struct search *search) {
    if (search->free_row == search->row_max && search->row_count == search->row_max) settle(search);
    uint32_t row = search->free_row;
    if (row != search->row_max) {
        search->free_row = search->rows[row].words[0];
        return row;
    }
    return search->row_count < search->row_max ? search->row_count++ : NOT_FOUND;
}

static void add_keys(struct search *search, uint32_t number) {
    uint64_t keys[KEYS_NARROW_MAX + KEYS_WIDE_MAX];
    struct match_view view = search_row_view(search, &search->rows[number]);
    uint32_t count = keys_narrow(&view, keys);
    count += keys_wide(&view, keys + count);
    for (uint32_t i = 0; i < count; i++) postings_add(&search->postings, keys[i], number);
}

static bool put(struct search *search, struct uuid record_id, const struct match_person *person) {
    uint32_t slot = id_slot(search, record_id), words[ROW_WORDS];
    if (search->ids[slot] != 0) {
        remove_row(search, slot);
        slot = id_slot(search, record_id);
    }
    if (search->people == search->people_max || !take_words(search, person, words)) return false;
    if (!postings_has_room(&search->postings, KEYS_NARROW_MAX + KEYS_WIDE_MAX)) settle(search);
    uint32_t number = take_row(search);
    ASSERT(number != NOT_FOUND); /* there are more rows than people, and a settle frees those of the dead */
    struct row *row = &search->rows[number];
    *row = (struct row){
        .record_id = record_id, .phone = person->phone, .birth = person->birth, .sex = person->sex, .is_live = true};
    memcpy(row->words, words, sizeof words);
    search->ids[slot] = number + 1;
    search->people++;
    add_keys(search, number);
    return true;
}

bool search_put(struct search *search, struct uuid record_id, const struct match_person *person) {
    (void)pthread_rwlock_wrlock(search->lock);
    bool is_put = put(search, record_id, person);
    (void)pthread_rwlock_unlock(search->lock);
    return is_put;
}

/* Its row is kept aside until no key leads there. */
static void remove_row(struct search *search, uint32_t slot) {
    uint32_t number = search->ids[slot] - 1;
    struct row *row = &search->rows[number];
    ASSERT(row->is_live && search->people > 0);
    id_free(search, slot);
    for (int i = 0; i < ROW_WORDS; i++) words_give_back(&search->words, row->words[i]);
    row->is_live = false;
    row->words[0] = search->dead_row;
    search->dead_row = number;
    search->people--;
}

void search_remove(struct search *search, struct uuid record_id) {
    (void)pthread_rwlock_wrlock(search->lock);
    uint32_t slot = id_slot(search, record_id);
    if (search->ids[slot] != 0) remove_row(search, slot);
    (void)pthread_rwlock_unlock(search->lock);
}

static bool is_dead(const void *context, uint32_t row) {
    return !((const struct search *)context)->rows[row].is_live;
}

static void settle(struct search *search) {
    postings_settle(&search->postings, search->dead_row == search->row_max ? NULL : is_dead, search);
    while (search->dead_row != search->row_max) {
        uint32_t number = search->dead_row;
        search->dead_row = search->rows[number].words[0];
        search->rows[number].words[0] = search->free_row;
        search->free_row = number;
    }
}

void search_settle(struct search *search) {
    (void)pthread_rwlock_wrlock(search->lock);
    settle(search);
    (void)pthread_rwlock_unlock(search->lock);
}

struct match_view search_row_view(const struct search *search, const struct row *row) {
    const struct words *words = &search->words;
    return (struct match_view){.family = words_text(words, row->words[ROW_FAMILY]),
                               .given = words_text(words, row->words[ROW_GIVEN]),
                               .postcode = words_text(words, row->words[ROW_POSTCODE]),
                               .house = words_text(words, row->words[ROW_HOUSE]),
                               .lines = {words_text(words, row->words[ROW_LINES]),
                                         words_text(words, row->words[ROW_LINES + 1]),
                                         words_text(words, row->words[ROW_LINES + 2])},
                               .county = words_text(words, row->words[ROW_COUNTY]),
                               .birth = row->birth,
                               .sex = row->sex,
                               .phone = row->phone};
}
