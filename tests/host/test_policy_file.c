/* The policy file of a running process: read again when it has changed, never replaced by one that is not good. */
#include "lib/host/policy_file.h"
#include "tests/support/cmocka.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_A    "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
#define KEY_B    "Yne@#w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hI#"
#define PACKAGE  "bhr.booking.v1.BookingService"
#define ROWS     "organisation RYX\nrole 111\nmethods " PACKAGE "/Hold\nin_flight 64\nper_second 2000\n"
#define SYSTEM_A "system a {\nkey " KEY_A "\n" ROWS "}\n"
#define SYSTEM_B "system b {\nkey " KEY_B "\n" ROWS "}\n"

static const struct service_method methods[] = {{.name = PACKAGE "/Hold", .kind = METHOD_COMMAND}};
static const struct service service = {.name = "booking", .methods = methods, .method_count = 1};

static char path[64];
static struct error error;
static struct policy_keeper *keeper;
static int64_t now_ms; /* of writing; each file is a second younger than the one before */

static void write_file(const char *text) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    now_ms += 1000;
    struct timespec times[2] = {{.tv_sec = now_ms / 1000}, {.tv_sec = now_ms / 1000}};
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
    error = (struct error){0};
}

static int set_up(void **state) {
    (void)state;
    now_ms = 1764000000000;
    strcpy(path, "/tmp/test_policy_XXXXXX");
    close(mkstemp(path));
    write_file(SYSTEM_A);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    policy_keeper_close(keeper);
    keeper = NULL;
    unlink(path);
    return 0;
}

static enum policy_news look_after(int64_t ms) {
    return policy_keeper_look(keeper, now_ms + ms, false, &error);
}

static bool knows(const char *key, const char *id) {
    char system[SOCKET_SYSTEM_MAX + 1] = "";
    bool is_known = policy_keeper_knows(keeper, key, system);
    assert_string_equal(system, is_known ? id : "");
    return is_known;
}

static void a_file_is_loaded_and_named_in_its_errors(void **state) {
    (void)state;
    struct policy *policy;
    assert_int_equal(policy_load(path, &service, &policy, &error), STATUS_OK);
    assert_non_null(policy_by_id(policy, "a"));
    free(policy);
    write_file(SYSTEM_A "x\n");
    assert_int_equal(policy_load(path, &service, &policy, &error), STATUS_INVALID);
    char expected[256];
    snprintf(expected, sizeof expected, "%s: line 9: \"x\": expected system, ", path);
    assert_true(strncmp(error.message, expected, strlen(expected)) == 0);
    unlink(path);
    assert_int_equal(policy_load(path, &service, &policy, &error), STATUS_NOT_FOUND);
    assert_true(strncmp(error.message, path, strlen(path)) == 0);
    assert_int_equal(policy_keeper_open(path, &service, &keeper, &error), STATUS_NOT_FOUND);
}

static void a_changed_file_replaces_the_policy(void **state) {
    (void)state;
    assert_int_equal(policy_keeper_open(path, &service, &keeper, &error), STATUS_OK);
    assert_int_equal(look_after(500), POLICY_SAME);
    const struct policy *first = policy_keeper_current(keeper);
    assert_true(knows(KEY_A, "a") && !knows(KEY_B, "b"));
    write_file(SYSTEM_B);
    assert_int_equal(look_after(10), POLICY_SAME); /* it may not be whole yet */
    assert_int_equal(look_after(100), POLICY_REPLACED);
    assert_true(policy_keeper_current(keeper) != first);
    assert_non_null(policy_by_id(first, "a")); /* still there for whoever has it in hand */
    assert_true(!knows(KEY_A, "a") && knows(KEY_B, "b"));
    assert_true(policy_keeper_lost_a_key(keeper));
    assert_int_equal(look_after(200), POLICY_SAME);
    write_file(SYSTEM_A SYSTEM_B);
    assert_int_equal(look_after(100), POLICY_REPLACED);
    assert_true(knows(KEY_A, "a") && knows(KEY_B, "b"));
    assert_false(policy_keeper_lost_a_key(keeper));
    write_file("system a {\nkey " KEY_A "\n" ROWS "revoked\n}\n" SYSTEM_B);
    assert_int_equal(look_after(100), POLICY_REPLACED);
    assert_true(!knows(KEY_A, "a") && knows(KEY_B, "b"));
    assert_true(policy_keeper_lost_a_key(keeper));
    write_file("system c {\nkey " KEY_B "\n" ROWS "}\n"); /* the key of b */
    assert_int_equal(look_after(100), POLICY_REPLACED);
    assert_true(knows(KEY_B, "c"));
    assert_true(policy_keeper_lost_a_key(keeper));
}

static void a_bad_file_changes_nothing_and_is_said_once(void **state) {
    (void)state;
    assert_int_equal(policy_keeper_open(path, &service, &keeper, &error), STATUS_OK);
    const struct policy *first = policy_keeper_current(keeper);
    write_file(SYSTEM_B "case \"b may book\" { system b; method " PACKAGE "/Hold; expect denied }\n");
    assert_int_equal(look_after(100), POLICY_REFUSED);
    assert_non_null(strstr(error.message, "line 9: case \"b may book\": expected denied, and it is allowed by line 5"));
    assert_int_equal(look_after(200), POLICY_SAME);
    assert_ptr_equal(policy_keeper_current(keeper), first);
    assert_true(knows(KEY_A, "a") && !knows(KEY_B, "b"));
    assert_int_equal(policy_keeper_look(keeper, now_ms, true, &error), POLICY_REFUSED); /* because somebody asked */
    unlink(path);
    assert_int_equal(look_after(300), POLICY_REFUSED);
    assert_int_equal(look_after(400), POLICY_SAME);
    assert_ptr_equal(policy_keeper_current(keeper), first);
    write_file(SYSTEM_A SYSTEM_B);
    assert_int_equal(look_after(100), POLICY_REPLACED);
    assert_true(knows(KEY_A, "a") && knows(KEY_B, "b"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_is_loaded_and_named_in_its_errors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_changed_file_replaces_the_policy, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_bad_file_changes_nothing_and_is_said_once, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
