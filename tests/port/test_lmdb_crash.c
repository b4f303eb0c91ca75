/* The LMDB store across processes: killed writers, a second opener, another boot, copies beside a running writer, dead
 * readers. Each process that opens a store here is a child of its own, as LMDB demands. */
#include "lib/port/lmdb/lmdb_folder.h"
#include "lib/port/lmdb/lmdb_store.h"
#include "tests/port/scratch.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

enum { KILLS = 20, ROWS_PER_COMMIT = 7 };
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

static struct lmdb_store *open_store(const char *where) {
    struct lmdb_options options = {.dir = where, .writemap = true, .sync_every_ms = 50};
    struct lmdb_store *opened = NULL;
    struct error error = {0};
    if (lmdb_store_open(&options, &opened, &error) != STATUS_OK) fail_msg("%s", error.message);
    return opened;
}

static uint64_t read_counter(const struct rows *rows) {
    struct slice value;
    uint64_t counter = 0;
    if (rows_get(rows, slice_text("counter"), &value)) memcpy(&counter, value.data, sizeof counter);
    return counter;
}

/* A counter and as many rows, together in each commit; never returns when asked for no end. */
static void write_rows(struct lmdb_store *opened, int commits) {
    struct store store = lmdb_store_port(opened);
    for (int i = 0; commits == 0 || i < commits; i++) {
        struct rows rows;
        if (store.begin(store.context, &rows, NULL) != STATUS_OK) _exit(3);
        uint64_t counter = read_counter(&rows);
        for (int j = 0; j < ROWS_PER_COMMIT; j++) {
            counter++;
            uint8_t key[9] = {'r'}, value[120] = {0};
            for (size_t b = 0; b < 8; b++) key[1 + b] = (uint8_t)((counter * 0x9e3779b97f4a7c15u) >> (56 - 8 * b));
            rows_put(&rows, slice_of(key, sizeof key), slice_of(value, sizeof value));
        }
        rows_put(&rows, slice_text("counter"), slice_of(&counter, sizeof counter));
        if (store.commit(store.context, NULL) != STATUS_OK) _exit(4);
    }
}

static uint64_t count_rows(struct lmdb_store *opened, uint64_t *ret_counter) {
    struct store store = lmdb_store_port(opened);
    struct rows rows;
    assert_int_equal(store.read_begin(store.context, &rows, NULL), STATUS_OK);
    *ret_counter = read_counter(&rows);
    uint64_t count = 0;
    uint8_t from[16] = {'r'};
    size_t from_size = 1;
    struct slice key, value;
    while (rows_seek(&rows, slice_of(from, from_size), &key, &value)) {
        assert_int_equal(key.size, 9);
        count++;
        memcpy(from, key.data, key.size);
        from[key.size] = 0;
        from_size = key.size + 1;
    }
    store.read_end(store.context, &rows);
    return count;
}

/* A child that writes until it is killed; returns when it has begun. */
static pid_t start_writer(void) {
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct lmdb_store *opened = open_store(dir);
        if (write(ready[1], "x", 1) != 1) _exit(5);
        write_rows(opened, 0);
    }
    close(ready[1]);
    char byte;
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return child;
}

static void end_writer(pid_t child) {
    int result = 0;
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFSIGNALED(result));
}

static int run_in_child(int (*run)(void)) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) _exit(run());
    int result = 0;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFEXITED(result));
    return WEXITSTATUS(result);
}

static void a_killed_writer_leaves_whole_commits(void **state) {
    (void)state;
    uint64_t before = 0, moved = 0;
    unsigned seed = 42;
    for (int i = 0; i < KILLS; i++) {
        pid_t child = start_writer();
        usleep((useconds_t)(rand_r(&seed) % 40000));
        end_writer(child);
        struct lmdb_store *opened = open_store(dir);
        uint64_t counter = 0, count = count_rows(opened, &counter);
        assert_int_equal(count, counter);
        assert_int_equal(counter % ROWS_PER_COMMIT, 0);
        assert_true(counter >= before);
        if (counter > before) moved++;
        before = counter;
        lmdb_store_close(opened, i % 2 == 0);
    }
    assert_true(moved > KILLS / 2);
    print_message("%d kills, %llu rows\n", KILLS, (unsigned long long)before);
}

