/* bhr index register, find, show, flag, relationship set: one record, one person. */
#include "cli/bhr/commands.h"
#include "cli/bhr/index_ask.h"
#include "services/index/core/mask.h"
#include "cli/bhr/show.h"

/* ---- register ---- */

static const struct command_option register_options[] = {
    INDEX_DESCRIPTION_ROWS,
    INDEX_KEY_ROWS,
    {.name = "nhs-status",
     .value = INDEX_STATUSES,
     .kind = OPTION_CHOICE,
     .choices = INDEX_STATUSES,
     .sentence = "What the source says about the number; default not traced"},
    OPTION_ROW_ID,
    OPTION_ROW_CORRELATION,
};

static int run_register(struct cli *cli, const struct arguments *arguments) {
    struct index_register_request request;
    struct index_answer answer;
    memset(&request, 0, sizeof request);
    if (!option_is_given(arguments, "source") || !option_is_given(arguments, "local-id")) {
        return command_usage(cli, arguments, "expected --source and --local-id to say which record it is");
    }
    int code = index_key_read(cli, arguments, &request.key);
    if (code == CLI_OK) code = index_description_read(cli, arguments, &request.demographics);
    if (code != CLI_OK) return code;
    request.demographics.nhs_number_status = (enum index_nhs_status)option_number(arguments, "nhs-status");
    const struct index_question question =
        INDEX_COMMAND("RegisterRecord", index_register_request_wire, INDEX_COMMAND_REGISTER, &request, &answer);
    return index_ask(cli, arguments, &question);
}

const struct command command_index_register = {
    .name = "index register",
    .sentence = "Take a local record, new or changed, and say which person it is of",
    .more = "  bhr --as gp-demo index register --source emis --local-id 4711 --family Okonjo --given Rosa --born "
            "1956-03-01",
    .options = register_options,
    .option_count = sizeof register_options / sizeof register_options[0],
    .run = run_register,
};

/* ---- find ---- */

static const struct command_option find_options[] = {
    INDEX_DESCRIPTION_ROWS,
    INDEX_KEY_ROWS,
    {.name = "as-of",
     .value = "TIME",
     .kind = OPTION_TIME,
     .sentence = "With a number or a local id: what was believed then"},
    {.name = "limit",
     .value = "N",
     .kind = OPTION_NUMBER,
     .max = INDEX_CANDIDATES_MAX,
     .fallback = 5,
     .sentence = "By description: so many candidates at most, 0 for a sure answer only; default 5"},
};

static int find_by_identifier(struct cli *cli, const struct arguments *arguments,
                              const struct index_demographics *described) {
    struct index_find_request request;
    struct index_find_answer answer;
    memset(&request, 0, sizeof request);
    int code = index_key_read(cli, arguments, &request.record);
    if (code != CLI_OK) return code;
    request.by = option_is_given(arguments, "local-id") ? INDEX_FIND_BY_RECORD : INDEX_FIND_BY_NHS_NUMBER;
    memcpy(request.nhs_number, described->nhs_number, sizeof request.nhs_number);
    memcpy(request.birth_date, described->birth_date, sizeof request.birth_date);
    request.as_of_ms = option_number(arguments, "as-of");
    const struct index_question question = {.method = INDEX_METHOD("FindPerson"),
                                            .is_query = true,
                                            .request = &index_find_request_wire,
                                            .response = &index_find_response_wire,
                                            .plain = &request,
                                            .ret_answer = &answer};
    return index_ask(cli, arguments, &question);
}

