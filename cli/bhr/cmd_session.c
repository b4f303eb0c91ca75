/* bhr session publish: one session from flags, or many from a file. */
#include "cli/bhr/ask.h"
#include "cli/bhr/commands.h"
#include "cli/bhr/show.h"
#include "lib/base/assert.h"
#include "lib/base/text.h"
#include "lib/client/uk_time.h"
#include "services/booking/service.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { COLUMNS = 9, LINE_SIZE_MAX = 512 };

static int publish_one(struct cli *cli, struct asker *asker, const struct booking_session *session, struct uuid id,
                       const char *correlation);
static int publish_file(struct cli *cli, struct asker *asker, const char *path);
static bool read_line(const struct cli *cli, char *line, struct booking_session *ret_session,
                      struct error *reterr_error);
static bool set_session(struct booking_session *session, const char *organisation, const char *service_id,
                        struct error *reterr_error);

static const struct command_option options[] = {
    {.name = "organisation", .value = "ODS", .kind = OPTION_TEXT, .sentence = "ODS code of whose slots these are"},
    {.name = "service", .value = "ID", .kind = OPTION_TEXT, .sentence = "Service id in the directory of services"},
    {.name = "kind",
     .value = SHOW_KINDS,
     .kind = OPTION_CHOICE,
     .choices = SHOW_KINDS,
     .fallback = 1,
     .sentence = "Delivery channel; default in-person"},
    {.name = "starts",
     .value = "TIME",
     .kind = OPTION_TIME,
     .sentence = "UK time of the first slot: \"2026-11-23 08:30\" or \"tomorrow 08:30\""},
    {.name = "minutes",
     .value = "N",
     .kind = OPTION_NUMBER,
     .min = 1,
     .max = BOOKING_SLOT_MINUTES_MAX,
     .fallback = 10,
     .sentence = "Length of a slot; default 10"},
    {.name = "count",
     .value = "N",
     .kind = OPTION_NUMBER,
     .min = 1,
     .max = BOOKING_SLOT_COUNT_MAX,
     .fallback = 12,
     .sentence = "Number of slots; default 12"},
    {.name = "capacity",
     .value = "N",
     .kind = OPTION_NUMBER,
     .min = 1,
     .max = BOOKING_CAPACITY_MAX,
     .fallback = 1,
     .sentence = "Places in each slot; default 1"},
    {.name = "audience",
     .value = SHOW_AUDIENCES,
     .kind = OPTION_CHOICE,
     .choices = SHOW_AUDIENCES,
     .fallback = 2,
     .sentence = "Who may book; default hub: every practice, hub and 111"},
    {.name = "file",
     .letter = 'f',
     .value = "FILE",
     .kind = OPTION_TEXT,
     .sentence = "Publish every line of this file; - is standard input"},
    OPTION_ROW_ID,
    OPTION_ROW_CORRELATION,
};

static int run(struct cli *cli, const struct arguments *arguments) {
    const char *path = option_text(arguments, "file");
    struct booking_session session = {.kind = (enum booking_kind)option_number(arguments, "kind"),
                                      .audience = (enum booking_audience)option_number(arguments, "audience"),
                                      .starts_at_ms = option_number(arguments, "starts"),
                                      .slot_minutes = (uint32_t)option_number(arguments, "minutes"),
                                      .slot_count = (uint32_t)option_number(arguments, "count"),
                                      .capacity = (uint32_t)option_number(arguments, "capacity")};
    const char *organisation = option_text(arguments, "organisation"), *service = option_text(arguments, "service");
    if (path == NULL) {
        if (organisation == NULL) return command_usage(cli, arguments, "--organisation is missing; expected ODS");
        if (service == NULL) return command_usage(cli, arguments, "--service is missing; expected ID");
        if (session.starts_at_ms == 0) return command_usage(cli, arguments, "--starts is missing; expected TIME");
        struct error error;
        if (!set_session(&session, organisation, service, &error)) {
            return command_usage(cli, arguments, "%s", error.message);
        }
    } else if (organisation != NULL || service != NULL || session.starts_at_ms != 0) {
        return command_usage(cli, arguments, "--file: expected alone, its lines say the rest");
    }
    struct asker asker;
    int code = asker_open(cli, &booking_service, NULL, 1, &asker);
    if (code != CLI_OK) return code;
    code = path != NULL ? publish_file(cli, &asker, path)
                        : publish_one(cli, &asker, &session, option_uuid(arguments, "id"),
                                      option_text(arguments, "correlation"));
    asker_close(&asker);
    return code;
}

