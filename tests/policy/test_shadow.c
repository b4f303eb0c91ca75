/* A rule that can never match is refused with both lines; one that can, however narrowly, is not. */
#include "tests/policy/policy_world.h"

#define HEAD                                                                                                           \
    "api b " PACKAGE "\n"                                                                                              \
    "role gp { codes R1 R2 }\n"                                                                                        \
    "role nurse { codes R3 }\n"                                                                                        \
    "role deputy { codes R2 }\n"                                                                                       \
    "purposes care audit\n"                                                                                            \
    "organisation RYX { kind 111 }\n"                                                                                  \
    "system x { key " KEY_A "; organisation RYX; role 111; in_flight 1; per_second 1 }\n"                              \
    "system y { key " KEY_B "; organisation F82001; role practice; in_flight 1; per_second 1 }\n"
#define LINE_9 "line 10: this rule can never match: line 9 decides first"

static void a_covered_rule_is_refused_with_both_lines(void **state) {
    (void)state;
    static const struct {
        const char *earlier, *later;
    } pairs[] = {
        {"allow { methods b/* }", "allow { methods b/Book }"},
        {"allow { methods b/* }", "deny { methods b/Book }"},
        {"deny { methods b/Book }", "allow { methods b/Book; systems x }"},
        {"allow { methods b/Book }", "allow { methods b/Book; roles gp }"},
        {"allow { methods b/Book }", "allow { methods b/Book; token required }"},
        {"allow { methods b/Book; token required }", "allow { methods b/Book; roles gp }"},
        {"allow { methods b/Book; token required }", "allow { methods b/Book; purposes care }"},
        {"allow { methods b/Book; roles gp }", "allow { methods b/Book; roles deputy }"}, /* another name for R2 */
        {"allow { methods b/Book; purposes care audit }", "allow { methods b/Book; purposes audit }"},
        {"allow { methods b/Book; conditions own_organisation }",
         "allow { methods b/Book; conditions own_organisation service_111 }"},
        {"deny { methods b/Book; conditions own_organisation }",
         "allow { methods b/Book; conditions own_organisation }"},
        {"allow { methods b/Book; systems x }", "allow { methods b/Book; organisations kind:111 }"},
        {"allow { methods b/Book b/Hold; systems x y }", "allow { methods b/Hold; systems y }"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        char text[2048];
        snprintf(text, sizeof text, "%s%s\n%s\n", HEAD, pairs[i].earlier, pairs[i].later);
        assert_refused(text, LINE_9);
    }
}

static void what_can_still_match_is_not_refused(void **state) {
    (void)state;
    static const struct {
        const char *earlier, *later;
    } pairs[] = {
        {"allow { methods b/Book }", "allow { methods b/* }"},
        {"deny { methods b/Book }", "allow { methods b/* }"},
        {"allow { methods b/Book; systems x }", "allow { methods b/Book }"},
        {"allow { methods b/Book; roles gp }", "allow { methods b/Book }"},
        {"allow { methods b/Book; roles gp }", "allow { methods b/Book; token required }"},
        {"allow { methods b/Book; roles gp }", "allow { methods b/Book; roles gp nurse }"},
        {"allow { methods b/Book; roles deputy }", "allow { methods b/Book; roles gp }"},
        {"allow { methods b/Book; purposes care }", "allow { methods b/Book; roles gp }"},
        {"allow { methods b/Book; token required }", "allow { methods b/Book }"},
        {"allow { methods b/Book; conditions own_organisation service_111 }",
         "allow { methods b/Book; conditions own_organisation }"},
        /* What cannot be told passes the allow and meets the deny. */
        {"allow { methods b/Book; conditions own_organisation }",
         "deny { methods b/Book; conditions own_organisation }"},
        {"deny { methods b/Book; conditions own_organisation }", "allow { methods b/Book }"},
        {"deny { methods b/Book; purposes audit }", "allow { methods b/Book }"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        char text[2048];
        snprintf(text, sizeof text, "%s%s\n%s\n", HEAD, pairs[i].earlier, pairs[i].later);
        assert_good(text);
        assert_int_equal(policy.rule_count, 2);
    }
}

static void several_rules_cover_one_together(void **state) {
    (void)state;
    assert_refused(HEAD "allow { methods b/Book; systems x }\nallow { methods b/Book; systems y }\n"
                        "allow { methods b/Book }\n",
                   "line 11: this rule can never match: lines 9 and 10 together decide first");
    assert_refused(HEAD "allow { methods b/Book; roles gp }\nallow { methods b/Book; roles nurse }\n"
                        "allow { methods b/Book; roles nurse deputy }\n",
                   "line 11: this rule can never match: lines 9 and 10 together decide first");
    assert_refused(HEAD "allow { methods b/Book; purposes care }\nallow { methods b/Book b/Hold; roles gp }\n"
                        "deny { methods b/Book; purposes audit }\n"
                        "allow { methods b/Book; roles nurse; purposes care audit }\n",
                   "line 12: this rule can never match: lines 9 and 11 together decide first");
    assert_refused(HEAD "allow { methods b/Book }\nallow { methods b/Hold }\nallow { methods b/Cancel }\n"
                        "allow { methods b/FindSlots }\nallow { methods b/Book b/Hold b/Cancel b/FindSlots }\n",
                   "line 13: this rule can never match: lines 9, 10, 11 and others together decide first");
    /* A purpose that the file does not name is left over. */
    assert_good(HEAD "allow { methods b/Book; purposes care }\nallow { methods b/Book; purposes audit }\n"
                     "allow { methods b/Book; token required }\n");
}

static void the_simple_form_is_a_rule_like_any_other(void **state) {
    (void)state;
    assert_refused("system x {\nkey " KEY_A "\norganisation RYX\nrole 111\nin_flight 1\nper_second 1\nmethods " PACKAGE
                   "/*\n}\ndeny \"not this one\" {\nmethods " PACKAGE "/Book\n}\n",
                   "line 9: this rule can never match: line 7 decides first");
    assert_refused("allow { methods " PACKAGE "/Book }\n",
                   "line 1: this rule can never match: no system is of those that it names");
    assert_refused(HEAD "allow { methods b/Book; systems x; organisations F82001 }\n",
                   "line 9: this rule can never match: no system is of those that it names");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_covered_rule_is_refused_with_both_lines),
        cmocka_unit_test(what_can_still_match_is_not_refused),
        cmocka_unit_test(several_rules_cover_one_together),
        cmocka_unit_test(the_simple_form_is_a_rule_like_any_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
