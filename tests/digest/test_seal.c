/* Seals: what was sealed opens with the same key, nonce and binding, and with nothing else; and the record that carries a
 * person's wrapped key. */
#include "lib/base/buffer.h"
#include "lib/digest/digest.h"
#include "lib/digest/seal.h"
#include "lib/wire/exchange/person_key.h"
#include "tests/support/cmocka.h"

enum { PLAIN_SIZE = 40, SEALED_SIZE = PLAIN_SIZE + SEAL_TAG_SIZE };

struct sealing {
    uint8_t key[SEAL_KEY_SIZE], nonce[SEAL_NONCE_SIZE], bound_to[32], bytes[SEALED_SIZE];
    size_t bound_size, size;
};

static const char PLAIN[PLAIN_SIZE + 1] = "Amara Okafor, 943 476 5919, 07700 900123";

static struct sealing sealed(void) {
    struct sealing it = {.bound_size = sizeof it.bound_to, .size = SEALED_SIZE};
    digest_random(it.key, sizeof it.key);
    digest_random(it.nonce, sizeof it.nonce);
    digest_random(it.bound_to, sizeof it.bound_to);
    seal_close(it.key, it.nonce, slice_of(it.bound_to, it.bound_size), slice_of(PLAIN, PLAIN_SIZE), it.bytes);
    return it;
}

static bool opens(const struct sealing *it, char ret_plain[PLAIN_SIZE]) {
    return seal_open(it->key, it->nonce, slice_of(it->bound_to, it->bound_size), slice_of(it->bytes, it->size),
                     (uint8_t *)ret_plain);
}

static void nothing(struct sealing *it) {
    (void)it;
}
static void another_key(struct sealing *it) {
    it->key[31] ^= 1;
}
static void another_nonce(struct sealing *it) {
    it->nonce[0] ^= 0x80;
}
static void another_person(struct sealing *it) {
    it->bound_to[0] ^= 1;
}
static void another_key_id(struct sealing *it) {
    it->bound_to[31] ^= 1;
}
static void less_binding(struct sealing *it) {
    it->bound_size--;
}
static void no_binding(struct sealing *it) {
    it->bound_size = 0;
}
static void cut_by_one(struct sealing *it) {
    it->size--;
}
static void only_a_tag(struct sealing *it) {
    it->size = SEAL_TAG_SIZE;
}
static void less_than_a_tag(struct sealing *it) {
    it->size = SEAL_TAG_SIZE - 1;
}
static void empty(struct sealing *it) {
    it->size = 0;
}

static void opens_only_as_it_was_sealed(void **state) {
    (void)state;
    static const struct {
        const char *name;
        void (*change)(struct sealing *it);
        bool opens;
    } rows[] = {
        {"nothing is changed", nothing, true},
        {"another key", another_key, false},
        {"another nonce", another_nonce, false},
        {"bound to another person", another_person, false},
        {"bound to another key id", another_key_id, false},
        {"bound to less", less_binding, false},
        {"bound to nothing", no_binding, false},
        {"cut by one byte", cut_by_one, false},
        {"nothing but a tag", only_a_tag, false},
        {"less than a tag", less_than_a_tag, false},
        {"empty", empty, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sealing it = sealed();
        char plain[PLAIN_SIZE] = "";
        rows[i].change(&it);
        if (opens(&it, plain) != rows[i].opens) fail_msg("%s", rows[i].name);
        if (rows[i].opens) assert_memory_equal(plain, PLAIN, PLAIN_SIZE);
    }
}

static void every_bit_counts(void **state) {
    (void)state;
    struct sealing it = sealed();
    char plain[PLAIN_SIZE];
    for (size_t bit = 0; bit < 8 * sizeof it.bytes; bit++) {
        it.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (opens(&it, plain)) fail_msg("bit %zu", bit);
        it.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_true(opens(&it, plain));
}

static void says_nothing(void **state) {
    (void)state;
    struct sealing it = sealed();
    for (size_t at = 0; at + 4 <= PLAIN_SIZE; at++) assert_null(memmem(it.bytes, sizeof it.bytes, PLAIN + at, 4));
    struct sealing again = it;
    digest_random(again.nonce, sizeof again.nonce);
    seal_close(again.key, again.nonce, slice_of(again.bound_to, again.bound_size), slice_of(PLAIN, PLAIN_SIZE),
               again.bytes);
    assert_memory_not_equal(it.bytes, again.bytes, sizeof it.bytes);
}

static struct person_key_record some_record(void) {
    struct person_key_record record = {.created_at_ms = 1795456800000};
    uint8_t tail[10] = {1, 2, 3};
    record.key_id = uuid_v7_make(1795456800000, tail);
    memset(record.person_id.bytes, 0x8A, sizeof record.person_id.bytes);
    memset(record.wrapped, 0x77, sizeof record.wrapped);
    memset(record.master_key_id, 0x33, sizeof record.master_key_id);
    return record;
}

static void a_key_record_comes_back(void **state) {
    (void)state;
    struct person_key_record record = some_record(), read;
    uint8_t bytes[PERSON_KEY_VALUE_MAX];
    struct buffer value = buffer_over(bytes, sizeof bytes);
    person_key_encode(&record, &value);
    assert_false(value.is_full);
    char id[UUID_TEXT_SIZE];
    uuid_format(record.key_id, id);
    struct slice key = slice_of(id, sizeof id);
    assert_true(person_key_decode(key, buffer_slice(&value), &read));
    assert_memory_equal(&read, &record, sizeof read);
    for (size_t size = 1; size < value.size; size++) {
        /* Cut before its last field it is a key whose time is not known, which counts. */
        if (person_key_decode(key, slice_of(bytes, size), &read)) assert_true(read.created_at_ms == 0);
    }
    assert_true(person_key_decode(key, slice_of(NULL, 0), &read));
    assert_true(read.is_destroyed && uuid_equal(read.key_id, record.key_id));
    assert_false(person_key_decode(slice_of(id, sizeof id - 1), buffer_slice(&value), &read));
    assert_false(person_key_decode(slice_text("0198c1d2-7e00-4abc-8def-0123456789ab"), buffer_slice(&value), &read));
    assert_false(person_key_decode(key, slice_text("hello"), &read));
}

int main(void) {
    assert_true(digest_init());
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_only_as_it_was_sealed),
        cmocka_unit_test(every_bit_counts),
        cmocka_unit_test(says_nothing),
        cmocka_unit_test(a_key_record_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
