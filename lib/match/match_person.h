/* One person as they are compared: every field folded to a small alphabet and a fixed size, so that comparing two of them
 * allocates nothing. What is missing is empty, and then speaks neither for nor against. Pure data; lib/names makes it from a
 * record as it was sent. */
#ifndef BHR_MATCH_MATCH_PERSON_H
#define BHR_MATCH_MATCH_PERSON_H

#include "lib/base/slice.h"

enum { MATCH_TEXT_MAX = 31, MATCH_LINES = 3 };

/* Letters a to z and digits only; what is longer is cut; size 0 is unknown. Bytes after size are zero. */
struct match_text {
    uint8_t size;
    char bytes[MATCH_TEXT_MAX];
};

static inline struct slice match_text_slice(const struct match_text *text) {
    return slice_of(text->bytes, text->size);
}

enum match_sex { MATCH_SEX_UNKNOWN, MATCH_SEX_FEMALE, MATCH_SEX_MALE, MATCH_SEX_OTHER };

/* As typed, not judged: 99 may stand for a month. 0 is unknown, and then what is finer is unknown too. */
struct match_date {
    uint16_t year;
    uint8_t month, day;
};

struct match_person {
    struct match_text family, given;      /* given: the first one */
    struct match_text postcode;           /* without its space */
    struct match_text house;              /* number or letter of the house */
    struct match_text lines[MATCH_LINES]; /* most particular first, without the house; the last is the town */
    struct match_text county;             /* or state */
    struct match_date birth;
    uint8_t sex;
    uint64_t phone;       /* its last ten digits; 0: unknown */
    uint8_t nhs_hash[16]; /* keyed hash of the number; zeros: none. Not compared: it is looked up. */
};

#endif
