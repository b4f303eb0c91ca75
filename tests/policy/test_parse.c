/* The policy file: what it says is kept, what it does not say is denied, and every refusal names its line. */
#include "tests/policy/policy_world.h"

#define ROWS_BUT_KEY "organisation RYX\nrole 111\nmethods " PACKAGE "/Hold\nin_flight 64\nper_second 2000\n"
#define ROWS         "key " KEY_A "\n" ROWS_BUT_KEY
#define SYSTEM_ROWS  "key, organisation, role, methods, in_flight, per_second, revoked or }"
#define ITEMS        "system, organisation, service, role, purposes, api, allow, deny or case"

static void the_simple_file_is_read(void **state) {
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
    assert_string_equal(system->keys[0], KEY_A);
    assert_int_equal(system->key_count, 1);
    assert_string_equal(system->organisation, "RYX");
    assert_string_equal(system->role, "111");
    assert_int_equal(system->in_flight_max, 64);
    assert_int_equal(system->per_second_max, 2000);
    assert_int_equal(system->line, 2);
    assert_int_equal(policy.rule_count, 1);
    assert_int_equal(policy.rules[0].line, 6);
    assert_ptr_equal(policy_by_key(&policy, slice_text(KEY_A)), system);
}

static void what_is_not_written_is_denied(void **state) {
    (void)state;
    assert_good("system a {\n" ROWS "}\n");
    assert_string_equal(asked("a", PACKAGE "/Hold"), "allowed");
    assert_string_equal(asked("a", PACKAGE "/Book"), "denied_method");
    assert_string_equal(asked("a", PACKAGE "/Hol"), "denied_method");
    assert_string_equal(asked("a", PACKAGE "/Hold2"), "denied_method");
    assert_string_equal(asked("a", ""), "denied_method");
    assert_string_equal(asked("b", PACKAGE "/Hold"), "denied_system");
    assert_string_equal(asked("", PACKAGE "/Hold"), "denied_system");
    assert_null(policy_by_id(&policy, "b"));
    assert_null(policy_by_key(&policy, slice_text(KEY_B)));
    assert_null(policy_by_key(&policy, slice_text("")));
    assert_true(policy_may_call(&policy, policy_by_id(&policy, "a"), slice_text(PACKAGE "/Hold")));
    assert_false(policy_may_call(&policy, policy_by_id(&policy, "a"), slice_text(PACKAGE "/Book")));
    assert_good("# nobody\n\n");
    assert_int_equal(policy.system_count, 0);
    assert_null(policy_by_id(&policy, "a"));
    assert_good("");
    assert_good("system a {\nkey " KEY_A "\norganisation RYX\nrole hub\nin_flight 1\nper_second 1\n}");
    assert_string_equal(asked("a", PACKAGE "/Hold"), "denied_method");
}

static void a_star_means_every_method_of_that_service(void **state) {
    (void)state;
    assert_good("api b " PACKAGE "\n"
                "system a { key " KEY_A "; organisation RYX; role hub; methods b/*; in_flight 1; per_second 1 }");
    assert_string_equal(asked("a", PACKAGE "/Book"), "allowed");
    assert_string_equal(asked("a", PACKAGE "/Hold"), "allowed");
    assert_string_equal(asked("a", "bhr.booking.v1.BookingServiceX/Book"), "denied_method");
    assert_string_equal(asked("a", "bhr.index.v1.IndexService/Book"), "denied_method");
    assert_string_equal(asked("a", "b/Book"), "denied_method");
}

/* One file serves every process of the suite. */
static void methods_of_other_packages_are_passed_over(void **state) {
    (void)state;
    assert_good("system a {\nkey " KEY_A "\norganisation RYX\nrole hub\n"
                "methods bhr.index.v1.IndexService/Trace bhr.notify.v1.NotifyService/*\nin_flight 1\nper_second 1\n}\n"
                "allow { methods bhr.index.v1.IndexService/* }\n"
                "allow { methods bhr.index.v1.IndexService/* }\n"
                "case \"theirs\" { system a; method bhr.index.v1.IndexService/Trace; expect allowed }\n");
    assert_int_equal(policy.rule_count, 0);
    assert_int_equal(policy.passed_over, 3);
    assert_int_equal(policy.case_count, 0);
    assert_string_equal(asked("a", "bhr.index.v1.IndexService/Trace"), "denied_method");
}

/* Z85 has '#', '{' and '}' among its characters. */
static void a_key_may_contain_the_mark_of_comments(void **state) {
    (void)state;
    assert_good("system b {\nkey " KEY_B " # its key\n" ROWS_BUT_KEY "}\nsystem a {\n" ROWS "}\n");
    assert_string_equal(policy_by_key(&policy, slice_text(KEY_B))->id, "b");
    assert_string_equal(policy_by_key(&policy, slice_text(KEY_A))->id, "a");
}

