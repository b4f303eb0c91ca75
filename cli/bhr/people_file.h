/* People in a CSV file: columns by the names in the header line, ours or those of PDS batch files (domain.md 3.4), in any
 * order and case; others are passed over. Pure but for the structs that are handed in. */
#ifndef BHR_CLI_PEOPLE_FILE_H
#define BHR_CLI_PEOPLE_FILE_H

#include "cli/bhr/csv_file.h"
#include "lib/wire/exchange/wire_message.h"
#include "services/index/core/index.h"

enum people_column {
    PEOPLE_REFERENCE, /* local id, or what the asker calls the row */
    PEOPLE_NHS_NUMBER,
    PEOPLE_NHS_STATUS,
    PEOPLE_FAMILY,
    PEOPLE_GIVEN,
    PEOPLE_BIRTH,
    PEOPLE_SEX,
    PEOPLE_ADDRESS_1,
    PEOPLE_ADDRESS_2,
    PEOPLE_ADDRESS_3,
    PEOPLE_POSTCODE,
    PEOPLE_PHONE,
    PEOPLE_HOUSE,
    PEOPLE_COUNTY,
    PEOPLE_COLUMNS,
};
struct people_columns {
    uint32_t count;             /* of the header: every row must have as many */
    int32_t at[PEOPLE_COLUMNS]; /* -1: there is none */
};

/* False names a column that is there twice, or one that is missing: reference, family name and birth date must be there. */
bool people_header_read(const struct csv_row *row, struct people_columns *ret_columns, struct wire_fault *ret_fault);
/* Numbers without grouping, dates as YYYY-MM-DD (also of YYYYMMDD and DD/MM/YYYY), sex also by its codes. False names the
 * first field that cannot be, never its value; *ret_reference is filled even then where it can be. */
bool people_row_read(const struct people_columns *columns, const struct csv_row *row,
                     char ret_reference[INDEX_LOCAL_ID_MAX + 1], struct index_demographics *ret_person,
                     struct wire_fault *ret_fault);

#endif
