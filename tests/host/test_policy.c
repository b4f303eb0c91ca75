/* The policy file: what it says is kept, what it does not say is denied, and every refusal names its line. */
#include "lib/host/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define KEY_A        "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
#define KEY_B        "Yne@#w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hI#"
#define PACKAGE      "bhr.booking.v1.BookingService"
#define ROWS_BUT_KEY "organisation RYX\nrole 111\nmethods " PACKAGE "/Hold\nin_flight 64\nper_second 2000\n"
#define ROWS         "key " KEY_A "\n" ROWS_BUT_KEY

static const struct service_method methods[] = {
    {.name = PACKAGE "/FindSlots", .kind = METHOD_QUERY},
    {.name = PACKAGE "/Hold", .kind = METHOD_COMMAND},
    {.name = PACKAGE "/Book", .kind = METHOD_COMMAND},
};
static const struct service service = {.name = "booking", .methods = methods, .method_count = 3};

static struct policy policy;
static struct error error;

static enum status parse(const char *text) {
    error = (struct error){0};
    return policy_parse(&policy, slice_text(text), &service, &error);
}

static void assert_good(const char *text) {
    enum status status = parse(text);
    assert_string_equal(error.message, "");
    assert_int_equal(status, STATUS_OK);
}

static void the_documented_file_is_read(void **state) {
    (void)state;
    assert_good("# comment\n"
                "system 111-nel {\n"
                "    key          " KEY_A "\n"
                "    organisation RYX\n"
                "    role         111\n"
                "    methods      " PACKAGE "/FindSlots " PACKAGE "/Hold   # two\n"
                "    in_flight    64        # requests at once\n"
                "    per_second   2000\r\n"
                "}");
    assert_int_equal(policy.system_count, 1);
    const struct policy_system *system = policy_by_id(&policy, "111-nel");
    assert_non_null(system);
    assert_string_equal(system->key, KEY_A);
    assert_string_equal(system->organisation, "RYX");
    assert_string_equal(system->role, "111");
    assert_int_equal(system->in_flight_max, 64);
    assert_int_equal(system->per_second_max, 2000);
    assert_int_equal(system->method_count, 2);
    assert_ptr_equal(policy_by_key(&policy, slice_text(KEY_A)), system);
}

static void what_is_not_written_is_denied(void **state) {
    (void)state;
    assert_good("system a {\n" ROWS "}\n");
    const struct policy_system *system = policy_by_id(&policy, "a");
    assert_non_null(system);
    assert_true(policy_allows(system, slice_text(PACKAGE "/Hold")));
    assert_false(policy_allows(system, slice_text(PACKAGE "/Book")));
    assert_false(policy_allows(system, slice_text(PACKAGE "/Hol")));
    assert_false(policy_allows(system, slice_text(PACKAGE "/Hold2")));
    assert_false(policy_allows(system, slice_text("")));
    assert_null(policy_by_id(&policy, "b"));
    assert_null(policy_by_id(&policy, ""));
    assert_null(policy_by_key(&policy, slice_text(KEY_B)));
    assert_null(policy_by_key(&policy, slice_text("")));
    assert_good("# nobody\n\n");
    assert_int_equal(policy.system_count, 0);
    assert_null(policy_by_id(&policy, "a"));
}

static void a_star_means_every_method_of_that_service(void **state) {
    (void)state;
    assert_good("system a {\nkey " KEY_A "\norganisation RYX\nrole hub\nmethods " PACKAGE
                "/*\nin_flight 1\nper_second 1\n}");
    const struct policy_system *system = policy_by_id(&policy, "a");
    assert_non_null(system);
    assert_true(policy_allows(system, slice_text(PACKAGE "/Book")));
    assert_true(policy_allows(system, slice_text(PACKAGE "/Hold")));
    assert_false(policy_allows(system, slice_text("bhr.booking.v1.BookingServiceX/Book")));
    assert_false(policy_allows(system, slice_text("bhr.index.v1.IndexService/Book")));
}

/* One file serves every process of the suite. */
static void methods_of_other_packages_are_passed_over(void **state) {
    (void)state;
    assert_good("system a {\nkey " KEY_A "\norganisation RYX\nrole hub\n"
                "methods bhr.index.v1.IndexService/Trace bhr.notify.v1.NotifyService/*\nin_flight 1\nper_second 1\n}");
    assert_int_equal(policy_by_id(&policy, "a")->method_count, 0);
    assert_false(policy_allows(policy_by_id(&policy, "a"), slice_text("bhr.index.v1.IndexService/Trace")));
}

