/* Whole command lines, as a shell would hand them over: exit code, and what standard output and standard error say. The
 * commands run in a directory of their own, without a suite. */
#include "lib/digest/digest.h"
#include "tests/cli/typed.h"

#include <sys/stat.h>
#include <unistd.h>

#define BOROUGH BHR_SOURCE_DIR "/tests/policy/borough.policy"

static const struct row rows[] = {
    {"", CLI_USAGE, NULL, "Exit codes:"},
    {"--help", CLI_OK, "Exit codes:", NULL},
    {"help", CLI_OK, "store diff OLD NEW", NULL},
    {"--version", CLI_OK, "bhr " BHR_VERSION, NULL},
    {"help book", CLI_OK, "--nhs-number=NUMBER", NULL},
    {"book --help", CLI_OK, "Exit codes:", NULL},
    {"help store", CLI_OK, "store rebuild DIR", NULL},
    {"store", CLI_USAGE, NULL, "store rebuild DIR"},
    {"drill", CLI_USAGE, NULL, "drill: expected either FAULT or --list"},
    {"-c empty.ini drill owner-kill", CLI_USAGE, NULL, "empty.ini is not the suite of this machine"},
    {"bok", CLI_USAGE, NULL, "did you mean `bhr book`?"},
    {"zzzzz", CLI_USAGE, NULL, "there is no command \"zzzzz\""},
    {"store frob", CLI_USAGE, NULL, "store digest"},
    {"hold --frob", CLI_USAGE, NULL, "bhr hold: unrecognized option '--frob'"},
    {"hold", CLI_USAGE, NULL, "hold: expected SLOT after the command"},
    {"hold a b", CLI_USAGE, NULL, "hold: \"b\" is one argument too many"},
    {"hold a", CLI_USAGE, NULL, "SLOT: expected \"<session id>:<index>\" as `bhr slots` shows it, not \"a\""},
    {"cancel 0198c1d2-7e00-7abc-8def-0123456789ab", CLI_USAGE, NULL, "--reason is missing; expected person|"},
    {"cancel x --reason person", CLI_USAGE, NULL, "BOOKING: expected a booking's UUID, not \"x\""},
    {"cancel x --reason because", CLI_USAGE, NULL, "--reason: expected one of person|"},
    {"slots", CLI_USAGE, NULL, "expected --organisation ODS or --service ID, or both"},
    {"slots --service x --from tomorrow_10:00 --to tomorrow_09:00", CLI_USAGE, NULL,
     "--to: expected a time after --from"},
    {"slots --service x --to tomorrow --days 3", CLI_USAGE, NULL, "expected --to or --days, not both"},
    {"slots --service x --from 2026-03-29_01:30", CLI_USAGE, NULL, "the UK clock never shows"},
    {"slots --service 123456789012345678901234567890123", CLI_USAGE, NULL, "--service: expected at most 32"},
    {"book", CLI_USAGE, NULL, "expected either SLOT or --hold HOLD"},
    {"book 0198c1d2-7e00-7abc-8def-0123456789ab:1", CLI_USAGE, NULL, "to say who"},
    {"person --family Okafor", CLI_USAGE, NULL, "expected --nhs-number, or --family with --born"},
    {"person --nhs-number 9434765918", CLI_USAGE, NULL, "--nhs-number: "},
    {"person erase", CLI_USAGE, NULL, "expected --nhs-number or --person-id"},
    {"person erase --person-id 12", CLI_USAGE, NULL, "--person-id: "},
    {"person erase --person-id 0198c1d2-7e00-7abc-8def-0123456789ab -o json", CLI_USAGE, NULL, "--yes is expected"},
    {"person erase --nhs-number 9434765919 --person-id 0198c1d2-7e00-7abc-8def-0123456789ab --yes", CLI_USAGE, NULL,
     "expected --nhs-number or --person-id"},
    {"session publish --service s --starts tomorrow", CLI_USAGE, NULL, "--organisation is missing"},
    {"session publish --organisation f82 --service s --starts tomorrow", CLI_USAGE, NULL, "expected an ODS code"},
    {"session publish --file x --service s", CLI_USAGE, NULL, "--file: expected alone"},
    {"index try-rules", CLI_USAGE, NULL, "NEW"},
    {"index try-rules none.rules", CLI_USAGE, NULL, "none.rules cannot be opened"},
    {"index try-rules bad-key.ini", CLI_USAGE, NULL, "bad-key.ini: line 1: \"[suite]\": expected version"},
    {"index try-rules none.rules --examples 21", CLI_USAGE, NULL, "--examples: expected a number from 0 to 20"},
    {"load --clients 0", CLI_USAGE, NULL, "--clients: expected a number from 1 to 256, not \"0\""},
    {"-o xml status", CLI_USAGE, NULL, "--output: expected text or json, not \"xml\""},
    {"status --timeout 0", CLI_USAGE, NULL, "--timeout: expected seconds from 1 to 600, not \"0\""},
    {"status", CLI_USAGE, NULL, "run/bhr.ini cannot be opened"},
    {"status -c none.ini", CLI_USAGE, NULL, "none.ini cannot be opened"},
    {"-c none.ini journal verify", CLI_USAGE, NULL, "next: run `make up`"},
    {"-c bad-key.ini status", CLI_USAGE, NULL, "bad-key.ini, line 3: colour: no such key; expected environment"},
    {"-c bad-section.ini status", CLI_USAGE, NULL, "bad-section.ini, line 2: key: expected it in a section"},
    {"-c empty.ini hold 0198c1d2-7e00-7abc-8def-0123456789ab:1", CLI_USAGE, NULL, "[client] has no key_file"},
    {"-c empty.ini --as ops hold 0198c1d2-7e00-7abc-8def-0123456789ab:1", CLI_USAGE, NULL,
     "[client ops] has no key_file"},
    {"-c empty.ini journal verify", CLI_USAGE, NULL, "[suite] needs brokers"},
    {"-c trustless.ini journal verify", CLI_USAGE, NULL,
     "needs kafka_ca_file, kafka_certificate_file and kafka_key_file"},
    {"-c empty.ini store digest", CLI_USAGE, NULL, "empty.ini names no data_dirs"},
    {"-c bad-service.ini status", CLI_USAGE, NULL, "line 2: server_key: no such key; expected data_dirs or endpoints"},
    {"-c empty.ini topics apply", CLI_USAGE, NULL, "empty.ini: there is no [service NAME]"},
    {"-c empty.ini topics apply --generation 1", CLI_USAGE, NULL, "--generation: expected --service with it"},
    {"journal verify --service alerts", CLI_USAGE, NULL, "--service: expected one of booking|index"},
    {"store digest nowhere", CLI_USAGE, NULL, "nowhere: there is no store"},
    {"store digest --data-dir nowhere", CLI_USAGE, NULL, "nowhere: there is no store"},
    {"store diff nowhere elsewhere", CLI_USAGE, NULL, "nowhere: there is no store"},
    {"keys new", CLI_USAGE, NULL, "expected NAME"},
    {"keys new booking --kind sytem", CLI_USAGE, NULL,
     "--kind: expected one of service|publisher|system|operator|broker"},
    {"keys new gp-demo --kind service --tls .", CLI_USAGE, NULL, "NAME: expected the name of a service of the suite"},
    {"keys new booking --kind system --tls .", CLI_USAGE, NULL, "and no name of the suite"},
    {"keys new index --kind system --tls .", CLI_USAGE, NULL, "and no name of the suite"},
    {"keys new booking-publisher --kind system --tls .", CLI_USAGE, NULL, "and no name of the suite"},
    {"keys new ops --kind system --tls .", CLI_USAGE, NULL, "and no name of the suite"},
    {"keys new broker-2 --kind system --tls .", CLI_USAGE, NULL, "and no name of the suite"},
    {"keys new a.b --kind system --tls .", CLI_USAGE, NULL, "NAME: expected 1 to 40 of"},
    {"keys new gp-demo --kind publisher --tls .", CLI_USAGE, NULL,
     "NAME: expected a service's name and \"-publisher\""},
    {"keys new gp-demo --kind operator --tls .", CLI_USAGE, NULL, "NAME: expected \"ops\""},
    {"keys new gp-demo --kind broker --tls .", CLI_USAGE, NULL, "NAME: expected \"broker\""},
    {"keys new gp-demo --kind system --tls . --hosts a", CLI_USAGE, NULL, "--hosts: expected for a broker only"},
    {"keys new booking --kind service --tls nowhere", CLI_USAGE, NULL, "`bhr keys ca` makes the authority first"},
    {"keys rotate booking --tls nowhere", CLI_USAGE, NULL, "`bhr keys new NAME --kind KIND` makes it"},
    {"keys rotate nobody --curve --dir nowhere", CLI_USAGE, NULL, "cannot open key file nowhere/nobody.key"},
    {"policy", CLI_USAGE, NULL, "policy why SYSTEM USER METHOD"},
    {"policy check nowhere", CLI_USAGE, NULL, "nowhere: No such file"},
    {"policy check " BOROUGH, CLI_OK, "good: 6 systems (1 revoked), 11 rules, 43 cases as expected", NULL},
    {"policy check " BOROUGH, CLI_OK, "not known yet, so this rule allows nothing", NULL},
    {"policy check bad-key.ini", CLI_CHECK, NULL, "bad-key.ini: line 1: \"[suite]\": expected system, "},
    {"policy why --file " BOROUGH " 111-nel - Book --about-service urgent-romford", CLI_OK,
     "decided by line 78 \"111 books what is kept for 111\"", NULL},
    {"policy why --file " BOROUGH " 111-nel - Book", CLI_REFUSED, "say more with --about-organisation", NULL},
    {"policy why --file " BOROUGH " gp-elm - Cancel --about-organisation F82002", CLI_REFUSED,
     "denied_condition: not about this organisation, service or person", NULL},
    {"policy why --file " BOROUGH
     " 111-nel 5550 Hold --role clinician --purpose emergency --about-service smear-clinic",
     CLI_OK, "\"a clinician at 111 books anywhere\"", NULL},
    {"policy why --file " BOROUGH " gp-elm 5550 Cancel --role receptionist,privacy --purpose audit -o json",
     CLI_REFUSED, "\"reason\": \"denied_rule\"", NULL},
    {"policy why --file " BOROUGH " 111-nel 5550 Hold --role privacy,clinician --purpose emergency -o json",
     CLI_REFUSED, "\"reason\": \"needs_subject\"", NULL},
    {"policy why --file " BOROUGH
     " 111-nel 5550 Hold --role privacy,clinician --purpose emergency --about-service smear-clinic",
     CLI_OK, "a clinician at 111 books anywhere", NULL},
    {"policy why --file " BOROUGH " 111-nel 5550 Hold --role privacy --purpose emergency --about-service smear-clinic",
     CLI_REFUSED, "denied_role", NULL},
    {"policy why --file " BOROUGH " gp-elm - Cancel --purpose audit", CLI_USAGE, NULL, "USER: expected an id"},
    {"policy why --file " BOROUGH " gp-elm - Steal", CLI_USAGE, NULL,
     "METHOD: expected a method of a service, as Book"},
    {"policy why gp-elm -", CLI_USAGE, NULL, "expected SYSTEM USER METHOD after the command"},
    {"audit person", CLI_USAGE, NULL, "expected --nhs-number or --person-id"},
    {"audit user", CLI_USAGE, NULL, "expected USER"},
    {"keys new ../x", CLI_USAGE, NULL, "NAME: expected 1 to 64 of A-Z"},
    {"token new", CLI_USAGE, NULL, "expected USER"},
    {"token new a/b", CLI_USAGE, NULL, "USER: expected 1 to 64 of A-Z"},
    {"token new me --role r", CLI_USAGE, NULL, "expected --role and --organisation together"},
    {"token new me --role r --organisation f1", CLI_USAGE, NULL, "--organisation: expected an ODS code"},
    {"token new me --minutes 0", CLI_USAGE, NULL, "--minutes: expected a number from 1 to 10080"},
    {"-c empty.ini token new me --system s", CLI_USAGE, NULL, "[suite] has no token_key_file"},
    {"token issuer --rotate --drop-earlier", CLI_USAGE, NULL, "not both"},
    {"token show nowhere", CLI_USAGE, NULL, "nowhere is no token, and no file that can be read"},
    {"token show empty.ini", CLI_USAGE, NULL, "empty.ini holds no token"},
    {"token show e30.x.y", CLI_CHECK, NULL, "this is no token"},
    {"-c token.ini --token nowhere hold 0198c1d2-7e00-7abc-8def-0123456789ab:1", CLI_USAGE, NULL,
     "--token: nowhere is no token"},
    {"-c token.ini hold 0198c1d2-7e00-7abc-8def-0123456789ab:1", CLI_USAGE, NULL, "token_file: none is no token"},
};

