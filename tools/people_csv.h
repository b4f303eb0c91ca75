/* People from a CSV file, for programs that learn or measure: columns are found by the names in the header line, FEBRL's or
 * our own (tools/make_people.c). Not for data from outside: a field in quotes is refused. */
#ifndef BHR_TOOLS_PEOPLE_CSV_H
#define BHR_TOOLS_PEOPLE_CSV_H

#include "lib/base/status.h"
#include "lib/names/names.h"

struct people_row {
    uint64_t truth; /* who it really is: of person_id, or the first number of rec_id */
    char kind[24];  /* what was done to the record: of column kind, or empty */
    struct match_person person;
};
struct people {
    struct people_row *rows;
    uint32_t count, room;
};

/* At most count_max rows (0: all). people_free also after a failure. */
enum status people_read(const char *path, uint32_t count_max, struct people *ret_people, struct error *reterr_error);
void people_free(struct people *people);
/* Leaves names, birth date and postcode only: what a trace knows that has little. */
void people_keep_four_fields(struct people *people);

#endif