/* Z85 has '#', '{' and '}' among its characters. */
static void a_key_may_contain_the_mark_of_comments(void **state) {
    (void)state;
    assert_good("system b {\nkey " KEY_B " # its key\n" ROWS_BUT_KEY "}\nsystem a {\n" ROWS "}\n");
    assert_string_equal(policy_by_key(&policy, slice_text(KEY_B))->id, "b");
    assert_string_equal(policy_by_key(&policy, slice_text(KEY_A))->id, "a");
}

static void every_refusal_names_line_word_and_expectation(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"colour red\n", "line 1: \"colour\": expected system"},
        {"}\n", "line 1: \"}\": expected system"},
        {"\n# x\nkey " KEY_A, "line 3: \"key\": expected system"},
        {"system\n", "line 1: \"\": expected the system's id, 1 to 64 characters of A-Z a-z 0-9 . _ : -"},
        {"system a b {\n", "line 1: \"b\": expected { after the system's id"},
        {"system a\n{\n", "line 1: \"\": expected { after the system's id"},
        {"system a { key\n", "line 1: \"key\": expected the end of the line"},
        {"system a/b {\n", "line 1: \"a/b\": expected the system's id, 1 to 64 characters of A-Z a-z 0-9 . _ : -"},
        {"system a {\n" ROWS, "line 7: expected } to end system a of line 1"},
        {"system a {\nsystem b {\n", "line 2: \"system\": expected } before the next system"},
        {"system a {\n" ROWS "} # fine\nsystem a {\n", "line 9: \"a\": expected an id that no other system has"},
        {"system a {\n" ROWS "} x\n", "line 8: \"x\": expected the end of the line"},
        {"system a {\n" ROWS "}\nsystem b {\n" ROWS "}\n",
         "line 10: \"" KEY_A "\": expected a key that no other system has"},
        {"system a {\nkey " KEY_A "X\n", "line 2: \"" KEY_A "X\": expected 40 characters Z85"},
        {"system a {\nkey short\n", "line 2: \"short\": expected 40 characters Z85"},
        {"system a {\nkey\n", "line 2: \"\": expected 40 characters Z85"},
        {"system a {\nkey Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hI~\n",
         "line 2: \"Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hI~\": expected 40 characters Z85"},
        {"system a {\nkey #####w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID\n", "line 2: \"\": expected 40 characters Z85"},
        {"system a {\nkey Yne@$$####fVvi]a<NY6T1ed:M$fCG*[IaLV{hID\n",
         "line 2: \"Yne@$$####fVvi]a<NY6T1ed:M$fCG*[IaLV{hID\": expected 40 characters Z85"},
        {"system a {\nkey " KEY_A " " KEY_B "\n", "line 2: \"" KEY_B "\": expected the end of the line"},
        {"system a {\norganisation ryx\n", "line 2: \"ryx\": expected an ODS code, 3 to 10 characters of A-Z 0-9"},
        {"system a {\nrole x x\n", "line 2: \"x\": expected the end of the line"},
        {"system a {\nrole\n", "line 2: \"\": expected a role, 1 to 15 characters of A-Z a-z 0-9 . _ : -"},
        {"system a {\nrole 1234567890123456\n",
         "line 2: \"1234567890123456\": expected a role, 1 to 15 characters of A-Z a-z 0-9 . _ : -"},
        {"system a {\nrole x\nrole x\n", "line 3: \"role\": expected this row only once in a system"},
        {"system a {\nmethods # none\n", "line 2: \"\": expected at least one method"},
        {"system a {\nmethods Hold\n",
         "line 2: \"Hold\": expected package.Service/Method or package.Service/*, at most 95 characters"},
        {"system a {\nmethods *\n",
         "line 2: \"*\": expected package.Service/Method or package.Service/*, at most 95 characters"},
        {"system a {\nmethods " PACKAGE "/H*\n", "line 2: \"" PACKAGE "/H*\": expected package.Service/Method or "
                                                 "package.Service/*, at most 95 characters"},
        {"system a {\nmethods " PACKAGE "/Hold " PACKAGE "/Steal\n",
         "line 2: \"" PACKAGE "/Steal\": expected a method that the service has"},
        {"system a {\nmethods bhr.booking.v1.BokingService/*\n",
         "line 2: \"bhr.booking.v1.BokingService/*\": expected a method that the service has"},
        {"system a {\nin_flight 0\n", "line 2: \"0\": expected a number from 1 to 10000"},
        {"system a {\nin_flight 10001\n", "line 2: \"10001\": expected a number from 1 to 10000"},
        {"system a {\nin_flight -1\n", "line 2: \"-1\": expected a number from 1 to 10000"},
        {"system a {\nper_second 1000001\n", "line 2: \"1000001\": expected a number from 1 to 1000000"},
        {"system a {\nper_second 2e3\n", "line 2: \"2e3\": expected a number from 1 to 1000000"},
        {"system a {\npassword x\n", "line 2: \"password\": expected key, organisation, role, methods, in_flight, "
                                     "per_second or }"},
        {"system a {\n" ROWS_BUT_KEY "}\n", "line 7: system a of line 1: expected a row key"},
        {"\nsystem a {\nkey " KEY_A "\n}\n", "line 4: system a of line 2: expected a row organisation"},
        {"system a {\nro\x01le x\n", "line 2: \"ro?le\": expected key, organisation, role, methods, in_flight, "
                                     "per_second or }"},
    };
    assert_good("system kept {\n" ROWS "}\n");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(parse(cases[i].text), STATUS_INVALID);
        assert_string_equal(error.message, cases[i].message);
        assert_int_equal(error.code, STATUS_INVALID);
        assert_string_equal(policy.systems[0].id, "kept"); /* untouched by a bad file */
    }
}

