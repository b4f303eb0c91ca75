/* Seals and opens with the keys of persons (lib/port/vault.h), and makes a key for who has none. Loop's thread. */
#include "lib/host/person_keys_internal.h"

#include "lib/base/assert.h"
#include "lib/wire/exchange/person_key.h"

_Static_assert((int)VAULT_NONCE_SIZE == (int)SEAL_NONCE_SIZE && (int)VAULT_TAG_SIZE == (int)SEAL_TAG_SIZE, "one seal");

static struct person_key *make_key(struct person_keys *keys, struct uuid person_id);
static bool is_destroyed(const struct person_keys *keys, struct uuid key_id);

static enum vault_result seal(void *context, struct uuid person_id, struct slice plain, struct buffer *out,
                              struct vault_box *ret_box) {
    struct person_keys *keys = context;
    if (!keys->is_ready || keys->is_wrong_master) return VAULT_UNAVAILABLE;
    if (out->is_full || plain.size + SEAL_TAG_SIZE > out->size_max - out->size) return VAULT_UNAVAILABLE;
    const struct person_key *key = person_key_of_person(&keys->table, person_id);
    if (key == NULL) key = make_key(keys, person_id);
    if (key == NULL) return VAULT_UNAVAILABLE;
    if (key->awaited > keys->awaited) keys->awaited = key->awaited;

    *ret_box = (struct vault_box){.key_id = key->key_id};
    keys->ports.clock.random(keys->ports.clock.context, ret_box->nonce, sizeof ret_box->nonce);
    uint8_t bound[PERSON_KEY_BOUND_SIZE];
    uint8_t *at = out->data + out->size;
    seal_close(key->secret, ret_box->nonce, person_key_bound_to(person_id, key->key_id, bound), plain, at);
    out->size += plain.size + SEAL_TAG_SIZE;
    ret_box->ciphertext = slice_of(at, plain.size + SEAL_TAG_SIZE);
    return VAULT_DONE;
}

static enum vault_result open_box(void *context, struct uuid person_id, const struct vault_box *box,
                                  struct buffer *out) {
    struct person_keys *keys = context;
    if (!keys->is_ready || keys->is_wrong_master) return VAULT_UNAVAILABLE;
    const struct person_key *key = person_key_find(&keys->table, box->key_id);
    if (key == NULL) return is_destroyed(keys, box->key_id) ? VAULT_ERASED : VAULT_UNAVAILABLE;
    bool has_room = !out->is_full && box->ciphertext.size <= out->size_max - out->size;
    bool is_whole = box->ciphertext.size >= SEAL_TAG_SIZE && uuid_equal(key->person_id, person_id);
    uint8_t bound[PERSON_KEY_BOUND_SIZE];
    if (!has_room || !is_whole ||
        !seal_open(key->secret, box->nonce, person_key_bound_to(person_id, box->key_id, bound), box->ciphertext,
                   out->data + out->size)) {
        person_keys_alarm(keys, "sealed_broken", "details of a person do not open with their own key");
        return VAULT_BROKEN;
    }
    out->size += box->ciphertext.size - SEAL_TAG_SIZE;
    return VAULT_DONE;
}

/* A key that is not here was destroyed, or its record is still on its way to us, while the entry that needs it has come:
 * that can be only when the key is young, or when reading was interrupted. */
static bool is_destroyed(const struct person_keys *keys, struct uuid key_id) {
    uint64_t count =
        keys->destroyed_count < PERSON_KEYS_DESTROYED_MAX ? keys->destroyed_count : (uint64_t)PERSON_KEYS_DESTROYED_MAX;
    for (uint64_t i = 0; i < count; i++) {
        if (uuid_equal(keys->destroyed[i], key_id)) return true;
    }
    const struct clock_port *clock = &keys->ports.clock;
    int64_t age_ms = clock->wall_ms(clock->context) - uuid_v7_time_ms(key_id);
    return keys->is_current && !keys->is_full && age_ms > PERSON_KEYS_YOUNG_MS;
}

/* NULL when there is no room for it. It is used at once, and counts when Kafka has it. */
static struct person_key *make_key(struct person_keys *keys, struct uuid person_id) {
    const struct clock_port *clock = &keys->ports.clock;
    uint64_t number = keys->made + 1;
    bool is_round = number > PERSON_KEYS_NEW_MAX && person_keys_new_key(keys, number)->state == VAULT_KEY_AWAITED;
    if (is_round) return NULL;
    uint8_t tail[10];
    clock->random(clock->context, tail, sizeof tail);
    struct uuid key_id = uuid_v7_make(clock->wall_ms(clock->context), tail);
    struct person_key *key = person_key_put(&keys->table, key_id, person_id);
    if (key == NULL) {
        person_keys_alarm(keys, "person_keys_full", "there are as many keys as person_keys_max: raise it");
        return NULL;
    }
    clock->random(clock->context, key->secret, sizeof key->secret);
    key->awaited = number;
    keys->made = number;
    *person_keys_new_key(keys, number) = (struct new_key){.key_id = key_id, .state = VAULT_KEY_AWAITED};
    return key;
}

static uint64_t take_awaited(void *context) {
    struct person_keys *keys = context;
    uint64_t awaited = keys->awaited;
    keys->awaited = 0;
    return awaited;
}

static enum vault_key_state key_state(void *context, uint64_t number) {
    const struct person_keys *keys = context;
    ASSERT(number > 0 && number <= keys->made);
    /* Long ago: it was settled, and its door was told; that it was lost is the answer that promises nothing. */
    if (number + PERSON_KEYS_NEW_MAX <= keys->made) return VAULT_KEY_LOST;
    return person_keys_new_key(keys, number)->state;
}

struct vault person_keys_vault(struct person_keys *keys) {
    ASSERT(keys != NULL);
    return (struct vault){
        .context = keys, .seal = seal, .open = open_box, .take_awaited = take_awaited, .key_state = key_state};
}
