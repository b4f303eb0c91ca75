/* A description as it may be shown where nobody need know whose it is: in lists, examples and logs. Pure. */
#ifndef BHR_INDEX_CORE_MASK_H
#define BHR_INDEX_CORE_MASK_H

#include "services/index/core/index.h"

/* Leaves of names the first letter, of a birth date the year, of a postcode the district, of numbers the end. */
void index_mask(struct index_demographics *demographics);

#endif
