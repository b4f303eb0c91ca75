/* An event of an accepted entry of the index: decoded to be applied, shown to people as a line, and cut to what others may
 * see. A line never holds what is sealed. */
#include "lib/wire/index/index_publish.h"
#include "tests/fuzz/index_seeds.h"

static uint8_t arena_memory[SEED_BYTES_MAX];
static const char *const kinds[] = {
    "",           "registered",   "moved",        "merged",      "awaits approval", "unmerged",
    "pair found", "pair claimed", "pair decided", "flagged",     "related",         "organisation",
    "service",    "consent",      "preferences",  "professional"};

static void run(struct slice input) {
    static struct index_event event;
    struct wire_fault fault = {""};
    bool is_good = seed_twice(&index_event_wire, input, &fault);
    struct arena arena = arena_over(arena_memory, sizeof arena_memory);
    if (!is_good) {
        seed_reach_expected(&fault);
    } else {
        bool is_decoded = wire_table_decode(&index_event_wire, input, &arena, &event, &fault);
        ASSERT(is_decoded && event.kind < sizeof kinds / sizeof kinds[0]);
        fuzz_reach(kinds[event.kind]);
    }
    char line[256];
    size_t size = index_service_table.describe(input, line, sizeof line);
    ASSERT(size > 0 && size <= sizeof line);
    struct slice type, key, bytes;
    arena_reset(&arena);
    if (!index_event_public(input, &arena, &type, &key, &bytes)) {
        fuzz_reach(is_good ? "good and not public" : "refused");
        return;
    }
    ASSERT(type.size > 0 && bytes.size <= input.size);
    fuzz_reach("public");
}

static void seed(void) {
    static struct index_event event;
    static uint8_t bytes[INDEX_WIRE_ARENA_SIZE], memory[INDEX_WIRE_ARENA_SIZE];
    static bool has_kind[INDEX_EVENT_PRACTITIONER_REGISTERED + 1];
    uint32_t left = INDEX_EVENT_PRACTITIONER_REGISTERED;
    seed_drawn(&index_event_wire, -1);
    for (uint64_t draw = 100; left > 0; draw++) {
        struct prng prng = prng_seed(draw);
        draw_message(&prng, &index_event_wire, (uint8_t *)&event);
        if (has_kind[event.kind]) continue;
        has_kind[event.kind] = true;
        left--;
        struct buffer out = buffer_over(bytes, sizeof bytes);
        struct arena arena = arena_over(memory, sizeof memory);
        wire_table_encode(&index_event_wire, &event, &arena, &out);
        fuzz_seed_buffer(&out);
    }
}

static const char *const outcomes[] = {"awaits approval",
                                       "consent",
                                       "expected 0 to 1439",
                                       "expected 1 to 12 letters and digits",
                                       "expected 1 to 32 characters of A-Z a-z 0-9 . _ -",
                                       "expected 1 to 7",
                                       "expected 16 bytes or none",
                                       "expected 16 bytes, not all zero",
                                       "expected 2 digits, a letter, 4 digits and a letter",
                                       "expected 7 bits",
                                       "expected 7 digits of which the first is 2",
                                       "expected 7 digits",
                                       "expected UTF-8 text without control characters",
                                       "expected a UK postcode",
                                       "expected a UUID as text",
                                       "expected a date as YYYY-MM-DD",
                                       "expected a flag",
                                       "expected a kind of relationship",
                                       "expected a minute after from_minute",
                                       "expected a person for carer and parent, an organisation else, a",
                                       "expected a professional",
                                       "expected a purpose",
                                       "expected a register",
                                       "expected a relationship",
                                       "expected a role such as R8000 or S8000:G8000:R8000",
                                       "expected a service",
                                       "expected a whole protobuf message",
                                       "expected an ODS code: 3 to 10 of A-Z 0-9",
                                       "expected an SDS user id, 12 digits",
                                       "expected an organisation",
                                       "expected another organisation, and a closed_date with it",
                                       "expected at most 100 bytes on one line",
                                       "expected at most 1000000",
                                       "expected at most 1440",
                                       "expected at most 7",
                                       "expected characters of A-Z a-z 0-9 . _ : -, not so many",
                                       "expected how",
                                       "expected milliseconds since 1970 UTC, before the year 2200",
                                       "expected one of 01 to 08, or none",
                                       "expected permit, deny or not stated",
                                       "expected postcode districts such as RM1",
                                       "expected sealed details",
                                       "expected sealed preferences",
                                       "expected the type that the contract says",
                                       "expected this field or one of its alternatives",
                                       "expected what spoke for it",
                                       "expected what was said",
                                       "expected why, 1 to 200 bytes on one line, without an NHS number",
                                       "flagged",
                                       "good and not public",
                                       "merged",
                                       "moved",
                                       "organisation",
                                       "pair claimed",
                                       "pair decided",
                                       "pair found",
                                       "preferences",
                                       "professional",
                                       "public",
                                       "refused",
                                       "registered",
                                       "related",
                                       "service",
                                       "unmerged",
                                       NULL};
const struct fuzz_harness fuzz_harness = {outcomes, run, seed, 0};
