/* How failures are named: statuses, error messages, the host's outcomes, and the line that a failed ASSERT leaves. */
#include "lib/base/assert.h"
#include "lib/base/outcome.h"
#include "lib/base/status.h"
#include "lib/base/text.h"

#include "tests/support/cmocka.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void every_status_has_a_stable_name(void **state) {
    (void)state;
#define X(code, name) assert_string_equal(status_name(code), name);
    STATUS_TABLE(X)
#undef X
    assert_int_equal(STATUS_OK, 0);
}

static void an_error_is_filled_cut_and_prefixed(void **state) {
    (void)state;
    struct error error = {0};
    assert_int_equal(error_set(&error, STATUS_IO, "file %s, line %d", "a.conf", 3), STATUS_IO);
    assert_int_equal(error.code, STATUS_IO);
    assert_string_equal(error.message, "file a.conf, line 3");
    assert_int_equal(error_set(&error, STATUS_UNAVAILABLE, "opening the store: %s", error.message), STATUS_UNAVAILABLE);
    assert_string_equal(error.message, "opening the store: file a.conf, line 3");
    char longer[600];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    (void)error_set(&error, STATUS_FULL, "%s", longer);
    assert_int_equal(strlen(error.message), sizeof error.message - 1);
    assert_int_equal(error_set(NULL, STATUS_DENIED, "nobody listens"), STATUS_DENIED);
}

static void host_outcomes_are_complete_and_distinct(void **state) {
    (void)state;
    static const struct {
        uint32_t code;
        const char *name;
    } rows[] = {
#define X(code, NAME, name, status, bars, sentence) {OUTCOME_##NAME, name},
#include "lib/base/outcome_common.def"
#undef X
    };
    enum { COUNT = sizeof rows / sizeof rows[0] };
    for (int i = 0; i < COUNT; i++) {
        const struct outcome_row *row = outcome_common_row(rows[i].code);
        assert_non_null(row);
        assert_int_equal(row->code, rows[i].code);
        assert_string_equal(row->name, rows[i].name);
        assert_true(text_is_token(slice_text(row->name), 64));
        assert_true(row->status >= REPLY_OK && row->status <= REPLY_UNKNOWN_OUTCOME);
        assert_int_equal(row->status == REPLY_OK, row->bars[0] == '2');
        assert_true(strlen(row->sentence) > 3);
        assert_true(row->code >= 1 && row->code <= 99);
        if (i > 0) assert_true(rows[i].code > rows[i - 1].code);
        for (int j = 0; j < i; j++) assert_string_not_equal(rows[i].name, rows[j].name);
    }
    assert_null(outcome_common_row(0));
    assert_null(outcome_common_row(49));
    assert_null(outcome_common_row(100));
    assert_null(outcome_common_row(UINT32_MAX));
}

/* Runs bhr_assert_failed in a child; its stderr comes back as text, and it must have died of SIGABRT. */
static void fail_in_a_child(const char *expression, const char *file, int line, char *ret_text, size_t size_max) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        signal(SIGABRT, SIG_DFL);
        dup2(ends[1], STDERR_FILENO);
        bhr_assert_failed(expression, file, line);
    }
    close(ends[1]);
    size_t size = 0;
    for (ssize_t got; (got = read(ends[0], ret_text + size, size_max - 1 - size)) > 0;) size += (size_t)got;
    ret_text[size] = '\0';
    close(ends[0]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void a_failed_assert_leaves_one_json_line_and_aborts(void **state) {
    (void)state;
    char text[2048];
    fail_in_a_child("name[0] == '\"' || c == '\\\\'", "lib/a.c", 42, text, sizeof text);
    assert_string_equal(text, "{\"level\":\"fatal\",\"event\":\"assert_failed\",\"expression\":\"name[0] == '\\\"' || "
                              "c == '\\\\\\\\'\",\"file\":\"lib/a.c\",\"line\":42}\n");
    char longer[3000];
    memset(longer, '"', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    fail_in_a_child(longer, longer, 2147483647, text, sizeof text);
    size_t size = strlen(text);
    assert_true(size > 800 && size <= 1024);
    assert_non_null(strstr(text, "\\\"\",\"file\":\"\\\"")); /* cut between escapes, not inside one */
    assert_non_null(strstr(text, "\\\"\",\"line\":2147483647}\n"));
}

static void assert_evaluates_once_and_passes(void **state) {
    (void)state;
    int count = 0;
    ASSERT(++count == 1);
    assert_int_equal(count, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_a_stable_name),
        cmocka_unit_test(an_error_is_filled_cut_and_prefixed),
        cmocka_unit_test(host_outcomes_are_complete_and_distinct),
        cmocka_unit_test(a_failed_assert_leaves_one_json_line_and_aborts),
        cmocka_unit_test(assert_evaluates_once_and_passes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
