/* A message of the command log: anybody with the right to write there could have put anything in. What decodes encodes to
 * bytes that decode to the same struct, and can be decided on and applied. */
#include "lib/wire/booking/booking_journal.h"
#include "services/booking/service.h"
#include "tests/fuzz/booking_seeds.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/rows_array.h"

enum { ARENA_SIZE = 512 * 1024, COMMAND_ROOM = 8192 };
static uint8_t arena_memory[ARENA_SIZE];

static void fill(const struct rows *rows) {
    struct booking_event event;
    struct apply_context context = {.decided_at_ms = SEED_NOW_MS};
    for (uint32_t i = 0; seed_event(i, &event); i++) {
        bool is_of_the_rest = event.kind == BOOKING_EVENT_HOLD_EXPIRED || event.kind == BOOKING_EVENT_BOOKING_CANCELLED;
        struct arena arena = arena_over(arena_memory, sizeof arena_memory);
        if (event.kind == BOOKING_EVENT_SLOT_BOOKED) {
            event.slot_booked.hold_id = (struct uuid){{0}}; /* so that the hold stays */
        }
        context.number++;
        bool is_applied = is_of_the_rest || booking_service.apply(rows, &context, booking_event_encode(&event, &arena));
        ASSERT(is_applied);
    }
}

static void run(struct slice input) {
    struct arena arena = arena_over(arena_memory, sizeof arena_memory);
    static struct booking_command command, again;
    memset(&command, 0, sizeof command);
    memset(&again, 0, sizeof again);
    struct wire_fault fault = {{0}};
    bool is_good = booking_command_decode(input, &arena, &command, &fault);
    if (!is_good) fuzz_reach_field(fault.text);
    if (is_good) {
        uint8_t bytes[COMMAND_ROOM];
        struct buffer out = buffer_over(bytes, sizeof bytes);
        booking_command_encode(&command, &out);
        ASSERT(!out.is_full);
        arena_reset(&arena);
        bool is_good_again = booking_command_decode(buffer_slice(&out), &arena, &again, &fault);
        ASSERT(is_good_again && memcmp(&command, &again, sizeof command) == 0);
    }
    struct rows_array array;
    rows_array_init(&array);
    struct rows rows = rows_array_rows(&array);
    fill(&rows);
    arena_reset(&arena);
    struct service_decision decision = {.outcome = 0};
    booking_service.decide(&rows, input, SEED_NOW_MS, &arena, &decision);
    ASSERT((decision.outcome == OUTCOME_UNREADABLE) == !is_good);
    fuzz_reach(service_outcome(&booking_service, decision.outcome)->name);
    struct apply_context context = {.decided_at_ms = SEED_NOW_MS, .number = 9};
    for (uint32_t i = 0; i < decision.event_count; i++) {
        bool is_applied = booking_service.apply(&rows, &context, decision.events[i]);
        ASSERT(is_applied);
    }
    rows_array_free(&array);
}

static void seed_one(const struct booking_command *command) {
    static uint8_t memory[2 * COMMAND_ROOM];
    struct buffer out = buffer_over(memory, sizeof memory);
    booking_command_encode(command, &out);
    fuzz_seed_buffer(&out);
}

/* What booking asks of itself, each with one thing wrong. */
static void seed_wrong_ones(void) {
    struct booking_command command = {.kind = BOOKING_COMMAND_RELINK};
    command.relink = (struct relink_command){seed_ingress(), {.person_id = seed_uuid(2)}};
    seed_one(&command);
    command.relink.order = (struct relink_order){.known_id = seed_uuid(2)};
    seed_one(&command);
    command.relink.order = (struct relink_order){seed_uuid(2), seed_uuid(8), UINT64_MAX};
    seed_one(&command);
    command = (struct booking_command){.kind = BOOKING_COMMAND_FOLLOW};
    command.follow = (struct follow_command){seed_ingress(), seed_follow()};
    struct follow_request *request = &command.follow.request;
    request->merge_id = (struct uuid){{0}};
    seed_one(&command);
    *request = seed_follow();
    request->to.offset = request->after.offset;
    seed_one(&command);
    *request = seed_follow();
    request->place_size = 0;
    seed_one(&command);
    *request = seed_follow();
    request->change = (enum follow_change)0;
    seed_one(&command);
    *request = seed_follow();
    request->until_ms = -1;
    seed_one(&command);
    *request = seed_follow();
    request->after.offset--;
    seed_one(&command);
}

static void seed(void) {
    struct booking_command command;
    for (uint32_t i = 0; seed_command(i, &command); i++) seed_one(&command);
    seed_wrong_ones();
}

static const char *const outcomes[] = {"book",
                                       "book.hold_id",
                                       "book.known_id",
                                       "book.person_id",
                                       "book.record_id",
                                       "book.sealed",
                                       "book.sealed.key_id",
                                       "book.sealed.nonce",
                                       "book.slot_id",
                                       "booking_unknown",
                                       "cancel",
                                       "cancel.booking_id",
                                       "cancel.reason",
                                       "command",
                                       "expected a whole protobuf message",
                                       "follow_index",
                                       "follow_index.after_done",
                                       "follow_index.after_offset",
                                       "follow_index.change",
                                       "follow_index.child_id",
                                       "follow_index.done",
                                       "follow_index.merge_id",
                                       "follow_index.number",
                                       "follow_index.offset",
                                       "follow_index.parent_id",
                                       "follow_index.place",
                                       "follow_index.until_ms",
                                       "hold",
                                       "hold.hold_seconds",
                                       "hold.slot_id",
                                       "hold_not_yours",
                                       "hold_unknown",
                                       "ingress",
                                       "ingress.correlation_id",
                                       "ingress.entity_id",
                                       "ingress.organisation",
                                       "ingress.received_at_ms",
                                       "ingress.role",
                                       "ingress.system",
                                       "ok",
                                       "person_overlap",
                                       "publish_session",
                                       "publish_session.audience",
                                       "publish_session.organisation",
                                       "publish_session.service_id",
                                       "publish_session.session_id",
                                       "publish_session.slot_count",
                                       "publish_session.slot_minutes",
                                       "publish_session.starts_at_ms",
                                       "relink",
                                       "relink.known_id",
                                       "relink.known_number",
                                       "relink.person_id",
                                       "session.organisation",
                                       "session.session_id",
                                       "slot_held",
                                       "slot_not_open",
                                       "slot_unknown",
                                       "source_out_of_step",
                                       "unreadable",
                                       NULL};
const struct fuzz_harness fuzz_harness = {outcomes, run, seed, 1000};
