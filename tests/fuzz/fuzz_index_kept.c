/* A look-up as it lies in the file that keeps it, and what an opened seal holds: RecordDetails, or a TracePersonRequest. The
 * first byte says which of the three. What opens was closed with the same key; a kept look-up may be any bytes. */
#include "lib/port/fake/vault.h"
#include "services/index/core/mask.h"
#include "services/index/resolve.h"
#include "tests/fuzz/index_seeds.h"

static uint8_t arena_memory[SEED_BYTES_MAX];
static const struct wire_table *const tables[] = {&index_kept_wire, &index_details_wire, &index_trace_request_wire};
static const char *const names[] = {"kept", "details", "look-up"};

static struct vault vault_of(void) {
    static struct fake_vault fake;
    memset(&fake, 0, sizeof fake);
    return fake_vault_port(&fake);
}

/* Nothing that was masked is left. */
static void mask(struct index_demographics person) {
    struct index_demographics masked = person;
    index_mask(&masked);
    ASSERT(strlen(masked.birth_date) <= 4 && strchr(masked.postcode, ' ') == NULL && masked.address_line_count == 0);
    ASSERT(person.family_name[0] == '\0' || strchr(masked.family_name, '*') != NULL);
    ASSERT(strlen(masked.phone) == strlen(person.phone));
    fuzz_reach_if(strlen(masked.given_name) > 2, "a first letter of several bytes");
}

static void seal(const struct index_trace_request *asked) {
    struct vault vault = vault_of();
    struct index_kept kept = {.sealed_for = seed_id(1)};
    static struct index_trace_request opened;
    bool is_sealed = resolve_seal_look_up(&vault, kept.sealed_for, asked, &kept.sealed);
    ASSERT(is_sealed && resolve_open_look_up(&vault, &kept, &opened) == VAULT_DONE);
    ASSERT(memcmp(asked, &opened, sizeof opened) == 0);
    kept.sealed_for = seed_id(2);
    ASSERT(resolve_open_look_up(&vault, &kept, &opened) == VAULT_BROKEN);
}

static void run(struct slice input) {
    if (input.size == 0) return;
    uint8_t which = fuzz_byte(&input) % 3;
    struct wire_fault fault = {""};
    if (!seed_twice(tables[which], input, &fault)) {
        seed_reach_expected(&fault);
        return;
    }
    static struct index_kept kept;
    static struct index_details details;
    static struct index_trace_request asked;
    void *const plains[] = {&kept, &details, &asked};
    struct arena arena = arena_over(arena_memory, sizeof arena_memory);
    bool is_read = wire_table_decode(tables[which], input, &arena, plains[which], &fault);
    ASSERT(is_read);
    fuzz_reach(names[which]);
    if (which == 0) {
        struct vault vault = vault_of();
        enum vault_result result = resolve_open_look_up(&vault, &kept, &asked);
        fuzz_reach(result == VAULT_DONE ? "opened" : "not opened");
    }
    if (which == 1) mask(details.demographics);
    if (which == 2) {
        mask(asked.demographics);
        seal(&asked);
    }
}

static void seed(void) {
    for (int which = 0; which < 3; which++) seed_drawn(tables[which], which);
    struct vault vault = vault_of();
    static struct index_trace_request asked;
    static struct index_kept kept;
    static uint8_t bytes[8192];
    memcpy(asked.demographics.family_name, "Okonjo", 6);
    memcpy(asked.demographics.given_name, "\xC3\x89lise", 6);
    kept.sealed_for = seed_id(1);
    bool is_sealed = resolve_seal_look_up(&vault, kept.sealed_for, &asked, &kept.sealed);
    ASSERT(is_sealed);
    struct buffer out = buffer_over(bytes, sizeof bytes);
    struct arena arena = arena_over(arena_memory, sizeof arena_memory);
    buffer_put_u8(&out, 0);
    wire_table_encode(&index_kept_wire, &kept, &arena, &out);
    fuzz_seed_buffer(&out);
    kept.sealed.size = 1;
    buffer_put_u8(&out, 0);
    wire_table_encode(&index_kept_wire, &kept, &arena, &out);
    fuzz_seed_buffer(&out);
    buffer_put_u8(&out, 2);
    wire_table_encode(&index_trace_request_wire, &asked, &arena, &out);
    fuzz_seed_buffer(&out);
}

static const char *const outcomes[] = {"a first letter of several bytes",
                                       "details",
                                       "expected 1 to 64 bytes on one line",
                                       "expected 16 bytes, not all zero",
                                       "expected 24 bytes, not all zero",
                                       "expected 5 to 20 digits with spaces or a leading plus, at most ",
                                       "expected UTF-8 text without control characters",
                                       "expected a UK postcode",
                                       "expected a UUID as text",
                                       "expected a day that exists, as YYYY-MM-DD, YYYY-MM or YYYY, not",
                                       "expected a key id of 16 bytes, a nonce of 24 and at most 1040 b",
                                       "expected a whole protobuf message",
                                       "expected at most 100 bytes on one line",
                                       "expected at most 1040 bytes",
                                       "expected at most 3 lines",
                                       "expected at most 50",
                                       "expected demographics",
                                       "expected female, male, other or none",
                                       "expected one of 01 to 08, or none",
                                       "expected the number that is said to be verified",
                                       "expected the type that the contract says",
                                       "expected what is known of the person",
                                       "expected what was asked",
                                       "kept",
                                       "look-up",
                                       "not an NHS number: expected ten digits, plain or grouped 3-3-4 ",
                                       "not an NHS number: the check digit does not fit; a digit is pro",
                                       "not opened",
                                       "opened",
                                       NULL};
const struct fuzz_harness fuzz_harness = {outcomes, run, seed, 0};
