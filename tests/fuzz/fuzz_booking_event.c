/* An event of an accepted entry: decoded to be applied, shown to people as a line, and cut to what others may see. */
#include "lib/wire/booking/booking_journal.h"
#include "lib/wire/booking/booking_publish.h"
#include "services/booking/service.h"
#include "tests/fuzz/booking_seeds.h"
#include "tests/fuzz/fuzz.h"

static uint8_t arena_memory[512 * 1024];
static const char *const kinds[] = {"",         "published", "held",     "expired", "booked",   "cancelled",
                                    "followed", "linked",    "unlinked", "awaited", "corrected"};

static void run(struct slice input) {
    struct arena arena = arena_over(arena_memory, BOOKING_EVENT_ARENA_SIZE);
    static struct booking_event event, again;
    memset(&event, 0, sizeof event);
    memset(&again, 0, sizeof again);
    bool is_good = booking_event_decode(input, &arena, &event);
    char line[256];
    size_t size = booking_service.describe(input, line, sizeof line);
    ASSERT(size <= sizeof line);
    if (is_good) {
        fuzz_reach(kinds[event.kind]);
        arena = arena_over(arena_memory, sizeof arena_memory);
        struct slice bytes = booking_event_encode(&event, &arena);
        ASSERT(bytes.data != NULL);
        bool is_good_again = booking_event_decode(bytes, &arena, &again);
        ASSERT(is_good_again && memcmp(&event, &again, sizeof event) == 0);
        fuzz_reach_if(event.kind == BOOKING_EVENT_SLOT_BOOKED && uuid_is_zero(event.slot_booked.sealed.key_id),
                      "booked before there were seals");
    }
    struct slice type, key, public_bytes;
    arena = arena_over(arena_memory, sizeof arena_memory);
    if (!booking_event_public(input, &arena, &type, &key, &public_bytes)) {
        fuzz_reach(is_good ? "good and not public" : "refused");
        return;
    }
    ASSERT(type.size > 0 && public_bytes.size <= input.size);
    fuzz_reach("public");
}

static void seed(void) {
    struct booking_event event;
    for (uint32_t i = 0; seed_event(i, &event); i++) {
        struct arena arena = arena_over(arena_memory, sizeof arena_memory);
        fuzz_seed(booking_event_encode(&event, &arena));
    }
}

static const char *const outcomes[] = {
    "awaited", "booked", "cancelled", "corrected", "expired", "followed", "good and not public",
    "held",    "linked", "public",    "published", "refused", "unlinked", NULL};
const struct fuzz_harness fuzz_harness = {outcomes, run, seed, 0};
