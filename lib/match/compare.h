/* What two people have in common, as a level for each field. A level is a finding, not yet evidence: rules.h says what each
 * is worth. Pure, integers only: the same two people give the same levels on every machine.
 *
 * Names are one finding across two fields: when given and family name fit only crosswise, the given name's level is SWAPPED
 * and the family name's MISSING; so with the first two address lines. */
#ifndef BHR_MATCH_COMPARE_H
#define BHR_MATCH_COMPARE_H

#include "lib/match/match_person.h"

enum match_field {
    MATCH_FAMILY,
    MATCH_GIVEN,
    MATCH_BIRTH,
    MATCH_SEX,
    MATCH_POSTCODE,
    MATCH_HOUSE,
    MATCH_LINE_1,
    MATCH_LINE_2,
    MATCH_TOWN,
    MATCH_PHONE,
    MATCH_FIELDS,
};

/* Ordered from most alike to least; which of them a field can have is in levels.def, with their names. */
enum { MATCH_LEVEL_MISSING = 0, MATCH_LEVELS_MAX = 9 };

struct match_levels {
    uint8_t of[MATCH_FIELDS];
};

void match_compare(const struct match_person *a, const struct match_person *b, struct match_levels *ret_levels);
/* "same", "close" ...: for humans and for the rules file. */
const char *match_level_name(enum match_field field, uint8_t level);
const char *match_field_name(enum match_field field);

/* Similarity of two texts after Jaro and Winkler in thousandths: 1000 is equal, 0 nothing in common. Winkler 1990, prefix
 * of at most 4 letters at 0.1. */
unsigned match_jaro_winkler(struct slice a, struct slice b);

#endif
