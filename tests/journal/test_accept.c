/* Every clause of the rule (journal.md section 3) is a row here; a row differs from the good one in one field. The last
 * test demands that every verdict was seen. */
#include "tests/journal/samples.h"

static bool seen_verdicts[32];

/* The world of all rows but the first table's: Genesis is accepted, epoch 7 is owned by A7, 41 entries are history. */
static struct journal_state owned_state(void) {
    return (struct journal_state){.has_genesis = true,
                                  .journal_id = sample_id(0x11),
                                  .epoch = 7,
                                  .owner = sample_id(0xA7),
                                  .number = 41,
                                  .prev = sample_digest(0x77),
                                  .resume_at = {1, 500},
                                  .decided_at_ms = 1000000,
                                  .log_time_ms = 1005000};
}

static const struct digest chained_after = {{0xCC, 0xCC}};

/* Judges and checks what holds for every record: a rejected one leaves the state alone, an accepted one chains and
 * moves the log's time forward only. */
static struct journal_state judged(const char *row, struct journal_state before, const struct logged *logged,
                                   enum journal_verdict expected) {
    struct journal_state state = before;
    struct journal_identity identity = sample_identity();
    struct journal_record record;
    bool is_readable = false;
    enum journal_verdict verdict = journal_accept(&state, &identity, logged, chained_after, &record, &is_readable);
    if (verdict != expected) {
        fail_msg("%s: %s, expected %s", row, journal_verdict_name(verdict), journal_verdict_name(expected));
    }
    seen_verdicts[verdict] = true;
    if (!journal_verdict_accepts(verdict)) {
        assert_states_equal(&before, &state);
        return state;
    }
    assert_true(is_readable);
    assert_true(digest_equal(state.prev, chained_after));
    int64_t later = before.log_time_ms > logged->timestamp_ms ? before.log_time_ms : logged->timestamp_ms;
    assert_int_equal(state.log_time_ms, later);
    return state;
}

struct first_row {
    const char *what;
    int64_t offset;
    enum record_kind kind;
    const char *environment, *service, *locality;
    bool is_log_append_time, is_readable, has_genesis;
    enum journal_verdict expected;
};

static const struct first_row first_rows[] = {
    {"good", 0, RECORD_GENESIS, "local", "booking", "nel-bhr", true, true, false, VERDICT_GENESIS},
    {"offset", 1, RECORD_GENESIS, "local", "booking", "nel-bhr", true, true, false, VERDICT_BEFORE_GENESIS},
    {"claim", 0, RECORD_CLAIM, "local", "booking", "nel-bhr", true, true, false, VERDICT_STOP_NO_GENESIS},
    {"entry", 0, RECORD_ENTRY, "local", "booking", "nel-bhr", true, true, false, VERDICT_STOP_NO_GENESIS},
    {"environment", 0, RECORD_GENESIS, "live", "booking", "nel-bhr", true, true, false, VERDICT_STOP_WRONG_JOURNAL},
    {"service", 0, RECORD_GENESIS, "local", "care", "nel-bhr", true, true, false, VERDICT_STOP_WRONG_JOURNAL},
    {"locality", 0, RECORD_GENESIS, "local", "booking", "nel-bh", true, true, false, VERDICT_STOP_WRONG_JOURNAL},
    {"time type", 0, RECORD_GENESIS, "local", "booking", "nel-bhr", false, true, false, VERDICT_STOP_NO_GENESIS},
    {"unreadable", 0, RECORD_GENESIS, "local", "booking", "nel-bhr", true, false, false, VERDICT_STOP_NO_GENESIS},
    {"again at 0", 0, RECORD_GENESIS, "local", "booking", "nel-bhr", true, true, true, VERDICT_SECOND_GENESIS},
    {"again at 1", 1, RECORD_GENESIS, "local", "booking", "nel-bhr", true, true, true, VERDICT_SECOND_GENESIS},
    {"again, time type", 1, RECORD_GENESIS, "local", "booking", "nel-bhr", false, true, true, VERDICT_TIMESTAMP_TYPE},
    {"again, unreadable", 1, RECORD_GENESIS, "local", "booking", "nel-bhr", true, false, true, VERDICT_UNREADABLE},
    {"claim first", 1, RECORD_CLAIM, "local", "booking", "nel-bhr", true, true, false, VERDICT_BEFORE_GENESIS},
    {"entry first", 1, RECORD_ENTRY, "local", "booking", "nel-bhr", true, true, false, VERDICT_BEFORE_GENESIS},
    {"unreadable first", 1, RECORD_ENTRY, "local", "booking", "nel-bhr", true, false, false, VERDICT_BEFORE_GENESIS},
    {"time type first", 1, RECORD_ENTRY, "local", "booking", "nel-bhr", false, true, false, VERDICT_BEFORE_GENESIS},
};