static void a_second_opener_is_told_who_has_it(void **state) {
    (void)state;
    pid_t child = start_writer();
    char pid[32];
    snprintf(pid, sizeof pid, "(pid %ld)", (long)child);
    struct lmdb_options options = {.dir = dir, .writemap = true};
    struct lmdb_store *opened = NULL;
    struct error error = {0};
    assert_int_equal(lmdb_store_open(&options, &opened, &error), STATUS_CONFLICT);
    assert_non_null(strstr(error.message, "another process"));
    assert_non_null(strstr(error.message, pid));
    assert_int_equal(lmdb_store_set_aside(dir, NULL, &error), STATUS_CONFLICT);
    end_writer(child);
    opened = open_store(dir);
    struct lmdb_store *second = NULL;
    assert_int_equal(lmdb_store_open(&options, &second, &error), STATUS_CONFLICT);
    assert_int_equal(lmdb_store_open_read(dir, &second, &error), STATUS_CONFLICT);
    assert_non_null(strstr(error.message, "this process"));
    lmdb_store_close(opened, true);
}

static void pretend_other_boot(const char *mark) {
    char path[SCRATCH_PATH_MAX + 20];
    snprintf(path, sizeof path, "%s/store/boot", dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "00000000-0000-0000-0000-000000000000\n%s\n", mark);
    assert_int_equal(fclose(file), 0);
}

static void another_boot_may_open_only_what_was_closed_in_order(void **state) {
    (void)state;
    struct lmdb_store *opened = open_store(dir);
    write_rows(opened, 3);
    lmdb_store_close(opened, true);
    pretend_other_boot("closed");
    opened = open_store(dir);
    uint64_t counter = 0;
    assert_int_equal(count_rows(opened, &counter), 3 * ROWS_PER_COMMIT);
    lmdb_store_close(opened, false);
    opened = open_store(dir); /* not in order, but the same boot: the page cache has it */
    lmdb_store_close(opened, false);

    struct lmdb_options options = {.dir = dir, .writemap = true};
    struct error error = {0};
    char path[LMDB_PATH_MAX], boot[SCRATCH_PATH_MAX + 20];
    static const char *const TORN[] = {"open", "", "close", "closed\nx"};
    for (size_t i = 0; i < sizeof TORN / sizeof *TORN; i++) {
        pretend_other_boot(TORN[i]);
        assert_int_equal(lmdb_store_open(&options, &opened, &error), STATUS_CORRUPT);
    }
    assert_non_null(strstr(error.message, "rebuild"));
    snprintf(boot, sizeof boot, "%s/store/boot", dir);
    assert_int_equal(unlink(boot), 0);
    assert_int_equal(lmdb_store_open(&options, &opened, &error), STATUS_CORRUPT);

    assert_int_equal(lmdb_store_set_aside(dir, path, &error), STATUS_OK);
    assert_non_null(strstr(path, "/store.aside-"));
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(lmdb_store_set_aside(dir, path, &error), STATUS_NOT_FOUND);
    opened = open_store(dir);
    assert_int_equal(count_rows(opened, &counter), 0);
    lmdb_store_close(opened, true);
    char path_again[LMDB_PATH_MAX];
    assert_int_equal(lmdb_store_set_aside(dir, path_again, &error), STATUS_OK);
    assert_string_not_equal(path, path_again);
}

static void a_file_that_is_no_store_is_not_opened(void **state) {
    (void)state;
    struct lmdb_store *opened = open_store(dir);
    lmdb_store_close(opened, true);
    char path[SCRATCH_PATH_MAX + 20];
    snprintf(path, sizeof path, "%s/store/data.mdb", dir);
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    static const char ZEROS[8192];
    assert_int_equal(fwrite(ZEROS, sizeof ZEROS, 1, file), 1);
    fclose(file);
    struct lmdb_options options = {.dir = dir, .writemap = true};
    struct error error = {0};
    assert_int_equal(lmdb_store_open(&options, &opened, &error), STATUS_CORRUPT);
}