static int run_find(struct cli *cli, const struct arguments *arguments) {
    static struct index_trace_answer answer;
    struct index_trace_request request;
    memset(&request, 0, sizeof request);
    bool has_local_id = option_is_given(arguments, "local-id");
    if (has_local_id != option_is_given(arguments, "source")) {
        return command_usage(cli, arguments, "expected --source and --local-id together");
    }
    int code = index_description_read(cli, arguments, &request.demographics);
    if (code != CLI_OK) return code;
    bool is_described = option_is_given(arguments, "family") || option_is_given(arguments, "given") ||
                        option_is_given(arguments, "postcode") || option_is_given(arguments, "address");
    if (has_local_id || (option_is_given(arguments, "nhs-number") && !is_described)) {
        return find_by_identifier(cli, arguments, &request.demographics);
    }
    if (option_is_given(arguments, "as-of")) {
        return command_usage(cli, arguments, "--as-of: expected with --nhs-number or --local-id, not a description");
    }
    request.limit = (uint32_t)option_number(arguments, "limit");
    const struct index_question question = {.method = INDEX_METHOD("TracePerson"),
                                            .is_query = true,
                                            .request = &index_trace_request_wire,
                                            .response = &index_trace_response_wire,
                                            .plain = &request,
                                            .ret_answer = &answer};
    return index_ask(cli, arguments, &question);
}

const struct command command_index_find = {
    .name = "index find",
    .sentence = "Find a person by number, by local record or by description",
    .more = "By --nhs-number, with --born only whoever was born then; by --source and --local-id; else by names with a "
            "birth date or a postcode, all of which may be misspelt. Shows ids and why, nobody's details.\n"
            "  bhr index find --family Okonyo --given Rosa --born 1956-03-01",
    .options = find_options,
    .option_count = sizeof find_options / sizeof find_options[0],
    .run = run_find,
};

/* ---- show ---- */

static const struct command_option show_options[] = {
    {.name = "as-of", .value = "TIME", .kind = OPTION_TIME, .sentence = "What was believed then; default now"},
    {.name = "reveal", .kind = OPTION_FLAG, .sentence = "Names, dates and numbers in full"},
};

static void mask_person(void *answer) {
    struct index_person *person = answer;
    for (uint32_t i = 0; i < person->record_count; i++) {
        struct index_record_view *view = &person->records[i];
        index_mask(&view->demographics);
        if (view->key.local_id[0] == '\0') continue;
        memset(view->key.local_id, 0, sizeof view->key.local_id);
        view->key.local_id[0] = '*';
    }
    index_mask_preferences(&person->preferences);
}

static int run_show(struct cli *cli, const struct arguments *arguments) {
    static struct index_person person;
    struct index_get_request request = {.as_of_ms = option_number(arguments, "as-of")};
    int code = index_id_read(cli, arguments, 0, "PERSON", &request.person_id);
    if (code != CLI_OK) return code;
    const struct index_question question = {.method = INDEX_METHOD("GetPerson"),
                                            .is_query = true,
                                            .request = &index_get_request_wire,
                                            .response = &index_get_response_wire,
                                            .plain = &request,
                                            .ret_answer = &person,
                                            .mask = option_is_given(arguments, "reveal") ? NULL : mask_person};
    return index_ask(cli, arguments, &question);
}

const struct command command_index_show = {
    .name = "index show",
    .arguments = "PERSON",
    .sentence = "A person with records, flags and history, by any id they ever had",
    .more = "Masked unless --reveal. Either way the audit trail has it before the answer leaves the service.",
    .options = show_options,
    .option_count = sizeof show_options / sizeof show_options[0],
    .argument_min = 1,
    .argument_max = 1,
    .run = run_show,
};

/* ---- flag ---- */

#define FLAGS "restricted|sensitive|deceased|do-not-match"
static const struct command_option flag_options[] = {
    {.name = "flag", .value = FLAGS, .kind = OPTION_CHOICE, .choices = FLAGS, .is_required = true, .sentence = "Which"},
    {.name = "clear", .kind = OPTION_FLAG, .sentence = "Take it away"},
    INDEX_REASON_ROW,
    OPTION_ROW_ID,
    OPTION_ROW_CORRELATION,
};

