/* One person as they are compared: every field folded to a small alphabet and a fixed size, so that comparing two of them
 * touches two short runs of memory and allocates nothing. What is missing is empty, and then speaks neither for nor against.
 * Pure data; lib/names makes it from a record as it was sent. */
#ifndef BHR_MATCH_MATCH_PERSON_H
#define BHR_MATCH_MATCH_PERSON_H

#include "lib/base/slice.h"

enum {
    MATCH_NAME_MAX = 23,     /* a folded name; what is longer is cut */
    MATCH_LINE_MAX = 31,     /* a folded address line */
    MATCH_HOUSE_MAX = 7,     /* number or letter of the house */
    MATCH_POSTCODE_MAX = 8,  /* without its space */
    MATCH_LINES = 3,
};

/* Letters a to z and digits only; size 0 is unknown. */
struct match_name {
    uint8_t size;
    char bytes[MATCH_NAME_MAX];
};
struct match_line {
    uint8_t size;
    char bytes[MATCH_LINE_MAX];
};

enum match_sex { MATCH_SEX_UNKNOWN, MATCH_SEX_FEMALE, MATCH_SEX_MALE, MATCH_SEX_OTHER };

struct match_person {
    struct match_name family, given; /* given: the first one */
    uint16_t birth_year;             /* 0: unknown; so are the two below */
    uint8_t birth_month, birth_day;
    uint8_t sex;
    char postcode[MATCH_POSTCODE_MAX]; /* zero-padded */
    char house[MATCH_HOUSE_MAX + 1];
    struct match_line lines[MATCH_LINES]; /* most particular first, without the house */
    uint64_t phone;                       /* its last ten digits; 0: unknown */
    uint8_t nhs_hash[16];                 /* keyed hash of the number; zeros: none */
};

#endif
