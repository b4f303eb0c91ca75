/* A record of the topic of persons' keys, and what is sealed with such a key: the first byte says which. Bytes that nobody
 * with the key has sealed never open, and a key that another master key wrapped never unwraps. */
#include "lib/digest/digest.h"
#include "lib/digest/seal.h"
#include "lib/host/master_key_file.h"
#include "lib/wire/exchange/person_key.h"
#include "tests/fuzz/booking_seeds.h"
#include "tests/fuzz/fuzz.h"

static struct master_key *master(void) {
    static struct master_key_file *file;
    static struct master_key port;
    struct error error;
    if (file == NULL) {
        struct slice text = slice_text("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n");
        bool is_open = digest_init() && master_key_file_open(fuzz_file(text), &file, &port, &error) == STATUS_OK;
        ASSERT(is_open);
    }
    return &port;
}

static const uint8_t secret[SEAL_KEY_SIZE] = "what the person's key is......";

static void run_record(struct slice input) {
    struct slice key = fuzz_part(&input);
    struct person_key_record record, again;
    if (!person_key_decode(key, input, &record)) {
        fuzz_reach("refused");
        return;
    }
    if (record.is_destroyed) {
        fuzz_reach("destroyed");
        return;
    }
    uint8_t bytes[PERSON_KEY_VALUE_MAX], bound[PERSON_KEY_BOUND_SIZE], unwrapped[SEAL_KEY_SIZE];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    person_key_encode(&record, &out);
    ASSERT(!out.is_full);
    bool is_good = person_key_decode(key, buffer_slice(&out), &again);
    ASSERT(is_good && uuid_equal(record.person_id, again.person_id) && record.created_at_ms == again.created_at_ms);
    ASSERT(memcmp(record.wrapped, again.wrapped, sizeof record.wrapped) == 0);
    struct slice bound_to = person_key_bound_to(record.person_id, record.key_id, bound);
    bool is_ours = master()->unwrap(master()->context, record.wrapped, bound_to, unwrapped);
    ASSERT(!is_ours || memcmp(unwrapped, secret, sizeof secret) == 0);
    fuzz_reach(is_ours ? "ours" : "another master key's");
}

static void run_sealed(struct slice input) {
    static uint8_t plain[64 * 1024];
    uint8_t nonce[SEAL_NONCE_SIZE] = {0};
    struct slice part = fuzz_part(&input);
    if (part.size > 0) memcpy(nonce, part.data, part.size < sizeof nonce ? part.size : sizeof nonce);
    if (input.size < SEAL_TAG_SIZE || input.size > sizeof plain) {
        fuzz_reach("too short for a seal");
        return;
    }
    bool is_open = seal_open(secret, nonce, slice_text("bound"), input, plain);
    fuzz_reach(is_open ? "opened" : "not opened");
    if (!is_open) return;
    uint8_t sealed[1024];
    ASSERT(input.size <= sizeof sealed);
    seal_close(secret, nonce, slice_text("bound"), slice_of(plain, input.size - SEAL_TAG_SIZE), sealed);
    ASSERT(slice_equal(input, slice_of(sealed, input.size)));
}

static void run(struct slice input) {
    (void)master();
    if ((fuzz_byte(&input) & 1) == 0)
        run_record(input);
    else
        run_sealed(input);
}

static void seed(void) {
    static uint8_t memory[1024];
    struct buffer out = buffer_over(memory, sizeof memory);
    struct person_key_record record = {.key_id = seed_uuid(3), .person_id = seed_uuid(2), .created_at_ms = SEED_NOW_MS};
    uint8_t bound[PERSON_KEY_BOUND_SIZE], sealed[64 + SEAL_TAG_SIZE];
    char id[UUID_TEXT_SIZE];
    uuid_format(record.key_id, id);
    memcpy(record.master_key_id, master()->id, sizeof record.master_key_id);
    for (int spoilt = 0; spoilt < 3; spoilt++) {
        struct slice bound_to = person_key_bound_to(record.person_id, record.key_id, bound);
        bool is_wrapped = master()->wrap(master()->context, secret, bound_to, record.wrapped);
        ASSERT(is_wrapped);
        if (spoilt == 1) record.wrapped[40] ^= 1;
        buffer_put_u8(&out, 0);
        fuzz_put_part(&out, slice_of(id, sizeof id));
        if (spoilt < 2) person_key_encode(&record, &out);
        fuzz_seed_buffer(&out);
    }
    const uint8_t nonce[SEAL_NONCE_SIZE] = {1};
    seal_close(secret, nonce, slice_text("bound"), slice_of(memory, 64), sealed);
    for (int spoilt = 0; spoilt < 3; spoilt++) {
        if (spoilt == 1) sealed[3] ^= 1;
        buffer_put_u8(&out, 1);
        fuzz_put_part(&out, slice_of(nonce, sizeof nonce));
        buffer_put(&out, sealed, spoilt == 2 ? 5 : sizeof sealed);
        fuzz_seed_buffer(&out);
    }
    fuzz_seed_text(" no key");
}

static const char *const outcomes[] = {"another master key's", "destroyed", "not opened", "opened", "ours", "refused",
                                       "too short for a seal", NULL};
const struct fuzz_harness fuzz_harness = {outcomes, run, seed, 0};
