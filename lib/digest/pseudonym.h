/* Pseudonymous ids that several services compute alike. Without the key nobody can. */
#ifndef BHR_DIGEST_PSEUDONYM_H
#define BHR_DIGEST_PSEUDONYM_H

#include "lib/base/id.h"

/* Of a local record: whose (an ODS code), of which of their systems, and its identifier there. The texts together have at
 * most PSEUDONYM_RECORD_MAX bytes. */
enum { PSEUDONYM_RECORD_MAX = 160 };
struct uuid pseudonym_of_record(const uint8_t key[32], const char *organisation, const char *source,
                                const char *local_id);

#endif
