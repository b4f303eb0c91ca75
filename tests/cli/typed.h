/* What is typed at `bhr`, as a shell would hand it over, in a folder of its own: exit code, and what standard output and
 * standard error say. */
#ifndef BHR_TESTS_CLI_TYPED_H
#define BHR_TESTS_CLI_TYPED_H

#include "cli/bhr/command.h"
#include "tests/support/cmocka.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORDS_MAX = 24, TEXT_MAX = 16384 };

struct outcome {
    int code;
    char out[TEXT_MAX], err[TEXT_MAX];
};

static char home[64];

static inline void slurp(const char *path, char *ret_text) {
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    size_t size = fread(ret_text, 1, TEXT_MAX - 1, file);
    ret_text[size] = '\0';
    (void)fclose(file);
}

/* In a process of its own: argp and stdio keep state. line is split at spaces; '_' stands for a space in a word. */
static inline void run(const char *line, struct outcome *ret_outcome) {
    char copy[512], *words[WORDS_MAX + 2] = {(char[]){"bhr"}}, *rest = NULL;
    int count = 1;
    (void)snprintf(copy, sizeof copy, "%s", line);
    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        for (char *c = word; *c != '\0'; c++) *c = *c == '_' ? ' ' : *c;
        assert_true(count <= WORDS_MAX);
        words[count++] = word;
    }
    (void)fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (freopen("out", "we", stdout) == NULL || freopen("err", "we", stderr) == NULL) _exit(99);
        int code = command_main(count, words);
        (void)fflush(NULL);
        _exit(code);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    ret_outcome->code = WEXITSTATUS(status);
    slurp("out", ret_outcome->out);
    slurp("err", ret_outcome->err);
}

struct row {
    const char *line;
    int code;
    const char *out, *err; /* what they hold; NULL: nothing at all */
};

static inline void check_rows(const struct row *rows, size_t count) {
    static struct outcome outcome;
    for (size_t i = 0; i < count; i++) {
        run(rows[i].line, &outcome);
        bool is_right = outcome.code == rows[i].code &&
                        (rows[i].out == NULL ? outcome.out[0] == '\0' : strstr(outcome.out, rows[i].out) != NULL) &&
                        (rows[i].err == NULL ? outcome.err[0] == '\0' : strstr(outcome.err, rows[i].err) != NULL);
        if (!is_right) fail_msg("`bhr %s`: exit %d\n%s\n%s", rows[i].line, outcome.code, outcome.out, outcome.err);
    }
}

static inline void write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static inline int go_home(void **state) {
    (void)state;
    const char *temporary = getenv("TMPDIR");
    (void)snprintf(home, sizeof home, "%.40s/bhr-cli-XXXXXX", temporary != NULL ? temporary : "/tmp");
    if (mkdtemp(home) == NULL || chdir(home) != 0 || unsetenv(SUITE_PATH_NAME) != 0) return -1;
    return 0;
}

static inline int remove_one(const char *path, const struct stat *found, int kind, struct FTW *place) {
    (void)found, (void)kind, (void)place;
    return remove(path);
}

static inline int leave_home(void **state) {
    (void)state;
    return chdir("/") == 0 && nftw(home, remove_one, 8, FTW_DEPTH | FTW_PHYS) == 0 ? 0 : -1;
}

#endif
