/* Encodes, asks, decodes, masks and shows. Owns the connection while a question is under way; one thread. */
#include "cli/bhr/index_ask.h"

#include "cli/bhr/show.h"
#include "cli/bhr/wire_json.h"
#include "lib/base/assert.h"
#include "services/index/service.h"

#include <stdio.h>

int index_ask(struct cli *cli, const struct arguments *arguments, const struct index_question *question) {
    uint8_t memory[INDEX_WIRE_ARENA_SIZE], scratch[INDEX_WIRE_ARENA_SIZE];
    struct buffer body = buffer_over(memory, sizeof memory);
    struct arena arena = arena_over(scratch, sizeof scratch);
    if (question->request != NULL) wire_table_encode(question->request, question->plain, &arena, &body);
    ASSERT(!body.is_full);
    struct asker asker;
    int code = asker_open(cli, &index_service_table, NULL, 1, &asker);
    if (code != CLI_OK) return code;
    struct question asked = {.method = question->method, .body = buffer_slice(&body), .is_query = question->is_query};
    if (!question->is_query) {
        asked.request_id = option_uuid(arguments, "id");
        asked.correlation = option_text(arguments, "correlation");
    }
    struct client_result result;
    struct wire_fault fault;
    asker_ask(cli, &asker, &asked, &result);
    /* A refusal has a body where it names what to do next. */
    bool has_answer = answer_is_good(&result) || (result.end == CLIENT_ANSWERED && result.body.size > 0);
    void *answer = question->ret_answer;
    if (has_answer && !wire_table_decode(question->response, result.body, &asker.arena, answer, &fault)) {
        code = answer_unreadable(cli, fault.text);
    } else {
        if (has_answer && question->mask != NULL) question->mask(answer);
        if (has_answer && !cli->is_json && question->say != NULL) question->say(answer);
        if (has_answer && !cli->is_json && question->say == NULL) wire_json_say(question->response, answer);
        code = answer_report(cli, &result, has_answer && cli->is_json ? wire_json(question->response, answer) : NULL);
    }
    asker_close(&asker);
    return code;
}

static int usage_size(const struct cli *cli, const struct arguments *arguments, const char *option, size_t size_max) {
    return command_usage(cli, arguments, "--%s: expected at most %zu bytes", option, size_max);
}

int index_text_read(const struct cli *cli, const struct arguments *arguments, const char *option, char *ret_text,
                    size_t size) {
    if (show_take(ret_text, size, option_text(arguments, option))) return CLI_OK;
    return usage_size(cli, arguments, option, size - 1);
}

/* Lines apart by ";". */
static bool take_lines(struct index_demographics *demographics, const char *text) {
    while (text != NULL && *text != '\0') {
        size_t size = strcspn(text, ";");
        if (demographics->address_line_count == INDEX_LINES_MAX || size > INDEX_NAME_MAX) return false;
        memcpy(demographics->address_lines[demographics->address_line_count++], text, size);
        text += size + (text[size] == ';');
    }
    return true;
}

int index_description_read(const struct cli *cli, const struct arguments *arguments,
                           struct index_demographics *ret_demographics) {
    struct index_demographics person;
    memset(&person, 0, sizeof person);
    const struct {
        const char *option;
        char *to;
        size_t size;
    } texts[] = {
        {"family", person.family_name, sizeof person.family_name},
        {"given", person.given_name, sizeof person.given_name},
        {"born", person.birth_date, sizeof person.birth_date},
        {"postcode", person.postcode, sizeof person.postcode},
        {"phone", person.phone, sizeof person.phone},
        {"house", person.house, sizeof person.house},
        {"county", person.county, sizeof person.county},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        int code = index_text_read(cli, arguments, texts[i].option, texts[i].to, texts[i].size);
        if (code != CLI_OK) return code;
    }
    if (!take_lines(&person, option_text(arguments, "address"))) {
        return command_usage(cli, arguments, "--address: expected at most %d lines of at most %d bytes",
                             (int)INDEX_LINES_MAX, (int)INDEX_NAME_MAX);
    }
    memcpy(person.nhs_number, option_nhs(arguments, "nhs-number"), sizeof person.nhs_number);
    person.sex = (enum index_sex)option_number(arguments, "sex");
    *ret_demographics = person;
    return CLI_OK;
}

int index_key_read(const struct cli *cli, const struct arguments *arguments, struct index_record_key *ret_key) {
    struct index_record_key key;
    memset(&key, 0, sizeof key);
    if (!show_take(key.source, sizeof key.source, option_text(arguments, "source"))) {
        return usage_size(cli, arguments, "source", INDEX_SOURCE_MAX);
    }
    if (!show_take(key.organisation, sizeof key.organisation, option_text(arguments, "organisation"))) {
        return usage_size(cli, arguments, "organisation", INDEX_ORGANISATION_MAX);
    }
    if (!show_take(key.local_id, sizeof key.local_id, option_text(arguments, "local-id"))) {
        return usage_size(cli, arguments, "local-id", INDEX_LOCAL_ID_MAX);
    }
    *ret_key = key;
    return CLI_OK;
}

int index_reason_read(const struct cli *cli, const struct arguments *arguments, char ret_reason[INDEX_REASON_MAX + 1]) {
    memset(ret_reason, 0, INDEX_REASON_MAX + 1);
    if (show_take(ret_reason, INDEX_REASON_MAX + 1, option_text(arguments, "reason"))) return CLI_OK;
    return usage_size(cli, arguments, "reason", INDEX_REASON_MAX);
}

int index_id_read(const struct cli *cli, const struct arguments *arguments, uint32_t number, const char *expected,
                  struct uuid *ret_id) {
    ASSERT(number < arguments->count);
    if (uuid_parse(slice_text(arguments->items[number]), ret_id)) return CLI_OK;
    return command_usage(cli, arguments, "%s: expected a UUID, not \"%.64s\"", expected, arguments->items[number]);
}

void index_mask_preferences(struct index_preferences *preferences) {
    bool has_language = preferences->language[0] != '\0';
    memset(preferences, 0, sizeof *preferences);
    if (has_language) preferences->language[0] = '*';
}