static void test_genesis_and_what_comes_before(void **unused) {
    (void)unused;
    for (size_t i = 0; i < sizeof first_rows / sizeof first_rows[0]; i++) {
        const struct first_row *row = &first_rows[i];
        struct journal_record record = sample_genesis();
        if (row->kind == RECORD_CLAIM) record = sample_claim(1, no_work);
        if (row->kind == RECORD_ENTRY) record = sample_entry(0, 1, (struct position){1, 501});
        if (row->kind == RECORD_GENESIS) {
            record.as.genesis.environment = sample_name(row->environment);
            record.as.genesis.service = sample_name(row->service);
            record.as.genesis.locality = sample_name(row->locality);
        }
        uint8_t memory[1024];
        struct slice value = sample_write(&record, memory, sizeof memory);
        if (!row->is_readable) value.size--;
        struct journal_state before = row->has_genesis ? owned_state() : (struct journal_state){0};
        struct logged logged = {row->offset, 1700, row->is_log_append_time, value};
        struct journal_state state = judged(row->what, before, &logged, row->expected);
        if (row->expected != VERDICT_GENESIS) continue;
        struct journal_state begun = {.has_genesis = true,
                                      .journal_id = sample_id(0x11),
                                      .prev = chained_after,
                                      .resume_at = {1, 500},
                                      .log_time_ms = 1700};
        assert_states_equal(&begun, &state);
    }
}

struct claim_row {
    const char *what;
    uint64_t epoch;
    uint8_t owner;
    int64_t timestamp_ms;
    bool is_log_append_time;
    enum journal_verdict expected;
};

static const struct claim_row claim_rows[] = {
    {"good", 8, 0xA8, 1006000, true, VERDICT_CLAIM},
    {"epoch of now", 7, 0xA8, 1006000, true, VERDICT_CLAIM_EPOCH},
    {"epoch after next", 9, 0xA8, 1006000, true, VERDICT_CLAIM_EPOCH},
    {"epoch zero", 0, 0xA8, 1006000, true, VERDICT_CLAIM_EPOCH},
    {"epoch huge", UINT64_MAX, 0xA8, 1006000, true, VERDICT_CLAIM_EPOCH},
    {"owner of now", 8, 0xA7, 1006000, true, VERDICT_CLAIM},
    {"owner zero", 8, 0x00, 1006000, true, VERDICT_CLAIM},
    {"older time", 8, 0xA8, 900000, true, VERDICT_CLAIM},
    {"time type", 8, 0xA8, 1006000, false, VERDICT_TIMESTAMP_TYPE},
};

static void test_claim(void **unused) {
    (void)unused;
    for (size_t i = 0; i < sizeof claim_rows / sizeof claim_rows[0]; i++) {
        const struct claim_row *row = &claim_rows[i];
        struct journal_record record = sample_claim(row->epoch, no_work);
        record.as.claim.owner = sample_id(row->owner);
        uint8_t memory[1024];
        struct slice value = sample_write(&record, memory, sizeof memory);
        struct logged logged = {77, row->timestamp_ms, row->is_log_append_time, value};
        struct journal_state state = judged(row->what, owned_state(), &logged, row->expected);
        if (row->expected != VERDICT_CLAIM) continue;
        struct journal_state claimed = owned_state();
        claimed.epoch = 8;
        claimed.owner = sample_id(row->owner);
        claimed.prev = chained_after;
        claimed.log_time_ms = state.log_time_ms; /* judged() has checked it. */
        assert_states_equal(&claimed, &state);
    }
}

