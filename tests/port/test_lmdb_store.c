/* The LMDB store as its users see it: ordered rows, commit and abort, snapshots, what happens when it is full. */
#include "lib/port/lmdb/lmdb_store.h"
#include "tests/port/scratch.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mount.h>
#include <sys/wait.h>

static char dir[SCRATCH_PATH_MAX];
static struct lmdb_store *opened;
static struct store store;

static void open_with(struct lmdb_options options) {
    struct error error = {0};
    options.dir = dir;
    if (lmdb_store_open(&options, &opened, &error) != STATUS_OK) fail_msg("%s", error.message);
    store = lmdb_store_port(opened);
}

static int set_up(void **state) {
    (void)state;
    scratch_make(dir);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    lmdb_store_close(opened, true);
    opened = NULL;
    scratch_remove(dir);
    return 0;
}

static struct rows begin(void) {
    struct rows rows = {0};
    assert_int_equal(store.begin(store.context, &rows, NULL), STATUS_OK);
    return rows;
}

static struct rows read_begin(void) {
    struct rows rows = {0};
    assert_int_equal(store.read_begin(store.context, &rows, NULL), STATUS_OK);
    return rows;
}

static void commit(void) {
    assert_int_equal(store.commit(store.context, NULL), STATUS_OK);
}

static void put(const struct rows *rows, const char *key, const char *value) {
    rows_put(rows, slice_text(key), slice_text(value));
}

static bool has(const struct rows *rows, const char *key, const char *value) {
    struct slice found;
    return rows_get(rows, slice_text(key), &found) && slice_equal(found, slice_text(value));
}

static bool has_none(const struct rows *rows, const char *key) {
    struct slice found;
    return !rows_get(rows, slice_text(key), &found);
}

static bool next_is(const struct rows *rows, const char *from, const char *key, const char *value) {
    struct slice found_key, found_value;
    return rows_seek(rows, slice_text(from), &found_key, &found_value) && slice_equal(found_key, slice_text(key)) &&
           slice_equal(found_value, slice_text(value));
}

static void rows_are_ordered_by_bytes(void **state) {
    (void)state;
    open_with((struct lmdb_options){.writemap = true});
    struct rows rows = begin();
    put(&rows, "b", "2");
    put(&rows, "a", "1");
    put(&rows, "bb", "3");
    put(&rows, "\xff", "4");
    put(&rows, "c", "");
    assert_true(next_is(&rows, "", "a", "1"));
    assert_true(next_is(&rows, "aa", "b", "2"));
    assert_true(next_is(&rows, "b", "b", "2"));
    assert_true(next_is(&rows, "ba", "bb", "3"));
    assert_true(next_is(&rows, "bc", "c", ""));
    assert_true(next_is(&rows, "d", "\xff", "4"));
    struct slice key, value;
    assert_false(rows_seek(&rows, slice_text("\xff\x01"), &key, &value));
    rows_del(&rows, slice_text("b"));
    rows_del(&rows, slice_text("never there"));
    assert_true(next_is(&rows, "aa", "bb", "3"));
    put(&rows, "a", "one");
    assert_true(has(&rows, "a", "one"));
    commit();
    struct rows snapshot = read_begin();
    assert_null(snapshot.put);
    assert_null(snapshot.del);
    assert_true(next_is(&snapshot, "", "a", "one"));
    assert_true(next_is(&snapshot, "aa", "bb", "3"));
    assert_true(has_none(&snapshot, "b"));
    assert_true(has_none(&snapshot, ""));
    store.read_end(store.context, &snapshot);
}

static void an_abort_leaves_no_trace(void **state) {
    (void)state;
    for (int writemap = 0; writemap < 2; writemap++) {
        open_with((struct lmdb_options){.writemap = writemap == 1});
        struct rows rows = begin();
        put(&rows, "kept", "yes");
        commit();
        rows = begin();
        put(&rows, "kept", "no");
        put(&rows, "extra", "no");
        store.abort(store.context);
        rows = begin();
        assert_true(has(&rows, "kept", "yes"));
        assert_true(has_none(&rows, "extra"));
        store.abort(store.context);
        lmdb_store_close(opened, true);
    }
    open_with((struct lmdb_options){0});
    struct rows snapshot = read_begin();
    assert_true(has(&snapshot, "kept", "yes"));
    store.read_end(store.context, &snapshot);
}

static void a_snapshot_sees_the_last_commit_only(void **state) {
    (void)state;
    open_with((struct lmdb_options){.writemap = true});
    struct rows rows = begin();
    put(&rows, "x", "1");
    commit();
    struct rows old = read_begin();
    rows = begin();
    put(&rows, "x", "2");
    struct rows during = read_begin();
    assert_true(has(&during, "x", "1"));
    store.read_end(store.context, &during);
    commit();
    struct rows after = read_begin();
    assert_true(has(&old, "x", "1"));
    assert_true(has(&after, "x", "2"));
    store.read_end(store.context, &old);
    store.read_end(store.context, &after);
    assert_null(after.get);
}

