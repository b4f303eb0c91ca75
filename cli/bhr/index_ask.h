/* One question to the index: a plain struct goes out by its table, another comes back by its own. Also the options that
 * describe somebody. */
#ifndef BHR_CLI_INDEX_ASK_H
#define BHR_CLI_INDEX_ASK_H

#include "cli/bhr/ask.h"
#include "lib/wire/index/index_wire.h"

/* What a command of `bhr index` asks. A command (no query) takes OPTION_ROW_ID and OPTION_ROW_CORRELATION. */
struct index_question {
    const char *method; /* INDEX_METHOD(...) */
    bool is_query;
    const struct wire_table *request, *response; /* request: NULL for an empty one */
    const void *plain;
    void *ret_answer;                /* as big as a plain struct of the response */
    void (*mask)(void *answer);      /* hides what identifies a person; NULL when nothing does */
    void (*say)(const void *answer); /* for people; NULL: field by field */
};
/* Asks, says what came back, and returns the exit code. */
int index_ask(struct cli *cli, const struct arguments *arguments, const struct index_question *question);
/* What a command of the index answers. */
#define INDEX_COMMAND(rpc, request_table, kind, plain_, answer)                                                        \
    {                                                                                                                  \
        .method = INDEX_METHOD(rpc), .request = &(request_table), .response = index_answer_wire(kind),                 \
        .plain = (plain_), .ret_answer = (answer)                                                                      \
    }

#define INDEX_SEXES    "female|male|other"
#define INDEX_STATUSES "verified|not-traced|trace-required|no-match|conflict|in-progress|not-required|postponed"
#define INDEX_DESCRIPTION_ROWS                                                                                         \
    {.name = "nhs-number", .value = "NUMBER", .kind = OPTION_NHS, .sentence = "NHS number, ten digits"},               \
        {.name = "family", .value = "NAME", .kind = OPTION_TEXT, .sentence = "Family name"},                           \
        {.name = "given", .value = "NAME", .kind = OPTION_TEXT, .sentence = "Given names"},                            \
        {.name = "born", .value = "DATE", .kind = OPTION_TEXT, .sentence = "Birth date, YYYY-MM-DD, YYYY-MM or YYYY"}, \
        {.name = "sex", .value = INDEX_SEXES, .kind = OPTION_CHOICE, .choices = INDEX_SEXES, .sentence = "Sex"},       \
        {.name = "address",                                                                                            \
         .value = "LINES",                                                                                             \
         .kind = OPTION_TEXT,                                                                                          \
         .sentence = "Up to three lines, apart by \";\", most particular first"},                                      \
        {.name = "house",                                                                                              \
         .value = "TEXT",                                                                                              \
         .kind = OPTION_TEXT,                                                                                          \
         .sentence = "House number or name, where it is not in the lines"},                                            \
        {.name = "county", .value = "NAME", .kind = OPTION_TEXT, .sentence = "County, where it is not in the lines"},  \
        {.name = "postcode", .value = "POSTCODE", .kind = OPTION_TEXT, .sentence = "UK postcode"},                     \
        {.name = "phone", .value = "NUMBER", .kind = OPTION_TEXT, .sentence = "Telephone"}, {                          \
        .name = "local-id", .value = "TEXT", .kind = OPTION_TEXT, .sentence = "Identifier in the source system"        \
    }
#define INDEX_KEY_ROWS                                                                                                 \
    {.name = "source", .value = "NAME", .kind = OPTION_TEXT, .sentence = "Source system of --local-id"}, {             \
        .name = "organisation", .value = "ODS", .kind = OPTION_TEXT,                                                   \
        .sentence = "Whose source; default the asker's own, another one for operators only"                            \
    }

/* CLI_OK, or CLI_USAGE after naming the option; never repeats a value. What only the door can judge it judges. */
int index_description_read(const struct cli *cli, const struct arguments *arguments,
                           struct index_demographics *ret_demographics);
int index_key_read(const struct cli *cli, const struct arguments *arguments, struct index_record_key *ret_key);
/* Of --reason. */
int index_reason_read(const struct cli *cli, const struct arguments *arguments, char ret_reason[INDEX_REASON_MAX + 1]);
/* The number-th argument as an id; expected names it: "PERSON". */
int index_id_read(const struct cli *cli, const struct arguments *arguments, uint32_t number, const char *expected,
                  struct uuid *ret_id);
#define INDEX_REASON_ROW                                                                                               \
    {                                                                                                                  \
        .name = "reason", .value = "TEXT", .kind = OPTION_TEXT, .is_required = true,                                   \
        .sentence = "Why, at most 200 bytes, without what identifies a person"                                         \
    }

/* A text option into a field that holds size bytes with its end; CLI_USAGE when it does not fit. */
int index_text_read(const struct cli *cli, const struct arguments *arguments, const char *option, char *ret_text,
                    size_t size);

/* What somebody needs may say what they suffer from, and their language where they come from: all of it goes. */
void index_mask_preferences(struct index_preferences *preferences);

#endif
