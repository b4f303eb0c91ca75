/* bhr index import people, trace: a file of people, registered or looked for. */
#include "cli/bhr/bulk.h"
#include "cli/bhr/commands.h"
#include "cli/bhr/people_file.h"
#include "cli/bhr/show.h"
#include "lib/base/assert.h"

#include <stdio.h>

/* The letter is that of the output of any tool; of the answer of bhr it is before the command only. */
#define OUT_ROW(is_needed, sentence_)                                                                                  \
    {                                                                                                                  \
        .name = "out", .letter = 'o', .value = "FILE", .kind = OPTION_TEXT, .is_required = (is_needed),                \
        .sentence = sentence_                                                                                          \
    }

struct people_run {
    struct people_columns columns;
    struct index_record_key key;
};

static bool take_header(void *context, const struct csv_row *row, struct wire_fault *ret_fault) {
    struct people_run *run = context;
    return people_header_read(row, &run->columns, ret_fault);
}

static bool read_row(struct people_run *run, const struct csv_row *row, struct bulk_item *item) {
    struct wire_fault fault = {""};
    bool is_good = people_row_read(&run->columns, row, item->reference, &item->person, &fault);
    memcpy(item->why, fault.text, sizeof fault.text);
    return is_good;
}

/* ---- import ---- */

static bool ask_register(void *context, const struct csv_row *row, struct bulk_item *item) {
    struct people_run *run = context;
    if (!read_row(run, row, item)) return false;
    struct index_register_request request = {.key = run->key, .demographics = item->person};
    memcpy(request.key.local_id, item->reference, sizeof request.key.local_id);
    bulk_put(item, INDEX_METHOD("RegisterRecord"), &index_register_request_wire, &request);
    return true;
}

static bool take_register(void *context, struct bulk_item *item, const struct client_result *result,
                          struct arena *arena) {
    (void)context;
    static const char *const words[] = {"", "new", "linked", "updated", "review"};
    struct index_answer answer;
    struct wire_fault fault;
    if (!answer_is_good(result)) return bulk_refused(item, result);
    if (!wire_table_decode(index_answer_wire(INDEX_COMMAND_REGISTER), result->body, arena, &answer, &fault)) {
        (void)snprintf(item->why, sizeof item->why, "the answer cannot be read: %.100s", fault.text);
    }
    item->code = "";
    item->word = words[answer.record.how];
    item->person_id = answer.record.person_id;
    item->posterior_ppm = answer.record.match.posterior_ppm;
    return true;
}

static const struct command_option import_options[] = {
    INDEX_KEY_ROWS,
    OUT_ROW(false, "What became of each row; a run that was killed goes on where it ends"),
};

static int run_import(struct cli *cli, const struct arguments *arguments) {
    struct people_run run;
    memset(&run, 0, sizeof run);
    if (!option_is_given(arguments, "source")) return command_usage(cli, arguments, "expected --source");
    if (!show_take(run.key.source, sizeof run.key.source, option_text(arguments, "source")) ||
        !show_take(run.key.organisation, sizeof run.key.organisation, option_text(arguments, "organisation"))) {
        return command_usage(cli, arguments, "--source: expected at most %d bytes; --organisation: at most %d",
                             (int)INDEX_SOURCE_MAX, (int)INDEX_ORGANISATION_MAX);
    }
    const struct bulk_job job = {
        .unit = "people", .context = &run, .take_header = take_header, .ask = ask_register, .take = take_register};
    return bulk_run(cli, &job, arguments->items[0], option_text(arguments, "out"));
}

const struct command command_index_import_people = {
    .name = "index import people",
    .arguments = "FILE",
    .sentence = "Register the people of a CSV file as records of one source",
    .more = "The header names the columns: reference (the local id), family_name, birth_date, and any of nhs_number, "
            "nhs_number_status (01 to 08), given_name, sex, address_1 to address_3, postcode, phone. A row that cannot "
            "go in is named with its line and why; the others go in. The same file again changes nothing but times.",
    .options = import_options,
    .option_count = sizeof import_options / sizeof import_options[0],
    .argument_min = 1,
    .argument_max = 1,
    .run = run_import,
};

/* ---- trace ---- */

static bool is_known(const struct bulk_item *item) {
    return item->person.nhs_number[0] != '\0' && item->person.birth_date[0] != '\0';
}

