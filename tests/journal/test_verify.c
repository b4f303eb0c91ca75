/* The verifier: it chains, counts, and stops where there is no journal. */
#include "tests/journal/samples.h"

struct journal {
    struct journal_verifier verifier;
    int64_t offset;
    uint8_t memory[4096];
};

static void begin(struct journal *journal) {
    assert_true(digest_init());
    struct journal_identity identity = sample_identity();
    *journal = (struct journal){0};
    journal_verifier_init(&journal->verifier, &identity, digest_of);
}

static enum journal_verdict append_bytes(struct journal *journal, struct slice value) {
    struct logged logged = {journal->offset, 1000000, true, value};
    if (journal->offset < INT64_MAX) journal->offset++;
    struct journal_record record;
    bool is_readable;
    return journal_verify(&journal->verifier, &logged, &record, &is_readable);
}

static enum journal_verdict append(struct journal *journal, const struct journal_record *record) {
    return append_bytes(journal, sample_write(record, journal->memory, sizeof journal->memory));
}

/* The entry that the verifier's state expects next, with a body. */
static struct journal_record next_entry(const struct journal *journal, const struct entry_body *body,
                                        uint8_t body_memory[256]) {
    const struct journal_state *state = &journal->verifier.state;
    struct journal_record record = sample_entry(state->epoch, state->number + 1, state->resume_at);
    record.as.entry.prev = state->prev;
    struct buffer out = buffer_over(body_memory, 256);
    entry_body_write(body, &out);
    record.as.entry.body = buffer_slice(&out);
    return record;
}

static void test_chain_and_counts(void **unused) {
    (void)unused;
    struct journal journal;
    begin(&journal);
    struct journal_record genesis = sample_genesis();
    assert_int_equal(VERDICT_GENESIS, append(&journal, &genesis));
    struct digest zero = {{0}};
    uint8_t memory[512];
    struct slice bytes = sample_write(&genesis, memory, sizeof memory);
    assert_true(digest_equal(journal.verifier.state.prev, digest_of(slice_of(zero.bytes, 16), bytes)));

    struct journal_record claim = sample_claim(1, no_work);
    assert_int_equal(VERDICT_CLAIM, append(&journal, &claim));
    assert_int_equal(VERDICT_CLAIM_EPOCH, append(&journal, &claim));

    uint8_t body_memory[256];
    struct entry_body body = {.schema = 1, .outcome = 1};
    struct journal_record entry = next_entry(&journal, &body, body_memory);
    sample_about_command(&entry.as.entry, (struct position){1, 500});
    assert_int_equal(VERDICT_ENTRY, append(&journal, &entry));
    assert_int_equal(VERDICT_ENTRY_NUMBER, append(&journal, &entry)); /* the same bytes again */

    body.repeats = 1;
    entry = next_entry(&journal, &body, body_memory);
    sample_about_command(&entry.as.entry, (struct position){1, 501});
    assert_int_equal(VERDICT_ENTRY, append(&journal, &entry));

    body.repeats = 0;
    entry = next_entry(&journal, &body, body_memory);
    sample_about_timer(&entry.as.entry, sample_timer(9));
    assert_int_equal(VERDICT_ENTRY, append(&journal, &entry));

    entry = next_entry(&journal, &body, body_memory);
    entry.as.entry.body = (struct slice){0}; /* no schema: history all the same, but nobody can read it */
    assert_int_equal(VERDICT_ENTRY, append(&journal, &entry));

    entry = next_entry(&journal, &body, body_memory);
    entry.as.entry.prev = sample_digest(0x66);
    assert_int_equal(VERDICT_ENTRY_PREV, append(&journal, &entry));
    assert_int_equal(VERDICT_UNREADABLE, append_bytes(&journal, slice_text("not a record")));
    assert_int_equal(VERDICT_SECOND_GENESIS, append(&journal, &genesis));

    const struct journal_count *count = &journal.verifier.count;
    assert_int_equal(count->records, 11);
    assert_int_equal(count->genesis, 1);
    assert_int_equal(count->claims, 1);
    assert_int_equal(count->entries, 4);
    assert_int_equal(count->command_entries, 2);
    assert_int_equal(count->timer_entries, 1);
    assert_int_equal(count->gap_entries, 1);
    assert_int_equal(count->repeats, 1);
    assert_int_equal(count->unreadable_bodies, 1);
    assert_int_equal(count->rejected, 5);
    assert_int_equal(count->rejected_by_verdict[VERDICT_CLAIM_EPOCH], 1);
    assert_int_equal(count->rejected_by_verdict[VERDICT_ENTRY_NUMBER], 1);
    assert_int_equal(count->rejected_by_verdict[VERDICT_ENTRY_PREV], 1);
    assert_int_equal(count->rejected_by_verdict[VERDICT_UNREADABLE], 1);
    assert_int_equal(count->rejected_by_verdict[VERDICT_SECOND_GENESIS], 1);
    assert_int_equal(journal.verifier.state.number, 4);
    assert_int_equal(journal.verifier.offset_next, 11);
    assert_false(journal.verifier.is_stopped);
}

