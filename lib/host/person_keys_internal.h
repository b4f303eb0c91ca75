/* What the files person_keys*.c share, and nobody else includes.
 *   person_keys.c        follows the topic, sends new keys and takes the reports about them
 *   person_keys_vault.c  seals and opens; makes a key for who has none
 *   person_key_table.c   the keys in memory */
#ifndef BHR_HOST_PERSON_KEYS_INTERNAL_H
#define BHR_HOST_PERSON_KEYS_INTERNAL_H

#include "lib/host/person_key_table.h"
#include "lib/host/person_keys.h"

enum {
    PERSON_KEYS_NEW_MAX = 16384,      /* own keys that Kafka has not yet acknowledged; above it: unavailable */
    PERSON_KEYS_DESTROYED_MAX = 4096, /* destroyed keys remembered; older ones are known by their time */
    PERSON_KEYS_EVENTS_PER_STEP = 2000,
    PERSON_KEYS_RETRY_MS = 1000,
    /* A key that is not here is one that was destroyed, unless it is so young that its record may still be on its way. */
    PERSON_KEYS_YOUNG_MS = 60 * 1000,
};

/* A key of our own on its way into the topic; at its number in a ring. */
struct new_key {
    struct uuid key_id;
    enum vault_key_state state;
};

struct person_keys {
    struct person_keys_ports ports;
    struct person_keys_listener listener;
    struct person_key_table table;

    int64_t next_offset; /* of the topic */
    int64_t retry_at_ms; /* monotonic: when reading is begun again; 0 when it goes on */
    bool is_ready;       /* the end was reached once */
    bool is_current;     /* and nothing has interrupted reading since then */
    bool is_wrong_master, is_full;

    struct new_key *new_keys;
    uint64_t made, sent; /* numbers of own keys: the last one made, the last one handed to Kafka */
    uint64_t awaited;    /* what take_awaited will tell */
    bool has_settled;    /* since the last step told so */

    uint64_t destroyed_count;
    struct uuid *destroyed; /* ring of PERSON_KEYS_DESTROYED_MAX */
};

static inline struct new_key *person_keys_new_key(const struct person_keys *keys, uint64_t number) {
    return &keys->new_keys[number % PERSON_KEYS_NEW_MAX];
}
void person_keys_alarm(const struct person_keys *keys, const char *name, const char *text);

#endif
