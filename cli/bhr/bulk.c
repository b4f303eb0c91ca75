/* A ring of rows in the order of the file: asked as they come, finished as answers come, written from its head. Owns
 * connection, file and output; one thread. */
#include "cli/bhr/bulk.h"

#include "cli/bhr/bulk_out.h"
#include "cli/bhr/progress.h"
#include "lib/base/assert.h"
#include "services/index/service.h"

#include <stdio.h>
#include <stdlib.h>

struct bulk {
    struct cli *cli;
    const struct bulk_job *job;
    const char *path;
    struct asker asker;
    struct csv_file *file;
    struct bulk_out out;
    uint64_t head, tail; /* rows: written, and taken from the file */
    uint64_t skipped, bad;
    bool has_ended;
    int code; /* why it stopped */
    json_t *faults;
    struct bulk_item items[BULK_IN_FLIGHT];
};

static int begin(struct bulk *bulk, const char *out_path);
static int skip_done(struct bulk *bulk);
static void run(struct bulk *bulk);
static bool take_row(struct bulk *bulk);
static void submit(struct bulk *bulk, struct bulk_item *item);
static void take_answer(struct bulk *bulk, const struct client_result *result);
static void write_done(struct bulk *bulk);
static int report(struct bulk *bulk);

int bulk_run(struct cli *cli, const struct bulk_job *job, const char *path, const char *out_path) {
    struct bulk *bulk = calloc(1, sizeof *bulk);
    if (bulk == NULL) return cli_fail(cli, CLI_UNREACHED, NULL, "no memory");
    *bulk = (struct bulk){.cli = cli, .job = job, .path = path, .faults = json_array()};
    int code = begin(bulk, out_path);
    if (code == CLI_OK) {
        run(bulk);
        code = report(bulk);
        asker_close(&bulk->asker);
    }
    bulk_out_close(&bulk->out);
    csv_close(bulk->file);
    json_decref(bulk->faults);
    free(bulk);
    return code;
}

static int begin(struct bulk *bulk, const char *out_path) {
    struct cli *cli = bulk->cli;
    struct error error;
    if (csv_open(bulk->path, &bulk->file, &error) != STATUS_OK)
        return cli_fail(cli, CLI_USAGE, NULL, "%s", error.message);
    int code = bulk_out_open(cli, out_path, &bulk->out);
    if (code != CLI_OK) return code;
    if (bulk->job->take_header != NULL) {
        struct csv_row row;
        struct wire_fault fault = {""};
        const char *why = NULL;
        enum csv_next next = csv_next(bulk->file, &row, &why);
        if (next == CSV_END)
            return cli_fail(cli, CLI_USAGE, NULL, "%s: it is empty; expected a header line", bulk->path);
        if (next == CSV_BAD) wire_fault_set(&fault, "", "header", why);
        if (next == CSV_BAD || !bulk->job->take_header(bulk->job->context, &row, &fault)) {
            return cli_fail(cli, CLI_USAGE, "nothing was done", "%s: line %llu: %s", bulk->path,
                            (unsigned long long)row.line, fault.text);
        }
    }
    code = skip_done(bulk);
    return code != CLI_OK ? code : asker_open(cli, &index_service_table, NULL, BULK_IN_FLIGHT, &bulk->asker);
}

/* What an earlier run has written is not asked again, if this is the file that it read. */
static int skip_done(struct bulk *bulk) {
    struct csv_row row;
    const char *why;
    for (; bulk->skipped < bulk->out.done; bulk->skipped++) {
        enum csv_next next = csv_next(bulk->file, &row, &why);
        bool is_last = bulk->skipped + 1 == bulk->out.done;
        struct bulk_item *item = &bulk->items[0];
        memset(item, 0, sizeof *item);
        if (next == CSV_ROW && is_last) (void)bulk->job->ask(bulk->job->context, &row, item);
        if (next != CSV_END && (!is_last || strcmp(item->reference, bulk->out.last_reference) == 0)) continue;
        return cli_fail(bulk->cli, CLI_USAGE, "remove it to begin anew", "%s is not of this file", bulk->out.part);
    }
    return CLI_OK;
}

static void run(struct bulk *bulk) {
    struct progress progress = progress_begin(bulk->cli, bulk->path, "bytes", csv_bytes_total(bulk->file));
    for (;;) {
        bool has_moved = false;
        struct client_result result;
        while (client_next(bulk->asker.client, &result)) {
            take_answer(bulk, &result);
            has_moved = true;
        }
        while (bulk->code == CLI_OK && !bulk->has_ended && bulk->tail - bulk->head < BULK_IN_FLIGHT && take_row(bulk)) {
            has_moved = true;
        }
        write_done(bulk);
        progress_step(&progress, csv_bytes(bulk->file));
        bool is_idle = client_in_flight(bulk->asker.client) == 0;
        if (is_idle && (bulk->code != CLI_OK || (bulk->has_ended && bulk->head == bulk->tail))) break;
        if (!has_moved) client_wait(bulk->asker.client, 100);
    }
    progress_end(&progress);
}

