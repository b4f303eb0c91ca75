/* bhr slots, hold, book, cancel: what a booker does, in that order. */
#include "cli/bhr/ask.h"
#include "cli/bhr/commands.h"
#include "cli/bhr/person.h"
#include "cli/bhr/show.h"
#include "lib/base/assert.h"
#include "lib/client/uk_time.h"
#include "services/booking/service.h"

#include <stdio.h>

static int command_ask(struct cli *cli, const struct arguments *arguments, const char *method,
                       enum booking_command_kind kind, const struct buffer *body);
static void say_done(const struct cli *cli, enum booking_command_kind kind, const struct booking_answer *answer);
static json_t *answer_json(enum booking_command_kind kind, const struct booking_answer *answer);

/* ---- slots ---- */

static const struct command_option slots_options[] = {
    {.name = "organisation", .value = "ODS", .kind = OPTION_TEXT, .sentence = "Only this organisation's"},
    {.name = "service",
     .value = "ID",
     .kind = OPTION_TEXT,
     .sentence = "Only this service's; one of the two is needed"},
    {.name = "from", .value = "TIME", .kind = OPTION_TIME, .sentence = "Start of the window; default now"},
    {.name = "to", .value = "TIME", .kind = OPTION_TIME, .sentence = "End of the window"},
    {.name = "days",
     .value = "N",
     .kind = OPTION_NUMBER,
     .min = 1,
     .max = 14,
     .fallback = 7,
     .sentence = "Instead of --to: so many days after the start; default 7"},
    {.name = "kind",
     .value = SHOW_KINDS,
     .kind = OPTION_CHOICE,
     .choices = SHOW_KINDS,
     .sentence = "Only this channel"},
    {.name = "full", .kind = OPTION_FLAG, .sentence = "Also slots without a free place"},
    {.name = "limit",
     .value = "N",
     .kind = OPTION_NUMBER,
     .min = 1,
     .max = BOOKING_FIND_LIMIT_MAX,
     .fallback = 20,
     .sentence = "At most so many; default 20"},
};

static int run_slots(struct cli *cli, const struct arguments *arguments) {
    int64_t from_ms = option_is_given(arguments, "from") ? option_number(arguments, "from") : cli_now_ms(cli);
    struct find_slots_request request = {.kind = (enum booking_kind)option_number(arguments, "kind"),
                                         .from_ms = from_ms,
                                         .to_ms = option_is_given(arguments, "to")
                                                      ? option_number(arguments, "to")
                                                      : from_ms + option_number(arguments, "days") * BOOKING_DAY_MS,
                                         .include_full = option_is_given(arguments, "full"),
                                         .limit = (uint32_t)option_number(arguments, "limit")};
    const char *organisation = option_text(arguments, "organisation"), *service = option_text(arguments, "service");
    if (organisation == NULL && service == NULL) {
        return command_usage(cli, arguments, "expected --organisation ODS or --service ID, or both");
    }
    if (!show_take(request.organisation, sizeof request.organisation, organisation)) {
        return command_usage(cli, arguments, "--organisation: expected an ODS code, 3 to 10 of A-Z 0-9");
    }
    if (!show_take(request.service_id, sizeof request.service_id, service)) {
        return command_usage(cli, arguments, "--service: expected at most %d characters", (int)BOOKING_SERVICE_ID_MAX);
    }
    if (option_is_given(arguments, "to") && option_is_given(arguments, "days")) {
        return command_usage(cli, arguments, "expected --to or --days, not both");
    }
    if (request.to_ms <= request.from_ms) return command_usage(cli, arguments, "--to: expected a time after --from");

    uint8_t memory[BOOKING_REQUEST_MAX];
    struct buffer body = buffer_over(memory, sizeof memory);
    find_slots_request_encode(&request, &body);
    struct asker asker;
    int code = asker_open(cli, &booking_service, NULL, 1, &asker);
    if (code != CLI_OK) return code;
    const struct question question = {
        .method = BOOKING_METHOD_FIND_SLOTS, .body = buffer_slice(&body), .is_query = true};
    struct client_result result;
    asker_ask(cli, &asker, &question, &result);
    struct find_slots_response response = {0};
    struct wire_fault fault;
    if (!answer_is_good(&result)) {
        code = answer_report(cli, &result, NULL);
    } else if (!find_slots_response_decode(result.body, &asker.arena, &response, &fault)) {
        code = answer_unreadable(cli, fault.text);
    } else {
        json_t *slots = json_array();
        for (uint32_t i = 0; i < response.slot_count; i++) {
            if (cli->is_json)
                (void)json_array_append_new(slots, show_slot_json(&response.slots[i]));
            else
                show_slot(cli, &response.slots[i]);
        }
        if (response.slot_count == 0) cli_say(cli, "no slots that this client may book in that window");
        if (response.has_more) cli_say(cli, "there are more: narrow the window, or --limit");
        code = answer_report(cli, &result, json_pack("{so sb}", "slots", slots, "has_more", (int)response.has_more));
        if (!cli->is_json) ASSERT(code == CLI_OK);
    }
    asker_close(&asker);
    return code;
}

