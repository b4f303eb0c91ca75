/* What a client reads of the index's answers. The first byte says of which method; what is read encodes to bytes that read
 * the same, and can be shown as JSON and as lines. */
#include "cli/bhr/wire_json.h"
#include "tests/fuzz/index_seeds.h"

#include <stdlib.h>

/* What came later stands behind, so that a byte of a file in the corpus means what it meant. */
enum {
    COMMANDS = INDEX_COMMAND_SERVICE - INDEX_COMMAND_REGISTER + 1,
    LATER_COMMANDS = INDEX_COMMAND_PRACTITIONER - INDEX_COMMAND_SERVICE
};
static const struct wire_table *const queries[] = {
    &index_find_response_wire,         &index_trace_response_wire,    &index_try_response_wire,
    &index_get_response_wire,          &index_pairs_response_wire,    &index_board_response_wire,
    &index_organisation_response_wire, &index_services_response_wire, &index_consents_response_wire,
    &index_practitioner_response_wire};
enum { QUERIES = sizeof queries / sizeof queries[0] };

static const struct wire_table *table_of(uint8_t which) {
    which %= COMMANDS + QUERIES + LATER_COMMANDS;
    if (which >= COMMANDS + QUERIES) {
        return index_answer_wire((enum index_command_kind)(INDEX_COMMAND_SERVICE + 1 + which - COMMANDS - QUERIES));
    }
    if (which >= COMMANDS) return queries[which - COMMANDS];
    return index_answer_wire((enum index_command_kind)(INDEX_COMMAND_REGISTER + which));
}

static void run(struct slice input) {
    static uint8_t plain[SEED_PLAIN_MAX], memory[SEED_BYTES_MAX];
    if (input.size == 0) return;
    const struct wire_table *table = table_of(fuzz_byte(&input));
    struct wire_fault fault = {""};
    if (!seed_twice(table, input, &fault)) {
        seed_reach_expected(&fault);
        return;
    }
    struct arena arena = arena_over(memory, sizeof memory);
    bool is_read = wire_table_decode(table, input, &arena, plain, &fault);
    json_t *shown = wire_json(table, plain);
    ASSERT(is_read && json_is_object(shown));
    json_decref(shown);
    fuzz_reach(table->descriptor->short_name);
}

static void seed(void) {
    for (int which = 0; which < COMMANDS + QUERIES + LATER_COMMANDS; which++)
        seed_drawn(table_of((uint8_t)which), which);
}

static const char *const outcomes[] = {"ClaimPairResponse",
                                       "DecidePairResponse",
                                       "FindPersonResponse",
                                       "FindServicesResponse",
                                       "FlagPersonResponse",
                                       "GetBoardResponse",
                                       "GetConsentResponse",
                                       "GetOrganisationResponse",
                                       "GetPersonResponse",
                                       "GetPractitionerResponse",
                                       "LinkRecordResponse",
                                       "ListPairsResponse",
                                       "MergePersonsResponse",
                                       "RegisterOrganisationResponse",
                                       "RegisterPractitionerResponse",
                                       "RegisterRecordResponse",
                                       "RegisterServiceResponse",
                                       "SetConsentResponse",
                                       "SetPreferencesResponse",
                                       "SetRelationshipResponse",
                                       "TracePersonResponse",
                                       "TryRulesResponse",
                                       "UnlinkRecordResponse",
                                       "UnmergePersonsResponse",
                                       "expected 0 to 1439",
                                       "expected 1 to 12 letters and digits",
                                       "expected 1 to 32 characters of A-Z a-z 0-9 . _ -",
                                       "expected 1 to 7",
                                       "expected 2 digits, a letter, 4 digits and a letter",
                                       "expected 5 to 20 digits with spaces or a leading plus, at most ",
                                       "expected 7 digits",
                                       "expected 7 digits of which the first is 2",
                                       "expected UTF-8 text without control characters",
                                       "expected a UK postcode",
                                       "expected a UUID as text",
                                       "expected a channel, or none",
                                       "expected a count",
                                       "expected a date as YYYY-MM-DD",
                                       "expected a day that exists, as YYYY-MM-DD, YYYY-MM or YYYY, not",
                                       "expected a kind of relationship",
                                       "expected a language tag such as en, bn or pt-BR",
                                       "expected a minute after from_minute",
                                       "expected a number",
                                       "expected a pair",
                                       "expected a person",
                                       "expected a professional",
                                       "expected a purpose",
                                       "expected a register",
                                       "expected a role such as R8000 or S8000:G8000:R8000",
                                       "expected a series",
                                       "expected a smaller message of the type that the contract says",
                                       "expected a whole protobuf message",
                                       "expected an ODS code: 3 to 10 of A-Z 0-9",
                                       "expected an SDS user id, 12 digits",
                                       "expected an organisation",
                                       "expected at most 100 bytes on one line",
                                       "expected at most 1000000",
                                       "expected at most 12",
                                       "expected at most 1440",
                                       "expected at most 16",
                                       "expected at most 32",
                                       "expected at most 50",
                                       "expected at most 7",
                                       "expected at most 8 needs",
                                       "expected at most one number of each register",
                                       "expected characters of A-Z a-z 0-9 . _ : -, not so many",
                                       "expected female, male, other or none",
                                       "expected fewer",
                                       "expected flags",
                                       "expected how",
                                       "expected how it ended",
                                       "expected milliseconds since 1970 UTC, before the year 2200",
                                       "expected one of 01 to 08, or none",
                                       "expected one of each purpose",
                                       "expected permit, deny or not stated",
                                       "expected postcode districts such as RM1",
                                       "expected the number of an entry",
                                       "expected the type that the contract says",
                                       "expected whose record it is",
                                       "not an NHS number: expected ten digits, plain or grouped 3-3-4 ",
                                       "not an NHS number: the check digit does not fit; a digit is pro",
                                       NULL};
const struct fuzz_harness fuzz_harness = {outcomes, run, seed, 2000};
