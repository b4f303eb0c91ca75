/* The mark that a store's folder carries: which boot of the machine last opened it, and whether it was closed in order. What
 * was committed and not yet written back is torn when the machine goes down, so a store that another boot left open is not
 * to be trusted (reliability.md section 6). Pure: text in, text out. */
#ifndef BHR_BASE_BOOT_MARK_H
#define BHR_BASE_BOOT_MARK_H

#include <stdbool.h>

enum { BOOT_MARK_MAX = 128 }; /* with the zero at its end */

/* boot_id has no line break and at most BOOT_MARK_MAX - 10 bytes. */
void boot_mark_write(const char *boot_id, bool is_closed, char ret_mark[BOOT_MARK_MAX]);
/* Whether the boot may open a store with this mark. An id that is not known is the empty text, and trusts only what was
 * closed. */
bool boot_mark_is_trusted(const char *mark, const char *boot_id);

#endif