static void more_snapshots_than_the_bound_are_refused(void **state) {
    (void)state;
    open_with((struct lmdb_options){.writemap = true});
    struct rows snapshots[LMDB_SNAPSHOTS_MAX], one_more = {0};
    for (int i = 0; i < LMDB_SNAPSHOTS_MAX; i++) snapshots[i] = read_begin();
    struct error error = {0};
    assert_int_equal(store.read_begin(store.context, &one_more, &error), STATUS_FULL);
    assert_non_null(strstr(error.message, "96"));
    for (int i = 0; i < LMDB_SNAPSHOTS_MAX; i++) store.read_end(store.context, &snapshots[i]);
    one_more = read_begin();
    store.read_end(store.context, &one_more);
}

static void a_full_map_fails_the_commit_and_the_next_begin_works(void **state) {
    (void)state;
    for (int writemap = 0; writemap < 2; writemap++) {
        open_with((struct lmdb_options){.map_bytes = 1 << 20, .writemap = writemap == 1});
        struct rows rows = begin();
        put(&rows, "kept", "yes");
        commit();
        rows = begin();
        static uint8_t big[5000];
        char key[32];
        for (int i = 0; i < 400; i++) {
            snprintf(key, sizeof key, "big %d", i);
            rows_put(&rows, slice_text(key), slice_of(big, sizeof big));
        }
        put(&rows, "after", "no");
        struct error error = {0};
        assert_int_equal(store.commit(store.context, &error), STATUS_FULL);
        assert_non_null(strstr(error.message, "MDB_MAP_FULL"));
        rows = begin();
        assert_true(has(&rows, "kept", "yes"));
        assert_true(has_none(&rows, "big 0"));
        assert_true(has_none(&rows, "after"));
        put(&rows, "next", "yes");
        commit();
        assert_true(store.space(store.context).map_used_percent < 20);
        lmdb_store_close(opened, true);
        opened = NULL;
        assert_int_equal(lmdb_store_set_aside(dir, NULL, NULL), STATUS_OK);
    }
}

static void space_counts_freed_pages_as_free(void **state) {
    (void)state;
    open_with((struct lmdb_options){.map_bytes = 4 << 20, .writemap = true});
    static uint8_t big[5000];
    char key[32];
    for (int i = 0; i < 450; i++) {
        struct rows rows = begin();
        snprintf(key, sizeof key, "big %d", i);
        rows_put(&rows, slice_text(key), slice_of(big, sizeof big));
        commit();
    }
    store.housekeeping(store.context);
    assert_in_range(store.space(store.context).map_used_percent, 85, 100);
    for (int i = 0; i < 450; i++) {
        struct rows rows = begin();
        snprintf(key, sizeof key, "big %d", i);
        rows_del(&rows, slice_text(key));
        commit();
    }
    store.housekeeping(store.context);
    assert_in_range(store.space(store.context).map_used_percent, 0, 10);
    assert_in_range(store.space(store.context).disk_free_percent, 1, 100);
}

/* Dirty pages per command is the figure to watch, so the count has to be right: one row in a tree of one leaf dirties
 * that leaf and the leaf of the free list; five overflow pages come on top of a value of 20,000 bytes. */
static void pages_written_are_counted(void **state) {
    (void)state;
    open_with((struct lmdb_options){.writemap = true});
    struct rows rows = begin();
    put(&rows, "a", "1");
    commit();
    rows = begin();
    put(&rows, "a", "2");
    commit();
    struct lmdb_figures before, after;
    lmdb_store_figures(opened, &before);
    assert_int_equal(before.commits, 2);
    rows = begin();
    put(&rows, "a", "3");
    commit();
    lmdb_store_figures(opened, &after);
    assert_int_equal(after.commits, 3);
    assert_int_equal(after.pages_written - before.pages_written, 2);
    rows = begin();
    (void)has(&rows, "a", "3");
    commit();
    before = after;
    lmdb_store_figures(opened, &after);
    assert_int_equal(after.commits, 3);
    assert_int_equal(after.pages_written, before.pages_written);
    static uint8_t big[20000];
    rows = begin();
    rows_put(&rows, slice_text("big"), slice_of(big, sizeof big));
    commit();
    before = after;
    lmdb_store_figures(opened, &after);
    assert_in_range(after.pages_written - before.pages_written, 7, 8);
}

enum { READ_THREADS = 3, WRITE_COMMITS = 3000 };
static atomic_bool is_writing;

