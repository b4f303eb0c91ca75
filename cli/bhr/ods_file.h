/* The directory of practices as NHS Digital publishes it: epraccur, 27 columns without a header (domain.md 4.1). */
#ifndef BHR_CLI_ODS_FILE_H
#define BHR_CLI_ODS_FILE_H

#include "cli/bhr/csv_file.h"
#include "lib/wire/index/index_wire.h"

/* False: *fault names the field and what was expected. What is read the service judges again. */
bool ods_row_read(const struct csv_row *row, struct index_organisation *ret, struct wire_fault *fault);

#endif
