/* The spool: a queue within its bounds, and what is in it after every way a process can end. */
#include "lib/port/file/spool_file.h"
#include "tests/port/scratch.h"
#include "tests/support/prng.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

static char dir[SCRATCH_PATH_MAX], path[SCRATCH_PATH_MAX + 16];
static const struct spool_limits usual = {.bytes_max = SPOOL_BYTES_MIN, .records_max = 1000};

static int set_up(void **state) {
    (void)state;
    scratch_make(dir);
    (void)snprintf(path, sizeof path, "%s/spool", dir);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    scratch_remove(dir);
    return 0;
}

static struct spool_file *open_spool(const struct spool_limits *limits) {
    struct spool_file *spool = NULL;
    struct error error = {0};
    if (spool_open(path, limits, &spool, &error) != STATUS_OK) fail_msg("%s", error.message);
    return spool;
}

/* Record n: its number and as many bytes of it as the number says. */
static struct slice record_of(uint64_t n, uint8_t bytes[SPOOL_RECORD_MAX]) {
    size_t size = sizeof n + (size_t)(n * 37 % 900);
    memset(bytes, (int)(n & 0xFF), size);
    memcpy(bytes, &n, sizeof n);
    return slice_of(bytes, size);
}

static bool put(struct spool_file *spool, uint64_t n) {
    uint8_t bytes[SPOOL_RECORD_MAX];
    return spool_put(spool, record_of(n, bytes));
}

static void expect_all(const struct spool_file *spool, uint64_t first, uint64_t count) {
    assert_int_equal(spool_end(spool) - spool_first(spool), count);
    for (uint64_t i = 0; i < count; i++) {
        uint8_t bytes[SPOOL_RECORD_MAX];
        assert_true(slice_equal(spool_at(spool, spool_first(spool) + i), record_of(first + i, bytes)));
    }
}

static void it_is_a_queue(void **state) {
    (void)state;
    struct spool_file *spool = open_spool(&usual);
    for (uint64_t n = 0; n < 20; n++) assert_true(put(spool, n));
    expect_all(spool, 0, 20);
    for (int i = 0; i < 7; i++) spool_forget_first(spool);
    expect_all(spool, 7, 13);
    spool_close(spool);
}

/* How often the byte stands in the file at least eight times in a row. */
static uint32_t runs_of(uint8_t byte) {
    static uint8_t bytes[SPOOL_BYTES_MIN];
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    (void)fclose(file);
    uint32_t runs = 0, length = 0;
    for (size_t i = 0; i < size; i++) {
        length = bytes[i] == byte ? length + 1 : 0;
        runs += length == 8;
    }
    return runs;
}

static void what_is_wiped_is_not_in_the_file(void **state) {
    (void)state;
    struct spool_file *spool = open_spool(&usual);
    for (uint64_t n = 1; n < 4; n++) assert_true(put(spool, n));
    spool_forget_first(spool);
    assert_int_equal(runs_of(1), 1);
    spool_wipe_first(spool);
    assert_int_equal(runs_of(2), 0);
    assert_int_equal(runs_of(3), 1);
    expect_all(spool, 3, 1);
    spool_wipe_first(spool);
    assert_int_equal(runs_of(3), 0);
    assert_true(put(spool, 4));
    spool_close(spool);
    spool = open_spool(&usual);
    expect_all(spool, 4, 1);
    spool_close(spool);
}

static void it_takes_so_many_records_and_no_more(void **state) {
    (void)state;
    struct spool_file *spool = open_spool(&(struct spool_limits){.bytes_max = SPOOL_BYTES_MIN, .records_max = 5});
    for (uint64_t n = 0; n < 5; n++) {
        assert_true(spool_has_room(spool));
        assert_true(put(spool, n));
    }
    assert_false(spool_has_room(spool));
    assert_false(put(spool, 5));
    spool_forget_first(spool);
    assert_true(spool_has_room(spool));
    assert_true(put(spool, 5));
    expect_all(spool, 1, 5);
    spool_close(spool);
}

static void it_takes_so_many_bytes_and_no_more(void **state) {
    (void)state;
    struct spool_file *spool = open_spool(&usual);
    uint8_t largest[SPOOL_RECORD_MAX] = {1};
    uint64_t count = 0;
    while (spool_has_room(spool)) {
        assert_true(spool_put(spool, slice_of(largest, sizeof largest)));
        count++;
    }
    assert_false(spool_put(spool, slice_of(largest, sizeof largest)));
    assert_true(count >= SPOOL_BYTES_MIN / SPOOL_RECORD_MAX - 3);
    assert_true(count < SPOOL_BYTES_MIN / SPOOL_RECORD_MAX);
    spool_close(spool);
}

static void what_is_in_it_survives_kill_9(void **state) {
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        struct spool_file *spool = open_spool(&usual);
        for (uint64_t n = 0; n < 300; n++) {
            while (!put(spool, n)) spool_forget_first(spool);
        }
        while (spool_end(spool) - spool_first(spool) > 40) spool_forget_first(spool);
        raise(SIGKILL);
    }
    int result = 0;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFSIGNALED(result) && WTERMSIG(result) == SIGKILL);
    struct spool_file *spool = open_spool(&usual);
    expect_all(spool, 260, 40);
    while (spool_first(spool) < spool_end(spool)) spool_forget_first(spool);
    spool_close(spool);
    spool = open_spool(&usual);
    assert_int_equal(spool_end(spool), 0);
    assert_true(put(spool, 7));
    expect_all(spool, 7, 1);
    spool_close(spool);
}