/* Both rows are written together, so no snapshot may ever see them differ. */
static void *read_pairs(void *context) {
    (void)context;
    uintptr_t torn = 0, seen = 0;
    while (atomic_load(&is_writing) || seen == 0) {
        struct rows rows;
        struct slice left, right;
        if (store.read_begin(store.context, &rows, NULL) != STATUS_OK) continue;
        bool found = rows_get(&rows, slice_text("left"), &left) && rows_get(&rows, slice_text("right"), &right);
        if (!found || !slice_equal(left, right)) torn++;
        store.read_end(store.context, &rows);
        seen++;
    }
    return (void *)torn;
}

static void snapshots_are_whole_while_writing(void **state) {
    (void)state;
    open_with((struct lmdb_options){.writemap = true, .sync_every_ms = 20});
    struct rows rows = begin();
    put(&rows, "left", "0");
    put(&rows, "right", "0");
    commit();
    atomic_store(&is_writing, true);
    pthread_t threads[READ_THREADS];
    for (int i = 0; i < READ_THREADS; i++) assert_int_equal(pthread_create(&threads[i], NULL, read_pairs, NULL), 0);
    for (int i = 1; i <= WRITE_COMMITS; i++) {
        char value[32];
        snprintf(value, sizeof value, "%d", i);
        rows = begin();
        put(&rows, "left", value);
        put(&rows, "right", value);
        commit();
        if (i % 100 == 0) store.housekeeping(store.context);
    }
    usleep(60000);
    atomic_store(&is_writing, false);
    for (int i = 0; i < READ_THREADS; i++) {
        void *torn = NULL;
        assert_int_equal(pthread_join(threads[i], &torn), 0);
        assert_int_equal((uintptr_t)torn, 0);
    }
    struct lmdb_figures figures;
    lmdb_store_figures(opened, &figures);
    assert_true(figures.syncs > 0);
    assert_int_equal(figures.sync_failures, 0);
}

static void a_snapshot_left_open_shows_as_lag(void **state) {
    (void)state;
    open_with((struct lmdb_options){.writemap = true});
    struct rows rows = begin();
    put(&rows, "x", "0");
    commit();
    struct rows snapshot = read_begin();
    for (int i = 0; i < 10; i++) {
        rows = begin();
        put(&rows, "x", i % 2 == 0 ? "even" : "odd");
        commit();
    }
    struct lmdb_figures figures;
    store.housekeeping(store.context);
    lmdb_store_figures(opened, &figures);
    assert_int_equal(figures.snapshot_lag, 10);
    store.read_end(store.context, &snapshot);
    store.housekeeping(store.context);
    lmdb_store_figures(opened, &figures);
    assert_int_equal(figures.snapshot_lag, 0);
}

/* Runs in a child with a small file system of its own: 0 when a full disk was an answer, 2 when it cannot be tried. */
static int fill_disk(void) {
    char mount_options[] = "size=48m";
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) return 2;
    if (mount("tmpfs", dir, "tmpfs", 0, mount_options) != 0) return 2;
    struct lmdb_options options = {.dir = dir, .map_bytes = 1 << 30, .writemap = true, .grow_bytes = 1 << 20};
    if (lmdb_store_open(&options, &opened, NULL) != STATUS_OK) return 3;
    store = lmdb_store_port(opened);
    static uint8_t big[100000];
    for (uint32_t i = 0; i < 1000; i++) {
        struct rows rows;
        enum status status = store.begin(store.context, &rows, NULL);
        if (status == STATUS_OK) {
            rows_put(&rows, slice_of(&i, sizeof i), slice_of(big, sizeof big));
            status = store.commit(store.context, NULL);
        }
        if (status == STATUS_FULL) return i > 10 && store.space(store.context).disk_free_percent < 50 ? 0 : 4;
        if (status != STATUS_OK) return 5;
    }
    return 6;
}

static void a_full_disk_is_an_answer_and_not_a_signal(void **state) {
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) _exit(fill_disk());
    int result = 0;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFEXITED(result));
    if (WEXITSTATUS(result) == 2) {
        print_message("skipped: may not mount a small file system here\n");
        skip();
    }
    assert_int_equal(WEXITSTATUS(result), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_are_ordered_by_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_abort_leaves_no_trace, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_snapshot_sees_the_last_commit_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(more_snapshots_than_the_bound_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_map_fails_the_commit_and_the_next_begin_works, set_up, tear_down),
        cmocka_unit_test_setup_teardown(space_counts_freed_pages_as_free, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pages_written_are_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(snapshots_are_whole_while_writing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_snapshot_left_open_shows_as_lag, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_is_an_answer_and_not_a_signal, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("lmdb store", tests, NULL, NULL);
}