static void every_line_ends_as_it_must(void **state) {
    (void)state;
    check_rows(rows, sizeof rows / sizeof rows[0]);
}

static void personal_data_is_not_repeated(void **state) {
    (void)state;
    static struct outcome outcome;
    run("person --nhs-number 9434765918", &outcome);
    assert_null(strstr(outcome.err, "9434765918"));
    run("person --family Okafor --born 1980-13-01", &outcome);
    assert_int_equal(outcome.code, CLI_USAGE);
    assert_null(strstr(outcome.err, "1980"));
    assert_null(strstr(outcome.err, "Okafor"));
}

static void with_json_complaints_are_json(void **state) {
    (void)state;
    static struct outcome outcome;
    run("-o json hold", &outcome);
    json_t *said = json_loads(outcome.err, 0, NULL);
    json_t *error = json_object_get(said, "error");
    assert_int_equal(json_integer_value(json_object_get(error, "exit")), CLI_USAGE);
    assert_string_equal(json_string_value(json_object_get(error, "message")), "hold: expected SLOT after the command");
    assert_non_null(json_string_value(json_object_get(error, "next")));
    json_decref(said);
    assert_string_equal(outcome.out, "");
}

static void keys_are_made_once_and_for_their_owner_only(void **state) {
    (void)state;
    static struct outcome outcome;
    run("keys new demo --dir keys --organisation F82001 --role 111", &outcome);
    assert_int_equal(outcome.code, CLI_OK);
    assert_non_null(strstr(outcome.out, "system demo {"));
    assert_non_null(strstr(outcome.out, "role         111"));
    struct stat found;
    assert_int_equal(stat("keys/demo.key", &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
    static char file[TEXT_MAX];
    slurp("keys/demo.key", file);
    const char *secret = strstr(file, "secret = ");
    assert_non_null(secret);
    char secret_text[41];
    (void)snprintf(secret_text, sizeof secret_text, "%.40s", secret + 9);
    assert_null(strstr(outcome.out, secret_text));
    run("keys new demo --dir keys", &outcome);
    assert_int_equal(outcome.code, CLI_USAGE);
    assert_non_null(strstr(outcome.err, "never overwritten"));

    static const char *const secrets[] = {"pseudonym", "master"};
    for (int i = 0; i < 2; i++) {
        char words[64], path[64];
        (void)snprintf(words, sizeof words, "keys %s --dir keys", secrets[i]);
        (void)snprintf(path, sizeof path, "keys/%s.key", secrets[i]);
        run(words, &outcome);
        assert_int_equal(outcome.code, CLI_OK);
        assert_int_equal(stat(path, &found), 0);
        assert_int_equal(found.st_mode & 0777, 0600);
        slurp(path, file);
        assert_int_equal(strspn(file, "0123456789abcdef"), 64);
        file[64] = '\0';
        assert_null(strstr(outcome.out, file));
        run(words, &outcome);
        assert_int_equal(outcome.code, CLI_USAGE);
    }
}

static void certificates_are_made_and_rotated(void **state) {
    (void)state;
    static struct outcome outcome;
    static const struct {
        const char *line, *out;
    } steps[] = {
        {"keys ca --tls tls", "tls/ca.crt, good for 3650 days"},
        {"keys new booking --kind service --tls tls --days 5", "certificate of booking, good for 5 days"},
        {"keys new booking-publisher --kind publisher --tls tls", "good for 30 days"},
        {"keys new broker --kind broker --tls tls --hosts 10.0.0.1,kafka.example", "certificate of broker"},
        {"keys new gp-two --kind system --tls tls --dir two", "system gp-two {"},
        {"keys rotate booking --tls tls --left 4 --days 9", "kept"},
        {"keys rotate booking --tls tls --left 6 --days 9", "new              tls/booking.crt, good for 9 days"},
        {"keys rotate broker --tls tls", "good for 30 days"},
        {"keys rotate gp-two --curve --dir two", "both until nobody uses the old one"},
    };
    struct stat found;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        run(steps[i].line, &outcome);
        if (outcome.code != CLI_OK || strstr(outcome.out, steps[i].out) == NULL) {
            fail_msg("`bhr %s`: exit %d\n%s\n%s", steps[i].line, outcome.code, outcome.out, outcome.err);
        }
    }
    static const char *const secrets[] = {"tls/ca.key", "tls/booking.key", "tls/broker.pem", "two/gp-two.key",
                                          "two/gp-two.old.key"};
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        assert_int_equal(stat(secrets[i], &found), 0);
        assert_int_equal(found.st_mode & 0777, 0600);
    }
    /* OpenSSL's own program agrees, and a broker keeps its addresses. */
    assert_int_equal(system("openssl verify -CAfile tls/ca.crt -purpose sslclient tls/booking.crt >out"), 0);
    assert_int_equal(system("openssl verify -CAfile tls/ca.crt -purpose sslserver -verify_ip 10.0.0.1 -verify_hostname "
                            "kafka.example tls/broker.crt >out"),
                     0);
    assert_int_not_equal(system("openssl verify -CAfile tls/ca.crt -purpose sslserver tls/booking.crt >out 2>&1"), 0);

    run("keys new booking --kind service --tls tls", &outcome);
    assert_int_equal(outcome.code, CLI_USAGE);
    assert_non_null(strstr(outcome.err, "`bhr keys rotate` replaces a certificate"));
    run("keys ca --tls tls", &outcome);
    assert_int_equal(outcome.code, CLI_USAGE);
    run("keys rotate ca --tls tls", &outcome);
    assert_int_equal(outcome.code, CLI_USAGE);
}

