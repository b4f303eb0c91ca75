/* The body of each request that booking's door takes. Its first byte says which. What is taken encodes to bytes that decode
 * to the same struct, and goes on: the service accepts it, decides on it, applies its events and shows them, against a small
 * store. Nothing of that may hit an assertion, whatever the request said. */
#include "lib/port/fake/vault.h"
#include "lib/wire/booking/booking_client.h"
#include "lib/wire/booking/booking_journal.h"
#include "lib/wire/booking/booking_request.h"
#include "services/booking/service.h"
#include "tests/fuzz/booking_seeds.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/rows_array.h"

enum { ARENA_SIZE = 1024 * 1024, COMMAND_ROOM = 8192 };
static uint8_t arena_memory[ARENA_SIZE];

/* Twice decoded, the structs are equal byte by byte: the core compares and hashes them so. */
#define TWICE(name, type)                                                                                              \
    static bool name##_twice(struct slice body, struct wire_fault *fault) {                                            \
        static struct type request, again;                                                                             \
        memset(&request, 0, sizeof request);                                                                           \
        memset(&again, 0, sizeof again);                                                                               \
        struct arena arena = arena_over(arena_memory, sizeof arena_memory);                                            \
        if (!name##_request_decode(body, &arena, &request, fault)) return false;                                       \
        uint8_t bytes[BOOKING_REQUEST_MAX];                                                                            \
        struct buffer out = buffer_over(bytes, sizeof bytes);                                                          \
        name##_request_encode(&request, &out);                                                                         \
        ASSERT(!out.is_full);                                                                                          \
        arena_reset(&arena);                                                                                           \
        bool is_good = name##_request_decode(buffer_slice(&out), &arena, &again, fault);                               \
        ASSERT(is_good &&memcmp(&request, &again, sizeof request) == 0);                                               \
        return true;                                                                                                   \
    }
TWICE(publish, publish_request)
TWICE(hold, hold_request)
TWICE(book, book_request)
TWICE(cancel, cancel_request)
TWICE(find_slots, find_slots_request)
TWICE(get_booking, get_booking_request)
TWICE(list_person_bookings, list_person_bookings_request)

static const struct {
    const char *method;
    bool (*twice)(struct slice body, struct wire_fault *fault);
} methods[] = {{BOOKING_METHOD_PUBLISH_SESSION, publish_twice},
               {BOOKING_METHOD_HOLD, hold_twice},
               {BOOKING_METHOD_BOOK, book_twice},
               {BOOKING_METHOD_CANCEL, cancel_twice},
               {BOOKING_METHOD_FIND_SLOTS, find_slots_twice},
               {BOOKING_METHOD_GET_BOOKING, get_booking_twice},
               {BOOKING_METHOD_LIST_PERSON_BOOKINGS, list_person_bookings_twice}};
enum { METHOD_COUNT = sizeof methods / sizeof methods[0] };

static int64_t config_number(const struct service_context *context, const char *name) {
    (void)context;
    uint32_t i = 0;
    while (strcmp(booking_service.config_rows[i].name, name) != 0) i++;
    return booking_service.config_rows[i].default_value;
}

static void apply(const struct rows *rows, const struct service_decision *decision, uint64_t number) {
    struct apply_context context = {.decided_at_ms = SEED_NOW_MS, .number = number};
    for (uint32_t i = 0; i < decision->event_count; i++) {
        char line[256];
        bool is_applied = booking_service.apply(rows, &context, decision->events[i]);
        ASSERT(is_applied && booking_service.describe(decision->events[i], line, sizeof line) <= sizeof line);
    }
}

/* What the door and the replica do with it next. */
static void go_on(const struct service_method *method, struct slice body, struct service_context *context) {
    struct rows_array array;
    rows_array_init(&array);
    struct rows rows = rows_array_rows(&array), read_only = rows_array_read_only(&array);
    struct arena arena = arena_over(arena_memory, sizeof arena_memory);
    struct booking_event published;
    (void)seed_event(0, &published);
    struct service_decision decision = {.event_count = 1};
    static uint8_t published_bytes[BOOKING_EVENT_ARENA_SIZE];
    struct arena published_arena = arena_over(published_bytes, sizeof published_bytes);
    decision.events[0] = booking_event_encode(&published, &published_arena);
    apply(&rows, &decision, 1);
    struct ingress ingress = {.system = slice_text("111-nel"),
                              .organisation = slice_text("F82001"),
                              .role = slice_text("practice"),
                              .correlation_id = slice_text("call-17"),
                              .received_at_ms = SEED_NOW_MS,
                              .entity_id = seed_uuid(9)};
    struct service_refusal refusal = {0};
    struct service_subject subject = {.has_person = false};
    static uint8_t bytes[SERVICE_ANSWER_MAX];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    if (method->about != NULL) (void)method->about(context, &ingress, &read_only, body, &arena, &subject);
    arena_reset(&arena);
    if (method->kind == METHOD_QUERY) {
        uint32_t outcome = method->query(context, &ingress, &read_only, SEED_NOW_MS, body, &arena, &out, &refusal);
        ASSERT(service_outcome(&booking_service, outcome) != NULL);
        fuzz_reach(service_outcome(&booking_service, outcome)->name);
    } else if (!method->accept(context, &ingress, body, &arena, &out, &refusal)) {
        fuzz_reach("not accepted");
    } else {
        ASSERT(!out.is_full);
        booking_service.decide(&rows, buffer_slice(&out), SEED_NOW_MS, &arena, &decision);
        ASSERT(service_outcome(&booking_service, decision.outcome) != NULL);
        ASSERT(decision.outcome != OUTCOME_UNREADABLE);
        fuzz_reach(service_outcome(&booking_service, decision.outcome)->name);
        apply(&rows, &decision, 2);
    }
    rows_array_free(&array);
}

