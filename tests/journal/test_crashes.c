/* Counting what kills its owner (journal.md section 6): stories of claims and entries, with the note and its count
 * after each step. */
#include "tests/journal/samples.h"

enum step_kind {
    CLAIM_NO_NOTE,
    CLAIM_AT_COMMAND,
    CLAIM_AT_TIMER,
    ENTRY_ABOUT_COMMAND,
    ENTRY_ABOUT_TIMER,
    ENTRY_ABOUT_GAP
};

struct step {
    enum step_kind kind;
    struct position at; /* the note's command, or the entry's resume_at */
    uint8_t timer;
    uint32_t crashes;
    enum work_kind note;
};

struct story {
    const char *name;
    struct step steps[10];
    size_t count;
};

/* Every journal here starts at (1, 500). */
static const struct story stories[] = {
    {"a command that kills three owners, then is set aside",
     {{CLAIM_NO_NOTE, {0}, 0, 0, WORK_NONE},
      {CLAIM_AT_COMMAND, {1, 500}, 0, 1, WORK_COMMAND},
      {CLAIM_AT_COMMAND, {1, 500}, 0, 2, WORK_COMMAND},
      {CLAIM_AT_COMMAND, {1, 500}, 0, 3, WORK_COMMAND},
      {ENTRY_ABOUT_COMMAND, {1, 501}, 0, 0, WORK_NONE}},
     5},
    {"a claim without a note leaves the count",
     {{CLAIM_AT_COMMAND, {1, 500}, 0, 1, WORK_COMMAND},
      {CLAIM_NO_NOTE, {0}, 0, 1, WORK_COMMAND},
      {CLAIM_AT_COMMAND, {1, 500}, 0, 2, WORK_COMMAND}},
     3},
    {"another command begins at one",
     {{CLAIM_AT_COMMAND, {1, 500}, 0, 1, WORK_COMMAND},
      {CLAIM_AT_COMMAND, {1, 500}, 0, 2, WORK_COMMAND},
      {CLAIM_AT_COMMAND, {1, 507}, 0, 1, WORK_COMMAND},
      {CLAIM_AT_COMMAND, {1, 500}, 0, 1, WORK_COMMAND}},
     4},
    {"the same offset of another generation is another command",
     {{CLAIM_AT_COMMAND, {1, 500}, 0, 1, WORK_COMMAND}, {CLAIM_AT_COMMAND, {2, 500}, 0, 1, WORK_COMMAND}},
     2},
    {"a note from before resume_at counts nothing and leaves the one that does",
     {{CLAIM_AT_COMMAND, {1, 499}, 0, 0, WORK_NONE},
      {CLAIM_AT_COMMAND, {0, 900}, 0, 0, WORK_NONE},
      {CLAIM_AT_COMMAND, {1, 500}, 0, 1, WORK_COMMAND},
      {CLAIM_AT_COMMAND, {1, 499}, 0, 1, WORK_COMMAND},
      {CLAIM_AT_COMMAND, {1, 500}, 0, 2, WORK_COMMAND}},
     5},
    {"resume_at moving past an offset ends its counting",
     {{ENTRY_ABOUT_COMMAND, {1, 503}, 0, 0, WORK_NONE}, {CLAIM_AT_COMMAND, {1, 502}, 0, 0, WORK_NONE}},
     2},
    {"an entry up to the command clears nothing, one beyond it does",
     {{CLAIM_AT_COMMAND, {1, 507}, 0, 1, WORK_COMMAND},
      {ENTRY_ABOUT_COMMAND, {1, 506}, 0, 1, WORK_COMMAND},
      {ENTRY_ABOUT_COMMAND, {1, 507}, 0, 1, WORK_COMMAND},
      {ENTRY_ABOUT_COMMAND, {1, 508}, 0, 0, WORK_NONE}},
     4},
    {"a new generation lies beyond every offset of the old",
     {{CLAIM_AT_COMMAND, {1, 507}, 0, 1, WORK_COMMAND}, {ENTRY_ABOUT_GAP, {2, 0}, 0, 0, WORK_NONE}},
     2},
    {"a timer that kills its owner is cleared by its own entry only",
     {{CLAIM_AT_TIMER, {0}, 0x55, 1, WORK_TIMER},
      {ENTRY_ABOUT_COMMAND, {1, 501}, 0, 1, WORK_TIMER},
      {ENTRY_ABOUT_TIMER, {1, 501}, 0x56, 1, WORK_TIMER},
      {ENTRY_ABOUT_GAP, {1, 900}, 0, 1, WORK_TIMER},
      {CLAIM_AT_TIMER, {0}, 0x55, 2, WORK_TIMER},
      {CLAIM_AT_TIMER, {0}, 0x55, 3, WORK_TIMER},
      {ENTRY_ABOUT_TIMER, {1, 900}, 0x55, 0, WORK_NONE}},
     7},
    {"another timer begins at one",
     {{CLAIM_AT_TIMER, {0}, 0x55, 1, WORK_TIMER}, {CLAIM_AT_TIMER, {0}, 0x56, 1, WORK_TIMER}},
     2},
    {"a timer after a command and back",
     {{CLAIM_AT_COMMAND, {1, 500}, 0, 1, WORK_COMMAND},
      {CLAIM_AT_TIMER, {0}, 0x55, 1, WORK_TIMER},
      {CLAIM_AT_COMMAND, {1, 500}, 0, 1, WORK_COMMAND},
      {ENTRY_ABOUT_TIMER, {1, 500}, 0x55, 1, WORK_COMMAND}},
     4},
};