static int run_flag(struct cli *cli, const struct arguments *arguments) {
    struct index_flag_request request;
    struct index_answer answer;
    memset(&request, 0, sizeof request);
    int code = index_id_read(cli, arguments, 0, "PERSON", &request.person_id);
    if (code == CLI_OK) code = index_reason_read(cli, arguments, request.reason);
    if (code != CLI_OK) return code;
    request.flag = (enum index_flag)option_number(arguments, "flag");
    request.is_set = !option_is_given(arguments, "clear");
    const struct index_question question =
        INDEX_COMMAND("FlagPerson", index_flag_request_wire, INDEX_COMMAND_FLAG, &request, &answer);
    return index_ask(cli, arguments, &question);
}

const struct command command_index_flag = {
    .name = "index flag",
    .arguments = "PERSON",
    .sentence = "Mark a person as restricted, sensitive, deceased or never to be matched",
    .options = flag_options,
    .option_count = sizeof flag_options / sizeof flag_options[0],
    .argument_min = 1,
    .argument_max = 1,
    .run = run_flag,
};

/* ---- relationship set ---- */

#define RELATIONS "registered-practice|social-worker|carer|parent"
static const struct command_option relationship_options[] = {
    {.name = "kind",
     .value = RELATIONS,
     .kind = OPTION_CHOICE,
     .choices = RELATIONS,
     .is_required = true,
     .sentence = "What it is to the person"},
    {.name = "organisation", .value = "ODS", .kind = OPTION_TEXT, .sentence = "Which practice or team"},
    {.name = "other", .value = "PERSON", .kind = OPTION_UUID, .sentence = "Who is the carer or parent"},
    {.name = "from", .value = "DATE", .kind = OPTION_DATE, .is_required = true, .sentence = "First day, YYYY-MM-DD"},
    {.name = "until", .value = "DATE", .kind = OPTION_DATE, .sentence = "Last day; default it goes on"},
    OPTION_ROW_ID,
    OPTION_ROW_CORRELATION,
};

static int run_relationship(struct cli *cli, const struct arguments *arguments) {
    struct index_relation_request request;
    struct index_answer answer;
    struct index_relationship *r = &request.relationship;
    memset(&request, 0, sizeof request);
    r->kind = (enum index_relation_kind)option_number(arguments, "kind");
    bool is_with_person = r->kind == INDEX_RELATION_CARER || r->kind == INDEX_RELATION_PARENT;
    if (option_is_given(arguments, "other") != is_with_person ||
        option_is_given(arguments, "organisation") == is_with_person) {
        return command_usage(cli, arguments, "expected %s, and not both",
                             is_with_person ? "--other for a carer or parent"
                                            : "--organisation for a practice or team");
    }
    int code = index_id_read(cli, arguments, 0, "PERSON", &request.person_id);
    if (code == CLI_OK) code = index_text_read(cli, arguments, "organisation", r->organisation, sizeof r->organisation);
    if (code != CLI_OK) return code;
    r->other_person_id = option_uuid(arguments, "other");
    (void)show_take(r->from_date, sizeof r->from_date, option_text(arguments, "from"));
    (void)show_take(r->until_date, sizeof r->until_date, option_text(arguments, "until"));
    const struct index_question question =
        INDEX_COMMAND("SetRelationship", index_relation_request_wire, INDEX_COMMAND_RELATION, &request, &answer);
    return index_ask(cli, arguments, &question);
}

const struct command command_index_relationship_set = {
    .name = "index relationship set",
    .arguments = "PERSON",
    .sentence = "Say who cares for a person, and from when until when",
    .more = "The same kind and other side again replaces the dates.\n"
            "  bhr index relationship set PERSON --kind registered-practice --organisation Y90001 --from 2026-03-01",
    .options = relationship_options,
    .option_count = sizeof relationship_options / sizeof relationship_options[0],
    .argument_min = 1,
    .argument_max = 1,
    .run = run_relationship,
};
