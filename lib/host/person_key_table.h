/* The keys of persons in memory: found by key id (to open) and by person (to seal). Reserved once for a named number of
 * keys, about 90 bytes each with both indexes; pages are used as keys come. Keys lie unwrapped, so the memory is left out of
 * core dumps, kept from swap where the system lets us, and overwritten when a key goes. Pure memory work; one thread. */
#ifndef BHR_HOST_PERSON_KEY_TABLE_H
#define BHR_HOST_PERSON_KEY_TABLE_H

#include "lib/base/id.h"
#include "lib/base/status.h"
#include "lib/digest/seal.h"

struct person_key {
    struct uuid key_id, person_id;
    uint8_t secret[SEAL_KEY_SIZE];
    uint64_t awaited; /* number of a key that this process made and that is not yet known to be kept; 0: it is kept */
};

struct person_key_table {
    uint32_t count, count_max, used, free_first; /* used: keys ever handed out; free_first: 0 for none */
    uint32_t slot_mask;
    struct person_key *keys;
    uint32_t *by_id, *by_person; /* index of a key plus one; 0: free */
    size_t keys_size;            /* bytes mapped */
};

enum status person_key_table_init(struct person_key_table *table, uint32_t count_max, struct error *reterr_error);
/* Overwrites every key. */
void person_key_table_fini(struct person_key_table *table);

/* NULL when there is no such key. Pointers are valid until the next put or remove. */
struct person_key *person_key_find(const struct person_key_table *table, struct uuid key_id);
/* Any key of that person, one that is kept if there is one; NULL when there is none. */
struct person_key *person_key_of_person(const struct person_key_table *table, struct uuid person_id);
/* A new key, zeroed but for its ids; NULL when count_max are there. The id must not be there already. */
struct person_key *person_key_put(struct person_key_table *table, struct uuid key_id, struct uuid person_id);
/* Overwrites it. False when there is no such key. */
bool person_key_remove(struct person_key_table *table, struct uuid key_id);

#endif
