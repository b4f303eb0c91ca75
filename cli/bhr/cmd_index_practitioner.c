/* bhr index practitioner register, show: professionals, and where they work. */
#include "cli/bhr/commands.h"
#include "cli/bhr/index_ask.h"
#include "cli/bhr/show.h"

#define BODIES "gmc|nmc|gphc|gdc|rcn|gmp|gdp"
#define BODY_ROW(name_, sentence_)                                                                                     \
    { .name = (name_), .value = "NUMBER", .kind = OPTION_TEXT, .sentence = (sentence_) }

/* ---- register ---- */

static const struct command_option register_options[] = {
    {.name = "name", .value = "NAME", .kind = OPTION_TEXT, .is_required = true, .sentence = "As shown to colleagues"},
    BODY_ROW("gmc", "Number at the General Medical Council"),
    BODY_ROW("nmc", "At the Nursing and Midwifery Council"),
    BODY_ROW("gphc", "At the General Pharmaceutical Council"),
    BODY_ROW("gdc", "At the General Dental Council"),
    BODY_ROW("rcn", "At the Royal College of Nursing"),
    BODY_ROW("gmp", "General medical practitioner's code"),
    BODY_ROW("gdp", "General dental practitioner's code"),
    {.name = "role",
     .value = "CODE,ODS,FROM[,UNTIL]",
     .kind = OPTION_ARGUMENT,
     .sentence = "What they are at an organisation; any number of times, up to 16"},
    {.name = "from", .value = "DATE", .kind = OPTION_DATE, .is_required = true, .sentence = "First day, YYYY-MM-DD"},
    {.name = "until", .value = "DATE", .kind = OPTION_DATE, .sentence = "Last day; default they practise"},
    OPTION_ROW_ID,
    OPTION_ROW_CORRELATION,
};

static bool take_part(const char **text, char *to, size_t to_size) {
    size_t size = strcspn(*text, ",");
    if (size == 0 || size >= to_size) return false;
    memcpy(to, *text, size);
    *text += size + ((*text)[size] == ',');
    return true;
}

/* "R8000,Y90001,2026-03-01" and a last day where there is one. */
static bool take_role(const char *text, struct index_practitioner_role *ret_role) {
    return take_part(&text, ret_role->code, sizeof ret_role->code) &&
           take_part(&text, ret_role->organisation, sizeof ret_role->organisation) &&
           take_part(&text, ret_role->from_date, sizeof ret_role->from_date) &&
           (*text == '\0' || take_part(&text, ret_role->until_date, sizeof ret_role->until_date)) && *text == '\0';
}

/* Roles and the id come as arguments in the order they were typed: a role has commas. */
static int take_arguments(const struct cli *cli, const struct arguments *arguments, struct index_practitioner *p) {
    for (uint32_t i = 0; i < arguments->count; i++) {
        const char *text = arguments->items[i];
        if (strchr(text, ',') == NULL) {
            if (p->practitioner_id[0] == '\0' && show_take(p->practitioner_id, sizeof p->practitioner_id, text)) {
                continue;
            }
            return command_usage(cli, arguments, "ID: expected one SDS user id, 12 digits, and roles by --role");
        }
        if (p->role_count == INDEX_ROLES_MAX) {
            return command_usage(cli, arguments, "--role: expected at most %d", (int)INDEX_ROLES_MAX);
        }
        if (!take_role(text, &p->roles[p->role_count++])) {
            return command_usage(cli, arguments, "--role: expected CODE,ODS,FROM or CODE,ODS,FROM,UNTIL");
        }
    }
    if (p->practitioner_id[0] != '\0') return CLI_OK;
    return command_usage(cli, arguments, "ID: expected an SDS user id, 12 digits");
}

