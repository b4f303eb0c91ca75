/* Inside bulk.c's run: the output, one line of CSV for each row, as a file that grows beside its name until it is whole. */
#ifndef BHR_CLI_BULK_OUT_H
#define BHR_CLI_BULK_OUT_H

#include "cli/bhr/bulk.h"

struct bulk_out {
    FILE *file; /* NULL: no output is wanted */
    const char *path;
    char part[SUITE_TEXT_MAX * 2];
    uint64_t done; /* rows that an earlier run has written */
    char last_reference[INDEX_LOCAL_ID_MAX + 1];
};

/* Goes on with OUT.part where there is one, without a line that was cut off. Returns an exit code. */
int bulk_out_open(const struct cli *cli, const char *path, struct bulk_out *ret_out);
void bulk_out_put(struct bulk_out *out, const struct bulk_item *item);
/* Writes what is left; a whole one gets its name. STATUS_IO when the disk did not take it. */
MUST_CHECK enum status bulk_out_finish(struct bulk_out *out, bool is_whole, struct error *reterr_error);
void bulk_out_close(struct bulk_out *out);

#endif
