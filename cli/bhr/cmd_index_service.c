/* bhr index service register: a service of the directory, for whom and when it is open. */
#include "cli/bhr/commands.h"
#include "cli/bhr/index_ask.h"
#include "cli/bhr/show.h"

#include <ctype.h>

enum { MINUTES_IN_HOUR = 60, MINUTES_IN_DAY = 1440 };

static const struct command_option register_options[] = {
    {.name = "organisation", .value = "ODS", .kind = OPTION_TEXT, .is_required = true, .sentence = "Who gives it"},
    {.name = "name", .value = "NAME", .kind = OPTION_TEXT, .is_required = true, .sentence = "Its name"},
    {.name = "kind", .value = "KIND", .kind = OPTION_TEXT, .is_required = true, .sentence = "Such as gp-evening"},
    {.name = "districts",
     .value = "LIST",
     .kind = OPTION_TEXT,
     .sentence = "Postcode districts it is for, apart by \",\"; default all"},
    {.name = "hours",
     .value = "TEXT",
     .kind = OPTION_TEXT,
     .sentence = "Such as \"mon-fri 18:30-20:00; sat 09:00-17:00\", UK time; default always"},
    {.name = "from", .value = "DATE", .kind = OPTION_DATE, .is_required = true, .sentence = "First day, YYYY-MM-DD"},
    {.name = "until", .value = "DATE", .kind = OPTION_DATE, .sentence = "Last day; default it goes on"},
    OPTION_ROW_ID,
    OPTION_ROW_CORRELATION,
};

/* "RM1,RM2". */
static bool take_districts(struct index_service *service, const char *text) {
    while (text != NULL && *text != '\0') {
        size_t size = strcspn(text, ",");
        if (size == 0 || size > INDEX_DISTRICT_MAX || service->district_count == INDEX_DISTRICTS_MAX) return false;
        memcpy(service->districts[service->district_count++], text, size);
        text += size + (text[size] == ',');
    }
    return true;
}

/* 1 Monday to 7 Sunday, by three letters; 0 when it is none. */
static uint32_t take_weekday(const char **text) {
    static const char *const names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    for (uint32_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t k = 0;
        while (k < 3 && tolower((unsigned char)(*text)[k]) == names[i][k]) k++;
        if (k < 3) continue;
        *text += k;
        return i + 1;
    }
    return 0;
}

/* "09:00" to minutes after midnight, at most 24:00. */
static bool take_minute(const char **text, uint32_t *ret_minute) {
    const char *t = *text;
    bool is_time = isdigit((unsigned char)t[0]) && isdigit((unsigned char)t[1]) && t[2] == ':' &&
                   isdigit((unsigned char)t[3]) && isdigit((unsigned char)t[4]) && t[3] < '6';
    if (!is_time) return false;
    *ret_minute = (uint32_t)((t[0] - '0') * 10 + (t[1] - '0')) * MINUTES_IN_HOUR + (uint32_t)(t[3] - '0') * 10 +
                  (uint32_t)(t[4] - '0');
    *text += 5;
    return *ret_minute <= MINUTES_IN_DAY;
}

static bool take_one(const char **text, char c) {
    if (**text != c) return false;
    (*text)++;
    return true;
}

static void pass_spaces(const char **text) {
    while (**text == ' ') (*text)++;
}

/* "mon-fri 18:30-20:00; sat 09:00-17:00". */
static bool take_hours(struct index_service *service, const char *text) {
    while (text != NULL && *text != '\0') {
        uint32_t first, last, from_minute, until_minute;
        pass_spaces(&text);
        first = last = take_weekday(&text);
        if (take_one(&text, '-')) last = take_weekday(&text);
        pass_spaces(&text);
        bool is_good = first != 0 && last >= first && take_minute(&text, &from_minute) && take_one(&text, '-') &&
                       take_minute(&text, &until_minute) && from_minute < until_minute;
        if (!is_good) return false;
        pass_spaces(&text);
        if (!take_one(&text, ';') && *text != '\0') return false;
        for (uint32_t day = first; day <= last; day++) {
            if (service->opening_time_count == INDEX_OPENING_TIMES_MAX) return false;
            service->opening_times[service->opening_time_count++] =
                (struct index_opening_time){day, from_minute, until_minute};
        }
    }
    return true;
}

static int run_register(struct cli *cli, const struct arguments *arguments) {
    struct index_service_request request;
    struct index_answer answer;
    struct index_service *s = &request.service;
    memset(&request, 0, sizeof request);
    if (!show_take(s->service_id, sizeof s->service_id, arguments->items[0])) {
        return command_usage(cli, arguments, "SERVICE: expected at most %d characters", (int)INDEX_SERVICE_ID_MAX);
    }
    int code = index_text_read(cli, arguments, "organisation", s->organisation, sizeof s->organisation);
    if (code == CLI_OK) code = index_text_read(cli, arguments, "name", s->name, sizeof s->name);
    if (code == CLI_OK) code = index_text_read(cli, arguments, "kind", s->kind, sizeof s->kind);
    if (code != CLI_OK) return code;
    if (!take_districts(s, option_text(arguments, "districts"))) {
        return command_usage(cli, arguments, "--districts: expected at most %d such as RM1, apart by \",\"",
                             (int)INDEX_DISTRICTS_MAX);
    }
    if (!take_hours(s, option_text(arguments, "hours"))) {
        return command_usage(cli, arguments, "--hours: expected such as \"mon-fri 18:30-20:00; sat 09:00-17:00\"");
    }
    (void)show_take(s->opened_date, sizeof s->opened_date, option_text(arguments, "from"));
    (void)show_take(s->closed_date, sizeof s->closed_date, option_text(arguments, "until"));
    const struct index_question question =
        INDEX_COMMAND("RegisterService", index_service_request_wire, INDEX_COMMAND_SERVICE, &request, &answer);
    return index_ask(cli, arguments, &question);
}

const struct command command_index_service_register = {
    .name = "index service register",
    .arguments = "SERVICE",
    .sentence = "Take a service into the directory, for whom and when it is open",
    .more =
        "All of it replaces what was there before. `bhr index services` looks for it.\n"
        "  bhr --as ops index service register hub --organisation Y90020 --name \"Saturday hub\" --kind saturday-hub "
        "--districts RM1,RM2 --hours \"sat 09:00-17:00\" --from 2026-03-01",
    .options = register_options,
    .option_count = sizeof register_options / sizeof register_options[0],
    .argument_min = 1,
    .argument_max = 1,
    .run = run_register,
};
