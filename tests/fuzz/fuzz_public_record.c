/* What is published of an accepted entry. The input is how it came about, then its body: whatever stands there, either it
 * makes records that Kafka takes or it is said to be unreadable, and making them again makes the same. */
#include "lib/digest/digest.h"
#include "lib/host/public_record.h"
#include "lib/wire/booking/booking_journal.h"
#include "lib/wire/booking/booking_request.h"
#include "services/booking/service.h"
#include "tests/fuzz/booking_seeds.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/journal_seeds.h"

static uint8_t arena_memory[PUBLIC_RECORDS_ARENA_SIZE], again_memory[PUBLIC_RECORDS_ARENA_SIZE];

static void run(struct slice input) {
    static bool is_ready;
    if (!is_ready) is_ready = digest_init();
    if (input.size > JOURNAL_RECORD_MAX) return;
    const struct public_context context = {.service = &booking_service,
                                           .environment = slice_text("test"),
                                           .locality = slice_text("nel-bhr"),
                                           .journal_id = {{9}},
                                           .hash = digest_of};
    struct entry entry = {.epoch = 1, .number = 41, .decided_at_ms = SEED_NOW_MS};
    entry.kind = (enum entry_kind)(fuzz_byte(&input) % 3);
    if (entry.kind == ENTRY_COMMAND) {
        entry.source = journal_seed_name("111-nel");
        entry.command_id = seed_uuid(8);
        entry.command_at = (struct position){2, 700};
    }
    entry.body = input;
    struct public_record records[PUBLIC_RECORDS_MAX], again[PUBLIC_RECORDS_MAX];
    struct arena arena = arena_over(arena_memory, sizeof arena_memory);
    struct arena arena_again = arena_over(again_memory, sizeof again_memory);
    uint32_t count = public_records_of_entry(&context, &entry, &arena, records);
    ASSERT(public_records_of_entry(&context, &entry, &arena_again, again) == count);
    if (count == PUBLIC_RECORDS_UNREADABLE) {
        fuzz_reach("unreadable");
        return;
    }
    ASSERT(count <= PUBLIC_RECORDS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        const struct public_record *record = &records[i];
        ASSERT(record->header_count <= PUBLIC_HEADERS_MAX && slice_equal(record->value, again[i].value));
        for (uint32_t h = 0; h < record->header_count; h++) ASSERT(record->headers[h].name.size > 0);
        fuzz_reach(record->is_dead_letter ? "a dead letter" : "an event");
    }
    fuzz_reach_if(count == 0, "nothing to tell");
    fuzz_reach_if(count > 1, "several");
}

static void seed_body(uint8_t kind, const struct entry_body *body) {
    static uint8_t memory[16 * 1024];
    struct buffer out = buffer_over(memory, sizeof memory);
    buffer_put_u8(&out, kind);
    entry_body_write(body, &out);
    fuzz_seed_buffer(&out);
}

static void seed(void) {
    struct booking_event event;
    for (uint32_t i = 0; seed_event(i, &event); i++) {
        struct arena arena = arena_over(arena_memory, sizeof arena_memory);
        struct entry_body body = {.schema = 1, .outcome = OUTCOME_OK, .event_count = 1, .method = slice_text("Book")};
        body.events[0] = booking_event_encode(&event, &arena);
        seed_body((uint8_t)(event.kind == BOOKING_EVENT_HOLD_EXPIRED ? ENTRY_TIMER : ENTRY_COMMAND), &body);
        body.event_count = 2;
        body.events[1] = body.events[0];
        seed_body(ENTRY_COMMAND, &body);
    }
    struct arena arena = arena_over(arena_memory, sizeof arena_memory);
    struct booking_answer answer = {.alternatives = {.count = 1, .slots = {seed_slot()}}};
    struct entry_body body = {.schema = 1, .outcome = OUTCOME_UNREADABLE, .detail = slice_text("slot_id: expected")};
    seed_body(ENTRY_COMMAND, &body);
    body.outcome = 100;
    body.answer = booking_answer_encode(BOOKING_COMMAND_BOOK, &answer, &arena);
    body.method = slice_text("Book");
    seed_body(ENTRY_COMMAND, &body);
    struct entry_body gap = {.schema = 1, .outcome = OUTCOME_OK, .gap_from = {1, 5}, .gap_to = {1, 9}};
    seed_body(ENTRY_GAP, &gap);
}

static const char *const outcomes[] = {"a dead letter", "an event", "nothing to tell", "several", "unreadable", NULL};
const struct fuzz_harness fuzz_harness = {outcomes, run, seed, 0};