const struct command command_slots = {
    .name = "slots",
    .sentence = "Search slots that can be booked",
    .more = "  bhr slots --service gp-routine --from \"tomorrow 08:00\"",
    .options = slots_options,
    .option_count = sizeof slots_options / sizeof slots_options[0],
    .run = run_slots,
};

/* ---- hold ---- */

static const struct command_option hold_options[] = {
    {.name = "seconds",
     .value = "N",
     .kind = OPTION_NUMBER,
     .min = 1,
     .max = BOOKING_HOLD_SECONDS_MAX,
     .sentence = "How long; default is the service's"},
    OPTION_ROW_ID,
    OPTION_ROW_CORRELATION,
};

static int usage_slot(const struct cli *cli, const struct arguments *arguments) {
    return command_usage(cli, arguments,
                         "SLOT: expected \"<session id>:<index>\" as `bhr slots` shows it, not \"%.64s\"",
                         arguments->items[0]);
}

static int run_hold(struct cli *cli, const struct arguments *arguments) {
    struct hold_request request = {.hold_seconds = (uint32_t)option_number(arguments, "seconds")};
    if (!booking_slot_id_parse(arguments->items[0], &request.slot_id)) return usage_slot(cli, arguments);
    uint8_t memory[BOOKING_REQUEST_MAX];
    struct buffer body = buffer_over(memory, sizeof memory);
    hold_request_encode(&request, &body);
    return command_ask(cli, arguments, BOOKING_METHOD_HOLD, BOOKING_COMMAND_HOLD, &body);
}

const struct command command_hold = {
    .name = "hold",
    .arguments = "SLOT",
    .sentence = "Keep one place of a slot for a few minutes",
    .options = hold_options,
    .option_count = sizeof hold_options / sizeof hold_options[0],
    .argument_min = 1,
    .argument_max = 1,
    .run = run_hold,
};

/* ---- book ---- */

static const struct command_option book_options[] = {
    {.name = "hold", .value = "HOLD", .kind = OPTION_UUID, .sentence = "Book the place of this hold, instead of SLOT"},
    PERSON_OPTION_ROWS,
    {.name = "phone", .value = "NUMBER", .kind = OPTION_TEXT, .sentence = "How to reach them"},
    {.name = "note", .value = "TEXT", .kind = OPTION_TEXT, .sentence = "For the practice, at most 500 bytes"},
    OPTION_ROW_ID,
    OPTION_ROW_CORRELATION,
};

static int run_book(struct cli *cli, const struct arguments *arguments) {
    struct book_request request = {.is_from_hold = option_is_given(arguments, "hold"),
                                   .hold_id = option_uuid(arguments, "hold")};
    if (request.is_from_hold == (arguments->count == 1)) {
        return command_usage(cli, arguments, "expected either SLOT or --hold HOLD");
    }
    if (arguments->count == 1 && !booking_slot_id_parse(arguments->items[0], &request.slot_id)) {
        return usage_slot(cli, arguments);
    }
    int code = person_read(cli, arguments, &request.person);
    if (code != CLI_OK) return code;
    if (!show_take(request.contact.phone, sizeof request.contact.phone, option_text(arguments, "phone"))) {
        return command_usage(cli, arguments, "--phone: expected at most %d characters", (int)BOOKING_PHONE_MAX);
    }
    if (!show_take(request.contact.note, sizeof request.contact.note, option_text(arguments, "note"))) {
        return command_usage(cli, arguments, "--note: expected at most %d bytes", (int)BOOKING_NOTE_MAX);
    }
    uint8_t memory[BOOKING_REQUEST_MAX];
    struct buffer body = buffer_over(memory, sizeof memory);
    book_request_encode(&request, &body);
    return command_ask(cli, arguments, BOOKING_METHOD_BOOK, BOOKING_COMMAND_BOOK, &body);
}

const struct command command_book = {
    .name = "book",
    .arguments = "[SLOT]",
    .sentence = "Book a place, of a slot or of a hold, for a person",
    .more = "  bhr book 0198c1d2-7e00-7abc-8def-0123456789ab:3 --nhs-number \"943 476 5919\"",
    .options = book_options,
    .option_count = sizeof book_options / sizeof book_options[0],
    .argument_max = 1,
    .run = run_book,
};

/* ---- cancel ---- */

