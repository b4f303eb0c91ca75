/* bhr index consent set, consent show, preferences set: what a person permits and refuses, and how to reach them. */
#include "cli/bhr/commands.h"
#include "cli/bhr/index_ask.h"
#include "cli/bhr/show.h"

#define PURPOSES  "record-sharing|end-of-life-plan|contact|secondary-use"
#define DECISIONS "permit|deny|not-stated"

/* ---- consent set ---- */

static const struct command_option set_options[] = {
    {.name = "purpose",
     .value = PURPOSES,
     .kind = OPTION_CHOICE,
     .choices = PURPOSES,
     .is_required = true,
     .sentence = "About what"},
    {.name = "decision",
     .value = DECISIONS,
     .kind = OPTION_CHOICE,
     .choices = DECISIONS,
     .is_required = true,
     .sentence = "What they said; not-stated takes back what was said before"},
    {.name = "from", .value = "DATE", .kind = OPTION_DATE, .is_required = true, .sentence = "First day, YYYY-MM-DD"},
    {.name = "until", .value = "DATE", .kind = OPTION_DATE, .sentence = "Last day; default it goes on"},
    OPTION_ROW_ID,
    OPTION_ROW_CORRELATION,
};

static int run_set(struct cli *cli, const struct arguments *arguments) {
    struct index_consent_request request;
    struct index_answer answer;
    struct index_consent *consent = &request.consent;
    memset(&request, 0, sizeof request);
    int code = index_id_read(cli, arguments, 0, "PERSON", &request.person_id);
    if (code != CLI_OK) return code;
    consent->purpose = (enum index_purpose)option_number(arguments, "purpose");
    consent->decision = (enum index_decided)option_number(arguments, "decision");
    (void)show_take(consent->from_date, sizeof consent->from_date, option_text(arguments, "from"));
    (void)show_take(consent->until_date, sizeof consent->until_date, option_text(arguments, "until"));
    const struct index_question question =
        INDEX_COMMAND("SetConsent", index_consent_request_wire, INDEX_COMMAND_CONSENT, &request, &answer);
    return index_ask(cli, arguments, &question);
}

const struct command command_index_consent_set = {
    .name = "index consent set",
    .arguments = "PERSON",
    .sentence = "Record what a person permits or refuses, and from when until when",
    .more = "The newest that has a day in it counts on that day. No appointment waits for it.\n"
            "  bhr index consent set PERSON --purpose record-sharing --decision deny --from 2026-03-01",
    .options = set_options,
    .option_count = sizeof set_options / sizeof set_options[0],
    .argument_min = 1,
    .argument_max = 1,
    .run = run_set,
};

/* ---- consent show ---- */

static const struct command_option show_options[] = {
    {.name = "on", .value = "DATE", .kind = OPTION_DATE, .sentence = "What is in force that day; default today"},
    {.name = "as-of", .value = "TIME", .kind = OPTION_TIME, .sentence = "What was known then; default now"},
    {.name = "reveal", .kind = OPTION_FLAG, .sentence = "How to reach them and what they need, too"},
};

static void mask_consents(void *answer) {
    struct index_consents_answer *consents = answer;
    index_mask_preferences(&consents->preferences);
}

static int run_show(struct cli *cli, const struct arguments *arguments) {
    struct index_consents_answer answer;
    struct index_get_consent_request request;
    memset(&request, 0, sizeof request);
    int code = index_id_read(cli, arguments, 0, "PERSON", &request.person_id);
    if (code != CLI_OK) return code;
    request.as_of_ms = option_number(arguments, "as-of");
    (void)show_take(request.on_date, sizeof request.on_date, option_text(arguments, "on"));
    const struct index_question question = {.method = INDEX_METHOD("GetConsent"),
                                            .is_query = true,
                                            .request = &index_get_consent_request_wire,
                                            .response = &index_consents_response_wire,
                                            .plain = &request,
                                            .ret_answer = &answer,
                                            .mask = option_is_given(arguments, "reveal") ? NULL : mask_consents};
    return index_ask(cli, arguments, &question);
}