struct entry_row {
    const char *what;
    uint64_t epoch;
    uint8_t owner;
    uint64_t number;
    uint8_t prev;
    struct position resume_at;
    int64_t decided_at_ms, timestamp_ms;
    bool is_log_append_time;
    enum journal_verdict expected;
};

static const struct entry_row entry_rows[] = {
    {"good", 7, 0xA7, 42, 0x77, {1, 501}, 1000500, 1006000, true, VERDICT_ENTRY},
    {"epoch before", 6, 0xA7, 42, 0x77, {1, 501}, 1000500, 1006000, true, VERDICT_ENTRY_EPOCH},
    {"epoch after", 8, 0xA7, 42, 0x77, {1, 501}, 1000500, 1006000, true, VERDICT_ENTRY_EPOCH},
    {"owner", 7, 0xA6, 42, 0x77, {1, 501}, 1000500, 1006000, true, VERDICT_ENTRY_OWNER},
    {"number again", 7, 0xA7, 41, 0x77, {1, 501}, 1000500, 1006000, true, VERDICT_ENTRY_NUMBER},
    {"number skipped", 7, 0xA7, 43, 0x77, {1, 501}, 1000500, 1006000, true, VERDICT_ENTRY_NUMBER},
    {"prev", 7, 0xA7, 42, 0x78, {1, 501}, 1000500, 1006000, true, VERDICT_ENTRY_PREV},
    {"resume same", 7, 0xA7, 42, 0x77, {1, 500}, 1000500, 1006000, true, VERDICT_ENTRY},
    {"resume back", 7, 0xA7, 42, 0x77, {1, 499}, 1000500, 1006000, true, VERDICT_ENTRY_RESUME},
    {"resume older topic", 7, 0xA7, 42, 0x77, {0, 900}, 1000500, 1006000, true, VERDICT_ENTRY_RESUME},
    {"resume newer topic", 7, 0xA7, 42, 0x77, {2, 0}, 1000500, 1006000, true, VERDICT_ENTRY},
    {"decided same", 7, 0xA7, 42, 0x77, {1, 501}, 1000000, 1006000, true, VERDICT_ENTRY},
    {"decided back", 7, 0xA7, 42, 0x77, {1, 501}, 999999, 1006000, true, VERDICT_ENTRY_TIME_BACK},
    {"T's last moment", 7, 0xA7, 42, 0x77, {1, 501}, 1066000, 1006000, true, VERDICT_ENTRY},
    {"one beyond T's", 7, 0xA7, 42, 0x77, {1, 501}, 1066001, 1006000, true, VERDICT_ENTRY_TIME_AHEAD},
    {"the log's last moment", 7, 0xA7, 42, 0x77, {1, 501}, 1065000, 900000, true, VERDICT_ENTRY},
    {"one beyond the log's", 7, 0xA7, 42, 0x77, {1, 501}, 1065001, 900000, true, VERDICT_ENTRY_TIME_AHEAD},
    {"T before 1970", 7, 0xA7, 42, 0x77, {1, 501}, 1065000, INT64_MIN, true, VERDICT_ENTRY},
    {"end of time", 7, 0xA7, 42, 0x77, {1, 501}, INT64_MAX, 1006000, true, VERDICT_ENTRY_TIME_AHEAD},
    {"end of both times", 7, 0xA7, 42, 0x77, {1, 501}, INT64_MAX, INT64_MAX, true, VERDICT_ENTRY},
    {"time type", 7, 0xA7, 42, 0x77, {1, 501}, 1000500, 1006000, false, VERDICT_TIMESTAMP_TYPE},
    /* What is wrong in prev and in something else is named by the other: VERDICT_ENTRY_PREV means prev alone. */
    {"prev and epoch", 8, 0xA7, 42, 0x78, {1, 501}, 1000500, 1006000, true, VERDICT_ENTRY_EPOCH},
    {"prev and number", 7, 0xA7, 43, 0x78, {1, 501}, 1000500, 1006000, true, VERDICT_ENTRY_NUMBER},
    {"prev and resume", 7, 0xA7, 42, 0x78, {1, 499}, 1000500, 1006000, true, VERDICT_ENTRY_RESUME},
    {"prev and time", 7, 0xA7, 42, 0x78, {1, 501}, 1066001, 1006000, true, VERDICT_ENTRY_TIME_AHEAD},
};