static void too_many_methods_are_refused(void **state) {
    (void)state;
    char text[4096] = "system a {\nmethods";
    for (int i = 0; i <= POLICY_METHODS_MAX; i++) strcat(text, " " PACKAGE "/Hold");
    assert_int_equal(parse(text), STATUS_INVALID);
    assert_string_equal(error.message, "line 2: \"" PACKAGE "/Hold\": expected at most 32 methods; use a star");
}

/* Keys that differ in their first four characters; the file is in falling order, the look-up must still find each. */
static char *file_of(int system_count) {
    char *text = malloc((size_t)system_count * 300 + 1);
    assert_non_null(text);
    size_t used = 0;
    for (int i = system_count - 1; i >= 0; i--) {
        used += (size_t)sprintf(text + used, "system s%03d {\nkey %04d@%s\n%s}\n", i, i, KEY_A + 5, ROWS_BUT_KEY);
    }
    return text;
}

static void every_system_of_a_full_policy_is_found(void **state) {
    (void)state;
    char *text = file_of(POLICY_SYSTEMS_MAX);
    assert_good(text);
    free(text);
    assert_int_equal(policy.system_count, POLICY_SYSTEMS_MAX);
    for (int i = 0; i < POLICY_SYSTEMS_MAX; i++) {
        char id[32], key[64];
        snprintf(id, sizeof id, "s%03d", i);
        snprintf(key, sizeof key, "%04d@%s", i, KEY_A + 5);
        assert_non_null(policy_by_id(&policy, id));
        assert_string_equal(policy_by_id(&policy, id)->id, id);
        assert_ptr_equal(policy_by_key(&policy, slice_text(key)), policy_by_id(&policy, id));
    }
    text = file_of(POLICY_SYSTEMS_MAX + 1);
    assert_int_equal(parse(text), STATUS_INVALID);
    assert_string_equal(error.message, "line 2049: \"s000\": expected at most 256 systems");
    free(text);
}

static void a_file_is_loaded_and_named_in_its_errors(void **state) {
    (void)state;
    char path[] = "/tmp/test_policy_XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    static const char good[] = "system a {\n" ROWS "}\n", more[] = "x\n";
    assert_int_equal(write(fd, good, sizeof good - 1), sizeof good - 1);
    assert_int_equal(policy_load(&policy, path, &service, &error), STATUS_OK);
    assert_non_null(policy_by_id(&policy, "a"));
    assert_int_equal(write(fd, more, sizeof more - 1), sizeof more - 1);
    close(fd);
    assert_int_equal(policy_load(&policy, path, &service, &error), STATUS_INVALID);
    char expected[256];
    snprintf(expected, sizeof expected, "%s: line 9: \"x\": expected system", path);
    assert_string_equal(error.message, expected);
    unlink(path);
    assert_int_equal(policy_load(&policy, path, &service, &error), STATUS_NOT_FOUND);
    assert_true(strncmp(error.message, path, strlen(path)) == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_documented_file_is_read),
        cmocka_unit_test(what_is_not_written_is_denied),
        cmocka_unit_test(a_star_means_every_method_of_that_service),
        cmocka_unit_test(methods_of_other_packages_are_passed_over),
        cmocka_unit_test(a_key_may_contain_the_mark_of_comments),
        cmocka_unit_test(every_refusal_names_line_word_and_expectation),
        cmocka_unit_test(too_many_methods_are_refused),
        cmocka_unit_test(every_system_of_a_full_policy_is_found),
        cmocka_unit_test(a_file_is_loaded_and_named_in_its_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