static void a_system_may_have_no_key_if_it_says_so(void **state) {
    (void)state;
    assert_good("system a {\nkey none # its request topic\n" ROWS_BUT_KEY "}\n");
    assert_int_equal(policy_by_id(&policy, "a")->key_count, 0);
    assert_null(policy_by_key(&policy, slice_text("none")));
    assert_null(policy_by_key(&policy, slice_text("")));
    assert_string_equal(asked("a", PACKAGE "/Hold"), "allowed");
}

static void keys_overlap_while_they_change_and_a_revoked_system_has_none(void **state) {
    (void)state;
    assert_good("system a {\nkey " KEY_A "\nkey " KEY_B "\n" ROWS_BUT_KEY "}\n");
    assert_string_equal(policy_by_key(&policy, slice_text(KEY_A))->id, "a");
    assert_string_equal(policy_by_key(&policy, slice_text(KEY_B))->id, "a");
    assert_good("system a {\nkey " KEY_A "\n" ROWS_BUT_KEY "revoked\n}\nsystem b {\nkey " KEY_B "\n" ROWS_BUT_KEY
                "}\n");
    assert_null(policy_by_key(&policy, slice_text(KEY_A)));
    assert_non_null(policy_by_id(&policy, "a"));
    assert_string_equal(asked("a", PACKAGE "/Hold"), "denied_revoked");
    assert_false(policy_may_call(&policy, policy_by_id(&policy, "a"), slice_text(PACKAGE "/Hold")));
    assert_string_equal(asked("b", PACKAGE "/Hold"), "allowed");
}

