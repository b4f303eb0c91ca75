/* Questions to a policy beyond what its own cases can put: subjects that are not known yet, and the borough's policy with
 * each of its cases turned round. */
#include "tests/policy/policy_world.h"

#define HEAD                                                                                                           \
    "api b " PACKAGE "\n"                                                                                              \
    "service urgent { kind 111 }\n"                                                                                    \
    "service smears { kind routine }\n"                                                                                \
    "system x { key " KEY_A "; organisation RYX; role 111; in_flight 1; per_second 1 }\n"

static struct policy_ask ask_of(const char *method) {
    return (struct policy_ask){.system = slice_text("x"), .method = slice_text(method)};
}

static const char *reason_of(const struct policy_ask *ask) {
    return policy_reason_name(policy_evaluate(&policy, ask).reason);
}

static void a_subject_is_asked_for_only_when_it_matters(void **state) {
    (void)state;
    assert_good(HEAD "allow { methods b/Book; conditions service_111 }\nallow { methods b/FindSlots }\n"
                     "allow { methods b/Hold; token required; conditions own_organisation }\n");
    struct policy_ask find = ask_of(PACKAGE "/FindSlots"), book = ask_of(PACKAGE "/Book"),
                      hold = ask_of(PACKAGE "/Hold");
    assert_string_equal(reason_of(&find), "allowed");
    assert_string_equal(reason_of(&book), "needs_subject");
    assert_int_equal(policy_evaluate(&policy, &book).rule->line, 5);
    assert_string_equal(reason_of(&hold), "user_token_required"); /* settled without it */
    book.has_subject = true;
    assert_string_equal(reason_of(&book), "denied_condition");
    book.subject.service_id = slice_text("urgent");
    assert_string_equal(reason_of(&book), "allowed");
    book.subject.service_id = slice_text("smears");
    assert_string_equal(reason_of(&book), "denied_condition");
    book.subject.service_id = slice_text("urgen");
    assert_string_equal(reason_of(&book), "denied_condition");
}

/* What cannot be told is not taken for granted, neither way. */
static void what_cannot_be_told_fails_closed(void **state) {
    (void)state;
    assert_good(HEAD "deny { methods b/Book; conditions own_organisation }\nallow { methods b/Book b/Hold }\n"
                     "allow { methods b/Cancel; conditions registered_here }\n"
                     "deny { methods b/Cancel; conditions registered_here own_organisation }\n"
                     "allow { methods b/Cancel }\n");
    struct policy_ask book = ask_of(PACKAGE "/Book"), cancel = ask_of(PACKAGE "/Cancel");
    assert_string_equal(reason_of(&book), "needs_subject");
    book.has_subject = true;
    assert_string_equal(reason_of(&book), "denied_rule");
    book.subject.organisation = slice_text("RYX");
    assert_string_equal(reason_of(&book), "denied_rule");
    book.subject.organisation = slice_text("F82001");
    assert_string_equal(reason_of(&book), "allowed");
    assert_int_equal(policy_evaluate(&policy, &book).rule->line, 6);
    cancel.has_subject = true;
    cancel.subject.has_person = true;
    assert_string_equal(reason_of(&cancel), "denied_rule");
    cancel.subject.organisation = slice_text("F82001"); /* one condition fails for certain: the deny does not hold */
    assert_string_equal(reason_of(&cancel), "allowed");
    assert_int_equal(policy_evaluate(&policy, &cancel).rule->line, 9);
}

static void own_organisation_is_that_of_system_and_user(void **state) {
    (void)state;
    assert_good(HEAD "allow { methods b/Book; conditions own_organisation }\n");
    struct policy_ask book = ask_of(PACKAGE "/Book");
    book.has_subject = true;
    book.subject.organisation = slice_text("RYX");
    assert_string_equal(reason_of(&book), "allowed");
    book.token = POLICY_TOKEN_GOOD;
    assert_string_equal(reason_of(&book), "denied_condition"); /* a user who belongs nowhere */
    book.user_organisation = slice_text("F82001");
    assert_string_equal(reason_of(&book), "denied_condition");
    book.user_organisation = slice_text("RYX");
    assert_string_equal(reason_of(&book), "allowed");
}

static void every_bad_token_is_denied_by_its_name(void **state) {
    (void)state;
    assert_good(HEAD "allow { methods b/* }\n");
    struct policy_ask book = ask_of(PACKAGE "/Book");
    char expected[64];
#define X(NAME, name)                                                                                                  \
    book.token = POLICY_TOKEN_##NAME;                                                                                  \
    snprintf(expected, sizeof expected, "user_token_%s", name);                                                        \
    assert_string_equal(reason_of(&book), expected);                                                                   \
    assert_true(policy_reason_sentence(policy_evaluate(&policy, &book).reason)[0] != '\0');
    POLICY_BAD_TOKENS(X)
#undef X
}

/* ---- the borough ---- */

static char *read_borough(void) {
    FILE *file = fopen(BHR_SOURCE_DIR "/tests/policy/borough.policy", "rb");
    assert_non_null(file);
    char *text = calloc(1, POLICY_TEXT_MAX);
    assert_non_null(text);
    size_t size = fread(text, 1, POLICY_TEXT_MAX - 1, file);
    assert_true(size > 0 && feof(file));
    fclose(file);
    return text;
}