/* One changed byte anywhere in an accepted record: everything decided after it is no longer history. */
static void test_tampering_shows(void **unused) {
    (void)unused;
    struct journal journal;
    begin(&journal);
    struct journal_record genesis = sample_genesis(), claim = sample_claim(1, no_work);
    assert_int_equal(VERDICT_GENESIS, append(&journal, &genesis));
    assert_int_equal(VERDICT_CLAIM, append(&journal, &claim));
    uint8_t body_memory[256];
    struct journal_record entry = next_entry(&journal, &(struct entry_body){.schema = 1, .outcome = 1}, body_memory);

    begin(&journal);
    assert_int_equal(VERDICT_GENESIS, append(&journal, &genesis));
    claim.as.claim.host = slice_text("host-2/4711");
    assert_int_equal(VERDICT_CLAIM, append(&journal, &claim));
    assert_int_equal(VERDICT_ENTRY_PREV, append(&journal, &entry));
}

static void test_stops(void **unused) {
    (void)unused;
    struct journal journal;
    begin(&journal);
    struct journal_record claim = sample_claim(1, no_work), genesis = sample_genesis();
    assert_int_equal(VERDICT_STOP_NO_GENESIS, append(&journal, &claim));
    assert_true(journal.verifier.is_stopped);
    assert_int_equal(VERDICT_BEFORE_GENESIS, append(&journal, &genesis));
    assert_int_equal(journal.verifier.count.records, 1);
    assert_int_equal(journal.verifier.count.rejected_by_verdict[VERDICT_STOP_NO_GENESIS], 1);

    begin(&journal);
    genesis.as.genesis.locality = sample_name("elsewhere");
    assert_int_equal(VERDICT_STOP_WRONG_JOURNAL, append(&journal, &genesis));
    assert_true(journal.verifier.is_stopped);
}

/* A journal whose beginning is gone, and one with gaps in its offsets. */
static void test_offsets(void **unused) {
    (void)unused;
    struct journal journal;
    begin(&journal);
    struct journal_record genesis = sample_genesis(), claim = sample_claim(1, no_work);
    journal.offset = 3;
    assert_int_equal(VERDICT_BEFORE_GENESIS, append(&journal, &genesis));
    assert_int_equal(VERDICT_BEFORE_GENESIS, append(&journal, &claim));
    assert_false(journal.verifier.is_stopped);
    assert_int_equal(journal.verifier.offset_next, 5);

    begin(&journal);
    assert_int_equal(VERDICT_GENESIS, append(&journal, &genesis));
    journal.offset = INT64_MAX;
    assert_int_equal(VERDICT_CLAIM, append(&journal, &claim));
    assert_true(journal.verifier.offset_next == INT64_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chain_and_counts),
        cmocka_unit_test(test_tampering_shows),
        cmocka_unit_test(test_stops),
        cmocka_unit_test(test_offsets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
