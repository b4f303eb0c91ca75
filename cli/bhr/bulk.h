/* A file's rows, each a question or two to the index, many of them under way at once. What came of them is written in the
 * order of the file, so that a run that was killed goes on where its output ends. Memory does not depend on the file. */
#ifndef BHR_CLI_BULK_H
#define BHR_CLI_BULK_H

#include "cli/bhr/csv_file.h"
#include "cli/bhr/index_ask.h"

enum { BULK_IN_FLIGHT = 64, BULK_BODY_MAX = 8 * 1024, BULK_SHOWN_MAX = 20, BULK_WHY_MAX = 384 };
#define BULK_OUT_HEAD "reference,code,result,person_id,posterior_ppm,why"

/* One row on its way, and then its line of the output. */
struct bulk_item {
    uint64_t line;
    uint32_t step; /* of the questions about it, from 0 */
    bool is_done, is_query;
    const char *method;
    size_t body_size;
    uint8_t body[BULK_BODY_MAX];
    struct index_demographics person; /* for a second question */
    char reference[INDEX_LOCAL_ID_MAX + 1];
    const char *code, *word; /* static: "20", "match" */
    struct uuid person_id;
    uint32_t posterior_ppm;
    char why[BULK_WHY_MAX]; /* it was left out, and why: never a value; empty when all is well */
};

struct bulk_job {
    const char *unit; /* "people" */
    void *context;
    /* Finds the columns in the first row; false: *ret_fault says what is wrong with them. NULL: there is no header. */
    bool (*take_header)(void *context, const struct csv_row *row, struct wire_fault *ret_fault);
    /* Fills reference and question; false: `why` says what is wrong with the row. */
    bool (*ask)(void *context, const struct csv_row *row, struct bulk_item *item);
    /* Takes an answer, good or a refusal. False: the item holds the next question about the row. */
    bool (*take)(void *context, struct bulk_item *item, const struct client_result *result, struct arena *arena);
};

/* out_path NULL: no output. Else it is written as OUT.part, which a later run goes on with, and renamed at the end. Says
 * what came of it: "12 of 14 people; 2 were left out" with line and why of the first, or how far it came. Returns an exit
 * code, CLI_CHECK when a row was left out. */
int bulk_run(struct cli *cli, const struct bulk_job *job, const char *path, const char *out_path);

/* Packs a plain struct as the item's question. */
void bulk_put(struct bulk_item *item, const char *method, const struct wire_table *table, const void *plain);
/* The row is done, and was left out for what a refusal said. Returns true. */
bool bulk_refused(struct bulk_item *item, const struct client_result *result);

#endif
