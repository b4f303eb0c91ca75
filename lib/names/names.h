/* From a record as a source sent it to a person as they are compared: letters folded to a to z, an address taken apart. What
 * two systems write differently and mean alike becomes the same here, before anything is compared.
 *
 * Bounds: a text of any size and any bytes; what is longer than a field is cut, what is not UTF-8 is passed over. It never
 * fails: what cannot be read is missing. Judging what was sent (an impossible date) is the door's. */
#ifndef BHR_NAMES_NAMES_H
#define BHR_NAMES_NAMES_H

#include "lib/match/match_person.h"

enum { NAMES_ADDRESS_LINES_MAX = 3 };

struct names_record {
    struct slice family_name, given_name; /* further given names behind a space are not compared */
    struct slice birth_date;              /* YYYY-MM-DD, YYYY-MM, YYYY or YYYYMMDD */
    enum match_sex sex;
    struct slice house; /* where the source has it apart from the lines */
    /* Most particular first, without the postcode. The last of two or more is the town. */
    struct slice address_lines[NAMES_ADDRESS_LINES_MAX];
    uint32_t address_line_count;
    struct slice county; /* where the source has it apart from the lines */
    struct slice postcode;
    struct slice phone;
};

/* nhs_hash stays zero: only who holds the key can make it. */
void names_person(const struct names_record *record, struct match_person *ret_person);
/* "Zoë O'Neill-Smith" is zoeoneillsmith. Any script's letters that have no Latin base are passed over. */
void names_fold(struct slice text, struct match_text *ret_text);

#endif
