/* bhr index import ods: the directory of practices as NHS Digital publishes it (epraccur, 27 columns without a header;
 * domain.md 4.1). */
#include "cli/bhr/bulk.h"
#include "cli/bhr/commands.h"
#include "cli/bhr/ods_file.h"

static bool ask(void *context, const struct csv_row *row, struct bulk_item *item) {
    (void)context;
    struct index_organisation_request request;
    struct wire_fault fault = {""};
    bool is_good = ods_row_read(row, &request.organisation, &fault);
    memcpy(item->why, fault.text, sizeof fault.text);
    if (!is_good) return false;
    memcpy(item->reference, request.organisation.code, sizeof request.organisation.code);
    bulk_put(item, INDEX_METHOD("RegisterOrganisation"), &index_organisation_request_wire, &request);
    return true;
}

static bool take(void *context, struct bulk_item *item, const struct client_result *result, struct arena *arena) {
    (void)context;
    struct index_answer answer;
    struct wire_fault fault;
    if (!answer_is_good(result)) return bulk_refused(item, result);
    bool is_read =
        wire_table_decode(index_answer_wire(INDEX_COMMAND_ORGANISATION), result->body, arena, &answer, &fault);
    item->code = "";
    item->word = is_read && answer.is_changed ? "changed" : "same";
    return true;
}

static int run_import(struct cli *cli, const struct arguments *arguments) {
    const struct bulk_job job = {.unit = "organisations", .ask = ask, .take = take};
    return bulk_run(cli, &job, arguments->items[0], NULL);
}

const struct command command_index_import_ods = {
    .name = "index import ods",
    .arguments = "FILE",
    .sentence = "Take the practices of an ODS file into the directory, open and closed by date",
    .more =
        "FILE is epraccur.csv. A row that cannot go in is named with its line and why; the others go in. The same file "
        "again changes nothing.",
    .argument_min = 1,
    .argument_max = 1,
    .run = run_import,
};