static int publish_one(struct cli *cli, struct asker *asker, const struct booking_session *session, struct uuid id,
                       const char *correlation) {
    uint8_t memory[BOOKING_REQUEST_MAX];
    struct buffer body = buffer_over(memory, sizeof memory);
    const struct publish_request request = {.session = *session};
    publish_request_encode(&request, &body);
    ASSERT(!body.is_full);
    const struct question question = {.method = BOOKING_METHOD_PUBLISH_SESSION,
                                      .body = buffer_slice(&body),
                                      .request_id = id,
                                      .correlation = correlation};
    struct client_result result;
    asker_ask(cli, asker, &question, &result);
    if (!answer_is_good(&result)) return answer_report(cli, &result, NULL);
    struct booking_answer answer;
    struct wire_fault fault;
    if (!booking_answer_decode(BOOKING_COMMAND_PUBLISH, result.body, &asker->arena, &answer, &fault)) {
        return answer_unreadable(cli, fault.text);
    }
    if (!cli->is_json) {
        char session_id[CLI_UUID_ROOM], start[UK_TIME_TEXT_MAX];
        uk_time_format(session->starts_at_ms, start);
        printf("published %s  %s %s, %s, %u x %u min, slots :0 to :%u\n", cli_uuid_text(answer.id.bytes, session_id),
               session->organisation, session->service_id, start, session->slot_count, session->slot_minutes,
               session->slot_count - 1);
    }
    return answer_report(cli, &result, json_pack("{so}", "session_id", cli_json_uuid(answer.id.bytes)));
}

/* Goes on after a refusal, so that the rest is published; the exit code is that of the first line that was not good. */
static int publish_file(struct cli *cli, struct asker *asker, const char *path) {
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(path, "re");
    if (file == NULL) return cli_fail(cli, CLI_USAGE, NULL, "%s cannot be opened: %s", path, strerror(errno));
    char line[LINE_SIZE_MAX];
    int code = CLI_OK, number = 0, published = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        number++;
        line[strcspn(line, "#\r\n")] = '\0';
        if (line[strspn(line, " \t")] == '\0') continue;
        struct booking_session session = {0};
        struct error error;
        int line_code;
        if (!read_line(cli, line, &session, &error)) {
            line_code = cli_fail(cli, CLI_USAGE, NULL, "%s, line %d: %s", path, number, error.message);
        } else {
            line_code = publish_one(cli, asker, &session, (struct uuid){{0}}, NULL);
        }
        if (line_code == CLI_OK) published++;
        if (code == CLI_OK) code = line_code;
    }
    if (!is_stdin) (void)fclose(file);
    cli_say(cli, "%d sessions published", published);
    return code;
}

static bool read_line(const struct cli *cli, char *line, struct booking_session *ret_session,
                      struct error *reterr_error) {
    const char *words[COLUMNS] = {0};
    int count = 0;
    char *rest = NULL;
    for (char *word = strtok_r(line, " \t", &rest); word != NULL; word = strtok_r(NULL, " \t", &rest)) {
        if (count < COLUMNS) words[count] = word;
        count++;
    }
    if (count != COLUMNS) {
        (void)error_set(reterr_error, STATUS_INVALID,
                        "expected 9 columns: ODS service kind YYYY-MM-DD HH:MM minutes count capacity audience");
        return false;
    }
    /* Columns 4 and 5 are one value, the time; with that the columns are the first options in order. */
    char time[64];
    (void)snprintf(time, sizeof time, "%.31s %.31s", words[3], words[4]);
    struct option_value values[COLUMNS - 1];
    for (int i = 0; i < COLUMNS - 1; i++) {
        const char *text = i < 3 ? words[i] : i == 3 ? time : words[i + 1];
        struct error error;
        const struct command_option *option = &options[i];
        if (option_read(option, text, cli_now_ms(cli), &values[i], &error)) continue;
        (void)error_set(reterr_error, STATUS_INVALID, "%s: %.200s", option->name, error.message);
        return false;
    }
    *ret_session = (struct booking_session){.kind = (enum booking_kind)values[2].number,
                                            .starts_at_ms = values[3].number,
                                            .slot_minutes = (uint32_t)values[4].number,
                                            .slot_count = (uint32_t)values[5].number,
                                            .capacity = (uint32_t)values[6].number,
                                            .audience = (enum booking_audience)values[7].number};
    return set_session(ret_session, words[0], words[1], reterr_error);
}

static bool set_session(struct booking_session *session, const char *organisation, const char *service_id,
                        struct error *reterr_error) {
    if (!text_is_ods_code(slice_text(organisation)) ||
        !show_take(session->organisation, sizeof session->organisation, organisation)) {
        (void)error_set(reterr_error, STATUS_INVALID, "organisation: expected an ODS code, 3 to 10 of A-Z 0-9");
        return false;
    }
    if (!show_take(session->service_id, sizeof session->service_id, service_id)) {
        (void)error_set(reterr_error, STATUS_INVALID, "service: expected at most %d characters",
                        (int)BOOKING_SERVICE_ID_MAX);
        return false;
    }
    return true;
}

const struct command command_session_publish = {
    .name = "session publish",
    .sentence = "Publish a session of slots",
    .more = "A line of --file: ODS service kind YYYY-MM-DD HH:MM minutes count capacity audience\n"
            "  F82001 gp-routine in-person 2026-11-23 08:30 10 12 1 hub",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .run = run,
};