static void run(struct slice input) {
    if (input.size == 0) return;
    uint8_t which = fuzz_byte(&input) % METHOD_COUNT;
    struct wire_fault fault = {{0}};
    if (!methods[which].twice(input, &fault)) {
        ASSERT(memchr(fault.text, '\0', sizeof fault.text) != NULL);
        fuzz_reach_field(fault.text);
        return;
    }
    uint32_t i = 0;
    while (strcmp(booking_service.methods[i].name, methods[which].method) != 0) i++;
    struct fake_vault fake = {.sealed = 0};
    struct vault vault = fake_vault_port(&fake);
    struct service_context context = {.pseudonym_key = (const uint8_t *)"a key that only the tests know..",
                                      .vault = &vault,
                                      .config_number = config_number};
    go_on(&booking_service.methods[i], input, &context);
}

static void seed(void) {
    static uint8_t memory[2 * BOOKING_REQUEST_MAX];
    struct buffer out = buffer_over(memory, sizeof memory);
    struct publish_request publish = {seed_session()};
    struct hold_request hold = {seed_slot_id(), 300};
    struct book_request book = {.slot_id = seed_slot_id(), .person = seed_person(), .contact = seed_contact()};
    struct cancel_request cancel = {seed_uuid(6), BOOKING_CANCEL_PERSON};
    struct find_slots_request find = {.organisation = "F82001", .from_ms = SEED_NOW_MS, .limit = 5};
    struct get_booking_request get = {seed_uuid(6)};
    struct list_person_bookings_request list = {.person = seed_person(), .from_ms = SEED_NOW_MS};
    find.to_ms = SEED_NOW_MS + 2 * BOOKING_DAY_MS;
#define SEED(number, encode, request) (buffer_put_u8(&out, (number)), encode(&(request), &out), fuzz_seed_buffer(&out))
    SEED(0, publish_request_encode, publish);
    publish.session.starts_at_ms = SEED_NOW_MS - BOOKING_DAY_MS;
    SEED(0, publish_request_encode, publish);
    SEED(1, hold_request_encode, hold);
    SEED(2, book_request_encode, book);
    book.is_from_hold = true;
    book.slot_id = (struct booking_slot_id){0};
    book.hold_id = seed_uuid(5);
    SEED(2, book_request_encode, book);
    SEED(3, cancel_request_encode, cancel);
    SEED(4, find_slots_request_encode, find);
    find.to_ms += 20 * BOOKING_DAY_MS;
    SEED(4, find_slots_request_encode, find);
    SEED(5, get_booking_request_encode, get);
    SEED(6, list_person_bookings_request_encode, list);
#undef SEED
}

static const char *const outcomes[] = {"booking_id",
                                       "booking_unknown",
                                       "contact",
                                       "contact.note",
                                       "contact.phone",
                                       "expected a whole protobuf message",
                                       "from_ms",
                                       "hold_id",
                                       "hold_seconds",
                                       "hold_unknown",
                                       "include_full",
                                       "include_past",
                                       "kind",
                                       "limit",
                                       "not accepted",
                                       "not_your_session",
                                       "ok",
                                       "organisation",
                                       "person",
                                       "person.birth_date",
                                       "person.family_name",
                                       "person.given_name",
                                       "person.local_id",
                                       "person.nhs_number",
                                       "person.person_id",
                                       "reason",
                                       "service_id",
                                       "session",
                                       "session.audience",
                                       "session.capacity",
                                       "session.kind",
                                       "session.organisation",
                                       "session.service_id",
                                       "session.session_id",
                                       "session.slot_count",
                                       "session.slot_minutes",
                                       "session.starts_at_ms",
                                       "session_in_past",
                                       "session_overlaps",
                                       "slot_id",
                                       "slot_not_open",
                                       "slot_unknown",
                                       "to_ms",
                                       "window_too_wide",
                                       NULL};
const struct fuzz_harness fuzz_harness = {outcomes, run, seed, 2000};