static const struct {
    const char *text, *message;
} refusals[] = {
    {"colour red\n", "line 1: \"colour\": expected " ITEMS},
    {"}\n", "line 1: \"}\": expected " ITEMS},
    {"\n# x\nkey " KEY_A, "line 3: \"key\": expected " ITEMS},
    {"system\n", "line 1: \"\": expected the system's id, 1 to 64 characters of A-Z a-z 0-9 . _ : -"},
    {"system a b {\n", "line 1: \"b\": expected { after the system's id"},
    {"system a\n{\n", "line 1: \"\": expected { after the system's id"},
    {"system a/b {\n", "line 1: \"a/b\": expected the system's id, 1 to 64 characters of A-Z a-z 0-9 . _ : -"},
    {"system a {\n" ROWS, "line 8: expected } to end the system of line 1"},
    {"system a {\nsystem b {\n", "line 2: \"system\": expected " SYSTEM_ROWS},
    {"system a {\n" ROWS "} # fine\nsystem a {\n", "line 9: \"a\": expected an id that no other system has"},
    {"system a {\n" ROWS "} x\n", "line 8: \"x\": expected the end of the line"},
    {"system a {\n" ROWS "}\n\nsystem b {\n" ROWS "}\n",
     "the systems of lines 1 and 10: expected a key that stands nowhere else"},
    {"system a {\nkey " KEY_A "\n" ROWS "}\n", "the systems of lines 1 and 1: expected a key that stands nowhere else"},
    {"system a {\nkey " KEY_A "X\n", "line 2: \"" KEY_A "X\": expected 40 characters Z85, or none"},
    {"system a {\nkey short\n", "line 2: \"short\": expected 40 characters Z85, or none"},
    {"system a {\nkey\n", "line 2: \"\": expected 40 characters Z85, or none"},
    {"system a {\nkey Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hI~\n",
     "line 2: \"Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hI~\": expected 40 characters Z85, or none"},
    {"system a {\nkey #####w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID\n", "line 2: \"\": expected 40 characters Z85, or none"},
    {"system a {\nkey Yne@$$####fVvi]a<NY6T1ed:M$fCG*[IaLV{hID\n",
     "line 2: \"Yne@$$####fVvi]a<NY6T1ed:M$fCG*[IaLV{hID\": expected 40 characters Z85, or none"},
    {"system a {\nkey " KEY_A " " KEY_B "\n", "line 2: \"" KEY_B "\": expected the end of the line"},
    {"system a {\nkey " KEY_A "\nkey " KEY_A "\nkey " KEY_A "\nkey " KEY_A "\nkey " KEY_A "\n",
     "line 6: \"" KEY_A "\": expected at most 4 keys in one system"},
    {"system a {\norganisation ryx\n", "line 2: \"ryx\": expected an ODS code, 3 to 10 characters of A-Z 0-9"},
    {"system a {\nrole x x\n", "line 2: \"x\": expected the end of the line"},
    {"system a {\nrole\n", "line 2: \"\": expected a role, 1 to 15 characters of A-Z a-z 0-9 . _ : -"},
    {"system a {\nrole 1234567890123456\n",
     "line 2: \"1234567890123456\": expected a role, 1 to 15 characters of A-Z a-z 0-9 . _ : -"},
    {"system a {\nrole x\nrole x\n", "line 3: \"role\": expected this row only once in its block"},
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
    {"system a {\npassword x\n", "line 2: \"password\": expected " SYSTEM_ROWS},
    {"system a {\nrevoked yes\n", "line 2: \"yes\": expected the end of the line"},
    {"system a {\n" ROWS_BUT_KEY "}\n", "line 7: system of line 1: expected a row key"},
    {"\nsystem a {\nkey " KEY_A "\n}\n", "line 4: system of line 2: expected a row organisation"},
    {"system a {\nro\x01le x\n", "line 2: \"ro?le\": expected " SYSTEM_ROWS},
    {"organisation x {}\n", "line 1: \"x\": expected an ODS code, 3 to 10 characters of A-Z 0-9"},
    {"organisation RYX { }\n", "line 1: organisation of line 1: expected a row kind"},
    {"organisation RYX { kind a }\norganisation RYX { kind a }\n", "line 2: \"RYX\": expected each only once"},
    {"service gp { kind }\n", "line 1: \"\": expected a kind, 1 to 15 characters of A-Z a-z 0-9 . _ : -"},
    {"role gp { codes }\n", "line 1: \"\": expected at least one code"},
    {"role gp { codes a }\nrole gp { codes b }\n", "line 2: \"gp\": expected each role only once"},
    {"purposes\n", "line 1: \"\": expected at least one purpose"},
    {"purposes a b a\n", "line 1: \"a\": expected each only once"},
    {"api b\n", "line 1: \"\": expected the service that it stands for, as bhr.booking.v1.BookingService"},
    {"allow { systems a; methods " PACKAGE "/* }\n", "line 1: \"a\": expected a system of this file"},
    {"allow { organisations RYX; methods " PACKAGE "/* }\n",
     "line 1: \"RYX\": expected an organisation, or kind:KIND, that a system here is of"},
    {"allow { organisations kind:hub; methods " PACKAGE "/* }\n",
     "line 1: \"kind:hub\": expected an organisation, or kind:KIND, that a system here is of"},
    {"allow { roles gp; methods " PACKAGE "/* }\n", "line 1: \"gp\": expected a role of this file"},
    {"allow { purposes care; methods " PACKAGE "/* }\n", "line 1: \"care\": expected one of this file's purposes"},
    {"allow { conditions full_moon; methods " PACKAGE "/* }\n",
     "line 1: \"full_moon\": expected own_organisation, service_111 or registered_here"},
    {"allow { token maybe; methods " PACKAGE "/* }\n", "line 1: \"maybe\": expected required or optional"},
    {"deny { token required; methods " PACKAGE "/* }\n", "line 1: \"token\": expected no row token in a deny"},
    {"allow { systems a }\n", "line 1: \"a\": expected a system of this file"},
    {"allow { token required }\n", "line 1: rule of line 1: expected a row methods"},
    {"allow \"x {\n}\n", "line 1: \"?\": expected a title in quotes, 1 to 79 bytes"},
    {"allow \"\" {\n}\n", "line 1: \"??\": expected a title in quotes, 1 to 79 bytes"},
    {"allow \"x\" systems\n}\n", "line 1: \"systems\": expected {"},
    {"allow \"x\" {\n", "line 2: expected } to end the block of line 1"},
    {"case { system a; method " PACKAGE "/Book }\n", "line 1: case of line 1: expected a row expect"},
    {"case { token old }\n",
     "line 1: \"old\": expected good, or what is wrong with it, as expired, wrong_audience, other_system"},
    {"case { expect maybe }\n", "line 1: \"maybe\": expected allowed, or denied and the reason's name"},
    {"case { expect denied why }\n", "line 1: \"why\": expected a reason, as denied_condition or user_token_expired"},
    {"case { method " PACKAGE "/Steal }\n", "line 1: \"" PACKAGE "/Steal\": expected a method that the service has"},
};

static void every_refusal_names_line_word_and_expectation(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        assert_refused(refusals[i].text, refusals[i].message);
    }
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
        assert_string_equal(asked(id, PACKAGE "/Hold"), "allowed");
    }
    text = file_of(POLICY_SYSTEMS_MAX + 1);
    assert_refused(text, "line 2049: \"s000\": expected at most 256 systems");
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_simple_file_is_read),
        cmocka_unit_test(what_is_not_written_is_denied),
        cmocka_unit_test(a_star_means_every_method_of_that_service),
        cmocka_unit_test(methods_of_other_packages_are_passed_over),
        cmocka_unit_test(a_key_may_contain_the_mark_of_comments),
        cmocka_unit_test(a_system_may_have_no_key_if_it_says_so),
        cmocka_unit_test(keys_overlap_while_they_change_and_a_revoked_system_has_none),
        cmocka_unit_test(every_refusal_names_line_word_and_expectation),
        cmocka_unit_test(every_system_of_a_full_policy_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