/* Made, shown, and signed anew by another key; the private key is never shown. */
static void tokens_are_made_for_a_system(void **state) {
    (void)state;
    static struct outcome outcome;
    run("token issuer --dir issuer", &outcome);
    assert_int_equal(outcome.code, CLI_OK);
    run("token issuer --dir issuer", &outcome);
    assert_int_equal(outcome.code, CLI_USAGE);
    assert_non_null(strstr(outcome.err, "--rotate"));
    run("-c token.ini token new 555000000111 --role a,b --organisation Y90111 --purpose direct-care", &outcome);
    assert_int_equal(outcome.code, CLI_OK);
    assert_string_equal(outcome.err, "");
    write_file("me.token", outcome.out);
    run("-o json token show me.token", &outcome);
    assert_int_equal(outcome.code, CLI_OK);
    json_t *shown = json_loads(outcome.out, 0, NULL), *claims = json_object_get(shown, "claims");
    assert_string_equal(json_string_value(json_object_get(claims, "sub")), "555000000111");
    assert_string_equal(json_string_value(json_object_get(claims, "azp")), "111-nel");
    assert_string_equal(json_string_value(json_object_get(claims, "iss")), "here");
    assert_string_equal(json_string_value(json_object_get(claims, "bhr_purpose")), "direct-care");
    assert_int_equal(json_array_size(json_object_get(claims, "nhsid_nrbac_roles")), 2);
    json_decref(shown);
    run("token issuer --dir issuer --rotate", &outcome);
    assert_int_equal(outcome.code, CLI_OK);
    json_t *set = json_load_file("issuer/token-keys.json", 0, NULL);
    assert_int_equal(json_array_size(json_object_get(set, "keys")), 2);
    json_decref(set);
    json_t *private = json_load_file("issuer/token-issuer.key", 0, NULL);
    assert_null(strstr(outcome.out, json_string_value(json_object_get(private, "d"))));
    json_decref(private);
}

