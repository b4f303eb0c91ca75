/* A CSV file from outside, of any size, row by row (RFC 4180): fields in quotes, with commas, doubled quotes and line ends
 * in them; a byte order mark and Windows line ends are passed over. What is wrong with a row is said with its line, and
 * reading goes on with the next line. Holds one row in memory; one thread. */
#ifndef BHR_CLI_CSV_FILE_H
#define BHR_CLI_CSV_FILE_H

#include "lib/base/slice.h"
#include "lib/base/status.h"

#include <stdbool.h>
#include <stdint.h>

enum { CSV_COLUMNS_MAX = 64, CSV_ROW_BYTES_MAX = 32 * 1024 };

struct csv_row {
    uint64_t line; /* on which it begins; the first is 1 */
    uint32_t count;
    struct slice fields[CSV_COLUMNS_MAX]; /* clean UTF-8 (lib/base/text.h); borrowed until the next call */
};

enum csv_next {
    CSV_ROW,
    CSV_BAD, /* of the row only its line counts; *ret_why says what was expected, never a value */
    CSV_END,
};

struct csv_file;
/* STATUS_NOT_FOUND when it cannot be opened, STATUS_INVALID when it is no text in UTF-8 at all. */
MUST_CHECK enum status csv_open(const char *path, struct csv_file **ret_file, struct error *reterr_error);
void csv_close(struct csv_file *file); /* accepts NULL */
/* Empty lines are passed over. */
enum csv_next csv_next(struct csv_file *file, struct csv_row *ret_row, const char **ret_why);
/* Bytes read so far, and of the whole file: for progress. */
uint64_t csv_bytes(const struct csv_file *file);
uint64_t csv_bytes_total(const struct csv_file *file);

/* Writes a field as CSV: in quotes where it needs them. Returns the bytes written, at most size_max; 0 when it does not
 * fit. */
size_t csv_put(struct slice field, char *ret_text, size_t size_max);

#endif