const struct command command_index_consent_show = {
    .name = "index consent show",
    .arguments = "PERSON",
    .sentence = "What a person permits and refuses on a day, by any id they ever had",
    .more = "A purpose of which nothing was said is not there. After a merge a refusal counts before a permission "
            "(is_contradicted) until they are asked again. The audit trail has it either way.",
    .options = show_options,
    .option_count = sizeof show_options / sizeof show_options[0],
    .argument_min = 1,
    .argument_max = 1,
    .run = run_show,
};

/* ---- preferences set ---- */

#define CHANNELS "telephone|text-message|email|letter|app"
#define NEEDS    "large-print|braille|easy-read|audio|sign-language|lipspeaker|advocate"
static const struct command_option preferences_options[] = {
    {.name = "channel",
     .value = CHANNELS,
     .kind = OPTION_CHOICE,
     .choices = CHANNELS,
     .sentence = "How to reach them first"},
    {.name = "language", .value = "TAG", .kind = OPTION_TEXT, .sentence = "Such as bn or pt-BR"},
    {.name = "interpreter", .kind = OPTION_FLAG, .sentence = "They need an interpreter for that language"},
    {.name = "needs", .value = NEEDS, .kind = OPTION_TEXT, .sentence = "What they need, several apart by \",\""},
    OPTION_ROW_ID,
    OPTION_ROW_CORRELATION,
};

/* "large-print,audio". */
static bool take_needs(struct index_preferences *preferences, const char *text) {
    static const struct command_option need = {.name = "needs", .kind = OPTION_CHOICE, .choices = NEEDS};
    while (text != NULL && *text != '\0') {
        char word[INDEX_WORD_MAX + 1] = "";
        size_t size = strcspn(text, ",");
        struct option_value value;
        struct error error;
        if (size > INDEX_WORD_MAX || preferences->need_count == INDEX_NEEDS_MAX) return false;
        memcpy(word, text, size);
        if (!option_read(&need, word, 0, &value, &error)) return false;
        preferences->needs[preferences->need_count++] = (enum index_need)value.number;
        text += size + (text[size] == ',');
    }
    return true;
}

static int run_preferences(struct cli *cli, const struct arguments *arguments) {
    struct index_preferences_request request;
    struct index_answer answer;
    struct index_preferences *p = &request.preferences;
    memset(&request, 0, sizeof request);
    int code = index_id_read(cli, arguments, 0, "PERSON", &request.person_id);
    if (code == CLI_OK) code = index_text_read(cli, arguments, "language", p->language, sizeof p->language);
    if (code != CLI_OK) return code;
    if (!take_needs(p, option_text(arguments, "needs"))) {
        return command_usage(cli, arguments, "--needs: expected at most %d of " NEEDS ", apart by \",\"",
                             (int)INDEX_NEEDS_MAX);
    }
    p->channel = (enum index_channel)option_number(arguments, "channel");
    p->needs_interpreter = option_is_given(arguments, "interpreter");
    if (p->needs_interpreter && p->language[0] == '\0') {
        return command_usage(cli, arguments, "--interpreter: expected with --language");
    }
    const struct index_question question =
        INDEX_COMMAND("SetPreferences", index_preferences_request_wire, INDEX_COMMAND_PREFERENCES, &request, &answer);
    return index_ask(cli, arguments, &question);
}

const struct command command_index_preferences_set = {
    .name = "index preferences set",
    .arguments = "PERSON",
    .sentence = "Record how to reach a person and to speak to them",
    .more = "What was recorded before is replaced whole; without options it is taken back.\n"
            "  bhr index preferences set PERSON --channel telephone --language bn --interpreter --needs large-print",
    .options = preferences_options,
    .option_count = sizeof preferences_options / sizeof preferences_options[0],
    .argument_min = 1,
    .argument_max = 1,
    .run = run_preferences,
};
