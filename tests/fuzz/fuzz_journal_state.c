/* The three places where the rule's state lies as bytes: the meta row of a store, a publisher's note beside its offset in
 * Kafka, and the state alone. The first byte says which. What can be read writes to the same bytes. */
#include "lib/host/publisher_note.h"
#include "lib/host/replica_meta.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/journal_seeds.h"
#include "tests/support/rows_array.h"

static const uint8_t meta_key[] = {ROWS_TABLE_META, 's', 't', 'a', 't', 'e'};

static void run_state(struct slice input) {
    struct journal_state state;
    uint8_t bytes[JOURNAL_STATE_SIZE];
    if (!journal_state_read(input, &state)) {
        fuzz_reach("state refused");
        return;
    }
    journal_state_write(&state, bytes);
    ASSERT(slice_equal(input, slice_of(bytes, sizeof bytes)));
    fuzz_reach(state.has_genesis ? "state" : "state before genesis");
    fuzz_reach_if(state.crashed_at.kind == WORK_COMMAND, "state after a crash at a command");
    fuzz_reach_if(state.crashed_at.kind == WORK_TIMER, "state after a crash at a timer");
}

static void run_meta(struct slice input) {
    struct rows_array array;
    rows_array_init(&array);
    struct rows rows = rows_array_rows(&array);
    struct replica_meta meta;
    fuzz_reach_if(replica_meta_read(&rows, &meta) == META_ABSENT, "meta absent");
    rows_put(&rows, slice_of(meta_key, sizeof meta_key), input);
    if (replica_meta_read(&rows, &meta) == META_FOUND) {
        struct slice written;
        replica_meta_write(&rows, &meta);
        bool is_there = rows_get(&rows, slice_of(meta_key, sizeof meta_key), &written);
        ASSERT(is_there && slice_equal(written, input));
        fuzz_reach(meta.cluster_id.size > 0 ? "meta" : "meta without a cluster");
    } else {
        fuzz_reach("meta refused");
    }
    rows_array_free(&array);
}

static void run_note(struct slice input) {
    struct publisher_note note, again;
    static char text[PUBLISHER_NOTE_SIZE];
    if (!publisher_note_read(input, &note)) {
        fuzz_reach("note refused");
        return;
    }
    publisher_note_write(&note, text);
    bool is_good = publisher_note_read(slice_of(text, sizeof text), &again);
    ASSERT(is_good && again.before.applied == note.before.applied && again.after.applied == note.after.applied);
    fuzz_reach(note.before.applied < 0 ? "note at the beginning" : "note");
}

static void run(struct slice input) {
    if (input.size == 0) return;
    uint8_t which = fuzz_byte(&input) % 3;
    if (which == 0) run_state(input);
    if (which == 1) run_meta(input);
    if (which == 2) run_note(input);
}

static struct journal_state seed_state(int crash) {
    struct journal_state state = {.has_genesis = true,
                                  .journal_id = journal_seed_owner(9),
                                  .epoch = 3,
                                  .owner = journal_seed_owner(3),
                                  .number = 17,
                                  .resume_at = {1, 510},
                                  .decided_at_ms = JOURNAL_SEED_MS,
                                  .log_time_ms = JOURNAL_SEED_MS};
    if (crash > 0) state.crashes = 2;
    if (crash == 1) state.crashed_at = (struct work){.kind = WORK_COMMAND, .position = {1, 509}};
    if (crash == 2) state.crashed_at = (struct work){.kind = WORK_TIMER, .timer = {{7}}};
    return state;
}

static void seed(void) {
    uint8_t memory[2 * PUBLISHER_NOTE_SIZE], bytes[JOURNAL_STATE_SIZE];
    struct buffer out = buffer_over(memory, sizeof memory);
    struct rows_array array;
    rows_array_init(&array);
    struct rows rows = rows_array_rows(&array);
    for (int crash = 0; crash < 4; crash++) {
        struct journal_state state = {.epoch = 0};
        if (crash < 3) state = seed_state(crash);
        journal_state_write(&state, bytes);
        buffer_put_u8(&out, 0);
        buffer_put(&out, bytes, sizeof bytes);
        fuzz_seed_buffer(&out);
        struct replica_meta meta = {.apply_version = 2, .applied = 40, .journal = state};
        if (crash < 2) meta.cluster_id = journal_seed_name("a-cluster");
        struct slice written = slice_of(NULL, 0);
        replica_meta_write(&rows, &meta);
        (void)rows_get(&rows, slice_of(meta_key, sizeof meta_key), &written);
        buffer_put_u8(&out, 1);
        buffer_put(&out, written.data, written.size);
        fuzz_seed_buffer(&out);
        struct publisher_note note = {.before = {state, crash == 3 ? -1 : 40, {{1}}}, .after = {state, 41, {{2}}}};
        if (crash == 3) note.after = note.before;
        char text[PUBLISHER_NOTE_SIZE];
        publisher_note_write(&note, text);
        buffer_put_u8(&out, 2);
        buffer_put(&out, text, sizeof text);
        fuzz_seed_buffer(&out);
    }
    rows_array_free(&array);
    for (uint8_t which = 0; which < 3; which++) fuzz_seed(slice_of(&which, 1));
}

static const char *const outcomes[] = {"meta",
                                       "meta absent",
                                       "meta refused",
                                       "meta without a cluster",
                                       "note",
                                       "note at the beginning",
                                       "note refused",
                                       "state",
                                       "state after a crash at a command",
                                       "state after a crash at a timer",
                                       "state before genesis",
                                       "state refused",
                                       NULL};
const struct fuzz_harness fuzz_harness = {outcomes, run, seed, 0};
