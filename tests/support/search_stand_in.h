/* In place of lib/search and the rules file, for tests of what the service does with a finding: who has the same
 * folded family name is suspected, with the same birth date too is as good as sure. Included by one file of a program. */
#ifndef BHR_TESTS_SUPPORT_SEARCH_STAND_IN_H
#define BHR_TESTS_SUPPORT_SEARCH_STAND_IN_H

#include "lib/search/search.h"

#include <stdlib.h>

enum { STAND_IN_MAX = 256, STAND_IN_SURE_PPM = 995000, STAND_IN_NEAR_PPM = 600000 };

struct search {
    uint32_t count;
    struct uuid ids[STAND_IN_MAX];
    struct match_person people[STAND_IN_MAX];
};
static struct search *stand_in; /* the one that was made last */

enum status match_rules_parse(struct slice text, struct match_rules *ret_rules, struct error *reterr_error) {
    (void)text, (void)reterr_error;
    memset(ret_rules, 0, sizeof *ret_rules);
    ret_rules->version = 7;
    return STATUS_OK;
}

struct search *search_new(const struct match_rules *rules, uint32_t people_max) {
    (void)rules, (void)people_max;
    stand_in = malloc(sizeof *stand_in);
    if (stand_in != NULL) stand_in->count = 0;
    return stand_in;
}

void search_free(struct search *search) {
    free(search);
}

void search_settle(struct search *search) {
    (void)search;
}

void search_remove(struct search *search, struct uuid record_id) {
    for (uint32_t i = 0; i < search->count; i++) {
        if (!uuid_equal(search->ids[i], record_id)) continue;
        search->count--;
        search->ids[i] = search->ids[search->count];
        search->people[i] = search->people[search->count];
        return;
    }
}

bool search_put(struct search *search, struct uuid record_id, const struct match_person *person) {
    search_remove(search, record_id);
    if (search->count == STAND_IN_MAX) return false;
    search->ids[search->count] = record_id;
    search->people[search->count++] = *person;
    return true;
}

void search_find(const struct search *search, const struct match_person *person, uint32_t posterior_ppm_min,
                 uint32_t limit, struct search_result *ret_result) {
    memset(ret_result, 0, sizeof *ret_result);
    for (uint32_t pass = 0; pass < 2; pass++) {
        uint32_t ppm = pass == 0 ? STAND_IN_SURE_PPM : STAND_IN_NEAR_PPM;
        for (uint32_t i = 0; i < search->count && ret_result->count < limit; i++) {
            const struct match_person *other = &search->people[i];
            bool is_near = memcmp(&other->family, &person->family, sizeof other->family) == 0;
            bool is_sure = is_near && memcmp(&other->birth, &person->birth, sizeof other->birth) == 0;
            if (!is_near || is_sure != (pass == 0) || ppm < posterior_ppm_min) continue;
            struct search_found *found = &ret_result->found[ret_result->count++];
            found->record_id = search->ids[i];
            found->score.posterior_ppm = ppm;
            found->levels.of[MATCH_FAMILY] = MATCH_LEVEL_SAME;
            found->score.of_field[MATCH_FAMILY] = 9000;
        }
    }
}

void search_find_by(const struct search *search, const struct match_rules *rules, const struct match_person *person,
                    uint32_t posterior_ppm_min, uint32_t limit, struct search_result *ret_result) {
    (void)rules;
    search_find(search, person, posterior_ppm_min, limit, ret_result);
}

#endif
