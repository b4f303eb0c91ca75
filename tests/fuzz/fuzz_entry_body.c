/* The body of an accepted entry. What can be read writes to bytes that read the same, in the size that was foretold. */
#include "lib/journal/record.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/journal_seeds.h"

static void run(struct slice input) {
    struct entry_body body, again;
    if (input.size > JOURNAL_RECORD_MAX) return;
    if (!entry_body_read(input, &body)) {
        fuzz_reach("refused");
        return;
    }
    ASSERT(body.event_count <= JOURNAL_EVENTS_MAX);
    static uint8_t bytes[2 * JOURNAL_RECORD_MAX], bytes_again[2 * JOURNAL_RECORD_MAX];
    struct buffer out = buffer_over(bytes, sizeof bytes), out_again = buffer_over(bytes_again, sizeof bytes_again);
    entry_body_write(&body, &out);
    ASSERT(!out.is_full && out.size == entry_body_size(&body));
    bool is_good = entry_body_read(buffer_slice(&out), &again);
    ASSERT(is_good && again.event_count == body.event_count && again.outcome == body.outcome);
    entry_body_write(&again, &out_again);
    ASSERT(slice_equal(buffer_slice(&out), buffer_slice(&out_again)));
    fuzz_reach(body.event_count == 0                   ? "no event"
               : body.event_count < JOURNAL_EVENTS_MAX ? "events"
                                                       : "as many as may be");
    fuzz_reach_if(body.repeats > 0, "a repeat");
    fuzz_reach_if(body.answer.size > 0, "an answer");
    fuzz_reach_if(body.correlation_id.size > 0 && body.method.size > 0, "from a door");
    fuzz_reach_if(position_compare(body.gap_from, body.gap_to) < 0, "a gap");
}

static void seed(void) {
    uint8_t memory[1024];
    struct buffer out = buffer_over(memory, sizeof memory);
    fuzz_seed(journal_seed_body());
    struct entry_body least = {.schema = 1, .outcome = 1};
    entry_body_write(&least, &out);
    fuzz_seed_buffer(&out);
    struct entry_body most = {.schema = 1, .outcome = 1, .event_count = JOURNAL_EVENTS_MAX};
    for (uint32_t i = 0; i < JOURNAL_EVENTS_MAX; i++) most.events[i] = slice_text("event");
    entry_body_write(&most, &out);
    fuzz_seed_buffer(&out);
    fuzz_seed_text("not a body");
}

static const char *const outcomes[] = {
    "a gap", "a repeat", "an answer", "as many as may be", "events", "from a door", "no event", "refused", NULL};
const struct fuzz_harness fuzz_harness = {outcomes, run, seed, 0};
