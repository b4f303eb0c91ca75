/* The rule's state as the store keeps it: the bytes are fixed, and what the rule cannot reach is refused. */
#include "tests/journal/samples.h"

#include "tests/support/prng.h"

static struct journal_state full_state(void) {
    return (struct journal_state){.has_genesis = true,
                                  .journal_id = sample_id(0x11),
                                  .epoch = 0x0102030405060708,
                                  .owner = sample_id(0xA7),
                                  .number = 0x1112131415161718,
                                  .prev = sample_digest(0x77),
                                  .resume_at = {0x21222324, 0x3132333435363738},
                                  .decided_at_ms = 0x4142434445464748,
                                  .log_time_ms = 0x5152535455565758,
                                  .crashed_at = work_command(0x61626364, 0x7172737475767778),
                                  .crashes = 0x01020304};
}

/* A store written by one release is read by the next: these bytes never change under one store format. */
static void test_bytes_are_fixed(void **unused) {
    (void)unused;
    static const char expected[] = "01"
                                   "11111111111111111111111111111111"
                                   "0102030405060708"
                                   "a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7"
                                   "1112131415161718"
                                   "77777777777777777777777777777777"
                                   "21222324"
                                   "3132333435363738"
                                   "4142434445464748"
                                   "5152535455565758"
                                   "01"
                                   "61626364"
                                   "7172737475767778"
                                   "00000000000000000000000000000000"
                                   "01020304";
    struct journal_state state = full_state();
    uint8_t bytes[JOURNAL_STATE_SIZE];
    journal_state_write(&state, bytes);
    char hex[2 * JOURNAL_STATE_SIZE + 1];
    for (size_t i = 0; i < sizeof bytes; i++) snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
    assert_memory_equal(hex, expected, sizeof expected - 1);
    for (size_t i = sizeof expected - 1; i < 2 * sizeof bytes; i++) assert_int_equal(hex[i], '0');
}

static void assert_there_and_back(const struct journal_state *state) {
    uint8_t bytes[JOURNAL_STATE_SIZE], again[JOURNAL_STATE_SIZE];
    struct journal_state read;
    journal_state_write(state, bytes);
    assert_true(journal_state_read(slice_of(bytes, sizeof bytes), &read));
    journal_state_write(&read, again);
    assert_memory_equal(bytes, again, sizeof bytes);
    assert_int_equal(read.has_genesis, state->has_genesis);
    assert_true(id128_equal(read.journal_id, state->journal_id) && id128_equal(read.owner, state->owner));
    assert_true(read.epoch == state->epoch && read.number == state->number && digest_equal(read.prev, state->prev));
    assert_int_equal(position_compare(read.resume_at, state->resume_at), 0);
    assert_true(read.decided_at_ms == state->decided_at_ms && read.log_time_ms == state->log_time_ms);
    assert_true(work_equal(&read.crashed_at, &state->crashed_at) && read.crashes == state->crashes);
}

static void test_there_and_back(void **unused) {
    (void)unused;
    struct journal_state state = {0};
    assert_there_and_back(&state);
    state = full_state();
    assert_there_and_back(&state);
    state.crashed_at = work_timer(0x55);
    assert_there_and_back(&state);
    state.crashed_at = no_work;
    state.crashes = 0;
    assert_there_and_back(&state);
}

struct damage {
    const char *what;
    size_t at;
    uint8_t value;
};

/* Offsets as in test_bytes_are_fixed. */
static const struct damage damages[] = {
    {"has_genesis neither 0 nor 1", 0, 2},
    {"an epoch before Genesis", 0, 0},
    {"resume_at negative", 69, 0x80},
    {"decided_at negative", 77, 0x80},
    {"log_time negative", 85, 0x80},
    {"no such kind of work", 93, 3},
    {"crashes without a note", 93, 0},
    {"a timer with a command's position", 93, 2},
    {"crashed_at's offset negative", 98, 0x80},
    {"a command with a timer's id", 110, 1},
    {"something in the unused bytes", 126, 1},
    {"something in the last byte", 159, 1},
};

static void test_damaged(void **unused) {
    (void)unused;
    struct journal_state state = full_state(), read;
    uint8_t bytes[JOURNAL_STATE_SIZE];
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        journal_state_write(&state, bytes);
        assert_true(bytes[damages[i].at] != damages[i].value);
        bytes[damages[i].at] = damages[i].value;
        if (journal_state_read(slice_of(bytes, sizeof bytes), &read)) fail_msg("%s: taken", damages[i].what);
    }
    journal_state_write(&state, bytes);
    memset(bytes + 122, 0, 4);
    assert_false(journal_state_read(slice_of(bytes, sizeof bytes), &read)); /* a note without crashes */
    journal_state_write(&state, bytes);
    assert_false(journal_state_read(slice_of(bytes, sizeof bytes - 1), &read));
    assert_false(journal_state_read((struct slice){0}, &read));
}

/* Before Genesis the rule has learned nothing, and a small wrong value is no better than a large one. */
static void test_damaged_before_genesis(void **unused) {
    (void)unused;
    static const struct damage ones[] = {
        {"has_genesis neither 0 nor 1", 0, 2},
        {"an epoch", 24, 1},
        {"a number", 48, 1},
        {"a prev", 49, 1},
        {"a decided_at", 84, 1},
        {"a log_time", 92, 1},
        {"a kind of work that is none", 93, 3},
        {"a timer's note", 93, 2},
        {"crashes", 125, 1},
    };
    struct journal_state state = {0}, read;
    uint8_t bytes[JOURNAL_STATE_SIZE];
    for (size_t i = 0; i < sizeof ones / sizeof ones[0]; i++) {
        journal_state_write(&state, bytes);
        bytes[ones[i].at] = ones[i].value;
        if (journal_state_read(slice_of(bytes, sizeof bytes), &read)) fail_msg("%s: taken", ones[i].what);
    }
    journal_state_write(&state, bytes);
    bytes[93] = WORK_TIMER; /* with its crashes: a note that is whole, but of a journal that has not begun */
    bytes[125] = 1;
    assert_false(journal_state_read(slice_of(bytes, sizeof bytes), &read));

    bytes[0] = 1; /* After Genesis the same note is good, and one of no known kind is not. */
    assert_true(journal_state_read(slice_of(bytes, sizeof bytes), &read));
    bytes[93] = 3;
    assert_false(journal_state_read(slice_of(bytes, sizeof bytes), &read));
}

/* Whatever bytes a damaged store holds, a state that was taken can be written again. */
static void test_random_damage(void **unused) {
    (void)unused;
    struct prng prng = prng_seed(5);
    struct journal_state state = full_state(), read;
    unsigned taken = 0;
    for (int i = 0; i < 20000; i++) {
        uint8_t bytes[JOURNAL_STATE_SIZE], again[JOURNAL_STATE_SIZE];
        journal_state_write(&state, bytes);
        bytes[prng_below(&prng, sizeof bytes)] = (uint8_t)prng_below(&prng, 256);
        if (!journal_state_read(slice_of(bytes, sizeof bytes), &read)) continue;
        journal_state_write(&read, again);
        assert_memory_equal(bytes, again, sizeof bytes);
        taken++;
    }
    assert_in_range(taken, 1000, 19000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_are_fixed), cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_damaged),         cmocka_unit_test(test_damaged_before_genesis),
        cmocka_unit_test(test_random_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