/* Killed in the middle of a put: whole records are there, the half one is not, and the queue goes on behind them. */
static void a_torn_tail_is_left_out(void **state) {
    (void)state;
    enum { HEAD = 4096, RECORD_HEAD = 16, RECORDS = 3 };
    for (size_t torn = 1; torn < 60; torn++) {
        (void)unlink(path);
        struct spool_file *spool = open_spool(&usual);
        uint8_t bytes[100];
        memset(bytes, 0xA5, sizeof bytes);
        for (uint64_t n = 0; n < RECORDS; n++) assert_true(spool_put(spool, slice_of(bytes, 40)));
        spool_close(spool);
        int fd = open(path, O_RDWR | O_CLOEXEC);
        assert_true(fd >= 0);
        /* The last record's bytes from torn on are what lay there before. */
        static const uint8_t zeros[64];
        off_t last = HEAD + (RECORDS - 1) * (RECORD_HEAD + 40) + (off_t)torn;
        size_t size = RECORD_HEAD + 40 > torn ? RECORD_HEAD + 40 - torn : 1;
        if (size > sizeof zeros) size = sizeof zeros;
        if (torn >= RECORD_HEAD + 40) last = HEAD + (RECORDS - 1) * (RECORD_HEAD + 40) + RECORD_HEAD + 39;
        assert_int_equal(pwrite(fd, zeros, size, last), size);
        (void)close(fd);
        spool = open_spool(&usual);
        assert_int_equal(spool_end(spool), RECORDS - 1);
        assert_true(put(spool, 9));
        assert_int_equal(spool_end(spool), RECORDS);
        assert_int_equal(spool_at(spool, 0).size, 40);
        spool_close(spool);
    }
}

static void what_is_no_spool_is_refused(void **state) {
    (void)state;
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    for (int i = 0; i < SPOOL_BYTES_MIN; i++) (void)fputc('x', file);
    (void)fclose(file);
    struct spool_file *spool = NULL;
    struct error error = {0};
    assert_int_equal(spool_open(path, &usual, &spool, &error), STATUS_CORRUPT);
    assert_non_null(strstr(error.message, path));
}

/* A process that died while making the file left zeros or less. */
static void a_file_half_made_is_made_anew(void **state) {
    (void)state;
    for (int bytes = 0; bytes <= SPOOL_BYTES_MIN; bytes += SPOOL_BYTES_MIN / 2) {
        FILE *file = fopen(path, "we");
        assert_non_null(file);
        for (int i = 0; i < bytes; i++) (void)fputc(0, file);
        (void)fclose(file);
        struct spool_file *spool = open_spool(&usual);
        assert_true(put(spool, 1));
        expect_all(spool, 1, 1);
        spool_close(spool);
    }
}

static void a_file_keeps_its_size_while_it_holds_records(void **state) {
    (void)state;
    const struct spool_limits larger = {.bytes_max = 4 * SPOOL_BYTES_MIN, .records_max = 2};
    struct spool_file *spool = open_spool(&usual);
    for (uint64_t n = 0; n < 10; n++) assert_true(put(spool, n));
    spool_close(spool);
    spool = open_spool(&larger);
    expect_all(spool, 0, 10); /* more than its limit, and none lost */
    assert_int_equal(spool_records_max(spool), 10);
    assert_false(put(spool, 10));
    while (spool_first(spool) < spool_end(spool)) spool_forget_first(spool);
    spool_close(spool);
    spool = open_spool(&larger);
    assert_int_equal(spool_records_max(spool), 2);
    spool_close(spool);
    FILE *file = fopen(path, "re");
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    assert_int_equal(ftell(file), 4 * SPOOL_BYTES_MIN);
    (void)fclose(file);
}

/* Any order of putting, forgetting and opening anew: it is the queue that a list in memory would be. */
static void it_is_a_queue_whatever_happens(void **state) {
    (void)state;
    struct prng prng = prng_seed(4711);
    struct spool_file *spool = open_spool(&usual);
    uint64_t first = 0, next = 0, full = 0, opened = 0;
    for (unsigned step = 0; step < 50000; step++) {
        bool fills = step / 2000 % 2 == 0; /* it runs full and empty in turn */
        if (prng_below(&prng, 200) == 0) {
            spool_close(spool);
            spool = open_spool(&usual);
            opened++;
            expect_all(spool, first, next - first);
        } else if (prng_chance(&prng, fills ? 70 : 30)) {
            bool had_room = spool_has_room(spool);
            if (put(spool, next)) {
                next++;
            } else {
                assert_false(had_room);
                full++;
            }
        } else if (first < next) {
            spool_forget_first(spool);
            first++;
        }
        assert_int_equal(spool_end(spool) - spool_first(spool), next - first);
    }
    expect_all(spool, first, next - first);
    assert_true(opened > 100 && full > 100 && first > 10000);
    spool_close(spool);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(it_is_a_queue),
        TEST(what_is_wiped_is_not_in_the_file),
        TEST(it_takes_so_many_records_and_no_more),
        TEST(it_takes_so_many_bytes_and_no_more),
        TEST(what_is_in_it_survives_kill_9),
        TEST(a_torn_tail_is_left_out),
        TEST(what_is_no_spool_is_refused),
        TEST(a_file_half_made_is_made_anew),
        TEST(a_file_keeps_its_size_while_it_holds_records),
        TEST(it_is_a_queue_whatever_happens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
