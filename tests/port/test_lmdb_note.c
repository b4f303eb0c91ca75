/* The crash note: what it says after every way a process can end. */
#include "lib/port/lmdb/note_file.h"
#include "tests/port/scratch.h"

#include <signal.h>
#include <sys/wait.h>

static char dir[SCRATCH_PATH_MAX];

static int set_up(void **state) {
    (void)state;
    scratch_make(dir);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    scratch_remove(dir);
    return 0;
}

static struct note_file *open_note(struct note *ret_note) {
    struct note_file *file = NULL;
    struct error error = {0};
    if (note_file_open(dir, &file, &error) != STATUS_OK) fail_msg("%s", error.message);
    *ret_note = note_file_port(file);
    return file;
}

static void set(const struct note *note, const char *text) {
    note->set(note->context, slice_text(text));
}

static void expect_left(const struct note *note, const char *text) {
    struct slice left = note->left_behind(note->context);
    assert_true(slice_equal(left, slice_text(text)));
}

static void wait_killed(pid_t child) {
    int result = 0;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFSIGNALED(result) && WTERMSIG(result) == SIGKILL);
}

static void work_in_hand_survives_kill_9(void **state) {
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        struct note note;
        (void)open_note(&note);
        for (int i = 0; i < 1000; i++) set(&note, "some work");
        set(&note, "offset 77");
        raise(SIGKILL);
    }
    wait_killed(child);
    struct note note;
    struct note_file *file = open_note(&note);
    expect_left(&note, "offset 77");
    set(&note, "something else");
    expect_left(&note, "offset 77");
    set(&note, "");
    note_file_close(file);
}

static void nothing_is_left_by_an_ordered_end(void **state) {
    (void)state;
    struct note note;
    struct note_file *file = open_note(&note);
    expect_left(&note, "");
    set(&note, "work");
    set(&note, "");
    note_file_close(file);
    file = open_note(&note);
    expect_left(&note, "");
    note_file_close(file);
}

/* Until an accepted Claim carried it, a second death may come, with or without work of its own. */
static void it_stays_until_forgotten_or_replaced(void **state) {
    (void)state;
    struct note note;
    struct note_file *file = open_note(&note);
    set(&note, "first");
    note_file_close(file);
    for (int i = 0; i < 3; i++) {
        file = open_note(&note);
        expect_left(&note, "first");
        note_file_close(file);
    }
    file = open_note(&note);
    set(&note, "second");
    note_file_close(file);
    file = open_note(&note);
    expect_left(&note, "second");
    note.forget(note.context);
    expect_left(&note, "");
    set(&note, "");
    note_file_close(file);
    file = open_note(&note);
    expect_left(&note, "");
    note_file_close(file);
}

/* forget is about the last process's work; it must not lose this one's. */
static void forgetting_keeps_what_is_in_hand(void **state) {
    (void)state;
    struct note note;
    struct note_file *file = open_note(&note);
    set(&note, "old");
    note_file_close(file);
    file = open_note(&note);
    set(&note, "new");
    note.forget(note.context);
    note_file_close(file);
    file = open_note(&note);
    expect_left(&note, "new");
    note_file_close(file);
}

static void any_byte_torn_leaves_a_whole_note(void **state) {
    (void)state;
    char path[SCRATCH_PATH_MAX + 8];
    snprintf(path, sizeof path, "%s/note", dir);
    for (long at = 0; at < 200; at++) {
        unlink(path);
        struct note note;
        struct note_file *file = open_note(&note);
        set(&note, "one");
        set(&note, "two");
        note_file_close(file);
        FILE *bytes = fopen(path, "r+");
        assert_non_null(bytes);
        fseek(bytes, at, SEEK_SET);
        int byte = fgetc(bytes);
        fseek(bytes, at, SEEK_SET);
        fputc(byte ^ 0x5a, bytes);
        fclose(bytes);
        file = open_note(&note);
        struct slice left = note.left_behind(note.context);
        assert_true(slice_equal(left, slice_text("one")) || slice_equal(left, slice_text("two")));
        note_file_close(file);
    }
}

static void killed_at_any_moment_one_of_the_last_two_is_there(void **state) {
    (void)state;
    for (int i = 0; i < 20; i++) {
        int ready[2];
        assert_int_equal(pipe(ready), 0);
        pid_t child = fork();
        if (child == 0) {
            struct note note;
            (void)open_note(&note);
            uint8_t bytes[NOTE_SIZE_MAX];
            for (uint64_t turn = 0;; turn++) {
                memset(bytes, (int)(turn % 250 + 1), sizeof bytes);
                note.set(note.context, slice_of(bytes, sizeof bytes));
                if (turn == 10 && write(ready[1], "x", 1) != 1) _exit(3);
            }
        }
        char byte;
        assert_int_equal(read(ready[0], &byte, 1), 1);
        usleep(500);
        kill(child, SIGKILL);
        wait_killed(child);
        close(ready[0]);
        close(ready[1]);
        struct note note;
        struct note_file *file = open_note(&note);
        struct slice left = note.left_behind(note.context);
        assert_int_equal(left.size, NOTE_SIZE_MAX);
        for (size_t b = 1; b < left.size; b++) assert_int_equal(left.data[b], left.data[0]);
        note_file_close(file);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(work_in_hand_survives_kill_9, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_left_by_an_ordered_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_stays_until_forgotten_or_replaced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(forgetting_keeps_what_is_in_hand, set_up, tear_down),
        cmocka_unit_test_setup_teardown(any_byte_torn_leaves_a_whole_note, set_up, tear_down),
        cmocka_unit_test_setup_teardown(killed_at_any_moment_one_of_the_last_two_is_there, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("crash note", tests, NULL, NULL);
}
