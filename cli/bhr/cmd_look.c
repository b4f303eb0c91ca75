/* bhr show, person: looking at bookings. Also reads the options that name a person. */
#include "cli/bhr/ask.h"
#include "cli/bhr/commands.h"
#include "cli/bhr/person.h"
#include "cli/bhr/show.h"
#include "lib/base/assert.h"
#include "services/booking/service.h"

static int run_show(struct cli *cli, const struct arguments *arguments) {
    struct get_booking_request request = {0};
    if (!uuid_parse(slice_text(arguments->items[0]), &request.booking_id)) {
        return command_usage(cli, arguments, "BOOKING: expected a booking's UUID, not \"%.64s\"", arguments->items[0]);
    }
    uint8_t memory[BOOKING_REQUEST_MAX];
    struct buffer body = buffer_over(memory, sizeof memory);
    get_booking_request_encode(&request, &body);
    ASSERT(!body.is_full);
    struct asker asker;
    int code = asker_open(cli, &booking_service, NULL, 1, &asker);
    if (code != CLI_OK) return code;
    const struct question question = {
        .method = BOOKING_METHOD_GET_BOOKING, .body = buffer_slice(&body), .is_query = true};
    struct client_result result;
    asker_ask(cli, &asker, &question, &result);
    struct booking_view view;
    struct wire_fault fault;
    if (!answer_is_good(&result)) {
        code = answer_report(cli, &result, NULL);
    } else if (!get_booking_response_decode(result.body, &asker.arena, &view, &fault)) {
        code = answer_unreadable(cli, fault.text);
    } else {
        if (!cli->is_json) show_booking(cli, &view, true);
        code = answer_report(cli, &result, show_booking_json(&view));
    }
    asker_close(&asker);
    return code;
}

const struct command command_show = {
    .name = "show",
    .arguments = "BOOKING",
    .sentence = "One booking with its history",
    .argument_min = 1,
    .argument_max = 1,
    .run = run_show,
};

static const struct command_option person_options[] = {
    PERSON_OPTION_ROWS,
    {.name = "past", .kind = OPTION_FLAG, .sentence = "Also bookings that are over or cancelled"},
    {.name = "from", .value = "TIME", .kind = OPTION_TIME, .sentence = "Only slots that start at or after this"},
};

static int run_person(struct cli *cli, const struct arguments *arguments) {
    struct list_person_bookings_request request = {.include_past = option_is_given(arguments, "past"),
                                                   .from_ms = option_number(arguments, "from")};
    int code = person_read(cli, arguments, &request.person);
    if (code != CLI_OK) return code;
    uint8_t memory[BOOKING_REQUEST_MAX];
    struct buffer body = buffer_over(memory, sizeof memory);
    list_person_bookings_request_encode(&request, &body);
    ASSERT(!body.is_full);
    struct asker asker;
    code = asker_open(cli, &booking_service, NULL, 1, &asker);
    if (code != CLI_OK) return code;
    const struct question question = {
        .method = BOOKING_METHOD_LIST_PERSON_BOOKINGS, .body = buffer_slice(&body), .is_query = true};
    struct client_result result;
    asker_ask(cli, &asker, &question, &result);
    struct list_person_bookings_response response = {0};
    struct wire_fault fault;
    if (!answer_is_good(&result)) {
        code = answer_report(cli, &result, NULL);
    } else if (!list_person_bookings_response_decode(result.body, &asker.arena, &response, &fault)) {
        code = answer_unreadable(cli, fault.text);
    } else {
        json_t *bookings = json_array();
        for (uint32_t i = 0; i < response.booking_count; i++) {
            if (cli->is_json)
                (void)json_array_append_new(bookings, show_booking_json(&response.bookings[i]));
            else
                show_booking(cli, &response.bookings[i], false);
        }
        if (response.booking_count == 0) cli_say(cli, "no bookings");
        if (response.has_more) cli_say(cli, "there are more: go on with --from");
        code =
            answer_report(cli, &result, json_pack("{so sb}", "bookings", bookings, "has_more", (int)response.has_more));
    }
    asker_close(&asker);
    return code;
}

const struct command command_person = {
    .name = "person",
    .sentence = "The bookings of one person",
    .more = "Name the person as they were booked: by NHS number, else by family name and birth date, else by local id.",
    .options = person_options,
    .option_count = sizeof person_options / sizeof person_options[0],
    .run = run_person,
};

int person_read(const struct cli *cli, const struct arguments *arguments, struct booking_person *ret_person) {
    struct booking_person person = {0};
    const char *family = option_text(arguments, "family"), *born = option_text(arguments, "born");
    const char *local_id = option_text(arguments, "local-id"), *nhs_number = option_nhs(arguments, "nhs-number");
    if (*nhs_number == '\0' && local_id == NULL && (family == NULL || born == NULL)) {
        return command_usage(cli, arguments,
                             "expected --nhs-number, or --family with --born, or --local-id to say who");
    }
    bool fits = show_take(person.nhs_number, sizeof person.nhs_number, nhs_number) &&
                show_take(person.family_name, sizeof person.family_name, family) &&
                show_take(person.given_name, sizeof person.given_name, option_text(arguments, "given")) &&
                show_take(person.birth_date, sizeof person.birth_date, born) &&
                show_take(person.local_id, sizeof person.local_id, local_id);
    if (!fits) {
        return command_usage(cli, arguments, "--family, --given: expected at most %d bytes; --local-id: at most %d",
                             (int)BOOKING_NAME_MAX, (int)BOOKING_LOCAL_ID_MAX);
    }
    *ret_person = person;
    return CLI_OK;
}