static bool ask_trace(void *context, const struct csv_row *row, struct bulk_item *item) {
    if (!read_row(context, row, item)) return false;
    item->is_query = true;
    if (is_known(item)) {
        struct index_find_request find;
        memset(&find, 0, sizeof find);
        find.by = INDEX_FIND_BY_NHS_NUMBER;
        memcpy(find.nhs_number, item->person.nhs_number, sizeof find.nhs_number);
        memcpy(find.birth_date, item->person.birth_date, sizeof find.birth_date);
        bulk_put(item, INDEX_METHOD("FindPerson"), &index_find_request_wire, &find);
        return true;
    }
    const struct index_trace_request trace = {.demographics = item->person, .limit = 1};
    bulk_put(item, INDEX_METHOD("TracePerson"), &index_trace_request_wire, &trace);
    return true;
}

/* Who is not known by number and birth date together is looked for by description, without the number. */
static bool take_found(struct bulk_item *item, const struct client_result *result, struct arena *arena) {
    struct index_find_answer answer;
    struct wire_fault fault;
    if (answer_is_good(result) && wire_table_decode(&index_find_response_wire, result->body, arena, &answer, &fault)) {
        bool is_superseded = answer.superseded_count > 0;
        item->code = is_superseded ? "40" : "30";
        item->word = is_superseded ? "superseded" : "match";
        item->person_id = answer.person_id;
        return true;
    }
    if (result->status == REPLY_INVALID) return bulk_refused(item, result);
    struct index_trace_request trace = {.demographics = item->person, .limit = 1};
    memset(trace.demographics.nhs_number, 0, sizeof trace.demographics.nhs_number);
    trace.demographics.nhs_number_status = INDEX_NHS_UNSPECIFIED;
    bulk_put(item, INDEX_METHOD("TracePerson"), &index_trace_request_wire, &trace);
    return false;
}

static bool take_traced(struct bulk_item *item, const struct client_result *result, struct arena *arena) {
    /* By result, and whether a number with birth date led nowhere before (domain.md 3.4). */
    static const struct {
        const char *word, *code, *code_after_number;
    } ends[] = {
        [INDEX_TRACE_MATCH] = {"match", "20", "33"},
        [INDEX_TRACE_NO_MATCH] = {"no-match", "21", "31"},
        [INDEX_TRACE_REVIEW] = {"review", "22", "32"},
        [INDEX_TRACE_TOO_MANY] = {"too-many", "22", "32"},
    };
    static struct index_trace_answer answer;
    struct wire_fault fault;
    if (!answer_is_good(result)) return bulk_refused(item, result);
    if (!wire_table_decode(&index_trace_response_wire, result->body, arena, &answer, &fault)) {
        (void)snprintf(item->why, sizeof item->why, "the answer cannot be read: %.100s", fault.text);
        item->code = "";
        item->word = "invalid";
        return true;
    }
    item->word = ends[answer.result].word;
    item->code = item->step > 0 ? ends[answer.result].code_after_number : ends[answer.result].code;
    if (answer.candidate_count == 0) return true;
    item->posterior_ppm = answer.candidates[0].match.posterior_ppm;
    if (answer.result == INDEX_TRACE_MATCH) item->person_id = answer.candidates[0].person_id;
    return true;
}

static bool take_trace(void *context, struct bulk_item *item, const struct client_result *result, struct arena *arena) {
    (void)context;
    bool is_first_of_two = is_known(item) && item->step == 0;
    return is_first_of_two ? take_found(item, result, arena) : take_traced(item, result, arena);
}

static const struct command_option trace_options[] = {
    OUT_ROW(true, "A line for each row; a run that was killed goes on where it ends"),
};

static int run_trace(struct cli *cli, const struct arguments *arguments) {
    struct people_run run;
    memset(&run, 0, sizeof run);
    const struct bulk_job job = {
        .unit = "rows were traced", .context = &run, .take_header = take_header, .ask = ask_trace, .take = take_trace};
    return bulk_run(cli, &job, arguments->items[0], option_text(arguments, "out"));
}

const struct command command_index_trace = {
    .name = "index trace",
    .arguments = "FILE",
    .sentence = "Look for the person of each row of a CSV file",
    .more =
        "Columns as for `bhr index import people`. Codes in the output: 20 one match, 21 none, 22 several or a human "
        "must look; 30 NHS number and birth date agree, 40 they do and the person was merged; 31, 32, 33 they do "
        "not, and by description there is none, are several, is one.",
    .options = trace_options,
    .option_count = sizeof trace_options / sizeof trace_options[0],
    .argument_min = 1,
    .argument_max = 1,
    .run = run_trace,
};