static void the_suites_file_is_read(void **state) {
    (void)state;
    write_file("good.ini", "; a comment\n[suite]\nenvironment = live\nlocality = nel-bhr\nbrokers = a:1,b:2\n"
                           "kafka_plaintext = true\nrequest_systems = gp-demo\nserver_key = k\n"
                           "[service booking]\ndata_dirs = one , two\nendpoints = tcp://x:1\n"
                           "[service index]\nendpoints = tcp://y:1,\n[client]\nsystem = s\n"
                           "key_file = f\n[client ops]\nkey_file = g\n");
    static struct suite suite;
    struct error error;
    assert_int_equal(suite_read(&suite, "good.ini", &error), STATUS_OK);
    assert_string_equal(suite.environment, "live");
    assert_string_equal(suite.brokers, "a:1,b:2");
    assert_true(suite.kafka_plaintext);
    assert_int_equal(suite.request_systems.count, 1);
    const struct suite_service *booking = suite_service(&suite, "booking");
    assert_int_equal(booking->data_dirs.count, 2);
    assert_string_equal(booking->data_dirs.items[0], "one");
    assert_string_equal(booking->data_dirs.items[1], "two");
    assert_string_equal(booking->endpoints.items[0], "tcp://x:1");
    assert_int_equal(suite_service(&suite, "index")->endpoints.count, 1);
    assert_null(suite_service(&suite, "alerts"));
    assert_string_equal(suite_client(&suite, NULL)->key_file, "f");
    assert_string_equal(suite_client(&suite, "ops")->key_file, "g");
    assert_null(suite_client(&suite, "nobody"));
}

