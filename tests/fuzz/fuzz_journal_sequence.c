/* The rule over any sequence of records, through the verifier. A record of the input is bytes as they are, or has what
 * only the right owner would know mended first (epoch, owner, number, prev, resume_at), so that long accepted histories are
 * reached too. Whatever comes: a refused record changes nothing, an accepted one only as the rule says. */
#include "lib/digest/digest.h"
#include "lib/journal/verify.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/journal_seeds.h"

enum mend {
    MEND_OWNER = 1,
    MEND_NUMBER = 2,
    MEND_PREV = 4,
    MEND_RESUME = 8,
    MEND_TIME = 16,
    LATER = 32,
    NOT_APPENDED = 64
};
enum { RECORDS_MAX = 64 };

static void state_bytes(const struct journal_state *state, uint8_t ret_bytes[JOURNAL_STATE_SIZE]) {
    struct journal_state again;
    uint8_t bytes_again[JOURNAL_STATE_SIZE];
    journal_state_write(state, ret_bytes);
    bool is_good = journal_state_read(slice_of(ret_bytes, JOURNAL_STATE_SIZE), &again);
    ASSERT(is_good);
    journal_state_write(&again, bytes_again);
    ASSERT(memcmp(ret_bytes, bytes_again, JOURNAL_STATE_SIZE) == 0);
}

static struct slice mend(const struct journal_state *state, uint8_t how, struct slice value) {
    static uint8_t memory[JOURNAL_RECORD_MAX];
    struct journal_record record;
    if ((how & (MEND_OWNER | MEND_NUMBER | MEND_PREV | MEND_RESUME | MEND_TIME)) == 0) return value;
    if (!journal_record_read(value, &record)) return value;
    if (record.kind == RECORD_CLAIM && (how & MEND_NUMBER) != 0) record.as.claim.epoch = state->epoch + 1;
    if (record.kind == RECORD_ENTRY) {
        struct entry *entry = &record.as.entry;
        if ((how & MEND_OWNER) != 0) entry->epoch = state->epoch;
        if ((how & MEND_OWNER) != 0) entry->owner = state->owner;
        if ((how & MEND_NUMBER) != 0) entry->number = state->number + 1;
        if ((how & MEND_PREV) != 0) entry->prev = state->prev;
        if ((how & MEND_RESUME) != 0) entry->resume_at = state->resume_at;
        if ((how & MEND_TIME) != 0) entry->decided_at_ms = state->decided_at_ms;
    }
    struct buffer out = buffer_over(memory, sizeof memory);
    journal_record_write(&record, &out);
    return out.is_full ? value : buffer_slice(&out);
}

static void judge(struct journal_verifier *verifier, uint8_t how, int64_t offset, int64_t *log_ms, struct slice part) {
    if ((how & LATER) != 0) *log_ms += 10 * JOURNAL_CLOCK_LEAD_MAX_MS;
    struct slice value = mend(&verifier->state, how, part);
    struct logged logged = {offset, *log_ms, (how & NOT_APPENDED) == 0, value};
    const struct journal_state before = verifier->state;
    uint8_t before_bytes[JOURNAL_STATE_SIZE], after_bytes[JOURNAL_STATE_SIZE];
    state_bytes(&before, before_bytes);
    struct journal_record record;
    bool is_readable = false;
    enum journal_verdict verdict = journal_verify(verifier, &logged, &record, &is_readable);
    const struct journal_state *after = &verifier->state;
    state_bytes(after, after_bytes);
    fuzz_reach(journal_verdict_name(verdict));
    if (!journal_verdict_accepts(verdict)) {
        ASSERT(memcmp(before_bytes, after_bytes, JOURNAL_STATE_SIZE) == 0);
        if (is_readable && record.kind == RECORD_ENTRY && !journal_verdict_stops(verdict)) {
            fuzz_reach_if(journal_is_suspicious(&before, &record.as.entry, verdict), "suspicious");
        }
        return;
    }
    ASSERT(is_readable && after->has_genesis);
    ASSERT(after->number == before.number + (verdict == VERDICT_ENTRY));
    ASSERT(after->epoch == before.epoch + (verdict == VERDICT_CLAIM));
    ASSERT(position_compare(after->resume_at, before.resume_at) >= 0);
    ASSERT(after->decided_at_ms >= before.decided_at_ms && after->log_time_ms >= before.log_time_ms);
    if (verdict == VERDICT_ENTRY) {
        ASSERT(id128_equal(record.as.entry.owner, before.owner) && digest_equal(record.as.entry.prev, before.prev));
        ASSERT(digest_equal(after->prev, digest_of(slice_of(before.prev.bytes, sizeof before.prev.bytes), value)));
    }
    fuzz_reach_if(after->crashes == 3, "three crashes");
    fuzz_reach_if(after->number == 3, "three entries");
}

static void run(struct slice input) {
    static bool is_ready;
    if (!is_ready) is_ready = digest_init();
    ASSERT(is_ready);
    struct journal_identity identity = journal_seed_identity();
    struct journal_verifier verifier;
    journal_verifier_init(&verifier, &identity, digest_of);
    int64_t log_ms = JOURNAL_SEED_MS;
    uint64_t accepted = 0;
    for (int64_t offset = 0; offset < RECORDS_MAX && input.size > 0 && !verifier.is_stopped; offset++) {
        uint8_t how = fuzz_byte(&input);
        judge(&verifier, how, offset, &log_ms, fuzz_part(&input));
        accepted = verifier.count.genesis + verifier.count.claims + verifier.count.entries;
        ASSERT(verifier.count.records == (uint64_t)offset + 1 || verifier.is_stopped);
    }
    ASSERT(accepted == (verifier.state.has_genesis ? 1 + verifier.state.epoch + verifier.state.number : 0));
}

static struct buffer sequence;
static uint8_t sequence_flags;

static void put_record(struct buffer *bytes) {
    buffer_put_u8(&sequence, sequence_flags);
    fuzz_put_part(&sequence, buffer_slice(bytes));
    bytes->size = 0;
}

static void seed(void) {
    static uint8_t memory[64 * 1024];
    sequence = buffer_over(memory, sizeof memory);
    struct journal_record record;
    static const uint8_t flags[] = {0, 31, 30, 29, 27, 23, 15, 63, 95};
    for (size_t f = 0; f < sizeof flags; f++) {
        for (uint32_t i = 0; journal_seed(i, &record); i++) {
            sequence_flags = i < 4 ? MEND_NUMBER : flags[f];
            journal_seed_write(&record, put_record);
        }
        if (f == 1) {
            sequence_flags = 0;
            for (uint32_t i = 0; journal_seed(i, &record); i++) journal_seed_write(&record, put_record);
        }
        fuzz_seed_buffer(&sequence);
    }
    for (uint32_t first = 1; first < 5; first += 3) {
        (void)journal_seed(first, &record);
        sequence_flags = 0;
        journal_seed_write(&record, put_record);
        fuzz_seed_buffer(&sequence);
    }
}

static const char *const outcomes[] = {
    "claim",         "claim_epoch",    "entry",           "entry_epoch",        "entry_number",
    "entry_owner",   "entry_prev",     "entry_resume",    "entry_time_ahead",   "entry_time_back",
    "genesis",       "second_genesis", "stop_no_genesis", "stop_wrong_journal", "suspicious",
    "three crashes", "three entries",  "timestamp_type",  "unreadable",         NULL};
const struct fuzz_harness fuzz_harness = {outcomes, run, seed, 0};
