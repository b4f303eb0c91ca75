/* A vault whose keys and nonces are hashes: the real seal, nothing random. One thread. */
#include "lib/port/fake/vault.h"

#include "lib/base/assert.h"
#include "lib/digest/digest.h"
#include "lib/digest/seal.h"

_Static_assert((int)VAULT_NONCE_SIZE == (int)SEAL_NONCE_SIZE && (int)VAULT_TAG_SIZE == (int)SEAL_TAG_SIZE, "one seal");

/* Sixteen bytes of hash, and zeros to the size wanted. */
static void derive(const char *what, struct uuid person_id, struct slice more, uint8_t *ret_bytes, size_t size) {
    memset(ret_bytes, 0, size);
    struct digest of_person = digest_of(slice_text(what), slice_of(person_id.bytes, sizeof person_id.bytes));
    struct digest digest = digest_of(slice_of(of_person.bytes, sizeof of_person.bytes), more);
    ASSERT(size >= sizeof digest.bytes);
    memcpy(ret_bytes, digest.bytes, sizeof digest.bytes);
}

static struct uuid key_id_of(struct uuid person_id) {
    uint8_t bytes[16];
    derive("id", person_id, slice_of(NULL, 0), bytes, sizeof bytes);
    return uuid_v7_make(1700000000000, bytes);
}

static enum vault_result seal(void *context, struct uuid person_id, struct slice plain, struct buffer *out,
                              struct vault_box *ret_box) {
    struct fake_vault *vault = context;
    if (vault->is_away || plain.size + SEAL_TAG_SIZE > out->size_max - out->size) return VAULT_UNAVAILABLE;
    vault->sealed++;
    if (vault->await_every != 0 && vault->sealed % vault->await_every == 0) vault->awaited = ++vault->made;
    uint8_t key[SEAL_KEY_SIZE];
    derive("key", person_id, slice_of(NULL, 0), key, sizeof key);
    *ret_box = (struct vault_box){.key_id = key_id_of(person_id)};
    derive("nonce", person_id, plain, ret_box->nonce, sizeof ret_box->nonce);
    uint8_t *at = out->data + out->size;
    seal_close(key, ret_box->nonce, slice_of(person_id.bytes, sizeof person_id.bytes), plain, at);
    out->size += plain.size + SEAL_TAG_SIZE;
    ret_box->ciphertext = slice_of(at, plain.size + SEAL_TAG_SIZE);
    return VAULT_DONE;
}

static enum vault_result open_box(void *context, struct uuid person_id, const struct vault_box *box,
                                  struct buffer *out) {
    const struct fake_vault *vault = context;
    if (vault->is_away) return VAULT_UNAVAILABLE;
    for (uint32_t i = 0; i < vault->erased_count; i++) {
        if (uuid_equal(vault->erased[i], person_id)) return VAULT_ERASED;
    }
    bool is_whole = box->ciphertext.size >= SEAL_TAG_SIZE && box->ciphertext.size <= out->size_max - out->size;
    if (!is_whole || !uuid_equal(box->key_id, key_id_of(person_id))) return VAULT_BROKEN;
    uint8_t key[SEAL_KEY_SIZE];
    derive("key", person_id, slice_of(NULL, 0), key, sizeof key);
    if (!seal_open(key, box->nonce, slice_of(person_id.bytes, sizeof person_id.bytes), box->ciphertext,
                   out->data + out->size)) {
        return VAULT_BROKEN;
    }
    out->size += box->ciphertext.size - SEAL_TAG_SIZE;
    return VAULT_DONE;
}

static uint64_t take_awaited(void *context) {
    struct fake_vault *vault = context;
    uint64_t awaited = vault->awaited;
    vault->awaited = 0;
    return awaited;
}

static enum vault_key_state key_state(void *context, uint64_t number) {
    const struct fake_vault *vault = context;
    ASSERT(number > 0 && number <= vault->made);
    if (number > vault->settled) return VAULT_KEY_AWAITED;
    bool is_lost = vault->lose_every != 0 && number % vault->lose_every == 0;
    return is_lost ? VAULT_KEY_LOST : VAULT_KEY_KEPT;
}

struct vault fake_vault_port(struct fake_vault *vault) {
    return (struct vault){
        .context = vault, .seal = seal, .open = open_box, .take_awaited = take_awaited, .key_state = key_state};
}

bool fake_vault_settle(struct fake_vault *vault) {
    bool is_news = vault->settled < vault->made;
    vault->settled = vault->made;
    return is_news;
}

void fake_vault_erase(struct fake_vault *vault, struct uuid person_id) {
    ASSERT(vault->erased_count < FAKE_VAULT_ERASED_MAX);
    vault->erased[vault->erased_count++] = person_id;
}
