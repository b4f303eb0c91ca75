/* bhr index organisation, services: looking into the directory. */
#include "cli/bhr/commands.h"
#include "cli/bhr/index_ask.h"
#include "cli/bhr/show.h"

/* ---- organisation ---- */

static const struct command_option organisation_options[] = {
    {.name = "on", .value = "DATE", .kind = OPTION_DATE, .sentence = "Whether it is open on that day; default today"},
};

static int run_organisation(struct cli *cli, const struct arguments *arguments) {
    static struct index_organisation_answer answer;
    struct index_get_organisation_request request;
    memset(&request, 0, sizeof request);
    if (!show_take(request.code, sizeof request.code, arguments->items[0])) {
        return command_usage(cli, arguments, "CODE: expected an ODS code, 3 to 10 of A-Z 0-9");
    }
    (void)show_take(request.on_date, sizeof request.on_date, option_text(arguments, "on"));
    const struct index_question question = {.method = INDEX_METHOD("GetOrganisation"),
                                            .is_query = true,
                                            .request = &index_get_organisation_request_wire,
                                            .response = &index_organisation_response_wire,
                                            .plain = &request,
                                            .ret_answer = &answer};
    return index_ask(cli, arguments, &question);
}

const struct command command_index_organisation = {
    .name = "index organisation",
    .arguments = "CODE",
    .sentence = "An organisation on a day; when it is closed, who goes on for it",
    .options = organisation_options,
    .option_count = sizeof organisation_options / sizeof organisation_options[0],
    .argument_min = 1,
    .argument_max = 1,
    .run = run_organisation,
};

/* ---- services ---- */

static const struct command_option services_options[] = {
    {.name = "kind", .value = "KIND", .kind = OPTION_TEXT, .sentence = "Only this kind, such as gp-evening"},
    {.name = "at", .value = "TIME", .kind = OPTION_TIME, .sentence = "Open then; default now"},
};

static int run_services(struct cli *cli, const struct arguments *arguments) {
    static struct index_services_answer answer;
    struct index_find_services_request request;
    memset(&request, 0, sizeof request);
    if (!show_take(request.postcode, sizeof request.postcode, arguments->items[0])) {
        return command_usage(cli, arguments, "POSTCODE: expected a UK postcode or postcode district");
    }
    if (!show_take(request.kind, sizeof request.kind, option_text(arguments, "kind"))) {
        return command_usage(cli, arguments, "--kind: expected at most %d characters", (int)INDEX_WORD_MAX);
    }
    request.at_ms = option_number(arguments, "at");
    const struct index_question question = {.method = INDEX_METHOD("FindServices"),
                                            .is_query = true,
                                            .request = &index_find_services_request_wire,
                                            .response = &index_services_response_wire,
                                            .plain = &request,
                                            .ret_answer = &answer};
    return index_ask(cli, arguments, &question);
}

const struct command command_index_services = {
    .name = "index services",
    .arguments = "POSTCODE",
    .sentence = "Which services are open for a caller from that district",
    .options = services_options,
    .option_count = sizeof services_options / sizeof services_options[0],
    .argument_min = 1,
    .argument_max = 1,
    .run = run_services,
};
