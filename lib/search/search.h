/* Everybody the store knows, in the form that a trace reads: one compact array of people, and keys that lead from a
 * description to the few who may be meant. Derived from the store, never the truth; built at start, kept current.
 *
 * One thread writes (add, remove); readers on other threads take a snapshot lock-free or are the same thread: see
 * search.c. find allocates nothing. At most SEARCH_BYTES_PER_PERSON in all for each person.
 *
 * Keys are tried from narrow to wide: phone; birth date with the sound of the family name; birth date with the beginning of
 * the given name; postcode with the first letter of either name; both names' sounds with the birth year; then, only when
 * nobody reached the threshold, pairs of letters (q-grams) of both names and digits of the date. A key that leads to too
 * many is skipped and said so, never silently cut. */
#ifndef BHR_SEARCH_SEARCH_H
#define BHR_SEARCH_SEARCH_H

#include "lib/base/id.h"
#include "lib/match/rules.h"

enum { SEARCH_BYTES_PER_PERSON = 200, SEARCH_FOUND_MAX = 50 };

struct search;

struct search_found {
    struct uuid record_id;
    struct match_score score;
    struct match_levels levels;
};
struct search_result {
    uint32_t count;               /* best first */
    struct search_found found[SEARCH_FOUND_MAX];
    uint32_t compared;            /* how many were looked at */
    bool is_incomplete;           /* a key that led to too many was left out */
    bool did_fall_back;           /* the q-grams were asked */
};

/* NULL without memory. rules are borrowed until search_free or the next search_use. */
struct search *search_new(const struct match_rules *rules, uint32_t people_max);
void search_free(struct search *search);
void search_use(struct search *search, const struct match_rules *rules);

/* Adds or replaces. False when people_max is reached. */
bool search_put(struct search *search, struct uuid record_id, const struct match_person *person);
void search_remove(struct search *search, struct uuid record_id);
/* After many puts: sorts what was added into the arrays. Also done by put now and then; never needed for correctness. */
void search_settle(struct search *search);

/* Those like this person with at least that posterior, at most limit of them. */
void search_find(const struct search *search, const struct match_person *person, uint32_t posterior_ppm_min,
                 uint32_t limit, struct search_result *ret_result);

struct search_view {
    uint32_t people;
    uint64_t bytes;
};
struct search_view search_view(const struct search *search);

#endif