static void test_entry(void **unused) {
    (void)unused;
    for (size_t i = 0; i < sizeof entry_rows / sizeof entry_rows[0]; i++) {
        const struct entry_row *row = &entry_rows[i];
        for (unsigned kind = ENTRY_COMMAND; kind <= ENTRY_GAP; kind++) {
            struct journal_record record = sample_entry(row->epoch, row->number, row->resume_at);
            struct entry *entry = &record.as.entry;
            entry->owner = sample_id(row->owner);
            entry->prev = sample_digest(row->prev);
            entry->decided_at_ms = row->decided_at_ms;
            if (kind == ENTRY_COMMAND) sample_about_command(entry, (struct position){1, 500});
            if (kind == ENTRY_TIMER) sample_about_timer(entry, sample_timer(0x55));
            uint8_t memory[1024];
            struct slice value = sample_write(&record, memory, sizeof memory);
            struct logged logged = {77, row->timestamp_ms, row->is_log_append_time, value};
            struct journal_state state = judged(row->what, owned_state(), &logged, row->expected);

            bool is_suspect = row->expected == VERDICT_ENTRY_PREV || row->epoch > 7;
            assert_int_equal(is_suspect, journal_is_suspicious(&state, entry, row->expected));
            if (row->expected != VERDICT_ENTRY) continue;
            struct journal_state after = owned_state();
            after.number = 42;
            after.prev = chained_after;
            after.resume_at = row->resume_at;
            after.decided_at_ms = row->decided_at_ms;
            after.log_time_ms = state.log_time_ms;
            assert_states_equal(&after, &state);
        }
    }
}

static void test_before_genesis_nothing_is_suspicious(void **unused) {
    (void)unused;
    struct journal_state state = {0};
    struct journal_record record = sample_entry(5, 1, (struct position){0, 1});
    assert_false(journal_is_suspicious(&state, &record.as.entry, VERDICT_BEFORE_GENESIS));
}

/* The replica recognises its own record by what was read, also when the record was rejected. */
static void test_rejected_record_is_still_handed_out(void **unused) {
    (void)unused;
    struct journal_state state = owned_state();
    struct journal_identity identity = sample_identity();
    struct journal_record record = sample_claim(3, no_work), read;
    uint8_t memory[1024];
    struct logged logged = {77, 1006000, true, sample_write(&record, memory, sizeof memory)};
    bool is_readable = false;
    assert_int_equal(VERDICT_CLAIM_EPOCH,
                     journal_accept(&state, &identity, &logged, chained_after, &read, &is_readable));
    assert_true(is_readable);
    assert_int_equal(read.kind, RECORD_CLAIM);
    assert_true(id128_equal(read.as.claim.owner, sample_id(0xA3)));
}

static void test_every_verdict_was_seen(void **unused) {
    (void)unused;
#define X(verdict, name, sentence)                                                                                     \
    if (!seen_verdicts[verdict]) fail_msg("no row expects %s", name);                                                  \
    assert_string_equal(journal_verdict_name(verdict), name);                                                          \
    assert_string_equal(journal_verdict_sentence(verdict), sentence);
    JOURNAL_VERDICTS(X)
#undef X
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_genesis_and_what_comes_before),
        cmocka_unit_test(test_claim),
        cmocka_unit_test(test_entry),
        cmocka_unit_test(test_before_genesis_nothing_is_suspicious),
        cmocka_unit_test(test_rejected_record_is_still_handed_out),
        cmocka_unit_test(test_every_verdict_was_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