static const struct command_option cancel_options[] = {
    {.name = "reason",
     .value = SHOW_REASONS,
     .kind = OPTION_CHOICE,
     .choices = SHOW_REASONS,
     .is_required = true,
     .sentence = "Why"},
    OPTION_ROW_ID,
    OPTION_ROW_CORRELATION,
};

static int run_cancel(struct cli *cli, const struct arguments *arguments) {
    struct cancel_request request = {.reason = (enum booking_cancel_reason)option_number(arguments, "reason")};
    if (!uuid_parse(slice_text(arguments->items[0]), &request.booking_id)) {
        return command_usage(cli, arguments, "BOOKING: expected a booking's UUID, not \"%.64s\"", arguments->items[0]);
    }
    uint8_t memory[BOOKING_REQUEST_MAX];
    struct buffer body = buffer_over(memory, sizeof memory);
    cancel_request_encode(&request, &body);
    return command_ask(cli, arguments, BOOKING_METHOD_CANCEL, BOOKING_COMMAND_CANCEL, &body);
}

const struct command command_cancel = {
    .name = "cancel",
    .arguments = "BOOKING",
    .sentence = "Withdraw a booking; its place is free again at once",
    .options = cancel_options,
    .option_count = sizeof cancel_options / sizeof cancel_options[0],
    .argument_min = 1,
    .argument_max = 1,
    .run = run_cancel,
};

/* ---- what the commands have in common ---- */

static int command_ask(struct cli *cli, const struct arguments *arguments, const char *method,
                       enum booking_command_kind kind, const struct buffer *body) {
    ASSERT(!body->is_full);
    struct asker asker;
    int code = asker_open(cli, &booking_service, NULL, 1, &asker);
    if (code != CLI_OK) return code;
    const struct question question = {.method = method,
                                      .body = buffer_slice(body),
                                      .request_id = option_uuid(arguments, "id"),
                                      .correlation = option_text(arguments, "correlation")};
    struct client_result result;
    asker_ask(cli, &asker, &question, &result);
    struct booking_answer answer = {0};
    struct wire_fault fault;
    if (result.end == CLIENT_ANSWERED && !booking_answer_decode(kind, result.body, &asker.arena, &answer, &fault)) {
        code = answer_unreadable(cli, fault.text);
    } else {
        if (answer_is_good(&result) && !cli->is_json) say_done(cli, kind, &answer);
        code = answer_report(cli, &result, answer_json(kind, &answer));
        show_alternatives(cli, &answer.alternatives);
    }
    asker_close(&asker);
    return code;
}

static void say_done(const struct cli *cli, enum booking_command_kind kind, const struct booking_answer *answer) {
    char id[CLI_UUID_ROOM], at[UK_TIME_TEXT_MAX];
    uk_time_format(answer->at_ms, at);
    const char *good = cli_paint(cli, PAINT_GOOD), *end = cli_unpaint(cli);
    switch (kind) {
    case BOOKING_COMMAND_HOLD:
        printf("%sheld%s %s until %s\n", good, end, cli_uuid_text(answer->id.bytes, id), at);
        show_slot(cli, &answer->slot);
        break;
    case BOOKING_COMMAND_BOOK:
        printf("%sbooked%s %s\n", good, end, cli_uuid_text(answer->id.bytes, id));
        show_slot(cli, &answer->slot);
        break;
    case BOOKING_COMMAND_CANCEL:
        printf("%scancelled%s %s at %s\n", good, end, cli_uuid_text(answer->id.bytes, id), at);
        break;
    case BOOKING_COMMAND_PUBLISH:
    case BOOKING_COMMAND_FOLLOW:
    case BOOKING_COMMAND_RELINK:
        break;
    }
}

static json_t *answer_json(enum booking_command_kind kind, const struct booking_answer *answer) {
    if (answer->alternatives.count > 0) {
        return json_pack("{so}", "alternatives", show_alternatives_json(&answer->alternatives));
    }
    if (uuid_is_zero(answer->id)) return NULL;
    switch (kind) {
    case BOOKING_COMMAND_HOLD:
        return json_pack("{so so so}", "hold_id", cli_json_uuid(answer->id.bytes), "expires_at",
                         cli_json_time(answer->at_ms), "slot", show_slot_json(&answer->slot));
    case BOOKING_COMMAND_BOOK:
        return json_pack("{so so}", "booking_id", cli_json_uuid(answer->id.bytes), "slot",
                         show_slot_json(&answer->slot));
    case BOOKING_COMMAND_CANCEL:
        return json_pack("{so so}", "booking_id", cli_json_uuid(answer->id.bytes), "cancelled_at",
                         cli_json_time(answer->at_ms));
    case BOOKING_COMMAND_PUBLISH:
    case BOOKING_COMMAND_FOLLOW:
    case BOOKING_COMMAND_RELINK:
        break;
    }
    return NULL;
}