/* False at the end of the file. */
static bool take_row(struct bulk *bulk) {
    struct csv_row row;
    const char *why = NULL;
    enum csv_next next = csv_next(bulk->file, &row, &why);
    if (next == CSV_END) {
        bulk->has_ended = true;
        return false;
    }
    struct bulk_item *item = &bulk->items[bulk->tail++ % BULK_IN_FLIGHT];
    memset(item, 0, sizeof *item);
    item->line = row.line;
    if (next == CSV_BAD) {
        (void)snprintf(item->why, sizeof item->why, "%s", why);
    } else if (bulk->job->ask(bulk->job->context, &row, item)) {
        submit(bulk, item);
        return true;
    }
    ASSERT(item->why[0] != '\0');
    item->code = "";
    item->word = "invalid";
    item->is_done = true;
    return true;
}

static void submit(struct bulk *bulk, struct bulk_item *item) {
    const struct client_call call = {.method = item->method,
                                     .body = slice_of(item->body, item->body_size),
                                     .user_token = asker_token(&bulk->asker),
                                     .limit_ms = bulk->cli->limit_ms,
                                     .is_query = item->is_query,
                                     .token = (uint64_t)(item - bulk->items)};
    struct error error;
    enum status status = client_submit(bulk->asker.client, &call, &error);
    ASSERT(status == STATUS_OK || status == STATUS_NO_MEMORY);
    if (status != STATUS_OK) bulk->code = cli_fail(bulk->cli, CLI_UNREACHED, NULL, "%s", error.message);
}

static void take_answer(struct bulk *bulk, const struct client_result *result) {
    ASSERT(result->token < BULK_IN_FLIGHT);
    struct bulk_item *item = &bulk->items[result->token];
    int exit = answer_exit(result);
    bool is_about_row = result->end == CLIENT_ANSWERED && result->status != REPLY_DENIED &&
                        (exit == CLI_OK || exit == CLI_REFUSED || exit == CLI_USAGE);
    if (!is_about_row) {
        /* Of several that end so the first one is told. */
        if (bulk->code == CLI_OK) bulk->code = answer_report(bulk->cli, result, NULL);
        return;
    }
    arena_reset(&bulk->asker.arena);
    item->is_done = bulk->job->take(bulk->job->context, item, result, &bulk->asker.arena);
    if (item->is_done || bulk->code != CLI_OK) return;
    item->step++;
    submit(bulk, item);
}

static void write_done(struct bulk *bulk) {
    while (bulk->head < bulk->tail && bulk->items[bulk->head % BULK_IN_FLIGHT].is_done) {
        const struct bulk_item *item = &bulk->items[bulk->head++ % BULK_IN_FLIGHT];
        bulk_out_put(&bulk->out, item);
        if (item->why[0] == '\0') continue;
        if (bulk->bad++ >= BULK_SHOWN_MAX) continue;
        (void)json_array_append_new(bulk->faults,
                                    json_pack("{sI ss}", "line", (json_int_t)item->line, "why", item->why));
    }
}

static int report(struct bulk *bulk) {
    const struct cli *cli = bulk->cli;
    struct error error;
    bool is_whole = bulk->code == CLI_OK && bulk->has_ended;
    if (bulk_out_finish(&bulk->out, is_whole, &error) != STATUS_OK) {
        return cli_fail(cli, CLI_UNREACHED, "make room, then run it again: it goes on", "%s", error.message);
    }
    unsigned long long rows = bulk->head, good = rows - bulk->bad;
    if (cli->is_json) {
        cli_json(json_pack("{sb sI sI sI sI sO}", "whole", (int)is_whole, "rows", (json_int_t)rows, "good",
                           (json_int_t)good, "left_out", (json_int_t)bulk->bad, "done_before",
                           (json_int_t)bulk->skipped, "faults", bulk->faults));
    }
    if (bulk->skipped > 0) cli_say(cli, "%llu rows were done before", (unsigned long long)bulk->skipped);
    cli_say(cli, "%llu of %llu %s", good, rows, bulk->job->unit);
    size_t index;
    json_t *fault;
    json_array_foreach(bulk->faults, index, fault) {
        cli_say(cli, "  line %lld was left out: %s", (long long)json_integer_value(json_object_get(fault, "line")),
                json_string_value(json_object_get(fault, "why")));
    }
    if (bulk->bad > BULK_SHOWN_MAX) cli_say(cli, "  and %llu more", (unsigned long long)bulk->bad - BULK_SHOWN_MAX);
    if (!is_whole) {
        return cli_fail(cli, (enum cli_exit)bulk->code, "run it again: what is done is not done twice",
                        "stopped after %llu rows of %s; what follows did not go in", rows + bulk->skipped, bulk->path);
    }
    if (bulk->bad == 0) return CLI_OK;
    return cli_fail(cli, CLI_CHECK, "mend these lines and run it again", "%llu rows of %s were left out",
                    (unsigned long long)bulk->bad, bulk->path);
}

void bulk_put(struct bulk_item *item, const char *method, const struct wire_table *table, const void *plain) {
    uint8_t scratch[INDEX_WIRE_ARENA_SIZE];
    struct arena arena = arena_over(scratch, sizeof scratch);
    struct buffer body = buffer_over(item->body, sizeof item->body);
    wire_table_encode(table, plain, &arena, &body);
    ASSERT(!body.is_full);
    item->method = method;
    item->body_size = body.size;
}

bool bulk_refused(struct bulk_item *item, const struct client_result *result) {
    const char *what = result->detail[0] != '\0' ? result->detail : result->message;
    item->code = "";
    item->word = "refused";
    (void)snprintf(item->why, sizeof item->why, "%s%s%.*s", result->outcome, what[0] != '\0' ? ": " : "",
                   (int)(sizeof item->why - sizeof result->outcome - 2), what);
    return true;
}
