/* What an opened seal holds: somebody with the keys of persons may have sealed anything. */
#include "lib/wire/booking/booking_details.h"
#include "tests/fuzz/booking_seeds.h"
#include "tests/fuzz/fuzz.h"

static uint8_t arena_memory[64 * 1024];

static void run(struct slice input) {
    struct booking_person person, person_again;
    struct booking_contact contact, contact_again;
    memset(&person, 0, sizeof person);
    memset(&person_again, 0, sizeof person_again);
    memset(&contact, 0, sizeof contact);
    memset(&contact_again, 0, sizeof contact_again);
    struct arena arena = arena_over(arena_memory, sizeof arena_memory);
    if (!booking_details_decode(input, &arena, &person, &contact)) {
        fuzz_reach("refused");
        return;
    }
    uint8_t bytes[BOOKING_DETAILS_MAX];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    booking_details_encode(&person, &contact, &out);
    ASSERT(!out.is_full);
    arena = arena_over(arena_memory, sizeof arena_memory); /* fields that nobody knows may have filled it */
    bool is_good = booking_details_decode(buffer_slice(&out), &arena, &person_again, &contact_again);
    ASSERT(is_good && memcmp(&person, &person_again, sizeof person) == 0);
    ASSERT(memcmp(&contact, &contact_again, sizeof contact) == 0);
    fuzz_reach(person.nhs_number[0] != '\0' ? "an NHS number" : "no NHS number");
    fuzz_reach(contact.phone[0] != '\0' ? "a telephone" : "no telephone");
}

static void seed(void) {
    uint8_t memory[BOOKING_DETAILS_MAX];
    struct buffer out = buffer_over(memory, sizeof memory);
    struct booking_person person = seed_person(), nobody = {.local_id = "A/123"};
    struct booking_contact contact = seed_contact(), none = {.note = ""};
    booking_details_encode(&person, &contact, &out);
    fuzz_seed_buffer(&out);
    booking_details_encode(&nobody, &none, &out);
    fuzz_seed_buffer(&out);
    fuzz_seed_text("no details");
}

static const char *const outcomes[] = {"a telephone",  "an NHS number", "no NHS number",
                                       "no telephone", "refused",       NULL};
const struct fuzz_harness fuzz_harness = {outcomes, run, seed, 0};