static struct journal_record record_of(const struct step *step, const struct journal_state *state) {
    if (step->kind <= CLAIM_AT_TIMER) {
        struct work work = no_work;
        if (step->kind == CLAIM_AT_COMMAND) work = work_command(step->at.generation, step->at.offset);
        if (step->kind == CLAIM_AT_TIMER) work = work_timer(step->timer);
        return sample_claim(state->epoch + 1, work);
    }
    struct journal_record record = sample_entry(state->epoch, state->number + 1, step->at);
    record.as.entry.owner = state->owner;
    record.as.entry.prev = state->prev;
    if (step->kind == ENTRY_ABOUT_COMMAND) sample_about_command(&record.as.entry, state->resume_at);
    if (step->kind == ENTRY_ABOUT_TIMER) sample_about_timer(&record.as.entry, sample_timer(step->timer));
    return record;
}

static void tell(const struct story *story) {
    struct journal_identity identity = sample_identity();
    struct journal_state state = {0};
    struct journal_record record = sample_genesis(), read;
    uint8_t memory[1024];
    bool is_readable;
    struct logged logged = {0, 1000000, true, sample_write(&record, memory, sizeof memory)};
    assert_int_equal(VERDICT_GENESIS,
                     journal_accept(&state, &identity, &logged, sample_digest(1), &read, &is_readable));
    for (size_t i = 0; i < story->count; i++) {
        const struct step *step = &story->steps[i];
        record = record_of(step, &state);
        logged = (struct logged){(int64_t)i + 1, 1000000, true, sample_write(&record, memory, sizeof memory)};
        enum journal_verdict verdict =
            journal_accept(&state, &identity, &logged, sample_digest((uint8_t)(i + 2)), &read, &is_readable);
        if (!journal_verdict_accepts(verdict)) {
            fail_msg("%s, step %zu: %s", story->name, i, journal_verdict_name(verdict));
        }
        if (state.crashes != step->crashes || state.crashed_at.kind != step->note) {
            fail_msg("%s, step %zu: %u crashes, note of kind %u", story->name, i, state.crashes,
                     (unsigned)state.crashed_at.kind);
        }
    }
}

static void test_stories(void **unused) {
    (void)unused;
    for (size_t i = 0; i < sizeof stories / sizeof stories[0]; i++) tell(&stories[i]);
}

/* A rejected claim counts nothing, whatever it notes. */
static void test_rejected_claim(void **unused) {
    (void)unused;
    struct journal_identity identity = sample_identity();
    struct journal_state state = {.has_genesis = true, .epoch = 4, .resume_at = {1, 500}};
    struct journal_record record = sample_claim(4, work_command(1, 500)), read;
    uint8_t memory[1024];
    bool is_readable;
    struct logged logged = {9, 1000000, true, sample_write(&record, memory, sizeof memory)};
    assert_int_equal(VERDICT_CLAIM_EPOCH,
                     journal_accept(&state, &identity, &logged, sample_digest(1), &read, &is_readable));
    assert_int_equal(state.crashes, 0);
    assert_int_equal(state.crashed_at.kind, WORK_NONE);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_stories), cmocka_unit_test(test_rejected_claim)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