static int enter(void **state) {
    if (go_home(state) != 0) return -1;
    write_file("bad-key.ini", "[suite]\nlocality = nel-bhr\ncolour = red\n");
    write_file("bad-section.ini", "[else]\nkey = value\n");
    write_file("empty.ini", "[suite]\n");
    write_file("bad-service.ini", "[service index]\nserver_key = k\n");
    write_file("trustless.ini", "[suite]\nbrokers = 127.0.0.1:1\n");
    write_file("token.ini",
               "[suite]\ntoken_issuer = here\ntoken_audience = us\ntoken_key_file = "
               "issuer/token-issuer.key\nserver_key = k\n[service booking]\nendpoints = tcp://127.0.0.1:1\n[client]\n"
               "system = 111-nel\nkey_file = client/client.key\ntoken_file = none\n");
    static struct outcome outcome;
    run("keys new client --dir client", &outcome);
    return 0;
}

int main(void) {
    if (!digest_init()) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_ends_as_it_must),
        cmocka_unit_test(personal_data_is_not_repeated),
        cmocka_unit_test(with_json_complaints_are_json),
        cmocka_unit_test(keys_are_made_once_and_for_their_owner_only),
        cmocka_unit_test(certificates_are_made_and_rotated),
        cmocka_unit_test(the_suites_file_is_read),
        cmocka_unit_test(tokens_are_made_for_a_system),
    };
    return cmocka_run_group_tests_name("arguments", tests, enter, leave_home);
}