static int run_register(struct cli *cli, const struct arguments *arguments) {
    static const char *const bodies[] = {"gmc", "nmc", "gphc", "gdc", "rcn", "gmp", "gdp"};
    struct index_practitioner_request request;
    struct index_answer answer;
    struct index_practitioner *p = &request.practitioner;
    memset(&request, 0, sizeof request);
    int code = take_arguments(cli, arguments, p);
    if (code == CLI_OK) code = index_text_read(cli, arguments, "name", p->name, sizeof p->name);
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0] && code == CLI_OK; i++) {
        if (!option_is_given(arguments, bodies[i])) continue;
        struct index_registration *registration = &p->registrations[p->registration_count++];
        registration->body = (enum index_body)(i + 1);
        code = index_text_read(cli, arguments, bodies[i], registration->number, sizeof registration->number);
    }
    if (code != CLI_OK) return code;
    (void)show_take(p->opened_date, sizeof p->opened_date, option_text(arguments, "from"));
    (void)show_take(p->closed_date, sizeof p->closed_date, option_text(arguments, "until"));
    const struct index_question question = INDEX_COMMAND("RegisterPractitioner", index_practitioner_request_wire,
                                                         INDEX_COMMAND_PRACTITIONER, &request, &answer);
    return index_ask(cli, arguments, &question);
}

const struct command command_index_practitioner_register = {
    .name = "index practitioner register",
    .arguments = "ID",
    .sentence = "Take a professional into the directory, with registrations and roles",
    .more =
        "ID is the SDS user id. All of it replaces what was there before.\n"
        "  bhr --as ops index practitioner register 555000000111 --name \"Dr A Osei\" --gmc 7654321 --from 2005-08-03 "
        "--role R8000,Y90001,2006-01-01",
    .options = register_options,
    .option_count = sizeof register_options / sizeof register_options[0],
    .argument_min = 1,
    .argument_max = INDEX_ROLES_MAX + 1,
    .run = run_register,
};

/* ---- show ---- */

static const struct command_option show_options[] = {
    {.name = "register",
     .value = BODIES,
     .kind = OPTION_CHOICE,
     .choices = BODIES,
     .sentence = "NUMBER is one of this register; default an SDS user id"},
    {.name = "on", .value = "DATE", .kind = OPTION_DATE, .sentence = "What is open on that day; default today"},
};

static int run_show(struct cli *cli, const struct arguments *arguments) {
    static struct index_practitioner_answer answer;
    struct index_get_practitioner_request request;
    memset(&request, 0, sizeof request);
    bool is_registration = option_is_given(arguments, "register"), is_taken;
    if (is_registration) {
        struct index_registration *r = &request.registration;
        request.by = INDEX_BY_REGISTRATION;
        r->body = (enum index_body)option_number(arguments, "register");
        is_taken = show_take(r->number, sizeof r->number, arguments->items[0]);
    } else {
        request.by = INDEX_BY_PRACTITIONER_ID;
        is_taken = show_take(request.practitioner_id, sizeof request.practitioner_id, arguments->items[0]);
    }
    if (!is_taken) {
        return command_usage(cli, arguments, "NUMBER: expected %s",
                             is_registration ? "at most 12 letters and digits" : "an SDS user id, 12 digits");
    }
    (void)show_take(request.on_date, sizeof request.on_date, option_text(arguments, "on"));
    const struct index_question question = {.method = INDEX_METHOD("GetPractitioner"),
                                            .is_query = true,
                                            .request = &index_get_practitioner_request_wire,
                                            .response = &index_practitioner_response_wire,
                                            .plain = &request,
                                            .ret_answer = &answer};
    return index_ask(cli, arguments, &question);
}

const struct command command_index_practitioner_show = {
    .name = "index practitioner show",
    .arguments = "NUMBER",
    .sentence = "A professional on a day: which roles are open, and since when the others are not",
    .more = "  bhr index practitioner show 7654321 --register gmc --on 2026-03-01",
    .options = show_options,
    .option_count = sizeof show_options / sizeof show_options[0],
    .argument_min = 1,
    .argument_max = 1,
    .run = run_show,
};
