/* What two people have in common, as a level for each field. A level is a finding, not yet evidence: rules.h says what each
 * is worth. Pure, integers only: the same two people give the same levels on every machine.
 *
 * Names are one finding across two fields: when given and family name fit only crosswise, the given name's level is SWAPPED
 * and the family name's MISSING; so with the first two address lines. */
#ifndef BHR_MATCH_COMPARE_H
#define BHR_MATCH_COMPARE_H

#include "lib/match/match_person.h"

enum match_field {
#define FIELD(field, name, shared_by, levels) MATCH_##field,
#include "lib/match/levels.def"
#undef FIELD
    MATCH_FIELDS,
};

enum match_level {
    MATCH_LEVEL_MISSING,
#define LEVEL(level, name) MATCH_LEVEL_##level,
#include "lib/match/levels.def"
#undef LEVEL
    MATCH_LEVELS,
};

struct match_levels {
    uint8_t of[MATCH_FIELDS];
};

/* A person by reference: where equal texts of many people are kept once, two of them may share a text. Never NULL. */
struct match_view {
    const struct match_text *family, *given, *postcode, *house, *lines[MATCH_LINES], *county;
    struct match_date birth;
    uint8_t sex;
    uint64_t phone;
};

struct match_view match_view_of(const struct match_person *person);
void match_compare(const struct match_view *a, const struct match_view *b, struct match_levels *ret_levels);
/* Its parts, cheapest first: birth date, sex and phone, which need no text; names; where people live. */
void match_compare_numbers(const struct match_view *a, const struct match_view *b, struct match_levels *ret_levels);
void match_compare_names(const struct match_view *a, const struct match_view *b, struct match_levels *ret_levels);
void match_compare_homes(const struct match_view *a, const struct match_view *b, struct match_levels *ret_levels);
/* "same", "close" ...: for humans and for the rules file. */
const char *match_level_name(enum match_level level);
const char *match_field_name(enum match_field field);
/* Can this field have that finding? MISSING: no, it says nothing. */
bool match_field_has(enum match_field field, enum match_level level);
/* People who are not one and have more in common than strangers: those who live together, and those who live close by. */
enum match_circle { MATCH_HOUSEHOLD, MATCH_NEIGHBOURS, MATCH_CIRCLES };
const char *match_circle_name(enum match_circle circle);
/* Is it a part of the address? */
bool match_field_is_of_home(enum match_field field);
bool match_field_is_shared(enum match_field field, enum match_circle circle);

/* Similarity of two texts after Jaro and Winkler in thousandths: 1000 is equal, 0 nothing in common. Winkler 1990, prefix
 * of at most 4 letters at 0.1. At most MATCH_TEXT_MAX bytes each. */
unsigned match_jaro_winkler(struct slice a, struct slice b);
/* Letters inserted, left out, replaced or exchanged with their neighbour (optimal string alignment). At most
 * MATCH_TEXT_MAX bytes each. */
unsigned match_distance(struct slice a, struct slice b);
/* Is one a short form of the other, or both of a third (short_forms.def)? */
bool match_is_short_form(struct slice a, struct slice b);

#endif
