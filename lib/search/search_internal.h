/* What the files of lib/search share, and nobody else includes. */
#ifndef BHR_SEARCH_SEARCH_INTERNAL_H
#define BHR_SEARCH_SEARCH_INTERNAL_H

#include "lib/base/assert.h"
#include "lib/search/search.h"

#include <pthread.h>

/* ---- search_words.c: every text once, with how many people have it ---- */

enum { WORD_NONE = 0 /* the empty text */ };

struct words {
    uint8_t *units; /* of WORD_UNIT bytes; a word is the number of its first one */
    uint32_t unit_count, unit_max;
    uint32_t free_of[4]; /* by number of units: the first of those that were given back */
    uint32_t *slots;     /* by hash, with linear probing */
    uint32_t slot_count, word_count;
};

bool words_init(struct words *words, uint32_t people_max);
void words_fini(struct words *words);
uint64_t words_bytes(const struct words *words);
/* One more person has it. False when there is no room. */
bool words_take(struct words *words, const struct match_text *text, uint32_t *ret_word);
void words_give_back(struct words *words, uint32_t word);
/* WORD_NONE when nobody has it. */
uint32_t words_find(const struct words *words, const struct match_text *text);
const struct match_text *words_text(const struct words *words, uint32_t word);
uint32_t words_people(const struct words *words, uint32_t word);

/* ---- search_keys.c: what leads to a person ---- */

enum { KEYS_NARROW_MAX = 6, KEYS_WIDE_MAX = 12, KEYS_ASKED_MAX = 16 };

/* Hashes under which a person is kept. Returns how many. */
uint32_t keys_narrow(const struct match_view *view, uint64_t ret_keys[KEYS_NARROW_MAX]);
uint32_t keys_wide(const struct match_view *view, uint64_t ret_keys[KEYS_WIDE_MAX]);
/* Those to be asked for somebody: the same, and names crosswise. */
uint32_t keys_asked(const struct match_view *view, uint64_t ret_keys[KEYS_ASKED_MAX]);
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
void postings_prefetch(const struct postings *postings, uint64_t key);
/* At most rows_max; false when there are more, and then ret_rows has none. */
bool postings_find(const struct postings *postings, uint64_t key, uint32_t rows_max, uint32_t *ret_rows,
                   uint32_t *ret_count);

/* ---- rows ---- */

enum row_word { ROW_FAMILY, ROW_GIVEN, ROW_POSTCODE, ROW_HOUSE, ROW_LINES, ROW_WORDS = ROW_LINES + MATCH_LINES };

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