static void the_boroughs_policy_is_good(void **state) {
    (void)state;
    char *text = read_borough();
    assert_good(text);
    free(text);
    assert_true(policy.case_count >= 30);
    assert_int_equal(policy.system_count, 6);
    print_message("%u rules, %u cases\n", policy.rule_count, policy.case_count);
}

/* No case is idle: each one, turned round, refuses the file and says its own line. */
static void every_case_can_fail(void **state) {
    (void)state;
    char *text = read_borough(), *turned = calloc(1, POLICY_TEXT_MAX);
    assert_non_null(turned);
    uint32_t count = 0;
    for (char *at = text; (at = strstr(at, "expect ")) != NULL; at += 7, count++) {
        bool is_allowed = strncmp(at + 7, "allowed", 7) == 0;
        assert_true(is_allowed || strncmp(at + 7, "denied", 6) == 0);
        const char *rest = at + 7 + (is_allowed ? 7 : 6);
        while (!is_allowed && *rest == ' ') rest++;
        while (!is_allowed && ((*rest >= 'a' && *rest <= 'z') || *rest == '_' || (*rest >= '0' && *rest <= '9')))
            rest++;
        /* Beside "denied_revoked" a revoked system is judged by its rules. */
        bool is_revoked = strncmp(at + 7, "denied denied_revoked", 21) == 0;
        const char *round = is_allowed ? "denied" : is_revoked ? "denied denied_role" : "allowed";
        sprintf(turned, "%.*sexpect %s%s%s", (int)(at - text), text, round, *rest == ' ' || *rest == '\n' ? "" : " ",
                rest);
        assert_int_equal(parse(turned), STATUS_INVALID);
        char wanted[32];
        unsigned line = 1;
        const char *begin = at;
        while (strncmp(begin, "\ncase", 5) != 0) begin--;
        for (const char *c = text; c <= begin; c++) line += *c == '\n';
        snprintf(wanted, sizeof wanted, "line %u: case \"", line);
        assert_true(strncmp(error.message, wanted, strlen(wanted)) == 0);
    }
    assert_good(text);
    assert_int_equal(count, policy.case_count);
    free(text);
    free(turned);
}

/* One word takes a system out, whatever the cases promise it. */
static void any_system_can_be_revoked_without_touching_a_case(void **state) {
    (void)state;
    char *text = read_borough(), *revoked = calloc(1, POLICY_TEXT_MAX);
    assert_non_null(revoked);
    uint32_t count = 0;
    for (char *at = text; (at = strstr(at, "\nsystem ")) != NULL; at++) {
        char *end = strchr(at, '{') + 1;
        if (strstr(at, "revoked") != NULL && strstr(at, "revoked") < strstr(at, "\n}")) continue;
        sprintf(revoked, "%.*s revoked;%s", (int)(end - text), text, end);
        assert_good(revoked);
        count++;
    }
    assert_int_equal(count, 5);
    free(text);
    free(revoked);
}

static void a_wrong_case_says_what_was_decided(void **state) {
    (void)state;
    assert_refused(HEAD "allow \"all\" { methods b/Book }\n"
                        "case \"nobody books\" { system x; method b/Book; expect denied }\n",
                   "line 6: case \"nobody books\": expected denied, and it is allowed by line 5");
    assert_refused(HEAD "allow \"all\" { methods b/Book; conditions service_111 }\n"
                        "case \"x\" {\n system x\n method b/Book\n expect denied denied_role\n}\n",
                   "line 6: case \"x\": expected denied_role, and it is denied_condition by line 5");
    assert_refused(HEAD "case \"x\" { system y; method b/Book; expect allowed }\n",
                   "line 5: case \"x\": expected allowed, and it is denied_system");
}

/* Bytes as they come: whatever stands in a file is read or refused. */
static void no_bytes_stop_the_reader(void **state) {
    (void)state;
    char *text = read_borough();
    size_t size = strlen(text);
    uint64_t seed = 88172645463325252u;
    for (int round = 0; round < 300; round++) {
        for (int changes = 0; changes < 3; changes++) {
            seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
            text[seed % size] = (char)(seed >> 40);
        }
        size_t cut = round % 3 == 0 ? (size_t)(seed >> 20) % size : size;
        error = (struct error){0};
        enum status status = policy_parse(&policy, slice_of(text, cut), world_methods, WORLD_METHODS, &error);
        assert_true(status == STATUS_OK || (status == STATUS_INVALID && error.message[0] != '\0'));
        if (round % 10 == 9) {
            free(text);
            text = read_borough();
        }
    }
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_subject_is_asked_for_only_when_it_matters),
        cmocka_unit_test(what_cannot_be_told_fails_closed),
        cmocka_unit_test(own_organisation_is_that_of_system_and_user),
        cmocka_unit_test(every_bad_token_is_denied_by_its_name),
        cmocka_unit_test(the_boroughs_policy_is_good),
        cmocka_unit_test(every_case_can_fail),
        cmocka_unit_test(any_system_can_be_revoked_without_touching_a_case),
        cmocka_unit_test(a_wrong_case_says_what_was_decided),
        cmocka_unit_test(no_bytes_stop_the_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
