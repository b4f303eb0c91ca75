/* The command lines of `bhr index` that are wrong, and what is said of them. */
#include "cli/bhr/index_ask.h"
#include "services/index/core/mask.h"
#include "cli/bhr/wire_json.h"
#include "lib/digest/digest.h"
#include "tests/cli/typed.h"

#define PERSON "0198c1d2-7e00-7abc-8def-0123456789ab"

static const struct row rows[] = {
    {"index", CLI_USAGE, NULL, "index worklist claim PAIR"},
    {"index worklist", CLI_USAGE, NULL, "index worklist list"},
    {"help index worklist decide", CLI_OK, "--verdict=same|different", NULL},
    {"index register --family Okonjo", CLI_USAGE, NULL, "expected --source and --local-id to say which record"},
    {"index register --source emis --local-id 1 --nhs-number 9434765918", CLI_USAGE, NULL, "--nhs-number: "},
    {"index register --source emis --local-id 1 --address a;b;c;d", CLI_USAGE, NULL,
     "--address: expected at most 3 lines"},
    {"index register --source emis --local-id 1 --born 1956-03-01T00:00", CLI_USAGE, NULL,
     "--born: expected at most 10"},
    {"index find --source emis --family Okonjo", CLI_USAGE, NULL, "expected --source and --local-id together"},
    {"index find --family Okonjo --as-of now", CLI_USAGE, NULL, "--as-of: expected with --nhs-number or --local-id"},
    {"index show Okonjo", CLI_USAGE, NULL, "PERSON: expected a UUID"},
    {"index merge 0198c1d2-7e00-7abc-8def-0123456789ab", CLI_USAGE, NULL, "--reason is missing"},
    {"index merge 0198c1d2-7e00-7abc-8def-0123456789ab x --reason same", CLI_USAGE, NULL, "OTHER: expected a UUID"},
    {"index flag 0198c1d2-7e00-7abc-8def-0123456789ab --flag vip --reason x", CLI_USAGE, NULL,
     "expected one of restricted|"},
    {"index worklist decide 0198c1d2-7e00-7abc-8def-0123456789ab --reason x", CLI_USAGE, NULL, "--verdict is missing"},
    {"index relationship set " PERSON " --kind registered-practice --from 2026-03-01", CLI_USAGE, NULL,
     "expected --organisation for a practice or team, and not both"},
    {"index relationship set " PERSON " --kind carer --organisation Y90001 --from 2026-03-01", CLI_USAGE, NULL,
     "expected --other for a carer or parent, and not both"},
    {"index relationship set " PERSON " --kind aunt --from 2026-03-01", CLI_USAGE, NULL,
     "--kind: expected one of registered-practice|"},
    {"index consent set " PERSON " --purpose contact --from 2026-03-01", CLI_USAGE, NULL, "--decision is missing"},
    {"index consent set " PERSON " --purpose contact --decision maybe --from 2026-03-01", CLI_USAGE, NULL,
     "--decision: expected one of permit|deny|not-stated"},
    {"index consent set " PERSON " --purpose contact --decision deny --from 2026-02-30", CLI_USAGE, NULL, "--from: "},
    {"index consent set Okonjo --purpose contact --decision deny --from 2026-03-01", CLI_USAGE, NULL,
     "PERSON: expected a UUID"},
    {"index consent show " PERSON " --on soon", CLI_USAGE, NULL, "--on: "},
    {"index preferences set " PERSON " --interpreter", CLI_USAGE, NULL, "--interpreter: expected with --language"},
    {"index preferences set " PERSON " --needs audio,shouting", CLI_USAGE, NULL,
     "--needs: expected at most 8 of large"},
    {"index preferences set " PERSON " --channel pigeon", CLI_USAGE, NULL, "--channel: expected one of telephone|"},
    {"index practitioner register --name A --from 2026-03-01 --role R8000,Y90001,2026-03-01", CLI_USAGE, NULL,
     "ID: expected an SDS user id"},
    {"index practitioner register 555000000111 555000000222 --name A --from 2026-03-01", CLI_USAGE, NULL,
     "ID: expected one SDS user id"},
    {"index practitioner register 555000000111 --name A --from 2026-03-01 --role R8000,Y90001", CLI_USAGE, NULL,
     "--role: expected CODE,ODS,FROM"},
    {"index practitioner register 555000000111 --from 2026-03-01", CLI_USAGE, NULL, "--name is missing"},
    {"index practitioner show 7654321 --register bma", CLI_USAGE, NULL, "--register: expected one of gmc|"},
    {"index practitioner show 5550000001112", CLI_USAGE, NULL, "NUMBER: expected an SDS user id"},
    {"index service register hub --organisation Y90020 --name A --kind b --from 2026-03-01 --hours sat", CLI_USAGE,
     NULL, "--hours: expected such as"},
    {"index service register hub --organisation Y90020 --name A --kind b --from 2026-03-01 --hours fri-mon_09:00-10:00",
     CLI_USAGE, NULL, "--hours: expected such as"},
    {"index service register hub --organisation Y90020 --name A --kind b --from 2026-03-01 --hours sat_10:00-09:00",
     CLI_USAGE, NULL, "--hours: expected such as"},
    {"index service register hub --organisation Y90020 --name A --kind b --from 2026-03-01 --districts RM1,,RM2",
     CLI_USAGE, NULL, "--districts: expected at most 32"},
    {"-c empty.ini index service register hub --organisation Y90020 --name A --kind b --from 2026-03-01 --districts "
     "RM1,RM2 --hours mon-fri_18:30-20:00;_SAT_09:00-24:00",
     CLI_USAGE, NULL, "[client] has no key_file"},
    {"-c empty.ini index practitioner register --role R8000,Y90001,2026-03-01,2026-04-01 555000000111 --name A --nmc "
     "12A3456B --from 2026-03-01",
     CLI_USAGE, NULL, "[client] has no key_file"},
    {"-c empty.ini index preferences set " PERSON " --needs audio,large-print --channel app", CLI_USAGE, NULL,
     "[client] has no key_file"},
    {"index trace nowhere.csv", CLI_USAGE, NULL, "--out is missing"},
    {"index trace nowhere.csv -o found.csv", CLI_USAGE, NULL, "nowhere.csv cannot be read"},
    {"index import people nowhere.csv", CLI_USAGE, NULL, "expected --source"},
    {"index import ods nowhere.csv", CLI_USAGE, NULL, "nowhere.csv cannot be read"},
    {"index organisation much-too-long", CLI_USAGE, NULL, "CODE: expected an ODS code"},
    {"index services nowhere-at-all", CLI_USAGE, NULL, "POSTCODE: expected a UK postcode"},
    {"index import", CLI_USAGE, NULL, "index import ods FILE"},
    {"-c empty.ini index board", CLI_USAGE, NULL, "[client] has no key_file"},
};

