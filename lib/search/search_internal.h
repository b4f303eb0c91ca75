/* What the files of lib/search share, and nobody else includes but their tests. */
#ifndef BHR_SEARCH_SEARCH_INTERNAL_H
#define BHR_SEARCH_SEARCH_INTERNAL_H

#include "lib/base/assert.h"
#include "lib/match/bound.h"
#include "lib/search/search.h"

#include <pthread.h>

/* ---- search_grams.c: names by their pairs of letters ---- */

enum { GRAM_PAIRS = 784, GRAM_NAMES = 7 };

struct gram_name {
    uint32_t word, letters;
};
struct gram_block {
    uint32_t next, count;
    struct gram_name names[GRAM_NAMES];
} __attribute__((aligned(64)));
static_assert(sizeof(struct gram_block) == 64, "a block is a cache line");

struct words;
struct grams {
    struct gram_block *blocks; /* 0 is none */
    uint32_t block_count, block_max, free_block;
    uint32_t heads[GRAM_PAIRS], counts[GRAM_PAIRS];
    bool is_incomplete; /* there was no room for all */
};

bool grams_init(struct grams *grams, uint32_t people_max);
void grams_fini(struct grams *grams);
uint64_t grams_bytes(const struct grams *grams);
void grams_add(struct grams *grams, uint32_t word, const struct match_text *name);
void grams_remove(struct grams *grams, uint32_t word, const struct match_text *name);
/* Names that are one error from this one (match_distance), itself not among them. Returns how many, at most words_max. */
uint32_t grams_alike(const struct grams *grams, const struct words *words, const struct match_text *name,
                     uint32_t words_max, uint32_t *ret_words);

/* ---- search_words.c: every text of a field once, with how many people have it ---- */

/* Fields that are texts. */
enum row_word {
    ROW_FAMILY,
    ROW_GIVEN,
    ROW_POSTCODE,
    ROW_HOUSE,
    ROW_COUNTY,
    ROW_LINES,
    ROW_WORDS = ROW_LINES + MATCH_LINES
};

enum { WORD_NONE = 0 /* the empty text */ };

struct words {
    uint8_t *units; /* of WORD_UNIT bytes; a word is the number of its first one */
    uint32_t unit_count, unit_max;
    uint32_t free_of[4]; /* by number of units: the first of those that were given back */
    uint32_t *slots;     /* by hash, with linear probing */
    uint32_t slot_count, word_count;
    struct grams family, given;
};

bool words_init(struct words *words, uint32_t people_max);
void words_fini(struct words *words);
uint64_t words_bytes(const struct words *words);
/* One more person has it in that field. False when there is no room. */
bool words_take(struct words *words, enum row_word field, const struct match_text *text, uint32_t *ret_word);
void words_give_back(struct words *words, uint32_t word);
/* Of each field, WORD_NONE when nobody has it. All at once, since each of them waits for memory twice. */
void words_find(const struct words *words, const struct match_text *const texts[ROW_WORDS],
                uint32_t ret_words[ROW_WORDS]);
const struct match_text *words_text(const struct words *words, uint32_t word);
uint32_t words_people(const struct words *words, uint32_t word);

/* ---- search_keys.c: what leads to a person ---- */

enum { KEYS_NARROW_MAX = 6, KEYS_WIDE_MAX = 12, KEYS_ASKED_MAX = 16, KEYS_MEANT_MAX = 6 };

/* Hashes under which a person is kept. Returns how many. */
uint32_t keys_narrow(const struct match_view *view, uint64_t ret_keys[KEYS_NARROW_MAX]);
uint32_t keys_wide(const struct match_view *view, uint64_t ret_keys[KEYS_WIDE_MAX]);
/* Those to be asked for somebody: the same, and names crosswise. */
uint32_t keys_asked(const struct match_view *view, uint64_t ret_keys[KEYS_ASKED_MAX]);
/* Those that know a name by its sound, to be asked with a name that may have been meant instead of the family name or, if
 * is_given, the given name. None when it sounds the same. */
uint32_t keys_meant(const struct match_view *view, const struct match_text *meant, bool is_given,
                    uint64_t ret_keys[KEYS_MEANT_MAX]);
/* Spreads each bit of it over the word. */
uint64_t keys_mix(uint64_t value);

/* ---- search_postings.c: from keys to rows ---- */

enum { POSTING_ROW_BITS = 26 };
static_assert(SEARCH_PEOPLE_MAX + SEARCH_PEOPLE_MAX / 16 + 16 < 1 << POSTING_ROW_BITS,
              "a posting holds a row's number");

struct added {
    uint32_t bucket, posting, next;
};
/* Compressed rows: postings of bucket b are those from offsets[b] to offsets[b + 1]. What came since the last settle lies in
 * chains beside them, whose heads are in the order of buckets, so that a settle needs no sorting. A posting is a row and six
 * bits of the key, which keep most of a bucket's other keys out. */
struct postings {
    uint32_t *offsets, *sorted;
    uint32_t bucket_count, sorted_max;
    struct added *added;
    uint32_t *heads;
    uint32_t added_count, added_max;
};

bool postings_init(struct postings *postings, uint32_t people_max);
void postings_fini(struct postings *postings);
uint64_t postings_bytes(const struct postings *postings);
bool postings_has_room(const struct postings *postings, uint32_t count);
void postings_add(struct postings *postings, uint64_t key, uint32_t row);
/* Sorts in what was added and leaves out the rows that is_dead says; NULL: none. */
void postings_settle(struct postings *postings, bool (*is_dead)(const void *context, uint32_t row),
                     const void *context);
/* Two steps before postings_find, for many keys each: where a key leads to, and then the rows there. */
void postings_prefetch(const struct postings *postings, uint64_t key);
void postings_prefetch_rows(const struct postings *postings, uint64_t key);
/* At most rows_max; false when there are more, and then ret_rows has none. */
bool postings_find(const struct postings *postings, uint64_t key, uint32_t rows_max, uint32_t *ret_rows,
                   uint32_t *ret_count);

/* ---- rows ---- */

struct row {
    struct uuid record_id;
    uint64_t phone;
    uint32_t words[ROW_WORDS];
    struct match_date birth;
    uint8_t sex;
    bool is_live;
} __attribute__((aligned(64)));
static_assert(sizeof(struct row) == 64, "a row is a cache line");

struct search {
    const struct match_rules *rules;
    struct match_bounds bounds; /* of the rules */
    struct row *rows;
    uint32_t row_count, row_max; /* used so far; rows of people who went away are used again after a settle */
    uint32_t people, people_max;
    uint32_t free_row; /* the first of those to be used again, or row_max; the next one is in its words[0] */
    uint32_t dead_row; /* the first of those that keys still lead to, likewise */
    uint32_t *ids;     /* row + 1 by the hash of its record id; 0 is free */
    uint32_t id_slots;
    struct words words;
    struct postings postings;
    pthread_rwlock_t *lock; /* apart, so that a find of a const search may take it */
};

struct match_view search_row_view(const struct search *search, const struct row *row);

#endif
