/* struct rows over a sorted array in memory, for tests of gather, apply and query. It holds the contract of rows.h
 * strictly: what get and seek lent is moved elsewhere at the next put or del, so that ASan catches a test or a core that
 * kept it (or handed it to that very put). */
#ifndef BHR_TESTS_SUPPORT_ROWS_ARRAY_H
#define BHR_TESTS_SUPPORT_ROWS_ARRAY_H

#include "lib/base/id.h"
#include "lib/base/rows.h"

struct rows_array_row;

struct rows_array {
    struct rows_array_row **sorted; /* by key */
    size_t count;
    size_t room;
    struct rows_array_row **lent; /* what get and seek handed out since the last write */
    size_t lent_count;
    size_t lent_room;
    size_t write_count; /* puts and dels so far */
};

void rows_array_init(struct rows_array *array);
void rows_array_free(struct rows_array *array);
/* Valid as long as the array; the read-only one has put and del NULL, as a query's view. */
struct rows rows_array_rows(struct rows_array *array);
struct rows rows_array_read_only(struct rows_array *array);
/* All rows, or those whose key starts with the table's byte. */
size_t rows_array_count(const struct rows_array *array);
size_t rows_array_count_table(const struct rows_array *array, uint8_t table);
/* Over all rows in order, lengths included: equal digests mean equal stores. */
struct digest rows_array_digest(const struct rows_array *array);
/* Makes *to (initialised) hold exactly the rows of from. */
void rows_array_copy(struct rows_array *to, const struct rows_array *from);

#endif