static void every_line_ends_as_it_must(void **state) {
    (void)state;
    check_rows(rows, sizeof rows / sizeof rows[0]);
}

/* The first letter of a name, the year of a date, the end of a number, the district of a postcode. */
static void what_identifies_somebody_is_masked(void **state) {
    (void)state;
    struct index_demographics person = {.nhs_number = "9434765919",
                                        .family_name = "\xC3\x93"
                                                       "Brien",
                                        .given_name = "R",
                                        .birth_date = "1956-03-01",
                                        .address_line_count = 1,
                                        .address_lines = {"1 Long Row"},
                                        .postcode = "RM1 1AA",
                                        .phone = "07700 900123",
                                        .house = "1",
                                        .county = "Essex"};
    index_mask(&person);
    assert_string_equal(person.nhs_number, "*******919");
    assert_string_equal(person.family_name, "\xC3\x93*");
    assert_string_equal(person.given_name, "R*");
    assert_string_equal(person.birth_date, "1956");
    assert_int_equal(person.address_line_count, 0);
    assert_string_equal(person.address_lines[0], "");
    assert_string_equal(person.postcode, "RM1");
    assert_string_equal(person.phone, "*********123");
    assert_string_equal(person.house, "");
    assert_string_equal(person.county, "");
    struct index_preferences told = {.channel = INDEX_CHANNEL_APP,
                                     .language = "bn",
                                     .needs_interpreter = true,
                                     .need_count = 1,
                                     .needs = {INDEX_NEED_ADVOCATE}};
    index_mask_preferences(&told);
    struct index_preferences left = {.language = "*"};
    assert_memory_equal(&told, &left, sizeof left);
    struct index_demographics nobody = {.sex = INDEX_SEX_FEMALE}, same = nobody;
    index_mask(&nobody);
    assert_memory_equal(&nobody, &same, sizeof same);
}

/* Any plain struct as JSON: words for numbers, times without their unit, nothing for what is not said. */
static void an_answer_is_shown_by_its_table(void **state) {
    (void)state;
    struct index_answer answer;
    memset(&answer, 0, sizeof answer);
    answer.record.how = INDEX_LINKED;
    answer.record.record_id.bytes[15] = 1;
    answer.record.match.reason_count = 1;
    memcpy(answer.record.match.reasons[0].field, "birth_date", 10);
    answer.record.match.reasons[0].weight_millibits = -7;
    json_t *json = wire_json(index_answer_wire(INDEX_COMMAND_REGISTER), &answer);
    char *text = json_dumps(json, JSON_COMPACT);
    assert_string_equal(text,
                        "{\"record_id\":\"00000000-0000-0000-0000-000000000001\",\"person_id\":null,\"how\":\"linked\","
                        "\"match\":{\"weight_millibits\":0,\"posterior_ppm\":0,\"reasons\":[{\"field\":\"birth_date\","
                        "\"level\":\"\",\"weight_millibits\":-7}]}}");
    free(text);
    json_decref(json);
    memset(&answer, 0, sizeof answer);
    answer.unmerged.from_ms = 1795422600000;
    json = wire_json(index_answer_wire(INDEX_COMMAND_UNMERGE), &answer);
    assert_string_equal(json_string_value(json_object_get(json, "from")), "2026-11-23T08:30:00.000Z");
    assert_true(json_is_null(json_object_get(json, "until")));
    json_decref(json);
}

static int enter(void **state) {
    if (go_home(state) != 0) return -1;
    write_file("empty.ini", "[suite]\n");
    return 0;
}

int main(void) {
    if (!digest_init()) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_ends_as_it_must),
        cmocka_unit_test(what_identifies_somebody_is_masked),
        cmocka_unit_test(an_answer_is_shown_by_its_table),
    };
    return cmocka_run_group_tests_name("index", tests, enter, leave_home);
}
