/* What a client gets for an answer: the first byte says to which question. */
#include "lib/wire/booking/booking_client.h"
#include "lib/wire/booking/booking_request.h"
#include "tests/fuzz/booking_seeds.h"
#include "tests/fuzz/fuzz.h"

enum { ARENA_SIZE = 4 * 1024 * 1024, RESPONSE_KINDS = 7, SEED_ROOM = 64 * 1024 };
static uint8_t arena_memory[ARENA_SIZE];
static const char *const names[RESPONSE_KINDS] = {"published", "held",    "booked",  "cancelled",
                                                  "slots",     "booking", "bookings"};

/* The field itself: "phone" of "bookings.contact.phone", for all kinds of answers together. */
static void reach_last(const char *fault) {
    size_t size = strcspn(fault, ":");
    const char *dot = memrchr(fault, '.', size);
    fuzz_reach_field(dot == NULL ? fault : dot + 1);
}

static void run_answer(enum booking_command_kind kind, struct slice body, struct wire_fault *fault) {
    struct arena arena = arena_over(arena_memory, sizeof arena_memory);
    struct booking_answer answer, again;
    memset(&answer, 0, sizeof answer);
    memset(&again, 0, sizeof again);
    if (!booking_answer_decode(kind, body, &arena, &answer, fault)) return;
    ASSERT(answer.alternatives.count <= BOOKING_ALTERNATIVES_MAX);
    struct slice bytes = booking_answer_encode(kind, &answer, &arena);
    bool is_good = booking_answer_decode(kind, bytes, &arena, &again, fault);
    ASSERT(is_good);
    ASSERT(again.alternatives.count == answer.alternatives.count && uuid_equal(again.id, answer.id));
}

static void run(struct slice input) {
    if (input.size == 0) return;
    uint8_t which = fuzz_byte(&input) % RESPONSE_KINDS;
    struct arena arena = arena_over(arena_memory, sizeof arena_memory);
    struct wire_fault fault = {{0}};
    if (which < 4) {
        run_answer((enum booking_command_kind)(BOOKING_COMMAND_PUBLISH + which), input, &fault);
    } else if (which == 4) {
        struct find_slots_response response = {.slot_count = 0};
        bool is_good = find_slots_response_decode(input, &arena, &response, &fault);
        fuzz_reach_if(is_good && response.slot_count > 0, "some slots");
    } else if (which == 5) {
        struct booking_view view = {.history_count = 0};
        bool is_good = get_booking_response_decode(input, &arena, &view, &fault);
        ASSERT(!is_good || view.history_count <= BOOKING_HISTORY_MAX);
    } else {
        struct list_person_bookings_response response = {.booking_count = 0};
        bool is_good = list_person_bookings_response_decode(input, &arena, &response, &fault);
        fuzz_reach_if(is_good && response.booking_count > 0, "some bookings");
    }
    if (fault.text[0] == '\0') {
        fuzz_reach(names[which]);
    } else {
        reach_last(fault.text);
    }
}

static void seed(void) {
    static uint8_t memory[SEED_ROOM];
    struct buffer out = buffer_over(memory, sizeof memory);
    struct booking_answer answer = {.id = seed_uuid(6), .slot = seed_slot(), .at_ms = SEED_NOW_MS};
    struct booking_answer refusal = {.alternatives = {.count = 2, .slots = {seed_slot(), seed_slot()}}};
    for (int i = 0; i < 8; i++) {
        struct arena arena = arena_over(arena_memory, sizeof arena_memory);
        enum booking_command_kind kind = (enum booking_command_kind)(BOOKING_COMMAND_PUBLISH + i % 4);
        struct slice bytes = booking_answer_encode(kind, i < 4 ? &answer : &refusal, &arena);
        buffer_put_u8(&out, (uint8_t)(i % 4));
        buffer_put(&out, bytes.data, bytes.size);
        fuzz_seed_buffer(&out);
    }
    struct booking_slot slots[] = {seed_slot(), seed_slot()};
    struct booking_view view = seed_view();
    buffer_put_u8(&out, 4);
    find_slots_response_encode(slots, 2, true, &out);
    fuzz_seed_buffer(&out);
    buffer_put_u8(&out, 5);
    get_booking_response_encode(&view, &out);
    fuzz_seed_buffer(&out);
    buffer_put_u8(&out, 6);
    bool is_added = list_person_bookings_response_add(&view, &out);
    ASSERT(is_added);
    list_person_bookings_response_end(true, &out);
    fuzz_seed_buffer(&out);
}

static const char *const outcomes[] = {"alternatives",
                                       "at_ms",
                                       "audience",
                                       "birth_date",
                                       "booked",
                                       "booked_at_ms",
                                       "booked_by",
                                       "booking",
                                       "booking_id",
                                       "bookings",
                                       "by",
                                       "cancel_reason",
                                       "cancelled",
                                       "cancelled_at_ms",
                                       "cancelled_by",
                                       "capacity",
                                       "contact",
                                       "ends_at_ms",
                                       "erased",
                                       "expected a whole protobuf message",
                                       "expires_at_ms",
                                       "family_name",
                                       "free",
                                       "given_name",
                                       "has_more",
                                       "held",
                                       "history",
                                       "hold_id",
                                       "kind",
                                       "local_id",
                                       "nhs_number",
                                       "note",
                                       "organisation",
                                       "person",
                                       "person_id",
                                       "phone",
                                       "published",
                                       "service_id",
                                       "session_id",
                                       "slot",
                                       "slot_id",
                                       "slots",
                                       "some bookings",
                                       "some slots",
                                       "starts_at_ms",
                                       "status",
                                       "what",
                                       NULL};
const struct fuzz_harness fuzz_harness = {outcomes, run, seed, 0};
