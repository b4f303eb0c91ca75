/* NHS number: ten digits with a Modulus 11 check digit. domain.md section 3.1; NHS Data Model and Dictionary. */
#ifndef BHR_BASE_NHS_NUMBER_H
#define BHR_BASE_NHS_NUMBER_H

#include "lib/base/slice.h"

enum nhs_number_fault {
    NHS_NUMBER_GOOD,
    NHS_NUMBER_NOT_TEN_DIGITS, /* not ten digits, plain or grouped 3-3-4 by single spaces or hyphens */
    NHS_NUMBER_CHECK_DIGIT,    /* the Modulus 11 check digit is wrong, or the stem has none */
    NHS_NUMBER_REPEATED_DIGIT, /* 0000000000 ... 9999999999 pass Modulus 11 and are nobody's */
};

/* On NHS_NUMBER_GOOD ret_digits holds the ten digits without grouping (no terminator); otherwise it is untouched. */
enum nhs_number_fault nhs_number_parse(struct slice text, char ret_digits[10]);
/* Whether one stands in text as a word of its own, plain or grouped: with no letter or digit beside it. An id such as a UUID
 * never holds one in this sense, whatever its digits. */
bool nhs_number_is_in(struct slice text);
/* What was wrong and what is expected, for a human; never the number itself. */
const char *nhs_number_fault_text(enum nhs_number_fault fault);

#endif