static void a_copy_beside_a_running_writer_is_whole(void **state) {
    (void)state;
    char to[SCRATCH_PATH_MAX + 20], stale[SCRATCH_PATH_MAX + 60];
    snprintf(to, sizeof to, "%s/copy/of/it", dir);
    snprintf(stale, sizeof stale, "%s/store.copying", to);
    assert_int_equal(folder_make(stale, NULL), STATUS_OK);
    snprintf(stale, sizeof stale, "%s/store.copying/data.mdb", to);
    FILE *file = fopen(stale, "w");
    assert_non_null(file);
    fputs("left by an interrupted copy", file);
    fclose(file);
    pid_t child = start_writer();
    usleep(100000);
    struct error error = {0};
    if (lmdb_store_copy(dir, to, &error) != STATUS_OK) fail_msg("%s", error.message);
    assert_int_equal(lmdb_store_copy(dir, to, &error), STATUS_CONFLICT);
    struct lmdb_store *beside = NULL;
    assert_int_equal(lmdb_store_open_read(dir, &beside, &error), STATUS_OK);
    uint64_t counter = 0, first = count_rows(beside, &counter);
    assert_int_equal(first, counter);
    usleep(50000);
    assert_true(count_rows(beside, &counter) > first);
    struct store reading = lmdb_store_port(beside);
    struct rows rows;
    assert_int_equal(reading.begin(reading.context, &rows, &error), STATUS_DENIED);
    lmdb_store_close(beside, false);
    end_writer(child);
    struct lmdb_store *copied = open_store(to);
    uint64_t count = count_rows(copied, &counter);
    assert_int_equal(count, counter);
    assert_true(count > 0 && count <= first);
    write_rows(copied, 2);
    assert_int_equal(count_rows(copied, &counter), count + 2 * ROWS_PER_COMMIT);
    lmdb_store_close(copied, true);
}

static void a_missing_store_is_said_to_be_missing(void **state) {
    (void)state;
    struct lmdb_store *opened = NULL;
    struct error error = {0};
    assert_int_equal(lmdb_store_open_read(dir, &opened, &error), STATUS_NOT_FOUND);
    assert_int_equal(lmdb_store_copy(dir, "/tmp/never-made", &error), STATUS_NOT_FOUND);
    assert_int_not_equal(access("/tmp/never-made", F_OK), 0);
}

static int read_and_die(void) {
    struct lmdb_store *beside = NULL;
    if (lmdb_store_open_read(dir, &beside, NULL) != STATUS_OK) return 3;
    struct store store = lmdb_store_port(beside);
    struct rows rows;
    if (store.read_begin(store.context, &rows, NULL) != STATUS_OK) return 4;
    _exit(0); /* with the snapshot open */
}

static void a_dead_reader_is_cleared_by_housekeeping(void **state) {
    (void)state;
    struct lmdb_store *opened = open_store(dir);
    write_rows(opened, 1);
    assert_int_equal(run_in_child(read_and_die), 0);
    write_rows(opened, 5);
    struct lmdb_figures figures;
    lmdb_store_figures(opened, &figures);
    assert_int_equal(figures.dead_readers, 0);
    struct store store = lmdb_store_port(opened);
    store.housekeeping(store.context);
    lmdb_store_figures(opened, &figures);
    assert_int_equal(figures.dead_readers, 1);
    assert_int_equal(figures.snapshot_lag, 0);
    lmdb_store_close(opened, true);
}

static void nobody_else_may_look_into_the_store(void **state) {
    (void)state;
    struct lmdb_store *opened = open_store(dir);
    char path[SCRATCH_PATH_MAX + 20];
    struct stat file;
    snprintf(path, sizeof path, "%s/store/data.mdb", dir);
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
    snprintf(path, sizeof path, "%s/store", dir);
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0700);
    lmdb_store_close(opened, true);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_killed_writer_leaves_whole_commits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_second_opener_is_told_who_has_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_boot_may_open_only_what_was_closed_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_is_no_store_is_not_opened, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_copy_beside_a_running_writer_is_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_missing_store_is_said_to_be_missing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_dead_reader_is_cleared_by_housekeeping, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nobody_else_may_look_into_the_store, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("lmdb across processes", tests, NULL, NULL);
}
