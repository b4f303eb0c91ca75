/* Everybody the store knows, in the form that a trace reads: a row of one cache line for each person, every text once, and
 * keys that lead from a description to the few who may be meant. Derived from the store, never the truth; built at start,
 * kept current: what put or remove did is seen by the next find.
 *
 * Threads: one writes (put, remove, settle, use); any number read. A reader waits while one change is made, never longer,
 * but for a settle, which takes about 0.2 s among a million people.
 * Bounds: all memory is reserved by search_new and touched as it fills; find allocates nothing. At most
 * SEARCH_BYTES_PER_PERSON in all for each person.
 *
 * Keys are tried from narrow to wide. Narrow: phone; birth date with the sound of the family name; birth date with the
 * beginning of the given name; postcode with the first letter of either name; both names' sounds with the birth year. Then,
 * only when nobody reached the threshold, wide ones, each of which survives several errors at once: two of year, month and
 * day with the sound of one name; the birth date; the postcode; street and house; the
 * sound of the street with the beginning of the town; both names. Last, when still nobody did, the keys that know a name by
 * its sound are asked with every name that is one error away and sounds differently (search_grams.c). Names are tried
 * crosswise too. A key that leads to too many is skipped and said so, never silently cut. */
#ifndef BHR_SEARCH_SEARCH_H
#define BHR_SEARCH_SEARCH_H

#include "lib/base/id.h"
#include "lib/match/rules.h"

enum {
    SEARCH_BYTES_PER_PERSON = 200,
    SEARCH_FOUND_MAX = 50,
    SEARCH_PEOPLE_MAX = 60000000,
};

struct search;

struct search_found {
    struct uuid record_id;
    struct match_score score;
    struct match_levels levels;
};
struct search_result {
    uint32_t count; /* best first */
    struct search_found found[SEARCH_FOUND_MAX];
    uint32_t compared;  /* how many were looked at */
    bool is_incomplete; /* a key that led to too many was left out */
    bool did_fall_back; /* the wide keys were asked */
};

/* NULL without memory. rules are borrowed until search_free or the next search_use. 1 to SEARCH_PEOPLE_MAX people. */
struct search *search_new(const struct match_rules *rules, uint32_t people_max);
void search_free(struct search *search);
void search_use(struct search *search, const struct match_rules *rules);

/* Adds or replaces. False when people_max is reached, or texts that no other person has fill their room; then nobody is
 * under that id. */
bool search_put(struct search *search, struct uuid record_id, const struct match_person *person);
void search_remove(struct search *search, struct uuid record_id);
/* After many puts: sorts what was added into the arrays. Also done by put now and then; never needed for correctness. */
void search_settle(struct search *search);

/* Those like this person with at least that posterior, at most limit of them. */
void search_find(const struct search *search, const struct match_person *person, uint32_t posterior_ppm_min,
                 uint32_t limit, struct search_result *ret_result);
/* The same by other rules, which nobody else is answered by. */
void search_find_by(const struct search *search, const struct match_rules *rules, const struct match_person *person,
                    uint32_t posterior_ppm_min, uint32_t limit, struct search_result *ret_result);
/* The same by looking at everybody: slow, and what find is tested against. */
void search_find_slowly(const struct search *search, const struct match_person *person, uint32_t posterior_ppm_min,
                        uint32_t limit, struct search_result *ret_result);

struct search_view {
    uint32_t people;
    uint64_t bytes; /* touched so far */
};
struct search_view search_view(const struct search *search);

#endif
